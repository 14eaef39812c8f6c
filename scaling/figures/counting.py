"""How do counting noise and the parts of an error look? Each panel takes an axes and never fits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, PercentFormatter
from numpy.typing import ArrayLike
from scipy import stats

from scaling.figures.style import INK, SHADE, Look, look_of, name_rows
from scaling.forecast.counting import smallest_change

PART_LOOKS: dict[str, Look] = {
    "counting": {"label": "counting", "color": "#56B4E9"},
    "runs": {"label": "scatter between runs", "color": "#0072B2", "hatch": "///"},
    "fit": {"label": "noise through the fit", "color": "#E69F00"},
    "sets": {"label": "own to a training set", "color": "#CC79A7", "hatch": "..."},
    "law": {"label": "alike on all sets", "color": "#444444"},
}
POINTS = FuncFormatter(lambda value, _: f"{100 * value:g}")  # of a fraction
LEAST_CHANGE = 2e-4  # smaller ones are drawn here
STANDING_COLOURS = {
    "at chance": "#dddddd",
    "not above chance": "#aaaaaa",
    "above chance": "#117733",
}


def draw_scatter(ax: Axes, table: pd.DataFrame, names: dict[str, str]) -> Axes:
    """Draw the scatter of each task around its curve over its counting noise.

    Parameters
    ----------
    table : pandas.DataFrame
        From `scaling.studies.tasks.scatter.tabulate_scatter`.
    names : dict
        Tasks to name, with what to call them.
    """
    for dataset, group in table.groupby("dataset", sort=False):
        look = look_of(dataset) | {"s": 18, "alpha": 0.75, "zorder": 3}
        ax.scatter(group["counting"], group["scatter"], **look)
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
    ax.xaxis.set_major_formatter(POINTS)
    ax.yaxis.set_major_formatter(POINTS)
    return ax


def draw_changes(ax: Axes, changes: pd.DataFrame) -> Axes:
    """Draw the change between two runs over the items of the task, and the smallest one visible.

    `changes`: dataset, n_items and change, a fraction; filled where ``visible``.
    """
    for (dataset, visible), group in changes.groupby(["dataset", "visible"], sort=False):
        own = look_of(dataset)
        face = own["color"] if visible else "none"
        look: Look = {"marker": own["marker"], "facecolors": face, "edgecolors": own["color"]}
        change = group["change"].abs().clip(lower=LEAST_CHANGE)
        ax.scatter(group["n_items"], change, s=18, linewidths=0.9, zorder=3, **look)
    n = np.geomspace(25, 8e4, 60)
    for p, style in ((0.5, "-"), (0.1, "--")):
        line = smallest_change(p, p, n)
        ax.plot(n, line, style, color=INK, linewidth=1, label=f"smallest visible, error {p:.0%}")
    ax.scatter([], [], s=18, facecolors="none", edgecolors=INK, label="not visible")
    ax.scatter([], [], s=18, color=INK, label="visible")
    ax.set(xscale="log", yscale="log", xlabel="n, items of the task")
    ax.set(ylabel="size of the change, points", ylim=(0.8 * LEAST_CHANGE, 1.2))
    ax.yaxis.set_major_formatter(POINTS)
    return ax


def draw_parts(ax: Axes, shares: pd.DataFrame) -> Axes:
    """Draw the parts of each mean squared error, a bar to a row; negative ones left of zero.

    `shares`: a row per bar, drawn from top to bottom; a column per part, shares of the total.
    """
    _stack(ax, shares[list(PART_LOOKS)], list(PART_LOOKS.values()), linewidth=0.6)
    ax.axvline(0, color=INK, linewidth=0.8)
    ax.axvline(1, color=INK, linewidth=0.8, linestyle=":")
    ax.set_xlabel("part of the mean squared prediction error")
    return ax


def _stack(ax: Axes, shares: pd.DataFrame, looks: list[Look], **style: Any) -> None:
    """Bars of shares beside each other, away from zero on both sides; a look per column."""
    y = name_rows(ax, shares.index)
    left, right = np.zeros(len(y)), np.zeros(len(y))
    for width, look in zip(shares.to_numpy().T, looks, strict=True):
        start = np.where(width < 0, left, right)
        ax.barh(y, width, left=start, height=0.7, edgecolor="white", **style, **look)
        left, right = left + width.clip(max=0), right + width.clip(min=0)
    ax.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    ax.grid(axis="y", visible=False)


def draw_owners(ax: Axes, shares: pd.DataFrame, n_tasks: ArrayLike) -> Axes:
    """Draw whose tasks the mean squared error belongs to, in the rows of `draw_parts`.

    Parameters
    ----------
    shares : pandas.DataFrame
        A row per bar; a column per standing to chance, shares of the total.
    n_tasks : array_like of shape (n_standings,)
        Tasks of each standing.
    """
    looks: list[Look] = [
        {"color": STANDING_COLOURS[str(name)], "label": f"{name} ({count} tasks)"}
        for name, count in zip(shares, np.asarray(n_tasks), strict=True)
    ]
    _stack(ax, shares.set_axis([""] * len(shares)), looks)
    ax.set(xlabel="part by standing of the task", xlim=(0, 1))
    return ax
