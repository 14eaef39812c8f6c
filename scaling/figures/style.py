"""What does a training set, a size, a multiplier look like? Decided once, for every chapter.

A training set has a colour and a marker, a size has a marker, a multiplier has a shade.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, to_hex
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike

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


def scatter_runs(ax: Axes, runs: pd.DataFrame, x: str, y: str, **style: Any) -> None:
    """Plot runs with the marker of their size and the shade of their multiplier."""
    for (size, M), group in runs.groupby(["size", "M"], sort=False):
        marker = SIZE_MARKERS.get(str(size), "o")
        area = 110 if marker == "*" else 42
        ax.scatter(group[x], group[y], marker=marker, s=area, **{"c": shade_of(M)} | style)


def ring_runs(ax: Axes, x: ArrayLike, y: ArrayLike, label: str) -> None:
    """Put a ring around the runs that fit a law."""
    ax.scatter(x, y, s=130, facecolors="none", edgecolors=INK, linewidths=1.4, label=label)


def _key(ax: Axes, title: str, entries: dict[str, dict[str, Any]], **place: Any) -> None:
    """Add one more legend: marker and colour of each entry."""
    handles = [
        Line2D([], [], **{"linestyle": "", "marker": "o", "color": "#666666"} | style)
        for style in entries.values()
    ]
    style = {"fontsize": 8, "title_fontsize": 8.5, "handletextpad": 0.3, "labelspacing": 0.25}
    ax.add_artist(Legend(ax, handles, list(entries), title=title, **style | place))


def key_of_sizes(ax: Axes, table: pd.DataFrame, **place: Any) -> None:
    """Say which marker is which size."""
    sizes = {size: {"marker": SIZE_MARKERS[size]} for size in table["size"].unique()}
    _key(ax, "N", sizes, **place)


def key_of_multipliers(ax: Axes, **place: Any) -> None:
    """Say which shade is which multiplier."""
    _key(ax, "M = D/N", {str(M): {"color": shade_of(M)} for M in MULTIPLIERS}, **place)
