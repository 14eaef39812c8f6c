"""What do the runs of a table say of each task at a target? Numbers, before any verdict.

One training set, any runs: the error law and its status, the prediction by one slope for all tasks
(`scaling.laws.shared_slope`), both baselines, and what a prediction could be off by.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from scaling.costs.compute import training_flops
from scaling.costs.ranks import rank_compute
from scaling.forecast.counting import Z
from scaling.forecast.fitted import fit_table
from scaling.forecast.inputs import place_target
from scaling.laws.fit import SOUND, FitError, fit_error_law
from scaling.laws.registry import DEFAULT_LAW, LawChoice
from scaling.laws.shared_slope import Array, find_last, log_reducible, look_ahead
from scaling.tables.schema import error_columns

STANDINGS = ("at guessing", "just off guessing", "off guessing")
TEN_POINTS = 0.1  # what the paper's 17-task rule asks for
CALIBRATED = 0.9  # the level that the shipped constants of an interval are for
LEAST = 0.01  # error and accuracy whose counting noise is the least
SAME_M = 0.01
NAN = math.nan
FITTED = ("epsilon", "k", "gamma", "r2", "residual_std")


def look_at_tasks(
    table: pd.DataFrame,
    target: tuple[float, float],
    b: float,
    items: pd.DataFrame | None = None,
    loss: str = "loss",
    N: str = "N",
    law: str | LawChoice = DEFAULT_LAW,
) -> pd.DataFrame:
    """Predict every task of a run table, and say what stands against it.

    Parameters
    ----------
    table : pandas.DataFrame
        Runs of one training set: D, the columns `loss` and `N`, and ``err_<task>``.
    target : tuple of float
        Parameters and training tokens of the run asked for.
    b : float
        Slope of the log odds above chance.
    items : pandas.DataFrame, optional
        Columns task, n_items, chance; any may be NaN, tasks may be missing.
    loss, N : str
        Columns of the loss and of the parameters.
    law : str or LawChoice
        Loss law.

    Returns
    -------
    pandas.DataFrame
        One row per error column, in order. ``status``, ``epsilon``, ``k``, ``gamma``, ``r2``,
        ``residual_std`` of the error law, ``too_few_runs`` and NaN where there is none;
        ``n_runs``, ``n_items``, ``chance``; ``no_change``, ``ruler_in_loss`` and ``predicted``
        errors, the two-point line's kept between 0 and 1; ``r`` and ``move`` of the `Outlook`;
        ``compute_ratio``, compute of the target over that of the largest run measured;
        ``counting_std``; ``noise`` of a run, the larger of counting noise and residual scatter;
        ``smallest_change`` between two runs that can be seen; ``standing``, one of `STANDINGS`;
        ``loss_status`` of the loss law, ``too_few_runs`` where there is none. Errors are fractions.

    Raises
    ------
    KeyError
        A column is missing.
    """
    runs = sort_by_compute(table, loss, N)
    tasks = _describe(runs, items)
    measured = tasks["n_runs"].to_numpy() > 0
    errors = runs[[f"err_{task}" for task in tasks["task"][measured]]].to_numpy(float).T
    fits = [_fit(runs, loss, task) for task in tasks["task"]]
    rows = pd.DataFrame(fits, index=tasks.index, columns=["status", *FITTED])
    names = (loss, N, law)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):  # then not finite: unknown
        status, predicted = _predict(runs, errors, tasks["chance"][measured], target, b, names)
    ahead = pd.DataFrame(predicted, index=tasks.index[measured]).reindex(tasks.index)
    ahead["loss_status"] = status
    return _judge_noise(pd.concat([tasks, rows, ahead], axis=1))


def sort_by_compute(table: pd.DataFrame, loss: str, N: str) -> pd.DataFrame:
    """Runs with their compute, the largest last; of those that cost the same the best is last.

    The order of the rows decides nothing: runs of the same compute and loss follow their errors.
    """
    runs = table.assign(C=training_flops(table[N], table["D"]))
    worst_first = -runs[[loss, *error_columns(runs)]].to_numpy(float)
    return runs.iloc[np.lexsort([*worst_first.T[::-1], rank_compute(runs["C"])])]


def _describe(runs: pd.DataFrame, items: pd.DataFrame | None) -> pd.DataFrame:
    """Task, items, chance and number of runs of every error column."""
    columns = error_columns(runs)
    tasks = pd.DataFrame({"task": [column.removeprefix("err_") for column in columns]})
    known = pd.DataFrame(columns=["task"]) if items is None else items
    known = known.drop_duplicates("task").set_index("task")
    for name in ("n_items", "chance"):
        values = known[name] if name in known else pd.Series(dtype=float)
        tasks[name] = tasks["task"].map(values).astype(float)
    return tasks.assign(n_runs=runs[columns].notna().sum().to_numpy())


def _fit(runs: pd.DataFrame, loss: str, task: str) -> dict[str, Any]:
    """Fit the error law to a task; NaN where there are too few runs."""
    known = runs.dropna(subset=[f"err_{task}"])
    y = known[f"err_{task}"].to_numpy(float)
    try:
        fit = fit_error_law(known[loss], y)
    except FitError:
        return {"status": "too_few_runs"} | dict.fromkeys(FITTED, NAN)
    spread = ((y - y.mean()) ** 2).sum()
    return {
        "status": fit.status,
        "epsilon": fit.law.epsilon,
        "k": fit.law.k,
        "gamma": fit.law.gamma,
        "r2": 1 - fit.ssr / spread if spread > 0 else NAN,
        "residual_std": math.sqrt(fit.ssr / fit.dof) if fit.dof > 0 else NAN,
    }


def _predict(
    runs: pd.DataFrame,
    errors: Array,
    chance: pd.Series,
    target: tuple[float, float],
    b: float,
    names: tuple[str, str, str | LawChoice],
) -> tuple[str, dict[str, Array]]:
    """Status of the loss law; prediction and baselines, NaN what needs a law not to be had."""
    loss, N, law = names
    x = runs[loss].to_numpy(float)
    try:
        fitted = fit_table(runs, loss, N, law)
    except FitError:
        status, E, loss_hat = "too_few_runs", 0.0, NAN
    else:
        told = fitted.predict(*place_target(runs, target))
        loss_hat, status, doubt = told.loss, told.status, told.doubt
        status, E = "unidentified" if doubt and status in SOUND else status, float(fitted.fit.law.E)
    progress = log_reducible(x, E), log_reducible(loss_hat, E)
    ahead = look_ahead(progress[0], errors, chance.to_numpy(), progress[1], b)
    M = (runs["D"] / runs[N]).to_numpy(float)
    return status, {
        "no_change": ahead.last,
        "ceiling": ahead.ceiling,
        "r": ahead.r,
        "move": ahead.move[:, 0],
        "predicted": ahead.predicted[:, 0],
        "ruler_in_loss": np.array([_ruler(x, y, M, loss_hat) for y in errors]).clip(0, 1),
        "compute_ratio": training_flops(*target) / runs["C"].to_numpy()[find_last(errors)],
    }


def _ruler(loss: Array, error: Array, M: Array, loss_hat: float) -> float:
    """Straight line in loss through the largest run and the one before it at the same M.

    Where no other run has its tokens per parameter, through the one before it at any.
    """
    known = np.flatnonzero(np.isfinite(error))
    before, last = known[:-1], known[-1]
    same = before[np.abs(M[before] / M[last] - 1) <= SAME_M]
    apart = [k for k in (same if len(same) else before) if loss[k] != loss[last]]
    if not apart:
        return NAN
    slope = (error[last] - error[apart[-1]]) / (loss[last] - loss[apart[-1]])
    return float(error[last] + slope * (loss_hat - loss[last]))


def _judge_noise(rows: pd.DataFrame) -> pd.DataFrame:
    """Add counting noise, the noise of a run, the smallest visible change, and the standing."""
    p = rows["no_change"].clip(LEAST, 1 - LEAST)
    rows["counting_std"] = np.sqrt(p * (1 - p) / rows["n_items"])
    rows["noise"] = np.fmax(rows["counting_std"], rows["residual_std"])
    rows["smallest_change"] = Z * math.sqrt(2) * rows["noise"]
    fall = rows["ceiling"] - rows["no_change"]
    seen = fall > rows["smallest_change"]
    code = np.where(seen & (fall >= TEN_POINTS - 1e-9), 2, np.where(seen, 1, 0))
    return rows.assign(standing=np.array(STANDINGS)[code])


def find_scale(prospects: pd.DataFrame, doubt: float, floor: float) -> pd.Series:
    """Scale of the error of each prediction, a fraction.

    ``sqrt(2 noise^2 + doubt^2 (1 - r^2) move^2 + floor^2)``: noise of the last run and of the
    target; the part of the move that the loss does not explain; and a least for everything else.

    Parameters
    ----------
    prospects : pandas.DataFrame
        With noise, r and move, from `look_at_tasks`.
    doubt : float
        Weight of the move.
    floor : float
        Least scale, a fraction.
    """
    unexplained = (1 - prospects["r"] ** 2) * prospects["move"] ** 2
    return np.sqrt(2 * prospects["noise"] ** 2 + doubt**2 * unexplained + floor**2)
