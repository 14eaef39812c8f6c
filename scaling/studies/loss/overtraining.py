"""What does over-training cost, and how far does the law know it? Misses, M* and penalties."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from scaling.costs.steps import warmup_share
from scaling.forecast.advice import LEAST_M_SPAN, LEAST_N_SPAN
from scaling.forecast.rulers import predict_on_line, relative_error
from scaling.laws.fit import fit_loss_law, fit_loss_surface
from scaling.laws.law import LossLaw
from scaling.studies.loss.ablation import list_choices
from scaling.testbed.labels import DATASETS, LOSS_COLUMN
from scaling.testbed.runs import run_table, select_loss_fit, select_small

Array = NDArray[np.float64]

KEPT = ["run", "dataset", "size", "N", "D", "M", "C", "steps", "warmup_share"]


# Which runs of a training set fit the law.
FIT_SETS: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "recipe": select_loss_fit,
    "grid": lambda table: select_small(table, least_M=10),
    "grid_20": lambda table: select_small(table, least_M=20),
    "near": lambda table: select_small(table, least_M=10, most_M=80),
    "all": lambda table: table,
}


def make_residuals() -> pd.DataFrame:
    """Predict all 104 runs by the law fitted to each of `FIT_SETS`, set by set.

    Returns
    -------
    pandas.DataFrame
        One row per run and fit set: what is known of the run, its share of warm-up, n_runs fitted,
        whether it is one of them (1 or 0), predicted and actual loss on C4 eval and residual
        (actual minus predicted), nats per token, relative error (predicted minus actual over
        actual, a fraction), and the status of the fit.
    """
    tables = [run_table(dataset) for dataset in DATASETS.values()]
    return pd.concat(
        [_residuals(table, fit_set) for fit_set in FIT_SETS for table in tables], ignore_index=True
    )


def _residuals(table: pd.DataFrame, fit_set: str) -> pd.DataFrame:
    runs = FIT_SETS[fit_set](table)
    fit = fit_loss_law(runs["N"], runs["D"], runs[LOSS_COLUMN])
    predicted, actual = fit.law.predict(table["N"], table["D"]), table[LOSS_COLUMN]
    share = warmup_share(table["warmup_steps"], table["steps"])
    return table.assign(warmup_share=share)[KEPT].assign(
        fit_set=fit_set,
        n_runs=len(runs),
        in_fit=table["run"].isin(runs["run"]).astype(int),
        predicted=predicted,
        actual=actual,
        residual=actual - predicted,
        relative_error=relative_error(predicted, actual),
        status=fit.status,
    )


def split_parts(cells: pd.DataFrame) -> pd.Series:
    """Split what is left over in each cell into what the training sets share and a set's own part.

    With n_sets of them, ``own^2`` is the mean over cells of the variance between sets, and
    ``shared^2 = var(mean over sets) - own^2 / n_sets``; both variances are unbiased.

    Parameters
    ----------
    cells : pandas.DataFrame of shape (n_cells, n_sets)
        Relative errors (fractions), one row per cell of size and M, one column per training set;
        cells with a missing value are left out.

    Returns
    -------
    pandas.Series
        n_cells; ``least_r`` and ``greatest_r``, correlations between two sets; ``shared`` and
        ``own``, standard deviations (fractions; shared is NaN where its square is below 0).
    """
    known = cells.dropna()
    n_sets = known.shape[1]
    between = known.corr().to_numpy()[np.triu_indices(n_sets, 1)]
    own = known.var(axis=1).mean()
    shared = known.mean(axis=1).var() - own / n_sets
    return pd.Series(
        {
            "n_cells": len(known),
            "least_r": between.min(),
            "greatest_r": between.max(),
            "shared": np.sqrt(shared) if shared >= 0 else np.nan,
            "own": np.sqrt(own),
        }
    )


def judge_far(table: pd.DataFrame, most_M: float = 80, least_M: float = 10) -> pd.DataFrame:
    """Predict the over-trained runs of one training set from small runs with M in a range.

    Parameters
    ----------
    table : pandas.DataFrame
        Run table of one training set.
    most_M, least_M : float
        Most and least tokens per parameter of the runs that are known.

    Returns
    -------
    pandas.DataFrame
        One row per run above `most_M`: what it is, and relative errors (fractions) of the law,
        of the free law (an exponent each for N and D) and of a plane
        ``log L = c_0 + c_1 log N + c_2 log D`` through the same runs, and, for small runs, of a
        straight line in log L and log D through the last two known runs of its size.
    """
    known, far = select_small(table, least_M, most_M), table[table["M"] > most_M]
    tied, free = (
        fit(known["N"], known["D"], known[LOSS_COLUMN]).law
        for fit in (fit_loss_law, fit_loss_surface)
    )
    plane, *_ = np.linalg.lstsq(_log_plane(known), np.log(known[LOSS_COLUMN].to_numpy()))
    guesses = {
        "law": tied.predict(far["N"], far["D"]),
        "free law": free.predict(far["N"], far["D"]),
        "plane": np.exp(_log_plane(far) @ plane),
        "line": [_on_own_line(known, run) for _, run in far.iterrows()],
    }
    actual = far[LOSS_COLUMN]
    errors = {name: relative_error(guess, actual) for name, guess in guesses.items()}
    return far[["run", "dataset", "size", "M", "N"]].assign(**errors).reset_index(drop=True)


def _log_plane(runs: pd.DataFrame) -> Array:
    return np.column_stack([np.ones(len(runs)), np.log(runs["N"]), np.log(runs["D"])])


def _on_own_line(known: pd.DataFrame, run: Any) -> float:
    """Loss of a run on the line through the last two known runs of its size, or NaN."""
    own = known[known["size"] == run["size"]]
    if len(own) < 2:
        return float("nan")
    logs = own.assign(log_D=np.log(own["D"]), log_L=np.log(own[LOSS_COLUMN]))
    return float(np.exp(predict_on_line(logs, np.log(run["D"]), ("log_D", "log_L"))))


def list_designs(runs: pd.DataFrame) -> Array:
    """List every grid of some sizes and some multipliers that is wide enough to fit.

    Parameters
    ----------
    runs : pandas.DataFrame
        Runs on hand, as for `scaling.studies.loss.ablation.list_choices`.

    Returns
    -------
    ndarray of shape (n_designs, n_runs)
        Weights 0 and 1. Every choice of sizes over a factor of 30 or more and of multipliers over
        a factor of 8 or more (as `scaling fit` asks for), each choice of runs once.
    """
    _, designs = list_choices(runs)
    for name, least in (("N", LEAST_N_SPAN), ("M", LEAST_M_SPAN)):
        values = np.where(designs, runs[name], np.nan)
        designs = designs[np.nanmax(values, axis=1) >= least * np.nanmin(values, axis=1)]
    return designs.astype(float)


def keep_fits(law: LossLaw, kept: NDArray[np.bool_]) -> LossLaw:
    """The laws of a batch that are kept."""
    return LossLaw(*(np.asarray(p)[kept] for p in (law.E, law.A, law.B, law.alpha)))


def penalty(law: LossLaw, M: ArrayLike, C: float, M_from: float) -> Any:
    """Loss at M above the loss at `M_from`, both at the same training compute.

    ``((a M^eta + b M^-eta) - (a M_0^eta + b M_0^-eta)) C^-eta``. From the best multiplier this is
    ``2 sqrt(a b) C^-eta (cosh(eta log(M / M*)) - 1)``.

    Parameters
    ----------
    law : LossLaw
        One law, or a batch of shape (n_fits,), with A and B above 0.
    M : array_like of shape (n_M,)
        Tokens per parameter.
    C : float
        Training compute, FLOPs.
    M_from : float
        Multiplier to compare with.

    Returns
    -------
    ndarray of shape (n_M,) or (n_fits, n_M)
        Nats per token.

    References
    ----------
    Gadre et al., arXiv 2403.08540, Eqs. 4 and 10.
    """
    _, a, b, eta = (np.asarray(p)[..., None] for p in law.to_paper())

    power, power_from = np.atleast_1d(np.asarray(M, dtype=float)) ** eta, M_from**eta
    return (a * power + b / power - (a * power_from + b / power_from)) * C**-eta


def read_at_compute(runs: pd.DataFrame, C: float, E: float) -> pd.Series:
    """Read the loss of each M at one training compute, between two measured runs.

    Along a line of equal M, ``log(L - E)`` is taken as straight between neighbours in log C.

    Parameters
    ----------
    runs : pandas.DataFrame
        Runs of one training set.
    C : float
        Training compute, FLOPs.
    E : float
        Irreducible loss, nats per token.

    Returns
    -------
    pandas.Series
        Loss in nats per token, indexed by M; multipliers whose runs do not enclose C are left out.
    """
    found = {}
    for M, ray in runs.sort_values("C").groupby("M"):
        if ray["C"].iloc[0] <= C <= ray["C"].iloc[-1]:
            log_R = np.interp(np.log(C), np.log(ray["C"]), np.log(ray[LOSS_COLUMN] - E))
            found[M] = E + np.exp(log_R)
    return pd.Series(found, name=LOSS_COLUMN).rename_axis("M")
