"""Is this extract of a grid sound, and what is a tidy table of it? For `release_grids`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from scaling.testbed.release.checks import fault

SHARED = ("run", "N", "D", "loss")
MAY_BE_ZERO = ("target",)
LARGEST_WHOLE = 2.0**53  # up to here a float holds every whole number


def require(held: pd.Series, rule: str, column: str, raw: pd.DataFrame, path: Path) -> None:
    """Refuse a table in which a rule does not hold for every run.

    Parameters
    ----------
    held : Series of bool, of shape (n_runs,)
        Where the rule holds.
    rule : str
        What must hold, as the end of a sentence about the column.
    column : str
        Where the broken value stands.
    raw : DataFrame of shape (n_runs, n_columns)
        The extract, with `run`.
    path : pathlib.Path
        Its file.

    Raises
    ------
    ValueError
        If the rule is broken; the message names file, column, run and value of the first breach.
    """
    broken = raw[~held]
    if len(broken):
        run, value = broken["run"].iloc[0], broken[column].tolist()[0]
        raise fault(path, f"{column} of run {run} {rule}", value)


def read_extract(path: Path, numbers: Sequence[str], texts: Sequence[str] = ()) -> pd.DataFrame:
    """Read one extract: names unique, texts there, numbers finite and above zero.

    Parameters
    ----------
    path : pathlib.Path
        A CSV file with the columns run, N, D and loss.
    numbers, texts : sequence of str
        The other columns that must be there.

    Returns
    -------
    DataFrame of shape (n_runs, n_columns)
        Rows and columns as in the file.

    Raises
    ------
    ValueError
        If the file or a column is missing, or a value breaks a rule.
    """
    if not path.is_file():
        raise fault(path, "the folder must hold this file", "no such file")
    try:
        raw = pd.read_csv(path, encoding="utf-8", dtype={"run": str})
    except ValueError as problem:
        raise fault(path, "the file must be CSV", str(problem).strip()) from problem
    for column in (*SHARED, *numbers, *texts):
        if column not in raw:
            raise fault(path, f"column {column} must be there", ", ".join(map(str, raw)))
    if raw.empty:
        raise fault(path, "the file must hold runs", "none")
    require(raw["run"].notna() & ~raw.duplicated("run"), "must be there once", "run", raw, path)
    for column in texts:
        require(raw[column].notna(), "must be there", column, raw, path)
    for column in (*SHARED[1:], *numbers):
        values = pd.to_numeric(raw[column], errors="coerce")
        sound = np.isfinite(values) & ((values > 0) | ((values == 0) & (column in MAY_BE_ZERO)))
        require(sound, "must be a finite number above 0", column, raw, path)
    return raw


def where(suspect: pd.Series, reason: str | pd.Series) -> pd.Series:
    """Give the reason where a run is suspect, and an empty text elsewhere.

    Parameters
    ----------
    suspect : Series of bool, of shape (n_runs,)
        Which runs.
    reason : str or Series of shape (n_runs,)
        The reason, the same for all or one for each.

    Returns
    -------
    Series of shape (n_runs,)
    """
    return pd.Series(reason, suspect.index, dtype=object).where(suspect, "")


def join_reasons(*reasons: pd.Series) -> list[str]:
    """Join the reasons of each run by "; ", leaving out the empty ones.

    Parameters
    ----------
    *reasons : Series of shape (n_runs,)
        Texts, as from `where`.

    Returns
    -------
    list of str
        One text per run.
    """
    return ["; ".join(filter(None, row)) for row in zip(*reasons, strict=True)]


def tidy(table: pd.DataFrame, order: Sequence[str] = ("N", "D")) -> pd.DataFrame:
    """Sort the runs, and make a column whole where all its numbers are.

    Parameters
    ----------
    table : DataFrame of shape (n_runs, n_columns)
        A run table.
    order : sequence of str
        Columns to sort by; runs that agree in them keep their order.

    Returns
    -------
    DataFrame of shape (n_runs, n_columns)
    """
    table = table.sort_values(list(order), kind="stable", ignore_index=True)
    floats = table.select_dtypes("float")
    whole = (floats % 1 == 0).all() & (floats.max() <= LARGEST_WHOLE)
    return table.astype(dict.fromkeys(floats.columns[whole], "int64"))
