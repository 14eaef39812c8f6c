"""Scatter at matched loss: projections, planted noise, planted offsets, coverage."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.interpolate import CubicSpline

from scaling.figures.style import DATASET_LABELS
from scaling.forecast.counting import counting_variance
from scaling.laws.fit import fit_error_law
from scaling.studies.tasks.error_laws import read_errors
from scaling.studies.tasks.scatter import (
    N_KNOTS,
    PLACES,
    describe_scatter,
    fit_curve,
    measure_scatter,
    place_knots,
    pool_sets,
    project_on_spline,
    score_knots,
    select_fed,
    split_at_matched_loss,
    tabulate_matched_loss,
    tabulate_scatter,
)
from scaling.testbed.labels import LOSS_COLUMN
from scaling.testbed.runs import load_tasks

FED = [select_fed(dataset) for dataset in DATASET_LABELS]
LOSSES = [runs[LOSS_COLUMN].to_numpy() for runs in FED]
KNOTS = place_knots(np.concatenate(LOSSES))


def test_the_projection_is_one_and_keeps_the_curves_of_its_knots():
    loss = LOSSES[0]
    hat = project_on_spline(loss, KNOTS)
    assert np.allclose(hat, hat.T)
    assert np.allclose(hat @ hat, hat)
    assert np.trace(hat) == pytest.approx(N_KNOTS)
    curve = CubicSpline(KNOTS, [0.9, 0.2, 0.5, 0.4, 0.8], bc_type="natural")(loss)
    assert np.allclose(hat @ curve, curve)
    assert np.allclose(hat @ (1 - 3 * loss), 1 - 3 * loss)
    assert not np.allclose(hat @ loss**2, loss**2)  # natural: no curvature at the ends


def test_the_projection_is_least_squares():
    """By another basis of the same curves: truncated cubes."""
    loss, y = LOSSES[1], np.random.default_rng(0).normal(size=len(LOSSES[1]))

    def cube(k):
        return (np.clip(loss - k, 0, None) ** 3 - np.clip(loss - KNOTS[-1], 0, None) ** 3) / (
            KNOTS[-1] - k
        )

    cubes = [cube(k) - cube(KNOTS[-2]) for k in KNOTS[:-2]]
    X = np.column_stack([np.ones_like(loss), loss, *cubes])
    expected = X @ np.linalg.lstsq(X, y)[0]
    assert np.allclose(project_on_spline(loss, KNOTS) @ y, expected)


def test_a_further_column_is_kept_too():
    extra = np.log(FED[0]["N"])
    hat = project_on_spline(LOSSES[0], KNOTS, extra)
    assert np.allclose(hat @ extra, extra)
    assert np.trace(hat) == pytest.approx(N_KNOTS + 1)


def test_as_many_losses_as_knots_leave_no_scatter():
    with pytest.raises(ValueError, match="more than 5 distinct"):
        project_on_spline([3, 3, 4, 5, 6, 7], np.linspace(3, 7, 5))


def test_knots_stand_at_quantiles():
    assert np.allclose(place_knots(np.arange(101.0), 5), [0, 25, 50, 75, 100])


def test_equal_variances_leave_runs_less_coefficients():
    hat = project_on_spline(LOSSES[0], KNOTS)
    n = len(hat)
    sums = measure_scatter(np.zeros((1, n)), hat, np.full((1, n), 0.01)).iloc[0]
    assert sums["dof"] == pytest.approx(n - 5)
    assert sums["left"] == pytest.approx(n - 5)
    assert sums["expected"] == pytest.approx(0.01 * (n - 5))


def test_unequal_variances_leave_mean_and_spread_as_said():
    rng = np.random.default_rng(0)
    hat = project_on_spline(LOSSES[0], KNOTS)
    v = np.linspace(0.1, 4, len(hat))
    residuals = rng.normal(size=(40_000, len(hat))) * np.sqrt(v) @ (np.eye(len(hat)) - hat)
    squares = (residuals**2).sum(axis=1)
    sums = measure_scatter(residuals[:1], hat, v[None]).iloc[0]
    assert sums["squares"] == pytest.approx(squares[0])
    assert squares.mean() == pytest.approx(sums["expected"], rel=0.01)
    assert squares.var() == pytest.approx(2 * sums["expected"] ** 2 / sums["dof"], rel=0.04)


def test_where_nothing_is_expected_there_are_no_degrees():
    hat = project_on_spline(LOSSES[0], KNOTS)
    zeros = np.zeros((1, len(hat)))
    assert np.isnan(measure_scatter(zeros, hat, zeros)["dof"]).all()


def test_a_projection_for_each_task_is_as_good_as_one_for_all():
    runs, errors = FED[0], read_errors(FED[0])[:3]
    _, hat = fit_curve("spline", runs, errors, KNOTS)
    variance = counting_variance(errors, 100)
    one = measure_scatter(errors - errors @ hat, hat, variance)
    each = measure_scatter(errors - errors @ hat, np.stack([hat] * 3), variance)
    pd.testing.assert_frame_equal(one, each)


def count_errors(rng, n, n_draws):
    """Errors of runs that answer independently, on the real losses: nothing but counting."""
    return [rng.binomial(n, 0.8 - 2 * np.exp(-0.7 * L), (n_draws, len(L))) / n for L in LOSSES]


@pytest.mark.parametrize("n", [32, 1000])
def test_the_interval_of_a_counted_task_holds_one_as_often_as_it_says(n):
    parts = []
    for loss, errors in zip(LOSSES, count_errors(np.random.default_rng(0), n, 1500), strict=True):
        hat = project_on_spline(loss, KNOTS)
        sums = measure_scatter(errors - errors @ hat, hat, counting_variance(errors, n))
        parts.append(sums.assign(task=range(1500)))
    single = describe_scatter(parts[0])
    pooled = pool_sets(pd.concat(parts))
    for table in (single, pooled):
        inside = (table["phi_lo"] <= 1) & (table["phi_hi"] >= 1)
        assert inside.mean() == pytest.approx(0.95, abs=0.02)
        assert table["phi"].mean() == pytest.approx(1, abs=0.03)


def test_intervals_hold_a_planted_ratio():
    squares = 4 * np.random.default_rng(0).chisquare(25, 20_000)
    sums = pd.DataFrame({"squares": squares, "expected": 25.0, "dof": 25.0, "left": 25.0})
    table = describe_scatter(sums)
    inside = (table["phi_lo"] <= 4) & (table["phi_hi"] >= 4)
    assert inside.mean() == pytest.approx(0.95, abs=0.005)
    assert (table["phi_lo"] > 4).mean() == pytest.approx(0.025, abs=0.004)


def test_places_are_the_sides_of_one():
    sums = {"squares": [25.0, 6, 100], "expected": [25.0, 25, 25], "dof": 25.0, "left": 25.0}
    table = describe_scatter(pd.DataFrame(sums))
    assert list(table["place"]) == [PLACES[1], PLACES[0], PLACES[2]]
    assert np.allclose(table["scatter"], [1, np.sqrt(0.24), 2])
    assert np.allclose(table["counting"], 1)


def test_pooling_adds_squares_and_variances():
    sums = {"squares": [10.0, 40], "expected": [10.0, 20], "dof": [10.0, 20], "left": [25.0, 25]}
    pooled = pool_sets(pd.DataFrame(sums).assign(task="a")).iloc[0]
    assert pooled["phi"] == pytest.approx(50 / 30)
    assert pooled["dof"] == pytest.approx(30**2 / (10**2 / 10 + 20**2 / 20))
    assert pooled["left"] == 50


# --- the split at matched loss -------------------------------------------------------------------


def plant(rng, tau, phi, n=400, n_tasks=1200):
    offsets = rng.normal(0, tau, (n_tasks, 3))
    errors = []
    for loss, offset in zip(LOSSES, offsets.T, strict=True):
        p = 0.75 - 1.5 * np.exp(-0.6 * loss) + offset[:, None]
        errors.append(p + rng.normal(size=p.shape) * np.sqrt(phi * p * (1 - p) / n))
    return errors, n


@pytest.mark.parametrize(("tau", "phi"), [(0.0, 1.0), (0.02, 1.0), (0.03, 4.0), (0.02, 0.4)])
def test_planted_parts_of_the_scatter_come_back(tau, phi):
    errors, n = plant(np.random.default_rng(0), tau, phi)
    split = split_at_matched_loss(LOSSES, errors, np.full(len(errors[0]), n))
    means, spread = split.mean(), split.std() / np.sqrt(len(split))
    v = split["counting"].mean()
    assert abs(means["phi"] - phi) < 4 * spread["phi"] + 0.02 * phi
    assert abs(means["runs"] - (phi - 1) * v) < 4 * spread["runs"] + 0.02 * phi * v
    assert abs(means["sets"] - tau**2) < 4 * spread["sets"]
    assert v == pytest.approx(0.42 * 0.58 / n, rel=0.25)


def test_without_offsets_half_of_the_estimates_are_negative_and_stay_so():
    errors, n = plant(np.random.default_rng(1), 0.0, 1.0)
    sets = split_at_matched_loss(LOSSES, errors, np.full(len(errors[0]), n))["sets"]
    assert 0.4 < (sets < 0).mean() < 0.75


def test_the_split_and_the_pooled_sets_know_the_same_ratio():
    pooled = pool_sets(tabulate_scatter()).set_index("task")["phi"]
    split = tabulate_matched_loss().set_index("task")
    assert np.allclose(split["phi"], pooled[split.index])
    assert np.allclose(split["runs"], (split["phi"] - 1) * split["counting"])
    assert split.loc["squad", "sets"] > split.loc["squad", "runs"] > split.loc["squad", "counting"]


# --- on the testbed ------------------------------------------------------------------------------


def test_how_many_tasks_scatter_no_more_than_counting():
    for curve, counts in {"spline": [21, 9, 16], "law": [18, 9, 19]}.items():
        places = pool_sets(tabulate_scatter(curve))["place"].value_counts()
        assert [int(places[place]) for place in PLACES] == counts


def test_the_scatter_table_agrees_with_plain_least_squares():
    row = tabulate_scatter().set_index(["dataset", "task"]).loc[("redpajama", "boolq")]
    runs = select_fed("redpajama")
    assert (runs["M"] >= 10).all()
    assert {"1.4B", "6.9B"} < set(runs["size"])
    basis = CubicSpline(KNOTS, np.eye(5), bc_type="natural")(runs[LOSS_COLUMN])
    residuals = runs["err_boolq"] - basis @ np.linalg.lstsq(basis, runs["err_boolq"])[0]
    assert row["scatter"] == pytest.approx(np.sqrt((residuals**2).sum() / (len(runs) - 5)))
    p = runs["err_boolq"].mean()
    assert row["counting"] == pytest.approx(np.sqrt(p * (1 - p) / 3270), rel=0.03)


def test_the_law_as_a_curve_leaves_the_residuals_of_its_fit_and_three_coefficients():
    runs, errors = FED[2], read_errors(FED[2])
    fitted, hats = fit_curve("law", runs, errors, KNOTS)
    fit = fit_error_law(runs[LOSS_COLUMN], errors)
    assert np.allclose(errors - fitted, fit.residuals)
    law = fit.law
    at = list(load_tasks()["task"]).index("arc_easy")
    decay = np.exp(-law.gamma[at] * runs[LOSS_COLUMN].to_numpy())
    tangents = np.array([np.ones(len(runs)), decay, runs[LOSS_COLUMN] * decay])
    assert np.allclose(hats[at] @ tangents.T, tangents.T)
    assert np.trace(hats[at]) == pytest.approx(3)


def test_size_adds_a_column():
    without, with_size = tabulate_scatter(), tabulate_scatter("spline and size")
    assert np.allclose(without["left"] - with_size["left"], 1)
    assert (with_size["squares"] <= without["squares"] * (1 + 1e-9)).all()


def test_five_knots_predict_left_out_runs_best():
    scores = score_knots()
    assert scores.idxmin() == N_KNOTS
    logs = []
    for runs in FED:
        basis = CubicSpline(KNOTS, np.eye(5), bc_type="natural")(runs[LOSS_COLUMN])
        errors, squares = read_errors(runs).T, 0.0
        for i in range(len(runs)):
            kept = np.arange(len(runs)) != i
            squares += (errors[i] - basis[i] @ np.linalg.lstsq(basis[kept], errors[kept])[0]) ** 2
        logs += list(np.log(squares / len(runs)))
    assert scores[5] == pytest.approx(np.exp(np.mean(logs) / 2))


def test_an_unknown_curve_is_refused():
    with pytest.raises(ValueError, match="curve must be one of spline, law"):
        tabulate_scatter("cubic")
