"""What does each section say of money? The next run, the bill, and a planner to try others with."""

from __future__ import annotations

import math
from typing import Any

from scaling.costs.compute import training_flops
from scaling.costs.money import Prices
from scaling.decide.plan import LEAST_GAIN, Purchase
from scaling.decide.plan_answer import NextRuns
from scaling.decide.plan_words import find_half_widths, widths_in_words
from scaling.decide.priced_models import PricedModel
from scaling.forecast.averages import is_average
from scaling.forecast.caution import FARTHEST_CHECKED
from scaling.forecast.inputs import is_effective
from scaling.laws.fit import SOUND, FitError, fit_error_law
from scaling.reports.blocks import Block, Paragraph, Plain, TableBlock
from scaling.reports.gathered import Gathered, Missing
from scaling.reports.language import Language, digits
from scaling.reports.planner import BY_HAND, ErrorRuns, KnownRuns, Planner, choose
from scaling.reports.planner_data import NoPlannerError
from scaling.reports.planner_page import MapFrame, PlannerPage
from scaling.reports.verdict import Verdict, reach_after
from scaling.reports.verdict_words import NEARLY, say_repeated, say_too_far
from scaling.reports.wording import explain, money_of, range_of_money, split_ends
from scaling.tables.schema import error_columns

OWN = "own"  # the training set, in a planner
MOST_TOKENS = 1e14  # more than any text has
BEYOND = 10.0  # times the model's size, the end of the planner's map
NAMES = {
    "this model": "choice_this",
    "compute-optimal": "choice_optimum",
    "least total FLOPs": "choice_flops",
    "least money": "choice_money",
}


def tell_next(found: Gathered, verdict: Verdict, words: Language) -> list[Block]:
    """Which run to train next, and when to stop."""
    answer, prices = found.plan, found.asked.prices
    if found.is_broken or found.is_tiny:
        return [Paragraph(words("no_next", reason=explain(found.doubt, words)))]
    if found.is_too_far:
        return [Paragraph(say_too_far(found, words))]
    if found.is_repeated:
        return [Paragraph(f"{words('next_repeated')}{words('space')}{say_repeated(found, words)}")]
    if verdict.is_of_layout and verdict.step is not None:
        step = verdict.step
        price = money_of(step.money, prices, words)
        run = {"N": words.both(step.N), "D": words.both(step.D), "money": price}
        return [Paragraph(words("next_layout", **run))]
    if not isinstance(answer, NextRuns):
        reason = answer.reason if isinstance(answer, Missing) else ""
        return [Paragraph(words("no_next", reason=explain(reason, words)))]
    plan, money = answer.plan, money_of(prices.training_money(answer.budget), prices, words)
    budget = {"budget": words.flops(answer.budget, 2), "money": money}
    blocks: list[Block] = []
    if plan.purchases:
        names = ("head_run", "next_hours", "next_price", "head_law_interval", "next_after")
        head = [words(names[0]), "N", "D", *(words(name) for name in names[1:])]
        rows = [
            _row_of_run(i, run, prices, words, plan.is_told)
            for i, run in enumerate(plan.purchases, 1)
        ]
        blocks += [Paragraph(words("next_told", **budget)), TableBlock(head, rows)]
        if widths_in_words(plan):
            blocks.append(Paragraph(words("next_widths")))
        reach = reach_after(found, max(run.C for run in plan.purchases))
        if reach > FARTHEST_CHECKED:
            far = {"times": digits(reach), "farthest": digits(FARTHEST_CHECKED)}
            blocks.append(Paragraph(words("next_still_far", **far)))
        if doubt := plan.purchases[-1].told.doubt:
            blocks.append(Paragraph(words("next_still", reason=explain(doubt, words))))
    else:
        blocks.append(Paragraph(words("next_none", **budget)))
    stop = words(f"stop_{plan.stop}", share=words.percent(LEAST_GAIN))
    blocks.append(Paragraph(words("next_stop" if plan.purchases else "next_why", stop=stop)))
    if plan.worth is not None:
        N, D = plan.worth
        price = money_of(prices.training_money(training_flops(N, D)), prices, words)
        blocks.append(Paragraph(words("next_worth", N=words.both(N), D=words.both(D), money=price)))
    if plan.nearer is not None:
        N, D, C = plan.nearer.N, plan.nearer.D, plan.nearer.C
        told = words(
            "next_nearer",
            N=words.both(N),
            D=words.both(D),
            flops=words.flops(C, 2),
            money=money_of(prices.training_money(C), prices, words),
            share=words.percent(C / found.asked.flops),
        )
        halves = find_half_widths(plan.nearer.told)
        if halves and reach_after(found, C) <= FARTHEST_CHECKED:
            told += words("space") + words("next_nearer_after", after=words.percent(halves[1]))
        if NEARLY * found.asked.flops < C:
            told += words("space") + words("then_itself")
        blocks.append(Paragraph(told))
    return blocks


