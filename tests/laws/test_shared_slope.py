"""One slope for all tasks: the formula by hand, planted truth, and what must stay where it is."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import pearsonr

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
