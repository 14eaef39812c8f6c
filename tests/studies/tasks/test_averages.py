"""Averages over tasks: a direct loop, the paper's 17, and the fall with the root of k."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from scaling.studies.recipe import miss_beside_chain
from scaling.studies.results import load_result
from scaling.studies.tasks.averages import (
    POINTS,
    count_noise,
    draw_subsets,
    expect_miss,
    keep_above_chance,
    leave_one_out,
    miss_averages,
    tabulate_thresholds,
)
from scaling.studies.tasks.error_laws import TASKS
from scaling.testbed.runs import load_tasks, run_table, select_targets

SETS = ["c4", "redpajama", "refinedweb"]
IN_17 = load_tasks()["in_17"].to_numpy()


def test_the_tasks_stand_in_one_order():
    assert load_tasks()["task"].tolist() == TASKS


@pytest.mark.parametrize("dataset", SETS)
def test_sets_of_tasks_one_after_the_other(dataset):
    """Every set as a column of its own, through the chain of the chapter before."""
    rng, table = np.random.default_rng(0), run_table(dataset)
    sets = np.concatenate([draw_subsets(k, np.ones(46), rng, 2) for k in (3, 8, 17, 40)])
    found = miss_averages(table, sets)
    for i, members in enumerate(sets):
        names = [f"err_{task}" for task, kept in zip(TASKS, members, strict=True) if kept]
        own = table.assign(err_own=table[names].mean(axis=1))
        expected = miss_beside_chain(own, "err_own")
        for method, name in (("law", "chain"), ("no change",) * 2, ("ruler in loss",) * 2):
            assert found[method][i] == pytest.approx(expected[name].to_numpy(), rel=1e-6, abs=1e-9)


def test_a_task_may_count_twice():
    counts = np.zeros((2, 46))
    counts[0, [3, 5]], counts[1, [3, 5]] = (2, 1), (4, 2)
    table, targets = run_table("c4"), select_targets(run_table("c4"))
    once = miss_averages(table, counts)
    for values in once.values():
        assert values[0] == pytest.approx(values[1], rel=1e-9)
    column = (2 * table[f"err_{TASKS[3]}"] + table[f"err_{TASKS[5]}"]) / 3
    expected = miss_beside_chain(table.assign(err_own=column), "err_own")["no change"]
    assert once["no change"][0] == pytest.approx(expected.to_numpy())
    noise = count_noise(targets, counts)
    assert noise[0] == pytest.approx(noise[1])


def test_the_printed_misses_of_the_17_and_of_all():
    """0.05 and 3.64 % on RedPajama, and the paper's others."""
    printed = {
        "c4": [("9.58", "0.14"), ("3.08", "0.07")],
        "redpajama": [("3.64", "0.05"), ("3.44", "2.10")],
        "refinedweb": [("5.62", "2.94"), ("4.30", "2.76")],
    }
    sets = np.stack([keep_above_chance([0.10])[0], np.ones(46, bool)])
    for dataset, rows in printed.items():
        misses = 100 * np.abs(miss_averages(run_table(dataset), sets)["law"])
        assert [tuple(f"{x:.2f}" for x in row) for row in misses] == rows


# --- the rule -----------------------------------------------------------------------------


def test_ten_points_keep_the_17():
    kept = keep_above_chance([0.0, 0.0675, 0.10, 0.103, 0.104, 0.5])
    assert (kept[1:4] == IN_17).all()
    assert kept.sum(axis=1).tolist() == [44, 17, 17, 17, 16, 1]
    assert TASKS[kept[-1].argmax()] == "pubmed_qa_labeled"


def test_the_rule_asks_the_0_154B_runs_alone(monkeypatch):
    before, table = keep_above_chance(np.array(POINTS) / 100), run_table()
    others = table["size"] != "0.154B"
    table.loc[others, [f"err_{task}" for task in TASKS]] = 0.0
    monkeypatch.setattr("scaling.studies.tasks.averages.run_table", lambda: table)
    assert (keep_above_chance(np.array(POINTS) / 100) == before).all()


def test_thresholds_one_by_one():
    table = tabulate_thresholds()
    assert len(table) == len(POINTS) * 6 * 3
    tasks, runs = load_tasks(), run_table()
    small = runs[runs["size"] == "0.154B"]
    best = np.array([1 - small[f"err_{task}"].min() for task in TASKS]) - tasks["chance"]
    for points in (0, 4, 12, 37):
        names = [f"err_{task}" for task in np.array(TASKS)[best >= points / 100 - 1e-9]]
        own = run_table("refinedweb")
        own = own.assign(err_own=own[names].mean(axis=1))
        expected = miss_beside_chain(own, "err_own")
        rows = table[(table["points"] == points) & (table["dataset"] == "refinedweb")]
        assert (rows["n_tasks"] == len(names)).all()
        cells = rows.pivot(index="run", columns="method", values="relative_error")
        cells = cells.loc[expected.index]
        assert cells["law"].to_numpy() == pytest.approx(expected["chain"].to_numpy(), rel=1e-6)
        for name in ("no change", "ruler in loss"):
            assert cells[name].to_numpy() == pytest.approx(expected[name].to_numpy())


