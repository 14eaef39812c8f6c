"""Which directions do the runs vary in, and does a target lie along them?

A law needs runs that vary in N and in D by themselves. Where they lie on a line of (log N, log D),
or nearly so, what happens off that line is not known, whatever a fit says: the line is then all that
is fitted, and targets off it are not answered.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
LEAST_MINOR = 0.3  # root sum of squares, in log units: below it noise hides what the off-line says
OFF_LINE = 0.2  # log units: a target farther from the line is off it
SLOPE = 0.02  # of a line's direction: of one D, of one N, of one ray, of one budget


@dataclass(frozen=True)
class Design:
    """Where the runs lie in (log N, log D).

    Parameters
    ----------
    centre : ndarray of shape (2,)
        Mean of log N and log D.
    direction : ndarray of shape (2,)
        Unit vector along which they vary most, log N or else log D rising.
    major, minor : float
        Root sums of squares along it and across it, log units.
    """

    centre: Array
    direction: Array
    major: float
    minor: float

    @property
    def is_line(self) -> bool:
        """Whether the runs lie on a line, or so near to it that noise hides the rest."""
        return self.minor < LEAST_MINOR

    @property
    def across(self) -> Array:
        """Unit vector across the line."""
        return np.array([-self.direction[1], self.direction[0]])

    @property
    def fixed(self) -> str:
        """What all runs on the line share: ``D``, ``N``, ``D/N``, ``6ND`` or nothing simple."""
        cos, sin = self.direction
        for name, offset in {"D": sin, "N": cos, "D/N": cos - sin, "6ND": cos + sin}.items():
            if abs(offset) < SLOPE:
                return name
        return ""

    @property
    def variable(self) -> str:
        """What a law along the line is written in: ``N``, ``D``, or nothing for one budget.

        Along a line of equal or falling compute the loss is no power of anything.
        """
        cos, sin = self.direction
        if min(cos, sin) < -SLOPE:
            return ""
        return "N" if cos >= sin else "D"

    def off_line(self, N: ArrayLike, D: ArrayLike) -> Array:
        """Distance of designs from the line, log units."""
        return np.abs(self._log(N, D) @ self.across)

    def project(self, N: ArrayLike, D: ArrayLike) -> tuple[Array, Array]:
        """Put designs onto the line."""
        along = self._log(N, D) @ self.direction
        log_N, log_D = (self.centre[:, None] + self.direction[:, None] * along).tolist()
        return np.exp(log_N), np.exp(log_D)

    def _log(self, N: ArrayLike, D: ArrayLike) -> Array:
        logs = np.stack(np.broadcast_arrays(np.log(N), np.log(D)), axis=-1).reshape(-1, 2)
        return np.asarray(logs - self.centre, dtype=float)


def read_design(N: ArrayLike, D: ArrayLike) -> Design:
    """Read where the runs lie.

    Parameters
    ----------
    N, D : array_like of shape (n_runs,)
        Parameters and training tokens, > 0.
    """
    logs = np.stack([np.log(np.asarray(N, dtype=float)), np.log(np.asarray(D, dtype=float))], 1)
    centre = logs.mean(axis=0)
    _, spread, directions = np.linalg.svd(logs - centre, full_matrices=False)
    most = int(np.abs(directions[0]).round(6).argmax())
    direction = directions[0] * np.sign(directions[0][most])
    major, minor = (*spread, 0.0)[:2]
    return Design(centre, direction, float(major), float(minor))
