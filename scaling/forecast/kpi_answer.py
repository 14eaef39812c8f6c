"""What does the answer on an own KPI hold? Both legs, both intervals, or why there is none."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from scaling.forecast.answer import Answer
from scaling.forecast.kpi import KpiForecast, measure_spread
from scaling.forecast.kpi_column import Kpi
from scaling.forecast.kpi_words import (
    SLOPE_LEVEL,
    counting_in_words,
    interval_in_words,
    line_in_words,
    terms_in_words,
    uncounted_in_words,
    value_in_words,
    warn_of_kpi,
)
from scaling.forecast.prediction import Forecast
from scaling.forecast.selection import Selected
from scaling.forecast.words import level_in_words


@dataclass(frozen=True, eq=False)
class KpiPrediction(Answer):
    """The KPI of a run that is not trained yet.

    Parameters
    ----------
    selected : scaling.forecast.selection.Selected
        The rows that were fitted.
    target : tuple of float
        Parameters and tokens of the run.
    forecast : scaling.forecast.prediction.Forecast
        Its loss, the first leg.
    kpi : scaling.forecast.kpi_column.Kpi
        The KPI as measured.
    found : scaling.forecast.kpi.KpiForecast
        The second leg, and both together.
    """

    selected: Selected
    target: tuple[float, float]
    forecast: Forecast
    kpi: Kpi
    found: KpiForecast

    @property
    def value(self) -> float | None:
        """The KPI predicted; None, as the ends, where the runs cannot say."""
        return self.found.value

    @property
    def lo(self) -> float | None:
        """Lower end of what to bet on."""
        return self.found.ends.lo

    @property
    def hi(self) -> float | None:
        """Upper end of what to bet on."""
        return self.found.ends.hi

    @property
    def law_lo(self) -> float | None:
        """Lower end of the KPI if both laws hold."""
        return self.found.ends.law_lo

    @property
    def law_hi(self) -> float | None:
        """Upper end of the KPI if both laws hold."""
        return self.found.ends.law_hi

    @property
    def usable(self) -> bool:
        """Whether there is an answer."""
        return not self.found.reasons

    @property
    def doubt(self) -> str:
        """Why there is none; empty where there is one."""
        return "; ".join(reason.says for reason in self.found.reasons)

    @property
    def below_measured(self) -> float | None:
        """How far the predicted loss lies below the lowest measured with the KPI, nats; or None."""
        loss = self.found.used.loss
        if self.forecast.doubt or not len(loss):
            return None
        return max(float(loss.min()) - self.forecast.loss, 0.0)

    @property
    def n_at_chance(self) -> int:
        """Runs no better than chance, which the line is not through."""
        return len(self.kpi.value) - len(self.found.used.value)

    @property
    def warnings(self) -> list[str]:
        """What speaks against either leg, and the rows left out."""
        told: list[float] = []
        if self.value is not None and self.lo is not None and self.hi is not None:
            told = [self.value, self.lo, self.hi]
        bent = self.found.bent if self.found.bend and self.found.bend.is_told else None
        own = warn_of_kpi(self.kpi, self.below_measured, self.n_at_chance, told, bent)
        return self.forecast.warnings + own + self.selected.in_words()

    def report(self) -> dict[str, Any]:
        """The KPI with its intervals, both legs apart, the line, its noise, and warnings.

        Every number of the answer is None where the runs cannot say.
        """
        told, terms, found = self.forecast.told, self.kpi.terms, self.found
        return {
            "target_N": self.target[0],
            "target_D": self.target[1],
            "kpi": terms.column,
            "higher_is_better": terms.higher_is_better,
            "bounds": None if terms.bounds is None else list(terms.bounds),
            "chance": terms.chance,
            "predicted": self.value,
            **found.ends._asdict(),
            "level": self.selected.level,
            "usable": self.usable,
            "doubt": self.doubt or None,
            "reasons": [reason._asdict() for reason in found.reasons],
            "loss": told._asdict() | {"doubt": told.doubt or None, "usable": not told.doubt},
            "if_loss_known": found.loss_known._asdict(),
            "if_line_known": found.line_known._asdict(),
            "below_measured": self.below_measured,
            "parabola": self._parabola(),
            "line": self._line(),
            "counting": self._counting(),
            "law": self.selected.law.name,
            **self.selected.law.report(),
            "loss_set": self.selected.loss,
            "count": self.selected.N,
            "n_runs": len(self.selected.table),
            "extrapolation": asdict(self.forecast.reach),
            "rows": self.selected.report(),
            "warnings": self.warnings,
        }

    def _line(self) -> dict[str, Any]:
        line, kpi = self.found.line, self.found.used
        names = ("centre", "height", "slope", "slope_lo", "slope_hi", "scatter", "dof")
        told: dict[str, Any] = dict.fromkeys(names)
        if line is not None:
            at = line.centre, line.height, line.slope, *line.bound_slope(SLOPE_LEVEL)
            told = dict(zip(names, (*at, line.scatter, line.dof), strict=True))
        scale = "linear" if kpi.terms.bounds is None else "logit"
        counts = {"n_runs": len(kpi.value), "n_distinct": kpi.n_distinct}
        left_out = {"without": kpi.n_without, "at_chance": self.n_at_chance}
        return {"scale": scale, **told, **counts, **left_out}

    def _parabola(self) -> dict[str, Any]:
        bend = self.found.bend
        return {"predicted": self.found.bent, "is_told": None if bend is None else bend.is_told}

    def _counting(self) -> dict[str, Any]:
        """Items of the target, counting noise and spread of the KPI over the runs, in its unit.

        And whether the noise is left out: a share without items.
        """
        used = self.found.used
        if not len(used.value):
            return {"items": None, "noise": None, "spread": None, "left_out": False}
        spread, noise = measure_spread(used)
        told = {"items": used.items_at_target, "noise": noise, "spread": spread}
        return told | {"left_out": used.lacks_items}

    def to_frame(self) -> pd.DataFrame:
        """A row for the KPI, one for each leg alone, and one for the loss, NaN where there is none.

        What it is, predicted, lo, hi, law_lo, law_hi and whether it is usable.
        """
        found, told, name = self.found, self.forecast.told, self.kpi.terms.column
        rows = [
            (name, self.value, *found.ends, self.usable),
            (f"{name}, loss known", self.value, *found.loss_known, self.usable),
            (f"{name}, line known", self.value, *found.line_known, self.usable),
            (self.selected.loss, told.loss, *told[3:], not told.doubt),
        ]
        numbers = ["predicted", "lo", "hi", "law_lo", "law_hi"]
        frame = pd.DataFrame(rows, columns=["what", *numbers, "usable"])
        return frame.astype(dict.fromkeys(numbers, float))

    def text(self) -> str:
        """What ``scaling kpi`` prints."""
        (N, D), found, told = self.target, self.found, self.forecast.told
        name, loss = self.kpi.terms.column, self.selected.loss
        where = f"{name} at {self.selected.N} = {N:g}, D = {D:g}"
        loss_at = f"{told.loss:.4f} nats/token" + ", not to be used" * bool(told.doubt)
        if self.value is None:
            lines = [f"{where}: not to be told: {self.doubt}"]
            lines += [f"  {loss}: {loss_at}{interval_in_words(told)}"]
        else:
            lines = [
                f"{where}: {self._value_in_words()} ({terms_in_words(self.kpi)})",
                f"  to bet on: {interval_in_words(found.ends, 'bet')} "
                f"({level_in_words(self.selected.level)})",
                f"  if both laws hold: {interval_in_words(found.ends, 'law')}",
                f"  first leg, {loss}: {loss_at}{interval_in_words(told)}",
                f"    alone, {name} were its line known{interval_in_words(found.line_known)}",
                f"  second leg, a line in {loss}: {line_in_words(found.used, found.line)}",
                f"    alone, {name} were that loss known{interval_in_words(found.loss_known)}",
            ]
        if len(found.used.value) > 1 and found.used.items is not None:
            spread, noise = measure_spread(found.used)
            lines.append(f"  {counting_in_words(found.used.items, spread, noise)}")
        elif self.value is not None and found.used.lacks_items:
            lines.append(f"  {uncounted_in_words(name)}")
        return "\n".join(lines)

    def _value_in_words(self) -> str:
        if self.value is None or self.lo is None or self.hi is None:
            return ""
        return value_in_words(self.value, self.lo, self.hi)
