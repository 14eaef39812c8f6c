"""Which column of somebody's table is which of ours? A column map, and names that carry a unit.

A map is text such as ``N=parameter_count, D=total_tokens, loss=val/loss``, or a mapping of our
names to theirs. A name may be followed by a factor: ``D=tokens_B*1e9``.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

import pandas as pd

from scaling.tables.counts import COUNTS
from scaling.tables.faults import Fault, RunTableError, show
from scaling.tables.files import Table
from scaling.tables.names import BRACKETS, LONGEST, column_meant, fold, read_unit
from scaling.tables.numbers import as_text, has_letter, parse_number

ColumnMap = Mapping[str, str] | str
PAIR = re.compile(r",(?=\s*[A-Za-z_]\w*\s*=)")  # a name of theirs may hold a comma
FACTOR = re.compile(r"(.+?)\s*\*\s*([\d.eE+-]+[KMBT]?)\s*", re.DOTALL)
ACCURACY = re.compile(
    r"(?!.*std)(?:acc(?:uracy)?[_/. -]+(?P<task>.+)|(?P<other>.+?)[_/. -]+acc(?:uracy)?(?:,none)?)",
    re.IGNORECASE,
)
COUNTED = (*COUNTS, "D", "C", "batch_tokens", "steps")  # a unit in their name is a factor
OURS = ("n", "nbody", "d", "loss")  # folded; what may carry a unit in brackets
OPTION = re.compile(  # as messages write the options of a reading
    r"""(?:--map ((?:"[^"]*"|'[^']*')+|[^\s;,"']+)|--loss-unit (\w+)|--accuracy"""
    r"""|--bytes-per-token )((?= --))?"""
)
EXPANDED = frozenset('"$`\\!')  # what a shell reads inside double quotes
LISTED = 12  # names, in a message


def parse_column_map(columns: ColumnMap) -> dict[str, str]:
    """Read a column map: our names, each with theirs.

    Raises
    ------
    ValueError
        Where a part has no ``=``, or a name of ours stands twice.
    """
    if not isinstance(columns, str):
        return {ours: str(theirs).strip() for ours, theirs in columns.items()}
    pairs = [part.partition("=") for part in PAIR.split(columns)]
    found = {ours.strip(): theirs.strip() for ours, _, theirs in pairs}
    if not all(found.values()) or "" in found or len(found) < len(pairs):
        raise ValueError(
            f"the column map must read like N=parameter_count,D=total_tokens, each name once, "
            f"got {show(columns)}"
        )
    return found


def write_column_map(columns: Mapping[str, str]) -> str:
    """Write a column map as an option of the command line, quoted for a shell."""
    pairs = ",".join(f"{ours}={theirs}" for ours, theirs in columns.items())
    return f"--map {shlex.quote(pairs)}" if EXPANDED.intersection(pairs) else f'--map "{pairs}"'


def options_in_python(text: str) -> str:
    """Give a message with ``columns={...}`` where it has ``--map``, and the like."""
    return OPTION.sub(_argument, text)


def _argument(option: re.Match[str]) -> str:
    pairs, unit, following = option.groups()
    comma = "," if following is not None else ""
    if pairs:
        try:
            return f"columns={parse_column_map(shlex.split(pairs)[0])}{comma}"
        except ValueError:  # it is part of a name of theirs
            return option[0]
    if unit:
        return f"loss_unit={unit!r}{comma}"
    return "accuracy=True" if "accuracy" in option[0] else "bytes_per_token="


def name_columns(
    table: Table, columns: ColumnMap | None, known: Collection[str], prefixes: Iterable[str]
) -> Table:
    """Give a table under our names: those mapped, then those that differ by a unit in brackets.

    Parameters
    ----------
    table : Table
        As it was found.
    columns : mapping of str to str, str or None
        The column map.
    known, prefixes : collection of str
        The names that a run table may have, and how those begin that are many.

    Raises
    ------
    RunTableError
        The map names a column that the table has not, or that a run table cannot have.
    ValueError
        It cannot be read.
    """
    if columns:
        sources = {}
        for ours, theirs in parse_column_map(columns).items():
            _check_pair(table, ours, theirs, known, tuple(prefixes))
            name, factor = _split_factor(table, theirs)
            if name == theirs:
                factor = _factor_of_unit(table, ours, name)
            sources[ours] = (name, factor)
        table = _rename(table, sources)
    return _take_bracketed(table)


def _check_pair(
    table: Table, ours: str, theirs: str, known: Collection[str], prefixes: tuple[str, ...]
) -> None:
    """Refuse a pair of the map that names no column of ours, or none of theirs."""
    if ours not in known and not (ours.startswith(prefixes) and ours not in prefixes):
        rule = f"is no column of a run table: map one of {', '.join(known)}, {prefixes[0]}<...>"
        raise RunTableError([Fault(table.source, None, ours, None, rule)])
    name, _ = _split_factor(table, theirs)
    if name not in table.frame:
        has = list(map(str, table.frame))
        listed = ", ".join(map(show, has[:LISTED])) + ", …" * (len(has) > LISTED)
        rule = f"is not in the table, and the column map asks for it; there are {listed}"
        raise RunTableError([Fault(table.source, table.header_row, name, None, rule)])


def _split_factor(table: Table, theirs: str) -> tuple[str, float]:
    """Give the name and the factor written behind it, 1 where there is none."""
    match = None if theirs in table.frame else FACTOR.fullmatch(theirs)
    if match:
        return match[1], parse_number(match[2], f"the factor of {match[1]}")
    return theirs, 1.0


def _factor_of_unit(table: Table, ours: str, name: str) -> float:
    """Give the factor that a count's name says, unless its cells carry letters of their own."""
    factor = read_unit(name).factor
    if factor == 1 or ours not in COUNTED:
        return 1.0
    lettered = as_text(table.frame[name]).map(has_letter).any()
    return 1.0 if lettered else factor


def _rename(table: Table, sources: Mapping[str, tuple[str, float]]) -> Table:
    """Put our names in place of theirs; a column that had the name of ours is left aside."""
    theirs = {name for name, _ in sources.values()}
    parts: dict[str, pd.Series] = {}
    for name in map(str, table.frame):
        taken = [ours for ours, (source, _) in sources.items() if source == name]
        parts |= dict.fromkeys(taken, table.frame[name])
        if name not in theirs and name not in sources:
            parts[name] = table.frame[name]
    written = {
        ours: table.written.get(name, name) for ours, (name, _) in sources.items() if ours != name
    }
    replaced = [ours for ours in written if ours in table.frame and ours not in theirs]
    told = [f"{ours} is taken from {show(written[ours])}, not from {ours}" for ours in replaced]
    told += [
        f"{ours} is {show(name)} times {factor:g}".replace("e+0", "e")
        for ours, (name, factor) in sources.items()
        if factor != 1
    ]
    factors = {ours: by * table.factors.get(name, 1.0) for ours, (name, by) in sources.items()}
    kept = {name: by for name, by in table.factors.items() if name not in theirs}
    return replace(
        table,
        frame=pd.DataFrame(parts, index=table.frame.index),
        told=(*table.told, *told),
        written={**table.written, **written},
        factors={**kept, **{ours: by for ours, by in factors.items() if by != 1}},
    )


def _take_bracketed(table: Table) -> Table:
    """Take ``N (non-emb)``, ``D (B tokens)`` and the like, where no column has the plain name."""
    sources: dict[str, tuple[str, float]] = {}
    for name in map(str, table.frame):
        unit = read_unit(name) if BRACKETS.search(name) else None
        if unit is None or not unit.understood or fold(unit.base) not in OURS:
            continue
        ours = column_meant(name) or name
        if ours not in table.frame and ours not in sources:
            sources[ours] = (name, _factor_of_unit(table, ours, name))
    if not sources:
        return table
    plain = [(ours, name) for ours, (name, factor) in sources.items() if factor == 1]
    taken = [f"{ours} is taken from {show(name)}" for ours, name in plain]
    named = _rename(table, sources)
    return replace(named, told=(*named.told, *taken))


def name_errors(table: Table) -> tuple[Table, list[str]]:
    """Call each column of accuracies ``err_<task>``, and list these.

    ``acc_<task>``, ``accuracy_<task>``, ``<task>_acc`` and ``<task>/acc`` are accuracies.

    Raises
    ------
    RunTableError
        There is none, or a task has an error already.
    """
    names = accuracy_columns(table.frame)
    if not names:
        rule = "has no column acc_<task>, and --accuracy asks for one"
        raise RunTableError([Fault(table.source, table.header_row, None, None, rule)])
    for task, name in names.items():
        if task in table.frame:
            rule = f"is the accuracy of a task that has a column {task}, too: remove one of the two"
            raise RunTableError([Fault(table.source, table.header_row, name, None, rule)])
    named = _rename(table, {task: (name, 1.0) for task, name in names.items()})
    return named, list(names)


def accuracy_columns(frame: pd.DataFrame) -> dict[str, str]:
    """Find the columns of accuracies: ``err_<task>`` for each, and its name."""
    found: dict[str, str] = {}
    for name in map(str, frame):
        if match := ACCURACY.fullmatch(name[:LONGEST]):
            found.setdefault(f"err_{match['task'] or match['other']}", name)
    return found


def tell_accuracies(frame: pd.DataFrame) -> list[str]:
    """Say that columns of accuracies are not used."""
    names = list(accuracy_columns(frame).values())
    if not names:
        return []
    first = ", ".join(map(show, names[:3])) + ", …" * (len(names) > 3)
    return [f"not used: {first}; --accuracy takes 1 - accuracy as the error of a task"]
