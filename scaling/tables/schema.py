"""What may stand in which column of a run table? Names, rules, and hints for names that are close.

The rules are a pandera schema, written for the columns that a table has.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from scaling.tables.columns import write_column_map
from scaling.tables.counts import COUNTS
from scaling.tables.epochs import EPOCHS, UNIQUE
from scaling.tables.hints import SINGLE, WHAT, explain_missing
from scaling.tables.rounded import TOLERANCE

if TYPE_CHECKING:
    from pandera.pandas import Check, DataFrameSchema

TEXTS = ("run", "dataset", "flags")
VOCABULARY = "vocabulary"
AMOUNTS = (  # these may end in K, M, B or T
    *COUNTS,
    *("D", "batch_tokens", "M", "C", "warmup_steps", *UNIQUE, EPOCHS, VOCABULARY),
)
KNOWN = (*TEXTS, *AMOUNTS, "loss", "loss_std")
PREFIXES = {"loss_std_": "<set>", "loss_": "<set>", "err_": "<task>"}
NEVER_EMPTY = ("N", "D", "loss", "run", "dataset")
LARGEST = 1e30  # below it 6 N D and the square of a loss stay finite
SMALLEST_USUAL_COUNT = 1e3  # of parameters and of tokens
MOST_USUAL_M = 1e4
LETTERS = {"M": ("millions", "1e6"), "B": ("billions", "1e9"), "T": ("trillions", "1e12")}
INVISIBLE = r"[\s\u200b-\u200f\ufeff]*"
ALIASES = {"task": ("tasks", "taskname", "name", "benchmark")}
PARTS = ("steps", "batch_size", "sequence_length")  # columns from which D may follow
EMPTY = {  # what to do about a cell that must not be
    "loss": "a run without a loss: leave its row out",
    "N": "a run whose parameters are not known: leave its row out",
    "D": "a run whose tokens are not known: leave its row out",
}
DERIVED = "it is derived, so the column may go"
MEASURED = "; FLOPs counted otherwise go by another name, as C_exact"
POSITIVE = "must be > 0 and finite"


def loss_columns(table: pd.DataFrame) -> list[str]:
    """List the loss columns: `loss`, then every ``loss_<set>`` in the table's order."""
    sets = [name for name in _prefixed(table, "loss_") if not _is_loss_std(name)]
    return ["loss"] * ("loss" in table) + sets


def error_columns(table: pd.DataFrame) -> list[str]:
    """List the ``err_<task>`` columns in the table's order."""
    return _prefixed(table, "err_")


def loss_std_columns(table: pd.DataFrame) -> list[str]:
    """List the standard deviations of losses, ``loss_std`` and ``loss_std_<set>``."""
    return [name for name in _prefixed(table, "loss_") if _is_loss_std(name)]


def number_columns(table: pd.DataFrame) -> list[str]:
    """List every column that the contract wants to hold numbers."""
    amounts = [name for name in AMOUNTS if name in table]
    return amounts + loss_columns(table) + loss_std_columns(table) + error_columns(table)


def _prefixed(table: pd.DataFrame, prefix: str) -> list[str]:
    return [name for name in map(str, table) if name.startswith(prefix)]


def _is_loss_std(name: str) -> bool:
    return name == "loss_std" or name.startswith("loss_std_")


def find_clashing(table: pd.DataFrame) -> pd.Series:
    """Find the rows whose `run` stands on rows of another N or training set, too."""
    if "run" not in table:
        return pd.Series(False, table.index)
    names, clashing = table["run"], pd.Series(False, table.index)
    for name in ("N", "dataset"):
        if name in table:
            clashing |= table[name].groupby(names).transform("nunique") > 1
    return clashing


