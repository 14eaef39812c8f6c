"""What takes part in the choice of a predictor of single tasks? Every candidate, by name.

One slope for all tasks, alone and with parts added one by one; beside it baselines, laws of each
task, latent skills, and combinations. The choice is closed: no later candidate joins it, but may
stand in `LATER`, which is asked about the large runs alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

from scaling.forecast.rulers import predict_no_change, predict_on_line
from scaling.laws.fit import fit_error_law, fit_loss_law
from scaling.laws.logistic import Logistic, fit_logistic
from scaling.laws.shared_slope import Array, find_ceiling, follow_loss, log_reducible, move_odds
from scaling.studies.tasks.cases import Predict, TaskCandidate, TaskCase
from scaling.studies.tasks.error_laws import read_errors
from scaling.testbed.labels import LOSS_SETS

ENGLISH = [f"loss_{name}" for name in list(LOSS_SETS.values())[:5]]
SLOPES = (1.5, 2.0, 2.5, 3.0)


# --- baselines, laws of each task, latent skills -------------------------------------------------


def no_change(case: TaskCase) -> Array:
    """Error of the dearest run known."""
    n_asked = len(case.asked)
    return np.array([[predict_no_change(case.runs, column)] * n_asked for column in case.columns])


def ruler_in_loss(case: TaskCase) -> Array:
    """Straight line in loss through the two dearest runs of M = 20, at the predicted loss."""
    ray = case.runs[case.runs["M"] == 20]
    return np.array([predict_on_line(ray, case.loss, (case.loss_column, c)) for c in case.columns])


def ruler_in_compute(case: TaskCase) -> Array:
    """Straight line in log C through the two dearest runs of M = 20."""
    ray = case.runs[case.runs["M"] == 20].assign(log_C=lambda runs: np.log(runs["C"]))
    x = np.log(case.asked["C"])
    return np.array([predict_on_line(ray, x, ("log_C", column)) for column in case.columns])


def error_law(case: TaskCase, recipe: bool) -> Array:
    """Fit the paper's error law to all runs known, or to those of the paper's six that are.

    These are the runs of M = 20 and one of M = 320: six at the large runs, five to three in the
    backtests.
    """
    runs = case.runs
    if recipe:
        runs = runs[(runs["M"] == 20) | ((runs["M"] == 320) & (runs["N"] == runs["N"].min()))]
    law = fit_error_law(runs[case.loss_column], read_errors(runs, case.columns)).law
    with np.errstate(over="ignore", invalid="ignore"):
        predicted = law.predict(case.loss)
    return np.where(np.isfinite(predicted), predicted, no_change(case))


def local_line(case: TaskCase, reach: float, slope_std: float) -> Array:
    """Weighted line in loss near the dearest run, its slope pulled to zero."""
    u = (case.runs[case.loss_column] - case.runs[case.loss_column].iloc[-1]).to_numpy()
    y, ahead = case.errors, case.loss - case.runs[case.loss_column].iloc[-1]
    p = y.mean(axis=1)
    noise = np.maximum(p * (1 - p) / case.tasks["n_items"].to_numpy(), 1e-6)
    w = np.exp(-np.abs(u) / reach)
    design = np.column_stack([np.ones_like(u), u])
    normal = (design.T * w) @ design / noise[:, None, None]
    normal[:, 1, 1] += 1 / slope_std**2
    found = np.linalg.solve(normal, ((y * w) @ design / noise[:, None])[..., None])[..., 0]
    return found[:, :1] + found[:, 1:] * ahead


def low_rank(case: TaskCase, rank: int, reach: float) -> Array:
    """Move a few latent skills of all tasks along a line in progress; tasks follow their skills."""
    every = pd.concat([case.runs, *case.siblings])
    y, n_own = read_errors(every, case.columns), len(case.runs)
    mean = y.mean(axis=1, keepdims=True)
    scale = np.sqrt(mean * (1 - mean) / case.tasks["n_items"].to_numpy()[:, None] + 1e-4)
    standard = (y - mean) / scale
    skills = np.linalg.svd(standard, full_matrices=False)[0][:, :rank]
    u = case.x - case.x[-1]
    root = np.exp(-np.abs(u) / reach / 2)
    design = np.column_stack([root, root * u])
    scores = (skills.T @ standard)[:, :n_own] * root
    slopes = np.linalg.lstsq(design, scores.T)[0][1]
    return no_change(case) + scale * (skills @ (slopes[:, None] * case.steps))


def logistic_slopes(case: TaskCase, prior: Logistic, pool: bool, in_loss: bool = False) -> Array:
    """Logistic law per task between guessing and no error, binomial noise, its slope pulled.

    What the law misses at the dearest run is kept by half.
    """
    sets = [case.runs, *(case.siblings if pool else ())]
    u = [_progress(case, runs[case.loss_column], in_loss) for runs in sets]
    errors = [read_errors(runs, case.columns) for runs in sets]
    n_items = case.tasks["n_items"].to_numpy(float)
    found = fit_logistic(u, errors, 1 - case.ceiling[:, 0], n_items, prior)
    ahead = _progress(case, case.loss, in_loss)
    curve = case.ceiling * expit(-(found[:, :1] + found[:, -1:] * np.append(ahead, 0.0)))
    return curve[:, :-1] + 0.5 * (no_change(case) - curve[:, -1:])


def _progress(case: TaskCase, loss: Any, in_loss: bool) -> Array:
    last = case.runs[case.loss_column].iloc[-1]
    if in_loss:
        return np.asarray(last - loss, dtype=float)
    return np.asarray(log_reducible(loss, case.law.E) - case.x[-1])


# --- one slope for all tasks ---------------------------------------------------------------------


def shared_slope(
    case: TaskCase,
    b: float,
    ell: float = 0.0,
    follow: bool = True,
    coordinate: str = "log(L - E)",
    siblings: bool = False,
    to_chance: float = 0.0,
    stated: bool = True,
) -> Array:
    """Grow the odds above chance of every task by the slope `b`; see `scaling.laws.shared_slope`.

    `ell` is the reach of neighbours in the level (0: the level is that of the dearest run), counted
    from other training sets too where `siblings`, their mean moved by the share `to_chance` to the
    error of guessing. A task moves as far as its runs `follow` the loss, or all the way. The
    `coordinate` of progress is ``log(L - E)``, the same averaged over the ``five sets`` of English
    text, ``L``, or ``log C``. Chance is as `stated`, or else the largest error known.
    """
    r = follow_loss(case.x, case.errors) if follow else np.ones(len(case.tasks))
    level = case.errors[:, -1]
    if ell:
        level = _level(case, r, ell, siblings, to_chance)
    growth = np.exp(b * _steps(case, coordinate))
    ceiling = case.ceiling if stated else find_ceiling(case.errors, [np.nan])[:, None]
    full = move_odds(level[:, None], ceiling, growth)
    return level[:, None] + r[:, None] * (full - level[:, None])


def _level(case: TaskCase, r: Array, ell: float, siblings: bool, to_chance: float) -> Array:
    """Level of a task: its last run by the share r, the mean of runs near the last by the rest.

    A run at a distance of u in progress counts ``exp(-|u| / ell)``.
    """
    every = pd.concat([case.runs, *(case.siblings if siblings else ())])
    u = log_reducible(every[case.loss_column], case.law.E) - case.x[-1]
    near = np.average(read_errors(every, case.columns), axis=1, weights=np.exp(-np.abs(u) / ell))
    near = near + to_chance * (case.ceiling[:, 0] - near)
    return np.asarray(r * case.errors[:, -1] + (1 - r) * near)


def _steps(case: TaskCase, coordinate: str) -> Array:
    if coordinate == "L":
        return np.asarray(case.runs[case.loss_column].iloc[-1] - case.loss, dtype=float)
    if coordinate == "log C":
        return np.log(case.asked["C"].to_numpy() / case.runs["C"].iloc[-1])
    if coordinate == "five sets":
        return np.mean([replace(case, loss_column=c).steps for c in ENGLISH], axis=0)
    return case.steps


def task_slopes(case: TaskCase, b: float, ell: float, std: float, noise: float) -> Array:
    """As with neighbours, each task's slope fitted and pulled to the shared one."""
    r = follow_loss(case.x, case.errors)
    level = _level(case, r, ell, False, 0.0)[:, None]
    n_items = case.tasks["n_items"].to_numpy(float)
    prior = Logistic(b, std, ell, noise)
    u = [case.x - case.x[-1]]
    found = fit_logistic(u, [case.errors], 1 - case.ceiling[:, 0], n_items, prior)
    full = move_odds(level, case.ceiling, np.exp(found[:, -1:] * case.steps))
    return level + r[:, None] * (full - level)


