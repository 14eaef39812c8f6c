"""Least total cost: the condition of the optimum, its limits, and what others printed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaling.costs.total import (
    Model,
    best_for_budget,
    least_total,
    over_training_cost,
    tokens_factor,
    tokens_needed,
)
from scaling.laws.law import LossLaw, LossSurface

FREE = LossSurface(1.69, 406.4, 410.7, 0.336, 0.283)
TIED = LossLaw(1.8, 150.0, 300.0, 0.27)
LOSSES, DEMANDS = np.linspace(2.0, 4.0, 9)[:, None], np.append(0.0, np.logspace(6, 18, 12))


def imbalance(law, model: Model, tokens) -> np.ndarray:
    """How far the two sides of the condition are apart, relatively."""
    beta = getattr(law, "beta", law.alpha)
    left = law.alpha * law.A * model.N**-law.alpha / (beta * law.B * model.D**-beta)
    return left / (1 + np.asarray(tokens) / (3 * model.D)) - 1


@pytest.mark.parametrize("law", [FREE, TIED])
def test_the_cheapest_model_of_a_loss_obeys_the_condition(law):
    model = least_total(law, LOSSES, DEMANDS)
    assert np.abs(imbalance(law, model, DEMANDS)).max() < 1e-8
    losses = law.predict(model.N.ravel(), model.D.ravel()).reshape(model.N.shape)
    np.testing.assert_allclose(losses, np.broadcast_to(LOSSES, losses.shape), rtol=1e-12)


exponents = st.floats(0.05, 1.5)
logs = st.floats(-3, 12)


@given(exponents, exponents, logs, logs, st.floats(-3, 1.5), st.floats(0, 24))
def test_the_condition_holds_for_any_law_and_demand(alpha, beta, log_A, log_B, log_gap, log_T):
    law = LossSurface(1.5, 10.0**log_A, 10.0**log_B, alpha, beta)
    tokens = 10.0**log_T
    for model in (
        least_total(law, 1.5 + 10.0**log_gap, tokens),
        best_for_budget(law, 1e22, tokens),
    ):
        if np.all(np.isfinite([model.N, model.D])) and model.N > 0:
            assert abs(imbalance(law, model, tokens)) < 1e-8


@pytest.mark.parametrize("law", [FREE, TIED])
def test_no_other_model_of_the_loss_is_cheaper(law):
    best = least_total(law, 2.4, 1e12)
    N = float(best.N) * np.exp(np.linspace(-1.0, 1.0, 2_001))
    other = Model(N, tokens_needed(law, N, 2.4)).total_flops(1e12)
    assert np.argmin(other) == 1_000


@pytest.mark.parametrize("law", [FREE, TIED])
def test_without_a_demand_it_is_compute_optimal(law):
    model = least_total(law, 2.5)
    N, D = law.optimal_allocation(float(model.training_flops()))
    assert (float(model.N), float(model.D)) == pytest.approx((N, D), rel=1e-10)
    few = least_total(law, 2.5, 1.0)
    assert float(few.N) == pytest.approx(N, rel=1e-9)
    spent = best_for_budget(law, 1e21)
    assert (float(spent.N), float(spent.D)) == pytest.approx(
        law.optimal_allocation(1e21), rel=1e-12
    )


def test_with_a_huge_demand_it_is_as_small_as_the_loss_allows():
    limit = (FREE.A / (2.4 - FREE.E)) ** (1 / FREE.alpha)
    sizes = least_total(FREE, 2.4, np.logspace(12, 40, 8)).N
    assert np.all(np.diff(sizes) < 0)
    assert sizes[-1] == pytest.approx(limit, rel=1e-4)
    assert np.all(sizes > limit)


def test_a_budget_and_its_best_loss_are_two_views_of_one_model():
    model = least_total(FREE, LOSSES, DEMANDS)
    again = best_for_budget(FREE, model.total_flops(DEMANDS), DEMANDS)
    np.testing.assert_allclose(again.N, model.N, rtol=1e-9)
    np.testing.assert_allclose(again.total_flops(DEMANDS), model.total_flops(DEMANDS), rtol=1e-12)


@given(st.floats(-6, 6), st.floats(-6, 6))
def test_units_of_parameters_and_tokens_change_nothing(log_n, log_d):
    n, d = 10.0**log_n, 10.0**log_d
    other = LossSurface(
        FREE.E, FREE.A * n**-FREE.alpha, FREE.B * d**-FREE.beta, FREE.alpha, FREE.beta
    )
    model, again = least_total(FREE, 2.4, 1e12), least_total(other, 2.4, 1e12 / d)
    assert (float(again.N * n), float(again.D * d)) == pytest.approx(
        (float(model.N), float(model.D)), rel=1e-9
    )


def test_one_call_answers_for_every_law():
    laws = LossSurface(*(np.array([a, b]) for a, b in zip(
        (1.69, 406.4, 410.7, 0.336, 0.283), (1.8172, 482.01, 2085.43, 0.3478, 0.3658), strict=True
    )))  # fmt: skip
    both = least_total(laws, 2.3, 1e12)
    alone = least_total(LossSurface(1.8172, 482.01, 2085.43, 0.3478, 0.3658), 2.3, 1e12)
    assert both.N[1] == pytest.approx(float(alone.N), rel=1e-12)


def test_what_cannot_be_had_is_infinite_and_what_is_no_law_is_not_a_number():
    laws = LossSurface(np.array([1.7, 2.5, 1.7]), np.array([400.0, 400.0, -1.0]), 400.0, 0.3, 0.3)
    model = least_total(laws, 2.4, 1e12)
    assert np.isfinite(model.N[0])
    assert np.isinf(model.N[1])
    assert np.isnan(model.N[2])
    assert np.isinf(model.total_flops(1e12)[1])


@pytest.mark.parametrize("tokens", [-1.0, np.inf, np.nan])
def test_a_demand_that_is_none_is_refused(tokens):
    with pytest.raises(ValueError, match="tokens served must be finite and 0 or more"):
        least_total(FREE, 2.4, tokens)


@pytest.mark.parametrize("budget", [0.0, -1.0, np.inf])
def test_a_budget_that_is_none_is_refused(budget):
    with pytest.raises(ValueError, match="budget must be finite and above 0"):
        best_for_budget(FREE, budget)


def test_along_a_line_of_equal_loss():
    N, D = FREE.optimal_allocation(1e23)
    model, k = Model(np.float64(N), np.float64(D)), np.array([0.5, 1.0, 2.0])
    needed = tokens_needed(FREE, k * N, FREE.predict(N, D))
    np.testing.assert_allclose(tokens_factor(FREE, model, k) * D, needed, rtol=1e-10)
    assert tokens_factor(FREE, model, 0.05) == np.inf
    assert needed[1] == pytest.approx(FREE.solve_D(N, FREE.predict(N, D)))
    assert tokens_needed(FREE, 1e6, 2.0) == np.inf


@pytest.mark.parametrize(("alpha", "printed"), [(0.242, (0.30, 0.58, 1.03))])
def test_over_training_at_equal_loss_in_closed_form(alpha, printed):
    cost = over_training_cost(LossLaw(1.5, 140.0, 190.0, alpha), [8, 16, 32])
    assert cost.round(2).tolist() == list(printed)


@given(st.floats(0.1, 0.6), st.floats(1, 100))
def test_the_closed_form_is_what_the_models_cost(alpha, m):
    law = LossLaw(1.5, 140.0, 190.0, alpha)
    N = law.solve_N(m * law.M_opt, 2.5)
    optimum = float(least_total(law, 2.5).training_flops())
    own = over_training_cost(law, m)
    assert float(own) == pytest.approx(6 * N**2 * m * law.M_opt / optimum - 1, rel=1e-7, abs=1e-9)
    almost = LossSurface(1.5, 140.0, 190.0, alpha, alpha * (1 + 1e-9))
    assert float(over_training_cost(almost, m, 2.5)) == pytest.approx(float(own), abs=1e-6)
    with pytest.raises(ValueError, match="loss must be given"):
        over_training_cost(almost, m)
