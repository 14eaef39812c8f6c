"""How far apart are runs of the testbed at the same loss? Every task, around three curves.

No cell was trained twice, so that scatter between runs shows only around a curve of error over
loss. Runs at M = 5 end within their warm-up, or nearly, and are left out; all sizes are in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from scaling.forecast.counting import Array, counting_variance
from scaling.laws.fit import fit_error_law
from scaling.studies.tasks.scatter import (
    describe_scatter,
    measure_scatter,
    place_knots,
    project,
    project_on_spline,
    split_at_matched_loss,
)
from scaling.testbed.labels import DATASETS, LOSS_COLUMN
from scaling.testbed.runs import load_tasks, run_table

LEAST_M = 10


def select_fed(dataset: str) -> pd.DataFrame:
    """Runs of one training set with M of 10 and more, all sizes."""
    table = run_table(dataset)
    return table[table["M"] >= LEAST_M].reset_index(drop=True)


def read_errors(runs: pd.DataFrame) -> Array:
    """Errors of the 46 tasks, of shape (n_tasks, n_runs)."""
    return runs[[f"err_{task}" for task in load_tasks()["task"]]].to_numpy(float).T


Curve = Callable[[pd.DataFrame, Array, Array], tuple[Array, Array]]  # runs, errors, knots


def _spline(runs: pd.DataFrame, errors: Array, knots: Array) -> tuple[Array, Array]:
    hat = project_on_spline(runs[LOSS_COLUMN], knots)
    return errors @ hat, hat


def _with_size(runs: pd.DataFrame, errors: Array, knots: Array) -> tuple[Array, Array]:
    hat = project_on_spline(runs[LOSS_COLUMN], knots, np.log(runs["N"]))
    return errors @ hat, hat


def _law(runs: pd.DataFrame, errors: Array, knots: Array) -> tuple[Array, Array]:
    """The paper's law on all runs; its projection is that on its tangent plane."""
    L = runs[LOSS_COLUMN].to_numpy()
    fit = fit_error_law(L, errors)
    decay = np.exp(-fit.law.gamma[:, None] * (L - L.min()))
    hats = [project(np.column_stack([L**0, d, (L - L.mean()) * d])) for d in decay]
    return errors - fit.residuals, np.array(hats)


CURVES: dict[str, Curve] = {
    "spline": _spline,
    "law": _law,
    "spline and size": _with_size,
}


def _load_fed() -> tuple[list[pd.DataFrame], Array]:
    """Runs of each training set, and the knots that their curves share."""
    fed = [select_fed(dataset) for dataset in DATASETS.values()]
    return fed, place_knots(pd.concat(fed)[LOSS_COLUMN])


def tabulate_scatter(curve: str = "spline") -> pd.DataFrame:
    """Measure the scatter of every task on every training set around a curve.

    Parameters
    ----------
    curve : {"spline", "law", "spline and size"}
        Natural cubic spline in loss; the paper's law; the spline and a term in log N.

    Returns
    -------
    pandas.DataFrame
        138 rows: dataset, task, and the columns of
        `scaling.studies.tasks.scatter.describe_scatter`.

    Raises
    ------
    ValueError
        If there is no such curve.
    """
    if curve not in CURVES:
        raise ValueError(f"curve must be one of {', '.join(CURVES)}, got {curve!r}")
    tasks, parts = load_tasks(), []
    fed, knots = _load_fed()
    for runs in fed:
        errors = read_errors(runs)
        variance = counting_variance(errors, tasks["n_items"].to_numpy()[:, None])
        fitted, hat = CURVES[curve](runs, errors, knots)
        sums = measure_scatter(errors - fitted, hat, variance)
        sums.insert(0, "task", tasks["task"])
        sums.insert(0, "dataset", runs["dataset"].iloc[0])
        parts.append(sums)
    return describe_scatter(pd.concat(parts, ignore_index=True))


def tabulate_matched_loss() -> pd.DataFrame:
    """Split the variance at matched loss of every task.

    Returns
    -------
    pandas.DataFrame
        46 rows: task, and the columns of `scaling.studies.tasks.scatter.split_at_matched_loss`.
    """
    tasks, (fed, _) = load_tasks(), _load_fed()
    losses = [runs[LOSS_COLUMN].to_numpy() for runs in fed]
    split = split_at_matched_loss(losses, [read_errors(runs) for runs in fed], tasks["n_items"])
    split.insert(0, "task", tasks["task"])
    return split


def score_knots(numbers: Sequence[int] = range(3, 10)) -> pd.Series:
    """Score splines by how well they predict runs left out one at a time.

    ``y_i - f_(-i)(L_i) = residual_i / (1 - H_ii)``.

    Returns
    -------
    pandas.Series
        By number of knots the geometric mean, over tasks and sets, of the root mean square of
        these errors; a fraction.
    """
    fed, scores = _load_fed()[0], {}
    for n_knots in numbers:
        knots, logs = place_knots(pd.concat(fed)[LOSS_COLUMN], n_knots), []
        for runs in fed:
            hat, errors = project_on_spline(runs[LOSS_COLUMN], knots), read_errors(runs)
            left_out = (errors - errors @ hat) / (1 - np.diag(hat))
            logs.append(np.log((left_out**2).mean(axis=1)))
        scores[n_knots] = float(np.exp(np.mean(logs) / 2))
    return pd.Series(scores)
