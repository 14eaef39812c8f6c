"""What can I ask of my runs? Check, fit, predict, backtest, tasks, kpi.

Each question takes a run table, as a file or as a `DataFrame` with ``N``, ``D`` and ``loss``, and
gives a record, a `scaling.forecast.answer.Answer`.
"""

from __future__ import annotations

from typing import Unpack

import pandas as pd

from scaling.forecast.answers import BacktestResult, Check, FittedLaw
from scaling.forecast.backtest import run_backtest
from scaling.forecast.fitted import fit_table
from scaling.forecast.kpi import forecast_kpi
from scaling.forecast.kpi_answer import KpiPrediction
from scaling.forecast.kpi_column import read_kpi
from scaling.forecast.kpi_terms import read_terms
from scaling.forecast.prediction import make_forecast
from scaling.forecast.prediction_answer import Prediction
from scaling.forecast.selection import Options, Runs, open_runs, reduce_rows, select_rows
from scaling.forecast.targets import find_target, read_target
from scaling.forecast.task_answers import TaskVerdicts
from scaling.forecast.verdicts import choose_target, judge_tasks
from scaling.tables.columns import accuracy_columns, tell_accuracies
from scaling.tables.faults import Fault, RunTableError
from scaling.tables.runs import Reading, error_columns, loss_columns
from scaling.tables.task_items import read_items, tell_unmatched


def check_runs(
    runs: Runs,
    *,
    last_of_run: bool = False,
    best_of_cell: bool = False,
    **reading: Unpack[Reading],
) -> Check:
    """Check a run table, and flag the runs that look odd.

    Parameters
    ----------
    runs : pandas.DataFrame, str or pathlib.Path
        A run table, or where it lies.
    last_of_run, best_of_cell : bool
        As `scaling.forecast.selection.Options` has them; a table of several losses is reduced by
        the first.
    **reading
        By name: see `scaling.tables.runs.Reading`.

    Returns
    -------
    Check

    Raises
    ------
    RunTableError
        With every fault of the table.
    scaling.forecast.selection.ChoiceError
        `reading` cannot be.

    Examples
    --------
    >>> import scaling
    >>> runs = scaling.load_testbed("redpajama").query("N < 1e9 and M >= 10")
    >>> print(scaling.check_runs(runs[["run", "N", "D", "loss_c4_eval"]]))
    table: 28 runs, sound
    N 10.6M to 412M, D 106M to 263B, M 10 to 640
    enough for fit, predict, backtest
    losses: loss_c4_eval
    """
    name = "table" if isinstance(runs, pd.DataFrame) else str(runs)
    if not (last_of_run or best_of_cell):
        return Check(open_runs(runs, **reading), name)
    table = open_runs(runs, repeated=True, **reading)
    loss = loss_columns(table)[0]
    reduced = reduce_rows(table.dropna(subset=[loss]), loss, "N", last_of_run, best_of_cell)
    return Check(reduced.table, name, reduced.told)


def fit(
    runs: Runs,
    **options: Unpack[Options],
) -> FittedLaw:
    """Fit a loss law.

    Parameters
    ----------
    runs : pandas.DataFrame, str or pathlib.Path
        A run table, or where it lies.
    **options
        By name: see `scaling.forecast.selection.Options`.

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

    Examples
    --------
    >>> import scaling
    >>> runs = scaling.load_testbed("redpajama").query("N < 1e9 and M >= 10")
    >>> fitted = scaling.fit(runs, loss_set="c4_eval")
    >>> fitted.fit.status, round(fitted.fit.law.alpha, 2)
    ('converged', 0.25)
    """
    selected = select_rows(runs, **options)
    return FittedLaw(selected, fit_table(*selected[:4]))


def predict(
    runs: Runs,
    *,
    N: float | str,
    D: float | str | None = None,
    M: float | str | None = None,
    **options: Unpack[Options],
) -> Prediction:
    """Predict the loss and the errors of a larger run.

    Parameters
    ----------
    runs : pandas.DataFrame, str or pathlib.Path
        A run table, or where it lies.
    N : float or str
        Parameters of the run to predict, as 6.9e9 or "6.9B", in the count of `count`.
    D, M : float or str, optional
        Its training tokens, or its tokens per parameter: one of the two.
    **options
        As `fit` takes them.

    Returns
    -------
    Prediction

    Raises
    ------
    RunTableError, FitError, scaling.forecast.selection.ChoiceError
        As `fit` does; the last also for a target that cannot be.

    Examples
    --------
    >>> import scaling
    >>> runs = scaling.load_testbed("redpajama").query("N < 1e9 and M >= 10")
    >>> answer = scaling.predict(runs, N="6.9B", M=20, loss_set="c4_eval")
    >>> round(answer.loss, 1), bool(answer.lo < 2.425 < answer.hi)  # as measured
    (2.4, True)
    """
    target = read_target(N, D, M)
    selected = select_rows(runs, **options)
    forecast = make_forecast(selected.table, target, *selected[1:4], selected.level)
    return Prediction(selected, target, forecast)


