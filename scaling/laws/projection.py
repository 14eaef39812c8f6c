"""How is a separable law fitted? Variable projection, for one data set or for thousands at once.

A scan of the exponents (`scaling.laws.scan`) finds the basins; Gauss-Newton steps on the projected
residual come near their bottoms, from where `scaling.laws.polish` goes on. Every array has a first
axis over fits.

References
----------
Golub and Pereyra, SIAM J. Numer. Anal. 10 (1973); Kaufman, BIT 15 (1975).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scaling.laws.objectives import Misfit
from scaling.laws.scan import ROUNDING, Array, Mask, Problem

MAX_ITERATIONS = 50  # two or three do for most; the polish goes on from wherever this ends
NEAR = 1e-3  # change of theta, relative, and of the cost, below which the polish takes over
LONGEST_STEP = 0.7  # of log theta: at most a factor 2
COLLINEAR = 1e-20  # squared sine under which a column says nothing new
TINY = 1e-300  # keeps 0 / 0 at 0


class Optimum(NamedTuple):
    """Exponents, coefficients (constant first), fitted values and cost; first axis over fits.

    `settled` says whether it is one to rounding.
    """

    theta: Array
    coefficients: Array
    fitted: Array
    cost: Array
    settled: Mask

    def pick(self, fits: NDArray[Any]) -> Optimum:
        """The optima of some fits, by index or mask."""
        parts: list[Any] = [part[fits] for part in self]
        return Optimum(*parts)

    def copy(self) -> Optimum:
        """Optima that may be written into."""
        parts: list[Any] = [part.copy() for part in self]
        return Optimum(*parts)


def choose(better: Mask, tried: Optimum, state: Optimum) -> Optimum:
    """Fit by fit, `tried` where it is better."""
    if better.all():
        return tried
    pairs = zip(tried, state, strict=True)
    wide = better[:, None]
    parts: list[Any] = [np.where(wide if new.ndim > 1 else better, new, old) for new, old in pairs]
    return Optimum(*parts)


def orthogonalise(columns: Array, n_basis: int) -> Array:
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
    columns = columns.transpose(1, 2, 0)
    least = COLLINEAR * np.einsum("crf,crf->cf", columns[:n_basis], columns[:n_basis])
    for j in range(n_basis):
        column = columns[j]
        rest = np.einsum("rf,rf->f", column, column)
        new = rest > least[j]
        upper[j, j] = np.sqrt(rest + ~new)
        column *= new / upper[j, j]
        later = columns[j + 1 :]
        upper[j, j + 1 :] = np.einsum("crf,rf->cf", later, column)
        later -= upper[j, j + 1 :, None] * column
    return upper


def allot(n_fits: int, n_columns: int, n_runs: int) -> Array:
    """Room for the columns of many fits, fits side by side: sums over few runs are then fast."""
    return np.zeros((n_columns, n_runs, n_fits)).transpose(2, 0, 1)


def back_substitute(upper: Array) -> Array:
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
    columns = allot(len(theta), first + 2 * m + 1, root.shape[1])
    if first:
        columns[:, 0] = root
    powers, x_powers = columns[:, first : first + m], columns[:, first + m : -1]
    np.multiply(root[:, None], exponentials, out=powers)
    np.multiply(problem.points, powers, out=x_powers)
    np.multiply(root, target, out=columns[:, -1])
    coefficients = back_substitute(orthogonalise(columns, first + m))
    amplitudes = coefficients[:, first:]
    fitted = problem.add_up(coefficients, exponentials)
    slopes, rest = problem.slopes(theta, amplitudes, x_powers), columns[:, -1]
    if problem.stiffness:
        slopes, rest = _pull(problem, theta, slopes, rest)
    step = _solve_slopes(slopes, rest)
    if problem.n_exponents == 1:
        return coefficients, fitted, step
    size = np.abs(theta)
    blocked = ((size <= problem.lo) & (step < 0)) | ((size >= problem.hi) & (step > 0))
    if blocked.any():  # an exponent held at its bound leaves the step to the others
        step = _solve_slopes(np.where(blocked[:, :, None], 0.0, slopes), rest)
    return coefficients, fitted, step


def _pull(problem: Problem, theta: Array, slopes: Array, rest: Array) -> tuple[Array, Array]:
    """Add the penalty as one more observation of the logarithm of each exponent."""
    root = np.sqrt(problem.stiffness)
    identity = np.broadcast_to(root * np.eye(theta.shape[1]), (*theta.shape, theta.shape[1]))
    away = np.log(np.abs(theta) / problem.centre)
    return (
        np.concatenate([slopes, identity], axis=2),
        np.concatenate([rest, -root * away], axis=1),
    )


def _solve_slopes(slopes: Array, rest: Array) -> Array:
    """Least-squares combination of the slopes that gives the rest, (n_fits, n_exponents)."""
    if slopes.shape[1] == 1:
        slope = slopes[:, 0]
        return (np.vecdot(slope, rest) / (np.vecdot(slope, slope) + TINY))[:, None]
    columns = allot(len(slopes), slopes.shape[1] + 1, slopes.shape[2])
    columns[:, :-1], columns[:, -1] = slopes, rest
    return back_substitute(orthogonalise(columns, slopes.shape[1]))


def identification(problem: Problem, optimum: Optimum, root: Array) -> Array:
    """Smallest squared sine between a column of the Jacobian and those before it, per fit."""
    first, n, n_parameters = int(problem.constant), problem.n_coefficients, problem.n_parameters
    exponentials = problem.exponentials(optimum.theta) * root[:, None]
    amplitudes = optimum.coefficients[:, first:]
    jacobian = allot(len(root), n_parameters, root.shape[1])
    if first:
        jacobian[:, 0] = root
    jacobian[:, first:n] = exponentials
    slopes = problem.slopes(optimum.theta, amplitudes, problem.points * exponentials)
    jacobian[:, n:] = slopes[:, problem.free]
    norm = np.einsum("fcr,fcr->fc", jacobian, jacobian)
    values = root * optimum.fitted
    upper = orthogonalise(jacobian, n_parameters)
    new = np.einsum("fcr,fcr->fc", jacobian, jacobian) > 0.5
    rest = np.einsum("ccf->fc", upper) ** 2 * new
    said = rest > ROUNDING**2 * np.vecdot(values, values)[:, None]  # more than rounding says
    return np.where(said, rest / (norm + TINY), 0.0).min(axis=1)


def refine(problem: Problem, theta: Array, misfit: Misfit) -> Optimum:
    """Gauss-Newton from `theta`, one start per row, to near the bottom of its basin.

    A step that does not lower the cost is tried again a quarter as long. A row is done when a step
    changes the cost by rounding only, or when the next would move theta by less than
    `NEAR` and, unless the objective is linear in the coefficients, the cost has stopped
    falling.
    """
    n = len(theta)
    best = Optimum(
        theta.copy(),
        np.zeros((n, problem.n_coefficients)),
        misfit.observed.copy(),
        np.full(n, np.inf),
        np.zeros(n, dtype=bool),
    )
    live, state, trial = np.arange(n), best, theta
    rounding = ROUNDING**2 * misfit.size()
    newton, past_newton, past_move = (np.zeros_like(theta) for _ in range(3))
    length = np.ones(n)
    for _ in range(MAX_ITERATIONS):
        root, target = misfit.working(state.fitted)
        coefficients, fitted, step = _project(problem, trial, root, target)
        cost = misfit.cost(fitted) + problem.penalty(trial)
        tried = Optimum(trial, coefficients, fitted, cost, best.settled[live])
        better = tried.cost < state.cost
        falling = tried.cost < state.cost * (1.0 - NEAR) - rounding
        move = _accelerate(step, past_newton, past_move)
        unsettled = better
        if better.all():
            state, newton, length = tried, step, np.ones(len(better))
        else:
            unsettled = better | (tried.cost > state.cost * (1.0 + ROUNDING) + rounding)
            state = choose(better, tried, state)
            newton = np.where(better[:, None], step, newton)
            length = np.where(better, 1.0, length / 4.0)
            move = np.where(better[:, None], move, length[:, None] * newton)
        move = np.minimum(np.maximum(move, -LONGEST_STEP), LONGEST_STEP)
        now = np.abs(state.theta)
        size = np.minimum(np.maximum(now * np.exp(move), problem.lo), problem.hi)
        trial = np.copysign(size, state.theta)
        past_newton, past_move = newton, move
        going = unsettled & (np.abs(size - now) > NEAR * now).any(axis=1)
        if not misfit.objective.linear:  # then the coefficients, too, are found step by step
            going |= falling
        if not going.all():
            for kept, last in zip(best, state, strict=True):
                kept[live[~going]] = last[~going]
            if not going.any():
                return best
            live, misfit, rounding = live[going], misfit.pick(going), rounding[going]
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
