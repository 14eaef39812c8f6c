"""What do other groups' grids say of a law? Residuals, repeats, chance.

The misses are stored, and summed up beside (`scaling.studies.predictors.extrapolation`).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from scaling.studies.predictors.extrapolation import FRACTIONS
from scaling.studies.predictors.leverage import extrapolate, fit_all
from scaling.testbed.grids import GRIDS, load_grid, select_plain, split_by_compute, split_series

# --- what is left by a fit to all runs -----------------------------------------------------


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
