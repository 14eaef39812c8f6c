"""How does one task look? A small panel per task, and the misses of all tasks at once."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from scaling.figures.style import DATASET_COLOURS, DATASET_LABELS, DATASET_MARKERS, INK
from scaling.forecast.counting import Z, counting_error
from scaling.laws.law import ErrorLaw
from scaling.testbed.labels import LOSS_COLUMN

# Of a method: colour and line, the same in every figure of prediction error.
METHOD_STYLES = {
    "law": (INK, "-"),
    "no change": ("#777777", ":"),
    "ruler in loss": ("#AA4499", "-."),
}
LEAST_MISS = 1e-3
PERCENT = FuncFormatter(lambda value, _: f"{100 * value:.4g}%")


def draw_task(
    ax: Axes,
    runs: pd.DataFrame,
    laws: Mapping[str, tuple[ErrorLaw, bool]],
    column: str,
    chance: float,
    n_items: float,
) -> Axes:
    """Draw the errors of one task over loss, the law of each training set and the chance level.

    A law is solid where its fit is sound and dotted where it is not. Bars are 1.96 binomial
    standard errors, ``sqrt(Err (1 - Err) / n_items)``.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    runs : pandas.DataFrame
        Run table of several training sets.
    laws : mapping
        Law of each training set, and whether its fit is sound.
    column : str
        Error to draw.
    chance : float
        Accuracy of guessing, a fraction.
    n_items : float
        Items of the task.
    """
    for dataset, own in runs.groupby("dataset", sort=False):
        colour = DATASET_COLOURS[str(dataset)]
        x, y = own[LOSS_COLUMN], own[column]
        bar = Z * counting_error(y, n_items)
        ax.vlines(x, y - bar, y + bar, color=colour, linewidth=0.5, alpha=0.35)
        area = np.where(own["N"] > 1e9, 22, 7)
        ax.scatter(
            x, y, area, c=colour, marker=DATASET_MARKERS[str(dataset)], linewidths=0, zorder=3
        )
        law, sound = laws[str(dataset)]
        L = np.linspace(x.min() - 0.05, x.max(), 80)
        ax.plot(L, law.predict(L), "-" if sound else ":", color=colour, linewidth=1.1)
    ax.axhline(1 - chance, color="#999999", linestyle="--", linewidth=0.8, zorder=0)
    seen = runs[column]
    room = 0.12 * max(float(np.ptp(seen)), 0.02)
    ax.set_ylim(seen.min() - room, seen.max() + room)
    ax.set_xlim(runs[LOSS_COLUMN].min() - 0.08, runs[LOSS_COLUMN].max() + 0.05)
    ax.yaxis.set_major_formatter(PERCENT)
    ax.yaxis.set_major_locator(MaxNLocator(3))
    ax.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    ax.tick_params(labelsize=7, length=2)
    return ax


def key_of_tasks(ax: Axes) -> Axes:
    """Say on an empty panel what the colours and lines of the small panels mean."""
    for dataset, label in DATASET_LABELS.items():
        colour, marker = DATASET_COLOURS[dataset], DATASET_MARKERS[dataset]
        ax.plot([], [], color=colour, marker=marker, markersize=4, linewidth=1.1, label=label)
    ax.plot([], [], ":", color=INK, label="fit not sound")
    ax.plot([], [], "--", color="#999999", label="guessing")
    ax.axis("off")
    ax.legend(loc="center", fontsize=7.5, frameon=False)
    return ax


def draw_shares(ax: Axes, misses: pd.DataFrame) -> Axes:
    """Draw the share of tasks that each method predicts within a given relative error.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    misses : pandas.DataFrame
        A row per task, a column per method; absolute relative errors, fractions. The axis ends at
        100%: a line that ends lower has tasks beyond.
    """
    for method in misses:
        colour, line = METHOD_STYLES[str(method)]
        values = misses[method].clip(lower=LEAST_MISS)
        sns.ecdfplot(x=values, ax=ax, color=colour, linestyle=line, linewidth=1.6, label=method)
    ax.axhline(0.5, color="#bbbbbb", linewidth=0.8, zorder=0)
    ax.set(xscale="log", xlim=(LEAST_MISS, 1.0), ylim=(0, 1))
    ax.set(xlabel="absolute relative error", ylabel="share of tasks within")
    ax.xaxis.set_major_formatter(PERCENT)
    ax.yaxis.set_major_formatter(PERCENT)
    return ax
