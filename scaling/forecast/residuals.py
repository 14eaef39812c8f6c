"""Do the runs follow the law? What a fit leaves over, beside sound grids, and what may be why.

In grids of one architecture and one recipe a law with an exponent leaves 0.5 to 4% of the loss.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from scaling.forecast.inputs import read_inputs
from scaling.laws.fit import Fit, FitError
from scaling.laws.fit_options import EXPONENT_BOUNDS
from scaling.laws.registry import DEFAULT_LAW, LawChoice, choose_law, fit_law
from scaling.tables.columns import write_column_map
from scaling.tables.names import fold
from scaling.tables.schema import VOCABULARY

SOUND_GRIDS = "sound grids: 0.5 to 4%"
MOST_OF_EACH, MOST_OF_LOWEST = 0.05, 0.10  # of each loss, of the lowest: what a sound fit leaves
LOUD = 0.01  # of each loss: below it no row spoils a fit that follows the law
LEAST_DOF = 4  # from which on a fit without one row still has a residual to judge it by
MOST_TRIED = 200  # runs; each is left out once, in one batch of fits
FAR_BETTER = 10.0  # the factor by which leaving out one run lowers the residual
MOST_COMPARED = 1000  # runs, each with each
LARGEST_LOG = 700.0  # its exponential is finite
LIKE = 1.2  # the factor within which N, and D, of two runs are like
UNLIKE = 0.10  # of the loss of two like runs, more than a law can say
ASSUMED_VOCABULARY = 50_000
EXPONENTS = ("alpha", "beta")
KINDS = frozenset(
    "arch architecture family modelfamily modeltype recipe tokenizer".split()
)  # folded
NAMED = 3  # of the runs concerned
SAME = 1e-6  # relative, of losses that are one
UNSOUND = ("at_bound", "wrong_sign", "not_converged")  # nothing such a fit predicts is to be used


def residual_std(fit: Fit) -> float:
    """Residual standard deviation in nats, whatever was minimised; NaN without a degree of freedom.

    ``sqrt(sum w (L - L_hat)^2 / dof)``, that of a run of weight one.
    """
    squares = float(np.sum(fit.weights * fit.residuals**2))
    return math.sqrt(squares / fit.dof) if fit.dof > 0 else math.nan


def residual_share(fit: Fit, losses: ArrayLike) -> float:
    """Residual standard deviation as a share of the loss; NaN without a degree of freedom.

    ``sqrt(sum w (1 - L_hat / L)^2 / dof)``, that of a run of weight one.

    Parameters
    ----------
    fit : Fit
        A single fit.
    losses : array_like of shape (n_runs,)
        The losses L fitted.
    """
    with np.errstate(over="ignore"):
        of_each = fit.residuals / np.asarray(losses, dtype=float)
        squares = float(np.sum(fit.weights * of_each**2))
        return math.sqrt(squares / fit.dof) if fit.dof > 0 else math.nan


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
        size = f"{std:.2f}" if 0.1 <= std < 1e3 else f"{std:.2g}"
        messages.append(
            f"the residual, {size} nats, is {percent(std / lowest)} of the lowest loss "
            f"({SOUND_GRIDS} of the loss): these runs do not follow the law"
        )
    if fit.status in UNSOUND:
        messages += _say_what_is_unsound(fit)
    cause = warn_of_unlike(runs, loss, N)
    if stray or fit.status in UNSOUND:
        law = choose_law(law)
        culprit = _name_culprit(fit, runs, loss, N, law)
        cause = culprit or cause or _guess_cause(fit, runs, law, stray)
        cause = cause + _name_kinds(runs)
    elif residual_share(fit, runs[loss]) > LOUD and fit.dof >= LEAST_DOF:
        cause = _name_culprit(fit, runs, loss, N, choose_law(law)) or cause
    return messages + cause + warn_of_guessing(runs, loss)


def percent(share: float) -> str:
    """Write a share to two digits, or to whole percent."""
    return f"{100 * share:.0f}%" if 0.1 <= share < 1e3 else f"{100 * share:.2g}%"


def _say_what_is_unsound(fit: Fit) -> list[str]:
    found = fit.law.coefficients
    if fit.status == "not_converged":
        return [
            "the search for the optimum did not end, so the law is not known to rounding; "
            "try another --law"
        ]
    messages = []
    if fit.status == "at_bound":
        ends = [f"{k} = {v:g}" for k, v in found.items() if k in EXPONENTS and v in EXPONENT_BOUNDS]
        told = " and ".join(ends)
        messages.append(f"{told} stands at the end of its range: the runs do not follow this law")
    if found["E"] < 0:
        messages.append(
            f"a coefficient is negative, E = {found['E']:.3g}: E cannot be told from these runs; "
            "--nonneg keeps it at zero or above, --fix E=1.7 holds it where others found it"
        )
    if messages:
        return messages
    wrong = [f"{name} = {found[name]:.3g}" for name in ("A", "B") if found.get(name, 0.0) < 0]
    told = " and ".join(wrong)
    return [f"a coefficient is negative, {told}: the loss rises where the law has it fall"]


def _guess_cause(fit: Fit, runs: pd.DataFrame, law: LawChoice, stray: bool) -> list[str]:
    """Say what it may be where it is neither one row nor runs that are like and differ."""
    if law.name == "compute":
        return ["--law compute takes no notice of D/N: --law tied and free do"]
    if not (stray or fit.law.coefficients["E"] < 0):
        return []
    found = "no single row explains it: " * (len(runs) <= MOST_TRIED)
    if (odd := runs.loc[runs["flags"] != "", "run"].tolist()) and fit.dof < LEAST_DOF:
        names = ", ".join(odd[:NAMED] + ["…"] * (len(odd) > NAMED))
        found = f"the flagged row ({names}) may be why; where it is right, "
    elif fit.dof < LEAST_DOF:
        found = "so few runs cannot tell which: a mistyped row does (its N, D or loss), "
    if stray:
        return [
            f"{found}several architectures, recipes, data sets or units in one law do, "
            "or runs too short for one"
        ]
    return [
        f"{found}a learning rate that was never annealed does, or losses that all lie far above E"
    ]


def _name_culprit(fit: Fit, runs: pd.DataFrame, loss: str, N: str, law: LawChoice) -> list[str]:
    """Name the run without which, and without no other, a far better fit converges."""
    if len(runs) > MOST_TRIED or law.name == "compute":  # runs off its one D/N look mistyped
        return []
    alone, (*measured, weights) = law.alone, read_inputs(runs, loss, N)
    weights = np.ones(len(runs)) if weights is None else weights
    try:
        whole = fit if alone == law else fit_law(alone, *measured, weights=weights)
        without = fit_law(alone, *measured, weights=weights * (1 - np.eye(len(runs))))
    except FitError:
        return []
    better = (without.status == "converged") & (FAR_BETTER**2 * without.cost < whole.cost)
    if better.sum() != 1:
        return []
    run = runs["run"].iloc[int(np.argmax(better))]
    less = f"its residual is more than {FAR_BETTER:g} times smaller"
    return [f"without {run} the fit converges, and {less}: is its N, D or loss mistyped?"]


def _name_kinds(runs: pd.DataFrame) -> list[str]:
    """Name a column, such as the architecture, by which the runs may need laws of their own."""
    for name in map(str, runs):
        if fold(name) in KINDS and 1 < runs[name].nunique() <= len(runs) / 2:
            return [
                f"the runs differ in {name} and may need a law for each: map it, "
                f"{write_column_map({'dataset': name})}, and choose one by --dataset"
            ]
    return []


def have_one_loss(losses: ArrayLike) -> bool:
    """Whether all losses are one value, which no law can be fitted to."""
    return bool(np.ptp(np.log(np.asarray(losses, dtype=float))) < SAME)


def warn_of_one_loss(runs: pd.DataFrame, loss: str) -> list[str]:
    """Ask for the column where several runs, of several N or D, have one loss: one line, or none.

    Parameters
    ----------
    runs : pandas.DataFrame
        Run table; see `scaling.tables.runs`.
    loss : str
        Column of the loss.

    Returns
    -------
    list of str
    """
    known = runs.dropna(subset=[loss])
    if len(known[["N", "D"]].drop_duplicates()) < 2 or not have_one_loss(known[loss]):
        return []
    return [f"all runs have one {loss}, {known[loss].iloc[0]:.4g}: is that the right column?"]


def warn_of_unlike(runs: pd.DataFrame, loss: str, N: str = "N") -> list[str]:
    """Name the two runs of like N and D whose losses differ most, if by more than a law allows.

    Parameters
    ----------
    runs : pandas.DataFrame
        Run table; see `scaling.tables.runs`.
    loss, N : str
        Columns of the loss and of the parameters.

    Returns
    -------
    list of str
        One line, or none; none, too, for more than `MOST_COMPARED` runs.
    """
    known = runs.dropna(subset=[loss, N])
    if not 1 < len(known) <= MOST_COMPARED:
        return []
    logs = [np.log(known[name].to_numpy(float)) for name in (N, "D", loss)]
    of_N, of_D, of_loss = (np.abs(values[:, None] - values) for values in logs)
    apart = np.where(np.maximum(of_N, of_D) <= math.log(LIKE), of_loss, 0.0)
    if not apart.max() > math.log1p(UNLIKE):
        return []
    pair = known["run"].iloc[[int(i) for i in np.unravel_index(apart.argmax(), apart.shape)]]
    most = percent(float(np.exp(min(apart.max(), LARGEST_LOG))) - 1)
    return [
        f"runs of like {N} and D differ by {most} in loss ({' and '.join(pair)}): one law for "
        "several architectures or recipes?"
    ]


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
