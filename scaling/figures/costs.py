"""How do sizes, demands and bills look? Panels that take an axes, never fit, and print in grey."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from numpy.typing import NDArray

from scaling.figures.style import INK, Look, name_rows, number_ticks

Array = NDArray[np.float64]
# Colour, dash and marker: each alone tells the lines apart.
LINE_LOOKS: tuple[Look, ...] = (
    {"color": "#56B4E9", "linestyle": "-", "marker": "o"},
    {"color": "#0072B2", "linestyle": "--", "marker": "s"},
    {"color": "#222222", "linestyle": "-.", "marker": "^"},
)
PART_LOOKS: dict[str, Look] = {
    "training": {"color": "#222222"},
    "tokens in": {"color": "#9a9a9a"},
    "tokens out": {"color": "#e4e4e4", "hatch": "////"},
}
BACKING: Look = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}  # of a name on lines
BILLION = FuncFormatter(lambda value, _: f"{value / 1e9:g}B")


def _name_counts(ax: Axes) -> None:
    """Write parameters in billions at 1, 2 and 5 of each decade."""
    ax.xaxis.set_major_locator(LogLocator(10, subs=(1.0, 2.0, 5.0)))
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.xaxis.set_major_formatter(BILLION)


def draw_totals(ax: Axes, N: Array, totals: pd.DataFrame) -> Axes:
    """Draw the total FLOPs of one loss over the size, a line per demand, its least marked.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    N : ndarray of shape (n_sizes,)
        Parameters.
    totals : pandas.DataFrame of shape (n_sizes, n_demands)
        FLOPs, relative to the least of the demand; at most three columns, which name the demands.
    """
    for look, (name, total) in zip(LINE_LOOKS, totals.items(), strict=False):
        line = {key: look[key] for key in ("color", "linestyle")}
        ax.plot(N, total, linewidth=1.8, label=name, **line)
        least = int(np.argmin(total))
        ax.plot(N[least], total.iloc[least], look["marker"], color=look["color"], markersize=8)
    ax.set(xscale="log", yscale="log", xlabel="N, parameters")
    ax.set_ylabel("total FLOPs over the least")
    _name_counts(ax)
    number_ticks(ax.yaxis, [1, 1.5, 2, 3, 5])
    return ax


def draw_cost_map(
    ax: Axes,
    grid: tuple[Array, Array],
    loss: Array,
    total: Array,
    levels: tuple[list[float], list[float]],
) -> Axes:
    """Draw lines of equal loss and lines of equal total cost over sizes and tokens.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw; N across, D up.
    grid : tuple of ndarray
        N and D, each ascending.
    loss, total : ndarray of shape (len(D), len(N))
        Nats per token; FLOPs of training and serving.
    levels : tuple of list
        Of the losses, and of the totals.
    """
    N, D = grid
    ax.set(xscale="log", yscale="log", xlabel="N, parameters", ylabel="D, training tokens")
    ax.set(xlim=(N[0], N[-1]), ylim=(D[0], D[-1]))  # before the labels, which find room in these
    losses = ax.contour(N, D, loss, levels=levels[0], colors=INK, linewidths=1.4)
    dashed: Look = {"colors": "#777777", "linestyles": "dashed", "linewidths": 1.0}
    costs = ax.contour(N, D, total, levels=levels[1], **dashed)
    of_losses = _places(grid, -loss, levels[0], (0.94, 0.7, 0.2))
    of_costs = _places(grid, total, levels[1], (0.3,))
    at: Look = {"inline": False, "fontsize": 9.5}
    names = [
        *ax.clabel(losses, fmt="%.1f", manual=of_losses, **at),
        *ax.clabel(costs, fmt=_power, manual=of_costs, colors="#555555", **at),
    ]
    for name in names:
        name.set(rotation=0, bbox=BACKING)
    ax.plot([], [], color=INK, linewidth=1.4, label="equal loss, nats/token")
    ax.plot([], [], color="#777777", linestyle="--", linewidth=1.0, label="equal total FLOPs")
    _name_counts(ax)
    return ax


def _power(value: float) -> str:
    return f"{value:.0e}".replace("e+", "e")


def _places(
    grid: tuple[Array, Array], rising: Array, levels: list[float], heights: tuple[float, ...]
) -> list[tuple[float, float]]:
    """Where lines of these levels first cross one of these heights, for their labels."""
    N, D = grid
    places = []
    for level in np.array(levels) * np.sign(rising[0, 0]):
        rows = [int(height * len(D)) for height in heights]
        crossed = [row for row in rows if rising[row, 0] < level < rising[row, -1]]
        places += [(float(np.interp(level, rising[row], N)), float(D[row])) for row in crossed[:1]]
    return places


def draw_paths(ax: Axes, paths: dict[str, tuple[Array, Array]], multipliers: list[float]) -> Axes:
    """Add to a map the cheapest sizes for each demand, and rays of tokens per parameter.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        From `draw_cost_map`.
    paths : dict of tuple
        N and D of the cheapest models of a row of losses, by demand.
    multipliers : list of float
        M of the rays.
    """
    for look, (name, (N, D)) in zip(LINE_LOOKS, paths.items(), strict=False):
        line: Look = {"linewidth": 2.6, "markersize": 7, "markevery": 4, "label": name}
        ax.plot(N, D, **look | line)
    beside: Look = {"fontsize": 9.5, "ha": "right", "va": "top", "bbox": BACKING}
    ends, limits = np.array(ax.get_xlim()), ax.get_ylim()
    for M in multipliers:
        ax.plot(ends, M * ends, color=INK, linestyle=":", linewidth=1.2)
        top = min(limits[1] / M, ends[1]) * 0.93
        ax.annotate(f"M = {M:g}", (top, M * top), **beside)
    ax.set(xlim=ends, ylim=limits)
    return ax


def draw_split(ax: Axes, bills: pd.DataFrame, unit: float, label: str) -> Axes:
    """Draw what training and serving cost, a stacked bar per model.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw; money across.
    bills : pandas.DataFrame
        A row per model, which its index names; columns of `PART_LOOKS`.
    unit : float
        What a tick of one is worth.
    label : str
        Of the axis.
    """
    heights, left = name_rows(ax, bills.index), np.zeros(len(bills))
    for part, look in PART_LOOKS.items():
        width = bills[part].to_numpy(float) / unit
        ax.barh(heights, width, left=left, height=0.62, edgecolor=INK, label=part, **look)
        left += width
    for height, total in zip(heights, left, strict=True):
        ax.annotate(
            f"{total:.3g}", (total, height), (4, 0), textcoords="offset points", va="center"
        )
    ax.set_xlabel(label)
    ax.set_xlim(0, 1.1 * left.max())
    ax.grid(axis="y", visible=False)
    return ax


def draw_over_training(ax: Axes, M: Array, costs: dict[str, tuple[Array, Look]]) -> Axes:
    """Draw how much compute over-training takes at equal loss, relative to the usual M.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    M : ndarray of shape (n_multipliers,)
        Tokens per parameter.
    costs : dict of tuple
        Training compute relative to that of the usual M, and the look of its line, by name.
    """
    for name, (cost, look) in costs.items():
        style: Look = {"label": name} | look
        ax.plot(M, cost, **style)
    ax.set(xscale="log", xlabel="M, tokens per parameter", ylim=(0, None))
    ax.set_ylabel("training compute over that at 20")
    number_ticks(ax.xaxis, [20, 40, 80, 160, 320, 640])
    return ax
