"""What is fitted, and can it be? The arguments of every fit, brought into one shape."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scaling.laws.objectives import LEAST_FITTED
from scaling.laws.scan import Array


class FitError(ValueError):
    """No usable fit can come from these runs."""


class TooFewRunsError(FitError):
    """A law has more coefficients than there are distinct runs."""


def read_vector(name: str, values: ArrayLike, *, positive: bool = False) -> Array:
    """One number per run, finite (and above zero)."""
    array = np.asarray(values, dtype=float)
    if array.ndim != 1:
        raise ValueError(f"{name} must be a vector of runs, got shape {array.shape}")
    _require_sound(name, array, positive)
    return array


def _require_sound(name: str, array: Array, positive: bool) -> None:
    sound = np.isfinite(array) & (array > 0) if positive else np.isfinite(array)
    if not sound.all():
        rule = "finite and > 0" if positive else "finite"
        raise ValueError(f"{name} must be {rule}, got {array[~sound].flat[0]!r}")


class Observations(NamedTuple):
    """Observed values and weights, both (n_fits, n_runs), and whether they came as a batch.

    The values are divided by `scale`, a power of two, so that no square overflows and no digit
    is lost; positive ones are then at least `LEAST_FITTED`, so that every logarithm is finite.
    """

    observed: Array
    weights: Array
    batched: bool
    scale: float


def read_observations(
    name: str,
    values: ArrayLike,
    weights: ArrayLike | None,
    n_runs: int,
    *,
    positive: bool = False,
) -> Observations:
    """Bring values and weights of one fit or of many into one shape, and refuse unsound ones."""
    y = np.asarray(values, dtype=float)
    w = np.ones(n_runs) if weights is None else np.asarray(weights, dtype=float)
    for label, array in ((name, y), ("weights", w)):
        if array.ndim not in (1, 2) or array.shape[-1] != n_runs:
            raise ValueError(
                f"{label} must have {n_runs} runs on its last axis, got shape {array.shape}"
            )
    _require_sound(name, y, positive)
    if not (np.isfinite(w).all() and (w >= 0).all()):
        raise ValueError("weights must be finite and >= 0")
    shape = np.broadcast_shapes((1, n_runs), y.shape, w.shape)
    batched = max(y.ndim, w.ndim) == 2
    scale = 2.0 ** np.frexp(np.abs(y).max() or 1.0)[1]
    observed = np.maximum(y / scale, LEAST_FITTED) if positive else y / scale
    return Observations(np.broadcast_to(observed, shape), np.broadcast_to(w, shape), batched, scale)


def require_distinct(runs: NDArray[Any], *, n_parameters: int, what: str) -> None:
    """Refuse fewer distinct runs than a law has parameters."""
    n_distinct = len(np.unique(runs))
    if n_distinct < n_parameters:
        raise TooFewRunsError(
            f"a law with {n_parameters} parameters needs at least {n_parameters} runs that differ "
            f"in {what}, got {n_distinct}"
        )
