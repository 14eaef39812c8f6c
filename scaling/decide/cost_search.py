"""Which models come into question? Those of a loss, of a budget, or beside a given model."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from scaling.costs.money import LEAST
from scaling.costs.total import SERVING, TRAINING, Model, least_total
from scaling.decide.priced_models import (
    LEAST_LOSS,
    LEAST_MONEY,
    LEAST_TOTAL,
    OPTIMUM,
    OWN,
    CostCase,
    Findings,
    PricedModel,
    Range,
    Sensitivity,
)
from scaling.decide.supply import Supply
from scaling.forecast.fitted import FittedTable
from scaling.laws.draws import draw_laws
from scaling.laws.fit import FitError
from scaling.laws.law import LossLaw, LossSurface

USUAL_M, LONG_M = 20.0, 640.0  # a rule of thumb; 32 times it, the paper's longest over-training
HALF_AND_DOUBLE = (0.5, 2.0)  # of the utilisation that moves the bill most
MISSING = {"N": "another N", "D": "another D"}  # by what all runs share
LEAST_LOG_SHARE = -300.0  # of a budget, for training


def read_surface(fitted: FittedTable) -> LossSurface:
    """Give the law that weighs N against D.

    Raises
    ------
    FitError
        The runs lie on a line, the law is one in compute alone, or it does not fall in both.
    """
    law = fitted.fit.law
    if fitted.on_line:
        what = MISSING.get(fitted.design.shared, "another number of tokens per parameter")
        raise FitError(
            f"{fitted.design.in_words()}: they cannot say what parameters and what tokens are "
            f"worth apart; add a run of {what} (scaling plan says which)"
        )
    if isinstance(law, LossLaw):
        law = law.surface
    if not isinstance(law, LossSurface):
        raise FitError(
            "a law in compute alone does not weigh N against D: ask for prior, tied or free"
        )
    if not min(law.A, law.B, law.alpha, law.beta) > 0:
        raise FitError(
            f"the fitted law does not fall with both N and D (A = {law.A:.3g}, B = {law.B:.3g}): "
            "it cannot weigh one against the other"
        )
    return law


def cost_of_loss(case: CostCase, loss: float) -> Findings:
    """Find models that reach a loss, nats per token, and price them.

    Raises
    ------
    ValueError
        The loss is out of reach.
    """
    supply, served = case.supply, case.demand.total
    sizes = {
        OPTIMUM: supply.least_total(loss),
        LEAST_TOTAL: supply.least_total(loss, served),
        LEAST_MONEY: supply.least_total(loss, case.as_tokens),
        **{f"M = {M:g}": supply.at_multiplier(M, loss) for M in (USUAL_M, LONG_M)},
    }
    choices = case.price(sizes)
    in_doubt = any(each.told.doubt for each in choices if each.name == LEAST_MONEY)
    moved = [] if in_doubt else _move_mfu(case, loss)
    return _with_ranges(case, loss, Findings(choices, moved))


def find_floor(case: CostCase) -> Range | None:
    """What the runs leave open of the lowest loss there is; None where they do not tell it."""
    try:
        laws = draw_laws(case.fitted.posterior)
    except ValueError:
        return None
    return _range(case.supply.lowest_of(laws), case.level)


def cost_of_budget(case: CostCase, budget: float, in_money: bool = False) -> Findings:
    """Find models whose training and serving cost a budget, FLOPs or money, and price them."""
    served = case.demand.total
    if in_money:
        budget, served = budget / case.prices.of_training, case.as_tokens
    sizes = {
        OPTIMUM: _optimal_within(case.supply, budget, served),
        LEAST_LOSS: case.supply.best_for_budget(budget, served),
        **{f"M = {M:g}": _on_ray(M, budget, served) for M in (USUAL_M, LONG_M)},
    }
    found = Findings(case.price(sizes), [])
    try:
        supply = replace(case.supply, law=draw_laws(case.fitted.posterior))
    except ValueError:
        return found
    best, base = (supply.predict(*sizes[name]) for name in (LEAST_LOSS, OPTIMUM))
    return replace(found, order=_range(best / base, case.level))


def cost_of_model(case: CostCase, size: Model) -> Findings:
    """Price one model beside others of its loss, and find the demand beyond which it is too large.

    Without a demand only the model itself is priced.

    Raises
    ------
    ValueError
        With a demand, for a model whose loss is the lowest there is.
    """
    own = case.price({OWN: size})
    break_even = case.supply.break_even_tokens(*size)
    if case.demand.total == 0:
        return Findings(own, [], break_even=break_even)
    loss = float(case.supply.predict(*size))
    others = cost_of_loss(case, loss)
    choices = own + others.choices
    found = replace(others, choices=choices, break_even=break_even, order=None)
    try:
        laws = draw_laws(case.fitted.posterior)
    except ValueError:
        return found
    return replace(found, order=_compare_bills(case, loss, choices, OWN, laws))


def _on_ray(M: float, budget: float, served: float) -> Model:
    """Size of M tokens per parameter whose total, ``6 M N^2 + 2 N T``, is the budget."""
    N = budget / (math.sqrt(served**2 + TRAINING * M * budget) + served)
    return Model(N, M * N)


def _optimal_within(supply: Supply, budget: float, served: float) -> Model:
    """Size whose training is compute-optimal and whose total is the budget."""
    from scipy.optimize import brentq  # here: a table is checked without SciPy

    def excess(log_share: float) -> float:
        size = supply.best_for_budget(budget * math.exp(log_share))
        return math.exp(log_share) + SERVING * size.N * served / budget - 1

    share = brentq(excess, LEAST_LOG_SHARE, 0.0) if served else 0.0
    return supply.best_for_budget(budget * math.exp(share))


def _move_mfu(case: CostCase, loss: float) -> list[Sensitivity]:
    """Let written tokens reach half and twice the utilisation, at most all of the peak."""
    moved = []
    for factor in HALF_AND_DOUBLE:
        mfu = min(max(factor * case.prices.mfu_out, LEAST), 1.0)
        other = replace(case, prices=case.prices.change(mfu_out=mfu))
        size = other.supply.least_total(loss, other.as_tokens)
        moved.append(Sensitivity(mfu, size, other.bill(size)))
    return moved


def _with_ranges(case: CostCase, loss: float, costs: Findings) -> Findings:
    """Carry what the runs leave open through: tokens that each N needs, and the cheapest N."""
    try:
        laws = draw_laws(case.fitted.posterior)
    except ValueError:
        return costs
    supply, served = case.supply, case.demand.total
    costs = replace(costs, order=_compare_bills(case, loss, costs.choices, OPTIMUM, laws))
    choices = [
        each
        if each.told.doubt
        else replace(each, needed=_range(supply.tokens_needed(each.size.N, loss, laws), case.level))
        for each in costs.choices
    ]
    in_doubt = any(each.told.doubt for each in choices if each.name == LEAST_TOTAL)
    if supply.is_limited or in_doubt:
        return replace(costs, choices=choices)
    best = least_total(laws, loss, served)
    flops = best.total_flops(served)
    return replace(
        costs,
        choices=choices,
        range_N=_range(best.N, case.level),
        range_flops=_range(flops, case.level),
    )


def _compare_bills(
    case: CostCase, loss: float, choices: list[PricedModel], base: str, laws: LossSurface
) -> Range | None:
    """Bill of least money over that of another model, each trained until it has the loss."""
    size = {each.name: each.size for each in choices}
    bills = []
    for name in (LEAST_MONEY, base):
        N = size[name].N
        with np.errstate(over="ignore"):
            D = case.supply.tokens_needed(N, loss, laws)
            bills.append(case.bill(Model(N, D)).total)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = bills[0] / bills[1]
    return None if np.isnan(ratio).all() else _range(ratio, case.level)


def _range(values: NDArray[np.float64], level: float) -> Range:
    """Quantiles of what laws say; of those that fall in both N and D."""
    known = values[~np.isnan(values)]
    ends = ((1 - level) / 2, (1 + level) / 2)
    lo, hi = np.quantile(known, ends, method="inverted_cdf")
    return Range(float(lo), float(hi))
