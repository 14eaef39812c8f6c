"""How does a file survive a kill, a full disk and a flipped bit? Written aside, with its hash.

A file is written aside and renamed, so that its name never stands for half of it. A record carries
the hash of its own content, so that what was changed on disk is found when it is read.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from scaling.training.errors import GridError, naming

ASIDE = re.compile(r"\.[0-9a-f]{32}$")
LOG = "log.jsonl"  # of a run: one row a line, as they are made


def hash_of(value: Any) -> str:
    """SHA-256 of a plain value, hexadecimal; the same in every process and on every machine."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def write_aside(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Write a file aside, force it to disk, and rename it: what stood there stands until then.

    `write` takes a binary file and writes the content.

    Raises
    ------
    GridError
        If it could not be written, as on a full disk; nothing is left behind.
    """
    aside = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with naming(path):
            with aside.open("xb") as file:
                write(file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(aside, path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


def write_text(path: Path, text: str) -> None:
    """Write a text file as `write_aside` does."""
    write_aside(path, lambda file: file.write(text.encode("utf-8")))


def clear_aside(folder: Path) -> None:
    """Remove what killed processes were writing aside in a folder that nobody else writes to."""
    for path in folder.glob(".*"):
        if ASIDE.search(path.name):
            path.unlink(missing_ok=True)


def write_record(path: Path, content: dict[str, Any]) -> None:
    """Write plain values, with no key ``sha256``, as a JSON record with their hash."""
    record = content | {"sha256": hash_of(content)}
    write_text(path, json.dumps(record, indent=1, allow_nan=False) + "\n")


def read_record(path: Path) -> dict[str, Any]:
    """Read a JSON record of `write_record`, check the hash of its content and give that back.

    Raises
    ------
    GridError
        If it cannot be read, is no record, or was changed since it was written.
    """
    with naming(path, "cannot be read"):
        text = path.read_bytes()
    try:
        record = json.loads(text)
        content = {key: value for key, value in record.items() if key != "sha256"}
        sound = record.get("sha256") == hash_of(content)
    except (ValueError, AttributeError) as error:
        raise GridError(f"{path}: is damaged: {error}") from error
    if not sound:
        raise GridError(f"{path}: is damaged: its content does not have the hash that it names")
    return content
