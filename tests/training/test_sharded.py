"""One model in several processes: the same run as in one, on one node or two, however it is killed.

The processes are real ones that torchrun starts, on CPUs. Two nodes are two workers of this machine
in the environment that Slurm would give them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist
import yaml
from grids_to_train import flip_a_bit
from torch.distributed.checkpoint.api import CheckpointException
from torch.testing._internal.distributed.fake_pg import FakeStore

from scaling.training.errors import GridError
from scaling.training.grid import nodes, sharded, torchrun
from scaling.training.grid.grid import begin_grid
from scaling.training.grid.nodes import Crew, find_crew
from scaling.training.grid.sharded import RECORD, SUFFIX, ShardedEngine
from scaling.training.grid.torchrun import check_device, launch, make_command
from scaling.training.grid.worker import FAILURE, read_result, run_folder, train_cell
from scaling.training.model import loop
from scaling.training.model.checkpoint import list_checkpoints, load_newest
from scaling.training.model.loop import build_model, build_optimizer, hash_weights, take_step
from scaling.training.plan.cells import Cell
from scaling.training.plan.records import LOG, read_record
from scaling.training.tasks.trained import load_model
from scaling.training.text.sources import open_batches

CPU = torch.device("cpu")
PATIENCE = 120.0  # seconds, for a busy machine
needs_proc = pytest.mark.skipif(not Path("/proc").exists(), reason="finds processes in /proc")
# Everything that does not tell of the machine or of kills must agree bit by bit.
SAME = ("weights_sha256", "log", "losses", "errors", "D", "steps")
CLOSE = 1e-5  # of losses and weights: sums over two processes are made in another order


def write_spec(path: Path, sharding: dict[str, int], seconds: float, recipe: Any) -> Path:
    """Write the specification of a small run; 65 symbols do not divide by two processes."""
    spec = {
        "name": "tiny",
        "sizes": [{"width": 16, "layers": 2, "heads": 2}],
        "multipliers": [0.36],
        "sources": {"flat": {"kind": "walk", "vocab": 65, "decay": 0.75, "strength": 2.0}},
        "recipe": {"length": 16, "batch_sequences": 16, "lr_scale": 0.3, "lr_max": 0.02}
        | {"micro_sequences": 4}
        | recipe,
        "held_out": {"sequences": 32},
        "tasks": {"pick2": {"choices": 2, "items": 50}},
        "sharding": sharding,
        "checkpoint_seconds": seconds,
        "log_rows": 100,
    }
    path.write_text(yaml.safe_dump(spec))
    return path


def begin(
    folder: Path, processes: int = 2, nodes: int = 1, seconds: float = 600, **recipe: Any
) -> tuple[Path, Cell]:
    """Begin a grid of one run; give back the grid's folder and the run."""
    sharding = {"processes_per_node": processes, "nodes": nodes}
    path = write_spec(folder / "spec.yaml", sharding, seconds, recipe)
    return folder / "grid", begin_grid(path, folder / "grid")[0]


def train(folder: Path, cell: Cell) -> dict[str, Any]:
    train_cell(folder, cell, "cpu")
    failure = run_folder(folder, cell) / FAILURE
    assert not failure.exists(), read_record(failure)["failure"]
    result = read_result(folder, cell)
    assert result is not None
    return result


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def two_processes(tmp_path_factory) -> tuple[Path, Cell, dict[str, Any]]:
    """A run in two processes that nothing disturbed."""
    folder, cell = begin(tmp_path_factory.mktemp("two"))
    return folder, cell, train(folder, cell)


@pytest.fixture(scope="module")
def one_process(tmp_path_factory) -> tuple[Path, Cell, dict[str, Any]]:
    """The same run in one process."""
    folder, cell = begin(tmp_path_factory.mktemp("one"), processes=1)
    return folder, cell, train(folder, cell)


@pytest.fixture
def alone() -> Iterator[None]:
    """A process group of this process alone."""
    dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
    yield
    dist.destroy_process_group()


def wait_until(holds: Callable[[], Any]) -> Any:
    end = time.monotonic() + PATIENCE
    while not (value := holds()):
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.005)
    return value


