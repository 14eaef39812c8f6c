"""How does leaving runs out look? One small function per panel: takes an axes, never fits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from scaling.figures.style import (
    DATASET_COLOURS,
    INK,
    PERCENT,
    Look,
    look_of,
    ring_runs,
    scatter_runs,
    shade_range,
)
from scaling.laws.law import ErrorLaw
from scaling.testbed.labels import LOSS_COLUMN

LOOKS: dict[bool, Look] = {
    True: {"c": "#b08020", "marker": "x", "s": 7, "linewidths": 0.6, "label": "with M = 5"},
    False: {"c": "#56B4E9", "marker": "o", "s": 6, "linewidths": 0, "label": "without M = 5"},
}


def draw_designs(ax: Axes, designs: pd.DataFrame, x: str) -> Axes:
    """Draw the error of every design over its cost or its count of runs, both logarithmic.

    Crosses hold a run at M = 5, dots none. The line is the median of the dots in eight bins of
    `x`, the band holds 80 % of them.

    `designs`: columns `x`, worst (the error, a fraction) and has_M5.
    """
    for has_M5, look in LOOKS.items():
        some = designs[designs["has_M5"] == has_M5]
        ax.scatter(some[x], some["worst"].abs(), alpha=0.5, rasterized=True, **look)
    clean = designs[~designs["has_M5"]]
    bins = pd.cut(np.log(clean[x]), 8)
    middle = clean[x].groupby(bins, observed=True).median()
    misses = clean["worst"].abs().groupby(bins, observed=True)
    lo, median, hi = (misses.quantile(share) for share in (0.1, 0.5, 0.9))
    ax.fill_between(middle, lo, hi, color=INK, alpha=0.15, label="80% of those")
    ax.plot(middle, median, color=INK, label="their median")
    ax.set(xscale="log", yscale="log", ylim=(2e-4, 1))
    ax.yaxis.set_major_formatter(PERCENT)
    return ax


def draw_cumulative(ax: Axes, misses: pd.Series, dataset: str, **style: Any) -> Axes:
    """Draw which share of designs errs by at most so much.

    `misses`: absolute relative errors, fractions; the training set gives the colour.
    """
    x = np.sort(misses.to_numpy())
    steps = np.unique(np.linspace(0, len(x) - 1, 400).astype(int))
    ax.plot(x[steps], (steps + 1) / len(x), color=DATASET_COLOURS[dataset], **style)
    ax.set(xscale="log", ylim=(0, 1))
    ax.xaxis.set_major_formatter(PERCENT)
    ax.yaxis.set_major_formatter(PERCENT)
    return ax


def draw_run_map(ax: Axes, runs: pd.DataFrame, value: str, **style: Any) -> Axes:
    """Draw one number for each small run, sizes down and multipliers across, in per cent.

    `runs`: columns size, M and `value` (a fraction).
    """
    cells = 100 * runs.pivot(index="size", columns="M", values=value)
    look: Look = {"annot_kws": {"fontsize": 8.5}, "linewidths": 1, "fmt": ".1f"}
    sns.heatmap(cells, ax=ax, annot=True, **look | style)
    ax.set(xlabel="M, tokens per parameter", ylabel="N, parameters")
    ax.tick_params(axis="y", rotation=0)
    return ax


def draw_conditions(ax: Axes, table: pd.DataFrame, y: str) -> Axes:
    """Draw medians over designs, with their middle halves, against the ratio of two multipliers.

    Training sets stand side by side, so that their bars can be told apart.

    `table`: one row per training set and ratio: dataset, ratio, and the quartiles of `y` in the
    columns of that name and of that name with ``_lo`` and ``_hi``.
    """
    for shift, (dataset, some) in zip((0.92, 1.0, 1.08), table.groupby("dataset"), strict=False):
        bars = np.abs(some[[f"{y}_lo", f"{y}_hi"]].to_numpy().T - some[y].to_numpy())
        ax.errorbar(shift * some["ratio"], some[y], bars, elinewidth=0.9, **look_of(dataset))
    ax.set(xscale="log", xlabel="larger over smaller M of the two columns")
    ax.set_xticks([2, 4, 8, 16, 32, 64], labels=["2", "4", "8", "16", "32", "64"])
    ax.minorticks_off()
    return ax


def draw_wandering(ax: Axes, designs: pd.DataFrame, dataset: str) -> Axes:
    """Draw where the fitted E and the prediction at 6.9B go from design to design.

    `designs`: columns E (nats per token) and 6.9B (signed relative error, a fraction).
    """
    look = look_of(dataset) | {"s": 10, "alpha": 0.5, "linewidths": 0}
    ax.scatter(designs["E"], designs["6.9B"], rasterized=True, **look)
    ax.axhline(0, color=INK, linewidth=0.8)
    ax.set(xlabel="E, irreducible loss, nats/token")
    ax.yaxis.set_major_formatter(PERCENT)
    return ax


def draw_error_laws(
    ax: Axes,
    table: pd.DataFrame,
    laws: dict[str, tuple[ErrorLaw, float]],
    fit_runs: pd.DataFrame,
    task: str,
) -> Axes:
    """Draw measured errors of one task over loss, and error laws, dashed below their data.

    Parameters
    ----------
    table : pandas.DataFrame
        Run table of one training set.
    laws : dict of tuple
        By name in the legend: a `scaling.laws.law.ErrorLaw`, and the lowest loss it was fitted to.
    fit_runs : pandas.DataFrame
        Runs that all the laws were fitted to: ringed, their losses shaded.
    task : str
        Column of the error.
    """
    _, hi = shade_range(ax, fit_runs[LOSS_COLUMN], "losses of the five")
    L = np.linspace(table[LOSS_COLUMN].min(), hi, 200)
    for (name, (law, lowest)), colour in zip(laws.items(), ("#D55E00", "#0072B2"), strict=False):
        inside = lowest <= L
        ax.plot(L[inside], law.predict(L[inside]), color=colour, label=name)
        ax.plot(L[~inside], law.predict(L[~inside]), "--", color=colour)
    scatter_runs(ax, table, LOSS_COLUMN, task, zorder=3)
    ring_runs(ax, fit_runs[LOSS_COLUMN], fit_runs[task], "the five runs")
    ax.set(xlabel="L, loss, nats/token")
    ax.yaxis.set_major_formatter(PERCENT)
    return ax
