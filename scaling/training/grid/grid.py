"""How does a specification become a run table? Plan, train, gather."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from scaling.training.errors import GridError, naming
from scaling.training.grid.torchrun import check_split
from scaling.training.grid.worker import (
    FAILURE,
    SPEC,
    check_config,
    read_result,
    run_folder,
    write_config,
)
from scaling.training.plan.cells import Cell, list_cells
from scaling.training.plan.records import write_text
from scaling.training.plan.spec import Spec, read_spec


def open_grid(folder: str | Path) -> tuple[Spec, list[Cell]]:
    """Open the folder of a grid that was begun, the one that ``scaling grid run`` was given.

    Raises
    ------
    GridError
        If there is no specification in it, or it is not sound.
    """
    path = Path(folder) / SPEC
    if not path.exists():
        raise GridError(f"{folder}: is no grid: it has no {SPEC}; scaling grid run makes one")
    spec = read_spec(path)
    return spec, list_cells(spec)


def begin_grid(spec_path: str | Path, folder: str | Path) -> list[Cell]:
    """Lay the folder of a grid out, or find it laid out for the same grid.

    Runs that were begun with another configuration stop it before anything is trained; runs that
    failed are freed to be tried again.

    Parameters
    ----------
    spec_path : str or Path
        The specification.
    folder : str or Path
        Made where it is missing.

    Raises
    ------
    GridError
        If the specification is not sound, or a run in the folder has another configuration.
    """
    spec_path, folder = Path(spec_path), Path(folder)
    spec = read_spec(spec_path)
    cells = list_cells(spec)
    check_split(cells[0])
    _refuse_other_runs(folder, cells)
    for cell in cells:  # all of them before anything is written
        check_config(folder, cell)
    with naming(folder):
        for cell in cells:
            write_config(folder, cell)
            (run_folder(folder, cell) / FAILURE).unlink(missing_ok=True)
    if spec_path.resolve() != (folder / SPEC).resolve():
        spec_with_absolute_paths = yaml.safe_dump(spec.model_dump(mode="json"), sort_keys=False)
        write_text(folder / SPEC, spec_with_absolute_paths)
    return cells


def _refuse_other_runs(folder: Path, cells: list[Cell]) -> None:
    """Refuse a specification that does not name runs which the folder holds: a grid may grow."""
    names = {cell.name for cell in cells}
    others = sorted(path.name for path in folder.glob("runs/*") if path.name not in names)
    if others:
        raise GridError(
            f"{folder}: holds {len(others)} runs that the specification does not name, as "
            f"{others[0]}: train it in a new folder"
        )


def collect(folder: str | Path) -> tuple[pd.DataFrame, int, list[str]]:
    """Gather the finished runs of a grid into a run table.

    Parameters
    ----------
    folder : str or Path
        Folder of the grid.

    Returns
    -------
    table : DataFrame of shape (n_runs, n_columns)
        One row a run, by source, size, multiplier and seed: the columns of the run table's
        contract (`run`, `dataset`, `N`, `N_body`, `D`, `batch_tokens`, `warmup_steps`, `loss` or
        ``loss_<set>`` with its ``loss_std``, ``err_<task>``), then `width`, `layers`, `heads`,
        `multiplier`, `seed`, `steps`, `lr`, the exact FLOPs `C_exact`, and for token files
        `epochs`, how often a run saw its tokens.
    missing : int
        Runs that are not finished.
    damaged : list of str
        What is wrong with each result that cannot be used; its run is not in the table.

    Raises
    ------
    GridError
        If no run is finished, or all results are damaged.
    """
    _, cells = open_grid(folder)
    rows, damaged = [], []
    for cell in cells:
        try:
            result = read_result(Path(folder), cell)
        except GridError as error:
            damaged.append(f"{error}: {cell.name} is not in the table until the grid is run again")
            continue
        if result is not None:
            rows.append(_row(cell, result))
    if not rows:
        none = f"{folder}: no run is finished yet: scaling grid status says how far it is"
        raise GridError("\n".join(damaged) or none)
    table = pd.DataFrame(rows).sort_values(["dataset", "N", "D", "seed"], ignore_index=True)
    return table, len(cells) - len(rows) - len(damaged), damaged


def _row(cell: Cell, result: dict[str, Any]) -> dict[str, Any]:
    losses = {}
    for name, loss in result["losses"].items():
        losses[name] = loss["mean"]
        losses[name.replace("loss", "loss_std", 1)] = loss["std"]
    own = ("N", "N_body", "D", "batch_tokens", "warmup_steps")
    return (
        {"run": cell.name, "dataset": cell.source_name}
        | {name: result[name] for name in own}
        | losses
        | {f"err_{task}": answer["error"] for task, answer in result["errors"].items()}
        | cell.size.model_dump()
        | {"multiplier": cell.multiplier, "seed": cell.seed}
        | {name: result[name] for name in ("steps", "lr", "C_exact")}
        | ({"epochs": cell.epochs} if cell.epochs else {})
    )
