"""With which model did a run end? The weights that its result names, and its tokenizer."""

from __future__ import annotations

import hashlib
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from scaling.training.errors import GridError
from scaling.training.grid.grid import open_grid
from scaling.training.grid.worker import read_result, run_folder
from scaling.training.model.checkpoint import list_checkpoints, load_newest
from scaling.training.model.loop import build_model, hash_weights
from scaling.training.model.model import Transformer
from scaling.training.plan.cells import Cell
from scaling.training.plan.records import read_record
from scaling.training.plan.tokenfile import read_manifest
from scaling.training.text.prepare import TOKENIZER, open_tokenizer

if TYPE_CHECKING:
    from tokenizers import Tokenizer

REMOVED = "it was removed, or is of another training"


def find_cell(folder: str | Path, run: str) -> Cell:
    """Find a run of a grid by its name.

    Raises
    ------
    GridError
        If there is none; some that there are are named.
    """
    _, cells = open_grid(folder)
    names = [cell.name for cell in cells]
    if run not in names:
        others = f" and {len(names) - 5} more" if len(names) > 5 else ""
        raise GridError(f"{folder}: has no run {run!r}; it has {', '.join(names[:5])}{others}")
    return cells[names.index(run)]


def choose_runs(folder: str | Path, table: pd.DataFrame, run: str | None = None) -> list[str]:
    """Name the finished runs of a grid that were trained on token files, or the one asked for.

    `table` is the run table of the grid, as `collect` gives it.

    Raises
    ------
    GridError
        If there is none, or the one asked for is not finished.
    """
    if run is not None:
        find_cell(folder, run)
        if run not in set(table["run"]):
            raise GridError(f"{run}: is not finished: scaling grid run goes on with it")
        return [run]
    spec, cells = open_grid(folder)
    on_tokens = {cell.name for cell in cells if cell.source_name not in spec.walks}
    if not on_tokens:
        raise GridError(
            f"{folder}: was trained on walks, which have no tokenizer: tasks can be asked of runs "
            "on token files"
        )
    chosen = [str(name) for name in table["run"] if name in on_tokens]
    if not chosen:
        raise GridError(f"{folder}: no run on a token file is finished yet")
    return chosen


def load_model(folder: Path, cell: Cell) -> Transformer:
    """Load the model of a finished run of a grid, trained by one process or by several, on the CPU.

    Raises
    ------
    GridError
        If the run is not finished, or its newest checkpoint is damaged or does not hold the
        weights that its result names.
    """
    result = read_result(folder, cell)
    if result is None:
        raise GridError(f"{cell.name}: is not finished: scaling grid run goes on with it")
    model = build_model(cell)
    restore = _restore_shards if cell.spec.sharding.processes > 1 else _restore
    says = restore(run_folder(folder, cell), cell, model)
    if hash_weights(model.state_dict()) != result["weights_sha256"]:
        raise GridError(f"{cell.name}: has no checkpoint with the weights of its result: {says}")
    return model


def _restore(own: Path, cell: Cell, model: Transformer) -> str:
    """Load the newest sound checkpoint into a model; say what may be wrong with it."""
    state, damaged = load_newest(list_checkpoints(own), cell.config_sha256)
    if state is not None:
        model.load_state_dict(state["model"])
    return "; ".join(damaged) or REMOVED


def _restore_shards(own: Path, cell: Cell, model: Transformer) -> str:
    """Load the newest checkpoint of several processes into a model that is whole."""
    from torch.distributed.checkpoint.state_dict_loader import load

    from scaling.training.grid.sharded import RECORD, SUFFIX, find_damaged

    for path in list_checkpoints(own, SUFFIX)[:1]:
        damaged = find_damaged(path, read_record(path / RECORD)["files"])
        if damaged:
            return f"{damaged} is damaged: its content does not have its hash"
        with warnings.catch_warnings():  # that it is loaded by one process is meant
            warnings.filterwarnings("ignore", "torch.distributed is disabled", UserWarning)
            load({"model": model.state_dict()}, checkpoint_id=path)
    return REMOVED


def open_tokenizer_beside(folder: Path) -> Tokenizer:
    """Open the tokenizer that stands in the folder of a token file.

    Raises
    ------
    GridError
        If it is missing, or not the one that the manifest names.
    """
    path, manifest = folder / TOKENIZER, read_manifest(folder)
    content = path.read_bytes() if path.is_file() else b""
    if hashlib.sha256(content).hexdigest() != manifest.tokenizer.get("sha256"):
        says = "is missing" if not content else "is not the one that the manifest beside it names"
        raise GridError(f"{path}: {says}: prepare the token file again")
    return open_tokenizer(str(path))
