"""Which other public grids are there, and what do they count? Loaders and selections.

The grids differ in what N counts, in the text that the loss is measured on and in how much the
shapes and recipes of their runs vary: a law must survive that too.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import pandas as pd

from scaling.costs.ranks import SAME_COMPUTE
from scaling.tables.datafiles import data_path
from scaling.tables.runs import read_runs

# Random draws go by position, so the order of a file may not decide it.
ORDER = ("dataset", "N", "D", "unique_tokens", "run")


@dataclass(frozen=True)
class Grid:
    """A public grid of training runs: what it is called, and what it counts.

    Parameters
    ----------
    name : str
        Its file is ``data/grids/<name>.csv``.
    label : str
        Its name in prose and figures.
    cite : str
        Key of its paper in the bibliography.
    n_matrices : int
        Vocabulary matrices that N counts: 2 as in the testbed, or 1 (for Datablations the one
        that serves as input and as output, which we read off three exact counts).
    counts : tuple of str
        Columns that count parameters; `N_body` counts no vocabulary matrix.
    loss_on : str
        Text that the column `loss` is measured on.
    """

    name: str
    label: str
    cite: str
    n_matrices: int
    counts: tuple[str, ...]
    loss_on: str


GRIDS = {
    grid.name: grid
    for grid in (
        Grid("olmo_ladder", "OLMo ladder", "bhagia2024", 1, ("N", "N_body"), "C4 validation"),
        Grid("gemstones", "Gemstones", "mcleish2025", 2, ("N", "N_body"), "held-out Dolma"),
        Grid("porian", "Porian et al.", "porian2024", 1, ("N",), "held-out text of each set"),
        Grid("datablations", "Datablations", "muennighoff2023", 1, ("N",), "C4 validation"),
    )
}


@cache
def _read(name: str) -> pd.DataFrame:
    table = read_runs(data_path("grids", f"{name}.csv"))
    return table.sort_values([column for column in ORDER if column in table], ignore_index=True)


def load_grid(name: str) -> pd.DataFrame:
    """Load one grid, every run of it.

    Parameters
    ----------
    name : {"olmo_ladder", "gemstones", "porian", "datablations"}
        A key of `GRIDS`.

    Returns
    -------
    pandas.DataFrame
        A sound run table: run, N, D, loss (nats per token), M, C = 6ND and flags, with the
        columns that the grid has besides (see ``data/grids/README.md``).

    Raises
    ------
    ValueError
        If there is no such grid.

    Examples
    --------
    >>> import scaling
    >>> len(scaling.load_grid("porian"))
    176
    """
    if name not in GRIDS:
        raise ValueError(f"name must be one of {', '.join(GRIDS)}, got {name!r}")
    return _read(name).copy()


def select_plain(table: pd.DataFrame) -> pd.DataFrame:
    """Select the runs that a plain law is for: data seen once, no target trained otherwise.

    Parameters
    ----------
    table : pandas.DataFrame
        A grid; ``epochs`` above 1 and ``target`` of 1 are left out where there are such columns.

    Returns
    -------
    pandas.DataFrame
        The rows, in the order of the table; flagged runs stay.
    """
    plain = pd.Series(True, table.index)
    if "epochs" in table:
        plain &= table["epochs"] == 1
    if "target" in table:
        plain &= table["target"] == 0
    return table[plain].reset_index(drop=True)


def is_beaten(table: pd.DataFrame) -> pd.Series:
    """Say which runs their table flags as beaten by a run with no more of anything.

    Parameters
    ----------
    table : pandas.DataFrame
        A grid, or rows of one.

    Returns
    -------
    pandas.Series of bool
        Only Datablations has such flags: more than 2% above the loss of a run with no more N, D
        or unique data. The run that beats is never the dearer, so no dear run is read.
    """
    return table["flags"].str.contains("which had no more N, D or unique data", regex=False)


def split_series(table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Split a grid into its series, each to be fitted on its own.

    Parameters
    ----------
    table : pandas.DataFrame
        A grid.

    Returns
    -------
    dict of str to pandas.DataFrame
        The runs of each data set; a grid without the column ``dataset`` is one series, named "".
    """
    if "dataset" not in table:
        return {"": table}
    return {
        str(name): runs.reset_index(drop=True)
        for name, runs in table.groupby("dataset", sort=False)
    }


def split_by_compute(
    series: pd.DataFrame, fraction: float, within: float = 10.0
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Split a series into cheap runs to fit and dear runs to judge by.

    Fitted: ``C <= fraction max(C)``. Judged: ``C >= max(C) / within``, and not fitted.

    Parameters
    ----------
    series : pandas.DataFrame
        Runs of one data set, with C. C = 6ND in the published N, whichever count the law is
        written in, so that both counts fit and judge the same runs.
    fraction : float
        Largest compute of a run to fit, as a share of the largest of all; above 0, below 1.
    within : float
        How many times less compute than the largest a judged run may have; 1 or more.

    Returns
    -------
    fitted, judged : pandas.DataFrame
        The rows, in the order of the table. A run at an edge is inside, to a relative 1e-9:
        runs planned at the same compute differ in the last digits of 6ND.

    Raises
    ------
    ValueError
        If a share is out of range, or the table holds several data sets.
    """
    if not 0 < fraction < 1:
        raise ValueError(f"fraction must be above 0 and below 1, got {fraction!r}")
    if not within >= 1:
        raise ValueError(f"within must be 1 or more, got {within!r}")
    if len(names := split_series(series)) > 1:
        raise ValueError(f"series must hold one dataset, got {', '.join(names)}")
    share = series["C"] / series["C"].max()
    fitted = share <= fraction * (1 + SAME_COMPUTE)
    judged = ~fitted & (share >= (1 - SAME_COMPUTE) / within)
    return series[fitted].reset_index(drop=True), series[judged].reset_index(drop=True)
