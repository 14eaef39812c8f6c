"""What may be asked of a fit? Weights, objective, what is held, and a prior on the exponent."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple, TypedDict

import numpy as np
from numpy.typing import ArrayLike

ObjectiveName = Literal["loss", "log", "huber"]

EXPONENT_BOUNDS = (1e-3, 5.0)
HUBER_DELTA = 1e-3


class ExponentPrior(NamedTuple):
    """What is believed of an exponent before the runs are seen.

    The objective grows by ``stiffness * log(alpha / alpha_0)^2``. Read as a normal prior on
    ``log alpha`` its standard deviation is ``sigma / sqrt(stiffness)``, with sigma the noise of a
    run of weight one in the unit of the objective.

    Parameters
    ----------
    alpha_0 : float
        Centre of the prior, > 0.
    stiffness : float
        Strength of the pull, >= 0, in squared units of the objective.
    """

    alpha_0: float
    stiffness: float


class FitOptions(TypedDict, total=False):
    """What the fitters of loss laws take by name; all may be left out.

    Parameters
    ----------
    weights : array_like of shape (n_runs,) or (n_fits, n_runs)
        Case weights, >= 0. A weight multiplies a run's squared residual (it is the inverse of a
        variance, not a standard deviation).
    objective : {"loss", "log", "huber"}
        Least squares on the loss (as the paper), least squares on the log loss, or Huber's loss
        on the log loss (as Hoffmann et al.). By default the first.
    nonneg : bool
        Keep E and the amplitudes at zero or above. By default they are free, as in the paper.
    huber_delta : float
        Residual of the log loss beyond which Huber's loss grows linearly; 0.001 by default. Far
        below all residuals it leaves least absolute deviations.
    prior : ExponentPrior
        Pull on the exponents; none by default, as in the paper. ``cost`` contains it, ``status``
        and ``dof`` still speak of the runs alone.
    fix : mapping of str to float
        What is held, not fitted: E, an exponent, or both, by the name in the law. ``dof`` does not
        count them as parameters. E must lie from 0 to below the lowest loss.
    """

    weights: ArrayLike | None
    objective: ObjectiveName
    nonneg: bool
    huber_delta: float
    prior: ExponentPrior | None
    fix: Mapping[str, float]


def check_fixed(fix: Mapping[str, float], exponents: Iterable[str]) -> None:
    """Refuse to hold what a law does not have, or at a value that it cannot take.

    Raises
    ------
    ValueError
        Naming the rule and the value.
    """
    rules = {"E": (0.0, np.inf)} | dict.fromkeys(exponents, EXPONENT_BOUNDS)
    for name, value in fix.items():
        if name not in rules:
            raise ValueError(f"fix must name one of {', '.join(rules)} of this law, got {name!r}")
        lo, hi = rules[name]
        if not lo <= value <= min(hi, sys.float_info.max):
            rule = f"from {lo:g} to {hi:g}" if hi < np.inf else "finite and >= 0"
            raise ValueError(f"fix: {name} must be {rule}, got {value!r}")


def check_prior(prior: ExponentPrior) -> ExponentPrior:
    """Give the prior back, or refuse it."""
    if not (np.isfinite(prior).all() and prior.alpha_0 > 0 and prior.stiffness >= 0):
        raise ValueError(
            f"prior must have alpha_0 > 0 and stiffness >= 0, both finite, got {prior}"
        )
    return prior
