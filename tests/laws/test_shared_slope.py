"""One slope for all tasks: the formula by hand, planted truth, and what must stay where it is."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import pearsonr

from scaling.laws.logistic import Logistic, fit_logistic
from scaling.laws.shared_slope import (
    find_ceiling,
    find_last,
    follow_loss,
    log_reducible,
    look_ahead,
    move_odds,
)

SHARES = st.floats(0.0, 1.0)


def test_progress_rises_as_the_loss_falls():
    assert log_reducible(3.0, 1.0) == pytest.approx(-math.log(2))
    assert log_reducible([3.0, 2.0], 1.0).tolist() == pytest.approx([-math.log(2), 0.0])
    assert log_reducible(2.0, 5.0) == pytest.approx(-math.log(0.02))  # E above the loss
    assert log_reducible(2.0, -1.0) == pytest.approx(-math.log(3.0))


def test_odds_by_hand():
    """Chance 1/4, error 0.6: a = 0.2, odds 1/4; times 4 they are 1, a' = 0.5, error 0.375."""
    assert move_odds(0.6, 0.75, 4.0) == pytest.approx(0.375)
    assert move_odds(0.375, 0.75, 0.25) == pytest.approx(0.6)


@given(SHARES, st.floats(0.01, 1.0), st.floats(0.05, 20.0))
def test_what_guesses_stays_and_nothing_leaves_its_range(error, ceiling, growth):
    moved = float(move_odds(error, ceiling, growth))
    if error >= ceiling:
        assert moved == pytest.approx(error)
    else:
        assert -1e-12 <= moved <= ceiling + 1e-12
        assert (moved <= error + 1e-12) == (growth >= 1) or moved == pytest.approx(error)
    assert float(move_odds(0.0, ceiling, growth)) == pytest.approx(0.0, abs=1e-12)


def test_how_far_a_task_follows_is_the_correlation():
    rng = np.random.default_rng(0)
    x = np.sort(rng.normal(size=9))
    errors = np.array([0.8 - 0.1 * x, 0.8 - 0.1 * x + 0.05 * rng.normal(size=9), 0.5 + 0.1 * x])
    errors = np.vstack([errors, np.full(9, 0.7)])
    expected = [1.0, -pearsonr(x, errors[1])[0], 0.0, 0.0]
    assert follow_loss(x, errors) == pytest.approx(expected)
    errors[1, [2, 7]] = np.nan
    seen = np.isfinite(errors[1])
    assert follow_loss(x, errors)[1] == pytest.approx(-pearsonr(x[seen], errors[1, seen])[0])


def test_how_far_a_task_follows_does_not_depend_on_how_far_it_moves():
    x, noise = np.linspace(-1.0, 1.0, 9), np.random.default_rng(1).normal(size=9)
    far = 0.5 - 0.1 * x + 0.05 * noise
    errors = np.array([0.5 + share * (far - 0.5) for share in (1.0, 1e-3, 1e-6)])
    assert follow_loss(x, errors) == pytest.approx([-pearsonr(x, far)[0]] * 3)


def test_the_last_run_is_the_last_that_was_measured():
    errors = np.array([[0.1, 0.2, np.nan], [0.1, np.nan, 0.3], [0.4, np.nan, np.nan]])
    assert find_last(errors).tolist() == [1, 2, 0]
    assert find_ceiling(errors, [0.25, np.nan, 0.5]).tolist() == [0.75, 0.3, 0.5]


def test_outlook_by_hand():
    """A task that follows entirely, one at guessing, one that does not follow: b = 2."""
    x, target = np.array([-1.0, -0.5, 0.0]), 0.5 * math.log(4)
    errors = np.array([[0.9, 0.8, 0.7], [0.76, 0.78, 0.75], [0.5, 0.6, 0.7]])
    ahead = look_ahead(x, errors, [0.0, 0.25, 0.0], target, b=2.0)
    moved = 1 - (0.3 / 0.7 * 4) / (1 + 0.3 / 0.7 * 4)
    assert ahead.r.tolist() == pytest.approx([1.0, -pearsonr(x, errors[1])[0], 0.0])
    assert ahead.predicted[:, 0].tolist() == pytest.approx([moved, 0.75, 0.7])
    assert ahead.move[0, 0] == pytest.approx(0.7 - moved)
    assert ahead.move[2, 0] == pytest.approx(0.7 - moved)
    assert ahead.last.tolist() == [0.7, 0.75, 0.7]


