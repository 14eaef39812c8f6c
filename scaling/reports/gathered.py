"""What does a report rest on? What was asked, and the tool's answers, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias, TypeVar

import numpy as np

from scaling.costs.compute import training_flops
from scaling.costs.money import Prices
from scaling.decide.cost_answers import Costing
from scaling.decide.first_design import FirstRuns
from scaling.decide.plan_answer import NextRuns
from scaling.decide.priced_models import Demand
from scaling.forecast.advice import shorten
from scaling.forecast.answers import BacktestResult
from scaling.forecast.fitted import FARTHEST
from scaling.forecast.kpi_answer import KpiPrediction
from scaling.forecast.prediction import SMALL_REACH
from scaling.forecast.prediction_answer import Prediction
from scaling.forecast.residuals import UNSOUND, strays
from scaling.forecast.selection import Selected
from scaling.forecast.task_answers import TaskVerdicts
from scaling.laws.fit import Fit
from scaling.reports.sources import Source
from scaling.tables.numbers import as_numbers
from scaling.tables.suspects import FEW_EPOCHS

SAME = 1e-6  # relative: losses that are one
ROUNDING = 1e-9  # relative: as good as the end of a range itself


@dataclass(frozen=True)
class Missing:
    """Why there is no answer, in the tool's words."""

    reason: str


Kept = TypeVar("Kept")
Perhaps: TypeAlias = Kept | Missing


@dataclass(frozen=True)
class Asked:
    """What was asked, completed.

    Parameters
    ----------
    target : tuple of float
        Parameters and training tokens of the model.
    named : bool
        Whether they were given.
    tolerance : float
        Half width of the bet that is narrow enough, a fraction of the loss.
    tolerance_given : bool
        Whether it was given.
    budget : float
        For further runs, FLOPs.
    budget_given : bool
        Whether it was given.
    demand : Demand or None
        What is to be served, if anything was said.
    loss : float, str or None
        The loss to reach, as given.
    unique_tokens : float or None
        Different tokens to train on; None where there are always fresh ones.
    prices : Prices
        Those given, or shipped.
    kpi : str or None
        Column of an own KPI that was asked for.
    """

    target: tuple[float, float]
    named: bool
    tolerance: float
    tolerance_given: bool
    budget: float
    budget_given: bool
    demand: Demand | None
    loss: float | str | None
    unique_tokens: float | None
    prices: Prices
    kpi: str | None

    @property
    def flops(self) -> float:
        """``6 N D`` of the model."""
        return float(training_flops(*self.target))

    @property
    def epochs(self) -> float:
        """How often each training token is seen."""
        return 1.0 if self.unique_tokens is None else max(self.target[1] / self.unique_tokens, 1.0)

    @property
    def life(self) -> float:
        """What training and serving the model cost, money."""
        return self._bill(self.prices)

    @property
    def life_reported(self) -> tuple[float, float]:
        """Least and most of it, over the reported prices and utilisations."""
        least, most = map(self._bill, self.prices.extremes)
        return least, most

    def _bill(self, prices: Prices) -> float:
        demand = self.demand
        served = (0.0, 0.0) if demand is None else (demand.read, demand.written)
        return float(prices.bill(*self.target, *served).total)


class Outlook(NamedTuple):
    """The own KPI on the largest run that has it, and whether its bet is better, worse or open.

    The kind is ``better``, ``worse`` or ``inside``.
    """

    now: float
    kind: str


