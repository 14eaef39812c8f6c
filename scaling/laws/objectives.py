"""What does a fit minimise? Least squares on the loss or on its logarithm, and Huber's loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# Of the largest observed: keeps 1 / fitted^2 and its products finite.
LEAST_FITTED = 1e-30


class Expansion(NamedTuple):
    """How half a sum changes with each fitted value; all of shape (n_fits, n_runs).

    Parameters
    ----------
    root : ndarray
        Root m of a weight, the unit of the others.
    pull : ndarray
        The first derivative is ``-m pull``.
    bend : ndarray
        The second derivative is ``m^2 bend``.
    share : ndarray
        The second derivative of the weighted linear problem is ``m^2 share``, never negative.
    """

    root: Array
    pull: Array
    bend: Array
    share: Array

    def pick(self, fits: NDArray[Any]) -> Expansion:
        """The expansions of some fits, by index or mask."""
        return Expansion(*(part[fits] for part in self))


class Objective(NamedTuple):
    """A sum over runs to minimise, and what stands for it near a fit.

    All three functions take weights, observed and fitted values, each (n_fits, n_runs).

    Parameters
    ----------
    cost : callable
        The sum, (n_fits,).
    working : callable
        Root weights and target of the weighted linear problem that stands for the sum nearby.
    expand : callable
        The `Expansion` of half the sum.
    linear : bool
        The linear problem is the sum itself, whatever the fitted values.
    """

    cost: Callable[[Array, Array, Array], Array]
    working: Callable[[Array, Array, Array], tuple[Array, Array]]
    expand: Callable[[Array, Array, Array], Expansion]
    linear: bool = False


class Misfit(NamedTuple):
    """An objective and the runs that it sums over, for many fits.

    Parameters
    ----------
    objective : Objective
        What is minimised.
    weights, observed : ndarray of shape (n_fits, n_runs)
        Case weights, and what is fitted.
    """

    objective: Objective
    weights: Array
    observed: Array

    def pick(self, fits: NDArray[Any]) -> Misfit:
        """Those of some fits, by index or mask."""
        return Misfit(self.objective, self.weights[fits], self.observed[fits])

    def cost(self, fitted: Array) -> Array:
        """Sum over runs, (n_fits,)."""
        return self.objective.cost(self.weights, self.observed, fitted)

    def working(self, fitted: Array) -> tuple[Array, Array]:
        """Root weights and target of the linear problem near `fitted`."""
        return self.objective.working(self.weights, self.observed, fitted)

    def expand(self, fitted: Array) -> Expansion:
        """Derivatives of half the sum at `fitted`."""
        return self.objective.expand(self.weights, self.observed, fitted)

    def size(self) -> Array:
        """Sum where every fitted value is twice the observed: a scale to hold costs against."""
        return self.cost(2.0 * self.observed)


def _expand_squares(weights: Array, observed: Array, fitted: Array) -> Expansion:
    root, ones = np.sqrt(weights), np.ones_like(fitted)
    return Expansion(root, root * (observed - fitted), ones, ones)


SQUARES = Objective(
    cost=lambda weights, observed, fitted: np.vecdot(weights, (observed - fitted) ** 2),
    working=lambda weights, observed, fitted: (np.sqrt(weights), observed),
    expand=_expand_squares,
    linear=True,
)


def _log_ratio(weights: Array, observed: Array, fitted: Array) -> Array:
    """``log(fitted / observed)``, infinite where a run of some weight has no positive loss."""
    positive = fitted > 0
    ratio = np.log(np.where(positive, fitted, 1.0) / observed)
    return np.where(positive | (weights == 0), ratio, np.inf)


def _log_objective(delta: float) -> Objective:
    """Huber's loss on the log loss: ``r^2`` up to `delta`, then ``2 delta |r| - delta^2``.

    Near a fit it is a weighted linear problem: with ``r = log(fitted / observed)`` the target
    is ``fitted (1 - r)`` and the weight ``min(1, delta / |r|) / fitted^2``. An infinite `delta`
    gives plain least squares on the log loss.
    """

    def cost(weights: Array, observed: Array, fitted: Array) -> Array:
        r = np.abs(_log_ratio(weights, observed, fitted))
        with np.errstate(invalid="ignore"):  # r may be infinite
            rho = np.where(r <= delta, r * r, delta * (2.0 * r - delta))
        return np.vecdot(weights, np.where(weights > 0, rho, 0.0))

    def working(weights: Array, observed: Array, fitted: Array) -> tuple[Array, Array]:
        r = _log_ratio(weights, observed, fitted)
        share = delta / np.maximum(np.abs(r), delta) if np.isfinite(delta) else 1.0
        return np.sqrt(weights * share) / np.maximum(fitted, LEAST_FITTED), fitted * (1.0 - r)

    def expand(weights: Array, observed: Array, fitted: Array) -> Expansion:
        r, root = _log_ratio(weights, observed, fitted), np.sqrt(weights)
        capped = np.minimum(np.maximum(r, -delta), delta)
        share = delta / np.maximum(np.abs(r), delta) if np.isfinite(delta) else np.ones_like(r)
        bend: Array = (np.abs(r) <= delta) - capped
        return Expansion(root / np.maximum(fitted, LEAST_FITTED), -root * capped, bend, share)

    return Objective(cost, working, expand)


def find_objective(name: str, delta: float) -> Objective:
    """The objective of that name; `delta` is where Huber's loss begins to grow linearly."""
    if name == "loss":
        return SQUARES
    if name == "log":
        return _log_objective(np.inf)
    if name == "huber":
        if not delta > 0:
            raise ValueError(f"huber_delta must be > 0, got {delta!r}")
        return _log_objective(float(delta))
    raise ValueError(f"objective must be 'loss', 'log' or 'huber', got {name!r}")


def stand_on(objective: Objective, floor: float) -> Objective:
    """The same objective, of observed and fitted values that are given less a constant `floor`."""
    cost, working, expand, linear = objective

    def working_above(weights: Array, observed: Array, fitted: Array) -> tuple[Array, Array]:
        root, target = working(weights, observed + floor, fitted + floor)
        return root, target - floor

    return Objective(
        cost=lambda weights, observed, fitted: cost(weights, observed + floor, fitted + floor),
        working=working_above,
        expand=lambda weights, observed, fitted: expand(weights, observed + floor, fitted + floor),
        linear=linear,
    )
