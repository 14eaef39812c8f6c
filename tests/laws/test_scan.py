"""Scan: the profile against plain least squares, its minima by hand, blocks that change nothing."""

from dataclasses import replace

import numpy as np
import pytest

from scaling.laws import scan
from scaling.laws.scan import Problem, find_basins, local_minima, profile, with_neighbours

RNG = np.random.default_rng(0)
POINTS = RNG.uniform(-3, 3, (2, 10))
WEIGHTS = RNG.uniform(0.2, 3, (5, 10))
TARGET = RNG.uniform(2, 4, (5, 10))
TIED = Problem(POINTS, (0, 0), 1e-2, 2.0, 24)
FREE = replace(TIED, exponent=(0, 1), n_grid=12)
SIGNED = Problem(POINTS[:1], (0,), 1e-2, 2.0, 24, signed=True)
PROBLEMS = {"tied": TIED, "free": FREE, "signed": SIGNED}
PROBLEMS |= {f"{name}, no constant": replace(p, constant=False) for name, p in PROBLEMS.items()}


@pytest.mark.parametrize("name", PROBLEMS)
def test_profile_is_the_residual_of_least_squares(name):
    problem = PROBLEMS[name]
    values = profile(problem, WEIGHTS, TARGET)
    assert values.shape == (5, len(problem.grid))
    for k in RNG.integers(0, len(problem.grid), 8):
        columns = np.exp(-problem.grid[k, problem.exponent, None] * problem.points)
        if problem.constant:
            columns = np.vstack([np.ones(10), columns])
        for fit, (w, y) in enumerate(zip(np.sqrt(WEIGHTS), TARGET, strict=True)):
            residual = w * y - (w * columns).T @ np.linalg.lstsq((w * columns).T, w * y)[0]
            assert values[fit, k] == pytest.approx(residual @ residual, rel=1e-7)


def test_a_run_of_weight_zero_is_left_out_of_the_profile():
    weights = WEIGHTS.copy()
    weights[:, 3] = 0
    without = replace(TIED, points=np.delete(POINTS, 3, axis=1))
    others = np.delete(weights, 3, axis=1), np.delete(TARGET, 3, axis=1)
    assert profile(TIED, weights, TARGET) == pytest.approx(profile(without, *others), rel=1e-9)


def test_grid_holds_both_signs_and_ends_at_the_bounds():
    assert SIGNED.grid.shape == (48, 1)
    assert (np.diff(SIGNED.grid[:, 0]) > 0).all()
    assert SIGNED.grid[[0, 23, 24, 47], 0] == pytest.approx([-2.0, -0.01, 0.01, 2.0])
    assert FREE.grid.shape == (144, 2)
    assert FREE.grid[1] == pytest.approx([FREE.lo, FREE.grid[12, 0]])  # the last exponent is fast


@pytest.mark.parametrize(
    ("values", "where"),
    [
        ([3, 1, 2, 4, 0, 5], [1, 4]),
        ([0, 1, 2, 3], [0]),
        ([3, 2, 1], [2]),
        ([1, 2, 0, 2, 1], [0, 2, 4]),
        ([0, 3, 2, 2, 5], [0, 3]),  # of a plateau the last
    ],
)
def test_local_minima_on_a_line(values, where):
    chosen = local_minima(np.array([values], dtype=float), (len(values),))
    assert np.flatnonzero(chosen[0]).tolist() == where


def test_local_minima_on_a_plane():
    values = np.array(
        [
            [5.0, 4, 5, 6],
            [4, 3, 4, 5],
            [5, 4, 9, 2],  # the 2 is lowest in its row and column
            [1, 6, 7, 8],
        ]
    )
    for grid, where in [(values, [(1, 1), (2, 3), (3, 0)]), (values.T, [(0, 3), (1, 1), (3, 2)])]:
        chosen = local_minima(grid.reshape(1, -1), (4, 4)).reshape(4, 4)
        assert list(zip(*np.nonzero(chosen), strict=True)) == where


def test_each_fit_has_its_own_minima():
    chosen = local_minima(np.array([[0.0, 1, 2], [2, 1, 0]]), (3,))
    assert chosen.tolist() == [[True, False, False], [False, False, True]]


def test_neighbours_are_two_steps_along_each_axis():
    chosen = np.zeros((2, 9), dtype=bool)
    chosen[0, 3] = chosen[1, 8] = True
    wider = with_neighbours(chosen, (9,))
    assert [np.flatnonzero(row).tolist() for row in wider] == [[1, 2, 3, 4, 5], [6, 7, 8]]
    plane = np.zeros((6, 7), dtype=bool)
    plane[0, 3] = True
    wider = with_neighbours(plane.reshape(1, -1), (6, 7)).reshape(6, 7)
    expected = np.zeros((6, 7), dtype=bool)
    expected[:3, 1:6] = True
    np.testing.assert_array_equal(wider, expected)
    assert plane.sum() == 1


def planted(problem, theta):
    """Values of a law with these exponents, as one fit."""
    columns = np.exp(-np.asarray(theta)[problem.exponent, None] * problem.points)
    return (1.5 + np.array([0.7, 0.4])[: len(columns)] @ columns)[None]


@pytest.mark.parametrize(
    ("name", "theta"),
    [
        *(("tied", (t,)) for t in (0.03, 0.3, 1.1)),
        *(("signed", (t,)) for t in (-0.9, -0.05, 0.2, 1.3)),
    ],
)
def test_a_basin_starts_within_a_step_of_the_planted_exponent(name, theta):
    problem = PROBLEMS[name]
    step = np.log(problem.hi / problem.lo) / (problem.n_grid - 1)
    fits, starts = find_basins(problem, np.ones((1, 10)), planted(problem, theta))
    assert set(fits) == {0}
    assert np.abs(np.log(np.maximum(starts[:, 0] / theta[0], 1e-9))).min() < step


def test_a_basin_of_two_exponents_starts_within_two_steps_of_them():
    step = np.log(FREE.hi / FREE.lo) / (FREE.n_grid - 1)
    _, starts = find_basins(FREE, np.ones((1, 10)), planted(FREE, (0.3, 0.9)))
    assert np.abs(np.log(starts / [0.3, 0.9])).max(axis=1).min() < 2 * step


@pytest.mark.parametrize("name", PROBLEMS)
def test_blocks_of_runs_change_no_profile(monkeypatch, name):
    whole = profile(PROBLEMS[name], WEIGHTS, TARGET)
    monkeypatch.setattr(scan, "SCAN_RUNS", 3)
    assert profile(PROBLEMS[name], WEIGHTS, TARGET) == pytest.approx(whole, rel=1e-8)


@pytest.mark.parametrize("name", PROBLEMS)
def test_blocks_of_fits_change_no_basin(monkeypatch, name):
    fits, theta = find_basins(PROBLEMS[name], WEIGHTS, TARGET)
    monkeypatch.setattr(scan, "SCAN_ROWS", 2)
    again, blocked = find_basins(PROBLEMS[name], WEIGHTS, TARGET)
    assert again.tolist() == fits.tolist()
    assert set(fits) == set(range(5))
    assert blocked == pytest.approx(theta, rel=1e-6)
