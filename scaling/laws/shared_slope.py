"""How does the error of a task move on? By one slope for all tasks, as far as its runs show it.

Let a be the accuracy above chance, as a share of what is to be had above chance. From a loss L_1
to a loss L_2 its odds a / (1 - a) grow by ``((L_1 - E) / (L_2 - E))^b``, with one b for every
task. A task follows by a share r, the correlation of its error with the log of the reducible loss:
one that has not moved with the loss is not moved on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
LEAST_REDUCIBLE = 0.01  # of the loss: keeps the log finite where a fit's E is above a loss
LEAST_SPREAD = 1e-14


def log_reducible(loss: ArrayLike, E: float) -> Any:
    """Progress in loss, ``x = -log(L - E)``; it rises as the loss falls.

    Parameters
    ----------
    loss : array_like of shape (n_runs,)
        Losses in nats per token, > 0.
    E : float
        Irreducible loss of a fitted law, nats per token.

    Returns
    -------
    float or ndarray of shape (n_runs,)
        ``L - E`` counts as at least 1% of L.
    """
    loss = np.asarray(loss, dtype=float)
    return -np.log(np.maximum(loss - E, LEAST_REDUCIBLE * loss))


def find_last(errors: Array) -> NDArray[np.intp]:
    """Find the last run that each task was measured on, by position.

    Parameters
    ----------
    errors : ndarray of shape (n_tasks, n_runs)
        Fractions; NaN where a task was not measured, never a whole row.
    """
    return errors.shape[1] - 1 - np.isfinite(errors)[:, ::-1].argmax(axis=1)


def follow_loss(x: Array, errors: Array) -> Array:
    """How far each task follows the loss: correlation of its error's fall with progress.

    Parameters
    ----------
    x : ndarray of shape (n_runs,)
        Progress in loss.
    errors : ndarray of shape (n_tasks, n_runs)
        Fractions, NaN where unknown.

    Returns
    -------
    ndarray of shape (n_tasks,)
        Between 0 and 1; 0 where the error rises with progress, or does not vary.
    """
    known = np.isfinite(errors)
    count = np.maximum(known.sum(axis=1, keepdims=True), 1)

    def centred(values: Array) -> Array:
        values = np.where(known, values, 0.0)
        return np.where(known, values - values.sum(axis=1, keepdims=True) / count, 0.0)

    u, y = centred(x), centred(errors)
    scale = np.sqrt((u**2).sum(axis=1) * (y**2).sum(axis=1))
    varies = scale > LEAST_SPREAD
    return np.clip(-(u * y).sum(axis=1) / np.where(varies, scale, 1.0), 0.0, 1.0) * varies


def move_odds(error: ArrayLike, ceiling: ArrayLike, growth: ArrayLike) -> Array:
    """Error after the odds above chance have grown; at or above the ceiling it stays.

    ``a = 1 - error / ceiling``, then ``a' = a g / (1 - a + a g)``; arguments broadcast.

    Parameters
    ----------
    error : array_like
        Error to start from, a fraction.
    ceiling : array_like
        Error of guessing, one minus chance.
    growth : array_like
        Factor g on the odds, > 0.

    Returns
    -------
    ndarray
        ``error - ceiling (a' - a)``, a fraction.
    """
    error, ceiling, growth = (np.asarray(v, dtype=float) for v in (error, ceiling, growth))
    a = np.clip(1 - error / np.where(ceiling > 0, ceiling, 1.0), 0.0, 1.0)
    return np.asarray(error - ceiling * (a * growth / (1 - a + a * growth) - a))


def find_ceiling(errors: Array, chance: ArrayLike) -> Array:
    """Error of guessing: one minus chance, or the largest error measured where that is unknown.

    Parameters
    ----------
    errors : ndarray of shape (n_tasks, n_runs)
        Fractions, NaN where unknown.
    chance : array_like of shape (n_tasks,)
        Fractions, NaN where unknown.

    Returns
    -------
    ndarray of shape (n_tasks,)
    """
    chance = np.asarray(chance, dtype=float)
    return np.where(np.isfinite(chance), 1 - chance, np.nanmax(errors, axis=1))


@dataclass(frozen=True)
class Outlook:
    """Where tasks stand, and where they go; arrays of shape (n_tasks,), or with a second axis.

    Parameters
    ----------
    last : ndarray of shape (n_tasks,)
        Error of the last run, a fraction.
    ceiling : ndarray of shape (n_tasks,)
        Error of guessing.
    r : ndarray of shape (n_tasks,)
        Share by which a task follows the loss.
    move : ndarray of shape (n_tasks, n_targets)
        By how much the error would fall if the task followed the loss entirely.
    predicted : ndarray of shape (n_tasks, n_targets)
        ``last - r move``.
    """

    last: Array
    ceiling: Array
    r: Array
    move: Array
    predicted: Array


def look_ahead(
    x: ArrayLike, errors: ArrayLike, chance: ArrayLike, x_target: ArrayLike, b: float
) -> Outlook:
    """Predict the error of tasks at some progress in loss.

    Parameters
    ----------
    x : array_like of shape (n_runs,)
        Progress in loss, from `log_reducible`; runs in order of compute.
    errors : array_like of shape (n_tasks, n_runs)
        Fractions, NaN where unknown; each task has one at least.
    chance : array_like of shape (n_tasks,)
        Accuracy of guessing, a fraction; NaN where unknown.
    x_target : array_like of shape (n_targets,)
        Progress in loss of the runs asked for.
    b : float
        Slope of the log odds above chance.

    Returns
    -------
    Outlook
    """
    x, errors = np.asarray(x, dtype=float), np.asarray(errors, dtype=float)
    r, ceiling, position = follow_loss(x, errors), find_ceiling(errors, chance), find_last(errors)
    last = errors[np.arange(len(errors)), position]
    growth = np.exp(b * (np.atleast_1d(x_target) - x[position][:, None]))
    move = last[:, None] - move_odds(last[:, None], ceiling[:, None], growth)
    return Outlook(last, ceiling, r, move, last[:, None] - r[:, None] * move)
