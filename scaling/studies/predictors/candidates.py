"""Which ways are there to predict a large run from small ones? Candidates, and what each changes.

A candidate takes a `Case` (the runs known, in one or several loss columns at once) and gives a
function of N and D. The paper's recipe is one of them; the others change one thing, or a few.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import least_squares, root
from scipy.special import expit

from scaling.costs.ranks import rank_compute
from scaling.laws.fit import fit_loss_law, fit_loss_surface, stack_fits
from scaling.laws.fit_options import ExponentPrior

Array = NDArray[np.float64]
# Runs to be predicted: a table with N and D (and whatever a candidate reads besides).
Prediction = Callable[[pd.DataFrame], Array]

EXTERNAL_ALPHA = 0.3478  # of N in the refit of the Chinchilla runs, Besiroglu et al., Table 2
POOLING = 1e-3  # stiffness: a pull as strong as 1 % of noise and 30 % of spread between exponents
RAMP = 0.5  # share of the warm-up's tokens that a linear ramp loses
STARVED = 10.0  # tokens per parameter, below which the runs of the testbed stand off the law
ONE_EXPONENT = 1e6  # stiffness that fixes an exponent
ALPHAS = np.geomspace(0.1, 1.0, 59)  # 4 % apart


@dataclass(frozen=True, eq=False)
class Case:
    """The runs that are known when a prediction is made.

    Parameters
    ----------
    runs : pandas.DataFrame
        Run table with N and D, and N_body and warmup_tokens where they are known.
    losses : ndarray of shape (n_losses, n_runs)
        Losses in nats per token, a row per loss set.
    siblings : tuple of Case
        The same runs of the other training sets, which only pooling candidates may read.
    """

    runs: pd.DataFrame
    losses: Array
    siblings: tuple[Case, ...] = ()

    def keep(self, chosen: pd.Series) -> Case:
        """The case without the runs that are not chosen."""
        return Case(self.runs[chosen], self.losses[:, chosen.to_numpy()], self.siblings)


class Candidate(NamedTuple):
    """A way to predict: its name, what it changes, in how many parts, and how it is fitted."""

    name: str
    about: str
    n_parts: int
    fit: Callable[[Case], Prediction]


def columns_of(runs: pd.DataFrame) -> tuple[Array, Array]:
    """N and D as arrays."""
    return runs["N"].to_numpy(float), runs["D"].to_numpy(float)


def predict_with(law: Any) -> Prediction:
    """The predictions of a law, one row per fit."""
    return lambda runs: law.predict(*columns_of(runs))


# --- the recipe, and one change at a time --------------------------------------------------


def fit_tied(case: Case, **options: Any) -> Prediction:
    """The tied law; options are those of `scaling.laws.fit.fit_loss_law`."""
    return predict_with(fit_loss_law(*columns_of(case.runs), case.losses, **options).law)


def fit_free(case: Case, **options: Any) -> Prediction:
    """The law with an exponent for N and one for D; the tied law where the runs are too few.

    Several such laws pass through five runs, and through two values of N or D at any exponent, so
    that rounding would choose: it takes a sixth run and a third value, or a prior.
    """
    N, D = columns_of(case.runs)
    n_values = min(len(np.unique(N)), len(np.unique(D)))
    enough = len(N) >= 5 if options.get("prior") else len(N) >= 6 and n_values >= 3
    fit = fit_loss_surface if enough else fit_loss_law
    return predict_with(fit(N, D, case.losses, **options).law)


def fit_without_E(case: Case) -> Prediction:
    """``log L = c - alpha log N - beta log D``, a plane: what the irreducible loss buys."""
    N, D = columns_of(case.runs)
    columns = np.column_stack([np.ones_like(N), np.log(N), np.log(D)])
    plane, *_ = np.linalg.lstsq(columns, np.log(case.losses).T)

    def predict(runs: pd.DataFrame) -> Array:
        N, D = columns_of(runs)
        return np.exp(np.column_stack([np.ones_like(N), np.log(N), np.log(D)]) @ plane).T

    return predict


def fit_no_change(case: Case) -> Prediction:
    """What the dearest of the runs measured, the best of them where several cost the same."""
    N, D = columns_of(case.runs)
    ranks = rank_compute(N * D)
    last = case.losses[:, ranks == ranks.max()].min(axis=1, keepdims=True)
    return lambda runs: np.repeat(last, len(runs), axis=1)


@lru_cache(maxsize=64)
def common_alpha(case: Case) -> Array:
    """The exponent that fits a case and its siblings best when each keeps its own E, A and B.

    One of `ALPHAS` per loss set, of shape (n_losses,), by least squares on the log loss.
    """

    def cost(alpha: float) -> Any:
        prior = ExponentPrior(alpha, ONE_EXPONENT)
        fits = [
            fit_loss_law(*columns_of(c.runs), c.losses, objective="log", prior=prior)
            for c in (case, *case.siblings)
        ]
        return sum(fit.cost for fit in fits)

    return ALPHAS[np.argmin([cost(alpha) for alpha in ALPHAS], axis=0)]


def fit_pooled(case: Case, stiffness: float) -> Prediction:
    """One exponent for all training sets, fixed or as the centre of a prior."""
    centres = common_alpha(case)
    N, D = columns_of(case.runs)
    fits = [
        fit_loss_law(N, D, loss, objective="log", prior=ExponentPrior(float(centre), stiffness))
        for loss, centre in zip(case.losses, centres, strict=True)
    ]
    return predict_with(stack_fits(fits).law)


def fit_unstarved(case: Case) -> Prediction:
    """Leave out the runs of fewer than ten tokens per parameter, as long as five are left."""
    fed = case.runs["D"] / case.runs["N"] >= STARVED * 0.999
    enough = fed.sum() >= 5 and np.ptp(case.runs.loc[fed, "N"]) > 0
    return fit_tied(case.keep(fed) if enough else case)


def fit_discounted(case: Case) -> Prediction:
    """Count only the tokens that a linear warm-up leaves: D minus half of the warm-up's."""
    if "warmup_tokens" not in case.runs:
        return fit_tied(case)

    def discount(runs: pd.DataFrame) -> pd.DataFrame:
        warmup = np.minimum(runs["warmup_tokens"], runs["D"])
        return runs.assign(D=runs["D"] - RAMP * warmup)

    inner = fit_tied(Case(discount(case.runs), case.losses))
    return lambda runs: inner(discount(runs))


