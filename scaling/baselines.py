"""What would one predict without a law? The bars that a law must clear."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from scaling.names import ERROR_COLUMN, LOSS_COLUMN


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
    return float(fit_runs.sort_values("C")[column].iloc[-1])


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
    last_two = fit_runs.sort_values("C").tail(2)
    (x_1, x_2), (y_1, y_2) = (last_two[column].to_numpy(float) for column in columns)
    return y_2 + (np.asarray(x, dtype=float) - x_2) * (y_2 - y_1) / (x_2 - x_1)
