"""Which required column follows from others? N, D and what they are made of, each said."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import NamedTuple

import pandas as pd

Columns = pd.DataFrame


class Rule(NamedTuple):
    """A column that follows from others.

    Parameters
    ----------
    column : str
        What follows.
    sources : tuple of str
        What it follows from.
    formula : str
        How, in words.
    derive : callable
        Takes the table, gives the column.
    """

    column: str
    sources: tuple[str, ...]
    formula: str
    derive: Callable[[Columns], pd.Series]

    def __str__(self) -> str:
        """Say what was done."""
        if self.column == "N" and self.sources == ("N_body",):
            return "N_body is the table's only count: it stands for N, in targets too"
        return f"{self.column} is derived: {self.formula}"


# The first that can be followed is.
RULES = (
    Rule("N", ("N_body",), "N_body", lambda t: t["N_body"]),
    Rule("D", ("M", "N"), "M N", lambda t: t["M"] * t["N"]),
    Rule(
        "D",
        ("steps", "batch_tokens"),
        "steps x batch_tokens",
        lambda t: t["steps"] * t["batch_tokens"],
    ),
    Rule(
        "D",
        ("steps", "batch_size", "sequence_length"),
        "steps x batch_size x sequence_length",
        lambda t: t["steps"] * t["batch_size"] * t["sequence_length"],
    ),
    Rule("D", ("C", "N"), "C / 6N", lambda t: t["C"] / (6 * t["N"])),
    Rule("N", ("D", "M"), "D / M", lambda t: t["D"] / t["M"]),
    Rule("N", ("C", "D"), "C / 6D", lambda t: t["C"] / (6 * t["D"])),
    Rule("N", ("C", "M"), "the root of C / 6M", lambda t: (t["C"] / (6 * t["M"])) ** 0.5),
)


def find_rules(names: Collection[str], wanted: Collection[str] = ("N", "D")) -> list[Rule]:
    """Find the rules by which the wanted columns that are missing follow from those there.

    Parameters
    ----------
    names : collection of str
        The columns that are there.
    wanted : collection of str
        The columns that are needed.

    Returns
    -------
    list of Rule
        In the order in which they are to be followed.
    """
    there, rules = set(names), []
    while missing := set(wanted) - there:
        usable = (r for r in RULES if r.column in missing and there.issuperset(r.sources))
        rule = next(usable, None)
        if rule is None:
            break
        rules.append(rule)
        there.add(rule.column)
    return rules