def test_one_task_less():
    kept = np.array([True, False, True, True])
    expected = [[0, 0, 1, 1], [1, 0, 0, 1], [1, 0, 1, 0]]
    assert leave_one_out(kept).astype(int).tolist() == expected


# --- draws --------------------------------------------------------------------------------


def test_draws_are_sets_of_the_pool_each_as_likely():
    pool = np.array([True, False, True, True, True])
    drawn = draw_subsets(2, pool, np.random.default_rng(0), 6000)
    assert (drawn.sum(axis=1) == 2).all()
    assert not drawn[:, 1].any()
    counts = pd.DataFrame(drawn).value_counts()
    assert len(counts) == 6
    assert counts.min() > 850
    assert counts.max() < 1150


@pytest.mark.parametrize("n_tasks", [0, 4])
def test_a_draw_larger_than_its_pool_is_refused(n_tasks):
    with pytest.raises(ValueError, match=f"from 1 to 3, got {n_tasks}"):
        draw_subsets(n_tasks, [True] * 3 + [False], np.random.default_rng(0))


def test_a_set_of_no_task_is_refused():
    with pytest.raises(ValueError, match="a task in every set"):
        miss_averages(run_table("c4"), np.zeros((1, 46)))


def test_the_expected_miss_is_that_of_all_sets():
    misses = np.array([0.3, -0.1, 0.25, 0.05, 0.4])
    for k in range(1, 6):
        means = [misses[list(one)].mean() for one in combinations(range(5), k)]
        assert expect_miss(misses, k) == pytest.approx(np.sqrt(np.mean(np.square(means))))
    assert expect_miss(misses, 5) == pytest.approx(misses.mean())
    assert expect_miss(misses, [1, 5]).shape == (2,)


def test_counting_noise_by_hand_and_by_simulation():
    run = select_targets(run_table("redpajama")).query("size == '6.9B'")
    tasks = load_tasks()
    p, n = run[[f"err_{task}" for task in TASKS]].to_numpy()[0], tasks["n_items"].to_numpy()
    noise = count_noise(run, [IN_17, np.ones(46)])[:, 0]
    for found, members in zip(noise, (IN_17, np.ones(46, bool)), strict=True):
        std = np.sqrt((p * (1 - p) / n)[members].sum()) / members.sum()
        assert found == pytest.approx(std / p[members].mean())
    counted = np.random.default_rng(0).binomial(n, p, (4000, 46)) / n
    assert (counted.mean(axis=1) / p.mean()).std() == pytest.approx(noise[1], rel=0.05)


# --- the stored table ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def stored():
    return load_result("task_subsets")


def test_where_the_set_is_the_pool_the_stored_miss_is_the_printed_one(stored):
    rows = stored[(stored["n_tasks"] == stored["pool"]) & (stored["method"] == "law")]
    found = {(r.pool, r.run): f"{100 * r.median:.2f}" for r in rows.itertuples()}
    assert len(found) == 12
    assert found[17, "redpajama-6.9B-M20"] == "0.05"
    assert found[17, "redpajama-1.4B-M640"] == "3.64"
    assert found[46, "refinedweb-1.4B-M320"] == "4.30"
    assert (rows["lo"] == rows["median"]).all()
    assert (rows["hi"] == rows["median"]).all()


def test_one_task_at_a_time_gives_the_stored_medians(stored):
    """All 46 tasks stand for 2,000 draws of one."""
    for dataset in SETS:
        table = run_table(dataset)
        for method, misses in miss_averages(table, np.eye(46)).items():
            rows = stored[(stored["pool"] == 46) & (stored["n_tasks"] == 1)]
            rows = rows[(rows["dataset"] == dataset) & (rows["method"] == method)]
            rows = rows.set_index("run").loc[select_targets(table)["run"]]
            sizes = np.sort(np.minimum(np.abs(misses), 1), axis=0)
            assert (rows["median"] >= sizes[20]).all()
            assert (rows["median"] <= sizes[25]).all()
            assert (rows["lo"] <= sizes[4]).all()
            assert (rows["hi"] >= sizes[41]).all()


def test_medians_levels_and_noise_as_the_chapter_says(stored):
    rows = stored[stored["pool"] == 46]
    medians = rows.groupby(["n_tasks", "method"])["median"].mean().unstack()
    noise = rows.groupby("n_tasks")["noise"].mean()
    assert (noise.diff().dropna() < 0).all()
    assert noise[40] / noise[20] == pytest.approx(2**-0.5, abs=0.03)
    assert (medians["ruler in loss"] > noise).all()
    assert (medians["law"] > noise).all()
    assert (rows["lo"] <= rows["median"]).all()
    assert (rows["median"] <= rows["hi"]).all()
    assert medians.loc[17, "law"] < medians.loc[5, "law"] < medians.loc[1, "law"]
    assert np.ptp(medians["no change"]) < 0.01
