"""How do counting noise and the parts of a miss look? Each panel takes an axes and never fits."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter
from numpy.typing import ArrayLike
from scipy import stats

from scaling.figures.style import DATASET_COLOURS, DATASET_LABELS, DATASET_MARKERS, INK, SHADE
from scaling.forecast.counting import smallest_change

PART_LABELS = {
    "counting": "counting",
    "runs": "scatter between runs",
    "fit": "noise through the fit",
    "sets": "own to a training set",
    "law": "alike on all sets",
}
PART_COLOURS = {
    "counting": "#56B4E9",
    "runs": "#0072B2",
    "fit": "#E69F00",
    "sets": "#CC79A7",
    "law": "#444444",
}
PART_HATCHES = {"counting": "", "runs": "///", "fit": "", "sets": "...", "law": ""}
LEAST_CHANGE = 2e-4  # smaller ones are drawn here
STANDING_COLOURS = {
    "at chance": "#dddddd",
    "not above chance": "#aaaaaa",
    "above chance": "#117733",
}


def _in_points(ax: Axes, x: bool = True) -> None:
    for axis in (ax.xaxis, ax.yaxis) if x else (ax.yaxis,):
        axis.set_major_formatter(lambda value, _: f"{100 * value:g}")


def draw_scatter(ax: Axes, table: pd.DataFrame, names: dict[str, str]) -> Axes:
    """Draw the scatter of each task around its curve over its counting noise.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    table : pandas.DataFrame
        From `scaling.studies.tasks.scatter_at_loss.tabulate_scatter`.
    names : dict
        Tasks to name, with what to call them.
    """
    for dataset, group in table.groupby("dataset", sort=False):
        name = str(dataset)
        ax.scatter(
            group["counting"],
            group["scatter"],
            s=18,
            alpha=0.75,
            marker=DATASET_MARKERS[name],
            color=DATASET_COLOURS[name],
            label=DATASET_LABELS[name],
            zorder=3,
        )
    ends = np.array([8e-4, 0.2])
    dof = float(table["dof"].median())
    band = [np.sqrt(stats.chi2.ppf(share, dof) / dof) for share in (0.025, 0.975)]
    ax.plot(ends, ends, color=INK, linewidth=1, label="counting alone")
    ax.fill_between(ends, band[0] * ends, band[1] * ends, color=SHADE, label="95% of such tasks")
    for task, label in names.items():
        point = table[table["task"] == task].sort_values("scatter").iloc[-1]
        place = (point["counting"], point["scatter"])
        above = point["scatter"] > point["counting"]
        off, side = ((-5, 3), "right") if above else ((5, -8), "left")
        ax.annotate(label, place, off, textcoords="offset points", fontsize=8, ha=side)
    ax.set(xscale="log", yscale="log", xlim=ends, ylim=ends)
    ax.set(xlabel="counting noise, points", ylabel="scatter around the curve, points")
    _in_points(ax)
    return ax


def draw_changes(ax: Axes, changes: pd.DataFrame) -> Axes:
    """Draw the change between two runs over the items of the task, and the smallest one visible.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    changes : pandas.DataFrame
        dataset, n_items and change, a fraction; filled where ``visible``.
    """
    for (dataset, visible), group in changes.groupby(["dataset", "visible"], sort=False):
        colour = DATASET_COLOURS[str(dataset)]
        ax.scatter(
            group["n_items"],
            group["change"].abs().clip(lower=LEAST_CHANGE),
            s=18,
            marker=DATASET_MARKERS[str(dataset)],
            facecolors=colour if visible else "none",
            edgecolors=colour,
            linewidths=0.9,
            zorder=3,
        )
    n = np.geomspace(25, 8e4, 60)
    for p, style in ((0.5, "-"), (0.1, "--")):
        line = smallest_change(p, p, n)
        ax.plot(n, line, style, color=INK, linewidth=1, label=f"smallest visible, error {p:.0%}")
    ax.scatter([], [], s=18, facecolors="none", edgecolors=INK, label="not visible")
    ax.scatter([], [], s=18, color=INK, label="visible")
    ax.set(xscale="log", yscale="log", xlabel="n, items of the task")
    ax.set(ylabel="size of the change, points", ylim=(0.8 * LEAST_CHANGE, 1.2))
    _in_points(ax, x=False)
    return ax


def draw_parts(ax: Axes, shares: pd.DataFrame) -> Axes:
    """Draw the parts of each mean squared miss, a bar to a row; negative ones left of zero.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    shares : pandas.DataFrame
        A row per bar, drawn from top to bottom; a column per part, shares of the total.
    """
    y = np.arange(len(shares))[::-1]
    left, right = np.zeros(len(shares)), np.zeros(len(shares))
    for part, label in PART_LABELS.items():
        width = shares[part].to_numpy()
        start = np.where(width < 0, left, right)
        ax.barh(
            y,
            width,
            left=start,
            height=0.7,
            color=PART_COLOURS[part],
            hatch=PART_HATCHES[part],
            edgecolor="white",
            linewidth=0.6,
            label=label,
        )
        left, right = left + width.clip(max=0), right + width.clip(min=0)
    ax.axvline(0, color=INK, linewidth=0.8)
    ax.axvline(1, color=INK, linewidth=0.8, linestyle=":")
    ax.set_yticks(y, shares.index)
    ax.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    ax.set(xlabel="part of the mean squared miss")
    ax.grid(axis="y", visible=False)
    return ax


def draw_owners(ax: Axes, shares: pd.DataFrame, n_tasks: ArrayLike) -> Axes:
    """Draw whose tasks the mean squared miss belongs to, in the rows of `draw_parts`.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    shares : pandas.DataFrame
        A row per bar; a column per standing to chance, shares of the total.
    n_tasks : array_like of shape (n_standings,)
        Tasks of each standing.
    """
    y, start = np.arange(len(shares))[::-1], np.zeros(len(shares))
    for (standing, width), count in zip(shares.items(), np.asarray(n_tasks), strict=True):
        ax.barh(
            y,
            width,
            left=start,
            height=0.7,
            color=STANDING_COLOURS[str(standing)],
            edgecolor="white",
            label=f"{standing} ({count} tasks)",
        )
        start = start + width.to_numpy()
    ax.set_yticks(y, [""] * len(y))
    ax.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    ax.set(xlabel="whose miss it is", xlim=(0, 1))
    ax.grid(axis="y", visible=False)
    return ax
