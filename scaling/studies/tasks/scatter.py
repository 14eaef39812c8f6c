"""How far apart are the errors of runs at the same loss? Scatter around a smooth curve.

The model, for run r of training set d on a task of n items, is ``y_dr = f_d(L_dr) + noise`` with
``var(noise) = phi p (1 - p) / n``. Independent answers have phi = 1. Runs that agree on the same
items make phi less, anything else that differs between runs makes it more.

No cell of the testbed was trained twice, so that scatter shows only around a curve of error over
loss. Runs at M = 5 end within their warm-up, or nearly, and are left out; all sizes are in.

References
----------
McCullagh and Nelder, Generalized Linear Models (1989), section 4.5: over-dispersion.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats
from scipy.interpolate import CubicSpline
from scipy.linalg import block_diag

from scaling.forecast.counting import Array, counting_variance
from scaling.laws.fit import fit_error_law
from scaling.studies.tasks.error_laws import read_errors
from scaling.testbed.labels import DATASETS, LOSS_COLUMN
from scaling.testbed.runs import load_tasks, run_table

LEAST_M = 10
N_KNOTS = 5  # the curve that predicts runs left out best: see `score_knots`
CURVES = ("spline", "law", "spline and size")
PLACES = ("below counting", "at counting", "above counting")


def project(X: Array) -> Array:
    """Matrix that projects on the columns of X, of shape (n_runs, n_columns)."""
    U, s, _ = np.linalg.svd(X / np.abs(X).max(axis=0), full_matrices=False)
    U = U[:, s > 1e-9 * s[0]]
    return np.asarray(U @ U.T, dtype=float)


def place_knots(loss: ArrayLike, n_knots: int = N_KNOTS) -> Array:
    """Place knots at evenly spaced quantiles of the losses, ends included."""
    return np.quantile(np.asarray(loss, dtype=float), np.linspace(0, 1, n_knots))


def project_on_spline(loss: ArrayLike, knots: ArrayLike, *further: ArrayLike) -> Array:
    """Matrix that takes errors to their least-squares natural cubic spline in loss.

    Of shape (n_runs, n_runs), symmetric and idempotent; its trace is the number of coefficients.
    `further` are other columns of the curve, such as log N.

    Raises
    ------
    ValueError
        If there are not more distinct losses than knots, and so no residual.
    """
    L, ends = np.asarray(loss, dtype=float), np.asarray(knots, dtype=float)
    if len(np.unique(L)) <= len(ends):
        raise ValueError(f"loss must have more than {len(ends)} distinct values, got {L}")
    basis = CubicSpline(ends, np.eye(len(ends)), bc_type="natural")(L)
    return project(np.column_stack([basis, *further]))


def measure_scatter(residuals: Array, hat: Array, variance: Array) -> pd.DataFrame:
    """Compare squared residuals around a curve with what counting alone would leave.

    With ``Q = 1 - H``, independent noise of variances v leaves squares of ``E = sum_i Q_ii v_i`` on
    average, with a variance of ``2 sum_ij v_i Q_ij^2 v_j``: those of E times a chi-square over its
    degrees of freedom, ``dof = E^2 / sum_ij v_i Q_ij^2 v_j``. `residuals`, errors minus the curve,
    and `variance`, that of counting, are of shape (n_tasks, n_runs); `hat`, the projection H behind
    the curve, of shape (n_runs, n_runs), or one such for each task.

    Returns
    -------
    pandas.DataFrame
        A row per task: ``squares``, ``expected`` (E), ``dof`` (NaN where nothing is expected) and
        ``left``, the trace of Q.

    References
    ----------
    Satterthwaite, Biometrics Bulletin 2 (1946), 110.
    """
    Q = np.eye(residuals.shape[-1]) - hat
    diagonal = np.diagonal(Q, axis1=-2, axis2=-1)
    expected = np.vecdot(diagonal, variance)
    spread = np.vecdot((variance[:, None, :] @ Q**2)[:, 0], variance)
    sums = {
        "squares": np.vecdot(residuals, residuals),
        "expected": expected,
        "dof": expected**2 / np.where(spread > 0, spread, np.nan),
        "left": np.broadcast_to(diagonal.sum(axis=-1), expected.shape),
    }
    return pd.DataFrame(sums)


def describe_scatter(sums: pd.DataFrame) -> pd.DataFrame:
    """Add to sums of `measure_scatter` what is read off them.

    Returns
    -------
    pandas.DataFrame
        Further columns: ``scatter`` and ``counting``, standard deviations as fractions; ``phi``,
        the ratio of their squares, with its 95 % chi-square interval ``phi_lo``, ``phi_hi``, that
        is ``phi dof / chi2``; ``place``, the side of phi = 1 that the interval lies on.
    """
    phi = sums["squares"] / sums["expected"]
    lo, hi = (phi * sums["dof"] / stats.chi2.ppf(end, sums["dof"]) for end in (0.975, 0.025))
    return sums.assign(
        scatter=np.sqrt(sums["squares"] / sums["left"]),
        counting=np.sqrt(sums["expected"] / sums["left"]),
        phi=phi,
        phi_lo=lo,
        phi_hi=hi,
        place=np.select([hi < 1, lo <= 1], PLACES[:2], PLACES[2]),
    )


def pool_sets(table: pd.DataFrame) -> pd.DataFrame:
    """Pool the training sets of each task, from sums of `measure_scatter` with a column ``task``.

    Returns
    -------
    pandas.DataFrame
        A row per task, with the columns of `describe_scatter`. The variances of the sums add, so
        that ``dof = (sum E)^2 / sum(E^2 / dof)``.
    """
    rows = table.assign(per_dof=table["expected"] ** 2 / table["dof"])
    columns = ["squares", "expected", "left", "per_dof"]
    sums = rows.groupby("task", sort=False)[columns].sum()
    sums["dof"] = sums["expected"] ** 2 / sums.pop("per_dof")
    return describe_scatter(sums).reset_index()


def split_at_matched_loss(
    losses: list[Array], errors: list[Array], n_items: ArrayLike
) -> pd.DataFrame:
    """Split the variance of the error at matched loss: counting, runs, training sets.

    ``y_dr = f(L_dr) + a_d + noise`` with ``var(a_d) = tau^2``. What the curves of the single sets
    explain beyond the common one, ``S = y'(H_own - H_common)y``, is on average ``tau^2
    trace(Z'(1 - H_common)Z) + phi trace((H_own - H_common)V)``, with Z the indicator of the sets
    and V the counting variances. Curves that differ in shape as well add to ``tau^2``. `losses`, of
    shape (n_runs,), and `errors`, of shape (n_tasks, n_runs), are given for each training set.

    Returns
    -------
    pandas.DataFrame
        A row per task, in order: ``counting``, the mean of ``p (1 - p) / (n - 1)``; ``runs``,
        ``phi - 1`` times that; ``sets``, ``tau^2``; and ``phi``. The first three in squared
        fractions, estimates by moments: those of a small or absent part may be negative.

    References
    ----------
    Henderson, Biometrics 9 (1953), 226: method 3.
    """
    L, y = np.concatenate(losses), np.concatenate(errors, axis=1)
    variance = counting_variance(y, np.asarray(n_items)[:, None])
    Z = np.repeat(np.eye(len(losses)), [len(loss) for loss in losses], axis=0)
    knots = place_knots(L)
    common = project_on_spline(L, knots)
    own = block_diag(*(project_on_spline(loss, knots) for loss in losses))
    sums = measure_scatter(y - y @ own, own, variance)
    phi = (sums["squares"] / sums["expected"]).to_numpy()
    noise = phi * (variance @ np.diag(own - common))
    size = np.trace(Z.T @ (np.eye(len(L)) - common) @ Z)
    counted = variance.mean(axis=1)
    sets = (np.vecdot(y @ (own - common), y) - noise) / size
    runs = (phi - 1) * counted
    return pd.DataFrame({"counting": counted, "runs": runs, "sets": sets, "phi": phi})


# --- on the testbed ------------------------------------------------------------------------------


def select_fed(dataset: str) -> pd.DataFrame:
    """Runs of one training set with M of 10 and more, all sizes."""
    table = run_table(dataset)
    return table[table["M"] >= LEAST_M].reset_index(drop=True)


def fit_curve(curve: str, runs: pd.DataFrame, errors: Array, knots: Array) -> tuple[Array, Array]:
    """Fit one of `CURVES` to the errors: its values at the runs, and the projection behind it.

    The law's projection is that on its tangent plane, one per task.
    """
    L = runs[LOSS_COLUMN].to_numpy()
    if curve == "law":
        fit = fit_error_law(L, errors)
        decay = np.exp(-fit.law.gamma[:, None] * (L - L.min()))
        hats = [project(np.column_stack([L**0, d, (L - L.mean()) * d])) for d in decay]
        return errors - fit.residuals, np.array(hats)
    further = [np.log(runs["N"])] if curve == "spline and size" else []
    hat = project_on_spline(L, knots, *further)
    return errors @ hat, hat


def _load_fed() -> tuple[list[pd.DataFrame], Array]:
    """Runs of each training set, and all their losses."""
    fed = [select_fed(dataset) for dataset in DATASETS.values()]
    return fed, pd.concat(fed)[LOSS_COLUMN].to_numpy()


def tabulate_scatter(curve: str = "spline") -> pd.DataFrame:
    """Measure the scatter of every task on every training set around a curve.

    Parameters
    ----------
    curve : {"spline", "law", "spline and size"}
        Natural cubic spline in loss; the paper's law; the spline and a term in log N.

    Returns
    -------
    pandas.DataFrame
        138 rows: dataset, task, and the columns of `describe_scatter`.

    Raises
    ------
    ValueError
        If there is no such curve.
    """
    if curve not in CURVES:
        raise ValueError(f"curve must be one of {', '.join(CURVES)}, got {curve!r}")
    tasks, (fed, losses), parts = load_tasks(), _load_fed(), []
    for runs in fed:
        errors = read_errors(runs)
        variance = counting_variance(errors, tasks["n_items"].to_numpy()[:, None])
        fitted, hat = fit_curve(curve, runs, errors, place_knots(losses))
        names = pd.DataFrame({"dataset": runs["dataset"].iloc[0], "task": tasks["task"]})
        parts.append(names.join(measure_scatter(errors - fitted, hat, variance)))
    return describe_scatter(pd.concat(parts, ignore_index=True))


def tabulate_matched_loss() -> pd.DataFrame:
    """Split the variance at matched loss of every task: `split_at_matched_loss`, with its name."""
    tasks, (fed, _) = load_tasks(), _load_fed()
    losses = [runs[LOSS_COLUMN].to_numpy() for runs in fed]
    split = split_at_matched_loss(losses, [read_errors(runs) for runs in fed], tasks["n_items"])
    return tasks[["task"]].join(split)


def score_knots() -> pd.Series:
    """Score splines of 3 to 9 knots by how well they predict runs left out one at a time.

    ``y_i - f_(-i)(L_i) = residual_i / (1 - H_ii)``.

    Returns
    -------
    pandas.Series
        By number of knots the geometric mean, over tasks and sets, of the root mean square of
        these errors; a fraction.
    """
    fed, losses = _load_fed()
    scores = {}
    for n_knots in range(3, 10):
        logs = []
        for runs in fed:
            hat = project_on_spline(runs[LOSS_COLUMN], place_knots(losses, n_knots))
            errors = read_errors(runs)
            left_out = (errors - errors @ hat) / (1 - np.diag(hat))
            logs.append(np.log((left_out**2).mean(axis=1)))
        scores[n_knots] = float(np.exp(np.mean(logs) / 2))
    return pd.Series(scores)
