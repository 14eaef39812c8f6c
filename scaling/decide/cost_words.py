"""How is a cost told in a terminal? Sizes, bills, prices and what moves them, in words."""

from __future__ import annotations

import math

from scaling.costs.money import Prices
from scaling.decide.priced_models import CostCase, Findings, PricedModel, Range
from scaling.forecast.advice import shorten
from scaling.forecast.caution import FARTHEST_CHECKED
from scaling.forecast.words import (
    align,
    ends_in_words,
    flops_in_words,
    level_in_words,
    number_in_words,
)

GIBIBYTE = 2.0**30
OUTSIDE, FAR = "*", "†"  # behind a model's name
ROUNDING = 1e-9
_BESIDE_THE_BILL = (
    "by the reports: over the reported prices and utilisations, all cheapest to all most expensive",
    "not in the bill: staff, failed or restarted runs, idle hardware, data",
)


def demand_in_words(case: CostCase) -> str:
    """Say what is to be served."""
    demand = case.demand
    if demand.total == 0:
        return "nothing to serve"
    a_day = f"{shorten(demand.tokens_in)} tokens in and {shorten(demand.tokens_out)} out a day"
    return f"{a_day} for {demand.days:g} days, {shorten(demand.total)} in all"


def marks_in_words(
    choices: list[PricedModel], M: tuple[float, float], C: float
) -> tuple[dict[str, str], list[str]]:
    """Mark models outside the tokens per parameter, or far beyond the compute, of the runs.

    Parameters
    ----------
    choices : list of PricedModel
        The models.
    M : tuple of float
        Least and most tokens per parameter of the runs.
    C : float
        Compute of the largest, FLOPs.

    Returns
    -------
    dict of str
        By name, what stands behind it; those within have no entry.
    list of str
        What each mark means, a line each.
    """
    lo, hi = M[0] * (1 - ROUNDING), M[1] * (1 + ROUNDING)
    outside = {each.name for each in choices if not lo <= each.M <= hi}
    far = {each.name for each in choices if each.training_flops > FARTHEST_CHECKED * C}
    marks = {name: OUTSIDE * (name in outside) + FAR * (name in far) for name in outside | far}
    ends = f"{number_in_words(M[0])} to {number_in_words(M[1])}"
    keys = [f"{OUTSIDE} tokens per parameter outside those of the runs, {ends}"] * bool(outside)
    beyond = f"{FAR} more than {FARTHEST_CHECKED:g} times the compute of the largest run"
    return marks, keys + [f"{beyond}, beyond what was tested"] * bool(far)


def marked(text: str, name: str, marks: dict[str, str]) -> str:
    """Put the mark of a model behind a text."""
    return text + marks.get(name, "")


def sizes_in_words(choices: list[PricedModel], level: float, marks: dict[str, str]) -> list[str]:
    """A line per model with its mark: N, D, M, loss and both intervals.

    The interval of its error, where there is one, and epochs, where tokens may run out.
    """
    at = level_in_words(level)
    head = ["", "N", "D", "M", "nats/token", "if the law holds", f"to bet on ({at})"]
    errors = any(each.error is not None and each.error.lo is not None for each in choices)
    repeats = any(each.epochs is not None for each in choices)
    rows = [head + ["error to bet on"] * errors + ["epochs"] * repeats]
    for each in choices:
        told = each.told
        law = _interval_in_words(told.law_lo, told.law_hi) or "not to be used"
        bet = _interval_in_words(told.lo, told.hi)
        row = [
            marked(each.name, each.name, marks),
            shorten(each.size.N),
            shorten(each.size.D),
            number_in_words(each.M),
        ]
        row += [f"{told.loss:.4f}", law, bet]
        if errors and each.error is not None:
            row.append(_interval_in_words(each.error.lo, each.error.hi))
        rows.append(row + ([] if each.epochs is None else [f"{each.epochs:.3g}"]))
    return align(rows, n_left=1)


