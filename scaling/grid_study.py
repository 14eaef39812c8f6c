"""What do other groups' grids say of a law? Misses summed up, residuals, twins and chance.

The misses themselves are stored (`scaling.extrapolation.tabulate_grids`).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from scaling.extrapolation import FRACTIONS
from scaling.fit import Fit, fit_loss_law
from scaling.grids import GRIDS, load_grid, select_plain, split_by_compute, split_series
from scaling.recipe import relative_error

Fitter = Callable[..., Fit]
BY_GRID = ["fit_share", "grid", "count"]


# --- the stored misses ---------------------------------------------------------------------


def summarise_errors(misses: pd.DataFrame) -> pd.DataFrame:
    """Mean absolute relative error over the judged runs; the series of a grid count alike.

    Parameters
    ----------
    misses : pandas.DataFrame
        The stored result ``grids``.

    Returns
    -------
    pandas.DataFrame
        A row per share of compute, grid and count of N; ``n_fit`` and ``n_judged`` are summed over
        the series of the grid; a column per candidate, fractions.
    """
    errors = misses.assign(error=misses["relative_error"].abs())
    series = errors.groupby([*BY_GRID, "series", "candidate"], sort=False).agg(
        error=("error", "mean"), n_fit=("n_fit", "first"), n_judged=("run", "size")
    )
    means = series["error"].groupby([*BY_GRID, "candidate"], sort=False).mean().unstack()
    one = series.xs(misses["candidate"].iloc[0], level="candidate")
    counts = one[["n_fit", "n_judged"]].groupby(BY_GRID, sort=False).sum()
    return counts.join(means[misses["candidate"].unique()])


def compare_candidates(misses: pd.DataFrame, candidate: str, other: str) -> pd.DataFrame:
    """Compare two candidates run by run.

    Parameters
    ----------
    misses : pandas.DataFrame
        The stored result ``grids``.
    candidate, other : str
        Names of two candidates.

    Returns
    -------
    pandas.DataFrame
        A row per share of compute, grid, count of N and series: ``n_judged``; ``nearer``, on how
        many of them the candidate is nearer than the other; the standard deviation of the signed
        relative error of each over the runs. Runs of one shape or budget err together: no
        interval follows from their number.
    """
    keys = [*BY_GRID, "series", "run"]
    chosen = misses[misses["candidate"].isin([candidate, other])]
    pairs = chosen.set_index([*keys, "candidate"])["relative_error"].unstack(sort=False)
    nearer = pairs[candidate].abs() < pairs[other].abs()
    table = pairs.assign(nearer=nearer).groupby(keys[:-1], sort=False)
    spread = table[[candidate, other]].std().add_prefix("spread, ")
    return table["nearer"].agg(n_judged="size", nearer="sum").join(spread)


# --- what is left by a fit to all runs -----------------------------------------------------


def fit_all(series: pd.DataFrame, count: str = "N", fitter: Fitter = fit_loss_law) -> pd.Series:
    """Relative residual ``(measured - fitted) / measured`` of a law that is fitted to every run."""
    fit = fitter(series[count], series["D"], series["loss"])
    return pd.Series(fit.residuals, series.index) / series["loss"]


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


def compare_residuals() -> pd.DataFrame:
    """Put the residual of a fit to all runs beside the error of the extrapolation.

    Returns
    -------
    pandas.DataFrame
        A row per grid and series, by the recipe in N, mean absolute relative values:
        ``residual_all`` over all runs, ``residual_judged`` over the judged ones, and the
        extrapolation to these from at most 1/20 and 1/100 of the largest compute.
    """
    rows = {}
    for name in GRIDS:
        for series_name, series in split_series(select_plain(load_grid(name))).items():
            residuals = fit_all(series).abs()
            errors = {f"1/{1 / f:.0f}": extrapolate(series, f).abs() for f in FRACTIONS}
            judged = series["run"].isin(errors["1/20"].index)
            rows[name, series_name] = {
                "n_runs": len(series),
                "residual_all": residuals.mean(),
                "residual_judged": residuals[judged].mean(),
                **{f"error_{share}": values.mean() for share, values in errors.items()},
            }
    return pd.DataFrame(rows).T.rename_axis(["grid", "series"]).astype({"n_runs": int})


def leave_out(
    series: pd.DataFrame, doubtful: pd.Series, *, fitter: Fitter = fit_loss_law
) -> pd.DataFrame:
    """Fit with and without the runs that the law may not be for, and see both directions.

    Both fits are judged on the same runs, those that are kept.

    Parameters
    ----------
    series : pandas.DataFrame
        Runs of one data set.
    doubtful : pandas.Series of bool
        Runs to leave out.
    fitter : callable
        Takes N, D and loss and gives a `Fit`; by default the paper's recipe.

    Returns
    -------
    pandas.DataFrame
        Rows ``all`` and ``without``: ``n_runs`` of the fit to the whole series; the mean absolute
        relative ``residual`` of that fit over the kept runs; the mean absolute relative error of
        the extrapolations from 1/20 and 1/100 over the kept runs among the judged.
    """
    judged = series.loc[~doubtful, "run"]
    rows = {}
    for name, kept in (("all", doubtful | ~doubtful), ("without", ~doubtful)):
        residuals = fit_all(series[kept], fitter=fitter)[~doubtful]
        errors = [extrapolate(series, fraction, kept, fitter=fitter) for fraction in FRACTIONS]
        rows[name] = [
            residuals.abs().mean(),
            *(e[e.index.isin(judged)].abs().mean() for e in errors),
        ]
    table = pd.DataFrame(rows, ["residual", "error_1/20", "error_1/100"]).T
    table.insert(0, "n_runs", [len(series), len(judged)])
    return table


def share_between(values: ArrayLike, groups: ArrayLike) -> float:
    """Share of the sum of squares that the groups' means carry, ``sum n_g mean_g^2 / sum v^2``."""
    table = pd.DataFrame({"value": np.asarray(values), "group": np.asarray(groups)})
    means = table.groupby("group")["value"].transform("mean")
    return float((means**2).sum() / (table["value"] ** 2).sum())


# --- repeats -------------------------------------------------------------------------------


def find_twins(table: pd.DataFrame) -> pd.DataFrame:
    """Hold runs of repeated data against runs of the same N and D that saw each token once.

    Parameters
    ----------
    table : pandas.DataFrame
        Run table with ``epochs``.

    Returns
    -------
    pandas.DataFrame
        The rows of more than one epoch that have such a twin; ``excess`` is the loss over the
        mean loss of its twins, minus one.
    """
    once = table[table["epochs"] == 1].groupby(["N", "D"])["loss"].mean()
    repeated = table[table["epochs"] > 1].join(once.rename("loss_once"), on=["N", "D"])
    found = repeated.dropna(subset="loss_once")
    return found.assign(excess=found["loss"] / found["loss_once"] - 1).reset_index(drop=True)


def measure_scatter(table: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Scatter between runs that were meant to be equal.

    Parameters
    ----------
    table : pandas.DataFrame
        Run table.
    keys : list of str
        Columns that equal runs share.

    Returns
    -------
    pandas.DataFrame
        A row per group of two runs or more: ``n_runs``, and ``scatter``, the standard deviation
        of the log loss, a fraction of the loss.
    """
    logs = table.assign(log_loss=np.log(table["loss"])).groupby(keys)["log_loss"]
    groups = logs.agg(n_runs="size", scatter="std")
    return groups[groups["n_runs"] > 1].reset_index()
