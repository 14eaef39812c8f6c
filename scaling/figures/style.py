"""What does a training set, a size, a multiplier look like? Decided once, for every chapter.

A training set has a colour and a marker, a size has a marker, a multiplier has a shade.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import LogNorm, to_hex
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator
from numpy.typing import ArrayLike, NDArray

Look = dict[str, Any]  # of marks, lines or bars: keywords of matplotlib

STYLE = Path(__file__).with_name("reliable.mplstyle")
DATASET_LABELS = {"c4": "C4", "redpajama": "RedPajama", "refinedweb": "RefinedWeb"}
DATASET_COLOURS = {"c4": "#0072B2", "redpajama": "#D55E00", "refinedweb": "#117733"}
DATASET_MARKERS = {"c4": "s", "redpajama": "^", "refinedweb": "D"}
GRID_COLOURS = {
    "olmo_ladder": "#CC79A7",
    "gemstones": "#56B4E9",
    "porian": "#E69F00",
    "datablations": "#332288",
}
GRID_MARKERS = {"olmo_ladder": "v", "gemstones": "X", "porian": "<", "datablations": "h"}
SIZE_MARKERS = {
    "0.011B": "o",
    "0.079B": "s",
    "0.154B": "D",
    "0.411B": "p",
    "1.4B": "P",
    "6.9B": "*",
}
MULTIPLIERS = (5, 10, 20, 40, 80, 160, 320, 640)
INK = "#222222"
SHADE = "#f1ede3"
SHADE_EDGE = "#b8ad92"
PLAIN = FuncFormatter(lambda value, _: f"{value:g}")
PERCENT = FuncFormatter(lambda value, _: f"{100 * value:g}%")  # of a fraction


def use_style() -> None:
    """Give figures, tables and numbers the look of the book; figures in Jupyter as vectors."""
    plt.style.use(STYLE)
    pd.set_option("display.float_format", "{:.4g}".format, "display.max_colwidth", None)
    try:
        from IPython import get_ipython
        from matplotlib_inline.backend_inline import set_matplotlib_formats
    except ImportError:  # no Jupyter here
        return
    set_matplotlib_formats("svg", metadata={"Date": None})  # type: ignore[no-untyped-call]
    if (shell := get_ipython()) is not None:
        shell.run_line_magic("precision", "%.6g")


def shade_of(M: Any) -> Any:
    """Colour of a multiplier, from dark (few tokens per parameter) to light (many)."""
    return to_hex(plt.get_cmap("viridis")(0.92 * LogNorm(5, 640)(float(M))))


def look_of(dataset: Any) -> Look:
    """Colour, marker and label of a training set."""
    looks = {"color": DATASET_COLOURS, "marker": DATASET_MARKERS, "label": DATASET_LABELS}
    return {name: values[str(dataset)] for name, values in looks.items()}


def scatter_runs(ax: Axes, runs: pd.DataFrame, x: str, y: str, **style: Any) -> None:
    """Plot runs with the marker of their size and the shade of their multiplier."""
    for (size, M), group in runs.groupby(["size", "M"], sort=False):
        marker = SIZE_MARKERS.get(str(size), "o")
        area = 110 if marker == "*" else 42
        ax.scatter(group[x], group[y], marker=marker, s=area, **{"c": shade_of(M)} | style)


def ring_runs(ax: Axes, x: ArrayLike, y: ArrayLike, label: str) -> None:
    """Put a ring around the runs that fit a law."""
    ax.scatter(x, y, s=130, facecolors="none", edgecolors=INK, linewidths=1.4, label=label)


def shade_range(ax: Axes, values: pd.Series, label: str) -> tuple[float, float]:
    """Shade the range across of the runs that fit a law, and return its ends."""
    lo, hi = values.min(), values.max()
    ax.axvspan(lo, hi, facecolor=SHADE, edgecolor=SHADE_EDGE, zorder=0, label=label)
    return lo, hi


def name_rows(ax: Axes, labels: Any) -> NDArray[np.intp]:
    """Name rows from the top to the bottom, and return their heights."""
    y = np.arange(len(labels))[::-1]
    ax.set_yticks(y, labels)
    return y


def number_ticks(axis: Axis, ticks: Sequence[float]) -> None:
    """Put plain numbers at these places of a logarithmic axis, and nothing elsewhere."""
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(PLAIN)


def multiplier_axis(ax: Axes) -> None:
    """Multipliers of the testbed across, on a logarithmic axis."""
    ax.set(xscale="log", xlabel="M, tokens per parameter")
    ax.set_xticks(MULTIPLIERS, [str(M) for M in MULTIPLIERS])
    ax.xaxis.set_minor_locator(NullLocator())


def _key(ax: Axes, title: str, entries: dict[str, Look], **place: Any) -> None:
    """Add one more legend: marker and colour of each entry."""
    plain: Look = {"linestyle": "", "marker": "o", "color": "#666666"}
    handles = [Line2D([], [], **plain | look) for look in entries.values()]
    style = {"fontsize": 8, "title_fontsize": 8.5, "handletextpad": 0.3, "labelspacing": 0.25}
    ax.add_artist(Legend(ax, handles, list(entries), title=title, **style | place))


def key_of_sizes(ax: Axes, table: pd.DataFrame, **place: Any) -> None:
    """Say which marker is which size."""
    sizes = {size: {"marker": SIZE_MARKERS[size]} for size in table["size"].unique()}
    _key(ax, "N", sizes, **place)


def key_of_multipliers(ax: Axes, **place: Any) -> None:
    """Say which shade is which multiplier."""
    _key(ax, "M = D/N", {str(M): {"color": shade_of(M)} for M in MULTIPLIERS}, **place)
