"""What does a fit minimise? Least squares on the loss or on its logarithm, and Huber's loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

LEAST_FITTED = 1e-30  # of the largest observed: 1 / fitted^2, the weight of less, would overflow


class Objective(NamedTuple):
    """A sum over runs to minimise, and the weighted linear problem that stands for it nearby."""

    cost: Callable[[Array, Array, Array], Array]  # (weights, observed, fitted) -> (n_fits,)
    working: Callable[[Array, Array, Array], tuple[Array, Array]]  # -> (root weights, target)
    linear: bool = False  # the linear problem is the sum itself, whatever the fitted values


SQUARES = Objective(
    cost=lambda weights, observed, fitted: np.vecdot(weights, (observed - fitted) ** 2),
    working=lambda weights, observed, fitted: (np.sqrt(weights), observed),
    linear=True,
)


def _log_ratio(observed: Array, fitted: Array) -> Array:
    """``log(fitted / observed)``, infinite where the fitted loss is not positive."""
    positive = fitted > 0
    return np.where(positive, np.log(np.where(positive, fitted, 1.0) / observed), np.inf)


def _log_objective(delta: float) -> Objective:
    """Huber's loss on the log loss: ``r^2`` up to `delta`, then ``2 delta |r| - delta^2``.

    Near a fit it is a weighted linear problem: with ``r = log(fitted / observed)`` the target
    is ``fitted (1 - r)`` and the weight ``min(1, delta / |r|) / fitted^2``. An infinite `delta`
    gives plain least squares on the log loss.
    """

    def cost(weights: Array, observed: Array, fitted: Array) -> Array:
        r = np.abs(_log_ratio(observed, fitted))
        with np.errstate(invalid="ignore"):  # r may be infinite
            rho = np.where(r <= delta, r * r, delta * (2.0 * r - delta))
        return np.vecdot(weights, np.where(weights > 0, rho, 0.0))

    def working(weights: Array, observed: Array, fitted: Array) -> tuple[Array, Array]:
        r = _log_ratio(observed, fitted)
        share = delta / np.maximum(np.abs(r), delta) if np.isfinite(delta) else 1.0
        return np.sqrt(weights * share) / np.maximum(fitted, LEAST_FITTED), fitted * (1.0 - r)

    return Objective(cost, working)


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
