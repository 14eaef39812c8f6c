"""What do other groups' grids say of a law? Misses summed up, residuals, runs left out, chance.

The misses themselves are stored (`scaling.extrapolation.tabulate_grids`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

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


def compare_residuals() -> pd.DataFrame:
    """Put the residual of a fit to all runs beside the error of the extrapolation.

    Returns
    -------
    pandas.DataFrame
        A row per grid and series, by the recipe in N, mean absolute relative values:
        of the fit to all runs ``residual_all`` over all of them and ``residual_judged`` over the
        judged ones; ``residual_cheap`` of the fit to the runs of at most 1/20 of the largest
        compute over these, which is all that a predictor has; and the errors of the
        extrapolations to the judged runs from 1/20 and 1/100.
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
                "residual_cheap": fit_all(split_by_compute(series, 1 / 20)[0]).abs().mean(),
                **{f"error_{share}": values.mean() for share, values in errors.items()},
            }
    return pd.DataFrame(rows).T.rename_axis(["grid", "series"]).astype({"n_runs": int})


def leave_out(
    series: pd.DataFrame, sets: Mapping[str, pd.Series], *, fitter: Fitter = fit_loss_law
) -> pd.DataFrame:
    """Fit without each of several sets of runs; all fits are judged on the runs in none of them.

    Parameters
    ----------
    series : pandas.DataFrame
        Runs of one data set.
    sets : mapping of str to pandas.Series of bool
        Runs to leave out, by the name of the set.
    fitter : callable
        Takes N, D and loss and gives a `Fit`; by default the paper's recipe.

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
        errors = [extrapolate(series, fraction, ~out, fitter=fitter) for fraction in FRACTIONS]
        rows[name] = [
            cheap.isin(series.loc[out, "run"]).sum(),
            fit_all(series[~out], fitter=fitter)[series.index[shared]].abs().mean(),
            *(e[e.index.isin(names)].abs().mean() for e in errors),
        ]
    columns = ["n_out", "residual", "error_1/20", "error_1/100"]
    return pd.DataFrame(rows, columns).T.astype({"n_out": int})


def mirror(series: pd.DataFrame, doubtful: pd.Series) -> pd.Series:
    """Mark as many runs as are doubtful at the other end, that of the largest M."""
    return series["M"].rank(ascending=False, method="first") <= doubtful.sum()


def drop_at_random(
    series: pd.DataFrame, n_out: int, judged: pd.Series, *, rng: np.random.Generator
) -> np.ndarray:
    """Leave out as many cheap runs at random, a thousand times.

    Parameters
    ----------
    series : pandas.DataFrame
        Runs of one data set.
    n_out : int
        How many of the runs of at most 1/20 of the largest compute to leave out.
    judged : pandas.Series of bool
        Runs that may be judged.
    rng : numpy.random.Generator
        Draws the runs.

    Returns
    -------
    ndarray of shape (1000,)
        Mean absolute relative error of the recipe over the judged runs.
    """
    fitted, dear = split_by_compute(series, 1 / 20)
    dear = dear[dear["run"].isin(series.loc[judged, "run"])]
    kept = np.tile(np.arange(len(fitted)) >= n_out, (1000, 1))
    weights = rng.permuted(kept, axis=1).astype(float)
    law = fit_loss_law(fitted["N"], fitted["D"], fitted["loss"], weights=weights).law
    predicted = law.predict(dear["N"].to_numpy(), dear["D"].to_numpy())
    return np.abs(relative_error(predicted, dear["loss"])).mean(axis=1)


def drop_each(series: pd.DataFrame, fitters: Mapping[str, Fitter]) -> pd.DataFrame:
    """Leave out each cheap run in turn: mean absolute relative error at the dear runs from 1/20.

    Parameters
    ----------
    series : pandas.DataFrame
        Runs of one data set.
    fitters : mapping of str to callable
        Each takes N, D and loss and gives a `Fit`.

    Returns
    -------
    pandas.DataFrame
        A row ``(none)`` and one per run left out, a column per fitter.
    """
    cheap = split_by_compute(series, 1 / 20)[0]["run"]
    return pd.DataFrame(
        {
            run: {
                name: extrapolate(series, 1 / 20, series["run"] != run, fitter=fitter).abs().mean()
                for name, fitter in fitters.items()
            }
            for run in ("(none)", *cheap)
        }
    ).T


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
