"""How well is an average over tasks predicted? Random sets of tasks, and those of a rule."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from scaling.forecast.counting import counting_error
from scaling.forecast.rulers import relative_error
from scaling.laws.fit import fit_error_law
from scaling.laws.shared_slope import Array
from scaling.studies.tasks.error_laws import predict_by_baselines, predict_loss, read_errors
from scaling.testbed.labels import DATASETS, LOSS_COLUMN
from scaling.testbed.runs import load_tasks, run_table, select_error_fit, select_targets

N_DRAWS = 2000
RULE_SIZE = "0.154B"  # whose runs the paper's rule asks
POINTS = tuple(range(51))  # thresholds of that rule, in points above chance
ROUNDING = 1e-9
SUBSET_COLUMNS = "pool n_tasks dataset size run method median lo hi noise".split()


def miss_averages(table: pd.DataFrame, counts: ArrayLike) -> dict[str, Array]:
    """By how much the average error over each set of tasks is missed, as a share of the measured.

    The law is fitted again to every average: an average of exponentials is none. The baselines
    are linear, so their prediction of an average is the average of their predictions.

    Parameters
    ----------
    table : pandas.DataFrame
        Run table of one training set.
    counts : array_like of shape (n_sets, n_tasks)
        How often each task, in the order of `scaling.testbed.runs.load_tasks`, is in a set: zero or
        one, or more in a bootstrap.

    Returns
    -------
    dict of ndarray of shape (n_sets, 2)
        Signed relative errors of ``law``, ``no change`` and ``ruler in loss`` at the over-trained
        1.4B run and at 6.9B, at the loss that the paper's five runs predict.

    Raises
    ------
    ValueError
        If a set has no task.
    """
    sets, six, loss = _read_sets(counts), select_error_fit(table), predict_loss(table)
    predicted = {"law": fit_error_law(six[LOSS_COLUMN], sets @ read_errors(six)).law.predict(loss)}
    baselines = predict_by_baselines(six, loss)
    predicted |= {method: sets @ errors for method, errors in baselines.items()}
    measured = sets @ read_errors(select_targets(table))
    return {method: relative_error(values, measured) for method, values in predicted.items()}


def _read_sets(counts: ArrayLike) -> Array:
    """Counts as numbers; sums over them will do, as their size cancels in a relative miss."""
    sets = np.atleast_2d(np.asarray(counts, dtype=float))
    if not (sets.sum(axis=1) > 0).all():
        raise ValueError("counts must have a task in every set, got a set of none")
    return sets


def draw_subsets(
    n_tasks: int, pool: ArrayLike, rng: np.random.Generator, n_draws: int = N_DRAWS
) -> NDArray[np.bool_]:
    """Draw sets of `n_tasks` tasks, each task at most once, all sets equally likely.

    Parameters
    ----------
    n_tasks : int
        Tasks of a set, from 1 to those in the pool.
    pool : array_like of bool, shape (n_all,)
        Tasks to draw from.
    rng : numpy.random.Generator
        Draws.
    n_draws : int
        Sets.

    Returns
    -------
    ndarray of bool, shape (n_draws, n_all)

    Raises
    ------
    ValueError
        If the pool does not hold as many.
    """
    pool = np.asarray(pool, dtype=bool)
    places = np.flatnonzero(pool)
    if not 1 <= n_tasks <= len(places):
        raise ValueError(f"n_tasks must be from 1 to {len(places)}, got {n_tasks}")
    inside = np.tile(np.arange(len(places)) < n_tasks, (n_draws, 1))
    drawn = np.zeros((n_draws, len(pool)), dtype=bool)
    drawn[:, places] = rng.permuted(inside, axis=1)
    return drawn


def keep_above_chance(margins: ArrayLike) -> NDArray[np.bool_]:
    """Tasks where any 0.154B run is at least so far above chance: the paper's rule.

    Any run: on any training set and at any M.

    Parameters
    ----------
    margins : array_like of shape (n_margins,)
        Accuracy above chance, fractions; the paper's is 0.10.

    Returns
    -------
    ndarray of bool, shape (n_margins, n_tasks)

    References
    ----------
    Gadre et al., arXiv 2403.08540, section 4 and Fig. 8.
    """
    best = 1 - read_errors(run_table().query("size == @RULE_SIZE")).min(axis=1)
    above = best - load_tasks()["chance"].to_numpy()
    kept: NDArray[np.bool_] = above >= np.atleast_1d(margins)[:, np.newaxis] - ROUNDING
    return kept


def leave_one_out(kept: ArrayLike) -> NDArray[np.bool_]:
    """The sets that are left when each task of a set goes in turn: of shape (n_kept, n_tasks)."""
    kept = np.asarray(kept, dtype=bool)
    sets: NDArray[np.bool_] = kept & ~np.eye(len(kept), dtype=bool)[kept]
    return sets


def expect_miss(misses: ArrayLike, n_tasks: ArrayLike) -> Any:
    """Root mean square, over all sets of k of K tasks, of the average miss of a set.

    ``sqrt(m^2 + S^2 / k (K - k) / (K - 1))``, with m the mean and S^2 the mean squared deviation
    of the K misses. S falls with the root of k; m, which all share, stays. The last factor is
    there because no task is drawn twice.

    Parameters
    ----------
    misses : array_like of shape (n_all,)
        Misses of the tasks, in points of error.
    n_tasks : array_like
        Tasks of a set, k.

    Returns
    -------
    float or ndarray
        In the unit of the misses.
    """
    misses, k = np.asarray(misses, dtype=float), np.asarray(n_tasks, dtype=float)
    shrink = (len(misses) - k) / (len(misses) - 1)
    return np.sqrt(misses.mean() ** 2 + misses.var() / k * shrink)


def count_noise(runs: pd.DataFrame, counts: ArrayLike) -> Array:
    """Counting noise of the measured average over each set of tasks, as a share of it.

    ``sqrt(sum c^2 p (1 - p) / n) / sum(c p)``, with c how often a task is in the set: it falls
    with the root of the number of tasks.

    Parameters
    ----------
    runs : pandas.DataFrame
        Runs with the errors of all tasks.
    counts : array_like of shape (n_sets, n_tasks)
        As in `miss_averages`.

    Returns
    -------
    ndarray of shape (n_sets, n_runs)
        Standard errors, as fractions. A lower bound where a task is a mean over categories.
    """
    sets, errors = _read_sets(counts), read_errors(runs)
    variance = counting_error(errors, load_tasks()["n_items"].to_numpy()[:, None]) ** 2
    noise: Array = np.sqrt(sets**2 @ variance) / (sets @ errors)
    return noise


def tabulate_thresholds() -> pd.DataFrame:
    """Miss of the average over the tasks that each threshold of the paper's rule keeps.

    Returns
    -------
    pandas.DataFrame
        Threshold by target by method: ``points`` above chance, ``n_tasks`` kept, dataset, size,
        run, method and ``relative_error``, a signed fraction.

    References
    ----------
    Gadre et al., arXiv 2403.08540, Fig. 8.
    """
    kept = keep_above_chance(np.array(POINTS) / 100)
    sets = {"points": POINTS, "n_tasks": kept.sum(axis=1)}
    parts = []
    for dataset in DATASETS.values():
        table = run_table(dataset)
        for method, misses in miss_averages(table, kept).items():
            for run, values in zip(select_targets(table).itertuples(), misses.T, strict=True):
                names = {"dataset": dataset, "size": run.size, "run": run.run, "method": method}
                parts.append(pd.DataFrame(sets | names | {"relative_error": values}))
    return pd.concat(parts, ignore_index=True)


def tabulate_task_subsets() -> pd.DataFrame:
    """Size of the miss of an average over k tasks, drawn at random, for every k.

    Returns
    -------
    pandas.DataFrame
        Pool by k by target by method: ``pool``, how many tasks were drawn from (all 46, or the
        17 of the paper's rule); ``n_tasks``, k; dataset, size, run, method; ``median``, ``lo`` and
        ``hi`` of the absolute relative error, fractions: 5 and 95% of the sets are below. A miss
        above 100% counts as 100%. ``noise``: median counting noise of the measured average.
    """
    in_17 = load_tasks()["in_17"].to_numpy()
    draws = []
    for pool in (np.ones_like(in_17), in_17):
        size = int(pool.sum())
        for k in range(1, size + 1):
            rng = np.random.default_rng([size, k])
            draws.append((size, k, draw_subsets(k, pool, rng, N_DRAWS if k < size else 1)))
    parts = [_sum_up_draws(dataset, draws) for dataset in DATASETS.values()]
    return pd.concat(parts, ignore_index=True)


def _sum_up_draws(dataset: str, draws: list[tuple[int, int, NDArray[np.bool_]]]) -> pd.DataFrame:
    """Median and quantiles of each draw of sets, a row per draw, target and method."""
    table = run_table(dataset)
    targets, together = select_targets(table), np.concatenate([sets for *_, sets in draws])
    ends = np.cumsum([len(sets) for *_, sets in draws])[:-1]
    noise = [np.median(part, axis=0) for part in np.split(count_noise(targets, together), ends)]
    rows = []
    for method, misses in miss_averages(table, together).items():
        sizes = np.minimum(np.abs(misses), 1.0)
        for (pool, k, _), part, noises in zip(draws, np.split(sizes, ends), noise, strict=True):
            spread = np.quantile(part, [0.5, 0.05, 0.95], axis=0).T
            for run, numbers, one in zip(targets.itertuples(), spread, noises, strict=True):
                rows.append((pool, k, dataset, run.size, run.run, method, *numbers, one))
    return pd.DataFrame(rows, columns=SUBSET_COLUMNS)
