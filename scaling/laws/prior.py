"""What does the better predictor do? The tied law with a prior on its exponent.

How hard the prior pulls depends on how noisy the table is: the pull is the ratio of the noise's
variance to the variance of exponents between grids. The shipped constants were learnt from small
runs alone (`scaling.studies.predictors.selection`); besides them only the table given is used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass, fields, replace
from functools import cache, partial
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from scaling.laws.fit import SOUND, Fit, fit_loss_law, stack_fits
from scaling.laws.fit_options import ExponentPrior
from scaling.laws.observations import read_vector
from scaling.tables.datafiles import data_path

N_PARAMETERS = 4
# Relative changes of the noise's variance at which it has come to rest:
TOLERANCE = 1e-12  # for a fit that ends at its optimum
ROUNDING = 1e-9  # or below this, where the next change is no smaller
TOLERANCE_NEAR = 1e-7  # for a fit that does not end there
NEAR = 1e-2  # relative change of the variance from which on the secant is followed
MOST_STRETCH = 20.0  # of a step by the secant
PATIENCE = 12  # rounds for a fit that the runs do not hold
GIVES_UP = 4  # rounds in a row without an optimum
ROUNDS = 200  # at most; five to ten do for a grid of runs


@dataclass(frozen=True)
class Belief:
    """What is believed of a table before its losses are read; all four above zero.

    Parameters
    ----------
    alpha_0 : float
        Exponent in the middle.
    tau : float
        Standard deviation of ``log alpha`` between grids.
    sigma_0 : float
        Standard deviation of the log loss around a law.
    nu : float
        Degrees of freedom that `sigma_0` is worth.
    """

    alpha_0: float
    tau: float
    sigma_0: float
    nu: float

    def __post_init__(self) -> None:
        """Refuse what makes no pull."""
        if not all(0 < value < np.inf for value in astuple(self)):
            raise ValueError(f"belief must be finite and > 0 in all it says, got {self}")


@cache
def load_belief() -> Belief:
    """Load the shipped constants, ``data/results/prior_constants.csv``."""
    table = pd.read_csv(data_path("results", "prior_constants.csv"), index_col="constant")
    return Belief(**{field.name: float(table["value"][field.name]) for field in fields(Belief)})


def moderate(ssr: float, n_runs: int, belief: Belief, n_parameters: int = N_PARAMETERS) -> float:
    """Variance of the noise from a sum of squared residuals and belief.

    ``(ssr + nu sigma_0^2) / (dof + nu)``, with ``dof = max(n_runs - n_parameters, 0)``.

    References
    ----------
    Smyth, Stat. Appl. Genet. Mol. Biol. 3 (2004): moderated variances.
    """
    dof = max(n_runs - n_parameters, 0)
    return float(ssr + belief.nu * belief.sigma_0**2) / (dof + belief.nu)


def fit_with_belief(
    belief: Belief,
    N: ArrayLike,
    D: ArrayLike,
    loss: ArrayLike,
    fitter: Callable[..., Fit] = fit_loss_law,
    n_parameters: int = N_PARAMETERS,
    *,
    weights: ArrayLike | None = None,
    nonneg: bool = False,
    fix: Mapping[str, float] = MappingProxyType({}),
) -> Fit:
    """Fit a law of one exponent, by default the tied one, with a prior on the exponent.

    Minimises ``sum w (log L_hat - log L)^2 + (sigma / tau)^2 log(alpha / alpha_0)^2`` where sigma^2
    is the moderated variance of the residuals at the minimum, that of a run of weight one.

    Parameters
    ----------
    belief : Belief
        Centre and spread of the exponent, size of the noise.
    N, D : array_like of shape (n_runs,)
        Parameters and training tokens, > 0.
    loss : array_like of shape (n_runs,)
        Losses in nats per token, > 0.
    fitter : callable
        Fits a law with an `alpha` to N, D and loss, and takes objective, prior, weights, nonneg
        and fix.
    n_parameters : int
        Its coefficients.
    weights : array_like of shape (n_runs,), optional
        Case weights, >= 0, as `scaling.laws.fit.fit_loss_law` takes them.
    nonneg, fix
        As in `scaling.laws.fit_options.FitOptions`; of the coefficients E alone may be held.

    Returns
    -------
    Fit
        ``law`` as from `fitter`; ``cost`` contains the pull on the exponent; status and degrees of
        freedom speak of the runs alone.

    Raises
    ------
    ValueError
        An argument breaks its rule; the message names it and the value.
    FitError
        Fewer distinct runs than parameters, or a loss that is not above the E held.

    Notes
    -----
    Fitted without a pull first, then with the pull of the variance found, until that agrees with
    itself. A harder pull leaves larger residuals, so the variance rises to the least that does; the
    last rounds follow the secant. Where it does not in `ROUNDS` rounds, the status says so.
    """
    loss = read_vector("loss", loss, positive=True)
    n_runs = len(loss) if weights is None else int(np.count_nonzero(weights))
    believed, last, last_rise, lost = 0.0, 0.0, 0.0, 0
    for n_rounds in range(1, ROUNDS + 1):
        prior = ExponentPrior(belief.alpha_0, believed / belief.tau**2)
        asked = {"weights": weights, "nonneg": nonneg, "fix": fix}
        fit = fitter(N, D, loss, objective="log", prior=prior, **asked)
        pull = prior.stiffness * _find_distance(fit, belief) ** 2
        rise = moderate(fit.cost - pull, n_runs + len(fix), belief, n_parameters) - believed
        still = TOLERANCE_NEAR if fit.status == "not_converged" else TOLERANCE
        if abs(rise) <= still * believed or abs(last_rise) <= abs(rise) <= ROUNDING * believed:
            break
        lost = lost + 1 if fit.status == "not_converged" else 0
        if lost == GIVES_UP or (n_rounds >= PATIENCE and fit.status == "unidentified"):
            break
        step = rise
        if abs(rise) <= NEAR * believed and rise != last_rise:
            stretch = (believed - last) / (last_rise - rise)
            step *= stretch if 0.0 < stretch < MOST_STRETCH else 1.0
        believed, last, last_rise = believed + step, believed, rise
    else:
        if fit.status in SOUND:
            fit = replace(fit, status="not_converged")
    return fit


def _find_distance(fit: Fit, belief: Belief) -> float:
    """``log(alpha / alpha_0)``; zero for a constant, whose exponent has no meaning and no pull."""
    falls = any(fit.law.coefficients.get(name) for name in ("A", "B"))
    return float(np.log(fit.law.alpha / belief.alpha_0)) if falls else 0.0


def find_noise(fit: Fit, belief: Belief) -> float:
    """Find the standard deviation of the log loss that a single fit with a belief came to rest at.

    ``sigma^2 = (cost + nu sigma_0^2) / (dof + nu + log(alpha / alpha_0)^2 / tau^2)``, which is
    `moderate` at the minimum, where the cost contains the pull ``sigma^2 / tau^2``.
    """
    away = _find_distance(fit, belief) / belief.tau
    return float(
        np.sqrt(
            (fit.cost + belief.nu * belief.sigma_0**2) / (max(fit.dof, 0) + belief.nu + away**2)
        )
    )


def fit_with_prior(
    N: ArrayLike,
    D: ArrayLike,
    loss: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    nonneg: bool = False,
    fix: Mapping[str, float] = MappingProxyType({}),
) -> Fit:
    """Fit the tied law with the shipped prior; four runs that differ are enough.

    Parameters
    ----------
    N, D : array_like of shape (n_runs,)
        Parameters and training tokens, > 0.
    loss : array_like of shape (n_runs,) or (n_fits, n_runs)
        Losses in nats per token, > 0.
    weights : array_like of shape (n_runs,) or (n_fits, n_runs), optional
        Case weights, >= 0.
    nonneg, fix
        As `fit_with_belief` takes them.

    Returns
    -------
    Fit
        As from `fit_with_belief`.

    Raises
    ------
    ValueError
        An argument breaks its rule; the message names it and the value.
    FitError
        Fewer distinct runs than parameters.
    """
    fit = partial(fit_with_belief, load_belief(), N, D, nonneg=nonneg, fix=fix)
    given = np.ones(np.shape(loss)[-1:]) if weights is None else weights
    if max(np.ndim(loss), np.ndim(given)) < 2:
        return fit(loss, weights=weights)
    pairs = zip(*np.broadcast_arrays(np.atleast_2d(loss), np.atleast_2d(given)), strict=True)
    return stack_fits([fit(y, weights=w) for y, w in pairs])
