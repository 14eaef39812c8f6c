"""Which logistic law fits the errors of many tasks? Between guessing and none, slopes pulled."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

Array = NDArray[np.float64]
LEAST = 0.01  # share above chance at which a fit starts, and error whose noise is the least
LEVEL, LEVEL_STD = -2.0, 3.0  # prior on the log odds above chance at the last run
APART_STD = 9.0  # of the levels of other training sets from one's own
STEPS = 30
ROUNDING = 1e-13


class Logistic(NamedTuple):
    """What is believed of a logistic law before the errors are seen.

    Parameters
    ----------
    b : float
        Slope of the log odds above chance, per unit of progress.
    b_std : float
        Its standard deviation between tasks.
    reach : float
        Runs at a distance u from the last count ``exp(-|u| / reach)``.
    noise : float
        Standard deviation of an error around the law beside counting noise.
    """

    b: float
    b_std: float
    reach: float
    noise: float


def fit_logistic(
    progress: list[Array],
    errors: list[Array],
    chance: Array,
    n_items: Array,
    prior: Logistic,
) -> Array:
    """Fit ``Err(u) = (1 - chance) / (1 + exp(z_s + b u))`` to every task at once.

    Training sets s share the slope b of a task and have a level z_s each. Minimises squared
    misses over ``p (1 - p) / n + noise^2``, weighted by reach, plus the pulls on b, on z_0 and on
    ``z_s - z_0``;
    steps of Levenberg and Marquardt.

    Parameters
    ----------
    progress : list of ndarray of shape (n_runs,)
        Per training set, progress from the last run of the first; the first is one's own.
    errors : list of ndarray of shape (n_tasks, n_runs)
        Per training set, fractions.
    chance, n_items : ndarray of shape (n_tasks,)
        Accuracy of guessing, a fraction, and number of items.
    prior : Logistic
        Pull, reach and noise.

    Returns
    -------
    ndarray of shape (n_tasks, n_sets + 1)
        Levels, own first, and slope.
    """
    u, y = np.concatenate(progress), np.concatenate(errors, axis=1)
    which = np.repeat(np.arange(len(progress)), [len(part) for part in progress])
    design = np.column_stack([which == s for s in range(len(progress))] + [u]).astype(float)
    ceiling = (1 - chance)[:, None]
    noise = np.maximum(y * (1 - y), LEAST * (1 - LEAST)) / n_items[:, None] + prior.noise**2
    weights = np.exp(-np.abs(u) / prior.reach) / noise
    centre = np.full(design.shape[1], LEVEL)
    centre[-1] = prior.b
    pull = _pulls(len(progress), prior.b_std)
    theta = np.tile(centre, (len(y), 1))
    last = errors[0][:, [-1]]
    theta[:, :-1] = logit(np.clip(1 - last / ceiling, LEAST, 1 - LEAST))

    def cost(theta: Array) -> Array:
        misses = y - ceiling * expit(-theta @ design.T)
        away = theta - centre
        return (weights * misses**2).sum(axis=1) + np.vecdot(away @ pull, away)

    damping, least = np.full(len(y), 1e-3), cost(theta)
    for _ in range(STEPS):
        share = expit(theta @ design.T)
        slopes = -ceiling * share * (1 - share)
        misses = y - ceiling * (1 - share)
        curved = np.einsum("ri,tr,rj->tij", design, weights * slopes**2, design) + pull
        uphill = (weights * slopes * misses) @ design - (theta - centre) @ pull
        size = np.trace(curved, axis1=1, axis2=2) / len(centre)
        damped = curved + (damping * size)[:, None, None] * np.eye(len(centre))
        moved = theta + np.linalg.solve(damped, uphill[..., None])[..., 0]
        value = cost(moved)
        better = value <= least * (1 + ROUNDING)  # at the end only the steps still shrink
        theta = np.where(better[:, None], moved, theta)
        least, damping = np.where(better, value, least), damping * np.where(better, 0.2, 5.0)
    return theta


def _pulls(n_sets: int, b_std: float) -> Array:
    """Precision of the prior: on the own level, weakly on the others' distance from it, on b."""
    pull = np.zeros((n_sets + 1, n_sets + 1))
    pull[0, 0], pull[-1, -1] = LEVEL_STD**-2, b_std**-2
    for s in range(1, n_sets):
        apart = np.zeros(n_sets + 1)
        apart[[s, 0]] = 1.0, -1.0
        pull += np.outer(apart, apart) * APART_STD**-2
    return pull
