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

Array = NDArray[np.float64]
N_EXPONENTS = 81
SPREAD = 3.5  # standard deviations of the prior that the grid reaches to either side
RANK = 1e-9  # singular value, of the largest, from which on a direction counts as varied
APART = 1e-6  # share of a target's direction that may lie where nothing varies
HALVINGS = 60
FARTHEST = 1e3  # scales from the middle that a quantile is sought in
LEAST_LOSS = 1e-9  # of the largest: less is no loss of the same law


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


class Mixture(NamedTuple):
    """Student's t for each exponent of the grid, at some targets.

    Parameters
    ----------
    weight, middle, scale, noise : ndarray of shape (n_targets, n_exponents)
        Share of a component; its centre and its scale in nats, infinite where the runs leave the
        target open; and the scale of a run around the law, in nats.
    dof : ndarray of shape (n_targets, n_exponents)
        Its degrees of freedom.
    """

    weight: Array
    middle: Array
    scale: Array
    noise: Array
    dof: Array

    def quantile(self, p: float, *, of_a_run: bool = False) -> Array:
        """Where the distribution function of the law is `p`; or of a run, with its noise.

        Parameters
        ----------
        p : float
            Between 0 and 1.
        of_a_run : bool
            Add the noise of a run.

        Returns
        -------
        ndarray of shape (n_targets,)
            Nats; infinite where the runs leave the target open.
        """
        from scipy.special import stdtr  # here: a table is checked and fitted without SciPy

        scale = np.hypot(self.scale, self.noise) if of_a_run else self.scale
        is_open = ~np.isfinite(scale).all(axis=1)
        scale = np.where(np.isfinite(scale), scale, 1.0)
        reach = FARTHEST * scale.max(axis=1)
        lo, hi = self.middle.min(axis=1) - reach, self.middle.max(axis=1) + reach
        for _ in range(HALVINGS):
            centre = (lo + hi) / 2
            below = stdtr(self.dof, (centre[:, None] - self.middle) / scale)
            under = (self.weight * below).sum(axis=1) < p
            lo, hi = np.where(under, centre, lo), np.where(under, hi, centre)
        return np.where(is_open, np.inf if p > 0.5 else -np.inf, (lo + hi) / 2)


@dataclass(frozen=True)
class Posterior:
    """What runs say of the tied law; first axis over fits, then over exponents.

    Parameters
    ----------
    alpha : ndarray of shape (n_exponents,)
        The grid.
    centre : tuple of float
        Geometric means of N and D.
    unit : ndarray of shape (n_fits, 1)
        Largest loss, nats.
    weight, noise, dof : ndarray of shape (n_fits, n_exponents)
        Share of an exponent; scale of the relative residuals, and its degrees of freedom.
    shown, inverse : ndarray of shape (n_fits, n_exponents, 3)
        What the runs show along each singular direction, and one over its singular value, 0 where
        they do not vary.
    directions : ndarray of shape (n_fits, n_exponents, 3, 3)
        Singular directions of the coefficients E, A and B.
    """

    alpha: Array
    centre: tuple[float, float]
    unit: Array
    weight: Array
    noise: Array
    dof: Array
    shown: Array
    inverse: Array
    directions: Array

    def at(self, N: ArrayLike, D: ArrayLike) -> Mixture:
        """The loss of targets.

        Parameters
        ----------
        N, D : float or array_like of shape (n_targets,)
            Their parameters and tokens; one for each fit, or any number for a single fit.
        """
        logs = [
            np.log(np.atleast_1d(np.asarray(count, dtype=float)) / middle)[:, None]
            for count, middle in zip((N, D), self.centre, strict=True)
        ]
        powers = [np.exp(-self.alpha * log) for log in np.broadcast_arrays(*logs)]
        x = np.stack([np.ones_like(powers[0]), *powers], axis=-1)  # (n_targets, n_exponents, 3)
        along = (self.directions @ x[..., None])[..., 0]
        middle = (along * self.inverse * self.shown).sum(axis=-1)
        leverage = ((along * self.inverse) ** 2).sum(axis=-1)
        unvaried = (along * (self.inverse == 0.0)) ** 2
        outside = unvaried.sum(axis=-1) > APART**2 * (x**2).sum(axis=-1)
        scale = np.where(outside, np.inf, self.noise * np.sqrt(leverage) * self.unit)
        weight, noise, dof = (
            np.broadcast_to(a, middle.shape) for a in (self.weight, self.noise, self.dof)
        )
        return Mixture(weight, middle * self.unit, scale, noise * np.abs(middle) * self.unit, dof)