def run_schema(
    table: pd.DataFrame,
    in_steps: bool = False,
    loss_unit: str | None = None,
    slack: Mapping[str, pd.Series] | None = None,
    written: Mapping[str, str] | None = None,
) -> DataFrameSchema:
    """Write down the rules for a table with these columns, its numbers as float, NaN if not known.

    Each check carries its rule in plain words as its error. M = D / N and its like are rules too.

    Parameters
    ----------
    table : DataFrame of shape (n_runs, n_columns)
        Losses are in nats per token.
    in_steps : bool
        Rows may be checkpoints: it is enough that a run has a loss on some row.
    loss_unit : str, optional
        In which the losses were given.
    slack : mapping of str to Series of shape (n_runs,), optional
        The relative room that printed digits leave M and C, where it is more than 1 %.
    written : mapping of str to str, optional
        How the reader calls a column.
    """
    import pandera.pandas as pa

    def holds(relation: Callable[[pd.Series], pd.Series], rule: str) -> Check:
        # A relation with an unknown is not broken: its own cell has the fault.
        return pa.Check(lambda given: ~relation(given), error=rule)

    def near(name: str, expected: pd.Series, formula: str, more: str = "") -> Check:
        room = (slack or {}).get(name, pd.Series(TOLERANCE, table.index))
        return holds(
            lambda given: (given / expected[given.index] - 1).abs() > room[given.index],
            f"must be {formula} to within 1 % or its printed digits: {DERIVED}{more}",
        )

    def count(name: str) -> Check:
        cause = _ask_for_scale(table[name], name, (written or {}).get(name, name), table.get("N"))
        rule = "must be > 0 and finite, from 1 to 1e30"
        return pa.Check.in_range(1, LARGEST, error=rule + cause)

    def share(name: str) -> Check:
        cause = _ask_for_share(table[name], (written or {}).get(name, name))
        return pa.Check.in_range(0, 1, error=f"must lie in [0, 1]: {cause}")

    loss_rule = "must be > 1 and finite, a perplexity" if loss_unit == "ppl" else POSITIVE
    loss = pa.Check.in_range(0, LARGEST, include_min=False, error=loss_rule)
    not_negative = pa.Check.in_range(0, LARGEST, error="must be >= 0 and finite")
    unknown = pd.Series(np.nan, table.index)
    N, D, losses = table.get("N", unknown), table.get("D", unknown), loss_columns(table)

    clashing = find_clashing(table)
    unique = pa.Check(lambda _: ~clashing, ignore_na=False, error="must be unique")
    checks: dict[str, list[Check]] = {"run": [unique], "dataset": []}
    amounts = (*COUNTS, "D", "batch_tokens", *UNIQUE, VOCABULARY)
    checks |= {name: [count(name)] for name in amounts if name in table}
    checks |= {name: [not_negative] for name in ("warmup_steps", EPOCHS)}
    for name in COUNTS[1:]:
        checks.setdefault(name, []).append(holds(lambda part: part > N[part.index], "must be <= N"))
    checks |= {"M": [near("M", D / N, "D / N")], "C": [near("C", 6 * N * D, "6 N D", MEASURED)]}
    checks |= {name: [loss] for name in losses or ["loss"]}
    checks |= {name: [not_negative] for name in loss_std_columns(table)}
    checks |= {name: [share(name)] for name in error_columns(table)}
    never_empty = set(NEVER_EMPTY)
    if losses and (in_steps or losses[0] != "loss"):
        never_empty.discard(losses[0])
        lossless = table[losses].isna().all(axis=1)
        if in_steps and "run" in table:
            lossless = lossless.groupby(table["run"], dropna=False).transform("all")
        row = "run" if in_steps else "row"
        rule = f"must not be empty where the {row} has no other loss"
        checks[losses[0]].append(pa.Check(lambda _: ~lossless, ignore_na=False, error=rule))
    required = {"N", "D"} if losses else {"N", "D", "loss"}
    checks = {name: [] for name in ("N", "D", "loss") if name in required} | checks
    return pa.DataFrameSchema(
        {
            name: pa.Column(
                checks=rules,
                nullable=name not in never_empty,
                required=name in required,
            )
            for name, rules in checks.items()
        }
    )


