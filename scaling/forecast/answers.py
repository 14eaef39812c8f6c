"""What does an answer on losses hold? A record for each question but that on tasks."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd

from scaling.forecast.advice import (
    describe_ranges,
    find_uses,
    warn_of_design,
    warn_of_fit,
    warn_of_flags,
)
from scaling.forecast.answer import Answer
from scaling.forecast.backtest import Backtest
from scaling.forecast.coefficients import Ends, find_coefficients
from scaling.forecast.fitted import FittedTable
from scaling.forecast.kpi_column import find_unused
from scaling.forecast.prediction import tell_prior
from scaling.forecast.residuals import (
    residual_share,
    residual_std,
    warn_of_guessing,
    warn_of_one_loss,
    warn_of_residual,
    warn_of_unlike,
)
from scaling.forecast.selection import Selected
from scaling.forecast.table_words import tell_table
from scaling.forecast.words import (
    BASELINES,
    LISTED,
    backtest_in_words,
    coefficients_in_words,
    formula_of,
    not_judged_in_words,
    prior_in_words,
    residual_in_words,
    rest_in_words,
    soundness_in_words,
    spread_in_words,
    unused_in_words,
    uses_in_words,
)
from scaling.laws.fit import Fit
from scaling.tables.files import TOLD
from scaling.tables.repeats import measure_spread
from scaling.tables.runs import error_columns, loss_columns


@dataclass(frozen=True, eq=False)
class Check(Answer):
    """A sound run table, and what it is enough for.

    Parameters
    ----------
    table : pandas.DataFrame
        The table, completed: `run`, `M`, `C` and `flags`.
    name : str
        Of the file, or ``table``.
    told : list of str
        Rows that were left out.
    """

    table: pd.DataFrame
    name: str
    told: list[str] = field(default_factory=list)

    @property
    def warnings(self) -> list[str]:
        """What was taken or derived, where the runs lie, and what rows and columns say beside."""
        series, told = find_uses(self.table), list(self.table.attrs.get(TOLD, ()))
        for own in series[:LISTED]:
            rows = self.table
            if own["dataset"] is not None:
                rows = rows[rows["dataset"] == own["dataset"]]
            of = f"{own['dataset']}: " if len(series) > 1 else ""
            told += [of + message for message in warn_of_design(rows)]
            for loss in loss_columns(rows):
                doubts = warn_of_one_loss(rows, loss) + warn_of_unlike(rows, loss)
                doubts += warn_of_guessing(rows, loss)
                told += [of + message for message in doubts]
        return told + self.told + tell_table(self.table)

    def report(self) -> dict[str, Any]:
        """File, counts, columns, what each training set is enough for, flags and warnings."""
        series = find_uses(self.table)
        flagged = self.table.loc[self.table["flags"] != "", ["run", "flags"]]
        return {
            "file": self.name,
            "n_runs": len(self.table),
            "datasets": [own["dataset"] for own in series if own["dataset"] is not None],
            "losses": loss_columns(self.table),
            "errors": error_columns(self.table),
            "unused": find_unused(self.table),
            "series": series,
            "flags": flagged.to_dict("records"),
            "warnings": self.warnings,
        }

    def to_frame(self) -> pd.DataFrame:
        """The completed table."""
        return self.table.copy()

    def text(self) -> str:
        """What ``scaling check`` prints."""
        report = self.report()
        odd = self.table["flags"] != ""
        names = self.table.loc[odd, "run"].tolist()
        lines = [f"{self.name}: {soundness_in_words(len(self.table), names)}"]
        lines += [f"flag: {line}" for line in warn_of_flags(self.table)]
        lines += [describe_ranges(self.table), *uses_in_words(report["series"])]
        lines += rest_in_words(report["series"], find_uses(self.table[~odd]), len(names))
        lines += [f"losses: {', '.join(report['losses'])}"]
        lines += [f"errors: {', '.join(report['errors'])}"] * bool(report["errors"])
        return "\n".join(lines + unused_in_words(report["unused"]))


@dataclass(frozen=True, eq=False)
class FittedLaw(Answer):
    """A loss law fitted to a table.

    Parameters
    ----------
    selected : scaling.forecast.selection.Selected
        The rows that were fitted.
    fitted : FittedTable
        Their fit: ``fitted.asked`` of the law, and along their line if they lie on one.
    """

    selected: Selected
    fitted: FittedTable

    @property
    def fit(self) -> Fit:
        """Fit of the law asked for; ``unidentified`` where the runs lie on a line."""
        return self.fitted.asked

    @property
    def warnings(self) -> list[str]:
        """Status, design and flags, and the rows left out."""
        table, loss, N = self.selected[:3]
        told = warn_of_fit(self.fitted, table, loss, N, self.selected.law)
        return told + self.selected.in_words()

    def report(self) -> dict[str, Any]:
        """Coefficients with their intervals, status, residual and warnings."""
        table, loss, N = self.selected[:3]
        return {
            "law": self.selected.law.name,
            "dataset": _only_dataset(table),
            "loss_set": loss,
            "count": N,
            "n_runs": len(table),
            "left_out": self.selected.lossless,
            "flagged_out": self.selected.flagged,
            "dof": self.fit.dof,
            "status": self.fit.status,
            "coefficients": self._coefficients(self.fit),
            "level": self.selected.level,
            **self.selected.law.report(),
            "ssr": self.fit.ssr,
            "sigma_hat": residual_std(self.fit),
            "residual_share": residual_share(self.fit, table[loss]),
            "prior": tell_prior(self.fit, self.selected.law),
            "reduced": self._reduced(),
            "rows": self.selected.report(),
            "warnings": [
                *self.selected.taken,
                *warn_of_fit(self.fitted, table, loss, N, self.selected.law),
                *self.selected.notes,
            ],
        }

    def to_frame(self) -> pd.DataFrame:
        """A row per coefficient that the runs hold: name, value, and lo and hi, NaN for None."""
        entries = self._coefficients(self.fitted.fit)
        rows = [{"coefficient": name, **entry} for name, entry in entries.items()]
        return pd.DataFrame(rows).astype({"lo": float, "hi": float})

    def text(self) -> str:
        """What ``scaling fit`` prints."""
        (table, loss), law = self.selected[:2], self.selected.law
        told = f"{loss} = {law.formula}, {len(table)} runs, status: {self.fit.status}"
        fit, lines = self.fitted.fit, []
        if self.fitted.reduced:
            lines += [f"along their line {formula_of(fit.law)}, status: {fit.status}"]
        lines += coefficients_in_words(self._coefficients(fit), self.selected.level)
        lines += [f"residual: {residual_in_words(fit, table[loss])}"]
        lines += prior_in_words(tell_prior(fit, law))
        lines += spread_in_words(*measure_spread(*self.selected[:3]))
        return "\n".join([told, *(f"  {line}" for line in lines)])

    def _coefficients(self, fit: Fit) -> dict[str, dict[str, float | None]]:
        """Value and ends of each coefficient; the ends are None if another fit predicts."""
        ends = self._ends if fit is self.fitted.fit else {}
        return {
            name: dict(zip(("value", "lo", "hi"), (x, *ends.get(name, (None, None))), strict=True))
            for name, x in fit.law.coefficients.items()
        }

    @cached_property
    def _ends(self) -> dict[str, Ends]:
        return find_coefficients(self.fitted, self.selected.level)

    def _reduced(self) -> dict[str, Any] | None:
        """The law along the line that the runs lie on."""
        fit, design = self.fitted.reduced, self.fitted.design
        if fit is None:
            return None
        return {
            "formula": formula_of(fit.law),
            "shared": design.shared,
            "coefficients": self._coefficients(fit),
            "dof": fit.dof,
            "status": fit.status,
            "ssr": fit.ssr,
            "sigma_hat": residual_std(fit),
        }


def _only_dataset(table: pd.DataFrame) -> str | None:
    names = list(table["dataset"].unique()) if "dataset" in table else []
    return str(names[0]) if len(names) == 1 else None


@dataclass(frozen=True, eq=False)
class BacktestResult(Answer):
    """Each size predicted from the smaller ones alone.

    Parameters
    ----------
    selected : scaling.forecast.selection.Selected
        The rows used.
    found : Backtest
        Predictions, and sizes that could not be predicted.
    fit : Fit
        Of all rows.
    """

    selected: Selected
    found: Backtest
    fit: Fit

    @property
    def warnings(self) -> list[str]:
        """Whether the runs follow the law, sizes not judged, flags, and the rows left out."""
        table, loss, N, law = self.selected[:4]
        doubts = warn_of_residual(self.fit, table, loss, N, law)
        not_judged = not_judged_in_words(
            self.found.not_predicted, self.selected.N, self.selected.law
        )
        return doubts + not_judged + warn_of_flags(table) + self.selected.in_words()

    def report(self) -> list[dict[str, Any]]:
        """A record per run held out.

        What one would have bet on, and whether the run lies inside, is None where the prediction
        is not to be used.
        """
        keys = ["run", "fit_sizes", "predicted", "actual", "relative_error"]
        bet = ["lo", "hi", "inside"]
        keys += [*bet, "status", "no_change", "line"]
        rows: list[dict[Any, Any]] = self.found.held_out[keys].to_dict("records")
        return [row | {key: None if pd.isna(row[key]) else row[key] for key in bet} for row in rows]

    def to_frame(self) -> pd.DataFrame:
        """A row per run held out."""
        return self.found.held_out.copy()

    def text(self) -> str:
        """What ``scaling backtest`` prints."""
        return f"{BASELINES}\n{backtest_in_words(self.found.held_out, self.selected.level)}"
