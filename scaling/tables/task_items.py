"""What is known of each task? A small table: how many items it has, and how often a guess is right.

One row per task. Required: `task`, unique, as in ``err_<task>``, with or without the prefix.
Optional: `n_items`, a whole number; `chance`, the accuracy of guessing. An empty cell means "not
known". Any other column is left aside. Faults are told as those of a run table.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from scaling.tables.checks import check_cells, read_cells
from scaling.tables.faults import show
from scaling.tables.files import Table, make_table, read_table
from scaling.tables.schema import LARGEST, explain_header

if TYPE_CHECKING:
    from pandera.pandas import DataFrameSchema

NUMBERS = ("n_items", "chance")
COLUMNS = ("task", *NUMBERS)
PREFIX = "err_"
NAMED = 20  # tasks, in a message


def _schema() -> DataFrameSchema:
    import pandera.pandas as pa

    whole = pa.Check(
        lambda n: n.between(1, LARGEST) & (n == np.floor(n)), error="must be a whole number >= 1"
    )
    share = pa.Check.in_range(
        0, 1, include_max=False, error="must lie in [0, 1): the accuracy of guessing, a fraction"
    )
    return pa.DataFrameSchema(
        {
            "task": pa.Column(unique=True),
            "n_items": pa.Column(checks=[whole], nullable=True, required=False),
            "chance": pa.Column(checks=[share], nullable=True, required=False),
        }
    )


def _check(table: Table) -> pd.DataFrame:
    numbers = [name for name in NUMBERS if name in table.frame]
    frame = read_cells(table.frame, numbers, ("n_items",), ("task",))
    if "task" in frame:
        task = frame["task"].str.removeprefix(PREFIX)
        frame["task"] = task.mask(task == "", None)
    explain = partial(explain_header, known=COLUMNS, prefixes={})
    check_cells(table, frame, numbers, _schema(), explain, rows="tasks")
    return frame.reindex(columns=["task", *numbers]).astype({"task": "str"})


def validate_items(frame: pd.DataFrame, source: str = "table") -> pd.DataFrame:
    """Check a table of tasks.

    Parameters
    ----------
    frame : DataFrame of shape (n_tasks, n_columns)
        The table, as numbers or as text. Its index is not read.
    source : str
        What messages call the table.

    Returns
    -------
    DataFrame of shape (n_tasks, n_kept)
        `task`, without the prefix ``err_``, then of `n_items` and `chance` those that are there,
        as float, NaN where not known.

    Raises
    ------
    RunTableError
        With every fault of the table.
    """
    return _check(make_table(source, frame, np.arange(len(frame)) + 2))


def read_items(path: str | Path) -> pd.DataFrame:
    """Read a table of tasks from a file and check it.

    Parameters
    ----------
    path : str or Path
        A file such as `scaling.tables.runs.read_runs` takes.

    Returns
    -------
    DataFrame of shape (n_tasks, n_kept)
        As from `validate_items`.

    Raises
    ------
    RunTableError
        With every fault of the file.
    """
    return _check(read_table(path))


def tell_unmatched(items: pd.DataFrame, tasks: Iterable[str], source: str) -> list[str]:
    """Say what of two tables does not meet: rows without an error, columns that are not there.

    Parameters
    ----------
    items : pandas.DataFrame
        From `read_items`.
    tasks : iterable of str
        Tasks of a run table.
    source : str
        What messages call the table of tasks.

    Returns
    -------
    list of str
        One line for each kind, and one for a column that is not there.
    """
    measured = list(dict.fromkeys(tasks))
    cases: dict[str, list[str]] = {
        "the run table has no err_ column for": [
            task for task in items["task"] if task not in measured
        ],
        "has no column": [name for name in NUMBERS if name not in items],
    }
    return [f"{source}: {case} {list_names(names)}" for case, names in cases.items() if names]


def list_names(names: Iterable[str]) -> str:
    """Name tasks in a message, `NAMED` at most."""
    names = list(names)
    shown = ", ".join(name if name.isprintable() else show(name) for name in names[:NAMED])
    return f"{shown} and {len(names) - NAMED} more" if len(names) > NAMED else shown