def _ask_for_scale(counts: pd.Series, name: str, written: str, N: pd.Series | None) -> str:
    """Ask for a unit where a count is below 1, with what to type."""
    small = counts[(counts > 0) & (counts < 1)]
    if small.empty:
        return ""
    letter = "B"
    if name == "D" and N is not None:
        letter = likely_letter(counts.median(), N.median())
    unit, factor = LETTERS[letter]
    option = write_column_map({name: f"{written}*{factor}"})
    return f"; in {unit}? write {small.iloc[0]:g}{letter}, or type {option} for the whole column"


def likely_letter(D: float, N: float) -> str:
    """Choose the letter, of M, B and T, with which D tokens are a usual number for N parameters.

    With B where N is not known, or a small number itself.
    """
    if not N >= SMALLEST_USUAL_COUNT:
        return "B"
    M = 1e9 * D / N
    return "M" if M > MOST_USUAL_M else "T" if M < 1 else "B"


def _ask_for_share(errors: pd.Series, written: str) -> str:
    """Tell per cent from centred accuracies by how far errors lie outside 0 and 1."""
    if ((errors < -1) | (errors > 2)).any():
        option = write_column_map({written: f"{written}*0.01"})
        return f"a fraction, not a percentage: divide by 100, or type {option}"
    return "a centred accuracy? undo it, accuracy = chance + (1 - chance) centred"


def explain_header(
    names: Collection[str],
    missing: Iterable[str],
    known: Collection[str] = KNOWN,
    prefixes: Mapping[str, str] = PREFIXES,
) -> Iterator[tuple[str, str]]:
    """Say which names look like one of the contract, and which required ones are missing.

    `known` are the names of the contract, `prefixes` its prefixes, each with what stands behind
    it. Gives a name and what is wrong with it.
    """
    misspelt = _find_misspelt(names, known, prefixes)
    meant = {"loss" if right.startswith("loss_") else right for right in misspelt.values()}
    missing = [name for name in missing if name not in meant]
    ours = {right for right in misspelt.values() if right in KNOWN or _is_of_many(right)}
    mapped = {
        right: name
        for name, right in misspelt.items()
        if right in ours.difference(names) and name.isprintable()
    }
    hints = list(explain_missing([name for name in missing if name in WHAT], names, mapped))
    for i, (name, right) in enumerate(misspelt.items(), start=1):
        last = i == len(misspelt) and mapped and not hints
        typed = f" Rename it, or type {write_column_map(mapped)}" if last else ""
        yield name, f"is not a column name here; did you mean {right!r}?{typed}"
    yield from hints
    yield from ((n, _explain_missing(n, names)) for n in missing if n not in WHAT)


def _is_of_many(name: str) -> bool:
    """Tell a name like ``loss_a`` from a mere ``loss_<set>``."""
    return name.startswith(tuple(PREFIXES)) and not name.endswith(">")


def _find_misspelt(
    names: Iterable[str], known: Collection[str], prefixes: Mapping[str, str]
) -> dict[str, str]:
    """Find names that differ from one of the contract by case, spaces or letter width only."""
    folded = {name.casefold(): name for name in known}
    meant = {}
    for name in names:
        outer = re.sub(rf"^{INVISIBLE}|{INVISIBLE}$", "", unicodedata.normalize("NFKC", name))
        right = folded.get(re.sub(INVISIBLE, "", outer).casefold())
        prefix = next((prefix for prefix in prefixes if outer.lower().startswith(prefix)), None)
        if right is None and prefix is not None:
            right = prefix + (outer[len(prefix) :] or prefixes[prefix])
        if right not in (None, name):
            meant[name] = right
    return meant


def _explain_missing(name: str, names: Collection[str]) -> str:
    """Say that a required column is missing, and which of the others may be it."""
    if len(names) == 1:
        return f"is missing; {SINGLE}"
    plain = {re.sub(r"[\s_-]", "", other).casefold(): other for other in names}
    likely = next((plain[alias] for alias in ALIASES.get(name, ()) if alias in plain), None)
    return f"is missing; is it the column {likely!r}?" if likely else "is missing"
