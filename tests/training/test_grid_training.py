"""A whole grid: trained, killed, resumed, damaged, gathered; by workers and by submitit."""

from __future__ import annotations

import fcntl
import json
import random
import shutil
import signal
import time
from pathlib import Path

import pandas as pd
import psutil
import pytest
import submitit
from grids_to_train import SMALL, decided, one_cell, write_spec
from submitit.core import job_environment, submission, utils
from submitit.slurm import slurm
from submitit.slurm.test_slurm import mock_requeue, mocked_slurm
from typer.testing import CliRunner
from workers import die_at, start, start_worker

from scaling.commands.cli import app
from scaling.tables.runs import read_runs
from scaling.training.errors import GridError
from scaling.training.grid.grid import begin_grid, collect, open_grid
from scaling.training.grid.launch import Launch, _device, make_executor, start_workers
from scaling.training.grid.progress import find_states
from scaling.training.grid.worker import Worker, read_result, run_folder, train_cell
from scaling.training.model.checkpoint import list_checkpoints
from scaling.training.plan.locks import hold, is_held
from scaling.training.plan.records import hash_of, read_record, write_record


def results(folder: Path) -> dict[str, dict]:
    _, cells = open_grid(folder)
    return {cell.name: read_result(folder, cell) for cell in cells}


def states(folder: Path) -> dict[str, int]:
    _, cells = open_grid(folder)
    found = [own.state for own in find_states(folder, cells)]
    return {name: found.count(name) for name in sorted(set(found))}


def train_here(folder: Path) -> int:
    """Train what is left of a grid, in this process with one thread."""
    return Worker(str(folder), "cpu")()


def train_whole(folder: Path, **changes) -> Path:
    """Train a grid in one go."""
    begin_grid(write_spec(folder, **changes), folder)
    train_here(folder)
    assert states(folder) == {"finished": len(results(folder))}
    return folder


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """The small grid, four runs, trained and not to be touched."""
    return train_whole(tmp_path_factory.mktemp("whole"))


ONE_RUN = {"sizes": SMALL["sizes"][:1], "multipliers": [1]}


@pytest.fixture(scope="module")
def one_trained(tmp_path_factory) -> Path:
    return train_whole(tmp_path_factory.mktemp("one"), **ONE_RUN)


@pytest.fixture
def one(one_trained, tmp_path) -> Path:
    """A grid of one finished run, which a test may harm."""
    return shutil.copytree(one_trained, tmp_path / "one")


def assert_same_bits(folder: Path, whole: Path) -> None:
    """Compare the runs of a grid with the same runs of one that nothing disturbed."""
    ours, theirs = results(folder), results(whole)
    assert states(folder) == {"finished": len(ours)}
    for name, result in ours.items():
        assert decided(result) == decided(theirs[name]), name
        log = (folder / "runs" / name / "log.jsonl").read_text()
        assert [json.loads(line) for line in log.splitlines()] == result["log"]
    half_written = list((folder / "runs").rglob(".*"))
    assert half_written == []


@pytest.mark.parametrize("wanted", [4, pytest.param(20, marks=pytest.mark.slow)])
def test_kills_at_random_instants_change_no_bit_of_a_grid(tmp_path, whole, wanted):
    """Two workers at a time, killed with the signal that nobody can catch."""
    begin_grid(write_spec(tmp_path), tmp_path)
    rng = random.Random(8)
    kills = rounds = 0
    while states(tmp_path) != {"finished": 4}:
        rounds += 1
        assert rounds < 100, states(tmp_path)
        workers = [start_worker(tmp_path) for _ in range(2)]
        deadly = kills < wanted
        if deadly:
            time.sleep(rng.uniform(0.05, 0.6))
        for worker in workers:
            if deadly:
                worker.kill()
            worker.join()
            kills += worker.exitcode == -signal.SIGKILL
        if kills < wanted and states(tmp_path) == {"finished": 4}:
            # It was faster than the killing: take the ends away and go on from half-way.
            for _, own in _runs(tmp_path):
                (own / "result.json").unlink()
                for checkpoint in sorted(own.glob("*.ckpt"))[1:]:
                    checkpoint.unlink()
    assert kills >= wanted
    assert_same_bits(tmp_path, whole)


