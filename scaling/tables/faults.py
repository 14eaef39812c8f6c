"""What is wrong with a table? One record per fault, and one error that carries them all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

MOST_LINES = 20
PRINTED = 10  # faults, of more than fit on so many lines
KINDS = MOST_LINES - PRINTED - 2


def show(text: str, width: int = 60) -> str:
    """Quote a text for a message on one line, whatever it holds."""
    return repr(text if len(text) <= width else text[:width] + "…")


def _quote(name: str) -> str:
    """Give a name as it stands where it can be read off a message, else quoted."""
    is_plain = name.isprintable() and name == name.strip() and 0 < len(name) <= 60
    return name if is_plain else show(name)


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a run table.

    Parameters
    ----------
    source : str
        The file.
    row : int, str or None
        The line an editor shows, the header being line 1 (where it opens the file); Parquet is
        counted as if it had such lines. Of a DataFrame the label of its index. None where the
        fault is that of the file, or of the header of a DataFrame.
    column : str or None
        The column, or None where the fault is that of the row or the file.
    value : str or None
        The cell as written; empty text for an empty cell, None where no cell is meant.
    rule : str
        The rule it breaks.
    """

    source: str
    row: int | str | None
    column: str | None
    value: str | None
    rule: str

    def __str__(self) -> str:
        """Give the fault as one line."""
        place = [self.source if self.source.isprintable() else show(self.source)]
        if self.row is not None:
            place.append(f"row {_quote(str(self.row))}")
        if self.column is not None:
            place.append(f"column {_quote(self.column)}")
        value = f"{show(self.value)} " if self.value else ""
        return f"{', '.join(place)}: {value}{self.rule}"


class RunTableError(ValueError):
    """A table that is not sound; its text is the full report.

    Parameters
    ----------
    faults : sequence of Fault
        The faults in the order of the file; of a very faulty file, the first ones.
    tally : mapping of (column, rule) to int, optional
        How often each rule is broken, all faults counted. Counted from `faults` where not given.

    Attributes
    ----------
    faults : tuple of Fault
    tally : dict
    count : int
        The number of all faults.
    """

    def __init__(
        self,
        faults: Sequence[Fault],
        tally: Mapping[tuple[str | None, str], int] | None = None,
    ) -> None:
        super().__init__(faults, tally)
        self.faults = tuple(faults)
        self.tally = dict(tally or Counter((fault.column, fault.rule) for fault in faults))
        self.count = sum(self.tally.values())

    def reworded(self, say: Callable[[str], str]) -> RunTableError:
        """Give the error with every rule as `say` puts it."""
        tally: Counter[tuple[str | None, str]] = Counter()
        for (column, rule), n in self.tally.items():
            tally[column, say(rule)] += n
        return RunTableError([replace(each, rule=say(each.rule)) for each in self.faults], tally)

    def __str__(self) -> str:
        """Give the report: the first faults one a line, then how many more of which kind."""
        if self.count < MOST_LINES:
            total = [f"{self.count} faults"] * (self.count > 1)
            return "\n".join([*map(str, self.faults), *total])
        lines = [str(fault) for fault in self.faults[:PRINTED]]
        lines.append(f"and {self.count - PRINTED:,} more. All {self.count:,} by rule:")
        kinds = sorted(self.tally.items(), key=lambda item: -item[1])
        for (column, rule), n in kinds[:KINDS]:
            place = "" if column is None else f"{_quote(column)}: "
            lines.append(f"  {place}{rule}: {n:,} times")
        return "\n".join(lines + [f"  {len(kinds) - KINDS} more rules"] * (len(kinds) > KINDS))
