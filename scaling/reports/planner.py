"""What would a model reach, and what would it cost? What a script in a page computes, in Python.

A planner holds some sets of runs, each with its fitted law. `compute` is what the script must agree
with. It asks the laws and prices that `scaling predict` and `scaling cost` ask, so the page says
what they say.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scaling.costs.money import Prices
from scaling.costs.price_tables import default_prices
from scaling.costs.total import SERVING, TRAINING, Model, best_for_budget
from scaling.forecast.averages import find_average_intervals
from scaling.forecast.fitted import FittedTable
from scaling.laws.fit import Fit
from scaling.reports.language import round_off

BY_HAND, BY_BUDGET = "model", "budget"
ALIKE = 0.005  # of the loss: sizes that a budget buys within it are as good
SAME_RUN = 0.01  # of N and of M


class ErrorRuns(NamedTuple):
    """Loss and mean error of some runs, arrays of shape (n_runs,), and their error law."""

    loss: ArrayLike
    error: ArrayLike
    fit: Fit


class KnownRuns(NamedTuple):
    """What is known of one training set.

    Parameters
    ----------
    label : str
        Its name in a sentence; empty where it needs none.
    fitted : FittedTable
        Of a law of one exponent.
    errors : ErrorRuns or None
        Of an average of tasks, if there is one.
    measured : sequence of tuple of float
        N, M and loss of runs that are done, whether fitted or not.
    """

    label: str
    fitted: FittedTable
    errors: ErrorRuns | None
    measured: Sequence[tuple[float, float, float]] = ()

    @property
    def tried(self) -> tuple[float, float]:
        """Least and most tokens per parameter of the fitted runs, to three digits."""
        M = self.fitted.D / self.fitted.N
        return round_off(M.min()), round_off(M.max())

    def find_measured(self, N: float, M: float) -> float | None:
        """Loss that was measured of such a model."""
        for own_N, own_M, loss in self.measured:
            if max(abs(N / own_N - 1), abs(M / own_M - 1)) < SAME_RUN:
                return loss
        return None


@dataclass(frozen=True)
class Choice:
    """What a reader of the page chooses.

    Parameters
    ----------
    dataset : str
        Training set.
    by : str
        How the model is set: `BY_HAND`, by N and M; or `BY_BUDGET`, as the one of least loss whose
        training and serving together cost the budget.
    N, M : float
        Parameters, and tokens per parameter, > 0; they count by hand alone.
    budget : float
        Currency, > 0; it counts by budget alone.
    tokens_in, tokens_out, days : float
        Tokens that are read and written in a day, and for how many days, >= 0.
    price, peak : float
        Currency per accelerator-hour; peak of the accelerator, FLOP/s; both > 0.
    mfu_training, mfu_in, mfu_out : float
        Shares of the peak that are reached, above 0 and at most 1.
    currency : str
        A label.
    """

    dataset: str
    by: str
    N: float
    M: float
    budget: float
    tokens_in: float
    tokens_out: float
    days: float
    price: float
    peak: float
    mfu_training: float
    mfu_in: float
    mfu_out: float
    currency: str

    @property
    def served(self) -> tuple[float, float]:
        """Tokens that are read and written, all days."""
        return self.tokens_in * self.days, self.tokens_out * self.days

    @property
    def prices(self) -> Prices:
        """Prices, those of training and of serving alike."""
        return default_prices().change(
            currency=self.currency,
            price_training=self.price,
            price_serving=self.price,
            peak_training=self.peak,
            peak_serving=self.peak,
            mfu_training=self.mfu_training,
            mfu_in=self.mfu_in,
            mfu_out=self.mfu_out,
        )


def choose(prices: Prices, **values: Any) -> Choice:
    """Choose at these prices, those of training for both.

    Parameters
    ----------
    prices : Prices
    **values
        The rest of `Choice`, by name.
    """
    return Choice(
        price=prices.price_training,
        peak=prices.peak_training,
        mfu_training=prices.mfu_training,
        mfu_in=prices.mfu_in,
        mfu_out=prices.mfu_out,
        currency=prices.currency,
        **values,
    )


@dataclass(frozen=True)
class Planner:
    """What a page holds.

    Parameters
    ----------
    sets : mapping of str to KnownRuns
        Training sets by name, at least one.
    first : Choice
        What is shown first, and where scripts are off.
    prices : Prices
        Where its prices come from.
    loss_on, error_of : str
        Which text the loss is of, and what the error is; empty for the runs' own, and for none.
    """

    sets: Mapping[str, KnownRuns]
    first: Choice
    prices: Prices
    loss_on: str = ""
    error_of: str = ""

    @property
    def has_errors(self) -> bool:
        """Whether it tells an error beside the loss."""
        return all(known.errors is not None for known in self.sets.values())

    def find_model(self, choice: Choice) -> Model:
        """Give the model that is chosen: by hand, or the best for the budget, by the runs' law.

        It is that of least loss in `scaling.cost` for the same money.
        """
        if choice.by == BY_HAND:
            return Model(np.array(choice.N), np.array(choice.N * choice.M))
        flops, as_tokens = _read_budget(choice)
        return best_for_budget(self.sets[choice.dataset].fitted.fit.law, flops, as_tokens)

    def predict(self, dataset: str, N: float, D: float, with_error: bool = True) -> dict[str, Any]:
        """Predict loss and mean error of a model, as `compute` gives them."""
        known = self.sets[dataset]
        told = known.fitted.predict(N, D)
        ends = ("lo", "hi", "law_lo", "law_hi", "doubt")
        found: dict[str, Any] = {"loss": told.loss} | {name: getattr(told, name) for name in ends}
        if with_error and known.errors is not None:
            found |= _predict_error(known.fitted, known.errors, (N, D), found)
        return found

    def compute(self, choice: Choice) -> dict[str, Any]:
        """Compute what the page shows of a choice.

        Parameters
        ----------
        choice : Choice

        Returns
        -------
        dict
            ``N`` and ``D`` of the model; ``loss``, ``law_lo``, ``law_hi``, ``lo`` and ``hi`` in
            nats per token; ``error`` and its ends likewise, fractions, where there is one; `doubt`,
            why there are no ends, which then are None; FLOPs and money of ``training``, ``in``,
            ``out`` and ``total``; `reported`, least and most of the bill over the reported prices
            and utilisations; `measured`, the loss where such a run is done; and by a budget
            `alike`, least and most parameters that it buys within `ALIKE` of the least loss, and
            `inside`, the best model within the tokens per parameter of the runs where the best of
            all lies outside, with its interval.
        """
        read, written = choice.served
        model = self.find_model(choice)
        N, D = float(model.N), float(model.D)
        bill = choice.prices.bill(N, D, read, written)
        flops = (model.training_flops(), model.serving_flops(read), model.serving_flops(written))
        return {
            "N": N,
            "D": D,
            **self.predict(choice.dataset, N, D),
            "flops": _name_parts(*flops, model.total_flops(read + written)),
            "money": _name_parts(bill.training, bill.reading, bill.writing, bill.total),
            "reported": _name_ends(
                *(each.bill(N, D, read, written).total for each in choice.prices.extremes)
            ),
            "measured": self.sets[choice.dataset].find_measured(N, D / N),
            "alike": self._find_alike(choice, N, D),
            "inside": self._find_inside(choice, D / N),
        }

    def _find_alike(self, choice: Choice, N: float, D: float) -> dict[str, float] | None:
        from scipy.optimize import brentq  # here: a table is checked without SciPy

        if choice.by == BY_HAND:
            return None
        law = self.sets[choice.dataset].fitted.fit.law
        (flops, served), most = _read_budget(choice), (1 + ALIKE) * float(law.predict(N, D))

        def size(log_D: float) -> float:
            return flops / (TRAINING * math.exp(log_D) + SERVING * served)

        def excess(log_D: float) -> float:
            return float(law.predict(size(log_D), math.exp(log_D))) - most

        best, ends = math.log(D), []
        for side in (1.0, -1.0):
            while excess(best + side) < 0:
                side *= 2
            between = sorted((best, best + side))
            ends.append(size(brentq(excess, *between, xtol=1e-13, rtol=1e-15)))
        return _name_ends(*ends)

    def _find_inside(self, choice: Choice, M: float) -> dict[str, float] | None:
        least, most = self.sets[choice.dataset].tried
        if choice.by == BY_HAND or least <= round_off(M) <= most:
            return None
        nearest = min(max(M, least), most)  # along a budget the loss has one least
        flops, served = _read_budget(choice)
        N = flops / (math.sqrt(served**2 + TRAINING * nearest * flops) + served)
        told = self.predict(choice.dataset, N, nearest * N, with_error=False)
        if told["doubt"]:
            return None
        return {"N": N, "M": nearest, "lo": told["lo"], "hi": told["hi"]}


def tokens_of_sizes(choice: Choice, N: ArrayLike) -> NDArray[np.float64]:
    """Training tokens of other sizes on the map: as many a parameter, or what the budget leaves.

    Parameters
    ----------
    choice : Choice
    N : array_like
        Parameters, > 0.

    Returns
    -------
    ndarray
        0 or less where serving takes more than the budget.
    """
    size = np.asarray(N, dtype=float)
    if choice.by == BY_HAND:
        return size * choice.M
    flops, as_tokens = _read_budget(choice)
    return np.asarray((flops / size - SERVING * as_tokens) / TRAINING)


def _read_budget(choice: Choice) -> tuple[float, float]:
    """Give the budget in FLOPs of training, and tokens whose ``2 N T`` cost as much as serving."""
    prices = choice.prices
    return choice.budget / prices.of_training, float(prices.as_tokens(*choice.served))


def _name_ends(least: ArrayLike, most: ArrayLike) -> dict[str, float]:
    return {"least": float(np.asarray(least)), "most": float(np.asarray(most))}


def _name_parts(*parts: ArrayLike) -> dict[str, float]:
    names = ("training", "in", "out", "total")
    return {name: float(np.asarray(part)) for name, part in zip(names, parts, strict=True)}


def _predict_error(
    fitted: FittedTable, errors: ErrorRuns, at: tuple[float, float], told: Mapping[str, Any]
) -> dict[str, float | None]:
    value = float(errors.fit.law.predict(told["loss"]))
    ends: tuple[float | None, ...] = (None,) * 4
    if not told["doubt"]:
        ends = find_average_intervals(fitted.find_nodes(*at), errors.loss, errors.error, value)
    names = ("error_lo", "error_hi", "error_law_lo", "error_law_hi")
    return {"error": value, **dict(zip(names, ends, strict=True))}
