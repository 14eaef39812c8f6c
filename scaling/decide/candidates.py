"""Which runs could be trained? A grid of sizes and of tokens per parameter below a target."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from scaling.costs.compute import training_flops
from scaling.decide.gain import Array, Cells
from scaling.forecast.advice import shorten
from scaling.forecast.selection import ChoiceError
from scaling.forecast.targets import read_count
from scaling.tables.schema import LARGEST
from scaling.tables.suspects import FEW_EPOCHS

STEP = 2.0  # between sizes, and between tokens per parameter
SHORTEST_M, LONGEST_M = 20.0, 640.0  # tokens per parameter of the testbed outside its warm-up
MOST_CELLS = 100_000
ROUNDING = 1e-9
WARMUPS = 2.0  # a run must last so many of its warm-ups


@dataclass(frozen=True)
class Offer:
    """What may be trained.

    Parameters
    ----------
    sizes, multipliers : tuple of float
        Least and most parameters, and tokens per parameter.
    step : float
        Factor between neighbours of either, above 1.
    warmup_tokens : float
        Tokens that a warm-up takes; a run has at least twice as many.
    unique_tokens : float
        Different tokens that there are; a run sees each at most four times. Infinite where there
        are always fresh ones.
    """

    sizes: tuple[float, float]
    multipliers: tuple[float, float]
    step: float = STEP
    warmup_tokens: float = 0.0
    unique_tokens: float = math.inf

    def allows(self, D: ArrayLike) -> Any:
        """Whether runs of D tokens see none of them too often."""
        return np.asarray(D) <= FEW_EPOCHS * self.unique_tokens * (1 + ROUNDING)

    def list_cells(self, target: tuple[float, float]) -> Cells:
        """List the runs that cost less than the target, the cheapest first.

        Every size goes with every multiplier, and with that of the target if it lies between.

        Raises
        ------
        ChoiceError
            There is none, or there are too many.
        """
        N, D = target
        sizes = _climb(*self.sizes, self.step)
        multipliers = _climb(*self.multipliers, self.step)
        if self.multipliers[0] <= D / N <= self.multipliers[1]:
            apart = np.abs(np.log(multipliers / (D / N)))
            multipliers = np.append(multipliers[apart > math.log(self.step) / 2], D / N)
        if len(sizes) * len(multipliers) > MOST_CELLS:
            rule = f"the grid has {len(sizes) * len(multipliers)} runs, at most {MOST_CELLS}"
            raise ChoiceError(f"{rule}: take a larger step than {self.step:g}", ("step",))
        all_N, all_M = (a.ravel() for a in np.meshgrid(sizes, multipliers))
        cells = Cells(all_N, all_N * all_M)
        least = max(1.0, WARMUPS * self.warmup_tokens)
        cells = cells.take((training_flops(N, D) > cells.C) & (least <= cells.D))
        if len(cells.N) == 0:
            warmup = f" and outlasts its warm-up of {self.warmup_tokens:.3g} tokens twice"
            rule = "no run of the grid costs less than the target"
            raise ChoiceError(
                f"{rule}{warmup * bool(self.warmup_tokens)}: sizes {self.sizes[0]:.3g} to "
                f"{self.sizes[1]:.3g}, tokens per parameter {self.multipliers[0]:g} to "
                f"{self.multipliers[1]:g}",
                ("sizes", "multipliers", *["warmup-tokens"] * bool(self.warmup_tokens)),
            )
        few = cells.take(self.allows(cells.D))
        if len(few.N) == 0:
            rule = f"every run of the grid sees its tokens more than {FEW_EPOCHS:g} times"
            raise ChoiceError(
                f"{rule}: the shortest takes {shorten(cells.D.min())}, got "
                f"{shorten(self.unique_tokens)} different ones: let --sizes or --multipliers begin "
                "lower",
                ("unique-tokens", "sizes", "multipliers"),
            )
        return few.take(np.lexsort((few.N, few.C)))

    def report(self) -> dict[str, Any]:
        """It in plain values."""
        return {
            "sizes": list(self.sizes),
            "multipliers": list(self.multipliers),
            "step": self.step,
            "warmup_tokens": self.warmup_tokens,
            "unique_tokens": self.unique_tokens if math.isfinite(self.unique_tokens) else None,
        }


def _climb(least: float, most: float, step: float) -> Array:
    """Numbers from the least up to the most, each so many times the one before."""
    n_steps = math.floor((math.log(most) - math.log(least)) / math.log(step) + ROUNDING)
    return least * step ** np.arange(n_steps + 1.0)


def make_offer(
    N: Array,
    target: tuple[float, float],
    sizes: object = None,
    multipliers: object = None,
    step: object = STEP,
    warmup_tokens: object = 0.0,
    unique_tokens: float = math.inf,
) -> Offer:
    """Read what may be trained.

    Parameters
    ----------
    N : ndarray
        Parameters of the runs that there are.
    target : tuple of float
        Parameters and tokens of the run to predict.
    sizes, multipliers : str, pair of float or None
        Least and most, as "10M:1B" or (1e7, 1e9); by default from the smallest run up to the
        target, and from 20 to 640 tokens per parameter, or to those of the target.
    step, warmup_tokens, unique_tokens : float or str
        As `Offer` takes them; the last a number.

    Raises
    ------
    ChoiceError
        A bound is no number, or they cannot be.
    """
    M = target[1] / target[0]
    by_default = (float(N.min()), target[0]), (min(SHORTEST_M, M), max(LONGEST_M, M))
    factor, tokens = read_count("step", step), read_count("warmup-tokens", warmup_tokens)
    if not 1.01 <= factor <= LARGEST:
        rule = f"step must be a factor of 1.01 or more, at most {LARGEST:g}"
        raise ChoiceError(f"{rule}, got {factor:.10g}", ("step",))
    if not 0 <= tokens <= LARGEST:
        rule = f"warmup-tokens must be 0 or more, at most {LARGEST:g}"
        raise ChoiceError(f"{rule}, got {tokens:g}", ("warmup-tokens",))
    return Offer(
        _read_bounds("sizes", sizes, by_default[0]),
        _read_bounds("multipliers", multipliers, by_default[1]),
        factor,
        tokens,
        unique_tokens,
    )


def _read_bounds(name: str, given: Any, by_default: tuple[float, float]) -> tuple[float, float]:
    if given is None:
        return by_default
    ends = given.split(":") if isinstance(given, str) else given
    if not isinstance(ends, (list, tuple)) or len(ends) != 2:
        rule = f"{name} must be the least and the most, as 10M:1B"
        raise ChoiceError(f"{rule}, got {given!r}", (name,))
    least, most = (read_count(name, end) for end in ends)
    if not 0 < least <= most:
        rule = f"{name} must rise from above 0, as 10M:1B"
        raise ChoiceError(f"{rule}, got {least:g} to {most:g}", (name,))
    lowest = 1.0 if name == "sizes" else 1 / LARGEST
    if not lowest <= least <= most <= LARGEST:
        rule = f"{name} must be from {lowest:g} to {LARGEST:g}"
        raise ChoiceError(f"{rule}, got {least:g} to {most:g}", (name,))
    return least, most
