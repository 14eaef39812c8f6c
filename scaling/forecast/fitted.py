"""Which law do these runs hold, and for which targets? The law asked for, or that along a line."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from scaling.forecast.design import Design, read_design
from scaling.forecast.inputs import read_inputs
from scaling.laws.fit import SOUND, Fit, FitError
from scaling.laws.posterior import Posterior, find_posterior
from scaling.laws.power import fit_power
from scaling.laws.prior import fit_with_belief, load_belief
from scaling.laws.registry import DEFAULT_LAW, fit_law

LEVEL = 0.9  # of the law's interval that a prediction is judged by
WIDEST = 0.05  # of the loss: a half width that is narrow enough
OF_THE_FALL = 0.4  # or, of the log loss that the prediction falls below the lowest measured


class LossForecast(NamedTuple):
    """A predicted loss, nats per token.

    Parameters
    ----------
    loss : float
        Its value, whether or not it is to be used.
    status : str
        That of the fit that it rests on; ``unidentified`` for a target off the runs' line.
    doubt : str
        Why it is not to be used; empty where it may be.
    """

    loss: float
    status: str
    doubt: str


@dataclass(frozen=True)
class FittedTable:
    """A loss law fitted to a run table.

    Parameters
    ----------
    asked : Fit
        Fit of the law asked for; ``unidentified`` where the runs lie on a line.
    reduced : Fit or None
        That of a power of one variable along the line, where the runs lie on one.
    design : Design
        Where the runs lie.
    N, D, L : ndarray of shape (n_runs,)
        Parameters, tokens and losses that were fitted, on the line where there is one.
    weights : ndarray of shape (n_runs,) or None
        Their weights, None where all count alike.
    """

    asked: Fit
    reduced: Fit | None
    design: Design
    N: NDArray[np.float64]
    D: NDArray[np.float64]
    L: NDArray[np.float64]
    weights: NDArray[np.float64] | None = None

    @cached_property
    def posterior(self) -> Posterior:
        """What the runs say of the tied law, exponent by exponent."""
        return find_posterior(self.N, self.D, self.L, weights=self.weights)

    @property
    def fit(self) -> Fit:
        """What predicts: the reduced law where there is one."""
        return self.asked if self.reduced is None else self.reduced

    def read(self, N: ArrayLike, D: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.str_]]:
        """Losses of some designs, and the status of each.

        Parameters
        ----------
        N, D : array_like of shape (n_targets,)
            Parameters and tokens.

        Returns
        -------
        losses, status : ndarray of shape (n_targets,)
            Off the runs' line the loss is that of the law asked for, and ``unidentified``.
        """
        on, off = (np.asarray(fit.law.predict(N, D)) for fit in (self.fit, self.asked))
        is_off = self.design.is_off(N, D) & self.design.is_line
        return np.where(is_off, off, on), np.where(is_off, "unidentified", self.fit.status)

    def predict(self, N: float, D: float) -> LossForecast:
        """Predict the loss of a run, and say whether the runs can tell it.

        They cannot where the target lies off the line that they lie on, where the fit is unsound,
        or where the law itself, if it holds, leaves more than 5 % of the loss to either side and
        more than 40 % of the fall that it promises (`scaling.laws.posterior`, at 90 %).
        """
        losses, statuses = self.read([N], [D])
        loss, status = float(losses[0]), str(statuses[0])
        if self.design.is_line and self.design.is_off([N], [D]).any():
            return LossForecast(loss, status, self.design.in_words())
        return LossForecast(loss, status, self._doubt(N, D, loss))

    def _doubt(self, N: float, D: float, loss: float) -> str:
        if self.fit.status not in (*SOUND, "unidentified"):
            return f"status {self.fit.status}"
        if not 0 < loss < np.inf:
            return "no loss"
        if self.design.is_line:
            N, D = (count.item() for count in self.design.project([N], [D]))
        at = self.posterior.at(N, D)
        lo, hi = (at.quantile((1 + side * LEVEL) / 2).item() for side in (-1, 1))
        least = self.L.min()
        fall = max(np.log(least) - np.log(loss), 0.0)
        if (hi - lo) / 2 <= least * max(WIDEST, OF_THE_FALL * fall):
            return ""
        return f"the law itself leaves {lo:.3g} to {hi:.3g} open"


def fit_table(table: pd.DataFrame, loss: str, N: str = "N", law: str = DEFAULT_LAW) -> FittedTable:
    """Fit a loss law to a run table.

    Parameters
    ----------
    table : pandas.DataFrame
        Run table; see `scaling.tables.runs`.
    loss, N : str
        Columns of the loss and of the parameters.
    law : {"prior", "tied", "free"}
        Which law.

    Returns
    -------
    FittedTable

    Raises
    ------
    FitError
        Fewer distinct runs than parameters.
    """
    n, d, losses, weights = read_inputs(table, loss, N)
    asked, design = fit_law(law, n, d, losses, weights=weights), read_design(n, d)
    if not design.is_line:
        return FittedTable(asked, None, design, n, d, losses, weights)
    n, d = design.project(n, d)
    asked, reduced = replace(asked, status="unidentified"), None
    if design.variable:
        fitter = partial(fit_power, variable=design.variable)
        try:
            if law == "prior":
                reduced = fit_with_belief(load_belief(), n, d, losses, fitter, 3, weights)
            else:
                reduced = fitter(n, d, losses, weights=weights)
        except FitError:
            reduced = None
    return FittedTable(asked, reduced, design, n, d, losses, weights)