@dataclass(frozen=True, eq=False)
class Gathered:
    """The answers of a report.

    Parameters
    ----------
    source : Source
        The input.
    asked : Asked
        What was asked.
    selected : scaling.forecast.selection.Selected
        The rows used.
    prediction, backtest, plan : answer or Missing
        Of `scaling.forecast.questions.predict`, `backtest` and of
        `scaling.decide.plan_question.plan`.
    rival : answer, Missing or None
        Of `scaling.forecast.questions.predict` by the law of two exponents; None where it is no
        other law, or the runs are too few to tell the two apart.
    tasks, kpi, costing : answer, Missing or None
        Of `tasks`, `kpi` and of `scaling.decide.cost_question.cost`; None where there is no task,
        no KPI was asked for, and nothing was said of a demand.
    """

    source: Source
    asked: Asked
    selected: Selected
    prediction: Perhaps[Prediction]
    backtest: Perhaps[BacktestResult]
    rival: Perhaps[Prediction] | None
    plan: Perhaps[NextRuns | FirstRuns]
    tasks: Perhaps[TaskVerdicts] | None
    kpi: Perhaps[KpiPrediction] | None
    costing: Perhaps[Costing] | None

    @property
    def usable(self) -> Prediction | None:
        """The prediction, where its loss may be used."""
        told = self.prediction
        return None if isinstance(told, Missing) or self.doubt else told

    @property
    def usable_kpi(self) -> KpiPrediction | None:
        """The own KPI, where its loss may be used and it has an interval."""
        answer = self.kpi
        if answer is None or isinstance(answer, Missing) or self.usable is None:
            return None
        return answer if answer.lo is not None and answer.hi is not None else None

    @property
    def kpi_outlook(self) -> Outlook | None:
        """How the own KPI compares with today's, where it may be used."""
        answer = self.usable_kpi
        if answer is None:
            return None
        assert answer.lo is not None and answer.hi is not None
        table, terms = answer.selected.table, answer.kpi.terms
        values = as_numbers(table[terms.column], letters=False).to_numpy(float)
        C = (table[answer.selected.N] * table["D"]).to_numpy(float)
        now = float(values[np.where(np.isnan(values), -np.inf, C).argmax()])
        if answer.lo <= now <= answer.hi:
            return Outlook(now, "inside")
        is_better = (answer.lo > now) == terms.higher_is_better
        return Outlook(now, "better" if is_better else "worse")

    @property
    def lets_kpi_open(self) -> bool:
        """Whether an own KPI was asked for that is not told to get better."""
        outlook = self.kpi_outlook
        return self.asked.kpi is not None and (outlook is None or outlook.kind != "better")

    @property
    def kpi_doubt(self) -> str:
        """Why there is none; empty where it may be used, or none was asked for."""
        if self.kpi is None or self.usable_kpi is not None:
            return ""
        if isinstance(self.kpi, Missing):
            return self.kpi.reason
        return self.kpi.doubt or self.doubt

    @property
    def ends_of_M(self) -> tuple[float, float]:
        """Least and most tokens per parameter of the runs."""
        M = self.selected.table["D"] / self.selected.table[self.selected.N]
        return float(M.min()), float(M.max())

    def is_inside(self, M: float) -> bool:
        """Whether so many tokens per parameter are within those of the runs."""
        least, most = self.ends_of_M
        return least * (1 - ROUNDING) <= M <= most * (1 + ROUNDING)

    @property
    def is_along_its_line(self) -> bool:
        """Whether the runs lie on one line, with the model on it."""
        told = self.usable
        return told is not None and told.forecast.fitted.on_line

    @property
    def is_repeated(self) -> bool:
        """Whether the model sees its tokens more often than they are nearly as good as fresh."""
        return self.asked.epochs > FEW_EPOCHS

    @property
    def reach(self) -> float:
        """Compute of the model, in multiples of that of the largest run."""
        table = self.selected.table
        largest = float((table[self.selected.N] * table["D"]).max())
        return self.asked.target[0] * self.asked.target[1] / largest

    @property
    def is_tiny(self) -> bool:
        """Whether the model is so far below the runs that a letter was forgotten."""
        return self.reach < SMALL_REACH

    @property
    def is_too_far(self) -> bool:
        """Whether it lies farther out than anything is told."""
        return self.reach > FARTHEST

    @property
    def is_broken(self) -> bool:
        """Whether the runs themselves are at fault, since they follow no law."""
        if isinstance(self.prediction, Missing):
            return False
        fit = self.prediction.forecast.fit
        losses = self.selected.table[self.selected.loss]
        return fit.status in UNSOUND or strays(fit, losses) or self._has_one_loss

    @property
    def _has_one_loss(self) -> bool:
        losses = self.selected.table[self.selected.loss]
        return len(losses) > 1 and float(np.ptp(np.log(losses))) < SAME

    @property
    def is_open(self) -> bool:
        """Whether several laws fit the runs alike, off any line that they lie on."""
        if isinstance(self.prediction, Missing):
            return False
        fitted = self.prediction.forecast.fitted
        return fitted.fit.status == "unidentified" and not fitted.on_line

    @property
    def doubt(self) -> str:
        """Why it may not; empty where it may be."""
        told = self.prediction
        if self.is_tiny:
            return f"it takes {self.reach:.1g} of the compute of the largest run"
        if isinstance(told, Missing):
            return told.reason
        if self._has_one_loss:
            return "all runs have one loss: what parameters and tokens bring is not known"
        sign = "status wrong_sign"
        doubt = told.forecast.doubt.replace(sign, _say_sign(told.forecast.fit))
        return doubt or self._repeats_in_words()

    def _repeats_in_words(self) -> str:
        if not self.is_repeated:
            return ""
        assert self.asked.unique_tokens is not None
        return (
            f"{shorten(self.asked.unique_tokens)} different tokens are seen "
            f"{self.asked.epochs:.3g} times each, and the law is one of fresh tokens "
            f"(nearly as good up to {FEW_EPOCHS:g} times)"
        )


def _say_sign(fit: Fit) -> str:
    """Say which coefficient has the wrong sign."""
    found = fit.law.coefficients
    rises = [what for name, what in (("A", "N"), ("B", "D")) if found.get(name, 0.0) < 0]
    if not rises or found["E"] < 0:
        return "the loss that is left at any size comes out below zero"
    return f"the loss rises with {' and '.join(rises)}"
