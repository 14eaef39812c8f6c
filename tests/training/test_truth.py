"""Fits held against what is known: planted grids, and the stored one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from grids_to_train import write_spec

from scaling.laws.law import LossLaw
from scaling.tables.datafiles import data_path
from scaling.tables.runs import read_runs
from scaling.training.errors import GridError
from scaling.training.grid.truth import (
    hold_against_truth,
    hold_errors_against_truth,
    leave_out,
    select_fit_runs,
    summary_line,
)
from scaling.training.plan.cells import list_cells
from scaling.training.plan.spec import read_spec
from scaling.training.text.choices import open_tasks
from scaling.training.text.walks import make_walk

SPEC = read_spec(data_path("specs", "walks.yaml"))


WALKS = {name: make_walk(source) for name, source in SPEC.sources.items()}
TASKS = {name: open_tasks(SPEC, name) for name in SPEC.sources}


def plant(spec, noise=0.0, shift=0.0, seed=0) -> pd.DataFrame:
    """A grid whose losses follow a law with the entropy of each walk for E, and known errors."""
    rng = np.random.default_rng(seed)
    rows = []
    for cell in list_cells(spec):
        truth = WALKS[cell.source_name].entropy
        law = LossLaw(truth + shift, 3e3, 3e4, 1.0)
        loss = law.predict(cell.N, cell.D) * (1 + noise * rng.standard_normal())
        row = {"run": cell.name, "dataset": cell.source_name, "N": cell.N, "D": cell.D}
        row |= {"width": cell.size.width}
        row |= {"loss": loss, "multiplier": cell.multiplier, "seed": cell.seed}
        for name, task in TASKS[cell.source_name].items():
            gap = task.chance_error - task.best_error
            row[f"err_{name}"] = task.chance_error - gap * np.exp(-2 * (loss - truth))
        rows.append(row)
    return pd.DataFrame(rows)


def test_a_planted_entropy_is_found():
    against = hold_against_truth(plant(SPEC, noise=1e-5), SPEC)
    assert (against["error"].abs() < 1e-4).all()
    assert list(against["source"]) == ["flat", "middle", "steep"]
    assert (against["n_runs"] == 20).all()
    np.testing.assert_allclose(against["rms"], 1e-5, rtol=0.5)
    best = plant(SPEC, noise=1e-5).query("multiplier >= 10").groupby("dataset")["loss"].min()
    np.testing.assert_allclose(against["best_run"], best)
    gap = (against["best_run"] - against["E_true"]) / against["E_true"]
    np.testing.assert_allclose(against["gap_share"], (against["error"] / gap).abs())
    assert (against["lo"] < against["E"]).all() and (against["E"] < against["hi"]).all()


def test_a_planted_untruth_is_not_called_true():
    against = hold_against_truth(plant(SPEC, noise=1e-5, shift=0.1), SPEC)
    np.testing.assert_allclose(against["error"], 0.1 / against["E_true"], rtol=1e-2)
    assert not against["inside"].any()
    assert summary_line(pd.DataFrame(index=range(75)), against).endswith("inside=0/3")


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    """Eight noisy grids of three walks: most of 24 intervals, and not all by being endless."""
    inside, widths = [], []
    for seed in range(8):
        against = hold_against_truth(plant(SPEC, noise=1e-3, seed=seed), SPEC)
        inside.extend(against["inside"])
        widths.extend((against["hi"] - against["lo"]) / against["E_true"])
    assert np.mean(inside) > 0.7
    assert np.median(widths) < 0.02


def test_a_planted_error_law_ends_at_the_best_error():
    errors = hold_errors_against_truth(plant(SPEC), SPEC)
    assert len(errors) == 9
    np.testing.assert_allclose(errors["difference"], 0, atol=1e-6)
    np.testing.assert_allclose(errors["epsilon"], errors["chance"], atol=1e-6)
    assert (errors["line"] > errors["difference"]).all()  # the curve bends down towards the floor
    assert (errors["reached"] > errors["best"]).all()


def test_leaving_one_width_out_leaves_its_runs_out():
    table = plant(SPEC)
    odd = table["width"] == 12
    table.loc[odd, "loss"] *= 1.02
    runs = select_fit_runs(table, "steep")
    without = leave_out(runs, "width")
    assert list(without.index) == [8, 12, 16, 24, 32]
    truth = make_walk(SPEC.sources["steep"]).entropy
    assert abs(without[12] / truth - 1) < 1e-6 < abs(without.drop(12) / truth - 1).min()


def test_a_fit_takes_the_first_seed_and_the_longer_runs():
    table = plant(SPEC)
    runs = select_fit_runs(table, "flat")
    assert set(runs["multiplier"]) == {10, 20, 40, 80}
    assert set(runs["seed"]) == {0}
    assert len(table[(table["dataset"] == "flat") & (table["multiplier"] == 10)]) == 15


def test_a_table_of_another_origin_is_refused():
    with pytest.raises(GridError, match="the table has no column multiplier"):
        hold_against_truth(plant(SPEC).drop(columns="multiplier"), SPEC)


def test_without_runs_or_without_a_walk_nothing_is_held_against_anything(tmp_path):
    table = plant(SPEC)
    with pytest.raises(GridError, match="no runs of steep with 10 tokens or more"):
        hold_against_truth(table[table["dataset"] != "steep"], SPEC)
    tokens = {"kind": "tokens", "folder": "x", "loss_sets": {"x": "y"}}
    spec = read_spec(write_spec(tmp_path, sources={"walk": tokens}))
    with pytest.raises(GridError, match="no walk among them"):
        hold_against_truth(table, spec)


# --- the stored grid --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def stored() -> pd.DataFrame:
    return pd.read_csv(data_path("results", "walks.csv"))


def test_the_stored_grid_is_the_one_that_is_specified(stored):
    cells = {cell.name: cell for cell in list_cells(SPEC)}
    assert set(stored["run"]) == set(cells)
    for row in stored.itertuples():
        cell = cells[row.run]
        assert (row.N, row.D, row.steps, row.warmup_steps) == (
            cell.N, cell.D, cell.steps, cell.warmup_steps
        )  # fmt: skip
    read_runs(data_path("results", "walks.csv"))


def test_stored_losses_fall_along_every_row_and_down_every_column(stored):
    main = stored[stored["seed"] == 0]
    assert len(main) == 75
    for _, row in main.sort_values("D").groupby(["dataset", "width"]):
        assert row["loss"].is_monotonic_decreasing
    for _, column in main.sort_values("N").groupby(["dataset", "multiplier"]):
        assert column["loss"].is_monotonic_decreasing


def test_the_stored_grid_finds_the_entropy(stored):
    against = hold_against_truth(stored, SPEC)
    assert (against["error"].abs() < 0.003).sum() >= 2
    assert against["inside"].all()
    assert (against["n_runs"] >= 20).all()
    assert summary_line(stored, against).startswith("grid: runs=105 E_error_max=0.00")
