"""Tables of tasks: what is read, what is refused, and what is said where two do not meet."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scaling.tables.datafiles import data_path
from scaling.tables.faults import RunTableError
from scaling.tables.task_items import NAMED, read_items, tell_unmatched
from scaling.testbed.runs import load_tasks

steady = settings(suppress_health_check=list(HealthCheck))
GOOD = "task,n_items,chance\na,100,0.25\nb,,0\nc,2e4,\n"


def read(text: str | bytes, folder: Path) -> pd.DataFrame:
    path = folder / "items.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_items(path)


def with_cell(column: str, cell: str) -> str:
    """Give a sound table but for one cell of its last row, which is line 5."""
    cells = {"task": "d", "n_items": "7", "chance": "0.5"} | {column: cell}
    return GOOD + ",".join(cells.values()) + "\n"


def test_a_sound_table(tmp_path: Path) -> None:
    """Names as text, numbers as float, NaN where not known; the order of the rows stays."""
    found = read(GOOD, tmp_path)
    assert list(found) == ["task", "n_items", "chance"]
    assert found["task"].tolist() == ["a", "b", "c"]
    np.testing.assert_array_equal(found["n_items"], [100, np.nan, 20_000])
    np.testing.assert_array_equal(found["chance"], [0.25, 0, np.nan])
    assert found["n_items"].dtype == found["chance"].dtype == float


def test_the_tasks_of_the_testbed() -> None:
    """Further columns are left aside, ``flags`` and numbers among them."""
    found, expected = read_items(data_path("testbed", "tasks.csv")), load_tasks()
    assert len(found) == 46
    pd.testing.assert_frame_equal(found, expected[list(found)], check_dtype=False)


def test_the_prefix_may_stand_or_not(tmp_path: Path) -> None:
    """Once: what is left is the name; two ways to write one name are one name twice."""
    found = read("task,chance\nerr_a,0\nb,0\nerr_err_c,0\nverr_d,0\n", tmp_path)
    assert found["task"].tolist() == ["a", "b", "err_c", "verr_d"]
    with pytest.raises(RunTableError) as caught:
        read("task\na\nerr_a\n", tmp_path)
    assert [(f.row, f.column, f.value, f.rule) for f in caught.value.faults] == [
        (2, "task", "a", "must be unique"),
        (3, "task", "err_a", "must be unique"),
    ]


@pytest.mark.parametrize("kept", [["n_items"], ["chance"], [], ["chance", "n_items"]])
def test_both_numbers_are_optional(kept: list[str]) -> None:
    frame = pd.DataFrame({"task": ["a"], "n_items": [4], "chance": [0.5]})
    found = read_items(frame[["task", *kept]])
    assert list(found) == ["task", *[name for name in ("n_items", "chance") if name in kept]]


WHOLE = "must be a whole number >= 1"
SHARE = "must lie in [0, 1)"


@pytest.mark.parametrize(
    ("column", "cell", "value", "rule"),
    [
        ("task", "", "", "must not be empty"),
        ("task", " ", "", "must not be empty"),
        ("task", "err_", "err_", "must not be empty"),
        ("task", " a", "a", "must be unique"),
        ("n_items", "0", "0", WHOLE),
        ("n_items", "-3", "-3", WHOLE),
        ("n_items", "2.5", "2.5", WHOLE),
        ("n_items", "1e-9", "1e-9", WHOLE),
        ("n_items", "1e999", "1e999", WHOLE),
        ("n_items", "1e31", "1e31", WHOLE),
        ("n_items", "many", "many", "must be a number"),
        ("n_items", "nan", "nan", "empty cell"),
        ("n_items", '"1,319"', "1,319", "no thousands separator"),
        ("n_items", "１００", "１００", "ASCII digits"),
        ("chance", "1", "1", SHARE),
        ("chance", "25", "25", SHARE),
        ("chance", "-0.1", "-0.1", SHARE),
        ("chance", "25%", "25%", "write a fraction, not a percentage"),
        ("chance", "1/4", "1/4", "must be a number"),
        ("chance", "inf", "inf", "must be finite"),
        ("chance", "1K", "1K", "only counts may end in K, M, B or T"),
    ],
)
def test_a_cell_that_breaks_its_rule(column, cell, value, rule, tmp_path: Path) -> None:
    """File, row, column, value and rule, and nothing else is at fault."""
    with pytest.raises(RunTableError) as caught:
        read(with_cell(column, cell), tmp_path)
    fault = caught.value.faults[-1]
    assert (fault.source, fault.row) == (str(tmp_path / "items.csv"), 5)
    assert (fault.column, fault.value) == (column, value)
    assert rule in fault.rule
    assert len(caught.value.faults) == (2 if rule == "must be unique" else 1)


@pytest.mark.parametrize("cell", ["1", "1K", "2e4", "100.0", "1e30", ""])
def test_counts_that_are_whole(cell: str, tmp_path: Path) -> None:
    assert len(read(with_cell("n_items", cell), tmp_path)) == 4


@pytest.mark.parametrize("cell", ["0", "-0", "0.999", "1e-300", ""])
def test_chances_that_are_shares(cell: str, tmp_path: Path) -> None:
    assert len(read(with_cell("chance", cell), tmp_path)) == 4


@pytest.mark.parametrize(
    ("text", "row", "column", "rule"),
    [
        (b"", None, None, "is empty"),
        (b"task,n_items\n", 1, None, "has a header and no tasks"),
        (b"n_items,chance\n1,0\n", 1, "task", "is missing"),
        (b"name,chance\na,0\n", 1, "task", "is missing; is it the column 'name'?"),
        (b"a b\n1 2\n", 1, "task", "separate columns with commas"),
        (b"Task\na\n", 1, "Task", "did you mean 'task'?"),
        (b"task,N_items\na,3\n", 1, "N_items", "did you mean 'n_items'?"),
        (b"task, Chance\na,0\n", 1, "Chance", "did you mean 'chance'?"),
        (b"task,task\na,b\n", 1, "task", "must stand once in the header"),
        (b"task,\na,b\n", 1, "number 2", "has no name"),
        (b"task,chance\na\n", 2, None, "must have 2 cells"),
        (b"task;chance\na;0,25\n", 2, "chance", "no thousands separator or decimal comma"),
        (b"task\n\xff\n", 2, None, "is not UTF-8 text"),
        (b"task\n\0\n", 2, None, "zero byte"),
        (b'task\n"a\n', 2, None, "cannot be split into cells"),
        (b"PK\x03\x04", None, None, "spreadsheet"),
        (b"N,D,loss\n1e8,2e9,3\n", 1, "task", "is missing"),
    ],
)
def test_files_that_are_refused(text: bytes, row, column, rule: str, tmp_path: Path) -> None:
    """One fault each: a misspelt name is not missing besides."""
    with pytest.raises(RunTableError) as caught:
        read(text, tmp_path)
    found = [fault for fault in caught.value.faults if rule in fault.rule]
    assert [(fault.row, fault.column) for fault in found] == [(row, column)]
    assert all(fault.rule != "is missing" for fault in caught.value.faults if fault not in found)


def test_all_faults_are_told_together_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = "task,n_items,Chance\na,0,\n,2,\na,x,\nb,3\n"
    with pytest.raises(RunTableError) as caught:
        read(text, tmp_path)
    places = [(fault.row, fault.column) for fault in caught.value.faults]
    assert places == [
        (1, "Chance"), (2, "task"), (2, "n_items"), (3, "task"), (4, "task"), (4, "n_items"),
        (5, None),
    ]  # fmt: skip
    assert str(caught.value).splitlines()[-1] == "7 faults"


def test_encodings_and_separators_leave_no_trace(tmp_path: Path) -> None:
    expected = read(GOOD, tmp_path)
    for content in (
        b"\xef\xbb\xbf" + GOOD.encode(),
        GOOD.encode("utf-16"),
        GOOD.replace("\n", "\r\n").encode(),
        GOOD.replace(",", "\t").encode(),
        GOOD.replace(",", ";").encode(),
    ):
        pd.testing.assert_frame_equal(read(content, tmp_path), expected)


def test_the_index_of_a_frame_is_not_read() -> None:
    frame = pd.DataFrame({"task": ["a", "b"], "chance": [0.0, 2.0]}, index=[7, 7])
    with pytest.raises(RunTableError, match=r"items, row 1, column chance: '2.0' must lie in"):
        read_items(frame)


# Two tables


def test_tables_that_meet_say_nothing() -> None:
    items = read_items(pd.DataFrame({"task": ["a", "b"], "n_items": 9, "chance": 0.5}))
    assert tell_unmatched(items, ["b", "a"], "items.csv") == []


def test_tables_that_do_not_meet_are_told_apart() -> None:
    """Rows without an error, a column that is not there."""
    items = read_items(pd.DataFrame({"task": ["a", "b", "z\n"], "chance": 0.5}))
    assert tell_unmatched(items, ["b", "c", "d"], "items.csv") == [
        "items.csv: the run table has no err_ column for a, z",
        "items.csv: has no column n_items",
    ]


def test_many_tasks_are_named_in_part() -> None:
    names = [f"t{i}" for i in range(NAMED + 5)]
    items = read_items(pd.DataFrame({"task": names, "n_items": 9, "chance": 0.5}))
    (told,) = tell_unmatched(items, [], "items.csv")
    assert told.endswith(f"for {', '.join(names[:NAMED])} and 5 more")
    assert tell_unmatched(items, [names[0]], "items.csv")[0].count("t") > NAMED
    odd = read_items(pd.DataFrame({"task": ["x\ty"], "n_items": 9, "chance": 0.5}))
    assert all(line.isprintable() for line in tell_unmatched(odd, ["u\nv"], "items.csv"))


# Any table

cells = st.text(max_size=6) | st.sampled_from(["", "a", "err_a", "1", "0.5", "1e999", "7K", "nan"])
names = st.text(max_size=5) | st.sampled_from(["task", "n_items", "chance", "Task", "err_a"])


def assert_read_or_refused(content: bytes) -> None:
    """A table that is read keeps its promises; one that is not is refused in printable lines."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            found = read(content, Path(folder))
        except RunTableError as error:
            assert error.faults
            assert all(str(fault).isprintable() for fault in error.faults)
            return
    assert found["task"].is_unique
    assert (found["task"] != "").all()
    numbers = found.reindex(columns=["n_items", "chance"])
    counts, chances = numbers["n_items"].dropna(), numbers["chance"].dropna()
    assert ((counts >= 1) & (counts % 1 == 0)).all()
    assert ((chances >= 0) & (chances < 1)).all()


@steady
@given(st.lists(names, min_size=1, max_size=4), st.lists(st.lists(cells, max_size=4), max_size=5))
def test_any_cells_are_read_or_refused(header: list[str], rows: list[list[str]]) -> None:
    assert_read_or_refused("\n".join(",".join(row) for row in [header, *rows]).encode())


@steady
@given(st.lists(st.tuples(cells, cells, cells), min_size=1, max_size=6))
def test_any_rows_under_the_right_header(rows: list[tuple[str, str, str]]) -> None:
    table = pd.DataFrame(rows, columns=["task", "n_items", "chance"])
    assert_read_or_refused(table.to_csv(index=False).encode("utf-8", errors="replace"))


@steady
@given(st.binary(max_size=60) | st.binary(max_size=60).map(lambda b: b"task,chance\n" + b))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    assert_read_or_refused(content)
