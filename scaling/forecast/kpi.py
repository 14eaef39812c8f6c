"""What will the own KPI of a larger run be? Two legs: its loss, and the KPI at a loss.

The first leg is the loss law. The second is a straight line of the KPI, or of its logit between
bounds, in the loss: at few runs it was nearer than the error law. Runs at chance say nothing of
that line, and leave it. The line is mixed over what the first leg leaves open. Its error
beyond the runs no residual shows: the bet allows for how far a parabola through the same runs
leaves it. How often such bets held on real tasks is counted by `scaling.studies.tasks.kpi_bets`.
Nothing is answered where the runs cannot say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling.forecast.averages import add_allowance
from scaling.forecast.fitted import LossForecast
from scaling.forecast.inputs import place_target
from scaling.forecast.intervals import LEVEL, Nodes, find_ends
from scaling.forecast.kpi_column import Kpi
from scaling.forecast.kpi_words import (
    SLOPE_LEVEL,
    against_in_words,
    at_chance_in_words,
    below_counting_in_words,
    constant_in_words,
    not_told_in_words,
    open_in_words,
    outside_in_words,
    too_few_in_words,
)
from scaling.forecast.prediction import Forecast
from scaling.laws.fit import FitError
from scaling.laws.line import Bend, Line, fit_bend, fit_line

LEAST_RUNS = 4  # that differ in N or D
# A bet is to rule out a quarter of what the KPI can be; without bounds it may reach as far to
# either side as the runs span.
WIDEST, WIDEST_SPANS = 0.75, 2.0
N_NODES = 32  # of the loss: a sure line makes a stair of them


class Ends(NamedTuple):
    """Ends of what to bet on, and of what holds if the laws do; None where there is none."""

    lo: float | None = None
    hi: float | None = None
    law_lo: float | None = None
    law_hi: float | None = None


NO_ENDS = Ends()


class Legs(NamedTuple):
    """Ends over both legs, were the loss the one predicted, and were the line the one fitted."""

    both: Ends
    loss_known: Ends
    line_known: Ends


class Reason(NamedTuple):
    """Why nothing is told: `code`, one of a few, and the same in words."""

    code: str
    says: str


@dataclass(frozen=True)
class KpiForecast:
    """What the runs say of the KPI of a target.

    Parameters
    ----------
    used : Kpi
        The KPI of the runs that the line is through: those better than chance.
    line : Line or None
        The KPI, or its logit, in the loss; None where there is none.
    reasons : tuple of Reason
        Why there is no answer; empty where there is one.
    value : float or None
        The KPI predicted; None, as all ends below, where there is no answer.
    ends : Ends
        Both intervals, over both legs: they hold those of each leg.
    loss_known : Ends
        The same were the loss the one predicted: the second leg alone.
    line_known : Ends
        The same were the line the one fitted: what the first leg alone leaves open.
    bend : Bend or None
        A parabola through the same runs; None where there is no answer.
    bent : float or None
        What it gives at the predicted loss.
    """

    used: Kpi
    line: Line | None
    reasons: tuple[Reason, ...]
    value: float | None = None
    ends: Ends = NO_ENDS
    loss_known: Ends = NO_ENDS
    line_known: Ends = NO_ENDS
    bend: Bend | None = None
    bent: float | None = None


def forecast_kpi(
    kpi: Kpi,
    forecast: Forecast,
    table: pd.DataFrame,
    target: tuple[float, float],
    level: float = LEVEL,
) -> KpiForecast:
    """Predict the KPI of a target, or say why the runs cannot tell it.

    Parameters
    ----------
    kpi : Kpi
        As measured.
    forecast : Forecast
        The loss of the target.
    table : pandas.DataFrame
        The runs fitted; see `scaling.tables.runs`.
    target : tuple of float
        Parameters and tokens.
    level : float
        Of the intervals.

    Returns
    -------
    KpiForecast
    """
    kpi, line, doubt = judge_line(kpi)
    reasons = [doubt] if doubt else []
    told = forecast.told
    if told.doubt:
        says = f"the loss of the target is not to be used: {told.doubt}"
        reasons.append(Reason("loss", says))
    if line is None or reasons:
        return KpiForecast(kpi, line, tuple(reasons))
    place = place_target(table, target)
    nodes = forecast.fitted.find_nodes(*place, N_NODES)
    bend = fit_bend(kpi.loss, kpi.height, line, kpi.counting)
    value, usual = join_legs(kpi, bend, nodes, forecast.fitted.predict(*place))
    doubt = judge_answer(kpi, value, usual.both, bend.is_told)
    if doubt:
        return KpiForecast(kpi, line, (doubt,))
    _, ends = join_legs(kpi, bend, nodes, told, level)
    bent = float(kpi.value_at(bend.read(told.loss)))
    return KpiForecast(kpi, line, (), value, *ends, bend, bent)


def join_legs(
    kpi: Kpi, bend: Bend, nodes: Nodes, told: LossForecast, level: float = LEVEL
) -> tuple[float, Legs]:
    """Predict the KPI, with both intervals over both legs and of each leg alone.

    Those over both are stretched to hold those of each leg: what is printed for the loss, and what
    the posterior of its law has in the middle, differ, and the mixture is around the latter.

    Parameters
    ----------
    kpi : Kpi
        Of the runs that the line is through.
    bend : Bend
        The parabola through them, with the line.
    nodes, told
        The loss of the target; its ends are those at `level`.
    level : float
        Of the intervals.
    """
    line, known = bend.line, Nodes(np.ones(1), *np.full((2, 1), told.loss))
    value = float(kpi.value_at(line.read(told.loss)))
    losses = np.array([[told.lo, told.hi], [told.law_lo, told.law_hi]], dtype=float)
    line_known = Ends(*np.sort(kpi.value_at(line.read(losses)), axis=1).ravel().tolist())
    loss_known = find_kpi_ends(kpi, bend, known, value, level)
    parts = np.array([find_kpi_ends(kpi, bend, nodes, value, level), loss_known, line_known])
    lows, highs = parts.min(axis=0).tolist(), parts.max(axis=0).tolist()
    return value, Legs(Ends(lows[0], highs[1], lows[2], highs[3]), loss_known, line_known)


def find_kpi_ends(kpi: Kpi, bend: Bend, nodes: Nodes, value: float, level: float = LEVEL) -> Ends:
    """Give both intervals of a KPI, mixed over the nodes of its loss.

    If both laws hold: where the line lies. To bet on: a run, with its scatter around the line, its
    counting noise and what `bend` allows for, over the bet on its loss. The first is stretched to
    hold `value`, the second to hold the first.
    """
    ends, line = find_ends(level), bend.line
    known = kpi.count_at(line.read(nodes.bet))
    run = add_allowance(line.at(nodes.bet, known), bend.leave(nodes.bet)[:, None])
    lo, hi = kpi.value_at(run.mix(nodes.share).quantile(ends, of_a_run=True)[:, 0], of_a_run=True)
    law = kpi.value_at(line.at(nodes.law).mix(nodes.share).quantile(ends)[:, 0])
    law_lo, law_hi = min(law[0], value), max(law[1], value)
    return Ends(*map(float, (min(lo, law_lo), max(hi, law_hi), law_lo, law_hi)))


def judge_answer(kpi: Kpi, value: float, ends: Ends, bent: bool = False) -> Reason | None:
    """Give the reason why a prediction is not to be used, if there is one.

    The KPI would leave where those of all runs lie by nature, at or above zero, or as a share; or
    the bet, at the usual level, is too wide to say anything. `bent` tells whether the runs bend.
    """
    name = kpi.terms.column
    lo, hi = kpi.natural
    if not lo <= value <= hi:
        return Reason("bounds", outside_in_words(name, value, lo, hi))
    between, spans = kpi.terms.bounds, float(np.ptp(kpi.value))
    widest = WIDEST_SPANS * spans if between is None else WIDEST * (between[1] - between[0])
    if ends.lo is None or ends.hi is None or ends.hi - ends.lo <= widest:
        return None
    says = open_in_words(name, ends.lo, ends.hi, between is not None, bent)
    return Reason("open", says)


def judge_line(kpi: Kpi) -> tuple[Kpi, Line | None, Reason | None]:
    """Fit the line to the runs better than chance, and say why it is not to be used, if so.

    In this order: fewer than four distinct runs; fewer of them better than chance; spread below
    the counting noise; a slope that goes against the direction given, or is not told from zero.

    Returns
    -------
    kpi : Kpi
        Of the runs better than chance; of all where those are too few.
    line : Line or None
    reason : Reason or None
    """
    name, chance = kpi.terms.column, kpi.terms.chance
    if kpi.n_distinct < LEAST_RUNS:
        says = too_few_in_words(name, kpi.n_distinct, LEAST_RUNS)
        return kpi, None, Reason("too_few_runs", says)
    if chance is not None:
        used, counted = kpi.keep(find_off_chance(kpi)), kpi.items is not None
        if used.n_distinct < LEAST_RUNS:
            says = at_chance_in_words(name, chance, counted, used.n_distinct, LEAST_RUNS)
            return kpi, None, Reason("chance", says)
        kpi = used
    try:
        line = fit_line(kpi.loss, kpi.height, kpi.counting)
    except FitError:
        return kpi, None, Reason("slope", f"the runs with {name} have one loss")
    return kpi, line, _doubt_line(kpi, line)


def _doubt_line(kpi: Kpi, line: Line) -> Reason | None:
    """Say why a line is not to be used, if so."""
    name = kpi.terms.column
    spread = measure_spread(kpi)
    if kpi.items is not None and spread[0] <= spread[1]:
        return Reason("counting_noise", below_counting_in_words(name, *spread))
    if np.ptp(kpi.value) == 0:
        return Reason("slope", constant_in_words(name, float(kpi.value[0])))
    lo, hi = line.bound_slope(SLOPE_LEVEL)
    told = line.slope, lo, hi, kpi.terms.bounds is not None
    if lo <= 0 <= hi:
        return Reason("slope", not_told_in_words(name, *told))
    if (line.slope > 0) == kpi.terms.higher_is_better:
        says = against_in_words(name, *told, kpi.terms.higher_is_better)
        return Reason("direction", says)
    return None


def measure_spread(kpi: Kpi) -> tuple[float, float]:
    """Standard deviation of the KPI over the runs, and by counting; the last NaN without items.

    Counting: the root of the mean of ``p (1 - p) / n`` with ``p = (k + 1/2) / (n + 1)``.
    """
    lo, hi = kpi.terms.bounds or (0.0, 1.0)
    spread = float(np.std(kpi.value, ddof=1))
    if kpi.items is None:
        return spread, float("nan")
    p = (kpi.items * kpi.share + 0.5) / (kpi.items + 1)
    return spread, float((hi - lo) * np.sqrt(np.mean(p * (1 - p) / kpi.items)))


def find_off_chance(kpi: Kpi) -> NDArray[np.bool_]:
    """Tell which runs are better than chance, beyond counting noise where items are told.

    Beyond: by more than runs that all guess would be, in nineteen of twenty tables, the best of
    them.
    """
    from scipy.special import ndtri  # here: a table is checked without SciPy

    chance = kpi.terms.chance
    sign = 1.0 if kpi.terms.higher_is_better else -1.0
    ahead = sign * (kpi.value - (np.nan if chance is None else chance))
    if kpi.items is None:
        return np.asarray(ahead > 0)
    lo, hi = kpi.terms.bounds or (0.0, 1.0)
    guess = ((chance or 0.0) - lo) / (hi - lo)
    noise = (hi - lo) * np.sqrt(guess * (1 - guess) / kpi.items)
    return np.asarray(ahead > float(ndtri(0.95 ** (1 / len(ahead)))) * noise)
