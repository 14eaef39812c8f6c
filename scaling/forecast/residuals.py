"""Do the runs follow the law? What a fit leaves over, beside sound grids, and what may be why.

In grids of one architecture and one recipe a law with an exponent leaves 0.5 to 4% of the loss.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from scaling.laws.fit import EXPONENT_BOUNDS, Fit, FitError
from scaling.laws.registry import DEFAULT_LAW, LawChoice, choose_law, fit_law
from scaling.tables.schema import VOCABULARY

SOUND_GRIDS = "sound grids: 0.5 to 4%"
MOST_OF_EACH, MOST_OF_LOWEST = 0.05, 0.10  # of each loss, of the lowest: what a sound fit leaves
MOST_TRIED = 200  # runs; each is left out once, in one batch of fits
FAR_BETTER = 10.0  # the factor by which leaving out one run lowers the residual
LIKE = 1.2  # the factor within which N, and D, of two runs are like
UNLIKE = 0.10  # of the loss of two like runs, more than a law can say
ASSUMED_VOCABULARY = 50_000
EXPONENTS = ("alpha", "beta")
NAMED = 3  # of the runs concerned
UNSOUND = ("at_bound", "wrong_sign", "not_converged")  # nothing such a fit predicts is to be used


def residual_std(fit: Fit) -> float:
    """Residual standard deviation in nats, whatever was minimised; NaN without a degree of freedom.

    ``sqrt(sum (L - L_hat)^2 / dof)``.
    """
    return float(np.sqrt(fit.ssr / fit.dof)) if fit.dof > 0 else math.nan


def residual_share(fit: Fit, losses: ArrayLike) -> float:
    """Residual standard deviation as a share of the loss; NaN without a degree of freedom.

    ``sqrt(sum (1 - L_hat / L)^2 / dof)``.

    Parameters
    ----------
    fit : Fit
        A single fit.
    losses : array_like of shape (n_runs,)
        The losses L fitted.
    """
    of_each = fit.residuals / np.asarray(losses, dtype=float)
    return float(np.sqrt(np.sum(of_each**2) / fit.dof)) if fit.dof > 0 else math.nan


def strays(fit: Fit, losses: ArrayLike) -> bool:
    """Whether the residual is so large that the runs do not follow the law."""
    of_lowest = residual_std(fit) / float(np.min(losses))
    return residual_share(fit, losses) > MOST_OF_EACH or of_lowest > MOST_OF_LOWEST


def warn_of_residual(
    fit: Fit, runs: pd.DataFrame, loss: str, N: str = "N", law: str | LawChoice = DEFAULT_LAW
) -> list[str]:
    """Say whether the runs follow the law, and where not, or where the fit is unsound, why.

    Parameters
    ----------
    fit : Fit
        The fit.
    runs : pandas.DataFrame
        The runs fitted; see `scaling.tables.runs`.
    loss, N : str
        Columns of the loss and of the parameters.
    law : str or LawChoice
        Which law it is, see `scaling.laws.registry`.

    Returns
    -------
    list of str
        A large residual first, then what is unsound, then losses no better than guessing.
    """
    messages, stray = [], strays(fit, runs[loss])
    if stray:
        std, lowest = residual_std(fit), float(runs[loss].min())
        messages.append(
            f"the residual, {std:.2g} nats, is {100 * std / lowest:.2g}% of the lowest loss "
            f"({SOUND_GRIDS} of the loss): these runs do not follow the law"
        )
    if fit.status in UNSOUND:
        messages += _say_what_is_unsound(fit)
    if stray or fit.status in UNSOUND:
        messages += _find_cause(fit, runs, loss, N, choose_law(law))
    return messages + warn_of_guessing(runs, loss)


def _say_what_is_unsound(fit: Fit) -> list[str]:
    found = fit.law.coefficients
    if fit.status == "not_converged":
        return [
            "the search for the optimum did not end, so the law is not known to rounding; "
            "try another --law"
        ]
    if fit.status == "at_bound":
        ends = [f"{k} = {v:g}" for k, v in found.items() if k in EXPONENTS and v in EXPONENT_BOUNDS]
        told = " and ".join(ends)
        return [f"{told} stands at the end of its range: the runs do not follow this law"]
    if found["E"] < 0:
        return [
            f"E = {found['E']:.3g} is negative: E cannot be told from these runs; --nonneg keeps "
            "it at zero or above, --fix E=1.7 holds it where others found it"
        ]
    wrong = [f"{name} = {found[name]:.3g}" for name in ("A", "B") if found.get(name, 0.0) < 0]
    return [f"{' and '.join(wrong)}, negative: the loss rises where the law has it fall"]


def _find_cause(fit: Fit, runs: pd.DataFrame, loss: str, N: str, law: LawChoice) -> list[str]:
    """One row, several architectures, or what else it may be, where so many runs can be tried."""
    if len(runs) > MOST_TRIED:
        return []
    cause = _name_culprit(fit, runs, loss, N, law) or _find_unlike(runs, loss, N)
    if cause:
        return [cause]
    if law.name == "compute":
        return ["--law compute takes no notice of D/N: --law tied and free do"]
    if fit.status == "at_bound" or fit.law.coefficients["E"] < 0:
        return [
            "no single row explains it: a learning rate that was never annealed does, or losses "
            "that all lie far above E"
        ]
    return [
        "no single row explains it: several architectures, recipes or data sets in one law do, "
        "or runs too short to follow one"
    ]


def _name_culprit(fit: Fit, runs: pd.DataFrame, loss: str, N: str, law: LawChoice) -> str:
    """Name the run without which, and without no other, a far better fit converges; or nothing."""
    alone, measured = law.alone, (runs[N], runs["D"], runs[loss])
    try:
        whole = fit if alone == law else fit_law(alone, *measured)
        without = fit_law(alone, *measured, weights=1 - np.eye(len(runs)))
    except FitError:
        return ""
    better = (without.status == "converged") & (FAR_BETTER**2 * without.cost < whole.cost)
    if better.sum() != 1:
        return ""
    run = runs["run"].iloc[int(np.argmax(better))]
    less = f"its residual is more than {FAR_BETTER:g} times smaller"
    return f"without {run} the fit converges, and {less}: is that row mistyped?"


def _find_unlike(runs: pd.DataFrame, loss: str, N: str) -> str:
    """Name the two runs of like N and D whose losses differ most, if by more than a law allows."""
    logs = [np.log(runs[name].to_numpy(float)) for name in (N, "D", loss)]
    of_N, of_D, of_loss = (np.abs(values[:, None] - values) for values in logs)
    rounding = 1e-9
    like = np.maximum(of_N, of_D) <= math.log(LIKE) + rounding
    apart = np.where(like, of_loss, 0.0)
    if not apart.max() > math.log1p(UNLIKE):
        return ""
    first, second = np.unravel_index(apart.argmax(), apart.shape)
    names = f"{runs['run'].iloc[first]} and {runs['run'].iloc[second]}"
    return (
        f"runs of like {N} and D differ by {100 * math.expm1(apart.max()):.0f}% in loss ({names}): "
        "one law for several architectures or recipes?"
    )


def warn_of_guessing(runs: pd.DataFrame, loss: str) -> list[str]:
    """Say which losses are above that of guessing, the logarithm of the vocabulary.

    Parameters
    ----------
    runs : pandas.DataFrame
        Run table; its column `vocabulary` is taken where there is one, else `ASSUMED_VOCABULARY`.
    loss : str
        Column of the loss.

    Returns
    -------
    list of str
        One line, or none.
    """
    tokens = runs[VOCABULARY] if VOCABULARY in runs else pd.Series(np.nan, index=runs.index)
    limit = np.log(tokens.fillna(ASSUMED_VOCABULARY))
    above = runs[runs[loss] > limit]
    if above.empty:
        return []
    names = ", ".join([*above["run"].iloc[:NAMED]] + ["…"] * (len(above) > NAMED))
    which = f"{len(above)} run{'s' * (len(above) > 1)} ({names})"
    least = limit[above.index].min()
    assumed = "" if tokens[above.index].notna().all() else f", if that has {ASSUMED_VOCABULARY:,}"
    return [
        f"{loss} of {which} is above {least:.1f}, that of guessing among the tokens of the "
        f"vocabulary{assumed}: untrained, diverged, or not in nats per token?"
    ]
