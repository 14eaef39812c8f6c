"""How is a KPI told in a terminal? Reasons against it, its legs and its line, in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from scaling.forecast.kpi_column import Kpi
from scaling.forecast.kpi_terms import PER_CENT
from scaling.forecast.words import ends_in_words, level_in_words
from scaling.laws.line import Line
from scaling.laws.mixture import Array

# Of the interval of the slope that must not hold zero: one KPI in twenty that does not follow the
# loss is taken for one that does, whatever level is asked for.
SLOPE_LEVEL = 0.9
OF_THE_BET = 0.1  # of its width, from which on it matters where a parabola leads


def too_few_in_words(name: str, n_distinct: int, least: int) -> str:
    """Say that too few runs have the KPI."""
    runs = "run has" if n_distinct == 1 else "runs have"
    return f"{n_distinct or 'no'} distinct {runs} {name}, and it takes {least} to judge a line by"


def below_counting_in_words(name: str, spread: float, counting: float) -> str:
    """Say that counting alone makes so much of a spread."""
    return (
        f"the spread of {name} over the runs, {spread:.2g}, is not above its counting noise, "
        f"{counting:.2g}: more items are needed, or larger runs"
    )


def at_chance_in_words(name: str, chance: float, counted: bool, n_off: int, least: int) -> str:
    """Say that no run, or too few, are better than chance."""
    beyond = " beyond counting noise" * counted
    if n_off == 0:
        return f"no run has a {name} better than chance, {chance:g}{beyond}"
    runs = "run has" if n_off == 1 else "runs have"
    return (
        f"{n_off} distinct {runs} a {name} better than chance, {chance:g}{beyond}, and it takes "
        f"{least} to judge a line by"
    )


def constant_in_words(name: str, value: float) -> str:
    """Say that the runs do not differ in it."""
    return f"{name} is the same in every run, {value:g}"


def outside_in_words(name: str, value: float, lo: float, hi: float) -> str:
    """Say that a prediction leaves where the KPI lies by nature."""
    where = "is at or above zero" if hi == math.inf else f"lies between {lo:g} and {hi:g}"
    bounds = "LEAST:MOST" if hi == math.inf else f"{lo:g}:{hi:g}"
    return (
        f"{name} {where} in every run, and its line would give {value:.3g}: say between what it "
        f"can lie, --bounds {bounds}"
    )


def open_in_words(name: str, lo: float, hi: float, bounded: bool, bent: bool) -> str:
    """Say that a bet is too wide to say anything, and what to try."""
    than = "three quarters of what it can be" if bounded else "twice what the runs span"
    hint = "add runs of lower loss"
    if bent:
        hint = "they bend away from a line; empty the cells of those of higher loss"
    return f"the runs leave {ends_in_words(lo, hi)} open for {name}, more than {than}: {hint}"


def value_in_words(value: float, lo: float, hi: float) -> str:
    """Give a number with as many decimals as `ends_in_words` gives its interval."""
    end = ends_in_words(lo, hi).split(" to ")[1]
    if "e" in end or not hi > lo:
        return f"{value:.4g}"
    decimals = len(end.partition(".")[2])
    return f"{value:.{decimals}f}"


def slope_in_words(slope: float, lo: float, hi: float, on_logit: bool) -> str:
    """Give a slope with its interval."""
    of = "logit a nat" if on_logit else "a nat"
    told = value_in_words(slope, lo, hi)
    return f"{told} {of} ({level_in_words(SLOPE_LEVEL)}: {ends_in_words(lo, hi)})"


def not_told_in_words(name: str, slope: float, lo: float, hi: float, on_logit: bool) -> str:
    """Say that the KPI does not follow the loss."""
    told = slope_in_words(slope, lo, hi, on_logit)
    return f"{name} does not follow the loss: its slope, {told}, is not told from zero"


def against_in_words(
    name: str, slope: float, lo: float, hi: float, on_logit: bool, higher_is_better: bool
) -> str:
    """Say that the KPI goes the wrong way."""
    better = "higher" if higher_is_better else "lower"
    told = slope_in_words(slope, lo, hi, on_logit)
    return f"{name} gets worse as the loss falls, where {better} is better: its slope is {told}"


def terms_in_words(kpi: Kpi) -> str:
    """Say which way is better, and on which scale the line is."""
    terms = kpi.terms
    better = "higher is better" if terms.higher_is_better else "lower is better"
    if terms.bounds is None:
        return better
    return f"{better}; by its logit between {terms.bounds[0]:g} and {terms.bounds[1]:g}"


def interval_in_words(told: Any, only: str = "") -> str:
    """Give one interval, ``bet`` or ``law``, or both behind a colon; nothing where there is none.

    Parameters
    ----------
    told : object
        With lo, hi, law_lo and law_hi.
    only : str
        Which.
    """
    if told.lo is None or told.law_lo is None:
        return ""
    bet, law = ends_in_words(told.lo, told.hi), ends_in_words(told.law_lo, told.law_hi)
    if only:
        return {"bet": bet, "law": law}[only]
    return f": to bet on {bet}, if the law holds {law}"


def line_in_words(kpi: Kpi, line: Line | None) -> str:
    """Say what the line is through, and how steep it is."""
    if line is None:
        return "none"
    told = (line.slope, *line.bound_slope(SLOPE_LEVEL), kpi.terms.bounds is not None)
    freedom = f"{line.dof} degree{'s' * (line.dof != 1)} of freedom"
    return f"{len(kpi.value)} runs, slope {slope_in_words(*told)}, {freedom}"


def counting_in_words(items_of_runs: Array, spread: float, noise: float) -> str:
    """Give the counting noise beside the spread over the runs."""
    least, most = (f"{n:,.10g}" for n in (items_of_runs.min(), items_of_runs.max()))
    items = least if least == most else f"{least} to {most}"
    return f"counting noise {noise:.2g} ({items} items), spread over the runs {spread:.2g}"


def uncounted_in_words(name: str) -> str:
    """Say that the counting noise of a share is not known."""
    return (
        f"counting noise: not known without --items, the number of items that {name} is a share "
        "of; the interval has only what the runs scatter"
    )


def warn_of_kpi(
    kpi: Kpi,
    below: float | None,
    n_at_chance: int,
    told: Sequence[float],
    bent: float | None,
) -> list[str]:
    """Say what speaks against the second leg.

    Parameters
    ----------
    kpi : Kpi
        As measured.
    below : float or None
        How far the loss of the target lies below the lowest measured, nats.
    n_at_chance : int
        Runs that are at chance.
    told : sequence of float
        What is predicted, and the interval to bet on; empty where there is no answer.
    bent : float or None
        What a parabola through the same runs predicts, where it is told from the line.
    """
    name, n_without, n_runs = kpi.terms.column, kpi.n_without, len(kpi.value)
    messages = []
    if kpi.terms.bounds == PER_CENT and 0 < (kpi.terms.chance or 0) < 1:
        chance = kpi.terms.chance or 0
        messages.append(
            f"--chance {chance:g} is {chance:g} per cent between bounds of 0 and 100: for a share "
            f"of {chance:g} give {100 * chance:g}"
        )
    if n_without:
        lie = "run has no" if n_without == 1 else "runs have no"
        messages.append(f"{n_without} {lie} {name}: used for the loss, not for the line")
    if n_at_chance:
        messages.append(
            f"{n_at_chance} of {n_runs} runs with {name} are no better than chance: used for the "
            "loss, not for the line"
        )
    messages += ask_for_bounds(kpi, told[1:])
    if not told:
        return messages
    value, lo, hi = told
    if below:
        messages.append(
            f"the loss of the target lies {below:.2g} nats below the lowest measured with {name}: "
            "that its line goes on down there is not tested"
        )
    if bent is not None and abs(bent - value) > OF_THE_BET * (hi - lo):
        messages.append(
            f"{name} is no straight line in the loss: a parabola through the same runs gives "
            f"{bent:.3g}, which the bet allows for; a line through the runs of lower loss alone "
            "may be straighter"
        )
    return messages + _warn_of_range(kpi, lo, hi)


def _warn_of_range(kpi: Kpi, lo: float, hi: float) -> list[str]:
    """Say where a bet holds what was measured already, chance, or what the KPI hardly can be."""
    name, terms = kpi.terms.column, kpi.terms
    best = float(kpi.value.max() if terms.higher_is_better else kpi.value.min())
    messages = []
    if lo <= best <= hi:
        messages.append(
            f"the best {name} of the runs, {best:.4g}, lies in the bet: that the target is no "
            "better is not ruled out"
        )
    chance = terms.chance
    if chance is not None and (lo < chance if terms.higher_is_better else hi > chance):
        messages.append(f"the bet on {name} reaches beyond chance, {chance:g}")
    if terms.bounds is None and kpi.value.max() > 100 and lo < kpi.natural[0]:
        messages.append(
            f"the bet on {name} reaches below zero: if it cannot be, bound it, --bounds 0:MOST"
        )
    return messages


def ask_for_bounds(kpi: Kpi, ends: Sequence[float]) -> list[str]:
    """Ask for the bounds of what looks like a share, per cent or a count: one line, or none.

    Parameters
    ----------
    kpi : Kpi
        As measured.
    ends : sequence of float
        Of the bet; empty where there is none.
    """
    name, value = kpi.terms.column, kpi.value
    if kpi.terms.bounds is not None or not len(value) or value.min() < 0:
        return []
    if value.max() > 100:
        count = (value == np.floor(value)).all()
        ask = "a count of items? --bounds 0:NUMBER --items NUMBER"
        return [f"{name} is a whole number in every run: {ask}"] * bool(count)
    share = value.max() <= 1
    most = 1 if share else 100
    leaves = any(not 0 <= end <= most for end in ends)
    away = ", what is told of the target does not" * leaves
    then = "if it is a share, add --bounds 0:1"
    if not share:
        then = "in per cent? --bounds 0:100; otherwise LEAST:MOST, if it has bounds"
    return [f"{name} lies between 0 and {most} in every run{away}: {then}"]
