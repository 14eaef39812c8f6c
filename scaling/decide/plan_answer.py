"""What does the answer to *which run next* hold? The runs to train, in order, and why to stop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from scaling.costs.compute import training_flops
from scaling.costs.money import OF_TRAINING, Prices
from scaling.decide.candidates import Offer
from scaling.decide.first_design import WARMUP_NOT_KNOWN
from scaling.decide.gain import Cells
from scaling.decide.plan import Plan, Purchase, Target, find_faulty, open_table
from scaling.decide.plan_reach import tell_reach, tell_repeats
from scaling.decide.plan_words import (
    HEAD,
    before_in_words,
    faulty_in_words,
    find_half_widths,
    nearer_in_words,
    price_in_words,
    row_of,
    rule_in_words,
    stop_in_words,
    widths_in_words,
)
from scaling.forecast.advice import warn_of_design, warn_of_flags
from scaling.forecast.answer import Answer
from scaling.forecast.fitted import LossForecast
from scaling.forecast.residuals import warn_of_residual
from scaling.forecast.selection import Selected
from scaling.forecast.words import align, flops_in_words


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
    repeated : tuple of float or None
        Parameters and tokens of a run nearer the target that is not named, because it would see
        its tokens too often.
    """

    selected: Selected
    target: Target
    offer: Offer
    budget: float
    most: int
    prices: Prices
    plan: Plan
    cheapest: float
    repeated: tuple[float, float] | None = None

    @property
    def cells(self) -> Cells:
        """Parameters and tokens of the runs to train, in order."""
        runs = self.plan.purchases
        return Cells(np.array([run.N for run in runs]), np.array([run.D for run in runs]))

    @property
    def cautions(self) -> list[str]:
        """What the plan does not mend, as a run beyond the tests or tokens seen too often."""
        target = self.target.N, self.target.D
        told = tell_repeats(self.offer.unique_tokens, target, self.repeated)
        if self.plan.stop == "unsound":
            return told
        table, nearer = self.selected.table, self.plan.nearer
        runs = Cells(table[self.selected.N].to_numpy(float), table["D"].to_numpy(float))
        place = None if nearer is None else (nearer.N, nearer.D)
        return told + tell_reach(runs, self.cells, target, place)

    @property
    def warnings(self) -> list[str]:
        """What speaks against the runs that the plan rests on, and the rows left out."""
        table, loss, N, law = self.selected[:4]
        fitted = open_table(table, loss, N, law).fitted
        told = [] if isinstance(fitted, str) else warn_of_residual(fitted.fit, table, loss, N, law)
        return self._warn_of_plan() + self.selected.in_words() + told + warn_of_flags(table)

    def _warn_of_plan(self) -> list[str]:
        """What speaks against the plan itself, and what the design leaves open even with it."""
        runs = self.selected.table[["N", "D"]].assign(N=self.selected.table[self.selected.N])
        told, which = [], ""
        if self.budget >= self.target.C:
            told.append(
                f"the budget pays for the target itself, "
                f"{flops_in_words(self.target.C, 2)} FLOPs: is it not "
                "rather to be trained?"
            )
        if self.plan.purchases:
            which = "with the runs planned, "
            if not self.offer.warmup_tokens and self.cells.D.min() < runs["D"].min():
                told.append(f"a run planned has fewer tokens than any measured: {WARMUP_NOT_KNOWN}")
            runs = pd.concat([runs, pd.DataFrame(self.cells._asdict())])
        return [f"{which}{line}" for line in warn_of_design(runs)] + told

    def report(self) -> dict[str, Any]:
        """Target, budget, what is known before, the runs in order, and why to stop.

        Ends of intervals are None where the loss of the target is not to be used; and where the
        measured runs alone do not tell it, so that only half widths are expected.
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
            "cautions": self.cautions,
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
        return {
            **counts,
            **self._price(run.C),
            **expected,
            "after": _told(run.told, self.plan.is_told),
        }

    def to_frame(self) -> pd.DataFrame:
        """A row per run, in order, the first as things are: counts, price, and the target after it.

        ``loss`` is the run's own, expected; ``target_loss``, ``lo``, ``hi``, ``law_lo`` and
        ``law_hi`` are the target's, NaN where not to be used, or where the measured runs alone do
        not tell it; ``half`` and ``law_half``, half widths over the loss, are expected there, too.
        """
        rows = [{"run": "before", **_told(self.plan.before)}]
        for i, run in enumerate(self.plan.purchases, 1):
            bill = self._price(run.C)
            own = {"N": run.N, "M": run.D / run.N, "D": run.D, **bill, "expected_loss": run.loss}
            rows.append({"run": str(i), **own, **_told(run.told, self.plan.is_told)})
        columns = ["run", "N", "M", "D", "flops", "accelerator_hours", "money", "expected_loss"]
        ends = ["target_loss", "lo", "hi", "law_lo", "law_hi", "half", "law_half"]
        frame = pd.DataFrame(rows).reindex(columns=columns + ends)
        return frame.astype(dict.fromkeys(columns[1:] + ends, float))

    def text(self) -> str:
        """What ``scaling plan`` prints."""
        plan, n_runs = self.plan, len(self.selected.table)
        lines = [
            before_in_words(plan.before, self.target, self.selected.loss, self.selected.N, n_runs)
        ]
        if plan.stop == "unsound":
            lines += [faulty_in_words(find_faulty(open_table(*self.selected[:4])))]
        if plan.purchases:
            lines += [f"train, in this order ({rule_in_words(plan.rule)}):"]
            rows = [
                row_of(str(i), run, self.prices, plan.is_told)
                for i, run in enumerate(plan.purchases, 1)
            ]
            lines += [f"  {line}" for line in align([list(HEAD), *rows])]
            if doubt := plan.purchases[-1].told.doubt:
                lines += [f"  the target is not to be told from them yet: {doubt}"]
        spent = sum(run.C for run in plan.purchases)
        lines += [
            f"spent: {price_in_words(spent, self.prices)}",
            f"budget: {price_in_words(self.budget, self.prices)}",
        ]
        stop = stop_in_words(plan, self.target, self.budget, self.cheapest, self.most)
        lines += [f"{'then ' * bool(plan.purchases)}stop: {stop}"]
        if plan.nearer is not None and (plan.stop != "tolerance" or self.cautions):
            lines += [nearer_in_words(plan.nearer, self.prices, self.target, plan.is_told)]
        lines += widths_in_words(plan) + self.cautions
        return "\n".join([*lines, *self.prices.in_words(OF_TRAINING)])


def _told(told: LossForecast, placed: bool = True) -> dict[str, Any]:
    """What is told of the target, in plain values; widths alone where it has no place."""
    law_half, half = find_half_widths(told) or (None, None)
    usable = placed and not told.doubt
    return {
        "target_loss": told.loss if usable else None,
        "lo": told.lo if placed else None,
        "hi": told.hi if placed else None,
        "law_lo": told.law_lo if placed else None,
        "law_hi": told.law_hi if placed else None,
        "half": half,
        "law_half": law_half,
        "usable": usable,
        "doubt": told.doubt or None,
    }
