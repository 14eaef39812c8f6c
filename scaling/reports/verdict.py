"""What should be decided? One of four verdicts, by thresholds that are computed, and in words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from scaling.costs.compute import training_flops
from scaling.decide.cost_answers import MOST_EPOCHS
from scaling.decide.plan_answer import NextRuns
from scaling.decide.plan_words import find_half_widths
from scaling.decide.priced_models import PricedModel
from scaling.forecast.caution import FARTHEST_CHECKED
from scaling.forecast.fitted import FARTHEST
from scaling.forecast.intervals import load_constants, widen
from scaling.forecast.prediction_answer import Prediction
from scaling.reports.gathered import Gathered, Missing
from scaling.reports.language import Language, digits
from scaling.reports.wording import explain, money_of, range_of_money, rate_of, split_ends, write_at
from scaling.tables.numbers import as_numbers

ENOUGH, NEARER, MORE, CANNOT = OUTCOMES = ("enough", "nearer", "more", "cannot")
UNLIKELY = 0.05  # so seldom would fewer own runs lie inside, were the intervals right
LESS = 0.98  # of the bill: a cheaper model is named where it saves 2 % or more
NEARLY = 0.25  # of the compute of the model: from there on it may as well be trained itself


class NextRun(NamedTuple):
    """A run to train next: parameters, tokens, its price, and half width of the bet after it.

    The half width is a fraction of the loss, None where it is not expected.
    """

    N: float
    D: float
    money: float
    half: float | None = None


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

    ``enough`` where the bet is as narrow as wanted and no check fails; else ``nearer`` where only a
    run nearer the model helps, as the bet is narrow enough or the law alone is as narrow as laws
    have held real runs; else, and where the runs leave several laws open, ``more``. ``cannot``
    where the loss is not to be used.
    """
    told, checks = found.usable, _list_checks(found)
    if told is None:
        return Verdict(CANNOT, checks, _run_into_reach(found), math.nan)
    law, bet = halve(told)
    if bet <= found.asked.tolerance and not _list_failed(checks):
        return Verdict(ENOUGH, checks, None, bet)
    narrow = bet <= found.asked.tolerance or law <= find_allowance(told.selected.level)
    if narrow and not found.is_open:
        return Verdict(NEARER, checks, _nearer_run(found), bet)
    return Verdict(MORE, checks, _first_run(found) or _nearer_run(found), bet)


def _list_failed(checks: list[Threshold]) -> list[Threshold]:
    """Checks of what the bet rests on that are not met."""
    return [check for check in checks if check.met is False and check.name not in ("law", "bet")]


def halve(told: Prediction) -> tuple[float, float]:
    """Half widths of the law's interval and of the bet, fractions of the loss."""
    ends = told.forecast.told
    assert ends.law_hi is not None and ends.law_lo is not None
    assert ends.hi is not None and ends.lo is not None
    return (ends.law_hi - ends.law_lo) / 2 / ends.loss, (ends.hi - ends.lo) / 2 / ends.loss


def _plan_of(found: Gathered) -> NextRuns | None:
    return found.plan if isinstance(found.plan, NextRuns) else None


def _run_into_reach(found: Gathered) -> NextRun | None:
    """The first run of a plan at whose end the model can be told, where it cannot be yet."""
    answer = _plan_of(found)
    if answer is None or found.is_broken or found.is_tiny or found.is_too_far:
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
    return _step(found, (nearer.N, nearer.D), None if halves is None else halves[1])


def _step(
    found: Gathered, size: tuple[float, float] | None, half: float | None = None
) -> NextRun | None:
    if size is None:
        return None
    return NextRun(*size, found.asked.prices.training_money(training_flops(*size)), half)


def _list_checks(found: Gathered) -> list[Threshold]:
    told, asked, table = found.usable, found.asked, found.selected.table
    checks = []
    if told is not None:
        law, bet = halve(told)
        checks.append(_at_most("law", law, find_allowance(told.selected.level)))
        checks.append(_at_most("bet", bet, asked.tolerance))
    if found.is_open:
        checks.append(Threshold("fit", math.nan, (math.nan, math.nan), False))
    checks.append(_at_most("reach", found.reach, FARTHEST_CHECKED))
    M = table["D"] / table[found.selected.N]
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
    held_out = found.backtest.found.held_out["inside"]
    inside = held_out.dropna()
    if inside.empty:
        return []
    from scipy.stats import binom  # here: a table is checked without SciPy

    n_inside, n, refused = int(inside.sum()), len(inside), len(held_out) - len(inside)
    least = float(binom.ppf(UNLIKELY, n, found.selected.level))
    met = n_inside >= least if least else None  # so few runs may all lie outside by bad luck
    if met and refused > n:
        met = None  # most were not told, and those that were do not speak for them
    return [Threshold("backtest", n_inside, (least, n), met, n, refused)]


