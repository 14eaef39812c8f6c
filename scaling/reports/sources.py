"""Where does a report come from, and where does it go? A checksum; a whole file or none."""

from __future__ import annotations

import hashlib
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from os import PathLike
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from scaling.forecast.selection import ChoiceError, Runs

MARK = "reliable-scaling report"  # what a report calls itself in its first lines
FIRST_LINES = 2000  # bytes
PACKAGES = ("reliable-scaling", "numpy", "scipy", "pandas", "matplotlib", "jinja2")


class Source(NamedTuple):
    """The input: its name without a folder, its checksum, and whether it is a file."""

    name: str
    sha256: str
    is_file: bool


def describe_source(runs: Runs) -> Source:
    """Give name and checksum of a table: of the bytes of a file, or of a frame written as CSV."""
    if isinstance(runs, pd.DataFrame):
        content = runs.to_csv(lineterminator="\n").encode("utf-8", "surrogatepass")
        return Source("table", hashlib.sha256(content).hexdigest(), False)
    path = Path(runs)
    return Source(path.name, hashlib.sha256(path.read_bytes()).hexdigest(), True)


def list_versions() -> dict[str, str]:
    """Versions of Python and of the packages that a report rests on."""
    versions = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:  # run from a checkout that is not installed
            versions[name] = "not installed"
    return versions


def refuse_output(path: str | PathLike[str]) -> Path:
    """Give the path of a report to write, before anything is computed.

    Raises
    ------
    ChoiceError
        Its folder is missing, or what stands there is no report.
    """
    place, about = Path(path), ("output",)
    try:
        if "\0" in str(place):
            raise ValueError("embedded null byte")
        if place.is_dir() or not place.name:
            raise ChoiceError(f"{str(path)!r} is a folder: name a file, as report.html", about)
        if not place.parent.is_dir():
            raise ChoiceError(f"there is no folder {str(place.parent)!r}: make it first", about)
        if place.exists() and not _is_report(place):
            rule = f"{str(path)!r} is there already and is no report: name another file, or move it"
            raise ChoiceError(rule, about)
    except (OSError, ValueError) as error:
        raise _cannot_be_written(path, error) from error
    return place


def _is_report(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return MARK.encode() in file.read(FIRST_LINES)


def write_whole(path: str | PathLike[str], text: str) -> None:
    """Write a report: a whole file in the place of an earlier report, or nothing.

    Raises
    ------
    ChoiceError
        As `refuse_output`, or the file cannot be written.
    """
    place = refuse_output(path)
    aside = place.with_name(f".{place.name[:100]}.{os.getpid()}.part")
    try:
        with aside.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
        aside.replace(place)
    except OSError as error:
        raise _cannot_be_written(path, error) from error
    finally:
        aside.unlink(missing_ok=True)


def _cannot_be_written(path: str | PathLike[str], error: Exception) -> ChoiceError:
    if isinstance(error, ChoiceError):
        return error
    reason = getattr(error, "strerror", None) or str(error)
    return ChoiceError(f"{str(path)!r} cannot be written: {reason}", ("output",))
