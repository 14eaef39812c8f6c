"""How does a trained grid look beside what is known of it? Panels that never fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle
from matplotlib.pyplot import get_cmap
from matplotlib.ticker import NullFormatter

from scaling.figures.style import INK, PLAIN, SHADE, Look, number_ticks

SOURCE_LOOKS: dict[str, Look] = {
    "flat": {"color": "#0072B2", "marker": "s"},
    "middle": {"color": "#D55E00", "marker": "^"},
    "steep": {"color": "#117733", "marker": "D"},
}
WIDTH_MARKERS = dict(zip((8, 12, 16, 24, 32), "osDpP", strict=True))


def _look_of(width: Any) -> Look:
    """Colour, marker and label of a width."""
    place = list(WIDTH_MARKERS).index(width) / (len(WIDTH_MARKERS) - 1)
    colour = to_hex(get_cmap("viridis")(0.85 * place))
    return {"color": colour, "marker": WIDTH_MARKERS[width], "label": f"width {width}"}


def draw_table(ax: Axes, table: np.ndarray, title: str) -> Axes:
    """Draw a corner of a table of probabilities: of the next symbol (across) after each (down)."""
    ax.imshow(np.log10(table), cmap="cividis", vmin=-6, vmax=0)
    ax.set(xlabel="next symbol", ylabel="symbol", title=title)
    ax.grid(visible=False)
    return ax


def draw_above_entropy(
    ax: Axes, runs: pd.DataFrame, truth: float, predict: Callable[[Any, Any], Any]
) -> Axes:
    """Draw how far losses are above the entropy, one line a size, and a law; both axes log.

    Parameters
    ----------
    runs : pandas.DataFrame
        Of one source: width, N, D, loss.
    truth : float
        Entropy of the source, nats.
    predict : callable
        Takes N and D, gives a loss.
    """
    for width, own in runs.groupby("width"):
        look = _look_of(width)
        D = np.geomspace(own["D"].min(), own["D"].max(), 60)
        curve = predict(np.full(60, own["N"].iloc[0]), D) - truth
        ax.plot(D, np.where(curve > 0, curve, np.nan), color=look["color"], linewidth=1)
        ax.scatter(own["D"], own["loss"] - truth, s=30, **look)
    ax.set(xscale="log", yscale="log", xlabel="D, training tokens")
    ax.yaxis.set_major_formatter(PLAIN)
    ax.yaxis.set_minor_formatter(NullFormatter())
    return ax


def draw_irreducible(ax: Axes, against: pd.DataFrame) -> Axes:
    """Draw fitted irreducible losses, their intervals and the best run about the truth.

    `against`: of `scaling.training.grid.truth.hold_against_truth`.
    """
    ax.axvline(0, color=INK, linewidth=1, label="the entropy")
    for place, row in enumerate(against.to_dict("records")):
        lo, hi = (100 * (row[end] / row["E_true"] - 1) for end in ("lo", "hi"))
        look = SOURCE_LOOKS[row["source"]]
        ax.plot([lo, hi], [place, place], color=look["color"], linewidth=2)
        ax.plot(100 * row["error"], place, markersize=8, linestyle="", **look)
        best = 100 * (row["best_run"] / row["E_true"] - 1)
        label = "best run" if place == 0 else None
        ax.plot(best, place, "|", color=INK, markersize=14, markeredgewidth=2, label=label)
    ax.set(yticks=range(len(against)), yticklabels=list(against["source"]))
    ax.set(xlabel="above the entropy, % of the entropy", ylim=(len(against) - 0.5, -0.5))
    return ax


def draw_residuals(ax: Axes, cells: pd.DataFrame, taken: Sequence[float]) -> Axes:
    """Draw a map of errors by size and multiplier; the columns that fit nothing are hatched.

    Parameters
    ----------
    cells : pandas.DataFrame
        Measured minus fitted loss in per cent of the loss, widths down, multipliers across.
    taken : sequence of float
        Multipliers whose runs fit the law.
    """
    ax.imshow(cells, cmap="RdBu_r", vmin=-2, vmax=2, aspect="auto")
    for (i, j), value in np.ndenumerate(cells.to_numpy()):
        ink = "white" if abs(value) > 1.4 else INK
        ax.text(j, i, f"{value:+.1f}", ha="center", va="center", fontsize=8, color=ink)
    for j, M in enumerate(map(float, cells.columns)):
        if M not in taken:
            hatched: Look = {"fill": False, "hatch": "//", "edgecolor": "#999999", "linewidth": 0}
            ax.add_patch(Rectangle((j - 0.5, -0.5), 1, len(cells), **hatched))
    ax.set(xticks=range(cells.shape[1]), xticklabels=[f"{M:g}" for M in cells.columns])
    ax.set(yticks=range(cells.shape[0]), yticklabels=list(cells.index))
    ax.set(xlabel="M, tokens per parameter", ylabel="width")
    ax.grid(visible=False)
    return ax


def draw_warmup_cost(ax: Axes, runs: pd.DataFrame) -> Axes:
    """Draw what a fixed warm-up costs against the share of the run that it takes.

    `runs`: width, share (warm-up steps over steps) and cost (loss over that of the same run with a
    short warm-up, minus 1, in per cent).
    """
    ax.axvspan(1, 1.2 * runs["share"].max(), color=SHADE, label="never ends")
    ax.axhline(0, color=INK, linewidth=0.8)
    for width, own in runs.groupby("width"):
        ax.plot(own["share"], own["cost"], linestyle="", **_look_of(width))
    ax.set(xscale="log", xlim=(0.8 * runs["share"].min(), 1.2 * runs["share"].max()))
    ax.set(xlabel="warm-up, share of the run", ylabel="loss added, %")
    number_ticks(ax.xaxis, [0.1, 0.2, 0.5, 1, 2])
    return ax


def draw_seeds(ax: Axes, runs: pd.DataFrame) -> Axes:
    """Draw how losses of equal runs scatter about their mean.

    `runs`: runs of several seeds: dataset, width, off (from the mean of its cell, in per cent).
    """
    for k, (source, own) in enumerate(runs.groupby("dataset")):
        places = own["width"].map({w: i for i, w in enumerate(WIDTH_MARKERS)}) + 0.2 * (k - 1)
        ax.plot(places, own["off"], linestyle="", label=source, **SOURCE_LOOKS[str(source)])
    ax.axhline(0, color=INK, linewidth=0.8)
    ax.set(xticks=range(len(WIDTH_MARKERS)), xticklabels=list(WIDTH_MARKERS), xlabel="width")
    ax.set(ylabel="loss minus the mean of its seeds, %")
    return ax


def draw_error_law(
    ax: Axes, runs: pd.DataFrame, task: str, row: Mapping[str, Any], predict: Callable[[Any], Any]
) -> Axes:
    """Draw a task's error above the best possible against the loss, and its law.

    Parameters
    ----------
    runs : pandas.DataFrame
        Of one source: loss and ``err_<task>``.
    task : str
        Name of the task.
    row : mapping
        A row of `scaling.training.grid.truth.hold_errors_against_truth`, with E_true joined.
    predict : callable
        Takes a loss, gives an error.
    """
    look = SOURCE_LOOKS[row["source"]] | {"label": row["source"]}
    above = np.linspace(0, runs["loss"].max() - row["E_true"], 100)
    law = 100 * (predict(row["E_true"] + above) - row["best"])
    ax.plot(above, law, color=look["color"], linewidth=1)
    points = 100 * (runs[f"err_{task}"] - row["best"])
    ax.plot(runs["loss"] - row["E_true"], points, linestyle="", markersize=5, **look)
    ax.set(xlabel="loss minus entropy, nats", ylabel="error minus the best, points")
    return ax


def draw_speed(ax: Axes, speed: pd.DataFrame) -> Axes:
    """Draw how many times faster than a plain loop each way to train is.

    `speed`: of one device, from ``data/results/training_speed.csv``: case, way, times_plain.
    """
    ways = list(dict.fromkeys(speed["way"]))
    for k, (case, own) in enumerate(speed.groupby("case", sort=False)):
        places = [ways.index(way) for way in own["way"]]
        ax.plot(own["times_plain"], places, "osD^vP"[k % 6], linestyle="", label=case)
    ax.axvline(1, color=INK, linewidth=0.8)
    ax.set(xscale="log", xlabel="tokens per second, times the plain loop")
    ax.set(yticks=range(len(ways)), yticklabels=ways, ylim=(len(ways) - 0.5, -0.5))
    number_ticks(ax.xaxis, [0.25, 0.5, 1, 1.5, 2, 3, 5])
    return ax
