"""What does a file say? One table of text with the line of every row, and its faults.

CSV is read with commas, tabs or semicolons (whichever the header uses most, or a first line
``sep=;`` names), in UTF-8 or in UTF-16 with a byte order mark; a line that starts with ``#`` is a
comment. JSON has an object a line, or a list of them in a file ``.json`` or as all an object holds;
Parquet needs the extra ``parquet``. Any of them may be compressed with gzip, bzip2 or xz. Cells
keep their text. Faults of a file are gathered, not thrown one by one.
"""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import lzma
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from scaling.tables.faults import Fault, RunTableError
from scaling.tables.json_rows import read_records
from scaling.tables.numbers import as_text

HEADER_ROW = 1
TOLD = "told"  # key of a frame's attrs: what was taken or derived on the reader's behalf
SIGNATURES = {
    b"PK\x03\x04": "is a spreadsheet or a zip archive",
    b"\xd0\xcf\x11\xe0": "is an old spreadsheet",
    b"%PDF": "is a PDF document",
    b"\x28\xb5\x2f\xfd": "is compressed with zstd",
}
COMPRESSED: dict[bytes, tuple[str, Callable[[bytes], bytes]]] = {
    b"\x1f\x8b": ("gzip", gzip.decompress),
    b"BZh": ("bzip2", bz2.decompress),
    b"\xfd7zXZ\0": ("xz", lzma.decompress),
}
SPREADSHEET_ERROR = re.compile(r"#(N/A|[A-Z]+(/0)?[!?])")
SEPARATOR_LINE = re.compile(r'"?sep=(.)"?', re.IGNORECASE)  # spreadsheets write and read it


@dataclass(frozen=True)
class Table:
    """A table as it was found.

    Parameters
    ----------
    source : str
        Where it comes from.
    frame : DataFrame of shape (n_runs, n_columns)
        The rows that are whole, index 0 to n_runs - 1, under the names that are unique.
    rows : pandas.Index of shape (n_runs,)
        The line of each row, or its label.
    faults : tuple of Fault
        What is wrong with the header and with the other rows.
    header_row : int or None
        The line of the header, None where there are no lines.
    told : tuple of str
        What was taken or derived on the reader's behalf.
    written : mapping of str to str
        How the file calls a column that has another name in `frame`.
    factors : mapping of str to float
        By which the numbers of a column are to be multiplied.
    """

    source: str
    frame: pd.DataFrame
    rows: pd.Index
    faults: tuple[Fault, ...]
    header_row: int | None
    told: tuple[str, ...] = ()
    written: Mapping[str, str] = field(default_factory=dict)
    factors: Mapping[str, float] = field(default_factory=dict)


def _make_table(
    source: str, frame: pd.DataFrame, rows: pd.Index, header_row: int | None = HEADER_ROW
) -> Table:
    """Strip the names; set aside the columns without one of their own, each with a fault.

    A first column without a name that counts the rows from 0 is the index of a DataFrame.
    """
    names = pd.Index([str(name).strip() for name in frame])
    unnamed, repeated = names == "", names.duplicated()
    counts_rows = bool(unnamed[:1].any()) and _counts_rows(frame.iloc[:, 0])
    told = ("not used: the first column, which has no name and counts the rows",) * counts_rows
    faults = [
        Fault(source, header_row, f"number {i + 1}", None, "has no name: name it or remove it")
        for i in np.flatnonzero(unnamed)
        if not (i == 0 and counts_rows)
    ] + [
        Fault(source, header_row, name, None, "must stand once in the header")
        for name in dict.fromkeys(names[repeated & ~unnamed])
    ]
    kept = frame.set_axis(names, axis=1).loc[:, ~(unnamed | repeated)]
    return Table(source, kept.reset_index(drop=True), rows, tuple(faults), header_row, told)


def _counts_rows(cells: pd.Series) -> bool:
    """Tell an index, as a DataFrame is written with it, from data: 0, 1, 2 and so on."""
    return as_text(cells).tolist() == [str(i) for i in range(len(cells))]


def as_table(source: str, frame: pd.DataFrame) -> Table:
    """Take a DataFrame as it stands, under the name `source`.

    Its rows are called by the labels of its index, or counted from 0 where two labels read alike.
    """
    labels = frame.index
    if labels.nlevels > 1:
        labels = labels.map(lambda parts: ", ".join(map(str, parts)))
    if not labels.map(str).is_unique:
        labels = pd.RangeIndex(len(frame))
    table = _make_table(source, frame, labels, header_row=None)
    return replace(table, told=(*frame.attrs.get(TOLD, ()), *table.told))


def _file_error(source: str, rule: str, row: int | None = None) -> RunTableError:
    return RunTableError([Fault(source, row, None, None, rule)])


def _find_encoding(source: str, raw: bytes) -> str:
    """Tell UTF-8 from UTF-16 by its mark, and prove that all bytes decode to text."""
    for signature, meaning in SIGNATURES.items():
        if raw.startswith(signature):
            raise _file_error(source, f"{meaning}: export it as CSV")
    encoding = "utf-16" if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        written = "UTF-16" if encoding == "utf-16" else "UTF-8"
        rule = f"is not {written} text: save it as CSV in UTF-8"
        raise _file_error(source, rule, line) from None
    if not text.strip():
        raise _file_error(source, "is empty")
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        rule = "holds a zero byte: not a text file, or UTF-16 without a mark; save it in UTF-8"
        raise _file_error(source, rule, line)
    return encoding


