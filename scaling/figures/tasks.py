"""How do tasks look? One by one, their errors and traits, averages, predictions with intervals."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, PercentFormatter

from scaling.figures.style import (
    DATASET_LABELS,
    INK,
    PERCENT,
    SHADE,
    Look,
    look_of,
    name_rows,
    number_ticks,
)
from scaling.forecast.counting import Z, counting_error
from scaling.forecast.verdicts import VERDICTS
from scaling.laws.law import ErrorLaw
from scaling.testbed.labels import LOSS_COLUMN

# Of a method: colour and line, the same in every figure of prediction error.
METHOD_STYLES = {
    "law": (INK, "-"),
    "no change": ("#777777", ":"),
    "ruler in loss": ("#AA4499", "-."),
}
# What a reader calls it.
METHOD_LABELS = {
    "law": "error law",
    "no change": "last-run baseline",
    "ruler in loss": "two-point line",
    "law over no change": "error law over last-run baseline",
}
LEAST_MISS = 1e-3
# In the order of the rows, from above.
VERDICT_STYLES = dict(
    zip(VERDICTS, (("#0072B2", "o"), ("#D55E00", "s"), ("#777777", "D")), strict=True)
)
BASELINE_STYLES = {name: METHOD_STYLES[name] for name in ("no change", "ruler in loss")}
# Colour and marker of an outcome.
EFFECT_STYLES = {
    "law": (INK, "o"),
    "no change": (METHOD_STYLES["no change"][0], "x"),
    "ruler in loss": (METHOD_STYLES["ruler in loss"][0], "s"),
    "law over no change": ("#0072B2", "D"),
}


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
        look = look_of(dataset)
        colour, x, y = look["color"], own[LOSS_COLUMN], own[column]
        bar = Z * counting_error(y, n_items)
        ax.vlines(x, y - bar, y + bar, color=colour, linewidth=0.5, alpha=0.35)
        area = np.where(own["N"] > 1e9, 22, 7)
        ax.scatter(x, y, area, c=colour, marker=look["marker"], linewidths=0, zorder=3)
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
    for dataset in DATASET_LABELS:
        ax.plot([], [], markersize=4, linewidth=1.1, **look_of(dataset))
    ax.plot([], [], ":", color=INK, label="fit not sound")
    ax.plot([], [], "--", color="#999999", label="guessing")
    ax.axis("off")
    ax.legend(loc="center", fontsize=7.5, frameon=False)
    return ax


def draw_shares(ax: Axes, misses: pd.DataFrame) -> Axes:
    """Draw the share of tasks that each method predicts within a given relative error.

    `misses`: a row per task, a column per method; absolute relative errors, fractions. The axis
    ends at 100%; a line that ends lower has tasks beyond.
    """
    for method in misses:
        colour, line = METHOD_STYLES[str(method)]
        values = misses[method].clip(lower=LEAST_MISS)
        look: Look = {"color": colour, "linestyle": line, "label": METHOD_LABELS[str(method)]}
        sns.ecdfplot(x=values, ax=ax, linewidth=1.6, **look)
    ax.axhline(0.5, color="#bbbbbb", linewidth=0.8, zorder=0)
    ax.set(xscale="log", xlim=(LEAST_MISS, 1.0), ylim=(0, 1))
    ax.set(xlabel="absolute relative error", ylabel="share of tasks within")
    ax.xaxis.set_major_formatter(PERCENT)
    ax.yaxis.set_major_formatter(PERCENT)
    return ax


def draw_against_tasks(ax: Axes, rows: pd.DataFrame) -> Axes:
    """Draw the median error of an average over k tasks, the band of the law, and counting noise.

    Both axes become logarithmic.

    `rows`: of one target, from `scaling.studies.tasks.averages.tabulate_task_subsets`: n_tasks,
    method, median, lo, hi and noise, fractions.
    """
    for method, (colour, line) in METHOD_STYLES.items():
        own = rows[rows["method"] == method].sort_values("n_tasks")
        if method == "law":
            band = 100 * own["lo"], 100 * own["hi"]
            ax.fill_between(own["n_tasks"], *band, color=SHADE, label="error law, 90% of the sets")
        look: Look = {"color": colour, "label": METHOD_LABELS[method]}
        ax.plot(own["n_tasks"], 100 * own["median"], line, **look)
    noise = rows.groupby("n_tasks")["noise"].first()
    ax.plot(noise.index, 100 * noise, "--", color="#117733", label="counting noise")
    last = noise.index.max()
    ax.set(xscale="log", yscale="log", xlim=(1, last), ylim=(0.3, 100))
    number_ticks(ax.xaxis, [1, 3, 10, last])
    number_ticks(ax.yaxis, [0.3, 1, 3, 10, 30, 100])
    return ax


def draw_against_threshold(ax: Axes, rows: pd.DataFrame, printed: tuple[float, float]) -> Axes:
    """Draw the signed error of the average over the tasks that each threshold keeps.

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
        look: Look = {"color": colour, "label": METHOD_LABELS[method], "drawstyle": "steps-mid"}
        ax.plot(own["points"], misses, line, **look)
    ax.axhline(0, color=INK, linewidth=0.7)
    ax.set_xlim(rows["points"].min(), rows["points"].max())
    return ax


