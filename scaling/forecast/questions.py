"""What can I ask of my runs? Check, fit, predict, backtest, tasks.

Each question takes a run table, as a file or as a `DataFrame` with ``N``, ``D`` and ``loss``, and
gives a record of `scaling.forecast.answers`.
"""

from __future__ import annotations

import pandas as pd

from scaling.forecast.answers import BacktestResult, Check, FittedLaw, Prediction, TaskVerdicts
from scaling.forecast.backtest import run_backtest
from scaling.forecast.prediction import fit_table, make_forecast
from scaling.forecast.selection import Runs, find_target, find_tokens, open_runs, select_rows
from scaling.forecast.task_outlook import CALIBRATED
from scaling.forecast.verdicts import choose_target, judge_tasks
from scaling.laws.registry import DEFAULT_LAW, find_law
from scaling.tables.faults import Fault, RunTableError
from scaling.tables.runs import error_columns
from scaling.tables.task_items import read_items, tell_unmatched, validate_items


def check_runs(runs: Runs) -> Check:
    """Check a run table, and flag the runs that look odd.

    Parameters
    ----------
    runs : pandas.DataFrame, str or pathlib.Path
        A run table, or where it lies.

    Returns
    -------
    Check

    Raises
    ------
    RunTableError
        With every fault of the table.
    """
    name = "table" if isinstance(runs, pd.DataFrame) else str(runs)
    return Check(open_runs(runs), name)


def fit(
    runs: Runs,
    *,
    law: str = DEFAULT_LAW,
    count: str = "N",
    loss_set: str | None = None,
    dataset: str | None = None,
    without_flagged: bool = False,
) -> FittedLaw:
    """Fit a loss law.

    Parameters
    ----------
    runs : pandas.DataFrame, str or pathlib.Path
        A run table, or where it lies.
    law : {"prior", "tied", "free"}
        Which law: see `scaling.laws.registry.LAWS`.
    count : {"N", "N_body"}
        Count of parameters that the law is written in.
    loss_set, dataset : str, optional
        Which loss and which training set, where the table has several.
    without_flagged : bool
        Leave out every run that carries a flag.

    Returns
    -------
    FittedLaw

    Raises
    ------
    RunTableError
        With every fault of the table.
    scaling.forecast.selection.ChoiceError
        The table has not what is asked of it.
    FitError
        Fewer distinct runs than coefficients.
    """
    law, selected = find_law(law), select_rows(runs, dataset, loss_set, count, without_flagged)
    return FittedLaw(selected, fit_table(*selected[:3], law), law)


def predict(
    runs: Runs,
    *,
    N: float,
    D: float | None = None,
    M: float | None = None,
    law: str = DEFAULT_LAW,
    count: str = "N",
    loss_set: str | None = None,
    dataset: str | None = None,
    without_flagged: bool = False,
) -> Prediction:
    """Predict the loss and the errors of a larger run.

    Parameters
    ----------
    runs : pandas.DataFrame, str or pathlib.Path
        A run table, or where it lies.
    N : float
        Parameters of the run to predict, in the count of `count`.
    D, M : float, optional
        Its training tokens, or its tokens per parameter: one of the two.
    law, count, loss_set, dataset, without_flagged
        As `fit` takes them.

    Returns
    -------
    Prediction

    Raises
    ------
    RunTableError, FitError, scaling.forecast.selection.ChoiceError
        As `fit` does; the last also for a target that cannot be.
    """
    target = N, find_tokens(N, D, M)
    law, selected = find_law(law), select_rows(runs, dataset, loss_set, count, without_flagged)
    table, loss, N_column = selected[:3]
    return Prediction(selected, target, make_forecast(table, target, loss, N_column, law), law)


def backtest(
    runs: Runs,
    *,
    law: str = DEFAULT_LAW,
    count: str = "N",
    loss_set: str | None = None,
    dataset: str | None = None,
    without_flagged: bool = False,
) -> BacktestResult:
    """Predict each size from the smaller ones alone.

    Parameters, and errors, are those of `fit`.

    Returns
    -------
    BacktestResult
    """
    law, selected = find_law(law), select_rows(runs, dataset, loss_set, count, without_flagged)
    return BacktestResult(selected, run_backtest(*selected[:3], law), law)


def tasks(
    runs: Runs,
    *,
    items: Runs | None = None,
    N: float | None = None,
    D: float | None = None,
    M: float | None = None,
    law: str = DEFAULT_LAW,
    count: str = "N",
    loss_set: str | None = None,
    dataset: str | None = None,
    without_flagged: bool = False,
) -> TaskVerdicts:
    """Say how predictable each task is, with a verdict.

    Parameters
    ----------
    runs : pandas.DataFrame, str or pathlib.Path
        A run table with a column ``err_<task>`` for each task, or where it lies.
    items : pandas.DataFrame, str or pathlib.Path, optional
        Table of tasks, one row each: task, and of n_items and chance what is known.
    N, D, M : float, optional
        The run to judge for: N, and D or M. By default ten times as dear as the dearest, at its
        tokens per parameter.
    law, count, loss_set, dataset, without_flagged
        As `fit` takes them.

    Returns
    -------
    TaskVerdicts

    Raises
    ------
    RunTableError, FitError, scaling.forecast.selection.ChoiceError
        As `predict` does; `RunTableError` also where there is no task.
    """
    asked = find_target(N, D, M)
    known, listed = None, "items"
    if isinstance(items, pd.DataFrame):
        known = validate_items(items, listed)
    elif items is not None:
        known, listed = read_items(items), str(items)
    law, selected = find_law(law), select_rows(runs, dataset, loss_set, count, without_flagged)
    table, loss, N_column = selected[:3]
    columns = error_columns(table)
    name = "table" if isinstance(runs, pd.DataFrame) else str(runs)
    if not columns:
        rule = "has no column err_<task>: there is no task to judge"
        raise RunTableError([Fault(name, None, None, None, rule)])
    fit_table(table, loss, N_column, law)  # raises where no law is to be had
    target = asked or choose_target(table, N_column)
    forecast = make_forecast(table.drop(columns=columns), target, loss, N_column, law)
    judged = judge_tasks(table, loss, N_column, known, target, CALIBRATED, law)
    unmatched = [] if known is None else tell_unmatched(known, judged["task"], listed)
    return TaskVerdicts(selected, target, asked is None, forecast, judged, unmatched)
