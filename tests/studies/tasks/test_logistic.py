"""A logistic law for every task: planted truth, its prior, and what counts less."""

from __future__ import annotations

import numpy as np
import pytest

from scaling.studies.tasks.logistic import Logistic, fit_logistic

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
