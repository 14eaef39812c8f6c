"""What did the authors do, end to end? Their selection, their objective, their chain, its bars."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from scaling.forecast.rulers import predict_no_change, predict_on_line
from scaling.laws.fit import Fit, fit_error_law, fit_loss_law
from scaling.testbed.labels import ERROR_COLUMN, LOSS_COLUMN
from scaling.testbed.runs import select_error_fit, select_loss_fit, select_targets

Selection = Callable[[pd.DataFrame], pd.DataFrame]


@dataclass(frozen=True)
class Recipe:
    """Which runs fit which law.

    Parameters
    ----------
    name : str
        Name of the recipe.
    select_loss_fit, select_error_fit : callable
        Take the run table of one training set, return the runs that fit the law.
    """

    name: str
    select_loss_fit: Selection
    select_error_fit: Selection


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
    loss_fit = fit_loss_law(small["N"], small["D"], small[loss_column])
    return Chain(loss_fit, fit_error_law(larger[loss_column], larger[error_column]))


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
