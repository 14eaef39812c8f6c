"""Between which losses does a run lie? If the law holds, and what to bet on.

Two intervals. The law's is the posterior of `scaling.laws.posterior`: it holds if the law does. The
bet is for a real run: the law's, the noise of that run, and an allowance for the error of the law
that no residual shows, which grows with the change that the law predicts, up to a limit. Its
constants come from small runs alone (`scaling.studies.decide.allowance`).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from scaling.laws.mixture import Mixture
from scaling.laws.prior import Belief, load_belief
from scaling.tables.datafiles import data_path

Array = NDArray[np.float64]
PAIRS = 1_000_000  # of a run and a target, at once
LEVEL = 0.9  # of an interval, unless another is asked for; that of the constants
NORMAL_HALF_WIDTH = 1.6448536269514722  # of a normal distribution at that level, deviations
N_NODES = 16  # of a predicted loss


@dataclass(frozen=True)
class IntervalConstants:
    """What the runs of a table cannot say of themselves.

    Parameters
    ----------
    s_0, nu : float
        Noise of the log loss that is believed in, and the degrees of freedom that it is worth.
    most : float
        Allowance far from the runs: half width of a 90 % interval, a fraction of the loss.
    reach : float
        Predicted change, a fraction of the loss, from which on it is that large.
    """

    s_0: float
    nu: float
    most: float
    reach: float

    @property
    def belief(self) -> Belief:
        """Belief of the posterior, in the exponent that of `prior`, in the noise this one."""
        shipped = load_belief()
        return Belief(shipped.alpha_0, shipped.tau, self.s_0, self.nu)

    def allow(self, change: ArrayLike) -> Array:
        """Allowance ``most * min(change / reach, 1)`` for the error of the law.

        Parameters
        ----------
        change : array_like
            From `measure_change`.
        """
        return self.most * np.minimum(np.asarray(change, dtype=float) / self.reach, 1.0)


@cache
def load_constants() -> IntervalConstants:
    """Load the shipped constants, ``data/results/interval_constants.csv``."""
    table = pd.read_csv(data_path("results", "interval_constants.csv"), index_col="constant")
    names = [field.name for field in fields(IntervalConstants)]
    return IntervalConstants(**{name: float(table["value"][name]) for name in names})


class Intervals(NamedTuple):
    """Ends of intervals, nats per token; arrays of shape (n_targets,), NaN where there is none.

    Parameters
    ----------
    lo, hi : ndarray
        What to bet on.
    law_lo, law_hi : ndarray
        If the law holds.
    """

    lo: Array
    hi: Array
    law_lo: Array
    law_hi: Array


def measure_change(
    law: Any, runs: tuple[ArrayLike, ArrayLike], targets: tuple[ArrayLike, ArrayLike]
) -> Array:
    """By how much a law changes its loss between the nearest run and a target, relatively.

    ``min_i (|L(N, D_i) - L(N_i, D_i)| + |L(N, D) - L(N, D_i)|) / L(N, D)``: what more parameters
    and what more tokens change count apart, so that they do not cancel.

    Parameters
    ----------
    law : object
        With ``predict(N, D)``.
    runs, targets : tuple of array_like
        N and D of the runs, and of the targets.

    Returns
    -------
    ndarray of shape (n_targets,)
    """
    (N_i, D_i), (N, D) = (
        (np.asarray(a, dtype=float), np.asarray(b, dtype=float)) for a, b in (runs, targets)
    )
    pairs = len(N) * len(N_i)
    if pairs > PAIRS and getattr(law, "variable", None) != "C":
        return _measure_by_tree(law, (N_i, D_i), (N, D))
    chunks = np.array_split(np.arange(len(N)), max(-(-pairs // PAIRS), 1))
    return np.concatenate([_measure(law, (N_i, D_i), (N[k], D[k])) for k in chunks])


def _measure(law: Any, runs: tuple[Array, Array], targets: tuple[Array, Array]) -> Array:
    (N_i, D_i), (N, D) = runs, targets
    shape = len(N), len(N_i)
    between = (a.ravel() for a in np.broadcast_arrays(N[:, None], D_i))
    there, at_runs = np.asarray(law.predict(N, D)), np.asarray(law.predict(N_i, D_i))
    corner = np.reshape(law.predict(*between), shape)
    gone = np.abs(corner - at_runs) + np.abs(there[:, None] - corner)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((gone / np.abs(there)[:, None]).min(axis=1))


def _measure_by_tree(law: Any, runs: tuple[Array, Array], targets: tuple[Array, Array]) -> Array:
    """The same for very many pairs, of a law that is a sum of a term in N and one in D."""
    from scipy.spatial import cKDTree  # here: few tables are so large

    N_0, D_0 = runs[0][0], runs[1][0]
    at_runs, at_targets = (
        np.column_stack(
            [law.predict(N, np.full_like(N, D_0)), law.predict(np.full_like(D, N_0), D)]
        )
        for N, D in (runs, targets)
    )
    gone, _ = cKDTree(at_runs).query(at_targets, p=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(gone / np.abs(law.predict(*targets)))


def find_intervals(
    mixture: Mixture, allowance: ArrayLike, level: float = LEVEL, loss: ArrayLike = np.nan
) -> Intervals:
    """Give both intervals of some targets.

    The bet is ``m exp(±hypot(log(q / m), a))`` with the median m of the law, the quantiles q of a
    run and the allowance a. The bet is stretched to hold the law's interval, both to hold the
    loss that is printed, and they end at 0 where the law would go below.

    Parameters
    ----------
    mixture : Mixture
        The law at the targets.
    allowance : array_like of shape (n_targets,)
        Half width of a 90 % interval, relative.
    level : float
        Between 0 and 1.
    loss : array_like of shape (n_targets,)
        The losses predicted.

    Raises
    ------
    ValueError
        `level` does not lie between 0 and 1.
    """
    ends = find_ends(level)
    law = mixture.quantile([ends[0], 0.5, ends[1]])
    run = mixture.quantile(ends, of_a_run=True)
    allowance = np.asarray(allowance, dtype=float) * widen(level)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        away = np.log(np.maximum(run, 0.0)) - np.log(law[1])
        half = np.hypot(away, allowance)
        bet = law[1] * np.exp(half * np.array([[-1.0], [1.0]]))
    law_lo, law_hi = np.fmin(np.maximum(law[0], 0.0), loss), np.fmax(law[2], loss)
    lo, hi = np.fmin(bet[0], law_lo), np.fmax(bet[1], law_hi)
    known = law[1] > 0
    return Intervals(*(np.where(known, end, np.nan) for end in (lo, hi, law_lo, law_hi)))


def find_ends(level: float) -> tuple[float, float]:
    """Probabilities below the ends of an interval that leaves as much out on either side.

    Raises
    ------
    ValueError
        `level` does not lie between 0 and 1.
    """
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, got {level:g}")
    level = min(level, 1 - np.finfo(float).eps)  # so that no end rounds to 1
    return (1 - level) / 2, (1 + level) / 2


def widen(level: float) -> float:
    """Half width of a normal distribution at `level`, over that at the level of the constants."""
    if level == LEVEL:
        return 1.0
    from scipy.special import ndtri  # here: a table is checked without SciPy

    return float(ndtri(find_ends(level)[1]) / ndtri(find_ends(LEVEL)[1]))


class Nodes(NamedTuple):
    """A predicted loss as a few values, nats per token; arrays of shape (n_nodes,).

    Parameters
    ----------
    share : ndarray
        Of each; they sum to one.
    bet, law : ndarray
        What to bet on for a run, and what the law leaves open.
    """

    share: Array
    bet: Array
    law: Array


def find_nodes(mixture: Mixture, allowance: ArrayLike, n_nodes: int = N_NODES) -> Nodes:
    """Give the predicted loss of one target as Gauss-Legendre nodes over its quantiles.

    Parameters
    ----------
    mixture : Mixture
        The loss law at the target.
    allowance : array_like of shape (1,)
        Half width of a 90 % interval for the error of the law, relative.
    n_nodes : int
        How many; even, so that none is the median.
    """
    x, weight = np.polynomial.legendre.leggauss(n_nodes)
    levels = x[x > 0]
    ends = [np.concatenate(find_intervals(mixture, allowance, level)) for level in levels]
    lo, hi, law_lo, law_hi = np.transpose(ends)
    bet, law = (np.concatenate([a[::-1], b]) for a, b in ((lo, hi), (law_lo, law_hi)))
    return Nodes(weight / 2, bet, law)
