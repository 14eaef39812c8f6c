"""How far off are predictions of single tasks? Constants of the interval, from small runs alone.

Every backtest of `scaling.studies.tasks.choice` once more, by the chosen predictor: its misses in
units of their scale. The scale's two weights are those of least interval score; then the 90%
quantile of the misses is taken for tasks at guessing, just off it, and ten points off it, each
apart.
"""

from __future__ import annotations

from itertools import product

import pandas as pd

from scaling.forecast.task_outlook import CALIBRATED, STANDINGS, find_scale, look_at_tasks
from scaling.studies.tasks.candidates import list_task_candidates
from scaling.studies.tasks.choice import TaskFold, choose_task_candidate, list_folds
from scaling.tables.datafiles import data_path
from scaling.testbed.labels import LOSS_COLUMN
from scaling.testbed.runs import load_tasks, run_table

DOUBTS = (0.5, 1.0, 1.5, 2.0)
FLOORS = (0.0, 0.005, 0.01, 0.02, 0.03)


def look_at_fold(fold: TaskFold, b: float) -> pd.DataFrame:
    """Prospects of every run that a fold asks for, beside what was measured.

    Returns
    -------
    pandas.DataFrame
        Rows as from `look_at_tasks`, with kind, step, dataset, run and ``measured``.
    """
    parts = []
    for run in fold.asked.to_dict("records"):
        target = (float(run["N"]), float(run["D"]))
        rows = look_at_tasks(fold.case.runs, target, b, load_tasks(), LOSS_COLUMN, law="prior")
        rows = rows[rows["task"].isin(fold.case.tasks["task"])].reset_index(drop=True)
        names = {name: getattr(fold, name) for name in ("kind", "step", "dataset")}
        measured = rows["task"].map(lambda task, run=run: run[f"err_{task}"])
        parts.append(rows.assign(**names, run=run["run"], measured=measured))
    return pd.concat(parts, ignore_index=True)


def look_at_folds(table: pd.DataFrame, b: float) -> pd.DataFrame:
    """Prospects of every backtest, from a run table of the testbed."""
    return pd.concat([look_at_fold(fold, b) for fold in list_folds(table)], ignore_index=True)


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
    lo, hi = (prospects["predicted"] - half).clip(0, 1), (prospects["predicted"] + half).clip(0, 1)
    outside = (lo - prospects["measured"]).clip(lower=0) + (prospects["measured"] - hi).clip(
        lower=0
    )
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
    scores = pd.read_csv(data_path("results", "task_scores.csv"), index_col="candidate")
    chosen = choose_task_candidate(scores, list_task_candidates())
    name, _, b = chosen.name.partition(", b ")
    if name != "one slope and r":
        raise ValueError(f"the choice must be one slope and r, got {chosen.name!r}")
    return float(b)


def tabulate_task_constants() -> pd.DataFrame:
    """The constants of prediction and interval, with what they rest on.

    Returns
    -------
    pandas.DataFrame
        One row per constant: value, unit, rule, and ``n``, the number of misses behind it.
    """
    b = chosen_slope()
    prospects = look_at_folds(run_table(), b)
    doubt, floor = choose_scale(prospects)
    quantiles = find_quantiles(prospects, doubt, floor)
    counts = prospects["standing"].value_counts().loc[list(STANDINGS)]
    n = len(prospects)
    rows = [
        ("b", b, "log odds per log nat", "slope of the chosen candidate", n),
        ("doubt", doubt, "1", "least interval score", n),
        ("floor", floor, "fraction", "least interval score", n),
    ]
    rows += [
        (standing.replace(" ", "_"), value, "scales", "90% quantile of the misses", count)
        for standing, value, count in zip(STANDINGS, quantiles, counts, strict=True)
    ]
    return pd.DataFrame(rows, columns=["constant", "value", "unit", "rule", "n"])
