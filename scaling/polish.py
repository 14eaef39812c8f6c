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

from scaling.newton import Step, find_step
from scaling.objectives import Expansion, Objective
from scaling.projection import LONGEST_STEP, Optimum, choose
from scaling.scan import Array, Mask, Problem

MAX_STEPS = 60
SHORTEST = 12  # halvings of a step
SETTLED = 1e-9  # change of log theta and of fitted values whose square is rounding
EXACT = 4e-15  # change of fitted values that is rounding itself
JUMP = 0.5  # of a run's second derivative: its residual has crossed Huber's delta


def polish(
    problem: Problem, start: Optimum, weights: Array, observed: Array, objective: Objective
) -> Optimum:
    """Go from near an optimum to the optimum.

    Parameters
    ----------
    problem : Problem
        Exponents and columns.
    start : Optimum
        One per row, from `scaling.projection.refine`.
    weights, observed : ndarray of shape (n_fits, n_runs)
        What is fitted.
    objective : Objective
        What is minimised.

    Returns
    -------
    Optimum
        Where the steps ended, settled where the last of them was at rounding.

    Notes
    -----
    A step that raises the cost is halved until the cost is least along it. Where no length lowers
    it, the step of the weighted linear problem is tried, and where that fails, too, the fit ends
    unsettled. A whole step below `SETTLED` is the last, for the next would be about its square,
    unless a second derivative jumps along it.
    """
    best = Optimum(*(part.copy() for part in start))
    live = np.flatnonzero(np.isfinite(start.cost))  # a fitted loss below zero has no logarithm
    if not len(live):
        return best
    state, weights, observed = start.pick(live), weights[live], observed[live]
    careful = np.zeros(len(live), dtype=bool)
    expansion = objective.expand(weights, observed, state.fitted)
    for _ in range(MAX_STEPS):
        step = find_step(problem, state, expansion, careful)
        tried = _move(problem, state, step, 1.0, weights, observed, objective)
        noise = EXACT * step.scale  # of the root of the cost
        slack = noise * (2.0 * np.sqrt(state.cost) + noise)
        better = whole = tried.cost <= state.cost + slack
        if not whole.all():
            tried = _shorten(problem, state, step, tried, ~whole, weights, observed, objective)
            better = tried.cost <= state.cost + slack
        state = choose(better, tried, state)
        before, expansion = expansion, objective.expand(weights, observed, state.fitted)
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
            live, weights, observed = live[going], weights[going], observed[going]
            state, expansion, careful = state.pick(going), expansion.pick(going), careful[going]
    for kept, final in zip(best, state, strict=True):
        kept[live] = final
    return best


def _shorten(
    problem: Problem,
    state: Optimum,
    step: Step,
    tried: Optimum,
    rows: Mask,
    weights: Array,
    observed: Array,
    objective: Objective,
) -> Optimum:
    """Of the step's halves, quarters and so on that of least cost, in some rows."""
    start, along = state.pick(rows), step.pick(rows)
    lowest = tried.pick(rows)
    for halvings in range(1, SHORTEST + 1):
        part = _move(
            problem, start, along, 0.5**halvings, weights[rows], observed[rows], objective
        )
        lowest = choose(part.cost < lowest.cost, part, lowest)
    tried = Optimum(*(part.copy() for part in tried))
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
    length: float,
    weights: Array,
    observed: Array,
    objective: Objective,
) -> Optimum:
    """Go a share of a step, but change no exponent by more than a factor 2."""
    longest = np.abs(step.log_theta).max(axis=1, initial=LONGEST_STEP)
    share = (length * LONGEST_STEP / longest)[:, None]
    size = np.abs(state.theta) * np.exp(share * step.log_theta)
    theta = np.copysign(np.minimum(np.maximum(size, problem.lo), problem.hi), state.theta)
    coefficients = state.coefficients + share * step.coefficients
    first = int(problem.constant)
    fitted = (coefficients[:, None, first:] @ problem.exponentials(theta))[:, 0]
    if first:
        fitted += coefficients[:, :1]
    cost = objective.cost(weights, observed, fitted) + problem.penalty(theta)
    return Optimum(theta, coefficients, fitted, cost, state.settled)
