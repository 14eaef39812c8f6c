"""How is a separable law fitted? Variable projection, for one data set or for thousands at once.

All laws of the book have the shape ``y = c_0 + sum_j c_j exp(-theta_j x_j)``: for fixed exponents
``theta`` the coefficients ``c`` are a linear least-squares problem. So the search runs over the
exponents alone: a scan of a fixed grid finds the basins, Gauss-Newton steps on the projected
residual find their bottoms. Every array has a first axis over fits.

References
----------
Golub and Pereyra, SIAM J. Numer. Anal. 10 (1973); Kaufman, BIT 15 (1975).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

MAX_ITERATIONS = 60
STEP_TOLERANCE = 1e-9  # of theta, relative: the residual then holds to its square
LONGEST_STEP = 0.7  # of log theta: at most a factor 2
COLLINEAR = 1e-20  # squared sine under which a column says nothing new
SCAN_ROWS = 256  # fits scanned at once: their grid fits the processor's cache
SCAN_RUNS = 4096  # runs scanned at once: a million of them need no more memory
ROUNDING = 1e-14  # of a sum of squares
TINY = 1e-300  # keeps 0 / 0 at 0


@dataclass(frozen=True, eq=False)
class Problem:
    """Which exponents, over which range, and which columns they drive.

    Parameters
    ----------
    points : ndarray of shape (n_columns, n_runs)
        Centred coordinate of each exponential column.
    exponent : tuple of int
        For each column the exponent that drives it, rising; ``(0, 0)`` ties two columns.
    lo, hi : float
        Bounds of ``abs(theta)``.
    n_grid : int
        Grid points per exponent and sign.
    signed : bool
        Whether ``theta`` may also be negative.
    constant : bool
        Whether the column of ones is in.
    """

    points: Array
    exponent: tuple[int, ...]
    lo: float
    hi: float
    n_grid: int
    signed: bool = False
    constant: bool = True

    @property
    def n_exponents(self) -> int:
        """Number of exponents searched over."""
        return len(set(self.exponent))

    @property
    def n_coefficients(self) -> int:
        """Number of linear coefficients."""
        return len(self.points) + self.constant

    @property
    def grid_shape(self) -> tuple[int, ...]:
        """Shape of the grid over the exponents."""
        return (self.n_grid * (1 + self.signed),) * self.n_exponents

    @property
    def grid(self) -> Array:
        """Exponents of the scan, shape (n_grid_points, n_exponents)."""
        return _grid(self.lo, self.hi, self.n_grid, self.signed, self.n_exponents)

    def exponentials(self, theta: Array) -> Array:
        """Columns at `theta` (n_fits, n_exponents): shape (n_fits, n_columns, n_runs)."""
        return np.exp(-theta[:, self.exponent, None] * self.points)

    def slopes(self, theta: Array, amplitudes: Array, x_columns: Array) -> Array:
        """Derivative of the fitted values by log theta: shape (n_fits, n_exponents, n_runs)."""
        each = (-amplitudes * theta[:, self.exponent])[:, :, None] * x_columns
        starts = [self.exponent.index(e) for e in range(self.n_exponents)]
        return np.add.reduceat(each, starts, axis=1) if starts else each


@lru_cache(maxsize=64)
def _grid(lo: float, hi: float, n_grid: int, signed: bool, n_exponents: int) -> Array:
    axis = np.geomspace(lo, hi, n_grid)
    if signed:
        axis = np.concatenate([-axis[::-1], axis])
    mesh = np.meshgrid(*[axis] * n_exponents, indexing="ij")
    return np.stack([m.ravel() for m in mesh], axis=-1) if mesh else np.zeros((1, 0))


class Optimum(NamedTuple):
    """Exponents, coefficients (constant first), fitted values and cost; first axis over fits."""

    theta: Array
    coefficients: Array
    fitted: Array
    cost: Array

    def pick(self, fits: NDArray[Any]) -> Optimum:
        """The optima of some fits, by index or mask."""
        return Optimum(*(part[fits] for part in self))


class Objective(NamedTuple):
    """A sum over runs to minimise, and the weighted linear problem that stands for it nearby."""

    cost: Callable[[Array, Array, Array], Array]  # (weights, observed, fitted) -> (n_fits,)
    working: Callable[[Array, Array, Array], tuple[Array, Array]]  # -> (root weights, target)


def choose(better: Mask, tried: Optimum, state: Optimum) -> Optimum:
    """Fit by fit, `tried` where it is better."""
    if better.all():
        return tried
    pairs = zip(tried, state, strict=True)
    wide = better[:, None]
    return Optimum(*(np.where(wide if new.ndim > 1 else better, new, old) for new, old in pairs))


# --- the scan -----------------------------------------------------------------------------


def profile(problem: Problem, weights: Array, target: Array) -> Array:
    """Weighted residual sum of squares at every grid point, shape (n_fits, n_grid_points).

    Every entry of the Gram matrix is linear in the weights, so one matrix product serves all
    fits; Gaussian elimination then leaves the residual in its last corner.
    """
    if problem.constant:  # the span is the same, and small numbers lose fewer digits
        target = target - target.mean(axis=1, keepdims=True)
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
        inverse = kept / (pivot + ~kept)
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


def _starts(problem: Problem, weights: Array, target: Array) -> tuple[NDArray[np.intp], Array]:
    """Fit index and exponents of every basin that the scan shows."""
    values = profile(problem, weights, target)
    chosen = local_minima(values, problem.grid_shape)
    n_parameters = problem.n_exponents + problem.n_coefficients
    saturated = np.count_nonzero(weights, axis=1) == n_parameters
    if saturated.any():  # several laws may pass through all runs, less than a grid step apart
        chosen[saturated] = with_neighbours(chosen[saturated], problem.grid_shape)
    fits, points = np.nonzero(chosen)
    return fits, problem.grid[points]


# --- Gauss-Newton on the projected residual -----------------------------------------------


def _orthogonalise(columns: Array, n_basis: int) -> Array:
    """Modified Gram-Schmidt: the first columns orthonormal, the rest orthogonal to them.

    A column that says nothing new is dropped (zero direction, diagonal one), so that its
    coefficient comes out as zero. With the target among the rest this is a backward stable way
    to solve least squares.

    Parameters
    ----------
    columns : ndarray of shape (n_fits, n_columns, n_runs)
        Overwritten.
    n_basis : int
        How many columns span the space.

    Returns
    -------
    ndarray of shape (n_basis, n_columns, n_fits)
        Rows of R.

    References
    ----------
    Bjorck, BIT 7 (1967).
    """
    n_fits, n_columns, _ = columns.shape
    upper = np.empty((n_basis, n_columns, n_fits))
    least = COLLINEAR * np.vecdot(columns[:, :n_basis], columns[:, :n_basis]).T
    for j in range(n_basis):
        column = columns[:, j]
        rest = np.vecdot(column, column)
        new = rest > least[j]
        upper[j, j] = np.sqrt(rest + ~new)
        column *= (new / upper[j, j])[:, None]
        later = columns[:, j + 1 :]
        entries = np.vecdot(later, column[:, None])
        later -= entries[:, :, None] * column[:, None]
        upper[j, j + 1 :] = entries.T
    return upper


def _back_substitute(upper: Array) -> Array:
    """Coefficients of the last column in the basis, shape (n_fits, n_basis), from R's rows."""
    size = len(upper)
    solution = upper[:, -1].copy()
    for j in reversed(range(size)):
        for i in range(j + 1, size):
            solution[j] -= upper[j, i] * solution[i]
        solution[j] /= upper[j, j]
    return solution.T


