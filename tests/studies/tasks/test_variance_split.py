"""The parts of a miss: they add up, and planted ones come back over repetitions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from scaling.figures.style import DATASET_LABELS
from scaling.forecast.counting import counting_variance
from scaling.forecast.rulers import predict_no_change, predict_on_line
from scaling.laws.fit import fit_error_law
from scaling.studies.results import load_result
from scaling.studies.tasks.error_laws import predict_tasks
from scaling.studies.tasks.scatter import select_fed
from scaling.studies.tasks.variance_split import (
    METHODS,
    PARTS,
    SplitDesign,
    list_designs,
    pool_split,
    simulate_fits,
    split_miss,
    split_squares,
)
from scaling.testbed.labels import LOSS_COLUMN
from scaling.testbed.runs import load_tasks, select_error_fit, select_targets

DESIGNS = {region: list_designs(region) for region in ("targets", "inside")}


def test_the_parts_add_up_whatever_they_are_made_of():
    rng = np.random.default_rng(0)
    miss = rng.standard_t(2, (50, 4, 3))
    counting, fit = rng.exponential(size=(2, 50, 4, 3))
    split = split_squares(miss, counting, rng.exponential(2, 50), fit)
    assert np.allclose(split[list(PARTS)].sum(axis=1), (miss**2).mean(axis=(1, 2)))
    assert np.allclose(split["total"], (miss**2).mean(axis=(1, 2)))
    assert (split[["runs", "sets", "law"]] < 0).any().all()


def test_a_split_by_hand():
    miss = np.array([[[0.3, 0.1, 0.2], [0.0, 0.4, 0.2]]])
    split = split_squares(
        miss, np.full((1, 2, 3), 0.002), np.array([3.0]), np.full((1, 2, 3), 0.003)
    ).iloc[0]
    between = (0.01 + 0.04) / 2
    assert split["counting"] == pytest.approx(0.002)
    assert split["runs"] == pytest.approx(0.004)
    assert split["fit"] == pytest.approx(0.003)
    assert split["sets"] == pytest.approx(between - 0.009)
    assert split["law"] == pytest.approx(0.04 - between / 3)


def near(found: pd.DataFrame, planted: dict[str, float], slack: float = 0.0) -> None:
    """Means over repetitions are those planted, within four standard errors and a share."""
    for part, value in planted.items():
        error = found[part].std() / np.sqrt(len(found))
        assert abs(found[part].mean() - value) < 4 * error + slack * abs(value) + 1e-12, part


def test_planted_parts_come_back_from_misses():
    rng = np.random.default_rng(0)
    n_tasks, n_cells = 4000, 2
    law = np.array([0.03, -0.05])
    counting, phi, fit, sets = 0.0004, 2.5, 0.0009, 0.02
    shape = (n_tasks, n_cells, 3)
    noise = rng.normal(0, np.sqrt(phi * counting + fit), shape)
    miss = law[:, None] + rng.normal(0, sets, shape) + noise
    split = split_squares(
        miss, np.full(shape, counting), np.full(n_tasks, phi), np.full(shape, fit)
    )
    planted = {"sets": sets**2, "law": (law**2).mean(), "runs": 1.5 * counting}
    near(split, planted)
    total = (law**2).mean() + sets**2 + phi * counting + fit
    near(split, {"total": total})


# --- the whole way, on the real losses -----------------------------------------------------------

N_ITEMS, PHI, OWN, DENT = 4000, 2.0, 0.02, 0.06
OFFSETS = np.array([-0.8, -0.2, 1.0])  # of the training sets, for those that know no set's mean


def true_error(loss, offset):
    """A line with a dent below the fitted losses, which a ruler cannot see; a tilt of each set."""
    return 0.25 + 0.1 * loss + OWN * offset * (loss - 2.9) - DENT * np.clip(2.65 - loss, 0, None)


def plant_errors(rng, n_tasks):
    errors = []
    for design, offset in zip(DESIGNS["targets"].values(), OFFSETS, strict=True):
        p = np.tile(true_error(design.loss, offset), (n_tasks, 1))
        errors.append(p + rng.normal(size=p.shape) * np.sqrt(PHI * p * (1 - p) / N_ITEMS))
    return errors


@pytest.mark.parametrize("method", ["ruler in loss", "no change"])
@pytest.mark.parametrize("region", ["targets", "inside"])
def test_planted_parts_come_back_from_simulated_tasks(method, region):
    """Every noise is drawn, measured and simulated anew; both baselines are linear in the errors,
    so that their true parts are known in closed form."""
    designs = list(DESIGNS[region].values())
    bias, fit, counted = [], [], []
    for design, offset in zip(designs, OFFSETS, strict=True):
        p = true_error(design.loss, offset)
        L, x = design.loss[design.fitted], design.loss[design.asked]
        away = (x - L[-1]) / (L[-1] - L[-2]) if method == "ruler in loss" else 0 * x
        last, before = p[design.fitted[-1]], p[design.fitted[-2]]
        v = [q * (1 - q) / N_ITEMS for q in (last, before)]
        bias.append(last + away * (last - before) - p[design.asked])
        fit.append(PHI * ((1 + away) ** 2 * v[0] + away**2 * v[1]))
        counted.append((p * (1 - p) / N_ITEMS)[design.asked])
    bias, fit, counted = np.array(bias), np.mean(fit), np.mean(counted)
    own = bias.var(axis=0, ddof=1).mean()
    planted = {
        "counting": counted,
        "runs": (PHI - 1) * counted,
        "fit": fit,
        "sets": own,
        "law": (bias.mean(axis=0) ** 2).mean() - own / 3,
        "total": (bias**2).mean() + PHI * counted + fit,
        "fit_counting": fit / PHI,
    }
    errors = plant_errors(np.random.default_rng(0), 600)
    rng = np.random.default_rng(1)
    found = split_miss(METHODS[method], designs, errors, np.full(600, N_ITEMS), rng, n_draws=60)
    near(found, planted, slack=0.03)
    assert np.allclose(found[list(PARTS)].sum(axis=1), found["total"])


@pytest.mark.parametrize(("flat", "slack"), [(False, 0.06), (True, 0.15)])
def test_the_law_gets_its_parts_back_too(flat, slack):
    """Three tilts of a curve, or tasks at chance, where the law can run away; parts by simulation.

    The fit's part is bounded, not exact: it is simulated from a curve that is itself measured.
    """
    rng = np.random.default_rng(0)
    designs, n_tasks, n = list(DESIGNS["targets"].values()), 300, 900
    errors, bias, fit = [], [], []
    for design, offset in zip(designs, OFFSETS, strict=True):
        L, x = design.loss[design.fitted], design.loss[design.asked]
        curve = np.full(len(design.loss), 0.75)
        if not flat:
            curve = 0.9 - (1.4 + 0.05 * offset) * np.exp(-0.5 * design.loss)
        p = np.tile(curve, (n_tasks, 1))
        errors.append(rng.binomial(n, p) / n)
        drawn = rng.binomial(n, np.tile(curve[design.fitted], (20_000, 1))) / n
        predicted = METHODS["law"](L, drawn, x)
        bias.append(predicted.mean(axis=0) - curve[design.asked])
        fit.append(predicted.var(axis=0))
    own = np.var(bias, axis=0, ddof=1).mean()
    law = (np.mean(bias, axis=0) ** 2).mean() - own / 3
    found = split_miss(METHODS["law"], designs, errors, np.full(n_tasks, n), rng, n_draws=60)
    total = np.mean(np.square(bias)) + np.mean(fit) + found["counting"].mean()
    near(found, {"fit": np.mean(fit), "law": law, "total": total}, slack)
    sets = found["sets"]
    assert abs(sets.mean() - own) < 4 * sets.std() / np.sqrt(n_tasks) + slack * np.mean(fit)


def test_noise_alone_gives_parts_on_both_sides_of_zero():
    """No part is cut at zero."""
    rng = np.random.default_rng(0)
    design = DESIGNS["targets"]["c4"]
    errors = [rng.binomial(200, 0.5, (300, len(design.loss))) / 200 for _ in range(3)]
    found = split_miss(METHODS["no change"], [design] * 3, errors, np.full(300, 200), rng, 50)
    for part in ("runs", "sets", "law"):
        assert 0.2 < (found[part] < 0).mean() < 0.8
    near(found, {"sets": 0.0, "law": 0.0, "runs": 0.0})


def test_simulated_fits_have_the_variance_of_a_weighted_sum():
    loss, asked = np.array([5.0, 4.0, 3.5, 3.0]), np.array([2.6, 2.2])
    p = np.array([[0.8, 0.7, 0.6, 0.5], [0.4, 0.4, 0.4, 0.4]])
    variance = np.array([[1e-4, 2e-4, 4e-4, 1e-4], [0, 0, 1e-4, 9e-4]])
    rng = np.random.default_rng(0)
    found = simulate_fits(METHODS["ruler in loss"], loss, asked, p, variance, rng, 40_000)
    w = (asked - 3.0) / -0.5
    expected = variance[:, 3:] * (1 + w) ** 2 + variance[:, 2:3] * w**2
    assert np.allclose(found, expected, rtol=0.03)
    last = simulate_fits(METHODS["no change"], loss, asked, p, variance, rng, 40_000)
    assert np.allclose(last, variance[:, 3:] + 0 * asked, rtol=0.03)


# --- methods and designs -------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_predictions_are_those_of_the_chapter_kept_within_0_and_1(method):
    rows = predict_tasks().query("loss_from == 'measured' and method == @method")
    for dataset, design in DESIGNS["targets"].items():
        runs, own = select_fed(dataset), rows[rows["dataset"] == dataset]
        L, x = design.loss[design.fitted], design.loss[design.asked]
        names = [f"err_{task}" for task in load_tasks()["task"]]
        errors = runs[names].to_numpy().T[:, design.fitted]
        table = own.pivot(index="task", columns="run", values="predicted")
        asked = runs["run"].iloc[design.asked]
        expected = table.loc[load_tasks()["task"], asked].to_numpy().clip(0, 1)
        found = METHODS[method](L, errors, x)
        assert np.allclose(found, expected, atol=1e-9)
        assert ((found >= 0) & (found <= 1)).all()


def test_what_runs_away_stops_at_0_and_1():
    loss, asked = np.array([5.0, 4.0, 3.5, 3.0]), np.array([1.0, 9.0])
    errors = np.array([[0.9, 0.8, 0.6, 0.3], [0.95, 0.9, 0.8, 0.4]])
    for method in ("law", "ruler in loss"):
        found = METHODS[method](loss, errors, asked)
        assert (found[:, 0] == 0).all()
        assert (found <= 1).all()
    assert (METHODS["ruler in loss"](loss, errors, asked)[:, 1] == 1).all()


def test_baselines_are_those_of_the_other_chapters():
    design, runs = DESIGNS["targets"]["redpajama"], select_fed("redpajama")
    six, errors = select_error_fit(runs), runs["err_boolq"].to_numpy()[None]
    L, x = design.loss[design.fitted], design.loss[design.asked]
    line = predict_on_line(six, x, (LOSS_COLUMN, "err_boolq"))
    assert np.allclose(METHODS["ruler in loss"](L, errors[:, design.fitted], x), line)
    level = predict_no_change(six, "err_boolq")
    assert np.allclose(METHODS["no change"](L, errors[:, design.fitted], x), level)


def test_designs_ask_for_other_runs_than_they_fit():
    for region, designs in DESIGNS.items():
        assert list(designs) == list(DATASET_LABELS)
        cells = []
        for dataset, design in designs.items():
            runs = select_fed(dataset)
            assert np.array_equal(design.loss, runs[LOSS_COLUMN])
            six = runs.iloc[design.fitted]
            assert set(six["run"]) == set(select_error_fit(runs)["run"])
            assert (six["C"].diff().dropna() > 0).all()
            asked = runs.iloc[design.asked]
            assert not set(asked["run"]) & set(six["run"])
            cells.append([*zip(asked["N"], asked["M"], strict=True)])
            if region == "targets":
                assert set(asked["run"]) == set(select_targets(runs)["run"])
                assert list(asked["size"]) == ["1.4B", "6.9B"]
            else:
                assert asked[LOSS_COLUMN].between(*six[LOSS_COLUMN].agg(["min", "max"])).all()
        if region == "inside":
            assert cells[0] == cells[1] == cells[2]
            assert len(cells[0]) == 21
    with pytest.raises(ValueError, match="region must be one of targets, inside"):
        list_designs("outside")


def test_a_design_may_be_a_users_own():
    """Two sets of eight runs, a task that is a law without noise: nothing is missed."""
    loss = np.linspace(2.5, 5, 8)
    errors = (0.9 - 1.5 * np.exp(-0.6 * loss))[None]
    design = SplitDesign(loss, [7, 6, 4, 2], [0, 1])
    split = split_miss(
        METHODS["law"], [design, design], [errors, errors], [10**9], np.random.default_rng(0), 50
    )
    assert fit_error_law(loss[[7, 6, 4, 2]], errors[:, [7, 6, 4, 2]]).status[0] == "converged"
    assert split["total"].iloc[0] < 1e-12
    assert split["counting"].iloc[0] == pytest.approx(
        counting_variance(errors[:, :2], 10**9).mean()
    )


# --- pooled over tasks ---------------------------------------------------------------------------


def test_pooled_means_add_up_and_shares_are_of_the_total():
    split = load_result("variance_split").query("region == 'targets' and method == 'law'")
    pooled = pool_split(split, np.random.default_rng(0), 500)
    assert pooled.loc[list(PARTS), "mean"].sum() == pytest.approx(pooled.loc["total", "mean"])
    assert np.allclose(pooled["mean"], split[[*PARTS, "total"]].mean())
    assert np.allclose(pooled["share"], pooled["mean"] / pooled.loc["total", "mean"])
    assert (pooled.loc["total", ["share", "share_lo", "share_hi"]] == 1).all()
    assert (pooled["mean_lo"] < pooled["mean"]).all()
    assert (pooled["mean"] < pooled["mean_hi"]).all()


def test_intervals_over_tasks_hold_the_planted_mean():
    rng = np.random.default_rng(0)
    held = []
    for _ in range(300):
        values = rng.exponential(size=(46, len(PARTS)))
        split = pd.DataFrame(values, columns=list(PARTS)).assign(total=values.sum(axis=1))
        pooled = pool_split(split, rng, 300)
        held.append((pooled["mean_lo"] <= [*[1] * 5, 5]) & (pooled["mean_hi"] >= [*[1] * 5, 5]))
    assert np.mean(held) == pytest.approx(0.93, abs=0.03)  # of nominal 0.95: exponentials are skew


def test_what_the_chapter_says_of_the_split():
    split = load_result("variance_split")
    assert np.allclose(split[list(PARTS)].sum(axis=1), split["total"], rtol=1e-6, atol=1e-10)
    means = split.groupby(["region", "method"])[[*PARTS, "total"]].mean()
    law, ruler = means.loc[("targets", "law")], means.loc[("targets", "ruler in loss")]
    assert law["fit"] > 0.5 * law["total"] > law["law"] > 0.1 * law["total"]
    assert ruler["total"] < means.loc[("targets", "no change"), "total"] < law["total"] / 3
    inside = means.loc[("inside", "law")]
    assert inside["total"] == means.loc["inside", "total"].min()
    assert inside["counting"] > 0.5 * inside["total"]


def test_smoothed_is_the_miss_from_fitted_runs_without_noise():
    """A ruler on a straight task misses by the noise of two runs; smoothed, hardly."""
    rng, loss = np.random.default_rng(1), np.linspace(2.5, 5.0, 30)
    designs, ruler = [SplitDesign(loss, [29, 20, 10, 3, 2], [0, 1])] * 3, METHODS["ruler in loss"]
    exact = np.tile(0.1 * loss, (400, 1))
    split = split_miss(ruler, designs, [exact] * 3, np.full(400, 10**6), rng, 20)
    assert split["smoothed"].to_numpy() == pytest.approx(0, abs=1e-12)
    noisy = [rng.binomial(200, exact) / 200 for _ in range(3)]
    split = split_miss(ruler, designs, noisy, np.full(400, 200), rng, 20).mean()
    asked = (exact[0, :2] * (1 - exact[0, :2]) / 200).mean()  # their noise, which the spline sees
    assert 0.5 * asked < split["smoothed"] < 0.6 * split["total"]
