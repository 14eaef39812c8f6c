"""Projection: optima at a bound against SciPy, convergence to rounding, identification."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import least_squares

from scaling.laws.objectives import SQUARES, Misfit
from scaling.laws.projection import Optimum, identification
from scaling.laws.scan import Problem
from scaling.laws.solution import minimise

RNG = np.random.default_rng(4)
N_RUNS = 14
POINTS = RNG.uniform(-3, 3, (2, N_RUNS))
ONES = np.ones((1, N_RUNS))
SETTLED = np.ones(1, dtype=bool)
COEFFICIENTS = np.array([1.5, 0.7, 0.4])
FREE = Problem(POINTS, (0, 1), 0.05, 0.5, 24)


def fitted_values(problem, theta):
    """Values of the planted coefficients at some exponents, one fit."""
    columns = np.exp(-np.asarray(theta)[problem.exponent, None] * problem.points)
    return (COEFFICIENTS[0] + COEFFICIENTS[1 : 1 + len(columns)] @ columns)[None]


def best_by_scipy(problem, observed):
    """Exponents that SciPy finds inside the bounds, coefficients projected out."""

    def residuals(theta):
        columns = np.exp(-theta[problem.exponent, None] * problem.points)
        design = np.vstack([np.ones(N_RUNS), columns]).T
        return observed - design @ np.linalg.lstsq(design, observed)[0]

    bounds = [problem.lo] * problem.n_exponents, [problem.hi] * problem.n_exponents
    starts = ([0.1, 0.1], [0.1, 0.4], [0.4, 0.1], [0.4, 0.4])
    tight = {"xtol": 1e-15, "ftol": 1e-15, "gtol": 1e-15}
    found = [least_squares(residuals, start, bounds=bounds, **tight) for start in starts]
    return min(found, key=lambda one: one.cost)


@pytest.mark.parametrize(
    ("planted", "held", "bound"),
    [((0.2, 0.9), 1, 0.5), ((0.9, 0.2), 0, 0.5), ((0.2, 0.02), 1, 0.05), ((0.02, 0.2), 0, 0.05)],
)
def test_an_exponent_beyond_its_range_ends_at_the_bound_and_the_other_is_optimal(
    planted, held, bound
):
    observed = fitted_values(FREE, planted)
    fits, optima = minimise(FREE, Misfit(SQUARES, ONES, observed))
    theta = optima.theta[0]
    assert fits[0] == 0
    assert theta[held] == bound
    other = best_by_scipy(FREE, observed[0])
    assert other.x[held] == pytest.approx(bound, rel=1e-6)
    assert theta[1 - held] == pytest.approx(other.x[1 - held], rel=1e-5)
    assert optima.cost[0] <= 2 * other.cost * (1 + 1e-9)
    assert optima.cost[0] == pytest.approx(2 * other.cost, rel=1e-6)


@pytest.mark.parametrize("planted", [(0.2, 0.9), (0.9, 0.2), (0.3, 1.5), (1.5, 0.3)])
def test_at_an_upper_bound_columns_much_alike_are_optimal_too(planted):
    """The free step of two correlated exponents would pull the other one off its optimum."""
    alike = np.stack([POINTS[0], 0.95 * POINTS[0] + 0.05 * POINTS[1]])
    problem = replace(FREE, points=alike)
    observed = fitted_values(problem, planted)
    _, optima = minimise(problem, Misfit(SQUARES, ONES, observed))
    other = best_by_scipy(problem, observed[0])
    assert 0.5 in optima.theta[0]
    assert optima.theta[0] == pytest.approx(other.x, rel=1e-4)
    assert optima.cost[0] <= 2 * other.cost * (1 + 1e-9)


@pytest.mark.parametrize(("planted", "bound"), [(0.9, 0.5), (0.02, 0.05)])
def test_a_single_exponent_beyond_its_range_ends_at_the_bound(planted, bound):
    problem = replace(FREE, exponent=(0, 0))
    _, optima = minimise(problem, Misfit(SQUARES, ONES, fitted_values(problem, [planted])))
    assert optima.theta[0, 0] == bound


@pytest.mark.parametrize(("exponent", "theta"), [((0, 0), [0.27]), ((0, 1), [0.21, 0.34])])
def test_a_planted_problem_is_solved_to_rounding(exponent, theta):
    problem = replace(FREE, exponent=exponent)
    _, optima = minimise(problem, Misfit(SQUARES, ONES, fitted_values(problem, theta)))
    assert optima.theta[0] == pytest.approx(theta, rel=1e-12)
    assert optima.coefficients[0] == pytest.approx(COEFFICIENTS, rel=1e-11)
    assert optima.cost[0] < 1e-24


def test_optima_of_a_fit_come_lowest_first():
    observed = RNG.uniform(2, 4, (20, N_RUNS))
    fits, optima = minimise(replace(FREE, hi=5.0), Misfit(SQUARES, np.ones((20, N_RUNS)), observed))
    assert set(fits) == set(range(20))
    assert len(fits) > 20
    for fit in range(20):
        assert (np.diff(optima.cost[fits == fit]) >= 0).all()


@pytest.mark.parametrize("exponent", [(0, 0), (0, 1)])
def test_identification_is_nought_for_collinear_columns(exponent):
    theta = np.array([[0.27, 0.27]])[:, : 1 + exponent[1]]
    optimum = Optimum(theta, COEFFICIENTS[None], ONES, np.zeros(1), SETTLED)
    sound = Problem(POINTS, exponent, 0.05, 0.5, 24)
    assert identification(sound, optimum, ONES)[0] > 1e-5
    collinear = replace(sound, points=np.stack([POINTS[0], POINTS[0] + 2.0]))
    assert identification(collinear, optimum, ONES)[0] < 1e-25


def test_identification_is_nought_for_a_column_without_amplitude():
    theta, flat = np.array([[0.2, 0.3]]), np.array([[1.5, 0.7, 0.0]])
    assert identification(FREE, Optimum(theta, flat, ONES, np.zeros(1), SETTLED), ONES)[0] == 0.0