def _row_of_run(i: int, run: Purchase, prices: Prices, words: Language, placed: bool) -> list[str]:
    """Give a line of the table: intervals, or only half widths where they have no place."""
    told, halves = run.told, find_half_widths(run.told)
    ends = [words("none")] * 2
    if halves is not None and not placed:
        ends = [words("half_width", half=words.percent(half)) for half in halves]
    elif told.lo is not None and told.hi is not None:
        assert told.law_lo is not None and told.law_hi is not None
        pairs = split_ends(told.law_lo, told.law_hi), split_ends(told.lo, told.hi)
        ends = [words("ends", lo=lo, hi=hi) for lo, hi in pairs]
    money = money_of(prices.training_money(run.C), prices, words)
    hours = digits(prices.training_hours(run.C))
    return [str(i), words.count(run.N), words.count(run.D), hours, money, *ends]


def tell_bill(found: Gathered, words: Language) -> list[Block]:
    """What the model costs, beside others of its loss."""
    asked, prices = found.asked, found.asked.prices
    if found.is_tiny:
        return [Paragraph(words("no_bill", reason=explain(found.doubt, words)))]
    hours, money = prices.training_hours(asked.flops), prices.training_money(asked.flops)
    told = {"flops": words.flops(asked.flops), "hours": digits(hours)}
    told["money"] = money_of(money, prices, words)
    blocks: list[Block] = [Paragraph(words("bill_training", **told))]
    costing = found.costing
    if costing is None:
        return [*blocks, Paragraph(words("no_demand"))]
    if isinstance(costing, Missing):
        return [*blocks, Paragraph(words("no_bill", reason=explain(costing.reason, words)))]
    if found.usable is None and asked.loss is None:
        return [*blocks, Paragraph(words("bill_unknown"))]
    choices = _drop_alike(costing.found.choices, words)
    served = {"served": words.both(costing.case.demand.total)}
    name = "bill_told" if asked.loss is None else "bill_told_for"
    level = words.level(costing.selected.level)
    head = [words("head_model"), "N", "D", words("head_needed", level=level), "M"]
    names = ("training", "reading", "writing", "total", "reported")
    of_bill = [words(f"head_{name}") for name in ("model", *names)]
    blocks += [
        Paragraph(words(name, loss=f"{costing.loss:.2f}", **served)),
        TableBlock(head, [_row_of_size(choice, words) for choice in choices], mood="cards"),
        TableBlock(of_bill, [_row_of_bill(choice, prices, words) for choice in choices]),
    ]
    if prices.reported:
        blocks.append(Paragraph(words("bill_reported"), "note"))
    return blocks + [Paragraph(line) for line in _list_doubts(found, choices, words)]


def _drop_alike(choices: list[PricedModel], words: Language) -> list[PricedModel]:
    """Keep the first of models that read alike, as the one asked about at its own M."""
    first: dict[tuple[str, ...], PricedModel] = {}
    for choice in choices:
        first.setdefault(tuple(map(words.count, choice.size)), choice)
    return list(first.values())


def _name_choice(name: str, words: Language) -> str:
    if name in NAMES:
        return words(NAMES[name])
    return words("choice_M", M=name.rpartition(" ")[2])


def _row_of_size(choice: PricedModel, words: Language) -> list[str]:
    needed = words("none")
    if choice.needed is not None:
        lo, hi = (_tokens(D, words) for D in choice.needed)
        needed = lo if lo == hi else words("ends", lo=lo, hi=hi)
    counts = map(words.count, choice.size)
    return [_name_choice(choice.name, words), *counts, needed, digits(choice.M)]


def _tokens(D: float, words: Language) -> str:
    """Write how many are needed; more than there are anywhere are not told apart."""
    if math.isinf(D):
        return words("never")
    return words("over", most=words.count(MOST_TOKENS)) if D > MOST_TOKENS else words.count(D)


