"""Hostile run tables: what a file may hold, and what must be said about it.

Each table is written to a folder and read, fitted and predicted from. Where `faults` are listed,
every command must refuse the table, with exactly these faults in this order. Where none are, the
table is sound, and every command must give an answer with a status, or refuse it in one message.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

# Row (None: the whole file), column (None: the whole row), part of the value, part of the rule.
Expected = tuple[int | None, str | None, str, str]


@dataclass(frozen=True)
class Hostile:
    """One table.

    Parameters
    ----------
    name : str
        What it is.
    content : bytes, callable or None
        The bytes of the file, or what makes them; None where no file is there.
    faults : tuple of Expected
        The faults, all of them, in order; empty where the table is sound.
    flags : tuple of (int, str)
        Suspect runs of a sound table: place among the runs from 0, part of the reason.
    filename : str
        The name of the file.
    heavy : bool
        True where every command takes seconds to answer.
    """

    name: str
    content: bytes | Callable[[], bytes] | None
    faults: tuple[Expected, ...] = ()
    flags: tuple[tuple[int, str], ...] = ()
    filename: str = "runs.csv"
    heavy: bool = False

    @property
    def sound(self) -> bool:
        """Tell whether the table must be read."""
        return not self.faults

    def write(self, folder: Path) -> Path:
        """Write the table into a folder and give its path."""
        path = folder / self.filename
        content = self.content() if callable(self.content) else self.content
        if content is not None:
            path.write_bytes(content)
        return path


def law(N: float, D: float) -> float:
    """Give the loss of a made-up law, in nats per token."""
    return 1.8 + 180 * N**-0.25 + 220 * D**-0.25


def rows(*designs: tuple[float, float]) -> str:
    """Give one line of N, D and loss for each design of (N, M)."""
    return "".join(f"{N:.6g},{N * M:.6g},{law(N, N * M):.6f}\n" for N, M in designs)


SIZES = (1e7, 4e7, 1.6e8, 4e8)
GOOD = "N,D,loss\n" + rows(*((N, 20) for N in SIZES), (1e7, 320), (4e7, 160))


def good_and(line: str) -> bytes:
    """Give a sound table of six runs with one more line, which is line 8."""
    return (GOOD + line + "\n").encode()


def as_json_lines() -> bytes:
    """Give the sound table with an object a line."""
    header, *lines = (line.split(",") for line in GOOD.splitlines())
    objects = [dict(zip(header, map(float, cells), strict=True)) for cells in lines]
    return "\n".join(map(json.dumps, objects)).encode()


def with_column(name: str, *cells: str) -> bytes:
    """Give a sound table of six runs with one more column; its cells repeat as needed."""
    header, *lines = GOOD.splitlines()
    extended = [f"{line},{cells[i % len(cells)]}" for i, line in enumerate(lines)]
    return "\n".join([f"{header},{name}", *extended, ""]).encode()


def with_index() -> bytes:
    """Give a sound table as pandas writes it with its index."""
    header, *lines = GOOD.splitlines()
    return "\n".join([f",{header}", *(f"{i},{line}" for i, line in enumerate(lines)), ""]).encode()


def other_columns(n: int) -> bytes:
    """Give a sound table with so many columns beside."""
    return with_column(",".join(f"k{i}" for i in range(n)), ",".join("1" * n))


def as_parameters(cases: Iterable[Hostile]) -> list[ParameterSet]:
    """Name each case in a test's parameters, and mark the heavy ones."""
    return [
        pytest.param(case, id=case.name, marks=[pytest.mark.slow] * case.heavy) for case in cases
    ]


def table(*designs: tuple[float, float]) -> bytes:
    """Give a table of one run for each design of (N, M)."""
    return ("N,D,loss\n" + rows(*designs)).encode()


def one_cell(column: str, cell: str, value: str, rule: str, name: str = "") -> Hostile:
    """Give a sound table but for one cell of N, D or loss in line 8."""
    cells = {"N": "4e8", "D": "8e9", "loss": "2.9"} | {column: cell}
    expected = (8, column, value, rule)
    return Hostile(name or f"{column} is {cell}", good_and(",".join(cells.values())), (expected,))


def many_rows(n_sizes: int) -> bytes:
    """Give a sound table of a thousand runs of each size."""
    sizes = [1e7 * 1.005**i for i in range(n_sizes)]
    lines = (
        f"{N:.9g},{N * M:.9g},{law(N, N * M):.5f}"
        for N in sizes
        for M in (5 + 0.1 * j for j in range(1000))
    )
    return ("N,D,loss\n" + "\n".join(lines) + "\n").encode()


