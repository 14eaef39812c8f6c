"""Where do the quantiles of a mixture lie? Student's t for each point of a grid."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
ROUNDS, CLOSE = 60, 1e-13  # of a quantile


class Mixture(NamedTuple):
    """Student's t for each point of the grid, at some targets.

    Parameters
    ----------
    weight, middle, scale, noise : ndarray of shape (n_targets, n_points)
        Share of a component; its centre and its scale, infinite where the runs leave the target
        open; and the scale of a run around the law, all in the unit of what is predicted.
    dof : ndarray of shape (n_targets, n_points)
        Its degrees of freedom.
    """

    weight: Array
    middle: Array
    scale: Array
    noise: Array
    dof: Array

    def mix(self, share: ArrayLike) -> Mixture:
        """One distribution out of one for each target.

        Parameters
        ----------
        share : array_like of shape (n_targets,)
            Of each, such as of `scaling.forecast.intervals.Nodes`; they sum to one.
        """
        parts = (self.weight * np.asarray(share, dtype=float)[:, None], *self[1:])
        return Mixture(*(part.reshape(1, -1) for part in parts))

    def quantile(self, p: ArrayLike, *, of_a_run: bool = False) -> Array:
        """Where the distribution function of the law is `p`; or of a run, with its noise.

        Parameters
        ----------
        p : float or array_like
            Between 0 and 1.
        of_a_run : bool
            Add the noise of a run.

        Returns
        -------
        ndarray of the shape of `p` and (n_targets,)
            Infinite where the runs leave the target open.
        """
        from scipy.special import gammaln, stdtr, stdtrit  # here: a table is checked without SciPy

        p = np.asarray(p, dtype=float)[..., None]
        scale = np.hypot(self.scale, self.noise) if of_a_run else self.scale
        is_open = ~np.isfinite(scale).all(axis=1)
        scale = np.where(np.isfinite(scale), scale, 1.0)
        ends = self.middle + scale * stdtrit(self.dof, p[..., None])
        log_top = gammaln((self.dof + 1) / 2) - gammaln(self.dof / 2)
        top = self.weight * np.exp(log_top) / (np.sqrt(np.pi * self.dof) * scale)

        def above(x: Array, which: NDArray[np.intp]) -> tuple[Array, Array]:
            away = (x[..., None] - self.middle[which]) / scale[which]
            dof = self.dof[which]
            below = (self.weight[which] * stdtr(dof, away)).sum(axis=-1)
            density = (top[which] * (1 + away**2 / dof) ** (-(dof + 1) / 2)).sum(axis=-1)
            return below - p, density

        # The quantile of a mixture lies between those of its components.
        found = _find_root(above, (self.weight * ends).sum(axis=-1), ends.min(-1), ends.max(-1))
        return np.where(is_open, np.where(p > 0.5, np.inf, -np.inf), found)


def _find_root(
    rising: Callable[[Array, NDArray[np.intp]], tuple[Array, Array]], x: Array, lo: Array, hi: Array
) -> Array:
    """Root of rising functions by Newton's steps from x, halving where one does not help.

    That is where it leaves lo to hi, or the value did not fall to half. The last axis is over
    functions; `rising` takes points, and which functions they are for, and gives values and slopes.
    """
    left, found, last = np.arange(x.shape[-1]), x.copy(), np.full(x.shape, np.inf)
    for _ in range(ROUNDS):
        f, slope = rising(x, left)
        found[..., left] = x
        rounding = 4 * np.finfo(float).eps * np.abs(x) * slope
        wrong = (np.abs(f) > np.fmax(CLOSE, rounding)).reshape(-1, len(left)).any(axis=0)
        if not wrong.any():
            break
        left = left[wrong]
        x, f, slope, lo, hi, last = (a[..., wrong] for a in (x, f, slope, lo, hi, last))
        lo, hi = np.where(f < 0, x, lo), np.where(f < 0, hi, x)
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            step = x - f / slope
        helps = (lo <= step) & (step <= hi) & (np.abs(f) <= last / 2)
        x, last = np.where(helps, step, lo + (hi - lo) / 2), np.abs(f)
    return found
