"""How is a table read out of JSON? One object a line, or a list of objects, bare or named."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import pandas as pd

from scaling.tables.faults import Fault, RunTableError


def read_records(source: str, text: str) -> tuple[pd.DataFrame, pd.Index, list[Fault]]:
    """Read objects as rows, their keys as columns; a key inside another is called ``outer/inner``.

    Parameters
    ----------
    source : str
        What messages call the file.
    text : str
        One object a line, or one list of objects, which may be all that an object holds:
        ``{"runs": [...]}``.

    Returns
    -------
    frame : DataFrame of shape (n_rows, n_keys)
        Numbers as they are written, missing where an object lacks the key or holds null.
    rows : pandas.Index of shape (n_rows,)
        The line of each object, or its place in the list from 1.
    faults : list of Fault
        What is no such object.
    """
    faults: list[Fault] = []
    rows: Iterable[tuple[int, Any]]
    named = _find_named_list(text)
    if named is not None:
        rows = enumerate(named, start=1)
    elif text.lstrip().startswith("["):
        rows = _of_a_list(source, text)
    else:
        rows = _of_lines(source, text, faults)
    records: dict[int, dict[str, Any]] = {}
    for row, value in rows:
        if isinstance(value, dict):
            records[row] = value
        else:
            faults.append(Fault(source, row, None, None, "must be a JSON object: {...}"))
    frame = pd.json_normalize(list(records.values()), sep="/")
    return frame, pd.Index(list(records), dtype=int), faults


def _load(text: str) -> Any:
    """Read JSON with its numbers as they are written, so that a message can quote them."""
    return json.loads(text, parse_int=str, parse_float=str, parse_constant=str)


def _find_named_list(text: str) -> list[Any] | None:
    """Give the list of objects that is all an object holds."""
    try:
        whole = _load(text)
    except (ValueError, RecursionError):
        return None
    values = list(whole.values()) if isinstance(whole, dict) else []
    is_list = len(values) == 1 and isinstance(values[0], list)
    return values[0] if is_list and any(isinstance(each, dict) for each in values[0]) else None


def _of_lines(source: str, text: str, faults: list[Fault]) -> Iterator[tuple[int, Any]]:
    n_read = 0
    for row, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            try:
                value = _load(line)
            except (ValueError, RecursionError) as error:
                reason = getattr(error, "msg", "nested too deeply")
                rule = f"is not a JSON object on one line: {reason}"
                faults.append(Fault(source, row, None, None, rule))
                if not n_read:
                    raise RunTableError(faults) from None
            else:
                n_read += 1
                yield row, value


def _of_a_list(source: str, text: str) -> Iterator[tuple[int, Any]]:
    try:
        yield from enumerate(_load(text), start=1)
    except (ValueError, RecursionError) as error:
        reason = getattr(error, "msg", "nested too deeply")
        fault = Fault(source, getattr(error, "lineno", None), None, None, f"is not JSON: {reason}")
        raise RunTableError([fault]) from None
