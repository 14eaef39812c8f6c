"""How much does a prediction hang on single runs? Extrapolations of a grid with runs left out.

A run at an end of the design moves the law most, whatever its quality.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import combinations
from math import comb

import numpy as np
import pandas as pd

from scaling.forecast.rulers import relative_error
from scaling.laws.fit import Fit, fit_loss_law, fit_loss_surface
from scaling.laws.prior import fit_with_prior
from scaling.studies.predictors.extrapolation import FRACTIONS
from scaling.testbed.grids import (
    GRIDS,
    is_beaten,
    load_grid,
    select_plain,
    split_by_compute,
    split_series,
)

Fitter = Callable[..., Fit]
FITTERS: dict[str, Fitter] = {
    "recipe": fit_loss_law,
    "free": fit_loss_surface,
    "prior": fit_with_prior,
}
AT_ONCE = 100  # fits in one call: larger arrays are slower
VERSION = ["runs", "fit_share", "grid"]


# --- fits and predictions of one series ----------------------------------------------------


def fit_all(series: pd.DataFrame, count: str = "N", fitter: Fitter = fit_loss_law) -> pd.Series:
    """Relative residual ``(fitted - measured) / measured`` of a law that is fitted to every run."""
    fit = fitter(series[count], series["D"], series["loss"])
    return pd.Series(-fit.residuals, series.index) / series["loss"]


def extrapolate(
    series: pd.DataFrame,
    fraction: float,
    kept: pd.Series | None = None,
    *,
    fitter: Fitter = fit_loss_law,
) -> pd.Series:
    """Relative errors at the dear runs of a series, predicted from its cheap runs.

    Parameters
    ----------
    series : pandas.DataFrame
        Runs of one data set.
    fraction : float
        Largest compute of a run to fit, as a share of the largest.
    kept : pandas.Series of bool, optional
        Runs that may be fitted; by default all.
    fitter : callable
        Takes N, D and loss and gives a `Fit`; by default the paper's recipe.

    Returns
    -------
    pandas.Series
        ``(predicted - measured) / measured``, by the name of the judged run.
    """
    fitted, judged = split_by_compute(series, fraction)
    if kept is not None:
        fitted = fitted[fitted["run"].isin(series.loc[kept, "run"])]
    law = fitter(fitted["N"], fitted["D"], fitted["loss"]).law
    errors = relative_error(law.predict(judged["N"], judged["D"]), judged["loss"])
    return pd.Series(errors, judged["run"])


# --- sets of runs -----------------------------------------------------------------------------


def leave_out(series: pd.DataFrame, sets: Mapping[str, pd.Series]) -> pd.DataFrame:
    """Fit the recipe without each of several sets of runs; all are judged on runs in none of them.

    Parameters
    ----------
    series : pandas.DataFrame
        Runs of one data set.
    sets : mapping of str to pandas.Series of bool
        Runs to leave out, by the name of the set.

    Returns
    -------
    pandas.DataFrame
        A row ``nothing`` and one per set: ``n_out``, how many are left out of the runs of at most
        1/20 of the largest compute; the mean absolute relative ``residual`` of a fit to the rest
        of the series, and the mean absolute relative error of the extrapolations of the rest from
        1/20 and 1/100.
    """
    shared = ~np.any(list(sets.values()), axis=0)
    names, cheap = series.loc[shared, "run"], split_by_compute(series, 1 / 20)[0]["run"]
    rows = {}
    for name, out in {"nothing": pd.Series(False, series.index), **sets}.items():
        errors = [extrapolate(series, fraction, ~out) for fraction in FRACTIONS]
        rows[name] = [
            cheap.isin(series.loc[out, "run"]).sum(),
            fit_all(series[~out])[series.index[shared]].abs().mean(),
            *(e[e.index.isin(names)].abs().mean() for e in errors),
        ]
    columns = ["n_out", "residual", "error_1/20", "error_1/100"]
    return pd.DataFrame(rows, columns).T.astype({"n_out": int})


def mirror(series: pd.DataFrame, doubtful: pd.Series) -> pd.Series:
    """Mark as many runs as are doubtful at the other end, that of the largest M."""
    return series["M"].rank(ascending=False, method="first") <= doubtful.sum()


def drop_others(
    series: pd.DataFrame,
    n_out: int,
    judged: pd.Series,
    *,
    rng: np.random.Generator,
    most: int = 10_000,
) -> np.ndarray:
    """Leave out as many cheap runs, in every way there is, or in many at random.

    Parameters
    ----------
    series : pandas.DataFrame
        Runs of one data set.
    n_out : int
        How many of the runs of at most 1/20 of the largest compute to leave out.
    judged : pandas.Series of bool
        Runs that may be judged.
    rng : numpy.random.Generator
        Draws the runs where there are more than `most` ways.
    most : int
        How many ways to try at most.

    Returns
    -------
    ndarray
        Mean absolute relative error of the recipe over the judged runs, one per way.
    """
    fitted, dear = split_by_compute(series, 1 / 20)
    dear = dear[dear["run"].isin(series.loc[judged, "run"])]
    if comb(len(fitted), n_out) <= most:
        ways = np.array(list(combinations(range(len(fitted)), n_out)))
    else:
        ways = rng.permuted(np.tile(np.arange(len(fitted)), (most, 1)), axis=1)[:, :n_out]
    weights = np.ones((len(ways), len(fitted)))
    np.put_along_axis(weights, ways, 0.0, axis=1)
    errors = []
    for part in np.array_split(weights, -(-len(weights) // AT_ONCE)):
        law = fit_loss_law(fitted["N"], fitted["D"], fitted["loss"], weights=part).law
        predicted = law.predict(dear["N"].to_numpy(), dear["D"].to_numpy())
        errors.append(np.abs(relative_error(predicted, dear["loss"])).mean(axis=1))
    return np.concatenate(errors)


# --- each run in turn ----------------------------------------------------------------------


def drop_each(series: pd.DataFrame, fraction: float) -> pd.DataFrame:
    """Leave out each run of at most `fraction` of the largest compute in turn.

    Mean absolute relative error at the dear runs: a row per run left out, before them one named
    "" for none, and a column for each of `FITTERS`.
    """
    cheap = split_by_compute(series, fraction)[0]["run"]
    errors = {
        out: [
            extrapolate(series, fraction, series["run"] != out, fitter=fitter).abs().mean()
            for fitter in FITTERS.values()
        ]
        for out in ("", *cheap)
    }
    return pd.DataFrame(errors, list(FITTERS)).T.rename_axis("left_out")


def tabulate_leverage() -> pd.DataFrame:
    """Leave out each cheap run of each grid in turn, at each share of compute.

    Returns
    -------
    pandas.DataFrame
        A row per ``runs``, share, grid, series and run left out; ``runs`` is ``all`` or, for a
        series with such runs, ``not beaten`` (`scaling.testbed.grids.is_beaten`). A column per
        method, mean absolute relative error at the dear runs.
    """
    tables = {}
    for name in GRIDS:
        for key, series in split_series(select_plain(load_grid(name))).items():
            beaten = is_beaten(series)
            versions = {"all": series} | ({"not beaten": series[~beaten]} if beaten.any() else {})
            for version, runs in versions.items():
                for fraction in FRACTIONS:
                    share = f"1/{1 / fraction:.0f}"
                    tables[version, share, name, key] = drop_each(runs, fraction)
    return pd.concat(tables, names=[*VERSION, "series"]).reset_index()


def summarise_leverage(leverage: pd.DataFrame) -> pd.DataFrame:
    """Error of each grid, and of the mean over grids, with each single run left out.

    Parameters
    ----------
    leverage : pandas.DataFrame
        The stored result ``leverage``.

    Returns
    -------
    pandas.DataFrame
        A row per ``runs``, share, grid and run left out, a column per method. One run is left out
        of one series; the other series of the grid, and for ``mean of four`` the other grids,
        stand as they are. A grid without beaten runs is the same in both versions.
    """
    other = leverage[leverage["runs"] != "all"]
    same = leverage[~leverage["grid"].isin(other["grid"])].assign(runs="not beaten")
    table = pd.concat([leverage, same]).set_index([*VERSION, "series", "left_out"])
    by_grid = _move_mean(table, "series")
    mean = _move_mean(by_grid, "grid")
    mean = pd.concat({"mean of four": mean}, names=["grid"]).reorder_levels([*VERSION, "left_out"])
    return pd.concat([by_grid, mean]).sort_index()


def _move_mean(table: pd.DataFrame, level: str) -> pd.DataFrame:
    """Mean over a level, all else in place, with one run left out: a row per run, "" for none."""
    whole = table.xs("", level="left_out")
    groups = whole.groupby([name for name in whole.index.names if name != level], sort=False)
    change = table - whole.reindex(table.droplevel("left_out").index).to_numpy()
    moved = change.droplevel(level)
    at = moved.droplevel("left_out").index
    shift = moved.div(groups.size().reindex(at).to_numpy(), axis=0)
    moved = shift + groups.mean().reindex(at).to_numpy()
    return moved[~moved.index.duplicated()]  # none left out is there once per series
