"""How is a plan told? What to buy, what it costs, and why to stop, in words."""

from __future__ import annotations

from scaling.costs.compute import training_flops
from scaling.costs.money import Prices
from scaling.decide.plan import LEAST_GAIN, Plan, Purchase, Target
from scaling.decide.purchases import SHIPPED
from scaling.forecast.advice import shorten
from scaling.forecast.fitted import LossForecast
from scaling.forecast.words import ends_in_words, level_in_words

HEAD = (
    "run",
    "N",
    "M",
    "D",
    "FLOPs",
    "hours",
    "price",
    "own loss",
    "if the law holds",
    "to bet on",
)


def price_in_words(flops: float, prices: Prices) -> str:
    """Give compute, accelerator-hours and money."""
    hours, money = hours_and_money(flops, prices)
    return f"{flops:.2g} FLOPs, {hours} accelerator-hours, {money}"


def hours_and_money(flops: float, prices: Prices) -> tuple[str, str]:
    """Write accelerator-hours to three digits; money to small change, or whole from a hundred."""
    hours, money = prices.training_hours(flops), prices.training_money(flops)
    amount = f"{money:,.0f}" if money >= 100 else f"{money:.2f}"
    return f"{float(f'{hours:.3g}'):,.10g}", prices.label(amount)


def told_in_words(told: LossForecast) -> tuple[str, str]:
    """Give both intervals, or a dash for each."""
    if told.lo is None or told.hi is None or told.law_lo is None or told.law_hi is None:
        return "-", "-"
    return ends_in_words(told.law_lo, told.law_hi), ends_in_words(told.lo, told.hi)


def before_in_words(told: LossForecast, target: Target, loss: str, N: str, n_runs: int) -> str:
    """Say what the runs tell of the target now."""
    runs = f"{n_runs} run{'s' * (n_runs != 1)}"
    what = f"{loss} at {N} = {shorten(target.N)}, D = {shorten(target.D)}, from {runs}"
    law, bet = told_in_words(told)
    if bet == "-":
        return f"{what}: not to be told yet: {told.doubt}"
    at = level_in_words(target.level)
    return f"{what}: {told.loss:.4f} nats/token\n  if the law holds: {law}; to bet on: {bet} ({at})"


def row_of(name: str, run: Purchase, prices: Prices) -> list[str]:
    """Give the cells of a line of the table."""
    counts = [shorten(run.N), f"{run.D / run.N:.3g}", shorten(run.D), f"{run.C:.2g}"]
    bill = hours_and_money(run.C, prices)
    return [name, *counts, *bill, f"{run.loss:.3f}", *told_in_words(run.told)]


def stop_in_words(plan: Plan, target: Target, budget: float, cheapest: float, most: int) -> str:
    """Say why to stop."""
    told = plan.purchases[-1].told if plan.purchases else plan.before
    if plan.stop == "tolerance" and told.lo is not None and told.hi is not None:
        half = (told.hi - told.lo) / 2 / told.loss
        return (
            f"inside the tolerance: the bet leaves {100 * half:.2g}% of the loss to either side, "
            f"{100 * (target.tolerance or 0):.3g}% are asked for"
        )
    if plan.stop == "misfit" and told.law_lo is not None and told.law_hi is not None:
        half = (told.law_hi - told.law_lo) / 2 / told.loss
        return (
            f"the law holds the target to {100 * half:.2g}% of the loss, closer than laws have "
            "held real runs: more runs like these hardly help, one nearer the target does"
        )
    if plan.stop == "gain":
        what = f"takes {100 * LEAST_GAIN:g}% off the uncertainty of the target"
        return f"no run within the budget {what}{_worth_in_words(plan)}"
    if plan.stop == "budget":
        left = budget - sum(run.C for run in plan.purchases)
        return f"nothing else is affordable: {left:.2g} FLOPs are left, a run takes {cheapest:.2g}"
    return f"{most} runs are planned, the most that were asked for: train them, then plan again"


def _worth_in_words(plan: Plan) -> str:
    """Name the cheapest run that would be worth it."""
    if plan.worth is None:
        return "; nor does any dearer one of the grid"
    N, D = plan.worth
    run = f"N = {shorten(N)} at M = {D / N:.3g}, {training_flops(N, D):.2g} FLOPs"
    return f"; the cheapest that does is {run}"


def nearer_in_words(run: Purchase, prices: Prices, target: Target) -> str:
    """Name the run that halves the allowance, its price and what it would leave open."""
    _, bet = told_in_words(run.told)
    then = "" if bet == "-" else f"; with it, to bet on: {bet}"
    share = f"{100 * run.C / target.C:.2g}% of the target's compute"
    return (
        f"nearer the target: N = {shorten(run.N)} at M = {run.D / run.N:.3g}, "
        f"{price_in_words(run.C, prices)}, {share}{then}"
    )


def rule_in_words() -> str:
    """Say how a run is chosen."""
    return f"each is the best gain at the target over FLOPs^{SHIPPED.kappa:g}"
