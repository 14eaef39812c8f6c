"""What could predict a single task? Baselines, laws of each task, and latent skills."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

from scaling.forecast.rulers import predict_no_change, predict_on_line
from scaling.laws.fit import fit_error_law
from scaling.laws.logistic import Logistic, fit_logistic
from scaling.laws.shared_slope import Array, log_reducible
from scaling.studies.tasks.cases import TaskCase, read_errors


def no_change(case: TaskCase) -> Array:
    """Error of the dearest run known."""
    level = [predict_no_change(case.runs, column) for column in case.columns]
    return np.repeat(np.array(level)[:, None], len(case.asked), axis=1)


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