def missing(*names: str) -> tuple[Expected, ...]:
    """Expect that these columns are missing."""
    return tuple((1, name, "", "is missing") for name in names)


FILES = (
    Hostile("missing file", None, ((None, None, "", "cannot be opened"),)),
    Hostile("name with a zero byte", None, ((None, None, "", "cannot be opened"),), (), "a\0.csv"),
    Hostile("a folder", None, ((None, None, "", "cannot be opened"),), (), "."),
    Hostile("empty file", b"", ((None, None, "", "is empty"),)),
    Hostile("only a byte order mark", b"\xef\xbb\xbf", ((None, None, "", "is empty"),)),
    Hostile("only blank lines", b"\n \n\t\n\r\n", ((None, None, "", "is empty"),)),
    Hostile("header only", b"N,D,loss\n", ((1, None, "", "no runs: write them"),)),
    Hostile("header without line end", b"N,D,loss", ((1, None, "", "no runs: write them"),)),
    Hostile("binary", bytes(range(256)) * 8, ((2, None, "", "is not UTF-8 text"),)),
    Hostile("zero bytes", b"N,D,loss\n1e8,\0,3\n", ((2, None, "", "zero byte"),)),
    Hostile("spreadsheet", b"PK\x03\x04" + b"\0" * 64, ((None, None, "", "spreadsheet"),)),
    Hostile("old spreadsheet", b"\xd0\xcf\x11\xe0\xa1", ((None, None, "", "old spreadsheet"),)),
    Hostile("gzip", b"\x1f\x8b\x08\0", ((None, None, "", "gzip"),)),
    Hostile("PDF", b"%PDF-1.7\n", ((None, None, "", "PDF"),)),
    Hostile("broken Parquet", b"PAR1junkPAR1", ((None, None, "", "Parquet"),), (), "runs.parquet"),
    Hostile("Parquet by its bytes alone", b"PAR1junk", ((None, None, "", "Parquet"),)),
    Hostile("Latin-1", GOOD.encode() + b"# caf\xe9", ((8, None, "", "is not UTF-8 text"),)),
    Hostile("gzip of a table", gzip.compress(GOOD.encode())),
    Hostile("gzip of a spreadsheet", gzip.compress(b"PK\x03\x04"), ((None, None, "", "spread"),)),
    Hostile("zstd", b"\x28\xb5\x2f\xfd\0", ((None, None, "", "zstd"),)),
    Hostile("separator named first", b"sep=;\n" + GOOD.replace(",", ";").encode()),
    Hostile("separator named and nothing else", b"sep=;\n", ((None, None, "", "is empty"),)),
    Hostile("JSON lines", as_json_lines()),
    Hostile("JSON cut short", b'{"N": 1e8, "D"', ((1, None, "", "not a JSON object"),)),
    Hostile("UTF-8 with mark", b"\xef\xbb\xbf" + GOOD.encode()),
    Hostile("UTF-16 with mark", GOOD.encode("utf-16")),
    Hostile("UTF-16 big-endian with mark", b"\xfe\xff" + GOOD.encode("utf-16-be")),
    Hostile("UTF-16 with tabs", GOOD.replace(",", "\t").encode("utf-16")),
    Hostile("UTF-16 without mark", GOOD.encode("utf-16-le"), ((1, None, "", "zero byte"),)),
    Hostile("UTF-16 cut short", GOOD.encode("utf-16")[:-1], ((7, None, "", "is not UTF-16"),)),
    Hostile("UTF-32", GOOD.encode("utf-32"), ((1, None, "", "zero byte"),)),
    Hostile("Windows line ends", GOOD.replace("\n", "\r\n").encode()),
    Hostile("old Mac line ends", GOOD.replace("\n", "\r").encode()),
    Hostile("no last line end", GOOD.rstrip().encode()),
    Hostile("blank lines between", GOOD.replace("\n", "\n\n").encode()),
    Hostile("tabs", GOOD.replace(",", "\t").encode()),
    Hostile("semicolons", GOOD.replace(",", ";").encode()),
    Hostile(
        "semicolons and decimal commas",
        b"N;D;loss\n1e8;2e9;3,1\n",
        ((2, "loss", "3,1", "decimal comma"),),
    ),
    Hostile("spaces for separators", b"N D loss\n1e8 2e9 3.1\n", missing("N", "D", "loss")),
    Hostile("JSON", b'[{"N": 1e8, "D": 2e9, "loss": 3.1}]\n', missing("N", "D", "loss")),
    Hostile("web page", b"<!DOCTYPE html>\n<html></html>\n", missing("N", "D", "loss")),
    Hostile("prose", b"Dear all\nthe runs are done\n", missing("N", "D", "loss")),
    Hostile("quote never closed", good_and('"4e8,8e9,2.9'), ((8, None, "", "cannot be split"),)),
    Hostile(
        "quote closed too early", good_and('"4e8"x,8e9,2.9'), ((8, None, "", "cannot be split"),)
    ),
    Hostile("header quote never closed", b'"N,D,loss\n', ((1, None, "", "cannot be split"),)),
    Hostile(
        "cell of a megabyte", good_and("1" * 10**6 + ",8e9,2.9"), ((8, None, "", "field limit"),)
    ),
    Hostile(
        "cell of 100 kilobytes",
        good_and("1" * 10**5 + "x,8e9,2.9"),
        ((8, "N", "111", "must be a number"),),
    ),
    Hostile("row too short", good_and("4e8,8e9"), ((8, None, "", "must have 3 cells"),)),
    Hostile("row too long", good_and("4e8,8e9,2.9,"), ((8, None, "", "not 4"),)),
    Hostile(
        "ragged rows and a bad cell",
        good_and("4e8\n4e8,8e9,-1\n1,2,3,4,5"),
        (
            (8, None, "", "must have 3 cells"),
            (9, "loss", "-1", "must be > 0"),
            (10, None, "", "must have 3 cells"),
        ),
    ),
    Hostile("row of separators", good_and(",,"), ((8, None, "", "no value at all"),)),
    Hostile(
        "run behind a comment sign", good_and("#4e8,8e9,2.9"), ((8, None, "", "starts with #"),)
    ),
    Hostile("comments alone", b"# ours\n# N,D,loss\n", ((None, None, "", "and no header"),)),
    Hostile(
        "header behind a comment sign",
        b"# " + GOOD.encode(),
        ((2, None, "", "numbers where the header must be"),),
    ),
    Hostile(
        "lines inside quotes",
        with_column("note", '"two\nlines"', "one") + b"4e8,8e9,-2,x\n",
        ((11, "loss", "-2", "must be > 0"),),
    ),
    Hostile("control characters", good_and("\x1b[31m,8e9,2.9"), ((8, "N", "\x1b", "number"),)),
)

