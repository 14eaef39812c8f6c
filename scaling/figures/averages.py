"""How do averages over tasks look, and traits of tasks? Panels that take an axes and never fit."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from scaling.figures.style import INK, SHADE, Look, name_rows, number_ticks
from scaling.figures.tasks import METHOD_STYLES

# Colour and marker of an outcome.
EFFECT_STYLES = {
    "law": (INK, "o"),
    "no change": (METHOD_STYLES["no change"][0], "x"),
    "ruler in loss": (METHOD_STYLES["ruler in loss"][0], "s"),
    "law over no change": ("#0072B2", "D"),
}


def draw_against_tasks(ax: Axes, rows: pd.DataFrame) -> Axes:
    """Draw the median miss of an average over k tasks, the band of the law, and counting noise.

    Both axes become logarithmic.

    Parameters
    ----------
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
    number_ticks(ax.xaxis, [1, 3, 10, last])
    number_ticks(ax.yaxis, [0.3, 1, 3, 10, 30, 100])
    return ax


def draw_against_threshold(ax: Axes, rows: pd.DataFrame, printed: tuple[float, float]) -> Axes:
    """Draw the signed miss of the average over the tasks that each threshold keeps.

    Parameters
    ----------
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
    effects : pandas.DataFrame
        From `scaling.studies.tasks.traits.estimate_effects`: outcome by trait, ratio, lo and hi.
    labels : dict
        What to call each trait, from top to bottom.
    """
    outcomes = effects.index.unique("outcome")
    rows = name_rows(ax, list(labels.values()))
    for outcome, lift in zip(outcomes, np.linspace(0.3, -0.3, len(outcomes)), strict=True):
        own = effects.loc[outcome].loc[list(labels)]
        ratio = own["ratio"].to_numpy()
        bars = np.abs(own[["lo", "hi"]].to_numpy().T - ratio)
        colour, marker = EFFECT_STYLES[outcome]
        look: Look = {"fmt": marker, "color": colour, "label": outcome}
        ax.errorbar(ratio, rows + lift, xerr=bars, elinewidth=1, markersize=4.5, **look)
    ax.axvline(1, color=INK, linewidth=0.8)
    ax.set(xscale="log", xlabel="factor by which the miss changes")
    number_ticks(ax.xaxis, [0.25, 0.5, 1, 2, 4, 8])
    return ax
