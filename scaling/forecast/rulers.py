"""What would one predict without a law, and how far off is a prediction? Any run table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from scaling.costs.ranks import rank_compute


def predict_no_change(fit_runs: pd.DataFrame, column: str) -> float:
    """Predict what the largest of the runs measured.

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
    """Positions of the runs, the cheapest first; of equals the later is the larger."""
    return np.argsort(rank_compute(fit_runs["C"]), kind="stable")


def predict_on_line(
    fit_runs: pd.DataFrame,
    x: ArrayLike,
    columns: tuple[str, str],
) -> Any:
    """Read the straight line through the two largest runs.

    ``y = y_2 + (x - x_2) (y_2 - y_1) / (x_2 - x_1)``, with 2 the largest run and 1 the one before.

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


def relative_error(predicted: ArrayLike, measured: ArrayLike) -> Any:
    """Signed relative error ``(predicted - measured) / measured``, a fraction.

    The paper prints its absolute value in per cent.
    """
    measured = np.asarray(measured, dtype=float)
    return (np.asarray(predicted, dtype=float) - measured) / measured
