"""Which law do these runs hold, and for which targets? The law asked for, or that along a line."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from scaling.forecast.design import LEAST_RISE, Design, read_design
from scaling.forecast.inputs import read_inputs
from scaling.forecast.intervals import (
    LEVEL,
    N_NODES,
    Intervals,
    Nodes,
    find_intervals,
    find_nodes,
    load_constants,
    measure_change,
)
from scaling.forecast.residuals import UNSOUND, have_one_loss, strays
from scaling.laws.fit import Fit, FitError
from scaling.laws.posterior import Posterior, find_posterior
from scaling.laws.power import fit_power
from scaling.laws.prior import Belief, fit_with_belief, load_belief
from scaling.laws.registry import DEFAULT_LAW, LAWS, LawChoice, choose_law

WIDEST = 0.05  # of the loss: a half width that is narrow enough
FARTHEST = 1e4  # times the largest compute: the longest step that was checked is 330
CHUNK = 1_000_000  # points of the posterior, of many targets, at once
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
    lo, hi, law_lo, law_hi : float or None
        Ends of what to bet on, and of the law's interval; None where it is not to be used.
    """

    loss: float
    status: str
    doubt: str
    lo: float | None = None
    hi: float | None = None
    law_lo: float | None = None
    law_hi: float | None = None


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
    law : LawChoice
        The law asked for.
    weights : ndarray of shape (n_runs,) or None
        Their weights, None where all count alike.
    belief : Belief or None
        What the posterior believes; by default with the shipped constants of the intervals.
    """

    asked: Fit
    reduced: Fit | None
    design: Design
    N: NDArray[np.float64]
    D: NDArray[np.float64]
    L: NDArray[np.float64]
    law: LawChoice
    weights: NDArray[np.float64] | None = None
    belief: Belief | None = None

    @property
    def on_line(self) -> bool:
        """Whether the runs lie on a line, and the law is one in N and D."""
        return self.design.is_line and self.law.name != "compute"

    @cached_property
    def posterior(self) -> Posterior:
        """What the runs say of the law asked for, or along a line of the tied law."""
        law, fix = self.law.alone.name, dict(self.law.fix)
        if self.on_line:
            law, fix = "tied", along_line(carry_over(self.law, self.design))
        return self._find_posterior(law, fix)

    @property
    def posterior_of_fit(self) -> Posterior:
        """What the runs say of `fit`, along a line of a power of one variable."""
        if self.reduced is None or self.design.variable is None:
            return self.posterior
        return self._find_posterior(
            self.design.variable, along_line(carry_over(self.law, self.design))
        )

    def _find_posterior(self, law: str, fix: dict[str, float]) -> Posterior:
        if self.fit.status == "at_zero" and self.fit.law.E == 0:
            fix = fix | {"E": 0.0}
        belief = self.belief or load_constants().belief
        return find_posterior(
            self.N, self.D, self.L, belief, law=law, weights=self.weights, fix=fix
        )

    def find_nodes(self, N: float, D: float, n_nodes: int = N_NODES) -> Nodes:
        """The loss of a target on the runs' line as a few values that stand for all it may be."""
        at = self.design.project([N], [D]) if self.on_line else ([N], [D])
        change = measure_change(self.fit.law, (self.N, self.D), at)
        return find_nodes(self.posterior.at(*at), load_constants().allow(change), n_nodes)

    @property
    def fit(self) -> Fit:
        """Fit that predicts, along the line where the runs lie on one."""
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
        is_off = self.design.is_off(N, D) & self.on_line
        return np.where(is_off, off, on), np.where(is_off, "unidentified", self.fit.status)

    def find_intervals(self, N: ArrayLike, D: ArrayLike, level: float = LEVEL) -> Intervals:
        """Intervals of the losses that `read` gives, NaN off the runs' line.

        Parameters
        ----------
        N, D : array_like of shape (n_targets,)
            Parameters and tokens.
        level : float
            Between 0 and 1.

        Returns
        -------
        Intervals
        """
        is_off, (losses, _) = self.design.is_off(N, D) & self.on_line, self.read(N, D)
        N, D = self.design.project(N, D) if self.on_line else np.array([N, D], dtype=float)
        size = len(N) * self.posterior.exponents.shape[1]
        chunks = np.array_split(np.arange(len(N)), -(-size // CHUNK))
        found = np.hstack([self._find_intervals(N[k], D[k], losses[k], level) for k in chunks])
        return Intervals(*np.where(is_off, np.nan, found))

    def _find_intervals(
        self,
        N: NDArray[np.float64],
        D: NDArray[np.float64],
        losses: NDArray[np.float64],
        level: float,
    ) -> Intervals:
        change = measure_change(self.fit.law, (self.N, self.D), (N, D))
        allowance = load_constants().allow(change)
        return find_intervals(self.posterior.at(N, D), allowance, level, losses)

    def predict(self, N: float, D: float, level: float = LEVEL) -> LossForecast:
        """Predict the loss of a run with its intervals, and say whether the runs can tell it.

        They cannot where the target lies off the line that they lie on, where the fit is unsound,
        or where the law itself, if it holds, leaves more than 5 % of the loss to either side and
        more than 40 % of the fall that it promises (`scaling.laws.posterior`, at 90 %).
        """
        return self.predict_all([N], [D], level)[0]

    def predict_all(self, N: ArrayLike, D: ArrayLike, level: float = LEVEL) -> list[LossForecast]:
        """Predict the losses of some runs; see `predict`.

        Parameters
        ----------
        N, D : array_like of shape (n_targets,)
            Parameters and tokens.
        level : float
            Of the intervals, between 0 and 1.
        """
        N, D = np.asarray(N, dtype=float), np.asarray(D, dtype=float)
        losses, statuses = self.read(N, D)
        doubts = self._doubt(N, D, losses)
        told = [
            LossForecast(*row)
            for row in zip(losses.tolist(), statuses.tolist(), doubts, strict=True)
        ]
        left = np.flatnonzero([not doubt for doubt in doubts])
        if len(left) == 0:
            return told
        usual = asked = self.find_intervals(N[left], D[left])
        if level != LEVEL:
            asked = self.find_intervals(N[left], D[left], level)
        rows = zip(left, usual.law_lo, usual.law_hi, np.transpose(asked).tolist(), strict=True)
        for i, law_lo, law_hi, ends in rows:
            doubt = self._doubt_width(told[i].loss, law_lo, law_hi)
            kept = [None] * len(ends) if doubt else ends
            told[i] = LossForecast(told[i].loss, told[i].status, doubt, *kept)
        return told

    def _doubt(
        self, N: NDArray[np.float64], D: NDArray[np.float64], losses: NDArray[np.float64]
    ) -> list[str]:
        """Say what speaks against each prediction before its interval is known."""
        if self.fit.status in UNSOUND:
            of_fit = f"status {self.fit.status}"
        elif have_one_loss(self.L):
            of_fit = "all runs have one loss"
        else:
            of_fit = "the runs do not follow the law" * strays(self.fit, self.L)
        is_off = self.design.is_off(N, D) & self.on_line
        is_far = FARTHEST * (self.N * self.D).max() < N * D
        far = f"over {FARTHEST:,.0f} times the compute of the largest run, farther than any check"
        return [
            (self.design.in_words() * off)
            or of_fit
            or ("" if 0 < loss < np.inf else "no loss")
            or (far * away)
            for off, loss, away in zip(is_off.tolist(), losses, is_far.tolist(), strict=True)
        ]

    def _doubt_width(self, loss: float, lo: float, hi: float) -> str:
        """Say whether the law itself leaves too much open, at the usual level."""
        if not hi < np.inf:
            return "the law itself leaves the loss open"
        least = self.L.min()
        fall = max(np.log(least) - np.log(loss), 0.0)
        if (hi - lo) / 2 <= least * max(WIDEST, OF_THE_FALL * fall):
            return ""
        return f"the law itself leaves {lo:.3g} to {hi:.3g} open"


def fit_table(
    table: pd.DataFrame, loss: str, N: str = "N", law: str | LawChoice = DEFAULT_LAW
) -> FittedTable:
    """Fit a loss law to a run table.

    Parameters
    ----------
    table : pandas.DataFrame
        Run table; see `scaling.tables.runs`.
    loss, N : str
        Columns of the loss and of the parameters.
    law : str or LawChoice
        Which law, see `scaling.laws.registry`.

    Returns
    -------
    FittedTable

    Raises
    ------
    FitError
        Fewer distinct runs than parameters.
    """
    law, (n, d, losses, weights) = choose_law(law), read_inputs(table, loss, N)
    asked, design = law.fit(n, d, losses, weights=weights), read_design(n, d)
    whole = FittedTable(asked, None, design, n, d, losses, law, weights)
    if not whole.on_line:
        return whole
    n, d = design.project(n, d)
    try:
        reduced = _fit_along(design, n, d, losses, law, weights)
    except FitError:
        reduced = None
    asked = replace(asked, status="unidentified")
    return replace(whole, asked=asked, reduced=reduced, N=n, D=d)


def _fit_along(
    design: Design,
    N: NDArray[np.float64],
    D: NDArray[np.float64],
    losses: NDArray[np.float64],
    law: LawChoice,
    weights: NDArray[np.float64] | None,
) -> Fit | None:
    """Fit a power of what varies along the line; None where the loss is none of it."""
    if design.variable is None:
        return None
    fix = along_line(carry_over(law, design))
    fitter = partial(fit_power, variable=design.variable)
    asked: dict[str, Any] = {"weights": weights, "nonneg": law.nonneg, "fix": fix}
    if law.name == "prior":
        return fit_with_belief(load_belief(), N, D, losses, fitter, 3, **asked)
    asked["objective"] = law.objective
    if law.huber_delta is not None:
        asked["huber_delta"] = law.huber_delta
    return fitter(N, D, losses, **asked)


def carry_over(law: LawChoice, design: Design) -> dict[str, float]:
    """What of the coefficients held means the same along a line, and so is held there, too.

    E where N and D both vary: else the constant along it contains what the other leaves. The
    exponent of the variable, unless the law has two and both vary.
    """
    both = bool(design.direction.min() > LEAST_RISE)
    two = "beta" in LAWS[law.name].exponents
    kept = {"E"} if both else set()
    if not (two and both):
        kept.add("beta" if two and design.variable == "D" else "alpha")
    return {name: value for name, value in law.fix.items() if name in kept}


def along_line(held: dict[str, float]) -> dict[str, float]:
    """Name what is held as a law of one exponent does."""
    return {"E" if name == "E" else "alpha": value for name, value in held.items()}
