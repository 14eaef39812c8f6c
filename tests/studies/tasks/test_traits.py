"""Traits beside misses: planted effects with the coverage of their intervals, and plain refits."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from scaling.studies.tasks.error_laws import predict_tasks
from scaling.studies.tasks.traits import (
    BOUNDS,
    JOINT,
    TRAITS,
    average_logs,
    correlate_sets,
    estimate_effects,
    fit_linear,
    load_traits,
    size_of_misses,
    sum_up_groups,
)
from scaling.testbed.runs import load_tasks, run_table

SETS = ["c4", "redpajama", "refinedweb"]


@pytest.fixture(scope="module")
def predictions():
    return predict_tasks()


@pytest.fixture(scope="module")
def misses(predictions):
    return size_of_misses(predictions)[["law", "no change", "ruler in loss"]]


@pytest.fixture(scope="module")
def traits():
    return load_traits()


# --- traits -------------------------------------------------------------------------------


def test_traits_of_one_task_by_hand(traits):
    """HellaSwag, zero-shot: 10,042 items, four answers."""
    row, table = traits.loc["hellaswag_zeroshot"], run_table()
    small = table[table["N"] < 1e9]
    accuracy = 1 - small["err_hellaswag_zeroshot"]
    assert row["items"] == pytest.approx(np.log2(10042))
    assert row[["chance", "generation", "zero_shot"]].tolist() == [1, 0, 1]
    assert row["best_above_chance"] == pytest.approx(10 * (accuracy.max() - 0.25))
    mean = accuracy[small["size"] == "0.411B"].mean()
    assert row["mean_above_chance"] == pytest.approx(10 * (mean - 0.25))
    p = accuracy.mean()
    noise = np.sqrt(p * (1 - p) / 10042)
    ranges = [np.ptp(accuracy[small["dataset"] == name]) for name in SETS]
    assert row["range"] == pytest.approx(np.mean([np.log2(r / noise) for r in ranges]))
    assert row["language understanding"] == 1
    assert row[load_tasks()["category"].unique()].sum() == 1


def test_traits_are_counted(traits):
    assert traits.shape == (46, len(TRAITS) + 6)
    assert traits[["generation", "zero_shot"]].sum().tolist() == [13, 9]
    assert traits["chance"].value_counts().to_dict() == {0: 13, 1: 20, 2: 13}
    assert traits.index.tolist() == load_tasks()["task"].tolist()


def test_traits_do_not_see_the_large_runs(traits, monkeypatch):
    table = run_table()
    errors = [name for name in table if name.startswith("err_")]
    table.loc[table["N"] > 1e9, errors] = 0.0
    monkeypatch.setattr("scaling.studies.tasks.traits.run_table", lambda: table)
    pd.testing.assert_frame_equal(load_traits(), traits)


# --- misses -------------------------------------------------------------------------------


def test_misses_are_those_of_the_target_at_the_predicted_loss(predictions, misses):
    key = {"task": "arc_easy", "dataset": "c4", "method": "law", "loss_from": "predicted"}
    named = predictions[(predictions[list(key)] == pd.Series(key)).all(axis=1)].set_index("size")
    for size in ("1.4B", "6.9B"):
        row = named.loc[size]
        found = size_of_misses(predictions, size).loc[("arc_easy", "c4"), "law"]
        assert found == pytest.approx(abs(row["predicted"] / row["measured"] - 1))
        points = size_of_misses(predictions, size, relative=False).loc[("arc_easy", "c4"), "law"]
        assert points == pytest.approx(abs(row["predicted"] - row["measured"]))
    assert f"{100 * misses.loc[('arc_easy', 'c4'), 'law']:.2f}" == "28.96"  # printed, Table 2


def test_logs_are_held_within_bounds_and_averaged_over_training_sets():
    index = pd.MultiIndex.from_product([["a", "b"], SETS], names=["task", "dataset"])
    table = pd.DataFrame({"law": [0.0, 0.02, 0.04, 1e9, 0.5, 0.25]}, index)
    logs = average_logs(table)["law"]
    assert logs["a"] == pytest.approx(np.log2([0.01, 0.02, 0.04]).mean())
    assert logs["b"] == pytest.approx((0 - 1 - 2) / 3)
    assert average_logs(table, (0.02, 2.0))["law"]["b"] == pytest.approx((1 - 1 - 2) / 3)


def test_misses_of_a_task_are_alike_by_as_much_as_planted():
    """Task effects of variance 2 and rests of variance 1: two thirds."""
    rng, found = np.random.default_rng(0), []
    names = [f"t{i}" for i in range(46)]
    index = pd.MultiIndex.from_product([names, SETS], names=["task", "dataset"])
    for _ in range(60):
        logs = np.repeat(rng.normal(-4, np.sqrt(2), 46), 3) + rng.normal(size=138)
        found.append(correlate_sets(pd.DataFrame({"law": 2**logs}, index), (1e-9, 1e9))["law"])
    assert np.mean(found) == pytest.approx(2 / 3, abs=0.03)


def test_medians_of_groups(misses):
    tasks = load_tasks().set_index("task")
    groups = sum_up_groups(misses, tasks["in_17"])
    assert groups["n_tasks"].to_dict() == {False: 29, True: 17}
    inside = misses.index.get_level_values("task").isin(tasks.index[tasks["in_17"]])
    assert groups.loc[True, "law"] == pytest.approx(np.median(misses.loc[inside, "law"]))
    medians = groups.drop(columns="n_tasks")
    assert (medians.loc[True] > medians.loc[False]).all()  # as the chapter says


# --- effects ------------------------------------------------------------------------------


def test_a_fit_is_that_of_plain_least_squares_with_each_row_left_out():
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(20, 3)), rng.standard_t(4, size=(20, 2))
    fit, n = fit_linear(X, y), 20
    A = np.column_stack([np.ones(n), X])
    b = np.linalg.lstsq(A, y)[0]
    assert fit.slopes == pytest.approx(b[1:])
    kept = [np.delete(np.arange(n), i) for i in range(n)]
    again = np.array([np.linalg.lstsq(A[k], y[k])[0] for k in kept])
    jackknife = np.sqrt((n - 1) * again.var(axis=0))
    assert fit.std == pytest.approx(jackknife[1:])
    missed = np.array([y[i] - A[i] @ again[i] for i in range(n)])
    by_mean = np.array([y[i] - y[kept[i]].mean(axis=0) for i in range(n)])
    assert fit.r2_out == pytest.approx(1 - (missed**2).sum(axis=0) / (by_mean**2).sum(axis=0))
    assert fit.r2 == pytest.approx(1 - ((y - A @ b) ** 2).sum(axis=0) / (20 * y.var(axis=0)))


def test_one_mean_per_task_has_the_slope_of_all_its_misses(traits, misses):
    """All 138, each with its task's traits, and clusters left out: the same slope and error."""
    logs = np.log2(misses["law"].clip(*BOUNDS))
    X = traits.loc[logs.index.get_level_values("task"), JOINT].to_numpy()
    A = np.column_stack([np.ones(len(X)), X])
    slopes = np.linalg.lstsq(A, logs.to_numpy())[0]
    again = []
    for task in traits.index:
        kept = logs.index.get_level_values("task") != task
        again.append(np.linalg.lstsq(A[kept], logs.to_numpy()[kept])[0])
    fit = fit_linear(traits[JOINT], average_logs(misses).loc[traits.index, ["law"]])
    assert fit.slopes[:, 0] == pytest.approx(slopes[1:])
    assert fit.std[:, 0] == pytest.approx(np.sqrt(45 * np.var(again, axis=0))[1:])


