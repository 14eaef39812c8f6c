"""How are workers started? Through submitit: here, as processes of this machine, or on Slurm."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scaling.training.errors import GridError
from scaling.training.grid.grid import begin_grid
from scaling.training.grid.progress import RunState, find_state, find_states
from scaling.training.grid.worker import Worker
from scaling.training.plan.cells import Cell

JOBS = "jobs"
POLL_SECONDS = 1.0
END_SECONDS = 0.1
STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # what asks a command to end
DAY = 24 * 60  # minutes
FOREVER = 10 * 365 * DAY  # on this machine nobody asks for it back


@dataclass(frozen=True)
class Launch:
    """What is asked of an executor.

    Parameters
    ----------
    executor : {"local", "slurm", "debug"}
        ``local``: processes of this machine; ``slurm``: jobs of a cluster; ``debug``: this process.
    workers : int
        Workers at a time; on Slurm the tasks of a job array.
    threads : int
        Threads (CPUs) of a worker.
    device : str
        As PyTorch names it, or "auto".
    minutes : int
        Time limit of a job of Slurm, which is requeued at the end and goes on.
    gpus : int
        GPUs on a node of a job, 0 for none.
    partition, account, constraint : str, optional
        Of Slurm.
    """

    executor: str = "local"
    workers: int = 1
    threads: int = 1
    device: str = "auto"
    minutes: int = DAY
    gpus: int = 0
    partition: str | None = None
    account: str | None = None
    constraint: str | None = None


def make_executor(folder: Path, launch: Launch, nodes: int = 1) -> Any:
    """Make submitit's executor with what is asked of it.

    Parameters
    ----------
    folder : Path
        Folder of the grid; submitit's own files go to ``jobs`` in it.
    launch : Launch
        What is asked.
    nodes : int, default 1
        Nodes of a job, where a model is spread over several.

    Raises
    ------
    GridError
        If there is no such executor, no Slurm, or there are too few GPUs.
    """
    import submitit

    if launch.executor != "slurm" and nodes > 1:
        raise GridError(f"sharding: nodes must be 1 without slurm, got {nodes}")
    if launch.executor != "slurm" and launch.gpus:
        import torch

        there = torch.cuda.device_count()
        if there < launch.gpus:
            raise GridError(f"gpus must be at most the {there} of this machine, got {launch.gpus}")
    jobs = folder / JOBS
    jobs.mkdir(parents=True, exist_ok=True)
    # A timeout is no failure: the job is requeued and goes on, as often as it takes.
    try:
        executor = submitit.AutoExecutor(
            jobs, cluster=launch.executor, slurm_max_num_timeout=10_000
        )
    except (RuntimeError, ValueError) as error:  # no Slurm, or no executor of this name
        raise GridError(f"executor {launch.executor}: {error}") from error
    executor.update_parameters(
        name=f"grid-{folder.name}",
        timeout_min=launch.minutes if launch.executor == "slurm" else FOREVER,
        nodes=nodes,
        tasks_per_node=1,
        cpus_per_task=launch.threads,
        gpus_per_node=launch.gpus,
    )
    slurm = {
        "slurm_array_parallelism": launch.workers,
        "slurm_partition": launch.partition,
        "slurm_account": launch.account,
        "slurm_constraint": launch.constraint,
        "slurm_setup": [f"export OMP_NUM_THREADS={launch.threads}"],
    }
    executor.update_parameters(**{key: value for key, value in slurm.items() if value is not None})
    return executor


@contextmanager
def stops_interrupt() -> Iterator[None]:
    """Make every signal that asks this process to end a KeyboardInterrupt that holds it.

    Only the first one counts, so that what it sets off comes to its end. One that this process was
    started to ignore, as by nohup, stays ignored.
    """

    def stop(number: int, frame: object) -> None:
        for heard in before:
            signal.signal(heard, signal.SIG_IGN)
        raise KeyboardInterrupt(signal.Signals(number))

    before = {s: signal.getsignal(s) for s in STOPS if signal.getsignal(s) != signal.SIG_IGN}
    for heard in before:
        signal.signal(heard, stop)
    try:
        yield
    finally:
        for heard, handler in before.items():
            signal.signal(heard, handler)


@contextmanager
def _away_from_the_terminal() -> Iterator[None]:
    """Start processes that hear neither Ctrl-C nor a hang-up: these are for the command alone."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGHUP))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def start_workers(executor: Any, folder: Path, n_runs: int, launch: Launch) -> list[Any]:
    """Submit the workers of a grid to an executor of `make_executor`; no more of them than runs."""
    place = str(folder.resolve())
    here = launch.executor == "local"
    with _away_from_the_terminal() if here else nullcontext(), executor.batch():
        jobs = [
            executor.submit(Worker(place, _device(launch, i), launch.threads))
            for i in range(min(launch.workers, n_runs))
        ]
    if launch.executor == "debug":
        for job in jobs:
            job.exception()  # runs it, here and now
    return jobs


