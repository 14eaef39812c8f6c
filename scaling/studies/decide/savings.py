"""How sure is the cheapest model? What it saves, and what a size fixed beforehand costs, by law."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling.costs.total import Model, least_total, tokens_needed
from scaling.decide.cost_answers import Costing
from scaling.decide.cost_search import USUAL_M
from scaling.decide.priced_models import LEAST_MONEY, LEAST_TOTAL
from scaling.laws.draws import draw_laws
from scaling.laws.law import LossSurface

Array = NDArray[np.float64]
USUAL = f"M = {USUAL_M:g}"


class Spread(NamedTuple):
    """What the laws say that fit the runs, each with the same weight.

    Parameters
    ----------
    choice : str
        Of the answer's sizes, the one of least cost by the fitted law.
    cheapest : Model
        Of least cost, by each law that falls in both N and D; infinite where a law cannot reach
        the loss.
    least : ndarray
        Its cost: total FLOPs, or those of training that cost as much money.
    saved : ndarray
        Share that it saves against 20 tokens per parameter by the same law; of the laws that can.
    ratios : pandas.DataFrame
        Costs of sizes fixed beforehand, a column each, trained until the loss is there, over
        the least by that law; infinite where a size never gets there. A row per law that can.
    """

    choice: str
    cheapest: Model
    least: Array
    saved: Array
    ratios: pd.DataFrame

    @property
    def saved_if_fixed(self) -> pd.Series:
        """Share that the size of least cost saves against that of 20 tokens per parameter.

        Of the laws by which one of them gets there; minus infinity where only the latter does.
        """
        least, usual = self.ratios[self.choice], self.ratios[USUAL]
        either = np.isfinite(least) | np.isfinite(usual)
        return 1 - least[either] / usual[either]


def read_ends(values: Array | pd.Series) -> tuple[float, float]:
    """Ends of the middle 90 %."""
    lo, hi = np.quantile(values, [0.05, 0.95], method="inverted_cdf")
    return float(lo), float(hi)


def size_at(laws: LossSurface, M: float, loss: float) -> Model:
    """Model of M tokens per parameter that reaches a loss, by laws of one exponent.

    ``N = ((A + B M^-alpha) / (l - E))^(1/alpha)``.
    """
    if not np.array_equal(laws.alpha, laws.beta):
        raise ValueError("two exponents have no closed form")
    with np.errstate(invalid="ignore"):  # where a law does not fall in both
        N = ((laws.A + laws.B * M**-laws.alpha) / (loss - laws.E)) ** (1 / laws.alpha)
    return Model(np.asarray(N), M * np.asarray(N))


def spread_over_laws(answer: Costing, in_money: bool = False) -> Spread:
    """Ask every law that fits the runs for the least cost, and for that of the answer's sizes.

    Parameters
    ----------
    answer : Costing
        To a wanted loss and a demand, with tokens that do not run out.
    in_money : bool
        Whether cost is the bill; else total FLOPs.
    """
    if answer.loss is None or answer.case.supply.is_limited:
        raise ValueError("the answer must be to a wanted loss, with tokens that do not run out")
    laws = draw_laws(answer.case.fitted.posterior)
    served = answer.case.as_tokens if in_money else answer.case.demand.total
    cheapest = least_total(laws, answer.loss, served)
    least = cheapest.total_flops(served)
    falls, can = ~np.isnan(least), np.isfinite(least)
    saved = 1 - least / size_at(laws, USUAL_M, answer.loss).total_flops(served)
    ratios = {}
    for choice in answer.found.choices:
        N = np.asarray(choice.size.N)
        total = Model(N, tokens_needed(laws, N, answer.loss)).total_flops(served)
        ratios[choice.name] = total[can] / least[can]
    known = Model(cheapest.N[falls], cheapest.D[falls])
    cheapest_choice = LEAST_MONEY if in_money else LEAST_TOTAL
    return Spread(cheapest_choice, known, least[falls], saved[can], pd.DataFrame(ratios))
