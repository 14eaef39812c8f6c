"""Which law ties the loss on one text to that on another? A shifted power."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike


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
