"""Posterior of the error law: against a dense grid, on planted tables, and where it cannot tell."""

from __future__ import annotations

from dataclasses import astuple, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom
from scipy.stats import t as student

from scaling.laws.error_posterior import ErrorBelief, find_error_posterior
from scaling.laws.law import ErrorLaw

BELIEF = ErrorBelief(gamma_0=0.9, tau=0.7, s_0=0.006, nu=1.0)
LOSS = np.array([5.2, 4.1, 3.6, 3.2, 4.6, 2.8])
ENDS = [0.05, 0.5, 0.95]


def plant(rng: np.random.Generator, gamma: float, noise: float) -> np.ndarray:
    exact = ErrorLaw(0.86, 2.2, gamma).predict(LOSS)
    return np.asarray(exact) + noise * rng.standard_normal(len(LOSS))


def quantiles_on_a_dense_grid(error, loss: float, belief: ErrorBelief) -> np.ndarray:
    """Least squares at each of 4,000 rates, summed; quantiles by bisection."""
    z = np.linspace(-6, 6, 4001)
    centre, weight, parts = LOSS.mean(), [], []
    for gamma in belief.gamma_0 * np.exp(belief.tau * z):
        rise = [(1 - np.exp(-gamma * (x - centre))) / gamma for x in (LOSS, loss)]
        X, g = np.column_stack([np.ones(len(LOSS)), rise[0]]), np.array([1.0, rise[1]])
        beta, *_ = np.linalg.lstsq(X, error, rcond=None)
        dof = belief.nu + len(LOSS) - 2
        total = belief.nu * belief.s_0**2 + np.sum((error - X @ beta) ** 2)
        precision = X.T @ X
        scale = np.sqrt(total / dof * g @ np.linalg.inv(precision) @ g)
        weight.append(-np.linalg.slogdet(precision)[1] / 2 - dof / 2 * np.log(total))
        parts.append((g @ beta, scale, dof))
    weight = np.array(weight) - z**2 / 2
    weight = np.exp(weight - weight.max())
    weight /= weight.sum()
    middle, scale, dof = np.transpose(parts)
    found = []
    for p in ENDS:
        lo, hi = -10.0, 10.0
        for _ in range(80):
            x = (lo + hi) / 2
            below = (weight * student.cdf((x - middle) / scale, dof)).sum() < p
            lo, hi = (x, hi) if below else (lo, x)
        found.append(lo)
    return np.array(found)


@pytest.mark.parametrize("gamma", [0.2, 0.8, 2.5])
@pytest.mark.parametrize("loss", [2.4, 3.0])
def test_quantiles_are_those_of_a_dense_grid(gamma, loss):
    error = plant(np.random.default_rng(1), gamma, 0.01)
    found = find_error_posterior(LOSS, error, BELIEF).at(loss).quantile(ENDS)[:, 0]
    expected = quantiles_on_a_dense_grid(error, loss, BELIEF)
    assert found == pytest.approx(expected, abs=5e-3 * (expected[2] - expected[0]))


def test_planted_truths_lie_inside_as_often_as_said():
    """Rate and noise from what is believed, error and slope at the centre from anywhere.

    Of 1,000 tables; the law's interval holds the law, that of a run a run.
    """
    rng, n, target, belief = np.random.default_rng(3), 1000, 2.4, replace(BELIEF, nu=4.0)
    gamma = belief.gamma_0 * np.exp(belief.tau * rng.standard_normal((n, 1)))
    noise = belief.s_0 * np.sqrt(belief.nu / rng.chisquare(belief.nu, (n, 1)))
    middle, slope = rng.normal(0.7, 1.0, (n, 1)), rng.normal(0.1, 1.0, (n, 1))
    rise = (1 - np.exp(-gamma * (np.append(LOSS, target) - LOSS.mean()))) / gamma
    truth = middle + slope * rise
    measured = truth + noise * rng.standard_normal(truth.shape)
    mixture = find_error_posterior(LOSS, measured[:, :-1], belief).at(np.full(n, target))
    least, most = binom.ppf([0.005, 0.995], n, 0.9)
    for of_a_run, asked in ((False, truth), (True, measured)):
        lo, hi = mixture.quantile([0.05, 0.95], of_a_run=of_a_run)
        assert least <= ((lo <= asked[:, -1]) & (asked[:, -1] <= hi)).sum() <= most


@given(st.floats(0.05, 6.0), st.floats(1e-4, 0.05), st.integers(0, 2**32 - 1))
def test_a_run_is_less_sure_than_the_law_and_both_grow_with_distance(gamma, noise, seed):
    error = plant(np.random.default_rng(seed), gamma, noise)
    posterior = find_error_posterior(LOSS, error, BELIEF)
    widths = []
    for of_a_run in (False, True):
        lo, middle, hi = posterior.at([2.7, 2.0]).quantile(ENDS, of_a_run=of_a_run)
        assert (lo <= middle).all()
        assert (middle <= hi).all()
        widths.append(hi - lo)
    assert (widths[1] > widths[0]).all()
    assert widths[0][1] > widths[0][0]


def test_order_and_batch_do_not_matter():
    rng = np.random.default_rng(5)
    errors = np.array([plant(rng, gamma, 0.01) for gamma in (0.3, 0.9, 2.0)])
    order = rng.permutation(len(LOSS))
    batch = find_error_posterior(LOSS, errors, BELIEF).at([2.4] * 3).quantile(ENDS)
    for k, error in enumerate(errors):
        one = find_error_posterior(LOSS[order], error[order], BELIEF).at(2.4).quantile(ENDS)
        assert one[:, 0] == pytest.approx(batch[:, k], abs=1e-9)


def test_losses_far_apart_and_rates_far_up_stay_finite():
    loss = np.array([11.0, 9.0, 6.0, 4.0, 3.0])
    error = ErrorLaw(0.9, 2.2, 1.2).predict(loss)
    mixture = find_error_posterior(loss, error, replace(BELIEF, tau=1.5)).at([2.5, 12.0])
    assert np.isfinite(mixture.quantile(ENDS)).all()


def test_runs_of_one_loss_leave_others_open():
    posterior = find_error_posterior([3.0] * 5, [0.6, 0.61, 0.59, 0.6, 0.6], BELIEF)
    lo, _, hi = posterior.at(2.5).quantile(ENDS)
    assert lo == -np.inf
    assert hi == np.inf


@pytest.mark.parametrize("value", [0.0, -1.0, np.inf, np.nan])
@pytest.mark.parametrize("name", ["gamma_0", "tau", "s_0", "nu"])
def test_what_is_no_belief_is_refused(name, value):
    with pytest.raises(ValueError, match="belief must be finite and > 0"):
        replace(BELIEF, **{name: value})
    assert all(np.isfinite(astuple(BELIEF)))
