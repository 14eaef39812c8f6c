"""By how much would one more run make a prediction surer? The gains of many runs at once.

The prediction is judged as it is made: by least squares on the log loss with a prior on the
exponent, with the runs' weights; a further run has the weight 1. What a run then adds to it is its
noise and its misfit, which neighbours share and which are larger the farther below the target it
lies; so a cheap run may do harm. The constants of `LawMisfit`, and the noise, were looked at with
the testbed's large runs in view (`scaling.studies.decide.plan_rules` shows what neighbouring values
do).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scaling.costs.total import TRAINING
from scaling.laws.posterior import Posterior
from scaling.laws.prior import Belief

Array = NDArray[np.float64]
WIDE = 1.0  # standard deviation of each term of the law, in losses: the plan works from one run
LEAST_OF_MIDDLE = 0.05  # of that in the middle of the runs: a law of few runs may fall below zero


class Cells(NamedTuple):
    """Parameters and tokens of runs, arrays of shape (n_cells,)."""

    N: Array
    D: Array

    @property
    def C(self) -> Array:
        """Training compute, FLOPs."""
        return TRAINING * self.N * self.D

    def take(self, which: NDArray[np.bool_] | NDArray[np.int_] | list[int]) -> Cells:
        """Some of them, by a mask or by position."""
        return Cells(self.N[which], self.D[which])

    def plus(self, N: float, D: float) -> Cells:
        """The same and one more."""
        return Cells(np.append(self.N, N), np.append(self.D, D))


@dataclass(frozen=True)
class LawMisfit:
    """How runs scatter around a law besides their own noise.

    Parameters
    ----------
    shared : float
        Share of the variance that runs of one N and D have in common, from 0 to below 1.
    length : float
        Distance in ``(log N, log D)`` over which it is lost.
    closer : float
        A run of compute C scatters ``(C_target / C)^closer`` times as much as one at the target.
    """

    shared: float = 0.65
    length: float = 1.0
    closer: float = 0.075


NOISE_ALONE = LawMisfit(shared=0.0, closer=0.0)


@dataclass(frozen=True)
class LawAt:
    """One tied law, ``E + A (N/N_0)^-alpha + B (D/D_0)^-alpha``, of any sign.

    Parameters
    ----------
    alpha : float
        Its exponent.
    terms : ndarray of shape (3,)
        E, A and B, nats per token.
    centre : tuple of float
        N_0 and D_0.
    """

    alpha: float
    terms: Array
    centre: tuple[float, float]

    def _powers(self, N: ArrayLike, D: ArrayLike) -> tuple[Array, Array]:
        """The three terms' dependence on N and D, and ``log N/N_0`` and ``log D/D_0``."""
        logs = np.stack(np.broadcast_arrays(np.log(N), np.log(D)))
        logs = logs - np.log(self.centre).reshape(2, *[1] * (logs.ndim - 1))
        return np.stack([np.ones_like(logs[0]), *np.exp(-self.alpha * logs)]), logs

    def predict(self, N: ArrayLike, D: ArrayLike) -> Array:
        """Losses, nats per token."""
        return np.asarray(np.tensordot(self.terms, self._powers(N, D)[0], axes=1))

    def slopes(self, N: ArrayLike, D: ArrayLike) -> Array:
        """Derivatives of the log loss by the three terms, in losses at the centre, and log alpha.

        Returns
        -------
        ndarray of shape (n_cells, 4)
        """
        powers, logs = self._powers(N, D)
        middle = max(float(self.terms.sum()), float(np.abs(self.terms).max()))
        loss = np.maximum(self.terms @ powers, LEAST_OF_MIDDLE * middle)
        by_alpha = -self.alpha * (self.terms[1:, None] * powers[1:] * logs).sum(axis=0)
        columns: Array = np.vstack([middle * powers, by_alpha]) / loss
        return columns.T


def read_law(posterior: Posterior) -> LawAt:
    """The law in the middle of a posterior of the tied law of one table.

    That of the mean log exponent, among those whose terms are all above zero if there are any.
    """
    exponents, weight = posterior.exponents[0, :, 0], posterior.sum.weight[0]
    axes = np.broadcast_to(np.eye(3)[:, None], (3, len(exponents), 3))
    terms = np.stack([posterior.sum.at(axis[None])[0][0] for axis in axes], axis=1)
    sound = (terms > 0).all(axis=1)
    kept = np.where(sound, weight, 0.0) if weight @ sound > 0 else weight
    logs = np.log(exponents)
    away = np.abs(logs - kept @ logs / kept.sum())
    middle = int(np.where(kept > 0, away, np.inf).argmin())
    return LawAt(
        float(exponents[middle]), terms[middle] * float(posterior.unit[0, 0]), posterior.centre
    )


