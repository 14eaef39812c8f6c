"""Rows that share a cell or a run: which are told apart, and which stays."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import scaling
from scaling.forecast.selection import ChoiceError
from scaling.tables.epochs import count_epochs, find_unique
from scaling.tables.faults import RunTableError
from scaling.tables.repeats import (
    find_cells,
    find_steps,
    keep_best,
    keep_last,
    measure_spread,
    walks_evenly,
)
from scaling.tables.runs import validate_runs
from scaling.tables.schema import explain_header


def frame(**columns: object) -> pd.DataFrame:
    """Give two rows of one N, with these columns added or replaced."""
    return pd.DataFrame(
        {"run": ["a", "a"], "N": [1e8, 1e8], "D": [1e9, 2e9], "loss": [3.1, 3.0]} | columns
    )


# --- cells --------------------------------------------------------------------------------


def test_a_cell_is_one_n_and_d_as_a_table_rounds_them():
    N = [1e8, 1.009e8, 1.02e8, 1e8, 1e8]
    D = [2e9, 2.01e9, 2e9, 2.05e9, 2e9]
    table = pd.DataFrame({"N": N, "D": D, "dataset": list("xxxxy")})
    cells = find_cells(table)
    assert cells[0] == cells[1]
    assert len(set(cells)) == 4
    shuffled = find_cells(table.iloc[::-1])[::-1]
    assert (shuffled[:, None] == shuffled).tolist() == (cells[:, None] == cells).tolist()


def test_steps_of_nearly_one_per_cent_are_no_chain():
    """Each lies near the next, the last far from the first."""
    assert len(set(find_cells(pd.DataFrame({"N": 1e8 * 1.009 ** np.arange(5), "D": 1e9})))) == 3


def test_runs_of_other_different_tokens_are_in_another_cell():
    table = pd.DataFrame({"N": 1e8, "D": [2e9] * 3, "unique_tokens": [1e9, 1e9, np.nan]})
    assert len(set(find_cells(table))) == 2


def test_the_best_of_a_cell_is_that_of_lowest_loss():
    table = pd.DataFrame({"N": [1e8] * 4, "D": [2e9, 2e9, 4e9, 4.01e9], "loss": [3, 2, 1, 1]})
    assert keep_best(table, "loss").index.tolist() == [1, 2]


def test_the_spread_of_seeds_is_the_planted_noise():
    rng = np.random.default_rng(3)
    cells = pd.DataFrame({"N": 1e7 * 2.0 ** np.arange(400), "D": 1e9})
    seeds = cells.loc[cells.index.repeat(3)].reset_index(drop=True)
    seeds["loss"] = 3 * np.exp(0.01 * rng.standard_normal(1200)) * seeds["N"] ** -0.05
    spread, dof = measure_spread(seeds, "loss")
    assert dof == 800
    assert spread == pytest.approx(0.01, rel=0.08)
    alone = measure_spread(cells.assign(loss=3.0), "loss")
    assert np.isnan(alone[0])
    assert alone[1] == 0


# --- checkpoints --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", "_step step Step global_step train/global_step trainer/step iteration revision".split()
)
def test_a_column_of_steps_is_known_by_its_name(name):
    assert find_steps(pd.DataFrame(columns=["run", name])) == name
    assert find_steps(pd.DataFrame(columns=["steps", "warmup_steps", "stepsize"])) is None


@pytest.mark.parametrize(
    ("columns", "kept"),
    [
        ({}, [1]),
        ({"D": [2e9, 1e9]}, [0]),
        ({"D": [1e9, 1e9], "_step": [200, 100]}, [0]),
        ({"D": [1e9, 1e9], "revision": ["step9000", "step10000"]}, [1]),
        ({"run": ["a", "b"]}, [1]),  # each row has its own name: a run is one N
        ({"run": ["a", "b"], "N": [1e8, 2e8]}, [0, 1]),
        ({"D": [1e9, 1e9]}, [0, 1]),  # nothing tells the last
        ({"dataset": ["x", "y"]}, [0, 1]),
    ],
)
def test_the_last_of_a_run(columns, kept):
    assert keep_last(frame(**columns)).index.tolist() == kept


@pytest.mark.parametrize(
    ("D", "other", "even"),
    [
        ([1, 2, 3, 4, 5], 2.0, True),
        ([26.2, 52.4, 78.6, 105, 131], 2.0, True),  # as a table rounds them
        ([1, 2, 3, 4, 4.4], 2.0, True),  # the last at the end of training
        ([1, 2, 3, 4], 2.0, False),
        ([1, 2, 4, 8, 16], 2.0, False),  # a design
        ([1, 2, 4, 8, 16], 1.0, True),  # of one N alone
        ([1, 2, 5, 6, 20], 1.0, False),
    ],
)
def test_rows_at_even_distances_look_like_checkpoints(D, other, even):
    table = pd.DataFrame({"N": [1e8] * len(D) + [other * 1e8], "D": [*D, D[0]]})
    assert walks_evenly(table) is even


# --- at the door --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({}, "'a' on 2: checkpoints? --last-of-run keeps the last of each"),
        ({"D": [1e9, 1e9], "_step": [1, 2]}, "--last-of-run"),
        ({"loss": [3.1, np.nan]}, "--last-of-run"),  # a step at which the loss was not measured
        ({"D": [1e9, 1e9]}, "'a' on 2 of one N and D: a sweep? --best-of-cell"),
    ],
)
def test_a_name_on_rows_of_one_n_is_told_once(columns, said):
    many = pd.concat([frame(**columns).assign(run=f"r{i}") for i in range(125)])
    for table in (frame(**columns), many):
        with pytest.raises(RunTableError) as caught:
            validate_runs(table)
        (fault,) = caught.value.faults
        assert fault.column == "run"
        assert said.replace("'a'", repr(table["run"].iloc[0])) in fault.rule
        assert len(validate_runs(table, repeated=True)) == len(table)


def test_runs_of_one_name_need_names():
    """Two runs of one N at several D each are neither checkpoints of one nor a sweep."""
    with pytest.raises(RunTableError, match="they need names of their own, or the column run left"):
        validate_runs(pd.concat([frame(), frame()]))


def test_a_name_of_two_sizes_or_sets_is_a_fault_of_each_row():
    for columns in ({"N": [1e8, 2e8]}, {"dataset": ["x", "y"]}):
        for repeated in (False, True):
            with pytest.raises(RunTableError) as caught:
                validate_runs(frame(**columns), repeated=repeated)
            assert [fault.rule for fault in caught.value.faults] == ["must be unique"] * 2


def test_a_run_without_any_loss_is_a_fault_among_checkpoints_too():
    with pytest.raises(RunTableError, match="must not be empty where the run has no other loss"):
        validate_runs(frame(loss=np.nan), repeated=True)


# --- epochs -------------------------------------------------------------------------------


def test_different_tokens_are_told_in_three_ways_and_are_at_most_d():
    table = pd.DataFrame(
        {
            "D": [8e9] * 5,
            "unique_tokens": [1e9, np.nan, np.nan, np.nan, 9e9],
            "D_unique": [4e9, 2e9, np.nan, np.nan, np.nan],
            "epochs": [7, 7, 2, np.nan, np.nan],
        }
    )
    assert find_unique(table).tolist() == [1e9, 2e9, 4e9, 8e9, 8e9]
    assert count_epochs(table).tolist() == [8, 4, 2, 1, 1]
    assert count_epochs(table.assign(epochs=0.3)[["D", "epochs"]]).tolist() == [1] * 5
    assert count_epochs(table[["D"]]) is None


@pytest.mark.parametrize(
    ("name", "cell", "rule"),
    [
        ("epochs", "-1", ">= 0"),
        ("epochs", "many", "number"),
        ("unique_tokens", "0", "> 0"),
        ("D_unique", "x", "number"),
    ],
)
def test_what_repeats_cannot_be_is_a_fault(name, cell, rule):
    table = frame(run=["a", "b"]).assign(**{name: ["1B" if name != "epochs" else "4", cell]})
    with pytest.raises(RunTableError) as caught:
        validate_runs(table)
    (fault,) = caught.value.faults
    assert (fault.column, fault.value) == (name, cell)
    assert rule in fault.rule


def test_a_run_beaten_after_many_epochs_is_asked_about_its_epochs():
    table = frame(run=["a", "b"], loss=[3.0, 4.0], epochs=[1, 70])
    (_, said) = validate_runs(table)["flags"]
    assert said.endswith("of 'a', which has no more N or D: this run's tokens were seen 70 times")
    assert "mistyped" in validate_runs(table.assign(epochs=[1, 4]))["flags"].iloc[1]


# --- mixtures of experts ------------------------------------------------------------------


@pytest.mark.parametrize(
    "names",
    [
        ("N_total", "N_active"),
        ("total_params", "activated_params"),
        ("nParamsTotal", "nParamsActive"),
        ("model.total_parameters", "model.active_parameters"),
    ],
)
def test_of_two_counts_one_must_be_named(names):
    ((column, said),) = explain_header(["run", *names, "D", "loss"], ["N"])
    assert column == "N"
    assert f"--map N={names[0]} or --map N={names[1]}" in said
    ((_, said),) = explain_header(["total_loss", "active", "D"], ["N"])
    assert "mixture" not in said


# --- which rows are a run -----------------------------------------------------------------


def checkpoints(**columns: object) -> pd.DataFrame:
    """Two runs of one N, trained to two D, with three checkpoints each."""
    D = [1e9, 2e9, 3e9, 4e9, 8e9, 12e9]
    loss = [3.5, 3.3, 3.2, 3.4, 3.2, 3.1]
    return pd.DataFrame({"_step": [1, 2, 3] * 2, "N": 1e8, "D": D, "loss": loss} | columns)


@pytest.mark.parametrize("column", ["Name", "name", "run_name", "Run ID", "experiment"])
def test_a_column_of_names_is_that_of_the_run(column):
    table = scaling.check_runs(checkpoints(**{column: list("aaabbb")}), last_of_run=True)
    assert table.table["D"].tolist() == [3e9, 12e9]
    assert f"run is taken from {column!r}" in table.warnings


def test_names_that_differ_by_a_step_are_those_of_a_run():
    names = [f"{run}-step{step}" for run in "ab" for step in (250, 500, 1000)]
    table = scaling.check_runs(checkpoints(run=names), last_of_run=True).table
    assert table["run"].tolist() == ["a-step1000", "b-step1000"]


@pytest.mark.parametrize(
    ("columns", "order"),
    [
        ({}, "_step rises and falls"),
        ({"Name": "100M"}, "_step rises and falls"),  # that of a size, not of a run
        ({"run": list("abcdef")}, "_step rises and falls"),
        ({"_step": 1, "D": [1e9, 2e9, 3e9] * 2}, "D rises and falls"),
        ({"_step": 1, "D": [1e9, 2e9, 2e9, 3e9, 3e9, 4e9]}, "a D stands twice"),
    ],
)
def test_several_runs_of_one_n_need_the_column_of_the_run(columns, order):
    with pytest.raises(ChoiceError, match=f"several runs of N = 1e.08: {order}; name the column"):
        scaling.check_runs(checkpoints(**columns), last_of_run=True)


def test_the_rows_of_one_run_may_stand_in_either_order():
    one = checkpoints(_step=[1, 2, 3, 4, 5, 6])
    for table in (one, one.iloc[::-1]):
        assert scaling.check_runs(table, last_of_run=True).table["D"].tolist() == [12e9]
