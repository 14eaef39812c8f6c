"""What does a plan not mend? A target or a run beyond the tests, and tokens seen too often."""

from __future__ import annotations

import math

import numpy as np

from scaling.costs.compute import training_flops
from scaling.decide.gain import Cells
from scaling.forecast.advice import shorten
from scaling.forecast.caution import FARTHEST_CHECKED
from scaling.forecast.words import flops_in_words, number_in_words
from scaling.tables.suspects import FEW_EPOCHS

ROUNDING = 1e-9
_TESTED = f"beyond what was tested ({FARTHEST_CHECKED:g} times)"


def tell_reach(
    runs: Cells, planned: Cells, target: tuple[float, float], nearer: tuple[float, float] | None
) -> list[str]:
    """Say which of the runs to train, and whether the target after them, lie beyond the tests.

    Parameters
    ----------
    runs, planned : Cells
        Runs that are measured, none or more; and those to train, in order.
    target : tuple of float
        Parameters and tokens of the run to predict.
    nearer : tuple of float or None
        Parameters and tokens of a run nearer the target that is named after them.

    Returns
    -------
    list of str
        One sentence each, none where everything lies within.
    """
    largest = np.maximum.accumulate(np.append(runs.C, planned.C))
    if len(largest) == 0:
        return []
    told = []
    if len(runs.N):  # of a first design none is told from others
        before, n_runs = largest[len(runs.N) - 1 : -1], len(planned.N)
        names = ["the run" if n_runs == 1 else f"run {i}" for i in range(1, n_runs + 1)]
        told += [
            _too_far(name, C, most)
            for name, C, most in zip(names, planned.C, before, strict=True)
            if FARTHEST_CHECKED * most < C
        ]
    most, C = float(largest[-1]), training_flops(*target)
    if nearer is not None and (C_nearer := training_flops(*nearer)) > FARTHEST_CHECKED * most:
        told.append(_too_far("the run nearer the target", C_nearer, most))
    then = "after these runs the target is still" if len(planned.N) else "the target is"
    if C / most > FARTHEST_CHECKED:
        cure = (
            f"a run of about {flops_in_words(C / FARTHEST_CHECKED)} FLOPs or more brings it within"
        )
        if nearer is not None:
            left = number_in_words(C / training_flops(*nearer))
            cure = f"with the run nearer the target {left} times"
        times = number_in_words(C / most)
        told.append(f"{then} {times} times the compute of the largest: {_TESTED}; {cure}")
    M = np.append(runs.D / runs.N, planned.D / planned.N)
    own, lo, hi = target[1] / target[0], M.min(), M.max()
    if not lo * (1 - ROUNDING) <= own <= hi * (1 + ROUNDING):
        ends = number_in_words(lo) if hi <= lo * (1 + ROUNDING) else None
        ends = ends or f"{number_in_words(lo)} to {number_in_words(hi)}"
        told.append(
            f"{then} outside the tokens per parameter of the runs: M = {number_in_words(own)}, "
            f"theirs {ends}; --multipliers says which may be trained"
        )
    return told


def _too_far(name: str, C: float, most: float) -> str:
    return (
        f"{name} is itself {number_in_words(C / most)} times the compute of the largest before it: "
        f"{_TESTED}; first train one of at most {flops_in_words(FARTHEST_CHECKED * most)} "
        "FLOPs, then plan again"
    )


def tell_repeats(
    unique: float, target: tuple[float, float], left_out: tuple[float, float] | None = None
) -> list[str]:
    """Say which runs are left out because tokens run out, and how often the target sees them.

    Parameters
    ----------
    unique : float
        Different tokens that there are; infinite where there are always fresh ones.
    target : tuple of float
        Parameters and tokens of the run to predict.
    left_out : tuple of float, optional
        Parameters and tokens of a run nearer the target that is not named for that reason.

    Returns
    -------
    list of str
    """
    if math.isinf(unique):
        return []
    told = [
        f"left out: runs of more than {shorten(FEW_EPOCHS * unique)} tokens, which see "
        f"{shorten(unique)} different ones more than {FEW_EPOCHS:g} times"
    ]
    if left_out is not None:
        N, D = left_out
        times = number_in_words(D / unique)
        told[0] += f"; so is the one nearer the target, N = {shorten(N)}, {times} times"
    if (epochs := target[1] / unique) > FEW_EPOCHS * (1 + ROUNDING):
        told.append(
            f"the target sees every token {number_in_words(epochs)} times: its tokens are taken as "
            f"fresh here, and beyond {FEW_EPOCHS:g} times a further one is worth clearly less"
        )
    return told
