"""Which law fits? Loss laws and error laws by variable projection, one data set or thousands.

`loss` may be one vector of runs or a batch of them, and so may `weights`; a weight of zero leaves
a run out, a whole-number weight counts it that often. So a bootstrap, a leave-sizes-out sweep
and a parametric resample are each one call.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Any, Unpack

import numpy as np
from numpy.typing import ArrayLike

from scaling.laws.fit_options import (
    EXPONENT_BOUNDS,
    HUBER_DELTA,
    ExponentPrior,
    FitOptions,
    ObjectiveName,
    check_fixed,
    check_prior,
)
from scaling.laws.law import ErrorLaw, LossLaw, LossSurface
from scaling.laws.objectives import SQUARES, Misfit, find_objective, stand_on
from scaling.laws.observations import (
    FitError,
    Observations,
    TooFewRunsError,
    read_observations,
    read_vector,
    require_distinct,
)
from scaling.laws.scan import Array, Mask, Problem
from scaling.laws.solution import Solution, solve

__all__ = [
    "SOUND",
    "STATUSES",
    "Fit",
    "FitError",
    "TooFewRunsError",
    "fit_error_law",
    "fit_loss_law",
    "fit_loss_surface",
    "stack_fits",
]

RATE_BOUNDS = (1e-6, 200.0)  # of gamma times the spread of the losses
LARGEST_POWER = 600.0  # keeps exp(gamma L) inside double precision
LEAST_SPREAD = 1e-200  # of the losses: keeps gamma itself inside double precision
N_GRID = {1: 48, 2: 32}  # points of the scan, by the number of exponents
SOUND = ("converged", "saturated", "at_zero")
STATUSES = (*SOUND, "wrong_sign", "not_converged", "at_bound", "unidentified")
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
        Runs of positive weight minus parameters fitted.
    status : str or ndarray of shape (n_fits,)
        ``converged``: a sound optimum.
        ``saturated``: sound, but as many parameters as runs: no residual to judge it by.
        ``at_zero``: sound, but a coefficient stands at the zero that it was kept above.
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


def fit_loss_law(N: ArrayLike, D: ArrayLike, loss: ArrayLike, **options: Unpack[FitOptions]) -> Fit:
    """Fit ``L = E + A N^-alpha + B D^-alpha``.

    Parameters
    ----------
    N, D : array_like of shape (n_runs,)
        Parameters and training tokens, > 0.
    loss : array_like of shape (n_runs,) or (n_fits, n_runs)
        Losses in nats per token, > 0.
    **options
        By name: see `FitOptions`.

    Returns
    -------
    Fit
        ``law`` is a `LossLaw`.

    Raises
    ------
    ValueError
        An argument breaks its rule; the message names it and the value.
    FitError
        Fewer distinct runs than parameters, or a loss that is not above the E held.

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
    return fit_powers(LossLaw, {"N": N, "D": D}, ("alpha", "alpha"), loss, **options)


def fit_loss_surface(
    N: ArrayLike, D: ArrayLike, loss: ArrayLike, **options: Unpack[FitOptions]
) -> Fit:
    """Fit ``L = E + A N^-alpha + B D^-beta``, an exponent for N and one for D.

    Arguments, returns and errors are those of `fit_loss_law`; ``law`` is a `LossSurface`.

    References
    ----------
    Hoffmann et al., arXiv 2203.15556, Eq. 2; Besiroglu et al., arXiv 2404.10102.
    """
    return fit_powers(LossSurface, {"N": N, "D": D}, ("alpha", "beta"), loss, **options)


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


def fit_powers(
    law: Any,
    variables: Mapping[str, ArrayLike],
    exponents: tuple[str, ...],
    loss: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    objective: ObjectiveName = "loss",
    nonneg: bool = False,
    huber_delta: float = HUBER_DELTA,
    prior: ExponentPrior | None = None,
    fix: Mapping[str, float] = MappingProxyType({}),
) -> Fit:
    """Fit a constant E and a power of each variable.

    Parameters
    ----------
    law : callable
        Makes the record from E, the amplitudes and the exponents, in that order.
    variables : mapping of str to array_like of shape (n_runs,)
        The variables, > 0, by name.
    exponents : tuple of str
        The exponent of each; a name that is there twice ties two.
    loss
        As `fit_loss_law` takes it, and the rest as in `FitOptions`.
    """
    x = {name: read_vector(name, values, positive=True) for name, values in variables.items()}
    lengths = [len(values) for values in x.values()]
    if len(set(lengths)) > 1:
        told = " and ".join(map(str, lengths))
        raise ValueError(f"{' and '.join(x)} must have the same length, got {told}")
    names = list(dict.fromkeys(exponents))
    check_fixed(fix, names)
    n_parameters = 1 + len(x) + len(names) - len(fix)
    designs, what = (*x.values(),)[0], ", ".join(x)
    if len(x) > 1:
        designs, what = designs + 1j * (*x.values(),)[1], f"({what})"
    require_distinct(designs, n_parameters=n_parameters, what=what)
    data = read_observations("loss", loss, weights, lengths[0], positive=True)
    logs = np.log([*x.values()])
    centres = logs.sum(axis=1, keepdims=True) / lengths[0]
    lo, hi = ([fix.get(name, end) for name in names] for end in EXPONENT_BOUNDS)
    columns = tuple(names.index(name) for name in exponents)
    n_grid = N_GRID[len(names)]
    problem = Problem(logs - centres, columns, np.array(lo), np.array(hi), n_grid)
    if prior is not None:
        stiffness = check_prior(prior).stiffness / (data.scale**2 if objective == "loss" else 1.0)
        problem = replace(problem, centre=prior.alpha_0, stiffness=stiffness)
    minimised = find_objective(objective, huber_delta)
    if "E" in fix:
        data, problem = _take_off(fix["E"], data), replace(problem, constant=False)
        minimised = stand_on(minimised, fix["E"] / data.scale)
    misfit = Misfit(minimised, data.weights, data.observed)
    solution = solve(problem, misfit, (1.0,) * problem.n_coefficients if nonneg else None)
    coefficients, theta = data.scale * solution.optimum.coefficients.T, solution.optimum.theta.T
    E = coefficients[0] if problem.constant else np.full(len(data.observed), fix["E"])
    amplitudes = coefficients[problem.constant :] * np.exp(theta[list(columns)] * centres)
    wrong = (E < 0) | (amplitudes < 0).any(axis=0)
    parameters = (E, *amplitudes, *theta)
    return as_fit(law, parameters, wrong, solution, data, objective, n_held=len(fix))


def _take_off(E: float, data: Observations) -> Observations:
    """What of the losses stands above the constant held."""
    lowest = data.scale * data.observed.min()
    if not lowest > E:
        raise FitError(f"E is held at {E:g}, but must lie below the lowest loss, {lowest:.4g}")
    return data._replace(observed=data.observed - E / data.scale)


def as_fit(
    law: Any,
    parameters: tuple[Array, ...],
    wrong: Mask,
    solution: Solution,
    data: Observations,
    objective: str,
    n_held: int = 0,
) -> Fit:
    """Put a solution on record; `n_held` of the parameters were given."""
    optimum = solution.optimum
    dof = np.count_nonzero(data.weights, axis=1) - (len(parameters) - n_held)
    rank = np.zeros(len(dof), dtype=int)
    for name, applies in {
        "saturated": dof == 0,
        "at_zero": solution.at_zero,
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
