"""Who holds this folder? A lock that ends with its process, however that ends."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

LOCK = "lock"  # name of the file
RETRIES, RETRY_SECONDS = 3, 0.01


@contextmanager
def hold(path: Path) -> Iterator[bool]:
    """Hold a lock that ends with the process, however it ends; say whether it was free.

    Whoever only looks (`is_held`) holds it for an instant too, so one refusal does not count.
    """
    with path.open("a") as file:
        free = _take(file)
        for _ in range(RETRIES):
            if free:
                break
            time.sleep(RETRY_SECONDS)
            free = _take(file)
        yield free


def _take(file: IO[Any], kind: int = fcntl.LOCK_EX) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_held(path: Path) -> bool:
    """Tell whether a living process holds a lock."""
    if not path.exists():
        return False
    with path.open("r") as file:
        return not _take(file, fcntl.LOCK_SH)
