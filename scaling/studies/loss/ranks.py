"""Which loss puts models in the order of their errors? Ranks, with what little they can say."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from scipy.stats import spearmanrho

N_DRAWS = 2000


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
    rho = spearmanrho(values, target[:, np.newaxis], axis=0).statistic
    draws = rng.integers(len(table), size=(n_draws, len(table)))
    drawn = spearmanrho(values[draws], target[draws][..., np.newaxis], axis=1).statistic
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

    Parameters are those of `rank_errors`: a run table of several training sets, and losses; drawn
    again are shapes.

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

    Returns
    -------
    pandas.Series
        Number of pairs per column of losses or errors, and ``n_pairs`` of them all.
    """
    own = table[table["dataset"] == dataset]
    pairs = own.merge(table[table["dataset"] != dataset], on=["size", "M"], suffixes=("", "_other"))
    lower = {name: int((pairs[name] < pairs[f"{name}_other"]).sum()) for name in columns}
    return pd.Series(lower | {"n_pairs": len(pairs)})
