"""How did the choice turn out, and do the intervals hold? Candidates, and tasks with intervals."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, PercentFormatter

from scaling.figures.style import INK
from scaling.figures.tasks import METHOD_STYLES
from scaling.forecast.verdicts import VERDICTS

# In the order of the rows, from above.
VERDICT_STYLES = dict(
    zip(VERDICTS, (("#0072B2", "o"), ("#D55E00", "s"), ("#777777", "D")), strict=True)
)
BASELINE_STYLES = {name: METHOD_STYLES[name] for name in ("no change", "ruler in loss")}


def draw_outcomes(ax: Axes, candidates: pd.DataFrame, outcome: str) -> Axes:
    """Draw what candidates did at the large runs over their score in the backtests.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    candidates : pandas.DataFrame
        Indexed by name; score and `outcome`, fractions; chosen, 0 or 1.
    outcome : str
        Column to draw; both baselines are levels across the panel.
    """
    rest = candidates.drop(index=list(BASELINE_STYLES))
    chosen = rest[rest["chosen"] == 1]
    ax.scatter(rest["score"], rest[outcome], s=26, color=INK, alpha=0.55, linewidths=0)
    ax.scatter(chosen["score"], chosen[outcome], s=130, marker="*", color="#0072B2", label="chosen")
    for name, (colour, line) in BASELINE_STYLES.items():
        level = float(candidates[outcome][name])
        ax.axhline(level, color=colour, linestyle=line, linewidth=1.4, label=name)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(PercentFormatter(1, decimals=0))
        axis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    ax.set_xlim(left=0)
    ax.set_ylim(bottom=0)
    ax.set_xlabel("score in the backtests")
    return ax


def draw_task_intervals(ax: Axes, rows: pd.DataFrame, labels: pd.Series) -> Axes:
    """Draw the interval of every task, what was measured, and both baselines.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    rows : pandas.DataFrame
        One run: task, verdict, predicted, lo, hi, no_change, ruler_in_loss, measured.
    labels : pandas.Series
        Readable name of each task, indexed by task.
    """
    order = {verdict: k for k, verdict in enumerate(VERDICT_STYLES)}
    rank = rows["verdict"].map(order).astype(int)
    rows = rows.assign(rank=rank).sort_values(["rank", "predicted"], ascending=[False, True])
    y = np.arange(len(rows))
    for verdict, (colour, marker) in VERDICT_STYLES.items():
        own = (rows["verdict"] == verdict).to_numpy()
        part = rows[own]
        ax.hlines(y[own], part["lo"], part["hi"], color=colour, linewidth=3.5, alpha=0.45)
        dots = ax.scatter(part["measured"], y[own], s=26, color=colour, marker=marker, zorder=4)
        dots.set_label(verdict)
    for (name, (colour, _)), marker in zip(BASELINE_STYLES.items(), "|x", strict=True):
        values = rows[name.replace(" ", "_")]
        ax.scatter(values, y, s=28, color=colour, marker=marker, zorder=3, label=name)
    ax.set_yticks(y, labels.loc[rows["task"]], fontsize=7.5)
    ax.set_ylim(-1, len(rows))
    ax.set_xlim(-0.02, 1.02)
    ax.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.set_xlabel("top-1 error (dot: measured; bar: 90% interval)")
    ax.grid(axis="y", linewidth=0.3)
    return ax