def fit_loss_plainly(predict: Predict) -> Predict:
    """The same, with the loss law fitted by least squares without a prior."""
    return lambda case: predict(replace(case, fit_loss=fit_loss_law))


def combine(how: Callable[..., Array], *parts: Predict) -> Predict:
    """Mean or median of several predictions."""
    return lambda case: how([part(case) for part in parts], axis=0)


# --- who takes part ------------------------------------------------------------------------

PULLED = partial(logistic_slopes, prior=Logistic(2.0, 0.5, 0.15, 0.01), pool=False)
OWN = partial(logistic_slopes, prior=Logistic(2.0, 4.0, 3.0, 0.01), pool=False, in_loss=True)
NEIGHBOURS = partial(shared_slope, b=2.5, ell=0.15)
POOLED = partial(NEIGHBOURS, siblings=True)
BASELINES = [
    TaskCandidate("no change", 0, no_change),
    TaskCandidate("ruler in loss", 0, ruler_in_loss),
    TaskCandidate("ruler in compute", 0, ruler_in_compute),
]
LAWS = [
    TaskCandidate("law, recipe", 0, partial(error_law, recipe=True)),
    TaskCandidate("law", 0, partial(error_law, recipe=False)),
    TaskCandidate("line near the last run", 2, partial(local_line, reach=0.2, slope_std=0.2)),
    TaskCandidate("one skill", 2, partial(low_rank, rank=1, reach=0.3)),
    TaskCandidate("two skills", 2, partial(low_rank, rank=2, reach=0.3)),
    TaskCandidate("logistic in loss", 4, OWN),
    TaskCandidate("logistic, slopes pulled", 4, PULLED),
    TaskCandidate("logistic, slopes pulled, three sets", 5, partial(PULLED, pool=True)),
]
FURTHER = [
    TaskCandidate("neighbours of three sets, to chance", 5, partial(POOLED, to_chance=0.1)),
    TaskCandidate("neighbours, chance from the runs", 3, partial(NEIGHBOURS, stated=False)),
    TaskCandidate("neighbours, L", 3, partial(NEIGHBOURS, b=2.0, coordinate="L")),
    TaskCandidate("neighbours, log C", 3, partial(NEIGHBOURS, b=0.25, coordinate="log C")),
    TaskCandidate("neighbours, five loss sets", 4, partial(NEIGHBOURS, coordinate="five sets")),
    TaskCandidate("neighbours, loss by least squares", 3, fit_loss_plainly(NEIGHBOURS)),
    TaskCandidate("task slopes", 5, partial(task_slopes, b=2.5, ell=0.15, std=0.5, noise=0.01)),
    TaskCandidate("mean with ruler", 4, combine(np.mean, NEIGHBOURS, ruler_in_loss)),
    TaskCandidate(
        "median with logistic and ruler", 7, combine(np.median, NEIGHBOURS, PULLED, ruler_in_loss)
    ),
]


