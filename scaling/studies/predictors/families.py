"""Which two families of predictors were searched? Many tuned parts, and one prior with a meaning.

The first changes three things at once and tunes how much. It lost (see the log of the book). The
second is `scaling.laws.prior` with other beliefs of the exponent.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from scaling.laws.fit import stack_fits
from scaling.laws.fit_options import ExponentPrior
from scaling.laws.prior import Belief, fit_with_belief
from scaling.studies.predictors.candidates import (
    ONE_EXPONENT,
    Array,
    Candidate,
    Case,
    Prediction,
    columns_of,
    fit_tied,
    predict_with,
)

NOISE_DOF = 2.0  # what the guess of the noise is worth: it holds within a factor of two or so


@dataclass(frozen=True)
class Settings:
    """A member of the first family: robust loss, weights that rise with cost, a pull.

    Minimises ``sum_i w_i rho(log L_hat_i - log L_i) + stiffness log(alpha / alpha_0)^2``, with
    weights ``w_i`` proportional to ``C_i^weight_power`` and of mean one.

    Parameters
    ----------
    huber_delta : float
        Where Huber's rho stops being a square; infinite for least squares on the log loss.
    weight_power : float
        Power of the compute in the weight of a run.
    alpha_0, stiffness : float
        Centre and strength of the pull; none where the stiffness is zero.
    """

    huber_delta: float
    weight_power: float
    alpha_0: float
    stiffness: float

    @property
    def n_parts(self) -> int:
        """Parts besides the log loss."""
        return bool(np.isfinite(self.huber_delta)) + (self.weight_power > 0) + (self.stiffness > 0)

    @property
    def name(self) -> str:
        """A short name that says everything."""
        robust = f"huber {self.huber_delta:g}" if np.isfinite(self.huber_delta) else "log"
        weights = f" C^{self.weight_power:g}" if self.weight_power else ""
        strength = "fixed" if self.stiffness == ONE_EXPONENT else f"x {self.stiffness:g}"
        pull = f" alpha {self.alpha_0:g} {strength}" if self.stiffness else ""
        return robust + weights + pull


def weigh(C: ArrayLike, power: float) -> Array:
    """Case weights ``C^power`` of mean one: a dearer run is closer to what is asked."""
    C = np.asarray(C, dtype=float)
    weights = (C / C.max()) ** power
    return weights / weights.mean()


def fit_with_settings(case: Case, settings: Settings) -> Prediction:
    """Fit a member of the first family."""
    N, D = columns_of(case.runs)
    options: dict[str, Any] = {"objective": "log"}
    if np.isfinite(settings.huber_delta):
        options = {"objective": "huber", "huber_delta": settings.huber_delta}
    if settings.stiffness:
        options["prior"] = ExponentPrior(settings.alpha_0, settings.stiffness)
    return fit_tied(case, weights=weigh(N * D, settings.weight_power), **options)


def fit_with_prior(case: Case, belief: Belief) -> Prediction:
    """Fit a member of the second family: see `scaling.laws.prior`."""
    N, D = columns_of(case.runs)
    fits = [fit_with_belief(belief, N, D, loss) for loss in case.losses]
    return predict_with(stack_fits(fits).law)


def first_family() -> list[Settings]:
    """Every member of the first family."""
    deltas = (np.inf, 1e-2, 3e-3, 1e-3)
    powers = (0.0, 0.25, 0.5)
    stiffnesses = (3e-4, 1e-3, 3e-3, 1e-2, ONE_EXPONENT)
    pulls = [(1.0, 0.0), *product((0.26, 0.28, 0.30, 0.33), stiffnesses)]
    return [Settings(delta, power, *pull) for delta, power, pull in product(deltas, powers, pulls)]


def second_family(sigma_0: float) -> list[Belief]:
    """Every member of the second family, which differ in the exponent that they believe in."""
    pairs = product((0.24, 0.26, 0.28, 0.30, 0.33), (0.2, 0.3, 0.4))
    return [Belief(alpha_0, tau, sigma_0, NOISE_DOF) for alpha_0, tau in pairs]


def member_of_first(settings: Settings, name: str = "") -> Candidate:
    """A candidate of the first family."""
    fit = partial(fit_with_settings, settings=settings)
    return Candidate(name or settings.name, settings.name, settings.n_parts, fit)


def member_of_second(belief: Belief, name: str = "") -> Candidate:
    """A candidate of the second family."""
    said = f"prior {belief.alpha_0:g} within {belief.tau:g}"
    return Candidate(name or said, said, 1, partial(fit_with_prior, belief=belief))