def _runs(folder: Path):
    _, cells = open_grid(folder)
    return [(cell, run_folder(folder, cell)) for cell in cells]


def die_within_a_write(folder: Path, name: str, call: int) -> None:
    """Train, and die before the rename or before the flush to disk of the n-th file."""
    process = start(die_at, call, name, str(folder))
    process.join()
    assert process.exitcode == -signal.SIGKILL


@pytest.mark.parametrize("name", ["replace", "fsync"])
def test_a_kill_within_a_write_changes_no_bit(tmp_path, whole, name):
    """Of a configuration, of a checkpoint, and of a result."""
    cell = one_cell(tmp_path)
    begin_grid(tmp_path / "spec.yaml", tmp_path)
    own = run_folder(tmp_path, cell)
    (own / "config.json").unlink()  # as a kill within the beginning leaves it
    die_within_a_write(tmp_path, name, 0)
    assert not (own / "config.json").exists()
    die_within_a_write(tmp_path, name, 5)
    assert [path.name for path in list_checkpoints(own)] == [
        "step-000000004.ckpt", "step-000000003.ckpt"
    ]  # fmt: skip
    die_within_a_write(tmp_path, name, cell.steps - 4)
    assert list_checkpoints(own)[0].name == f"step-{cell.steps:09d}.ckpt"
    assert not (own / "result.json").exists()
    train_here(tmp_path)
    assert_same_bits(tmp_path, whole)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["replace", "fsync"])
def test_kills_within_writes_change_no_bit_of_a_grid(tmp_path, whole, name):
    """Early in a run and late."""
    begin_grid(write_spec(tmp_path), tmp_path)
    for call in (0, 1, 7, 20):
        die_within_a_write(tmp_path, name, call)
    worker = start_worker(tmp_path)
    worker.join()
    assert worker.exitcode == 0
    assert_same_bits(tmp_path, whole)


def test_two_workers_share_the_runs_and_neither_does_the_other_s(tmp_path, whole):
    begin_grid(write_spec(tmp_path), tmp_path)
    workers = [start_worker(tmp_path) for _ in range(2)]
    for worker in workers:
        worker.join()
    assert_same_bits(tmp_path, whole)
    starts = [result["speed"]["starts"] for result in results(tmp_path).values()]
    assert starts == [1] * 4


def test_a_finished_grid_is_left_as_it_is(one):
    before = {p: p.stat().st_mtime_ns for p in one.rglob("result.json")}
    begin_grid(one / "spec.yaml", one)
    assert train_here(one) == 0
    assert before
    assert {p: p.stat().st_mtime_ns for p in one.rglob("result.json")} == before


def test_a_run_that_another_holds_is_passed_over(tmp_path):
    cell = one_cell(tmp_path)
    begin_grid(tmp_path / "spec.yaml", tmp_path)
    own = run_folder(tmp_path, cell)
    with hold(own / "lock") as free:
        assert free
        (state,) = find_states(tmp_path, [cell])
        assert state.state == "running"
        assert not train_cell(tmp_path, cell, "cpu")
    assert read_result(tmp_path, cell) is None


# --- another configuration, failures, damage --------------------------------------------------


def test_a_folder_of_another_configuration_is_refused_and_the_keys_are_named(tmp_path):
    begin_grid(write_spec(tmp_path / "a"), tmp_path / "grid")
    changed = write_spec(tmp_path / "b", recipe={"lr_scale": 0.31})
    with pytest.raises(GridError, match="was begun with another recipe: train this grid in a new"):
        begin_grid(changed, tmp_path / "grid")
    spec, _ = open_grid(tmp_path / "grid")
    assert spec.recipe.lr_scale == 0.3


