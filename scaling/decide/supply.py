"""What can be had from the different tokens that there are? A law, and how far tokens go round.

With unlimited tokens a model of N parameters and D tokens has the law's loss at (N, D). With U
different ones it has the loss at the effective counts of `scaling.laws.repeated`, which no number
of epochs takes beyond 16.4 U.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scaling.costs.total import SERVING, TRAINING, Model, tokens_needed
from scaling.costs.total import best_for_budget as spend_fresh
from scaling.costs.total import least_total as least_fresh
from scaling.forecast.advice import shorten
from scaling.laws.law import LossSurface
from scaling.laws.repeated import (
    OPTIMAL,
    R_D,
    R_N,
    effective_parameters,
    effective_tokens,
    log_worth_of_more,
    real_parameters,
    seen_tokens,
)

WIDEST = 30.0  # of a search along a line of equal loss, in the logit of what is feasible
FARTHEST = 300.0  # of one along a budget or a multiplier, in logarithms
OUTERMOST = 1e300  # stands for infinity, where a search begins at a count that is infinite
TOLERANCE = 1e-14
ROUNDING = 1e-9  # of a loss, relative


@dataclass(frozen=True)
class Supply:
    """A loss law, and how many different tokens there are.

    Parameters
    ----------
    law : LossSurface
        One law, with A and B above 0.
    unique : float
        Different tokens, U > 0; infinite where there are always fresh ones.
    """

    law: LossSurface
    unique: float = math.inf

    @property
    def is_limited(self) -> bool:
        """Whether tokens may have to be seen again."""
        return math.isfinite(self.unique)

    def effective(self, N: ArrayLike, D: ArrayLike) -> tuple[NDArray[np.float64], ...]:
        """Parameters and tokens that the law takes."""
        return effective_parameters(N, self.unique), effective_tokens(D, self.unique)

    def predict(self, N: ArrayLike, D: ArrayLike) -> Any:
        """Loss at N parameters and D tokens seen, nats per token."""
        return self.law.predict(*self.effective(N, D))

    @property
    def lowest(self) -> float:
        """Loss that no N and no number of epochs goes below, nats per token."""
        if not self.is_limited:
            return float(self.law.E)
        return float(self.lowest_of(self.law))

    def lowest_of(self, laws: LossSurface) -> Any:
        """The same of other laws, such as those of `scaling.laws.draws`."""
        if not self.is_limited:
            return laws.E
        return laws.E + sum(self._terms_of(laws))

    def _least_terms(self) -> tuple[float, float]:
        """What N and what D leave of the loss at their limits."""
        return self._terms_of(self.law)

    def _terms_of(self, laws: LossSurface) -> tuple[Any, Any]:
        most = (1 + R_N) * OPTIMAL * self.unique, (1 + R_D) * self.unique
        return laws.A * most[0] ** -laws.alpha, laws.B * most[1] ** -laws.beta

    def least_total(self, loss: float, served: float = 0.0) -> Model:
        """Size of least ``6 N D + 2 N T`` that reaches a loss.

        It obeys ``alpha A N'^-alpha e_N / (beta B D'^-beta e_D) = 1 + T / (3 D)``, where N' and D'
        are the effective counts and e_N, e_D what a relative step of N or D adds to theirs: 1
        without repetition.

        Raises
        ------
        ValueError
            The loss is out of reach.
        """
        self._refuse_unreachable(loss)
        if not self.is_limited:
            model = least_fresh(self.law, loss, served)
            return Model(float(model.N), float(model.D))
        gap = loss - self.law.E
        least, most = self._least_terms()[0] / gap, 1 - self._least_terms()[1] / gap

        def place(z: float) -> Model:
            share = least + (most - least) / (1 + math.exp(-z))
            N = real_parameters((self.law.A / (share * gap)) ** (1 / self.law.alpha), self.unique)
            D = seen_tokens((self.law.B / ((1 - share) * gap)) ** (1 / self.law.beta), self.unique)
            return Model(float(N), float(D))

        z = _solve(lambda z: self.imbalance(*place(z), served), -WIDEST, WIDEST)
        return place(z)

    def best_for_budget(self, budget: float, served: float = 0.0) -> Model:
        """Size of least loss with ``6 N D + 2 N T`` at a budget, FLOPs."""
        if not self.is_limited:
            model = spend_fresh(self.law, budget, served)
            return Model(float(model.N), float(model.D))

        def place(log_D: float) -> Model:
            D = math.exp(log_D)
            return Model(budget / (TRAINING * D + SERVING * served), D)

        return place(_solve(lambda y: self.imbalance(*place(y), served), -FARTHEST, FARTHEST))

    def imbalance(self, N: float, D: float, served: float = 0.0) -> float:
        """How far a size is from the cheapest of its loss: 0 there, above 0 for too small an N.

        The logarithm of the left side of the condition over its right side.
        """
        if math.isinf(N) or math.isinf(D):
            return -OUTERMOST if math.isinf(N) else OUTERMOST
        law, (small, few) = self.law, self.effective(N, D)
        ratio = math.log(law.alpha * law.A / (law.beta * law.B))
        ratio += law.beta * math.log(few) - law.alpha * math.log(small)
        if self.is_limited:
            ratio += float(log_worth_of_more(N, min(OPTIMAL * self.unique, N), R_N))
            ratio -= float(log_worth_of_more(D, min(self.unique, D), R_D))
        return ratio - math.log1p(served / (3 * D))

    def break_even_tokens(self, N: float, D: float) -> float:
        """Tokens to serve at which a size is the cheapest of its loss; beyond, a smaller one is.

        Infinite where tokens were seen so often that a smaller one never makes up for it.
        """
        with np.errstate(over="ignore"):
            return float(3 * D * np.expm1(self.imbalance(N, D)))

    def at_multiplier(self, M: float, loss: float) -> Model:
        """Size of M tokens per parameter that reaches a loss.

        Raises
        ------
        ValueError
            The loss is out of reach.
        """
        self._refuse_unreachable(loss)
        if not self.is_limited:
            N = self.law.solve_N(M, loss)
            return Model(N, M * N)

        def excess(log_N: float) -> float:
            return loss - float(self.predict(math.exp(log_N), M * math.exp(log_N)))

        N = math.exp(_solve(excess, -FARTHEST, FARTHEST))
        return Model(N, M * N)

    def tokens_needed(self, N: float, loss: float, laws: LossSurface | None = None) -> Any:
        """Tokens to see until N parameters reach a loss; infinite where they never do.

        Parameters
        ----------
        N, loss : float
            Parameters, and nats per token.
        laws : LossSurface, optional
            Laws to take instead, such as those of `scaling.laws.draws`.
        """
        real = effective_parameters(N, self.unique)
        needed = tokens_needed(self.law if laws is None else laws, real, loss)
        return seen_tokens(needed, self.unique) if self.is_limited else needed

    def is_reachable(self, loss: float) -> bool:
        """Whether some N and D have a loss; one that is lowest to rounding has no D to be told."""
        return loss > self.lowest * (1 + (ROUNDING if self.is_limited else 0.0))

    def _refuse_unreachable(self, loss: float) -> None:
        if self.is_reachable(loss):
            return
        floor = f"the irreducible loss E = {self.law.E:.4g}"
        if self.is_limited:
            tokens = shorten(self.unique)
            floor = f"{self.lowest:.4g}, the lowest that {tokens} different tokens allow"
        raise ValueError(f"loss must be above {floor}, got {loss:g}: it is out of reach")


def _solve(rising: Callable[[float], float], lo: float, hi: float) -> float:
    """Root of a rising function, or the end that is nearest to one."""
    from scipy.optimize import brentq  # here: a table is checked without SciPy

    if rising(lo) >= 0 or rising(hi) <= 0:
        return lo if rising(lo) >= 0 else hi
    return float(brentq(rising, lo, hi, xtol=TOLERANCE, rtol=4 * np.finfo(float).eps))