def _row_of_bill(choice: PricedModel, prices: Prices, words: Language) -> list[str]:
    bill, name = choice.bill, _name_choice(choice.name, words)
    if not choice.is_priced:
        return [name, *[words("none")] * 5]
    money = [
        money_of(float(part), prices, words)
        for part in (bill.training, bill.reading, bill.writing, bill.total)
    ]
    reported = words("none")
    if prices.reported:
        lo, hi = range_of_money(choice.reported, prices, words)
        reported = words("ends", lo=lo, hi=hi)
    return [name, *money, reported]


def _list_doubts(found: Gathered, choices: list[PricedModel], words: Language) -> list[str]:
    """What the bill does not hold for, and what moves it."""
    costing, prices = found.costing, found.asked.prices
    assert costing is not None and not isinstance(costing, Missing)
    told, table = [], found.selected.table
    M = table["D"] / table[found.selected.N]
    doubtful = [_name_choice(each.name, words) for each in choices if each.told.doubt]
    least, most = float(M.min()) * (1 - 1e-9), float(M.max()) * (1 + 1e-9)
    outside = [_name_choice(each.name, words) for each in choices if not least <= each.M <= most]
    if doubtful:
        told.append(words("bill_doubt", names=words("comma").join(doubtful)))
    if outside:
        told.append(words("bill_outside", names=words("comma").join(outside)))
    moved = costing.found.sensitivity
    if costing.case.demand.written > 0 and len(moved) == 2:
        half, double = moved
        bills = [money_of(float(each.bill.total), prices, words) for each in moved]
        shares = {"half": words.percent(half.mfu_out), "double": words.percent(double.mfu_out)}
        told.append(words("bill_mfu", **shares, dear=bills[0], cheap=bills[1]))
    return told


def tell_planner(found: Gathered, words: Language) -> list[Block]:
    """The planner on the law of these runs, or why there is none; none without a demand."""
    if found.asked.demand is None:
        return []
    planner = make_planner(found)
    if isinstance(planner, Missing):
        why = words(f"no_planner_{planner.reason}")
        return [Paragraph(words("no_planner", reason=why))]
    try:
        html = PlannerPage(planner, frame_of(planner), words, with_origins=False).write()
    except NoPlannerError as error:
        why = words(f"no_planner_{error.reason}")
        return [Paragraph(words("no_planner", reason=why))]
    title = Paragraph(words("planner_title"), "over")
    return [title, Paragraph(words("planner_note")), Plain(html)]


def make_planner(found: Gathered) -> Planner | Missing:
    """Put the runs, the model asked about, the demand and the prices into a planner."""
    told, asked, prices = found.usable, found.asked, found.asked.prices
    if told is None or asked.demand is None:
        return Missing("loss")
    alike = prices.price_training == prices.price_serving
    if not (alike and prices.peak_training == prices.peak_serving):
        return Missing("prices")
    if is_effective(found.selected.table):
        return Missing("effective")
    if asked.epochs > 1:
        return Missing("repeated")
    N, D = asked.target
    first: dict[str, Any] = {"dataset": OWN, "by": BY_HAND, "N": N, "M": D / N}
    first |= {"budget": asked.life, **asked.demand._asdict()}
    name, errors = find_average(found)
    known = KnownRuns("", told.forecast.fitted, errors)
    return Planner({OWN: known}, choose(prices, **first), prices, error_of=name)


def find_average(found: Gathered) -> tuple[str, ErrorRuns | None]:
    """Give the first average of tasks whose error law is sound, with its runs."""
    selected, told = found.selected, found.usable
    for column in error_columns(selected.table):
        name = column.removeprefix("err_")
        if told is None or not is_average(name):
            continue
        measured = selected.table.dropna(subset=[column])
        loss, error = measured[selected.loss].to_numpy(), measured[column].to_numpy()
        try:
            fit = fit_error_law(loss, error)
        except FitError:
            continue
        value = fit.law.predict(told.loss)
        if fit.status in SOUND and 0 <= value <= 1 and len(set(loss)) > 2:
            return column, ErrorRuns(loss, error, fit)
    return "", None


def frame_of(planner: Planner) -> MapFrame:
    """Ends of the map: from the smallest run to well beyond the model, and all losses of these."""
    first, known = planner.first, planner.sets[OWN]
    sizes = [*known.fitted.N, first.N]
    N = (min(sizes) / 2, max(sizes) * BEYOND)
    told = planner.predict(OWN, first.N, first.N * first.M, with_error=False)
    losses = [*known.fitted.L, told["loss"], told["lo"] or told["loss"]]
    span = max(losses) - min(losses) or 1.0
    return MapFrame(N, (min(losses) - 0.3 * span, max(losses) + 0.1 * span))
