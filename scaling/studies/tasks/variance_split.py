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
from scaling.studies.tasks.error_laws import read_errors
from scaling.studies.tasks.scatter import (
    place_knots,
    project_on_spline,
    select_fed,
    split_at_matched_loss,
)
from scaling.testbed.labels import DATASETS, LOSS_COLUMN
from scaling.testbed.runs import load_tasks, select_error_fit, select_targets

REGIONS = ("targets", "inside")
PARTS = ("counting", "runs", "fit", "sets", "law")
N_DRAWS = 1000


@dataclass(frozen=True)
class SplitDesign:
    """Which runs of a training set are fitted, and which are asked for."""

    loss: Array  # of all runs, nats per token
    fitted: list[int]  # dearest last
    asked: list[int]  # the same cells in the same order on every training set


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
    miss, counting, fit : ndarray of shape (n_tasks, n_cells, n_sets)
        Predicted minus measured, fractions, on two sets or more; counting variance of the runs
        asked for; variance of the prediction under noise in the fitted runs.
    phi : ndarray of shape (n_tasks,)
        Variance of the noise over that of counting.

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
    n_draws: int,
) -> Array:
    """Variance of predictions, of shape (n_tasks, n_asked), when fitted runs draw noise again.

    The noise is normal around the errors `expected`, of the given variance: both of shape
    (n_tasks, n_runs), for fitted runs of shape (n_runs,) in loss.
    """
    n_tasks, n_runs = expected.shape
    noise = rng.standard_normal((n_tasks, n_draws, n_runs)) * np.sqrt(variance)[:, None]
    drawn = (expected[:, None] + noise).reshape(-1, n_runs)
    return method(loss, drawn, asked).reshape(n_tasks, n_draws, -1).var(axis=1, ddof=1)


def split_miss(
    method: Method,
    designs: Sequence[SplitDesign],
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
    designs, errors : sequence of SplitDesign, and of ndarray of shape (n_tasks, n_runs)
        One per training set; the errors are those of all its runs.
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
    losses = [design.loss for design in designs]
    phi = split_at_matched_loss(losses, list(errors), n[:, 0])["phi"].to_numpy()
    knots = place_knots(np.concatenate(losses))
    parts = []
    for design, y in zip(designs, errors, strict=True):
        fitted, asked = design.fitted, design.asked
        L, x = design.loss[fitted], design.loss[asked]
        p = (y @ project_on_spline(design.loss, knots))[:, fitted].clip(0, 1)
        counted = p * (1 - p) / n
        part = {
            "miss": method(L, y[:, fitted], x) - y[:, asked],
            "counting": counting_variance(y[:, asked], n),
            "fit": simulate_fits(method, L, x, p, phi[:, None] * counted, rng, n_draws),
            "fit_counting": simulate_fits(method, L, x, p, counted, rng, n_draws),
            "smoothed": (method(L, p, x) - y[:, asked]) ** 2,
        }
        parts.append(part)
    stacked = {name: np.stack([part[name] for part in parts], axis=-1) for name in parts[0]}
    beside = {name: stacked.pop(name).mean(axis=(-2, -1)) for name in ("fit_counting", "smoothed")}
    return split_squares(phi=phi, **stacked).assign(**beside)


def pool_split(split: pd.DataFrame, rng: np.random.Generator, n_draws: int = 4000) -> pd.DataFrame:
    """Mean of a split over tasks, with 95 % intervals by drawing the tasks again.

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
        A row per part and the total: ``mean`` and ``share`` of the total, each with the ends of
        its percentile interval (``_lo``, ``_hi``).
    """
    values = split[[*PARTS, "total"]].to_numpy()
    weights = rng.multinomial(len(values), np.full(len(values), 1 / len(values)), n_draws)
    mean, means = values.mean(axis=0), weights @ values / len(values)
    shares = ("share", mean / mean[-1], means / means[:, -1:])
    columns: dict[str, Array] = {}
    for name, value, draws in (("mean", mean, means), shares):
        lo, hi = np.quantile(draws, [0.025, 0.975], axis=0)
        columns |= {name: value, f"{name}_lo": lo, f"{name}_hi": hi}
    return pd.DataFrame(columns, index=pd.Index([*PARTS, "total"], name="part"))


# --- on the testbed ------------------------------------------------------------------------------


def list_designs(region: str) -> dict[str, SplitDesign]:
    """List what is fitted and what is asked for on each training set.

    Parameters
    ----------
    region : {"targets", "inside"}
        Asked for are the two targets; or, of the runs that fit nothing, those of M of 10 and more
        whose loss lies between the losses fitted, where all three sets have the cell.

    Returns
    -------
    dict of SplitDesign
        By training set; fitted are the paper's six runs.

    Raises
    ------
    ValueError
        If there is no such region.
    """
    if region not in REGIONS:
        raise ValueError(f"region must be one of {', '.join(REGIONS)}, got {region!r}")
    fed = {dataset: select_fed(dataset) for dataset in DATASETS.values()}
    if region == "targets":
        asked = {d: select_targets(runs).sort_values("N")["run"] for d, runs in fed.items()}
    else:
        found = {dataset: _select_inside(runs) for dataset, runs in fed.items()}
        cells = set.intersection(*(set(runs.index) for runs in found.values()))
        asked = {dataset: runs.loc[sorted(cells)] for dataset, runs in found.items()}
    designs = {}
    for dataset, runs in fed.items():
        number = pd.Series(runs.index, index=runs["run"])
        six = select_error_fit(runs).sort_values("C")["run"]
        loss = runs[LOSS_COLUMN].to_numpy()
        designs[dataset] = SplitDesign(loss, list(number[six]), list(number[asked[dataset]]))
    return designs


def _select_inside(runs: pd.DataFrame) -> pd.Series:
    """Names of the runs between those that are fitted, by cell."""
    six = select_error_fit(runs)
    within = runs[LOSS_COLUMN].between(six[LOSS_COLUMN].min(), six[LOSS_COLUMN].max())
    kept = runs[within & ~runs["run"].isin(six["run"])]
    return kept.set_index(["N", "M"])["run"]


def tabulate_split() -> pd.DataFrame:
    """Split the mean squared miss of every task, by region and method.

    Returns
    -------
    pandas.DataFrame
        Two regions by three methods by 46 tasks, with the columns of `split_miss`, squared
        fractions. A prediction below 0 or above 1 counts as 0 or 1: without that a few runaway
        laws would be all of the mean.
    """
    tasks, parts = load_tasks(), []
    errors = [read_errors(select_fed(dataset)) for dataset in DATASETS.values()]
    for region in REGIONS:
        designs = list(list_designs(region).values())
        for name, method in METHODS.items():
            rng = np.random.default_rng(0)
            split = split_miss(method, designs, errors, tasks["n_items"], rng)
            names = pd.DataFrame({"region": region, "method": name, "task": tasks["task"]})
            parts.append(names.join(split))
    return pd.concat(parts, ignore_index=True)
