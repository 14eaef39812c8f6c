"""How does an own KPI look beside the loss? Runs, the line through them, and what it foretells."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from scaling.figures.style import INK, PERCENT, Look

RUN_LOOK: Look = {"color": "#0072B2", "fmt": "o", "markersize": 6, "capsize": 3}
LINE_LOOK: Look = {"color": "#56B4E9", "linewidth": 2}
BET_LOOK: Look = {"color": "#666666", "fmt": "o", "markerfacecolor": "white", "capsize": 4}
MEASURED_LOOK: Look = {"color": INK, "fmt": "x", "markersize": 9, "markeredgewidth": 2.2}


def draw_kpi(
    ax: Axes, runs: pd.DataFrame, line: pd.DataFrame | None, held_out: pd.DataFrame
) -> Axes:
    """Draw a share over the loss: the runs fitted, the line, and runs held out.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw; loss across, lower to the right.
    runs : pandas.DataFrame
        The runs fitted: loss, nats per token; share, and noise, its standard deviation by counting.
    line : pandas.DataFrame or None
        Loss and share along the fitted line, if there is one to be used.
    held_out : pandas.DataFrame
        A row per larger run: loss and share, as predicted, with loss_lo, loss_hi, lo and hi, NaN
        where nothing is told; measured_loss and measured, with its noise by counting.
    """
    if line is not None:
        ax.plot(line["loss"], line["share"], label="line through them", **LINE_LOOK)
    ax.errorbar(runs["loss"], runs["share"], yerr=runs["noise"], label="small runs", **RUN_LOOK)
    told = held_out.dropna(subset=["share"])
    if len(told):
        across = np.abs(told[["loss_lo", "loss_hi"]].to_numpy().T - told["loss"].to_numpy())
        up = np.abs(told[["lo", "hi"]].to_numpy().T - told["share"].to_numpy())
        label = "predicted, to bet on"
        ax.errorbar(told["loss"], told["share"], xerr=across, yerr=up, label=label, **BET_LOOK)
    if len(held_out):
        x, y = held_out["measured_loss"], held_out["measured"]
        ax.errorbar(x, y, yerr=held_out["noise"], elinewidth=1, label="measured", **MEASURED_LOOK)
    ax.xaxis.set_inverted(True)  # of shared axes, too
    ax.set_xlabel("L, loss, nats/token")
    ax.yaxis.set_major_formatter(PERCENT)
    return ax
