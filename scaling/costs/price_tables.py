"""Where do prices come from? The shipped table, a file, or what is typed."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from scaling.costs.money import MEASURES, PRICE, Origin, Prices, Reported
from scaling.tables.datafiles import data_path
from scaling.tables.faults import show
from scaling.tables.numbers import parse_number


@cache
def default_prices() -> Prices:
    """Load the shipped prices, ``data/prices/defaults.csv``, with their sources and dates."""
    with data_path("prices", "defaults.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    values = _read_values((row["name"], row["value"]) for row in rows)
    origins = {row["name"]: Origin(row["source"], row["date"]) for row in rows}
    reported = {
        row["name"]: Reported(float(row["least"]), float(row["most"]))
        for row in rows
        if row["least"]
    }
    return Prices(**values, origins=origins, reported=reported)


def read_prices(
    given: Prices | Mapping[str, Any] | str | Path | None = None, names: Iterable[str] = MEASURES
) -> Prices:
    """Give prices: the shipped ones, with what is given in their place.

    Parameters
    ----------
    given : Prices, mapping, str or pathlib.Path, optional
        Values by name; or a CSV file with the columns ``name`` and ``value``, or a YAML file of
        ``name: value``; or a text like ``mfu_out=0.1,price_training=2``.
    names : iterable of str
        What is to be used: with a currency of one's own, its prices must be given as well.

    Raises
    ------
    ValueError
        A name is unknown, a value is none or breaks its rule, or the file cannot be read; or a
        shipped price would stand beside another currency.
    """
    prices, shipped = _replace_shipped(given), default_prices()
    if prices.currency != shipped.currency:
        for name in names:
            if MEASURES[name] is PRICE and prices.origins.get(name) == shipped.origins[name]:
                left = f"{name} is still the shipped {getattr(shipped, name):g} {shipped.currency}"
                rule = f"nothing is converted: give {name} in {prices.currency} as well"
                raise ValueError(f"currency {prices.currency}: {left}, and {rule}")
    return prices


def _replace_shipped(given: Prices | Mapping[str, Any] | str | Path | None) -> Prices:
    if given is None:
        return default_prices()
    if isinstance(given, Prices):
        return given
    if isinstance(given, Mapping):
        return default_prices().change(**_read_values(given.items()))
    text = str(given)
    if not text.strip():
        raise ValueError("prices must name a file or read NAME=VALUE,..., got nothing")
    if "=" in text and not Path(text).exists():
        pairs = [part.partition("=") for part in text.split(",")]
        if broken := [name for name, equals, _ in pairs if not equals]:
            raise ValueError(f"prices must read NAME=VALUE,..., got {show(broken[0])}")
        return default_prices().change(**_read_values((n.strip(), v) for n, _, v in pairs))
    try:
        return default_prices().change(text, **_read_values(_read_file(Path(text))))
    except ValueError as error:
        raise ValueError(f"{text}: {error}") from error


def _read_file(path: Path) -> list[tuple[str, Any]]:
    """Pairs of a file, CSV or YAML by its name."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ValueError("there is no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"cannot be read as text: {error}") from error
    if path.suffix.lower() in (".yaml", ".yml"):
        return _read_yaml(text)
    lines = text.splitlines()
    delimiter = max(",;\t", key=lines[0].count) if lines else ","
    reader = csv.DictReader(lines, delimiter=delimiter)
    head = reader.fieldnames or []
    if "name" not in head or "value" not in head:
        raise ValueError(f"must have the columns name and value, got {', '.join(head) or 'none'}")
    rows = list(reader)
    if broken := [row for row in rows if None in row]:
        rule = "has more cells than the head: a decimal comma, or text without quotes?"
        raise ValueError(f"the line of {show(broken[0]['name'])} {rule}")
    return [(row["name"] or "", row["value"] or "") for row in rows]


def _read_yaml(text: str) -> list[tuple[str, Any]]:
    import yaml  # here: only whoever writes YAML needs its reader

    try:
        read = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(f"is no YAML: {str(error).splitlines()[0]}") from error
    if not isinstance(read, dict):
        raise ValueError("must hold lines of name: value")
    return [(str(name), value) for name, value in read.items()]


def _read_values(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Values by name, numbers where the name asks for one."""
    known = ["currency", *MEASURES]
    values: dict[str, Any] = {}
    for name, value in pairs:
        if name not in known:
            raise ValueError(f"there is no price {show(name)}: there are {', '.join(known)}")
        if name in values:
            raise ValueError(f"{name} is given twice")
        values[name] = parse_number(str(value), name) if name in MEASURES else str(value).strip()
    return values
