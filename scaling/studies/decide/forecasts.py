"""What does the posterior say of runs that were measured? And what an allowance may rest on.

The posterior is that of `scaling.laws.posterior`, with the noise of the paper's five-run designs.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pandas as pd

from scaling.forecast.intervals import LEVEL, measure_change
from scaling.laws.fit import fit_loss_law
from scaling.laws.mixture import Mixture
from scaling.laws.posterior import Posterior, find_posterior
from scaling.laws.prior import Belief, fit_with_belief
from scaling.studies.predictors.backtests import LOSSES, Task
from scaling.studies.predictors.candidates import Array, columns_of
from scaling.testbed.runs import select_loss_fit, select_small

NU = 1.0  # degrees of freedom that s_0 is worth, by hand
# Loss sets like the text that the testbed was trained on.
NEAR_TEXT = ("c4_eval", "openlm_eval", "paloma_c4", "paloma_redpajama", "paloma_refinedweb")
GROUPS = ("near text", "other text", "other grids")
LEAST_RUNS = 4  # that differ
LEAST_END = 1e-3  # of the median: an end below counts as one there, which holds any loss


def estimate_s_0(testbed: pd.DataFrame) -> float:
    """Root mean square residual of the log loss, per degree of freedom, of the five-run designs.

    Of the tied law, over training and loss sets; to two digits.
    """
    five = select_loss_fit(select_small(testbed))
    variances = [
        fit_loss_law(runs["N"], runs["D"], runs[column], objective="log").sigma_hat ** 2
        for _, runs in five.groupby("dataset")
        for column in LOSSES
    ]
    return float(f"{np.sqrt(np.mean(variances)):.2g}")


def find_own_error(N: Array, D: Array, loss: Array, belief: Belief) -> float:
    """Root mean square error of the runs of most parameters, predicted from the others.

    Relative; NaN where fewer than four others differ.
    """
    largest = N.max() == N
    if len(set(zip(N[~largest], D[~largest], strict=True))) < LEAST_RUNS:
        return np.nan
    posterior = find_posterior(N[~largest], D[~largest], loss[~largest], belief)
    median = posterior.at(N[largest], D[largest]).quantile(0.5)
    return float(np.sqrt(np.mean((loss[largest] / median - 1) ** 2)))


def find_spread(posterior: Posterior, mixture: Mixture) -> Array:
    """Standard deviation of the log of a single exponent."""
    logs = np.log(posterior.exponents[0, :, 0])
    mean = (mixture.weight * logs).sum(axis=1)
    return np.asarray(np.sqrt((mixture.weight * (logs - mean[:, None]) ** 2).sum(axis=1)))


def look_ahead(
    runs: tuple[Array, Array], loss: Array, targets: tuple[Array, Array], prior: Belief, s_0: float
) -> dict[str, Array | float]:
    """What one table says of some targets; see `forecast`, all but the error."""
    belief = replace(prior, sigma_0=s_0, nu=NU)
    posterior = find_posterior(*runs, loss, belief)
    mixture = posterior.at(*targets)
    lo, hi = mixture.quantile([(1 - LEVEL) / 2, (1 + LEVEL) / 2], of_a_run=True)
    median = mixture.quantile(0.5)
    law = fit_with_belief(prior, *runs, loss).law
    (N, D), (N_largest, D_largest) = targets, max(zip(*runs, strict=True), key=math.prod)
    return {
        "median": median,
        "down": -np.log(np.maximum(lo / median, LEAST_END)),
        "up": np.log(hi / median),
        "change": measure_change(law, runs, targets),
        "fall": np.maximum(np.log(loss.min() / median), 0.0),
        "distance": np.maximum(np.log(N / N_largest) + np.log(D / D_largest), 0.0),
        "noise": (mixture.weight * mixture.noise).sum(axis=1) / median,
        "spread": find_spread(posterior, mixture),
        "own": find_own_error(*runs, loss, belief),
    }


def forecast(tasks: Iterable[Task], prior: Belief, s_0: float) -> pd.DataFrame:
    """Forecast the runs asked for, with what an allowance may rest on.

    Parameters
    ----------
    tasks : iterable of Task
        What is known, and what is asked.
    prior : Belief
        Exponent of the posterior, and the constants of the law that predicts the change.
    s_0 : float
        Noise that the posterior believes in, log loss.

    Returns
    -------
    pandas.DataFrame
        A row per task, loss set and run. It counts in a ``unit`` (a training set or a grid), a
        ``group`` of `GROUPS` and a ``series`` (a task on one loss set). ``median`` of the law, nats
        per token; ``error``, log of the loss measured over it; ``down`` and ``up``, log distances
        from it to the ends of a run's 90 % interval if the law holds; ``change``, from
        `scaling.forecast.intervals.measure_change`; ``fall``, log of the lowest loss known over the
        median, and ``distance``, log of the compute over the largest known, neither below 0;
        ``noise`` of a run, relative; ``spread``, standard deviation of the log exponent; ``own``,
        from `find_own_error`.
    """
    tables = []
    for task in tasks:
        on_testbed = task.columns == LOSSES
        unit = task.case.runs["dataset"].iloc[0] if on_testbed else task.keys["grid"]
        runs, targets = columns_of(task.case.runs), columns_of(task.asked)
        rows = zip(task.loss_sets, task.case.losses, task.measured, strict=True)
        for loss_set, loss, measured in rows:
            table = pd.DataFrame(look_ahead(runs, loss, targets, prior, s_0))
            near = GROUPS[0] if loss_set in NEAR_TEXT else GROUPS[1]
            names = {
                "unit": unit,
                "group": near if on_testbed else GROUPS[2],
                "series": ", ".join([*task.keys.values(), loss_set]),
            }
            tables.append(table.assign(error=np.log(measured / table["median"]), **names))
    return pd.concat(tables, ignore_index=True)
