"""What does the answer to *which run next* hold? The runs to train, in order, and why to stop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from scaling.costs.compute import training_flops
from scaling.costs.money import OF_TRAINING, Prices
from scaling.decide.candidates import Offer
from scaling.decide.gain import Cells
from scaling.decide.plan import Plan, Purchase, Target, open_table
from scaling.decide.plan_words import (
    HEAD,
    before_in_words,
    nearer_in_words,
    price_in_words,
    row_of,
    rule_in_words,
    stop_in_words,
)
from scaling.forecast.advice import warn_of_flags
from scaling.forecast.answer import Answer
from scaling.forecast.fitted import LossForecast
from scaling.forecast.residuals import warn_of_residual
from scaling.forecast.selection import Selected
from scaling.forecast.words import align


@dataclass(frozen=True, eq=False)
class NextRuns(Answer):
    """Which runs to train next, with their cost and what they are expected to tell.

    Parameters
    ----------
    selected : scaling.forecast.selection.Selected
        The runs that there are.
    target : Target
        The run to predict.
    offer : Offer
        What may be trained.
    budget : float
        FLOPs for the runs to come.
    most : int
        Runs at most.
    prices : Prices
        What compute costs.
    plan : Plan
        What to buy, and why to stop.
    cheapest : float
        Least compute of a run that may be trained, FLOPs.
    """

    selected: Selected
    target: Target
    offer: Offer
    budget: float
    most: int
    prices: Prices
    plan: Plan
    cheapest: float

    @property
    def cells(self) -> Cells:
        """Parameters and tokens of the runs to train, in order."""
        runs = self.plan.purchases
        return Cells(np.array([run.N for run in runs]), np.array([run.D for run in runs]))

    @property
    def warnings(self) -> list[str]:
        """What speaks against the runs that the plan rests on, and the rows left out."""
        table, loss, N, law = self.selected[:4]
        fitted = open_table(table, loss, N, law).fitted
        told = [] if isinstance(fitted, str) else warn_of_residual(fitted.fit, table, loss, N, law)
        return told + warn_of_flags(table) + self.selected.in_words()

    def report(self) -> dict[str, Any]:
        """Target, budget, what is known before, the runs in order, and why to stop.

        Ends of intervals are None where the loss of the target is not to be used.
        """
        spent = sum(run.C for run in self.plan.purchases)
        stop = stop_in_words(self.plan, self.target, self.budget, self.cheapest, self.most)
        nearer = self.plan.nearer
        return {
            "target_N": self.target.N,
            "target_D": self.target.D,
            "level": self.target.level,
            "tolerance": self.target.tolerance,
            "budget": self._price(self.budget),
            "spent": self._price(spent),
            "before": _told(self.plan.before),
            "runs": [self._run(run) for run in self.plan.purchases],
            "stop": {"reason": self.plan.stop, "says": stop},
            "nearer": None if nearer is None else self._run(nearer),
            "worth": self._worth(),
            "candidates": self.offer.report(),
            **self.prices.report(OF_TRAINING),
            "law": self.selected.law.name,
            **self.selected.law.report(),
            "loss_set": self.selected.loss,
            "count": self.selected.N,
            "n_runs": len(self.selected.table),
            "rows": self.selected.report(),
            "warnings": self.warnings,
        }

    def _worth(self) -> dict[str, float] | None:
        if self.plan.worth is None:
            return None
        N, D = self.plan.worth
        return {"N": N, "D": D, "M": D / N, **self._price(training_flops(N, D))}

    def _price(self, flops: float) -> dict[str, float]:
        return {
            "flops": flops,
            "accelerator_hours": self.prices.training_hours(flops),
            "money": self.prices.training_money(flops),
        }

    def _run(self, run: Purchase) -> dict[str, Any]:
        counts = {"N": run.N, "D": run.D, "M": run.D / run.N}
        expected = {"expected_loss": run.loss, "gain": run.gain}
        return {**counts, **self._price(run.C), **expected, "after": _told(run.told)}

    def to_frame(self) -> pd.DataFrame:
        """A row per run, in order, the first as things are: counts, price, and the target after it.

        ``loss`` is the run's own, expected; ``target_loss``, ``lo``, ``hi``, ``law_lo`` and
        ``law_hi`` are the target's, NaN where not to be used.
        """
        rows = [{"run": "before", **_told(self.plan.before)}]
        for i, run in enumerate(self.plan.purchases, 1):
            bill = self._price(run.C)
            own = {"N": run.N, "M": run.D / run.N, "D": run.D, **bill, "expected_loss": run.loss}
            rows.append({"run": str(i), **own, **_told(run.told)})
        columns = ["run", "N", "M", "D", "flops", "accelerator_hours", "money", "expected_loss"]
        ends = ["target_loss", "lo", "hi", "law_lo", "law_hi"]
        frame = pd.DataFrame(rows).reindex(columns=columns + ends)
        return frame.astype(dict.fromkeys(columns[1:] + ends, float))

    def text(self) -> str:
        """What ``scaling plan`` prints."""
        plan, n_runs = self.plan, len(self.selected.table)
        lines = [
            before_in_words(plan.before, self.target, self.selected.loss, self.selected.N, n_runs)
        ]
        if plan.purchases:
            lines += [f"train, in this order ({rule_in_words()}):"]
            rows = [row_of(str(i), run, self.prices) for i, run in enumerate(plan.purchases, 1)]
            lines += [f"  {line}" for line in align([list(HEAD), *rows])]
            if doubt := plan.purchases[-1].told.doubt:
                lines += [f"  the target is not to be told from them yet: {doubt}"]
        spent = sum(run.C for run in plan.purchases)
        lines += [f"spent: {price_in_words(spent, self.prices)}; budget {self.budget:.2g} FLOPs"]
        stop = stop_in_words(plan, self.target, self.budget, self.cheapest, self.most)
        lines += [f"{'then ' * bool(plan.purchases)}stop: {stop}"]
        if plan.nearer is not None:
            lines += [nearer_in_words(plan.nearer, self.prices, self.target)]
        return "\n".join([*lines, *self.prices.in_words(OF_TRAINING)])


def _told(told: LossForecast) -> dict[str, Any]:
    """What is told of the target, in plain values."""
    usable = not told.doubt
    return {
        "target_loss": told.loss if usable else None,
        "lo": told.lo,
        "hi": told.hi,
        "law_lo": told.law_lo,
        "law_hi": told.law_hi,
        "usable": usable,
        "doubt": told.doubt or None,
    }