def fit_body(case: Case) -> Prediction:
    """Count the parameters without the vocabulary matrices, where that count is known."""
    if "N_body" not in case.runs:
        return fit_tied(case)
    inner = fit_tied(Case(case.runs.assign(N=case.runs["N_body"]), case.losses))
    return lambda runs: inner(runs.assign(N=runs["N_body"]))


def fit_coupled(case: Case, power: float) -> Prediction:
    """``L = E + (A N^-alpha + B D^-alpha)^power``: the two limits are not added but coupled.

    References
    ----------
    Kaplan et al., arXiv 2001.08361, Eq. 1.5, couple them so, without E.
    """
    n, d = (np.log(column) for column in columns_of(case.runs))
    centre = n.mean(), d.mean()

    def value(p: Array, n: Array, d: Array) -> tuple[Array, Array]:
        """The law, and its derivatives by E, log A, log B and log alpha."""
        E, log_A, log_B, log_alpha = p
        alpha, x_N, x_D = np.exp(log_alpha), n - centre[0], d - centre[1]
        of_N, of_D = log_A - alpha * x_N, log_B - alpha * x_D
        coupled = np.exp(np.minimum(power * np.logaddexp(of_N, of_D), 50.0))
        share = expit(of_N - of_D)
        by_alpha = -alpha * (share * x_N + (1 - share) * x_D)
        slopes = power * coupled[:, None] * np.column_stack([share, 1 - share, by_alpha])
        return E + coupled, np.column_stack([np.ones_like(n), slopes])

    def fit_one(loss: Array) -> Array:
        def residuals(p: Array) -> Array:
            return np.log(np.maximum(value(p, n, d)[0], 1e-9) / loss)

        def jacobian(p: Array) -> Array:
            fitted, slopes = value(p, n, d)
            return slopes / np.maximum(fitted, 1e-9)[:, None]

        E = 0.6 * loss.min()
        level = np.log((loss.mean() - E) / 2.0) / power

        def slope(p: Array) -> Array:
            return jacobian(p).T @ residuals(p)

        start = [E, level, level, np.log(0.25 / power)]
        near = least_squares(residuals, start, jacobian, xtol=1e-12, ftol=1e-12, gtol=1e-12).x
        # Where the cost stands still the exponent does not yet: the slope has to be nought.
        flat = root(slope, near, tol=1e-15).x
        return min(near, flat, key=lambda p: np.abs(slope(p)).max())

    fits = [fit_one(loss) for loss in case.losses]

    def predict(runs: pd.DataFrame) -> Array:
        N, D = columns_of(runs)
        return np.array([value(p, np.log(N), np.log(D))[0] for p in fits])

    return predict


