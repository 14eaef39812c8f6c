"""How surely do the runs hold a prediction, if the law holds? A posterior, exact on a grid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scaling.laws.law import FLOPS_PER_PARAMETER_TOKEN
from scaling.laws.marginal import Sum, close_in, sum_over
from scaling.laws.mixture import Mixture
from scaling.laws.prior import Belief

Array = NDArray[np.float64]
# The powers of N and D in each term of a law, and which exponent each has.
TERMS = {
    "tied": ((0, (1, 0)), (0, (0, 1))),
    "free": ((0, (1, 0)), (1, (0, 1))),
    "compute": ((0, (1, 1)),),
    "N": ((0, (1, 0)),),
    "D": ((0, (0, 1)),),
}
LEAST_LOSS = 1e-9  # of the largest: less is no loss of the same law


@dataclass(frozen=True)
class Posterior:
    """What runs say of a loss law; first axis over fits, then over points of the grid.

    Parameters
    ----------
    law : str
        One of `TERMS`.
    exponents : ndarray of shape (n_fits, n_points, n_exponents)
        The grid.
    centre : tuple of float
        Geometric means of N and D.
    unit : ndarray of shape (n_fits, 1)
        Largest loss, nats.
    held : float or None
        E where it is held, nats.
    sum : Sum
        What the runs show at each point, in units of `unit`.
    """

    law: str
    exponents: Array
    centre: tuple[float, float]
    unit: Array
    held: float | None
    sum: Sum

    def at(self, N: ArrayLike, D: ArrayLike) -> Mixture:
        """The loss of targets.

        Parameters
        ----------
        N, D : float or array_like of shape (n_targets,)
            Their parameters and tokens; one for each fit, or any number for a single fit.
        """
        logs = [
            np.log(np.atleast_1d(np.asarray(count, dtype=float)) / middle)
            for count, middle in zip((N, D), self.centre, strict=True)
        ]
        terms = _make_terms(
            self.law, self.exponents, np.stack(np.broadcast_arrays(*logs))[..., None]
        )
        x = np.stack(terms if self.held is not None else [np.ones_like(terms[0]), *terms], axis=-1)
        return self._mix(x[..., 0, :], self.held or 0.0)

    def _mix(self, x: Array, rest: float = 0.0) -> Mixture:
        """Mixture of ``x . coefficients``, in nats, and of what is held."""
        middle, scale = self.sum.at(x)
        middle = middle * self.unit + rest
        weight, noise, dof = (
            np.broadcast_to(a, middle.shape)
            for a in (self.sum.weight, self.sum.noise, self.sum.dof)
        )
        return Mixture(weight, middle, scale * self.unit, noise * np.abs(middle), dof)

    def find_coefficients(self, p: ArrayLike) -> dict[str, Array]:
        """Quantiles of the coefficients of a single fit, by name, those of a loss in nats.

        Amplitudes are those at one parameter, one token or one FLOP. Exponents are read off the
        grid, the logarithm between two points by a straight line.

        Parameters
        ----------
        p : array_like
            Between 0 and 1.

        Returns
        -------
        dict of str to ndarray of the shape of `p`
            What is held is the same throughout; infinite where the runs leave it open.
        """
        p, exponents = np.asarray(p, dtype=float), self.exponents[:1]
        found = {} if self.held is None else {"E": np.full(p.shape, self.held)}
        scales = {} if self.held is not None else {"E": np.ones(exponents.shape[:2])}
        N_0, D_0 = self.centre
        unit = FLOPS_PER_PARAMETER_TOKEN if self.law == "compute" else 1.0
        for name, (which, (of_N, of_D)) in zip(("A", "B"), TERMS[self.law], strict=False):
            scales[name] = (unit * N_0**of_N * D_0**of_D) ** exponents[..., which]
        for column, (name, scale) in enumerate(scales.items()):
            x = np.zeros((*scale.shape, len(scales)))
            x[..., column] = scale
            found[name] = self._mix(x).quantile(p)[..., 0]
        for name, values in zip(("alpha", "beta"), np.moveaxis(exponents[0], -1, 0), strict=False):
            found[name] = _read_off(values, self.sum.weight[0], p)
        return found


def _read_off(values: Array, weight: Array, p: Array) -> Array:
    """Quantiles of positive values on a grid, each of which stands for those nearest to it."""
    points, which = np.unique(np.log(values), return_inverse=True)
    if len(points) == 1:
        return np.full(p.shape, values[0])
    steps = np.diff(points)
    edges = points[0] - steps[0] / 2, *(points[:-1] + steps / 2), points[-1] + steps[-1] / 2
    below = np.concatenate([[0.0], np.cumsum(np.bincount(which, weight))])
    return np.exp(np.interp(p, below / below[-1], edges))


def _make_terms(law: str, exponents: Array, logs: Array) -> list[Array]:
    """Terms of a law at log counts of shape (2, n_fits or 1, n_counts), relative to the centre.

    Each of shape (n_fits, n_points, n_counts).
    """
    log_N, log_D = logs[:, :, None]
    return [
        np.exp(-exponents[:, :, which, None] * (of_N * log_N + of_D * log_D))
        for which, (of_N, of_D) in TERMS[law]
    ]


def find_posterior(
    N: ArrayLike,
    D: ArrayLike,
    loss: ArrayLike,
    belief: Belief,
    *,
    law: str = "tied",
    weights: ArrayLike | None = None,
    fix: Mapping[str, float] = MappingProxyType({}),
) -> Posterior:
    """Posterior of a loss law whose residuals are relative.

    Parameters
    ----------
    N, D : array_like of shape (n_runs,)
        Parameters and tokens, > 0.
    loss : array_like of shape (n_runs,) or (n_fits, n_runs)
        Losses in nats per token, > 0.
    belief : Belief
        What is believed of the exponents and of the noise.
    law : str
        One of `TERMS`.
    weights : array_like of shape (n_runs,), optional
        Case weights, >= 0; the noise is that of a run of weight one.
    fix : mapping of str to float
        E, alpha or beta where they are held.

    Notes
    -----
    The rows are ``X_i = (1, (N_i/N_0)^-a, (D_i/D_0)^-a) / L_i``, to be fitted to ones; what is
    believed of an exponent is normal in its logarithm. A law in C has half the exponent of one in
    N and D, if N and D rise together.
    """
    N, D = np.asarray(N, dtype=float), np.asarray(D, dtype=float)
    L = np.atleast_2d(np.asarray(loss, dtype=float))
    unit = L.max(axis=1, keepdims=True)
    inverse = 1.0 / np.maximum(L / unit, LEAST_LOSS)
    centre = float(np.exp(np.log(N).mean())), float(np.exp(np.log(D).mean()))
    logs = np.stack([np.log(N / centre[0]), np.log(D / centre[1])])[:, None]
    held, root = fix.get("E"), np.ones_like(N)
    if weights is not None:
        root = np.sqrt(np.asarray(weights, dtype=float))
    measured = (1.0 - (held or 0.0) / unit * inverse) * root
    scaled = inverse * root
    middle = belief.alpha_0 / (2.0 if law == "compute" else 1.0)
    names = ("alpha", "beta")[: 1 + max(which for which, _ in TERMS[law])]
    asked = [name for name in names if name not in fix]

    def exponents_at(z: Array) -> Array:
        believed = dict(
            zip(asked, np.moveaxis(middle * np.exp(belief.tau * z), -1, 0), strict=True)
        )
        shape = z.shape[:2]
        return np.stack([believed.get(n, np.full(shape, fix.get(n))) for n in names], axis=-1)

    def make_rows(z: Array) -> Array:
        terms = _make_terms(law, exponents_at(z), logs)
        columns = terms if held is not None else [np.ones_like(terms[0]), *terms]
        columns = [scaled[:, None] * column for column in columns]
        return np.stack([*columns, np.broadcast_to(measured[:, None], columns[0].shape)], axis=-1)

    def find(z: Array, log_size: Array) -> Sum:
        prior = log_size - (z**2).sum(axis=-1) / 2
        n_runs = int(np.count_nonzero(root))
        return sum_over(make_rows, z, prior, n_runs, (belief.sigma_0, belief.nu))

    points, found = close_in(find, len(L), len(asked))
    return Posterior(law, exponents_at(points), centre, unit, held, found)
