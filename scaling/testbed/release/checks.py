"""Is this raw value usable? Checked access to files that others wrote, for `release`.

Every refusal is a ``ValueError`` that names the file, the rule and the value.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scaling.testbed.labels import NAMED_SHAPES

SHAPE = re.compile(r"(?:.*/)?d=(\d+)_l=(\d+)_h=(\d+)(?:\.json)?")


def fault(path: Path, rule: str, value: Any) -> ValueError:
    """Make the error for a value that breaks a rule; it names the last two parts of the path."""
    return ValueError(f"{path.parent.name}/{path.name}: {rule}, got {value!r}")


def read_json(path: Path) -> dict[str, Any]:
    """Read one JSON object from a file in UTF-8."""
    if not path.is_file():
        raise fault(path, "the release must hold this file", "no such file")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as problem:
        raise fault(path, "the file must be JSON", str(problem)) from problem
    if not isinstance(content, dict):
        raise fault(path, "the file must hold one JSON object", type(content).__name__)
    return content


def field(record: Any, key: str, path: Path, kind: type = object) -> Any:
    """Take one key of a record, or refuse a record that lacks it or holds another kind there."""
    if not isinstance(record, Mapping) or key not in record:
        raise fault(path, f"{key} must be there", "nothing")
    if not isinstance(record[key], kind):
        raise fault(path, f"{key} must be a {kind.__name__}", record[key])
    return record[key]


def number(
    value: Any, name: str, path: Path, low: float = 0.0, high: float = math.inf, above: bool = False
) -> Any:
    """Accept a finite number from `low`, or `above` it, to `high`.

    Text and booleans are no numbers.
    """
    usable = isinstance(value, (int, float)) and not isinstance(value, bool)
    if usable and math.isfinite(value) and low <= value <= high and not (above and value == low):
        return value
    span = f"above {low:g}" if above else f"from {low:g}"
    raise fault(path, f"{name} must be a number {span} to {high:g}", value)


def read_shape(model: Any, path: Path) -> tuple[int, int, int]:
    """Read width, layers and heads from a model's name, such as ``d=96_l=8_h=4``.

    The name may stand in a folder and end in ``.json``; two models are known by name alone.
    """
    if str(model) in NAMED_SHAPES:
        return NAMED_SHAPES[str(model)]
    found = SHAPE.fullmatch(str(model))
    if found is None:
        raise fault(path, "the shape must read d=.._l=.._h=..", model)
    width, layers, heads = (int(part) for part in found.groups())
    return width, layers, heads


def known(table: Mapping[Any, Any], key: Any, name: str, path: Path) -> Any:
    """Translate a name that must be in a table of known names."""
    try:
        return table[key]
    except (KeyError, TypeError):
        rule = f"{name} must be one of {', '.join(map(str, table))}"
        raise fault(path, rule, key) from None
