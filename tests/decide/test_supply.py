"""A law and the tokens there are: optima under repetition, limits, and losses out of reach."""

from __future__ import annotations

import math

import numpy as np
import pytest

from scaling.costs import total
from scaling.decide.supply import Supply
from scaling.laws.law import LossSurface
from scaling.laws.repeated import ALPHA, LOG_A, LOG_B, LOG_E

PRINTED = LossSurface(math.exp(LOG_E), math.exp(LOG_A), math.exp(LOG_B), ALPHA, ALPHA)
FREE = LossSurface(1.69, 406.4, 410.7, 0.336, 0.283)
SUPPLIES = [Supply(law, U) for law in (PRINTED, FREE) for U in (math.inf, 1e12, 3e10)]


@pytest.mark.parametrize("supply", SUPPLIES)
@pytest.mark.parametrize("tokens", [0.0, 1e11, 1e13])
def test_the_cheapest_size_of_a_loss(supply, tokens):
    loss = 1.05 * supply.lowest
    size = supply.least_total(loss, tokens)
    assert supply.predict(*size) == pytest.approx(loss, rel=1e-10)
    assert abs(supply.imbalance(*size, tokens)) < 1e-8
    N = size.N * np.exp(np.linspace(-0.2, 0.2, 41))
    D = np.array([float(supply.tokens_needed(n, loss)) for n in N])
    assert np.argmin(total.Model(N, D).total_flops(tokens)) == 20
    assert float(total.Model(*size).total_flops(tokens)) > 0


@pytest.mark.parametrize("supply", SUPPLIES)
def test_other_ways_to_the_same_size(supply):
    size = supply.least_total(1.05 * supply.lowest, 1e12)
    budget = 6 * size.N * size.D + 2 * size.N * 1e12
    assert supply.best_for_budget(budget, 1e12) == pytest.approx(size, rel=1e-8)
    assert supply.break_even_tokens(*size) == pytest.approx(1e12, rel=1e-6)
    M = size.D / size.N
    assert supply.at_multiplier(M, 1.05 * supply.lowest) == pytest.approx(size, rel=1e-8)


def test_the_demand_that_makes_a_model_the_cheapest():
    fresh, (N, D) = Supply(FREE), FREE.optimal_allocation(1e22)
    assert abs(fresh.break_even_tokens(N, D)) < 1e-3 * D
    assert fresh.break_even_tokens(2 * N, D) < 0


def test_plenty_of_tokens_are_as_good_as_fresh_ones():
    fresh, plenty = Supply(FREE), Supply(FREE, 1e18)
    assert plenty.least_total(2.3, 1e12) == pytest.approx(fresh.least_total(2.3, 1e12), rel=1e-9)
    assert plenty.lowest == pytest.approx(FREE.E, abs=0.01)


def test_what_repeated_tokens_cannot_do():
    """No loss below that of 16.39 U tokens; here also none below the limit of the parameters."""
    supply = Supply(PRINTED, 1e9)
    assert supply.lowest > PRINTED.predict(1e30, 16.387756e9)
    assert supply.lowest == pytest.approx(float(supply.predict(1e15, 1e15)), rel=1e-9)
    for find in (supply.least_total, lambda loss: supply.at_multiplier(20.0, loss)):
        with pytest.raises(ValueError, match=r"the lowest that 1B different tokens allow"):
            find(supply.lowest)
    with pytest.raises(ValueError, match="the irreducible loss E = 1.69, got 1.6"):
        Supply(FREE).least_total(1.6)


def test_repetition_makes_a_larger_model_the_cheapest():
    """Tokens that are worth less shift the balance to parameters."""
    sizes = [Supply(PRINTED, U).least_total(2.4, 1e12) for U in (math.inf, 3e10, 1.5e10)]
    assert sizes[0].N < sizes[1].N < sizes[2].N


def test_what_nobody_can_spend_is_spent_to_the_end():
    """Far beyond all use a search ends at the nearest that it knows, and raises nothing."""
    supply = Supply(FREE, 1e13)
    size = supply.least_total(2.4, 1e60)
    assert supply.predict(*size) == pytest.approx(2.4)
    assert size.N < supply.least_total(2.4, 1e15).N
    assert Supply(FREE, 1e6).break_even_tokens(1e9, 1e13) == math.inf
    lowest = supply.lowest
    with pytest.raises(ValueError, match="out of reach"):
        supply.least_total(lowest * (1 + 1e-12))
    near = supply.least_total(lowest * (1 + 1e-6), 1e12)
    assert supply.predict(*near) == pytest.approx(lowest, rel=1e-5)


def test_tokens_that_are_never_enough():
    supply = Supply(PRINTED, 1e10)
    laws = LossSurface(np.array([1.5, 2.3]), PRINTED.A, PRINTED.B, ALPHA, ALPHA)
    needed = supply.tokens_needed(1e9, 2.5, laws)
    assert np.isfinite(needed[0])
    assert np.isinf(needed[1])
