"""Stored results come out again, from losses a rounding away and rows in another order."""

from __future__ import annotations

import pandas as pd
import pytest
from compare import compare
from jitter import jittered_data

from scaling.studies import results
from scaling.studies.results import RESULTS, Result, load_result, main, read_result, write_result
from scaling.tables.datafiles import data_path
from scaling.testbed.grids import load_grid
from scaling.testbed.runs import run_table

# Rebuilt by test_selection.py and test_choice.py, from data whose large runs are poisoned, and by
# test_few_runs.py, one series of it; and by test_coverage.py, which allows others' refits more.
ELSEWHERE = ("backtests", "task_scores", "task_constants", "few_runs", "planted_designs")
ELSEWHERE += ("interval_planted", "interval_targets", "interval_coverage")

LONG = ("subsets", "large_runs", "candidates", "leverage", "task_verdicts")
LONG += ("interval_candidates", "interval_constants", "average_coverage", "kpi_bets")
LONG += ("replays", "plan_rules", "plan_factors", "plan_budgets")


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow if name in LONG else ())
        for name in RESULTS
        if name not in ELSEWHERE
    ],
)
def test_a_stored_result_comes_out_again(name, tmp_path):
    with jittered_data(tmp_path, seed=1):
        made = read_result(write_result(name, tmp_path))
    keys = RESULTS[name].keys
    assert len(made) > 0
    assert not made.duplicated(list(keys)).any()
    assert compare(load_result(name), made, keys, name) == []


def test_the_jitter_moves_every_loss_and_every_row(tmp_path):
    """By a rounding; and the loaders put the rows in order again."""
    whole, grid = run_table(), load_grid("porian")
    with jittered_data(tmp_path, seed=1):
        file = pd.read_csv(data_path("testbed", "runs.csv"))
        moved, moved_grid = run_table(), load_grid("porian")
    assert not file["run"].equals(whole["run"])
    for before, after in ((whole, moved), (grid, moved_grid)):
        assert after["run"].equals(before["run"])
        losses = [name for name in before if name.startswith("loss")]
        apart = (after[losses] / before[losses] - 1).abs()
        assert (apart > 0).mean().min() > 0.9
        assert apart.max().max() < 1e-13
    assert run_table().equals(whole)


STORED = pd.DataFrame({"run": ["a", "b"], "loss": [2.0, 3.0], "status": ["converged"] * 2})
TOY = {
    "plain": Result("plain.csv", lambda: STORED, ("run",)),
    "packed": Result("packed.csv.gz", lambda: STORED, ("run",)),
}


@pytest.mark.parametrize(
    ("named", "files"),
    [(["packed"], ["packed.csv.gz"]), ([], ["packed.csv.gz", "plain.csv"])],
)
def test_the_command_writes_what_is_named_or_else_all(named, files, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(results, "RESULTS", TOY)
    results.main(named, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == files
    assert sorted(line.split(":")[0] for line in capsys.readouterr().out.splitlines()) == files


@pytest.mark.parametrize("name", TOY)
def test_the_same_table_gives_the_same_bytes_whatever_the_hour(name, monkeypatch, tmp_path):
    monkeypatch.setattr(results, "RESULTS", TOY)
    written = []
    for hour in (1, 2):
        monkeypatch.setattr("time.time", lambda hour=hour: 3600.0 * hour)
        folder = tmp_path / str(hour)
        folder.mkdir()
        written.append(write_result(name, folder).read_bytes())
    assert written[0] == written[1]


def test_what_is_written_is_read_again(monkeypatch, tmp_path):
    """To nine digits, on every system; a number that is not there stays one, a text a text."""
    table = pd.DataFrame({"run": ["", "NA", "nil"], "loss": [1 / 3, float("nan"), 123456789.0]})
    monkeypatch.setattr(results, "RESULTS", {"odd": Result("odd.csv", lambda: table, ("run",))})
    path = write_result("odd", tmp_path)
    assert b"\r" not in path.read_bytes()
    pd.testing.assert_frame_equal(read_result(path), table, rtol=1e-9)


def test_every_stored_table_is_described():
    page = data_path("results", "README.md").read_text("utf-8")
    assert [r.file for r in RESULTS.values() if f"`{r.file}`" not in page] == []


def test_no_stored_table_is_large():
    sizes = {r.file: data_path("results", r.file).stat().st_size for r in RESULTS.values()}
    assert [name for name, size in sizes.items() if size > 2_000_000] == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"run": ["a", "c"]}, "keys differ"),
        ({"loss": [2.0, 3.0000001]}, "loss: 1 rows"),
        ({"loss": [2.0, 3.0000001], "status": ["unidentified"] * 2}, "status: agrees on 0.00%"),
        ({"loss": [2.0, float("nan")]}, "loss: 1 rows"),
        ({"status": ["converged", "at_bound"]}, "status: agrees on 50.00%"),
        ({"more": [1, 2]}, "columns"),
    ],
)
def test_the_comparison_finds_a_change(change, fault):
    assert compare(STORED, STORED, ("run",)) == []
    assert compare(STORED, STORED.assign(loss=[2.0, 3.0 + 1e-9]), ("run",)) == []
    (found,) = compare(STORED, STORED.assign(**change), ("run",))
    assert fault in found


def test_a_result_that_is_not_there_is_named():
    with pytest.raises(ValueError, match="got 'weather'"):
        load_result("weather")


@pytest.mark.parametrize(("arguments", "code"), [(["nonsense"], 2), (["--help"], 0)])
def test_the_command_names_the_results_and_writes_none(arguments, code, tmp_path, capsys):
    with pytest.raises(SystemExit) as done:
        main(arguments, tmp_path)
    assert done.value.code == code
    said = capsys.readouterr()
    assert all(name in said.out + said.err for name in RESULTS)
    assert ("no result 'nonsense': must be any of" in said.err) == (code == 2)
    assert list(tmp_path.iterdir()) == []


def test_the_command_writes_what_is_named(tmp_path, capsys):
    main(["prior_constants"], tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["prior_constants.csv"]
    assert "prior_constants.csv: " in capsys.readouterr().out
