"""A straight line in few points: Student's t exactly, scatter beside known noise, a parabola."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from scaling.laws.line import fit_bend, fit_line
from scaling.laws.observations import FitError

X = np.array([2.6, 3.1, 3.5, 3.9, 4.6, 5.4])
seeds = st.integers(0, 2**32 - 1)


def points(seed: int, scatter: float = 0.1) -> np.ndarray:
    """Heights of a line with scatter."""
    return 3 - 0.5 * X + scatter * np.random.default_rng(seed).standard_normal(len(X))


@given(seeds, st.floats(-2, 8), st.floats(0.5, 0.99))
def test_without_known_noise_it_is_the_ordinary_line(seed, at, level):
    """Slope, standard errors, and both intervals of a point, as SciPy has them."""
    y = points(seed)
    line, theirs = fit_line(X, y), stats.linregress(X, y)
    assert line.slope == pytest.approx(theirs.slope)
    assert line.slope_std == pytest.approx(theirs.stderr)
    assert line.read(0.0) == pytest.approx(theirs.intercept)
    s = np.sqrt(np.sum((y - theirs.intercept - theirs.slope * X) ** 2) / 4)
    leverage = 1 / 6 + (at - X.mean()) ** 2 / np.sum((X - X.mean()) ** 2)
    ends = (1 - level) / 2, (1 + level) / 2
    for scale, of_a_run in ((s * np.sqrt(leverage), False), (s * np.sqrt(1 + leverage), True)):
        expected = theirs.intercept + theirs.slope * at + scale * stats.t.ppf(ends, 4)
        assert line.at([at]).quantile(ends, of_a_run=of_a_run)[:, 0] == pytest.approx(expected)
    half = stats.t.ppf(ends[1], 4) * theirs.stderr
    assert line.bound_slope(level) == pytest.approx((theirs.slope - half, theirs.slope + half))


@given(seeds, st.floats(1e-6, 1e6), st.floats(1e-6, 1e6), st.floats(-1e3, 1e3))
def test_units_and_order_change_nothing(seed, x_unit, y_unit, shift):
    y, order = points(seed), np.random.default_rng(seed).permutation(len(X))
    line = fit_line(X, y, np.full(6, 0.05))
    other = fit_line(x_unit * X[order], y_unit * (y[order] + shift), np.full(6, 0.05 * y_unit))
    assert other.slope == pytest.approx(line.slope * y_unit / x_unit, rel=1e-6)
    assert other.slope_std == pytest.approx(line.slope_std * y_unit / x_unit, rel=1e-5)
    assert other.scatter == pytest.approx(line.scatter * y_unit, rel=1e-5, abs=1e-5 * y_unit)


@given(seeds, st.lists(st.floats(0.01, 0.5), min_size=6, max_size=6))
def test_scatter_is_what_known_noise_does_not_explain(seed, known):
    """Weighted squares are the degrees of freedom, or fewer where nothing else scatters."""
    y = points(seed)
    line = fit_line(X, y, known)
    left = np.sum(line.weigh(known) * (y - line.read(X)) ** 2)
    if line.scatter > 0:
        assert left == pytest.approx(4, rel=1e-6)
    else:
        assert left <= 4 * (1 + 1e-9)
    rows = np.stack([np.ones(6), X], axis=1) * np.sqrt(line.weigh(known))[:, None]
    found = np.linalg.lstsq(rows, y * np.sqrt(line.weigh(known)), rcond=None)[0]
    assert [line.read(0.0), line.slope] == pytest.approx(found)
    assert line.slope_std**2 == pytest.approx(np.linalg.inv(rows.T @ rows)[1, 1])


def test_a_noisier_point_pulls_less():
    y = 3 - 0.5 * X
    y[0] += 1
    usual = fit_line(X, y, np.full(6, 0.3))
    noisy = fit_line(X, y, [3.0, *[0.3] * 5])
    assert abs(noisy.slope + 0.5) < abs(usual.slope + 0.5)


def test_a_parabola_is_told_where_there_is_one_and_seldom_elsewhere():
    rng, n_tables = np.random.default_rng(3), 1000
    bent = 3 - 0.5 * X + 0.3 * (X - 4) ** 2
    line = fit_line(X, bent + 1e-3 * rng.standard_normal(6))
    bend = fit_bend(X, bent, line)
    assert bend.is_told
    assert bend.read(2.0) == pytest.approx(3 - 1 + 0.3 * 4)
    assert bend.leave(2.0) == pytest.approx(abs(bend.read(2.0) - line.read(2.0)))
    told = [
        fit_bend(X, y, fit_line(X, y)).is_told
        for y in 3 - 0.5 * X + 0.1 * rng.standard_normal((n_tables, 6))
    ]
    assert np.mean(told) == pytest.approx(0.1, abs=4 * np.sqrt(0.09 / n_tables))


@pytest.mark.parametrize(
    ("x", "y"),
    [([1.0, 2.0], [1.0, 2.0]), ([2.0] * 5, [1.0, 2, 3, 4, 5]), ([], [])],
)
def test_too_few_points_are_refused(x, y):
    with pytest.raises(FitError, match="a line needs"):
        fit_line(x, y)


@pytest.mark.parametrize("y", [np.zeros(6), np.full(6, 0.1), np.full(6, 1e30), 1e-300 * X])
def test_a_flat_line_and_tiny_numbers_are_no_fault(y):
    with np.errstate(all="raise", under="ignore"):
        line = fit_line(X, y)
    assert line.read(X) == pytest.approx(y, rel=1e-9, abs=1e-300)


def test_a_flat_line_with_known_noise_is_none_either():
    with np.errstate(all="raise", under="ignore"):
        line = fit_line(X, np.zeros(6), np.full(6, 0.5))
    assert (line.slope, line.scatter) == (0, 0)
    assert line.height_std == pytest.approx(0.5 / np.sqrt(6))


def test_a_perfect_line_has_next_to_no_width():
    line = fit_line(X, 3 - 0.5 * X)
    lo, hi = line.at([0.0]).quantile([0.05, 0.95], of_a_run=True)[:, 0]
    assert lo == pytest.approx(3)
    assert hi == pytest.approx(3)
    assert line.bound_slope(0.9) == pytest.approx((-0.5, -0.5))
