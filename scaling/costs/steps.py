"""How long does a run last? Optimiser steps, and the share of them that is its warm-up."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from scaling.costs.arguments import plain, positive, whole
from scaling.costs.compute import SEQUENCE_LENGTH


def steps(D: ArrayLike, batch_sequences: ArrayLike, sequence_length: int = SEQUENCE_LENGTH) -> Any:
    """Optimiser steps of a run: ``D / (batch_sequences * sequence_length)``, rounded.

    Rounded to the nearest whole step, because the token budgets are multiples of N and not of the
    batch: 0.411B at M = 5 gives 1,962.7, that is 1,963 steps.

    Parameters
    ----------
    D : float or array_like of shape (n_runs,)
        Training tokens.
    batch_sequences : int or array_like of shape (n_runs,)
        Sequences in a batch.
    sequence_length : int, default 2048
        Tokens in a sequence.

    Returns
    -------
    int or ndarray of shape (n_runs,)
        Steps.

    Raises
    ------
    ValueError
        If a value is not finite and above 0.
    """
    batch = positive("batch_sequences", batch_sequences)
    exact = positive("D", D) / (batch * whole("sequence_length", sequence_length))
    return plain(np.rint(exact).astype(np.int64))


def warmup_share(warmup_steps: ArrayLike, steps: ArrayLike) -> Any:
    """Share of a run that its warm-up takes: ``warmup_steps / steps``; above 1 it never ends.

    Parameters
    ----------
    warmup_steps, steps : int or array_like of shape (n_runs,)
        Planned warm-up steps (0 or more) and steps of the whole run.

    Returns
    -------
    float or ndarray of shape (n_runs,)
        A fraction.

    Raises
    ------
    ValueError
        If a value is not finite, the warm-up is negative, or there are no steps.
    """
    warmup = np.asarray(warmup_steps, dtype=float)
    if not np.all(np.isfinite(warmup) & (warmup >= 0)):
        raise ValueError(f"warmup_steps must be finite and 0 or more, got {warmup_steps!r}")
    return plain(np.asarray(warmup / positive("steps", steps)))
