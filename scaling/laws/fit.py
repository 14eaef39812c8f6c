"""Which law fits? Loss laws and error laws by variable projection, one data set or thousands.

`loss` may be one vector of runs or a batch of them, and so may `weights`; a weight of zero leaves
a run out, a whole-number weight counts it that often. So a bootstrap, a leave-sizes-out sweep
and a parametric resample are each one call.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from scaling.laws.law import ErrorLaw, LossLaw, LossSurface
from scaling.laws.objectives import SQUARES, Misfit, find_objective
from scaling.laws.observations import (
    FitError,
    Observations,
    read_observations,
    read_vector,
    require_distinct,
)
from scaling.laws.scan import Array, Mask, Problem
from scaling.laws.solution import Solution, solve

__all__ = [
    "SOUND",
    "STATUSES",
    "ExponentPrior",
    "Fit",
    "FitError",
    "ObjectiveName",
    "fit_error_law",
    "fit_loss_law",
    "fit_loss_surface",
    "stack_fits",
]

ObjectiveName = Literal["loss", "log", "huber"]

EXPONENT_BOUNDS = (1e-3, 5.0)
RATE_BOUNDS = (1e-6, 200.0)  # of gamma times the spread of the losses
LARGEST_POWER = 600.0  # keeps exp(gamma L) inside double precision
LEAST_SPREAD = 1e-200  # of the losses: keeps gamma itself inside double precision
HUBER_DELTA = 1e-3
STATUSES = ("converged", "saturated", "wrong_sign", "not_converged", "at_bound", "unidentified")
SOUND = STATUSES[:2]
STATUS_NAMES = np.array(STATUSES)


@dataclass(frozen=True)
class Fit:
    """A fitted law with what is needed to judge it.

    Parameters
    ----------
    law : LossLaw, LossSurface, PowerLaw or ErrorLaw
        Fitted law; its parameters are floats, or arrays of shape (n_fits,) for a batch.
    residuals : ndarray of shape (n_runs,) or (n_fits, n_runs)
        Observed minus fitted, in the unit of the data.
    cost : float or ndarray of shape (n_fits,)
        Value of the objective: the weighted sum of squares for ``objective="loss"``.
    dof : int or ndarray of shape (n_fits,)
        Runs of positive weight minus parameters.
    status : str or ndarray of shape (n_fits,)
        ``converged``: a sound optimum.
        ``saturated``: sound, but as many parameters as runs: no residual to judge it by.
        ``wrong_sign``: an amplitude (or E, or the rate) is negative.
        ``not_converged``: the search did not reach the optimum to rounding.
        ``at_bound``: an exponent stands at the end of its range.
        ``unidentified``: the runs cannot tell the parameters apart; predictions between the runs
        may hold, coefficients do not. The most severe that applies, in rising order.
    objective : str
        What was minimised.
    weights : ndarray of shape (n_runs,) or (n_fits, n_runs)
        Case weights, 1 where none were given.
    """

    law: Any
    residuals: Array
    cost: Any
    dof: Any
    status: Any
    objective: str = "loss"
    weights: Array | float = 1.0

    @property
    def ssr(self) -> Any:
        """Unweighted sum of squared residuals."""
        return np.vecdot(self.residuals, self.residuals)

    @property
    def sigma_hat(self) -> Any:
        """Residual standard deviation ``sqrt(cost / dof)``; NaN without a degree of freedom.

        In the unit of the objective: nats for ``"loss"``, units of log loss for ``"log"`` and
        ``"huber"``. With case weights it is that of a run of weight one.
        """
        dof = np.asarray(self.dof, dtype=float)
        return np.sqrt(self.cost / np.where(dof > 0, dof, np.nan))


class ExponentPrior(NamedTuple):
    """What is believed of an exponent before the runs are seen.

    The objective grows by ``stiffness * log(alpha / alpha_0)^2``. Read as a normal prior on
    ``log alpha`` its standard deviation is ``sigma / sqrt(stiffness)``, with sigma the noise of a
    run of weight one in the unit of the objective.

    Parameters
    ----------
    alpha_0 : float
        Centre of the prior, > 0.
    stiffness : float
        Strength of the pull, >= 0, in squared units of the objective.
    """

    alpha_0: float
    stiffness: float


def fit_loss_law(
    N: ArrayLike,
    D: ArrayLike,
    loss: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    objective: ObjectiveName = "loss",
    nonneg: bool = False,
    huber_delta: float = HUBER_DELTA,
    prior: ExponentPrior | None = None,
) -> Fit:
    """Fit ``L = E + A N^-alpha + B D^-alpha``.

    Parameters
    ----------
    N, D : array_like of shape (n_runs,)
        Parameters and training tokens, > 0.
    loss : array_like of shape (n_runs,) or (n_fits, n_runs)
        Losses in nats per token, > 0.
    weights : array_like of shape (n_runs,) or (n_fits, n_runs), optional
        Case weights, >= 0. A weight multiplies a run's squared residual (it is the inverse of a
        variance, not a standard deviation).
    objective : {"loss", "log", "huber"}
        Least squares on the loss (as the paper), least squares on the log loss, or Huber's loss
        on the log loss (as Hoffmann et al.).
    nonneg : bool
        Keep E, A and B at zero or above. By default they are free, as in the paper.
    huber_delta : float
        Residual of the log loss beyond which Huber's loss grows linearly.
    prior : ExponentPrior, optional
        Pull on the exponents; none by default, as in the paper. ``cost`` contains it, ``status``
        and ``dof`` still speak of the runs alone.

    Returns
    -------
    Fit
        ``law`` is a `LossLaw`.

    Raises
    ------
    ValueError
        An argument breaks its rule; the message names it and the value.
    FitError
        Fewer distinct runs than parameters.

    Notes
    -----
    For fixed alpha the rest is linear, so alpha alone is scanned, between 0.001 and 5; steps on it
    (`scaling.laws.projection`) come near each optimum, and Newton's on all four coefficients
    (`scaling.laws.polish`) end at it. The paper starts SciPy's ``curve_fit`` from 128 points
    instead.

    References
    ----------
    Gadre et al., arXiv 2403.08540, Eq. 4 and appendix; Hoffmann et al., arXiv 2203.15556.
    """
    return _fit_in_N_and_D(N, D, loss, weights, objective, nonneg, huber_delta, prior, True)


def fit_loss_surface(
    N: ArrayLike,
    D: ArrayLike,
    loss: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    objective: ObjectiveName = "loss",
    nonneg: bool = False,
    huber_delta: float = HUBER_DELTA,
    prior: ExponentPrior | None = None,
) -> Fit:
    """Fit ``L = E + A N^-alpha + B D^-beta``, an exponent for N and one for D.

    Arguments, returns and errors are those of `fit_loss_law`; ``law`` is a `LossSurface`.

    References
    ----------
    Hoffmann et al., arXiv 2203.15556, Eq. 2; Besiroglu et al., arXiv 2404.10102.
    """
    return _fit_in_N_and_D(N, D, loss, weights, objective, nonneg, huber_delta, prior, False)


def fit_error_law(
    loss: ArrayLike,
    error: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    nonneg: bool = False,
) -> Fit:
    """Fit ``Err(L) = epsilon - k exp(-gamma L)`` by least squares on the error.

    Parameters
    ----------
    loss : array_like of shape (n_runs,)
        Losses in nats per token.
    error : array_like of shape (n_runs,) or (n_fits, n_runs)
        Top-1 errors, fractions.
    weights : array_like of shape (n_runs,) or (n_fits, n_runs), optional
        Case weights, >= 0.
    nonneg : bool
        Keep epsilon, k and gamma at zero or above. By default gamma may be negative.

    Returns
    -------
    Fit
        ``law`` is an `ErrorLaw`.

    Raises
    ------
    ValueError
        An argument breaks its rule; the message names it and the value.
    FitError
        Fewer distinct runs than parameters.

    References
    ----------
    Gadre et al., arXiv 2403.08540, Eq. 5.
    """
    L = read_vector("loss", loss)
    require_distinct(L, n_parameters=3, what="loss")
    data = read_observations("error", error, weights, len(L))
    centre = L.mean()
    spread = np.ptp(L) + LEAST_SPREAD
    hi = min(RATE_BOUNDS[1] / spread, LARGEST_POWER / (np.abs(L).max() + LEAST_SPREAD))
    lo = min(RATE_BOUNDS[0] / spread, hi)
    problem = Problem((L - centre)[None], (0,), lo, hi, 64, signed=not nonneg)
    signs = (1.0, -1.0) if nonneg else None  # of the columns 1 and exp(-gamma L)
    solution = solve(problem, Misfit(SQUARES, data.weights, data.observed), signs)
    gamma = solution.optimum.theta[:, 0]
    epsilon, k = data.scale * solution.optimum.coefficients.T * np.array([[1.0], [-1.0]])
    k = k * np.exp(gamma * centre)
    wrong = (k < 0) | (gamma < 0)
    return as_fit(ErrorLaw, (epsilon, k, gamma), wrong, solution, data, "loss")


def _fit_in_N_and_D(
    N: ArrayLike,
    D: ArrayLike,
    loss: ArrayLike,
    weights: ArrayLike | None,
    objective: ObjectiveName,
    nonneg: bool,
    huber_delta: float,
    prior: ExponentPrior | None,
    tied: bool,
) -> Fit:
    """Fit either loss law: one exponent or two."""
    N, D = read_vector("N", N, positive=True), read_vector("D", D, positive=True)
    if len(D) != len(N):
        raise ValueError(f"N and D must have the same length, got {len(N)} and {len(D)}")
    require_distinct(N + 1j * D, n_parameters=4 if tied else 5, what="(N, D)")
    data = read_observations("loss", loss, weights, len(N), positive=True)
    log_N, log_D = np.log(N), np.log(D)
    centres = log_N.sum() / len(N), log_D.sum() / len(N)
    points = np.stack([log_N - centres[0], log_D - centres[1]])
    problem = Problem(points, (0, 0) if tied else (0, 1), *EXPONENT_BOUNDS, 48 if tied else 32)
    if prior is not None:
        stiffness = check_prior(prior).stiffness / (data.scale**2 if objective == "loss" else 1.0)
        problem = replace(problem, centre=prior.alpha_0, stiffness=stiffness)
    misfit = Misfit(find_objective(objective, huber_delta), data.weights, data.observed)
    signs = (1.0, 1.0, 1.0) if nonneg else None
    solution = solve(problem, misfit, signs)
    E, A, B = data.scale * solution.optimum.coefficients.T
    alpha, beta = solution.optimum.theta[:, 0], solution.optimum.theta[:, -1]
    A, B = A * np.exp(alpha * centres[0]), B * np.exp(beta * centres[1])
    wrong = (E < 0) | (A < 0) | (B < 0)
    if tied:
        return as_fit(LossLaw, (E, A, B, alpha), wrong, solution, data, objective)
    return as_fit(LossSurface, (E, A, B, alpha, beta), wrong, solution, data, objective)


def check_prior(prior: ExponentPrior) -> ExponentPrior:
    """Give the prior back, or refuse it."""
    if not (np.isfinite(prior).all() and prior.alpha_0 > 0 and prior.stiffness >= 0):
        raise ValueError(
            f"prior must have alpha_0 > 0 and stiffness >= 0, both finite, got {prior}"
        )
    return prior


def as_fit(
    law: Any,
    parameters: tuple[Array, ...],
    wrong: Mask,
    solution: Solution,
    data: Observations,
    objective: str,
) -> Fit:
    """Put a solution on record: law, residuals, cost, degrees of freedom and status."""
    optimum = solution.optimum
    dof = np.count_nonzero(data.weights, axis=1) - len(parameters)
    rank = np.zeros(len(dof), dtype=int)
    for name, applies in {
        "saturated": dof == 0,
        "wrong_sign": wrong,
        "not_converged": ~optimum.settled,
        "at_bound": solution.at_bound,
        "unidentified": ~solution.identified | (dof < 0),
    }.items():
        rank[applies] = STATUSES.index(name)
    status = STATUS_NAMES[rank]
    residuals = data.scale * (data.observed - optimum.fitted)
    cost = optimum.cost * data.scale**2 if objective == "loss" else optimum.cost
    weights = data.weights
    if data.batched:
        return Fit(law(*parameters), residuals, cost, dof, status, objective, weights)
    single = law(*(p.item() for p in parameters))
    found = cost.item(), dof.item(), status.item()
    return Fit(single, residuals[0], *found, objective, weights[0])


def stack_fits(fits: list[Fit]) -> Fit:
    """Put single fits of the tied law into one record, first axis over fits."""
    laws = [fit.law for fit in fits]
    law = LossLaw(*(np.array([getattr(law, f.name) for law in laws]) for f in fields(LossLaw)))
    (objective,) = {fit.objective for fit in fits}
    residuals, cost, dof, status, weights = (
        np.array([getattr(fit, name) for fit in fits])
        for name in ("residuals", "cost", "dof", "status", "weights")
    )
    return Fit(law, residuals, cost, dof, status, objective, weights)
