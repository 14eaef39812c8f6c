"""Which optimum is the answer? The lowest, with free coefficients or with given signs."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scaling.laws.objectives import Misfit
from scaling.laws.polish import polish
from scaling.laws.projection import Optimum, choose, identification, refine
from scaling.laws.scan import Mask, Problem, find_basins

IDENTIFIED = 1e-14  # squared sine under which a parameter's direction is rounding error
EQUAL_COST, NO_COST = 1e-9, 1e-20  # relative; and of `Misfit.size`: costs that rounding cannot tell
OTHER_EXPONENT = 1e-4  # relative distance of an exponent from another


class Solution(NamedTuple):
    """Best optimum of each fit, and what its status rests on."""

    optimum: Optimum
    at_bound: Mask
    at_zero: Mask
    identified: Mask


def solve(problem: Problem, misfit: Misfit, signs: tuple[float, ...] | None) -> Solution:
    """Lowest optimum of each fit in the basins that its scan shows; signs given or free."""
    at_zero, unique = np.zeros((2, len(misfit.observed)), dtype=bool)
    if signs is None:
        optimum, unique = _free_optimum(problem, misfit)
    else:
        optimum, unique = _signed_optimum(problem, misfit, signs), ~unique
        at_zero = (optimum.coefficients == 0).any(axis=1)
    root, _ = misfit.working(optimum.fitted)
    size = np.abs(optimum.theta)
    at_end = ((size <= problem.lo) | (size >= problem.hi)) & problem.free
    sound = identification(problem, optimum, root) > IDENTIFIED
    return Solution(optimum, np.asarray(at_end.any(axis=1)), at_zero, unique & (sound | at_zero))


def minimise(problem: Problem, misfit: Misfit) -> tuple[NDArray[np.intp], Optimum]:
    """All local optima of each fit, lowest cost first within a fit.

    Returns
    -------
    fits : ndarray of shape (n_optima,)
        The fit that an optimum belongs to.
    optimum : Optimum
        First axis over optima.
    """
    root, target = misfit.working(misfit.observed)
    fits, theta = find_basins(problem, root**2, target)
    of_basins = misfit.pick(fits)
    optimum = polish(problem, refine(problem, theta, of_basins), of_basins)
    if len(fits) == len(root):
        return fits, optimum
    order = np.lexsort([optimum.cost, fits])
    return fits[order], optimum.pick(order)


def _free_optimum(problem: Problem, misfit: Misfit) -> tuple[Optimum, Mask]:
    """Lowest optimum of each fit, and whether no other exponent does as well.

    With as many parameters as runs several laws can pass through all of them: of those the one with
    the smallest exponents is taken, because rounding alone tells their costs apart.
    """
    fits, optima = minimise(problem, misfit)
    n = len(misfit.observed)
    if len(fits) == n:
        return optima, np.ones(n, dtype=bool)
    lowest = optima.cost[np.searchsorted(fits, np.arange(n))]
    rounding = NO_COST * misfit.size()
    equal = optima.cost <= (lowest * (1 + EQUAL_COST) + rounding)[fits]
    fits, optima = fits[equal], optima.pick(equal)
    order = np.lexsort([*reversed(optima.theta.T), fits])
    best = optima.pick(order[np.searchsorted(fits, np.arange(n))])
    other = (np.abs(optima.theta / best.theta[fits] - 1.0) > OTHER_EXPONENT).any(axis=1)
    return best, ~np.isin(np.arange(n), fits[other])


def _signed_optimum(problem: Problem, misfit: Misfit, signs: tuple[float, ...]) -> Optimum:
    """Lowest optimum whose coefficients have the given signs or are zero.

    A constrained optimum is a local optimum of the problem without the columns that stand at
    zero, so every subset of the columns is searched and the infeasible optima are left out. An
    exponent without a column has no meaning and is set to its lower bound.
    """
    n = len(misfit.observed)
    best = Optimum(
        np.full((n, problem.n_exponents), problem.lo),
        np.zeros((n, problem.n_coefficients)),
        np.zeros_like(misfit.observed),
        np.full(n, np.inf),
        np.zeros(n, dtype=bool),
    )
    for kept, smaller in subsets(problem):
        fits, optima = minimise(smaller, misfit)
        feasible = (optima.coefficients * np.take(signs, kept) >= 0).all(axis=1)
        fits, first = np.unique(fits[feasible], return_index=True)
        optima = optima.pick(feasible).pick(first)
        columns = np.array(kept)
        powers = columns[columns >= problem.constant] - problem.constant
        exponents = np.unique(np.array(problem.exponent)[powers])
        nothing: list[Any] = [np.zeros_like(part) for part in best]
        found = Optimum(*nothing)
        found.theta[:] = problem.lo
        found.cost[:] = np.inf
        found.theta[np.ix_(fits, exponents)] = optima.theta
        found.coefficients[np.ix_(fits, columns)] = optima.coefficients
        found.fitted[fits] = optima.fitted
        found.cost[fits] = optima.cost
        found.settled[fits] = optima.settled
        best = choose(found.cost < best.cost, found, best)
    return best


def subsets(problem: Problem) -> list[tuple[tuple[int, ...], Problem]]:
    """Every choice of columns: (indices kept, constant first, and the smaller problem)."""
    first = int(problem.constant)
    chosen = []
    for size in range(1, problem.n_coefficients + 1):
        for kept in itertools.combinations(range(problem.n_coefficients), size):
            columns = [i - first for i in kept if i >= first]
            exponents = sorted({problem.exponent[i] for i in columns})
            lo, hi = (np.broadcast_to(end, problem.n_exponents) for end in (problem.lo, problem.hi))
            smaller = replace(
                problem,
                points=problem.points[columns],
                exponent=tuple(exponents.index(problem.exponent[i]) for i in columns),
                lo=lo[exponents],
                hi=hi[exponents],
                constant=problem.constant and 0 in kept,
            )
            chosen.append((kept, smaller))
    return chosen
