"""What does a long warm-up cost? The configuration search, paired; and what else M = 5 shares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from scipy.stats import binomtest, spearmanr

from scaling.costs.steps import steps, warmup_share
from scaling.testbed.runs import load_runs, load_search

# The search names a batch of 8 or 64 sequences where the runs of the same shape have 64 or 512: we
# take it as the batch of one of eight devices.
SEARCH_DEVICES = 8
CONFIGURATION = ["width", "layers", "heads", "batch", "lr", "D", "N"]
SHAPE = ["width", "layers", "heads"]


def load_search_steps() -> pd.DataFrame:
    """Load the configuration search with the steps of each run.

    Returns
    -------
    pandas.DataFrame
        The columns of `scaling.testbed.runs.load_search`, and ``steps = D / (2048 * 8 * batch)``
        and ``warmup_share = warmup_steps / steps``.

    Notes
    -----
    The factor 8 is inferred, not stated in the release: `compare_batches` shows it on the four
    shapes that both tables hold.
    """
    search = load_search()
    search["steps"] = steps(search["D"], SEARCH_DEVICES * search["batch"])
    search["warmup_share"] = warmup_share(search["warmup_steps"], search["steps"])
    return search


def compare_batches() -> pd.DataFrame:
    """Batch of the shapes that the search and the 104 runs share, at the same D.

    Returns
    -------
    pandas.DataFrame
        One row per shape: size, D, ``batch`` of the search, ``batch_sequences`` of the runs.
    """
    both = load_runs().merge(load_search(), on=[*SHAPE, "D"])
    return both[["size", "D", "batch", "batch_sequences"]].drop_duplicates(ignore_index=True)


def pair_warmups(search: pd.DataFrame, shorter: int, longer: int) -> pd.DataFrame:
    """Pair the runs that differ in their warm-up alone.

    Parameters
    ----------
    search : pandas.DataFrame
        As loaded by `load_search_steps`.
    shorter, longer : int
        Warm-up steps of the two runs of a pair.

    Returns
    -------
    pandas.DataFrame
        One row per pair: configuration, steps, ``share`` (of the longer warm-up) and
        ``share_shorter``, and ``difference``, loss with the shorter warm-up minus loss with the
        longer one, nats per token: below zero the longer warm-up is the worse; sorted by
        share.
    """
    columns = [*CONFIGURATION, "steps", "warmup_share", "loss"]
    first, second = (search.loc[search["warmup_steps"] == w, columns] for w in (shorter, longer))
    pairs = second.merge(first, on=[*CONFIGURATION, "steps"], suffixes=("", "_shorter"))
    pairs["difference"] = pairs["loss_shorter"] - pairs["loss"]
    renamed = pairs.rename(columns=lambda name: name.replace("warmup_share", "share"))
    return renamed.drop(columns=["loss", "loss_shorter"]).sort_values("share", ignore_index=True)


def summarise_pairs(pairs: pd.DataFrame, edges: Sequence[float]) -> pd.DataFrame:
    """Sum up paired differences by the share of the longer warm-up.

    Parameters
    ----------
    pairs : pandas.DataFrame
        As made by `pair_warmups`.
    edges : sequence of float
        Edges of the share; a bin holds its upper edge.

    Returns
    -------
    pandas.DataFrame
        One row per bin that holds pairs: n_pairs; n_shapes (of width and layers: pairs that differ
        in heads alone are nearly repeats); n_worse, the shapes whose mean difference is below
        zero; p_value of the two-sided sign test over shapes; median, min and max of the
        differences, nats per token.
    """
    bins = pd.cut(pairs["share"], edges)
    rows = {share: _summary(group) for share, group in pairs.groupby(bins, observed=True)}
    return pd.DataFrame(rows).T.rename_axis("share").infer_objects()


def _summary(pairs: pd.DataFrame) -> dict[str, Any]:
    means = pairs.groupby(["width", "layers"])["difference"].mean()
    n_worse = int((means < 0).sum())
    return {
        "n_pairs": len(pairs),
        "n_shapes": len(means),
        "n_worse": n_worse,
        "p_value": float(binomtest(n_worse, len(means)).pvalue),
        **pairs["difference"].agg(["median", "min", "max"]),
    }


def correlate_miss(runs: pd.DataFrame) -> pd.Series:
    """Rank correlation of the law's miss with what could explain it.

    Parameters
    ----------
    runs : pandas.DataFrame
        Columns residual (actual minus predicted), N, D, steps and warmup_share.

    Returns
    -------
    pandas.Series
        Spearman's coefficient, signed so that an explanation that holds is positive: of a long
        warm-up share, few steps after the warm-up, few steps, few tokens, and a large model.
    """
    left = (runs["steps"] * (1 - runs["warmup_share"])).clip(lower=0)
    explanations = {
        "warm-up share": runs["warmup_share"],
        "few steps after warm-up": -left,
        "few steps": -runs["steps"],
        "few tokens": -runs["D"],
        "large model": runs["N"],
    }
    found = {name: spearmanr(x, runs["residual"]).statistic for name, x in explanations.items()}
    return pd.Series(found, name="rank correlation").rename_axis("explanation")
