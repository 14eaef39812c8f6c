"""What goes wrong with a grid that its reader can mend? One error that says what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class GridError(ValueError):
    """A specification, folder or file that a grid cannot go on with; its text says what to do."""


@contextmanager
def naming(path: Path, failure: str = "could not be written") -> Iterator[None]:
    """Give what the system refuses as a `GridError` that names the file or folder."""
    try:
        yield
    except OSError as error:
        raise GridError(f"{path}: {failure}: {error.strerror or error}") from error