def test_a_planted_slope_comes_out_exactly():
    E, b, L = 1.7, 2.2, np.array([3.5, 3.2, 3.0, 2.8])
    x = log_reducible(L, E)
    odds = 0.2 * np.exp(b * (x - x[-1]))
    error = 0.5 * (1 - odds / (1 + odds))
    target = log_reducible(2.4, E)
    ahead = look_ahead(x, error[None], [0.5], target, b)
    there = 0.2 * ((2.8 - E) / (2.4 - E)) ** b
    full = 0.5 * (1 - there / (1 + there))
    assert error[-1] - ahead.move[0, 0] == pytest.approx(full, abs=1e-12)
    assert ahead.predicted[0, 0] == pytest.approx(error[-1] - ahead.r[0] * ahead.move[0, 0])


# --- logistic laws -------------------------------------------------------------------------

FREE = Logistic(b=2.0, b_std=100.0, reach=1e6, noise=1e-4)


def planted(u, level, slope, chance):
    return (1 - chance) / (1 + np.exp(level + slope * u))


def test_a_planted_logistic_law_comes_out():
    u = [np.linspace(-1, 0, 12), np.linspace(-0.9, 0, 10)]
    errors = [planted(u[0], 0.4, 3.0, 0.25)[None], planted(u[1], -0.6, 3.0, 0.25)[None]]
    found = fit_logistic(u, errors, np.array([0.25]), np.array([1e9]), FREE)
    assert found[0] == pytest.approx([0.4, -0.6, 3.0], abs=1e-3)


def test_a_tight_prior_holds_the_slope_and_a_noisy_task_is_pulled_more():
    u = np.linspace(-1, 0, 12)
    errors = np.vstack([planted(u, 0.4, 4.0, 0.0)] * 2)
    prior = Logistic(b=2.0, b_std=0.5, reach=1e6, noise=0.0)
    found = fit_logistic([u], [errors], np.zeros(2), np.array([1e6, 10.0]), prior)[:, -1]
    assert found[0] == pytest.approx(4.0, abs=0.02)
    assert 2.0 < found[1] < 3.0
    tight = FREE._replace(b_std=1e-6)
    held = fit_logistic([u], [errors], np.zeros(2), np.array([1e6, 10.0]), tight)
    assert held[:, -1] == pytest.approx([2.0, 2.0], abs=1e-3)


def test_far_runs_count_less_within_reach():
    """A kink: slope 1 far off, slope 4 near the last run."""
    u = np.linspace(-2, 0, 40)
    z = np.where(u < -0.5, -2.0 + 1.0 * (u + 0.5), -2.0 + 4.0 * (u + 0.5))
    error = (1 / (1 + np.exp(z)))[None]
    slopes = [
        fit_logistic([u], [error], np.zeros(1), np.array([1e6]), FREE._replace(reach=reach))[0, -1]
        for reach in (0.05, 10.0)
    ]
    assert slopes[0] == pytest.approx(4.0, abs=0.1)
    assert slopes[1] < 3.0


def test_a_training_set_without_evidence_has_ones_own_level():
    """Its runs lie far beyond the reach."""
    u = [np.linspace(-1, 0, 12), np.full(3, -60.0)]
    errors = [planted(u[0], 0.4, 3.0, 0.25)[None], np.full((1, 3), 0.5)]
    found = fit_logistic(u, errors, np.array([0.25]), np.array([1e9]), FREE._replace(reach=1.0))
    assert found[0] == pytest.approx([0.4, 0.4, 3.0], abs=1e-3)


def test_ten_times_the_noise_and_a_prior_ten_times_as_wide_weigh_the_same():
    u = np.linspace(-1, 0, 12)
    errors, n_items = planted(u, 0.4, 4.0, 0.0)[None], np.array([1e12])
    slopes = [
        fit_logistic([u], [errors], np.zeros(1), n_items, Logistic(2.0, b_std, 1e6, noise))[0, -1]
        for b_std, noise in ((0.01, 0.001), (0.1, 0.01))
    ]
    assert 2.1 < slopes[0] < 3.9
    assert slopes[1] == pytest.approx(slopes[0], abs=0.01)
