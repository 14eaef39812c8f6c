"""How do several processes train one model? Each holds its share of the weights and of the batch.

Weights, gradients and the optimiser's moments are spread over the processes by PyTorch's FSDP2; a
block is whole only while it computes. A checkpoint is a folder, into which every process writes its
share, with a record of the hashes of all its files. It is written aside and renamed; two are kept.

torchrun runs this module in every process; `scaling.training.grid.torchrun` starts it.
"""

from __future__ import annotations

import hashlib
import os
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
from torch.optim import Optimizer

from scaling.training.errors import GridError, naming
from scaling.training.grid.torchrun import ANSWER, end_with_worker, share_of
from scaling.training.grid.worker import SPEC, run_folder
from scaling.training.model.checkpoint import State, drop_others, list_checkpoints
from scaling.training.model.engine import Engine, find_device
from scaling.training.model.loop import train
from scaling.training.model.model import Transformer
from scaling.training.plan.cells import list_cells
from scaling.training.plan.records import read_record, write_record
from scaling.training.plan.spec import read_spec

SUFFIX = ".dcp"
RECORD = "record.json"


def hash_file(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with naming(path, "cannot be read"), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def find_damaged(path: Path, hashes: dict[str, str]) -> Path | None:
    """Find the first of some files of a checkpoint that does not have its hash."""
    return next((path / own for own in hashes if hash_file(path / own) != hashes[own]), None)


class ShardedEngine(Engine):
    """Several processes, each on a device of its own; the process group must be there."""

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

    def state_of(self, model: nn.Module, optimizer: Optimizer) -> State:
        """Give this process's share of model and optimiser."""
        weights, moments = get_state_dict(model, optimizer)
        return {"model": weights, "optimizer": moments}

    def save(self, folder: Path, step: int, state: State, extra: State) -> None:
        """Write a checkpoint of what `state_of` gives and of the plain values of every process."""
        path = folder / f"step-{step:09d}{SUFFIX}"
        aside = Path(self._from_first(lambda: _make_aside(path)))
        try:
            save_shards(state, checkpoint_id=aside)
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

    def list_checkpoints(self, folder: Path) -> list[Path]:
        """Drop what a killed process was writing, and list the checkpoints that are whole."""

        def tidy_and_list() -> list[Path]:
            for aside in folder.glob(f".step-*{SUFFIX}.*"):
                shutil.rmtree(aside, ignore_errors=True)
            return list_checkpoints(folder, SUFFIX)

        return self._from_first(tidy_and_list)

    def read(self, path: Path) -> State:
        """Read the record of a checkpoint and check all hashes, each process some of them.

        Raises
        ------
        GridError
            The same in all processes, if a file is not what was written.
        """
        record, fault = {}, ""
        try:
            record = read_record(path / RECORD)
            own = sorted(record["files"].items())[self.rank :: self.processes]
            damaged = find_damaged(path, dict(own))
            fault = f"{damaged}: is damaged: its content does not have its hash" if damaged else ""
        except GridError as error:
            fault = str(error)
        faults = [found for found in self._gather(fault) if found]
        if faults:
            raise GridError(faults[0])
        return record | {"path": path}

    def restore(self, state: State, model: nn.Module, optimizer: Optimizer) -> State:
        """Load the files of a checkpoint into model and optimiser; give back the plain values."""
        shards = self.state_of(model, optimizer)
        load_shards(shards, checkpoint_id=state["path"])
        set_state_dict(
            model,
            optimizer,
            model_state_dict=shards["model"],
            optim_state_dict=shards["optimizer"],
        )
        return state["extra"][self.rank]

    def whole_state(self, model: nn.Module) -> dict[str, Tensor]:
        """Gather all weights on the CPU, by name."""
        state = model.state_dict().items()
        return {
            name: (value.full_tensor() if isinstance(value, DTensor) else value).detach().cpu()
            for name, value in state
        }


def _make_aside(path: Path) -> str:
    """Make the folder in which a checkpoint is written until it is whole."""
    with naming(path):
        return tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.")


def _put_in_place(aside: Path, path: Path) -> None:
    """Give a whole checkpoint its name, and drop all but it and the last one before it."""
    with naming(path):
        shutil.rmtree(path, ignore_errors=True)  # a damaged one of the same step
        aside.rename(path)
    drop_others(path)


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


@tell_torchrun
def main(folder: str, name: str, device: str) -> None:
    """Train one run in this process and all others that torchrun started.

    The first process leaves the result beside the run. A process that fails for a reason with
    words of its own leaves these there; any other ends in torchrun's log.
    """
    end_with_worker()
    cells = {cell.name: cell for cell in list_cells(read_spec(Path(folder) / SPEC))}
    own = run_folder(Path(folder), cells[name])
    engine = ShardedEngine(_begin(device))
    try:
        result = train(cells[name], own, engine)
    except GridError as error:
        write_record(own / ANSWER, {"failure": str(error)})
        raise
    if engine.rank == 0:
        write_record(own / ANSWER, {"result": result})
    dist.destroy_process_group()


if __name__ == "__main__":
    main(*sys.argv[1:])
