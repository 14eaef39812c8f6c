"""What is the own KPI of each run? Its column, on the scale of a line, and its counting noise."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from scaling.forecast.kpi_terms import PER_CENT, SHARE, Terms
from scaling.forecast.selection import ChoiceError
from scaling.laws.mixture import Array
from scaling.tables.faults import Fault, RunTableError, show
from scaling.tables.numbers import as_numbers, as_text, explain_numbers
from scaling.tables.repeats import find_cells
from scaling.tables.schema import LARGEST, PARTS, TEXTS, error_columns, number_columns

IN_PER_CENT = re.compile("%|pct|percent|per_cent", re.IGNORECASE)
SMALLEST = 1 / LARGEST  # a KPI nearer zero is zero: its square is no float
NAMED, LISTED = 3, 12  # runs, and columns, in a message


@dataclass(frozen=True)
class Kpi:
    """A KPI as measured on the runs that have it.

    Parameters
    ----------
    terms : Terms
        What is said of it.
    loss, value : ndarray of shape (n_measured,)
        Loss in nats per token, and the KPI.
    items : ndarray of shape (n_measured,) or None
        Items that it is a share of.
    cells : ndarray of int, shape (n_measured,)
        Alike for two runs of one N and D.
    n_without : int
        Runs without it.
    """

    terms: Terms
    loss: Array
    value: Array
    items: Array | None
    cells: NDArray[np.intp]
    n_without: int

    @property
    def n_distinct(self) -> int:
        """How many of these runs differ in N or D."""
        return len(np.unique(self.cells))

    def keep(self, kept: NDArray[np.bool_]) -> Kpi:
        """The same on some of the runs."""
        items = None if self.items is None else self.items[kept]
        return replace(
            self,
            loss=self.loss[kept],
            value=self.value[kept],
            items=items,
            cells=self.cells[kept],
        )

    @property
    def natural(self) -> tuple[float, float]:
        """Bounds, or those of a share, of per cent by name, or from 0 where the runs keep them."""
        if self.terms.bounds is not None:
            return self.terms.bounds
        least, most = self.value.min(), self.value.max()
        if 0 <= least <= most <= 1:
            return SHARE
        if 0 <= least <= most <= 100 and IN_PER_CENT.search(self.terms.column):
            return PER_CENT
        return (0.0 if least >= 0 else -np.inf), np.inf

    @property
    def lacks_items(self) -> bool:
        """Whether it is a share, by its bounds or by its values, and of how many is not told."""
        return self.items is None and self.natural in (SHARE, PER_CENT)

    @property
    def share(self) -> Array:
        """Where it lies between its bounds, 0 to 1."""
        lo, hi = self.terms.bounds or SHARE
        return (self.value - lo) / (hi - lo)

    @property
    def height(self) -> Array:
        """The KPI or its logit, whichever is taken for a straight line in the loss.

        Of k out of n items ``log((k + 1/2) / (n - k + 1/2))``, which is finite for none and for
        all of them.
        """
        if self.terms.bounds is None:
            return self.value
        share = self.share
        if self.items is None:
            return np.log(share) - np.log1p(-share)
        return np.log(self.items * share + 0.5) - np.log(self.items * (1 - share) + 0.5)

    @property
    def counting(self) -> Array | None:
        """Counting noise of each `height`, a standard deviation; None where no items are told."""
        return None if self.items is None else _count_noise(self.share, self.items)

    @property
    def items_at_target(self) -> float | None:
        """Items that the target is taken to answer, the median of those of the runs."""
        return None if self.items is None else float(np.round(np.median(self.items)))

    def count_at(self, height: ArrayLike) -> Array | float:
        """Counting noise of the target's `height`; 0 where no items are told."""
        if self.items is None:
            return 0.0
        return _count_noise(_share_at(height), self.items_at_target)

    def value_at(self, height: ArrayLike, *, of_a_run: bool = False) -> Array:
        """KPI of a height; of a run the share counted, without what `height` adds to each count."""
        if self.terms.bounds is None:
            return np.asarray(height, dtype=float)
        share, (lo, hi) = _share_at(height), self.terms.bounds
        if of_a_run and self.items_at_target is not None:
            n = self.items_at_target
            share = np.clip(((n + 1) * share - 0.5) / n, 0.0, 1.0)
        return lo + (hi - lo) * share


def _share_at(height: ArrayLike) -> Array:
    from scipy.special import expit  # here: a table is checked without SciPy

    return np.asarray(expit(height))


def _count_noise(share: ArrayLike, items: ArrayLike | None) -> Array:
    """``sqrt(1 / (n p + 1/2) + 1 / (n (1 - p) + 1/2))``, that of a logit."""
    share, items = np.asarray(share, dtype=float), np.asarray(items, dtype=float)
    return np.asarray(np.sqrt(1 / (items * share + 0.5) + 1 / (items * (1 - share) + 0.5)))


def read_kpi(table: pd.DataFrame, loss: str, N: str, terms: Terms, source: str = "table") -> Kpi:
    """Read the KPI of the runs that have one.

    Parameters
    ----------
    table : pandas.DataFrame
        Run table; see `scaling.tables.runs`.
    loss, N : str
        Columns of the loss and of the parameters.
    terms : Terms
        What is said of it.
    source : str
        What messages call the table.

    Raises
    ------
    ChoiceError
        There is no such column, or it holds a loss or a count.
    RunTableError
        A cell is no number, lies outside the bounds or, without items, on one of them; or items
        are no whole number.
    """
    name = terms.column
    _require_column(table, name, "kpi")
    _require_kpi(table, name)
    values = _read_cells(table, name, source)
    known = values.notna()
    kept, values = table[known], values[known]
    _require_inside(kept, values, terms, source)
    items = None
    if terms.items is not None:
        items = _find_items(kept, terms, source)
    lost = int((~known).sum())
    counts = kept[loss].to_numpy(float), values.to_numpy(float), items
    return Kpi(terms, *counts, find_cells(kept, N), lost)


