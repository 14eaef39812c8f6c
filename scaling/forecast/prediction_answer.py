"""What does a prediction hold? The loss and the errors of a run that is not trained yet."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from scaling.forecast.answer import Answer
from scaling.forecast.caution import warn_of_open_law
from scaling.forecast.prediction import ErrorForecast, Forecast, tell_prior
from scaling.forecast.residuals import (
    residual_share,
)
from scaling.forecast.selection import Selected
from scaling.forecast.words import (
    ends_in_words,
    intervals_in_words,
    prior_in_words,
    residual_in_words,
)
from scaling.laws.fit import SOUND


@dataclass(frozen=True, eq=False)
class Prediction(Answer):
    """The loss and the errors of a run that is not trained yet.

    Parameters
    ----------
    selected : scaling.forecast.selection.Selected
        The rows that were fitted.
    target : tuple of float
        Parameters and tokens of the run.
    forecast : Forecast
        Its loss, errors, reach, and the fit behind them.
    """

    selected: Selected
    target: tuple[float, float]
    forecast: Forecast

    @property
    def loss(self) -> float:
        """Predicted loss, nats per token."""
        return self.forecast.loss

    @property
    def lo(self) -> float | None:
        """Lower end of what to bet on, nats per token; None where the loss is not to be used."""
        return self.forecast.told.lo

    @property
    def hi(self) -> float | None:
        """Upper end of what to bet on."""
        return self.forecast.told.hi

    @property
    def law_lo(self) -> float | None:
        """Lower end of where the loss lies if the law holds; None as `lo`."""
        return self.forecast.told.law_lo

    @property
    def law_hi(self) -> float | None:
        """Upper end of where the loss lies if the law holds."""
        return self.forecast.told.law_hi

    @property
    def warnings(self) -> list[str]:
        """What speaks against the fit and the reach, and the rows left out."""
        return self._of_forecast + self.selected.in_words()

    @property
    def _of_forecast(self) -> list[str]:
        """What speaks against the fit and the reach."""
        of_law = warn_of_open_law(self.forecast.doubt, len(self.selected.table))
        return of_law + self.forecast.warnings

    def report(self) -> dict[str, Any]:
        """Loss, its intervals, status, extrapolation, errors and warnings.

        What to bet on, `lo` and `hi`, and where the loss lies if the law holds, `law_lo` and
        `law_hi`, are None where the loss is not to be used.
        """
        forecast = self.forecast
        return {
            "target_N": self.target[0],
            "target_D": self.target[1],
            "loss": forecast.loss,
            "lo": self.lo,
            "hi": self.hi,
            "law_lo": self.law_lo,
            "law_hi": self.law_hi,
            "level": self.selected.level,
            "law": self.selected.law.name,
            "status": forecast.status,
            "usable": not forecast.doubt,
            "doubt": forecast.doubt or None,
            "residual_share": residual_share(forecast.fit, self.selected.table[self.selected.loss]),
            "prior": tell_prior(forecast.fit, self.selected.law),
            **self.selected.law.report(),
            "loss_set": self.selected.loss,
            "count": self.selected.N,
            "n_runs": len(self.selected.table),
            "left_out": self.selected.lossless,
            "flagged_out": self.selected.flagged,
            "extrapolation": asdict(forecast.reach),
            "errors": {
                task: {"value": error.value, "lo": error.lo, "hi": error.hi, "status": error.status}
                for task, error in forecast.errors.items()
            },
            "rows": self.selected.report(),
            "warnings": [*self.selected.taken, *self._of_forecast, *self.selected.notes],
        }

    def to_frame(self) -> pd.DataFrame:
        """A row for the loss and one for each error, NaN where there is none or no interval.

        What it is, predicted, lo, hi, law_lo, law_hi, status, and whether it is usable.
        """
        forecast, told = self.forecast, self.forecast.told
        usable = not forecast.doubt
        ends: tuple[float | None, ...] = told.lo, told.hi, told.law_lo, told.law_hi
        rows = [(self.selected.loss, self.loss, *ends, forecast.status, usable)]
        for task, error in forecast.errors.items():
            is_error = error.value is not None and 0 <= error.value <= 1
            sound = usable and is_error and error.status in SOUND
            ends = error.lo, error.hi, None, None
            rows += [(f"err_{task}", error.value, *ends, error.status, sound)]
        numbers = ["predicted", "lo", "hi", "law_lo", "law_hi"]
        frame = pd.DataFrame(rows, columns=["what", *numbers, "status", "usable"])
        return frame.astype(dict.fromkeys(numbers, float))

    def text(self) -> str:
        """What ``scaling predict`` prints."""
        (N, D), forecast = self.target, self.forecast
        measured = self.selected.table[self.selected.loss]
        doubt = f", not to be used: {forecast.doubt}" if forecast.doubt else ""
        what = f"{self.selected.loss} at {self.selected.N} = {N:g}, D = {D:g}"
        lines = [f"{what}: {forecast.loss:.4f} nats/token{doubt}"]
        lines += [f"  {line}" for line in intervals_in_words(forecast.told, self.selected.level)]
        for task, error in forecast.errors.items():
            shown = "no fit" if error.value is None else f"{error.value:.4f}"
            lines.append(f"  err_{task}: {shown} ({error.status}){_bet_in_words(error)}")
        ratio = f"{forecast.reach.compute_ratio:.3g}"
        along = " along the runs' line" if forecast.fitted.reduced and not forecast.doubt else ""
        lines += [
            f"  status: {forecast.status}{along}; {ratio} times the compute of the largest run"
        ]
        lines += [f"  residual: {residual_in_words(forecast.fit, measured)}"]
        prior = prior_in_words(tell_prior(forecast.fit, self.selected.law))
        return "\n".join(lines + [f"  {line}" for line in prior])


def _bet_in_words(error: ErrorForecast) -> str:
    """Say between what to bet on, if there is an interval."""
    if error.lo is None or error.hi is None:
        return ""
    return f"; to bet on: {ends_in_words(error.lo, error.hi)}"
