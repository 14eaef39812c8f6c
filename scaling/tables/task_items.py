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
from scaling.tables.files import as_table, read_table
from scaling.tables.schema import LARGEST, explain_header

if TYPE_CHECKING:
    from pandera.pandas import DataFrameSchema

NUMBERS = ("n_items", "chance")
COUNTED = ("n_items",)
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


def read_items(items: pd.DataFrame | str | Path) -> pd.DataFrame:
    """Read a table of tasks and check it.

    Parameters
    ----------
    items : DataFrame of shape (n_tasks, n_columns), str or Path
        The table, as numbers or as text, or a file such as `scaling.tables.runs.read_runs` takes.

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
    table = as_table("items", items) if isinstance(items, pd.DataFrame) else read_table(items)
    numbers = [name for name in NUMBERS if name in table.frame]
    frame = read_cells(table.frame, numbers, COUNTED, ("task",))
    if "task" in frame:
        task = frame["task"].str.removeprefix(PREFIX)
        frame["task"] = task.mask(task == "", None)
    explain = partial(explain_header, known=("task", *NUMBERS), prefixes={})
    check_cells(table, frame, numbers, COUNTED, _schema(), explain, rows="tasks")
    return frame.reindex(columns=["task", *numbers]).astype({"task": "str"})


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
    measured = set(tasks)
    cases = {
        "the run table has no err_ column for": [t for t in items["task"] if t not in measured],
        "has no column": [name for name in NUMBERS if name not in items],
    }
    return [f"{source}: {case} {list_names(names)}" for case, names in cases.items() if names]


def list_names(names: Iterable[str]) -> str:
    """Name tasks in a message, `NAMED` at most."""
    names = list(names)
    shown = ", ".join(name if name.isprintable() else show(name) for name in names[:NAMED])
    return f"{shown} and {len(names) - NAMED} more" if len(names) > NAMED else shown
