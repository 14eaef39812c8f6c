"""Which way to the optimum? Newton's step on exponents and coefficients together, exact.

First and second derivatives are taken in an orthonormal basis of the Jacobian's columns, so that a
step loses no more digits than the runs themselves do. Arrays have a first axis over fits; small
matrices have it last.

References
----------
Nocedal and Wright, Numerical Optimization (2006), chapter 3.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scaling.laws.objectives import Expansion
from scaling.laws.projection import TINY, Optimum, allot, back_substitute, orthogonalise
from scaling.laws.scan import Array, Mask, Problem

DAMPING = 0.02  # share of the linear problem added where the second derivative is not positive
LEAST_PIVOT = 1e-7  # of the second derivative along a direction of unit length


class Step(NamedTuple):
    """A step from an optimum; first axis over fits.

    Parameters
    ----------
    log_theta, coefficients : ndarray of shape (n_fits, n_exponents), (n_fits, n_coefficients)
        By how much they change.
    size : ndarray of shape (n_fits,)
        By how much the fitted values change to first order, as a share of `scale`.
    scale : ndarray of shape (n_fits,)
        Root sum of squares of the terms that the fitted values are sums of, weighted.
    newton : ndarray of shape (n_fits,)
        Whether it is Newton's.
    """

    log_theta: Array
    coefficients: Array
    size: Array
    scale: Array
    newton: Mask

    def pick(self, fits: NDArray[Any]) -> Step:
        """The steps of some fits, by index or mask."""
        return Step(*(part[fits] for part in self))


class Frame(NamedTuple):
    """The Jacobian's columns at an optimum, made orthonormal.

    Parameters
    ----------
    basis : ndarray of shape (n_fits, n_parameters, n_rows)
        Orthonormal, coefficients first; zero for a column that says nothing new. Runs, then one row
        for the pull on each exponent.
    upper : ndarray of shape (n_parameters, n_parameters + 1, n_fits)
        Rows of R; last the pull of the objective along the basis, then the step in its place.
    curved : ndarray of shape (n_parameters, n_parameters, n_fits)
        What the curvature of the fitted values adds to the second derivative, in the basis.
    n_runs : int
        How many of the rows are runs.
    """

    basis: Array
    upper: Array
    curved: Array
    n_runs: int


def find_step(problem: Problem, state: Optimum, expansion: Expansion, careful: Mask) -> Step:
    """Newton's step from each row; where `careful`, that of the weighted linear problem.

    The linear problem also stands in where the second derivative is not positive. An exponent at
    its bound that the step would lead out is held, and the step is that of the others.

    Parameters
    ----------
    problem : Problem
        Exponents and columns.
    state : Optimum
        Where the step starts.
    expansion : Expansion
        That of the objective at the fitted values of `state`.
    careful : ndarray of shape (n_fits,)
        Which rows may not use second derivatives.

    Returns
    -------
    Step
    """
    given = np.broadcast_to(~problem.free, state.theta.shape)
    step = _step(problem, state, expansion, careful, given)
    size, move = np.abs(state.theta), step.log_theta
    outward = given | ((size <= problem.lo) & (move < 0)) | ((size >= problem.hi) & (move > 0))
    rows: Mask = np.asarray((outward & ~given).any(axis=1))
    if rows.any():
        held = _step(problem, state.pick(rows), expansion.pick(rows), careful[rows], outward[rows])
        for whole, part in zip(step, held, strict=True):
            whole[rows] = part
    return step


def _step(
    problem: Problem, state: Optimum, expansion: Expansion, careful: Mask, held: Mask
) -> Step:
    frame = _take_frame(problem, state, expansion, held)
    pulled = frame.upper[:, -1].copy()
    second = _products(frame, expansion.bend) + frame.curved
    move, pivot = _eliminate(second, pulled)
    plain = careful | ~(pivot > LEAST_PIVOT)
    if plain.any():
        few = frame._replace(basis=frame.basis[plain])
        linear = _products(few, expansion.share[plain])
        bent = _products(few, expansion.bend[plain]) + frame.curved[:, :, plain]
        moved, pivot = _eliminate(bent + DAMPING * linear, pulled[:, plain])
        rest = careful[plain] | ~(pivot > LEAST_PIVOT)
        slow, _ = _eliminate(linear, pulled[:, plain])
        move[:, plain] = np.where(rest, slow, moved)
    frame.upper[:, -1] = move
    solved, n = back_substitute(frame.upper), problem.n_coefficients
    # The rounding of a fitted value is that of the terms that it is a sum of.
    sizes = problem.add_up(np.abs(state.coefficients), problem.exponentials(state.theta))
    terms = expansion.root * sizes
    scale = np.sqrt(np.vecdot(terms, terms)) + TINY
    return Step(solved[:, n:], solved[:, :n], np.sqrt((move**2).sum(axis=0)) / scale, scale, ~plain)


def _take_frame(problem: Problem, state: Optimum, expansion: Expansion, held: Mask) -> Frame:
    """Columns ``[1, u_1 .. u_m, slopes, pull]``, orthonormalised; those of held exponents zero."""
    root = expansion.root
    n_runs, n_exponents, n = root.shape[1], problem.n_exponents, problem.n_coefficients
    pull_rows = n_exponents if problem.stiffness else 0
    exponentials = problem.exponentials(state.theta)
    x_powers = problem.points * exponentials
    amplitudes = state.coefficients[:, problem.constant :]
    columns = allot(len(root), n + n_exponents + 1, n_runs + pull_rows)
    runs = columns[:, :, :n_runs]
    if problem.constant:
        runs[:, 0] = root
    np.multiply(root[:, None], exponentials, out=runs[:, problem.constant : n])
    np.multiply(root[:, None], problem.slopes(state.theta, amplitudes, x_powers), out=runs[:, n:-1])
    runs[:, -1] = expansion.pull
    if pull_rows:
        stiff = np.sqrt(problem.stiffness)
        columns[:, n:-1, n_runs:] = stiff * np.eye(n_exponents)
        columns[:, -1, n_runs:] = -stiff * np.log(np.abs(state.theta) / problem.centre)
    columns[:, n:-1][held] = 0.0
    upper = orthogonalise(columns, n + n_exponents)
    basis = columns[:, :-1]
    curved = _curvature(problem, state, root * expansion.pull, x_powers)
    there = (np.vecdot(basis, basis) > 0.5).T
    return Frame(basis, upper, _whiten(curved, upper) * (there * there[:, None]), n_runs)


def _curvature(problem: Problem, state: Optimum, pull: Array, x_powers: Array) -> Array:
    """Sum over runs of minus the pull times the second derivatives of the fitted value.

    With ``s_j = c_j exp(-theta x_j)`` they are ``-theta x_j exp(-theta x_j)`` by coefficient and
    log theta, and ``(theta^2 x_j^2 - theta x_j) s_j`` by log theta twice.
    """
    first, n, m = int(problem.constant), problem.n_coefficients, len(problem.points)
    theta = state.theta[:, problem.exponent, None]
    once = -np.vecdot(theta * x_powers, pull[:, None])
    twice = np.vecdot((theta * x_powers) * (theta * problem.points), pull[:, None])
    amplitudes = state.coefficients[:, first:]
    curved = np.zeros((n + problem.n_exponents,) * 2 + (len(pull),))
    for j in range(m):
        e = n + problem.exponent[j]
        curved[first + j, e] -= once[:, j]
        curved[e, first + j] -= once[:, j]
        curved[e, e] -= amplitudes[:, j] * (once[:, j] + twice[:, j])
    return curved


def _whiten(matrix: Array, upper: Array) -> Array:
    """``R^-T matrix R^-1`` of a symmetric matrix, shape (p, p, n_fits)."""
    for _ in range(2):
        for j in range(len(matrix)):
            for i in range(j):
                matrix[j] -= upper[i, j] * matrix[i]
            matrix[j] /= upper[j, j]
        matrix = matrix.swapaxes(0, 1)
    return matrix


def _products(frame: Frame, share: Array) -> Array:
    """Weighted products of the basis with itself, (p, p, n_fits); rows of the pull weigh one."""
    weights = np.ones((len(share), 1, frame.basis.shape[2]))
    weights[:, 0, : frame.n_runs] = share
    return ((frame.basis * weights) @ frame.basis.swapaxes(1, 2)).transpose(1, 2, 0)


def _eliminate(matrix: Array, right: Array) -> tuple[Array, Array]:
    """Solve symmetric systems; also the least pivot, positive for a positive definite matrix.

    A direction without any entry is left out.

    Parameters
    ----------
    matrix : ndarray of shape (p, p, n_fits)
        Overwritten.
    right : ndarray of shape (p, n_fits)

    Returns
    -------
    solution : ndarray of shape (p, n_fits)
    least_pivot : ndarray of shape (n_fits,)
    """
    p = len(matrix)
    solution = right.copy()
    least = np.full(right.shape[1], np.inf)
    for j in range(p):
        pivot = matrix[j, j]
        pivot = pivot + (pivot == 0.0)
        least = np.minimum(least, pivot)
        matrix[j, j] = pivot
        for i in range(j + 1, p):
            factor = matrix[j, i] / pivot
            for k in range(i, p):
                matrix[i, k] -= factor * matrix[j, k]
            solution[i] -= factor * solution[j]
    for j in reversed(range(p)):
        for k in range(j + 1, p):
            solution[j] -= matrix[j, k] * solution[k]
        solution[j] /= matrix[j, j]
    return solution, least