def find_unused(table: pd.DataFrame) -> list[str]:
    """Columns of numbers that no law and no task reads: a KPI may be among them."""
    read = {*error_columns(table), *PARTS}
    return [name for name in _candidates(table) if name not in read]


def _candidates(table: pd.DataFrame) -> list[str]:
    """Columns that may hold a KPI: those of numbers that are no loss and no count."""
    ours = {*TEXTS, *number_columns(table)} - set(error_columns(table))
    return [
        name
        for name in map(str, table)
        if name not in ours and as_numbers(table[name], letters=False).notna().any()
    ]


def _require_column(table: pd.DataFrame, name: str, about: str) -> None:
    if name in table:
        return
    found = _candidates(table)
    listed = ", ".join(map(show, found[:LISTED])) + ", …" * (len(found) > LISTED)
    error = f"err_{name.removeprefix('acc_')}"
    if name.startswith("acc_") and error in table:
        rule = f"became {error} by --accuracy: leave that off"
        raise ChoiceError(f"{about}: {show(name)} {rule}", (about,))
    there = f"must be a column of the table: {listed}" if found else "is needed: add its column"
    raise ChoiceError(f"{about} {there}, got {show(name)}, which the table has not", (about,))


def _require_kpi(table: pd.DataFrame, name: str) -> None:
    """Refuse a loss, a count, or a copy of one."""
    taken = {*TEXTS, *number_columns(table)} - set(error_columns(table))
    same = name if name in taken else None
    text = as_numbers(table[name], letters=False)
    if same is None and text.notna().any():
        others = [other for other in number_columns(table) if other in taken]
        same = next((other for other in others if text.equals(table[other].astype(float))), None)
    if same is not None:
        what = "is" if same == name else f"has the values of {same},"
        rule = f"{what} a loss, a count or a label of the run, which is no KPI"
        raise ChoiceError(f"{show(name)} {rule}: name the column of what was measured", ("kpi",))


def _read_cells(table: pd.DataFrame, name: str, source: str) -> pd.Series:
    """Read a column as numbers, NaN where empty."""
    values, text = as_numbers(table[name], letters=False), as_text(table[name])
    wrong = values.isna() & (text != "") | ~(values.abs().fillna(0.0) <= LARGEST)
    if wrong.any():
        first = text[wrong].iloc[0]
        too_large = values[wrong].notna().iloc[0]
        rule = "must be finite, at most 1e30 in size" if too_large else explain_numbers([first])[0]
        said = _name_runs(table[wrong], [show(cell) for cell in text[wrong]])
        raise RunTableError([Fault(source, None, name, None, f"{rule}; {said}")])
    return values.mask(values.abs() < SMALLEST, 0.0)


def _require_inside(table: pd.DataFrame, values: pd.Series, terms: Terms, source: str) -> None:
    if terms.bounds is None:
        return
    lo, hi = terms.bounds
    outside = (values < lo) | (values > hi)
    if outside.any():
        hint = _guess_bounds(values, terms)
        said = _name_runs(table[outside], [f"{value:g}" for value in values[outside]])
        rule = f"must lie within its bounds, {lo:g} to {hi:g}; {said}{hint}"
        raise RunTableError([Fault(source, None, terms.column, None, rule)])
    on_bound = (values == lo) | (values == hi)
    if terms.items is None and on_bound.any():
        said = _name_runs(table[on_bound], [f"{value:g}" for value in values[on_bound]])
        rule = f"must not lie on a bound, whose logit is infinite; {said}: give --items, the number"
        what = f"{rule} of items that it is a share of, or --bounds that no run reaches"
        raise RunTableError([Fault(source, None, terms.column, None, what)])


def _guess_bounds(values: pd.Series, terms: Terms) -> str:
    """Ask whether what leaves 0 to 1 is a count, or in per cent."""
    if terms.bounds != SHARE or values.min() < 0:
        return ""
    most = float(values.max())
    if isinstance(terms.items, float) and (values == np.floor(values)).all():
        if most <= terms.items:
            return f": a count? --bounds 0:{terms.items:.10g} --items {terms.items:.10g}"
        return ""
    return ": in per cent? --bounds 0:100" * (most <= 100)


def _find_items(table: pd.DataFrame, terms: Terms, source: str) -> Array:
    """Items of each run."""
    if not isinstance(terms.items, str):
        return np.full(len(table), float(terms.items or 0))
    _require_column(table, terms.items, "items")
    if terms.items == terms.column:
        raise ChoiceError(f"items must be another column than the KPI, {terms.items!r}", ("items",))
    items = _read_cells(table, terms.items, source)
    wrong = ~((items >= 1) & (items == np.floor(items)))
    if wrong.any():
        cells = ["empty" if value != value else f"{value:g}" for value in items[wrong]]
        rule = f"must be a whole number of items, 1 or more; {_name_runs(table[wrong], cells)}"
        raise RunTableError([Fault(source, None, terms.items, None, rule)])
    return items.to_numpy(float)


def _name_runs(rows: pd.DataFrame, cells: Sequence[str]) -> str:
    """Name the first runs with their cells, and how many more there are."""
    runs = [run if run.startswith("row ") else f"run {run}" for run in rows["run"].astype(str)]
    named = [f"{cell} in {run}" for cell, run in zip(cells, runs, strict=True)][:NAMED]
    more = len(cells) - len(named)
    return "got " + ", ".join(named) + f" and {more} more" * (more > 0)
