"""The last steps: predictions that a rounding of the losses cannot move, and ends that are told."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from jitter import ROUNDING

from scaling import polish
from scaling.fit import SOUND, fit_loss_law, fit_loss_surface
from scaling.grids import GRIDS, load_grid
from scaling.names import LOSS_SETS
from scaling.objectives import find_objective
from scaling.testbed import run_table

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


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_search_that_is_cut_short_says_so(objective, monkeypatch):
    monkeypatch.setattr(polish, "MAX_STEPS", 1)
    N, D, loss = all_series()[0]
    assert fit_loss_law(N, D, loss, objective=objective).status == "not_converged"


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
