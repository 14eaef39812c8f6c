"""What does the answer on costs hold? A row for each model that one might train."""

from __future__ import annotations

import math
from dataclasses import dataclass
from textwrap import wrap
from typing import Any

import pandas as pd

from scaling.costs.compute import training_flops
from scaling.costs.serving import attention_flops, cache_bytes, guess_shape
from scaling.costs.total import SERVING
from scaling.decide.cost_verdict import answer_in_words
from scaling.decide.cost_words import (
    bills_in_words,
    context_in_words,
    marks_in_words,
    money_in_words,
    ranges_in_words,
    sizes_in_words,
)
from scaling.decide.priced_models import CostCase, Findings, PricedModel, Range
from scaling.decide.wanted_error import WantedError
from scaling.forecast.advice import shorten, warn_of_fit
from scaling.forecast.answer import Answer
from scaling.forecast.inputs import read_counts
from scaling.forecast.selection import Selected
from scaling.laws.repeated import effective_tokens
from scaling.tables.suspects import FEW_EPOCHS

ROUNDING = 1e-9
LONGEST = 96  # letters of a line of the answer
MUCH = 0.1  # of a served token's FLOPs: attention that a bill must not leave unsaid


@dataclass(frozen=True, eq=False)
class Costing(Answer):
    """Models that reach a loss or spend a budget, and what each costs to train and to serve.

    Parameters
    ----------
    selected : scaling.forecast.selection.Selected
        The rows that were fitted.
    case : scaling.decide.priced_models.CostCase
        The law, the tokens there are, the demand and the prices.
    wanted : str
        What was asked for, in words.
    loss : float or None
        Loss that the models reach, nats per token; None where a budget was given.
    found : scaling.decide.priced_models.Findings
        The models.
    wanted_error : WantedError or None
        Task and error from which the loss was read.
    context : float or None
        Tokens before a served one.
    """

    selected: Selected
    case: CostCase
    wanted: str
    loss: float | None
    found: Findings
    wanted_error: WantedError | None = None
    context: float | None = None

    @property
    def warnings(self) -> list[str]:
        """What speaks against the fit and against each model, and the rows left out."""
        table, loss, N = self.selected[:3]
        told = warn_of_fit(self.case.fitted, table, loss, N, self.selected.law)
        told += self._warn_of_choices() + self._warn_of_repeats() + self._warn_of_context()
        return told + self.selected.in_words()

    @property
    def _marks(self) -> tuple[dict[str, str], list[str]]:
        """What lies outside the runs, by model, and what the marks mean."""
        N, D = read_counts(self.selected.table, self.selected.N)
        M, C = D / N, training_flops(N, D)
        ends = float(M.min()), float(M.max())
        return marks_in_words(self.found.choices, ends, float(C.max()))

    def _warn_of_context(self) -> list[str]:
        if self.context is None or self.case.demand.total == 0:
            return []
        shares = [self._of_context(each.size.N)["attention_share"] for each in self.found.choices]
        if max(shares) <= MUCH:
            return []
        return [
            f"serving takes up to {1 + max(shares):.2g} times the FLOPs shown: attention to the "
            f"context, {shorten(self.context)} tokens, is in no bill and weighs most on small "
            "models, so that the cheapest one may be a larger one"
        ]

    def _warn_of_choices(self) -> list[str]:
        counts = read_counts(self.selected.table, self.selected.N)
        M, C = counts[1] / counts[0], counts[0] * counts[1]
        lo, hi = M.min() * (1 - ROUNDING), M.max() * (1 + ROUNDING)
        choices = self.found.choices
        told = [f"{each.name}: not to be used: {each.told.doubt}" for each in choices]
        told = [line for line, each in zip(told, choices, strict=True) if each.told.doubt]
        if beyond := [each.name for each in choices if not lo <= each.M <= hi]:
            ends = f"{M.min():.3g} to {M.max():.3g}"
            names = ", ".join(beyond)
            told.append(f"tokens per parameter outside those of the runs, {ends}: {names}")
        most = max(each.size.N * each.size.D for each in choices) / C.max()
        if most > 1:
            told.append(f"extrapolated to up to {most:.3g} times the compute of the largest run")
        return told if self.wanted_error is None else told + self.wanted_error.warn()

    def _warn_of_repeats(self) -> list[str]:
        epochs = [each.epochs for each in self.found.choices if each.epochs is not None]
        if not epochs or max(epochs) <= FEW_EPOCHS:
            return []
        return [
            f"up to {max(epochs):.3g} epochs: what repeated tokens are worth was measured on C4, "
            f"and beyond {FEW_EPOCHS:g} a further one is worth clearly less"
        ]

    def report(self) -> dict[str, Any]:
        """What was asked, the prices, and a record per model; NaN and infinity are None."""
        found, supply, demand = self.found, self.case.supply, self.case.demand
        return {
            "wanted": self.wanted,
            "answer": answer_in_words(found, self.case, self._marks[0]),
            "loss": self.loss,
            "error": None if self.wanted_error is None else self.wanted_error.value,
            "task": None if self.wanted_error is None else self.wanted_error.task,
            "level": self.selected.level,
            "law": self.selected.law.name,
            "status": self.case.fitted.fit.status,
            "loss_set": self.selected.loss,
            "count": self.selected.N,
            "n_runs": len(self.selected.table),
            **self.selected.law.report(),
            "demand": {**demand._asdict(), "tokens": demand.total},
            **self.case.prices.report(),
            "unique_tokens": supply.unique if supply.is_limited else None,
            "lowest_loss": supply.lowest,
            "choices": [self._row(choice) for choice in found.choices],
            "least_total_if_the_law_holds": {
                "N": _ends(found.range_N),
                "flops": _ends(found.range_flops),
            },
            "mfu_out_moved": [
                {"mfu_out": m.mfu_out, "N": m.size.N, "D": m.size.D, "money": float(m.bill.total)}
                for m in found.sensitivity
            ],
            "order_if_the_law_holds": _ends(found.order),
            "break_even_tokens": found.break_even,
            "rows": self.selected.report(),
            "warnings": self.warnings,
        }

    def _row(self, choice: PricedModel) -> dict[str, Any]:
        told, bill, (N, D) = choice.told, choice.bill, choice.size
        limited = self.case.supply.is_limited
        row = {
            "choice": choice.name,
            "N": N,
            "D": D,
            "M": choice.M,
            "loss": told.loss,
            "lo": told.lo,
            "hi": told.hi,
            "law_lo": told.law_lo,
            "law_hi": told.law_hi,
            "usable": not told.doubt,
            "D_needed": _ends(choice.needed),
            "flops_training": choice.training_flops,
            "flops_serving": choice.serving_flops,
            "flops": choice.total_flops,
            "over_training": self._over_training(choice),
            "money_training": float(bill.training),
            "money_in": float(bill.reading),
            "money_out": float(bill.writing),
            "money": float(bill.total),
            "money_least": choice.reported[0],
            "money_most": choice.reported[1],
            "epochs": choice.epochs,
            "D_effective": float(effective_tokens(D, self.case.supply.unique)) if limited else None,
        }
        if choice.error is not None:
            error = choice.error
            row |= {"error": error.value, "error_lo": error.lo, "error_hi": error.hi}
        if self.context is not None:
            row |= self._of_context(N)
        return row

    def _over_training(self, choice: PricedModel) -> float | None:
        """Training compute over that of the compute-optimal model of the same loss, less one."""
        optimum = self.found.optimum
        if optimum is None or self.loss is None:
            return None
        return choice.training_flops / optimum.training_flops - 1

    def _of_context(self, N: float) -> dict[str, float]:
        """What a context adds to each served token, and the memory of one sequence."""
        context, shape = float(self.context or 0.0), guess_shape(N)
        return {
            "layers": shape.layers,
            "width": shape.width,
            "attention_share": attention_flops(shape, context) / (SERVING * N),
            "kv_bytes": cache_bytes(shape, context),
        }

    def to_frame(self) -> pd.DataFrame:
        """A row per model: sizes, loss and intervals, FLOPs and money."""
        rows = [self._row(choice) for choice in self.found.choices]
        for row in rows:
            row["D_lo"], row["D_hi"] = row.pop("D_needed") or (math.nan, math.nan)
        return pd.DataFrame(rows)

    def text(self) -> str:
        """What ``scaling cost`` prints."""
        found, level, prices = self.found, self.selected.level, self.case.prices
        marks, keys = self._marks
        answer = answer_in_words(found, self.case, marks)
        lines = [line for told in answer for line in _wrap(told)] + [self.wanted]
        lines += [*sizes_in_words(found.choices, level, marks), *keys]
        lines += ranges_in_words(found, level)
        lines.append("")
        if priced := [each for each in found.choices if each.is_priced]:
            lines += bills_in_words(priced, prices, marks)
        if unpriced := [each.name for each in found.choices if not each.is_priced]:
            lines.append(f"no bill where the loss is not to be used: {', '.join(unpriced)}")
        lines += money_in_words(found, self.case)
        if self.context is not None:
            rows = [(each.name, self._of_context(each.size.N)) for each in found.choices]
            lines += ["", *context_in_words(rows, self.context)]
        return "\n".join([*lines, "", *prices.in_words()])


def _wrap(line: str) -> list[str]:
    return wrap(line, LONGEST, subsequent_indent="  ", break_on_hyphens=False)


def _ends(ends: Range | None) -> list[float | None] | None:
    return None if ends is None else list(ends)
