"""How far is a grid? The state of every run, read from its folder."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from scaling.training.errors import GridError
from scaling.training.grid.worker import FAILURE, read_result, run_folder
from scaling.training.plan.cells import Cell
from scaling.training.plan.locks import LOCK, is_held
from scaling.training.plan.records import LOG, read_record


@dataclass(frozen=True)
class RunState:
    """Where one run stands.

    Parameters
    ----------
    cell : Cell
        The run.
    state : str
        ``finished``; ``running``: a living worker holds it; ``stopped``: begun, and nobody works
        on it; ``failed``; ``damaged``: its result was changed on disk; ``waiting``: not begun.
    step : int
        Steps done, as far as the log tells.
    says : str
        What went wrong, where something did.
    """

    cell: Cell
    state: str
    step: int
    says: str = ""

    @property
    def share(self) -> float:
        """Steps done, a fraction."""
        return self.step / self.cell.steps


def _logged_step(path: Path) -> int:
    """Step of the last whole row of a log; a row may be half written as it is read."""
    try:
        lines = path.read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return 0
    for line in reversed(lines):
        try:
            return int(json.loads(line)["step"])
        except (ValueError, KeyError, TypeError):
            continue
    return 0


def find_state(folder: Path, cell: Cell) -> RunState:
    """Find where one run of the grid in a folder stands."""
    own = run_folder(folder, cell)
    try:
        if read_result(folder, cell) is not None:
            return RunState(cell, "finished", cell.steps)
    except GridError as error:
        return RunState(cell, "damaged", 0, str(error))
    step = min(_logged_step(own / LOG), cell.steps)
    if is_held(own / LOCK):
        return RunState(cell, "running", step)
    if (own / FAILURE).exists():
        try:
            says = read_record(own / FAILURE)["failure"]
        except GridError as error:
            says = str(error)
        return RunState(cell, "failed", step, says)
    begun = any(own.glob("step-*")) or step > 0
    return RunState(cell, "stopped" if begun else "waiting", step)


def find_states(folder: Path, cells: list[Cell]) -> list[RunState]:
    """Find where every run of a grid stands, in the order of the cells."""
    return [find_state(folder, cell) for cell in cells]


def count_states(states: list[RunState]) -> dict[str, int]:
    """Count runs by state."""
    return dict(Counter(state.state for state in states))
