"""Between which errors does an average of tasks lie? If the laws hold, and what to bet on.

An average follows the error law, whose loss is itself predicted. So its posterior is mixed over
the loss: over what the loss law leaves open; or over the bet on a run's loss, and then the noise of
an error and an allowance for the error of its law come on top. The constants are chosen on small
runs alone (`scaling.studies.tasks.average_intervals`). A single task follows no such law; its
interval is that of `scaling.forecast.verdicts`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from functools import cache

import numpy as np
from numpy.typing import ArrayLike

from scaling.forecast.intervals import LEVEL, NORMAL_HALF_WIDTH, Nodes, find_ends
from scaling.laws.error_posterior import ErrorBelief, find_error_posterior
from scaling.laws.mixture import Mixture
from scaling.tables.datafiles import data_path, read_result

WORDS = ("avg", "average", "mean", "macro")
IS_AVERAGE = re.compile(rf"(?<![a-z])({'|'.join(WORDS)})(?![a-z])", re.IGNORECASE)


def is_average(task: str) -> bool:
    """Whether a task is an average of tasks, by its name: avg17, core_average, mean_error, macro.

    One of `WORDS`, with no letter beside it, wherever in the name.
    """
    return IS_AVERAGE.search(task) is not None


@dataclass(frozen=True)
class AverageConstants:
    """What the runs of a table cannot say of the error law of an average.

    Parameters
    ----------
    gamma_0, tau, s_0, nu : float
        As `scaling.laws.error_posterior.ErrorBelief` has them.
    allowance : float
        For the error of the law below the losses measured: half width of a 90 % interval, a
        fraction.
    """

    gamma_0: float
    tau: float
    s_0: float
    nu: float
    allowance: float

    @property
    def belief(self) -> ErrorBelief:
        """What the posterior believes."""
        return ErrorBelief(self.gamma_0, self.tau, self.s_0, self.nu)


@cache
def load_average_constants(without: str | None = None) -> AverageConstants:
    """Load the shipped constants, ``data/results/average_constants.csv``.

    Parameters
    ----------
    without : str, optional
        A training set of the testbed: the constants without its runs.
    """
    table = read_result(data_path("results", "average_constants.csv")).set_index("constant")
    values = table["value" if without is None else f"without_{without}"]
    names = [field.name for field in fields(AverageConstants)]
    return AverageConstants(**{name: float(values[name]) for name in names})


def find_average_intervals(
    nodes: Nodes,
    loss: ArrayLike,
    error: ArrayLike,
    value: float,
    level: float = LEVEL,
    constants: AverageConstants | None = None,
) -> tuple[float, float, float, float]:
    """Give both intervals of the error of one average at one target.

    Parameters
    ----------
    nodes : Nodes
        Its loss, from `scaling.forecast.fitted.FittedTable.find_nodes`.
    loss, error : array_like of shape (n_runs,)
        Those measured: nats per token, fractions.
    value : float
        The error predicted, from 0 to 1, which the intervals are stretched to hold.
    level : float
        Between 0 and 1.
    constants : AverageConstants, optional
        By default the shipped ones.

    Returns
    -------
    lo, hi, law_lo, law_hi : float
        Ends of what to bet on, and of what both laws leave open if they hold, from 0 to 1.
    """
    constants = constants or load_average_constants()
    posterior = find_error_posterior(loss, error, constants.belief)
    ends = find_ends(level)
    run = add_allowance(posterior.at(nodes.bet), constants.allowance)
    lo, hi = run.mix(nodes.share).quantile(ends, of_a_run=True)[:, 0]
    law_lo, law_hi = posterior.at(nodes.law).mix(nodes.share).quantile(ends)[:, 0]
    held = min(lo, value), max(hi, value), min(law_lo, value), max(law_hi, value)
    lo, hi, law_lo, law_hi = np.clip(held, 0.0, 1.0).tolist()
    return lo, hi, law_lo, law_hi


def add_allowance(mixture: Mixture, allowance: ArrayLike) -> Mixture:
    """Add an allowance, half width of a normal 90 % interval, to the noise of a run."""
    return mixture._replace(
        noise=np.hypot(mixture.noise, np.asarray(allowance) / NORMAL_HALF_WIDTH)
    )