HEADERS = (
    Hostile("no N", b"D,loss\n2e9,3.1\n", missing("N")),
    Hostile("no D", b"N,loss\n1e8,3.1\n", missing("D")),
    Hostile("no loss", b"N,D\n1e8,2e9\n", missing("loss")),
    Hostile("only error", b"N,D,err_a\n1e8,2e9,0.4\n", missing("loss")),
    Hostile("only loss_std", b"N,D,loss_std\n1e8,2e9,0.1\n", missing("loss")),
    Hostile(
        "other names",
        b"params,tokens,val_loss\n1e8,2e9,3.1\n",
        (
            (1, "N", "", "is it the column 'params'"),
            (1, "D", "", "is it the column 'tokens'"),
            (1, "loss", "", "is it the column 'val_loss'"),
        ),
    ),
    Hostile("small n", b"n" + GOOD.encode()[1:], ((1, "n", "", "did you mean 'N'"),)),
    Hostile("spaces in N", b" N " + GOOD.encode()[1:]),
    Hostile(
        "two names that differ by a space", with_column(" N", "1"), ((1, "N", "", "stand once"),)
    ),
    Hostile(
        "full-width N", "\uff2e".encode() + GOOD.encode()[1:], ((1, "\uff2e", "", "mean 'N'"),)
    ),
    Hostile(
        "zero-width space in N",
        "N\u200b".encode() + GOOD.encode()[1:],
        ((1, "N\u200b", "", "mean 'N'"),),
    ),
    Hostile("n beside N", with_column("n", "1"), ((1, "n", "", "did you mean 'N'"),)),
    Hostile("Loss_a", b"N,D,Loss_a\n1e8,2e9,3\n", ((1, "Loss_a", "", "did you mean 'loss_a'"),)),
    Hostile("err_ without task", with_column("err_", "0.5"), ((1, "err_", "", "'err_<task>'"),)),
    Hostile("loss_ without set", with_column("loss_", "3"), ((1, "loss_", "", "'loss_<set>'"),)),
    Hostile("N twice", with_column("N", "1e8"), ((1, "N", "", "once in the header"),)),
    Hostile("no name", with_column("", "x"), ((1, "number 4", "", "has no name"),)),
    Hostile("index column", with_index()),
    Hostile(
        "first column without a name",
        b",N,D,loss\n7,1e8,2e9,3\n",
        ((1, "number 1", "", "has no name"),),
    ),
    Hostile("header below blank lines", b"\n\nN,D,Loss\n1e8,2e9,3\n", ((3, "Loss", "", "'loss'"),)),
    Hostile("no header", b"1e8,2e9,3.1\n2e8,4e9,3.0\n", missing("N", "D", "loss")),
    Hostile("50 other columns", other_columns(50)),
    Hostile("1,000 other columns", other_columns(1000), heavy=True),
)

