"""What does a report rest on? What was asked, and the tool's answers, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from scaling.costs.compute import training_flops
from scaling.costs.money import Prices
from scaling.decide.cost_answers import Costing
from scaling.decide.first_design import FirstRuns
from scaling.decide.plan_answer import NextRuns
from scaling.decide.priced_models import Demand
from scaling.forecast.answers import BacktestResult
from scaling.forecast.kpi_answer import KpiPrediction
from scaling.forecast.prediction_answer import Prediction
from scaling.forecast.residuals import UNSOUND, strays
from scaling.forecast.selection import Selected
from scaling.forecast.task_answers import TaskVerdicts
from scaling.reports.sources import Source


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
    unique_tokens : float, str or None
        Different tokens to train on, as given.
    prices : Prices
        Those given, or shipped.
    """

    target: tuple[float, float]
    named: bool
    tolerance: float
    tolerance_given: bool
    budget: float
    budget_given: bool
    demand: Demand | None
    loss: float | str | None
    unique_tokens: float | str | None
    prices: Prices

    @property
    def flops(self) -> float:
        """``6 N D`` of the model."""
        return float(training_flops(*self.target))

    @property
    def life(self) -> float:
        """What training and serving the model cost, money."""
        demand = self.demand
        served = (0.0, 0.0) if demand is None else (demand.read, demand.written)
        return float(self.prices.bill(*self.target, *served).total)


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
    tasks, kpi, costing : answer, Missing or None
        Of `tasks`, `kpi` and of `scaling.decide.cost_question.cost`; None where there is no task,
        no KPI was asked for, and nothing was said of a demand.
    """

    source: Source
    asked: Asked
    selected: Selected
    prediction: Perhaps[Prediction]
    backtest: Perhaps[BacktestResult]
    plan: Perhaps[NextRuns | FirstRuns]
    tasks: Perhaps[TaskVerdicts] | None
    kpi: Perhaps[KpiPrediction] | None
    costing: Perhaps[Costing] | None

    @property
    def usable(self) -> Prediction | None:
        """The prediction, where its loss may be used."""
        told = self.prediction
        return None if isinstance(told, Missing) or told.forecast.doubt else told

    @property
    def is_broken(self) -> bool:
        """Whether the runs themselves are at fault, since they follow no law."""
        if isinstance(self.prediction, Missing):
            return False
        fit = self.prediction.forecast.fit
        losses = self.selected.table[self.selected.loss]
        return fit.status in UNSOUND or strays(fit, losses)

    @property
    def doubt(self) -> str:
        """Why it may not; empty where it may."""
        told = self.prediction
        return told.reason if isinstance(told, Missing) else told.forecast.doubt
