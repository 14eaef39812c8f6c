"""How much of a miss is the size of the loss set? Sampling errors, independent or shared."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from scaling.laws.fit import fit_loss_law

HALF_WIDTH = 1.959963984540054  # of a 95 % interval of a normal, in standard errors
N_DRAWS = 1000
THIRD = np.array([-1.0, 3.0, -3.0, 1.0])  # third difference of four neighbours


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
    """Roughness of curves in units of what independent errors would make: their last two axes.

    The third difference ``L_3 - 3 L_2 + 3 L_1 - L_0`` of neighbours removes a parabola; independent
    errors give it a variance of ``s_3^2 + 9 s_2^2 + 9 s_1^2 + s_0^2``. The root mean square of the
    ratio is 1 or more if errors are independent, whatever else the runs do to each other. Losses
    and standard errors are NaN where there is no run.
    """
    windows = np.lib.stride_tricks.sliding_window_view
    third = windows(np.asarray(loss, dtype=float), 4, axis=-1) @ THIRD
    variance = windows(np.asarray(std, dtype=float) ** 2, 4, axis=-1) @ THIRD**2
    result: NDArray[np.float64] = np.sqrt(np.nanmean(third**2 / variance, axis=(-2, -1)))
    return result


def weigh_roughness(std: ArrayLike) -> NDArray[np.float64]:
    """Weights w of the squared roughness ``sum_j w_j z_j^2``, z standard normal, of sum 1.

    They are the eigenvalues of the correlation matrix of the third differences, over their number,
    for independent errors with the standard errors `std` of shape (n_curves, n_points).
    """
    std = np.asarray(std, dtype=float)
    number = np.arange(std.size).reshape(std.shape)
    four = np.lib.stride_tricks.sliding_window_view(number, 4, axis=-1).reshape(-1, 4)
    four = four[np.isfinite(std.ravel()[four]).all(axis=1)]
    third = np.zeros((len(four), std.size))
    np.put_along_axis(third, four, THIRD * std.ravel()[four], axis=1)
    third /= np.linalg.norm(third, axis=1, keepdims=True)
    weights: NDArray[np.float64] = np.linalg.eigvalsh(third @ third.T) / len(third)
    return weights


def chance_below(q: float, weights: ArrayLike) -> float:
    """Probability that ``sum_j w_j z_j^2`` is at most q, for independent standard normal z.

    One half less the sum over k from 0 of ``sin(theta) / (pi (k + 1/2) rho)``, with
    ``u = (k + 1/2) pi / max(q, 50)``, ``theta = sum_j arctan(2 w_j u) / 2 - q u`` and
    ``rho = prod_j (1 + 4 w_j^2 u^2)^(1/4)``. The weights are not negative, of sum 1, and none is
    much of it: values above 50 do not occur.

    References
    ----------
    Davies, Applied Statistics 29 (1980) 323, algorithm AS 155.
    """
    w = np.asarray(weights, dtype=float)[:, np.newaxis]
    k = np.arange(2**12) + 0.5
    u = k * np.pi / max(q, 50.0)
    theta = np.arctan(2 * w * u).sum(axis=0) / 2 - q * u
    log_rho = np.log1p((2 * w * u) ** 2).sum(axis=0) / 4
    chance = 0.5 - (np.sin(theta) * np.exp(-log_rho) / (np.pi * k)).sum()
    return float(np.clip(chance, 0.0, 1.0))


def judge_independence(runs: pd.DataFrame) -> pd.DataFrame:
    """Whether losses along M are smoother than independent sampling errors allow.

    Parameters
    ----------
    runs : pandas.DataFrame
        dataset, loss_set, N, M, actual and half_width, as
        `scaling.studies.loss.transfer.predict_sets` has them, of runs on a grid of N and M.

    Returns
    -------
    pandas.DataFrame
        dataset, loss_set, roughness, and ``p_value``: the chance that independent normal errors
        alone, about straight lines, are as smooth. A small one speaks against independence; a large
        one says nothing.
    """
    rows = []
    for (dataset, loss_set), group in runs.groupby(["dataset", "loss_set"], sort=False):
        errors = group.assign(std=group["half_width"] * group["actual"] / HALF_WIDTH)
        cells = errors.pivot(index="N", columns="M", values=["actual", "std"])
        loss, std = cells["actual"].to_numpy(), cells["std"].to_numpy()
        roughness = float(measure_roughness(loss, std))
        p_value = chance_below(roughness**2, weigh_roughness(std))
        rows.append((dataset, loss_set, roughness, p_value))
    return pd.DataFrame(rows, columns=["dataset", "loss_set", "roughness", "p_value"])
