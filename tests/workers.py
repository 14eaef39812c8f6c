"""Workers in processes of their own, which a test may kill.

A worker is forked from a process that has imported what it needs, so it starts at once. This room
imports little, for each worker imports it.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from pathlib import Path

from scaling.training.grid.worker import Worker

FORKS = multiprocessing.get_context("forkserver")
# The first optimiser that PyTorch makes imports torch._dynamo, which takes a second.
FORKS.set_forkserver_preload(
    ["torch._dynamo", "scaling.training.model.loop", "scaling.training.grid.worker"]
)


def work(folder: str) -> None:
    Worker(folder)()


def start(function, *arguments):
    process = FORKS.Process(target=function, args=arguments)
    process.start()
    return process


def start_worker(folder: Path):
    return start(work, str(folder))


def die_at(call: int, name: str, folder: str) -> None:
    """Train, and die by SIGKILL at the n-th call of a function of `os`."""
    real, calls = getattr(os, name), iter(range(call))

    def deadly(*arguments, **keywords):
        if next(calls, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments, **keywords)

    setattr(os, name, deadly)
    Worker(folder)()
