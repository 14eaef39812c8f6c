"""What should be decided? One of four verdicts, by thresholds that are computed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from scaling.costs.compute import training_flops
from scaling.decide.plan_answer import NextRuns
from scaling.decide.plan_words import find_half_widths
from scaling.forecast.caution import FARTHEST_CHECKED
from scaling.reports.gathered import Gathered
from scaling.reports.thresholds import (
    Threshold,
    find_allowance,
    halve,
    list_checks,
    list_failed,
)

ENOUGH, NEARER, MORE, CANNOT = OUTCOMES = ("enough", "nearer", "more", "cannot")
OF_THE_RUNS = ("N_span", "M_span", "fit", "residual")  # checks that further small runs may mend


class NextRun(NamedTuple):
    """A run to train next: parameters, tokens, its price, and half width of the bet after it.

    The half width is a fraction of the loss, None where it is not expected, or not to be used.
    """

    N: float
    D: float
    money: float
    half: float | None = None


@dataclass(frozen=True)
class Verdict:
    """What the answers come to.

    Parameters
    ----------
    outcome : str
        One of `OUTCOMES`.
    checks : list of Threshold
        What it rests on.
    step : NextRun or None
        The run to train first, where one is to be.
    half : float
        Half width of the bet, a fraction of the loss; NaN without one.
    """

    outcome: str
    checks: list[Threshold]
    step: NextRun | None
    half: float

    @property
    def is_unchecked(self) -> bool:
        """Whether the bet is only the law's word, since a check fails that it rests on."""
        return bool(list_failed(self.checks))


def judge(found: Gathered) -> Verdict:
    """Come to a verdict.

    ``enough`` where the bet is as narrow as wanted and no check fails; else ``nearer`` where only a
    run nearer the model helps, as the bet is narrow enough or the law alone is as narrow as laws
    have held real runs; else, and where the runs are laid out too narrowly or leave several laws
    open, ``more``. ``cannot`` where the loss is not to be used.
    """
    told, checks = found.usable, list_checks(found)
    if told is None:
        return Verdict(CANNOT, checks, _run_into_reach(found), math.nan)
    (law, bet), failed = halve(told), list_failed(checks)
    if bet <= found.asked.tolerance and not failed:
        return Verdict(ENOUGH, checks, None, bet)
    narrow = bet <= found.asked.tolerance or law <= find_allowance(told.selected.level)
    if narrow and not any(check.name in OF_THE_RUNS for check in failed):
        return Verdict(NEARER, checks, _nearer_run(found), bet)
    return Verdict(MORE, checks, _first_run(found) or _nearer_run(found), bet)


def _plan_of(found: Gathered) -> NextRuns | None:
    return found.plan if isinstance(found.plan, NextRuns) else None


def _run_into_reach(found: Gathered) -> NextRun | None:
    """The first run of a plan at whose end the model can be told, where it cannot be yet."""
    answer = _plan_of(found)
    no_run_helps = found.is_tiny or found.is_too_far or found.is_repeated
    if answer is None or found.is_broken or no_run_helps:
        return None
    runs = answer.plan.purchases
    return _step(found, (runs[0].N, runs[0].D)) if runs and not runs[-1].told.doubt else None


def _first_run(found: Gathered) -> NextRun | None:
    """The first run of the plan, or the cheapest that is worth it."""
    answer = _plan_of(found)
    if answer is None:
        return None
    sizes = [(run.N, run.D) for run in answer.plan.purchases] + [answer.plan.worth]
    return _step(found, next(filter(None, sizes), None))


def _nearer_run(found: Gathered) -> NextRun | None:
    answer = _plan_of(found)
    nearer = None if answer is None else answer.plan.nearer
    if nearer is None:
        return None
    halves = find_half_widths(nearer.told)
    is_checked = reach_after(found, nearer.C) <= FARTHEST_CHECKED
    half = halves[1] if halves is not None and is_checked else None
    return _step(found, (nearer.N, nearer.D), half)


def reach_after(found: Gathered, C: float) -> float:
    """Compute of the model, in multiples of the largest run once one of C FLOPs is trained."""
    return min(found.reach, found.asked.flops / C)


def _step(
    found: Gathered, size: tuple[float, float] | None, half: float | None = None
) -> NextRun | None:
    if size is None:
        return None
    return NextRun(*size, found.asked.prices.training_money(training_flops(*size)), half)