def _check_costs(found: Gathered) -> list[Threshold]:
    checks = []
    if found.asked.unique_tokens is not None and found.usable is not None:
        checks.append(_at_most("epochs", found.asked.epochs, MOST_EPOCHS))  # nearly fresh
    costing = found.costing
    if costing is None or isinstance(costing, Missing) or found.usable is None:
        return checks
    choices = costing.found.choices
    priced = [choice for choice in choices if choice.is_priced]
    if not priced:
        return checks
    bill = min(priced, key=lambda choice: float(choice.bill.total)).bill
    if (total := float(bill.total)) > 0:
        share = float(bill.serving) / total
        checks.append(Threshold("serving", share, (math.nan, math.nan), None))
    return checks


def say_verdict(found: Gathered, verdict: Verdict, words: Language) -> list[str]:
    """Say the verdict: the loss, what speaks against it, a KPI, what to do next, and the price."""
    N, D = (words.both(count) for count in found.asked.target)
    told = found.usable
    if told is None:
        reason = explain(found.doubt, words)
        if found.is_tiny:
            share = words.flops(found.reach)
            return [words("tiny", N=N, D=D, share=share)]
        said = [words("cannot", N=N, D=D, reason=reason)]
    else:
        assert told.lo is not None and told.hi is not None
        lo, hi = split_ends(told.lo, told.hi)
        level = words.level(told.selected.level)
        said = [words("can", N=N, D=D, lo=lo, hi=hi, level=level), _say_width(found, told, words)]
        for check in _list_failed(verdict.checks):
            first = 0 if check.name == "epochs" else len(said)  # what the bet does not count
            said.insert(first, _say_failed(check, found, words))
    said += _say_kpi(found, words)
    return [*said, _say_next(found, verdict, words), _say_price(found, words)]


def _say_width(found: Gathered, told: Prediction, words: Language) -> str:
    """Say how far the bet goes below and above the prediction, and whether that is narrow."""
    ends, tolerance = told.forecast.told, found.asked.tolerance
    assert ends.lo is not None and ends.hi is not None
    half = halve(told)[1]
    return words(
        "width_within" if half <= tolerance else "width_above",
        below=words.percent(1 - ends.lo / ends.loss),
        above=words.percent(ends.hi / ends.loss - 1),
        half=words.percent(half),
        tolerance=words.percent(tolerance),
    )


def _say_failed(check: Threshold, found: Gathered, words: Language) -> str:
    """Say which check fails, and so that the bet alone is not to be decided on."""
    unique = found.asked.unique_tokens
    values: dict[str, str] = {"here": digits(check.here)}
    match check.name:
        case "epochs":
            assert unique is not None
            values |= {"unique": words.both(unique), "D": words.both(found.asked.target[1])}
        case "M":
            values["ends"] = words("ends", lo=digits(check.wanted[0]), hi=digits(check.wanted[1]))
        case "reach":
            values["farthest"] = digits(check.wanted[1])
        case "backtest":
            values |= {"n": str(check.of), "least": digits(check.wanted[0])}
    return words(f"failed_{check.name}", **values)


def _say_kpi(found: Gathered, words: Language) -> list[str]:
    """Say the own KPI beside its value on the largest run that has it, or why it is not told."""
    answer = found.kpi
    if answer is None:
        return []
    if isinstance(answer, Missing):
        return [words("no_kpi_reason", reason=explain(answer.reason, words))]
    name = answer.kpi.terms.column
    if answer.lo is None or answer.hi is None:
        return [words("kpi_not_told", name=name, reason=explain(answer.doubt, words))]
    lo, hi = split_ends(answer.lo, answer.hi)
    values = {"name": name, "lo": lo, "hi": hi, "level": words.level(answer.selected.level)}
    table, N = answer.selected.table, answer.selected.N
    values_of_runs = as_numbers(table[name], letters=False).to_numpy(float)
    C = (table[N] * table["D"]).to_numpy(float)
    now = float(values_of_runs[np.where(np.isnan(values_of_runs), -np.inf, C).argmax()])
    ups = answer.lo > now, answer.hi < now
    kind = "inside"
    if any(ups):
        kind = "better" if ups[0] == answer.kpi.terms.higher_is_better else "worse"
    then = words(f"kpi_{kind}")
    return [words("kpi_bet", now=write_at(now, lo), then=then, **values)]


