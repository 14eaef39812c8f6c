"""The last steps: predictions that a rounding of the losses cannot move, and ends that are told."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from jitter import ROUNDING

from scaling.laws import polish
from scaling.laws.fit import SOUND, fit_loss_law, fit_loss_surface
from scaling.laws.newton import find_step
from scaling.laws.objectives import Misfit, find_objective
from scaling.laws.projection import Optimum
from scaling.laws.scan import Problem
from scaling.laws.solution import minimise
from scaling.testbed.grids import GRIDS, load_grid
from scaling.testbed.labels import LOSS_SETS
from scaling.testbed.runs import run_table

FITS = {"tied": fit_loss_law, "free": fit_loss_surface}
OBJECTIVES = ("loss", "log", "huber")
SIZES = (5, 6, 8, 12, 24)
TARGET = (70e9, 1.4e12)  # a model far above all the runs, where every rounding shows


def all_series() -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """N, D and loss of every training set and loss set of the testbed, and of every grid."""
    series = [
        (runs["N"], runs["D"], runs[f"loss_{loss_set}"])
        for _, runs in run_table().groupby("dataset")
        for loss_set in LOSS_SETS.values()
    ]
    for grid in map(load_grid, GRIDS):
        groups = grid.groupby("dataset") if "dataset" in grid else [("", grid)]
        series += [(runs["N"], runs["D"], runs["loss"]) for _, runs in groups]
    return [tuple(column.to_numpy(float) for column in own) for own in series]


def draw_sound_designs(fit, objective: str, n_designs: int, rng: np.random.Generator):
    """Runs at random, whose fit is sound: N, D and loss of each design."""
    series, designs = all_series(), []
    while len(designs) < n_designs:
        N, D, loss = series[rng.integers(len(series))]
        chosen = rng.choice(len(N), min(int(rng.choice(SIZES)), len(N)), replace=False)
        design = N[chosen], D[chosen], loss[chosen]
        if len(np.unique(N[chosen] + 1j * D[chosen])) < 5:
            continue
        if fit(*design, objective=objective).status in SOUND:
            designs.append(design)
    return designs


def spread(fit, objective: str, design, n_times: int, rng: np.random.Generator) -> float:
    """How far predictions lie apart, relative, over shuffled rows and roundings of the losses."""
    predicted = []
    for _ in range(n_times):
        order = rng.permutation(len(design[0]))
        N, D, loss = (column[order] for column in design)
        loss = loss * (1.0 + ROUNDING * rng.standard_normal(len(loss)))
        predicted.append(fit(N, D, loss, objective=objective).law.predict(*TARGET))
    return float(np.ptp(predicted) / abs(np.median(predicted)))


@pytest.mark.parametrize(("law", "objective"), list(product(FITS, OBJECTIVES)))
@pytest.mark.parametrize(
    ("n_designs", "n_times"), [(12, 4), pytest.param(40, 6, marks=pytest.mark.slow)]
)
def test_a_rounding_of_the_losses_moves_no_sound_prediction(law, objective, n_designs, n_times):
    rng = np.random.default_rng(7)
    designs = draw_sound_designs(FITS[law], objective, n_designs, rng)
    spreads = [spread(FITS[law], objective, design, n_times, rng) for design in designs]
    assert max(spreads) <= 1e-10


@pytest.mark.parametrize("nonneg", [False, True])
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_search_that_is_cut_short_says_so(objective, nonneg, monkeypatch):
    N, D, loss = all_series()[0]
    assert fit_loss_law(N, D, loss, objective=objective, nonneg=nonneg).status == "converged"
    monkeypatch.setattr(polish, "MAX_STEPS", 1)
    assert fit_loss_law(N, D, loss, objective=objective, nonneg=nonneg).status == "not_converged"


def test_where_no_length_of_a_step_helps_that_of_the_linear_problem_does(monkeypatch):
    """Steps are turned round, unless the search asks for a careful one."""
    N, D, loss = all_series()[0]
    expected = fit_loss_law(N, D, loss).law.alpha

    def turned(problem, state, expansion, careful):
        step = find_step(problem, state, expansion, careful)
        way = np.where(careful, 1.0, -1.0)[:, None]
        return step._replace(log_theta=way * step.log_theta, coefficients=way * step.coefficients)

    monkeypatch.setattr(polish, "find_step", turned)
    assert fit_loss_law(N, D, loss).law.alpha == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_the_expansion_has_the_derivatives_of_half_the_sum(name):
    """First and second, by each fitted value, against central differences."""
    sums = find_objective(name, 0.1)
    weights, observed = np.array([1.0, 2.0, 3.0, 0.5]), np.full(4, 2.0)
    fitted = observed * np.exp([0.01, 0.06, 0.5, -0.4])
    root, pull, bend, share = sums.expand(weights, observed, fitted)

    def slopes(fitted):
        root, pull, _, _ = sums.expand(weights, observed, fitted)
        return -root * pull

    step = 1e-6
    up, down = (
        [sums.cost(weights, observed, fitted + s * step * unit) for unit in np.eye(4)]
        for s in (1, -1)
    )
    assert -root * pull == pytest.approx(np.subtract(up, down) / (4 * step), rel=1e-6, abs=1e-9)
    second = (slopes(fitted + step) - slopes(fitted - step)) / (2 * step)
    assert root**2 * bend == pytest.approx(second, rel=1e-6, abs=1e-8)
    assert (share > 0).all()


@pytest.mark.parametrize("exponent", [(0, 0), (0, 1)])
@pytest.mark.parametrize("name", ["loss", "log"])
def test_newtons_step_leaves_the_square_of_the_distance(name, exponent):
    """Where residuals are large, too: the fitted values' own curvature counts."""
    rng = np.random.default_rng(3)
    problem = Problem(rng.uniform(-3, 3, (2, 14)), exponent, 0.05, 2.0, 24, stiffness=0.1)
    columns = problem.exponentials(np.array([[0.4, 0.7][: problem.n_exponents]]))
    observed = 1.5 + columns[0].T @ [0.7, 0.4] + 0.5 * rng.uniform(-1, 1, 14)
    misfit = Misfit(find_objective(name, np.inf), np.ones((1, 14)), observed[None])
    optimum = minimise(problem, misfit)[1].pick(np.arange(1))
    left = []
    for distance in (1e-2, 1e-3):
        theta = optimum.theta * np.exp(distance)
        fitted = problem.add_up(optimum.coefficients, problem.exponentials(theta))
        start = optimum._replace(theta=theta, fitted=fitted)
        step = find_step(problem, start, misfit.expand(fitted), np.zeros(1, dtype=bool))
        left.append(np.abs(distance + step.log_theta).max())
    assert left[1] < left[0] / 50


