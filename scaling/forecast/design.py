"""Along which line do the runs lie, if on one, and is a target off it? Log N against log D.

A law needs runs that vary in N and in D by themselves. Where they lie on a line of (log N, log D),
or so near to it that noise hides the rest, nothing is known of what lies off it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
LEAST_MINOR = 0.3  # root sum of squares, log units: below it noise hides what lies off the line
OFF_LINE = 0.2  # log units: a target farther away is off the line
SAME = 1e-6  # relative
LEAST_RISE = 1e-9  # of a direction in which nothing falls
# What the runs of a line may share, as powers of N and D; how it is said, and what is then unknown.
SHARED = {
    "D": ((0, 1), "all runs have one D", "what more tokens bring"),
    "N": ((1, 0), "all runs have one N", "what more parameters bring"),
    "D/N": ((-1, 1), "all runs have one D/N", "what other tokens per parameter bring"),
    "6ND": ((1, 1), "all runs cost the same", "how the loss falls with compute"),
}
TOGETHER = "N and D rise together in all runs: what either does alone is not known"


@dataclass(frozen=True)
class Design:
    """Where the runs lie in (log N, log D).

    Parameters
    ----------
    centre : ndarray of shape (2,)
        Mean of log N and log D.
    direction : ndarray of shape (2,)
        Unit vector along which they vary most.
    minor : float
        Root sum of squares across it, log units.
    shared : str
        What all have in common, of `SHARED`; empty for nothing simple.
    span : float
        Largest over least of that, minus one.
    """

    centre: Array
    direction: Array
    minor: float
    shared: str
    span: float

    @property
    def is_line(self) -> bool:
        """Whether the runs lie on a line, or so near to it that noise hides the rest."""
        return self.minor < LEAST_MINOR

    @property
    def variable(self) -> Literal["N", "D"] | None:
        """What a law along the line is written in; None where N falls while D rises."""
        cos, sin = self.direction
        if min(cos, sin) < -LEAST_RISE:
            return None
        return "N" if cos >= sin else "D"

    def is_off(self, N: ArrayLike, D: ArrayLike) -> NDArray[np.bool_]:
        """Whether designs lie off the line."""
        across = np.array([-self.direction[1], self.direction[0]])
        return np.abs((np.log(np.array([N, D])).T - self.centre) @ across) > OFF_LINE

    def project(self, N: ArrayLike, D: ArrayLike) -> tuple[Array, Array]:
        """Put runs onto the line."""
        along = (np.log(np.array([N, D])).T - self.centre) @ self.direction
        on = np.exp(self.centre[:, None] + self.direction[:, None] * along)
        return on[0], on[1]

    def in_words(self) -> str:
        """Say what all runs share, and what is not known for it."""
        if not self.shared:
            return TOGETHER
        _, said, unknown = SHARED[self.shared]
        if self.span > SAME:
            said = f"{self.shared} spans a factor of {1 + self.span:.4g} only"
        return f"{said}: {unknown} is not known"


def read_design(N: ArrayLike, D: ArrayLike) -> Design:
    """Read where the runs lie.

    Parameters
    ----------
    N, D : array_like of shape (n_runs,)
        Parameters and training tokens, > 0.
    """
    logs = np.log([np.asarray(N, dtype=float), np.asarray(D, dtype=float)]).T
    centre = logs.mean(axis=0)
    across = {name: np.array(powers) / np.hypot(*powers) for name, (powers, *_) in SHARED.items()}
    minors = {name: float(np.linalg.norm((logs - centre) @ v)) for name, v in across.items()}
    shared = min(minors, key=lambda name: minors[name])
    if minors[shared] < LEAST_MINOR:
        direction = across[shared][::-1] * (1, -1)
        span = np.expm1(np.ptp(logs @ SHARED[shared][0]))
        return Design(centre, direction * _sign(direction), minors[shared], shared, float(span))
    _, spread, directions = np.linalg.svd(logs - centre, full_matrices=False)
    return Design(centre, directions[0] * _sign(directions[0]), float(spread[-1]), "", 0.0)


def _sign(direction: Array) -> float:
    """Sign of the larger part, of N where both are as large."""
    return float(np.sign(direction[np.abs(direction).round(6).argmax()]))
