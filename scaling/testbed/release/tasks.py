"""What is each task, how many items has it really, and is it one of the 17? For `release`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling.testbed.labels import TASK_LABELS
from scaling.testbed.release.checks import fault, known, number

METADATA_COLUMNS = {
    "Eval Task": "task",
    "Task Category": "category",
    "Task Type": "type",
    "#shots": "shots",
    "#datapoints": "n_items_stated",
    "Random baseline": "chance",
}
# The metadata repeats ARC-Easy's count for ARC-Challenge; the accuracies are in units of 1/1,172.
TRUE_ITEMS = {"arc_challenge": 1_172}
CATEGORIES = {"jeopardy": 5, "mmlu": 57, "mmlu_zeroshot": 57, "bbq": 11}
# Accuracies were stored in single precision: half a unit in the last place below 1 is 3e-8.
ROUNDING = 5e-8
# The 17-task rule: any 0.154B model at least 10 points above chance.
SPLIT_SIZE = "0.154B"
SPLIT_MARGIN = 0.10


def is_multiple(accuracy: NDArray[np.float64], n_items: int) -> bool:
    """Say whether all accuracies are whole multiples of ``1 / n_items``, to single precision."""
    nearest = np.rint(accuracy * n_items) / n_items
    return bool(np.all(np.abs(accuracy - nearest) <= ROUNDING))


def judge_item_count(task: str, stated: int, accuracy: NDArray[np.float64]) -> tuple[int, str]:
    """Check a stated item count against the accuracies of all runs.

    Gives the count to use, the stated one unless a known correction fits, and the reason to doubt
    the stated one, or an empty text.
    """
    true = TRUE_ITEMS.get(task)
    if true is not None and true != stated and is_multiple(accuracy, true):
        return true, f"release states {stated:,} items, but accuracies are multiples of 1/{true:,}"
    if is_multiple(accuracy, stated):
        return stated, ""
    reason = f"accuracies are not multiples of 1/{stated:,}"
    if task in CATEGORIES:
        reason += f", as in a plain mean over {CATEGORIES[task]} categories"
    return stated, reason


def _read_metadata(path: Path) -> dict[Any, dict[Any, Any]]:
    if not path.is_file():
        raise fault(path, "the release must hold this file", "no such file")
    try:
        table = pd.read_csv(path, encoding="utf-8")
    except (ValueError, pd.errors.ParserError) as problem:
        raise fault(path, "the file must be CSV", str(problem)) from problem
    if missing := [name for name in METADATA_COLUMNS if name not in table]:
        raise fault(path, f"columns {', '.join(METADATA_COLUMNS)} must be there, missing", missing)
    table = table.rename(columns=METADATA_COLUMNS)
    if table["task"].duplicated().any():
        repeated = table.loc[table["task"].duplicated(), "task"].iloc[0]
        raise fault(path, "each task must be there once", repeated)
    columns = list(METADATA_COLUMNS.values())
    return {row["task"]: row for row in table[columns].to_dict(orient="records")}


def _task_row(
    task: str, stated: dict[Any, Any], errors: pd.DataFrame, path: Path
) -> dict[str, Any]:
    """Turn one line of the metadata into one row, judged by the errors of all runs."""
    n_stated = number(stated["n_items_stated"], f"#datapoints of {task}", path, 1)
    chance = number(stated["chance"], f"Random baseline of {task}", path, 0, 100) / 100
    shots = number(stated["shots"], f"#shots of {task}", path)
    accuracy = 1 - errors["error"].to_numpy(dtype=float)
    deciding = (errors["size"] == SPLIT_SIZE).to_numpy()
    above = accuracy[deciding] - chance
    n_items, flag = judge_item_count(task, int(n_stated), accuracy)
    return {
        "task": task,
        "label": known(TASK_LABELS, task, "task", path),
        "category": str(stated["category"]).strip(),
        "type": str(stated["type"]).strip(),
        "shots": int(shots),
        "n_items": n_items,
        "chance": chance,
        "in_17": bool(np.any(above >= SPLIT_MARGIN - ROUNDING)),
        "n_items_stated": int(n_stated),
        "flags": flag,
    }


def read_tasks(path: Path, errors: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
    """Describe every task that the runs were evaluated on, from ``eval_metadata.csv``.

    One row per task, sorted by name; tasks without an evaluation are left out.
    """
    metadata = _read_metadata(path)
    sized = errors.merge(runs[["run", "size"]], on="run")
    rows = []
    for task, group in sized.groupby("task", sort=True):
        if task not in metadata:
            raise fault(path, "every evaluated task must be described, missing", task)
        rows.append(_task_row(str(task), metadata[task], group, path))
    return pd.DataFrame(rows)
