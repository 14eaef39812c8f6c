"""How does an own KPI look beside the loss? Runs, the line through them, and what it foretells."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from scaling.figures.style import INK, PERCENT

RUN, LINE = "#0072B2", "#56B4E9"


def draw_kpi(
    ax: Axes, runs: pd.DataFrame, line: pd.DataFrame | None, held_out: pd.DataFrame
) -> Axes:
    """Draw a share over the loss: runs with their counting noise, the line, and held-out runs.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw; loss across, better to the right.
    runs : pandas.DataFrame
        The runs fitted: loss, nats per token; share, and noise, its standard deviation.
    line : pandas.DataFrame or None
        Loss and share along the fitted line, if there is one.
    held_out : pandas.DataFrame
        A row per larger run: measured loss and share; predicted_loss, loss_lo, loss_hi, predicted,
        lo and hi, NaN where nothing is told.
    """
    if line is not None:
        ax.plot(line["loss"], line["share"], color=LINE, linewidth=2, label="line through them")
    noise = {"fmt": "o", "color": RUN, "markersize": 6, "capsize": 3}
    ax.errorbar(runs["loss"], runs["share"], yerr=runs["noise"], label="small runs", **noise)
    told = held_out.dropna(subset=["predicted"])
    if len(told):
        x, y = told["predicted_loss"], told["predicted"]
        across = np.abs(told[["loss_lo", "loss_hi"]].to_numpy().T - x.to_numpy())
        up = np.abs(told[["lo", "hi"]].to_numpy().T - y.to_numpy())
        bars = {"fmt": "o", "color": "#666666", "markerfacecolor": "white", "capsize": 4}
        ax.errorbar(x, y, xerr=across, yerr=up, label="predicted, to bet on", **bars)
    look = {"color": INK, "markersize": 9, "markeredgewidth": 2.2, "linestyle": "none"}
    ax.plot(held_out["loss"], held_out["share"], "x", label="measured", **look)
    ax.invert_xaxis()
    ax.set_xlabel("L, loss, nats/token")
    ax.yaxis.set_major_formatter(PERCENT)
    return ax
