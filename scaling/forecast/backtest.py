"""How well would the smaller runs have predicted the larger? Leave-sizes-out on anybody's table.

Each size is predicted by a law fitted to the smaller sizes alone, as if it were not trained yet.
"""

from __future__ import annotations

import sys
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from scaling.costs.ranks import rank_compute
from scaling.forecast.fitted import LossForecast, fit_table
from scaling.forecast.inputs import read_counts
from scaling.forecast.intervals import LEVEL
from scaling.forecast.rulers import predict_on_line, relative_error
from scaling.laws.fit import FitError
from scaling.laws.registry import DEFAULT_LAW, LawChoice

LARGEST_FLOAT = sys.float_info.max
LEAST_STEP = 2.0  # in compute, between the two runs that a line goes through
METHODS = ["predicted", "no_change", "line"]  # the law, then the baselines


class Backtest(NamedTuple):
    """Predictions of a backtest, and the sizes that could not be predicted.

    Parameters
    ----------
    held_out : pandas.DataFrame
        One row per held-out run, smaller sizes first: run, N, D, predicted and actual (nats per
        token), relative_error (signed, a fraction); lo and hi, what one would have bet on, and
        whether the run lies inside, NaN and NA where the prediction is not to be used; of the fit
        fit_sizes (list of its sizes), status, n_sizes and n_runs; and what two baselines predict,
        no_change and line.
    not_predicted : list of float
        Sizes above the smallest that have too few distinct runs below them to fit the law.
    """

    held_out: pd.DataFrame
    not_predicted: list[float]


def run_backtest(
    table: pd.DataFrame,
    loss: str,
    N: str = "N",
    law: str | LawChoice = DEFAULT_LAW,
    level: float = LEVEL,
) -> Backtest:
    """Predict the runs of each size from all smaller sizes.

    Parameters
    ----------
    table : pandas.DataFrame
        Run table of one training set; see `scaling.tables.runs`.
    loss, N : str
        Columns of the loss and of the parameters; a size is a distinct value of `N`.
    law : str or LawChoice
        One of `scaling.laws.registry.LAWS`, or from `scaling.laws.registry.choose_law`.
    level : float
        Of the intervals, between 0 and 1.

    Returns
    -------
    Backtest

    Raises
    ------
    FitError
        Fewer than two sizes, or none that the smaller ones can predict.
    """
    runs = table.sort_values(N, kind="stable")
    sizes, starts = np.unique(runs[N], return_index=True)
    if len(sizes) < 2:
        raise FitError(f"a backtest needs at least 2 sizes (distinct {N}), got {len(sizes)}")
    parts, not_predicted, reason = [], [], None
    for i in range(1, len(sizes)):
        smaller, own = runs[: starts[i]], runs[runs[N] == sizes[i]]
        try:
            fitted = fit_table(smaller, loss, N, law)
        except FitError as error:
            reason = error
            not_predicted.append(float(sizes[i]))
            continue
        part = _compare(own, fitted.predict_all(*read_counts(own, N), level), loss, N)
        part["fit_sizes"] = [sizes[:i].tolist()] * len(own)
        part = part.assign(n_sizes=i, n_runs=len(smaller))
        parts.append(part.assign(**_predict_without_law(smaller, own, loss, N)))
    if not parts:
        raise FitError(f"no size can be predicted from the smaller ones: {reason}")
    return Backtest(pd.concat(parts, ignore_index=True), not_predicted)


def sum_up(held_out: pd.DataFrame) -> pd.DataFrame:
    """Mean and largest absolute relative error of the law and of the baselines.

    Parameters
    ----------
    held_out : pandas.DataFrame
        Predictions, from `run_backtest`.

    Returns
    -------
    pandas.DataFrame
        Rows ``predicted`` (the law), ``no_change`` and ``line``; columns ``mean`` and ``max``,
        fractions.
    """
    misses = _misses(held_out).to_numpy()
    with np.errstate(over="ignore"):
        found = {"mean": misses.mean(axis=1), "max": misses.max(axis=1)}
    return pd.DataFrame(found, index=METHODS)


def count_nearest(held_out: pd.DataFrame) -> pd.Series:
    """In how many runs the law and each baseline have the smallest error; ties count for each.

    Parameters
    ----------
    held_out : pandas.DataFrame
        Predictions, from `run_backtest`.

    Returns
    -------
    pandas.Series
        Numbers of runs, indexed as the rows of `sum_up`.
    """
    misses = _misses(held_out)
    return misses.eq(misses.min()).sum(axis=1)


def _misses(held_out: pd.DataFrame) -> pd.DataFrame:
    """Absolute relative errors: a row per method, a column per run."""
    signed = [miss(held_out[name], held_out["actual"]) for name in METHODS]
    return pd.DataFrame(np.abs(signed), index=METHODS)


def miss(predicted: ArrayLike, actual: ArrayLike) -> NDArray[np.float64]:
    """Signed relative errors, fractions; one too large for a float is the largest float."""
    with np.errstate(over="ignore"):
        return np.clip(relative_error(predicted, actual), -LARGEST_FLOAT, LARGEST_FLOAT)


def _compare(own: pd.DataFrame, told: list[LossForecast], loss: str, N: str) -> pd.DataFrame:
    forecasts = pd.DataFrame(told, index=own.index)
    actual, predicted = own[loss], forecasts["loss"]
    lo, hi = (forecasts[end].astype(float) for end in ("lo", "hi"))
    inside = actual.between(lo, hi).astype("boolean").mask(lo.isna())
    return pd.DataFrame(
        {
            "run": own["run"],
            "N": own[N],
            "D": own["D"],
            "predicted": predicted,
            "actual": actual,
            "relative_error": miss(predicted, actual),
            "lo": lo,
            "hi": hi,
            "inside": inside,
            "status": forecasts["status"],
        }
    )


def _predict_without_law(
    smaller: pd.DataFrame, own: pd.DataFrame, loss: str, N: str
) -> dict[str, Any]:
    """Last run, the loss of the largest smaller one; line in log L, log C through it and another.

    The second costs half as much as the first or less: nearer runs give no slope. Where all are
    nearer, the line is flat.
    """
    log_C, target = (
        np.log(runs[N].to_numpy(float) * runs["D"].to_numpy()) for runs in (smaller, own)
    )
    known = pd.DataFrame({"log_C": log_C, "C": np.exp(log_C), "L": smaller[loss].to_numpy()})
    # Of runs that cost the same the best is the last.
    known = known.assign(rank=rank_compute(known["C"]))
    known = known.sort_values(["rank", "L"], ascending=[True, False])
    dearest = known.iloc[[-1]]
    no_change = dearest["L"].item()
    cheaper = known[known["C"] <= known["C"].max() / LEAST_STEP * (1 + 1e-9)]
    if cheaper.empty:
        return {"no_change": no_change, "line": no_change}
    two = pd.concat([cheaper, dearest]).assign(log_L=lambda t: np.log(t["L"]))
    line = predict_on_line(two, target, ("log_C", "log_L"))
    with np.errstate(over="ignore"):
        return {"no_change": no_change, "line": np.exp(line)}
