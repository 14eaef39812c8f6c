"""Which model costs least in the end? Least total FLOPs for a loss, least loss for a budget.

Training costs ``6 N D`` FLOPs, serving T tokens ``2 N T``. A law is any object with the
coefficients of ``L(N, D) = E + A N^-alpha + B D^-beta``; without ``beta`` the two are one. They may
be arrays, and broadcast with the other arguments as NumPy does: one call answers for a map, or for
every law of a posterior.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
TRAINING = 6.0  # FLOPs of a parameter and a trained token
SERVING = 2.0  # of a parameter and a served token
ROUNDS, CLOSE = 100, 1e-13  # of a search, and the logarithm that it leaves


class Law(NamedTuple):
    """Coefficients as arrays that broadcast."""

    E: Array
    A: Array
    B: Array
    alpha: Array
    beta: Array


class Model(NamedTuple):
    """One model, or an array of them.

    Parameters
    ----------
    N, D : float or ndarray
        Parameters and training tokens. Infinite where the loss cannot be had; NaN where a law does
        not fall in both.
    """

    N: Any
    D: Any

    @property
    def M(self) -> Any:
        """Tokens per parameter."""
        with np.errstate(invalid="ignore"):
            return self.D / self.N

    def training_flops(self) -> Any:
        """``6 N D``."""
        return TRAINING * self.N * self.D

    def serving_flops(self, served: ArrayLike) -> Any:
        """``2 N T``.

        Parameters
        ----------
        served : array_like
            Tokens served over the model's life, in and out, >= 0.
        """
        return SERVING * self.N * np.asarray(served, dtype=float)

    def total_flops(self, served: ArrayLike) -> Any:
        """``6 N D + 2 N T``."""
        return self.training_flops() + self.serving_flops(served)


def _read(law: Any) -> Law:
    beta = getattr(law, "beta", law.alpha)
    values = (law.E, law.A, law.B, law.alpha, beta)
    return Law(*(np.asarray(value, dtype=float) for value in values))


def _read_served(served: ArrayLike) -> Array:
    tokens = np.asarray(served, dtype=float)
    if not np.all(np.isfinite(tokens) & (tokens >= 0)):
        raise ValueError(f"tokens served must be finite and 0 or more, got {served!r}")
    return tokens


def _find_root(rising: Callable[[Array], tuple[Array, Array]], start: Array) -> Array:
    """Root of a rising function that tells its slope: Newton's steps, halving where they stray."""
    x = np.array(start, dtype=float)
    lo, hi, before = np.full(x.shape, -np.inf), np.full(x.shape, np.inf), np.full(x.shape, np.inf)
    for _ in range(ROUNDS):
        value, slope = rising(x)
        away = np.abs(value)
        if not np.any(away > CLOSE):
            break
        lo, hi = np.where(value < 0, x, lo), np.where(value > 0, x, hi)
        step = x - value / slope
        strays = (step < lo) | (step > hi) | (away > before / 2)
        x = np.where(strays & np.isfinite(hi - lo), (lo + hi) / 2, step)
        before = away
    return x


def least_total(law: Any, loss: ArrayLike, served: ArrayLike = 0.0) -> Model:
    """Find the model of least ``6 N D + 2 N T`` that reaches a loss.

    With u, the share of the reducible loss ``l - E`` that is due to N, every model of that loss is
    ``N = (A / (u (l - E)))^(1/alpha)``, ``D = (B / ((1 - u) (l - E)))^(1/beta)``. The cheapest
    solves ``alpha u / (beta (1 - u)) = 1 + T / (3 D)``, which has one root.

    Parameters
    ----------
    law : object
        With E, A, B and alpha, and beta if it has one.
    loss : array_like
        Wanted loss, nats per token.
    served : array_like
        Tokens that the model will serve, T >= 0. With none the answer is compute-optimal.

    Returns
    -------
    Model

    Raises
    ------
    ValueError
        `served` is negative or not finite.
    """
    E, A, B, alpha, beta = _read(law)
    T, wanted = _read_served(served), np.asarray(loss, dtype=float)
    E, A, B, alpha, beta, T, wanted = np.broadcast_arrays(E, A, B, alpha, beta, T, wanted)
    with np.errstate(invalid="ignore", divide="ignore"):
        log_A, log_B = np.log(A / (wanted - E)), np.log(B / (wanted - E))
        log_served = np.log(T / 3)

    def find_tokens(x: Array) -> Array:
        return np.asarray((log_B + np.logaddexp(0, x)) / beta)

    def excess(x: Array) -> tuple[Array, Array]:
        ratio = log_served - find_tokens(x)
        share = 1 / (1 + np.exp(-x)) / (1 + np.exp(-ratio))
        return x - start - np.logaddexp(0, ratio), 1 + share / beta

    with np.errstate(invalid="ignore", over="ignore"):
        start = np.log(beta / alpha)
        x = _find_root(excess, start)
        N, D = np.exp((log_A + np.logaddexp(0, -x)) / alpha), np.exp(find_tokens(x))
    falls = (A > 0) & (B > 0) & (alpha > 0) & (beta > 0)
    out_of_reach = np.where(falls, np.inf, np.nan)
    can = falls & (wanted > E)
    return Model(np.where(can, N, out_of_reach), np.where(can, D, out_of_reach))


