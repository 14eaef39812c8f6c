"""Baselines: by hand on three runs, and the chain beside them on the real ones."""

import numpy as np
import pandas as pd
import pytest

from scaling.forecast.rulers import predict_no_change, predict_on_line, relative_error
from scaling.studies.recipe import (
    AUTHORS,
    Recipe,
    fit_chain,
    miss_beside_chain,
    predict_beside_chain,
)
from scaling.testbed.labels import DATASETS
from scaling.testbed.runs import (
    load_tasks,
    run_table,
    select_error_fit,
    select_large,
    select_targets,
)

RUNS = pd.DataFrame(
    {"C": [4e18, 1e17, 1e19], "loss_c4_eval": [3.2, 4.0, 3.0], "err_avg17": [0.66, 0.8, 0.60]}
)


def test_by_hand():
    columns = "loss_c4_eval", "err_avg17"
    assert predict_no_change(RUNS, "err_avg17") == 0.60
    assert predict_on_line(RUNS, 2.5, columns) == pytest.approx(0.45)
    assert predict_on_line(RUNS, [3.0, 3.2], columns) == pytest.approx([0.60, 0.66])


SIXTH_IN_LOSS_LAW = Recipe("six", select_error_fit, select_error_fit)


@pytest.mark.parametrize("dataset", DATASETS.values())
def test_beside_the_chain_step_by_step(dataset):
    table = run_table(dataset)
    chain, six, targets = fit_chain(table), select_error_fit(table), select_targets(table)
    loss = chain.predict_loss(targets["N"], targets["D"])
    before, last = (six[(six["size"] == size) & (six["M"] == 20)] for size in ("0.411B", "1.4B"))
    rise = last["err_avg17"].item() - before["err_avg17"].item()
    per_fold = rise / np.log(last["C"].item() / before["C"].item())
    expected = {
        "chain": chain.error_fit.law.predict(loss),
        "no change": np.full(2, last["err_avg17"].item()),
        "ruler in loss": predict_on_line(six, loss, ("loss_c4_eval", "err_avg17")),
        "ruler in compute": last["err_avg17"].item()
        + per_fold * np.log(targets["C"] / last["C"].item()),
        "measured": targets["err_avg17"],
    }
    predicted = predict_beside_chain(table)
    assert list(predicted.index) == list(targets["run"])
    assert list(predicted) == list(expected)
    for name, values in expected.items():
        assert predicted[name].to_numpy() == pytest.approx(np.asarray(values), rel=1e-12), name
    missed = miss_beside_chain(table)
    assert list(missed) == list(expected)[:-1]
    for name in missed:
        by_hand = relative_error(predicted[name], targets["err_avg17"])
        assert missed[name].to_numpy() == pytest.approx(by_hand, abs=1e-12)


def add_own_average(table):
    """Average over the tasks on which the 0.154B run at M = 20 is ten points above chance."""
    tasks, run = load_tasks(), table.query("size == '0.154B' and M == 20").iloc[0]
    kept = [f"err_{t}" for t, c in zip(tasks["task"], tasks["chance"], strict=True)
            if 1 - run[f"err_{t}"] - c >= 0.1 - 1e-9]  # fmt: skip
    return table.assign(err_own=table[kept].mean(axis=1), n_kept=len(kept))


@pytest.mark.parametrize(
    ("column", "recipe", "told"),
    [
        ("err_avg17", AUTHORS, [3.66, 17.32, 3.69, 6.11]),
        ("err_avg17", SIXTH_IN_LOSS_LAW, [4.595, 17.32, 4.48, 6.11]),
        ("err_own", AUTHORS, [6.32, 14.38, 8.45, 8.93]),
        ("err_avg46", AUTHORS, [2.62, 7.48, 2.89, 0.96]),
    ],
)
def test_the_order_depends_on_the_average(column, recipe, told):
    """Mean misses, per cent, of the chain, no change, the ruler in loss and that in compute."""
    tables = [add_own_average(run_table(dataset)) for dataset in DATASETS.values()]
    assert [table["n_kept"].iloc[0] for table in tables] == [7, 7, 8]
    mean = pd.concat(miss_beside_chain(t, column, recipe) for t in tables).abs().mean().mul(100)
    assert mean.tolist() == pytest.approx(told, abs=0.006)


def test_ranks_of_large_runs():
    tables = [run_table(dataset) for dataset in DATASETS.values()]
    nine = pd.concat(predict_beside_chain(t, select=select_large) for t in tables)
    six = nine[~nine.index.isin(pd.concat(map(select_error_fit, tables))["run"])]
    methods = ["chain", "ruler in loss", "no change"]
    ranks = [runs.corr("spearman")["measured"][methods].round(2).tolist() for runs in (nine, six)]
    assert ranks == [[0.88, 0.98, 0.53], [0.60, 0.94, 0.96]]
    C = run_table().set_index("run")["C"]
    by_compute = [-C[runs.index].corr(runs["measured"], "spearman") for runs in (nine, six)]
    assert np.round(by_compute, 2).tolist() == [0.76, 0.21]


def test_single_tasks():
    """Mean and median disagree: the chain predicts some errors below zero."""
    predicted = pd.concat(
        predict_beside_chain(run_table(dataset), f"err_{task}").tail(1).assign(task=task)
        for dataset in DATASETS.values()
        for task in load_tasks().query("in_17")["task"]
    )
    misses = {
        name: relative_error(predicted[name], predicted["measured"])
        for name in ("chain", "no change", "ruler in loss")
    }
    away = pd.DataFrame(misses).abs()
    assert away.mean().round(2).tolist() == [0.46, 0.30, 0.15]
    assert away.median().round(2).tolist() == [0.18, 0.25, 0.09]
    assert (away["ruler in loss"] < away["chain"]).sum() == 38
    assert (away["chain"] < away["no change"]).sum() == 26
    below = predicted[predicted["chain"] < 0]
    assert sorted(below["task"]) == ["bigbench_qa_wikidata", *3 * ["squad"], "winograd"]
    squad = predicted.loc[predicted["task"] == "squad", "chain"]
    assert sorted(squad.round(2)) == [-1.25, -1.03, -0.07]


def test_counting_noise_of_the_average():
    tasks = load_tasks().query("in_17")
    run = run_table("redpajama").query("size == '6.9B'").iloc[0]
    p = run[[f"err_{task}" for task in tasks["task"]]].to_numpy(dtype=float)
    noise = np.sqrt(np.sum(p * (1 - p) / tasks["n_items"])) / 17 / run["err_avg17"]
    assert noise == pytest.approx(0.0137, abs=5e-5)
