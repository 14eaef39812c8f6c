"""Stored results come out again: keys exact, numbers to 1e-6, statuses on 99.9 % of the rows."""

from __future__ import annotations

import pandas as pd
import pytest
from compare import compare

from scaling.datafiles import data_path
from scaling.results import RESULTS, load_result, read_result, write_result

# Rebuilt by test_selection.py, from data whose large runs are poisoned:
# test_the_backtests_come_out_again_with_the_large_runs_poisoned.
ELSEWHERE = "backtests"


@pytest.mark.parametrize("name", [name for name in RESULTS if name != ELSEWHERE])
def test_a_stored_result_comes_out_again(name, tmp_path):
    made = read_result(write_result(name, tmp_path))
    keys = RESULTS[name].keys
    assert len(made) > 0
    assert not made.duplicated(list(keys)).any()
    assert compare(load_result(name), made, keys) == []


def test_every_stored_table_is_described():
    page = data_path("results", "README.md").read_text("utf-8")
    assert [r.file for r in RESULTS.values() if f"`{r.file}`" not in page] == []


def test_no_stored_table_is_large():
    sizes = {r.file: data_path("results", r.file).stat().st_size for r in RESULTS.values()}
    assert [name for name, size in sizes.items() if size > 2_000_000] == []


STORED = pd.DataFrame({"run": ["a", "b"], "loss": [2.0, 3.0], "status": ["converged"] * 2})


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"run": ["a", "c"]}, "keys differ"),
        ({"loss": [2.0, 3.00001]}, "loss: 1 rows"),
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
