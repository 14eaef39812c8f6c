"""How does a law look? One small function per panel: takes an axes, returns it, never fits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter
from numpy.typing import ArrayLike, NDArray

from scaling.figures.style import (
    INK,
    Look,
    key_of_multipliers,
    key_of_sizes,
    name_rows,
    ring_runs,
    scatter_runs,
    shade_of,
    shade_range,
)
from scaling.laws.law import ErrorLaw, LossLaw
from scaling.testbed.labels import ERROR_COLUMN, LOSS_COLUMN

Array = NDArray[np.float64]


def draw_loss_against_compute(
    ax: Axes,
    table: pd.DataFrame,
    law: LossLaw,
    fit_runs: pd.DataFrame,
    targets: pd.DataFrame,
    bet: Callable[[Array, Array], tuple[Array, Array]] | None = None,
) -> Axes:
    """Draw measured losses over training compute and the law along lines of equal multiplier.

    The law is solid inside the compute of the runs that fit it and dashed beyond; that range is
    shaded. Each target says by how much the law is off, and lies in the band of the bet.

    Parameters
    ----------
    table : pandas.DataFrame
        Run table of one training set.
    law : LossLaw
        Fitted law.
    fit_runs, targets : pandas.DataFrame
        Rows that fit the law (ringed), and rows it is judged on.
    bet : callable, optional
        Ends of the 90 % intervals at arrays of N and D.
    """
    lo, hi = shade_range(ax, fit_runs["C"], "compute of the fit runs")
    if bet is not None:
        _draw_bands(ax, bet, targets, hi)
    for M in np.unique(table["M"]):
        measured = table["C"][table["M"] == M]
        ends = measured.min() / 1.3, measured.max() * 1.3
        for first, last, style in _pieces(*ends, lo, hi):
            C = np.geomspace(first, last, 60)
            N = np.sqrt(C / (6.0 * M))
            ax.plot(C, law.predict(N, M * N), style, color=shade_of(M), linewidth=1.2)
    scatter_runs(ax, table, "C", LOSS_COLUMN, zorder=3)
    ring_runs(ax, fit_runs["C"], fit_runs[LOSS_COLUMN], "fits the law")
    predicted = law.predict(targets["N"], targets["D"])
    _annotate_misses(ax, targets, ("C", LOSS_COLUMN), predicted, ((-10, 48), (-38, -14)))
    ax.set_ylim(bottom=table[LOSS_COLUMN].min() - 0.55)
    ax.plot([], [], "-", color=INK, linewidth=1.2, label="law, inside that range")
    ax.plot([], [], "--", color=INK, linewidth=1.2, label="law, extrapolated")
    ax.set(xscale="log", xlabel="C = 6ND, training compute, FLOPs", ylabel="L, loss, nats/token")
    ax.legend(loc="upper right")
    key_of_sizes(ax, table, loc="lower left")
    key_of_multipliers(ax, loc="lower left", bbox_to_anchor=(0.15, 0.0))
    return ax


def _draw_bands(
    ax: Axes,
    bet: Callable[[Array, Array], tuple[Array, Array]],
    targets: pd.DataFrame,
    start: float,
) -> None:
    """Draw the bet from the end of the fitted range to each target and a little farther."""
    for M, C_target in zip(targets["M"], targets["C"], strict=True):
        C = np.geomspace(start, 1.6 * C_target, 40)
        N = np.sqrt(C / (6.0 * M))
        ax.fill_between(C, *bet(N, M * N), color=shade_of(M), alpha=0.25, linewidth=0, zorder=1)
    ax.fill_between([], [], [], color=INK, alpha=0.25, linewidth=0, label="90 % interval to bet on")


def _pieces(start: float, end: float, lo: float, hi: float) -> list[tuple[float, float, str]]:
    """Cut a range into what is inside the fitted one, solid, and what is outside, dashed."""
    cuts = [(start, min(end, lo), "--"), (max(start, lo), min(end, hi), "-")]
    cuts.append((max(start, hi), end, "--"))
    return [piece for piece in cuts if piece[0] < piece[1]]


def _annotate_misses(
    ax: Axes,
    targets: pd.DataFrame,
    columns: tuple[str, str],
    predicted: ArrayLike,
    offsets: tuple[tuple[int, int], ...],
) -> None:
    """Say beside each target by how many per cent the prediction is off."""
    style: Look = {"textcoords": "offset points", "va": "center", "fontsize": 8.5}
    style["arrowprops"] = {"arrowstyle": "-", "color": INK, "linewidth": 0.7}
    rows = zip(targets.to_dict("records"), np.asarray(predicted), offsets, strict=True)
    for run, value, offset in rows:
        x, y = (run[column] for column in columns)
        text = f"{run['size']}, M = {run['M']:g}\n{100 * (value - y) / y:+.2g}%"
        side = "right" if offset[0] < 0 else "left"
        ax.annotate(text, (x, y), xytext=offset, ha=side, **style)


def draw_error_against_loss(
    ax: Axes,
    table: pd.DataFrame,
    law: ErrorLaw,
    fit_runs: pd.DataFrame,
    targets: pd.DataFrame | None = None,
    predicted: ArrayLike | None = None,
    columns: tuple[str, str] = (LOSS_COLUMN, ERROR_COLUMN),
    bet: Callable[[Array], tuple[Array, Array]] | None = None,
) -> Axes:
    """Draw measured errors over measured losses, and the error law.

    Parameters
    ----------
    table : pandas.DataFrame
        Run table of one training set.
    law : ErrorLaw
        Fitted law.
    fit_runs, targets : pandas.DataFrame
        Rows that fit the law (ringed), and rows it is judged on.
    predicted : array_like of shape (n_targets,)
        Errors that loss law and error law predict for the targets, fractions.
    columns : tuple of str
        Columns that hold the loss and the error.
    bet : callable, optional
        Ends of the 90 % intervals at an array of losses, drawn below those of the fit runs.
    """
    x, y = columns
    lo, hi = shade_range(ax, fit_runs[x], "losses of the fit runs")
    if bet is not None:
        L = np.linspace(table[x].min() - 0.05, lo, 60)
        band: Look = {"color": INK, "alpha": 0.15, "linewidth": 0, "zorder": 1}
        ax.fill_between(L, *bet(L), label="90 % interval, loss known", **band)
    for first, last, style in _pieces(table[x].min() - 0.05, table[x].max(), lo, hi):
        L = np.linspace(first, last, 120)
        ax.plot(L, law.predict(L), style, color=INK, linewidth=1.3)
    ax.plot([], [], "-", color=INK, linewidth=1.3, label="error law, inside that range")
    ax.plot([], [], "--", color=INK, linewidth=1.3, label="extrapolated")
    scatter_runs(ax, table, x, y, zorder=3)
    ring_runs(ax, fit_runs[x], fit_runs[y], "fits the law")
    if targets is not None and predicted is not None:
        _annotate_misses(ax, targets, columns, predicted, ((40, 16), (40, -18)))
        ax.set_ylim(bottom=table[y].min() - 0.05)
    ax.set(xlabel="L, loss, nats/token", ylabel="Err, mean top-1 error")
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    ax.legend(loc="lower right")
    return ax


def draw_profile(
    ax: Axes, exponent: ArrayLike, cost: ArrayLike, best: float, label: str, colour: str
) -> Axes:
    """Draw the least residual that each exponent can reach, over the exponent.

    Parameters
    ----------
    exponent, cost : array_like of shape (n_points,)
        Exponent eta, and the residual sum of squares there, nats^2.
    best : float
        Exponent of least residual.
    label, colour : str
        Name in the legend and colour of the line.
    """
    ax.plot(exponent, cost, color=colour, label=label)
    ax.axvline(best, color=colour, linewidth=0.8, linestyle=":")
    ax.set(xscale="log", yscale="log")
    ax.set(xlabel=r"$\eta$, exponent of compute", ylabel="least SSR, nats²")
    return ax


def draw_miss_map(
    ax: Axes,
    misses: pd.DataFrame,
    used: pd.DataFrame,
    limit: float = 5.0,
    decimals: int = 1,
) -> Axes:
    """Draw by how many per cent the law is off at each run; a star marks the runs that fit it.

    Parameters
    ----------
    misses : pandas.DataFrame
        Signed relative errors, fractions; sizes down, multipliers across.
    used : pandas.DataFrame of bool
        Which of them fit the law.
    limit : float
        Per cents at which the colours end.
    decimals : int
        Decimals of the per cents written into the cells.
    """
    text = (100 * misses).map(lambda v: "" if np.isnan(v) else f"{v:+.{decimals}f}")
    text = text + used.map(lambda fits: "*" if fits else "")
    colour_cells(ax, 100 * misses, text, limit, 8.5)
    ax.set(xlabel="M, tokens per parameter", ylabel="N, parameters")
    ax.tick_params(axis="y", rotation=0)
    return ax


def colour_cells(
    ax: Axes, cells: pd.DataFrame, text: pd.DataFrame, limit: float, fontsize: float
) -> None:
    """Colour a table of errors in per cent, red where too much is predicted, and write on it."""
    ends: Look = {"center": 0, "vmin": -limit, "vmax": limit}
    bar = {"label": "predicted minus measured, %", "extend": "both"}
    look: Look = {"fmt": "", "annot_kws": {"fontsize": fontsize}, "linewidths": 1, "cbar_kws": bar}
    sns.heatmap(cells, ax=ax, annot=text, cmap="RdBu_r", **ends, **look)


def draw_legs(ax: Axes, legs: pd.DataFrame) -> Axes:
    """Draw how the errors of loss law and error law add up, one row per prediction.

    `legs`: columns label, error_law and loss_law (shares of the measured error that each leg adds
    to the prediction, fractions), chain (their sum).
    """
    y = name_rows(ax, legs["label"])
    ax.use_sticky_edges = False  # or a bar that begins farthest out would end on the frame
    first: Look = {"color": "#0072B2", "label": "error law, given the measured loss"}
    then: Look = {"color": "#D55E00", "label": "loss law, its error carried on"}
    ax.barh(y + 0.16, legs["error_law"], height=0.26, **first)
    ax.barh(y - 0.16, legs["loss_law"], left=legs["error_law"], height=0.26, **then)
    ax.scatter(legs["chain"], y, marker="D", color=INK, zorder=3, label="both laws")
    ax.axvline(0, color=INK, linewidth=0.8)
    ax.set(xlabel="predicted minus measured error, share of the measured error")
    ax.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=3)
    return ax
