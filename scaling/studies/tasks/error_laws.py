"""How predictable is each task? The error law on every task and training set, beside baselines."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from scaling.forecast.rulers import predict_no_change, predict_on_line, relative_error
from scaling.laws.fit import Fit, fit_error_law, fit_loss_law
from scaling.laws.law import ErrorLaw
from scaling.laws.shared_slope import Array
from scaling.testbed.labels import DATASETS, LOSS_COLUMN, TASK_LABELS
from scaling.testbed.runs import run_table, select_error_fit, select_loss_fit, select_targets

LOW_R2 = 0.5  # below it a law leaves more of the spread than it explains
FIT_RUNS = {"six": select_error_fit, "five": select_loss_fit}
METHODS = ("law", "law, five runs", "no change", "ruler in loss")
TASKS = list(TASK_LABELS)
COLUMNS = [f"err_{task}" for task in TASKS]


def read_errors(runs: pd.DataFrame, columns: list[str] | None = None) -> Array:
    """Errors of tasks, of shape (n_tasks, n_runs), by default of all 46."""
    return runs[COLUMNS if columns is None else columns].to_numpy(float).T


def fit_tasks() -> pd.DataFrame:
    """Fit the error law to every task of every training set, with and without the 1.4B run.

    Returns
    -------
    pandas.DataFrame
        276 rows. ``dataset``, ``task``; ``fit_runs``: ``six`` (the paper's) or ``five`` (without
        1.4B); ``status``; ``epsilon``, ``k``, ``gamma``; ``dof``; ``r2``, the share of the errors'
        sum of squares that the law explains, NaN where all errors are the same; ``rmse``, the root
        of the mean squared residual, a fraction; ``wrong_slope``: the law says that error falls as
        loss rises, ``k gamma < 0``.

    References
    ----------
    Gadre et al., arXiv 2403.08540, Eq. 5, Table 1, Fig. 18.
    """
    parts = []
    for dataset in DATASETS.values():
        table = run_table(dataset)
        for name, select in FIT_RUNS.items():
            runs = select(table)
            names = pd.DataFrame({"dataset": dataset, "task": TASKS, "fit_runs": name})
            parts.append(names.join(describe_fit(_fit_all(runs), read_errors(runs))))
    return pd.concat(parts, ignore_index=True)


def _fit_all(runs: pd.DataFrame) -> Fit:
    return fit_error_law(runs[LOSS_COLUMN], read_errors(runs))


def describe_fit(fit: Fit, errors: Array) -> pd.DataFrame:
    """Describe a batch of fits of the error law to errors of shape (n_fits, n_runs), a row each.

    Returns
    -------
    pandas.DataFrame
        Columns status, epsilon, k, gamma, dof, r2, rmse, wrong_slope; see `fit_tasks`.
    """
    varies = np.ptp(errors, axis=1) > 0
    spread = np.where(varies, errors.var(axis=1) * errors.shape[1], np.nan)
    return pd.DataFrame(
        {
            "status": fit.status,
            **vars(fit.law),
            "dof": fit.dof,
            "r2": 1 - fit.ssr / spread,
            "rmse": np.sqrt(fit.ssr / errors.shape[1]),
            "wrong_slope": varies & (fit.law.k * fit.law.gamma < 0),
        }
    )


def count_fits(fits: pd.DataFrame) -> pd.DataFrame:
    """Count the fits of `fit_tasks` by what is wrong with them.

    Returns
    -------
    pandas.DataFrame
        A row per ``fit_runs``: how many in all, how many of each status that occurs, how many
        slope the wrong way, and how many explain less than half of the spread, or have none to
        explain (``low_r2``).
    """
    named = fits.assign(low_r2=~(fits["r2"] >= LOW_R2)).groupby("fit_runs", sort=False)
    counts = named["status"].value_counts().unstack(fill_value=0)
    sums = named[["wrong_slope", "low_r2"]].sum()
    return pd.concat([named.size().rename("fits"), counts, sums], axis=1).loc[list(FIT_RUNS)]


def predict_tasks() -> pd.DataFrame:
    """Predict every task of the two targets of each training set, by the law and by baselines.

    Returns
    -------
    pandas.DataFrame
        Training set by target by task by ``loss_from`` by ``method``. ``loss_from``: the loss at
        the target is the one ``predicted`` by the law on five runs, or the one ``measured``.
        ``method``: ``law`` fits six runs, ``law, five runs`` does without 1.4B, ``no change`` is
        the error of the 1.4B run at M = 20, ``ruler in loss`` the straight line through that run
        and 0.411B at M = 20. ``predicted`` and ``measured`` error, fractions; ``relative_error``,
        signed; ``status`` of the law's fit, empty for a baseline.
    """
    parts = []
    for dataset in DATASETS.values():
        table = run_table(dataset)
        five, six, targets = (f(table) for f in (select_loss_fit, select_error_fit, select_targets))
        laws = {"law": _fit_all(six), "law, five runs": _fit_all(five)}
        losses = {"predicted": predict_loss(table), "measured": targets[LOSS_COLUMN].to_numpy()}
        for loss_from, loss in losses.items():
            predicted = {method: fit.law.predict(loss) for method, fit in laws.items()}
            for method, values in (predicted | predict_by_baselines(six, loss)).items():
                status = laws[method].status if method in laws else ""
                for k, (run, size) in enumerate(zip(targets["run"], targets["size"], strict=True)):
                    part = {"dataset": dataset, "size": size, "run": run, "task": TASKS}
                    part |= {"loss_from": loss_from, "method": method, "status": status}
                    part |= {"predicted": values[:, k], "measured": read_errors(targets)[:, k]}
                    parts.append(pd.DataFrame(part))
    rows = pd.concat(parts, ignore_index=True)
    return rows.assign(relative_error=relative_error(rows["predicted"], rows["measured"]))


def predict_loss(table: pd.DataFrame) -> Array:
    """Loss that the paper's five runs of one training set predict for its two targets."""
    five, targets = select_loss_fit(table), select_targets(table)
    law = fit_loss_law(five["N"], five["D"], five[LOSS_COLUMN]).law
    return np.asarray(law.predict(targets["N"], targets["D"]), dtype=float)