def test_a_refused_specification_leaves_the_folder_as_it_was(tmp_path):
    grid = tmp_path / "grid"
    begin_grid(write_spec(tmp_path / "a"), grid)
    before = sorted(grid.rglob("*"))
    with pytest.raises(GridError, match="was begun with another recipe"):
        begin_grid(write_spec(tmp_path / "b", multipliers=[1, 2, 4], recipe={"clip": 0.5}), grid)
    assert sorted(grid.rglob("*")) == before
    begin_grid(write_spec(tmp_path / "c", multipliers=[1, 2, 4]), grid)


def test_a_specification_that_leaves_runs_out_is_refused(tmp_path):
    begin_grid(write_spec(tmp_path / "a"), tmp_path / "grid")
    with pytest.raises(
        GridError, match="holds 2 runs that the specification does not name, as walk"
    ):
        begin_grid(write_spec(tmp_path / "b", multipliers=[1]), tmp_path / "grid")


def test_a_look_at_the_states_takes_no_run_from_a_worker(tmp_path):
    cell = one_cell(tmp_path)
    begin_grid(tmp_path / "spec.yaml", tmp_path)
    lock = run_folder(tmp_path, cell) / "lock"
    lock.touch(mode=0o444)
    with lock.open("r") as looker:
        fcntl.flock(looker, fcntl.LOCK_SH)
        assert not is_held(lock)  # two may look at once
    with hold(lock) as free:
        assert free
        assert is_held(lock)
    assert not is_held(lock)


def test_a_larger_grid_goes_on_in_the_same_folder(one, tmp_path, whole):
    begin_grid(write_spec(tmp_path / "larger", sizes=ONE_RUN["sizes"]), one)
    assert states(one) == {"finished": 1, "waiting": 1}
    assert train_here(one) == 1
    assert_same_bits(one, whole)


def test_a_run_that_fails_is_told_and_the_others_go_on(tmp_path):
    # A rate in proportion to the width's 40th power: the wider model diverges.
    wild = {"lr_scale": 1e-36, "lr_power": 40.0, "lr_max": 1e12, "clip": 1e12}
    begin_grid(write_spec(tmp_path, recipe=wild), tmp_path)
    train_here(tmp_path)
    _, cells = open_grid(tmp_path)
    found = {own.cell.size.width: own for own in find_states(tmp_path, cells)}
    assert found[8].state == "finished"
    assert found[12].state == "failed"
    assert "lower lr_scale or lr_max" in found[12].says
    table, missing, _ = collect(tmp_path)
    assert (len(table), missing) == (2, 2)
    # Started again it is tried again.
    begin_grid(tmp_path / "spec.yaml", tmp_path)
    assert states(tmp_path) == {"finished": 2, "stopped": 2}


