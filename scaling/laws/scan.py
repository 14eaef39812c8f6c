"""Where may the optimum of a separable law be? Its profile on a grid, for thousands of fits.

A separable law has the shape ``y = c_0 + sum_j c_j exp(-theta_j x_j)``: for fixed exponents
``theta`` the coefficients ``c`` are a linear least-squares problem, so the least cost is a function
of the exponents alone, the profile. Every array has a first axis over fits.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

SCAN_ROWS = 256  # fits scanned at once: bounds the memory
SCAN_RUNS = 4096  # runs scanned at once: a million of them need no more memory
ROUNDING = 1e-14  # of a sum of squares


@dataclass(frozen=True, eq=False)
class Problem:
    """Which exponents, over which range, and which columns they drive.

    Parameters
    ----------
    points : ndarray of shape (n_columns, n_runs)
        Centred coordinate of each exponential column.
    exponent : tuple of int
        For each column the exponent that drives it, rising; ``(0, 0)`` ties two columns.
    lo, hi : float or ndarray of shape (n_exponents,)
        Bounds of ``abs(theta)``; an exponent whose two bounds are one is held there.
    n_grid : int
        Grid points per exponent and sign.
    signed : bool
        Whether ``theta`` may also be negative.
    constant : bool
        Whether the column of ones is in.
    centre, stiffness : float
        The cost grows by ``stiffness * log(abs(theta) / centre)^2`` for each exponent.
    """

    points: Array
    exponent: tuple[int, ...]
    lo: float | Array
    hi: float | Array
    n_grid: int
    signed: bool = False
    constant: bool = True
    centre: float = 1.0
    stiffness: float = 0.0

    @cached_property
    def n_exponents(self) -> int:
        """Number of exponents searched over."""
        return len(set(self.exponent))

    @cached_property
    def free(self) -> Mask:
        """Which exponents are not held."""
        return np.broadcast_to(np.less(self.lo, self.hi), self.n_exponents)

    @property
    def n_parameters(self) -> int:
        """Number of linear coefficients and of exponents that are not held."""
        return self.n_coefficients + int(self.free.sum())

    @cached_property
    def starts(self) -> list[int]:
        """First column of each exponent."""
        return [self.exponent.index(e) for e in range(self.n_exponents)]

    @property
    def n_coefficients(self) -> int:
        """Number of linear coefficients."""
        return len(self.points) + self.constant

    @property
    def grid_shape(self) -> tuple[int, ...]:
        """Shape of the grid over the exponents."""
        return tuple(np.where(self.free, self.n_grid, 1) * (1 + self.signed))

    @property
    def grid(self) -> Array:
        """Exponents of the scan, shape (n_grid_points, n_exponents)."""
        lo, hi = (np.broadcast_to(end, self.n_exponents).tolist() for end in (self.lo, self.hi))
        return _grid(tuple(zip(lo, hi, strict=True)), self.n_grid, self.signed)

    def exponentials(self, theta: Array) -> Array:
        """Columns at `theta` (n_fits, n_exponents): shape (n_fits, n_columns, n_runs)."""
        return np.exp(-theta[:, self.exponent, None] * self.points)

    def add_up(self, coefficients: Array, exponentials: Array) -> Array:
        """Columns times coefficients, constant first: fitted values of shape (n_fits, n_runs)."""
        first = int(self.constant)
        values = (coefficients[:, None, first:] @ exponentials)[:, 0]
        return values + coefficients[:, :1] if first else values

    def penalty(self, theta: Array) -> Any:
        """What the exponents `theta` (n, n_exponents) add to the cost, shape (n,) or 0."""
        if not self.stiffness:
            return 0.0
        away = np.log(np.abs(theta) / self.centre)
        return self.stiffness * np.vecdot(away, away)

    def slopes(self, theta: Array, amplitudes: Array, x_columns: Array) -> Array:
        """Derivative of the fitted values by log theta: shape (n_fits, n_exponents, n_runs)."""
        each = (-amplitudes * theta[:, self.exponent])[:, :, None] * x_columns
        return np.add.reduceat(each, self.starts, axis=1) if self.starts else each


@lru_cache(maxsize=64)
def _grid(bounds: tuple[tuple[float, float], ...], n_grid: int, signed: bool) -> Array:
    axes = [np.geomspace(lo, hi, n_grid if lo < hi else 1) for lo, hi in bounds]
    if signed:
        axes = [np.concatenate([-axis[::-1], axis]) for axis in axes]
    mesh = np.meshgrid(*axes, indexing="ij")
    return np.stack([m.ravel() for m in mesh], axis=-1) if mesh else np.zeros((1, 0))


def profile(problem: Problem, weights: Array, target: Array) -> Array:
    """Weighted residual sum of squares at every grid point, shape (n_fits, n_grid_points).

    Every entry of the Gram matrix is linear in the weights, so one matrix product serves all
    fits; Gaussian elimination then leaves the residual in its last corner.
    """
    if problem.constant:  # the span is the same, and small numbers lose fewer digits
        target = target - target.sum(axis=1, keepdims=True) / target.shape[1]
    size = problem.n_coefficients
    gram: list[list[Any]] = [[0.0] * (size + 1) for _ in range(size + 1)]
    for first in range(0, target.shape[1], SCAN_RUNS):
        runs = slice(first, first + SCAN_RUNS)
        _add_products(gram, problem, runs, weights[:, runs], target[:, runs])
    total = gram[size][size]
    values = _eliminate(gram)
    return np.where(values > ROUNDING * total, values, 0.0)


def _add_products(
    gram: list[list[Any]], problem: Problem, runs: slice, weights: Array, target: Array
) -> None:
    """Add the weighted products of the columns over some runs to the Gram matrix."""
    exponents = -problem.grid[:, problem.exponent, None] * problem.points[:, runs]
    columns = (np.expm1 if problem.constant else np.exp)(exponents).transpose(1, 0, 2)
    first, size = int(problem.constant), problem.n_coefficients
    weighted = weights * target
    gram[size][size] = gram[size][size] + np.vecdot(weighted, target)[:, None]
    if first:
        gram[0][0] = gram[0][0] + weights.sum(axis=1)[:, None]
        gram[0][size] = gram[0][size] + weighted.sum(axis=1)[:, None]
    for i, left in enumerate(columns, start=first):
        if first:
            gram[0][i] = gram[0][i] + weights @ left.T
        gram[i][size] = gram[i][size] + weighted @ left.T
        for j, right in enumerate(columns[i - first :], start=i):
            gram[i][j] = gram[i][j] + weights @ (left * right).T


def _eliminate(gram: list[list[Any]]) -> Array:
    """Residual of the last variable after projection on the others (upper triangle given)."""
    last = len(gram) - 1
    for k in range(last):
        pivot = gram[k][k]
        kept = pivot > 0
        inverse = kept / np.where(kept, pivot, 1.0)
        for i in range(k + 1, last + 1):
            factor = gram[k][i] * inverse
            for j in range(i, last + 1):
                gram[i][j] = gram[i][j] - factor * gram[k][j]
    return gram[last][last]


def local_minima(values: Array, shape: tuple[int, ...]) -> Mask:
    """Where a profile (n_fits, n_grid_points) is lowest among its neighbours on the grid."""
    grid = values.reshape(len(values), *shape)
    lowest = np.ones(grid.shape, dtype=bool)
    for axis in range(1, grid.ndim):
        rises = np.moveaxis(np.diff(grid, axis=axis) > 0, axis, 0)
        along = np.moveaxis(lowest, axis, 0)  # a view
        along[:-1] &= rises
        along[1:] &= ~rises
    lowest = lowest.reshape(values.shape)
    lowest[np.arange(len(values)), values.argmin(axis=1)] = True
    return lowest


def with_neighbours(chosen: Mask, shape: tuple[int, ...]) -> Mask:
    """Grid points at most two steps from a chosen one."""
    grid = chosen.reshape(len(chosen), *shape)
    for axis in range(1, grid.ndim):
        for _ in range(2):
            along, wider = np.moveaxis(grid, axis, 0), grid.copy()
            np.moveaxis(wider, axis, 0)[1:] |= along[:-1]
            np.moveaxis(wider, axis, 0)[:-1] |= along[1:]
            grid = wider
    return grid.reshape(chosen.shape)


def find_basins(problem: Problem, weights: Array, target: Array) -> tuple[NDArray[np.intp], Array]:
    """Fit index and exponents of every basin that the scan shows.

    Parameters
    ----------
    problem : Problem
        Exponents and columns.
    weights, target : ndarray of shape (n_fits, n_runs)
        Weighted linear problem of each fit.

    Returns
    -------
    fits : ndarray of shape (n_basins,)
        The fit that a basin belongs to, rising.
    theta : ndarray of shape (n_basins, n_exponents)
        Its lowest grid point.
    """
    found = []
    for first in range(0, len(target), SCAN_ROWS):
        rows = slice(first, first + SCAN_ROWS)
        fits, theta = _basins(problem, weights[rows], target[rows])
        found.append((fits + first, theta))
    fits, theta = (np.concatenate(part) for part in zip(*found, strict=True))
    return fits, theta


def _basins(problem: Problem, weights: Array, target: Array) -> tuple[NDArray[np.intp], Array]:
    values = profile(problem, weights, target) + problem.penalty(problem.grid)
    chosen = local_minima(values, problem.grid_shape)
    saturated = _count_designs(problem, weights) == problem.n_parameters
    if saturated.any():  # several laws may pass through all runs, less than a grid step apart
        chosen[saturated] = with_neighbours(chosen[saturated], problem.grid_shape)
    fits, points = np.nonzero(chosen)
    if problem.n_exponents == 1:
        return fits, _vertices(problem, values, fits, points)[:, None]
    return fits, problem.grid[points]


def _count_designs(problem: Problem, weights: Array) -> NDArray[np.intp]:
    """How many runs of each fit differ in a coordinate: one that is there twice counts once."""
    there = weights > 0
    if not len(problem.points):
        return np.count_nonzero(there, axis=1)
    order = np.lexsort(problem.points)
    points = problem.points[:, order]
    starts = np.flatnonzero((np.diff(points, prepend=np.nan) != 0).any(axis=0))
    if len(starts) < len(order):
        there = np.logical_or.reduceat(there[:, order], starts, axis=1)
    return np.count_nonzero(there, axis=1)


def _vertices(
    problem: Problem, values: Array, fits: NDArray[np.intp], points: NDArray[np.intp]
) -> Array:
    """Exponents at the bottom of the parabola through grid points and their two neighbours."""
    here = values[fits, points]
    before = values[fits, np.maximum(points - 1, 0)]
    after = values[fits, np.minimum(points + 1, values.shape[1] - 1)]
    bend = before - 2.0 * here + after
    share = 0.5 * (before - after) / np.where(bend > 0, bend, np.inf)
    theta = problem.grid[points, 0]
    step = np.sign(theta) * np.log(problem.hi / problem.lo) / (problem.n_grid - 1)
    size = np.abs(theta) * np.exp(np.minimum(np.maximum(share, -1.0), 1.0) * step)
    return np.copysign(np.minimum(np.maximum(size, problem.lo), problem.hi), theta)
