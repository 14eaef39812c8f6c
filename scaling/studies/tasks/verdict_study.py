"""Do the verdicts hold? Every backtest and every large run, judged from its cheaper runs."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scaling.forecast.rulers import relative_error
from scaling.forecast.verdicts import VERDICTS, judge_tasks
from scaling.studies.tasks.choice import TaskFold, list_folds, list_targets
from scaling.testbed.labels import LOSS_COLUMN
from scaling.testbed.runs import load_tasks, run_table

N_RESAMPLES = 2000
KEYS = ["kind", "dataset", "step", "run", "task"]
JUDGED = ["verdict", "standing", "check", "predicted", "lo", "hi", "no_change", "ruler_in_loss"]
ROUNDING = 1e-6  # some of the backtests are the quantiles, and lie on the edge of their interval
ERRORS = ["error_predicted", "error_no_change", "error_ruler_in_loss"]


def judge_fold(fold: TaskFold) -> pd.DataFrame:
    """Judge the tasks of every run that a fold asks for, from the runs that it knows.

    Returns
    -------
    pandas.DataFrame
        One row per run and task: `KEYS`, `JUDGED`, r, ``measured``, ``inside`` (0 or 1: the
        measurement lies in the interval), and the signed relative error of the prediction and of
        both baselines.
    """
    parts = []
    for k, run in enumerate(fold.asked.to_dict("records")):
        target = (float(run["N"]), float(run["D"]))
        rows = judge_tasks(fold.case.runs, LOSS_COLUMN, "N", load_tasks(), target, law="prior")
        rows = rows[rows["task"].isin(fold.case.tasks["task"])].set_index("task")
        names = {"kind": fold.kind, "dataset": fold.dataset, "step": fold.step, "run": run["run"]}
        measured = pd.Series(fold.measured[:, k], index=fold.case.tasks["task"])
        rows = rows.assign(**names, measured=measured).reset_index()
        rows["inside"] = (
            rows["measured"].between(rows["lo"] - ROUNDING, rows["hi"] + ROUNDING).astype(int)
        )
        for name in ERRORS:
            rows[name] = relative_error(rows[name.removeprefix("error_")], rows["measured"])
        parts.append(rows)
    return pd.concat(parts, ignore_index=True)[[*KEYS, *JUDGED, "r", "measured", "inside", *ERRORS]]


def tabulate_task_verdicts() -> pd.DataFrame:
    """Judge every backtest and every large run on the shipped data."""
    table = run_table()
    folds = [*list_folds(table), *list_targets(table)]
    return pd.concat(map(judge_fold, folds), ignore_index=True)


def sum_up_verdicts(verdicts: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Count verdicts and what lies inside the interval, in the order of `VERDICTS`.

    Parameters
    ----------
    verdicts : pandas.DataFrame
        From `tabulate_task_verdicts`.
    by : list of str
        Columns that name a row beside the verdict.

    Returns
    -------
    pandas.DataFrame
        ``n``, how many; ``n_tasks``, how many tasks those are; ``inside``, share of measurements
        in the interval; ``width``, median half width over predicted error; ``median`` absolute
        relative error of prediction, ``median_no_change`` and ``median_ruler``.
    """
    rows = verdicts.assign(
        width=(verdicts["hi"] - verdicts["lo"]) / 2 / verdicts["predicted"],
        verdict=pd.Categorical(verdicts["verdict"], VERDICTS),
        **{name: verdicts[name].abs() for name in ERRORS},
    )
    groups = rows.groupby([*by, "verdict"], sort=False, observed=True)
    return pd.DataFrame(
        {
            "n": groups.size(),
            "n_tasks": groups["task"].nunique(),
            "inside": groups["inside"].mean(),
            "width": groups["width"].median(),
            "median": groups["error_predicted"].median(),
            "median_no_change": groups["error_no_change"].median(),
            "median_ruler": groups["error_ruler_in_loss"].median(),
        }
    ).sort_index()


def resample_inside(verdicts: pd.DataFrame, rng: np.random.Generator) -> tuple[float, float]:
    """95% interval of the share inside; whole tasks resampled, as runs of one are not independent.

    Parameters
    ----------
    verdicts : pandas.DataFrame
        Rows with task and inside.
    rng : numpy.random.Generator
        Source of the resamples.

    Returns
    -------
    tuple of float
    """
    counts = verdicts.groupby("task")["inside"].agg(["sum", "size"]).to_numpy(float)
    drawn = counts[rng.integers(0, len(counts), (N_RESAMPLES, len(counts)))].sum(axis=1)
    lo, hi = np.quantile(drawn[:, 0] / drawn[:, 1], [0.025, 0.975])
    return float(lo), float(hi)
