"""How is a single task predicted? What is known then, and what a candidate is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from scaling.laws.law import LossLaw
from scaling.laws.prior import fit_with_prior
from scaling.laws.shared_slope import Array, log_reducible
from scaling.studies.tasks.error_laws import read_errors
from scaling.testbed.labels import LOSS_COLUMN


@dataclass(frozen=True)
class TaskCase:
    """What is known when tasks are to be predicted."""

    runs: pd.DataFrame  # of one training set in order of C: N, D, M, C, loss_<set>, err_<task>
    siblings: tuple[pd.DataFrame, ...]  # runs of other training sets, as cheap
    asked: pd.DataFrame  # N, D and C of the runs asked for, and nothing else
    tasks: pd.DataFrame  # task, chance (a fraction) and n_items
    loss_column: str = LOSS_COLUMN
    fit_loss: Callable[..., Any] = fit_with_prior  # fits a loss law to N, D and losses

    @property
    def columns(self) -> list[str]:
        """Columns of the errors."""
        return [f"err_{task}" for task in self.tasks["task"]]

    @property
    def errors(self) -> Array:
        """Errors known, of shape (n_tasks, n_runs)."""
        return read_errors(self.runs, self.columns)

    @property
    def ceiling(self) -> Array:
        """Error of guessing, of shape (n_tasks, 1)."""
        return 1 - self.tasks["chance"].to_numpy(float)[:, None]

    @cached_property
    def law(self) -> LossLaw:
        """Loss law of the runs known."""
        columns = (self.runs[name] for name in ("N", "D", self.loss_column))
        law: LossLaw = self.fit_loss(*columns).law
        return law

    @cached_property
    def loss(self) -> Array:
        """Loss predicted for the runs asked for."""
        return np.asarray(self.law.predict(self.asked["N"], self.asked["D"]), dtype=float)

    @property
    def x(self) -> Array:
        """Progress in loss of the runs known."""
        return np.asarray(log_reducible(self.runs[self.loss_column], self.law.E))

    @property
    def steps(self) -> Array:
        """Progress in loss from the dearest run known to those asked for."""
        return np.asarray(log_reducible(self.loss, self.law.E)) - self.x[-1]


Predict = Callable[[TaskCase], Array]


@dataclass(frozen=True)
class TaskCandidate:
    """A way to predict: its name, how many constants and parts it has, and what it does.

    Parameters
    ----------
    name : str
        Name in the tables.
    n_parts : int
        Constants that somebody has to set, and further things learnt from runs: how far a task
        follows the loss, its neighbours, other training sets, other predictions. Baselines and the
        paper's law count none.
    predict : callable
        Takes a `TaskCase`, returns errors of shape (n_tasks, n_targets).
    """

    name: str
    n_parts: int
    predict: Predict
