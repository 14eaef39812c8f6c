"""How do the measurements look? One small function per panel: takes an axes, returns it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from scaling.figures.style import (
    DATASET_LABELS,
    INK,
    MULTIPLIERS,
    PLAIN,
    SIZE_MARKERS,
    look_of,
    multiplier_axis,
    name_rows,
    ring_runs,
    scatter_runs,
    shade_of,
)
from scaling.testbed.labels import LOSS_COLUMN


def draw_design(ax: Axes, table: pd.DataFrame, fit_runs: pd.DataFrame) -> Axes:
    """Draw which models were trained on how many tokens, and which of them fit the law.

    Parameters
    ----------
    table : pandas.DataFrame
        Run table of one training set.
    fit_runs : pandas.DataFrame
        Its rows that fit the law; they get a ring.
    """
    scatter_runs(ax, table, "N", "D")
    ring_runs(ax, fit_runs["N"], fit_runs["D"], "fits the loss law")
    N = np.array([table["N"].min() / 1.6, table["N"].max() * 1.6])
    for M in MULTIPLIERS:
        ax.plot(N, M * N, color=shade_of(M), linewidth=0.8, zorder=0)
        ax.annotate(f"M = {M}", (N[1], M * N[1]), color=INK, fontsize=8, va="center")
    ax.set(xscale="log", yscale="log", xlabel="N, parameters", ylabel="D, training tokens")
    ax.legend(loc="upper left")
    return ax


def draw_curves(ax: Axes, table: pd.DataFrame, x: str) -> Axes:
    """Draw the loss over N or D, one line per training set.

    Parameters
    ----------
    table : pandas.DataFrame
        Run table in which only `x` varies within a training set.
    x : {"N", "D"}
        Column across.
    """
    for dataset in DATASET_LABELS:
        runs = table[table["dataset"] == dataset].sort_values(x)
        ax.plot(runs[x], runs[LOSS_COLUMN], **look_of(dataset))
    words = {"N": "N, parameters", "D": "D, training tokens"}
    ax.set(xscale="log", xlabel=words[x], ylabel="L, loss, nats/token")
    ax.legend(title="trained on")
    return ax


def draw_warmup(ax: Axes, runs: pd.DataFrame) -> Axes:
    """Draw the share of each run that its warm-up takes, over the multiplier.

    `runs`: columns size, M and warmup_share; a share above one is a run that ends before its
    warm-up.
    """
    for size, marker in SIZE_MARKERS.items():
        group = runs[runs["size"] == size].sort_values("M")
        ax.plot(group["M"], group["warmup_share"], marker=marker, label=size, linewidth=1)
    ax.axhline(1.0, color=INK, linewidth=0.9, linestyle="--")
    ax.annotate("the run ends before its warm-up", (640, 1.12), ha="right", fontsize=8.5)
    multiplier_axis(ax)
    ax.set(yscale="log", ylabel="warm-up ÷ steps")
    ax.yaxis.set_major_formatter(PLAIN)
    ax.legend(title="parameters", ncols=2)
    return ax


def draw_intervals(ax: Axes, widths: pd.DataFrame) -> Axes:
    """Draw how precisely each loss set was measured, over sequences and over tokens.

    `widths`: a row per loss set; columns sequences and tokens: half the 95% interval over the loss.
    """
    y = name_rows(ax, widths.index)
    ax.scatter(widths["sequences"], y, color=INK, marker="o", label="over sequences")
    ax.scatter(widths["tokens"], y, facecolors="white", edgecolors=INK, label="over tokens")
    ax.hlines(y, widths["tokens"], widths["sequences"], color="#999999", linewidth=1, zorder=0)
    ax.set(xscale="log", xlabel="half width of the 95% interval, share of the loss")
    ax.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=1))
    ax.legend()
    return ax
