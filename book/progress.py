"""Say how far a long command is: what its output tells, and a line after every silence."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import TextIO

SILENCE = 15.0  # seconds without a line, half of what we promise


def say(text: str) -> None:
    """Print a line now, also where the output is a file."""
    print(text, flush=True)


def follow(
    command: Sequence[str],
    note: Callable[[str], str | None],
    standing: Callable[[], str],
    silence: float = SILENCE,
    **options: object,
) -> int:
    """Run a command and say how far it is; where it fails, show all that it said.

    Parameters
    ----------
    command : sequence of str
        Program and arguments.
    note : callable
        Takes a line of the command's output, and gives what to say about it, if anything.
    standing : callable
        Gives what to say after a silence.
    silence : float
        Seconds after which it is broken.
    **options
        Of `subprocess.Popen`.

    Returns
    -------
    int
        Exit code of the command.
    """
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    output: list[str] = []
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        **options,
    ) as process:
        threading.Thread(target=_pass_on, args=(process.stdout, lines), daemon=True).start()
        said = time.monotonic()
        while True:
            try:
                line = lines.get(timeout=max(0.0, said + silence - time.monotonic()))
            except queue.Empty:
                line = ""
            if line is None:
                break
            output.append(line)
            text = note(line) if line else None
            if not text and time.monotonic() >= said + silence:
                text = standing()
            if text:
                say(text)
                said = time.monotonic()
    if process.returncode:
        sys.stdout.write("".join(output))
        sys.stdout.flush()
    return process.returncode


def _pass_on(stream: TextIO, lines: queue.SimpleQueue[str | None]) -> None:
    for line in stream:
        lines.put(line)
    lines.put(None)


def unbuffered() -> dict[str, str]:
    """Environment in which a Python command passes its lines on at once."""
    return os.environ | {"PYTHONUNBUFFERED": "1"}


def seconds_since(start: float) -> str:
    """Whole seconds since an instant of `time.monotonic`, in words."""
    return f"{time.monotonic() - start:.0f} s"
