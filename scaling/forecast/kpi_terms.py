"""What does the reader say of an own KPI? Which way is better, its bounds, items and chance."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from scaling.forecast.selection import ChoiceError
from scaling.forecast.targets import read_count
from scaling.tables.faults import show
from scaling.tables.schema import LARGEST

PER_CENT = (0.0, 100.0)
SHARE = (0.0, 1.0)  # bounds of a share of items, unless others are given
DIRECTIONS = ("higher-is-better", "lower-is-better")


@dataclass(frozen=True)
class Terms:
    """What the reader says of a KPI.

    Parameters
    ----------
    column : str
        Its column.
    higher_is_better : bool
        Whether it should rise.
    bounds : tuple of float or None
        Between which it must lie: it is then a straight line on its logit; None for a plain line.
    items : float, str or None
        Number of items that it is a share of, or the column that has it.
    chance : float or None
        Its value by guessing.
    """

    column: str
    higher_is_better: bool
    bounds: tuple[float, float] | None
    items: float | str | None
    chance: float | None


def read_terms(
    column: object,
    higher_is_better: object,
    bounds: object = None,
    items: object = None,
    chance: object = None,
) -> Terms:
    """Read what is said of a KPI, before any table is read.

    Parameters
    ----------
    column : str
        Its column.
    higher_is_better : bool
        Whether it should rise.
    bounds : str or pair of float, optional
        As "0:1" or (0, 1). With `items` 0 to 1 by default.
    items : int or str, optional
        Number of items that it is a share of, or the name of a column.
    chance : float or str, optional
        Its value by guessing.

    Raises
    ------
    ChoiceError
        There is no direction, or one of them cannot be.
    """
    if not isinstance(column, str) or not column:
        raise ChoiceError(f"kpi must be the name of a column, got {column!r}", ("kpi",))
    if not isinstance(higher_is_better, bool | np.bool_):
        rule = f"say whether higher or lower values of {show(column)} are better: give one of the "
        raise ChoiceError(f"{rule}two, there is no default", DIRECTIONS)
    between = _read_bounds(bounds)
    number = _read_items(items)
    if items is not None and between is None:
        between = SHARE
    guess = None if chance is None else read_count("chance", chance)
    lo, hi = between or (-LARGEST, LARGEST)
    if guess is not None and not lo < guess < hi:
        rule = f"chance must lie between the bounds of the KPI, {lo:g} and {hi:g}"
        raise ChoiceError(f"{rule}, got {guess:g}", ("chance",))
    return Terms(column, bool(higher_is_better), between, number, guess)


def _read_bounds(bounds: Any) -> tuple[float, float] | None:
    if bounds is None:
        return None
    ends = bounds.split(":") if isinstance(bounds, str) else bounds
    if not isinstance(ends, list | tuple) or len(ends) != 2:
        rule = "bounds must be the least and the largest value that the KPI can have, as 0:1"
        raise ChoiceError(f"{rule}, got {bounds!r}", ("bounds",))
    lo, hi = (read_count("bounds", end) for end in ends)
    if not -LARGEST <= lo < hi <= LARGEST:
        raise ChoiceError(f"bounds must rise, as 0:1, got {lo:g} to {hi:g}", ("bounds",))
    return lo, hi


def _read_items(items: Any) -> float | str | None:
    """A whole number, or the name of a column."""
    if items is None:
        return None
    try:
        number = read_count("items", items)
    except ChoiceError:
        if isinstance(items, str) and items.strip():
            return items
        raise
    if not (1 <= number <= LARGEST and number == math.floor(number)):
        rule = "items must be a whole number, 1 or more, or a column of such"
        raise ChoiceError(f"{rule}, got {items!r}", ("items",))
    return number
