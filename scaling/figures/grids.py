"""How do other groups' grids look? Panels of chapter 08: each takes an axes and never fits."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.ticker import NullFormatter
from numpy.typing import ArrayLike

from scaling.figures.predictors import PREDICTOR_STYLE
from scaling.figures.style import GRID_COLOURS, GRID_MARKERS, INK, PLAIN, Look, name_rows

STYLE_OF: dict[str, Look] = {
    **PREDICTOR_STYLE,
    "free": {"marker": "P", "color": "#AA4499"},
    "no E": {"marker": "x", "color": "#999933"},
}
OTHER = "#c4c4c4"


def draw_design(
    ax: Axes, runs: pd.DataFrame, fitted: ArrayLike, judged: ArrayLike, grid: str
) -> Axes:
    """Draw where the runs of a grid lie, and which of them are fitted and judged.

    Parameters
    ----------
    runs : pandas.DataFrame
        N and D.
    fitted, judged : array_like of bool, shape (n_runs,)
        Which runs fit the law (filled) and which it is judged on (hollow); the others are grey.
    grid : str
        Name of the grid, for its colour and marker; the testbed has ink and dots.
    """
    fitted, judged = np.asarray(fitted, dtype=bool), np.asarray(judged, dtype=bool)
    colour, marker = GRID_COLOURS.get(grid, INK), GRID_MARKERS.get(grid, "o")
    for rows, face, edge in (
        (~fitted & ~judged, OTHER, "none"),
        (judged, "none", colour),
        (fitted, colour, "none"),
    ):
        here = runs[rows]
        ax.scatter(here["N"], here["D"], s=16, marker=marker, facecolors=face, edgecolors=edge)
    ax.set(xscale="log", yscale="log", xlabel="N, parameters", ylabel="D, tokens")
    return ax


def draw_rays(ax: Axes, multipliers: ArrayLike) -> Axes:
    """Draw lines of equal tokens per parameter across the panel, and say at their ends which."""
    limits = ax.get_xlim(), ax.get_ylim()
    N = np.array(limits[0])
    for M in np.ravel(multipliers):
        ax.plot(N, M * N, color="#999999", linewidth=0.7, zorder=0)
        at_top = M * N[1] > limits[1][1]
        x, y = (limits[1][1] / M, limits[1][1]) if at_top else (N[1], M * N[1])
        place: Look = {"ha": "right", "va": "top" if at_top else "bottom"}
        frame = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.5}
        ax.text(x, y, f"M = {M:g}", fontsize=8, color="#777777", bbox=frame, **place)
    ax.set(xlim=limits[0], ylim=limits[1])
    return ax


def draw_misses(ax: Axes, misses: pd.DataFrame, rows: list[str], candidates: list[str]) -> Axes:
    """Draw the signed error at each judged run, a band per row and a line in it per candidate.

    Parameters
    ----------
    misses : pandas.DataFrame
        candidate, row and relative_error (a fraction).
    rows, candidates : list of str
        What to draw, from the top.
    """
    heights = pd.Series(name_rows(ax, rows), rows)
    shifts = np.linspace(0.27, -0.27, len(candidates))
    for shift, candidate in zip(shifts, candidates, strict=True):
        own = misses[misses["candidate"] == candidate]
        look = STYLE_OF[candidate] | {"s": 22, "alpha": 0.6, "linewidths": 1, "label": candidate}
        ax.scatter(100 * own["relative_error"], heights[own["row"]] + shift, **look)
    ax.axvline(0, color=INK, linewidth=0.8)
    for edge in np.arange(len(rows) - 1) + 0.5:
        ax.axhline(edge, color="#dddddd", linewidth=0.7)
    ax.grid(axis="y", visible=False)
    ax.set_xlabel("predicted minus measured, % of the measured loss")
    return ax


def draw_residuals(
    ax: Axes, M: ArrayLike, residuals: ArrayLike, grid: str, filled: bool, label: str
) -> Axes:
    """Draw what a fit to all runs leaves, over tokens per parameter.

    Parameters
    ----------
    M, residuals : array_like of shape (n_runs,)
        Tokens per parameter, and relative residuals, fitted minus measured, fractions.
    grid : str
        Name of the grid.
    filled : bool
        Filled or hollow marks: two series of a grid share a panel.
    label : str
        Name of the series.
    """
    colour = GRID_COLOURS[grid]
    look: Look = {"marker": GRID_MARKERS[grid], "edgecolors": colour, "label": label}
    faces = colour if filled else "none"
    ax.scatter(M, 100 * np.asarray(residuals), s=22, facecolors=faces, **look)
    ax.axhline(0, color=INK, linewidth=0.8)
    ax.set(xscale="log", xlabel="M, tokens per parameter", ylabel="fitted minus measured, %")
    return ax


def draw_shapes(ax: Axes, shapes: pd.DataFrame, named: list[str]) -> Axes:
    """Draw the mean residual of each shape over its width per layer, in both counts.

    Parameters
    ----------
    shapes : pandas.DataFrame
        One row per shape, named by its index: aspect (width over layers), and the mean relative
        residuals, fitted minus measured, under ``N`` and ``N_body``, fractions.
    named : list of str
        Shapes to name.
    """
    x, N, N_body = shapes["aspect"], 100 * shapes["N"], 100 * shapes["N_body"]
    colour, marker = GRID_COLOURS["gemstones"], GRID_MARKERS["gemstones"]
    ax.scatter(x, N, color=INK, marker="o", label="law in N")
    ax.scatter(x, N_body, color=colour, marker=marker, label="law in N_body")
    ax.vlines(x, N, N_body, color=OTHER, linewidth=0.8)
    place: Look = {"textcoords": "offset points", "ha": "center", "fontsize": 8}
    for name in named:
        ax.annotate(name, (x[name], min(N[name], N_body[name])), xytext=(0, -13), **place)
    ax.axhline(0, color=INK, linewidth=0.8)
    ax.set(xscale="log", xlabel="width per layer", ylabel="mean of fitted minus measured, %")
    ax.margins(y=0.12)
    ax.xaxis.set_major_formatter(PLAIN)
    ax.xaxis.set_minor_formatter(NullFormatter())
    return ax


def draw_repeats(
    ax: Axes, epochs: ArrayLike, ratio: ArrayLike, fresh: ArrayLike, bar: bool = True
) -> Axes:
    """Draw the loss of runs on repeated data, as a ratio, over the number of epochs.

    Parameters
    ----------
    epochs, ratio : array_like of shape (n_runs,)
        Epochs, and the measured loss over what it is held against (a cost: above 1 more was
        measured).
    fresh : array_like of shape (n_runs,)
        Different tokens per parameter, the shade of a mark.
    bar : bool
        Whether to draw the colour bar.
    """
    shade: Look = {"c": fresh, "norm": LogNorm(0.03, 30), "cmap": "viridis"}
    look: Look = {"marker": GRID_MARKERS["datablations"], "edgecolors": INK}
    marks = ax.scatter(epochs, ratio, s=26, linewidths=0.3, **shade, **look)
    ax.axhline(1, color=INK, linewidth=0.8)
    ax.set(xscale="log", yscale="log", xlabel="epochs")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(PLAIN)
        axis.set_minor_formatter(NullFormatter())
    ax.set_yticks([1, 1.1, 1.25, 1.5, 2, 3, 4])
    if bar:
        ax.figure.colorbar(marks, ax=ax, label="different tokens per parameter", format="%g")
    return ax
