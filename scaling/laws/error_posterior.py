"""How surely do the runs hold an error, if the error law holds? An exact posterior on a grid.

For a given rate the law is linear, as a loss law is for given exponents, so it has the posterior of
`scaling.laws.posterior`, with residuals that are absolute.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass

import numpy as np
from numpy.typing import ArrayLike

from scaling.laws.marginal import Array, Sum, close_in, sum_over
from scaling.laws.mixture import Mixture
from scaling.laws.observations import read_vector

MOST_EXPONENT = 600.0  # of e: more is no float
LEAST_SIZE = 1e-100  # nats: of runs of one loss


@dataclass(frozen=True)
class ErrorBelief:
    """What is believed of an error law before the errors are read; all four above zero.

    Parameters
    ----------
    gamma_0 : float
        Rate in the middle, per nat.
    tau : float
        Standard deviation of ``log gamma``.
    s_0 : float
        Standard deviation of the error of a run around its law, a fraction.
    nu : float
        Degrees of freedom that `s_0` is worth.
    """

    gamma_0: float
    tau: float
    s_0: float
    nu: float

    def __post_init__(self) -> None:
        """Refuse what is no belief."""
        if not all(0 < value < np.inf for value in astuple(self)):
            raise ValueError(f"belief must be finite and > 0 in all it says, got {self}")


@dataclass(frozen=True)
class ErrorPosterior:
    """What runs say of an error law; first axis over fits, then over points of the grid.

    Parameters
    ----------
    gamma : ndarray of shape (n_fits, n_points)
        The grid, per nat.
    size : ndarray of shape (n_fits, n_points)
        Largest fall from the middle of the runs to one of them, for a slope of one.
    centre : float
        Mean loss of the runs, nats per token.
    sum : Sum
        What the runs show at each point: the error at the centre, and `size` times the slope there.
    """

    gamma: Array
    size: Array
    centre: float
    sum: Sum

    def at(self, loss: ArrayLike) -> Mixture:
        """The error at some losses, a fraction.

        Parameters
        ----------
        loss : float or array_like of shape (n_targets,)
            Nats per token; one for each fit, or any number for a single fit.
        """
        away = np.atleast_1d(np.asarray(loss, dtype=float))[:, None] - self.centre
        with np.errstate(over="ignore", invalid="ignore"):
            rise = _rise(self.gamma, away) / self.size
            middle, scale = self.sum.at(np.stack([np.ones_like(rise), rise], axis=-1))
        scale = np.where(np.isfinite(middle), scale, np.inf)
        weight, noise, dof = (
            np.broadcast_to(a, middle.shape)
            for a in (self.sum.weight, self.sum.noise, self.sum.dof)
        )
        return Mixture(weight, middle, scale, noise, dof)


def _rise(gamma: Array, away: Array) -> Array:
    """``(1 - exp(-gamma (L - centre))) / gamma``: a line of slope one where gamma is small."""
    return -np.expm1(np.minimum(-gamma * away, MOST_EXPONENT)) / gamma


def find_error_posterior(loss: ArrayLike, error: ArrayLike, belief: ErrorBelief) -> ErrorPosterior:
    """Posterior of the error law ``Err(L) = epsilon - k exp(-gamma L)``.

    Parameters
    ----------
    loss : array_like of shape (n_runs,)
        Losses in nats per token.
    error : array_like of shape (n_runs,) or (n_fits, n_runs)
        Errors, fractions.
    belief : ErrorBelief
        What is believed of the rate and of the noise.

    Notes
    -----
    Written with the error e and the slope b at the mean loss c of the runs,
    ``Err(L) = e + b (1 - exp(-gamma (L - c))) / gamma``: the same law, but a straight line is one
    of its members, and what is believed of e and b, nothing, does not depend on gamma.
    """
    L = read_vector("loss", loss)
    errors = np.atleast_2d(np.asarray(error, dtype=float))
    centre = float(L.mean())

    def rises(z: Array) -> tuple[Array, Array]:
        rise = _rise(belief.gamma_0 * np.exp(belief.tau * z), L - centre)
        size = np.maximum(np.abs(rise).max(axis=-1, keepdims=True), LEAST_SIZE)
        return rise / size, size[..., 0]

    def make_rows(z: Array) -> Array:
        rise, _ = rises(z)
        columns = np.ones_like(rise), rise, np.broadcast_to(errors[:, None], rise.shape)
        return np.stack(columns, axis=-1)

    def find(z: Array, log_size: Array) -> Sum:
        log_prior = log_size - z[..., 0] ** 2 / 2 - np.log(rises(z)[1])
        return sum_over(make_rows, z, log_prior, len(L), (belief.s_0, belief.nu))

    points, found = close_in(find, len(errors), 1)
    gamma = belief.gamma_0 * np.exp(belief.tau * points[..., 0])
    return ErrorPosterior(gamma, rises(points)[1], centre, found)
