"""Others' numbers on cost: by other ways than the scorecard's, and what their data say besides."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import brentq

from scaling.costs.total import Model, least_total
from scaling.laws.repeated import ALPHA, LOG_A, LOG_B, LOG_E, R_D, R_N
from scaling.studies.decide import published_costs
from scaling.studies.decide.published_costs import (
    LAWS,
    SARDANA_PRICES,
    compare_money,
    huber_of_decay,
    load_refit_runs,
    optimum_of_size,
    refit_decay,
)


def test_the_optimum_of_a_size_is_that_of_its_compute():
    law = LAWS["sardana"]
    model = optimum_of_size(law, 13e9)
    assert law.optimal_allocation(float(model.training_flops())) == pytest.approx(
        (13e9, float(model.D)), rel=1e-9
    )


def test_the_size_of_least_total_flops_by_plain_search():
    """Sardana's first case: the derivative of the total, found and solved with SciPy alone."""
    law, served = LAWS["sardana"], 2e12
    loss = law.predict(*optimum_of_size(law, 13e9))

    def total(log_N: float) -> float:
        N = math.exp(log_N)
        return 6 * N * law.solve_D(N, loss) + 2 * N * served

    def slope(log_N: float) -> float:
        return total(log_N + 1e-5) - total(log_N - 1e-5)

    N = math.exp(brentq(slope, math.log(5e9), math.log(13e9)))
    assert float(least_total(law, loss, served).N) == pytest.approx(N, rel=1e-4)


def test_a_lower_price_of_serving_would_explain_the_money_and_is_not_claimed():
    """With nine tenths of the price all six printed numbers come out, or nearly."""
    cheaper = SARDANA_PRICES.change(price_serving=0.9 * SARDANA_PRICES.price_serving)
    for N, requests, size, tokens, saved in (
        (30e9, 1.5e9, 16e9, 3.35e12, 0.17),
        (70e9, 35.1e9, 21.5e9, 27e12, 0.54),
    ):
        _, least, share = compare_money(N, requests, cheaper)
        assert float(least.N) == pytest.approx(size, rel=0.02)
        assert float(least.D) == pytest.approx(tokens, rel=0.03)
        assert share == pytest.approx(saved, abs=0.01)


def test_the_refit_rests_on_182_runs_of_7_million_to_9_billion_parameters():
    runs = load_refit_runs()
    assert len(runs) == 182
    assert not runs["run"].str.contains("seed").any()
    assert (runs["N"].min(), runs["N"].max()) == (7_098_752, 8.67e9)


@pytest.mark.parametrize("start", [(R_D, R_N), (4.0, 4.0), (12.0, 8.0)])
def test_the_refit_is_a_minimum_and_theirs_is_near_it(start):
    runs, found = load_refit_runs(), refit_decay(*start)
    assert found == pytest.approx((15.3718, 5.3151), abs=1e-3)
    least = huber_of_decay(runs, *found)
    assert least < huber_of_decay(runs, R_D, R_N) < least * (1 + 1e-6)
    for factor in (0.99, 1.01):
        assert huber_of_decay(runs, factor * found[0], found[1]) > least
        assert huber_of_decay(runs, found[0], factor * found[1]) > least


def test_another_pair_fits_the_same_runs_a_little_better():
    """So R_D* is not fixed by these runs: 15 and 47 epochs fit alike."""
    other, runs = refit_decay(47.0, 2.3), load_refit_runs()
    assert other == pytest.approx((46.99, 2.3296), rel=1e-3)
    ratio = huber_of_decay(runs, *other) / huber_of_decay(runs, *refit_decay())
    assert 0.998 < ratio < 1


def test_losses_of_repeated_data_are_those_of_the_law():
    runs = load_refit_runs().query("epochs == 1 and D > 20 * N")
    fresh = math.exp(LOG_E) + math.exp(LOG_A) * runs["N"] ** -ALPHA
    fresh += math.exp(LOG_B) * runs["D"] ** -ALPHA
    np.testing.assert_allclose(published_costs.predict_repeated(runs, R_D, R_N), fresh, rtol=1e-12)


def test_shares_of_the_peak_on_deepseeks_day():
    """37e9 active parameters, 8 accelerators of 1979 TFLOP/s in FP8 a node."""
    peak, active = 8 * 1979e12, 37e9
    assert 2 * active * 73.7e3 / peak == pytest.approx(0.34, abs=0.01)
    assert 2 * active * 14.8e3 / peak == pytest.approx(0.07, abs=0.005)
    fresh = 1 - 342 / 608  # of the tokens in, those that the cache did not hold
    assert fresh * 2 * active * 73.7e3 / peak == pytest.approx(0.15, abs=0.005)


def test_hoffmanns_rounded_constants_do_not_give_chinchilla():
    """The exercise: 70B on 1.4T was trained."""
    from scaling.laws.law import LossSurface

    for alpha, beta, N, D in ((0.34, 0.28, 32.2e9, 2.98e12), (0.3392, 0.2849, 40.3e9, 2.38e12)):
        law = LossSurface(1.69, 406.4, 410.7, alpha, beta)
        assert law.optimal_allocation(5.76e23) == pytest.approx((N, D), rel=2e-3)
    model = Model(np.array(70e9), np.array(1.4e12))
    assert float(model.training_flops()) == pytest.approx(5.88e23)
