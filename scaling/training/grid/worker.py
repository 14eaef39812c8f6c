"""Who trains which run? Workers that take runs one by one, each under a lock of its own.

A worker goes through all runs of a grid, the most expensive first. A run that is finished, or that
another living worker holds, is passed over; the lock of a worker that was killed is free at once.
So any number of workers, started at any time, on any node that shares the folder, end in the same
grid.
"""

from __future__ import annotations

import json
import os
import signal
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from scaling.training.errors import GridError
from scaling.training.grid.nodes import find_crew
from scaling.training.grid.torchrun import launch, take_part
from scaling.training.plan.cells import Cell, list_cells
from scaling.training.plan.locks import LOCK, hold
from scaling.training.plan.records import clear_aside, read_record, write_record
from scaling.training.plan.spec import read_spec

SPEC, CONFIG, RESULT, FAILURE = "spec.yaml", "config.json", "result.json", "failure.json"


class Loss(BaseModel):
    """What a result says of a loss set: nats."""

    mean: float
    std: float


class Answer(BaseModel):
    """What a result says of a task: a fraction."""

    error: float


class Result(BaseModel):
    """What the run table takes of a result, which holds more."""

    N: int
    N_body: int
    D: int
    batch_tokens: int
    warmup_steps: int
    steps: int
    lr: float
    C_exact: float
    losses: dict[str, Loss]
    errors: dict[str, Answer]


def run_folder(folder: Path, cell: Cell) -> Path:
    """Folder of one run below that of its grid."""
    return folder / "runs" / cell.name


def read_result(folder: Path, cell: Cell) -> dict[str, Any] | None:
    """Read the result of a run, or None where it has none yet.

    Raises
    ------
    GridError
        If the file is damaged, or is of another configuration.
    """
    path = run_folder(folder, cell) / RESULT
    if not path.exists():
        return None
    result = read_record(path)
    if result.get("config_sha256") != cell.config_sha256:
        raise GridError(f"{path}: is of another configuration: train this grid in a new folder")
    try:
        Result.model_validate(result)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise GridError(f"{path}: is damaged: {key}: {first['msg']}") from error
    return result


def check_config(folder: Path, cell: Cell) -> None:
    """Compare the configuration of a run with the one that it was begun with, if it was.

    Raises
    ------
    GridError
        If the run was begun with another configuration; the keys that differ are named.
    """
    path = run_folder(folder, cell) / CONFIG
    if not path.exists():
        return
    found, asked = read_record(path)["config"], json.loads(json.dumps(cell.config))
    keys = [key for key in asked if found.get(key) != asked[key]]
    if keys:
        raise GridError(
            f"{path.parent}: was begun with another {', '.join(keys)}: train this grid in a new "
            "folder, or put the specification back"
        )


def write_config(folder: Path, cell: Cell) -> None:
    """Write the configuration of a run down, unless it stands there."""
    path = run_folder(folder, cell) / CONFIG
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_record(path, {"config": cell.config, "config_sha256": cell.config_sha256})


def train_cell(folder: Path, cell: Cell, device: str = "auto") -> bool:
    """Train one run to its end, unless it is finished, failed, or held by another worker.

    A run that fails leaves ``failure.json`` with what went wrong; it is tried again when the grid
    is started again. Says whether it was trained here.
    """
    own = run_folder(folder, cell)
    own.mkdir(parents=True, exist_ok=True)
    with hold(own / LOCK) as free:
        if not free or (own / FAILURE).exists() or _is_finished(folder, cell):
            return False
        try:
            clear_aside(own)
            check_config(folder, cell)
            write_config(folder, cell)
            write_record(own / RESULT, _train(own, cell, device))
        except Exception as error:
            if type(error).__module__.startswith("submitit"):  # the job ends, not the run
                raise
            says = str(error) if isinstance(error, GridError) else traceback.format_exc()
            _write_failure(own, says)
            return False
    return True


def _is_finished(folder: Path, cell: Cell) -> bool:
    """Tell whether a sound result stands; a damaged one is made again from the checkpoint."""
    try:
        return read_result(folder, cell) is not None
    except GridError:
        return False


def _train(own: Path, cell: Cell, device: str) -> dict[str, Any]:
    if cell.spec.sharding.processes > 1:
        return launch(own, cell, device)
    from scaling.training.model.engine import Engine, find_device
    from scaling.training.model.loop import train

    return train(cell, own, Engine(find_device(device)))


def _write_failure(own: Path, says: str) -> None:
    try:
        write_record(own / FAILURE, {"failure": says, "host": os.uname().nodename})
    except GridError as error:  # the disk may be what failed
        print(f"{own.name}: {says}\n{error}", flush=True)


@dataclass
class Worker:
    """What an executor runs: all runs of a grid that nobody else has; pickled by submitit.

    It holds the folder and nothing of where it stands, so a job that was requeued after a
    preemption reads its place from disk, as a new one does.

    Parameters
    ----------
    folder : str
        Folder of the grid.
    device : str
        As PyTorch names it, or "auto".
    threads : int
        Threads of one worker; 1 on a CPU, since their number changes sums.
    """

    folder: str
    device: str = "auto"
    threads: int = 1

    def __call__(self) -> int:
        """Train until nothing is left to take; give back how many runs were trained here.

        A run that another worker held may be free by the time the others are done.
        """
        if os.environ.get("SUBMITIT_EXECUTOR") == "local":  # submitit would pass it over
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
        import torch

        before = torch.get_num_threads()
        torch.set_num_threads(self.threads)
        try:
            return self._train_all()
        finally:
            torch.set_num_threads(before)

    def _train_all(self) -> int:
        folder = Path(self.folder)
        cells = list_cells(read_spec(folder / SPEC))
        crew = find_crew(cells[0].spec.sharding.nodes)
        if crew and not crew.leads:
            runs = {cell.name: (run_folder(folder, cell), cell) for cell in cells}
            return crew.follow(lambda name: take_part(*runs[name], self.device, crew))
        trained = 0
        while new := sum(train_cell(folder, cell, self.device) for cell in cells):
            trained += new
        if crew:
            crew.dismiss()
        return trained

    def checkpoint(self) -> Any:
        """Say what to run when a preempted or timed out job is requeued: the same again."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self)
