"""How often do the intervals hold a measured loss? Small runs, the large ones, random designs.

Every method predicts the same losses at 90 %. The losses of one run on several texts move together,
and so do the runs of a series: what counts as independent is a training set and a target, or a
series. Intervals of laws planted: `scaling.studies.decide.planted_intervals`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv

from scaling.forecast.design import read_design
from scaling.forecast.intervals import (
    LEVEL,
    IntervalConstants,
    find_intervals,
    load_constants,
    measure_change,
)
from scaling.laws.posterior import find_posterior
from scaling.laws.prior import Belief, fit_with_belief, load_belief
from scaling.studies.decide.allowance import constants_without, score_interval
from scaling.studies.decide.forecasts import GROUPS, NEAR_TEXT
from scaling.studies.decide.rivals import RIVALS, TiedFits
from scaling.studies.predictors.backtests import Task, list_trials, load_data
from scaling.studies.predictors.candidates import columns_of
from scaling.studies.predictors.extrapolation import grid_tasks, testbed_tasks
from scaling.studies.predictors.few_runs import SIZES, draw_designs, list_series
from scaling.studies.predictors.selection import second_choice
from scaling.testbed.labels import DATASETS

Array = NDArray[np.float64]
Settings = tuple[Belief, IntervalConstants]
OTHERS = "bet, others' constants"
N_DESIGNS = 40  # of each size and series
SEED = 16
MOST_APART = 10.0  # an end further from what was measured than this factor counts as this far
COLUMNS = [
    *("method", "evidence", "source", "group", "loss_set", "run"),
    *("predicted", "actual", "lo", "hi", "inside"),
]


# --- how an interval is judged -------------------------------------------------------------


def find_share(k: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """Clopper-Pearson interval of a share, of which `k` of `n` were seen.

    Quantiles of beta(k, n - k + 1) and beta(k + 1, n - k), where `k` need not be whole.
    """
    tail = (1 - level) / 2
    lo = betaincinv(k, n - k + 1, tail) if k > 0 else 0.0
    hi = betaincinv(k + 1, n - k, 1 - tail) if k < n else 1.0
    return float(lo), float(hi)


def score_ends(lo: ArrayLike, hi: ArrayLike, measured: ArrayLike) -> Array:
    """Interval score of the log loss: `scaling.studies.decide.allowance.score_interval`."""
    far = np.log(MOST_APART)
    with np.errstate(divide="ignore"):
        down, up = (np.clip(np.log(end) - np.log(measured), -far, far) for end in (lo, hi))
    return score_interval(0.0, down, up)


# --- predictions of a task -----------------------------------------------------------------


class Question(NamedTuple):
    """A task of `scaling.studies.predictors.backtests`, and how its answer is filed.

    Parameters
    ----------
    evidence : str
        Which runs are known.
    source : str
        A training set of the testbed, or a grid and where it has several its series.
    task : Task
        What is known, and what is asked.
    """

    evidence: str
    source: str
    task: Task


def find_ours(task: Task, believed: Belief, constants: IntervalConstants) -> tuple[Array, Array]:
    """Predict a task with the default law and both intervals.

    Returns
    -------
    predicted : ndarray of shape (n_losses, n_asked)
    ends : ndarray of shape (4, n_losses, n_asked)
        In the order of `scaling.forecast.intervals.Intervals`.
    """
    runs, targets = columns_of(task.case.runs), columns_of(task.asked)
    belief = replace(believed, sigma_0=constants.s_0, nu=constants.nu)
    predicted, ends = [], []
    for loss in task.case.losses:
        law = fit_with_belief(believed, *runs, loss).law
        allowance = constants.allow(measure_change(law, runs, targets))
        mixture = find_posterior(*runs, loss, belief).at(*targets)
        predicted.append(law.predict(*targets))
        ends.append(find_intervals(mixture, allowance, LEVEL, predicted[-1]))
    return np.array(predicted), np.array(ends).swapaxes(0, 1)


def answer(questions: Iterable[Question]) -> pd.DataFrame:
    """Answer questions by every method: a row per method, question, loss set and run asked for."""
    shipped = load_belief(), load_constants()
    others = {name: (second_choice(name), constants_without(name)) for name in DATASETS.values()}
    tables = [_answer(question, shipped, others.get(question.source)) for question in questions]
    return pd.concat(tables, ignore_index=True)


def _answer(question: Question, shipped: Settings, others: Settings | None) -> pd.DataFrame:
    task = question.task
    predicted, (lo, hi, law_lo, law_hi) = find_ours(task, *shipped)
    found = {"law": (predicted, law_lo, law_hi), "bet": (predicted, lo, hi)}
    if others is not None:
        predicted, (lo, hi, *_) = find_ours(task, *others)
        found[OTHERS] = predicted, lo, hi
    fits = TiedFits(*columns_of(task.case.runs), task.case.losses, columns_of(task.asked))
    rng = np.random.default_rng(SEED)
    for name, find in RIVALS.items():
        found[name] = (fits.predicted, *find(fits, rng, of_a_run=True))
    asked = [task.loss_sets, task.asked["run"].to_list()]
    index = pd.MultiIndex.from_product(asked, names=["loss_set", "run"])
    tables = []
    for method, (loss, low, high) in found.items():
        columns = {"predicted": loss, "actual": task.measured, "lo": low, "hi": high}
        values = {name: column.ravel() for name, column in columns.items()}
        tables.append(pd.DataFrame(values, index).reset_index().assign(method=method))
    rows = pd.concat(tables, ignore_index=True)
    near = np.where(rows["loss_set"].isin(NEAR_TEXT), GROUPS[0], GROUPS[1])
    inside = rows["actual"].between(rows["lo"], rows["hi"]).astype(float)
    return rows.assign(
        evidence=question.evidence,
        source=question.source,
        group=near if question.source in DATASETS.values() else GROUPS[2],
        inside=inside.where(rows["lo"].notna()),
    )[COLUMNS]


# --- which questions there are -------------------------------------------------------------


def name_source(keys: dict[str, str]) -> str:
    """Name a grid, with its series where it has several."""
    return ", ".join(filter(None, (keys["grid"], keys["series"])))


def list_large() -> Iterator[Question]:
    """The large runs: the testbed's six targets, and the most expensive runs of four grids."""
    for task in testbed_tasks(six=True):
        yield Question(task.keys["fit_runs"], task.keys["dataset"], task)
    for task in grid_tasks(("N",)):
        yield Question(task.keys["fit_share"], name_source(task.keys), task)


