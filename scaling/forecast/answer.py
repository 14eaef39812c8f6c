"""What can every answer do? Be printed, be shown in a notebook, go on in pandas or as JSON.

An answer is frozen: printed it is what the command of the same name prints and warns of, a
notebook shows it as a table, ``.to_frame()`` goes on in pandas, and ``.report()`` is what
``--json`` gives.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from html import escape
from typing import Any

import pandas as pd

from scaling.forecast.advice import warn_of_flags


@dataclass(frozen=True, eq=False)
class Answer(ABC):
    """What every answer can do."""

    @property
    @abstractmethod
    def warnings(self) -> list[str]:
        """What speaks against it, one line each."""

    @abstractmethod
    def report(self) -> Any:
        """The answer in plain values: what the command prints with ``--json``."""

    @abstractmethod
    def to_frame(self) -> pd.DataFrame:
        """The answer as a table."""

    @abstractmethod
    def text(self) -> str:
        """The answer in words, without what speaks against it."""

    @property
    def odd_rows(self) -> list[str]:
        """Flags of the rows that count; they stand above the answer, which such a row may spoil."""
        selected = getattr(self, "selected", None)
        return [] if selected is None else warn_of_flags(selected.table)

    @property
    def other_warnings(self) -> list[str]:
        """What else speaks against it; it stands below."""
        odd_rows = self.odd_rows
        return [line for line in self.warnings if line not in odd_rows]

    def __str__(self) -> str:
        """The answer in words, with what speaks against it."""
        above, below = (
            [f"warning: {line}" for line in lines] for lines in (self.odd_rows, self.other_warnings)
        )
        return "\n".join([*above, self.text(), *below])

    def _repr_html_(self) -> str:
        """The table, and below it what speaks against the answer."""
        told = "".join(f"<li>{escape(line)}</li>" for line in self.odd_rows + self.other_warnings)
        head, frame = escape(self.text().splitlines()[0]), self.to_frame()
        first = frame.columns[0]
        table = frame.set_index(first).rename_axis(index=None, columns=first)
        return f"<p>{head}</p>{table.to_html(border=0)}<ul>{told}</ul>"
