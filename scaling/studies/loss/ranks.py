"""Which loss puts models in the order of their errors? Ranks, with what little they can say."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata

N_DRAWS = 2000


def correlate_ranks(
    values: NDArray[np.float64], target: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Spearman's rank correlation of every column with a target, for a batch of samples.

    Parameters
    ----------
    values : ndarray of shape (..., n_runs, n_columns)
        What ranks.
    target : ndarray of shape (..., n_runs)
        What is ranked.

    Returns
    -------
    ndarray of shape (..., n_columns)
        Pearson's correlation of the ranks; ties share their mean rank.
    """
    x = rankdata(values, axis=-2)
    y = rankdata(target, axis=-1)[..., np.newaxis]
    x, y = x - x.mean(axis=-2, keepdims=True), y - y.mean(axis=-2, keepdims=True)
    norms = np.sqrt((x**2).sum(axis=-2) * (y**2).sum(axis=-2))
    result: NDArray[np.float64] = (x * y).sum(axis=-2) / norms
    return result


def rank_errors(
    table: pd.DataFrame,
    columns: Sequence[str],
    error: str,
    rng: np.random.Generator,
    n_draws: int = N_DRAWS,
) -> pd.DataFrame:
    """Rank correlation of each column with an error, with its bootstrap interval.

    Parameters
    ----------
    table : pandas.DataFrame
        Run table.
    columns : sequence of str
        What ranks: losses, or minus log compute.
    error : str
        What is ranked.
    rng : numpy.random.Generator
        Draws the runs again.
    n_draws : int
        Bootstrap samples of runs.

    Returns
    -------
    pandas.DataFrame
        A row per column: ``n_runs``, ``spearman`` and its 95 % bootstrap interval over runs, and
        ``behind``, the correlation of the best column less its own, with its paired interval.

    Notes
    -----
    The runs are cells of a grid, not draws from a population of models: the intervals say how much
    hangs on single runs, not what another training set would give.
    """
    values, target = table[list(columns)].to_numpy(float), table[error].to_numpy(float)
    rho = correlate_ranks(values, target)
    draws = rng.integers(len(table), size=(n_draws, len(table)))
    drawn = correlate_ranks(values[draws], target[draws])
    best = int(np.argmax(rho))
    behind = drawn[:, [best]] - drawn
    quantiles = (np.quantile(x, [0.025, 0.975], axis=0) for x in (drawn, behind))
    (lo, hi), (behind_lo, behind_hi) = quantiles
    return pd.DataFrame(
        {
            "n_runs": len(table),
            "spearman": rho,
            "spearman_lo": lo,
            "spearman_hi": hi,
            "behind": rho[best] - rho,
            "behind_lo": behind_lo,
            "behind_hi": behind_hi,
        },
        index=pd.Index(columns, name="column"),
    )


def order_pairs(
    table: pd.DataFrame,
    columns: Sequence[str],
    error: str,
    rng: np.random.Generator,
    n_draws: int = N_DRAWS,
) -> pd.DataFrame:
    """Share of pairs of runs, equal in N and D, where the lower loss has the lower error.

    Parameters
    ----------
    table : pandas.DataFrame
        Run table of several training sets.
    columns : sequence of str
        Losses.
    error : str
        What is ordered.
    rng : numpy.random.Generator
        Draws the shapes again.
    n_draws : int
        Bootstrap samples of shapes.

    Returns
    -------
    pandas.DataFrame
        Shares of agreement; a coin has one half. A row per column of `columns`, and ``constant``:
        whoever always names the training set of the pair that has the lower error more often. A
        column per pair of training sets, ``all`` for all of them, its 95 % bootstrap interval over
        shapes (the pairs of one N and D stay together) ``all_lo``, ``all_hi``, and ``n_pairs``.
    """
    cells = table.pivot(index=["size", "M"], columns="dataset", values=[*columns, error])
    agreements = {}
    for a, b in combinations(table["dataset"].unique(), 2):
        difference = (cells.xs(a, axis=1, level=1) - cells.xs(b, axis=1, level=1)).dropna()
        sign = difference.apply(np.sign)
        sign["constant"] = sign[error].mode()[0]
        agreements[f"{a}, {b}"] = sign[[*columns, "constant"]].eq(sign[error], axis=0)
    shares = pd.DataFrame({pair: agrees.mean() for pair, agrees in agreements.items()})
    every = pd.concat(agreements.values())
    shapes = every.groupby(level=["size", "M"])
    times = rng.multinomial(len(shapes), np.full(len(shapes), 1 / len(shapes)), n_draws)
    drawn = times @ shapes.sum().to_numpy(float) / (times @ shapes.size().to_numpy())[:, np.newaxis]
    lo, hi = np.quantile(drawn, [0.025, 0.975], axis=0)
    return shares.assign(all=every.mean(), all_lo=lo, all_hi=hi, n_pairs=len(every)).rename_axis(
        "column"
    )


def count_lower(table: pd.DataFrame, columns: Sequence[str], dataset: str) -> pd.Series:
    """Count the pairs, equal in N and D, in which the runs of one training set are the lower.

    Parameters
    ----------
    table : pandas.DataFrame
        Run table of several training sets.
    columns : sequence of str
        Losses or errors.
    dataset : str
        Training set of one run of each pair.

    Returns
    -------
    pandas.Series
        Number of pairs per column, and ``n_pairs`` of them all.
    """
    own = table[table["dataset"] == dataset]
    pairs = own.merge(table[table["dataset"] != dataset], on=["size", "M"], suffixes=("", "_other"))
    lower = {name: int((pairs[name] < pairs[f"{name}_other"]).sum()) for name in columns}
    return pd.Series(lower | {"n_pairs": len(pairs)})
