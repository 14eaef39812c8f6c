"""Which run next? One at a time, each the best gain for its price, until a reason to stop.

The price counts as ``C^0.4``, the published choice of Spend Less, Fit Better (arXiv 2604.22753):
gain alone buys the most expensive runs, gain per FLOP the cheapest.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scaling.decide.gain import Cells, LawMisfit, Variances, find_variances, read_law
from scaling.forecast.design import read_design
from scaling.forecast.intervals import load_constants
from scaling.laws.posterior import Posterior, find_posterior
from scaling.laws.prior import Belief, load_belief

Array = NDArray[np.float64]
KAPPA = 0.4  # power of the price
LIKE = 1.1  # a cell within this factor of a run in N and in D is that run again
ROUNDING = 1e-9  # relative, of a budget


class BuyingRule(NamedTuple):
    """How a run is chosen.

    Parameters
    ----------
    misfit : LawMisfit
        What runs share.
    kappa : float
        Power of the price that a gain is held against.
    noise : float
        Of the log loss; by default that which the law `prior` starts from, learnt from small runs.
    """

    misfit: LawMisfit = LawMisfit()
    kappa: float = KAPPA
    noise: float | None = None

    @property
    def belief(self) -> Belief:
        """Noise, and spread of the exponent."""
        shipped = load_belief()
        noise = shipped.sigma_0 if self.noise is None else self.noise
        return Belief(shipped.alpha_0, shipped.tau, noise, shipped.nu)


SHIPPED = BuyingRule()


class Known(NamedTuple):
    """Runs whose losses are known, or expected.

    Parameters
    ----------
    cells : Cells
        Parameters and tokens.
    loss : ndarray of shape (n_runs,)
        Nats per token.
    weights : ndarray of shape (n_runs,) or None
        None where all count alike.
    belief : Belief or None
        What is believed of the law; by default with the shipped constants of the intervals.
    """

    cells: Cells
    loss: Array
    weights: Array | None = None
    belief: Belief | None = None

    def find_posterior(self) -> Posterior:
        """What they say of the tied law; on the line where they lie on one.

        There, what N and D do apart is not known, and their terms count alike.
        """
        belief = self.belief or load_constants().belief
        design = read_design(*self.cells)
        cells = design.project(*self.cells) if design.is_line else self.cells
        return find_posterior(*cells, self.loss, belief, weights=self.weights)


class RunChoice(NamedTuple):
    """A run to buy.

    Parameters
    ----------
    which : int
        Its place among the candidates.
    shares : ndarray of shape (n_candidates,)
        What each candidate takes off the standard deviation at the target, a fraction; NaN for one
        that is not to be had.
    """

    which: int
    shares: Array

    @property
    def gain(self) -> float:
        """What it takes off."""
        return float(self.shares[self.which])

    @property
    def most(self) -> float:
        """The most that any takes off."""
        return float(np.nanmax(self.shares))


def choose_next(
    known: Known,
    candidates: Cells,
    price: Array,
    target: tuple[float, float],
    budget: float,
    rule: BuyingRule = SHIPPED,
    find: Callable[..., Variances] = find_variances,
) -> RunChoice | None:
    """Choose the candidate that gains most for its price among those within a budget.

    Parameters
    ----------
    known : Known
        Runs that are measured, one or more.
    candidates : Cells
        Runs that may be bought; one that is like a known run is left out.
    price : ndarray of shape (n_candidates,)
        Of each, FLOPs.
    target : tuple of float
        Parameters and tokens of the run to predict.
    budget : float
        FLOPs.
    rule : BuyingRule
        How it is chosen.
    find : callable
        As `find_variances`, which judges the prediction that is printed.

    Returns
    -------
    RunChoice or None
        None where nothing is affordable. A gain below 0 says that every candidate does harm.
    """
    left = np.flatnonzero(~is_like(candidates, known.cells) & is_affordable(price, budget))
    if len(left) == 0:
        return None
    law, cells = read_law(known.find_posterior()), candidates.take(left)
    found = find(law, known.cells, cells, target, rule.belief, rule.misfit, known.weights)
    held_against = price[left] ** rule.kappa
    per_price = np.where(found.gain > 0, found.gain / held_against, found.gain * held_against)
    best = int(per_price.argmax())
    shares = np.full(len(price), np.nan)
    shares[left] = 1 - np.sqrt(np.maximum(found.after, 0.0) / found.now)
    return RunChoice(int(left[best]), shares)


def is_affordable(price: Array, budget: float) -> NDArray[np.bool_]:
    """Whether each price lies within a budget, to rounding."""
    return np.asarray(price <= budget * (1 + ROUNDING))


def is_like(cells: Cells, others: Cells) -> NDArray[np.bool_]:
    """Whether each cell is one of some others again."""
    apart = [np.abs(np.log(a[:, None] / b)) for a, b in zip(cells, others, strict=True)]
    return np.asarray((np.maximum(*apart) < np.log(LIKE)).any(axis=1))
