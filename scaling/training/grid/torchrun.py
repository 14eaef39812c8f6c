"""How are the processes of one model started? By torchrun, on each node that takes part.

Standard input of the processes is a pipe from their worker, so that they see its end, and end
themselves, however the worker ended.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scaling.training.errors import GridError
from scaling.training.grid.nodes import Crew, find_crew
from scaling.training.plan.cells import Cell
from scaling.training.plan.records import read_record

ANSWER = ".sharded.json"  # what the processes leave at their end: result or failure
LAST_LINES = 20


def share_of(sequences: int, processes: int) -> int:
    """Count the sequences of a step that each process trains on.

    Raises
    ------
    GridError
        If they cannot be dealt out in equal parts.
    """
    if sequences % processes:
        raise GridError(
            f"batch_sequences must be a multiple of the {processes} processes that share a model, "
            f"got {sequences}"
        )
    return sequences // processes


def check_split(cell: Cell) -> None:
    """Check that a run's batch can be split over its processes.

    Raises
    ------
    GridError
        If the parts are not equal, or micro-batches do not fill the part of a process.
    """
    recipe = cell.recipe
    share = share_of(recipe.batch_sequences, cell.spec.sharding.processes)
    if recipe.micro_sequences and share % recipe.micro_sequences:
        raise GridError(
            f"micro_sequences must divide the {share} of batch_sequences "
            f"{recipe.batch_sequences} that each process has, got {recipe.micro_sequences}"
        )


def check_device(cell: Cell, device: str) -> None:
    """Check that each process of a node has a GPU of its own, where it looks for one.

    Raises
    ------
    GridError
        If there are fewer, or one single GPU is asked for.
    """
    import torch

    if device not in ("auto", "cpu", "cuda"):
        raise GridError(
            f"device must be auto, cpu or cuda where processes share a model, got {device!r}"
        )
    wanted, gpus = cell.spec.sharding.processes_per_node, torch.cuda.device_count()
    if device == "cpu" or (device == "auto" and not gpus):
        return
    if wanted > gpus:
        raise GridError(
            f"sharding: processes_per_node must be at most the {gpus} GPUs here, got {wanted}"
        )


def make_command(own: Path, cell: Cell, device: str, crew: Crew | None = None) -> list[str]:
    """Make the command that starts this node's processes of a run, among those of a crew."""
    meeting = ["--standalone"]
    if crew is not None:
        meeting = [
            f"--nnodes={crew.nodes}",
            f"--node-rank={crew.node}",
            f"--master-addr={crew.host}",
            f"--master-port={crew.port}",
            f"--rdzv-id=turn-{crew.turn}",
        ]
    return [
        *(sys.executable, "-m", "torch.distributed.run"),
        *meeting,
        f"--nproc-per-node={cell.spec.sharding.processes_per_node}",
        *("--module", "scaling.training.grid.sharded"),
        *(str(own.parent.parent), cell.name, device),
    ]


def start(command: list[str], log: Path, wait: Callable[[Any], int]) -> int:
    """Run a command whose processes end with this one, and give back its exit code.

    Each process that it starts calls `end_with_worker`; the log is given all that they print;
    `wait` takes the process of the command, waits for its end and gives back its exit code.
    """
    environment = {"OMP_NUM_THREADS": "1"} | os.environ
    with (
        log.open("w", encoding="utf-8") as file,
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=file,
            stderr=file,
            env=environment,
            start_new_session=True,  # a terminal's Ctrl-C is for the command that started workers
        ) as process,
    ):
        try:
            return wait(process)
        except BaseException:
            process.kill()
            raise


def end_with_worker() -> None:
    """End this process as soon as its worker is gone: standard input is at its end then."""

    def wait() -> None:
        os.read(0, 1)
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def take_part(own: Path, cell: Cell, device: str, crew: Crew | None) -> int:
    """Train a run with this node's processes, and give back torchrun's exit code."""
    command = make_command(own, cell, device, crew)
    if crew is None:
        return start(command, own / "torchrun.log", lambda process: int(process.wait()))
    log = own / ("torchrun.log" if crew.leads else f"torchrun-{crew.node}.log")
    code = start(command, log, crew.wait_for)
    crew.end_turn()
    return code


def launch(own: Path, cell: Cell, device: str) -> dict[str, Any]:
    """Train one run with several processes, and wait for their result, that of `loop.train`.

    Raises
    ------
    GridError
        If the batch cannot be split, GPUs are missing, or a process fails.
    """
    check_split(cell)
    check_device(cell, device)
    crew = find_crew(cell.spec.sharding.nodes)
    (own / ANSWER).unlink(missing_ok=True)
    if crew is not None:
        crew.name_run(cell.name)
    code = take_part(own, cell, device, crew)
    return read_answer(own, code)


def read_answer(own: Path, code: int) -> dict[str, Any]:
    """Take the result that the processes of a run left, whose torchrun ended with an exit code.

    Raises
    ------
    GridError
        If they left a failure, or nothing: then it says how torchrun's log ends.
    """
    answer, log = own / ANSWER, own / "torchrun.log"
    if not answer.exists():
        ended = f"torchrun ended with exit code {code}; the whole log is {log}; it ends so:"
        raise GridError("\n".join([ended, *_last_lines(log)]))
    said = read_record(answer)
    answer.unlink()
    if "failure" in said:
        raise GridError(f"{said['failure']}; the whole log is {log}")
    return said["result"]


def _last_lines(log: Path) -> list[str]:
    """Give torchrun's account of what failed, or where there is none the end of its log."""
    lines = log.read_text("utf-8", errors="replace").splitlines()
    accounts = [i for i, line in enumerate(lines) if line.endswith(" FAILED")]
    return lines[accounts[-1] if accounts else -LAST_LINES :]