def _say_next(found: Gathered, verdict: Verdict, words: Language) -> str:
    asked, prices = found.asked, found.asked.prices
    if verdict.outcome == ENOUGH:
        return words("then_enough")
    if found.is_broken:
        return words("then_mend")
    if found.is_too_far:
        return say_too_far(found, words)
    narrow, said = verdict.half <= asked.tolerance, list[str]()
    name = "first" if verdict.outcome == CANNOT else verdict.outcome
    if verdict.step is None:
        return words(f"then_{name}_somewhere")
    N, D, money, half = verdict.step
    C = training_flops(N, D)
    price = money_of(money, prices)
    if asked.budget < C:
        over = money_of(prices.training_money(asked.budget), prices)
        price = words("money_over", money=price, budget=over)
    share = C / asked.flops
    values = {"N": words.both(N), "D": words.both(D), "money": price}
    if half is None:
        said.append(words("then_first", **values))
    else:
        if verdict.outcome == NEARER and not narrow:
            said.append(words("then_hardly"))
        values |= {"share": words.percent(share), "after": words.percent(half)}
        said.append(words("then_nearer", **values))
        if share > NEARLY:
            said.append(words("then_itself"))
    return words("space").join(said)


def say_too_far(found: Gathered, words: Language) -> str:
    """Say which model may be asked about instead, or which run would bring this one into reach."""
    asked = found.asked
    shrunk = asked.target[0] * math.sqrt(FARTHEST / found.reach)
    step = 10.0 ** (math.floor(math.log10(shrunk)) - 1)
    least = asked.flops / FARTHEST
    return words(
        "then_too_far",
        N=words.both(math.floor(shrunk / step) * step),
        M=digits(asked.target[1] / asked.target[0]),
        part=digits(FARTHEST),
        flops=words.flops(least, 2),
        money=money_of(asked.prices.training_money(least), asked.prices),
    )


def _say_price(found: Gathered, words: Language) -> str:
    asked, prices = found.asked, found.asked.prices
    origin = prices.origins.get("price_training")
    values = {
        "money": money_of(asked.life, prices),
        "price": rate_of(prices.price_training, prices),
        "date": words("dated", date=origin.date) if origin and origin.date else "",
        "range": "",
    }
    if prices.reported:
        least, most = range_of_money(asked.life_reported, prices)
        values["range"] = words("price_range", lo=least, hi=most)
    if asked.demand is None:
        return words("price_of_model", flops=words.flops(asked.flops), **values)
    values["days"] = words.count(asked.demand.days)
    said = [words("price_of_life", **values), _say_cheaper(found, words)]
    return words("space").join(filter(None, said))


def _say_cheaper(found: Gathered, words: Language) -> str | None:
    """Name the cheapest model of that loss, one as near as was checked first; None without one."""
    costing, asked = found.costing, found.asked
    if costing is None or isinstance(costing, Missing) or asked.loss or found.usable is None:
        return None
    saving = [
        choice
        for choice in costing.found.choices
        if choice.is_priced and not choice.told.doubt
        if float(choice.bill.total) <= LESS * asked.life
    ]
    if not saving:
        return None
    best = min(saving, key=lambda each: (not _is_checked(each, found), float(each.bill.total)))
    (N, D), prices = (words.both(count) for count in best.size), asked.prices
    money = money_of(float(best.bill.total), prices)
    values = {"N": N, "D": D, "less": money, "range": "", "but": ""}
    if prices.reported:
        least, most = range_of_money(best.reported, prices)
        values["range"] = words("less_range", lo=least, hi=most)
    if not _is_checked(best, found):
        reach = _reach_of(best, found)
        name = "less_unchecked" if reach > FARTHEST_CHECKED else "less_outside"
        values["but"] = words(name, times=digits(reach))
    return words("price_less", **values)


def _reach_of(choice: PricedModel, found: Gathered) -> float:
    return found.reach * choice.training_flops / found.asked.flops


def _is_checked(choice: PricedModel, found: Gathered) -> bool:
    """Whether it lies within the compute and the tokens per parameter that were checked."""
    table = found.selected.table
    M = table["D"] / table[found.selected.N]
    inside = float(M.min()) * (1 - 1e-9) <= choice.M <= float(M.max()) * (1 + 1e-9)
    return inside and _reach_of(choice, found) <= FARTHEST_CHECKED
