"""What is the learning rate at a step? A line up, then half a cosine down."""

from __future__ import annotations

import math


def learning_rate(step: int, *, steps: int, warmup: int, peak: float, end: float = 0.0) -> float:
    """Learning rate of one step, counted from 0.

    ``peak (k + 1) / w`` in the first w steps, then
    ``end' + (peak - end') (1 + cos(pi (k - w) / (steps - w))) / 2`` with ``end' = end * peak``.

    Parameters
    ----------
    step : int
        Step k, below `steps`.
    steps, warmup : int
        Steps of the run, and those in which the rate rises (w); a warm-up longer than the run
        never ends, as in two of the published runs.
    peak : float
        Highest rate.
    end : float, default 0
        Where the cosine leads, as a share of the peak.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the step is not one of the run, or the warm-up is negative.
    """
    if warmup < 0:
        raise ValueError(f"warmup must be at least 0, got {warmup!r}")
    if not 0 <= step < steps:
        raise ValueError(f"step must be one of the {steps} steps, counted from 0, got {step!r}")
    if step < warmup:
        return peak * (step + 1) / warmup
    turn = math.pi * (step - warmup) / (steps - warmup)
    return peak * (end + (1 - end) * 0.5 * (1 + math.cos(turn)))