def _device(launch: Launch, worker: int) -> str:
    """Give each of several processes of this machine a GPU; on Slurm a job sees its own alone."""
    several = launch.executor == "local" and launch.workers > 1
    return f"auto:{worker}" if several and launch.device == "auto" else launch.device


def watch_workers(
    folder: Path,
    cells: list[Cell],
    jobs: list[Any],
    show: Callable[[list[RunState]], None] = lambda states: None,
) -> list[RunState]:
    """Wait until no worker of a grid works any more, and say where its runs stand then.

    `show` takes the states now and then, and once at the end. Whatever interrupts the waiting ends
    the workers first.
    """
    states = find_states(folder, cells)
    try:
        while not all(job.done() for job in jobs):
            # What is finished is not read again: a grid may have thousands of runs.
            states = [
                own if own.state == "finished" else find_state(folder, own.cell) for own in states
            ]
            show(states)
            time.sleep(POLL_SECONDS)
    except BaseException:
        end_workers(jobs)
        raise
    states = find_states(folder, cells)
    show(states)
    return states


def end_workers(jobs: list[Any]) -> None:
    """End workers, and wait until those of this machine are gone; Slurm is asked to cancel its own.

    A run loses what it did since its last checkpoint.
    """
    from submitit.local.local import LocalJob

    here = [job for job in jobs if isinstance(job, LocalJob)]
    for job in jobs:
        if job not in here:
            job.cancel(check=False)
    while left := [job for job in here if not job.done()]:
        for job in left:  # its controller passes the signal on to a worker that may just begin
            os.kill(int(job.job_id), signal.SIGTERM)
        time.sleep(END_SECONDS)


def train_grid(spec_path: str | Path, folder: str | Path, launch: Launch) -> list[RunState]:
    """Train a grid, or go on with one, and wait for its end.

    Parameters
    ----------
    spec_path : str or Path
        The specification.
    folder : str or Path
        Where the grid is trained; made where it is missing.
    launch : Launch
        What trains it.

    Returns
    -------
    list of RunState
        Where every run stands at the end.

    Raises
    ------
    GridError
        As `scaling.training.grid.grid.begin_grid` and `make_executor` do.
    """
    cells = begin_grid(spec_path, folder)
    executor = make_executor(Path(folder), launch, cells[0].spec.sharding.nodes)
    jobs = start_workers(executor, Path(folder), len(cells), launch)
    return watch_workers(Path(folder), cells, jobs)


def worker_failures(jobs: list[Any]) -> list[str]:
    """Say of every worker that ended in an error what its error log ends with, and where it is."""
    from submitit.core.utils import UncompletedJobError

    failures = []
    for job in jobs:
        error = job.exception()
        if isinstance(error, UncompletedJobError):
            failures.append(
                f"worker {job.job_id} was killed or lost: run the same command again to go on; "
                f"its log is {job.paths.stderr}"
            )
        elif error is not None:
            last = str(error).strip().splitlines()[-1]
            failures.append(f"worker {job.job_id}: {last}; see {job.paths.stderr}")
    return failures
