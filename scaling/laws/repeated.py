"""What are repeated tokens worth? Effective tokens and parameters of a data-constrained run.

A law takes D for fresh tokens. Muennighoff et al. put effective counts in their place, which decay
with every repetition, and with every parameter beyond what the different tokens can use.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

R_D = 15.387756  # repetitions after which a further one is worth 1/e of the first
R_N = 5.309743  # the same for parameters, in units of those that are optimal
LOG_A, LOG_B, LOG_E = 6.255414, 7.3049974, 0.6254804
ALPHA = 0.3526596  # of N and of D alike
OPTIMAL = math.exp((LOG_A - LOG_B) / ALPHA)  # parameters per different token, 1 / 19.6


def effective_tokens(D: ArrayLike, unique: ArrayLike, scale: float = R_D) -> NDArray[np.float64]:
    """Fresh tokens that D tokens are worth, of which `unique` are different.

    ``D' = U + U R_D* (1 - exp(-R / R_D*))`` with ``R = D / U - 1``: 0.984 D at 2 epochs, 0.931 at
    4, 0.828 at 8, 0.661 at 16, 0.379 at 40; never more than 16.4 U.

    Parameters
    ----------
    D, unique : array_like of shape (n_runs,)
        Tokens seen, and how many of them are different, > 0. More than D count as D.
    scale : float
        ``R_D*``, by default theirs.

    Returns
    -------
    ndarray of shape (n_runs,)

    Notes
    -----
    ``R_D* = 15.387756`` and ``R_N* = 5.309743`` were fitted to 182 runs on C4 of 7M to 8.7B
    parameters. Up to four epochs are nearly as good as fresh tokens. Far beyond, at some forty and
    more, the loss of a model large for its data rises again, which no effective count can say.

    References
    ----------
    Muennighoff et al., arXiv 2305.16264, Eq. 5 and Appendix A.
    """
    return _decay(np.asarray(D, dtype=float), np.asarray(unique, dtype=float), scale)


def effective_parameters(
    N: ArrayLike, unique: ArrayLike, scale: float = R_N
) -> NDArray[np.float64]:
    """Parameters that N are worth to a run with `unique` different tokens.

    ``N' = U_N + U_N R_N* (1 - exp(-R / R_N*))`` with ``R = N / U_N - 1`` and U_N the least of N and
    of the optimum for `unique` tokens seen once, which their law puts at a parameter for 19.6.

    Parameters
    ----------
    N, unique : array_like of shape (n_runs,)
        Parameters, and different tokens, > 0.
    scale : float
        ``R_N*``, by default theirs.

    Returns
    -------
    ndarray of shape (n_runs,)

    References
    ----------
    Muennighoff et al., arXiv 2305.16264, Eq. 6 and Appendix A.
    """
    return _decay(np.asarray(N, dtype=float), OPTIMAL * np.asarray(unique, dtype=float), scale)


def seen_tokens(effective: ArrayLike, unique: ArrayLike) -> NDArray[np.float64]:
    """Tokens that must be seen to be worth `effective` fresh ones; undoes `effective_tokens`.

    Parameters
    ----------
    effective, unique : array_like
        Fresh tokens, and how many different ones there are, > 0.

    Returns
    -------
    ndarray
        Infinite from ``(1 + R_D*) unique`` on, which no number of epochs reaches.
    """
    return _grow(np.asarray(effective, dtype=float), np.asarray(unique, dtype=float), R_D)


def real_parameters(effective: ArrayLike, unique: ArrayLike) -> NDArray[np.float64]:
    """Parameters that are worth `effective` ones; undoes `effective_parameters`.

    Parameters
    ----------
    effective, unique : array_like
        Parameters of a run with unlimited tokens, and different tokens that there are, > 0.

    Returns
    -------
    ndarray
        Infinite from ``1 + R_N*`` times the optimum for `unique` tokens on.
    """
    fresh = OPTIMAL * np.asarray(unique, dtype=float)
    return _grow(np.asarray(effective, dtype=float), fresh, R_N)


def log_worth_of_more(count: ArrayLike, fresh: ArrayLike, scale: float) -> NDArray[np.float64]:
    """Logarithm of ``d log(effective) / d log(count)``: 0 without repetition, and falling.

    Parameters
    ----------
    count, fresh : array_like
        Tokens seen and different tokens, or parameters and the optimum for those tokens.
    scale : float
        `R_D` or `R_N`.
    """
    count, fresh = np.asarray(count, dtype=float), np.asarray(fresh, dtype=float)
    repeated = np.maximum(count / fresh - 1, 0.0) / scale
    return np.asarray(np.log(count / _decay(count, fresh, scale)) - repeated)


def _grow(
    effective: NDArray[np.float64], fresh: NDArray[np.float64], scale: float
) -> NDArray[np.float64]:
    left = 1 - np.maximum(effective / fresh - 1, 0.0) / scale
    with np.errstate(divide="ignore", invalid="ignore"):
        repeated = fresh * (1 - scale * np.log(left))
    return np.where(left > 0, np.where(effective <= fresh, effective, repeated), np.inf)


def _decay(
    count: NDArray[np.float64], fresh: NDArray[np.float64], scale: float
) -> NDArray[np.float64]:
    fresh = np.minimum(fresh, count)
    return fresh * (1 + scale * -np.expm1(-(count / fresh - 1) / scale))