CELLS = (
    one_cell("N", "", "", "must not be empty", "N is empty"),
    one_cell("D", " ", "", "must not be empty", "D is a space"),
    one_cell("loss", "", "", "must not be empty", "loss is empty"),
    one_cell("N", "0", "0", "must be > 0"),
    one_cell("N", "-4e8", "-4e8", "must be > 0"),
    one_cell("N", "0.4", "0.4", "from 1 to 1e30"),
    one_cell("N", "1e31", "1e31", "from 1 to 1e30"),
    one_cell("D", "1e999", "1e999", "finite"),
    one_cell("D", "1e-999", "1e-999", "must be > 0"),
    one_cell("D", "-0", "-0", "must be > 0"),
    one_cell("N", "NaN", "NaN", "empty cell"),
    one_cell("loss", "nan", "nan", "empty cell"),
    one_cell("loss", "N/A", "N/A", "empty cell"),
    one_cell("loss", "-", "-", "empty cell"),
    one_cell("loss", "inf", "inf", "must be finite"),
    one_cell("D", "-Infinity", "-Infinity", "must be finite"),
    one_cell("loss", "0", "0", "must be > 0"),
    one_cell("loss", "-2.9", "-2.9", "must be > 0"),
    one_cell("loss", "1e40", "1e40", "finite"),
    one_cell("loss", "low", "low", "must be a number"),
    one_cell("loss", "2.9B", "2.9B", "only counts"),
    one_cell("loss", "2.9 nats", "2.9 nats", "write the number without a unit"),
    one_cell("loss", '"2,905"', "2,905", "write 2.905 for 2,905"),
    one_cell("loss", "60:01", "60:01", "a time: write one number"),
    one_cell("N", "6.9G", "6.9G", "K, M, B or T"),
    one_cell("N", "6.9BB", "6.9BB", "like 6.9B"),
    one_cell("N", "True", "True", "write 1 or 0"),
    one_cell("N", "2024-01-01", "2024-01-01", "must be a number"),
    one_cell("N", "0x10", "0x10", "must be a number"),
    one_cell("N", "1_000", "1_000", "no thousands separator"),
    one_cell("N", "400 000 000", "400 000 000", "no thousands separator"),
    one_cell("N", '"400,000"', "400,000", "write 400000 or 400.000 for 400,000"),
    one_cell("loss", '"2,900,000"', "2,900,000", "write 2900000 for 2,900,000"),
    one_cell("N", "\uff14\uff10", "\uff14\uff10", "ASCII digits", "N in full-width digits"),
    one_cell("N", "\u0664\u0660", "\u0664\u0660", "ASCII digits", "N in Arabic digits"),
    one_cell("loss", "\u22122.9", "\u22122.9", "must be a number", "loss with a typeset minus"),
    one_cell("N", "4e8e8", "4e8e8", "must be a number"),
    one_cell("N", "4..8", "4..8", "must be a number"),
    one_cell("N", "=1e8*4", "=1e8*4", "must be a number"),
    one_cell("N", "#REF!", "#REF!", "must be a number"),
    one_cell("loss", "2.9+0.1j", "2.9+0.1j", "must be a number"),
    one_cell("D", "20N", "20N", "K, M, B or T"),
)

