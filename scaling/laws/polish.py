"""Where exactly is the optimum? Newton's steps until the step, not the cost, is at rounding.

Near its bottom a cost stands still long before the exponents do: to the square root of rounding. So
the search ends with steps that are not judged by the cost.

References
----------
Nocedal and Wright, Numerical Optimization (2006), chapter 3; Qi and Sun, Mathematical Programming
58 (1993), for Huber's loss, whose second derivative jumps.
"""

from __future__ import annotations

import numpy as np

from scaling.laws.newton import Step, find_step
from scaling.laws.objectives import Expansion, Misfit
from scaling.laws.projection import LONGEST_STEP, Optimum, choose
from scaling.laws.scan import Array, Mask, Problem

MAX_STEPS = 60
LENGTHS = 2.0 ** np.arange(-12, 9)  # of a step that is not Newton's or raises the cost
SECTIONS = 10  # halvings of the length around the best of them
SETTLED = 1e-9  # change of log theta and of fitted values whose square is rounding
EXACT = 4e-15  # change of fitted values that is rounding itself
MOST_TERMS = 1e4  # of `Misfit.size`: terms beyond it that cancel are no excuse for a rise
AT_BOUND = 1e-12  # relative distance from a bound that is none
JUMP = 0.5  # of a run's second derivative: its residual has crossed Huber's delta


def polish(problem: Problem, start: Optimum, misfit: Misfit) -> Optimum:
    """Go from near an optimum to the optimum.

    Parameters
    ----------
    problem : Problem
        Exponents and columns.
    start : Optimum
        One per row, from `scaling.laws.projection.refine`.
    misfit : Misfit
        What is minimised, a row per optimum.

    Returns
    -------
    Optimum
        Where the steps ended, settled where the last of them was at rounding.

    Notes
    -----
    A step that raises the cost, or is not Newton's, goes to the lowest point along it. Where no
    length lowers the cost, the step of the weighted linear problem is tried, and where that fails,
    too, the fit ends unsettled. A whole step below `SETTLED` is the last, for the next would be
    about its square, unless a second derivative jumps along it.
    """
    if problem.constant and not np.isfinite(start.cost).all():
        start = _flatten(problem, start, misfit)
    best = start.copy()
    live = np.flatnonzero(np.isfinite(start.cost))
    if not len(live):
        return best
    state, misfit = start.pick(live), misfit.pick(live)
    careful = np.zeros(len(live), dtype=bool)
    most = MOST_TERMS * np.sqrt(misfit.size())
    expansion = misfit.expand(state.fitted)
    for _ in range(MAX_STEPS):
        step = find_step(problem, state, expansion, careful)
        tried = _move(problem, state, step, 1.0, misfit)
        noise = EXACT * np.minimum(step.scale, most)  # of the root of the cost
        slack = noise * (2.0 * np.sqrt(state.cost) + noise)
        better = tried.cost <= state.cost + slack
        whole = better & step.newton
        if not whole.all():
            tried = _shorten(problem, state, step, tried, ~whole, misfit)
            better = tried.cost <= state.cost + slack
        state = choose(better, tried, state)
        before, expansion = expansion, misfit.expand(state.fitted)
        last = _is_last(step, before, expansion) & whole
        done = last | (careful & ~better)
        careful = ~better
        if done.any():
            state.settled[last] = True
            for kept, final in zip(best, state, strict=True):
                kept[live[done]] = final[done]
            if done.all():
                return best
            going = ~done
            live, most, misfit = live[going], most[going], misfit.pick(going)
            state, expansion, careful = state.pick(going), expansion.pick(going), careful[going]
    for kept, final in zip(best, state, strict=True):
        kept[live] = final
    return best


def _flatten(problem: Problem, start: Optimum, misfit: Misfit) -> Optimum:
    """Start at a constant where the cost is infinite: a fitted loss below zero has no logarithm."""
    middle = np.median(misfit.observed, axis=1)
    flat = np.zeros_like(start.coefficients)
    flat[:, 0] = middle
    fitted = np.broadcast_to(middle[:, None], misfit.observed.shape)
    cost = misfit.cost(fitted) + problem.penalty(start.theta)
    constant = Optimum(start.theta, flat, fitted, cost, start.settled)
    return choose(~np.isfinite(start.cost), constant, start)


def _shorten(
    problem: Problem,
    state: Optimum,
    step: Step,
    tried: Optimum,
    rows: Mask,
    misfit: Misfit,
) -> Optimum:
    """Go as far along the step, in some rows, as the cost falls: a section search."""
    start, along, misfit = state.pick(rows), step.pick(rows), misfit.pick(rows)
    lowest, length = tried.pick(rows), np.ones(np.count_nonzero(rows))
    each = np.arange(len(length))

    def look(shares: Array) -> None:
        """Go each of these shares, a row per share, and keep the lowest point."""
        nonlocal lowest, length
        every = np.tile(each, len(shares))
        parts = _move(
            problem, start.pick(every), along.pick(every), shares.ravel(), misfit.pick(every)
        )
        costs = np.where(np.isnan(parts.cost), np.inf, parts.cost).reshape(shares.shape)
        least = costs.argmin(axis=0)
        part = parts.pick(least * len(each) + each)
        lower = part.cost < lowest.cost
        lowest, length = choose(lower, part, lowest), np.where(lower, shares[least, each], length)

    look(np.repeat(LENGTHS[:, None], len(each), axis=1))
    width = 0.5
    for _ in range(SECTIONS):
        look(np.stack([length * (1.0 - width), length * (1.0 + width)]))
        width /= 2.0
    tried = tried.copy()
    for whole, part in zip(tried, lowest, strict=True):
        whole[rows] = part
    return tried


def _is_last(step: Step, before: Expansion, after: Expansion) -> Mask:
    still = (np.abs(step.log_theta) < SETTLED).all(axis=1) & (step.size < SETTLED)
    smooth = (np.abs(after.bend - before.bend) < JUMP).all(axis=1)
    return (still & smooth) | (step.size < EXACT)


def _move(
    problem: Problem,
    state: Optimum,
    step: Step,
    length: Array | float,
    misfit: Misfit,
) -> Optimum:
    """Go a share of a step, past no bound; a whole one moves no exponent by more than a factor 2.

    A share above one, which the search for the lowest point tries, may.
    """
    longest = np.abs(step.log_theta).max(axis=1, initial=LONGEST_STEP)
    share = length * LONGEST_STEP / longest
    size = np.abs(state.theta)
    room = np.log(np.where(step.log_theta > 0, problem.hi, problem.lo) / size)
    within = np.where(step.log_theta != 0, room / (step.log_theta + (step.log_theta == 0)), np.inf)
    share = np.minimum(share, within.min(axis=1, initial=np.inf))[:, None]
    size = size * np.exp(share * step.log_theta)
    for bound in (problem.lo, problem.hi):
        size = np.where(np.abs(size - bound) <= AT_BOUND * bound, bound, size)
    theta = np.copysign(size, state.theta)
    coefficients = state.coefficients + share * step.coefficients
    fitted = problem.add_up(coefficients, problem.exponentials(theta))
    cost = misfit.cost(fitted) + problem.penalty(theta)
    return Optimum(theta, coefficients, fitted, cost, state.settled)
