"""A table to fill in: what it says, what may be done to it, and what the reader makes of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest

from scaling.tables.runs import RunTableError, read_runs
from scaling.tables.schema import KNOWN, PREFIXES
from scaling.tables.template import COLUMNS, EXAMPLE, IN_HEADER, write_template

FIVE = """\
a,10.6M,211M,5.39
b,78.9M,1.58B,3.90
c,154M,3.07B,3.53
d,412M,8.23B,3.15
e,10.6M,3.38B,4.57
"""
N_LINES = write_template().count("\n")


def in_spreadsheet(text: str, delimiter: str = ",", ending: str = "\r\n") -> bytes:
    """The same as a spreadsheet saves it: every row as wide as the widest."""
    rows = list(csv.reader(io.StringIO(text)))
    width = max(map(len, rows))
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator=ending)
    writer.writerows([*row, *[""] * (width - len(row))] for row in rows)
    return out.getvalue().encode()


def quote_all(text: str) -> bytes:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows(csv.reader(io.StringIO(text)))
    return out.getvalue().encode()


WAYS: dict[str, Callable[[str], bytes]] = {
    "text editor": str.encode,
    "editor of Windows": lambda text: b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode(),
    "PowerShell": lambda text: text.encode("utf-16"),
    "spreadsheet": in_spreadsheet,
    "spreadsheet, semicolons": lambda text: in_spreadsheet(text, ";"),
    "everything quoted": quote_all,
    "tabs": lambda text: in_spreadsheet(text, "\t", "\n"),
}


def read(folder: Path, content: bytes | str):
    path = folder / "runs.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_runs(path)


def message(folder: Path, content: bytes | str) -> str:
    with pytest.raises(RunTableError) as caught:
        read(folder, content)
    return str(caught.value).removeprefix(f"{folder}/")


@pytest.mark.parametrize("way", WAYS)
def test_filled_in_it_is_a_run_table(way, tmp_path):
    """With the lines of the file for labels, whatever wrote it."""
    table = read(tmp_path, WAYS[way](write_template() + FIVE))
    assert table["run"].tolist() == list("abcde")
    assert table["N"].tolist() == [10.6e6, 78.9e6, 154e6, 412e6, 10.6e6]
    assert table["loss"].tolist() == [5.39, 3.90, 3.53, 3.15, 4.57]
    wrong = (write_template() + FIVE).replace("3.53", "-3.53")
    assert f"row {N_LINES + 3}, column loss: '-3.53'" in message(tmp_path, WAYS[way](wrong))


@pytest.mark.parametrize("way", WAYS)
def test_untouched_it_gets_one_message_that_says_what_to_do(way, tmp_path):
    told = message(tmp_path, WAYS[way](write_template()))
    rule = "has a header and no runs: write them below it, one a row"
    assert told == f"runs.csv, row {N_LINES}: {rule}"


def test_it_explains_the_columns_of_the_contract():
    text = write_template()
    assert text.isascii()
    assert text.splitlines()[-1] == ",".join(IN_HEADER)
    assert {column.name for column in COLUMNS if column.needed} == {"N", "D", "loss"}
    for column in COLUMNS:
        known = column.name in KNOWN or column.name.startswith(tuple(PREFIXES))
        assert known, column.name
        assert f"  {column.name} " in text
        assert column.holds in text


def test_its_example_is_a_run(tmp_path):
    example = ",".join(EXAMPLE)
    assert f"# {example}\n" in write_template()
    assert read(tmp_path, f"{write_template()}{example}\n")["D"].tolist() == [211e6]


@pytest.mark.parametrize(
    "comment",
    ["# five runs", "#", "  # a, b", "#,,,", '"# quoted, with a comma"', "# a,b,c,d,e", "# it's"],
)
def test_a_comment_is_passed_over_wherever_it_stands(comment, tmp_path):
    """Rows keep the lines that an editor shows."""
    plain = read(tmp_path, f"run,N,D,loss\n{FIVE}")
    rows = FIVE.splitlines(keepends=True)
    parts = [f"{comment}\n", "run,N,D,loss\n", *rows[:2], f"{comment}\n", *rows[2:], comment]
    table = read(tmp_path, "".join(parts))
    assert table["run"].tolist() == plain["run"].tolist()
    assert table["N"].equals(plain["N"])
    nameless = "".join(parts).replace("run,N,D,loss", "x,N,D,loss")
    assert read(tmp_path, nameless)["run"].tolist() == [f"row {i}" for i in (3, 4, 6, 7, 8)]


def test_what_may_be_a_run_behind_its_sign_is_asked_about(tmp_path):
    """A run left out in silence would be as bad as one kept in silence."""
    table = f"run,N,D,loss\n{FIVE}#f,1B,20B,2.9\n"
    assert message(tmp_path, table) == (
        "runs.csv, row 7: starts with # and has values: delete the line if it is no run, the # if "
        "it is"
    )


@pytest.mark.parametrize("error", ["#REF!", "#DIV/0!", "#N/A", "#NAME?", "#NUM!"])
def test_an_error_of_a_spreadsheet_is_no_comment(error, tmp_path):
    told = message(tmp_path, f"N,D,loss\n10.6M,211M,5.39\n{error},1.58B,3.9\n")
    assert told.startswith(f"runs.csv, row 3, column N: '{error}' must be a number")
    assert message(tmp_path, f"N,D,loss\n{error},,\n").startswith("runs.csv, row 2, column N")


def test_a_header_behind_a_sign_is_found(tmp_path):
    """As NumPy writes it."""
    told = message(tmp_path, "# N,D,loss\n10.6e6,211e6,5.39\n78.9e6,1.58e9,3.9\n")
    assert told.startswith("runs.csv, row 2: has numbers where the header must be")
    assert message(tmp_path, "# N,D,loss\n# nothing else\n").endswith("has comments and no header")