COLUMNS = (
    Hostile(
        "error above 1",
        with_column("err_a", "0.5", "", "1.2", "0.4", "0.3", "0.2"),
        ((4, "err_a", "1.2", "[0, 1]"),),
    ),
    Hostile(
        "error below 0", with_column("err_a", *"11111", "-0.1"), ((7, "err_a", "-0.1", "[0, 1]"),)
    ),
    Hostile(
        "error in per cent",
        with_column("err_a", *"11111", "41%"),
        ((7, "err_a", "41%", "percentage"),),
    ),
    Hostile(
        "error as a ratio",
        with_column("err_a", *"11111", "70/5000"),
        ((7, "err_a", "70/5000", "a share: write 0.014 for 70/5000"),),
    ),
    Hostile(
        "error as a ratio in all rows",
        with_column("err_a", "70/5000", "71/5000"),
        ((2, "err_a", "70/5000", "for 70/5000; the same in all 6 cells of the column"),),
    ),
    Hostile(
        "error as text", with_column("err_a", *"11111", "bad"), ((7, "err_a", "bad", "number"),)
    ),
    Hostile("error not known for some", with_column("err_a", "0.5", "")),
    Hostile("error known for none", with_column("err_a", "")),
    Hostile("error 0 and 1", with_column("err_a", "0", "1")),
    Hostile("error constant", with_column("err_a", "0.5")),
    Hostile(
        "run repeated",
        with_column("run", *"abcdea"),
        ((2, "run", "a", "unique"), (7, "run", "a", "unique")),
    ),
    Hostile(
        "run repeated but for a space",
        with_column("run", *"abcde", " a"),
        ((2, "run", "a", "unique"), (7, "run", "a", "unique")),
    ),
    Hostile(
        "run repeated beside empty ones",
        with_column("run", *"aab", "c", "", ""),
        (
            (2, "run", "a", "unique"),
            (3, "run", "a", "unique"),
            (6, "run", "", "empty"),
            (7, "run", "", "empty"),
        ),
    ),
    Hostile(
        "run empty",
        with_column("run", *"abcd", "", ""),
        ((6, "run", "", "empty"), (7, "run", "", "empty")),
    ),
    Hostile("data set empty", with_column("dataset", *"xxxxx", ""), ((7, "dataset", "", "empty"),)),
    Hostile("data set spelled in two ways", with_column("dataset", "c4", "C4")),
    Hostile("a data set per run", with_column("dataset", *"abcdef")),
    Hostile(
        "M inconsistent",
        with_column("M", "20", "20", "20", "20", "320", "20"),
        ((7, "M", "20", "D / N"),),
    ),
    Hostile("M rounded", with_column("M", "20.1", "20", "20", "20", "320", "160")),
    Hostile("M in part", with_column("M", "", "20", "", "20", "", "160")),
    Hostile("M negative", b"N,D,loss,M\n1e8,2e9,3,-20\n", ((2, "M", "-20", "D / N"),)),
    Hostile("C inconsistent", b"N,D,loss,C\n1e8,2e9,3,2e17\n", ((2, "C", "2e17", "6 N D"),)),
    Hostile("C zero", b"N,D,loss,C\n1e8,2e9,3,0\n", ((2, "C", "0", "6 N D"),)),
    Hostile("N_body above N", b"N,D,loss,N_body\n1e8,2e9,3,2e8\n", ((2, "N_body", "2e8", "<= N"),)),
    Hostile("N_body zero", b"N,D,loss,N_body\n1e8,2e9,3,0\n", ((2, "N_body", "0", "> 0"),)),
    Hostile("N_body in part", with_column("N_body", "1e7", "")),
    Hostile(
        "warm-up negative",
        with_column("warmup_steps", *"11111", "-1"),
        ((7, "warmup_steps", "-1", ">= 0"),),
    ),
    Hostile(
        "batch zero", with_column("batch_tokens", *"11111", "0"), ((7, "batch_tokens", "0", "> 0"),)
    ),
    Hostile(
        "loss_std negative",
        with_column("loss_std", *"11111", "-1"),
        ((7, "loss_std", "-1", ">= 0"),),
    ),
    Hostile("loss_std zero", with_column("loss_std", "0")),
    Hostile(
        "no loss in a row",
        b"N,D,loss_a,loss_b\n1e8,2e9,3,\n2e8,4e9,,\n4e8,8e9,,2.9\n",
        ((3, "loss_a", "", "no other loss"),),
    ),
    Hostile("loss sets in part", b"N,D,loss_a,loss_b\n1e8,2e9,3,\n4e8,8e9,,2.9\n"),
    Hostile("loss full, set in part", with_column("loss_a", "3", "")),
    Hostile("one loss set", GOOD.replace("loss", "loss_eval", 1).encode()),
    Hostile(
        "counts spelled with letters",
        b"N,D,loss\n160M,3.2B,3.3\n6.9B,138b,2.2\n1.2T,24T,1.9\n5K,100K,9\n",
    ),
    Hostile("counts with units", good_and("690M params,13.8 B tokens,2.7")),
    Hostile("counts with commas", good_and('"690,000,000","13,800,000,000",2.7')),
    Hostile("spaces round cells", b"N,D,loss\n 1e8 , 2e9 , 3.1 \n"),
    Hostile("other columns", with_column("note", "=cmd()", "", "\u65e5\u672c")),
    Hostile("flags brought along", with_column("flags", "", "ours"), (), ((1, "ours"),)),
    Hostile(
        "faults in each column",
        b"run,dataset,N,D,loss,err_a\n,,x,-1,0,2\n",
        (
            (2, "run", "", "empty"),
            (2, "dataset", "", "empty"),
            (2, "N", "x", "number"),
            (2, "D", "-1", "> 0"),
            (2, "loss", "0", "> 0"),
            (2, "err_a", "2", "[0, 1]"),
        ),
    ),
)

