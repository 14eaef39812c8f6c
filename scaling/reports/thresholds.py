"""What does a verdict rest on? What is compared with what, and whether it is met."""

from __future__ import annotations

import math
from typing import NamedTuple

from scaling.forecast.advice import LEAST_M_SPAN, LEAST_N_SPAN
from scaling.forecast.caution import FARTHEST_CHECKED
from scaling.forecast.intervals import load_constants, widen
from scaling.forecast.prediction import SMALL_REACH
from scaling.forecast.prediction_answer import Prediction
from scaling.forecast.residuals import MOST_OF_EACH, residual_share
from scaling.reports.gathered import ROUNDING, Gathered, Missing
from scaling.tables.suspects import FEW_EPOCHS

UNLIKELY = 0.05  # so seldom would fewer own runs lie inside, were the intervals right
CLEARLY = 0.001  # so seldom would a coefficient too many take away as much
UNKNOWN = (math.nan, math.nan)


class Threshold(NamedTuple):
    """One threshold.

    Parameters
    ----------
    name : str
        What is compared.
    here : float
        Its value.
    wanted : tuple of float
        Least and most; NaN where it is only to know.
    met : bool or None
        Whether it lies between; None where it is only to know.
    of : int
        Of how many, where it is a number of runs.
    refused : int
        And how many more were not to be told.
    """

    name: str
    here: float
    wanted: tuple[float, float]
    met: bool | None
    of: int = 0
    refused: int = 0


def find_allowance(level: float) -> float:
    """What laws are off by on real runs, a fraction of the loss: nearer than that only a run is.

    It is the allowance of the bet, chosen on small runs alone.
    """
    return load_constants().most * widen(level)


def halve(told: Prediction) -> tuple[float, float]:
    """Half widths of the law's interval and of the bet, fractions of the loss."""
    ends = told.forecast.told
    assert ends.law_hi is not None and ends.law_lo is not None
    assert ends.hi is not None and ends.lo is not None
    return (ends.law_hi - ends.law_lo) / 2 / ends.loss, (ends.hi - ends.lo) / 2 / ends.loss


def list_failed(checks: list[Threshold]) -> list[Threshold]:
    """Checks of what the bet rests on that are not met: its width and a KPI are none of these."""
    return [check for check in checks if check.met is False and check.name not in ("bet", "kpi")]


def list_checks(found: Gathered) -> list[Threshold]:
    """Every threshold of a report, in the order in which it shows them."""
    if found.is_tiny:
        return [_at_least("reach", found.reach, SMALL_REACH)]
    told, checks = found.usable, list[Threshold]()
    if told is not None:
        law, bet = halve(told)
        most = find_allowance(told.selected.level)
        checks.append(Threshold("law", law, (-math.inf, most), None))  # what to train next
        checks.append(_at_most("bet", bet, found.asked.tolerance))
    checks += _check_runs(found)
    checks += _check_rival(found)
    checks.append(_at_most("reach", found.reach, FARTHEST_CHECKED))
    own = found.asked.target[1] / found.asked.target[0]
    checks.append(Threshold("M", own, found.ends_of_M, found.is_inside(own)))
    if found.asked.unique_tokens is not None:
        checks.append(_at_most("epochs", found.asked.epochs, FEW_EPOCHS))  # nearly fresh
    checks += _check_backtest(found)
    if found.asked.kpi is not None:
        checks.append(_check_kpi(found))
    return checks + _inform_of_serving(found)


def _at_most(name: str, here: float, most: float) -> Threshold:
    return Threshold(name, here, (-math.inf, most), here <= most)


def _at_least(name: str, here: float, least: float) -> Threshold:
    return Threshold(name, here, (least, math.inf), here >= least * (1 - ROUNDING))


def _check_runs(found: Gathered) -> list[Threshold]:
    """How far the runs spread, and whether one law fits them."""
    N = found.selected.table[found.selected.N]
    (least, most), own = found.ends_of_M, found.asked.target[1] / found.asked.target[0]
    spread = _at_least("M_span", most / least, LEAST_M_SPAN)
    is_in_compute = found.selected.law.name == "compute" and found.is_inside(own)
    if found.is_along_its_line or is_in_compute:
        spread = spread._replace(met=None)  # what it leaves open does not touch this model
    checks = [_at_least("N_span", float(N.max() / N.min()), LEAST_N_SPAN), spread]
    if found.is_open:
        checks.append(Threshold("fit", math.nan, UNKNOWN, False))
    if not isinstance(found.prediction, Missing):
        losses = found.selected.table[found.selected.loss]
        share = residual_share(found.prediction.forecast.fit, losses)
        if math.isfinite(share):
            checks.append(_at_most("residual", share, MOST_OF_EACH))
    return checks


def _check_rival(found: Gathered) -> list[Threshold]:
    """Where the law of two exponents fits clearly better, whether the bet holds what it says.

    An F-test of one more coefficient, on residuals as shares of the loss.
    """
    told, rival = found.usable, found.rival
    if told is None or rival is None or isinstance(rival, Missing):
        return []
    from scipy.stats import f  # here: a table is checked without SciPy

    losses, fits = (
        found.selected.table[found.selected.loss],
        (told.forecast.fit, rival.forecast.fit),
    )
    own, free = (residual_share(fit, losses) ** 2 * fit.dof for fit in fits)
    dof = fits[1].dof
    if dof <= 0 or not free > 0 or f.sf((own - free) / (free / dof), 1, dof) > CLEARLY:
        return []
    assert told.lo is not None and told.hi is not None
    ends = (told.lo, told.hi)
    return [Threshold("rival", rival.loss, ends, ends[0] <= rival.loss <= ends[1])]


def _check_backtest(found: Gathered) -> list[Threshold]:
    """As many of the own runs inside as intervals of this level leave there, but for bad luck."""
    if isinstance(found.backtest, Missing):
        return [Threshold("backtest", 0.0, UNKNOWN, None)]
    from scipy.stats import binom  # here: a table is checked without SciPy

    held_out = found.backtest.found.held_out["inside"]
    inside = held_out.dropna()
    n_inside, n, refused = int(inside.sum()), len(inside), len(held_out) - len(inside)
    least = float(binom.ppf(UNLIKELY, n, found.selected.level)) if n else 0.0
    met = n_inside >= least if least else None  # so few runs may all lie outside by bad luck
    if refused > n:
        met = False  # most were not told, and those that were do not speak for them
    return [Threshold("backtest", n_inside, (least, n), met, n, refused)]


def _check_kpi(found: Gathered) -> Threshold:
    """Whether all of the bet is better than today's value."""
    outlook = found.kpi_outlook
    now = math.nan if outlook is None else outlook.now
    return Threshold("kpi", math.nan, (now, now), not found.lets_kpi_open)


def _inform_of_serving(found: Gathered) -> list[Threshold]:
    asked = found.asked
    if asked.demand is None or found.usable is None or asked.life <= 0:
        return []
    serving = 1 - asked.prices.training_money(asked.flops) / asked.life
    return [Threshold("serving", serving, UNKNOWN, None)]
