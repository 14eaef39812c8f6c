"""What will the next runs have told? Bought one at a time at the loss that is expected of each.

A run that is not trained yet counts at the median of what the law says, so that it moves neither
the prediction nor the noise; what changes is how surely the runs hold the target.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from scaling.costs.total import TRAINING
from scaling.decide.gain import Cells, read_law
from scaling.decide.purchases import SHIPPED, BuyingRule, Known, RunChoice, choose_next
from scaling.forecast.fitted import FittedTable, LossForecast, fit_table
from scaling.forecast.inputs import EFFECTIVE, is_effective, place_target, read_inputs
from scaling.forecast.intervals import LEVEL, load_constants, measure_change, widen
from scaling.forecast.residuals import LEAST_DOF, UNSOUND, strays
from scaling.laws.fit import FitError
from scaling.laws.posterior import Posterior
from scaling.laws.prior import Belief
from scaling.laws.registry import DEFAULT_LAW, LawChoice, choose_law

LEAST_GAIN = 0.05  # of the standard deviation at the target, by any run
LEAST_OF_LOWEST = 1e-3  # of the lowest measured: an expected loss is no less
NEARER = np.arange(1, 41) / 4  # how many doublings below the target a confirming run may lie
HALF = 0.5  # of the allowance is left after it
Stop = Literal["unsound", "tolerance", "misfit", "gain", "budget", "most"]


class Target(NamedTuple):
    """What is planned for.

    Parameters
    ----------
    N, D : float
        Parameters and tokens of the run to predict.
    level : float
        Of its intervals.
    tolerance : float or None
        Half width of the bet that is narrow enough, a fraction of the loss.
    """

    N: float
    D: float
    level: float = LEVEL
    tolerance: float | None = None

    @property
    def C(self) -> float:
        """Training compute, FLOPs."""
        return TRAINING * self.N * self.D


class Purchase(NamedTuple):
    """A run to train.

    Parameters
    ----------
    N, D : float
        Parameters and tokens.
    loss : float
        Expected of it, nats per token.
    told : LossForecast
        What the runs say of the target with it, and with those before it.
    gain : float or None
        Share of the standard deviation at the target that it takes off; None for one that lies
        beyond the grid.
    """

    N: float
    D: float
    loss: float
    told: LossForecast
    gain: float | None = None

    @property
    def C(self) -> float:
        """Training compute, FLOPs."""
        return TRAINING * self.N * self.D


class Plan(NamedTuple):
    """What to buy, and why to stop.

    Parameters
    ----------
    before : LossForecast
        What the runs say of the target.
    purchases : list of Purchase
        In order.
    stop : str
        Why to stop: the bet is inside the ``tolerance``; the law's interval is inside the allowance
        for its ``misfit``; no run has enough ``gain``; none is within the ``budget``; or there are
        as many as there may be at ``most``.
    nearer : Purchase or None
        The cheapest run that halves the allowance for what no residual shows, where there is one.
    worth : tuple of float or None
        Where it stops for want of gain or budget: N and D of the cheapest candidate that gains
        enough, whatever it costs.
    rule : BuyingRule
        By which the runs were chosen.
    """

    before: LossForecast
    purchases: list[Purchase]
    stop: Stop
    nearer: Purchase | None
    worth: tuple[float, float] | None
    rule: BuyingRule

    @property
    def is_told(self) -> bool:
        """Whether the measured runs alone tell the target.

        If not, what is told with expected runs has a width and no place: their losses are those of
        a law that the runs leave open.
        """
        return not self.before.doubt


@dataclass(frozen=True)
class TableSoFar:
    """A run table to which runs with expected losses may be added.

    Parameters
    ----------
    rows : pandas.DataFrame
        Run table; see `scaling.tables.runs`.
    loss, N : str
        Columns of the loss and of the parameters.
    law : str or LawChoice
        Which law predicts.
    n_measured : int
        Rows that were measured; the others are expected.
    noise : float
        Of the log loss, as the measured rows have it.
    """

    rows: pd.DataFrame
    loss: str
    N: str
    law: str | LawChoice
    n_measured: int
    noise: float

    @property
    def known(self) -> Known:
        """Their counts, losses and weights, and a belief that keeps the noise as it was measured.

        A row at its expected loss has no residual; the squares that it will have, ``s^2`` each, are
        added to those believed in, ``nu s_0^2``.
        """
        N, D, loss, weights = read_inputs(self.rows, self.loss, self.N)
        shipped, n_expected = load_constants().belief, len(loss) - self.n_measured
        squares = shipped.sigma_0**2 + n_expected * self.noise**2 / shipped.nu
        belief = Belief(shipped.alpha_0, shipped.tau, float(np.sqrt(squares)), shipped.nu)
        return Known(Cells(N, D), loss, weights, belief)

    def place(self, N: float, D: float) -> tuple[float, float]:
        """Counts of a run as the law takes them."""
        return place_target(self.rows, (N, D))

    def expect(self, N: float, D: float) -> float:
        """Median loss of a run, nats per token; that of the law in the middle where it is open."""
        posterior, cell = self.known.find_posterior(), self.place(N, D)
        median = float(posterior.at(*cell).quantile(0.5)[0])
        if not np.isfinite(median):
            median = float(read_law(posterior).predict(*cell))
        return max(median, LEAST_OF_LOWEST * float(self.rows[self.loss].min()))

    def plus(self, N: float, D: float, loss: float) -> TableSoFar:
        """The same and one run more."""
        row = {self.N: N, "D": D, self.loss: loss, "run": f"expected {len(self.rows)}"}
        if is_effective(self.rows):
            row |= dict(zip(EFFECTIVE, self.place(N, D), strict=True))
        rows = pd.concat([self.rows, pd.DataFrame([row])], ignore_index=True)
        return replace(self, rows=rows)

    @cached_property
    def fitted(self) -> FittedTable | str:
        """Their fit, or why there is none."""
        try:
            fitted = fit_table(self.rows, self.loss, self.N, self.law)
        except FitError as error:
            return str(error)
        return replace(fitted, belief=self.known.belief)

    @property
    def is_short(self) -> bool:
        """Whether there are fewer distinct runs than the law has coefficients."""
        distinct = self.rows.drop_duplicates([self.N, "D"])
        return len(distinct) < choose_law(self.law).n_parameters

    @property
    def is_unsound(self) -> bool:
        """Whether the runs follow no law, by their residual, or by a fit with some left to judge.

        Of fewer runs an unsound fit says little, and more of them may mend it.
        """
        if isinstance(self.fitted, str):
            return False
        fit = self.fitted.fit
        return strays(fit, self.fitted.L) or (fit.dof >= LEAST_DOF and fit.status in UNSOUND)

    def predict(self, target: Target) -> LossForecast:
        """What the runs say of the target, as `scaling predict` would."""
        if isinstance(self.fitted, str):
            return LossForecast(np.nan, "too_few_runs", self.fitted)
        return self.fitted.predict(*self.place(target.N, target.D), target.level)

    def allow(self, target: Target, more: tuple[float, float] | None = None) -> float:
        """Allowance of the bet on the target, relative; or if there were one run more."""
        if isinstance(self.fitted, str):
            return np.nan
        cells = Cells(self.fitted.N, self.fitted.D)
        if more is not None:
            cells = cells.plus(*self.place(*more))
        N, D = self.place(target.N, target.D)
        change = measure_change(self.fitted.fit.law, cells, ([N], [D]))
        return float(load_constants().allow(change)[0]) * widen(target.level)


def open_table(
    rows: pd.DataFrame, loss: str, N: str = "N", law: str | LawChoice = DEFAULT_LAW
) -> TableSoFar:
    """Open a run table for a plan; the parameters are those of `fit_table`."""
    table = TableSoFar(rows, loss, N, law, len(rows), 0.0)
    return replace(table, noise=_find_noise(table.known.find_posterior()))


def find_faulty(table: TableSoFar) -> list[str]:
    """Name the flagged runs, a minority, without which the others follow a law, if there are."""
    flagged = table.rows["flags"] != ""
    if not (table.is_unsound and 0 < flagged.mean() < 0.5):
        return []
    kept = table.rows[~flagged]
    others = replace(table, rows=kept, n_measured=len(kept))
    sound = not (others.is_short or isinstance(others.fitted, str) or others.is_unsound)
    return table.rows.loc[flagged, "run"].astype(str).tolist() if sound else []


def _find_noise(posterior: Posterior) -> float:
    """Standard deviation of the log loss in the middle of the runs."""
    at = posterior.at(*posterior.centre)
    middle = float((at.weight * at.middle).sum())
    return float((at.weight * at.noise).sum()) / middle


def make_plan(
    table: TableSoFar,
    target: Target,
    candidates: Cells,
    budget: float,
    most: int,
    rule: BuyingRule = SHIPPED,
) -> Plan:
    """Plan what to buy until a reason to stop.

    Nothing where the runs follow no law. Where they are too few for one, as many as the law has
    coefficients, whatever each gains.

    Parameters
    ----------
    table : TableSoFar
        Runs that are measured, from `open_table`.
    target : Target
        What is planned for.
    candidates : Cells
        Runs that may be bought, in the count of the table.
    budget : float
        FLOPs.
    most : int
        Runs at most.
    rule : BuyingRule
        How a run is chosen.

    Returns
    -------
    Plan
    """
    before = told = table.predict(target)
    if table.is_unsound:
        return Plan(before, [], "unsound", None, None, rule)
    purchases: list[Purchase] = []
    left, where = budget, table.place(target.N, target.D)
    places = Cells(*np.transpose([table.place(*cell) for cell in zip(*candidates, strict=True)]))
    worth = None
    while (stop := _find_stop(table, target, told)) is None and len(purchases) < most:
        choice = choose_next(table.known, places, candidates.C, where, left, rule)
        if choice is None or (choice.most < LEAST_GAIN and not table.is_short):
            stop = "budget" if choice is None else "gain"
            any_price = choose_next(table.known, places, candidates.C, where, np.inf, rule)
            worth = _find_cheapest(candidates, any_price)
            break
        cell = float(candidates.N[choice.which]), float(candidates.D[choice.which])
        table, bought = _buy(table, target, *cell)
        told, left = bought.told, left - bought.C
        purchases.append(bought._replace(gain=choice.gain))
    return Plan(before, purchases, stop or "most", _find_nearer(table, target), worth, rule)


def _find_stop(table: TableSoFar, target: Target, told: LossForecast) -> Stop | None:
    """Say whether what the runs tell is narrow enough, or as narrow as such runs make it."""
    if told.lo is None or told.hi is None or told.law_lo is None or told.law_hi is None:
        return None
    bet, law = (hi - lo for lo, hi in ((told.lo, told.hi), (told.law_lo, told.law_hi)))
    if target.tolerance is not None and bet / 2 <= target.tolerance * told.loss:
        return "tolerance"
    return "misfit" if law / 2 <= table.allow(target) * told.loss else None


def _find_cheapest(candidates: Cells, choice: RunChoice | None) -> tuple[float, float] | None:
    """Find the cheapest candidate that gains enough."""
    if choice is None or not choice.most >= LEAST_GAIN:
        return None
    cheapest = int(np.where(choice.shares >= LEAST_GAIN, candidates.C, np.inf).argmin())
    return float(candidates.N[cheapest]), float(candidates.D[cheapest])


def _buy(table: TableSoFar, target: Target, N: float, D: float) -> tuple[TableSoFar, Purchase]:
    """Add a run at its expected loss, and tell the target anew."""
    loss = table.expect(N, D)
    table = table.plus(N, D, loss)
    return table, Purchase(N, D, loss, table.predict(target))


def _find_nearer(table: TableSoFar, target: Target) -> Purchase | None:
    """Find the cheapest run of the target's tokens per parameter that halves the allowance."""
    allowed = table.allow(target)
    if not allowed > 0:
        return None
    for share in 2.0 ** -NEARER[::-1]:
        cell = target.N * share, target.D * share
        if table.allow(target, cell) <= HALF * allowed:
            return _buy(table, target, *cell)[1]
    return None
