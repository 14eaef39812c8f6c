"""What would one predict without a law? The bars that a law must clear."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from scaling.recipe import ERROR_COLUMN, LOSS_COLUMN


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
    return float(fit_runs.loc[fit_runs["C"].idxmax(), column])


def predict_on_line(
    fit_runs: pd.DataFrame,
    loss: ArrayLike,
    columns: tuple[str, str] = (LOSS_COLUMN, ERROR_COLUMN),
) -> Any:
    """Read the straight line through the two dearest runs at a loss.

    ``Err = Err_2 + (L - L_2) (Err_2 - Err_1) / (L_2 - L_1)``, with 2 the dearest run and 1 the one
    before it.

    Parameters
    ----------
    fit_runs : pandas.DataFrame
        Runs known, with C and both columns.
    loss : array_like of shape (n_runs,)
        Losses at which to predict, nats per token.
    columns : tuple of str
        Columns of the loss and of what is predicted.

    Returns
    -------
    float or ndarray of shape (n_runs,)
        Predicted values.
    """
    last_two = fit_runs.sort_values("C").tail(2)
    (L_1, L_2), (first, second) = (last_two[c].to_numpy(float) for c in columns)
    return second + (np.asarray(loss, dtype=float) - L_2) * (second - first) / (L_2 - L_1)
