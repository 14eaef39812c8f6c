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

from scaling.tables.counts import COUNTS
from scaling.tables.epochs import EPOCHS, UNIQUE

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
TOLERANCE = 0.01  # printed tables round M and C
INVISIBLE = r"[\s\u200b-\u200f\ufeff]*"
COUNTING = {"n", "param", "params", "parameter", "parameters", "size"}
ALIASES = {
    "N": ("params", "parameters", "nparams", "numparams", "nparameters", "modelsize", "size"),
    "D": ("tokens", "ntokens", "numtokens", "traintokens", "trainingtokens"),
    "loss": ("evalloss", "valloss", "validationloss", "testloss", "nll", "crossentropy"),
    "task": ("tasks", "taskname", "name", "benchmark"),
}


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


def run_schema(table: pd.DataFrame, in_steps: bool = False) -> DataFrameSchema:
    """Write down the rules for a table with these columns, its numbers as float, NaN if not known.

    Each check carries its rule in plain words as its error. M = D / N and its like are rules too.
    Where rows may be checkpoints (`in_steps`), it is enough that a run has a loss on some row.
    """
    import pandera.pandas as pa

    def holds(relation: Callable[[pd.Series], pd.Series], rule: str) -> Check:
        # A relation with an unknown is not broken: its own cell has the fault.
        return pa.Check(lambda given: ~relation(given), error=rule)

    def near(expected: pd.Series, formula: str) -> Check:
        return holds(
            lambda given: (given / expected[given.index] - 1).abs() > TOLERANCE,
            f"must be {formula} to within 1 %",
        )

    count = pa.Check.in_range(1, LARGEST, error="must be > 0 and finite, from 1 to 1e30")
    loss = pa.Check.in_range(0, LARGEST, include_min=False, error="must be > 0 and finite")
    not_negative = pa.Check.in_range(0, LARGEST, error="must be >= 0 and finite")
    share = pa.Check.in_range(0, 1, error="must lie in [0, 1]: a fraction, not a percentage")
    unknown = pd.Series(np.nan, table.index)
    N, D, losses = table.get("N", unknown), table.get("D", unknown), loss_columns(table)

    clashing = find_clashing(table)
    unique = pa.Check(lambda _: ~clashing, ignore_na=False, error="must be unique")
    checks: dict[str, list[Check]] = {"run": [unique], "dataset": []}
    checks |= {name: [count] for name in (*COUNTS, "D", "batch_tokens", *UNIQUE, VOCABULARY)}
    checks |= {name: [not_negative] for name in ("warmup_steps", EPOCHS)}
    for name in COUNTS[1:]:
        checks[name] = [count, holds(lambda part: part > N[part.index], "must be <= N")]
    checks |= {"M": [near(D / N, "D / N")], "C": [near(6 * N * D, "6 N D")]}
    checks |= {name: [loss] for name in losses or ["loss"]}
    checks |= {name: [not_negative] for name in loss_std_columns(table)}
    checks |= {name: [share] for name in error_columns(table)}
    never_empty = set(NEVER_EMPTY)
    if losses and (in_steps or losses[0] != "loss"):
        never_empty.discard(losses[0])
        lossless = table[losses].isna().all(axis=1)
        if in_steps and "run" in table:
            lossless = lossless.groupby(table["run"]).transform("all")
        row = "run" if in_steps else "row"
        rule = f"must not be empty where the {row} has no other loss"
        checks[losses[0]].append(pa.Check(lambda _: ~lossless, ignore_na=False, error=rule))
    required = {"N", "D"} if losses else {"N", "D", "loss"}
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
    for name, right in misspelt.items():
        yield name, f"is not a column name here; did you mean {right!r}?"
    meant = {"loss" if right.startswith("loss_") else right for right in misspelt.values()}
    for name in missing:
        if name not in meant:
            yield name, _explain_missing(name, names)


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
    """Say that a required column is missing, and which of the others may be meant."""
    rule = "is missing: `loss` or at least one `loss_<set>`" if name == "loss" else "is missing"
    if len(names) == 1:
        return f"{rule}; the header has a single column: separate columns with commas"
    if name == "N" and len(counts := find_counts(names)) > 1:
        ways = " or ".join(f"--map N={count}" for count in counts)
        return (
            f"{rule}; which count of a mixture of experts is meant? Say {ways}; one law holds for "
            "models of one kind: fit each number of experts apart"
        )
    plain = {re.sub(r"[\s_-]", "", other).casefold(): other for other in names}
    likely = next((plain[alias] for alias in ALIASES[name] if alias in plain), None)
    return f"{rule}; is it the column {likely!r}?" if likely else rule


def find_counts(names: Iterable[str]) -> list[str]:
    """Find the columns of a total and of an active count of parameters, the total first."""
    found: dict[str, str] = {}
    for kind in ("tot", "act"):
        for name in names:
            words = split_name(name)
            if COUNTING & set(words) and any(word.startswith(kind) for word in words):
                found.setdefault(kind, name)
    return list(found.values())


def split_name(name: str) -> list[str]:
    """Split a column name into its words, in small letters: ``nParams_total`` has three."""
    return re.split(r"[^a-z]+", re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower())
