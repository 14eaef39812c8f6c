"""What did the authors do, end to end? Their selection, their objective, their chain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from scaling.fit import Fit, ObjectiveName, fit_error_law, fit_loss_law
from scaling.names import ERROR_COLUMN, LOSS_COLUMN
from scaling.testbed import select_error_fit, select_loss_fit

Selection = Callable[[pd.DataFrame], pd.DataFrame]


@dataclass(frozen=True)
class Recipe:
    """Which runs fit which law, and what is minimised.

    Parameters
    ----------
    name : str
        Name of the recipe.
    select_loss_fit, select_error_fit : callable
        Take the run table of one training set, return the runs that fit the law.
    objective : {"loss", "log", "huber"}
        Objective of the loss law; see `scaling.fit.fit_loss_law`.
    """

    name: str
    select_loss_fit: Selection
    select_error_fit: Selection
    objective: ObjectiveName = "loss"


AUTHORS = Recipe("authors", select_loss_fit, select_error_fit)


@dataclass(frozen=True)
class Chain:
    """Compute to loss to error: a fitted loss law and a fitted error law.

    ``(N, D) -> L`` by the loss law, then ``L -> Err`` by the error law, which was fitted on
    measured losses.

    Parameters
    ----------
    loss_fit, error_fit : Fit
        Fits of a `LossLaw` and of an `ErrorLaw`.
    """

    loss_fit: Fit
    error_fit: Fit

    def predict_loss(self, N: ArrayLike, D: ArrayLike) -> Any:
        """Loss in nats per token at `N` parameters and `D` tokens."""
        return self.loss_fit.law.predict(N, D)

    def predict_error(self, N: ArrayLike, D: ArrayLike) -> Any:
        """Error, a fraction, at `N` parameters and `D` tokens, through the predicted loss."""
        return self.error_fit.law.predict(self.predict_loss(N, D))


def fit_chain(
    table: pd.DataFrame,
    loss_column: str = LOSS_COLUMN,
    error_column: str = ERROR_COLUMN,
    recipe: Recipe = AUTHORS,
) -> Chain:
    """Fit both laws of a recipe on the run table of one training set.

    Parameters
    ----------
    table : pandas.DataFrame
        Run table of one training set, with N, D and the two columns.
    loss_column, error_column : str
        Columns that hold the loss (nats per token) and the error (a fraction).
    recipe : Recipe
        By default that of the authors.

    Returns
    -------
    Chain

    References
    ----------
    Gadre et al., arXiv 2403.08540, sections 3 and 4, Table 1.
    """
    small, larger = recipe.select_loss_fit(table), recipe.select_error_fit(table)
    loss_fit = fit_loss_law(small["N"], small["D"], small[loss_column], objective=recipe.objective)
    return Chain(loss_fit, fit_error_law(larger[loss_column], larger[error_column]))


def relative_error(predicted: ArrayLike, measured: ArrayLike) -> Any:
    """Signed relative error ``(predicted - measured) / measured``, a fraction.

    The paper prints its absolute value in per cent.
    """
    measured = np.asarray(measured, dtype=float)
    return (np.asarray(predicted, dtype=float) - measured) / measured
