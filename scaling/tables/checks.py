"""Which cells of a table break which rule? The one check for every table that somebody brings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from scaling.tables.faults import Fault, RunTableError
from scaling.tables.files import Table
from scaling.tables.numbers import NOT_KNOWN, as_numbers, as_text, explain_numbers

if TYPE_CHECKING:
    from pandera.pandas import DataFrameSchema

KEPT_FAULTS = 1000
SAID = {
    "not_nullable": "must not be empty",
    "field_uniqueness": "must be unique",
    "column_in_dataframe": "is missing",
}
# Takes the names in a header and those that are missing from it; gives names, each with its rule.
HeaderRules = Callable[[list[str], list[str]], Iterable[tuple[str, str]]]


def read_cells(
    frame: pd.DataFrame, numbers: Collection[str], amounts: Collection[str], texts: Collection[str]
) -> pd.DataFrame:
    """Give numbers as float and names as text, missing where a cell is empty or not readable.

    Of the columns `numbers`, those in `amounts` are counts.
    """
    read = {name: as_numbers(frame[name], letters=name in amounts) for name in numbers}
    names = {name: as_text(frame[name]) for name in texts if name in frame}
    return frame.assign(**read, **{name: t.mask(t == "", None) for name, t in names.items()})


def check_cells(
    table: Table,
    frame: pd.DataFrame,
    numbers: Collection[str],
    amounts: Collection[str],
    schema: DataFrameSchema,
    explain_header: HeaderRules,
    rows: str = "runs",
    empty: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Raise all faults of a table in the order of the file, at most one for a cell.

    Parameters
    ----------
    table : Table
        The table as found.
    frame, numbers, amounts : DataFrame of shape (n_rows, n_columns), collection of str
        The same from `read_cells`, its columns of numbers, and those of counts.
    schema : pandera.DataFrameSchema
        The rules. Each check carries its rule in plain words as its error.
    explain_header : callable
        Says what is wrong with the names in the header.
    rows : str
        What a row stands for.
    empty : mapping of str to str
        What is to be done about a cell of these columns that must not be empty.

    Raises
    ------
    RunTableError
        With every fault of the table.
    """
    unread = _unread_cells(table.frame, frame, numbers, amounts, empty)
    found = pd.concat([*unread, _broken_rules(frame, schema)])
    found = found.drop_duplicates(["position", "column"]).dropna(subset="rule")
    for column, advice in empty.items():
        left_empty = (found["column"] == column) & (found["rule"] == SAID["not_nullable"])
        found.loc[left_empty, "rule"] = f"{SAID['not_nullable']}: {advice}"
    place = {name: i for i, name in enumerate(table.frame)}  # what was derived stands in none
    found = found.iloc[np.lexsort((found["column"].map(place).fillna(-1), found["position"]))]
    in_header = found["position"] < 0
    missing, found = list(found.loc[in_header, "column"]), found[~in_header]
    named = explain_header(list(map(str, table.frame)), missing)
    others = [*table.faults]
    others += [Fault(table.source, table.header_row, name, None, rule) for name, rule in named]
    if table.frame.empty and not others:
        rule = f"has a header and no {rows}: write them below it, one a row"
        others.append(Fault(table.source, table.header_row, None, None, rule))
    tally: Counter[tuple[str | None, str]] = Counter((fault.column, fault.rule) for fault in others)
    tally.update(zip(found["column"], found["rule"], strict=True))
    kept = [_cell_fault(table, *case) for case in found.head(KEPT_FAULTS).itertuples(index=False)]
    if tally:
        faults = others + kept
        if table.header_row is not None:  # without lines the order is right, and labels have none
            faults.sort(key=lambda fault: int(fault.row or 0))
        raise RunTableError(faults[:KEPT_FAULTS], tally)


def _unread_cells(
    raw: pd.DataFrame,
    frame: pd.DataFrame,
    numbers: Collection[str],
    amounts: Collection[str],
    empty: Mapping[str, str],
) -> Iterator[pd.DataFrame]:
    """Find the cells of number columns that hold something, but no number.

    Where that is so of a whole column, and for one reason, its first cell stands for all: the
    others have no rule.
    """
    for name in numbers:
        text = as_text(raw.loc[frame[name].isna(), name])
        text = text[text != ""]
        rules: list[str | None] = [
            f"must be a number: {empty[name]} (an empty cell is for optional columns)"
            if name in empty and NOT_KNOWN.fullmatch(cell[:99])
            else rule
            for cell, rule in zip(text, explain_numbers(text, name in amounts), strict=True)
        ]
        if len(rules) > 1 and len(set(rules)) == 1 and frame[name].isna().all():
            whole = f"{rules[0]}; the same in all {len(rules):,} cells of the column"
            rules = [whole, *[None] * (len(rules) - 1)]
        yield pd.DataFrame({"position": text.index, "column": name, "rule": rules})


def _broken_rules(frame: pd.DataFrame, schema: DataFrameSchema) -> pd.DataFrame:
    """Check the schema: position (-1 for the header), column and rule of every breach."""
    from pandera.errors import SchemaErrors

    try:
        schema.validate(frame, lazy=True)
    except SchemaErrors as error:
        cases = error.failure_cases
        missing = cases["check"] == "column_in_dataframe"
        return pd.DataFrame(
            {
                "position": cases["index"].where(~missing, -1).astype(int),
                "column": cases["column"].where(~missing, cases["failure_case"]),
                "rule": cases["check"].replace(SAID),
            }
        )
    return pd.DataFrame(columns=["position", "column", "rule"])


def _cell_fault(table: Table, position: int, column: str, rule: str) -> Fault:
    is_there = column in table.frame
    value = as_text(table.frame[column].iloc[[position]]).iloc[0] if is_there else None
    row = table.rows[position]
    named = int(row) if pd.api.types.is_integer(row) else str(row)
    return Fault(table.source, named, table.written.get(column, column), value, rule)
