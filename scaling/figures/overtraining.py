"""How does over-training look? One small function per panel: takes an axes, returns it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, MultipleLocator, NullLocator, PercentFormatter
from numpy.typing import ArrayLike

from scaling.figures.style import (
    INK,
    PLAIN,
    SHADE,
    SHADE_EDGE,
    SIZE_MARKERS,
    Look,
    key_of_multipliers,
    key_of_sizes,
    look_of,
    multiplier_axis,
    scatter_runs,
    shade_of,
)
from scaling.testbed.labels import LOSS_COLUMN

# Sizes from light to dark, beside their markers.
SIZE_GREYS = ("#b5b5b5", "#8a8a8a", "#5c5c5c", "#111111", "#111111", "#111111")


def draw_rays(ax: Axes, runs: pd.DataFrame, slopes: pd.DataFrame) -> Axes:
    """Draw the reducible loss over compute and, through the runs of each M, a line of its slope.

    Parameters
    ----------
    runs : pandas.DataFrame
        Runs of one training set, with C, M, size and the loss on C4 eval.
    slopes : pandas.DataFrame
        Columns M, E (nats per token, the same in all rows) and slope.
    """
    reducible = runs.assign(reducible=runs[LOSS_COLUMN] - slopes["E"].iloc[0])
    slope_of = slopes.set_index("M")["slope"]
    for M, ray in reducible.groupby("M"):
        x, y = np.log(ray["C"]), np.log(ray["reducible"])
        ends = np.array([x.min(), x.max()])
        line = np.exp(y.mean() - slope_of[M] * (ends - x.mean()))
        ax.plot(np.exp(ends), line, color=shade_of(M), linewidth=1.2)
    scatter_runs(ax, reducible, "C", "reducible", zorder=3)
    ax.set(xscale="log", yscale="log", xlabel="C = 6ND, training compute, FLOPs")
    ax.set_ylabel("L − E, reducible loss, nats/token")
    ax.yaxis.set_major_locator(LogLocator(subs=(1.0, 1.5, 2.0, 3.0, 4.0)))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_formatter(PLAIN)
    key_of_sizes(ax, runs, loc="lower left")
    key_of_multipliers(ax, loc="upper right", ncols=2)
    return ax


def draw_slopes(
    ax: Axes, slopes: pd.DataFrame, dataset: str, printed: tuple[float, float], refit: bool = False
) -> Axes:
    """Draw the slope of each line of equal M with its bootstrap bands.

    Parameters
    ----------
    slopes : pandas.DataFrame
        Columns M, slope, lo, hi, lo_refit, hi_refit, as `scaling.studies.loss.slopes.make_slopes`
        gives them.
    dataset : str
        Training set, for its colour and marker.
    printed : tuple of float
        Range that the paper shows.
    refit : bool
        Whether to draw the band that refits E.
    """
    look, M = look_of(dataset), slopes["M"]
    shade: Look = {"facecolor": SHADE, "edgecolor": SHADE_EDGE, "label": "range in the paper"}
    ax.axhspan(*printed, zorder=0, **shade)
    if refit:
        band: Look = {"color": look["color"], "alpha": 0.18, "linewidth": 0}
        ax.fill_between(M, slopes["lo_refit"], slopes["hi_refit"], label="95%, E refitted", **band)
    reach = [slopes["slope"] - slopes["lo"], slopes["hi"] - slopes["slope"]]
    look["label"] = "slope, 95% with E fixed"
    ax.errorbar(M, slopes["slope"], reach, linewidth=1, capsize=3, **look)
    multiplier_axis(ax)
    ax.set_ylabel("slope of log(L − E)")
    return ax


def draw_residuals(ax: Axes, residuals: pd.DataFrame) -> Axes:
    """Draw the signed error of a fit over M, one line per size; runs outside the fit are hollow.

    `residuals`: columns size, M, relative_error (a fraction) and in_fit.
    """
    for (size, marker), grey in zip(SIZE_MARKERS.items(), SIZE_GREYS, strict=True):
        runs = residuals[residuals["size"] == size].sort_values("M")
        x, y = runs["M"], runs["relative_error"]
        ax.plot(x, y, color=grey, linewidth=1.1)
        faces = np.where(runs["in_fit"], grey, "white")
        ax.scatter(x, y, marker=marker, s=38, c=faces, edgecolors=grey, zorder=3)
    ax.axhline(0, color=INK, linewidth=0.8)
    multiplier_axis(ax)
    ax.set_ylabel("predicted minus measured, %")
    ax.yaxis.set_major_locator(MultipleLocator(0.05))
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=""))
    key_of_sizes(ax, residuals, loc="lower right", ncols=3)
    hollow: Look = {"markerfacecolor": "white", "color": "#666666", "linestyle": ""}
    ax.plot([], [], marker="o", label="hollow: not fitted", **hollow)
    ax.legend(loc="lower center", fontsize=8, handletextpad=0.3)
    return ax


def draw_miss_over_warmup(ax: Axes, runs: pd.DataFrame) -> Axes:
    """Draw the error of each run over the share of its steps that the warm-up takes.

    `runs`: columns size, M, warmup_share and miss (predicted minus measured, nats per token).
    """
    scatter_runs(ax, runs, "warmup_share", "miss", zorder=3)
    _share_axis(ax)
    ax.set_ylabel("predicted minus measured, nats/token")
    key_of_sizes(ax, runs, loc="lower left")
    key_of_multipliers(ax, loc="lower left", bbox_to_anchor=(0.3, 0.0))
    return ax


def draw_pairs(ax: Axes, pairs: pd.DataFrame, label: str) -> Axes:
    """Draw paired differences of loss over the share of the longer warm-up.

    `pairs`: columns share and difference, as `scaling.studies.loss.warmup.pair_warmups` gives them.
    """
    ax.scatter(pairs["share"], pairs["difference"], s=22, color=INK, alpha=0.6, label=label)
    _share_axis(ax)
    ax.set_ylabel("shorter − longer warm-up, nats/token")
    ax.legend(loc="lower left")
    return ax


def _share_axis(ax: Axes) -> None:
    ax.axhline(0, color=INK, linewidth=0.8)
    ax.axvline(1, color=INK, linewidth=0.9, linestyle="--", label="run ends with its warm-up")
    ax.set_xlabel("warm-up ÷ steps")


def draw_penalty(ax: Axes, M: ArrayLike, penalties: ArrayLike, label: str, colour: str) -> Axes:
    """Draw the median and the central 95% of a batch of penalty curves.

    `penalties`: loss above the loss at a common multiplier, nats per token, of shape (n_fits, n_M).
    """
    lo, middle, hi = np.quantile(np.asarray(penalties), [0.025, 0.5, 0.975], axis=0)
    ax.fill_between(M, lo, hi, color=colour, alpha=0.2, linewidth=0, label=f"95% of {label}")
    ax.plot(M, middle, color=colour, linewidth=1.4, label=f"median of {label}")
    ax.axhline(0, color=INK, linewidth=0.8)
    multiplier_axis(ax)
    ax.set_ylabel("loss above that at M = 20, nats/token")
    return ax


def draw_M_opt(ax: Axes, optima: dict[str, ArrayLike]) -> Axes:
    """Draw how many fits put the best multiplier below each value, one step line per training set.

    `optima`: best multipliers M* of many fits, by training set.
    """
    for dataset, values in optima.items():
        look = look_of(dataset)
        ax.ecdf(np.asarray(values), color=look["color"], label=look["label"])
    ax.set(xscale="log", xlabel="M*, best multiplier, tokens per parameter")
    ax.set_ylabel("share of designs below")
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    ax.xaxis.set_major_formatter(PLAIN)
    ax.legend(loc="upper left")
    return ax
