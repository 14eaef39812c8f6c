"""Which run is the larger? Runs in the order of their compute, where equals are equal."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

SAME_COMPUTE = 1e-9  # relative


def rank_compute(C: ArrayLike) -> NDArray[np.intp]:
    """Rank runs by compute, 0 for the cheapest; equals have one rank.

    Runs planned at the same compute differ in the last digits of 6ND, which says nothing: what lies
    within a relative `SAME_COMPUTE` of the next is equal.

    Parameters
    ----------
    C : array_like of shape (n_runs,)
        Compute of each run, or anything in proportion to it, > 0.

    Returns
    -------
    ndarray of int of shape (n_runs,)
    """
    C = np.asarray(C, dtype=float)
    order = np.argsort(C, kind="stable")
    rises = np.diff(C[order]) > SAME_COMPUTE * C[order][:-1]
    ranks = np.empty(len(C), dtype=np.intp)
    ranks[order] = np.concatenate([[0], np.cumsum(rises)])[: len(C)]
    return ranks
