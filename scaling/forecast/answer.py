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

    def __str__(self) -> str:
        """The answer in words, and below it what speaks against it."""
        return "\n".join([self.text(), *(f"warning: {line}" for line in self.warnings)])

    def _repr_html_(self) -> str:
        """The table, and below it what speaks against the answer."""
        told = "".join(f"<li>{escape(line)}</li>" for line in self.warnings)
        head, frame = escape(self.text().splitlines()[0]), self.to_frame()
        first = frame.columns[0]
        table = frame.set_index(first).rename_axis(index=None, columns=first)
        return f"<p>{head}</p>{table.to_html(border=0)}<ul>{told}</ul>"