def draw_effects(ax: Axes, effects: pd.DataFrame, labels: dict[str, str]) -> Axes:
    """Draw by what factor an error changes with each trait, a row per trait, with intervals.

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
        look: Look = {"fmt": marker, "color": colour, "label": METHOD_LABELS[outcome]}
        ax.errorbar(ratio, rows + lift, xerr=bars, elinewidth=1, markersize=4.5, **look)
    ax.axvline(1, color=INK, linewidth=0.8)
    ax.set(xscale="log", xlabel="factor by which the relative error changes")
    number_ticks(ax.xaxis, [0.25, 0.5, 1, 2, 4, 8])
    return ax


def draw_outcomes(ax: Axes, candidates: pd.DataFrame, outcome: str) -> Axes:
    """Draw what candidates did at the large runs over their score in the backtests.

    Both baselines are levels across the panel.

    `candidates`: indexed by name; score and `outcome`, fractions; chosen, 0 or 1.
    """
    rest = candidates.drop(index=list(BASELINE_STYLES))
    chosen = rest[rest["chosen"] == 1]
    ax.scatter(rest["score"], rest[outcome], s=26, color=INK, alpha=0.55, linewidths=0)
    ax.scatter(chosen["score"], chosen[outcome], s=130, marker="*", color="#0072B2", label="chosen")
    for name, (colour, line) in BASELINE_STYLES.items():
        level = float(candidates[outcome][name])
        ax.axhline(level, color=colour, linestyle=line, linewidth=1.4, label=METHOD_LABELS[name])
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(PercentFormatter(1, decimals=0))
        axis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    ax.set_xlim(left=0)
    ax.set_ylim(bottom=0)
    ax.set_xlabel("score in the backtests")
    return ax


def draw_task_intervals(ax: Axes, rows: pd.DataFrame, labels: pd.Series) -> Axes:
    """Draw the interval of every task, what was measured, and both baselines.

    `rows`: of one run, task, verdict, predicted, lo, hi, no_change, ruler_in_loss and measured;
    `labels`: readable name of each task, indexed by task.
    """
    rank = rows["verdict"].map(VERDICTS.index)
    rows = rows.assign(rank=rank).sort_values(["rank", "predicted"], ascending=[False, True])
    y = np.arange(len(rows))
    for verdict, (colour, marker) in VERDICT_STYLES.items():
        own = (rows["verdict"] == verdict).to_numpy()
        part = rows[own]
        look: Look = {"color": colour, "marker": marker, "label": verdict}
        ax.hlines(y[own], part["lo"], part["hi"], color=colour, linewidth=3.5, alpha=0.45)
        ax.scatter(part["measured"], y[own], s=26, zorder=4, **look)
    for (name, (colour, _)), marker in zip(BASELINE_STYLES.items(), "|x", strict=True):
        values = rows[name.replace(" ", "_")]
        ax.scatter(
            values, y, s=28, color=colour, marker=marker, zorder=3, label=METHOD_LABELS[name]
        )
    ax.set_yticks(y, labels.loc[rows["task"]], fontsize=7.5)
    ax.set_ylim(-1, len(rows))
    ax.set_xlim(-0.02, 1.02)
    ax.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.set_xlabel("top-1 error (dot: measured; bar: 90% interval)")
    ax.grid(axis="y", linewidth=0.3)
    return ax