def _find_delimiter(header: str) -> str:
    return max(",\t;", key=header.count)  # the first of them where none is there


def _split(source: str, raw: bytes, faults: list[Fault]) -> Iterator[tuple[int, list[str]]]:
    """Give the first line and the cells of each row that is not blank."""
    encoding = _find_encoding(source, raw)
    with io.TextIOWrapper(io.BytesIO(raw), encoding, newline="") as lines:
        first = next(line for line in lines if line.strip())
        named = SEPARATOR_LINE.fullmatch(first.strip("\r\n"))
        lines.seek(0)
        header = next((line for line in lines if line.strip() and not _is_comment([line])), "")
        lines.seek(0)
        delimiter = named[1] if named else _find_delimiter(header)
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        line = 1
        try:
            if named:
                next(reader)
                line = reader.line_num + 1
            for cells in reader:
                if cells:
                    yield line, cells
                line = reader.line_num + 1
        except csv.Error as error:
            faults.append(Fault(source, line, None, None, f"cannot be split into cells: {error}"))


def _is_comment(cells: list[str]) -> bool:
    """Tell a comment, which a spreadsheet may have quoted, from an error of its own: ``#REF!``."""
    first = cells[0].strip(' \t"')
    return first.startswith("#") and not SPREADSHEET_ERROR.fullmatch(first)


def _row_fault(cells: list[str], width: int) -> str:
    """Name the rule that a row breaks as a row, or give empty text."""
    if not any(map(str.strip, cells)):
        return "has no value at all: delete the line"
    if _is_comment(cells):
        return "starts with # and has values: delete the line if it is no run, the # if it is"
    if len(cells) == width:
        return ""
    comma = ": a decimal comma?" if len(cells) > width else ""
    return f"must have {width} cells as the header has, not {len(cells)}{comma}"


def _read_csv(source: str, raw: bytes) -> Table:
    faults: list[Fault] = []
    rows: list[int] = []
    cells: list[list[str]] = []
    split = _split(source, raw, faults)
    comment: list[str] = []
    header_row, header = next(split, (HEADER_ROW, comment))
    while header and _is_comment(header):
        comment = header
        header_row, header = next(split, (HEADER_ROW, []))
    if not header:
        rule = "has comments and no header" if comment else "is empty"
        raise RunTableError(faults or [Fault(source, None, None, None, rule)])
    if comment and not any(cell.strip()[:1].isalpha() for cell in header):
        rule = "has numbers where the header must be: is the header in the comment above it?"
        raise _file_error(source, rule, header_row)
    for line, row in split:
        values = len(row) == len(header) and any(map(str.strip, row[1:]))
        if _is_comment(row) and not values:
            continue
        if rule := _row_fault(row, len(header)):
            faults.append(Fault(source, line, None, None, rule))
        else:
            rows.append(line)
            cells.append(row)
    frame = pd.DataFrame(cells, columns=header, dtype="str")
    table = _make_table(source, frame, pd.Index(rows, dtype=int), header_row)
    return replace(table, faults=(*table.faults, *faults))


def _read_parquet(source: str, raw: bytes) -> Table:
    try:
        frame = pd.read_parquet(io.BytesIO(raw), engine="pyarrow")
    except ImportError:
        rule = "is a Parquet file: install the extra `parquet` to read it, or save it as CSV"
        raise _file_error(source, rule) from None
    except (ValueError, OSError, TypeError, KeyError, NotImplementedError) as error:
        raise _file_error(source, f"is not a Parquet file that can be read: {error}") from None
    return _make_table(source, frame, pd.RangeIndex(len(frame)) + HEADER_ROW + 1)


def _read_json(source: str, raw: bytes) -> Table:
    frame, rows, faults = read_records(source, raw.decode(_find_encoding(source, raw)))
    table = _make_table(source, frame, rows, header_row=None)
    return replace(table, faults=(*table.faults, *faults))


def _decompress(source: str, raw: bytes) -> bytes:
    for signature, (name, decompress) in COMPRESSED.items():
        if raw.startswith(signature):
            try:
                return decompress(raw)
            except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError) as error:
                rule = f"is compressed with {name} and cannot be decompressed: {error}"
                raise _file_error(source, rule) from None
    return raw


def _holds_json(source: str, raw: bytes) -> bool:
    first = raw.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    return first == b"{" or (first == b"[" and ".json" in Path(source).suffixes)


def read_table(path: str | Path) -> Table:
    """Read a file as it stands, with the faults of its header and of rows that are not whole.

    Parquet is known by its first bytes or its suffix, JSON by its first sign, anything else is
    CSV. Raises `RunTableError` where the file cannot be read as a table at all.
    """
    source = str(path)
    try:
        raw = Path(path).read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _file_error(source, f"cannot be opened: {reason}") from None
    raw = _decompress(source, raw)
    if raw.startswith(b"PAR1") or source.lower().endswith((".parquet", ".pq")):
        return _read_parquet(source, raw)
    if _holds_json(source, raw):
        return _read_json(source, raw)
    return _read_csv(source, raw)
