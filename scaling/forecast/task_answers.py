"""What does the answer on tasks hold? A row for each, with its verdict."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import pandas as pd

from scaling.forecast.answer import Answer
from scaling.forecast.prediction import Forecast
from scaling.forecast.selection import Selected
from scaling.forecast.task_words import target_in_words, tasks_in_words, warn_of_tasks


@dataclass(frozen=True, eq=False)
class TaskVerdicts(Answer):
    """How predictable each task is.

    Parameters
    ----------
    selected : scaling.forecast.selection.Selected
        The rows used.
    target : tuple of float
        Parameters and tokens of the run judged for.
    by_default : bool
        True where nobody named it.
    forecast : Forecast
        Its loss.
    judged : pandas.DataFrame
        A row per task; see `scaling.forecast.verdicts.judge_tasks`.
    unmatched : list of str
        What of the table of tasks fits none of them.
    """

    selected: Selected
    target: tuple[float, float]
    by_default: bool
    forecast: Forecast
    judged: pd.DataFrame
    unmatched: list[str]

    @property
    def warnings(self) -> list[str]:
        """What speaks against the fit, the reach and single tasks, and the rows left out."""
        doubts = warn_of_tasks(self.judged, self.forecast.reach.compute_ratio)
        return self.forecast.warnings + self.unmatched + self.selected.in_words() + doubts

    def report(self) -> list[dict[str, Any]]:
        """A record per task, with the target."""
        (N, D), told = self.target, self.forecast.told
        about = {
            "target_N": N,
            "target_D": D,
            "target_loss": told.loss,
            "target_lo": told.lo,
            "target_hi": told.hi,
            "level": self.selected.level,
        }
        return [_with_whole_numbers(row) | about for row in self.judged.to_dict("records")]

    def to_frame(self) -> pd.DataFrame:
        """A row per task."""
        return self.judged.copy()

    def text(self) -> str:
        """What ``scaling tasks`` prints."""
        level = self.selected.level
        told = target_in_words(self.forecast, self.target, self.selected.N, self.by_default, level)
        return f"{told}\n{tasks_in_words(self.judged, level)}"


def _with_whole_numbers(row: dict[Any, Any]) -> dict[str, Any]:
    whole = {key: int(row[key]) for key in ("n_runs", "n_items") if math.isfinite(row[key])}
    return row | whole
