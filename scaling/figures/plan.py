"""How does a plan look? Errors of replays, and the runs that were bought."""

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
AREA = 170  # of the mark of a run that is bought in every case


def draw_errors(ax: Axes, replays: pd.DataFrame, names: Sequence[str]) -> Axes:
    """Draw the errors of plans, a row for each: every case as a mark, all as a box.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw; relative error across, below 0 where the prediction was too low.
    replays : pandas.DataFrame
        Rows with plan, dataset and relative_error. Where a plan has more rows than a figure can
        show, the box alone is drawn.
    names : sequence of str
        Plans, from the top down.
    """
    rng = np.random.default_rng(0)
    ax.axvline(0, color=INK, linewidth=1, zorder=0)
    for height, name in zip(name_rows(ax, names), names, strict=True):
        rows = replays[replays["plan"] == name]
        lo, first, median, third, hi = rows["relative_error"].quantile([0.1, 0.25, 0.5, 0.75, 0.9])
        ax.plot([lo, hi], [height] * 2, color="#bbbbbb", linewidth=2, zorder=1)
        ax.plot([first, third], [height] * 2, color="#bbbbbb", linewidth=14, zorder=1)
        ax.plot(median, height, "|", color=INK, markersize=20, markeredgewidth=2, zorder=4)
        if rows.groupby("dataset").size().max() > 100:
            continue
        for dataset, own in rows.groupby("dataset"):
            look = {key: value for key, value in look_of(dataset).items() if key != "label"}
            shift = rng.uniform(-0.2, 0.2, len(own))
            ax.scatter(own["relative_error"], height + shift, s=18, alpha=0.85, zorder=3, **look)
    for dataset in replays["dataset"].unique():
        ax.scatter([], [], s=24, **look_of(dataset))
    ax.plot([], [], "|", color=INK, markersize=12, markeredgewidth=2, label="median")
    ax.plot([], [], color="#bbbbbb", linewidth=8, label="middle half")
    ax.plot([], [], color="#bbbbbb", linewidth=2, label="middle 80 %")
    ax.set(ylim=(-0.6, len(names) - 0.4))
    ax.set_xlabel("relative error of the predicted loss (below 0: too low)")
    ax.xaxis.set_major_formatter(PERCENT)
    return ax


def draw_bought(ax: Axes, start: pd.DataFrame, bought: pd.DataFrame, look: Look) -> Axes:
    """Draw which runs were bought, each with the number of cases in which it was.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw; M across, N up, both logarithmic.
    start, bought : pandas.DataFrame
        Runs with N and M, those bought also with n_cases.
    look : dict
        Of the runs bought.
    """
    ax.scatter(start["M"], start["N"], s=50, zorder=2, **START_LOOK)
    area = AREA * bought["n_cases"] / bought["n_cases"].max()
    ax.scatter(bought["M"], bought["N"], s=area, zorder=3, **look)
    for M, N, n_cases in bought[["M", "N", "n_cases"]].itertuples(index=False):
        edge = [withStroke(linewidth=2.5, foreground="white")]
        place = {"xytext": (9, 7), "textcoords": "offset points"}
        ax.annotate(f"{n_cases:g}", (M, N), color=INK, fontsize=9, path_effects=edge, **place)  # type: ignore[arg-type]
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
