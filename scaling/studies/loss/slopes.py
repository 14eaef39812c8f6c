"""How steep is a line of equal M, and are all as steep? Slopes, their bands, and a test.

The law says ``L - E = (a M^eta + b M^-eta) C^-eta``: at a fixed M the log of the reducible loss is
a straight line in log C, and its slope, ``-eta``, is the same for every M. A slope needs an E.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations_with_replacement
from math import factorial, prod
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from scaling.laws.fit import fit_loss_law
from scaling.studies.loss.overtraining import FIT_SETS
from scaling.testbed.labels import DATASETS, LOSS_COLUMN
from scaling.testbed.runs import run_table, select_small

Array = NDArray[np.float64]

E_SOURCES = ("recipe", "grid", "none")  # the five runs, the small runs of M >= 10, E = 0
LEVEL = 0.95
N_DRAWS = 2000


def fit_slope(C: ArrayLike, reducible: ArrayLike, weights: ArrayLike = 1.0) -> Any:
    """Fit ``log(L - E) = c - slope log C`` by weighted least squares.

    Parameters
    ----------
    C : array_like of shape (n_runs,)
        Training compute, FLOPs.
    reducible : array_like of shape (n_runs,) or (n_fits, n_runs)
        L - E, nats per token.
    weights : array_like of shape (n_runs,) or (n_fits, n_runs)
        Case weights, >= 0.

    Returns
    -------
    float or ndarray of shape (n_fits,)
        The slope, positive where the loss falls; NaN where fewer than two runs count or a run
        that counts has no reducible loss.
    """
    x, R = np.log(np.asarray(C, dtype=float)), np.asarray(reducible, dtype=float)
    w = np.broadcast_to(
        np.asarray(weights, dtype=float), np.broadcast_shapes(np.shape(weights), R.shape)
    )
    usable = np.all((R > 0) | (w == 0), axis=-1) & (np.count_nonzero(w, axis=-1) > 1)
    y = np.log(np.where(R > 0, R, 1.0))
    x_off = x - (w @ x / w.sum(axis=-1))[..., None]
    slope = -np.vecdot(w * x_off, y) / np.where(usable, np.vecdot(w * x_off, x_off), np.nan)
    return slope if slope.ndim else float(slope)


def list_resamples(n_runs: int) -> tuple[Array, Array]:
    """List every bootstrap resample of a few runs: how often each run is drawn, and how likely.

    Counts of shape (n_resamples, n_runs), and their probability ``n! / (prod_i counts_i! n^n)``.
    Four runs have only 35 different resamples, so their bootstrap needs no random numbers; it is
    also coarse, and 4 of the 256 equally likely orders draw one run four times and have no slope.
    """
    draws = combinations_with_replacement(range(n_runs), n_runs)
    counts = np.array([np.bincount(draw, minlength=n_runs) for draw in draws])
    ways = [factorial(n_runs) / prod(map(factorial, row)) for row in counts.tolist()]
    return counts.astype(float), np.array(ways) / n_runs**n_runs


def draw_within_rays(M: ArrayLike, n_draws: int, rng: np.random.Generator) -> Array:
    """Draw resamples that keep the number of runs at each M: counts of shape (n_draws, n_runs)."""
    M = np.asarray(M)
    counts = np.empty((n_draws, len(M)))
    for value in np.unique(M):
        ray = np.flatnonzero(value == M)
        counts[:, ray] = rng.multinomial(len(ray), np.full(len(ray), 1 / len(ray)), n_draws)
    return counts


def _band(slopes: Array, probability: Array | None = None) -> tuple[float, float]:
    """Central interval of the slopes that are defined."""
    known = np.isfinite(slopes)
    weights = np.ones(known.sum()) if probability is None else probability[known]
    ends = [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
    lo, hi = np.quantile(slopes[known], ends, weights=weights, method="inverted_cdf")
    return float(lo), float(hi)


def find_E(table: pd.DataFrame, source: str, weights: ArrayLike | None = None) -> Any:
    """Irreducible loss of one training set, by source.

    Parameters
    ----------
    table : pandas.DataFrame
        Run table of one training set.
    source : {"recipe", "grid", "none"}
        The law fitted to the paper's five runs, to the small runs of M = 10 and more, or E = 0.
    weights : array_like of shape (n_fits, n_runs), optional
        Case weights of the rows of the table.

    Returns
    -------
    float or ndarray of shape (n_fits,)
        Nats per token.

    Raises
    ------
    ValueError
        If there is no such source.
    """
    if source not in E_SOURCES:
        raise ValueError(f"source must be one of {', '.join(E_SOURCES)}, got {source!r}")
    if source == "none":
        return 0.0
    kept = table["run"].isin(FIT_SETS[source](table)["run"]).to_numpy(float)
    W = kept if weights is None else kept * np.asarray(weights)
    return fit_loss_law(table["N"], table["D"], table[LOSS_COLUMN], weights=W).law.E


def make_slopes() -> pd.DataFrame:
    """Fit the slope of every line of equal M, with two bootstrap bands.

    Returns
    -------
    pandas.DataFrame
        One row per training set, source of E, sizes used (``small``: 0.411B and less; ``all``)
        and M: E (nats per token), slope, ``lo`` and ``hi`` (95 %: the runs of the line resampled,
        E held fixed), ``lo_refit`` and ``hi_refit`` (95 %: the grid resampled within each M and E
        fitted again in each of 2,000 resamples; NaN where E has no grid behind it), n_runs.
    """
    rows: list[dict[str, Any]] = []
    for dataset in DATASETS.values():
        table = run_table(dataset)
        for sizes, runs in {"small": select_small(table), "all": table}.items():
            counts = draw_within_rays(runs["M"], N_DRAWS, np.random.default_rng(0))
            for source in E_SOURCES:
                first = {"dataset": dataset, "E_from": source, "sizes": sizes}
                rows += [first | row for row in _slopes_of(runs, source, counts)]
    return pd.DataFrame(rows)


def _slopes_of(runs: pd.DataFrame, source: str, counts: Array) -> Iterator[dict[str, Any]]:
    """Slope and bands of each line of one table, with E from one source."""
    E = float(find_E(runs, source))
    redrawn = find_E(runs, source, counts) if source == "grid" else None
    for M, ray in runs.reset_index(drop=True).groupby("M"):
        C, loss = ray["C"].to_numpy(), ray[LOSS_COLUMN].to_numpy()
        lo, hi = np.nan, np.nan
        if redrawn is not None:
            lo, hi = _band(fit_slope(C, loss - redrawn[:, None], counts[:, ray.index]))
        resamples, probability = list_resamples(len(ray))
        fixed = _band(fit_slope(C, loss - E, resamples), probability)
        row = {"M": M, "E": E, "slope": fit_slope(C, loss - E), "lo": fixed[0], "hi": fixed[1]}
        yield row | {"lo_refit": lo, "hi_refit": hi, "n_runs": len(ray)}


def slope_range(
    slopes: pd.DataFrame, E_from: str = "recipe", sizes: str = "small", least_M: float = 10
) -> tuple[float, float]:
    """Smallest and largest slope over training sets and M, beside the range of Fig. 17.

    Parameters
    ----------
    slopes : pandas.DataFrame
        As made by `make_slopes`.
    E_from, sizes : str
        Which of its rows.
    least_M : float
        Least tokens per parameter.

    Returns
    -------
    lo, hi : float

    Raises
    ------
    ValueError
        If no row is left.
    """
    rows = slopes.query("E_from == @E_from and sizes == @sizes and M >= @least_M")
    if rows.empty:
        choice = f"E_from={E_from!r}, sizes={sizes!r}, least_M={least_M:g}"
        raise ValueError(f"slopes must hold rows of the choice, got none for {choice}")
    return float(rows["slope"].min()), float(rows["slope"].max())


class Comparison(NamedTuple):
    """F test of a narrow model inside a wide one: F, its degrees of freedom and p value."""

    F: float
    dof: tuple[int, int]
    p_value: float


def compare_fits(ssr: tuple[float, float], dof: tuple[int, int]) -> Comparison:
    """Test a narrow model (first) inside a wide one (second) by their sums of squares.

    ``F = ((ssr_1 - ssr_2) / (dof_1 - dof_2)) / (ssr_2 / dof_2)``.
    """
    from scipy import stats  # here: the scorecard reads slopes and tests none

    extra = dof[0] - dof[1]
    F = (ssr[0] - ssr[1]) / extra / (ssr[1] / dof[1])
    return Comparison(float(F), (extra, dof[1]), float(stats.f.sf(F, extra, dof[1])))


class SlopeTest(NamedTuple):
    """Is one slope enough? The F test, and how much the slope rises from M = 10 to M = 640."""

    comparison: Comparison
    rise: float
    rise_lo: float
    rise_hi: float


def compare_slopes(C: ArrayLike, M: ArrayLike, reducible: ArrayLike) -> SlopeTest:
    """Test one slope for all M against a slope for each, in ``log(L - E)`` over ``log C``.

    Both models have an intercept for each M. The rise is that of a third model, whose slope is
    linear in log M, with its 95 % interval.

    Parameters
    ----------
    C, M, reducible : array_like of shape (n_runs,)
        Compute in FLOPs, tokens per parameter, and L - E in nats per token, all > 0.

    Returns
    -------
    SlopeTest

    Notes
    -----
    It takes E as known and the residuals as independent; neither holds exactly.
    """
    from scipy import stats

    x, log_M, y = (np.log(np.asarray(v, dtype=float)) for v in (C, M, reducible))
    each = (np.unique(log_M) == log_M[:, None]).astype(float)
    x_off = x - each @ (each.T @ x / each.sum(axis=0))
    one, many = np.column_stack([each, x_off]), np.column_stack([each, each * x_off[:, None]])
    pairs = [_least_squares(X, y)[1:] for X in (one, many)]
    comparison = compare_fits((pairs[0][0], pairs[1][0]), (pairs[0][1], pairs[1][1]))
    tilted = np.column_stack([one, -x_off * log_M / np.log(64.0)])
    coefficients, ssr, dof = _least_squares(tilted, y)
    spread = np.sqrt(ssr / dof * np.linalg.inv(tilted.T @ tilted)[-1, -1])
    reach = stats.t.ppf((1 + LEVEL) / 2, dof) * spread
    rise = float(coefficients[-1])
    return SlopeTest(comparison, rise, float(rise - reach), float(rise + reach))


def _least_squares(X: Array, y: Array) -> tuple[Array, float, int]:
    """Coefficients, residual sum of squares and degrees of freedom."""
    coefficients, *_ = np.linalg.lstsq(X, y)
    ssr = float(np.sum((y - X @ coefficients) ** 2))
    return coefficients.astype(np.float64), ssr, len(y) - int(X.shape[1])
