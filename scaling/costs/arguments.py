"""What may be counted? Whole numbers and those above zero; an error names the argument."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def whole(name: str, value: Any) -> int:
    """Accept a whole number above zero, of any numeric type.

    Raises
    ------
    ValueError
        It is none.
    """
    numeric = isinstance(value, (int, float, np.integer, np.floating))
    if not numeric or isinstance(value, bool) or not 0 < value < np.inf or int(value) != value:
        raise ValueError(f"{name} must be a whole number above 0, got {value!r}")
    return int(value)


def positive(name: str, value: ArrayLike) -> NDArray[np.float64]:
    """Accept finite numbers above zero.

    Raises
    ------
    ValueError
        One is not.
    """
    array = np.asarray(value, dtype=float)
    if not np.all(np.isfinite(array) & (array > 0)):
        raise ValueError(f"{name} must be finite and above 0, got {value!r}")
    return array


def plain(array: NDArray[Any]) -> Any:
    """Give back a plain number where a plain number came in."""
    return array.item() if array.ndim == 0 else array
