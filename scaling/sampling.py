"""How much of a miss is the size of the loss set? Sampling errors, independent or shared."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm

from scaling.fit import fit_loss_law

HALF_WIDTH = float(norm.ppf(0.975))  # of a 95 % interval, in standard errors
N_DRAWS = 1000


def sampling_noise(
    N: ArrayLike,
    D: ArrayLike,
    loss: ArrayLike,
    half_width: ArrayLike,
    used: ArrayLike,
    rng: np.random.Generator,
    n_draws: int = N_DRAWS,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Half widths that the sampling of the loss set gives to ``predicted - measured``.

    Every loss is a mean over sampled sequences and has a standard error. What that does to a miss
    depends on how the errors of different runs, measured on the same sequences, hang together:

    independent
        Every loss is drawn again on its own, the law is fitted to the drawn losses of the runs
        used, and each miss is drawn: half the width of its central 95 %.
    shared
        The sample is hard, or easy, for all runs alike: all losses move to the lower end of
        their intervals, then to the upper, and the law is fitted at both: half the difference.

    Parameters
    ----------
    N, D, loss, half_width : array_like of shape (n_runs,)
        Parameters, tokens, loss and half the width of its 95 % interval, nats per token.
    used : array_like of bool, shape (n_runs,)
        The runs that fit the law.
    rng : numpy.random.Generator
        Draws the copies.
    n_draws : int
        Noisy copies.

    Returns
    -------
    independent, shared : ndarray of shape (n_runs,)
        Half widths of the miss in nats per token.

    Notes
    -----
    If any two errors have the same correlation rho, the variance of a miss is, to first order, rho
    times the shared one plus (1 - rho) times the independent one.
    """
    N, D, loss, half_width = (np.asarray(x, dtype=float) for x in (N, D, loss, half_width))
    used = np.asarray(used, dtype=bool)

    def miss(drawn: NDArray[np.float64]) -> NDArray[np.float64]:
        fit = fit_loss_law(N[used], D[used], drawn[:, used])
        predicted: NDArray[np.float64] = fit.law.predict(N, D)
        return predicted - drawn

    drawn = miss(rng.normal(loss, half_width / HALF_WIDTH, (n_draws, len(loss))))
    lo, hi = np.quantile(drawn, [0.025, 0.975], axis=0)
    at_lo, at_hi = miss(loss + np.array([[-1.0], [1.0]]) * half_width)
    return (hi - lo) / 2, np.abs(at_hi - at_lo) / 2


def measure_roughness(loss: ArrayLike, std: ArrayLike) -> NDArray[np.float64]:
    """Roughness of curves in units of what independent errors would make.

    The third difference ``L_3 - 3 L_2 + 3 L_1 - L_0`` of neighbours removes a parabola; independent
    errors give it a variance of ``s_3^2 + 9 s_2^2 + 9 s_1^2 + s_0^2``. The root mean square of the
    ratio is 1 or more if errors are independent, whatever else the runs do to each other.

    Parameters
    ----------
    loss, std : array_like of shape (..., n_curves, n_points)
        Losses along curves, and their standard errors; NaN where there is no run.

    Returns
    -------
    ndarray of shape (...)
        Root mean square over all third differences there are.
    """
    kernel = np.array([-1.0, 3.0, -3.0, 1.0])
    windows = np.lib.stride_tricks.sliding_window_view
    third = windows(np.asarray(loss, dtype=float), 4, axis=-1) @ kernel
    variance = windows(np.asarray(std, dtype=float) ** 2, 4, axis=-1) @ kernel**2
    result: NDArray[np.float64] = np.sqrt(np.nanmean(third**2 / variance, axis=(-2, -1)))
    return result


def judge_independence(runs: pd.DataFrame, seed: int = 0, n_draws: int = 2000) -> pd.DataFrame:
    """Whether losses along M are smoother than independent sampling errors allow.

    Parameters
    ----------
    runs : pandas.DataFrame
        dataset, loss_set, N, M, actual and half_width, as `scaling.transfer.predict_sets` has them,
        of runs on a grid of N and M.
    seed, n_draws : int
        Of the draws of independent errors about straight lines.

    Returns
    -------
    pandas.DataFrame
        dataset, loss_set, roughness, and ``p_value``: how often independent errors alone would be
        as smooth. A small one speaks against independence; a large one says nothing.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for (dataset, loss_set), group in runs.groupby(["dataset", "loss_set"], sort=False):
        errors = group.assign(std=group["half_width"] * group["actual"] / HALF_WIDTH)
        cells = errors.pivot(index="N", columns="M", values=["actual", "std"])
        loss, std = cells["actual"].to_numpy(), cells["std"].to_numpy()
        roughness = float(measure_roughness(loss, std))
        drawn = measure_roughness(rng.normal(0.0, std, (n_draws, *std.shape)), std)
        rows.append((dataset, loss_set, roughness, float(np.mean(drawn <= roughness))))
    return pd.DataFrame(rows, columns=["dataset", "loss_set", "roughness", "p_value"])
