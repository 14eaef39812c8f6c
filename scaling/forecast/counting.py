"""How exactly is an error known from n items? Counting noise.

All of this is the noise of drawing other items. Two runs answer the same items, so that their
difference is known better than here: by how much, only their answers item by item would tell.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

Z = 1.96  # standard errors, 95 %


def _checked(p: ArrayLike, n: ArrayLike) -> tuple[Array, Array]:
    p, n = np.asarray(p, dtype=float), np.asarray(n, dtype=float)
    if not np.all((p >= 0) & (p <= 1)):
        raise ValueError(f"p must be a fraction from 0 to 1, got {p}")
    if not np.all((n >= 2) & np.isfinite(n)):
        raise ValueError(f"n must be at least 2 items, got {n}")
    return p, n


def counting_error(p: ArrayLike, n: ArrayLike) -> Any:
    """Binomial standard error of an error `p` on `n` items, ``sqrt(p (1 - p) / n)``.

    Parameters
    ----------
    p : array_like
        Error or accuracy, a fraction.
    n : array_like
        Items, 2 or more.

    Returns
    -------
    float or ndarray
        A fraction.

    Raises
    ------
    ValueError
        A fraction outside 0 to 1, or fewer than 2 items.
    """
    p, n = _checked(p, n)
    return np.sqrt(p * (1 - p) / n)


def counting_variance(p: ArrayLike, n: ArrayLike) -> Any:
    """Estimate the binomial variance of a measured error without bias, ``p (1 - p) / (n - 1)``.

    ``p (1 - p)`` is on average ``(n - 1) / n`` of what it is at the true error. Parameters and
    errors are those of `counting_error`.
    """
    p, n = _checked(p, n)
    return p * (1 - p) / (n - 1)


def smallest_change(p_1: ArrayLike, p_2: ArrayLike, n: ArrayLike, z: float = Z) -> Any:
    """Smallest difference between two runs that `n` items can show, if they answer independently.

    ``z sqrt(p_1 (1 - p_1) / n + p_2 (1 - p_2) / n)``.

    Parameters
    ----------
    p_1, p_2 : array_like
        Errors of the two runs, fractions.
    n : array_like
        Items that both answer.
    z : float
        Standard errors that count as seen.

    Returns
    -------
    float or ndarray
        A fraction.

    Notes
    -----
    Runs that get the same items right are told apart by less. How much less cannot be known from
    the release, which holds no answer of any item.
    """
    return z * np.hypot(counting_error(p_1, n), counting_error(p_2, n))
