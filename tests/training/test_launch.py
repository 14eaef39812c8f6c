"""Workers that are started, watched and ended: nothing is left running, and a log is not silent."""

from __future__ import annotations

import os
import platform
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
from grids_to_train import write_spec
from submitit.core import submission
from submitit.slurm.test_slurm import mocked_slurm
from typer.testing import CliRunner

from scaling.commands import grid as command
from scaling.commands.cli import app
from scaling.training.grid import launch
from scaling.training.grid.grid import open_grid
from scaling.training.grid.launch import stops_interrupt
from scaling.training.grid.progress import count_states, find_states

ENDLESS = {"multipliers": [50_000], "sizes": [{"width": 8, "layers": 1, "heads": 1}]}
ENDLESS |= {"seeds": [0, 1], "checkpoint_seconds": 0.2}
STOPPED = r"stopped: run the same command again to go on; \S+ keeps it all"


# --- signals ------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", launch.STOPS)
def test_a_signal_to_end_is_an_interrupt_that_holds_it_and_the_next_is_passed_over(number):
    before = [signal.getsignal(each) for each in launch.STOPS]
    with pytest.raises(KeyboardInterrupt) as stop, stops_interrupt():
        try:
            signal.raise_signal(number)
        finally:
            for each in launch.STOPS:  # a second one does not disturb what the first set off
                signal.raise_signal(each)
    assert stop.value.args == (number,)
    assert [signal.getsignal(each) for each in launch.STOPS] == before


def test_a_signal_that_was_ignored_from_the_start_stays_so():
    """As nohup does with a hang-up."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stops_interrupt():
            signal.raise_signal(signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def start(spec: Path, out: Path, *options: str, **how: Any) -> subprocess.Popen:
    """Start the command in a process group of its own, as a shell does."""
    arguments = ["grid", "run", str(spec), "--out", str(out), "--device", "cpu", *options]
    code = f"import sys; sys.argv[1:] = {arguments!r}; from scaling.commands.cli import main"
    return subprocess.Popen(
        [sys.executable, "-c", f"{code}; main()"], start_new_session=True, **how
    )


def wait_till_it_trains(out: Path) -> None:
    deadline = time.monotonic() + 120
    while not list(out.glob("runs/*/step-*")):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def begin(spec: Path, out: Path, *options: str) -> subprocess.Popen:
    """Start the command, and wait till it trains."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    process = start(spec, out, *options, **pipes)
    wait_till_it_trains(out)
    return process


def still_running(processes: list[psutil.Process]) -> list[str]:
    """List those that go on; processes of torchrun see a moment later that their worker is gone."""
    _, alive = psutil.wait_procs(processes, timeout=5)
    return [shlex.join(process.cmdline()) for process in alive]


SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    ("number", "whole_group", "options"),
    [
        (signal.SIGINT, False, ["--workers", "2"]),
        pytest.param(signal.SIGINT, True, ["--workers", "2"], marks=SLOW),
        pytest.param(signal.SIGTERM, False, ["--workers", "2"], marks=SLOW),
        pytest.param(signal.SIGTERM, True, ["--workers", "2"], marks=SLOW),
        pytest.param(signal.SIGHUP, False, ["--workers", "1"], marks=SLOW),
        pytest.param(signal.SIGHUP, True, ["--workers", "1"], marks=SLOW),
        pytest.param(signal.SIGINT, True, ["--executor", "debug"], marks=SLOW),
        pytest.param(signal.SIGTERM, False, ["--executor", "debug"], marks=SLOW),
    ],
)
def test_a_signal_ends_the_workers_and_then_the_command(tmp_path, number, whole_group, options):
    spec, out = write_spec(tmp_path / "spec", **ENDLESS), tmp_path / "grid"
    process = begin(spec, out, *options)
    workers = psutil.Process(process.pid).children(recursive=True)
    (os.killpg if whole_group else os.kill)(process.pid, number)
    said, _ = process.communicate(timeout=60)
    running = [worker for worker in workers if worker.is_running()]
    assert running == []  # as soon as the command has ended
    assert process.returncode == 128 + number
    assert re.fullmatch(STOPPED, said.splitlines()[-1])
    assert "Traceback" not in said
    _, cells = open_grid(out)
    assert "stopped" in count_states(find_states(out, cells))


