"""JSON lines, compressed files, a line that names the separator."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
from pathlib import Path

import pandas as pd
import pytest
from hostile import GOOD

from scaling.tables.runs import RunTableError, read_runs, validate_runs


def read(folder: Path, name: str, content: bytes | str) -> pd.DataFrame:
    """Read a run table from content."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_runs(path)


@pytest.fixture
def good(tmp_path: Path) -> pd.DataFrame:
    """Give the sound table as CSV has it."""
    return read(tmp_path, "good.csv", GOOD)


def as_lines(table: pd.DataFrame) -> str:
    return table[["N", "D", "loss"]].to_json(orient="records", lines=True)


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("runs.csv.gz", gzip.compress),
        ("runs", gzip.compress),
        ("runs.csv.bz2", bz2.compress),
        ("runs.csv.xz", lzma.compress),
    ],
)
def test_a_compressed_table_is_read(tmp_path: Path, good, name, pack) -> None:
    pd.testing.assert_frame_equal(read(tmp_path, name, pack(GOOD.encode())), good)
    with pytest.raises(RunTableError, match="compressed with .* and cannot be decompressed"):
        read(tmp_path, name, pack(GOOD.encode())[:-20])


@pytest.mark.parametrize("line", ["sep=;", '"sep=;"', "SEP=;"])
def test_a_line_that_names_the_separator_is_skipped(tmp_path: Path, good, line: str) -> None:
    """Rows keep the lines that an editor shows."""
    text = GOOD.replace(",", ";")
    table = read(tmp_path, "a.csv", f"{line}\r\n{text}")
    assert table["run"].tolist() == [f"row {row}" for row in range(3, 9)]
    pd.testing.assert_frame_equal(table.drop(columns="run"), good.drop(columns="run"))
    with pytest.raises(RunTableError, match="is empty"):
        read(tmp_path, "a.csv", f"{line}\n")


def test_spaces_round_a_name_are_no_part_of_it(tmp_path: Path, good) -> None:
    """In a file, in a DataFrame and in a column map."""
    text = GOOD.replace("N,D,loss", " N ,tokens , loss")
    spaced = read(tmp_path, "a.csv", text.replace("tokens", "D"))
    pd.testing.assert_frame_equal(spaced, good)
    frame = pd.DataFrame({" N": [1e8], "tokens ": [2e9], "loss": [3.1]})
    assert validate_runs(frame, columns={"D": "tokens "})["D"].tolist() == [2e9]


def test_the_index_that_pandas_writes_is_dropped_and_that_is_said(tmp_path: Path, good) -> None:
    runs = good[["N", "D", "loss"]]
    for table in (
        read(tmp_path, "a.csv", runs.to_csv()),
        validate_runs(runs.reset_index(names="")),
    ):
        assert list(table) == [*(name for name in good)]
        assert table.attrs["told"] == [
            "not used: the first column, which has no name and counts the rows"
        ]
    with pytest.raises(RunTableError, match="column number 1: has no name"):
        read(tmp_path, "a.csv", runs[1:].to_csv())


def test_json_reads_as_csv_does(tmp_path: Path, good) -> None:
    """An object a line, a list of them in a file .json, or the list as all an object holds."""
    lines = as_lines(good)
    runs = [json.loads(line) for line in lines.splitlines()]
    listed, named = json.dumps(runs, indent=1), {"runs": runs}
    texts = {"a.jsonl": lines, "a.txt": lines, "a.json": listed}
    texts |= {"b.json": json.dumps(named), "c.json": json.dumps(named, indent=1)}
    for name, text in texts.items():
        table = read(tmp_path, name, text)
        assert table[["N", "D", "loss"]].equals(good[["N", "D", "loss"]])
    assert read(tmp_path, "a.jsonl.gz", gzip.compress(lines.encode()))["N"].equals(good["N"])


def test_json_inside_json_has_a_path_for_a_name(tmp_path: Path) -> None:
    lines = '{"D": 2e9, "model": {"N": 1e8}, "val": {"loss": 3.1}}\n\n{"D": 2e9}\n'
    path = tmp_path / "a.jsonl"
    path.write_text(lines)
    with pytest.raises(RunTableError, match='type --map "N=model/N,loss=val/loss"'):
        read_runs(path)
    with pytest.raises(RunTableError) as caught:
        read_runs(path, columns="N=model/N,loss=val/loss")
    assert [(fault.row, fault.column) for fault in caught.value.faults] == [
        (3, "model/N"),
        (3, "val/loss"),
    ]


def test_json_that_is_no_table_says_where(tmp_path: Path, good) -> None:
    """The numbers of a message stand as they are written."""
    bad = as_lines(good) + '{"N": 1,\n[1]\n{"N": 1.50e8, "D": -2e9, "loss": NaN}\n'
    with pytest.raises(RunTableError) as caught:
        read(tmp_path, "a.jsonl", bad)
    found = [(fault.row, fault.column, fault.value) for fault in caught.value.faults]
    assert found == [(7, None, None), (8, None, None), (9, "D", "-2e9"), (9, "loss", "NaN")]
    with pytest.raises(RunTableError, match="row 1: is not a JSON object on one line"):
        read(tmp_path, "a.json", '{\n "runs": 1\n}\n')
    with pytest.raises(RunTableError, match="row 2: must be a JSON object"):
        read(tmp_path, "a.json", '{"runs": [{"N": 1e8, "D": 2e9, "loss": 3}, 7]}')
    one = '{"N": 1, "D": 2, "loss": 3, "h": [{"x": 1}]}'
    assert read(tmp_path, "a.json", one)["loss"].tolist() == [3]
    for text in ("[1,", "[" * 100_000, "{" * 5, '{"a":' * 100_000):
        with pytest.raises(RunTableError, match="is not "):
            read(tmp_path, "a.json", text)
