"""The choice of a task predictor: what it may read, the folds, the score and the rule by hand."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import pytest
from compare import compare
from jitter import jittered_data

import scaling.testbed.runs
from scaling.laws.fit import fit_loss_law
from scaling.studies.recipe import miss_beside_chain
from scaling.studies.results import RESULTS, load_result, read_result, write_result
from scaling.studies.tasks.calibration import chosen_slope
from scaling.studies.tasks.candidates import (
    BASELINES,
    list_task_candidates,
    no_change,
    ruler_in_loss,
    shared_slope,
)
from scaling.studies.tasks.cases import TaskCandidate, TaskCase
from scaling.studies.tasks.choice import (
    choose_task_candidate,
    list_folds,
    list_targets,
    run_folds,
    score_backtests,
    select_open,
    sum_up_runs,
)
from scaling.testbed.labels import DATASETS
from scaling.testbed.runs import load_tasks, run_table, select_loss_fit

CHOSEN = "one slope and r, b 2.5"
LARGE = {
    *(f"{name}-6.9B-M20" for name in DATASETS.values()),
    *("c4-1.4B-M80", "redpajama-1.4B-M640", "refinedweb-1.4B-M320"),
}


def poison(table: pd.DataFrame) -> pd.DataFrame:
    """The run table with losses and errors of the six targets gone or absurd; N and D stand."""
    rng = np.random.default_rng(3)
    hit = table["run"].isin(LARGE)
    for column in [name for name in table if str(name).startswith(("loss_", "err_"))]:
        wrong = np.where(rng.random(len(table)) < 0.5, np.nan, -rng.random(len(table)))
        table[column] = table[column].where(~hit, wrong)
    assert hit.sum() == 6
    return table


@pytest.fixture(scope="module")
def poisoned() -> pd.DataFrame:
    return poison(run_table())


@pytest.mark.parametrize(
    "name",
    ["task_constants", pytest.param("task_scores", marks=pytest.mark.slow)],
)
def test_the_choice_comes_out_again_with_the_large_runs_poisoned(name, monkeypatch, tmp_path):
    """Beneath the loaders: whatever reads the testbed gets the poisoned table, a rounding away."""
    with jittered_data(tmp_path, seed=1):
        poisoned = poison(run_table())
    monkeypatch.setattr(scaling.testbed.runs, "_wide", lambda: poisoned)
    assert (run_table()["loss_c4_eval"] > 0).sum() <= 104 - 1
    made = read_result(write_result(name, tmp_path))
    assert compare(load_result(name), made, RESULTS[name].keys) == []


def test_the_poison_would_be_seen(poisoned):
    clean = run_folds(list(list_targets(run_table())), BASELINES[:1])
    other = run_folds(list(list_targets(poisoned)), BASELINES[:1])
    assert not clean["measured"].equals(other["measured"])
    assert clean["predicted"].equals(other["predicted"])


def test_a_run_that_is_read_is_seen():
    table = run_table()
    table.loc[table["run"] == "c4-1.4B-M20", "err_piqa"] *= 1.1
    changed = run_folds(list(list_folds(table)), BASELINES[:1])
    before = run_folds(list(list_folds(run_table())), BASELINES[:1])
    rows = before[changed["measured"] != before["measured"]]
    assert rows[["kind", "run", "task"]].to_numpy().tolist() == [["rung", "c4-1.4B-M20", "piqa"]]


# --- folds ---------------------------------------------------------------------------------


def test_open_are_the_small_runs_and_three_more():
    table = select_open(run_table())
    assert len(table) == 95 + 3
    assert set(run_table()["run"]) - set(table["run"]) == LARGE
    large = table.loc[table["N"] > 1e9, "run"].tolist()
    assert large == [f"{name}-1.4B-M20" for name in DATASETS.values()]


def test_folds_know_no_dearer_run_and_none_they_ask_for():
    table = run_table().set_index("run")
    folds = list(list_folds(run_table()))
    assert len(folds) == 18
    for fold in folds:
        size = {"1.4B": "0.411B", "0.411B": "0.154B", "0.154B": "0.079B"}.get(fold.step)
        size = fold.step if fold.kind == "long" else size
        limit = table.loc[f"{fold.dataset}-{size}-M20", "C"]
        for runs in (fold.case.runs, *fold.case.siblings):
            assert runs["C"].max() <= limit * 1.00001
            assert runs["M"].min() >= 10
            assert not set(runs["run"]) & set(fold.asked["run"])
        assert fold.case.runs["dataset"].unique().tolist() == [fold.dataset]
        assert fold.case.runs["run"].iloc[-1] == f"{fold.dataset}-{size}-M20"
        assert sorted(s["dataset"].iloc[0] for s in fold.case.siblings) == sorted(
            set(DATASETS.values()) - {fold.dataset}
        )
        assert list(fold.case.asked) == ["N", "D", "C"]
        if fold.kind == "rung":
            assert fold.asked[["size", "M"]].to_numpy().tolist() == [[fold.step, 20]]
        else:
            assert fold.asked["M"].min() >= 80
            assert set(fold.asked["size"]) == {fold.step}
    weights = pd.Series({(f.kind, f.dataset, f.step): f.weight for f in folds})
    assert weights.groupby(level=[0, 1]).sum().eq(1).all()
    assert weights.loc[[("rung", "c4", "1.4B"), ("long", "c4", "0.411B")]].tolist() == [0.5, 0.5]


def test_targets_are_asked_from_all_runs_no_dearer_than_1_4B():
    targets = list(list_targets(run_table()))
    assert {fold.asked["run"].iloc[0] for fold in targets} == LARGE
    for fold in targets:
        assert fold.case.runs["run"].iloc[-1] == f"{fold.dataset}-1.4B-M20"


# --- score and rule ------------------------------------------------------------------------

TASKS = load_tasks()


def toy(misses: dict[str, float]) -> pd.DataFrame:
    """Backtests in which every task of every run is off by one share."""
    rows = [
        {"candidate": name, "kind": kind, "dataset": "c4", "step": step, "run": f"{kind} {step}"}
        | {"task": task, "predicted": 0.5 * (1 + miss), "measured": 0.5, "weight": weight}
        for name, miss in misses.items()
        for kind, step, weight in (("rung", "a", 0.75), ("rung", "b", 0.25), ("long", "a", 1.0))
        for task in TASKS["task"]
    ]
    return pd.DataFrame(rows)


def test_score_by_hand():
    rows = toy({"all": 0.1})
    assert score_backtests(rows)["score"]["all"] == pytest.approx(0.1)
    long = rows["kind"] == "long"
    rows.loc[long, "predicted"] = 0.5 * 1.3  # counts a quarter: half of the average's half
    assert score_backtests(rows)["score"]["all"] == pytest.approx(0.75 * 0.1 + 0.25 * 0.3)
    rows.loc[rows["run"] == "rung b", "predicted"] = 0.5  # a quarter of the rungs
    assert score_backtests(rows)["score"]["all"] == pytest.approx(0.75 * 0.075 + 0.25 * 0.3)
    out = rows["task"].isin(TASKS.loc[~TASKS["in_17"], "task"].head(3))
    rows.loc[out, "predicted"] = 5.0  # three tasks of 46 outside the 17: no median, no average
    assert score_backtests(rows)["score"]["all"] == pytest.approx(0.75 * 0.075 + 0.25 * 0.3)


def test_the_average_may_cancel_where_the_median_does_not():
    rows = toy({"all": 0.2})
    some = rows["task"].isin(TASKS.loc[TASKS["in_17"], "task"].head(8))
    rows.loc[some, "predicted"] = 0.5 * 0.8
    assert score_backtests(rows)["score"]["all"] == pytest.approx(0.2 / 2 + (0.2 / 17) / 2)


def candidate(name: str, n_parts: int) -> TaskCandidate:
    return TaskCandidate(name, n_parts, no_change)


def test_rule_of_the_choice():
    scores = pd.DataFrame(
        {"score": [0.02, 0.021, 0.0215, 0.03], "above": [0, 0.001, 0.0015, 0.01]},
        index=["best", "simple", "simple too", "simplest"],
    ).assign(above_std=[0, 0.002, 0.002, 0.002])
    candidates = [
        candidate(name, parts) for name, parts in zip(scores.index, (5, 2, 2, 0), strict=True)
    ]
    assert choose_task_candidate(scores, candidates).name == "simple"
    scores.loc["simplest", "above_std"] = 0.01  # level exactly at one standard error
    assert choose_task_candidate(scores, candidates).name == "simplest"


def test_bootstrap_resamples_tasks():
    """Two candidates that differ on one task alone: above, with a standard error of its own."""
    rows = toy({"a": 0.1, "b": 0.1})
    one = (rows["task"] == "coqa") & (rows["candidate"] == "b")
    rows.loc[one, "predicted"] = 0.5 * 1.44
    scores = score_backtests(rows)
    assert scores["above"]["b"] == pytest.approx(0.5 * 0.34 / 17)
    assert 0.3 < scores["above_std"]["b"] / scores["above"]["b"] < 3
    assert scores["above_std"]["a"] == 0


# --- the shipped choice --------------------------------------------------------------------


def test_what_was_chosen_and_how_close_it_was():
    scores = load_result("task_scores").set_index("candidate")
    assert scores.index.to_list() == [c.name for c in list_task_candidates()]
    assert scores.index[scores["chosen"] == 1].to_list() == [CHOSEN]
    assert choose_task_candidate(scores, list_task_candidates()).name == CHOSEN
    assert chosen_slope() == 2.5
    row = scores.loc[CHOSEN]
    assert row["above"] <= row["above_std"] < 1.1 * row["above"]
    assert len(scores) == 48


def test_the_chosen_candidate_is_what_judge_tasks_does():
    fold = next(fold for fold in list_folds(run_table()) if fold.step == "1.4B")
    ours = shared_slope(fold.case, b=2.5)[:, 0]
    rows = load_result("task_verdicts").query("run == 'c4-1.4B-M20'")
    assert np.clip(ours, 0, 1) == pytest.approx(rows["predicted"].to_numpy(), abs=1e-8)


def test_baselines_at_6_9B_recomputed():
    """No change: 5.1, 6.6 and 9.7%, the numbers from outside; straight from the two tables."""
    table = run_table().set_index("run")
    large = load_result("task_large_runs").set_index(["candidate", "run"])["median"]
    for dataset, printed in zip(DATASETS.values(), (0.051, 0.066, 0.097), strict=True):
        columns = [f"err_{task}" for task in TASKS["task"]]
        before, after = (table.loc[f"{dataset}-{run}", columns] for run in ("1.4B-M20", "6.9B-M20"))
        median = np.median(np.abs((before - after) / after).astype(float))
        assert large["no change", f"{dataset}-6.9B-M20"] == pytest.approx(median)
        assert round(median, 3) == printed


def test_ruler_is_that_of_the_chapter_before():
    """Fed the same loss law, the ruler of the folds and that of `scaling.forecast.rulers` agree."""
    five = select_loss_fit(run_table("c4"))
    fold = next(f for f in list_targets(run_table()) if f.dataset == "c4" and f.step == "6.9B")
    paper = lambda *_: fit_loss_law(five["N"], five["D"], five["loss_c4_eval"])  # noqa: E731
    case = TaskCase(fold.case.runs, (), fold.case.asked, TASKS, fit_loss=paper)
    ours = ruler_in_loss(case)[TASKS["task"].tolist().index("piqa"), 0]
    theirs = miss_beside_chain(run_table("c4"), "err_piqa")["ruler in loss"]["c4-6.9B-M20"]
    measured = fold.measured[TASKS["task"].tolist().index("piqa"), 0]
    assert ours / measured - 1 == pytest.approx(theirs)


def test_what_the_chapter_says_of_the_large_runs():
    large = load_result("task_large_runs")
    six = large[large["step"] == "6.9B"].pivot(
        index="candidate", columns="dataset", values="median"
    )
    medians = six.mean(axis=1)
    assert medians[CHOSEN] == pytest.approx(0.0722, abs=5e-5)
    assert medians["no change"] == pytest.approx(0.0713, abs=5e-5)
    assert medians["ruler in loss"] == pytest.approx(0.0568, abs=5e-5)
    assert medians.min() > 0.045
    average = large["average_17"].abs().groupby(large["candidate"]).mean()
    assert average[CHOSEN] == pytest.approx(0.0835, abs=5e-5)
    assert average.min() > 0.02


def test_sums_by_run():
    rows = toy({"all": 0.1})
    rows.loc[rows["task"] == "coqa", "predicted"] = 0.4
    sums = sum_up_runs(rows)
    assert len(sums) == 3
    assert sums["median"].tolist() == pytest.approx([0.1] * 3)
    assert sums["mean"].tolist() == pytest.approx([(45 * 0.1 + 0.2) / 46] * 3)
    assert sums["mean_17"].tolist() == pytest.approx([(16 * 0.1 + 0.2) / 17] * 3)
    assert sums["average_17"].tolist() == pytest.approx([(16 * 0.1 - 0.2) / 17] * 3)


# --- candidates ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def case() -> TaskCase:
    return next(fold for fold in list_folds(run_table()) if fold.step == "1.4B").case


def test_names_are_unique_and_each_predicts_an_error_per_task_and_run(case):
    candidates = list_task_candidates()
    assert len({c.name for c in candidates}) == len(candidates)
    for one in candidates:
        predicted = one.predict(case)
        assert predicted.shape == (46, 1), one.name
        assert np.isfinite(predicted).all(), one.name


def test_what_each_part_does(case):
    plain = partial(shared_slope, case, b=2.5)
    r_0 = plain(follow=False)
    assert not np.allclose(plain(), r_0)
    assert np.allclose(plain(b=0.0, follow=False), no_change(case))
    near, wide = plain(b=0.0, ell=1e-3), plain(b=0.0, ell=1e3)
    assert np.abs(near - no_change(case)).max() < 1e-6  # only the last run is near
    mean = case.errors.mean(axis=1)
    r = np.array([max(0.0, -np.corrcoef(case.x, y)[0, 1]) if np.ptp(y) else 0 for y in case.errors])
    expected = r * case.errors[:, -1] + (1 - r) * mean
    assert np.allclose(wide[:, 0], expected, atol=2e-3)
    guess = plain(b=0.0, ell=1e3, to_chance=1.0)
    assert np.allclose(guess[:, 0], r * case.errors[:, -1] + (1 - r) * case.ceiling[:, 0])


def test_a_ruler_reads_the_line_of_its_last_two():
    runs = pd.DataFrame({"M": [20, 20, 40], "C": [1.0, 2.0, 3.0], "loss_c4_eval": [4.0, 3.0, 2.5]})
    runs = runs.assign(err_a=[0.9, 0.7, 0.1], N=1e8, D=[1e9, 2e9, 4e9])
    tasks = pd.DataFrame({"task": ["a"], "chance": 0.0, "n_items": 100})
    toy_case = TaskCase(runs, (), pd.DataFrame({"N": [1e9], "D": [1e10], "C": [9.0]}), tasks)
    toy_case.__dict__["loss"] = np.array([2.0])
    assert ruler_in_loss(toy_case)[0, 0] == pytest.approx(0.5)
    assert no_change(toy_case)[0, 0] == 0.1


def test_constants_rest_on_the_backtests():
    table = load_result("task_constants").set_index("constant")
    counts = table.loc[["at_guessing", "just_off_guessing", "off_guessing"], "n"]
    n_asked = sum(len(fold.asked) for fold in list_folds(run_table()))
    assert counts.sum() == table.loc["b", "n"] == 46 * n_asked == 2024
    assert table["value"].to_dict() == pytest.approx(
        {
            "b": 2.5,
            "doubt": 1.5,
            "floor": 0.02,
            "at_guessing": 1.1824,
            "just_off_guessing": 2.5380,
            "off_guessing": 1.3108,
        },
        abs=1e-4,
    )
