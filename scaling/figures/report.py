"""How does a report look? Panels with symbols alone: the page has the words, in its language."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import NullFormatter

from scaling.figures.style import INK, SHADE_EDGE

BET = "#0072B2"
FEW = 2  # decades: an axis of no more holds whole ones


def draw_forecast(
    ax: Axes, runs: pd.DataFrame, path: pd.DataFrame, target: tuple[float, float]
) -> Axes:
    """Draw runs, the law that goes on to a target, and both intervals along it.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw; compute across, loss up.
    runs : pandas.DataFrame
        Columns C (FLOPs) and loss, nats per token.
    path : pandas.DataFrame
        Columns C, loss, lo, hi, law_lo and law_hi, ascending in C; NaN where there is no interval.
        The intervals are drawn beyond the largest run.
    target : tuple of float
        C and loss of the target, at the end of the path.
    """
    last = runs["C"].max()
    within, beyond = path[path["C"] <= last], path[path["C"] >= last]
    shaded = path if beyond.empty else beyond
    for name, alpha in (("", 0.22), ("law_", 0.4)):
        lo, hi = shaded[f"{name}lo"], shaded[f"{name}hi"]
        ax.fill_between(shaded["C"], lo, hi, color=BET, alpha=alpha, linewidth=0)
    ax.plot(within["C"], within["loss"], color=INK)
    ax.plot(beyond["C"], beyond["loss"], color=INK, linestyle="--")
    ax.axvline(last, color=SHADE_EDGE, linewidth=1, linestyle=":")
    ax.scatter(runs["C"], runs["loss"], s=26, color=INK, zorder=3)
    ax.plot(*target, "o", markersize=10, markerfacecolor="none", markeredgecolor=INK, zorder=4)
    ends = path.iloc[-1][["lo", "hi"]]
    shown = np.concatenate([runs["loss"], ends.dropna(), path["loss"].iloc[-1:]])
    margin = 0.06 * (shown.max() - shown.min()) or 0.1
    _name_compute(ax, path["C"])
    ax.set(ylabel="L, nats/token")
    ax.set_ylim(shown.min() - margin, shown.max() + margin)
    return ax


def draw_held_out(ax: Axes, held_out: pd.DataFrame) -> Axes:
    """Draw what was predicted of each run, and what was measured, in the order of their compute.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw; compute across, distance from the prediction up.
    held_out : pandas.DataFrame
        Columns C (FLOPs), predicted, lo, hi and actual, nats per token; NaN where there is no
        interval.
    """
    for row in held_out.to_dict("records"):
        scale = row["predicted"]
        lo, hi = 100 * (row["lo"] / scale - 1), 100 * (row["hi"] / scale - 1)
        ax.plot([row["C"]] * 2, [lo, hi], color=BET, linewidth=3, alpha=0.5)
        ax.plot(row["C"], 0, "o", markersize=7, markerfacecolor="none", markeredgecolor=INK)
        ax.plot(row["C"], 100 * (row["actual"] / scale - 1), "x", color=INK, markeredgewidth=2)
    ax.axhline(0, color=INK, linewidth=0.8)
    _name_compute(ax, held_out["C"])
    ax.set(ylabel="ΔL / L, %")
    return ax


def _name_compute(ax: Axes, C: pd.Series) -> None:
    """Compute across, powers of ten written, two of them at least."""
    ax.set(xscale="log", xlabel="C = 6ND, FLOPs")
    ax.xaxis.set_minor_formatter(NullFormatter())
    first, last = np.floor(np.log10(C.min())), np.ceil(np.log10(C.max()))
    if last - first <= FEW:
        ax.set_xlim(10.0**first / 1.3, 10.0**last * 1.3)