DESIGNS = (
    Hostile("space before the letter", good_and("0.69 B,13.8\u00a0B,2.7")),
    Hostile("one run", b"N,D,loss\n1e8,2e9,3.1\n"),
    Hostile("two runs", table((1e7, 20), (4e7, 20))),
    Hostile("three runs for four parameters", table((1e7, 20), (4e7, 20), (1e7, 320))),
    Hostile("four runs for four parameters", table(*((N, 20) for N in SIZES[:3]), (1e7, 320))),
    Hostile("one size only", table(*((1e8, M) for M in (5, 20, 80, 320, 640)))),
    Hostile("one ray only", table(*((N, 20) for N in SIZES), (8e8, 20), (1.6e9, 20))),
    Hostile("one design many times", table(*[(1e8, 20)] * 8)),
    Hostile(
        "fewer tokens than parameters",
        table(*((N, 0.5) for N in SIZES), (1e7, 20)),
        (),
        ((0, "is below N"),),
    ),
    Hostile(
        "constant loss",
        b"N,D,loss\n" + b"".join(b"%de7,%de9,3\n" % (i, i * i) for i in range(1, 8)),
    ),
    Hostile(
        "loss rises with compute",
        b"N,D,loss\n" + b"".join(b"%de7,%de9,%d\n" % (i, i * i, i) for i in range(1, 8)),
    ),
    Hostile(
        "losses at random",
        b"N,D,loss\n1e7,2e8,3\n4e7,8e8,5\n2e8,3e9,2\n4e8,8e9,7\n1e7,3e9,1\n4e7,6e9,4\n",
    ),
    Hostile(
        "huge losses",
        b"N,D,loss\n" + b"".join(b"%de7,%de9,%de28\n" % (i, i * i, 9 - i) for i in range(1, 8)),
        (),
        ((0, "above 20 nats"),),
    ),
    Hostile(
        "tiny losses",
        b"N,D,loss\n" + b"".join(b"%de7,%de9,%de-300\n" % (i, i * i, 9 - i) for i in range(1, 8)),
    ),
    Hostile("loss above 20 nats", good_and("4e8,8e9,50"), (), ((6, "above 20 nats"),)),
    Hostile(
        "counts in billions",
        b"N,D,loss\n6.9,138,2.2\n1.4,28,2.6\n",
        (),
        ((0, "did you mean 6.9M or 6.9B?"), (0, "D is 138: did you mean 138B?")),
    ),
    Hostile("counts at the limit", b"N,D,loss\n1,1,3\n1e30,1e30,2\n1,1e30,2.5\n1e30,1,2.5\n"),
    Hostile(
        "loss equal in the same design",
        good_and("1e7,2e8,9.9\n1e7,2e8,1.1"),
        (),
        ((6, "same N and D: a sweep"),),
    ),
    Hostile(
        "ends before its warm-up",
        b"N,D,loss,warmup_steps,batch_tokens\n1e8,5e8,4,1000,1e6\n2e8,4e9,3,1000,1e6\n",
        (),
        ((0, "warm-up"),),
    ),
    Hostile(
        "less than one batch", b"N,D,loss,batch_tokens\n1e5,5e5,4,1e6\n", (), ((0, "one batch"),)
    ),
)

HOSTILE = (*FILES, *HEADERS, *CELLS, *COLUMNS, *DESIGNS)
