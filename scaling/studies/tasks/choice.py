"""Which predictor of single tasks is chosen, by small runs alone? Folds, score and rule.

Protocol, written down before any candidate was run. Read are the runs of 0.411B parameters and
less and the three runs of 1.4B at M = 20. A fold takes a training set and a reference run, M = 20
at some size; known are the runs of at most its compute (M of 10 and more), of this and of the
other training sets. A *rung* asks for the next size at M = 20, a *long* fold for the same size at
M of 80 and more. The fold nearest to the question counts half: the rung to 1.4B, the long runs of
0.411B. Score: the mean of the median absolute relative error over the tasks (over the rungs), and
of the absolute relative error of the 17-task average (over rungs and long folds alike). A
candidate is level with the best if its score exceeds the least by no more than one bootstrap
standard error of the difference, tasks resampled. Chosen is the level candidate of fewest parts;
among those, of least score.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling.forecast.rulers import relative_error
from scaling.laws.shared_slope import Array
from scaling.studies.tasks.candidates import LATER, list_task_candidates
from scaling.studies.tasks.cases import TaskCandidate, TaskCase
from scaling.studies.tasks.error_laws import read_errors
from scaling.testbed.labels import DATASETS
from scaling.testbed.runs import load_tasks, run_table, select_small, select_targets

RUNGS = {"1.4B": ("0.411B", 0.5), "0.411B": ("0.154B", 0.25), "0.154B": ("0.079B", 0.25)}
LONG = {"0.411B": 0.5, "0.154B": 0.25, "0.079B": 0.25}
LEAST_LONG = 80  # tokens per parameter
LEAST_M = 10  # shorter runs end within their warm-up, or nearly
SLACK = 1 + 1e-6
VALUES = ["predicted", "measured"]
RUN_KEYS = ["candidate", "kind", "dataset", "step", "run"]
N_RESAMPLES = 1000


@dataclass(frozen=True)
class TaskFold:
    """One backtest, or the large runs of one size: what is known, and what was measured."""

    kind: str  # what is asked: "rung" the next size, "long" the same size for longer, or "target"
    dataset: str
    step: str  # size asked for
    weight: float  # of the step among those of its kind
    case: TaskCase  # what a candidate sees
    asked: pd.DataFrame  # the runs asked for, whole

    @property
    def measured(self) -> Array:
        """Errors measured, of shape (n_tasks, n_targets)."""
        return read_errors(self.asked, self.case.columns)


def select_open(table: pd.DataFrame) -> pd.DataFrame:
    """Select what the choice may read: 0.411B and less, and 1.4B at M = 20."""
    reference = table[(table["size"] == "1.4B") & (table["M"] == 20)]
    return pd.concat([select_small(table), reference], ignore_index=True)


def make_case(table: pd.DataFrame, reference: pd.DataFrame, asked: pd.DataFrame) -> TaskCase:
    """Make the case of a training set from all runs of at most the compute of one row of it."""
    most = reference["C"].iloc[0] * SLACK
    known = table[(table["C"] <= most) & (table["M"] >= LEAST_M)].sort_values("C")
    sets = {str(name): runs.reset_index(drop=True) for name, runs in known.groupby("dataset")}
    own = sets.pop(str(reference["dataset"].iloc[0]))
    return TaskCase(own, tuple(sets.values()), asked[["N", "D", "C"]], load_tasks())


def list_folds(table: pd.DataFrame) -> Iterator[TaskFold]:
    """Every backtest, from a run table of the testbed; what the choice may not read is not read."""
    table = select_open(table)
    for dataset in DATASETS.values():
        own = table[table["dataset"] == dataset]
        at_20 = own[own["M"] == 20].set_index("size", drop=False)
        for step, (size, weight) in RUNGS.items():
            asked = at_20.loc[[step]]
            case = make_case(table, at_20.loc[[size]], asked)
            yield TaskFold("rung", dataset, step, weight, case, asked)
        for size, weight in LONG.items():
            asked = own[(own["size"] == size) & (own["M"] >= LEAST_LONG)]
            case = make_case(table, at_20.loc[[size]], asked)
            yield TaskFold("long", dataset, size, weight, case, asked)


def list_targets(table: pd.DataFrame) -> Iterator[TaskFold]:
    """The large runs, from all runs of at most the compute of 1.4B at M = 20: no backtest."""
    targets = select_targets(table)
    table = select_open(table)
    for dataset in DATASETS.values():
        own = table[(table["dataset"] == dataset) & (table["size"] == "1.4B")]
        for _, asked in targets[targets["dataset"] == dataset].groupby("size", sort=False):
            case = make_case(table, own, asked)
            yield TaskFold("target", dataset, str(asked["size"].iloc[0]), 1.0, case, asked)


def run_folds(folds: list[TaskFold], candidates: list[TaskCandidate]) -> pd.DataFrame:
    """Run every candidate through every fold.

    Returns
    -------
    pandas.DataFrame
        One row per candidate, kind, training set, run and task: predicted and measured error,
        fractions, predictions between 0 and 1; ``weight`` of the run within its kind.
    """
    parts = []
    for candidate, fold in product(candidates, folds):
        predicted, measured = np.clip(candidate.predict(fold.case), 0, 1), fold.measured
        for j, run in enumerate(fold.asked["run"]):
            names = (candidate.name, fold.kind, fold.dataset, fold.step, run)
            part = dict(zip(RUN_KEYS, names, strict=True)) | {"task": fold.case.tasks["task"]}
            part |= {"predicted": predicted[:, j], "measured": measured[:, j]}
            part["weight"] = fold.weight / len(fold.asked) / len(DATASETS)
            parts.append(pd.DataFrame(part))
    return pd.concat(parts, ignore_index=True)


def _scores(backtests: pd.DataFrame, resamples: NDArray[np.intp]) -> pd.DataFrame:
    """Score of every candidate on every resample of the tasks, a column each."""
    tasks = load_tasks().set_index("task")["in_17"]
    rows = {}
    for name, own in backtests.groupby("candidate", sort=False):
        wide = own.pivot(index=["kind", "run", "weight"], columns="task", values=VALUES)
        predicted, measured = (wide[value][tasks.index].to_numpy() for value in VALUES)
        kinds, weight = wide.index.get_level_values("kind"), wide.index.get_level_values("weight")
        rung = np.where(kinds == "rung", weight, 0.0)
        single = np.abs(relative_error(predicted, measured))[:, resamples]
        in_17 = tasks.to_numpy()[resamples]
        sums = [(values[:, resamples] * in_17).sum(axis=2) for values in (predicted, measured)]
        average = np.abs(relative_error(*sums))
        rows[name] = (rung @ np.median(single, axis=2) + weight.to_numpy() / 2 @ average) / 2
    return pd.DataFrame.from_dict(rows, orient="index")


def score_backtests(backtests: pd.DataFrame) -> pd.DataFrame:
    """Score every candidate of `run_folds` by the protocol at the head of this room.

    Returns
    -------
    pandas.DataFrame
        One row per candidate, in order: ``score``, a fraction; ``above``, its score less the
        least; ``above_std``, the bootstrap standard error of that.
    """
    n_tasks = backtests["task"].nunique()
    rng = np.random.default_rng(0)
    resamples = rng.integers(0, n_tasks, (N_RESAMPLES, n_tasks))
    score = _scores(backtests, np.arange(n_tasks)[None])[0]
    many = _scores(backtests, resamples)
    above = many - many.loc[str(score.idxmin())]
    return pd.DataFrame(
        {"score": score, "above": score - score.min(), "above_std": above.std(axis=1)}
    )


def choose_task_candidate(scores: pd.DataFrame, candidates: list[TaskCandidate]) -> TaskCandidate:
    """Choose by the rule at the head of this room."""
    of = {candidate.name: candidate for candidate in candidates}
    table = scores.loc[list(of)].assign(n_parts=[c.n_parts for c in candidates])
    level = table[table["above"] <= table["above_std"]]
    return of[str(level.sort_values(["n_parts", "score"]).index[0])]


# --- on the shipped data -------------------------------------------------------------------


def sum_up_runs(backtests: pd.DataFrame) -> pd.DataFrame:
    """Sum up every run that `run_folds` predicted, over its tasks.

    Returns
    -------
    pandas.DataFrame
        One row per candidate, kind, training set and run: ``median`` and ``mean`` of the absolute
        relative error over the tasks, ``mean_17`` over the 17, ``average_17`` the signed relative
        error of their average; fractions.
    """
    misses = np.abs(relative_error(backtests["predicted"], backtests["measured"]))
    rows = backtests.assign(miss=misses)
    tasks = load_tasks()
    in_17 = rows["task"].isin(tasks.loc[tasks["in_17"], "task"])
    every, some = (part.groupby(RUN_KEYS, sort=False) for part in (rows, rows[in_17]))
    sums = every.agg(weight=("weight", "first"), median=("miss", "median"), mean=("miss", "mean"))
    average = some["predicted"].sum() / some["measured"].sum() - 1
    return sums.assign(mean_17=some["miss"].mean(), average_17=average).reset_index()


def tabulate_task_scores() -> pd.DataFrame:
    """Score every candidate on the shipped data, with its number of parts and whether it is chosen.

    Returns
    -------
    pandas.DataFrame
        One row per candidate; ``level`` and ``chosen`` are 0 or 1.
    """
    candidates = list_task_candidates()
    scores = score_backtests(run_folds(list(list_folds(run_table())), candidates))
    chosen = choose_task_candidate(scores, candidates).name
    scores.insert(0, "n_parts", [candidate.n_parts for candidate in candidates])
    return scores.assign(
        level=(scores["above"] <= scores["above_std"]).astype(int),
        chosen=(scores.index == chosen).astype(int),
    ).reset_index(names="candidate")


def tabulate_task_large_runs() -> pd.DataFrame:
    """Ask every candidate about the large runs, which the choice has not read, summed up by run."""
    folds = list(list_targets(run_table()))
    return sum_up_runs(run_folds(folds, [*list_task_candidates(), *LATER]))
