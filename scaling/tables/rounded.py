"""How far may a rounded M or C be off what N and D say? What printed digits leave open."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pandas as pd

from scaling.tables.files import Table
from scaling.tables.numbers import as_text, rounding

TOLERANCE = 0.01  # of M and C, whatever digits they have
# N and D are to be known: to one digit they count as exact to 5 %.
ROUNDEST_COUNT = 0.05
FORMULAS: dict[str, Callable[[pd.Series, pd.Series], pd.Series]] = {
    "M": lambda N, D: D / N,
    "C": lambda N, D: 6 * N * D,
}


def printed_slack(table: Table, frame: pd.DataFrame) -> dict[str, pd.Series]:
    """Relative room for M and C beside what follows from N and D.

    ``max(1 %, half a unit in the last digit of M or C + those of N and of D)``, each relative.

    Parameters
    ----------
    table : Table
        As found, under our names.
    frame : DataFrame of shape (n_runs, n_columns)
        The same as numbers.

    Returns
    -------
    dict of str to Series of shape (n_runs,)
        For M and C where the table has them. Only where they are off by more than 1 % is it more.
    """
    slack = {}
    for name, formula in FORMULAS.items():
        if name not in table.frame or not {"N", "D"}.issubset(frame):
            continue
        expected = formula(frame["N"], frame["D"])
        room = pd.Series(TOLERANCE, frame.index)
        off = (frame[name] / expected - 1).abs() > TOLERANCE
        if off.any():
            own = _half_units(table, name, off) / expected[off]
            room[off] = own.clip(lower=TOLERANCE)
            for count in ("N", "D"):
                if count in table.frame:
                    part = _half_units(table, count, off) / frame.loc[off, count]
                    room[off] += part.clip(upper=ROUNDEST_COUNT)
        slack[name] = room
    return slack


def _half_units(table: Table, name: str, rows: pd.Series) -> pd.Series:
    """Half a unit in the last printed digit of each cell."""
    cells = as_text(table.frame.loc[rows, name])
    return cells.map(rounding).astype(float) * table.factors.get(name, 1.0)


def tell_rounded(frame: pd.DataFrame, names: Iterable[str]) -> list[str]:
    """Name the columns, of M and C, that agree to their printed digits only."""
    told = []
    for name in names:
        off = (frame[name] / FORMULAS[name](frame["N"], frame["D"]) - 1).abs()
        if n_rounded := int((off > TOLERANCE).sum()):
            rows = f"{n_rounded} row{'s' * (n_rounded != 1)}"
            told.append(f"{name} is rounded in {rows}: taken from N and D instead")
    return told
