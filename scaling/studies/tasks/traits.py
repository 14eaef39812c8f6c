"""Which properties of a task go with a miss? 46 tasks, few traits, and what they leave open.

Traits are known before a large run is trained: a task's own, and what runs of 0.411B and less say,
such as whether they can be told from guessing. All of it is correlation.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from scaling.forecast.counting import Array, counting_error
from scaling.studies.tasks.error_laws import read_errors
from scaling.testbed.labels import DATASETS
from scaling.testbed.runs import load_tasks, run_table, select_small

BOUNDS = (0.01, 1.0)
# Of each trait: a step of one in its column, in words.
TRAITS = {
    "items": "twice the items",
    "chance": "chance level 25 points up",
    "generation": "generation, not choice",
    "zero_shot": "no worked example",
    "best_above_chance": "best small run 10 points up",
    "mean_above_chance": "0.411B runs 10 points up",
    "range": "twice the range in standard errors",
}
JOINT = ["items", "generation", "zero_shot", "best_above_chance"]
NEAR = 2.0  # standard errors within which an accuracy counts as chance
MOST = 0.95  # share of the small runs that must keep to it
STANDINGS = ("at chance", "not above chance", "above chance")


def compare_with_chance(runs: pd.DataFrame, tasks: pd.DataFrame) -> pd.DataFrame:
    """Say of each task whether small runs can be told from guessing.

    A run is near chance where its accuracy is within two of its standard errors of it.

    Parameters
    ----------
    runs : pandas.DataFrame
        Run table; runs above 0.411B are not read, every multiplier is.
    tasks : pandas.DataFrame
        From `scaling.testbed.runs.load_tasks`: task, n_items and chance.

    Returns
    -------
    pandas.DataFrame
        A row per task: ``near``, the share of runs near chance; ``standing``: ``at chance`` where
        95 % of the runs are near it, else ``not above chance`` where 95 % are near or below, else
        ``above chance``.
    """
    names = [f"err_{task}" for task in tasks["task"]]
    errors = read_errors(select_small(runs), names).T
    away = 1 - errors - tasks["chance"].to_numpy()
    reach = NEAR * counting_error(errors, tasks["n_items"].to_numpy())
    near, below = (np.abs(away) <= reach).mean(axis=0), (away <= reach).mean(axis=0)
    standing = np.select([near >= MOST, below >= MOST], STANDINGS[:2], STANDINGS[2])
    return pd.DataFrame({"task": tasks["task"].to_numpy(), "near": near, "standing": standing})


def load_traits() -> pd.DataFrame:
    """Traits of the 46 tasks, each so that a step of one is worth talking about.

    Returns
    -------
    pandas.DataFrame
        A row per task. ``items``: log2 of the items; ``chance``, in steps of 25 points;
        ``generation`` and ``zero_shot``, 0 or 1. From the runs of 0.411B and less, at every M:
        ``best_above_chance``, the best accuracy of any less chance, and ``mean_above_chance``, the
        mean accuracy of the 0.411B runs less chance, both in steps of 10 points; ``range``: log2 of
        the range of the error in its standard errors, on each training set, averaged. Then a column
        of 0 and 1 per category.
    """
    tasks = load_tasks().set_index("task")
    small = select_small(run_table())
    accuracy = 1 - small[[f"err_{task}" for task in tasks.index]].set_axis(tasks.index, axis=1)
    own = accuracy.groupby(small["dataset"])
    noise = counting_error(accuracy.mean(), tasks["n_items"])
    traits = {
        "items": np.log2(tasks["n_items"]),
        "chance": tasks["chance"] / 0.25,
        "generation": tasks["type"] == "language modeling",
        "zero_shot": tasks["shots"] == 0,
        "best_above_chance": (accuracy.max() - tasks["chance"]) / 0.10,
        "mean_above_chance": (accuracy[small["size"] == "0.411B"].mean() - tasks["chance"]) / 0.10,
        "range": np.log2((own.max() - own.min()) / noise).mean(),
    }
    categories = pd.get_dummies(tasks["category"])
    return pd.concat([pd.DataFrame(traits), categories], axis=1).astype(float)


def size_of_misses(
    predictions: pd.DataFrame, size: str = "6.9B", relative: bool = True
) -> pd.DataFrame:
    """Absolute misses, a row per task and training set, a column per method.

    Parameters
    ----------
    predictions : pandas.DataFrame
        From `scaling.studies.tasks.error_laws.predict_tasks`; the rows at the predicted loss are
        read.
    size : str
        Target.
    relative : bool
        As shares of the measured error; else in fractions of the items.
    """
    rows = predictions.query("loss_from == 'predicted' and size == @size")
    miss = (rows["predicted"] - rows["measured"]) / (rows["measured"] if relative else 1.0)
    cells = rows.assign(miss=miss.abs())
    return cells.pivot(index=["task", "dataset"], columns="method", values="miss")


def average_logs(misses: pd.DataFrame, bounds: tuple[float, float] = BOUNDS) -> pd.DataFrame:
    """Mean over training sets of log2 of the misses, held within bounds: a row per task.

    A miss near zero is luck, and the logarithm would make much of it; a miss above 100% is useless
    however large. The bounds are the same for all tasks, so that no trait gets into the outcome.

    Parameters
    ----------
    misses : pandas.DataFrame
        From `size_of_misses`.
    bounds : tuple of float
        Least and greatest miss told apart, fractions.

    Returns
    -------
    pandas.DataFrame
        A task counts once, since its traits are the same on all three training sets: so the 138
        misses have the weight of 46.
    """
    return _logs_by_task(misses, bounds).mean()


def _logs_by_task(misses: pd.DataFrame, bounds: tuple[float, float]) -> Any:
    return misses.clip(*bounds).apply(np.log2).groupby(level="task")


def correlate_sets(misses: pd.DataFrame, bounds: tuple[float, float] = BOUNDS) -> pd.Series:
    """How alike the misses of a task are on different training sets: intraclass correlations.

    ``(between - within) / (between + (n_sets - 1) within)``, mean squares of the log misses between
    and within tasks.

    Parameters are those of `average_logs`.

    Returns
    -------
    pandas.Series
        One per method: 1 if the three are the same, 0 if they are like those of other tasks.
    """
    logs, n_sets = _logs_by_task(misses, bounds), len(DATASETS)
    between, within = n_sets * logs.mean().var(), logs.var().mean()
    alike: pd.Series = (between - within) / (between + (n_sets - 1) * within)
    return alike


class LinearFit(NamedTuple):
    """Least squares with a constant, and what leaving out each row in turn says of it."""

    slopes: Array  # without the constant, of shape (n_traits, n_outcomes)
    std: Array  # their jackknife standard errors
    r2: Array  # share of the spread explained, of shape (n_outcomes,)
    r2_out: Array  # of each row left out, against the mean of the others: may be negative


def fit_linear(traits: ArrayLike, outcomes: ArrayLike) -> LinearFit:
    """Fit outcomes by traits, with the jackknife over rows.

    Without row i the coefficients are ``b - (X'X)^-1 x_i e_i / (1 - h_i)``, and row i is missed
    by ``e_i / (1 - h_i)``, with e its residual and h its leverage. Traits come without a constant,
    of shape (n_tasks, n_traits), outcomes of shape (n_tasks, n_outcomes).

    Raises
    ------
    ValueError
        If the traits do not all vary, apart from each other, whichever task is left out.

    References
    ----------
    Efron, The Jackknife, the Bootstrap and Other Resampling Plans, 1982, chapter 3.
    """
    y = np.asarray(outcomes, dtype=float)
    X = np.column_stack([np.ones(len(y)), np.asarray(traits, dtype=float)])
    inverse = np.linalg.pinv(X)
    leverage = np.vecdot(X, inverse.T)
    if np.linalg.matrix_rank(X) < X.shape[1] or leverage.max() > 1 - 1e-9:
        raise ValueError("traits must vary apart from each other without any one task")
    n, coefficients = len(y), inverse @ y
    missed = y - X @ coefficients
    left_out = missed / (1 - leverage)[:, np.newaxis]
    std = np.sqrt((n - 1) * (inverse[:, :, np.newaxis] * left_out).var(axis=1))
    spread = n * y.var(axis=0)
    r2 = 1 - (missed**2).sum(axis=0) / spread
    r2_out = 1 - (left_out**2).sum(axis=0) / (spread * (n / (n - 1)) ** 2)
    return LinearFit(coefficients[1:], std[1:], r2, r2_out)


def estimate_effects(
    traits: pd.DataFrame, outcomes: pd.DataFrame, jointly: bool = False
) -> pd.DataFrame:
    """By what factor a miss changes with a step of a trait, with its 95% interval over tasks.

    Parameters
    ----------
    traits : pandas.DataFrame
        A row per task.
    outcomes : pandas.DataFrame
        log2 of misses, the same rows: from `average_logs`.
    jointly : bool
        All traits in one model; else each alone.

    Returns
    -------
    pandas.DataFrame
        Outcome by trait: ``ratio``, ``2^slope``, with ``lo`` and ``hi`` from the jackknife over
        tasks and Student's t; ``r2`` and ``r2_out`` of its model; and ``spearman``, the rank
        correlation of trait and outcome.
    """
    if not traits.index.equals(outcomes.index):
        raise ValueError("traits and outcomes must have the same tasks in the same order")
    models = [list(traits)] if jointly else [[name] for name in traits]
    y = outcomes.to_numpy(float)
    parts = []
    for names in models:
        X = traits[names].to_numpy(float)
        fit = fit_linear(X, y)
        reach = stats.t.ppf(0.975, len(y) - len(names) - 1) * fit.std
        columns = {"ratio": fit.slopes, "lo": fit.slopes - reach, "hi": fit.slopes + reach}
        rows = pd.MultiIndex.from_product([outcomes, names], names=["outcome", "trait"])
        part = pd.DataFrame({name: 2 ** b.T.ravel() for name, b in columns.items()}, index=rows)
        part["r2"], part["r2_out"] = np.repeat([fit.r2, fit.r2_out], len(names), axis=1)
        ranks = [stats.spearmanrho(X, values[:, np.newaxis], axis=0) for values in y.T]
        part["spearman"] = np.ravel([rank.statistic for rank in ranks])
        parts.append(part)
    return pd.concat(parts)


def sum_up_groups(misses: pd.DataFrame, groups: pd.Series) -> pd.DataFrame:
    """Median miss in each group of tasks, beside its number of tasks.

    Parameters
    ----------
    misses : pandas.DataFrame
        From `size_of_misses`.
    groups : pandas.Series
        Group of each task, by the task's name.

    Returns
    -------
    pandas.DataFrame
        A row per group: ``n_tasks``, and the median over tasks and training sets per method.
    """
    named = misses.groupby(misses.index.get_level_values("task").map(groups.get))
    return pd.concat([groups.value_counts().rename("n_tasks"), named.median()], axis=1)
