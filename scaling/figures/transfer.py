"""How does a change of text look? Panels of chapter 06: each takes an axes and never fits."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Ellipse, Rectangle
from matplotlib.ticker import PercentFormatter

from scaling.figures.laws import colour_cells
from scaling.figures.style import (
    DATASET_LABELS,
    INK,
    PERCENT,
    SIZE_MARKERS,
    Look,
    look_of,
    name_rows,
    ring_runs,
    scatter_runs,
)
from scaling.laws.loss_to_loss import LossToLoss

LOSS_SET_LABELS = {
    "c4_eval": "C4 eval",
    "paloma_c4": "Paloma C4",
    "paloma_refinedweb": "Paloma RefinedWeb",
    "openlm_eval": "OpenLM eval",
    "paloma_redpajama": "Paloma RedPajama",
    "c4_german": "German C4",
    "paloma_ptb": "Penn Treebank",
    "paloma_code": "Code, 100 languages",
}
NOISE_LABELS = {
    "half_width": "half width,\nrun alone",
    "noise_independent": "half width,\nerrors independent",
    "noise_shared": "half width,\nerrors shared",
}


def draw_set_map(ax: Axes, misses: pd.DataFrame, home: dict[str, str]) -> Axes:
    """Draw by how many per cent the law is off at each large run on each loss set.

    Parameters
    ----------
    misses : pandas.DataFrame
        Signed relative errors, fractions: a row per loss set, a column per run, named
        ``<training set>-<size>-M<M>``.
    home : dict
        Loss set of each training set's own text; its cells get a ring.
    """
    cells = 100 * misses
    colour_cells(ax, cells, cells.map("{:+.1f}".format), limit=20, fontsize=8)
    parts = [str(run).split("-") for run in misses.columns]
    names = [f"{size}\nM = {M[1:]}" for _, size, M in parts]
    ax.set_xticks(np.arange(len(parts)) + 0.5, names, rotation=0, fontsize=8)
    ax.set_yticks(np.arange(len(misses)) + 0.5, [LOSS_SET_LABELS[name] for name in misses.index])
    for i, (dataset, _, _) in enumerate(parts):
        if home[dataset] in misses.index:
            centre = (i + 0.5, list(misses.index).index(home[dataset]) + 0.5)
            ring: Look = {"fill": False, "edgecolor": INK, "linewidth": 1.2, "zorder": 4}
            ax.add_patch(Ellipse(centre, 0.94, 0.8, **ring))
    for i in [i for i in range(1, len(parts)) if parts[i][0] != parts[i - 1][0]]:
        ax.axvline(i, color=INK, linewidth=2)
    for dataset in dict.fromkeys(part[0] for part in parts):
        middle = float(np.mean([i for i, part in enumerate(parts) if part[0] == dataset])) + 0.5
        ax.text(middle, -0.15, f"trained on {DATASET_LABELS[dataset]}", ha="center", fontsize=8)
    ax.set(xlabel="ringed: the Paloma split of the training set", ylabel="loss set")
    return ax


def frame_cells(ax: Axes, cells: pd.DataFrame) -> Axes:
    """Frame cells of a heat map.

    `cells`: which cells, in the rows and columns of the map.
    """
    for row, column in np.argwhere(cells.to_numpy(dtype=bool)):
        corner = (int(column), int(row))
        ax.add_patch(Rectangle(corner, 1, 1, fill=False, edgecolor=INK, linewidth=2, zorder=4))
    return ax


def draw_miss_against_noise(ax: Axes, cells: pd.DataFrame, noise: str) -> Axes:
    """Draw the size of each error over the noise of one reading; beyond the line it is larger.

    Parameters
    ----------
    cells : pandas.DataFrame
        dataset, relative_error and the noise, fractions.
    noise : {"half_width", "noise_independent", "noise_shared"}
        Column of the noise.
    """
    for dataset, group in cells.groupby("dataset", sort=False):
        size = group["relative_error"].abs()
        ax.scatter(group[noise], size, s=26, alpha=0.8, **look_of(dataset))
    ends = np.array([1e-5, 0.5])
    ax.plot(ends, ends, color=INK, linewidth=1, label="error = noise")
    ax.fill_between(ends, ends, ends[0], color="#eeeeee", zorder=0)
    ax.set(xscale="log", yscale="log", xlim=ends, ylim=ends)
    ax.set(xlabel=NOISE_LABELS[noise], ylabel="size of the relative error")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(PERCENT)
    return ax


def draw_misses_against_tokens(ax: Axes, cells: pd.DataFrame) -> Axes:
    """Draw errors over training tokens; runs of other training files are filled.

    `cells`: size, D, relative_error (a fraction) and other_files (bool) of the runs of one training
    set on one loss set.
    """
    looks: dict[bool, Look] = {
        False: {"edgecolors": "#0072B2", "facecolors": "none", "label": "first files"},
        True: {"edgecolors": "#D55E00", "facecolors": "#D55E00", "label": "other files"},
    }
    for other, look in looks.items():
        for size, runs in cells[cells["other_files"] == other].groupby("size", sort=False):
            style = look | {"marker": SIZE_MARKERS[str(size)], "label": None}
            area = 90 if size == "6.9B" else 42
            ax.scatter(runs["D"], runs["relative_error"], s=area, zorder=3, **style)
        ax.scatter([], [], s=42, **look)
    ax.axhline(0, color=INK, linewidth=0.8)
    ax.set(xscale="log", xlabel="D, training tokens", ylabel="predicted minus measured")
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    return ax


def draw_loss_to_loss(
    ax: Axes,
    runs: pd.DataFrame,
    fit_runs: pd.DataFrame,
    relation: LossToLoss,
    columns: tuple[str, str],
) -> Axes:
    """Draw one loss over another, and the relation between them, dashed beyond the runs it fits.

    Parameters
    ----------
    runs, fit_runs : pandas.DataFrame
        Run table, and the rows that fit the relation.
    relation : LossToLoss
        Fitted relation.
    columns : tuple of str
        Columns of the losses x and y.
    """
    x, y = columns
    scatter_runs(ax, runs, x, y, zorder=3)
    ring_runs(ax, fit_runs[x], fit_runs[y], "fits the relation")
    lo, hi = fit_runs[x].min(), fit_runs[x].max()
    start = max(runs[x].min() - 0.05, relation.E_x)
    for first, last, style in ((start, lo, "--"), (lo, hi, "-"), (hi, runs[x].max(), "--")):
        L = np.linspace(first, last, 80)
        ax.plot(L, relation.predict(L), style, color=INK, linewidth=1.3)
    names = [LOSS_SET_LABELS[name.removeprefix("loss_")] for name in columns]
    ax.set(xlabel=f"L, {names[0]}, nats/token", ylabel=f"L, {names[1]}, nats/token")
    return ax


def draw_ranks(ax: Axes, ranks: pd.DataFrame, labels: list[str]) -> Axes:
    """Draw rank correlations with their intervals, a row each.

    `ranks`: from `scaling.studies.loss.ranks.rank_errors`, drawn from top to bottom.
    """
    y = name_rows(ax, labels)
    bar: Look = {"color": "#0072B2", "label": "95%, runs drawn again"}
    ax.hlines(y, ranks["spearman_lo"], ranks["spearman_hi"], linewidth=2, **bar)
    ax.plot(ranks["spearman"], y, "o", color="#0072B2")
    n_runs = ranks["n_runs"].iloc[0]
    ax.set(xlim=(0, 1), xlabel=f"rank correlation with the error, {n_runs} runs")
    return ax


def draw_agreement(ax: Axes, shares: pd.DataFrame, labels: list[str]) -> Axes:
    """Draw how often each loss orders two training sets as the error does, a row each.

    `shares`: from `scaling.studies.loss.ranks.order_pairs`, drawn from top to bottom.
    """
    y = name_rows(ax, labels)
    pairs = shares.columns.drop(["all", "all_lo", "all_hi", "n_pairs"])
    for pair, marker, lift in zip(pairs, "ovX", (0.18, 0.0, -0.18), strict=True):
        a, b = pair.split(", ")
        label = f"{DATASET_LABELS[a]} or {DATASET_LABELS[b]}"
        ax.plot(shares[pair], y + lift, marker, color="#777777", label=label)
    ax.hlines(y, shares["all_lo"], shares["all_hi"], color="#0072B2", linewidth=2, zorder=1)
    ax.plot(shares["all"], y, "|", color="#0072B2", markersize=16, markeredgewidth=2.5)
    ax.plot([], [], "-", color="#0072B2", linewidth=2, label="all, 95%, shapes drawn again")
    ax.axvline(0.5, color=INK, linewidth=0.8, linestyle=":")
    n_pairs = shares["n_pairs"].iloc[0]
    ax.set(xlim=(0, 1), xlabel=f"share ordered as by the error, {n_pairs} pairs")
    ax.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    return ax
