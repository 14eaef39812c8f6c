"""How does an interval look, and how often does it hold? Panels that take an axes, never fit."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from scaling.figures.style import INK, Look, look_of, name_rows

METHOD_LOOKS: dict[str, Look] = {
    "bet": {"color": "#0072B2", "marker": "o", "label": "the bet"},
    "law": {"color": "#56B4E9", "marker": "s", "label": "the law's interval"},
    "t(dof)": {"color": "#777777", "marker": "D", "label": "t, from residuals"},
    "wild bootstrap": {"color": "#E69F00", "marker": "^", "label": "wild bootstrap"},
    "percentile bootstrap": {"color": "#D55E00", "marker": "v", "label": "percentile bootstrap"},
}


def draw_intervals(ax: Axes, rows: pd.DataFrame) -> Axes:
    """Draw both intervals of some predictions as bars, with what was measured on them.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw; loss across.
    rows : pandas.DataFrame
        A row per prediction: label, loss, lo, hi, law_lo, law_hi and measured, nats per token;
        noise, the standard deviation of what was measured, if known; dataset, if it is one of the
        testbed's.
    """
    for height, row in zip(name_rows(ax, rows["label"]), rows.to_dict("records"), strict=True):
        look = look_of(row["dataset"]) if "dataset" in row else METHOD_LOOKS["bet"]
        colour = look["color"]
        ax.plot([row["lo"], row["hi"]], [height] * 2, color=colour, linewidth=2)
        ax.plot([row["law_lo"], row["law_hi"]], [height] * 2, color=colour, linewidth=8, alpha=0.4)
        ax.plot(row["loss"], height, "o", color=colour, markerfacecolor="white", markersize=8)
        ax.plot(row["measured"], height, "x", color=INK, markersize=8, markeredgewidth=2.2)
        if "noise" in row:
            ax.errorbar(row["measured"], height, xerr=row["noise"], color=INK, capsize=3)
    plain: Look = {"color": "#666666"}
    ax.plot([], [], linewidth=2, label="to bet on, 90 %", **plain)
    ax.plot([], [], linewidth=8, alpha=0.4, label="if the law holds", **plain)
    ax.plot([], [], "o", markerfacecolor="white", markersize=8, label="predicted", **plain)
    ax.plot([], [], "x", color=INK, markersize=8, markeredgewidth=2.2, label="measured")
    ax.set_ylim(-0.6, len(rows) - 0.4)
    ax.set_xlabel("L, loss, nats/token")
    return ax


def draw_coverage(ax: Axes, coverage: pd.DataFrame, level: float = 0.9) -> Axes:
    """Draw how many of the measured losses each method's intervals hold, a row per group.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw; share across.
    coverage : pandas.DataFrame
        A row per group, in order, a column per method of `METHOD_LOOKS`: shares.
    level : float
        What the intervals promise.
    """
    heights = name_rows(ax, coverage.index)
    shifts = np.linspace(0.28, -0.28, len(coverage.columns))
    for shift, method in zip(shifts, coverage.columns, strict=True):
        ax.scatter(coverage[method], heights + shift, s=36, zorder=3, **METHOD_LOOKS[method])
    for height in heights[:-1]:
        ax.axhline(height - 0.5, color="#dddddd", linewidth=0.8)
    ax.axvline(level, color=INK, linewidth=1, linestyle="--")
    ax.set(xlim=(0, 1.03), ylim=(-0.5, len(heights) - 0.5))
    ax.set_xlabel("share of measured losses inside a 90 % interval")
    ax.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    return ax


def draw_widths(ax: Axes, widths: pd.DataFrame, name: str, colour: str) -> Axes:
    """Draw the half width of both intervals over the compute of the target.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    widths : pandas.DataFrame
        Columns C (FLOPs), bet and law, half widths as fractions of the loss.
    name, colour : str
        Label of the bet's line, and colour of both.
    """
    ax.plot(widths["C"], 100 * widths["bet"], color=colour, label=name)
    ax.plot(widths["C"], 100 * widths["law"], ":", color=colour, linewidth=1.2)
    ax.set(xscale="log", xlabel="C = 6ND, compute of the target, FLOPs", ylim=(0, None))
    ax.set_ylabel("half width, % of the loss")
    return ax
