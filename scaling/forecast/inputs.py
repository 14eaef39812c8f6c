"""What does a law take from a run table? Counts, losses and weights.

Counts are those of the table, or the effective ones of runs that saw their tokens again, where
`add_effective` has put them beside. Weights come from ``loss_std``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling.laws.repeated import effective_parameters, effective_tokens
from scaling.tables.epochs import find_unique

EFFECTIVE = ("N_effective", "D_effective")
MOST_UNLIKE = 1e6  # times the median: a standard deviation further from it counts as this far

Vector = NDArray[np.float64]


class Inputs(NamedTuple):
    """Parameters, tokens and losses of runs, and weights, None where all count alike."""

    N: Vector
    D: Vector
    loss: Vector
    weights: Vector | None


def read_inputs(table: pd.DataFrame, loss: str, N: str = "N") -> Inputs:
    """Take what is fitted from a run table.

    Parameters
    ----------
    table : pandas.DataFrame
        Run table; see `scaling.tables.runs`.
    loss, N : str
        Columns of the loss and of the parameters.

    Returns
    -------
    Inputs
    """
    counts = read_counts(table, N)
    return Inputs(*counts, table[loss].to_numpy(float), find_weights(table, loss))


def read_counts(table: pd.DataFrame, N: str = "N") -> tuple[Vector, Vector]:
    """Take parameters and tokens as the law does."""
    names = EFFECTIVE if is_effective(table) else (N, "D")
    return table[names[0]].to_numpy(float), table[names[1]].to_numpy(float)


def is_effective(table: pd.DataFrame) -> bool:
    """Whether effective counts stand in the table."""
    return EFFECTIVE[0] in table


def add_effective(table: pd.DataFrame, N: str = "N", wanted: bool = True) -> pd.DataFrame:
    """Put the effective counts beside those of the table, or take away what bears their name.

    Raises
    ------
    ValueError
        The table does not tell how often tokens were seen.
    """
    table = table.drop(columns=list(EFFECTIVE), errors="ignore")
    if not wanted:
        return table
    unique = find_unique(table)
    if unique is None:
        raise ValueError(
            "effective tokens need a column unique_tokens, D_unique or epochs, which the table "
            "has not"
        )
    counts = effective_parameters(table[N], unique), effective_tokens(table["D"], unique)
    return table.assign(**dict(zip(EFFECTIVE, counts, strict=True)))


def place_target(table: pd.DataFrame, target: tuple[float, float]) -> tuple[float, float]:
    """Give parameters and tokens of a target as the law takes them, all its tokens being fresh."""
    N, D = target
    return (float(effective_parameters(N, D)), D) if is_effective(table) else target


def find_std(table: pd.DataFrame, loss: str) -> pd.Series | None:
    """Standard deviations of a loss, NaN where empty or 0; None where none is told."""
    name = loss.replace("loss", "loss_std", 1)
    if name not in table:
        return None
    std = table[name].where(table[name] > 0)
    return std if std.notna().any() else None


def find_weights(table: pd.DataFrame, loss: str) -> Vector | None:
    """Weights of the runs, ``(median / loss_std)^2``, so that a run of median noise counts as one.

    Parameters
    ----------
    table : pandas.DataFrame
        Run table, with ``loss_std`` for ``loss``, ``loss_std_<set>`` for ``loss_<set>``.
    loss : str
        Column of the loss.

    Returns
    -------
    ndarray of shape (n_runs,) or None
        1 where the standard deviation is empty or 0, which no measured loss has. None where no
        run tells one.
    """
    std = find_std(table, loss)
    if std is None:
        return None
    ratio = (std / std.median()).clip(1 / MOST_UNLIKE, MOST_UNLIKE)
    return (ratio**-2.0).fillna(1.0).to_numpy(float)
