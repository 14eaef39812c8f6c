"""How do several processes train one model? Each holds its share of the weights and of the batch.

Weights, gradients and the optimiser's moments are spread over the processes by PyTorch's FSDP2; a
block is whole only while it computes. A checkpoint is a folder, into which every process writes its
share, with a record of the hashes of all its files. It is written aside and renamed; two are kept.

torchrun runs this module in every process; `scaling.training.grid.torchrun` starts it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.checkpoint.api import CheckpointException
from torch.distributed.checkpoint.state_dict import get_state_dict, set_state_dict
from torch.distributed.checkpoint.state_dict_loader import load as load_shards
from torch.distributed.checkpoint.state_dict_saver import save as save_shards
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.elastic.multiprocessing.errors import record as tell_torchrun
from torch.distributed.fsdp import fully_shard, register_fsdp_forward_method
from torch.distributed.tensor import DTensor

from scaling.training.errors import GridError
from scaling.training.grid.torchrun import ANSWER, end_with_worker, share_of
from scaling.training.grid.worker import LOG, SPEC, run_folder
from scaling.training.model.checkpoint import KEPT
from scaling.training.model.engine import Engine, find_device
from scaling.training.model.loop import train
from scaling.training.model.model import Transformer
from scaling.training.plan.cells import Cell, list_cells
from scaling.training.plan.records import read_record, write_record
from scaling.training.plan.spec import read_spec

NAME = re.compile(r"step-(\d{9})\.dcp")
RECORD = "record.json"


def list_checkpoints(folder: Path) -> list[Path]:
    """List the sharded checkpoints in a folder, the newest first."""
    return sorted((p for p in folder.glob("step-*.dcp") if NAME.fullmatch(p.name)), reverse=True)


def hash_file(path: Path) -> str:
    """SHA-256 of a file, hexadecimal.

    Raises
    ------
    GridError
        If it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise GridError(f"{path}: cannot be read: {error.strerror}") from error