def _project(
    problem: Problem, theta: Array, root: Array, target: Array
) -> tuple[Array, Array, Array]:
    """Best coefficients at `theta`, their fitted values, and the step of log theta from there.

    The columns are ``[1, u_1 .. u_m, x_1 u_1 .. x_m u_m, target]``. The slopes of the fitted
    values are combinations of the third group, which is by then orthogonal to the first two
    (Kaufman's form of the Jacobian).
    """
    first, m = int(problem.constant), len(problem.points)
    exponentials = problem.exponentials(theta)
    columns = np.empty((len(theta), first + 2 * m + 1, root.shape[1]))
    if first:
        columns[:, 0] = root
    powers, x_powers = columns[:, first : first + m], columns[:, first + m : -1]
    np.multiply(root[:, None], exponentials, out=powers)
    np.multiply(problem.points, powers, out=x_powers)
    np.multiply(root, target, out=columns[:, -1])
    coefficients = _back_substitute(_orthogonalise(columns, first + m))
    amplitudes = coefficients[:, first:]
    fitted = (amplitudes[:, None] @ exponentials)[:, 0]
    if first:
        fitted += coefficients[:, :1]
    slopes = problem.slopes(theta, amplitudes, x_powers)
    step = _solve_slopes(slopes, columns[:, -1])
    size = np.abs(theta)
    blocked = ((size <= problem.lo) & (step < 0)) | ((size >= problem.hi) & (step > 0))
    if blocked.any():  # an exponent held at its bound leaves the step to the others
        step = _solve_slopes(np.where(blocked[:, :, None], 0.0, slopes), columns[:, -1])
    return coefficients, fitted, step


def _solve_slopes(slopes: Array, rest: Array) -> Array:
    """Least-squares combination of the slopes that gives the rest, (n_fits, n_exponents)."""
    if slopes.shape[1] == 1:
        slope = slopes[:, 0]
        return (np.vecdot(slope, rest) / (np.vecdot(slope, slope) + TINY))[:, None]
    columns = np.concatenate([slopes, rest[:, None]], axis=1)
    return _back_substitute(_orthogonalise(columns, slopes.shape[1]))