def list_one_slope() -> list[TaskCandidate]:
    """One slope for all tasks on three coordinates, then with parts added one by one."""
    alone = partial(shared_slope, follow=False)
    listed = [
        TaskCandidate(f"one slope, {name}, b {b:g}", 1, partial(alone, b=b, coordinate=name))
        for name, slopes in (("L", (1.5, 2.0)), ("log C", (0.2, 0.3)))
        for b in slopes
    ]
    for b in SLOPES:
        listed.append(TaskCandidate(f"one slope, b {b:g}", 1, partial(alone, b=b)))
        listed.append(TaskCandidate(f"one slope and r, b {b:g}", 2, partial(shared_slope, b=b)))
        listed += [
            TaskCandidate(f"neighbours {ell:g}, b {b:g}", 3, partial(shared_slope, b=b, ell=ell))
            for ell in (0.1, 0.15, 0.3)
        ]
        pooled = partial(POOLED, b=b)
        listed.append(TaskCandidate(f"neighbours of three sets, b {b:g}", 4, pooled))
    return listed


LATER: list[TaskCandidate] = []


def list_task_candidates() -> list[TaskCandidate]:
    """Every candidate of the choice, baselines first."""
    return [*BASELINES, *LAWS, *list_one_slope(), *FURTHER]
