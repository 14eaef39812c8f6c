"""What should be decided? One of four verdicts, by thresholds that are computed, and in words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from scaling.costs.compute import training_flops
from scaling.decide.cost_answers import MOST_EPOCHS
from scaling.decide.plan_answer import NextRuns
from scaling.forecast.caution import FARTHEST_CHECKED
from scaling.forecast.intervals import load_constants, widen
from scaling.forecast.prediction_answer import Prediction
from scaling.reports.gathered import Gathered, Missing
from scaling.reports.language import Language, power
from scaling.reports.wording import explain, money_of, rate_of, split_ends

ENOUGH, NEARER, MORE, CANNOT = OUTCOMES = ("enough", "nearer", "more", "cannot")
UNLIKELY = 0.05  # so seldom would fewer own runs lie inside, were the intervals right
LESS = 0.98  # of the bill: a cheaper model is named where it saves 2 % or more


class NextRun(NamedTuple):
    """A run to train next: parameters, tokens, and its price."""

    N: float
    D: float
    money: float


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
    """

    name: str
    here: float
    wanted: tuple[float, float]
    met: bool | None
    of: int = 0


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


def find_allowance(level: float) -> float:
    """What laws have missed on real runs, a fraction of the loss: nearer than that only a run is.

    It is the allowance of the bet, chosen on small runs alone.
    """
    return load_constants().most * widen(level)


def judge(found: Gathered) -> Verdict:
    """Come to a verdict.

    ``enough`` where the bet is as narrow as wanted; else ``nearer`` where the law alone is as
    narrow as laws have held real runs, so that only a run nearer the model helps; else ``more``.
    ``cannot`` where the loss is not to be used.
    """
    told = found.usable
    if told is None:
        step = None if found.is_broken else _first_run(found)
        return Verdict(CANNOT, _list_checks(found), step, math.nan)
    law, bet = halve(told)
    if bet <= found.asked.tolerance:
        return Verdict(ENOUGH, _list_checks(found), None, bet)
    if law <= find_allowance(told.selected.level):
        return Verdict(NEARER, _list_checks(found), _nearer_run(found), bet)
    return Verdict(MORE, _list_checks(found), _first_run(found) or _nearer_run(found), bet)


def halve(told: Prediction) -> tuple[float, float]:
    """Half widths of the law's interval and of the bet, fractions of the loss."""
    ends = told.forecast.told
    assert ends.law_hi is not None and ends.law_lo is not None
    assert ends.hi is not None and ends.lo is not None
    return (ends.law_hi - ends.law_lo) / 2 / ends.loss, (ends.hi - ends.lo) / 2 / ends.loss


def _plan_of(found: Gathered) -> NextRuns | None:
    return found.plan if isinstance(found.plan, NextRuns) else None


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
    return None if nearer is None else _step(found, (nearer.N, nearer.D))


def _step(found: Gathered, size: tuple[float, float] | None) -> NextRun | None:
    if size is None:
        return None
    return NextRun(*size, found.asked.prices.training_money(training_flops(*size)))


def _list_checks(found: Gathered) -> list[Threshold]:
    told, asked, table = found.usable, found.asked, found.selected.table
    checks = []
    if told is not None:
        law, bet = halve(told)
        checks.append(_at_most("law", law, find_allowance(told.selected.level)))
        checks.append(_at_most("bet", bet, asked.tolerance))
    C, M = table[found.selected.N] * table["D"], table["D"] / table[found.selected.N]
    ratio = asked.target[0] * asked.target[1] / float(C.max())
    checks.append(_at_most("reach", ratio, FARTHEST_CHECKED))
    own, ends = asked.target[1] / asked.target[0], (float(M.min()), float(M.max()))
    inside = ends[0] * (1 - 1e-9) <= own <= ends[1] * (1 + 1e-9)
    checks.append(Threshold("M", own, ends, inside))
    checks += _check_backtest(found)
    return checks + _check_costs(found)


def _at_most(name: str, here: float, most: float) -> Threshold:
    return Threshold(name, here, (-math.inf, most), here <= most)


def _check_backtest(found: Gathered) -> list[Threshold]:
    """As many of the own runs inside as intervals of this level leave there, but for bad luck."""
    if isinstance(found.backtest, Missing):
        return []
    inside = found.backtest.found.held_out["inside"].dropna()
    if inside.empty:
        return []
    from scipy.stats import binom  # here: a table is checked without SciPy

    n_inside, n = int(inside.sum()), len(inside)
    least = float(binom.ppf(UNLIKELY, n, found.selected.level))
    met = n_inside >= least if least else None  # so few runs may all lie outside by bad luck
    return [Threshold("backtest", n_inside, (least, n), met, n)]


def _check_costs(found: Gathered) -> list[Threshold]:
    costing = found.costing
    if costing is None or isinstance(costing, Missing) or found.usable is None:
        return []
    choices, checks = costing.found.choices, []
    if choices[0].epochs is not None:
        checks.append(_at_most("epochs", choices[0].epochs, MOST_EPOCHS))
    priced = [choice for choice in choices if choice.is_priced]
    if not priced:
        return checks
    bill = min(priced, key=lambda choice: float(choice.bill.total)).bill
    if (total := float(bill.total)) > 0:
        share = float(bill.serving) / total
        checks.append(Threshold("serving", share, (math.nan, math.nan), None))
    return checks


def say_verdict(found: Gathered, verdict: Verdict, words: Language) -> list[str]:
    """Say the verdict in three sentences."""
    N, D = (words.both(count) for count in found.asked.target)
    told = found.usable
    if told is None:
        first = words("cannot", N=N, D=D, reason=explain(found.doubt, words))
    else:
        assert told.lo is not None and told.hi is not None
        lo, hi = split_ends(told.lo, told.hi)
        level = words.level(told.selected.level)
        first = words("can", N=N, D=D, lo=lo, hi=hi, level=level)
    return [first, _say_next(found, verdict, words), _say_price(found, words)]


def _say_next(found: Gathered, verdict: Verdict, words: Language) -> str:
    if found.is_broken:
        return words("then_mend")
    name = "then_first" if verdict.outcome == CANNOT else f"then_{verdict.outcome}"
    values = {"tolerance": words.percent(found.asked.tolerance)}
    if verdict.outcome != CANNOT:
        values["half"] = words.percent(verdict.half)
    if verdict.outcome == ENOUGH:
        return words(name, **values)
    if verdict.step is None:
        return words(f"{name}_somewhere", **values)
    N, D, money = verdict.step
    values |= {"N": words.both(N), "D": words.both(D), "money": money_of(money, found.asked.prices)}
    return words(name, **values)


def _say_price(found: Gathered, words: Language) -> str:
    asked, prices = found.asked, found.asked.prices
    origin = prices.origins.get("price_training")
    values = {
        "money": money_of(asked.life, prices),
        "price": rate_of(prices.price_training, prices),
        "date": words("dated", date=origin.date) if origin and origin.date else "",
    }
    if asked.demand is None:
        return words("price_of_model", flops=power(asked.flops), **values)
    values["days"] = words.count(asked.demand.days)
    costing = found.costing
    if costing is None or isinstance(costing, Missing) or asked.loss or found.usable is None:
        return words("price_of_life", **values)
    priced = [choice for choice in costing.found.choices if choice.is_priced]
    best = min(priced, key=lambda choice: float(choice.bill.total))
    if best.told.doubt or float(best.bill.total) > LESS * asked.life:
        return words("price_of_life", **values)
    less = money_of(float(best.bill.total), prices)
    N, D = (words.both(count) for count in best.size)
    return words("price_of_life_less", **values, N=N, D=D, less=less)