def scattered_starts(name):
    """A grid of starts, from near the observed values to far off, and what is minimised."""
    rng = np.random.default_rng(5)
    problem = Problem(rng.uniform(-2, 2, (2, 12)), (0, 1), 0.05, 2.0, 8)
    theta, n = problem.grid, len(problem.grid)
    coefficients = rng.uniform(0.2, 1.0, (n, 3))
    fitted = problem.add_up(coefficients, problem.exponentials(theta))
    observed = fitted * np.exp(np.geomspace(1e-3, 1, n)[:, None] * rng.standard_normal((n, 12)))
    misfit = Misfit(find_objective(name, 0.1), np.ones((n, 12)), observed)
    settled = np.zeros(n, dtype=bool)
    return problem, Optimum(theta, coefficients, fitted, misfit.cost(fitted), settled), misfit


@pytest.mark.parametrize("name", OBJECTIVES)
def test_a_step_leads_downhill_wherever_it_starts(name):
    """Where the second derivative is not positive, too; there it is not Newton's."""
    problem, start, misfit = scattered_starts(name)
    step = find_step(problem, start, misfit.expand(start.fitted), start.settled)
    assert 0 < step.newton.sum() < len(step.newton)
    share = 1e-6 / (1e-3 + np.abs(step.log_theta).max(axis=1) + step.size * step.scale)[:, None]
    coefficients = start.coefficients + share * step.coefficients
    theta = start.theta * np.exp(share * step.log_theta)
    after = misfit.cost(problem.add_up(coefficients, problem.exponentials(theta)))
    assert (after < start.cost).all()


def test_a_careful_step_is_that_of_the_linear_problem():
    problem, start, misfit = scattered_starts("loss")
    step = find_step(problem, start, misfit.expand(start.fitted), ~start.settled)
    assert not step.newton.any()
    powers = problem.exponentials(start.theta)
    slopes = problem.slopes(start.theta, start.coefficients[:, 1:], problem.points * powers)
    inside = (start.theta > problem.lo) & (start.theta < problem.hi)
    for i in np.flatnonzero(inside.all(axis=1)):
        columns = np.vstack([np.ones(12), powers[i], slopes[i]])
        rest = misfit.observed[i] - start.fitted[i]
        expected = np.linalg.lstsq(columns.T, rest)[0] @ columns
        found = np.concatenate([step.coefficients[i], step.log_theta[i]]) @ columns
        assert found == pytest.approx(expected, rel=1e-5, abs=1e-7)
