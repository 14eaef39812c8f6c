"""How surely do the runs hold a prediction, if the law holds? An exact posterior on a grid.

For given exponents a law is linear in its coefficients, so all but the exponents is integrated in
closed form and the exponents are summed over a grid. Where the runs do not vary in a direction, a
prediction away from it has no finite width; one along it has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scaling.laws.law import FLOPS_PER_PARAMETER_TOKEN
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
N_COARSE, N_FINE = 15, {1: 45, 2: 25}  # points of a grid, of each exponent, by how many there are
REACH, SPREAD = 3.5, 4.5  # standard deviations: of the prior, then of the posterior
LEAST_STEPS = 1.2  # of a grid, in the standard deviation of what it shows
PASSES = 4  # at most
CHUNK = 1_000_000  # numbers at once
RANK = 1e-9  # singular value, of the largest, from which on a direction counts as varied
APART = 1e-6  # share of a target's direction that may lie where nothing varies
ROUNDS, CLOSE = 60, 1e-13  # of a quantile
LEAST_LOSS = 1e-9  # of the largest: less is no loss of the same law


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


@dataclass(frozen=True)
class Sum:
    """What a linear law shows at every point of a grid; first axis over fits, then over points.

    Parameters
    ----------
    weight, noise, dof : ndarray of shape (n_fits, n_points)
        Share of a point; scale of a residual, and its degrees of freedom.
    shown, inverse : ndarray of shape (n_fits, n_points, n_terms)
        What the runs show along each singular direction, and one over its singular value, 0 where
        they do not vary.
    directions : ndarray of shape (n_fits, n_points, n_terms, n_terms)
        Singular directions of the coefficients.
    """

    weight: Array
    noise: Array
    dof: Array
    shown: Array
    inverse: Array
    directions: Array

    def at(self, x: Array) -> tuple[Array, Array]:
        """Centre and scale of ``x . coefficients``, scale infinite where it is open.

        Parameters
        ----------
        x : ndarray of shape (n_targets, n_points, n_terms)
            One target for each fit, or any number for a single fit.
        """
        along = (self.directions @ x[..., None])[..., 0]
        middle = (along * self.inverse * self.shown).sum(axis=-1)
        leverage = ((along * self.inverse) ** 2).sum(axis=-1)
        unvaried = (along * (self.inverse == 0.0)) ** 2
        outside = unvaried.sum(axis=-1) > APART**2 * (x**2).sum(axis=-1)
        return middle, np.where(outside, np.inf, self.noise * np.sqrt(leverage))


def sum_over(
    make_rows: Callable[[Array], Array],
    grid: Array,
    log_prior: Array,
    n_rows: int,
    belief: tuple[float, float],
) -> Sum:
    """Integrate the coefficients of a law that is linear at every point of a grid.

    Parameters
    ----------
    make_rows : callable
        From points of shape (n_fits, n_chunk, n_exponents) to an array of shape (n_fits, n_chunk,
        n_rows, n_terms + 1), its last column what is measured.
    grid : ndarray of shape (n_fits, n_points, n_exponents)
        Exponents.
    log_prior : ndarray of shape (n_fits, n_points)
        Logarithm of what is believed of them.
    n_rows : int
        Runs that count.
    belief : tuple of float
        Noise of a residual that is believed in, and the degrees of freedom that it is worth.

    Notes
    -----
    Least squares on rows of rank r leave SSR. With a noise s_0 worth nu degrees of freedom, the
    noise is ``s^2 = (nu s_0^2 + SSR) / (nu + n - r)``, a target x Student's t of so many degrees
    of freedom and of scale ``s |R^-T x|``, and the weight of a point its prior times
    ``prod(singular values)^-1 (nu s_0^2 + SSR)^(-(nu + n - r) / 2)``.
    """
    s_0, nu = belief
    size = make_rows(grid[:, :1]).size
    chunks = np.array_split(np.arange(grid.shape[1]), -(-size * grid.shape[1] // CHUNK))
    upper = np.concatenate([_triangles(make_rows(grid[:, chunk])) for chunk in chunks], axis=1)
    left, values, directions = np.linalg.svd(upper[..., :-1, :-1])
    varied = values > RANK * values[..., :1]
    kept = np.where(varied, values, 1.0)
    shown = (left.swapaxes(-1, -2) @ upper[..., :-1, -1:])[..., 0]
    missed = (np.where(varied, 0.0, shown) ** 2).sum(axis=-1) + upper[..., -1, -1] ** 2
    dof = nu + n_rows - varied.sum(axis=-1)
    total = nu * s_0**2 + missed
    log_weight = log_prior - np.log(kept).sum(axis=-1) - dof / 2 * np.log(total)
    weight = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
    weight /= weight.sum(axis=1, keepdims=True)
    inverse = np.where(varied, 1.0 / kept, 0.0)
    return Sum(weight, np.sqrt(total / dof), dof, shown, inverse, directions)


def _triangles(rows: Array) -> Array:
    """R of QR decompositions, square however few the rows are."""
    R: Array = np.asarray(np.linalg.qr(rows, mode="r"))
    missing = rows.shape[-1] - R.shape[-2]
    return np.pad(R, [(0, 0)] * (R.ndim - 2) + [(0, missing), (0, 0)])


def close_in(find: Callable[[Array], Sum], n_fits: int, n_exponents: int) -> tuple[Array, Sum]:
    """Lay a grid over the prior, and then finer ones over what the runs leave of it.

    Parameters
    ----------
    find : callable
        From points of shape (n_fits, n_points, n_exponents), in standard deviations of the prior.
    n_fits, n_exponents : int
        How many; without an exponent there is one point.

    Returns
    -------
    points : ndarray of shape (n_fits, n_points, n_exponents)
    Sum
    """
    if n_exponents == 0:
        points = np.zeros((n_fits, 1, 0))
        return points, find(points)
    middle, spread = np.zeros((n_fits, n_exponents)), np.ones((n_fits, n_exponents))
    n_steps, reach = N_COARSE, REACH
    for _ in range(PASSES):
        axis = np.linspace(-reach, reach, n_steps)
        mesh = np.stack(np.meshgrid(*[axis] * n_exponents, indexing="ij"), axis=-1)
        points = middle[:, None] + spread[:, None] * mesh.reshape(-1, n_exponents)
        found = find(points)
        step = spread * (axis[1] - axis[0])
        seen = (found.weight[..., None] * points).sum(axis=1)
        var = (found.weight[..., None] * (points - seen[:, None]) ** 2).sum(axis=1)
        if n_steps != N_COARSE and (var >= (LEAST_STEPS * step) ** 2).all():
            break
        middle, spread = seen, np.sqrt(np.maximum(var, (step / 2) ** 2))
        n_steps, reach = N_FINE[n_exponents], SPREAD
    return points, found


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

    def find(z: Array) -> Sum:
        prior = -(z**2).sum(axis=-1) / 2
        n_runs = int(np.count_nonzero(root))
        return sum_over(make_rows, z, prior, n_runs, (belief.sigma_0, belief.nu))

    points, found = close_in(find, len(L), len(asked))
    return Posterior(law, exponents_at(points), centre, unit, held, found)