def find_posterior(
    N: ArrayLike,
    D: ArrayLike,
    loss: ArrayLike,
    belief: Belief | None = None,
    weights: ArrayLike | None = None,
) -> Posterior:
    """Posterior of the tied law, its residuals being relative.

    Parameters
    ----------
    N, D : array_like of shape (n_runs,)
        Parameters and tokens, > 0.
    loss : array_like of shape (n_runs,) or (n_fits, n_runs)
        Losses in nats per token, > 0.
    belief : Belief, optional
        Prior.
    weights : array_like of shape (n_runs,), optional
        Case weights, >= 0; the noise is that of a run of weight one.

    Notes
    -----
    For an exponent a, with rows ``X_i = (1, (N_i/N_0)^-a, (D_i/D_0)^-a) / L_i`` of rank r, least
    squares to ones leave SSR(a). The noise is ``s^2 = (nu s_0^2 + SSR) / (nu + n - r)``, and a
    target x Student's t of so many degrees of freedom, of scale ``s |R^-T x|``. The weight of a is
    ``prior(a) prod(singular values)^-1 (nu s_0^2 + SSR)^(-(nu + n - r) / 2)``.
    """
    belief = Belief() if belief is None else belief
    N, D = np.asarray(N, dtype=float), np.asarray(D, dtype=float)
    L = np.atleast_2d(np.asarray(loss, dtype=float))
    unit = L.max(axis=1, keepdims=True)
    inverse_loss = 1.0 / np.maximum(L / unit, LEAST_LOSS)
    centre = float(np.exp(np.log(N).mean())), float(np.exp(np.log(D).mean()))
    logs = np.log(N / centre[0]), np.log(D / centre[1])
    z = np.linspace(-SPREAD, SPREAD, N_EXPONENTS)
    alpha = belief.alpha_0 * np.exp(belief.tau * z)
    ones, R = np.ones_like(L), []
    if weights is not None:
        root = np.sqrt(np.asarray(weights, dtype=float))
        inverse_loss, ones = inverse_loss * root, ones * root
    for a in alpha:  # one at a time: a table may have many runs
        columns = [inverse_loss, *(inverse_loss * np.exp(-a * log) for log in logs), ones]
        R.append(_triangle(np.stack(columns, axis=-1)))
    upper = np.stack(R, axis=1)
    left, size, directions = np.linalg.svd(upper[..., :3, :3])
    varied = size > RANK * size[..., :1]
    kept = np.where(varied, size, 1.0)
    shown = (left.swapaxes(-1, -2) @ upper[..., :3, 3:])[..., 0]
    missed = (np.where(varied, 0.0, shown) ** 2).sum(axis=-1) + upper[..., 3, 3] ** 2
    dof = belief.nu + L.shape[1] - varied.sum(axis=-1)
    total = belief.nu * belief.s_0**2 + missed
    log_weight = -(z**2) / 2 - np.log(kept).sum(axis=-1) - dof / 2 * np.log(total)
    weight = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
    weight /= weight.sum(axis=1, keepdims=True)
    noise, inverse = np.sqrt(total / dof), np.where(varied, 1.0 / kept, 0.0)
    return Posterior(alpha, centre, unit, weight, noise, dof, shown, inverse, directions)


def _triangle(columns: Array) -> Array:
    """R of a QR decomposition, four rows however few the runs are."""
    R: Array = np.asarray(np.linalg.qr(columns, mode="r"))
    return np.concatenate([R, np.zeros((len(R), 4 - R.shape[1], 4))], axis=1)
