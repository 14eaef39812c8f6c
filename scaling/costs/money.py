"""What do training and serving cost in money? Prices and utilisation are inputs, with a source.

An accelerator of a peak in FLOP/s does a share of it, its utilisation (MFU), and costs so much an
hour. Tokens that are read keep it busy; tokens that are written, one by one, wait for its memory,
which a low utilisation stands for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scaling.costs.total import SERVING, TRAINING

SECONDS = 3600.0  # of an hour
OF_TRAINING = ("price_training", "peak_training", "mfu_training")
LEAST, MOST = 1e-9, 1e30  # of any of them: beyond lies no accelerator and no money


class Origin(NamedTuple):
    """Where a value comes from: its source, and the date of it."""

    source: str
    date: str

    def __str__(self) -> str:
        """Source, and date in brackets."""
        return f"{self.source} ({self.date})" if self.date else self.source


class Reported(NamedTuple):
    """Least and most that sources report of a value."""

    least: float
    most: float


class Measure(NamedTuple):
    """What kind of number a field of `Prices` holds.

    Parameters
    ----------
    unit : str
        As ``data/prices/defaults.csv`` has it; `currency` stands for the label.
    rule : str
        What a value must be, in words.
    holds : callable
        Whether a finite value keeps the rule.
    """

    unit: str
    rule: str
    holds: Callable[[float], bool]


PRICE = Measure("currency per accelerator-hour", "finite and 0 or more", lambda value: value >= 0)
PEAK = Measure("FLOP/s", "finite and above 0 FLOP/s", lambda value: value > 0)
SHARE = Measure(
    "of peak", "a share of the peak, above 0 and at most 1, as 0.4", lambda value: 0 < value <= 1
)


class Bill(NamedTuple):
    """What a model costs, in the currency of its prices.

    Parameters
    ----------
    training, reading, writing : ndarray
        Training; serving the tokens in; serving the tokens out.
    """

    training: NDArray[np.float64]
    reading: NDArray[np.float64]
    writing: NDArray[np.float64]

    @property
    def serving(self) -> NDArray[np.float64]:
        """Tokens in and out together."""
        return self.reading + self.writing

    @property
    def total(self) -> NDArray[np.float64]:
        """Everything."""
        return self.training + self.serving


@dataclass(frozen=True, kw_only=True)
class Prices:
    """Prices of an accelerator-hour, peaks, and the shares of them that are reached.

    Parameters
    ----------
    currency : str
        A label; nothing is converted.
    price_training, price_serving : float
        Currency per accelerator-hour, >= 0.
    peak_training, peak_serving : float
        FLOP/s, > 0.
    mfu_training, mfu_in, mfu_out : float
        Shares of the peak, above 0 and at most 1: in training, for tokens in, for tokens out.
    origins : mapping of str to Origin
        Where each value comes from.
    reported : mapping of str to Reported
        Over which range sources report a value; none of one's own.

    Raises
    ------
    ValueError
        A value breaks its rule.
    """

    currency: str
    price_training: float = field(metadata={"measure": PRICE})
    price_serving: float = field(metadata={"measure": PRICE})
    peak_training: float = field(metadata={"measure": PEAK})
    peak_serving: float = field(metadata={"measure": PEAK})
    mfu_training: float = field(metadata={"measure": SHARE})
    mfu_in: float = field(metadata={"measure": SHARE})
    mfu_out: float = field(metadata={"measure": SHARE})
    origins: Mapping[str, Origin] = field(default_factory=dict, compare=False, repr=False)
    reported: Mapping[str, Reported] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Refuse what no price is."""
        for name, measure in MEASURES.items():
            value = getattr(self, name)
            if not (math.isfinite(value) and measure.holds(value)):
                raise ValueError(f"{name} must be {measure.rule}, got {value:g}")
            if value and not LEAST <= value <= MOST:
                raise ValueError(f"{name} must be from {LEAST:g} to {MOST:g}, got {value:g}")

    @property
    def of_training(self) -> float:
        """Currency per FLOP of training."""
        return self.price_training / (self.peak_training * self.mfu_training * SECONDS)

    @property
    def of_reading(self) -> float:
        """Currency per FLOP of tokens in."""
        return self.price_serving / (self.peak_serving * self.mfu_in * SECONDS)

    @property
    def of_writing(self) -> float:
        """Currency per FLOP of tokens out."""
        return self.price_serving / (self.peak_serving * self.mfu_out * SECONDS)

    def training_hours(self, flops: float) -> float:
        """Accelerator-hours of so much training compute."""
        return flops / (self.peak_training * self.mfu_training * SECONDS)

    def training_money(self, flops: float) -> float:
        """Its price."""
        return self.price_training * self.training_hours(flops)

    def flops_of_hours(self, hours: float) -> float:
        """Training compute of so many accelerator-hours."""
        return hours * self.peak_training * self.mfu_training * SECONDS

    def flops_of_money(self, money: float) -> float:
        """Training compute that money rents; infinite where it costs nothing."""
        if self.price_training == 0:
            return math.inf
        return self.flops_of_hours(money / self.price_training)

    def bill(self, N: ArrayLike, D: ArrayLike, tokens_in: ArrayLike, tokens_out: ArrayLike) -> Bill:
        """Price ``6 N D`` FLOPs of training, ``2 N T_in`` of reading and ``2 N T_out`` of writing.

        Parameters
        ----------
        N, D : array_like
            Parameters and training tokens.
        tokens_in, tokens_out : array_like
            Tokens served over the model's life, >= 0.

        Returns
        -------
        Bill
        """
        size, trained, read, written = (
            np.asarray(value, dtype=float) for value in (N, D, tokens_in, tokens_out)
        )
        return Bill(
            np.asarray(self.of_training * TRAINING * size * trained),
            np.asarray(self.of_reading * SERVING * size * read),
            np.asarray(self.of_writing * SERVING * size * written),
        )

    @property
    def extremes(self) -> tuple[Prices, Prices]:
        """The cheapest and the most expensive reported, all prices least and all shares most.

        Both equal these prices where nothing is reported of any of them.
        """
        cheapest: dict[str, Any] = {}
        dearest: dict[str, Any] = {}
        for name, (least, most) in self.reported.items():
            is_price = MEASURES[name] is PRICE
            cheapest[name], dearest[name] = (least, most) if is_price else (most, least)
        return replace(self, **cheapest), replace(self, **dearest)

    def as_tokens(self, tokens_in: ArrayLike, tokens_out: ArrayLike) -> NDArray[np.float64]:
        """Tokens whose ``2 N T``, at the price of training, cost what this demand costs.

        With them `scaling.costs.total` finds the model of least money instead of least FLOPs.

        Parameters
        ----------
        tokens_in, tokens_out : array_like
            Tokens served over the model's life, >= 0.

        Raises
        ------
        ValueError
            Training is free: then the model of least money is the smallest that reaches the loss.
        """
        if self.price_training == 0:
            raise ValueError("price_training must be above 0 to weigh serving against it, got 0")
        read, written = (np.asarray(value, dtype=float) for value in (tokens_in, tokens_out))
        paid = self.of_reading * read + self.of_writing * written
        return np.asarray(paid / self.of_training)

    def label(self, amount: str) -> str:
        """Write the currency with an amount: a sign before it, a name like EUR behind it."""
        is_name = self.currency.isalpha()
        return f"{amount} {self.currency}" if is_name else f"{self.currency}{amount}"

    def report(self, names: Iterable[str] | None = None) -> dict[str, dict[str, Any]]:
        """Give the currency and the prices of these `names` or of all, plainly.

        With the origin of each, and the range that is reported of it.
        """
        names = ("currency", *(names or MEASURES))
        return {
            "prices": {name: getattr(self, name) for name in names},
            "origins": {name: str(self.origins[name]) for name in names if name in self.origins},
            "reported": {
                name: list(self.reported[name]) for name in names if name in self.reported
            },
        }

    def in_words(self, names: Iterable[str] | None = None) -> list[str]:
        """Say of each price in `names` or of all its value, unit, source and date, a line each."""
        lines = ["prices and utilisation, to be replaced by your own (--prices):"]
        for name in names or MEASURES:
            value = getattr(self, name)
            unit = MEASURES[name].unit.replace("currency", self.currency)
            origin = f": {self.origins[name]}" if name in self.origins else ""
            lines.append(f"  {name} {value:.4g} {unit}{origin}")
        return lines

    def change(self, source: str = "given", **values: Any) -> Prices:
        """The same with other values, which come from `source`; of them no range is reported."""
        origins = {**self.origins, **dict.fromkeys(values, Origin(source, ""))}
        reported = {
            name: ends
            for name, ends in self.reported.items()
            if values.get(name, getattr(self, name)) == getattr(self, name)
        }
        return replace(self, **values, origins=origins, reported=reported)


LABELS = ("currency", "origins", "reported")  # every other field has a measure
MEASURES: dict[str, Measure] = {
    each.name: each.metadata["measure"] for each in fields(Prices) if each.name not in LABELS
}