def _state_of(model: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    weights, moments = get_state_dict(model, optimizer)
    return {"model": weights, "optimizer": moments}


class ShardedEngine(Engine):
    """Several processes, each on a device of its own; the process group must be there.

    Parameters
    ----------
    device : torch.device
        The device of this process.
    """

    def __init__(self, device: torch.device) -> None:
        super().__init__(device)
        self.rank = dist.get_rank()
        self.processes = dist.get_world_size()

    def place(self, model: Transformer) -> Transformer:
        """Spread a new model over the devices, block by block; every process has built it whole."""
        mesh = init_device_mesh(self.device.type, (self.processes,))
        for block in model.blocks:
            fully_shard(block, mesh=mesh)
        fully_shard(model, mesh=mesh)
        register_fsdp_forward_method(model, "logits")
        return model

    def rows(self, batch: Tensor) -> Tensor:
        """Put this process's share of the sequences of a batch on the device."""
        share = share_of(len(batch), self.processes)
        return super().rows(batch[self.rank * share : (self.rank + 1) * share])

    def mean(self, value: Tensor) -> Tensor:
        """Average a value over the processes."""
        total = value.clone()
        dist.all_reduce(total)
        return total / self.processes

    def agree(self, due: bool) -> bool:
        """Let all processes do what the first one finds due."""
        flag = torch.tensor(int(due))
        dist.broadcast(flag, src=0)
        return bool(flag)

    def _from_first(self, ask: Callable[[], Any]) -> Any:
        """Let the first process answer, and give all its answer."""
        answer = [ask() if self.rank == 0 else None]
        dist.broadcast_object_list(answer, src=0)
        return answer[0]

    def _gather(self, value: Any) -> list[Any]:
        """Give every process the values of all, in the order of their ranks."""
        values: list[Any] = [None] * self.processes
        dist.all_gather_object(values, value)
        return values

    def save(
        self,
        folder: Path,
        step: int,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        extra: dict[str, Any],
    ) -> None:
        """Write a checkpoint of model, optimiser and the plain values of every process."""
        path = folder / f"step-{step:09d}.dcp"
        aside = Path(self._from_first(lambda: _make_aside(path)))
        try:
            save_shards(_state_of(model, optimizer), checkpoint_id=aside)
        except CheckpointException as error:
            shutil.rmtree(aside, ignore_errors=True)
            cause = next(iter(error.failures.values()))[0]
            raise GridError(f"{path}: could not be written: {cause}") from error
        # Each process hashes what it wrote itself: another node may not see it yet.
        own = [*aside.glob(f"__{self.rank}_*"), *([aside / ".metadata"] if self.rank == 0 else [])]
        parts = self._gather(({file.name: hash_file(file) for file in own}, extra))
        if self.rank == 0:
            files = {name: sha256 for hashes, _ in parts for name, sha256 in hashes.items()}
            record = {"config_sha256": extra["config_sha256"], "files": files}
            write_record(aside / RECORD, record | {"extra": [values for _, values in parts]})
            _put_in_place(aside, path)

    def load(
        self,
        folder: Path,
        config_sha256: str,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
    ) -> tuple[dict[str, Any] | None, list[str]]:
        """Load the newest sound checkpoint into model and optimiser; give back the plain values."""
        damaged: list[str] = []
        for path in self._from_first(lambda: _tidy_and_list(folder)):
            fault = self._find_fault(path)
            if fault:
                damaged.append(fault)
                continue
            record = read_record(path / RECORD)
            if record["config_sha256"] != config_sha256:
                raise GridError(
                    f"{path}: belongs to another configuration: train this grid in a new folder"
                )
            state = _state_of(model, optimizer)
            load_shards(state, checkpoint_id=path)
            set_state_dict(
                model,
                optimizer,
                model_state_dict=state["model"],
                optim_state_dict=state["optimizer"],
            )
            return record["extra"][self.rank], damaged
        return None, damaged

    def _find_fault(self, path: Path) -> str:
        """Check all hashes, each process some of them; all give the same fault, "" for none."""
        fault = ""
        try:
            files = read_record(path / RECORD)["files"]
            for name in sorted(files)[self.rank :: self.processes]:
                if hash_file(path / name) != files[name]:
                    raise GridError(
                        f"{path / name}: is damaged: its content does not have its hash"
                    )
        except GridError as error:
            fault = str(error)
        return next(filter(None, self._gather(fault)), "")

    def whole_state(self, model: nn.Module) -> dict[str, Tensor]:
        """Gather all weights on the CPU, by name."""
        state = model.state_dict().items()
        return {
            name: (value.full_tensor() if isinstance(value, DTensor) else value).detach().cpu()
            for name, value in state
        }


def _make_aside(path: Path) -> str:
    """Make the folder in which a checkpoint is written until it is whole."""
    try:
        return tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise GridError(f"{path}: could not be written: {error.strerror}") from error


def _put_in_place(aside: Path, path: Path) -> None:
    """Give a whole checkpoint its name, and drop all but it and the last one before it."""
    try:
        shutil.rmtree(path, ignore_errors=True)  # a damaged one of the same step
        aside.rename(path)
    except OSError as error:
        raise GridError(f"{path}: could not be written: {error.strerror}") from error
    found = list_checkpoints(path.parent)
    kept = [other for other in found if other.name <= path.name][:KEPT]
    for other in found:
        if other not in kept:
            shutil.rmtree(other, ignore_errors=True)


def _tidy_and_list(folder: Path) -> list[Path]:
    """Drop what a killed process was writing, and list the checkpoints that are whole."""
    for aside in folder.glob(".step-*.dcp.*"):
        shutil.rmtree(aside, ignore_errors=True)
    return list_checkpoints(folder)


def _begin(device_name: str) -> torch.device:
    """Join the process group that torchrun names in the environment, and find the device."""
    device = find_device(device_name)
    if device.type == "cuda":
        device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(device)
        dist.init_process_group("cpu:gloo,cuda:nccl")
    else:
        torch.set_num_threads(1)
        dist.init_process_group("gloo")
    return device


def _train(own: Path, cell: Cell, engine: ShardedEngine) -> dict[str, Any]:
    """Train a run as the other processes do; the first one keeps the log."""
    if engine.rank:
        return train(cell, own, engine)
    with (own / LOG).open("w", encoding="utf-8") as log:
        return train(
            cell, own, engine, watch=lambda row: print(json.dumps(row), file=log, flush=True)
        )


@tell_torchrun
def main(folder: str, name: str, device: str) -> None:
    """Train one run in this process and all others that torchrun started.

    The first process leaves the result beside the run. A process that fails for a reason with
    words of its own leaves these there; any other ends in torchrun's log.

    Parameters
    ----------
    folder : str
        Folder of the grid.
    name : str
        Name of the run.
    device : str
        "auto", "cpu" or "cuda".
    """
    end_with_worker()
    cells = {cell.name: cell for cell in list_cells(read_spec(Path(folder) / SPEC))}
    own = run_folder(Path(folder), cells[name])
    engine = ShardedEngine(_begin(device))
    try:
        result = _train(own, cells[name], engine)
    except GridError as error:
        write_record(own / ANSWER, {"failure": str(error)})
        raise
    if engine.rank == 0:
        write_record(own / ANSWER, {"result": result})
    dist.destroy_process_group()


if __name__ == "__main__":
    main(*sys.argv[1:])
