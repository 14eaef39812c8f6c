"""Where does a stopped run go on? At its last whole checkpoint, told by its hash.

A checkpoint is one file: the SHA-256 of what follows, then a PyTorch archive that is read with
``weights_only``. Two are kept, so that one which was damaged on disk costs a little work and not
the run; a damaged one is reported and never used.
"""

from __future__ import annotations

import hashlib
import io
import pickle
import re
from pathlib import Path
from typing import Any

import torch

from scaling.training.errors import GridError
from scaling.training.plan.records import write_aside

KEPT = 2
DIGEST = 32  # bytes of the hash
NAME = re.compile(r"step-(\d{9})\.ckpt")


def list_checkpoints(folder: Path) -> list[Path]:
    """List the checkpoints in a folder, the newest first."""
    return sorted((p for p in folder.glob("step-*.ckpt") if NAME.fullmatch(p.name)), reverse=True)


def save_checkpoint(folder: Path, step: int, state: dict[str, Any]) -> Path:
    """Write the state after so many steps, and drop all but the last two checkpoints.

    Parameters
    ----------
    folder : Path
        Folder of the run.
    step : int
        Steps done.
    state : dict
        Tensors and plain values.

    Returns
    -------
    Path
        The file.

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
    # One beyond this step was found damaged and passed over.
    done = [own for own in list_checkpoints(folder) if own.name <= path.name]
    for own in list_checkpoints(folder):
        if own not in done[:KEPT]:
            own.unlink(missing_ok=True)
    return path


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Read one checkpoint and check its hash before anything else.

    Raises
    ------
    GridError
        If it cannot be read or is not what was written.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise GridError(f"{path}: cannot be read: {error.strerror}") from error
    content = memoryview(data)[DIGEST:]
    if hashlib.sha256(content).digest() != data[:DIGEST]:
        raise GridError(f"{path}: is damaged: its content does not have its hash")
    try:
        return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError) as error:
        raise GridError(f"{path}: is no checkpoint: {str(error).splitlines()[0]}") from error


def load_newest(folder: Path, config_sha256: str) -> tuple[dict[str, Any] | None, list[str]]:
    """Load the newest sound checkpoint of a run.

    Parameters
    ----------
    folder : Path
        Folder of the run.
    config_sha256 : str
        Hash of the configuration that the run must have.

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
    for path in list_checkpoints(folder):
        try:
            state = read_checkpoint(path)
        except GridError as error:
            damaged.append(str(error))
            continue
        if state["config_sha256"] != config_sha256:
            raise GridError(
                f"{path}: belongs to another configuration: train this grid in a new folder"
            )
        return state, damaged
    return None, damaged