class Variances(NamedTuple):
    """Variance of the log loss predicted at the target: now, and with each candidate in turn."""

    now: float
    after: Array

    @property
    def gain(self) -> Array:
        """By how much each candidate lowers it; below 0 where it does harm."""
        return self.now - self.after


def find_variances(
    law: LawAt,
    runs: Cells,
    candidates: Cells,
    target: tuple[float, float],
    belief: Belief,
    misfit: LawMisfit,
    weights: ArrayLike | None = None,
) -> Variances:
    """Find how unsure the loss predicted at a target is, now and with one more run.

    Parameters
    ----------
    law : LawAt
        Around which the loss is taken as linear.
    runs, candidates : Cells
        Runs that are fitted, none or more; and those of which one may be added.
    target : tuple of float
        Parameters and tokens.
    belief : Belief
        Noise ``s`` of the log loss, and spread ``tau`` of the log exponent.
    misfit : LawMisfit
        What runs share.
    weights : array_like of shape (n_runs,), optional
        Case weights of the runs; a candidate has one.

    Returns
    -------
    Variances

    Notes
    -----
    With slopes J of the runs and g of the target, weights Q and prior precision P, the runs'
    weights in the prediction are ``h = Q J v / s^2``, where ``v = S g`` and
    ``S = (J' Q J / s^2 + P)^-1``. Its error has the variance ``s^2 (h'C h - 2 c'h + rho) + v'P v``
    with the scatter C of the runs and what they share with the target, c. A further run j takes
    the weight ``h_j = j'v / (s^2 + j'S j)``; v falls by ``h_j S j``, and h by
    ``h_j Q J S j / s^2``.

    The scatter is ``C_ij = w_i w_j ((1 - rho) delta_ij / Q_i + rho R_ij)``, R a squared exponential
    of the distance in ``(log N, log D)`` and w as `LawMisfit` says. Without misfit this is the
    textbook's c-optimality.
    """
    n_runs = len(runs.N)
    Q = np.ones(n_runs) if weights is None else np.asarray(weights, dtype=float)
    columns = zip(runs, candidates, target, strict=True)
    everywhere = Cells(*(np.concatenate([*both, [last]]) for *both, last in columns))
    slopes = law.slopes(*everywhere)
    J, others, g = slopes[:n_runs], slopes[n_runs:-1], slopes[-1]
    s2, P = belief.sigma_0**2, np.array([WIDE, WIDE, WIDE, belief.tau]) ** -2.0
    S = np.linalg.inv(J.T @ (J * Q[:, None]) / s2 + np.diag(P))
    shared, own = find_scatter(everywhere, misfit)
    C = shared[:n_runs, :n_runs] + np.diag(own[:n_runs] / np.maximum(Q, np.finfo(float).tiny))
    with_target, at_target = shared[:-1, -1], shared[-1, -1]

    v = S @ g
    h = Q * (J @ v) / s2
    now = s2 * (h @ C @ h - 2 * with_target[:n_runs] @ h + at_target) + P @ v**2
    along = others @ S  # S j, a row for each candidate
    h_j = others @ v / (s2 + (along * others).sum(axis=1))
    v_after = v - h_j[:, None] * along
    h_after = h - h_j[:, None] * (Q * (along @ J.T) / s2)
    between, of_own = shared[n_runs:-1, :n_runs], (shared.diagonal() + own)[n_runs:-1]
    scatter = ((h_after @ C) * h_after).sum(axis=1) + h_j**2 * of_own
    scatter += 2 * h_j * (h_after * between).sum(axis=1)
    common = h_after @ with_target[:n_runs] + h_j * with_target[n_runs:]
    return Variances(float(now), s2 * (scatter - 2 * common + at_target) + v_after**2 @ P)


def find_scatter(cells: Cells, misfit: LawMisfit) -> tuple[Array, Array]:
    """What cells share, and the variance that each has alone; the last is the target.

    Both over the variance of the noise, of shapes (n_cells, n_cells) and (n_cells,).
    """
    w = (cells.C[-1] / cells.C) ** misfit.closer
    logs = np.log(np.stack(cells)) / misfit.length
    distance = ((logs[:, :, None] - logs[:, None]) ** 2).sum(axis=0)
    shared = misfit.shared * np.outer(w, w) * np.exp(-distance / 2)
    return shared, (1 - misfit.shared) * w**2