@pytest.mark.parametrize("jointly", [False, True])
def test_planted_effects_are_found_with_the_coverage_stated(traits, jointly):
    """Halved per doubling of items, doubled by generation; heavy tails; three sets per task."""
    rng, inside, found = np.random.default_rng(2), [], []
    chosen = traits[["items", "generation"]] if jointly else traits[["items"]]
    truth = pd.Series({"items": -0.5, "generation": 1.0})[list(chosen)]
    index = pd.MultiIndex.from_product([traits.index, SETS], names=["task", "dataset"])
    for _ in range(500):
        own = chosen @ truth + rng.standard_t(5, 46)
        logs = np.repeat(own.to_numpy(), 3) + rng.normal(size=138)
        outcome = average_logs(pd.DataFrame({"law": 2**logs}, index), (1e-9, 1e9))
        effect = estimate_effects(chosen, outcome.loc[traits.index], jointly).loc["law"]
        found.append(np.log2(effect["ratio"]))
        inside.append((effect["lo"] <= 2**truth) & (2**truth <= effect["hi"]))
    assert np.mean(found, axis=0) == pytest.approx(truth.to_numpy(), abs=0.08)
    coverage = np.mean(inside, axis=0)
    assert (coverage > 0.925).all()
    assert (coverage < 0.98).all()


def test_intervals_are_those_of_students_t(traits, misses):
    outcomes = average_logs(misses).loc[traits.index]
    for names, jointly in ((["items"], False), (JOINT, True)):
        fit = fit_linear(traits[names], outcomes)
        table = estimate_effects(traits[names], outcomes, jointly).loc["no change"]
        reach = stats.t.ppf(0.975, 46 - len(names) - 1) * fit.std[:, 1]
        assert np.log2(table["ratio"]).to_numpy() == pytest.approx(fit.slopes[:, 1])
        assert np.log2(table["lo"]).to_numpy() == pytest.approx(fit.slopes[:, 1] - reach)
        assert np.log2(table["hi"]).to_numpy() == pytest.approx(fit.slopes[:, 1] + reach)
        rank = stats.spearmanr(traits[names[0]], outcomes["no change"]).statistic
        assert table["spearman"].iloc[0] == pytest.approx(rank)


def test_what_the_chapter_says_of_the_real_tasks(traits, misses):
    outcomes = average_logs(misses).loc[traits.index]
    effects = estimate_effects(traits, outcomes)
    assert len(effects) == 13 * 3
    items, best = (effects.xs(name, level="trait") for name in ("items", "best_above_chance"))
    assert ((items["lo"] < 1) & (items["hi"] > 1) & (items["lo"] > 2**-0.5)).all()
    assert (best["lo"] > 1).all()


@pytest.mark.parametrize(
    "columns",
    [
        {"flat": np.ones(10)},
        {"a": np.arange(10.0), "b": 2 * np.arange(10.0) + 1},
        {"single": np.eye(10)[0]},
    ],
)
def test_a_trait_that_hangs_on_one_task_is_refused(columns):
    table = pd.DataFrame(columns)
    outcome = pd.DataFrame({"law": np.random.default_rng(0).normal(size=10)})
    with pytest.raises(ValueError, match="traits must vary"):
        estimate_effects(table, outcome, jointly=True)


def test_traits_and_outcomes_must_be_of_the_same_tasks(traits, misses):
    with pytest.raises(ValueError, match="the same tasks"):
        estimate_effects(traits.iloc[::-1], average_logs(misses))
