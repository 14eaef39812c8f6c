"""How is a plan told? What to buy, what it costs, and why to stop, in words."""

from __future__ import annotations

import math

from scaling.costs.compute import training_flops
from scaling.costs.money import Prices
from scaling.decide.plan import LEAST_GAIN, Plan, Purchase, Target
from scaling.decide.purchases import BuyingRule
from scaling.forecast.advice import shorten
from scaling.forecast.fitted import LossForecast
from scaling.forecast.residuals import NAMED, percent
from scaling.forecast.words import ends_in_words, flops_in_words, level_in_words, number_in_words

HEAD = (
    "run",
    "N",
    "M",
    "D",
    "FLOPs",
    "hours",
    "price",
    "run's loss",
    "target if the law holds",
    "target to bet on",
)


def price_in_words(flops: float, prices: Prices) -> str:
    """Give compute, accelerator-hours and money."""
    hours, money = hours_and_money(flops, prices)
    return f"{flops_in_words(flops, 2)} FLOPs, {hours} accelerator-hours, {money}"


def hours_and_money(flops: float, prices: Prices) -> tuple[str, str]:
    """Write accelerator-hours to three digits; money to small change, or whole from a hundred."""
    hours, money = prices.training_hours(flops), prices.training_money(flops)
    amount = f"{money:,.0f}" if money >= 100 else f"{money:.2f}"
    return f"{float(f'{hours:.3g}'):,.10g}", prices.label(amount)


def find_half_widths(told: LossForecast) -> tuple[float, float] | None:
    """Half widths of the law's interval and of the bet, fractions of the loss; None without."""
    if told.lo is None or told.hi is None or told.law_lo is None or told.law_hi is None:
        return None
    return (told.law_hi - told.law_lo) / 2 / told.loss, (told.hi - told.lo) / 2 / told.loss


def told_in_words(told: LossForecast, placed: bool = True) -> tuple[str, str]:
    """Give both intervals, or only how wide they are where they have no place; or dashes."""
    halves = find_half_widths(told)
    if halves is None:
        return "-", "-"
    if not placed:
        law, bet = (f"± {percent(half)}" for half in halves)
        return law, bet
    assert told.law_lo is not None and told.law_hi is not None
    assert told.lo is not None and told.hi is not None
    return ends_in_words(told.law_lo, told.law_hi), ends_in_words(told.lo, told.hi)


def faulty_in_words(faulty: list[str]) -> str:
    """Say which runs are to be put right before any is bought, and by what."""
    told = "train nothing yet: these runs as they are give no sound fit"
    if not faulty:
        return f"{told}; the warnings say what may be why"
    names = ", ".join(faulty[:NAMED] + ["…"] * (len(faulty) > NAMED))
    return f"{told}, but do without {names}, flagged: --without-flagged leaves such runs out"


def widths_in_words(plan: Plan) -> list[str]:
    """Say what ± is: one line, or none where it is not written."""
    runs = [*plan.purchases, *filter(None, [plan.nearer])]
    if plan.is_told or not any(find_half_widths(run.told) for run in runs):
        return []
    return [
        "± are expected half widths, if the runs come out as expected: where the loss of the "
        "target lies is to be told once they are trained"
    ]


def before_in_words(told: LossForecast, target: Target, loss: str, N: str, n_runs: int) -> str:
    """Say what the runs tell of the target now."""
    runs = f"{n_runs} run{'s' * (n_runs != 1)}"
    what = f"{loss} at {N} = {shorten(target.N)}, D = {shorten(target.D)}, from {runs}"
    law, bet = told_in_words(told)
    if bet == "-":
        return f"{what}: not to be told yet: {told.doubt}"
    at = level_in_words(target.level)
    return f"{what}: {told.loss:.4f} nats/token\n  if the law holds: {law}; to bet on: {bet} ({at})"


def row_of(name: str, run: Purchase, prices: Prices, placed: bool = True) -> list[str]:
    """Give the cells of a line of the table; `placed` as `told_in_words` takes it."""
    counts = [shorten(run.N), f"{run.D / run.N:.3g}", shorten(run.D), flops_in_words(run.C, 2)]
    bill = hours_and_money(run.C, prices)
    return [name, *counts, *bill, f"{run.loss:.3f}", *told_in_words(run.told, placed)]


def stop_in_words(plan: Plan, target: Target, budget: float, cheapest: float, most: int) -> str:
    """Say why to stop, and how far from a tolerance that is not reached."""
    why = _why_in_words(plan, target, budget, cheapest, most)
    if target.tolerance is None or plan.stop in ("tolerance", "unsound"):
        return why
    told = plan.purchases[-1].told if plan.purchases else plan.before
    halves = find_half_widths(told)
    then = "" if halves is None else f", the bet leaves {percent(halves[1])} to either side"
    nearer = None if plan.nearer is None else find_half_widths(plan.nearer.told)
    if halves is not None and nearer is not None:
        then += f", with the run nearer the target {percent(nearer[1])}"
    return f"{why}; the tolerance, {100 * target.tolerance:.3g}%, is not reached{then}"


def _why_in_words(plan: Plan, target: Target, budget: float, cheapest: float, most: int) -> str:
    told = plan.purchases[-1].told if plan.purchases else plan.before
    left = budget - sum(run.C for run in plan.purchases)
    law, bet = (percent(half) for half in find_half_widths(told) or (math.nan, math.nan))
    match plan.stop:
        case "unsound":
            return "the runs give no sound fit: put them right first, then plan again"
        case "tolerance":
            return (
                f"inside the tolerance: the bet leaves {bet} of the loss to either side, "
                f"{100 * (target.tolerance or 0):.3g}% are asked for"
            )
        case "misfit":
            return (
                f"the law holds the target to {law} of the loss, closer than laws have held real "
                "runs: more runs like these hardly help, one nearer the target does"
            )
        case "gain":
            what = f"takes {100 * LEAST_GAIN:g}% off the uncertainty of the target"
            within = (
                f"the {flops_in_words(left, 2)} FLOPs that are left"
                if plan.purchases
                else "the budget"
            )
            return f"no run within {within} {what}{_worth_in_words(plan)}"
        case "budget":
            price = f", a run takes {flops_in_words(cheapest, 2)}" if left < cheapest else ""
            has = f"{flops_in_words(left, 2)} FLOPs are left{price}"
            return f"nothing else of the grid is affordable: {has}"
        case "most":
            planned = "1 run is planned" if most == 1 else f"{most} runs are planned"
            return f"{planned}, the most that were asked for: train, then plan again"


def _worth_in_words(plan: Plan) -> str:
    """Name the cheapest run that would be worth it."""
    if plan.worth is None:
        return "; nor does any more expensive one of the grid"
    N, D = plan.worth
    run = f"N = {shorten(N)} at M = {D / N:.3g}, {flops_in_words(training_flops(N, D), 2)} FLOPs"
    return f"; the cheapest that does is {run}"


def nearer_in_words(run: Purchase, prices: Prices, target: Target, placed: bool) -> str:
    """Name the run that halves the allowance, its price and what it would leave open."""
    _, bet = told_in_words(run.told, placed)
    then = "" if bet == "-" else f"; with it, to bet on: {bet}"
    share = f"{100 * run.C / target.C:.2g}% of the target's compute"
    return (
        f"nearer the target: N = {shorten(run.N)} at M = {number_in_words(run.D / run.N)}, "
        f"{price_in_words(run.C, prices)}, {share}{then}"
    )


def rule_in_words(rule: BuyingRule) -> str:
    """Say how a run is chosen."""
    return f"each is the best gain at the target over FLOPs^{rule.kappa:g}"
