"""How surely do a few points hold a straight line? Student's t, with n - 2 degrees of freedom."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from scaling.laws.mixture import Array, Mixture
from scaling.laws.observations import FitError, read_vector

LEAST_POINTS = 3  # two for the line, one to judge it by
ROUNDING = 1e-13  # of the largest value: scatter below it is rounding
CLOSE = 1e-12  # of the scatter, where it is searched for


@dataclass(frozen=True)
class Line:
    """A straight line, written about the point where height and slope are independent.

    Parameters
    ----------
    centre : float
        Weighted mean of x.
    height, slope : float
        The line there, and its slope.
    height_std, slope_std : float
        Standard errors of both.
    scatter : float
        Standard deviation of a point around the line, beside the noise that is known.
    dof : int
        Degrees of freedom, ``n_points - 2``.
    """

    centre: float
    height: float
    slope: float
    height_std: float
    slope_std: float
    scatter: float
    dof: int

    def read(self, x: ArrayLike) -> Array:
        """Height of the line at some x."""
        return self.height + self.slope * (np.asarray(x, dtype=float) - self.centre)

    def at(self, x: ArrayLike, known: ArrayLike = 0.0) -> Mixture:
        """Student's t of the line at some x, a single component each.

        The scale is ``sqrt(height_std^2 + (x - centre)^2 slope_std^2)``, the leverage of x.

        Parameters
        ----------
        x : array_like of shape (n_targets,)
            Where.
        known : array_like
            Standard deviation of a point there by the noise that is known, as of counting: it
            adds to the scatter.
        """
        x = np.atleast_1d(np.asarray(x, dtype=float))
        scale = np.hypot(self.height_std, (x - self.centre) * self.slope_std)
        noise = np.broadcast_to(np.hypot(self.scatter, known), x.shape)
        parts = np.ones_like(x), self.read(x), scale, noise, np.full_like(x, self.dof)
        return Mixture(*(part[:, None] for part in parts))

    def weigh(self, known: ArrayLike | None) -> Array | float:
        """Inverse variance of points whose known noise has these standard deviations."""
        return 1 / (self.scatter**2 + np.asarray(0.0 if known is None else known) ** 2)

    def bound_slope(self, level: float) -> tuple[float, float]:
        """Ends of the interval of the slope, ``slope -+ t slope_std``, between 0 and 1 sure."""
        from scipy.special import stdtrit  # here: a table is checked without SciPy

        half = float(stdtrit(self.dof, (1 + level) / 2)) * self.slope_std
        return self.slope - half, self.slope + half


@dataclass(frozen=True)
class Bend:
    """A parabola through the points of a line.

    Parameters
    ----------
    line : Line
        The line.
    centre, unit : float
        Middle of x, and its range.
    coefficients : tuple of float
        Of the square, the slope and the height in ``(x - centre) / unit``.
    is_told : bool
        Whether a 90 % interval of the square does not hold zero.
    """

    line: Line
    centre: float
    unit: float
    coefficients: tuple[float, float, float]
    is_told: bool

    def read(self, x: ArrayLike) -> Array:
        """Height of the parabola at some x."""
        away = (np.asarray(x, dtype=float) - self.centre) / self.unit
        return np.asarray(np.polyval(self.coefficients, away))

    def leave(self, x: ArrayLike) -> Array:
        """How far the parabola is from the line at some x."""
        return np.abs(self.read(x) - self.line.read(x))


def fit_bend(x: ArrayLike, y: ArrayLike, line: Line, known: ArrayLike | None = None) -> Bend:
    """Fit a parabola to the points of a line, with the line's weights, to see whether it holds.

    Parameters
    ----------
    x, y, known : array_like of shape (n_points,)
        As `fit_line` took them; at least four points.
    line : Line
        What it gave.

    Raises
    ------
    FitError
        Fewer than four points.
    """
    from scipy.special import stdtrit  # here: a table is checked without SciPy

    x, y = read_vector("x", x), read_vector("y", y)
    dof = len(x) - 3
    if dof < 1:
        raise FitError(f"a parabola needs 4 points to be judged by, got {len(x)}")
    centre, unit = float(x.mean()), float(np.ptp(x))
    root = np.sqrt(np.broadcast_to(line.weigh(known), x.shape))
    rows = np.vander((x - centre) / unit, 3) * root[:, None]
    found, _, rank, _ = np.linalg.lstsq(rows, y * root, rcond=None)
    left = float(np.sum((y * root - rows @ found) ** 2)) / dof
    if line.scatter == 0:
        left = max(left, 1.0)  # of the noise that is known
    std = np.sqrt(left * np.linalg.pinv(rows.T @ rows)[0, 0])
    is_told = bool(rank == 3 and abs(found[0]) > stdtrit(dof, 0.95) * std)
    a, b, c = found.tolist()
    return Bend(line, centre, unit, (a, b, c), is_told)


def fit_line(x: ArrayLike, y: ArrayLike, known: ArrayLike | None = None) -> Line:
    """Fit a straight line to points whose noise is partly known.

    ``y_i = height + slope (x_i - centre) + noise``, of variance ``scatter^2 + known_i^2``. Least
    squares with the inverse variances for weights w; the scatter is what makes
    ``sum w_i r_i^2 = n - 2``, or 0 where what is known is enough. Without known noise that is the
    ordinary line with its exact Student's t.

    Parameters
    ----------
    x, y : array_like of shape (n_points,)
        The points.
    known : array_like of shape (n_points,), optional
        Standard deviation of each y that is known beforehand, above zero.

    Raises
    ------
    FitError
        Fewer than three points, or all have one x.

    References
    ----------
    Paule and Mandel, J. Res. Natl. Bur. Stand. 87, 377 (1982), for the scatter; Knapp and Hartung,
    Stat. Med. 22, 2693 (2003), for Student's t beside it.
    """
    x, y = read_vector("x", x), read_vector("y", y)
    noise = np.zeros_like(y) if known is None else read_vector("known", known, positive=True)
    if len(x) < LEAST_POINTS:
        raise FitError(f"a line needs {LEAST_POINTS} points to be judged by, got {len(x)}")
    x_0, x_unit = x.mean(), np.ptp(x)
    rounding = max(ROUNDING * np.abs(y).max(), np.finfo(float).tiny)
    y_0, y_unit = y.mean(), max(np.ptp(y), noise.max(), rounding)
    if not x_unit > ROUNDING * np.abs(x).max():
        raise FitError("a line needs points that differ in x")
    u, v, variance = (x - x_0) / x_unit, (y - y_0) / y_unit, (noise / y_unit) ** 2
    least = (ROUNDING * max(np.abs(y).max() / y_unit, 1.0)) ** 2
    scatter = _find_scatter(u, v, variance, least)
    centre, height, slope, height_var, slope_var, _ = _fit_weighted(u, v, scatter + variance)
    per = y_unit / x_unit
    line = Line(
        centre=float(x_0 + x_unit * centre),
        height=float(y_0 + y_unit * height),
        slope=float(per * slope),
        height_std=float(y_unit * np.sqrt(height_var)),
        slope_std=float(per * np.sqrt(slope_var)),
        scatter=float(y_unit * np.sqrt(scatter)),
        dof=len(x) - 2,
    )
    if not np.isfinite([line.slope, line.slope_std]).all():
        raise FitError("a line needs points that differ in x")
    return line


def _fit_weighted(
    u: Array, v: Array, variance: Array
) -> tuple[float, float, float, float, float, float]:
    """Centre, height, slope, both variances, and the weighted squares that are left."""
    w = 1 / variance
    centre, height = float(w @ u / w.sum()), float(w @ v / w.sum())
    away = u - centre
    spread = float(w @ away**2)
    slope = float(w @ (away * v)) / spread
    left = float(w @ (v - height - slope * away) ** 2)
    return centre, height, slope, 1 / float(w.sum()), 1 / spread, left


def _find_scatter(u: Array, v: Array, variance: Array, least: float) -> float:
    """Variance beside what is known that leaves as many weighted squares as degrees of freedom."""
    from scipy.optimize import brentq

    dof = len(u) - 2
    most = _fit_weighted(u, v, np.ones_like(u))[-1] / dof
    if not variance.any():
        return max(most, least)

    def excess(scatter: float) -> float:
        return _fit_weighted(u, v, scatter + variance)[-1] - dof

    # No weighted fit leaves more than `most` allows, so that the root lies below it.
    if most == 0 or excess(0.0) <= 0:
        return 0.0
    return float(brentq(excess, 0.0, most * (1 + CLOSE), xtol=CLOSE * most))