def _interval_in_words(lo: float | None, hi: float | None) -> str:
    return "" if lo is None or hi is None else ends_in_words(lo, hi)


def bills_in_words(choices: list[PricedModel], prices: Prices, marks: dict[str, str]) -> list[str]:
    """A line per model: FLOPs and money, training and serving; and what no bill holds.

    Where prices or utilisations have a reported range, the least and the most over it.
    """
    head = ["", "training", "serving", "FLOPs in all"]
    rows = [[*head, "training", "in", "out", f"{prices.currency} in all"]]
    if prices.reported:
        rows[0].append("by the reports")
    for each in choices:
        flops = (each.training_flops, each.serving_flops, each.total_flops)
        bill = each.bill
        money = (bill.training, bill.reading, bill.writing, bill.total)
        row = [marked(each.name, each.name, marks), *map(flops_in_words, flops)]
        row += [shorten(float(value)) for value in money]
        if prices.reported:
            row.append(" to ".join(map(shorten, each.reported)))
        rows.append(row)
    return [*align(rows, n_left=1), *_BESIDE_THE_BILL[not prices.reported :]]


def range_in_words(ends: Range) -> str:
    """Give the ends of a count, the upper one open where some laws never get there."""
    if math.isinf(ends.lo):
        return "never"
    return f"{shorten(ends.lo)} to " + ("never" if math.isinf(ends.hi) else shorten(ends.hi))


def ranges_in_words(found: Findings, level: float) -> list[str]:
    """Say what the runs leave open of the tokens that each model needs, and of the cheapest."""
    lines = [
        f"  {each.name}, N = {shorten(each.size.N)}: {range_in_words(each.needed)}"
        for each in found.choices
        if each.needed is not None
    ]
    if lines:
        at = level_in_words(level)
        lines.insert(0, f"training tokens until that loss, if the law holds ({at}):")
    if found.range_N is not None and found.range_flops is not None:
        N, flops = found.range_N, found.range_flops
        lines.append(
            f"  least total FLOPs, were the law known: N {range_in_words(N)}, "
            f"{flops_in_words(flops.lo)} to {flops_in_words(flops.hi)} FLOPs"
        )
    return lines


def money_in_words(found: Findings, case: CostCase) -> list[str]:
    """Say what the utilisation of written tokens moves, and when a model is too large."""
    lines = [
        f"mfu_out {each.mfu_out:g} instead of {case.prices.mfu_out:g}: least money at "
        f"N = {shorten(each.size.N)}, D = {shorten(each.size.D)}, "
        f"{shorten(float(each.bill.total))} {case.prices.currency}"
        for each in found.sensitivity
        if case.demand.written > 0
    ]
    tokens = found.break_even
    if tokens is not None and (math.isinf(tokens) or not found.choices[0].told.doubt):
        lines.append(_break_even_in_words(tokens))
    return lines


def _break_even_in_words(tokens: float) -> str:
    if tokens <= 0:
        return "a smaller model of this loss costs fewer FLOPs even if it serves nothing"
    if math.isinf(tokens):
        return "no demand makes a smaller model of this loss cost fewer FLOPs"
    return f"beyond {shorten(tokens)} tokens served, a smaller model of this loss costs fewer FLOPs"


def context_in_words(rows: list[tuple[str, dict[str, float]]], context: float) -> list[str]:
    """A line per model: what attention adds, and the memory of a sequence."""
    lines = [f"with {shorten(context)} tokens before each served one, not in the bill:"]
    for name, row in rows:
        added = number_in_words(100 * row["attention_share"])
        lines.append(
            f"  {name}: attention adds {added}% to its FLOPs; keys and "
            f"values {row['kv_bytes'] / GIBIBYTE:.3g} GiB a sequence (taken: {row['layers']:.0f} "
            f"layers of width {row['width']:.0f}, BF16, no shared heads)"
        )
    return lines
