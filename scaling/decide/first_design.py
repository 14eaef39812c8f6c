"""Which runs come first, where there are none? The paper's five, to a budget.

Four sizes at one number of tokens per parameter and the smallest of them once more at sixteen times
as many: the shape of the design that Gadre et al. fitted (arXiv 2403.08540, Table 1). From it the
testbed's large runs are predicted better than from seven of ten random designs of the same cost.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from scaling.costs.compute import training_flops
from scaling.costs.money import OF_TRAINING, Prices
from scaling.costs.total import TRAINING
from scaling.decide.candidates import WARMUPS
from scaling.decide.gain import Cells
from scaling.decide.plan_reach import tell_reach, tell_repeats
from scaling.decide.plan_words import hours_and_money, price_in_words
from scaling.forecast.advice import LEAST_M_SPAN, LEAST_N_SPAN, shorten
from scaling.forecast.answer import Answer
from scaling.forecast.selection import ChoiceError
from scaling.forecast.words import align, flops_in_words
from scaling.tables.suspects import FEW_EPOCHS

SIZES = np.array([1.0, 7.5, 14.5, 39.0])  # over the smallest
FAR = 16.0  # times the tokens per parameter of the others
LEAST_N = 1e6  # parameters: below, the vocabulary is nearly all of a model

WARMUP_NOT_KNOWN = (
    "whether a run ends inside its warm-up is not known: name its tokens with --warmup-tokens, "
    "steps times tokens a step"
)


class DesignCheck(NamedTuple):
    """A line of the checklist: what is asked, what the design has, and whether it holds.

    `holds` is None where it cannot be told.
    """

    asks: str
    has: str
    holds: bool | None


def design_first(
    budget: float, target: tuple[float, float], M: float, warmup_tokens: float = 0.0
) -> Cells:
    """Lay out the first five runs, the cheapest first, that cost a budget together.

    Parameters
    ----------
    budget : float
        FLOPs.
    target : tuple of float
        Parameters and tokens of the run to predict.
    M : float
        Tokens per parameter of four of them.
    warmup_tokens : float
        Tokens that a warm-up takes; every run has at least twice as many.

    Raises
    ------
    ChoiceError
        The budget is too small for such runs, or as large as the target, or makes larger models.
    """
    C_target = training_flops(*target)
    if budget >= C_target:
        rule = f"the budget, {flops_in_words(budget)} FLOPs, trains the target itself"
        told = f"{rule}, {flops_in_words(C_target)}: nothing is to be extrapolated"
        raise ChoiceError(told, ("budget",))
    of_smallest = float((SIZES**2).sum() + FAR)  # compute of all over that of the smallest
    smallest = float(np.sqrt(budget / (TRAINING * M * of_smallest)))
    least = max(LEAST_N, WARMUPS * warmup_tokens / M)
    if smallest < least:
        needed = TRAINING * M * least**2 * of_smallest
        rule = (
            f"sizes over a factor of {SIZES[-1]:g} from N = {shorten(least)} at M = {M:g} take "
            f"{flops_in_words(needed, 2)} FLOPs"
        )
        told = f"the budget is too small: {rule}, got {flops_in_words(budget)}"
        raise ChoiceError(told, ("budget",))
    N = smallest * np.array([SIZES[0], SIZES[0], *SIZES[1:]])
    if N[-1] > target[0]:
        rule = f"at M = {M:g} the budget trains sizes up to {shorten(N[-1])} parameters"
        raise ChoiceError(
            f"{rule}, beyond the target's {shorten(target[0])}: begin the multipliers higher, or "
            "take a smaller budget",
            ("multipliers", "budget"),
        )
    D = N * M * np.array([1.0, FAR, 1.0, 1.0, 1.0])
    return Cells(N, D)


def check_design(
    cells: Cells, warmup_tokens: float = 0.0, unique_tokens: float = math.inf
) -> list[DesignCheck]:
    """Hold a design against the checklist of `book/own_runs`, and the tokens that there are."""
    M = cells.D / cells.N
    N_span, M_span, shortest = np.ptp(np.log(cells.N)), np.ptp(np.log(M)), cells.D.min()
    outlasts = None if not warmup_tokens else bool(shortest >= WARMUPS * warmup_tokens)
    told = f"the shortest sees {shorten(shortest)} tokens"
    if warmup_tokens:
        told += f", a warm-up takes {shorten(warmup_tokens)}"
    epochs = float(cells.D.max() / unique_tokens)
    repeats = DesignCheck(
        f"no token seen more than {FEW_EPOCHS:g} times",
        f"the longest sees each {max(epochs, 1.0):.3g} times",
        epochs <= FEW_EPOCHS,
    )
    return [
        DesignCheck(
            f"sizes over a factor of {LEAST_N_SPAN:g}",
            f"{np.exp(N_span):.3g}",
            bool(np.exp(N_span) >= LEAST_N_SPAN),
        ),
        DesignCheck(
            f"two tokens per parameter a factor of {LEAST_M_SPAN:g} apart",
            f"{np.exp(M_span):.3g}",
            bool(np.exp(M_span) >= LEAST_M_SPAN),
        ),
        DesignCheck("no run inside its warm-up", told, outlasts),
        *[repeats] * math.isfinite(unique_tokens),
    ]


@dataclass(frozen=True, eq=False)
class FirstRuns(Answer):
    """A first design, where nothing is trained yet.

    Parameters
    ----------
    target : tuple of float
        Parameters and tokens of the run to predict.
    cells : Cells
        What to train, the cheapest first.
    budget, warmup_tokens : float
        FLOPs, and tokens that a warm-up takes, 0 where unknown.
    prices : Prices
        What compute costs.
    unique_tokens : float
        Different tokens that there are; infinite where there are always fresh ones.
    """

    target: tuple[float, float]
    cells: Cells
    budget: float
    warmup_tokens: float
    prices: Prices
    unique_tokens: float = math.inf

    @property
    def checks(self) -> list[DesignCheck]:
        """The checklist."""
        return check_design(self.cells, self.warmup_tokens, self.unique_tokens)

    @property
    def cautions(self) -> list[str]:
        """What the design does not mend, as a target beyond the tests or tokens seen too often."""
        target, none = self.target, Cells(np.empty(0), np.empty(0))
        epochs = tell_repeats(self.unique_tokens, target)[1:]
        return epochs + tell_reach(none, self.cells, target, None)

    @property
    def warnings(self) -> list[str]:
        """What of the checklist cannot be told, or does not hold."""
        told = [f"{c.asks}: does not hold: {c.has}" for c in self.checks if c.holds is False]
        if any(check.holds is None for check in self.checks):
            told.append(WARMUP_NOT_KNOWN)
        return told

    def report(self) -> dict[str, Any]:
        """Target, budget, the runs, and the checklist."""
        return {
            "target_N": self.target[0],
            "target_D": self.target[1],
            "budget": {
                "flops": self.budget,
                "accelerator_hours": self.prices.training_hours(self.budget),
                "money": self.prices.training_money(self.budget),
            },
            "runs": self.to_frame().to_dict("records"),
            "checks": [check._asdict() for check in self.checks],
            "cautions": self.cautions,
            **self.prices.report(OF_TRAINING),
            "warnings": self.warnings,
        }

    def to_frame(self) -> pd.DataFrame:
        """A row per run."""
        C = self.cells.C
        return pd.DataFrame(
            {
                "run": np.arange(1, len(C) + 1),
                "N": self.cells.N,
                "D": self.cells.D,
                "M": self.cells.D / self.cells.N,
                "flops": C,
                "accelerator_hours": [self.prices.training_hours(c) for c in C],
                "money": [self.prices.training_money(c) for c in C],
            }
        )

    def text(self) -> str:
        """What ``scaling plan --from-scratch`` prints."""
        N, D = self.target
        rows = [["run", "N", "M", "D", "FLOPs", "hours", "price"]]
        for i, (n, d, flops) in enumerate(zip(*self.cells, self.cells.C, strict=True), 1):
            counts = [shorten(n), f"{d / n:.3g}", shorten(d), flops_in_words(flops, 2)]
            rows.append([str(i), *counts, *hours_and_money(flops, self.prices)])
        marks = {True: "holds", False: "does not hold", None: "not known"}
        return "\n".join(
            [
                f"first {len(self.cells.N)} runs toward N = {shorten(N)}, D = {shorten(D)}:",
                *(f"  {line}" for line in align(rows)),
                f"in all: {price_in_words(float(self.cells.C.sum()), self.prices)}",
                *(f"{check.asks}: {marks[check.holds]} ({check.has})" for check in self.checks),
                f"then: train all {len(self.cells.N)}; scaling plan RUNS says which run is next",
                *self.cautions,
                *self.prices.in_words(OF_TRAINING),
            ]
        )