def processes_of(folder: Path, module: str = "") -> list[int]:
    """Ids of the processes that name a grid's folder, and a module, when they were called."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_text().split("\0")
        except OSError:  # it has just ended
            continue
        if str(folder) in words and (not module or module in words[:4]):
            found.append(int(path.parent.name))
    return found


def newest_step(own: Path) -> int:
    return max((int(path.stem[5:]) for path in list_checkpoints(own, SUFFIX)), default=0)


def test_two_processes_train_what_one_trains(two_processes, one_process):
    two, one = two_processes[2], one_process[2]
    for key in ("loss", "grad_norm"):
        assert [row[key] for row in two["log"]] == pytest.approx(
            [row[key] for row in one["log"]], rel=CLOSE
        )
    assert two["losses"]["loss"]["mean"] == pytest.approx(one["losses"]["loss"]["mean"], rel=CLOSE)
    assert two["log"][-1]["loss"] < two["log"][0]["loss"] - 0.3, "it has learnt"
    assert [row["step"] for row in two["log"]] == list(range(1, two["steps"] + 1))


def test_a_finished_run_leaves_its_logs_and_its_last_checkpoint(two_processes):
    folder, cell, result = two_processes
    own = run_folder(folder, cell)
    assert len((own / LOG).read_text().splitlines()) == len(result["log"])
    last = f"step-{cell.steps:09d}.dcp"
    left = ["config.json", "lock", "log.jsonl", "result.json", last, "torchrun.log"]
    assert sorted(path.name for path in own.iterdir()) == left


def test_a_run_of_two_processes_is_loaded_whole_or_not_at_all(two_processes, tmp_path):
    folder, cell, result = two_processes
    assert hash_weights(load_model(folder, cell).state_dict()) == result["weights_sha256"]
    copy = shutil.copytree(folder, tmp_path / "copy")
    (part,) = run_folder(copy, cell).glob("step-*.dcp/__1_0.distcp")
    part.write_bytes(part.read_bytes()[:-1])
    with pytest.raises(GridError, match=f"weights of its result: {part} is damaged"):
        load_model(copy, cell)


def test_processes_begin_with_their_parts_of_the_same_weights(tmp_path):
    _, cell = begin(tmp_path)
    whole = build_model(cell).state_dict()
    parts = []
    for rank in range(2):
        dist.init_process_group("fake", store=FakeStore(), rank=rank, world_size=2)
        model = ShardedEngine(CPU).place(build_model(cell))
        parts.append({name: weight.to_local() for name, weight in model.state_dict().items()})
        dist.destroy_process_group()
    for name, weight in whole.items():
        assert torch.equal(torch.cat([part[name] for part in parts]), weight), name
        assert min(len(part[name]) for part in parts) >= len(weight) // 2 - 1


def test_two_processes_end_with_the_weights_of_one(two_processes, one_process, alone):
    folder, cell, _ = two_processes
    engine = ShardedEngine(CPU)
    model = engine.place(build_model(cell))
    optimizer = build_optimizer(model, cell.recipe)
    engine.load(run_folder(folder, cell), cell.config_sha256, model, optimizer)
    folder, cell, _ = one_process
    state, _ = load_newest(list_checkpoints(run_folder(folder, cell), ".ckpt"), cell.config_sha256)
    assert state is not None
    for name, weight in engine.whole_state(model).items():
        torch.testing.assert_close(weight, state["model"][name], rtol=0, atol=CLOSE, msg=name)


@needs_proc
def test_processes_end_with_a_worker_that_is_killed(tmp_path):
    asleep = (
        "import os, sys, time; from scaling.training.grid.torchrun import end_with_worker;"
        "end_with_worker(); open(sys.argv[1] + '/' + os.environ['RANK'], 'w'); time.sleep(600)"
    )
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    command += ["--no-python", sys.executable, "-c", asleep, str(tmp_path)]
    code = (
        "from pathlib import Path; from scaling.training.grid.torchrun import start;"
        f"start({command}, Path({str(tmp_path / 'log')!r}), lambda process: process.wait())"
    )
    worker = subprocess.Popen([sys.executable, "-c", code])
    wait_until(lambda: all((tmp_path / rank).exists() for rank in "01"))
    assert len(processes_of(tmp_path)) == 3, "torchrun and two processes"
    worker.kill()
    worker.wait()
    wait_until(lambda: not processes_of(tmp_path))


class Stop(Exception):
    """Stands for a kill, between two steps."""


def test_stopped_and_damaged_a_run_of_shards_ends_in_the_same_bits(alone, tmp_path, monkeypatch):
    """In a group of this process alone, with a checkpoint after each step."""
    folder, cell = begin(tmp_path, processes=1, seconds=0)
    whole, own = tmp_path / "whole", run_folder(folder, cell)
    whole.mkdir()
    undisturbed = loop.train(cell, whole, ShardedEngine(CPU))
    taken = iter(range(3))

    def step(*arguments: Any) -> Any:
        if next(taken, None) is None:
            raise Stop
        return take_step(*arguments)

    monkeypatch.setattr(loop, "take_step", step)
    with pytest.raises(Stop):
        loop.train(cell, own, ShardedEngine(CPU))
    monkeypatch.undo()
    newest = list_checkpoints(own, SUFFIX)[0]
    assert newest_step(own) == 3
    flip_a_bit(newest / "__0_0.distcp")
    result = loop.train(cell, own, ShardedEngine(CPU))
    for key in SAME:
        assert result[key] == undisturbed[key], key
    assert result["speed"]["starts"] == 2
    assert [str(newest) in fault for fault in result["damaged_checkpoints"]] == [True]


@needs_proc
@pytest.mark.slow
def test_a_run_that_was_killed_and_damaged_ends_in_the_same_bits(two_processes, tmp_path):
    folder, cell = begin(tmp_path, seconds=0)
    own = run_folder(folder, cell)
    with ThreadPoolExecutor() as pool:
        trained = pool.submit(train_cell, folder, cell, "cpu")
        wait_until(lambda: newest_step(own) >= 15)
        os.kill(processes_of(folder, "scaling.training.grid.sharded")[-1], 9)
        assert not trained.result()
    assert newest_step(own) < cell.steps
    assert not processes_of(folder)
    failure = read_record(own / FAILURE)["failure"]
    assert "SIGKILL" in failure and str(own / "torchrun.log") in failure

    newest = list_checkpoints(own, SUFFIX)[0]
    flip_a_bit(newest / "__1_0.distcp")
    begin_grid(tmp_path / "spec.yaml", folder)  # frees the failed run
    result = train(folder, cell)
    _, _, undisturbed = two_processes
    for key in SAME:
        assert result[key] == undisturbed[key], key
    assert result["speed"]["starts"] == 2
    fault = f"{newest}/__1_0.distcp: is damaged: its content does not have its hash"
    assert result["damaged_checkpoints"] == [fault]


def test_two_nodes_train_what_two_processes_of_one_node_train(two_processes, tmp_path):
    folder, cell = begin(tmp_path, processes=1, nodes=2)
    job = {
        "SUBMITIT_EXECUTOR": "slurm",
        "SLURM_JOB_ID": str(os.getpid()),
        "SLURM_JOB_NUM_NODES": "2",
        "SLURM_JOB_NODELIST": "localhost,elsewhere",
    }
    code = f"from scaling.training.grid.worker import Worker; Worker({str(folder)!r}, 'cpu')()"
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", code], env=os.environ | job | {"SLURM_NODEID": str(node)}
        )
        for node in range(2)
    ]
    assert [worker.wait(PATIENCE) for worker in workers] == [0, 0]
    result = read_result(folder, cell)
    _, _, undisturbed = two_processes
    for key in SAME:
        assert result[key] == undisturbed[key], key
    assert (run_folder(folder, cell) / "torchrun-1.log").exists()


def make_checkpoints(own: Path, cell: Cell, steps: tuple[int, ...]) -> tuple[Any, Any, Any]:
    """Save after some steps, each with other weights; give back engine, model and optimiser."""
    engine = ShardedEngine(CPU)
    model = engine.place(build_model(cell))
    optimizer = build_optimizer(model, cell.recipe)
    batch = open_batches(cell).batch(0, 0, cell.recipe.batch_sequences, cell.recipe.length)
    for step in steps:
        take_step(model, optimizer, engine.rows(batch), cell.recipe, 0.01)
        extra = {"config_sha256": cell.config_sha256, "progress": {"step": step}}
        engine.save(own, step, engine.state_of(model, optimizer), extra)
    return engine, model, optimizer


def cut_record(path: Path) -> Path:
    record = path / RECORD
    record.write_text(record.read_text()[:-30])
    return record


def flip_weights(path: Path) -> Path:
    flip_a_bit(path / "__0_0.distcp")
    return path / "__0_0.distcp"


def flip_metadata(path: Path) -> Path:
    flip_a_bit(path / ".metadata")
    return path / ".metadata"


def drop_weights(path: Path) -> Path:
    (path / "__0_0.distcp").unlink()
    return path / "__0_0.distcp"


def change_record(path: Path) -> Path:
    record = path / RECORD
    record.write_text(record.read_text().replace('"step": 2', '"step": 1'))
    return record


@pytest.mark.parametrize(
    "damage", [cut_record, change_record, flip_weights, flip_metadata, drop_weights]
)
def test_a_damaged_checkpoint_is_passed_over_and_named(damage, alone, tmp_path):
    folder, cell = begin(tmp_path, processes=1)
    own = run_folder(folder, cell)
    _, before, _ = make_checkpoints(own, cell, (1,))
    engine, model, optimizer = make_checkpoints(own, cell, (1, 2))
    hurt = damage(list_checkpoints(own, SUFFIX)[0])
    state, damaged = engine.load(own, cell.config_sha256, model, optimizer)
    assert state["progress"] == {"step": 1}
    assert len(damaged) == 1 and damaged[0].startswith(str(hurt))
    for name, weight in engine.whole_state(before).items():
        assert torch.equal(engine.whole_state(model)[name], weight), name


def test_moments_and_steps_of_the_optimiser_come_back(alone, tmp_path):
    folder, cell = begin(tmp_path, processes=1)
    own = run_folder(folder, cell)
    engine, _, before = make_checkpoints(own, cell, (1, 2, 3))
    model = engine.place(build_model(cell))
    after = build_optimizer(model, cell.recipe)
    engine.load(own, cell.config_sha256, model, after)
    old, new = before.state_dict(), after.state_dict()
    assert new["param_groups"] == old["param_groups"]
    assert new["param_groups"][0]["fused"]
    for i, moments in old["state"].items():
        assert new["state"][i]["step"] == moments["step"] == 3
        assert torch.equal(
            new["state"][i]["exp_avg"].full_tensor(), moments["exp_avg"].full_tensor()
        )
        assert torch.equal(
            new["state"][i]["exp_avg_sq"].full_tensor(), moments["exp_avg_sq"].full_tensor()
        )


def test_where_no_checkpoint_is_sound_a_run_starts_anew(alone, tmp_path):
    folder, cell = begin(tmp_path, processes=1)
    own = run_folder(folder, cell)
    engine, model, optimizer = make_checkpoints(own, cell, (1, 2))
    for path in list_checkpoints(own, SUFFIX):
        cut_record(path)
    state, damaged = engine.load(own, cell.config_sha256, model, optimizer)
    assert state is None and len(damaged) == 2


def test_the_last_two_checkpoints_are_kept_and_half_written_ones_are_not(alone, tmp_path):
    folder, cell = begin(tmp_path, processes=1)
    own = run_folder(folder, cell)
    (own / ".step-000000009.dcp.half").mkdir()
    engine, model, optimizer = make_checkpoints(own, cell, (8, 9, 2, 3, 4))
    assert [path.name for path in list_checkpoints(own, SUFFIX)] == [
        "step-000000004.dcp",
        "step-000000003.dcp",
    ]
    engine.load(own, cell.config_sha256, model, optimizer)
    assert not list(own.glob(".step-*"))


def test_a_checkpoint_of_another_configuration_is_refused(alone, tmp_path):
    folder, cell = begin(tmp_path, processes=1)
    own = run_folder(folder, cell)
    engine, model, optimizer = make_checkpoints(own, cell, (1,))
    with pytest.raises(GridError, match=r"step-000000001.dcp: belongs to another configuration"):
        engine.load(own, "0" * 64, model, optimizer)


def test_a_full_disk_is_named_and_earlier_checkpoints_stand(alone, tmp_path, monkeypatch):
    folder, cell = begin(tmp_path, processes=1)
    own = run_folder(folder, cell)

    def fail(state: Any, checkpoint_id: Path) -> None:
        (checkpoint_id / "__0_0.distcp").write_bytes(b"half")
        raise CheckpointException("write", {0: (OSError(28, "No space left on device"), None)})

    make_checkpoints(own, cell, (1,))
    monkeypatch.setattr(sharded, "save_shards", fail)
    with pytest.raises(GridError, match=r"step-000000002.dcp: could not be written: .*No space"):
        make_checkpoints(own, cell, (2,))
    assert [path.name for path in own.glob("*step-*")] == ["step-000000001.dcp"]


def test_a_batch_that_cannot_be_split_is_refused(tmp_path):
    with pytest.raises(GridError, match="a multiple of the 3 processes .*, got 16"):
        begin(tmp_path, processes=3)
    (tmp_path / "micro").mkdir()
    with pytest.raises(GridError, match="divide the 4 of batch_sequences 16 .*, got 8"):
        begin(tmp_path / "micro", processes=4, micro_sequences=8)


def test_an_engine_refuses_a_batch_that_it_cannot_split(alone, tmp_path):
    engine = ShardedEngine(CPU)
    engine.processes = 3
    _, cell = begin(tmp_path, processes=1)
    with pytest.raises(GridError, match="got 16"):
        engine.rows(open_batches(cell).batch(0, 0, 16, 16))


def test_too_few_gpus_and_one_single_gpu_are_refused(tmp_path, monkeypatch):
    _, cell = begin(tmp_path)
    with pytest.raises(GridError, match="auto, cpu or cuda .*, got 'cuda:1'"):
        check_device(cell, "cuda:1")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    for device in ("auto", "cuda"):
        with pytest.raises(GridError, match="at most the 1 GPUs here, got 2"):
            check_device(cell, device)
    check_device(cell, "cpu")


def test_a_torchrun_that_fails_is_quoted(tmp_path, monkeypatch):
    folder, cell = begin(tmp_path)
    own = run_folder(folder, cell)
    code = "print('first'); raise SystemExit('it broke')"
    monkeypatch.setattr(torchrun, "make_command", lambda *_: [sys.executable, "-c", code])
    with pytest.raises(GridError, match="exit code 1; the whole log is .*torchrun.log.*it broke"):
        try:
            launch(own, cell, "cpu")
        except GridError as error:
            raise GridError(str(error).replace("\n", " ")) from error


def test_a_process_says_in_its_own_words_why_a_run_cannot_go_on(tmp_path, monkeypatch):
    folder, cell = begin(tmp_path, processes=1, lr_scale=1e30, lr_max=1e30, warmup_share=0)
    own = run_folder(folder, cell)
    places = {"RANK": 0, "WORLD_SIZE": 1, "LOCAL_RANK": 0, "MASTER_ADDR": "localhost"}
    for name, value in (places | {"MASTER_PORT": 0}).items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.setattr(sharded, "end_with_worker", lambda: None)
    with pytest.raises(GridError, match="the loss is nan at step 2"):
        sharded.main(str(folder), cell.name, "cpu")
    dist.destroy_process_group()
    with pytest.raises(GridError, match=r"the loss is nan at step 2 .*; the whole log is"):
        torchrun.read_answer(own, 1)
    assert not (own / torchrun.ANSWER).exists()


def test_one_node_meets_by_itself_and_many_at_the_first_one(tmp_path):
    folder, cell = begin(tmp_path, processes=8, nodes=2, micro_sequences=1)
    own = run_folder(folder, cell)
    start = [sys.executable, "-m", "torch.distributed.run"]
    end = ["--nproc-per-node=8", "--module", "scaling.training.grid.sharded"]
    end += [str(folder), cell.name, "cuda"]
    assert make_command(own, cell, "cuda") == [*start, "--standalone", *end]
    crew = Crew(node=1, nodes=2, host="gpu07", port=10_042, turn=3)
    assert make_command(own, cell, "cuda", crew) == [
        *start,
        "--nnodes=2",
        "--node-rank=1",
        "--master-addr=gpu07",
        "--master-port=10042",
        "--rdzv-id=turn-3",
        *end,
    ]


def test_nodes_are_those_of_the_job(monkeypatch):
    look = find_crew.__wrapped__
    assert look(1) is None
    with pytest.raises(GridError, match="as many as the job has, 1, got 2"):
        look(2)
    job = {"EXECUTOR": "slurm", "JOB_ID": "10007", "JOB_NUM_NODES": "3", "NODEID": "2"}
    job["JOB_NODELIST"] = "gpu[07-08,11]"
    for name, value in job.items():
        prefix = "SUBMITIT" if name == "EXECUTOR" else "SLURM"
        monkeypatch.setenv(f"{prefix}_{name}", value)
    assert look(3) == Crew(node=2, nodes=3, host="gpu07", port=10_014)
    with pytest.raises(GridError, match="as many as the job has, 3, got 2"):
        look(2)


def make_crew() -> tuple[Crew, Crew]:
    """A leader and a follower that meet in this process."""
    board = dist.HashStore()
    pair = tuple(Crew(node, 2, "localhost", 0) for node in range(2))
    for crew in pair:
        crew.__dict__["board"] = board
    return pair


def test_a_follower_takes_part_in_each_run_until_none_is_left():
    leader, follower = make_crew()
    taken = []

    def take(name: str) -> None:
        taken.append(name)
        follower.end_turn()

    with ThreadPoolExecutor() as pool:
        count = pool.submit(follower.follow, take)
        for name in ("a", "b"):
            leader.name_run(name)
            leader.end_turn()
        leader.dismiss()
        assert count.result(PATIENCE) == 2
    assert taken == ["a", "b"]


def test_a_node_does_not_wait_for_ever_for_another(monkeypatch):
    monkeypatch.setattr(nodes, "GRACE_SECONDS", 0.1)
    leader, follower = make_crew()
    with pytest.raises(SystemExit, match="does not answer"):
        leader.end_turn()
    asleep = [sys.executable, "-c", f"import time; time.sleep({PATIENCE})"]
    with subprocess.Popen(asleep) as process:
        assert follower.wait_for(process) == -9
