"""How does a plan look? Errors of replays, runs that were bought, intervals that narrow."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke

from scaling.figures.style import INK, PERCENT, Look, look_of, name_rows, number_ticks

BUYER_LOOKS: dict[str, Look] = {
    "plan": {"color": "#0072B2", "marker": "o", "label": "bought by the plan"},
    "noise alone": {"color": "#D55E00", "marker": "X", "label": "bought for noise alone"},
}
START_LOOK: Look = {"color": "#777777", "marker": "s", "label": "there at the start"}
LAW, BET = "#56B4E9", "#0072B2"


def draw_errors(ax: Axes, replays: pd.DataFrame, names: Sequence[str]) -> Axes:
    """Draw the errors of plans, a row for each: every case as a mark, all as a box.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw; absolute relative error across, on a logarithmic axis.
    replays : pandas.DataFrame
        Rows with plan, dataset and error. Where a plan has more rows than a figure can show, the
        box alone is drawn.
    names : sequence of str
        Plans, from the top down.
    """
    rng = np.random.default_rng(0)
    for height, name in zip(name_rows(ax, names), names, strict=True):
        rows = replays[replays["plan"] == name]
        lo, first, median, third, hi = rows["error"].quantile([0.1, 0.25, 0.5, 0.75, 0.9])
        ax.plot([lo, hi], [height] * 2, color="#bbbbbb", linewidth=2, zorder=1)
        ax.plot([first, third], [height] * 2, color="#bbbbbb", linewidth=14, zorder=1)
        ax.plot(median, height, "|", color=INK, markersize=20, markeredgewidth=2, zorder=4)
        if rows.groupby("dataset").size().max() > 100:
            continue
        for dataset, own in rows.groupby("dataset"):
            look = {key: value for key, value in look_of(dataset).items() if key != "label"}
            shift = rng.uniform(-0.2, 0.2, len(own))
            ax.scatter(own["error"], height + shift, s=18, alpha=0.85, zorder=3, **look)
    for dataset in replays["dataset"].unique():
        ax.scatter([], [], s=24, **look_of(dataset))
    ax.plot([], [], "|", color=INK, markersize=12, markeredgewidth=2, label="median")
    ax.plot([], [], color="#bbbbbb", linewidth=8, label="middle half")
    ax.plot([], [], color="#bbbbbb", linewidth=2, label="middle 80 %")
    ax.set(xscale="log", xlim=(0.001, 0.4), ylim=(-0.6, len(names) - 0.4))
    ax.set_xlabel("absolute error of the predicted loss of a large run")
    ax.xaxis.set_major_formatter(PERCENT)
    return ax


def draw_bought(ax: Axes, start: pd.DataFrame, bought: pd.DataFrame, look: Look) -> Axes:
    """Draw which runs were bought, numbered in order.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw; M across, N up, both logarithmic.
    start, bought : pandas.DataFrame
        Runs with N and M, those bought in order.
    look : dict
        Of the runs bought.
    """
    ax.scatter(start["M"], start["N"], s=50, zorder=2, **START_LOOK)
    ax.scatter(bought["M"], bought["N"], s=150, zorder=3, **look)
    for i, (M, N) in enumerate(zip(bought["M"], bought["N"], strict=True), 1):
        edge = [withStroke(linewidth=2.5, foreground="white")]
        place = {"xytext": (9, 7), "textcoords": "offset points"}
        ax.annotate(f"{i}", (M, N), color=INK, fontsize=9, path_effects=edge, **place)  # type: ignore[arg-type]
    ax.set(xscale="log", yscale="log", xlim=(7, 900), ylim=(7e6, 8e8))
    ax.set(xlabel="M, tokens per parameter", ylabel="N, parameters")
    number_ticks(ax.xaxis, [10, 20, 40, 80, 160, 320, 640])
    return ax


def name_marks(panels: Sequence[Axes]) -> tuple[list[Artist], list[str]]:
    """Give marks and names of a legend for several panels, each name once.

    Parameters
    ----------
    panels : sequence of matplotlib.axes.Axes
        From `draw_bought`.
    """
    marks: dict[str, Artist] = {}
    for ax in panels:
        handles, names = ax.get_legend_handles_labels()
        marks |= dict(zip(names, handles, strict=True))
    return list(marks.values()), list(marks)


def draw_narrowing(ax: Axes, frame: pd.DataFrame, allowance: float) -> Axes:
    """Draw the half widths of both intervals after each purchase, and the allowance of the bet.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw; money across, half width up.
    frame : pandas.DataFrame
        `to_frame` of a plan: money of each run, and lo, hi, law_lo, law_hi and target_loss.
    allowance : float
        Half width that no run like these takes off the bet, a fraction of the loss.
    """
    spent = frame["money"].fillna(0).cumsum()
    for name, colour, marker, label in (
        ("", BET, "o", "to bet on"),
        ("law_", LAW, "s", "if the law holds"),
    ):
        half = (frame[f"{name}hi"] - frame[f"{name}lo"]) / 2 / frame["target_loss"]
        ax.plot(spent, half, color=colour, marker=marker, label=label)
    ax.axhline(allowance, color=INK, linestyle="--", linewidth=1, label="what the law misses")
    ax.set(ylim=(0, None), ylabel="half width, share of the loss")
    ax.yaxis.set_major_formatter(PERCENT)
    return ax
