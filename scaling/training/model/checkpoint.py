"""Where does a stopped run go on? At its last whole checkpoint, told by its hash.

A checkpoint is one file: the SHA-256 of what follows, then a PyTorch archive that is read with
``weights_only``. Two are kept, so that one which was damaged on disk costs a little work and not
the run; a damaged one is reported and never used.
"""

from __future__ import annotations

import hashlib
import io
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from scaling.training.errors import GridError, naming
from scaling.training.plan.records import write_aside

KEPT = 2
DIGEST = 32  # bytes of the hash
State = dict[str, Any]


def list_checkpoints(folder: Path, suffix: str = ".ckpt") -> list[Path]:
    """List the checkpoints in a folder, the newest first."""
    return sorted(folder.glob(f"step-{9 * '[0-9]'}{suffix}"), reverse=True)


def drop_others(path: Path) -> None:
    """Drop all checkpoints but a new one and the last before it.

    One beyond its step was found damaged and passed over.
    """
    found = list_checkpoints(path.parent, path.suffix)
    kept = [own for own in found if own.name <= path.name][:KEPT]
    for own in set(found) - set(kept):
        if own.is_dir():
            shutil.rmtree(own, ignore_errors=True)
        else:
            own.unlink(missing_ok=True)


def save_checkpoint(folder: Path, step: int, state: State) -> Path:
    """Write tensors and plain values after so many steps; the last two checkpoints are kept.

    Raises
    ------
    GridError
        If it could not be written; the earlier ones stand.
    """
    buffer = io.BytesIO()
    torch.save(state, buffer)
    content = buffer.getbuffer()
    path = folder / f"step-{step:09d}.ckpt"

    def write(file: Any) -> None:
        file.write(hashlib.sha256(content).digest())
        file.write(content)

    write_aside(path, write)
    drop_others(path)
    return path


def read_checkpoint(path: Path) -> State:
    """Read one checkpoint and check its hash before anything else.

    Raises
    ------
    GridError
        If it cannot be read or is not what was written.
    """
    with naming(path, "cannot be read"):
        data = path.read_bytes()
    content = memoryview(data)[DIGEST:]
    if hashlib.sha256(content).digest() != data[:DIGEST]:
        raise GridError(f"{path}: is damaged: its content does not have its hash")
    try:
        return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError) as error:
        raise GridError(f"{path}: is no checkpoint: {str(error).splitlines()[0]}") from error


def load_newest(
    paths: list[Path], config_sha256: str, read: Callable[[Path], State] = read_checkpoint
) -> tuple[State | None, list[str]]:
    """Load the newest sound checkpoint of a run.

    Parameters
    ----------
    paths : list of Path
        Its checkpoints, the newest first.
    config_sha256 : str
        Hash of the configuration that the run must have.
    read : callable
        Reads one checkpoint, or raises `GridError` if it is damaged.

    Returns
    -------
    state : dict or None
        None where there is none: the run starts at step 0, with the same result in the end.
    damaged : list of str
        What is wrong with each newer checkpoint that was passed over.

    Raises
    ------
    GridError
        If the checkpoint belongs to another configuration.
    """
    damaged: list[str] = []
    for path in paths:
        try:
            state = read(path)
        except GridError as error:
            damaged.append(str(error))
            continue
        if state["config_sha256"] != config_sha256:
            raise GridError(
                f"{path}: belongs to another configuration: train this grid in a new folder"
            )
        return state, damaged
    return None, damaged