@pytest.mark.parametrize("harm", ["flipped", "truncated", "edited"])
def test_a_result_that_was_changed_is_found_and_made_again(one, harm):
    ((cell, own),) = _runs(one)
    path, sound = own / "result.json", read_result(one, cell)
    text = path.read_text()
    if harm == "edited":
        record = json.loads(text)
        record["losses"]["loss"]["mean"] -= 0.1
        path.write_text(json.dumps(record))
    else:
        path.write_text(text[: len(text) // 2] if harm == "truncated" else text.replace("1", "2"))
    assert states(one) == {"damaged": 1}
    with pytest.raises(GridError, match="result.json: is damaged"):  # no other run is left
        collect(one)
    train_here(one)
    assert decided(read_result(one, cell)) == decided(sound)


BROKEN = {
    "cut short": lambda text: text[: len(text) // 2],
    "empty": lambda text: "",
    "a list": lambda text: "[]",
    "no text": lambda text: b"\xff\xfe\x00",
    "of another configuration": lambda text: sealed({"config_sha256": "another"}),
    "without a key": lambda text: sealed({k: v for k, v in unsealed(text) if k != "losses"}),
    "with a loss that is none": lambda text: sealed(
        dict(unsealed(text)) | {"losses": {"loss": {"mean": "low"}}}
    ),
}


def unsealed(text: str) -> list:
    return [(key, value) for key, value in json.loads(text).items() if key != "sha256"]


def sealed(content: dict) -> str:
    return json.dumps(content | {"sha256": hash_of(content)})


@pytest.mark.parametrize("n", [1, 3])
@pytest.mark.parametrize("kind", BROKEN)
def test_broken_results_are_named_and_all_others_are_gathered(tmp_path, whole, kind, n):
    grid, runs = shutil.copytree(whole, tmp_path / "grid"), tmp_path / "runs.csv"
    broken = _runs(grid)[:n]
    for _, own in broken:
        path = own / "result.json"
        content = BROKEN[kind](path.read_text())
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    done = run_cli("collect", str(grid), "--out", str(runs))
    assert (done.exit_code, done.stdout) == (0, f"{runs}: {4 - n} runs\n")
    names = {cell.name for cell, _ in broken}
    assert set(read_runs(runs)["run"]) == set(results(whole)) - names
    warnings = done.stderr.splitlines()
    assert len(warnings) == n
    for line, (cell, own) in zip(warnings, broken, strict=True):
        assert line.startswith(f"warning: {own / 'result.json'}: is ")
        assert line.endswith(f": {cell.name} is not in the table until the grid is run again")
    told = json.loads(run_cli("collect", str(grid), "--out", str(runs), "--json").stdout)
    assert (told["runs"], told["missing"]) == (4 - n, 0)
    assert [f"warning: {line}" for line in told["damaged"]] == warnings


def test_a_broken_result_is_made_again(one):
    ((cell, own),) = _runs(one)
    sound = read_result(one, cell)
    for kind in ("without a key", "with a loss that is none"):
        path = own / "result.json"
        path.write_text(BROKEN[kind](path.read_text()))
        assert states(one) == {"damaged": 1}
        assert train_here(one) == 1
        assert decided(read_result(one, cell)) == decided(sound)


def test_a_configuration_that_was_changed_on_disk_stops_the_grid(tmp_path):
    begin_grid(write_spec(tmp_path), tmp_path)
    (_, own), *_ = _runs(tmp_path)
    path = own / "config.json"
    path.write_text(path.read_text().replace("0.3", "0.4"))
    with pytest.raises(GridError, match="config.json: is damaged"):
        begin_grid(tmp_path / "spec.yaml", tmp_path)


def test_a_log_that_was_harmed_is_written_anew(one):
    ((cell, own),) = _runs(one)
    (own / "result.json").unlink()
    (own / "log.jsonl").write_bytes(b'{"step": 1}\n\xff\xfe{"st')
    (state,) = find_states(one, [cell])
    assert (state.state, state.step) == ("stopped", 1)
    train_here(one)
    lines = (own / "log.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == read_result(one, cell)["log"]


def test_a_result_of_another_configuration_is_not_taken_for_this_one(one):
    ((cell, own),) = _runs(one)
    record = read_record(own / "result.json") | {"config_sha256": "another"}
    write_record(own / "result.json", record)
    with pytest.raises(GridError, match="is of another configuration"):
        read_result(one, cell)


def test_a_folder_that_is_no_grid_is_named(tmp_path):
    with pytest.raises(GridError, match="is no grid: it has no spec.yaml"):
        open_grid(tmp_path)


def test_a_grid_without_a_finished_run_has_no_table(tmp_path):
    begin_grid(write_spec(tmp_path), tmp_path)
    with pytest.raises(GridError, match="no run is finished yet"):
        collect(tmp_path)


# --- the run table ----------------------------------------------------------------------------


def test_the_table_is_a_sound_run_table(tmp_path, whole):
    table, missing, _ = collect(whole)
    assert missing == 0
    path = tmp_path / "runs.csv"
    table.to_csv(path, index=False)
    read = read_runs(path)
    assert list(read["run"]) == list(table["run"])
    assert {"loss", "loss_std", "err_pick4", "N_body", "batch_tokens", "warmup_steps"} <= set(read)
    _, cells = open_grid(whole)
    by_name = {cell.name: cell for cell in cells}
    for row in table.to_dict("records"):
        cell = by_name[row["run"]]
        result = read_result(whole, cell)
        assert (row["N"], row["D"], row["N_body"]) == (cell.N, cell.D, cell.N_body)
        loss, error = result["losses"]["loss"], result["errors"]["pick4"]
        assert (row["loss"], row["loss_std"]) == (loss["mean"], loss["std"])
        assert row["err_pick4"] == error["error"] >= error["best"]
        assert (row["width"], row["multiplier"]) == (cell.size.width, cell.multiplier)
        for name in ("steps", "warmup_steps", "batch_tokens", "lr", "C_exact"):
            assert row[name] == result[name] == getattr(cell, name)
    assert len(set(table["err_pick4"])) > 1


def run_cli(*arguments: str):
    return CliRunner().invoke(app, ["grid", *arguments])


def test_the_commands_from_the_bill_to_a_fit(tmp_path):
    spec = write_spec(tmp_path / "spec", multipliers=[1, 2, 4], hardware={
        "name": "a core", "flops_per_second": 1e9, "price_per_hour": 2.0})  # fmt: skip
    bill = run_cli("price", str(spec))
    assert bill.exit_code == 0
    assert "6 runs" in bill.stdout
    assert "price: " in bill.stdout
    grid = str(tmp_path / "grid")
    begun = run_cli("run", str(spec), "--out", grid, "--workers", "2", "--device", "cpu")
    assert begun.exit_code == 0, begun.output
    assert begun.stdout.splitlines()[0] == bill.stdout.splitlines()[0]
    assert begun.stdout.splitlines()[-1] == f"{grid}: 6 finished"
    assert begun.stderr == ""
    status = run_cli("status", grid, "--json")
    assert json.loads(status.stdout)["states"] == {"finished": 6}
    runs = str(tmp_path / "runs.csv")
    assert run_cli("collect", grid, "--out", runs).stdout == f"{runs}: 6 runs\n"
    fit = CliRunner().invoke(app, ["fit", runs, "--json"])
    assert fit.exit_code == 0, fit.output
    assert json.loads(fit.stdout)["n_runs"] == 6
    # Run again: nothing is trained, and it says so.
    again = run_cli("run", str(spec), "--out", grid, "--executor", "debug", "--json")
    assert json.loads(again.stdout)["states"] == {"finished": 6}


def test_a_grid_with_a_failed_run_ends_with_exit_code_1_and_says_why(tmp_path):
    spec = write_spec(
        tmp_path / "spec", recipe={"lr_scale": 1e12, "lr_max": 1e12, "clip": 1e12}, multipliers=[1]
    )
    end = run_cli("run", str(spec), "--out", str(tmp_path / "grid"), "--executor", "debug")
    assert end.exit_code == 1
    assert "2 failed" in end.stdout
    assert "lower lr_scale or lr_max" in end.stderr
    status = run_cli("status", str(tmp_path / "grid"))
    assert "failed at step" in status.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["price", "{tmp}/none.yaml"], "none.yaml: cannot be read"),
        (["run", "{tmp}/spec.yaml", "--out", "{tmp}/g", "--executor", "cluster"], "must be one of"),
        (["run", "{tmp}/spec.yaml", "--out", "{tmp}/g", "--workers", "0"], "--workers"),
        (["run", "{tmp}/spec.yaml", "--out", "{tmp}/g", "--executor", "slurm"], "srun"),
        (["run", "{tmp}/spec.yaml", "--out", "{tmp}/spec.yaml"], "could not be written"),
        (["run", "{tmp}/spec.yaml", "--out", "/proc/none/here"], "could not be written"),
        (["run", "{tmp}/spec.yaml", "--out", "{tmp}/g", "--gpus", "99"], "gpus must be at most"),
        (["status", "{tmp}/nothing"], "is no grid"),
        (["collect", "{tmp}/nothing", "--out", "{tmp}/runs.csv"], "is no grid"),
    ],
)
def test_bad_input_is_one_message_and_exit_code_2(tmp_path, arguments, says):
    write_spec(tmp_path)
    end = run_cli(*(argument.format(tmp=tmp_path) for argument in arguments))
    assert end.exit_code == 2
    assert end.stdout == ""
    assert says in end.stderr
    assert "Traceback" not in end.stderr


# --- Slurm, without one -------------------------------------------------------------------------


def submit(folder: Path, cells: list, launch: Launch) -> list:
    return start_workers(make_executor(folder, launch), folder, len(cells), launch)


def sbatch_lines(folder: Path, job) -> dict[str, str]:
    first = job.job_id.split("_")[0]
    text = (folder / "jobs" / f"{first}_submission.sh").read_text()
    lines = [line.removeprefix("#SBATCH --") for line in text.splitlines()
             if line.startswith("#SBATCH --")]  # fmt: skip
    return {key: value for key, _, value in (line.partition("=") for line in lines)} | {
        "text": text
    }


def asked(**changes) -> Launch:
    return Launch(**({"executor": "slurm", "workers": 3, "device": "cpu"} | changes))


def test_slurm_is_asked_for_what_was_asked(tmp_path):
    cells = begin_grid(write_spec(tmp_path), tmp_path)
    wanted = asked(
        threads=4, minutes=90, gpus=2, partition="gpu", account="lab", constraint="h200", workers=3
    )
    with mocked_slurm():
        jobs = submit(tmp_path, cells, wanted)
        lines = sbatch_lines(tmp_path, jobs[0])
    assert len(jobs) == 3
    assert lines["array"] == "0-2%3"
    assert lines["time"] == "90"
    assert lines["cpus-per-task"] == "4"
    assert lines["gpus-per-node"] == "2"
    assert (lines["partition"], lines["account"], lines["constraint"]) == ("gpu", "lab", "h200")
    assert lines["nodes"] == lines["ntasks-per-node"] == "1"
    assert lines["signal"].startswith("USR2@")
    assert "export OMP_NUM_THREADS=4" in lines["text"]


def test_local_workers_take_a_gpu_each_and_jobs_of_slurm_their_own():
    local = Launch(executor="local", workers=3)
    assert [_device(local, i) for i in range(3)] == ["auto:0", "auto:1", "auto:2"]
    assert _device(Launch(executor="local", workers=1), 0) == "auto"
    assert _device(Launch(executor="slurm", workers=3), 2) == "auto"
    assert _device(Launch(executor="local", workers=3, device="cpu"), 2) == "cpu"


def test_no_more_workers_than_runs_are_asked_for(tmp_path):
    cells = begin_grid(write_spec(tmp_path), tmp_path)
    with mocked_slurm():
        assert len(submit(tmp_path, cells, asked(workers=50))) == 4


def test_what_is_pickled_holds_the_folder_and_no_place_in_a_run(tmp_path):
    cells = begin_grid(write_spec(tmp_path), tmp_path)
    with mocked_slurm():
        (job, *_) = submit(tmp_path, cells, asked())
        delayed = utils.DelayedSubmission.load(job.paths.submitted_pickle)
    assert isinstance(delayed.function, Worker)
    assert vars(delayed.function) == {
        "folder": str(tmp_path.resolve()), "device": "cpu", "threads": 1
    }  # fmt: skip


class _Preempted(Exception):
    pass


def test_preempted_requeued_and_resumed_a_job_ends_in_the_same_bits(tmp_path, whole, monkeypatch):
    """The signal reaches a worker in the middle of a step; Slurm starts the same job again."""
    from scaling.training.model import loop

    cells = begin_grid(write_spec(tmp_path), tmp_path)
    real, taken = loop.take_step, iter(range(25))

    def step(*arguments):
        if next(taken, None) is None:
            handler = job_environment.SignalHandler(
                slurm.SlurmJobEnvironment(), job.paths, delayed()
            )
            handler.checkpoint_and_try_requeue(submitit.JobEnvironment._usr_sig())
        return real(*arguments)

    def delayed():
        return utils.DelayedSubmission.load(job.paths.submitted_pickle)

    monkeypatch.setattr(loop, "take_step", step)
    with mocked_slurm() as mock:
        (job,) = submit(tmp_path, cells, asked(workers=1))
        with (
            mock.job_context(job.job_id),
            mock_requeue(called_with=delayed()._timeout_countdown),
            pytest.raises(SystemExit),
        ):
            submission.process_job(job.paths.folder)
        assert states(tmp_path)["stopped"] == 1
        monkeypatch.setattr(loop, "take_step", real)
        with mock.job_context(job.job_id):
            submission.process_job(job.paths.folder)
        assert job.result() == 4
    assert_same_bits(tmp_path, whole)
    assert sorted(r["speed"]["starts"] for r in results(tmp_path).values()) == [1, 1, 1, 2]


def test_a_time_limit_requeues_as_often_as_it_takes(tmp_path):
    cells = begin_grid(write_spec(tmp_path), tmp_path)
    with mocked_slurm():
        (job,) = submit(tmp_path, cells, asked(workers=1, minutes=60))
        for expected in (9_999, 9_998):
            delayed = utils.DelayedSubmission.load(job.paths.submitted_pickle)
            handler = job_environment.SignalHandler(slurm.SlurmJobEnvironment(), job.paths, delayed)
            handler._start_time -= 59 * 60
            with mock_requeue(called_with=expected), pytest.raises(SystemExit):
                handler.checkpoint_and_try_requeue(submitit.JobEnvironment._usr_sig())


@pytest.mark.slow
def test_a_local_worker_that_is_preempted_is_started_again_and_goes_on(tmp_path, whole):
    """submitit's signal reaches a real process, which is started again and goes on."""
    cells = begin_grid(write_spec(tmp_path), tmp_path)
    (job,) = submit(tmp_path, cells, Launch(executor="local", workers=1, device="cpu"))
    while not list(tmp_path.rglob("step-*.ckpt")):  # it is in the middle of a run
        assert not job.done(), job.stderr()
        time.sleep(0.02)
    (worker,) = psutil.Process(int(job.job_id)).children()
    worker.send_signal(submitit.JobEnvironment._usr_sig())
    deadline = time.monotonic() + 120
    while not job.done() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert job.done(), (job.stdout(), job.stderr())
    assert job.result() > 0
    assert "this job is preempted" in job.stderr()
    assert_same_bits(tmp_path, whole)


def test_an_executor_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(GridError, match="executor ray: "):
        make_executor(tmp_path, Launch(executor="ray"))


def test_gathering_reads_every_source_and_seed(tmp_path):
    walk = {"kind": "walk", "vocab": 16, "strength": 1.0}
    folder = train_whole(
        tmp_path,
        sizes=[{"width": 8, "layers": 1, "heads": 1}],
        multipliers=[0.5],
        sources={"walk": {**walk, "decay": 1.0}, "other": {**walk, "decay": 0.5}},
        seeds=[0, 3],
        tasks={"pick4": {"choices": 4, "items": 10}},
    )
    table, *_ = collect(folder)
    assert isinstance(table, pd.DataFrame)
    assert list(zip(table["dataset"], table["seed"], strict=True)) == [
        ("other", 0), ("other", 3), ("walk", 0), ("walk", 3)
    ]  # fmt: skip
    assert table["loss"].nunique() == 4
