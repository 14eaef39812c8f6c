"""How far off are predictions of single tasks? The interval, from small runs, and if it holds.

Every backtest of `scaling.studies.tasks.choice` once more, by the chosen predictor: its misses in
units of their scale. The scale's two weights are those of least interval score; then the 90%
quantile of the misses is taken for tasks at guessing, just off it, and ten points off it, each
apart. With these constants every backtest and every large run is judged from its cheaper runs.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import product

import numpy as np
import pandas as pd

from scaling.forecast.rulers import relative_error
from scaling.forecast.task_outlook import CALIBRATED, STANDINGS, find_scale, look_at_tasks
from scaling.forecast.verdicts import VERDICTS, judge_tasks
from scaling.studies.tasks.choice import TaskFold, list_folds, list_targets
from scaling.tables.datafiles import data_path
from scaling.testbed.labels import LOSS_COLUMN
from scaling.testbed.runs import load_tasks, run_table

DOUBTS = (0.5, 1.0, 1.5, 2.0)
FLOORS = (0.0, 0.005, 0.01, 0.02, 0.03)
CHOSEN = "one slope and r, b "  # what `scaling.laws.shared_slope.look_ahead` carries out
N_RESAMPLES = 2000
KEYS = ["kind", "dataset", "step", "run", "task"]
JUDGED = ["verdict", "standing", "check", "predicted", "lo", "hi", "no_change", "ruler_in_loss"]
ROUNDING = 1e-6  # some of the backtests are the quantiles, and lie on the edge of their interval
ERRORS = ["error_predicted", "error_no_change", "error_ruler_in_loss"]


def ask_fold(fold: TaskFold, ask: Callable[..., pd.DataFrame]) -> pd.DataFrame:
    """Ask `look_at_tasks` or `judge_tasks` for every run of a fold, from the runs that it knows.

    Returns
    -------
    pandas.DataFrame
        Rows as from `ask`, with kind, dataset, step, run and the error ``measured``.
    """
    parts = []
    for run in fold.asked.to_dict("records"):
        target, items = (float(run["N"]), float(run["D"])), load_tasks()
        rows = ask(fold.case.runs, loss=LOSS_COLUMN, N="N", items=items, target=target, law="prior")
        rows = rows[rows["task"].isin(items["task"])]
        names = {name: getattr(fold, name) for name in ("kind", "dataset", "step")}
        measured = [run[f"err_{task}"] for task in rows["task"]]
        parts.append(rows.assign(**names, run=run["run"], measured=measured))
    return pd.concat(parts, ignore_index=True)


def find_quantiles(prospects: pd.DataFrame, doubt: float, floor: float) -> pd.Series:
    """90% quantile of the misses in units of their scale, by standing."""
    misses = (prospects["predicted"] - prospects["measured"]).abs()
    units = misses / find_scale(prospects, doubt, floor)
    return units.groupby(prospects["standing"]).quantile(CALIBRATED).loc[list(STANDINGS)]


def score_intervals(prospects: pd.DataFrame, doubt: float, floor: float) -> float:
    """Mean interval score: width, and 2 / (1 - 0.9) times what a measurement lies outside.

    References
    ----------
    Gneiting and Raftery, J. Am. Stat. Assoc. 102 (2007), Eq. 43.
    """
    quantiles = prospects["standing"].map(find_quantiles(prospects, doubt, floor)).astype(float)
    half = quantiles * find_scale(prospects, doubt, floor)
    lo, hi = (prospects["predicted"] + sign * half for sign in (-1, 1))
    lo, hi, measured = lo.clip(0, 1), hi.clip(0, 1), prospects["measured"]
    outside = (lo - measured).clip(lower=0) + (measured - hi).clip(lower=0)
    return float((hi - lo + 2 / (1 - CALIBRATED) * outside).mean())


def choose_scale(prospects: pd.DataFrame) -> tuple[float, float]:
    """Weights doubt and floor of least interval score."""
    return min(product(DOUBTS, FLOORS), key=lambda pair: score_intervals(prospects, *pair))


def chosen_slope() -> float:
    """Slope of the predictor that the stored scores choose.

    Raises
    ------
    ValueError
        It is not the one slope that `scaling.laws.shared_slope.look_ahead` carries out.
    """
    scores = pd.read_csv(data_path("results", "task_scores.csv"))
    name = str(scores.loc[scores["chosen"] == 1, "candidate"].item())
    if not name.startswith(CHOSEN):
        raise ValueError(f"the choice must be one slope and r, got {name!r}")
    return float(name.removeprefix(CHOSEN))


def tabulate_task_constants() -> pd.DataFrame:
    """The constants of prediction and interval, with what they rest on.

    Returns
    -------
    pandas.DataFrame
        One row per constant: value, unit, rule, and ``n``, the number of misses behind it.
    """
    b = chosen_slope()
    looks = [ask_fold(fold, partial(look_at_tasks, b=b)) for fold in list_folds(run_table())]
    prospects = pd.concat(looks, ignore_index=True)
    doubt, floor = choose_scale(prospects)
    quantiles = find_quantiles(prospects, doubt, floor)
    counts, n = prospects["standing"].value_counts(), len(prospects)
    rows = [
        ("b", b, "log odds per log nat", "slope of the chosen candidate", n),
        ("doubt", doubt, "1", "least interval score", n),
        ("floor", floor, "fraction", "least interval score", n),
    ]
    for name in STANDINGS:
        rule, count = "90% quantile of the misses", counts[name]
        rows.append((name.replace(" ", "_"), quantiles[name], "scales", rule, count))
    return pd.DataFrame(rows, columns=["constant", "value", "unit", "rule", "n"])


# --- do the verdicts hold? -----------------------------------------------------------------------


def tabulate_task_verdicts() -> pd.DataFrame:
    """Judge every backtest and every large run on the shipped data.

    Returns
    -------
    pandas.DataFrame
        One row per run and task: `KEYS`, `JUDGED`, r, ``measured``, ``inside`` (0 or 1: the
        measurement lies in the interval), and the signed relative error of the prediction and of
        both baselines.
    """
    folds = [*list_folds(run_table()), *list_targets(run_table())]
    rows = pd.concat([ask_fold(fold, judge_tasks) for fold in folds], ignore_index=True)
    inside = rows["measured"].between(rows["lo"] - ROUNDING, rows["hi"] + ROUNDING)
    rows["inside"] = inside.astype(int)
    for name in ERRORS:
        rows[name] = relative_error(rows[name.removeprefix("error_")], rows["measured"])
    return rows[[*KEYS, *JUDGED, "r", "measured", "inside", *ERRORS]]


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
    return groups.agg(
        n=("task", "size"),
        n_tasks=("task", "nunique"),
        inside=("inside", "mean"),
        width=("width", "median"),
        median=("error_predicted", "median"),
        median_no_change=("error_no_change", "median"),
        median_ruler=("error_ruler_in_loss", "median"),
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
