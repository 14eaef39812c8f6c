"""How surely do the runs hold a prediction, if the law holds? An exact posterior on a grid.

For given exponents a loss law is linear in its coefficients, so all but the exponents is integrated
in closed form and the exponents are summed over a grid. Where the runs do not vary in a direction,
a prediction away from it has no finite width; one along it has.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtr

Array = NDArray[np.float64]
N_EXPONENTS = 81
SPREAD = 3.5  # standard deviations of the prior that the grid reaches to either side
RANK = 1e-9  # singular value, of the largest, from which on a direction counts as varied
APART = 1e-6  # share of a target's direction that may lie where nothing varies
HALVINGS = 60


@dataclass(frozen=True)
class Belief:
    """What is believed before the losses are seen; all > 0.

    Parameters
    ----------
    alpha_0, tau : float
        Middle of the exponent, and the standard deviation of its log.
    s_0, nu : float
        Noise of the log loss, and the degrees of freedom that it is worth.
    """

    alpha_0: float = 0.28
    tau: float = 0.3
    s_0: float = 0.0045
    nu: float = 1.0


class Posterior(NamedTuple):
    """Mixture of Student's t: a component for each exponent of the grid.

    Parameters
    ----------
    weight, middle, scale : ndarray of shape (n_fits, n_exponents)
        Share of a component, its centre in nats, and its scale; infinite where the runs leave the
        target open.
    noise : ndarray of shape (n_fits, n_exponents)
        Scale of a run around the law, in nats.
    dof : float
        Degrees of freedom of every component.
    """

    weight: Array
    middle: Array
    scale: Array
    noise: Array
    dof: float

    def quantile(self, p: float, new_run: bool = False) -> Array:
        """Where the distribution function is `p`: an array of shape (n_fits,).

        Parameters
        ----------
        p : float
            Between 0 and 1.
        new_run : bool
            Of a run, with its noise, instead of the law.
        """
        scale = np.hypot(self.scale, self.noise) if new_run else self.scale
        open_ = ~np.isfinite(scale).all(axis=1)
        scale = np.where(np.isfinite(scale), scale, 1.0)
        reach = 1e3 * scale.max(axis=1)
        lo, hi = self.middle.min(axis=1) - reach, self.middle.max(axis=1) + reach
        for _ in range(HALVINGS):
            centre = (lo + hi) / 2
            below = stdtr(self.dof, (centre[:, None] - self.middle) / scale)
            under = (self.weight * below).sum(axis=1) < p
            lo, hi = np.where(under, centre, lo), np.where(under, hi, centre)
        return np.where(open_, np.inf if p > 0.5 else -np.inf, (lo + hi) / 2)


def find_posterior(
    N: ArrayLike,
    D: ArrayLike,
    loss: ArrayLike,
    target: tuple[float, float],
    belief: Belief = Belief(),
) -> Posterior:
    """Posterior of the tied law at a target, residuals being relative.

    Parameters
    ----------
    N, D : array_like of shape (n_runs,)
        Parameters and tokens.
    loss : array_like of shape (n_runs,) or (n_fits, n_runs)
        Losses in nats per token.
    target : tuple of float
        Parameters and tokens of the run asked for.
    belief : Belief
        Prior.

    Notes
    -----
    For an exponent a, with rows ``X_i = (1, (N_i/N_0)^-a, (D_i/D_0)^-a) / L_i``, least squares to
    ones gives SSR(a) and, of rank r, the leverage h of the target. The noise is
    ``s^2 = (nu s_0^2 + SSR) / (nu + n - r)``, the component Student's t of that many degrees of
    freedom with scale ``s sqrt(h)``, its weight prior(a) times
    ``prod(singular values)^-1 (nu s_0^2 + SSR)^-((nu + n - r)/2)``.
    """
    N, D = np.asarray(N, dtype=float), np.asarray(D, dtype=float)
    L = np.atleast_2d(np.asarray(loss, dtype=float))
    z = np.linspace(-SPREAD, SPREAD, N_EXPONENTS)
    alpha = belief.alpha_0 * np.exp(belief.tau * z)
    centre = np.exp(np.log(N).mean()), np.exp(np.log(D).mean())
    columns = [np.ones((len(alpha), len(N)))]
    columns += [(x / x_0) ** -alpha[:, None] for x, x_0 in zip((N, D), centre, strict=True)]
    X = np.stack(columns, axis=-1)  # (n_exponents, n_runs, 3)
    at = [np.ones(len(alpha))]
    at += [(x / x_0) ** -alpha for x, x_0 in zip(target, centre, strict=True)]
    x = np.stack(at, axis=-1)  # (n_exponents, 3)
    U, size, V = np.linalg.svd(X / L[:, None, :, None], full_matrices=False)
    held = size > RANK * size[..., :1]
    inverse = np.where(held, 1.0 / np.where(held, size, 1.0), 0.0)
    along = np.einsum("aj,faij->fai", x, V)
    fitted = U.sum(axis=-2)  # U' 1
    SSR = np.maximum(len(N) - (fitted**2 * held).sum(axis=-1), 0.0)
    middle = (along * inverse * fitted).sum(axis=-1)
    leverage = ((along * inverse) ** 2).sum(axis=-1)
    outside = ((along * ~held) ** 2).sum(axis=-1) > APART**2 * (x**2).sum(axis=-1)
    dof = belief.nu + len(N) - held.sum(axis=-1)
    total = belief.nu * belief.s_0**2 + SSR
    noise = np.sqrt(total / dof)
    log_weight = -(z**2) / 2 - np.log(np.where(held, size, 1.0)).sum(axis=-1)
    log_weight = log_weight - dof / 2 * np.log(total)
    weight = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
    scale = np.where(outside, np.inf, noise * np.sqrt(leverage))
    return Posterior(
        weight / weight.sum(axis=1, keepdims=True),
        middle,
        scale,
        noise * np.abs(middle),
        float(dof.min()),
    )
