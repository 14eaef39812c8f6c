"""What should be decided? One of four verdicts, by thresholds that are computed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from scaling.costs.compute import training_flops
from scaling.decide.plan import Purchase
from scaling.decide.plan_answer import NextRuns
from scaling.decide.plan_words import find_half_widths
from scaling.forecast.advice import LEAST_M_SPAN, LEAST_N_SPAN
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
WIDER = 1 + 1e-6  # a run is laid out a rounding beyond what the check asks for


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
    is_of_layout : bool
        Whether that run is the cheapest with which the runs spread as they are to.
    """

    outcome: str
    checks: list[Threshold]
    step: NextRun | None
    half: float
    is_of_layout: bool = False

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
        step = _run_into_reach(found, list_failed(checks))
        return Verdict(CANNOT, checks, step, math.nan)
    (law, bet), failed = halve(told), list_failed(checks)
    if bet <= found.asked.tolerance and not failed:
        return Verdict(ENOUGH, checks, None, bet)
    if layout := _run_for_layout(found, failed):
        return Verdict(MORE, checks, layout, bet, is_of_layout=True)
    narrow = bet <= found.asked.tolerance or law <= find_allowance(told.selected.level)
    if narrow and not any(check.name in OF_THE_RUNS for check in failed):
        return Verdict(NEARER, checks, _nearer_run(found), bet)
    return Verdict(MORE, checks, _first_run(found) or _nearer_run(found), bet)


def _plan_of(found: Gathered) -> NextRuns | None:
    return found.plan if isinstance(found.plan, NextRuns) else None


def _run_into_reach(found: Gathered, failed: list[Threshold]) -> NextRun | None:
    """The first run towards a model that cannot be told yet; None where no run helps."""
    no_run_helps = found.is_tiny or found.is_too_far or found.is_repeated
    if found.is_broken or no_run_helps:
        return None
    return _first_run(found) or _run_for_layout(found, failed)


def _run_for_layout(found: Gathered, failed: list[Threshold]) -> NextRun | None:
    """The cheapest run with which the runs spread as they are to; None where they do."""
    lacks = {check.name for check in failed} & {"N_span", "M_span"}
    if not lacks:
        return None
    N, (least, _) = found.selected.table[found.selected.N], found.ends_of_M
    size = min(float(N.min()), float(N.max()) / (LEAST_N_SPAN * WIDER))
    M = least * LEAST_M_SPAN * WIDER if "M_span" in lacks else least
    return _step(found, (size, size * M))


def _first_run(found: Gathered) -> NextRun | None:
    """The first run of the plan, or the cheapest that is worth it."""
    answer = _plan_of(found)
    if answer is None:
        return None
    sizes = [(run.N, run.D) for run in answer.plan.purchases] + [answer.plan.worth]
    size = next(filter(None, sizes), None)
    return _step(found, size, _half_after(found, next(iter(answer.plan.purchases), None)))


def _nearer_run(found: Gathered) -> NextRun | None:
    answer = _plan_of(found)
    nearer = None if answer is None else answer.plan.nearer
    if nearer is None:
        return None
    half, told = _half_after(found, nearer), found.usable
    if half is not None and told is not None and half >= halve(told)[1]:
        return None  # it is not expected to help
    return _step(found, (nearer.N, nearer.D), half)


def _half_after(found: Gathered, run: Purchase | None) -> float | None:
    """Half width of the bet that is expected once a run is trained, where it may be used."""
    if run is None or reach_after(found, run.C) > FARTHEST_CHECKED:
        return None
    halves = find_half_widths(run.told)
    return None if halves is None else halves[1]


def reach_after(found: Gathered, C: float) -> float:
    """Compute of the model, in multiples of the largest run once one of C FLOPs is trained."""
    return min(found.reach, found.asked.flops / C)


def _step(
    found: Gathered, size: tuple[float, float] | None, half: float | None = None
) -> NextRun | None:
    if size is None:
        return None
    N, D = map(float, size)
    return NextRun(N, D, float(found.asked.prices.training_money(training_flops(N, D))), half)
