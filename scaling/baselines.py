"""What would one predict without a law? The bars that a law must clear, and the chain beside."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from scaling.compute import rank_compute
from scaling.names import ERROR_COLUMN, LOSS_COLUMN
from scaling.recipe import AUTHORS, Recipe, Selection, fit_chain
from scaling.testbed import select_targets


def predict_no_change(fit_runs: pd.DataFrame, column: str = ERROR_COLUMN) -> float:
    """Predict what the dearest of the runs measured.

    Parameters
    ----------
    fit_runs : pandas.DataFrame
        Runs known, with C and `column`.
    column : str
        What to predict.

    Returns
    -------
    float
        Value of `column` at the largest C.
    """
    return float(fit_runs[column].iloc[_by_compute(fit_runs)[-1]])


def _by_compute(fit_runs: pd.DataFrame) -> NDArray[np.intp]:
    """Positions of the runs, the cheapest first; of equals the later is the dearer."""
    return np.argsort(rank_compute(fit_runs["C"]), kind="stable")


def predict_on_line(
    fit_runs: pd.DataFrame,
    x: ArrayLike,
    columns: tuple[str, str] = (LOSS_COLUMN, ERROR_COLUMN),
) -> Any:
    """Read the straight line through the two dearest runs.

    ``y = y_2 + (x - x_2) (y_2 - y_1) / (x_2 - x_1)``, with 2 the dearest run and 1 the one before.

    Parameters
    ----------
    fit_runs : pandas.DataFrame
        Runs known, with C and both columns.
    x : array_like of shape (n_runs,)
        Where to read the line: losses (then it rests on whatever predicted them) or, with a column
        of log C, log compute.
    columns : tuple of str
        Columns of x and of what is predicted.

    Returns
    -------
    float or ndarray of shape (n_runs,)
        Predicted values.
    """
    last_two = _by_compute(fit_runs)[-2:]
    (x_1, x_2), (y_1, y_2) = (fit_runs[column].to_numpy(float)[last_two] for column in columns)
    return y_2 + (np.asarray(x, dtype=float) - x_2) * (y_2 - y_1) / (x_2 - x_1)


def predict_beside_chain(
    table: pd.DataFrame,
    column: str = ERROR_COLUMN,
    recipe: Recipe = AUTHORS,
    select: Selection = select_targets,
) -> pd.DataFrame:
    """Predict an error by the chain and by three baselines, all from the same runs.

    Parameters
    ----------
    table : pandas.DataFrame
        Run table of one training set.
    column : str
        Error to predict.
    recipe : Recipe
        Runs that fit the two laws; the baselines know those that fit the error law.
    select : callable
        Takes the table, returns the runs to predict.

    Returns
    -------
    pandas.DataFrame
        One row per run: chain; no change; ruler in loss, read at the loss that the loss law
        predicts; ruler in compute, straight in log C; and what was measured. Fractions.
    """
    chain, runs = fit_chain(table, error_column=column, recipe=recipe), select(table)
    known = recipe.select_error_fit(table)
    known = known.assign(log_C=np.log(known["C"]))
    loss = chain.predict_loss(runs["N"], runs["D"])
    predicted = {
        "chain": chain.error_fit.law.predict(loss),
        "no change": predict_no_change(known, column),
        "ruler in loss": predict_on_line(known, loss, (LOSS_COLUMN, column)),
        "ruler in compute": predict_on_line(known, np.log(runs["C"]), ("log_C", column)),
        "measured": runs[column].to_numpy(),
    }
    return pd.DataFrame(predicted, index=pd.Index(runs["run"]))


def miss_beside_chain(
    table: pd.DataFrame, column: str = ERROR_COLUMN, recipe: Recipe = AUTHORS
) -> pd.DataFrame:
    """By how much chain and baselines miss the two targets, as signed shares of the measured.

    Parameters are those of `predict_beside_chain`.

    Returns
    -------
    pandas.DataFrame
        One row per target, one column per method.
    """
    predicted = predict_beside_chain(table, column, recipe)
    measured = predicted.pop("measured")
    return predicted.sub(measured, axis=0).div(measured, axis=0)
