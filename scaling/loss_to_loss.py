"""Does the loss on one text tell that on another? Relations between losses, and rivals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from scaling.baselines import predict_no_change, predict_on_line
from scaling.fit import fit_loss_law
from scaling.names import LOSS_COLUMN, LOSS_SETS
from scaling.recipe import relative_error
from scaling.testbed import select_loss_fit

OTHER_SETS = tuple(f"loss_{name}" for name in LOSS_SETS.values() if f"loss_{name}" != LOSS_COLUMN)
ROUTES = ("direct", "relation", "relation, fed x", "ruler", "ruler, fed x", "no change")


@dataclass(frozen=True)
class LossToLoss:
    """One loss as a shifted power of another: ``L_y = E_y + K (L_x - E_x)^kappa``.

    Parameters
    ----------
    E_x, E_y : float
        Irreducible losses, nats per token.
    K, kappa : float
        Factor and exponent.

    References
    ----------
    Brandfonbrener et al., arXiv 2411.12925.
    """

    E_x: float
    E_y: float
    K: float
    kappa: float

    def predict(self, L_x: ArrayLike) -> Any:
        """Loss on y of a model whose loss on x is `L_x`; NaN at or below ``E_x``."""
        L_x = np.asarray(L_x, dtype=float)
        reducible = np.where(L_x > self.E_x, L_x - self.E_x, np.nan)
        return self.E_y + self.K * reducible**self.kappa


def fit_loss_to_loss(L_x: ArrayLike, L_y: ArrayLike, E_x: float, E_y: float) -> LossToLoss:
    """Fit K and kappa by least squares on the logs of the reducible losses.

    ``log(L_y - E_y) = log K + kappa log(L_x - E_x)``; both irreducible losses come from the loss
    laws of the two texts, as Brandfonbrener et al. take them.

    Parameters
    ----------
    L_x, L_y : array_like of shape (n_runs,)
        Losses of the same models on x and y, or of models of equal N and D trained on two texts;
        nats per token.
    E_x, E_y : float
        Irreducible losses, below all of them.

    Returns
    -------
    LossToLoss

    Raises
    ------
    ValueError
        A loss is not above its irreducible loss, or there are fewer than two different `L_x`.
    """
    x, y = np.asarray(L_x, dtype=float), np.asarray(L_y, dtype=float)
    for name, loss, E in (("L_x", x, E_x), ("L_y", y, E_y)):
        if not np.all(loss > E):
            raise ValueError(f"{name} must be above E = {E:g}, got {loss.min():g}")
    if len(np.unique(x)) < 2:
        raise ValueError(f"L_x must hold two different losses, got {np.unique(x)}")
    kappa, log_K = np.polyfit(np.log(x - E_x), np.log(y - E_y), 1)
    return LossToLoss(E_x, E_y, float(np.exp(log_K)), float(kappa))


def relate_sets(runs: pd.DataFrame, y: str, x: str = LOSS_COLUMN) -> LossToLoss:
    """Relate two loss sets of the same models, each with its own loss law.

    Parameters
    ----------
    runs : pandas.DataFrame
        Run table of the runs to learn from.
    y, x : str
        Columns of the losses.
    """
    E_x, E_y = (fit_loss_law(runs["N"], runs["D"], runs[name]).law.E for name in (x, y))
    return fit_loss_to_loss(runs[x], runs[y], E_x, E_y)


def compare_routes(
    learnt: pd.DataFrame, judged: pd.DataFrame, y: str, x: str = LOSS_COLUMN
) -> pd.DataFrame:
    """Predict the loss on y on several routes, all from the same runs.

    ``direct``: the loss law of y. ``relation``: the loss law of x, then the shifted power law.
    ``ruler``: the loss law of x, then the straight line through the two dearest runs. ``fed x``:
    the same with the measured loss on x. ``no change``: the loss of the dearest run.

    Parameters
    ----------
    learnt, judged : pandas.DataFrame
        Run tables of one training set: runs to learn from, and runs to predict.
    y, x : str
        Columns of the losses.

    Returns
    -------
    pandas.DataFrame
        Signed relative errors, fractions; a row per judged run, a column per route.
    """
    laws = {name: fit_loss_law(learnt["N"], learnt["D"], learnt[name]).law for name in (x, y)}
    relation = fit_loss_to_loss(learnt[x], learnt[y], laws[x].E, laws[y].E)
    predicted_x = laws[x].predict(judged["N"], judged["D"])
    predicted = (
        laws[y].predict(judged["N"], judged["D"]),
        relation.predict(predicted_x),
        relation.predict(judged[x]),
        predict_on_line(learnt, predicted_x, (x, y)),
        predict_on_line(learnt, judged[x], (x, y)),
        np.full(len(judged), predict_no_change(learnt, y)),
    )
    misses = {
        name: relative_error(value, judged[y])
        for name, value in zip(ROUTES, predicted, strict=True)
    }
    return pd.DataFrame(misses, index=pd.Index(judged["run"], name="run"))


def compare_training_sets(
    known: pd.DataFrame, wanted: pd.DataFrame, column: str = LOSS_COLUMN
) -> pd.DataFrame:
    """Predict large runs trained on one text from the same shapes trained on another.

    The five runs of the recipe exist on both texts; the large runs of equal N and D on the first
    are known, those on the second wanted. ``direct`` does not look at the first text; ``relation``
    and ``ruler`` are fed its measured losses; ``same ratio`` keeps that of the dearest of the five.

    Parameters
    ----------
    known, wanted : pandas.DataFrame
        Run tables of the two training sets.
    column : str
        Column of the loss, the same for both.

    Returns
    -------
    pandas.DataFrame
        Signed relative errors, fractions; a row per large run that both have.
    """
    pairs = known.merge(wanted, on=["size", "M", "N", "D", "C"], suffixes=("_x", "_y"))
    x, y = f"{column}_x", f"{column}_y"
    five = pairs[pairs["run_y"].isin(select_loss_fit(wanted)["run"])]
    large = pairs[pairs["N"] > 1e9]
    laws = [fit_loss_law(five["N"], five["D"], five[name]).law for name in (x, y)]
    relation = fit_loss_to_loss(five[x], five[y], laws[0].E, laws[1].E)
    last = five.sort_values("C").iloc[-1]
    predicted = {
        "direct": laws[1].predict(large["N"], large["D"]),
        "relation": relation.predict(large[x]),
        "ruler": predict_on_line(five, large[x], (x, y)),
        "same ratio": large[x] * (last[y] / last[x]),
    }
    misses = {name: relative_error(value, large[y]) for name, value in predicted.items()}
    return pd.DataFrame(misses, index=pd.Index(large["run_y"], name="run"))