def influence(candidate: Candidate, case: Case, asked: pd.DataFrame) -> Array:
    """By how many per cent a prediction moves when one loss moves by one per cent.

    ``d log L_hat(target) / d log L_i``, by central differences, for the first loss of the case. The
    root of the sum of squares over the runs is the noise of the prediction, in units of an
    independent noise of the losses.

    Parameters
    ----------
    candidate : Candidate
        One that does not read siblings.
    case : Case
        Runs known.
    asked : pandas.DataFrame
        Runs asked for.

    Returns
    -------
    ndarray of shape (n_runs, n_asked)
    """
    n_runs, step = len(case.runs), 1e-3  # of a log loss
    bumps = np.exp(step * np.vstack([np.eye(n_runs), -np.eye(n_runs)]))
    predicted = np.log(candidate.fit(Case(case.runs, case.losses[0] * bumps))(asked))
    return (predicted[:n_runs] - predicted[n_runs:]) / (2.0 * step)


# --- candidates ----------------------------------------------------------------------------

BASELINES = (
    Candidate("recipe", "the paper's: tied law, least squares on the loss", 0, fit_tied),
    Candidate("no E", "a plane in the logarithms, without an irreducible loss", 0, fit_without_E),
    Candidate("no change", "the loss of the dearest run", 0, fit_no_change),
    Candidate(
        "one exponent",
        "tied law, one exponent for all training sets",
        1,
        partial(fit_pooled, stiffness=ONE_EXPONENT),
    ),
)
EXTERNAL = ExponentPrior(EXTERNAL_ALPHA, POOLING)
# These and the baselines were in both rounds of the choice, and the rounds are closed: a later
# candidate goes into `scaling.studies.predictors.extrapolation.named_candidates`.
SINGLE_CHANGES = (
    Candidate("free", "an exponent for N and one for D", 1, fit_free),
    Candidate(
        "partial pooling",
        "log loss, exponent pulled toward that of all training sets",
        1,
        partial(fit_pooled, stiffness=POOLING),
    ),
    Candidate(
        "external prior",
        "log loss, exponent pulled toward Chinchilla's",
        1,
        partial(fit_tied, objective="log", prior=EXTERNAL),
    ),
    Candidate(
        "free, external prior",
        "log loss, both exponents pulled toward Chinchilla's",
        2,
        partial(fit_free, objective="log", prior=EXTERNAL),
    ),
    Candidate("no starved runs", "runs of M < 10 left out", 1, fit_unstarved),
    Candidate("warm-up discounted", "D without half of the warm-up's tokens", 1, fit_discounted),
    Candidate("N_body", "N without the vocabulary matrices", 1, fit_body),
    Candidate("coupled 1/2", "the two limits coupled", 1, partial(fit_coupled, power=0.5)),
    Candidate("coupled 2", "the two limits coupled", 1, partial(fit_coupled, power=2.0)),
)
