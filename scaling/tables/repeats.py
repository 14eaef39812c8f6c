"""Which rows share a cell or a run, and which of them stays? Seeds, sweeps and checkpoints.

Rows of one cell have the same N and D (and different tokens, where these are told) to within
1 %, as printed tables round them: seeds, whose spread is noise, or a sweep. Rows of one run
are its checkpoints: one name or, where each row has its own or none, one N.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling.tables.epochs import find_unique
from scaling.tables.faults import show
from scaling.tables.names import fold
from scaling.tables.numbers import as_text
from scaling.tables.rounded import TOLERANCE
from scaling.tables.schema import find_clashing

STEP = re.compile(
    r"(.*[/.])?_?((global|train|training)_?)?(step|iter|iteration)|checkpoint|ckpt|revision",
    re.IGNORECASE,
)
RUN_NAME = re.compile(
    r"(run|experiment|exp|job|wandb|wandbrun|display)?(name|id)|experiment"
)  # folded
STEP_IN_NAME = re.compile(r"[\W_]*(global_?)?(step|iter|iteration|checkpoint|ckpt)[\W_]*\d+$", re.I)
LEAST_WALK = 5  # checkpoints at even distances, to be asked about
EVEN = 0.1  # of the distance between neighbours
OWN_NAMES = "names of their own, or the column run left out"
BIAS = (
    "a checkpoint's learning rate has not come down, so taken for a run its loss is too high "
    "and the fit biased"
)


def find_cells(table: pd.DataFrame, N: str = "N") -> NDArray[np.intp]:
    """Number the cells of a table, in any order.

    Parameters
    ----------
    table : DataFrame of shape (n_runs, n_columns)
        A sound run table; runs of another `dataset` are in another cell.
    N : str
        Column of the parameters.

    Returns
    -------
    ndarray of int, shape (n_runs,)
        Alike for two runs of a cell.
    """
    cells = _series(table)
    unique = find_unique(table)
    counts = [table[N], table["D"], *([] if unique is None else [unique])]
    for count in counts:
        cells = _join_near(cells, count.to_numpy(float))
    return cells


def _series(table: pd.DataFrame) -> NDArray[np.intp]:
    if "dataset" not in table:
        return np.zeros(len(table), dtype=np.intp)
    return pd.factorize(table["dataset"])[0]


def _join_near(groups: NDArray[np.intp], values: NDArray[np.float64]) -> NDArray[np.intp]:
    """Split groups by value: what lies within 1 % of the least of a group is of one kind."""
    labels = np.empty(len(values), dtype=np.intp)
    label, group, limit = -1, -1, 0.0
    for i in np.lexsort((values, groups)).tolist():
        if groups[i] != group or values[i] > limit:
            label, group, limit = label + 1, groups[i], values[i] * (1 + TOLERANCE)
        labels[i] = label
    return labels


def measure_spread(table: pd.DataFrame, loss: str, N: str = "N") -> tuple[float, int]:
    """Pool the spread of the losses within cells: the noise, where they are seeds.

    ``sqrt(sum (log L - mean of its cell)^2 / dof)``, dof the runs less the cells.

    Parameters
    ----------
    table : DataFrame of shape (n_runs, n_columns)
        A sound run table, the loss known.
    loss, N : str
        Columns of the loss and of the parameters.

    Returns
    -------
    tuple of float and int
        Standard deviation of the log loss, NaN without a degree of freedom; degrees of freedom.
    """
    log_loss = np.log(table[loss])
    cells = find_cells(table, N)
    away = log_loss - log_loss.groupby(cells).transform("mean")
    dof = len(table) - len(np.unique(cells))
    return (float(np.sqrt((away**2).sum() / dof)) if dof else np.nan), dof


def find_steps(table: pd.DataFrame) -> str | None:
    """Name the column that counts steps, such as ``_step``: digits in it are read."""
    return next((name for name in map(str, table) if STEP.fullmatch(name)), None)


def _read_steps(table: pd.DataFrame) -> pd.Series:
    """Give the step of each row, 0 where none is told."""
    name = find_steps(table)
    if name is None:
        return pd.Series(0.0, table.index)
    digits = table[name].astype(str).str.extract(r"(\d+)")[0].astype(float)
    return pd.to_numeric(table[name], errors="coerce").fillna(digits).fillna(0.0)


def explain_names(frame: pd.DataFrame) -> str | None:
    """Say, in one message, why a name stands on several rows of one N, and what to ask for.

    Parameters
    ----------
    frame : DataFrame of shape (n_rows, n_columns)
        Cells as read, NaN where not known.

    Returns
    -------
    str or None
        None where each name stands once, or on rows of several N, which is a fault of each row.
    """
    if not {"run", "N", "D"} <= set(frame):
        return None
    shared = frame["run"].duplicated(keep=False) & frame["run"].notna() & ~find_clashing(frame)
    if not shared.any():
        return None
    rows = frame[shared].assign(step=_read_steps(frame[shared]))
    n_rows = rows.groupby("run", sort=False).size()
    who = f"{len(n_rows)} runs stand" if len(n_rows) > 1 else "a run stands"
    told = f"{who} on several rows, {show(rows['run'].iloc[0])} on {n_rows.iloc[0]}"
    places = rows.drop_duplicates(["run", "D", "step"])
    if len(places) == len(n_rows):
        return (
            f"{told} of one N and D: a sweep? --best-of-cell keeps the best of each. Seeds need "
            f"{OWN_NAMES}"
        )
    if setting := find_sweep(frame):
        return (
            f"{told}: a sweep of {setting}? --best-of-cell keeps the best of each N and D, but the "
            f"names stand at several D. Such rows need {OWN_NAMES}"
        )
    if len(places) < len(rows):
        return f"{told}, some of them at one D: they need {OWN_NAMES}"
    return (
        f"{told}: checkpoints? --last-of-run keeps the last of each; {BIAS}. Rows that are none "
        f"need {OWN_NAMES}"
    )


def find_sweep(frame: pd.DataFrame) -> str | None:
    """Name a column that differs between rows of one N and D and is one within each name."""
    names, cells = frame["run"], [frame["N"], frame["D"]]
    for column in map(str, frame.columns.difference(["run", "N", "D", "flags"], sort=False)):
        values = frame[column]
        is_own = values.groupby(names).nunique().max() == 1
        if is_own and values.groupby(cells).nunique().max() > 1:
            return column
    return None


def name_runs(table: pd.DataFrame) -> str | None:
    """Name a column such as ``Name`` whose texts stand each on several rows, of one run all."""
    for column in map(str, table):
        if not RUN_NAME.fullmatch(fold(column)):
            continue
        named = table.assign(run=as_text(table[column]))
        shared = named["run"].duplicated().any() and named["run"].ne("").all()
        if shared and not find_clashing(named).any() and find_mixed(named, "run") is None:
            return column
    return None


def find_runs(table: pd.DataFrame) -> pd.Series | None:
    """Give names that the rows of a run share: `run`, or `run` less a step; None without such."""
    names = table["run"].astype(str)
    if names.duplicated().any():
        return names
    names = names.str.replace(STEP_IN_NAME, "", regex=True)
    clashing = find_clashing(table.assign(run=names)).any()
    return names if names.duplicated().any() and not clashing else None


def find_mixed(table: pd.DataFrame, column: str = "N") -> str | None:
    """Say which rows, taken for the checkpoints of one run, are those of several.

    Parameters
    ----------
    table : DataFrame of shape (n_rows, n_columns)
        Run table.
    column : str
        What the rows of a run share.

    Returns
    -------
    str or None
        The first such value, and what is out of order; None where all are in order.
    """
    rows = table[list(dict.fromkeys([column, "N", "D"]))].assign(step=_read_steps(table))
    for value, own in rows.groupby([_series(table), column], sort=False):
        shared = f"{column} = {value[-1]:.4g}" if column == "N" else str(value[-1])
        for name, values in (("D", own["D"]), (find_steps(table), own["step"][own["step"] > 0])):
            if {-1, 1} <= set(np.sign(values.diff())):
                return f"{shared}: {name} rises and falls"
        if 1 < len(own.drop_duplicates()) < len(own):
            return f"{shared}: a D stands twice"
    return None


def keep_last(table: pd.DataFrame) -> pd.DataFrame:
    """Keep the last checkpoint of each run: the one of most D, then of the last step.

    Parameters
    ----------
    table : DataFrame of shape (n_rows, n_columns)
        A run table whose names may repeat, or repeat but for a step in them; where none does, the
        rows of one N are one run.

    Returns
    -------
    DataFrame of shape (n_runs, n_columns)
        Of rows at one D and step all stay.
    """
    names = find_runs(table)
    keys = [_series(table), table["N"] if names is None else names]
    D, step = table["D"], _read_steps(table)
    at_end = D.groupby(keys).transform("max") == D
    step = step.where(at_end, -1.0)
    return table[at_end & (step == step.groupby(keys).transform("max"))]


def keep_best(table: pd.DataFrame, loss: str, N: str = "N") -> pd.DataFrame:
    """Keep the run of lowest loss of each cell, the first of several.

    Parameters
    ----------
    table : DataFrame of shape (n_runs, n_columns)
        A run table, the loss known.
    loss, N : str
        Columns of the loss and of the parameters.
    """
    best = table[loss].groupby(find_cells(table, N)).idxmin()
    return table.loc[np.sort(best)]


def walks_evenly(table: pd.DataFrame, N: str = "N") -> bool:
    """Whether rows of some N stand at even distances in D, as checkpoints do.

    Five rows or more, of which the last may be nearer; where the table has one N alone, at even
    ratios, too.
    """
    n_rows = table.groupby(N)["D"].transform("size")
    alone = len(table[N].unique()) == 1
    for _, D in table[n_rows >= LEAST_WALK].groupby(N)["D"]:
        values = np.unique(D.to_numpy(float))
        if len(values) >= LEAST_WALK and (
            _are_even(np.diff(values)) or (alone and _are_even(np.diff(np.log(values))))
        ):
            return True
    return False


def _are_even(gaps: NDArray[np.float64]) -> bool:
    away = gaps / np.median(gaps) - 1
    return bool((np.abs(away[:-1]) < EVEN).all() and away[-1] < EVEN)