def list_rolling() -> Iterator[Question]:
    """Every backtest among small runs."""
    for task in list_trials(*load_data()):
        grid, trial = task.keys["grid"], task.keys["trial"]
        if grid == "testbed":
            source = trial.partition(",")[0]
        else:
            source = name_source({"grid": grid, "series": trial.rpartition(" ")[0]})
        yield Question("rolling", source, task)


def list_random(n_designs: int = N_DESIGNS) -> Iterator[Question]:
    """Designs of five and of eight small runs, drawn at random from each series, and no line."""
    for task in list_series():
        on_testbed = task.keys["grid"] == "testbed"
        source = task.keys["series"] if on_testbed else name_source(task.keys)
        for size in SIZES:
            rng = np.random.default_rng([size, SEED])
            drawn = draw_designs(task.case.runs, size, rng)
            cases = (task.case.keep(pd.Series(kept, task.case.runs.index)) for kept in drawn)
            held = (case for case in cases if not read_design(*columns_of(case.runs)).is_line)
            for case in islice(held, n_designs):
                yield Question(f"{size} random", source, task._replace(case=case))


# --- stored tables -------------------------------------------------------------------------


def tabulate_targets() -> pd.DataFrame:
    """Ask every method for the large runs.

    Returns
    -------
    pandas.DataFrame
        A row per method, evidence, source, loss set and run: group, losses in nats per token, and
        ``inside``, NaN where there is no interval.
    """
    return answer(list_large())


def summarise(rows: pd.DataFrame) -> pd.DataFrame:
    """Sum up the answers of one evidence and one group: a row per method.

    Clusters, which count as independent, are a training set and a target of the testbed's large
    runs, and else a source.
    """
    large = rows["evidence"].isin(["five", "M >= 10", "all"])
    rows = rows.assign(
        cluster=rows["source"] + np.where(large, " " + rows["run"], ""),
        score=score_ends(rows["lo"], rows["hi"], rows["actual"]),
        full=rows["hi"] - rows["lo"],
        half=(rows["hi"] - rows["lo"]) / (2 * rows["actual"]),
    )
    summed = []
    for method, own in rows.groupby("method", sort=False):
        given = own[own["inside"].notna()]
        means = given.groupby("cluster")[["inside", "score"]].mean()
        share, score = means.mean()
        lo, hi = find_share(share * len(means), len(means))
        plain_lo, plain_hi = find_share(given["inside"].sum(), len(given))
        summed.append(
            {
                "method": method,
                "n_predictions": len(given),
                "n_without": len(own) - len(given),
                "n_independent": len(means),
                "covered": share,
                "covered_lo": lo,
                "covered_hi": hi,
                "plain": given["inside"].mean(),
                "plain_lo": plain_lo,
                "plain_hi": plain_hi,
                "score": score,
                "half_width": given["half"].median(),
                "full_width": given["full"].median(),
            }
        )
    return pd.DataFrame(summed)


def list_groups(rows: pd.DataFrame) -> dict[str, pd.Series]:
    """Groups of the answers of one evidence, as masks: by text, by training set, and all."""
    masks = {group: rows["group"] == group for group in GROUPS}
    on_testbed = rows["group"] != GROUPS[2]
    if masks[GROUPS[1]].any():
        masks["C4 eval"] = on_testbed & (rows["loss_set"] == "c4_eval")
        masks |= {dataset: rows["source"] == dataset for dataset in DATASETS.values()}
    kept = {name: mask for name, mask in masks.items() if mask.any()}
    return kept if len(kept) == 1 else {**kept, "all": pd.Series(True, rows.index)}


def tabulate_coverage() -> pd.DataFrame:
    """Sum up every method on small runs, on the large ones and from random designs.

    Returns
    -------
    pandas.DataFrame
        A row per evidence, group and method: how many predictions have an interval and how many
        have none, the number of clusters, the share covered with clusters counted alike and
        counted plainly, each with its Clopper-Pearson interval, the interval score of the log
        loss, and the median widths.
    """
    rows = answer([*list_rolling(), *list_large(), *list_random()])
    tables = [
        summarise(own[mask]).assign(evidence=evidence, group=name)
        for evidence, own in rows.groupby("evidence", sort=False)
        for name, mask in list_groups(own).items()
    ]
    table = pd.concat(tables, ignore_index=True)
    keys = ["evidence", "group", "method"]
    return table[[*keys, *(name for name in table if name not in keys)]]