def backtest(
    runs: Runs,
    **options: Unpack[Options],
) -> BacktestResult:
    """Predict each size from the smaller ones alone.

    Parameters, and errors, are those of `fit`.

    Returns
    -------
    BacktestResult

    Examples
    --------
    >>> import scaling
    >>> runs = scaling.load_testbed("redpajama").query("N < 1e9 and M >= 10")
    >>> found = scaling.backtest(runs, loss_set="c4_eval").to_frame()
    >>> largest = found[found["N"] == runs["N"].max()]
    >>> len(largest), bool(largest["relative_error"].abs().max() < 0.05)
    (7, True)
    """
    selected = select_rows(runs, **options)
    found = run_backtest(*selected[:4], selected.level)
    return BacktestResult(selected, found, fit_table(*selected[:4]).fit)


def tasks(
    runs: Runs,
    *,
    items: Runs | None = None,
    N: float | str | None = None,
    D: float | str | None = None,
    M: float | str | None = None,
    **options: Unpack[Options],
) -> TaskVerdicts:
    """Say how predictable each task is, with a verdict.

    Parameters
    ----------
    runs : pandas.DataFrame, str or pathlib.Path
        A run table with a column ``err_<task>`` for each task, or where it lies.
    items : pandas.DataFrame, str or pathlib.Path, optional
        Table of tasks, one row each: task, and of n_items and chance what is known.
    N, D, M : float, optional
        The run to judge for: N, and D or M. By default of ten times the compute of the largest, at
        its tokens per parameter.
    **options
        As `fit` takes them.

    Returns
    -------
    TaskVerdicts

    Raises
    ------
    RunTableError, FitError, scaling.forecast.selection.ChoiceError
        As `predict` does; `RunTableError` also where there is no task.

    Examples
    --------
    >>> import scaling
    >>> runs = scaling.load_testbed("redpajama").query("N < 1e9 and M >= 10")
    >>> one = runs[["run", "N", "D", "loss_c4_eval", "err_arc_easy"]]
    >>> print(scaling.tasks(one, N="6.9B", M=20).to_frame()["verdict"].item())
    predictable
    """
    asked = find_target(N, D, M)
    known = None if items is None else read_items(items)
    selected = select_rows(runs, **options)
    table, loss, N_column, law = selected[:4]
    columns = error_columns(table)
    name = "table" if isinstance(runs, pd.DataFrame) else str(runs)
    if not columns:
        rule = "has no column err_<task>: there is no task to judge"
        if accuracy_columns(table):
            rule = "has no column err_<task>, but accuracies: add --accuracy"
        raise RunTableError([Fault(name, None, None, None, rule)])
    fit_table(table, loss, N_column, law)  # raises where no law is to be had
    target = asked or choose_target(table, N_column)
    level = selected.level
    forecast = make_forecast(table.drop(columns=columns), target, loss, N_column, law, level)
    judged = judge_tasks(table, loss, N_column, known, target, level, law)
    listed = "items" if isinstance(items, pd.DataFrame) else str(items)
    unmatched = [] if known is None else tell_unmatched(known, judged["task"], listed)
    return TaskVerdicts(selected, target, asked is None, forecast, judged, unmatched)


def kpi(
    runs: Runs,
    *,
    column: str,
    higher_is_better: bool,
    N: float | str,
    D: float | str | None = None,
    M: float | str | None = None,
    bounds: str | tuple[float, float] | None = None,
    items: float | str | None = None,
    chance: float | str | None = None,
    **options: Unpack[Options],
) -> KpiPrediction:
    """Predict an own KPI of a larger run, by way of its loss.

    Parameters
    ----------
    runs : pandas.DataFrame, str or pathlib.Path
        A run table with a column for the KPI, or where it lies.
    column : str
        That column. It may be empty for some runs.
    higher_is_better : bool
        Whether the KPI should rise. There is no default.
    N, D, M : float or str
        The run to predict, as `predict` takes it.
    bounds : str or pair of float, optional
        Least and largest value that the KPI can have, as "0:1": it is then predicted on its logit.
    items : int or str, optional
        Number of items that it is a share of, or the column that has it: then its counting noise
        is known, and its bounds are 0 and 1 unless others are given.
    chance : float or str, optional
        Its value by guessing.
    **options
        As `fit` takes them.

    Returns
    -------
    KpiPrediction
        Without numbers, but with a reason, where the runs cannot say.

    Raises
    ------
    RunTableError, FitError, scaling.forecast.selection.ChoiceError
        As `predict` does, and for a KPI that cannot be.

    Examples
    --------
    >>> import scaling
    >>> runs = scaling.load_testbed("redpajama").query("N < 1e9 and M >= 10")
    >>> asked = {"column": "err_arc_easy", "higher_is_better": False, "bounds": "0:1"}
    >>> answer = scaling.kpi(runs, N="6.9B", M=20, loss_set="c4_eval", **asked)
    >>> answer.usable, round(answer.value, 1)
    (True, 0.5)
    """
    target, terms = (
        read_target(N, D, M),
        read_terms(column, higher_is_better, bounds, items, chance),
    )
    selected = select_rows(runs, **options)
    table, loss, count, law = selected[:4]
    name = "table" if isinstance(runs, pd.DataFrame) else str(runs)
    unused = tell_accuracies(table)  # not true of a KPI, which may be one
    selected = selected._replace(taken=tuple(s for s in selected.taken if s not in unused))
    measured = read_kpi(table, loss, count, terms, name)
    others = table.drop(columns=error_columns(table))
    forecast = make_forecast(others, target, loss, count, law, selected.level)
    found = forecast_kpi(measured, forecast, others, target, selected.level)
    return KpiPrediction(selected, target, forecast, measured, found)
