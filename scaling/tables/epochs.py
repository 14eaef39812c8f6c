"""How often did a run see its tokens? Different tokens and epochs, where a run table tells them."""

from __future__ import annotations

import pandas as pd

UNIQUE = ("unique_tokens", "D_unique")  # names of one count, the first that is known is taken
EPOCHS = "epochs"
ONCE = 1.01  # epochs; above it tokens were repeated, below it D was rounded


def find_unique(table: pd.DataFrame) -> pd.Series | None:
    """Give the different tokens of each run: as given, or D / epochs.

    Parameters
    ----------
    table : DataFrame of shape (n_runs, n_columns)
        A sound run table.

    Returns
    -------
    Series of shape (n_runs,) or None
        At most D, and D where nothing is known; None where the table has no such column.
    """
    counts = [table[name] for name in UNIQUE if name in table]
    if EPOCHS in table:
        counts.append(table["D"] / table[EPOCHS].clip(lower=1))
    if not counts:
        return None
    known = pd.concat(counts, axis=1).bfill(axis=1).iloc[:, 0]
    return known.fillna(table["D"]).clip(upper=table["D"])


def count_epochs(table: pd.DataFrame) -> pd.Series | None:
    """Give D / different tokens of each run, at least 1; None as `find_unique` does."""
    unique = find_unique(table)
    return None if unique is None else table["D"] / unique
