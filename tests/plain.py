"""The loss laws by plain SciPy, one fit at a time, without the package."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import least_squares

Predict = Callable[[np.ndarray, np.ndarray], np.ndarray]


def fit_plainly(
    N,
    D,
    loss,
    *,
    log: bool = True,
    delta: float = 1e3,
    weights=1.0,
    centre: float = 1.0,
    stiffness: float = 0.0,
    alpha: float | None = None,
    free: bool = False,
    power: float = 1.0,
    starts: tuple[float, ...] = (0.15, 0.3, 0.6),
) -> tuple[Predict, float, np.ndarray]:
    """Fit ``L = E + (a n^-alpha + b d^-beta)^power``; tied unless `free`.

    The least of ``sum w rho(r) + stiffness log(alpha / centre)^2``, where r is the residual of the
    loss, or of its logarithm, and rho a square up to `delta` and straight from there. The search
    begins at each of `starts`.

    Returns
    -------
    predict, cost, exponents
    """
    N, D, loss = (np.asarray(values, dtype=float) for values in (N, D, loss))
    n_0, d_0 = np.exp(np.log(N).mean()), np.exp(np.log(D).mean())
    fixed = alpha is not None

    def exponents(p):
        return np.full(2, alpha) if fixed else np.exp(p[3:] if free else p[[3, 3]])

    def predict(p, N, D):
        alpha, beta = exponents(p)
        a, b = np.exp(np.minimum(p[1:3], 100.0))
        inner = a * (N / n_0) ** -alpha + b * (D / d_0) ** -beta
        return p[0] + inner**power

    def residuals(p):
        fitted = predict(p, N, D)
        r = np.log(np.maximum(fitted, 1e-12) / loss) if log else fitted - loss
        size = np.abs(r)
        rho = np.where(size <= delta, r**2, delta * (2 * size - delta))
        pulls = np.zeros(0) if fixed else np.log(exponents(p)[: 1 + free] / centre)
        return np.concatenate([np.sqrt(weights * rho) * np.sign(r), np.sqrt(stiffness) * pulls])

    ends = []
    for start in [alpha] if fixed else starts:
        level = np.log(0.2 * loss.mean()) / power
        free_parts = [] if fixed else [np.log(start / power)] * (1 + free)
        p = np.array([0.6 * loss.min(), level, level, *free_parts])
        for _ in range(3):  # a search that stopped short goes on
            p = least_squares(residuals, p, xtol=1e-15, ftol=1e-15, gtol=1e-15, x_scale="jac").x
        ends.append((np.sum(residuals(p) ** 2), p))
    cost, p = min(ends, key=lambda end: end[0])
    return (lambda N, D: predict(p, np.asarray(N, float), np.asarray(D, float))), cost, exponents(p)
