"""What does a page consist of? Sections of paragraphs, tables, pictures and lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from markupsafe import Markup


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; `mood` says how it looks."""

    text: str
    mood: str = ""
    kind: str = field(default="paragraph", init=False)


@dataclass(frozen=True)
class TableBlock:
    """A table; the first cell of a row names it.

    Parameters
    ----------
    head : sequence of str
        Of the columns.
    rows : sequence of sequence of str
        Its cells, row by row.
    texts : frozenset of int
        Columns that hold text, not numbers.
    mood : str
        How it looks.
    """

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    texts: frozenset[int] = frozenset({0})
    mood: str = ""
    kind: str = field(default="table", init=False)


@dataclass(frozen=True)
class Picture:
    """A picture, with what its marks mean."""

    svg: Markup
    caption: str
    kind: str = field(default="picture", init=False)


@dataclass(frozen=True)
class Listing:
    """Lines; each in the page's language, or in English."""

    lines: Sequence[tuple[str, bool]]
    kind: str = field(default="listing", init=False)


@dataclass(frozen=True)
class Plain:
    """HTML that is ours."""

    html: Markup
    kind: str = field(default="plain", init=False)


Block: TypeAlias = Paragraph | TableBlock | Picture | Listing | Plain


@dataclass(frozen=True)
class Section:
    """A heading, and what stands below it."""

    name: str
    title: str
    blocks: Sequence[Block]
