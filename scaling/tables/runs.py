"""What is a run table, and is this one sound? The contract, its checks and its selections.

One row per run. Required: `N` (parameters), `D` (tokens), and `loss` or at least one
``loss_<set>`` (nats per token). Optional: `run`, `dataset`, `N_body`, `M`, `C`, ``err_<task>``,
`warmup_steps`, `batch_tokens`, `vocabulary`, `loss_std`, ``loss_std_<set>``, `unique_tokens` or
`D_unique`, `epochs`, `flags`. Any other column is kept. Other names and units are read on request;
what follows from other columns may be absent.

An empty cell means "not known". It may stand in every optional number and in ``loss_<set>``, as
long as each row has a loss; never in `N`, `D`, `loss`, `run` or `dataset`. Nothing is dropped: a
suspect run gets its reason in `flags`, and leaving it out is the reader's choice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypedDict, Unpack

import pandas as pd

from scaling.tables.checks import check_cells, read_cells
from scaling.tables.columns import (
    ColumnMap,
    name_columns,
    name_errors,
    options_in_python,
    tell_accuracies,
)
from scaling.tables.counts import COUNTS
from scaling.tables.derived import find_rules
from scaling.tables.faults import Fault, RunTableError, show
from scaling.tables.files import TOLD, Table, as_table, read_table
from scaling.tables.numbers import as_found, as_text
from scaling.tables.repeats import explain_names, name_runs
from scaling.tables.rounded import printed_slack, tell_rounded
from scaling.tables.schema import (
    AMOUNTS,
    EMPTY,
    KNOWN,
    PARTS,
    PREFIXES,
    TEXTS,
    error_columns,
    explain_header,
    loss_columns,
    number_columns,
    run_schema,
)
from scaling.tables.suspects import add_flags
from scaling.tables.units import (
    ask_for_unit,
    check_loss_unit,
    errors_of_accuracies,
    losses_in_nats,
)

__all__ = [
    "Fault",
    "Reading",
    "RunTableError",
    "choose_count",
    "choose_dataset",
    "choose_loss",
    "error_columns",
    "loss_columns",
    "read_runs",
    "validate_runs",
]


class Reading(TypedDict, total=False):
    """How a table is to be read, where it is not in our names and units; all may be left out.

    Parameters
    ----------
    columns : mapping of str to str, or str
        Column map: our names, each with that of the table, as a mapping or as text such as
        ``N=params,D=tokens,loss=val/loss``. A factor may follow: ``D=tokens_B*1e9``.
    loss_unit : {"nats", "bits", "bpb", "ppl"}
        Unit of every loss: per token, but for bits per byte; perplexity. Turned into nats.
    bytes_per_token : float
        Mean bytes of a token of the held-out text, for bits per byte.
    accuracy : bool
        Columns ``acc_<task>``, and the like, are accuracies: the error is 1 - accuracy.
    """

    columns: ColumnMap | None
    loss_unit: str | None
    bytes_per_token: float | None
    accuracy: bool


def _check(
    table: Table,
    columns: ColumnMap | None = None,
    loss_unit: str | None = None,
    bytes_per_token: float | None = None,
    accuracy: bool = False,
    repeated: bool = False,
) -> pd.DataFrame:
    """Give the sound table with M, C, `run` and `flags`, or raise all its faults."""
    check_loss_unit(loss_unit, bytes_per_token)
    table = name_columns(table, columns, (*KNOWN, *PARTS), (*PREFIXES, "acc_"))
    table, accuracies = name_errors(table) if accuracy else (table, [])
    if loss_unit is None:
        table = replace(table, faults=(*table.faults, *ask_for_unit(table)))
    rules = find_rules(list(map(str, table.frame)))
    sources = [name for rule in rules for name in rule.sources if name in PARTS]
    numbers = [*number_columns(table.frame), *sources]
    amounts = (*AMOUNTS, *PARTS)
    frame = read_cells(table.frame, numbers, amounts, TEXTS)
    factors = {name: by for name, by in table.factors.items() if name in numbers}
    frame = frame.assign(**{name: frame[name] * by for name, by in factors.items()})
    frame = losses_in_nats(errors_of_accuracies(frame, accuracies), loss_unit, bytes_per_token)
    for rule in rules:
        frame = frame.assign(**{rule.column: rule.derive(frame)})
    if (
        repeated
        and not {"N", "D"} - set(frame)
        and "run" not in frame
        and (name := name_runs(frame))
    ):
        frame.insert(0, "run", as_text(frame[name]))
        table = replace(table, told=(*table.told, f"run is taken from {show(name)}"))
    slack = printed_slack(table, frame)
    shared = None if repeated else explain_names(frame)

    def explain(names: list[str], missing: Iterable[str]) -> Iterator[tuple[str, str]]:
        yield from explain_header(names, missing)
        if shared is not None:
            yield "run", shared

    in_steps = repeated or shared is not None
    schema = run_schema(frame, in_steps, loss_unit, slack, table.written)
    empty = EMPTY | {rule.column: f"{rule.formula} is not known" for rule in rules}
    check_cells(table, frame, numbers, amounts, schema, explain, empty=empty)
    told = [*table.told, *map(str, rules), *tell_rounded(frame, slack), *tell_accuracies(frame)]
    if "run" not in frame:
        frame.insert(0, "run", [f"row {row}" for row in table.rows])
    N, D = frame["N"], frame["D"]
    frame = frame.assign(M=D / N, C=6.0 * N * D)
    if repeated:
        frame = frame.assign(flags=frame["flags"].fillna("") if "flags" in frame else "")
    else:
        frame = add_flags(frame)
    frame.attrs[TOLD] = list(dict.fromkeys(told))
    return frame.astype({name: "str" for name in TEXTS if name in frame})


def validate_runs(
    frame: pd.DataFrame,
    source: str = "table",
    repeated: bool = False,
    **reading: Unpack[Reading],
) -> pd.DataFrame:
    """Check a table of runs and give it with `M`, `C`, `run` and `flags`.

    ``M = D / N`` and ``C = 6 N D``; where they are given they must agree to within 1 % or to their
    printed digits, and the exact values take their place. An `N` or `D` that is not there is
    derived where it follows from others; see `scaling.tables.derived`.

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
    **reading
        By name: see `Reading`.

    Returns
    -------
    DataFrame of shape (n_runs, n_columns + added)
        Numbers as float, NaN where not known; where `run` was absent it is "row 0" and so on, by
        the same labels; `flags` holds the reasons to suspect a run, joined by "; ", empty for most.
        ``attrs["told"]`` lists what was taken or derived on the reader's behalf.

    Raises
    ------
    RunTableError
        With every fault of the table.
    ValueError
        `reading` cannot be.
    """
    try:
        return _check(as_table(source, frame), repeated=repeated, **reading)
    except RunTableError as error:
        raise error.reworded(options_in_python) from None


def read_runs(path: str | Path, repeated: bool = False, **reading: Unpack[Reading]) -> pd.DataFrame:
    """Read a run table from a file and check it.

    Parameters
    ----------
    path : str or Path
        CSV with commas, tabs or semicolons, in UTF-8, or in UTF-16 with its mark; JSON, an object
        a line; or Parquet, with the extra ``parquet``. Any of them as it is or compressed. Counts
        may be spelled ``6.9e9`` or ``6.9B``.
    repeated : bool
        As `validate_runs` takes it.
    **reading
        By name: see `Reading`.

    Returns
    -------
    DataFrame of shape (n_runs, n_columns + added)
        As from `validate_runs`, with the lines of the file, the header being 1, for its labels.
        Other columns are numbers if all their cells are.

    Raises
    ------
    RunTableError
        With every fault of the file.
    ValueError
        `reading` cannot be.

    Examples
    --------
    >>> import scaling
    >>> from scaling.tables.datafiles import data_path
    >>> runs = scaling.read_runs(data_path("results", "walks.csv"))
    >>> len(runs), bool((runs["C"] == 6 * runs["N"] * runs["D"]).all())
    (105, True)
    """
    frame = _check(read_table(path), repeated=repeated, **reading)
    contract = {*TEXTS, *number_columns(frame)}
    others = [name for name in map(str, frame) if name not in contract]
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


def choose_count(table: pd.DataFrame, count: str | None = None) -> str:
    """Give the name of the parameter count to use.

    Parameters
    ----------
    table : DataFrame of shape (n_runs, n_columns)
        A sound run table.
    count : {"N", "N_body"}, optional
        All parameters, or those of neither vocabulary matrix. By default N, unless the two are
        one, for a table that brought no other count than N_body.

    Returns
    -------
    str
        A column name, known for every run.

    Raises
    ------
    ValueError
        Where the count is neither of the two, or not known for every run.
    """
    if count is None:
        only_body = "N_body" in table and table["N"].equals(table["N_body"])
        count = "N_body" if only_body else COUNTS[0]
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