def identification(problem: Problem, optimum: Optimum, root: Array) -> Array:
    """Smallest squared sine between a column of the Jacobian and those before it, per fit."""
    exponentials = problem.exponentials(optimum.theta) * root[:, None]
    amplitudes = optimum.coefficients[:, problem.constant :]
    slopes = problem.slopes(optimum.theta, amplitudes, problem.points * exponentials)
    ones = [root[:, None]] if problem.constant else []
    jacobian = np.concatenate([*ones, exponentials, slopes], axis=1)
    upper = np.linalg.qr(jacobian.transpose(0, 2, 1), mode="r")
    rest = np.diagonal(upper, axis1=1, axis2=2) ** 2
    return (rest / (np.vecdot(jacobian, jacobian) + TINY)).min(axis=1)


def refine(
    problem: Problem, theta: Array, weights: Array, observed: Array, objective: Objective
) -> Optimum:
    """Gauss-Newton from `theta`, one start per row, to the bottom of its basin.

    A step that does not lower the cost is tried again a quarter as long. A row is done when its
    next step would move theta by less than `STEP_TOLERANCE`, or when a step changes the cost by
    rounding only.
    """
    n = len(theta)
    best = Optimum(
        theta.copy(), np.zeros((n, problem.n_coefficients)), observed.copy(), np.full(n, np.inf)
    )
    live, state, trial = np.arange(n), best, theta
    rounding = ROUNDING**2 * objective.cost(weights, observed, 2.0 * observed)
    newton, past_newton, past_move = (np.zeros_like(theta) for _ in range(3))
    length = np.ones(n)
    for _ in range(MAX_ITERATIONS):
        root, target = objective.working(weights, observed, state.fitted)
        coefficients, fitted, step = _project(problem, trial, root, target)
        tried = Optimum(trial, coefficients, fitted, objective.cost(weights, observed, fitted))
        better = tried.cost < state.cost
        state = choose(better, tried, state)
        move = _accelerate(step, past_newton, past_move)
        unsettled = better
        if better.all():
            newton, length = step, np.ones(len(better))
        else:
            unsettled = better | (tried.cost > state.cost * (1.0 + ROUNDING) + rounding)
            newton = np.where(better[:, None], step, newton)
            length = np.where(better, 1.0, length / 4.0)
            move = np.where(better[:, None], move, length[:, None] * newton)
        move = np.minimum(np.maximum(move, -LONGEST_STEP), LONGEST_STEP)
        now = np.abs(state.theta)
        size = np.minimum(np.maximum(now * np.exp(move), problem.lo), problem.hi)
        trial = np.copysign(size, state.theta)
        past_newton, past_move = newton, move
        going = unsettled & (np.abs(size - now) > STEP_TOLERANCE * now).any(axis=1)
        if not going.all():
            for kept, last in zip(best, state, strict=True):
                kept[live[~going]] = last[~going]
            if not going.any():
                return best
            live, weights, observed = live[going], weights[going], observed[going]
            rounding = rounding[going]
            state, trial, length = state.pick(going), trial[going], length[going]
            newton, past_newton, past_move = newton[going], past_newton[going], past_move[going]
    for kept, last in zip(best, state, strict=True):
        kept[live] = last
    return best


def _accelerate(step: Array, past_step: Array, past_move: Array) -> Array:
    """Secant acceleration of a fixed-point step (Anderson's, memory one)."""
    change = step - past_step
    known = past_move.any(axis=1)
    share = known * np.vecdot(step, change) / (np.vecdot(change, change) + TINY)
    return step - share[:, None] * (past_move + change)


def minimise(
    problem: Problem, weights: Array, observed: Array, objective: Objective
) -> tuple[NDArray[np.intp], Optimum]:
    """All local optima of each fit, lowest cost first within a fit.

    Returns
    -------
    fits : ndarray of shape (n_optima,)
        The fit that an optimum belongs to.
    optimum : Optimum
        First axis over optima.
    """
    root, target = objective.working(weights, observed, observed)
    found = []
    for first in range(0, len(observed), SCAN_ROWS):
        rows = slice(first, first + SCAN_ROWS)
        fits, theta = _starts(problem, root[rows] ** 2, target[rows])
        found.append((fits + first, theta))
    fits, theta = (np.concatenate(part) for part in zip(*found, strict=True))
    optimum = refine(problem, theta, weights[fits], observed[fits], objective)
    if len(fits) == len(observed):
        return fits, optimum
    order = np.lexsort([optimum.cost, fits])
    return fits[order], optimum.pick(order)


def subsets(problem: Problem) -> list[tuple[tuple[int, ...], Problem]]:
    """Every choice of columns: (indices kept, constant first, and the smaller problem)."""
    first = int(problem.constant)
    chosen = []
    for size in range(1, problem.n_coefficients + 1):
        for kept in itertools.combinations(range(problem.n_coefficients), size):
            columns = [i - first for i in kept if i >= first]
            exponents = sorted({problem.exponent[i] for i in columns})
            smaller = replace(
                problem,
                points=problem.points[columns],
                exponent=tuple(exponents.index(problem.exponent[i]) for i in columns),
                constant=problem.constant and 0 in kept,
            )
            chosen.append((kept, smaller))
    return chosen
