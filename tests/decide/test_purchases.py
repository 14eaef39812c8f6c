"""Choices: shares and scores by hand, harm, weights, and what counts as the same run again."""

from __future__ import annotations

import numpy as np
import pytest

from scaling.decide.candidates import make_offer
from scaling.decide.gain import Cells, Variances, find_variances, read_law
from scaling.decide.purchases import SHIPPED, BuyingRule, Known, choose_next, is_like
from scaling.forecast.intervals import load_constants
from scaling.laws.law import LossLaw
from scaling.laws.posterior import find_posterior

N = np.array([1e7, 1e7, 8e7, 1.5e8])
CELLS = Cells(N, N * np.array([20, 160, 20, 20]))
LOSS = LossLaw(1.8, 150.0, 300.0, 0.28).predict(*CELLS) * np.array([1.004, 0.996, 1.003, 0.998])
TARGET = 6.9e9, 1.38e11
GRID = make_offer(N, TARGET, "1M:6.9B", "1:1000", 1.3).list_cells(TARGET)


def find_by_hand(cells: Cells, weights: np.ndarray | None = None) -> Variances:
    """Variances before and after each candidate, as the runs of this file have them."""
    law = read_law(find_posterior(*CELLS, LOSS, load_constants().belief, weights=weights))
    return find_variances(law, CELLS, cells, TARGET, SHIPPED.belief, SHIPPED.misfit, weights)


def test_a_share_is_what_a_run_takes_off_the_standard_deviation():
    choice = choose_next(Known(CELLS, LOSS), GRID, GRID.C, TARGET, 1e20)
    had = np.flatnonzero(~np.isnan(choice.shares))
    found = find_by_hand(GRID.take(had))
    before, after = np.sqrt(found.now), np.sqrt(found.after)
    np.testing.assert_allclose(choice.shares[had], (before - after) / before, rtol=1e-9, atol=1e-12)
    assert choice.gain == choice.shares[choice.which]
    assert choice.most == choice.shares[had].max() > choice.gain


def test_where_every_run_does_harm_a_dear_one_counts_the_worse_for_its_price():
    budget = 1e15
    choice = choose_next(Known(CELLS, LOSS), GRID, GRID.C, TARGET, budget)
    cheap = np.flatnonzero((budget >= GRID.C) & ~is_like(GRID, CELLS))
    gain, price = find_by_hand(GRID.take(cheap)).gain, GRID.C[cheap]
    assert (gain < 0).all()
    assert choice.which == cheap[np.argmax(gain * price**0.4)]
    assert choice.which != cheap[np.argmax(gain / price**0.4)]


def test_weights_count_in_the_law_and_in_the_gain():
    weights = np.array([1.0, 1.0, 1.0, 0.01])
    choice = choose_next(Known(CELLS, LOSS, weights), GRID, GRID.C, TARGET, 1e20)
    had = np.flatnonzero(~np.isnan(choice.shares))
    found = find_by_hand(GRID.take(had), weights)
    wanted = 1 - np.sqrt(found.after / found.now)
    np.testing.assert_allclose(choice.shares[had], wanted, rtol=1e-9, atol=1e-12)


def test_the_posterior_takes_the_weights():
    weights = np.array([1.0, 1.0, 1.0, 0.01])
    known, plain = Known(CELLS, LOSS, weights), Known(CELLS, LOSS)
    wanted = find_posterior(*CELLS, LOSS, load_constants().belief, weights=weights)
    median = float(known.find_posterior().at(*TARGET).quantile(0.5)[0])
    assert median == pytest.approx(float(wanted.at(*TARGET).quantile(0.5)[0]), rel=1e-12)
    assert median != pytest.approx(float(plain.find_posterior().at(*TARGET).quantile(0.5)[0]))


def test_the_power_of_the_price_decides_what_is_bought():
    """At 0.4 another run than at 0.3 or at 0.6."""
    grid = make_offer(N, TARGET).list_cells(TARGET)

    def buy(rule: BuyingRule = SHIPPED, cells: Cells = CELLS, loss: np.ndarray = LOSS):
        choice = choose_next(Known(cells, loss), grid, grid.C, TARGET, 3e20, rule)
        return grid.N[choice.which], grid.D[choice.which] / grid.N[choice.which]

    assert buy() == buy(BuyingRule(kappa=0.4)) == (3.2e8, 20)
    assert buy(BuyingRule(kappa=0.3)) == (3.2e8, 40)
    more, loss = CELLS.plus(3.2e8, 6.4e9), np.append(LOSS, 2.925)
    assert buy(cells=more, loss=loss) == (6.4e8, 40)
    assert buy(BuyingRule(kappa=0.6), more, loss) == (1e7, 40)


@pytest.mark.parametrize(
    ("apart", "again"),
    [((1.09, 1 / 1.09), True), ((1.11, 1.0), False), ((1.0, 1.11), False), ((0.9, 1.0), False)],
)
def test_a_run_within_a_tenth_in_both_counts_is_that_run_again(apart, again):
    cell = Cells(CELLS.N[:1] * apart[0], CELLS.D[:1] * apart[1])
    assert is_like(cell, CELLS).tolist() == [again]


def test_nothing_is_bought_where_nothing_is_affordable():
    assert choose_next(Known(CELLS, LOSS), GRID, GRID.C, TARGET, GRID.C.min() / 2) is None
