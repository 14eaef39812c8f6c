"""What is a run table, and is this one sound? The contract, its checks and its selections.

One row per run. Required: `N` (parameters), `D` (tokens), and `loss` or at least one
``loss_<set>`` (nats per token). Optional: `run`, `dataset`, `N_body`, `M`, `C`, ``err_<task>``,
`warmup_steps`, `batch_tokens`, `vocabulary`, `loss_std`, ``loss_std_<set>``, `unique_tokens` or
`D_unique`, `epochs`, `flags`. Any other column is kept.

An empty cell means "not known". It may stand in every optional number and in ``loss_<set>``, as
long as each row has a loss; never in `N`, `D`, `loss`, `run` or `dataset`. Nothing is dropped: a
suspect run gets its reason in `flags`, and leaving it out is the reader's choice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd

from scaling.tables.checks import check_cells, read_cells
from scaling.tables.counts import COUNTS
from scaling.tables.faults import Fault, RunTableError
from scaling.tables.files import Table, as_table, read_table
from scaling.tables.numbers import as_found
from scaling.tables.repeats import explain_names
from scaling.tables.schema import (
    AMOUNTS,
    TEXTS,
    error_columns,
    explain_header,
    loss_columns,
    number_columns,
    run_schema,
)
from scaling.tables.suspects import add_flags

__all__ = [
    "Fault",
    "RunTableError",
    "choose_count",
    "choose_dataset",
    "choose_loss",
    "error_columns",
    "loss_columns",
    "read_runs",
    "validate_runs",
]


def _check(table: Table, repeated: bool) -> pd.DataFrame:
    """Give the sound table with M, C, `run` and `flags`, or raise all its faults."""
    numbers = number_columns(table.frame)
    frame = read_cells(table.frame, numbers, AMOUNTS, TEXTS)
    shared = None if repeated else explain_names(frame)

    def explain(names: list[str], missing: Iterable[str]) -> Iterator[tuple[str, str]]:
        yield from explain_header(names, missing)
        if shared is not None:
            yield "run", shared

    schema = run_schema(frame, in_steps=repeated or shared is not None)
    check_cells(table, frame, numbers, schema, explain)
    if "run" not in frame:
        frame.insert(0, "run", [f"row {row}" for row in table.rows])
    N, D = frame["N"], frame["D"]
    frame = frame.assign(M=D / N, C=6.0 * N * D)
    if repeated:
        frame = frame.assign(flags=frame["flags"].fillna("") if "flags" in frame else "")
    else:
        frame = add_flags(frame)
    return frame.astype({name: "str" for name in TEXTS if name in frame})


def validate_runs(
    frame: pd.DataFrame, source: str = "table", repeated: bool = False
) -> pd.DataFrame:
    """Check a table of runs and give it with `M`, `C`, `run` and `flags`.

    ``M = D / N`` and ``C = 6 N D``; where they are given they must agree to within 1 %, and the
    exact values take their place.

    Parameters
    ----------
    frame : DataFrame of shape (n_runs, n_columns)
        The table, as numbers or as text. Messages call its rows by the labels of its index, or
        count them from 0 where two labels read alike.
    source : str
        What messages call the table.
    repeated : bool
        Let a name stand on several rows of one N, of which `scaling.tables.repeats` keeps one:
        a run then needs a loss on some row only, and reasons to suspect it are not yet added.

    Returns
    -------
    DataFrame of shape (n_runs, n_columns + added)
        Numbers as float, NaN where not known; where `run` was absent it is "row 0" and so on, by
        the same labels; `flags` holds the reasons to suspect a run, joined by "; ", empty for most.

    Raises
    ------
    RunTableError
        With every fault of the table.
    """
    return _check(as_table(source, frame), repeated)


def read_runs(path: str | Path, repeated: bool = False) -> pd.DataFrame:
    """Read a run table from a file and check it.

    Parameters
    ----------
    path : str or Path
        CSV with commas, tabs or semicolons, in UTF-8, or in UTF-16 with its mark; or Parquet,
        with the extra ``parquet``. Counts may be spelled ``6.9e9`` or ``6.9B``.
    repeated : bool
        As `validate_runs` takes it.

    Returns
    -------
    DataFrame of shape (n_runs, n_columns + added)
        As from `validate_runs`, with the lines of the file, the header being 1, for its labels.
        Other columns are numbers if all their cells are.

    Raises
    ------
    RunTableError
        With every fault of the file.
    """
    table = read_table(path)
    contract = {*TEXTS, *number_columns(table.frame)}
    frame = _check(table, repeated)
    others = [name for name in map(str, table.frame) if name not in contract]
    return frame.assign(**{name: as_found(frame[name]) for name in others})


def choose_dataset(table: pd.DataFrame, dataset: str | None = None) -> pd.DataFrame:
    """Give the runs of one data set.

    Parameters
    ----------
    table : DataFrame of shape (n_runs, n_columns)
        A sound run table.
    dataset : str, optional
        Its name; not needed where the table has one data set, or no column `dataset`.

    Returns
    -------
    DataFrame of shape (n_chosen, n_columns)

    Raises
    ------
    ValueError
        Where the name is needed, or is none of the table's.
    """
    names = list(pd.unique(table["dataset"])) if "dataset" in table else []
    if dataset is None and len(names) <= 1:
        return table
    if dataset is None:
        raise ValueError(f"dataset must be named, one of {_listed(names)}")
    if dataset not in names:
        raise ValueError(f"dataset must be one of {_listed(names)}, got {dataset!r}")
    return table[table["dataset"] == dataset].reset_index(drop=True)


def choose_loss(table: pd.DataFrame, loss_set: str | None = None) -> str:
    """Give the name of the loss column to use.

    Parameters
    ----------
    table : DataFrame of shape (n_runs, n_columns)
        A sound run table.
    loss_set : str, optional
        A loss set, with or without the prefix ``loss_``. By default `loss`, else the only
        ``loss_<set>``.

    Returns
    -------
    str
        A column name. Its cells may be empty where the column is a ``loss_<set>``.

    Raises
    ------
    ValueError
        Where the name is needed, or is none of the table's.
    """
    names = loss_columns(table)
    if loss_set is None and ("loss" in names or len(names) == 1):
        return names[0]
    if loss_set is None:
        raise ValueError(f"loss set must be named, one of {_listed(names)}")
    for name in (loss_set, f"loss_{loss_set}"):
        if name in names:
            return name
    raise ValueError(f"loss set must be one of {_listed(names)}, got {loss_set!r}")


def choose_count(table: pd.DataFrame, count: str = "N") -> str:
    """Give the name of the parameter count to use.

    Parameters
    ----------
    table : DataFrame of shape (n_runs, n_columns)
        A sound run table.
    count : {"N", "N_body"}
        All parameters, or those of neither vocabulary matrix.

    Returns
    -------
    str
        A column name, known for every run.

    Raises
    ------
    ValueError
        Where the count is neither of the two, or not known for every run.
    """
    if count not in COUNTS:
        raise ValueError(f"count must be {' or '.join(map(repr, COUNTS))}, got {count!r}")
    if count not in table:
        raise ValueError(f"count {count!r} needs a column {count}, which the table has not")
    if n_unknown := int(table[count].isna().sum()):
        raise ValueError(
            f"count {count!r} must be known for every run, not empty {n_unknown} times"
        )
    return count


def _listed(names: list[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:20])
    return f"{shown} and {len(names) - 20} more" if len(names) > 20 else shown or "none"
