"""How do candidate predictors look side by side? Panels that take an axes and never fit."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import NullFormatter

from scaling.figures.style import DATASET_COLOURS, INK, Look, name_rows

GROUP_STYLE: dict[str, Look] = {
    "c4_eval": {"marker": "s", "color": "#0072B2", "label": "C4 eval"},
    "other text": {"marker": "^", "color": "#D55E00", "label": "other text"},
    "other grids": {"marker": "D", "color": "#117733", "label": "other grids"},
}
ROUND_STYLE: dict[str, Look] = {
    "both": {"marker": "s", "color": "#777777", "label": "baseline or single change"},
    "first": {"marker": ".", "color": "#D55E00", "label": "first family"},
    "second": {"marker": "^", "color": "#0072B2", "label": "second family"},
}
PREDICTOR_STYLE: dict[str, Look] = {
    "recipe": {"marker": "s", "color": "#777777"},
    "log": {"marker": "D", "color": "#117733"},
    "first choice": {"marker": "v", "color": "#D55E00"},
    "prior": {"marker": "o", "color": "#0072B2"},
}


def _percent_axis(ax: Axes, which: str) -> None:
    """A logarithmic axis of per cents with plain numbers on it."""
    axis = getattr(ax, f"{which}axis")
    getattr(ax, f"set_{which}scale")("log")
    axis.set_major_formatter(lambda value, _: f"{value:g}%")
    lo, hi = getattr(ax, f"get_{which}lim")()
    ticks = [tick for tick in (0.5, 1, 1.5, 2, 3, 5, 7, 10, 20, 50) if lo <= tick <= hi]
    getattr(ax, f"set_{which}ticks")(ticks)
    axis.set_minor_formatter(NullFormatter())


def draw_scores(ax: Axes, scores: pd.DataFrame) -> Axes:
    """Draw the backtest errors of candidates, one line each, best at the top.

    `scores`: one row per candidate, named by its index: the error of each group and the score,
    fractions.
    """
    ordered = 100 * scores.sort_values("score", ascending=False)
    rows = np.arange(len(ordered))
    for group, style in GROUP_STYLE.items():
        ax.scatter(ordered[group], rows, s=30, **style)
    ax.scatter(ordered["score"], rows, marker="|", s=160, color=INK, label="score")
    ax.set_yticks(rows, ordered.index)
    ax.set_xlabel("mean error of the backtests, geometric mean")
    ax.grid(axis="y", linewidth=0.5)
    _percent_axis(ax, "x")
    ax.legend(loc="upper right")
    return ax


def draw_backtest_against_outcome(
    ax: Axes, candidates: pd.DataFrame, outcome: str, named: dict[str, str]
) -> Axes:
    """Draw the outcome of every candidate at the large runs over the score of its backtests.

    Parameters
    ----------
    candidates : pandas.DataFrame
        One row per candidate, named by its index: its round, ``backtest_score`` and the outcome,
        fractions.
    outcome : str
        Column of the outcome.
    named : dict
        Candidates to name, with what to call them.
    """
    for name, style in ROUND_STYLE.items():
        rows = candidates[candidates["round"] == name]
        size = 14 if name == "first" else 34
        ax.scatter(100 * rows["backtest_score"], 100 * rows[outcome], s=size, **style)
    for candidate, label in named.items():
        row = candidates.loc[candidate]
        at = 100 * row["backtest_score"], 100 * row[outcome]
        ax.plot(*at, "o", markersize=11, markerfacecolor="none", markeredgecolor=INK)
        frame = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1}
        ax.annotate(label, at, xytext=(9, -16), textcoords="offset points", fontsize=9, bbox=frame)
    for which in "xy":
        _percent_axis(ax, which)
    return ax


def draw_target_misses(ax: Axes, misses: pd.DataFrame) -> Axes:
    """Draw the signed error of each predictor at each target, a row per target.

    `misses`: signed relative errors, fractions: a row per run, a column per predictor of
    `PREDICTOR_STYLE`.
    """
    rows = name_rows(ax, misses.index)
    shifts = (0.24, 0.08, -0.08, -0.24)
    for shift, (name, style) in zip(shifts, PREDICTOR_STYLE.items(), strict=True):
        ax.scatter(100 * misses[name], rows + shift, s=34, label=name, **style)
    ax.axvline(0, color=INK, linewidth=0.8)
    for tick, run in zip(ax.get_yticklabels(), misses.index, strict=True):
        tick.set_color(DATASET_COLOURS[str(run).split("-")[0]])
    ax.grid(axis="y", linewidth=0.5)
    ax.set_xlabel("predicted minus measured, % of the measured loss")
    return ax
