"""Which errors do the runs of a grid make on tasks? Every finished run is asked, task by task."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from lm_eval.evaluator import evaluate
from lm_eval.tasks import TaskManager

from scaling.training.errors import GridError
from scaling.training.grid.grid import collect
from scaling.training.tasks.harness import TrainedModel, load_trained
from scaling.training.tasks.trained import choose_runs

METRICS = ("acc",)
SHOTS_SEED = 1234  # the harness's own: decides which examples stand in a prompt


@dataclass(frozen=True)
class Tasks:
    """Tasks of lm-evaluation-harness, loaded.

    Parameters
    ----------
    loaded : dict
        As the harness loads them: ``tasks``, ``groups``, ``group_map``.
    columns : list of str
        Names of tasks, and of groups that average theirs, that an error is reported for.
    """

    loaded: dict[str, Any]
    columns: list[str]


def load_tasks(
    names: Sequence[str], *, include: Path | None = None, shots: int | None = None
) -> Tasks:
    """Load tasks with their data.

    `names` are those of tasks, groups or tags that the harness knows, or task files; `include` is
    a folder with task files of one's own. By default a task says itself how many solved examples
    (`shots`) stand before each question; one that says 0 keeps it.

    Raises
    ------
    GridError
        If a name is not known, a task cannot be loaded, or it runs code that a model has written.
    """
    manager = _find(names, include)
    columns: list[str] = []
    parts: list[Any] = []
    for name in dict.fromkeys(names):
        found = _load(manager, name)
        group = found["groups"].get(name)
        parts += list(found["tasks"].values()) if group is None else [group]
        averages = group is not None and group.has_aggregation
        columns += [name] if averages else list(found["tasks"])
    try:
        loaded = manager.load(parts)
    except ValueError as error:  # a task that is asked for alone and in a group
        raise GridError(f"--tasks: {error}") from error
    for name, task in loaded["tasks"].items():
        if getattr(task, "UNSAFE_CODE", False):
            raise GridError(f"task {name}: runs code that a model has written, which is not done")
        _set_shots(task, shots)
    return Tasks(loaded, list(dict.fromkeys(columns)))


def _load(manager: TaskManager, name: str) -> dict[str, Any]:
    try:
        return manager.load([name])
    except Exception as error:  # whatever the readers of its data and the network raise
        says = f"{type(error).__name__}: {' '.join(str(error).split())}"
        raise GridError(f"task {name}: cannot be loaded: {says}") from error


def _find(names: Sequence[str], include: Path | None) -> TaskManager:
    """Index task files: only one's own where they hold all that is asked, else the harness's too.

    The harness has thousands, which take seconds to read.
    """
    if include is not None and not include.is_dir():
        raise GridError(f"--include: there is no folder {include}")
    own = TaskManager(include_path=include, include_defaults=False)
    if all(name in own.all_subtasks or Path(name).is_file() for name in names):
        return own
    manager = TaskManager(include_path=include)
    for name in names:
        if name not in manager.all_tasks and not Path(name).is_file():
            raise GridError(
                f"there is no task {name!r}: name one of lm-evaluation-harness, or a folder with "
                "task files of your own by --include"
            )
    return manager


def _set_shots(task: Any, shots: int | None) -> None:
    """Set the number of solved examples by the rule of the harness's own command."""
    usual = task.get_config("num_fewshot")
    if usual is None or (shots is not None and usual != 0):
        task.set_config("num_fewshot", shots or 0)
    task.set_fewshot_seed(seed=SHOTS_SEED)


def measure_errors(
    model: TrainedModel, tasks: Tasks, *, metrics: Sequence[str] = METRICS, limit: int | None = None
) -> dict[str, float]:
    """Measure the error of one model by column of tasks: 1 - the first of these metrics it has.

    Metrics are shares of right answers as the harness calls them; with its filter, as
    ``exact_match,strict-match``, where a task has several. Asking only the first questions of each
    task, up to a `limit`, is for a try, not for a result.

    Raises
    ------
    GridError
        If a task has none of the metrics, or its metric is no share of right answers.
    """
    for name, task in tasks.loaded["tasks"].items():  # said before hours of work, not after
        if not {metric.split(",")[0] for metric in metrics} & set(task.aggregation()):
            raise _no_metric(name, list(task.aggregation()), metrics)
    measured = evaluate(
        lm=model, task_dict=tasks.loaded, limit=limit, bootstrap_iters=0, log_samples=False
    )
    return {
        name: 1 - _pick(name, measured["results"][name], measured["higher_is_better"], metrics)
        for name in tasks.columns
    }


def _no_metric(name: str, has: Sequence[str], metrics: Sequence[str]) -> GridError:
    listed = ", ".join(has)
    return GridError(f"task {name}: --metric must be one of {listed}, got {', '.join(metrics)}")


def _pick(
    name: str,
    found: dict[str, Any],
    higher_is_better: dict[str, dict[str, bool]],
    metrics: Sequence[str],
) -> float:
    """Pick the first of the metrics that a task has, checked to be a share of right answers."""
    has = [key for key in found if "," in key and "_stderr," not in key]
    by_metric = ([key for key in has if metric in (key, key.split(",")[0])] for metric in metrics)
    keys = next((keys for keys in by_metric if keys), [])
    if len(keys) != 1:
        raise _no_metric(name, [key.removesuffix(",none") for key in has], metrics)
    metric, value = keys[0].split(",")[0], float(found[keys[0]])
    rises = higher_is_better.get(name, {}).get(metric, True)
    if not rises or not 0 <= value <= 1:
        raise GridError(f"task {name}: {metric} is no share of right answers, got {value:g}")
    return value


def answer(
    folder: str | Path,
    names: Sequence[str],
    *,
    include: Path | None = None,
    shots: int | None = None,
    metrics: Sequence[str] = METRICS,
    limit: int | None = None,
    run: str | None = None,
    device: str = "auto",
    show: Callable[[int, int], object] = lambda done, runs: None,
) -> tuple[pd.DataFrame, int, list[str]]:
    """Ask tasks of every finished run of a grid that was trained on a token file.

    Parameters
    ----------
    folder : str or Path
        Folder of the grid.
    names, include, shots
        As for `load_tasks`.
    metrics, limit
        As for `measure_errors`.
    run : str, optional
        Only this run.
    device : str, default "auto"
        As PyTorch names it.
    show : callable
        Is told how many of how many runs are done.

    Returns
    -------
    table : DataFrame of shape (n_runs, n_columns)
        The run table of these runs, with a column ``err_<task>`` for each task.
    missing, damaged
        As `scaling.training.grid.grid.collect` gives them.

    Raises
    ------
    GridError
        If no such run is finished, or a task or a run cannot be used.
    """
    table, missing, damaged = collect(folder)
    chosen = choose_runs(folder, table, run)
    tasks = load_tasks(names, include=include, shots=shots)
    errors = []
    for done, name in enumerate(chosen):
        show(done, len(chosen))
        model = load_trained(folder, name, device)
        errors.append(measure_errors(model, tasks, metrics=metrics, limit=limit))
    show(len(chosen), len(chosen))
    asked = pd.DataFrame(errors, index=chosen).add_prefix("err_")
    rows = table[table["run"].isin(chosen)].dropna(axis="columns", how="all")
    return rows.join(asked, on="run").reset_index(drop=True), missing, damaged
