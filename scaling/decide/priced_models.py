"""What does a model that one might train cost, and reach? With the case it is priced in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from scaling.costs.money import Bill, Prices
from scaling.costs.total import Model
from scaling.decide.supply import Supply
from scaling.forecast.fitted import FittedTable, LossForecast
from scaling.forecast.prediction import ErrorForecast

OWN = "this model"
OPTIMUM, LEAST_TOTAL, LEAST_MONEY = "compute-optimal", "least total FLOPs", "least money"
LEAST_LOSS = "least loss"


class Demand(NamedTuple):
    """Tokens to serve.

    Parameters
    ----------
    tokens_in, tokens_out : float
        Read and written a day.
    days : float
        For how long.
    """

    tokens_in: float
    tokens_out: float
    days: float

    @property
    def read(self) -> float:
        """Tokens in, all days."""
        return self.tokens_in * self.days

    @property
    def written(self) -> float:
        """Tokens out, all days."""
        return self.tokens_out * self.days

    @property
    def total(self) -> float:
        """Both, all days."""
        return self.read + self.written


class Range(NamedTuple):
    """Ends of an interval if the law holds; infinite where laws that fit never get there."""

    lo: float
    hi: float


@dataclass(frozen=True)
class PricedModel:
    """A model that one might train.

    Parameters
    ----------
    name : str
        What speaks for it.
    size : Model
        Parameters, and training tokens seen.
    told : LossForecast
        Its loss, with both intervals.
    bill : Bill
        Training and serving, in money.
    demand : Demand
        What it serves.
    reported : tuple of float
        Least and most of the whole bill, over the reported prices and utilisations.
    epochs : float or None
        How often its tokens are seen; None where there are always fresh ones.
    needed : Range or None
        If the law holds, training tokens at which this N reaches the wanted loss.
    error : ErrorForecast or None
        Error to expect of the task whose error was asked for.
    """

    name: str
    size: Model
    told: LossForecast
    bill: Bill
    demand: Demand
    reported: tuple[float, float]
    epochs: float | None = None
    needed: Range | None = None
    error: ErrorForecast | None = None

    @property
    def is_priced(self) -> bool:
        """Whether its bill counts, because its size is given or its loss may be used."""
        return self.name == OWN or not self.told.doubt

    @property
    def M(self) -> float:
        """Tokens per parameter."""
        return float(self.size.M)

    @property
    def training_flops(self) -> float:
        """``6 N D``."""
        return float(self.size.training_flops())

    @property
    def serving_flops(self) -> float:
        """``2 N T``."""
        return float(self.size.serving_flops(self.demand.total))

    @property
    def total_flops(self) -> float:
        """Both."""
        return self.training_flops + self.serving_flops


class Sensitivity(NamedTuple):
    """The model of least money at another utilisation of written tokens."""

    mfu_out: float
    size: Model
    bill: Bill


@dataclass(frozen=True)
class Findings:
    """What was found.

    Parameters
    ----------
    choices : list of PricedModel
        In the order in which they are shown.
    sensitivity : list of Sensitivity
        The model of least money at half and at twice the utilisation of written tokens; none where
        its loss is not to be used.
    range_N, range_flops : Range or None
        Parameters and total FLOPs of the model of least total FLOPs, over the laws that fit.
    break_even : float or None
        Of a given model: the tokens to serve beyond which a smaller one is cheaper.
    order : Range or None
        What the model of least money costs at that loss, over the compute-optimal or the given
        model, over the laws that fit; for a budget, the least loss over that of the
        compute-optimal model.
    """

    choices: list[PricedModel]
    sensitivity: list[Sensitivity]
    range_N: Range | None = None
    range_flops: Range | None = None
    break_even: float | None = None
    order: Range | None = None

    @property
    def optimum(self) -> PricedModel | None:
        """The compute-optimal model, if it is among them."""
        return next((each for each in self.choices if each.name == OPTIMUM), None)


@dataclass(frozen=True)
class CostCase:
    """What the runs say, what there is to train on, and what is to be served at which prices.

    Parameters
    ----------
    fitted : FittedTable
        The runs and their law.
    supply : Supply
        The law, and the different tokens that there are.
    demand : Demand
        Tokens to serve.
    prices : Prices
        Prices and utilisation.
    level : float
        Of the intervals.
    """

    fitted: FittedTable
    supply: Supply
    demand: Demand
    prices: Prices
    level: float

    @property
    def as_tokens(self) -> float:
        """Tokens that weigh as much in FLOPs as the demand does in money."""
        return float(self.prices.as_tokens(self.demand.read, self.demand.written))

    def bill(self, size: Model) -> Bill:
        """Price one model."""
        return self.prices.bill(*size, self.demand.read, self.demand.written)

    def bill_range(self, size: Model) -> tuple[float, float]:
        """Least and most of its bill, over the reported prices and utilisations."""
        served = self.demand.read, self.demand.written
        least, most = (each.bill(*size, *served).total for each in self.prices.extremes)
        return float(least), float(most)

    def price(self, sizes: dict[str, Model]) -> list[PricedModel]:
        """Give each model its loss, its bill, and how often it sees its tokens."""
        counts = [self.supply.effective(*size) for size in sizes.values()]
        N, D = np.transpose(counts)
        told = self.fitted.predict_all(N, D, self.level)
        return [
            PricedModel(
                name,
                size,
                loss,
                self.bill(size),
                self.demand,
                self.bill_range(size),
                self._epochs(size),
            )
            for (name, size), loss in zip(sizes.items(), told, strict=True)
        ]

    def _epochs(self, size: Model) -> float | None:
        return max(size.D / self.supply.unique, 1.0) if self.supply.is_limited else None
