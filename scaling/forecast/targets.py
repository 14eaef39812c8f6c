"""Which run is asked for? Its parameters and tokens, however they are spelled."""

from __future__ import annotations

import numpy as np

from scaling.forecast.selection import ChoiceError
from scaling.tables.numbers import parse_number
from scaling.tables.schema import LARGEST


def read_target(
    N: float | str, D: float | str | None, M: float | str | None
) -> tuple[float, float]:
    """Parameters and tokens of the target, which must be counts that a run table may have.

    Parameters
    ----------
    N : float or str
        Its parameters, as 6.9e9 or "6.9B".
    D, M : float, str or None
        Its tokens, or its tokens per parameter.

    Raises
    ------
    ChoiceError
        Not one of D and M is given, one is no number, or a count is out of range.
    """
    if (D is None) == (M is None):
        raise ChoiceError("give either D or M", ("D", "M"))
    parameters = read_count("N", N)
    tokens = read_count("D", D) if M is None else read_count("M", M) * parameters
    for name, count in (("N", parameters), ("D", tokens)):
        if not 1 <= count <= LARGEST:
            rule = f"{name} must be from 1 to {LARGEST:g}, got {count:g}"
            raise ChoiceError(rule, ("N", "D", "M"))
    return parameters, tokens


def read_count(name: str, value: object) -> float:
    """Read one number, given as such or as text like 6.9B.

    Raises
    ------
    ChoiceError
        It is none; the message gives it the name of the argument.
    """
    try:
        if isinstance(value, str):
            return parse_number(value, name)
        if isinstance(value, bool | np.bool_):
            raise TypeError
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        rule = f"{name} must be one number, such as 6.9e9 or '6.9B', got {value!r}"
        raise ChoiceError(rule, (name,)) from None


def find_target(
    N: float | str | None, D: float | str | None, M: float | str | None
) -> tuple[float, float] | None:
    """Parameters and tokens of the target, or None where none of them is given.

    Parameters are those of `read_target`.

    Raises
    ------
    ChoiceError
        As there, or D or M stands without N.
    """
    if N is not None:
        return read_target(N, D, M)
    if D is None and M is None:
        return None
    raise ChoiceError("give N, and beside it D or M", ("N",))
