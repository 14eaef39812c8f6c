"""Train a small model longer or serve a larger one? The answer in a sentence, and how sure."""

from __future__ import annotations

import math

from scaling.decide.cost_words import marked
from scaling.decide.priced_models import (
    LEAST_LOSS,
    LEAST_MONEY,
    OPTIMUM,
    OWN,
    CostCase,
    Findings,
    PricedModel,
    Range,
)
from scaling.forecast.advice import shorten
from scaling.forecast.words import level_in_words, number_in_words

ALIKE = 0.005  # of a bill or a loss: less is no reason to choose


def answer_in_words(found: Findings, case: CostCase, marks: dict[str, str]) -> list[str]:
    """Say which model is the cheapest or the best, and whether the runs leave that open.

    Parameters
    ----------
    found : Findings
        The models.
    case : CostCase
        What they are priced in.
    marks : dict of str
        By model, what marks it; see `scaling.decide.cost_words.marks_in_words`.

    Returns
    -------
    list of str
        Two lines or one; none for a model without a demand.
    """
    by_name = {each.name: each for each in found.choices}
    base = by_name.get(OWN) or by_name.get(OPTIMUM)
    best = by_name.get(LEAST_MONEY) or by_name.get(LEAST_LOSS)
    if base is None or best is None:
        return []
    for each in (best, base):
        if each.told.doubt:
            rule = f"the loss of {each.name} is not to be used"
            return [f"which model is to be chosen the runs do not say: {rule}"]
    is_budget = best.name == LEAST_LOSS
    ours, theirs = (
        each.told.loss if is_budget else float(each.bill.total) for each in (best, base)
    )
    less = 1 - ours / theirs
    if not math.isfinite(less):
        return []
    size, other = _size(best, marks), _name(base)
    if is_budget:
        head = f"best loss for the budget: {size}, {ours:.4g} nats/token"
        what, theirs_in_words = "better", f"{theirs:.4g}"
    else:
        demand, money = case.demand, [case.prices.label(shorten(each)) for each in (ours, theirs)]
        how = "" if less < ALIKE else f"{_compare(best, base)}, "
        head = (
            f"cheapest in total for loss {base.told.loss:.4g} and "
            f"{shorten(demand.tokens_in + demand.tokens_out)} tokens a day for {demand.days:g} "
            f"days: {how}{size}, {money[0]}"
        )
        what, theirs_in_words = "cheaper", money[1]
    if less < ALIKE:
        return [f"{head}, hardly less than {other}"]
    line = f"{head}, {_percent(less)} less than {other} ({theirs_in_words})"
    return [line, *_tell_order(found.order, case.level, what)]


def _compare(best: PricedModel, base: PricedModel) -> str:
    size = "a smaller model" if best.size.N < base.size.N else "a larger model"
    return f"{size} trained {'longer' if best.size.D > base.size.D else 'shorter'}"


def _name(base: PricedModel) -> str:
    """Name what the best is held against, with its size."""
    size = f"{shorten(base.size.N)} on {shorten(base.size.D)}"
    return f"this model, {size}" if base.name == OWN else f"the {base.name} {size}"


def _size(model: PricedModel, marks: dict[str, str]) -> str:
    N, D, M = shorten(model.size.N), shorten(model.size.D), number_in_words(model.M)
    return marked(f"{N} parameters on {D} tokens (M = {M})", model.name, marks)


def _percent(share: float) -> str:
    return f"{float(f'{100 * share:.2g}'):g}%"


def _tell_order(order: Range | None, level: float, what: str) -> list[str]:
    """Say how sure it is, of the ratio of best to base over the laws that fit."""
    if order is None:
        return []
    ends = f"from {_side(order.lo)} to {_side(order.hi)}"
    if order.hi < 1:
        ends = f"{_percent(1 - order.hi)} to {_percent(1 - order.lo)} less"
    told = f"if the law holds, that is {ends} ({level_in_words(level)})"
    return [told + f"; the runs leave open which is {what}" * (order.lo < 1 <= order.hi)]


def _side(ratio: float) -> str:
    if math.isinf(ratio):
        return "never reaching that loss"
    if ratio < 1:
        return f"{_percent(1 - ratio)} less"
    return f"{number_in_words(ratio)} times as much" if ratio > 2 else f"{_percent(ratio - 1)} more"
