"""What do these runs allow one to say of each task? A prediction, its interval, and a verdict.

The rule. *Not from these runs*: there are fewer than five, or they have no sound loss law, or the
largest has not visibly left guessing, or the error does not fall with the loss; the interval then
says what such tasks did elsewhere. *Predictable*: the largest run is at least ten points off
guessing, the whole interval lies below its error, so that the direction is sure, the largest run
itself lay inside the interval that the cheap ones gave for it, and the target is no further than
backtests went. All else: *only with its interval*. The first condition that decides is the reason.

An average of tasks is judged by the same rule, but follows the error law: its prediction and its
interval are those of `scaling.forecast.averages`, and there are none without a sound error law.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from functools import cache

import numpy as np
import pandas as pd

from scaling.costs.compute import training_flops
from scaling.costs.ranks import SAME_COMPUTE, rank_compute
from scaling.forecast.averages import is_average
from scaling.forecast.fitted import fit_table
from scaling.forecast.inputs import place_target
from scaling.forecast.prediction import forecast_errors
from scaling.forecast.task_outlook import (
    CALIBRATED,
    STANDINGS,
    find_scale,
    look_at_tasks,
    sort_by_compute,
)
from scaling.laws.fit import SOUND, FitError
from scaling.laws.registry import DEFAULT_LAW, LawChoice
from scaling.tables.datafiles import data_path

VERDICTS = ("predictable", "only with its interval", "not from these runs")
CHECKS = ("inside", "outside", "no check")
LEAST_RUNS = 5
CHEAP = 1 / 4  # of the compute of the largest run: what the check on it knows
FARTHEST = 32.0  # times the compute of the largest run: the longest step of the backtests
TEN_TIMES = 10.0  # the compute of the largest run: the default target
ROUNDING = 1e-6
ENDS = ["predicted", "lo", "hi"]
TAIL = 4  # degrees of freedom of Student's t, for other levels
COLUMNS = [
    *("task", "status", "verdict", "epsilon", "k", "gamma", "r2", "n_runs", "n_items", "chance"),
    *("predicted", "lo", "hi", "no_change", "ruler_in_loss", "counting_std", "residual_std"),
    *("smallest_change", "r", "standing", "check", "reason", "compute_ratio", "loss_status"),
]


@dataclass(frozen=True)
class TaskConstants:
    """Constants of prediction and interval.

    Parameters
    ----------
    b : float
        Slope of the log odds above chance.
    doubt, floor : float
        Weights of `scaling.forecast.task_outlook.find_scale`.
    at_guessing, just_off_guessing, off_guessing : float
        90% quantile of an error in units of its scale, by standing.
    """

    b: float
    doubt: float
    floor: float
    at_guessing: float
    just_off_guessing: float
    off_guessing: float

    def units(self, standing: pd.Series) -> pd.Series:
        """Half width of the 90% interval in units of the scale."""
        values = (self.at_guessing, self.just_off_guessing, self.off_guessing)
        return standing.map(dict(zip(STANDINGS, values, strict=True))).astype(float)


@cache
def load_task_constants() -> TaskConstants:
    """Load the shipped constants, ``data/results/task_constants.csv``."""
    table = pd.read_csv(data_path("results", "task_constants.csv"), index_col="constant")
    names = [field.name for field in fields(TaskConstants)]
    return TaskConstants(**{name: float(table["value"][name]) for name in names})


def choose_target(table: pd.DataFrame, N: str = "N") -> tuple[float, float]:
    """Ten times the compute of the largest run, at its tokens per parameter.

    Of several runs of that compute it is the largest.

    Parameters
    ----------
    table : pandas.DataFrame
        Runs, with D and the column `N`.
    N : str
        Column of the parameters.

    Returns
    -------
    tuple of float
        Parameters and tokens.
    """
    ranks = rank_compute(training_flops(table[N], table["D"]))
    dearest = table[ranks == ranks.max()].nlargest(1, N).iloc[0]
    return float(dearest[N]) * math.sqrt(TEN_TIMES), float(dearest["D"]) * math.sqrt(TEN_TIMES)


def add_interval(prospects: pd.DataFrame, constants: TaskConstants, level: float) -> pd.DataFrame:
    """Add ``lo`` and ``hi``, the ends of the interval, and keep the prediction between 0 and 1.

    Half width: ``units * scale * t(level) / t(0.9)``, with quantiles of Student's t of four degrees
    of freedom. Their tails are near those of the errors in the backtests, but for tasks just off
    guessing: of these an interval of 95% would have to be a sixth wider.

    Parameters
    ----------
    prospects : pandas.DataFrame
        From `look_at_tasks`.
    constants : TaskConstants
        Weights and units.
    level : float
        Between 0 and 1.

    Raises
    ------
    ValueError
        The level does not lie between 0 and 1.
    """
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, got {level:g}")
    scale = find_scale(prospects, constants.doubt, constants.floor)
    half = _widen(level) * constants.units(prospects["standing"]) * scale
    predicted = prospects["predicted"].clip(0, 1)
    return prospects.assign(
        predicted=predicted, lo=(predicted - half).clip(0, 1), hi=(predicted + half).clip(0, 1)
    )


def _widen(level: float) -> float:
    """Half width at `level` over that at the level of the constants."""
    if level == CALIBRATED:
        return 1.0
    from scipy.stats import t as student  # here: no command asks for another level

    return float(student.ppf((1 + level) / 2, TAIL) / student.ppf((1 + CALIBRATED) / 2, TAIL))


def follow_error_law(
    rows: pd.DataFrame,
    table: pd.DataFrame,
    target: tuple[float, float],
    names: tuple[str, str, str | LawChoice],
    level: float,
) -> pd.DataFrame:
    """Give averages the prediction and the interval of their error law.

    Parameters
    ----------
    rows : pandas.DataFrame
        From `add_interval`.
    table, target, names, level
        As `check_dearest` and `judge_tasks` take them.

    Returns
    -------
    pandas.DataFrame
        The same rows; of an average, ``predicted``, ``lo`` and ``hi`` are those of
        `scaling.forecast.prediction.forecast_errors`, NaN where it gives no interval.
    """
    averages = [task for task in rows["task"] if is_average(task)]
    loss, N, law = names
    if not averages:
        return rows
    rows = rows.set_index("task")
    rows.loc[averages, ENDS] = math.nan
    try:
        fitted = fit_table(table, loss, N, law)
    except FitError:
        return rows.reset_index()
    place = place_target(table, target)
    for task, error in forecast_errors(table, averages, loss, fitted, place, level).items():
        if error.lo is not None:
            rows.loc[task, ENDS] = error.value, error.lo, error.hi
    return rows.reset_index()


def check_dearest(
    table: pd.DataFrame,
    items: pd.DataFrame | None,
    names: tuple[str, str, str | LawChoice],
    constants: TaskConstants,
    level: float,
) -> pd.Series:
    """Whether the largest run lies in the interval that the runs of a quarter of its compute give.

    Parameters
    ----------
    table, items, level
        As `judge_tasks` takes them.
    names : tuple of str
        Columns of loss and parameters, and the loss law.
    constants : TaskConstants
        Weights and units.

    Returns
    -------
    pandas.Series
        One of `CHECKS` per task, ``no check`` where it was not measured on five runs that cheap or
        on the largest; empty where fewer than five runs are that cheap.
    """
    loss, N, law = names
    C = training_flops(table[N], table["D"])
    dearest = sort_by_compute(table, loss, N).iloc[-1]
    cheap = table[C.max() * CHEAP * (1 + SAME_COMPUTE) >= C]
    if len(cheap) < LEAST_RUNS:
        return pd.Series(dtype=object)
    target = float(dearest[N]), float(dearest["D"])
    ahead = look_at_tasks(cheap, target, constants.b, items, loss, N, law)
    ahead = add_interval(ahead, constants, level)
    ahead = follow_error_law(ahead, cheap, target, names, level).set_index("task")
    measured = dearest[[f"err_{task}" for task in ahead.index]].to_numpy(float)
    inside = (ahead["lo"] <= measured) & (measured <= ahead["hi"])
    known = (ahead["n_runs"] >= LEAST_RUNS) & ahead["lo"].notna() & np.isfinite(measured)
    return pd.Series(
        np.select([~known, inside], [CHECKS[2], CHECKS[0]], CHECKS[1]), index=ahead.index
    )


def give_verdicts(rows: pd.DataFrame) -> pd.DataFrame:
    """Give the verdict of every task, by the rule at the head of this room.

    Parameters
    ----------
    rows : pandas.DataFrame
        Columns task, n_runs, loss_status, standing, r, lo, hi, no_change, check and compute_ratio.

    Returns
    -------
    pandas.DataFrame
        ``verdict``, one of `VERDICTS`, and ``reason``, the condition that decided.
    """
    sure, unsure, unknown = VERDICTS
    no_interval, average = rows["lo"].isna(), rows["task"].map(is_average).astype(bool)
    few = (no_interval & ~average) | (rows["n_runs"] < LEAST_RUNS)
    far = rows["compute_ratio"] > FARTHEST * (1 + ROUNDING)
    rule = [
        (few, unknown, f"fewer than {LEAST_RUNS} runs"),
        (~rows["loss_status"].isin(SOUND), unknown, "no sound loss law"),
        (no_interval, unknown, "no sound error law"),
        (rows["standing"] == STANDINGS[0], unknown, STANDINGS[0]),
        (~(rows["r"] > 0), unknown, "does not fall with loss"),
        (rows["standing"] == STANDINGS[1], unsure, STANDINGS[1]),
        (~(rows["hi"] < rows["no_change"]), unsure, "direction not sure"),
        (rows["check"] == CHECKS[2], unsure, "too few runs for a check"),
        (rows["check"] == CHECKS[1], unsure, "failed its check"),
        (far, unsure, f"over {FARTHEST:g} times the compute"),
    ]
    conditions, verdicts, reasons = zip(*rule, strict=True)
    return pd.DataFrame(
        {
            "verdict": np.select(conditions, verdicts, sure),
            "reason": np.select(conditions, reasons, "direction sure"),
        },
        index=rows.index,
    )


def judge_tasks(
    table: pd.DataFrame,
    loss: str = "loss",
    N: str = "N",
    items: pd.DataFrame | None = None,
    target: tuple[float, float] | None = None,
    level: float = CALIBRATED,
    law: str | LawChoice = DEFAULT_LAW,
) -> pd.DataFrame:
    """Predict every task of a run table, with an interval and a verdict.

    Parameters
    ----------
    table : pandas.DataFrame
        Runs of one training set: D, the columns `loss` and `N`, and ``err_<task>``. A run that a
        task was not measured on (NaN) is left out for that task.
    loss, N : str
        Columns of the loss and of the parameters.
    items : pandas.DataFrame, optional
        Columns task, n_items, chance. Where n_items is unknown, noise is the scatter around the
        error law; where chance is, the largest error measured stands for guessing.
    target : tuple of float, optional
        Parameters and tokens of the run asked for; by default ten times the compute of the largest
        run, at its tokens per parameter.
    level : float
        Of the interval, between 0 and 1. Calibrated at 0.9.
    law : str or LawChoice
        Loss law.

    Returns
    -------
    pandas.DataFrame
        One row per error column, in order; `COLUMNS`. ``status`` and parameters are those of the
        error law, on which ``predicted``, ``lo`` and ``hi`` rest for an average alone;
        ``loss_status`` is that of the loss law, on which they all do. Errors are fractions; NaN
        what cannot be had.

    Raises
    ------
    ValueError
        The level does not lie between 0 and 1.
    """
    constants = load_task_constants()
    target = choose_target(table, N) if target is None else target
    ahead = look_at_tasks(table, target, constants.b, items, loss, N, law)
    ahead = add_interval(ahead, constants, level)
    ahead = follow_error_law(ahead, table, target, (loss, N, law), level)
    checks = check_dearest(table, items, (loss, N, law), constants, level)
    ahead["check"] = ahead["task"].map(checks).astype(object).fillna(CHECKS[2])
    judged = ahead.join(give_verdicts(ahead))[COLUMNS]
    judged.loc[~judged["loss_status"].isin(SOUND), ENDS] = np.nan
    return judged