def best_for_budget(law: Any, budget: ArrayLike, served: ArrayLike = 0.0) -> Model:
    """Find the model of least loss whose training and serving cost a budget.

    Of all models with ``6 N D + 2 N T`` at the budget, the best obeys the same condition as in
    `least_total`: ``alpha A N^-alpha / (beta B D^-beta) = 1 + T / (3 D)``.

    Parameters
    ----------
    law : object
        As `least_total` takes it.
    budget : array_like
        Total FLOPs, > 0.
    served : array_like
        Tokens that the model will serve, T >= 0.

    Returns
    -------
    Model

    Raises
    ------
    ValueError
        `budget` is not finite and above 0, or `served` negative or not finite.
    """
    T, C = _read_served(served), np.asarray(budget, dtype=float)
    if not np.all(np.isfinite(C) & (C > 0)):
        raise ValueError(f"budget must be finite and above 0 FLOPs, got {budget!r}")
    _, A, B, alpha, beta, T, C = np.broadcast_arrays(*_read(law), T, C)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.log(alpha * A / (beta * B)) - alpha * np.log(C / TRAINING)
        log_served = np.log(T / 3)

    def excess(log_D: Array) -> tuple[Array, Array]:
        log_ratio = log_served - log_D
        share, more = 1 / (1 + np.exp(-log_ratio)), np.logaddexp(0, log_ratio)
        value = ratio + alpha * (log_D + more) + beta * log_D - more
        return value, alpha * (1 - share) + beta + share

    with np.errstate(invalid="ignore", over="ignore"):
        D = np.exp(_find_root(excess, -ratio / (alpha + beta)))
    return Model(np.asarray(C / (TRAINING * D + SERVING * T)), D)


def tokens_needed(law: Any, N: ArrayLike, loss: ArrayLike) -> Array:
    """Training tokens at which models of N parameters reach a loss; infinite where they never do.

    Parameters
    ----------
    law : object
        As `least_total` takes it.
    N : array_like
        Parameters, > 0.
    loss : array_like
        Wanted loss, nats per token.

    Returns
    -------
    ndarray

    Notes
    -----
    ``LossSurface.solve_D`` answers for one law and raises where the loss is out of reach.
    """
    E, A, B, alpha, beta = _read(law)
    left = np.asarray(loss, dtype=float) - E - A * np.asarray(N, dtype=float) ** -alpha
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        D = (B / left) ** (1 / beta)
    return np.where(left > 0, np.where(B > 0, D, 0.0), np.inf)


def tokens_factor(law: Any, model: Model, N_factor: ArrayLike) -> Array:
    """How many times the tokens a model needs at ``k_N N`` parameters for the same loss.

    ``k_D = (1 - (k_N^-alpha - 1) A N^-alpha / (B D^-beta))^(-1/beta)``.

    Parameters
    ----------
    law : object
        As `least_total` takes it.
    model : Model
        Where the line of equal loss starts.
    N_factor : array_like
        k_N, > 0.

    Returns
    -------
    ndarray
        k_D; infinite where so few parameters never reach the loss.

    References
    ----------
    de Vries, "Go smol or go home", 2023.
    """
    _, A, B, alpha, beta = _read(law)
    k = np.asarray(N_factor, dtype=float)
    left = 1 - (k**-alpha - 1) * (A * model.N**-alpha) / (B * model.D**-beta)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(left > 0, left ** (-1 / beta), np.inf)


def over_training_cost(law: Any, factor: ArrayLike, loss: float | None = None) -> Array:
    """Compute that training far past the optimum costs more, at equal loss.

    For a law of one exponent a, over-trained by ``m = M / M*``, it is
    ``((m^(a/2) + m^(-a/2)) / 2)^(2/a) - 1`` at any loss.

    Parameters
    ----------
    law : object
        As `least_total` takes it; with two exponents also with `solve_N`.
    factor : array_like
        m, > 0; below 1 a model is trained too short.
    loss : float, optional
        Nats per token; needed for a law with two exponents.

    Returns
    -------
    ndarray
        Relative: 0.3 for 30 % more.

    Raises
    ------
    ValueError
        The law has two exponents and `loss` is missing.
    """
    m = np.asarray(factor, dtype=float)
    _, _, _, alpha, beta = _read(law)
    if np.all(alpha == beta):
        return np.asarray(((m ** (alpha / 2) + m ** (-alpha / 2)) / 2) ** (2 / alpha) - 1)
    if loss is None:
        raise ValueError("loss must be given for a law with two exponents")
    optimum = least_total(law, loss)
    M = m * optimum.M
    N = np.array([law.solve_N(float(each), loss) for each in M.ravel()]).reshape(M.shape)
    return np.asarray(TRAINING * N**2 * M / optimum.training_flops() - 1)
