"""Which laws do the runs leave standing? Draws from a posterior, as laws to calculate with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scaling.laws.law import LossSurface
from scaling.laws.posterior import TERMS, Posterior

N_DRAWS = 4_096
FRACTION = 2.0**-64  # no quantile is asked for at 0 or 1


def draw_laws(posterior: Posterior, n_draws: int = N_DRAWS) -> LossSurface:
    """Draw laws from what runs say of one, evenly and always the same.

    Parameters
    ----------
    posterior : Posterior
        Of one table of runs, and of a law in N and D.
    n_draws : int
        How many.

    Returns
    -------
    LossSurface
        Its coefficients have the shape (n_draws,). Amplitudes may be negative where the runs do
        not exclude it.

    Raises
    ------
    ValueError
        The law has one variable only, or the runs leave a coefficient open.

    Notes
    -----
    A point of the grid is drawn by its weight, the noise from its inverse chi-square, the
    coefficients from the normal distribution that is left. The uniform numbers behind are those of
    a sequence that fills a box evenly, so that quantiles are steadier than those of random draws.

    References
    ----------
    Roberts, "The unreasonable effectiveness of quasirandom sequences", 2018.
    """
    from scipy.special import chdtri, ndtri  # here: a table is checked without SciPy

    if len(TERMS[posterior.law]) < 2:
        raise ValueError(f"law {posterior.law} says nothing of N and D apart")
    found = posterior.sum
    if np.any(found.inverse == 0):
        raise ValueError("the runs leave a coefficient open: they do not vary enough")
    n_terms = found.directions.shape[-1]
    uniform = _fill_evenly(n_draws, 2 + n_terms)
    steps = np.cumsum(found.weight[0])
    point = np.minimum(np.searchsorted(steps / steps[-1], uniform[:, 0]), len(steps) - 1)
    dof = np.broadcast_to(found.dof, found.weight.shape)[0, point]
    noise = found.noise[0, point] * np.sqrt(dof / chdtri(dof, 1 - uniform[:, 1]))
    along = found.inverse[0, point] * (
        found.shown[0, point] + noise[:, None] * ndtri(uniform[:, 2:])
    )
    values = (found.directions[0, point].swapaxes(-1, -2) @ along[..., None])[..., 0]
    values = values * posterior.unit[0, 0]
    E = np.full(n_draws, posterior.held) if posterior.held is not None else values[:, 0]
    exponents = posterior.exponents[0, point]
    alpha, beta = exponents[:, 0], exponents[:, -1]
    N_0, D_0 = posterior.centre
    A, B = values[:, -2] * N_0**alpha, values[:, -1] * D_0**beta
    return LossSurface(E, A, B, alpha, beta)


def _fill_evenly(n_points: int, n_axes: int) -> NDArray[np.float64]:
    """Points of a box: multiples of powers of the root of ``x^(n + 1) = x + 1``, without wholes."""
    root = 1.5
    for _ in range(60):
        root = (1 + root) ** (1 / (n_axes + 1))
    steps = root ** -np.arange(1, n_axes + 1)
    points = (0.5 + np.arange(1, n_points + 1)[:, None] * steps) % 1.0
    return np.asarray(np.clip(points, FRACTION, 1 - 2**-53))
