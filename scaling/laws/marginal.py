"""What is left of a linear law once its coefficients are integrated? Sums over a grid of exponents.

For given exponents a law is linear in its coefficients, so all but the exponents is integrated in
closed form. Where the runs do not vary in a direction, a target away from it has no finite width;
one along it has.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
N_COARSE, N_POINTS = 25, {1: 61, 2: 31}  # of a grid, for each exponent, by how many there are
REACH = 3.5  # standard deviations of the prior: farther out nothing is believed
SAME = 2.0  # factor between two widths of a peak
PASSES = 6  # at most
CHUNK = 1_000_000  # numbers at once
RANK = 1e-9  # singular value, of the largest, from which on a direction counts as varied
APART = 1e-6  # share of a target's direction that may lie where nothing varies


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


def close_in(
    find: Callable[[Array, Array], Sum], n_fits: int, n_exponents: int
) -> tuple[Array, Sum]:
    """Lay a grid over the prior, closest where the runs leave most of it.

    A few runs leave an exponent a narrow peak on broad shoulders. So points lie at
    ``mode + width sinh(u)``, u in even steps from one end of the prior to the other; mode and width
    are those that the grid before showed.

    Parameters
    ----------
    find : callable
        From points of shape (n_fits, n_points, n_exponents), in standard deviations of the prior,
        and the logarithm of what each stands for, of shape (n_fits, n_points).
    n_fits, n_exponents : int
        How many; without an exponent there is one point.

    Returns
    -------
    points : ndarray of shape (n_fits, n_points, n_exponents)
    Sum
    """
    if n_exponents == 0:
        points = np.zeros((n_fits, 1, 0))
        return points, find(points, np.zeros((n_fits, 1)))
    mode, width = np.zeros((n_fits, 1, n_exponents)), np.ones((n_fits, 1, n_exponents))
    for n_pass in range(PASSES):
        n_steps = N_POINTS[n_exponents] if n_pass else N_COARSE
        first, last = (np.arcsinh((end - mode) / width) for end in (-REACH, REACH))
        u = first + (last - first) * np.linspace(0, 1, n_steps)[:, None]
        axes, steps = mode + width * np.sinh(u), width * np.cosh(u) * (last - first) / (n_steps - 1)
        which = np.indices((n_steps,) * n_exponents).reshape(n_exponents, -1)
        points, sizes = (
            np.stack([a[:, k, i] for i, k in enumerate(which)], axis=-1) for a in (axes, steps)
        )
        found = find(points, np.log(sizes).sum(axis=-1))
        mode, seen = _find_peaks(found.weight, axes, steps)
        still = (seen < SAME * width) & (width < SAME * seen)
        if n_pass and still.all():
            break
        width = seen
    return points, found


def _find_peaks(weight: Array, axes: Array, steps: Array) -> tuple[Array, Array]:
    """Mode of each exponent, and the half width of its peak at exp(-1/2) of its height."""
    n_fits, n_steps, n_exponents = axes.shape
    grid = weight.reshape(n_fits, *[n_steps] * n_exponents)
    modes, widths = [], []
    for i in range(n_exponents):
        others = tuple(1 + k for k in range(n_exponents) if k != i)
        density = grid.sum(axis=others) / steps[..., i]
        top = density.argmax(axis=1)[:, None]
        high = density > np.exp(-0.5) * np.take_along_axis(density, top, axis=1)
        modes.append(np.take_along_axis(axes[..., i], top, axis=1))
        widths.append((steps[..., i] * high).sum(axis=1, keepdims=True) / 2)
    return np.stack(modes, axis=-1), np.stack(widths, axis=-1)
