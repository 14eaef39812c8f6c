"""Where does the miss of a single task come from? Its mean square in five parts that add up.

The model, task by task, for training set d and cell t (a size and a multiplier):

    miss_dt = law_t + sets_dt + fit_dt - noise_dt,

the miss being predicted minus measured, at the measured loss. ``noise`` is that of the run asked
for, of variance ``phi p (1 - p) / n`` (`scaling.studies.tasks.scatter`): counting is its part with
phi = 1, runs the rest. ``fit`` is what such noise in the fitted runs does to the prediction, apart
from its mean. ``law`` is the mean miss over all noise that the training sets have in common: the
shape of the curve, and the bias that noise gives a fit that is not linear in it. ``sets`` is by how
much that mean differs between them. Noise and fits are independent between sets.

The parts say how the misses that were seen came about, not what they would be without noise:
``smoothed`` says that, from the fitted runs moved onto the spline, which knows the runs asked for
and so flatters a method.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from scaling.forecast.counting import Array, counting_variance
from scaling.laws.fit import fit_error_law
from scaling.studies.tasks.scatter import place_knots, project_on_spline, split_at_matched_loss

PARTS = ("counting", "runs", "fit", "sets", "law")
N_DRAWS = 1000
LEVEL = 0.95


@dataclass(frozen=True)
class Design:
    """Which runs of a training set are fitted, and which are asked for.

    Parameters
    ----------
    loss : ndarray of shape (n_runs,)
        Losses of all runs, nats per token.
    fitted : sequence of int
        Runs fitted, dearest last.
    asked : sequence of int
        Runs asked for, the same cells in the same order on every training set.
    """

    loss: Array
    fitted: Sequence[int]
    asked: Sequence[int]


# Losses (n_runs,) and errors (n_fits, n_runs) of the fitted runs, losses asked (n_asked,), to
# predictions (n_fits, n_asked).
Method = Callable[[Array, Array, Array], Array]


def predict_by_law(loss: Array, errors: Array, asked: Array) -> Array:
    """Predict by the error law, kept within 0 and 1."""
    return np.asarray(fit_error_law(loss, errors).law.predict(asked)).clip(0, 1)


def predict_by_last(loss: Array, errors: Array, asked: Array) -> Array:
    """Predict the error of the last run."""
    return np.repeat(errors[:, -1:], len(asked), axis=1)


def predict_by_ruler(loss: Array, errors: Array, asked: Array) -> Array:
    """Read the line through the last two runs, kept within 0 and 1."""
    slope = (errors[:, -1:] - errors[:, -2:-1]) / (loss[-1] - loss[-2])
    return (errors[:, -1:] + slope * (asked - loss[-1])).clip(0, 1)


METHODS: dict[str, Method] = {
    "law": predict_by_law,
    "no change": predict_by_last,
    "ruler in loss": predict_by_ruler,
}


# --- the split -----------------------------------------------------------------------------


def split_squares(miss: Array, counting: Array, phi: Array, fit: Array) -> pd.DataFrame:
    """Split mean squared misses by moments.

    With ``m_t`` the mean and ``s_t^2`` the unbiased variance of the misses of a cell over n_sets
    sets, both squares averaged over cells: ``law = m_t^2 - s_t^2 / n_sets``, ``runs = (phi - 1)
    counting``, ``sets = s_t^2 - counting - runs - fit``. The five add up to the mean square.

    Parameters
    ----------
    miss : ndarray of shape (n_tasks, n_cells, n_sets)
        Predicted minus measured, fractions; two sets or more.
    counting : ndarray of shape (n_tasks, n_cells, n_sets)
        Counting variance of the runs asked for.
    phi : ndarray of shape (n_tasks,)
        Variance of the noise over that of counting.
    fit : ndarray of shape (n_tasks, n_cells, n_sets)
        Variance of the prediction under noise in the fitted runs.

    Returns
    -------
    pandas.DataFrame
        A row per task: `PARTS` and ``total``, squared fractions. A part may be negative: an
        estimate without bias of a part that is small or absent has to be, at times.

    References
    ----------
    Searle, Casella and McCulloch, Variance Components (1992), chapter 4.
    """
    between = miss.var(axis=-1, ddof=1).mean(axis=-1)
    counted, fitted = counting.mean(axis=(-2, -1)), fit.mean(axis=(-2, -1))
    parts = {
        "counting": counted,
        "runs": (phi - 1) * counted,
        "fit": fitted,
        "sets": between - phi * counted - fitted,
        "law": (miss.mean(axis=-1) ** 2).mean(axis=-1) - between / miss.shape[-1],
        "total": (miss**2).mean(axis=(-2, -1)),
    }
    return pd.DataFrame(parts)


def simulate_fits(
    method: Method,
    loss: Array,
    asked: Array,
    expected: Array,
    variance: Array,
    rng: np.random.Generator,
    n_draws: int = N_DRAWS,
) -> Array:
    """Variance of predictions when the fitted runs draw their noise again.

    Parameters
    ----------
    method : callable
        One of `METHODS`.
    loss, asked : ndarray of shape (n_runs,) and (n_asked,)
        Losses of the runs fitted and asked for.
    expected, variance : ndarray of shape (n_tasks, n_runs)
        Error without noise, and variance of the noise, of the runs fitted.
    rng : numpy.random.Generator
    n_draws : int
        Draws of the noise, normal.

    Returns
    -------
    ndarray of shape (n_tasks, n_asked)
    """
    n_tasks, n_runs = expected.shape
    noise = rng.standard_normal((n_tasks, n_draws, n_runs)) * np.sqrt(variance)[:, None]
    drawn = (expected[:, None] + noise).reshape(-1, n_runs)
    return method(loss, drawn, asked).reshape(n_tasks, n_draws, -1).var(axis=1, ddof=1)


def split_miss(
    method: Method,
    designs: Sequence[Design],
    errors: Sequence[Array],
    n_items: ArrayLike,
    rng: np.random.Generator,
    n_draws: int = N_DRAWS,
) -> pd.DataFrame:
    """Predict runs of several training sets and split the mean squared miss of each task.

    The noise is measured around each set's spline through all its runs; the same spline is
    the error without noise from which the fits are simulated.

    Parameters
    ----------
    method : callable
        One of `METHODS`.
    designs : sequence of Design
        One per training set.
    errors : sequence of ndarray of shape (n_tasks, n_runs)
        Errors of all runs, one array per training set.
    n_items : array_like of shape (n_tasks,)
        Items.
    rng : numpy.random.Generator
    n_draws : int
        Draws of the noise for each fit.

    Returns
    -------
    pandas.DataFrame
        As from `split_squares`; ``fit_counting``: how much of ``fit`` there would be if the fitted
        runs had the noise of counting alone; and ``smoothed``, the mean squared miss of a
        prediction from fitted runs without noise.
    """
    n = np.asarray(n_items, dtype=float)[:, None]
    phi = split_at_matched_loss([d.loss for d in designs], list(errors), n[:, 0])["phi"].to_numpy()
    knots = place_knots(np.concatenate([design.loss for design in designs]))
    parts: dict[str, list[Array]] = {
        name: [] for name in ("miss", "counting", "fit", "fit_counting", "smoothed")
    }
    for design, y in zip(designs, errors, strict=True):
        fitted, asked = list(design.fitted), list(design.asked)
        L, x = design.loss[fitted], design.loss[asked]
        p = (y @ project_on_spline(design.loss, knots))[:, fitted].clip(0, 1)
        parts["miss"].append(method(L, y[:, fitted], x) - y[:, asked])
        parts["smoothed"].append((method(L, p, x) - y[:, asked]) ** 2)
        parts["counting"].append(counting_variance(y[:, asked], n))
        counted = p * (1 - p) / n
        for name, noise in (("fit", phi[:, None] * counted), ("fit_counting", counted)):
            parts[name].append(simulate_fits(method, L, x, p, noise, rng, n_draws))
    stacked = {name: np.stack(arrays, axis=-1) for name, arrays in parts.items()}
    beside = {name: stacked.pop(name).mean(axis=(-2, -1)) for name in ("fit_counting", "smoothed")}
    return split_squares(phi=phi, **stacked).assign(**beside)


def pool_split(split: pd.DataFrame, rng: np.random.Generator, n_draws: int = 4000) -> pd.DataFrame:
    """Mean of a split over tasks, with intervals by drawing the tasks again.

    Parameters
    ----------
    split : pandas.DataFrame
        A row per task, with `PARTS` and ``total``.
    rng : numpy.random.Generator
    n_draws : int
        Resamples of the tasks.

    Returns
    -------
    pandas.DataFrame
        A row per part and the total: ``mean`` and ``share`` of the total, each with its 95 %
        percentile interval (``_lo``, ``_hi``).
    """
    values = split[[*PARTS, "total"]].to_numpy()
    weights = rng.multinomial(len(values), np.full(len(values), 1 / len(values)), n_draws)
    draws, ends = weights @ values / len(values), [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
    columns = {}
    for name, scale, mean in (("mean", 1.0, 1.0), ("share", draws[:, -1:], values[:, -1].mean())):
        columns[name] = values.mean(axis=0) / mean
        columns[f"{name}_lo"], columns[f"{name}_hi"] = np.quantile(draws / scale, ends, axis=0)
    return pd.DataFrame(columns, index=pd.Index([*PARTS, "total"], name="part"))
