"""On what does a run train? One process and one device; `sharded` has the engine for several."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from scaling.training.errors import GridError
from scaling.training.model.checkpoint import (
    State,
    list_checkpoints,
    load_newest,
    read_checkpoint,
    save_checkpoint,
)
from scaling.training.model.model import Transformer


def find_device(name: str = "auto") -> torch.device:
    """Find the device to train on.

    Parameters
    ----------
    name : str
        As PyTorch names it; "auto" for a GPU where there is one, else the CPU; "auto:3" for the
        fourth GPU, counted round where there are fewer.

    Raises
    ------
    GridError
        If PyTorch knows no such device, or there is none.
    """
    if not name.startswith("auto"):
        try:
            torch.empty(0, device=name)
        except (RuntimeError, AssertionError) as error:  # no such kind, or none is there
            raise GridError(
                f"device {name!r} cannot be used: {str(error).splitlines()[0]}"
            ) from error
        return torch.device(name)
    if not torch.cuda.is_available():
        return torch.device("cpu")
    worker = int(name.removeprefix("auto").lstrip(":") or 0)
    return torch.device("cuda", worker % torch.cuda.device_count())


def describe_environment(device: torch.device) -> dict[str, Any]:
    """Say what a result was computed with: versions, device, threads."""
    gpu = torch.cuda.get_device_name(device) if device.type == "cuda" else None
    return {
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "numpy": np.__version__,
        "cuda": torch.version.cuda if gpu else None,
        "device": gpu or platform.processor() or platform.machine(),
        "threads": torch.get_num_threads(),
    }


class Engine:
    """One process on one device.

    Parameters
    ----------
    device : torch.device
        The device.
    """

    rank = 0
    processes = 1

    def __init__(self, device: torch.device) -> None:
        self.device = device

    def place(self, model: Transformer) -> Transformer:
        """Put a new model where it is trained."""
        return model.to(self.device)

    def rows(self, batch: Tensor) -> Tensor:
        """Put this process's share of the sequences of a batch on the device."""
        if self.device.type == "cuda" and batch.device.type == "cpu":
            batch = batch.pin_memory()
        return batch.to(self.device, non_blocking=True)

    def mean(self, value: Tensor) -> Tensor:
        """Average a value over the processes."""
        return value

    def agree(self, due: bool) -> bool:
        """Let all processes do what the first one finds due."""
        return due

    def state_of(self, model: nn.Module, optimizer: Optimizer) -> State:
        """Give what this process holds of model and optimiser."""
        return {"model": model.state_dict(), "optimizer": optimizer.state_dict()}

    def save(self, folder: Path, step: int, state: State, extra: State) -> None:
        """Write a checkpoint of what `state_of` gives and of plain values."""
        save_checkpoint(folder, step, state | extra)

    def load(
        self, folder: Path, config_sha256: str, model: nn.Module, optimizer: Optimizer
    ) -> tuple[State | None, list[str]]:
        """Load the newest sound checkpoint into model and optimiser; give back the plain values.

        Returns
        -------
        extra : dict or None
            None where there is no checkpoint.
        damaged : list of str
            As of `load_newest`.
        """
        paths = self.list_checkpoints(folder)
        state, damaged = load_newest(paths, config_sha256, self.read)
        return None if state is None else self.restore(state, model, optimizer), damaged

    def list_checkpoints(self, folder: Path) -> list[Path]:
        """List the checkpoints in a folder, the newest first."""
        return list_checkpoints(folder)

    def read(self, path: Path) -> State:
        """Read a checkpoint and check it."""
        return read_checkpoint(path)

    def restore(self, state: State, model: nn.Module, optimizer: Optimizer) -> State:
        """Put what was read into model and optimiser; give back the plain values."""
        model.load_state_dict(state.pop("model"))
        optimizer.load_state_dict(state.pop("optimizer"))
        return state

    def whole_state(self, model: nn.Module) -> dict[str, Tensor]:
        """Gather all weights on the CPU, by name."""
        return {name: value.detach().cpu() for name, value in model.state_dict().items()}