@pytest.mark.slow
@pytest.mark.parametrize("whole_group", [False, True])
def test_a_signal_ends_processes_that_share_a_model(tmp_path, whole_group):
    changes = ENDLESS | {"sharding": {"processes_per_node": 2}}
    spec, out = write_spec(tmp_path / "spec", **changes), tmp_path / "grid"
    process = begin(spec, out)
    workers = psutil.Process(process.pid).children(recursive=True)
    assert len(workers) >= 5  # controller, worker, torchrun and its two
    (os.killpg if whole_group else os.kill)(process.pid, signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    assert still_running(workers) == []
    assert process.returncode == 130
    assert "Traceback" not in said
    _, cells = open_grid(out)
    assert "failed" not in count_states(find_states(out, cells))


@pytest.mark.slow
def test_workers_of_a_command_that_does_not_wait_outlive_a_hang_up_and_hear_a_request_to_end(
    tmp_path,
):
    spec, out = write_spec(tmp_path / "spec", **ENDLESS), tmp_path / "grid"
    with (tmp_path / "said").open("w") as file:
        process = start(spec, out, "--no-wait", stdout=file)
        assert process.wait(60) == 0
    said = (tmp_path / "said").read_text()
    wait_till_it_trains(out)
    controller = psutil.Process(int(said.split()[-1]))
    (worker,) = controller.children()
    os.killpg(process.pid, signal.SIGHUP)  # the group that the command led
    time.sleep(0.5)
    assert controller.is_running() and worker.is_running()
    worker.terminate()
    assert still_running([controller, worker]) == []


def test_jobs_of_slurm_are_cancelled(tmp_path, monkeypatch):
    cancelled = []

    def interrupted(seconds):
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(launch, "time", SimpleNamespace(sleep=interrupted))
    monkeypatch.setattr(subprocess, "call", lambda words, **how: cancelled.append(words))
    spec, out = write_spec(tmp_path / "spec"), tmp_path / "grid"
    with mocked_slurm():
        done = run(spec, out, "--executor", "slurm", "--workers", "2")
    assert done.exit_code == 143
    assert cancelled == [["scancel", "12_0"], ["scancel", "12_1"]]
    assert re.fullmatch(STOPPED, done.stderr.strip())


# --- a log file in place of a terminal --------------------------------------------------------


def run(spec: Path, out: Path, *options: str):
    asked = ["grid", "run", str(spec), "--out", str(out), "--device", "cpu", *options]
    return CliRunner().invoke(app, asked)


LINE = re.compile(
    r"\d of 4 runs, (none under way|walk-\S+ at step \d+ of \d+( and 1 more)?): \d+ % of the work "
    r"after [\d:]+, [\d:?]+ left"
)


@pytest.fixture
def _lines_at_once(monkeypatch):
    monkeypatch.setattr(command, "LINE_SECONDS", 1e-9)
    monkeypatch.setattr(launch, "POLL_SECONDS", 0.05)


@pytest.mark.slow
@pytest.mark.usefixtures("_lines_at_once")
def test_a_log_file_gets_lines_that_say_how_far_the_grid_is(tmp_path):
    spec = write_spec(tmp_path / "spec", multipliers=[2, 4], checkpoint_seconds=60)
    done = run(spec, tmp_path / "grid", "--workers", "2")
    assert done.exit_code == 0
    lines = done.stderr.splitlines()
    assert all(LINE.fullmatch(line) for line in lines)
    assert any(" at step " in line for line in lines)
    assert lines[-1].startswith("4 of 4 runs, none under way: 100 % of the work after ")
    assert len(done.stdout.splitlines()) == 3  # the bill, and how it ended
    quiet = run(spec, tmp_path / "grid", "--json")
    assert quiet.stderr == ""


@pytest.mark.usefixtures("_lines_at_once")
def test_jobs_of_slurm_are_followed_in_a_log_file(tmp_path, monkeypatch):
    platform.processor()  # is kept: the first time it starts a process, which the mock refuses
    with mocked_slurm() as mock:
        waited = iter(range(3))

        def sleep(seconds):
            """Let the job wait in the queue twice, then train."""
            if next(waited, 2) == 2:
                with mock.job_context("12"):
                    submission.process_job(tmp_path / "grid" / "jobs")

        monkeypatch.setattr(launch, "time", SimpleNamespace(sleep=sleep))
        done = run(write_spec(tmp_path / "spec"), tmp_path / "grid", "--executor", "slurm")
    assert done.exit_code == 0
    lines = [line for line in done.stderr.splitlines() if " of 4 runs" in line]
    assert all(LINE.fullmatch(line) for line in lines)
    assert lines[0].startswith("0 of 4 runs, none under way: 0 % of the work after 00:00, ? left")
    assert lines[-1].startswith("4 of 4 runs, none under way: 100 % of the work after ")


def test_a_line_comes_once_a_minute_and_knows_what_was_done_before(monkeypatch):
    """Where 30 of 100 took half an hour, on top of 10 done before, an hour is left for 60."""
    written: list[str] = []
    monkeypatch.setattr(command.typer, "echo", lambda line, err: written.append(line))
    with command.progress_bar(False, total=100, initial=10, unit=" runs") as bar:
        bar.start_t = bar.last_print_t = 0.0
        for minute in range(1, 31):
            for second in (0, 1, 59):
                bar._time = lambda now=60.0 * minute + second: now
                bar.update(second == 0)
    assert len(written) == 31  # one a minute, and one at the end
    assert written[29] == "40 of 100 runs after 30:00, 1:00:00 left"
