"""How do averages over tasks look, and traits of tasks? Panels that take an axes and never fit."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from scaling.figures.style import INK, SHADE
from scaling.figures.tasks import METHOD_STYLES

EFFECT_MARKERS = {"law": "o", "no change": "x", "ruler in loss": "s", "law over no change": "D"}
OVER = {"law over no change": "#0072B2"}
PLAIN = FuncFormatter(lambda value, _: f"{value:g}")


def draw_against_tasks(ax: Axes, rows: pd.DataFrame) -> Axes:
    """Draw the median miss of an average over k tasks, the band of the law, and counting noise.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw; both axes become logarithmic.
    rows : pandas.DataFrame
        Of one target, from `scaling.studies.tasks.averages.tabulate_task_subsets`: n_tasks, method,
        median, lo, hi and noise, fractions.
    """
    for method, (colour, line) in METHOD_STYLES.items():
        own = rows[rows["method"] == method].sort_values("n_tasks")
        if method == "law":
            band = 100 * own["lo"], 100 * own["hi"]
            ax.fill_between(own["n_tasks"], *band, color=SHADE, label="law, 90% of the sets")
        ax.plot(own["n_tasks"], 100 * own["median"], line, color=colour, label=method)
    noise = rows.groupby("n_tasks")["noise"].first()
    ax.plot(noise.index, 100 * noise, "--", color="#117733", label="counting noise")
    last = noise.index.max()
    ax.set(xscale="log", yscale="log", xlim=(1, last), ylim=(0.3, 100))
    _plain(ax, "x", [1, 3, 10, last])
    _plain(ax, "y", [0.3, 1, 3, 10, 30, 100])
    return ax


def draw_against_threshold(ax: Axes, rows: pd.DataFrame, printed: tuple[float, float]) -> Axes:
    """Draw the signed miss of the average over the tasks that each threshold keeps.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    rows : pandas.DataFrame
        Of one target, from `scaling.studies.tasks.averages.tabulate_thresholds`: points, method and
        relative_error, a fraction.
    printed : tuple of float
        First and last threshold, in points, that keep the paper's 17 tasks; shaded.
    """
    ax.axvspan(printed[0] - 0.5, printed[1] + 0.5, color=SHADE, label="the paper's 17 tasks")
    for method, (colour, line) in METHOD_STYLES.items():
        own = rows[rows["method"] == method].sort_values("points")
        misses = 100 * own["relative_error"]
        ax.plot(own["points"], misses, line, color=colour, label=method, drawstyle="steps-mid")
    ax.axhline(0, color=INK, linewidth=0.7)
    ax.set_xlim(rows["points"].min(), rows["points"].max())
    return ax


def draw_effects(ax: Axes, effects: pd.DataFrame, labels: dict[str, str]) -> Axes:
    """Draw by what factor a miss changes with each trait, a row per trait, with intervals.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    effects : pandas.DataFrame
        From `scaling.studies.tasks.traits.estimate_effects`: outcome by trait, ratio, lo and hi.
    labels : dict
        What to call each trait, from top to bottom.
    """
    outcomes = effects.index.get_level_values("outcome").unique()
    rows = np.arange(len(labels))[::-1]
    for place, outcome in enumerate(outcomes):
        own = effects.loc[outcome].loc[list(labels)]
        ratio, ends = own["ratio"].to_numpy(), own[["lo", "hi"]].to_numpy().T
        bars = np.abs(ends - ratio)
        colour = OVER.get(outcome) or METHOD_STYLES[outcome][0]
        y = rows + 0.3 * (1 - 2 * place / max(len(outcomes) - 1, 1))
        look = {"fmt": EFFECT_MARKERS[outcome], "color": colour, "label": outcome}
        ax.errorbar(ratio, y, xerr=bars, elinewidth=1, markersize=4.5, **look)
    ax.axvline(1, color=INK, linewidth=0.8)
    ax.set_yticks(rows, list(labels.values()))
    ax.set(xscale="log", xlabel="factor by which the miss changes")
    _plain(ax, "x", [0.25, 0.5, 1, 2, 4, 8])
    return ax


def _plain(ax: Axes, which: str, ticks: list[float]) -> None:
    """Plain numbers at these ticks of a logarithmic axis."""
    axis = getattr(ax, f"{which}axis")
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(PLAIN)