def predict_by_baselines(six: pd.DataFrame, loss: Array) -> dict[str, Array]:
    """Errors at `loss` by no change and by the ruler in loss, each of shape (n_tasks, n_losses)."""
    level = [[predict_no_change(six, column)] * len(loss) for column in COLUMNS]
    line = [predict_on_line(six, loss, (LOSS_COLUMN, column)) for column in COLUMNS]
    return {"no change": np.array(level), "ruler in loss": np.array(line)}


def sum_up_methods(predictions: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Median absolute relative error over tasks, a column per method.

    Parameters
    ----------
    predictions : pandas.DataFrame
        Rows as from `predict_tasks`.
    by : list of str
        Columns that name a row of the result.

    Returns
    -------
    pandas.DataFrame
        Fractions; the methods stand in the order in which they come.
    """
    misses = predictions.assign(miss=predictions["relative_error"].abs())
    medians = misses.groupby([*by, "method"], sort=False)["miss"].median().unstack("method")
    return medians[list(predictions["method"].unique())]


def fit_as_authors(loss: ArrayLike, error: ArrayLike) -> ErrorLaw | None:
    """Fit the error law as the authors did: SciPy's ``curve_fit`` from its default start.

    Parameters
    ----------
    loss, error : array_like of shape (n_runs,)
        Losses in nats per token, errors as fractions.

    Returns
    -------
    ErrorLaw or None
        None where 10,000 calls were not enough.

    References
    ----------
    Gadre et al., arXiv 2403.08540, section 3.3 and the released notebooks.
    """
    from scipy.optimize import OptimizeWarning, curve_fit  # here: our own fits do without

    def law(loss: Any, epsilon: float, k: float, gamma: float) -> Any:
        return ErrorLaw(epsilon, k, gamma).predict(loss)

    with warnings.catch_warnings():
        # No covariance, or an overflow on the way: the residual shows how the fit ended.
        warnings.simplefilter("ignore", OptimizeWarning)
        warnings.simplefilter("ignore", RuntimeWarning)
        try:
            found, _ = curve_fit(law, np.asarray(loss), np.asarray(error), maxfev=10_000)
        except RuntimeError:
            return None
    return ErrorLaw(*(float(value) for value in found))
