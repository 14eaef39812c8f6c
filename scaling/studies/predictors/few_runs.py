"""What do a few cheap runs say of the dear ones? Designs drawn at random, and designs with a hole.

What is predicted is as in `scaling.studies.predictors.extrapolation`: on another grid the dear runs
from runs of at most 1/20 of the largest compute, on the testbed the two targets of a training set
from its small runs of M of 10 and more, on C4 eval.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling.laws.fit import fit_loss_law
from scaling.studies.predictors.backtests import Task
from scaling.studies.predictors.candidates import BASELINES, Candidate, columns_of
from scaling.studies.predictors.extrapolation import grid_tasks, testbed_tasks
from scaling.studies.predictors.families import member_of_second
from scaling.studies.predictors.selection import second_choice
from scaling.testbed.labels import LOSS_COLUMN

Chosen = NDArray[np.bool_]

SIZES = (5, 8)
N_SEEDS = 20
N_DESIGNS = 150  # of each size, series and seed
LEAST_SPAN = 4.0  # of a design, in N and in D/N
LEAST_DISTINCT = 4  # runs that differ in N or D: the coefficients of the tied law
RECIPE = next(candidate for candidate in BASELINES if candidate.name == "recipe")
NO_CHANGE = next(candidate for candidate in BASELINES if candidate.name == "no change")


def list_series() -> list[Task]:
    """List the series: five of the other grids, three of the testbed, on one loss each."""
    on_grids = [task for task in grid_tasks(("N",)) if task.keys["fit_share"] == "1/20"]
    keys = [{name: task.keys[name] for name in ("grid", "series")} for task in on_grids]
    series = [task._replace(keys=own) for task, own in zip(on_grids, keys, strict=True)]
    for task in testbed_tasks([LOSS_COLUMN], six=True):
        if task.keys["fit_runs"] == "M >= 10":
            own = {"grid": "testbed", "series": task.keys["dataset"]}
            series.append(task._replace(keys=own))
    return series


def draw_designs(runs: pd.DataFrame, size: int, rng: np.random.Generator) -> Iterator[Chosen]:
    """Draw designs without end, of `size` runs each: masks of shape (n_runs,).

    All choices over a factor of `LEAST_SPAN` in N and in D/N, and of `LEAST_DISTINCT` different
    runs, are alike likely.
    """
    N, D = runs["N"].to_numpy(float), runs["D"].to_numpy(float)
    while True:
        kept = np.zeros(len(runs), dtype=bool)
        kept[rng.choice(len(runs), size, replace=False)] = True
        spans = [np.ptp(np.log(values[kept])) for values in (N, D / N)]
        distinct = len(set(zip(N[kept], D[kept], strict=True)))
        if min(spans) >= np.log(LEAST_SPAN) and distinct >= LEAST_DISTINCT:
            yield kept


def mean_miss(task: Task, kept: Chosen, candidate: Candidate) -> float:
    """Mean absolute relative error at the runs asked for, from the runs kept."""
    case = task.case.keep(pd.Series(kept, task.case.runs.index))
    return float(np.abs(task._replace(case=case).miss(candidate)).mean())


def judge_designs(
    task: Task,
    size: int,
    candidates: list[Candidate],
    n_designs: int,
    *,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Mean misses on random designs of one series: a row per design, a column per candidate."""
    designs = islice(draw_designs(task.case.runs, size, rng), n_designs)
    rows = [{c.name: mean_miss(task, kept, c) for c in candidates} for kept in designs]
    return pd.DataFrame(rows)


def tabulate_few_runs(n_seeds: int = N_SEEDS, n_designs: int = N_DESIGNS) -> pd.DataFrame:
    """Sum up random designs of five and of eight runs, series by series.

    Returns
    -------
    pandas.DataFrame
        One row per grid, series and ``n_runs``; ``n_cheap``, runs drawn from, with their exponent
        ``alpha`` by least squares on the log loss; ``n_seeds`` and ``n_designs`` of each;
        ``nearer``, the share of all designs in which `prior` misses less than the recipe, and
        ``nearer_std``, the standard deviation of that share between seeds; for the recipe, `prior`
        and no change the median of the miss over all designs; fractions.
        `prior` has constants that no run of this grid has chosen.
    """
    rows = []
    for task in list_series():
        best = member_of_second(second_choice(task.keys["grid"]), "prior")
        N, D = columns_of(task.case.runs)
        alpha = fit_loss_law(N, D, task.case.losses[0], objective="log").law.alpha
        for size in SIZES:
            drawn = {
                seed: judge_designs(
                    task,
                    size,
                    [RECIPE, best, NO_CHANGE],
                    n_designs,
                    rng=np.random.default_rng([size, seed]),
                )
                for seed in range(n_seeds)
            }
            misses = pd.concat(drawn, names=["seed"])
            nearer = misses["prior"] < misses["recipe"]
            counts = {"n_runs": size, "n_cheap": len(N), "n_seeds": n_seeds, "n_designs": n_designs}
            shares = {
                "nearer": nearer.mean(),
                "nearer_std": nearer.groupby("seed").mean().std(),
            }
            medians = misses.median().rename(lambda name: f"median_{name.replace(' ', '_')}")
            rows.append({**task.keys, "alpha": alpha, **counts, **shares, **medians})
    return pd.DataFrame(rows)


def leave_each_out(candidates: list[Candidate]) -> pd.DataFrame:
    """Leave each of the paper's five runs out in turn, and predict both targets on C4 eval.

    Returns
    -------
    pandas.DataFrame
        One row per training set, run left out and target: ``M_out``, tokens per parameter of the
        run left out, ``size`` of the target, and a signed relative error per candidate.
    """
    rows = []
    for task in testbed_tasks([LOSS_COLUMN], six=True):
        if task.keys["fit_runs"] != "five":
            continue
        runs, asked = task.case.runs, task.asked
        for index, left_out in runs.iterrows():
            rest = task._replace(case=task.case.keep(pd.Series(runs.index != index, runs.index)))
            misses = {candidate.name: rest.miss(candidate)[0] for candidate in candidates}
            names = {"dataset": task.keys["dataset"], "left_out": left_out["run"]}
            own = pd.DataFrame({"size": asked["size"], "target": asked["run"], **misses})
            rows.append(own.assign(M_out=left_out["M"], **names))
    table = pd.concat(rows, ignore_index=True)
    keys = ["dataset", "left_out", "M_out", "target", "size"]
    return table[[*keys, *(candidate.name for candidate in candidates)]]
