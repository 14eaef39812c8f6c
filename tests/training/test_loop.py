"""One run: what a step does, what is logged, and an end that no stop changes."""

from __future__ import annotations

import itertools
import json
import math

import numpy as np
import pytest
import torch
from grids_to_train import decided, one_cell, write_spec

from scaling.training.errors import GridError
from scaling.training.model import loop as loop_room
from scaling.training.model.checkpoint import list_checkpoints
from scaling.training.model.engine import Engine, find_device
from scaling.training.model.evaluate import measure_tokens, summarise
from scaling.training.model.loop import build_model, build_optimizer, take_step, train
from scaling.training.model.loss import plain_loss
from scaling.training.model.schedule import learning_rate
from scaling.training.plan.cells import list_cells
from scaling.training.plan.records import LOG
from scaling.training.plan.spec import read_spec
from scaling.training.text.choices import open_tasks
from scaling.training.text.sources import (
    WalkBatches,
    WalkLoss,
    _stream,
    open_batches,
    open_loss_sets,
)
from scaling.training.text.walks import Walk


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def train_here(cell, folder):
    folder.mkdir(parents=True, exist_ok=True)
    return train(cell, folder, Engine(torch.device("cpu")))


# --- the learning rate ----------------------------------------------------------------------


def test_the_rate_rises_on_a_line_and_falls_on_half_a_cosine():
    rates = [learning_rate(k, steps=100, warmup=10, peak=2.0, end=0.1) for k in range(100)]
    np.testing.assert_allclose(rates[:10], 0.2 * np.arange(1, 11))
    assert rates[10] == 2.0
    middle = learning_rate(55, steps=100, warmup=10, peak=2.0, end=0.1)
    assert middle == pytest.approx(2.0 * (0.1 + 0.9 / 2))
    assert all(a > b for a, b in itertools.pairwise(rates[10:]))
    assert rates[-1] == pytest.approx(0.2, rel=0.02)


def test_without_warm_up_the_first_rate_is_the_peak():
    assert learning_rate(0, steps=5, warmup=0, peak=0.3) == 0.3


def test_a_warm_up_longer_than_the_run_never_ends():
    rates = [learning_rate(k, steps=5, warmup=10, peak=1.0) for k in range(5)]
    np.testing.assert_allclose(rates, [0.1, 0.2, 0.3, 0.4, 0.5])


@pytest.mark.parametrize("wrong", [{"step": 5}, {"step": -1}, {"warmup": -1}])
def test_a_step_outside_the_run_has_no_rate(wrong):
    with pytest.raises(ValueError, match="must be"):
        learning_rate(**({"step": 0, "steps": 5, "warmup": 1, "peak": 1.0} | wrong))


# --- batches ----------------------------------------------------------------------------------


def test_batch_k_is_a_function_of_the_seed_and_of_k():
    source = WalkBatches(Walk(16, 1.0, 2.0, 0))
    later = source.batch(3, 7, 4, 5)
    for k in range(7):
        source.batch(3, k, 4, 5)
    assert torch.equal(later, source.batch(3, 7, 4, 5))
    assert later.shape == (4, 6)
    others = [source.batch(3, 8, 4, 5), source.batch(4, 7, 4, 5)]
    assert not any(torch.equal(later, other) for other in others)


def test_no_uniform_number_serves_two_steps():
    drawn = [set(_stream(3, step).random(500)) for step in range(4)]
    assert len(set.union(*drawn)) == 2000


class SeedsAsked(Exception):
    """Carries what a room asked of a generator."""


def test_every_stream_of_a_run_is_its_own(tmp_path, monkeypatch):
    """Weights, data, held-out contexts and task items: other seeds, sources and tasks differ."""
    walk = {"kind": "walk", "vocab": 32, "decay": 0.75, "strength": 2.0, "seed": 2}
    cells = list_cells(
        read_spec(
            write_spec(
                tmp_path,
                sizes=[{"width": 8, "layers": 1, "heads": 1}],
                multipliers=[1],
                sources={"walk": walk, "twin": walk},
                seeds=[0, 1],
            )
        )
    )
    weights = {build_model(cell).head.weight.detach().numpy().tobytes() for cell in cells}
    assert len(weights) == 4
    asked = []

    class Watched:
        def batch(self, seed, step, sequences, length):
            asked.append(seed)
            raise SeedsAsked

    monkeypatch.setattr(loop_room, "open_batches", lambda cell, device: Watched())
    for cell in cells:
        with pytest.raises(SeedsAsked):
            train_here(cell, tmp_path)
    assert asked == [cell.stream("data") for cell in cells]
    assert len(set(asked)) == 4
    contexts = [open_loss_sets(cell)["loss"].contexts for cell in cells]
    names = [cell.source_name for cell in cells]
    for a, one in zip(names, contexts, strict=True):
        for b, other in zip(names, contexts, strict=True):
            assert np.array_equal(one, other) == (a == b)
    spec = cells[0].spec
    items = [open_tasks(spec, name)["pick4"].contexts for name in ("walk", "twin")]
    assert not np.array_equal(*items)


def test_walks_looked_up_on_a_device_are_the_same_bit_by_bit():
    walk = Walk(64, 1.0, 2.0, 0)
    for step in range(3):
        drawn = walk.draw(_stream(5, step), 50, 41)
        assert np.array_equal(WalkBatches(walk).batch(5, step, 50, 40), drawn)


# --- a step -----------------------------------------------------------------------------------


def test_a_step_is_the_textbook_step(tmp_path):
    """Against a loop written out: all logits, one tensor at a time, AdamW by its formula."""
    cell = one_cell(tmp_path, recipe={"clip": 0.05, "weight_decay": 0.3})
    recipe = cell.recipe
    ours, theirs = build_model(cell), build_model(cell)
    optimizer = build_optimizer(ours, recipe)
    weights = list(theirs.parameters())
    first = [torch.zeros_like(w) for w in weights]
    second = [torch.zeros_like(w) for w in weights]
    source = open_batches(cell)
    for k in range(1, 4):
        tokens = source.batch(1, k, 8, 16)
        entropy, norm = take_step(ours, optimizer, tokens, recipe, 0.01)
        loss = plain_loss(theirs.logits(tokens[:, :-1]), tokens[:, 1:], recipe.z_weight)
        slopes = torch.autograd.grad(loss, weights)
        whole = math.sqrt(sum(float((s**2).sum()) for s in slopes))
        assert norm.item() == pytest.approx(whole, rel=1e-5)
        assert whole > recipe.clip
        assert entropy.item() == pytest.approx(loss.item(), abs=0.02)
        with torch.no_grad():
            for w, s, m, v in zip(weights, slopes, first, second, strict=True):
                s = s * recipe.clip / (whole + 1e-6)
                m.mul_(recipe.beta1).add_(s, alpha=1 - recipe.beta1)
                v.mul_(recipe.beta2).add_(s**2, alpha=1 - recipe.beta2)
                w.mul_(1 - 0.01 * recipe.weight_decay)
                root = (v / (1 - recipe.beta2**k)).sqrt() + recipe.eps
                w.sub_(0.01 * m / (1 - recipe.beta1**k) / root)
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)


def test_micro_batches_add_up_to_the_batch(tmp_path):
    losses = []
    for micro in (None, 4, 1):
        cell = one_cell(tmp_path, recipe={"micro_sequences": micro})
        result = train_here(cell, tmp_path / str(micro))
        losses.append([row["loss"] for row in result["log"]])
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-4)
    np.testing.assert_allclose(losses[2], losses[0], rtol=1e-4)


# --- a run ------------------------------------------------------------------------------------


def test_a_run_learns_and_tells_what_it_did(tmp_path):
    cell = one_cell(tmp_path, multipliers=[20])
    result = train_here(cell, tmp_path)
    log = result["log"]
    assert [row["step"] for row in log] == [math.ceil(k * cell.steps / 10) for k in range(1, 11)]
    assert log[-1]["tokens"] == result["D"] == cell.D
    entropy = Walk(32, 0.75, 2.0, 2).entropy
    loss = result["losses"]["loss"]
    assert entropy < loss["mean"] < log[0]["loss"] < math.log(32) + 0.5
    assert loss["lo"] < loss["mean"] < loss["hi"]
    assert (loss["n_sequences"], loss["n_tokens"]) == (32, 32 * 16)
    error = result["errors"]["pick4"]
    assert error["best"] <= error["error"] < error["chance"] == 0.75
    assert result["speed"]["flops_per_second"] == pytest.approx(
        result["speed"]["tokens_per_second"] * cell.flops_per_token
    )
    assert result["environments"][0]["torch"] == torch.__version__


def test_half_precision_is_another_arithmetic(tmp_path):
    logs = [
        train_here(one_cell(tmp_path, recipe={"precision": kind}), tmp_path / kind)["log"]
        for kind in ("float32", "bfloat16")
    ]
    full, half = (log[0]["loss"] for log in logs)
    assert half != full
    assert half == pytest.approx(full, rel=0.02)


def test_speed_is_tokens_and_flops_over_all_starts(tmp_path, monkeypatch):
    hardware = {"name": "x", "flops_per_second": 1e9, "peak_flops_per_second": 2e12}
    cell = one_cell(tmp_path, hardware=hardware)
    clock = itertools.count(0, 10)  # every look at the clock finds it ten seconds later
    monkeypatch.setattr(loop_room.time, "monotonic", lambda: next(clock))
    stop_after(monkeypatch, 5)
    with pytest.raises(Stop):
        train_here(cell, tmp_path)
    monkeypatch.setattr(loop_room, "take_step", take_step)
    engine = Engine(torch.device("cpu"))
    engine.processes = 2
    speed = train(cell, tmp_path, engine)["speed"]
    assert speed["seconds"] == 10 * cell.steps
    assert speed["tokens_per_second"] == pytest.approx(cell.D / speed["seconds"])
    assert speed["flops_per_second"] == pytest.approx(cell.C_exact / speed["seconds"])
    assert speed["mfu"] == pytest.approx(speed["flops_per_second"] / 4e12)


def test_a_checkpoint_is_made_when_its_seconds_are_over(tmp_path, monkeypatch):
    cell = one_cell(tmp_path, checkpoint_seconds=25)
    clock = itertools.count(0, 10)
    monkeypatch.setattr(loop_room.time, "monotonic", lambda: next(clock))
    made = []

    def save(engine, folder, step, *rest):
        made.append(step)

    monkeypatch.setattr(Engine, "save", save)
    train_here(cell, tmp_path)
    assert made[:3] == [3, 6, 9]  # the clock is looked at once more after each


def test_a_run_ends_in_a_checkpoint_however_short_it_was(tmp_path):
    cell = one_cell(tmp_path, checkpoint_seconds=3600)
    train_here(cell, tmp_path)
    assert [path.name for path in list_checkpoints(tmp_path)] == [f"step-{cell.steps:09d}.ckpt"]


class Stop(Exception):
    """Stands for a kill, between two steps."""


def stop_after(monkeypatch, steps):
    """Let so many steps through, then stop."""
    taken = iter(range(steps))

    def step(*arguments):
        if next(taken, None) is None:
            raise Stop
        return take_step(*arguments)

    monkeypatch.setattr(loop_room, "take_step", step)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_stopped_anywhere_and_resumed_a_run_ends_in_the_same_bits(tmp_path, monkeypatch, precision):
    cell = one_cell(tmp_path, multipliers=[2], recipe={"precision": precision})
    whole = train_here(cell, tmp_path / "whole")
    stopped = tmp_path / "stopped"
    for steps in (3, 1, 20, 0, 17):
        stop_after(monkeypatch, steps)
        with pytest.raises(Stop):
            train_here(cell, stopped)
    monkeypatch.undo()
    result = train_here(cell, stopped)
    assert decided(result) == decided(whole)
    rows = (stopped / LOG).read_text().splitlines()
    assert [json.loads(row) for row in rows] == whole["log"]
    assert result["speed"]["starts"] == 5  # one start was stopped before it had done anything
    assert len(list_checkpoints(stopped)) == 2


def test_a_finished_run_is_measured_again_from_its_last_checkpoint(tmp_path):
    cell = one_cell(tmp_path)
    first = train_here(cell, tmp_path)
    again = train_here(cell, tmp_path)
    assert decided(first) == decided(again)


def test_a_damaged_checkpoint_costs_steps_and_no_bit(tmp_path, monkeypatch):
    cell = one_cell(tmp_path)
    whole = train_here(cell, tmp_path / "whole")
    stop_after(monkeypatch, 9)
    with pytest.raises(Stop):
        train_here(cell, tmp_path / "stopped")
    monkeypatch.undo()
    newest = list_checkpoints(tmp_path / "stopped")[0]
    newest.write_bytes(newest.read_bytes()[:-5])
    result = train_here(cell, tmp_path / "stopped")
    assert decided(result) == decided(whole)
    assert [newest.name in says for says in result["damaged_checkpoints"]] == [True]


def test_a_run_that_diverges_says_where_and_what_to_do(tmp_path):
    cell = one_cell(tmp_path, recipe={"lr_scale": 1e12, "lr_max": 1e12, "clip": 1e12})
    with pytest.raises(
        GridError, match=r"the loss is (nan|inf) at step \d+ of \d+: lower lr_scale"
    ):
        train_here(cell, tmp_path)


def test_something_else_to_compute_on_is_written_down(tmp_path, monkeypatch):
    cell = one_cell(tmp_path)
    stop_after(monkeypatch, 3)
    with pytest.raises(Stop):
        train_here(cell, tmp_path)
    monkeypatch.undo()
    monkeypatch.setattr(loop_room, "describe_environment", lambda device: {"device": "another one"})
    result = train_here(cell, tmp_path)
    assert [e["device"] for e in result["environments"]][1] == "another one"


def test_workers_share_the_gpus_in_turn(monkeypatch):
    assert find_device("auto:5") == torch.device("cpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    assert [find_device(f"auto:{i}").index for i in range(5)] == [0, 1, 2, 0, 1]
    assert find_device("auto") == torch.device("cuda", 0)


def test_a_device_that_is_not_there_is_named():
    with pytest.raises(GridError, match="device 'nonsense' cannot be used"):
        find_device("nonsense")


# --- what a loss is measured by ------------------------------------------------------------------


class Told:
    """A model that gives the probabilities it was told."""

    def __init__(self, table):
        self.table = torch.from_numpy(table)
        self.shape = type("Shape", (), {"vocab": table.shape[1]})
        self.head = type("Head", (), {"weight": self.table})

    def logits(self, tokens, *, last=False):
        return self.table.log()[tokens[:, -1:] if last else tokens]


def test_who_knows_the_walk_has_its_entropy_for_a_loss():
    walk = Walk(32, 0.75, 2.0, 2)
    loss_set = WalkLoss(walk, walk.draw(np.random.default_rng(0), 20, 9))
    losses = measure_tokens(Told(walk.transitions), loss_set)
    np.testing.assert_allclose(losses, walk.entropy, rtol=1e-12)


def test_who_knows_nothing_pays_the_distance_to_an_even_choice():
    walk = Walk(32, 0.75, 2.0, 2)
    contexts = walk.draw(np.random.default_rng(0), 20, 9)
    losses = measure_tokens(Told(np.full((32, 32), 1 / 32)), WalkLoss(walk, contexts))
    distance = math.log(32) - walk.row_entropy[contexts]
    np.testing.assert_allclose(losses, walk.entropy + distance, rtol=1e-9)


def test_contexts_measured_in_parts_are_those_measured_at_once(monkeypatch):
    walk = Walk(32, 0.75, 2.0, 2)
    loss_set = WalkLoss(walk, walk.draw(np.random.default_rng(0), 21, 9))
    wrong = np.roll(walk.transitions, 1, axis=0)
    whole = measure_tokens(Told(wrong), loss_set)
    monkeypatch.setattr("scaling.training.model.evaluate.AT_ONCE", 4 * 9 * 32)
    assert np.array_equal(whole, measure_tokens(Told(wrong), loss_set))


def test_the_interval_over_sequences_is_wider_where_tokens_of_a_sequence_agree():
    rng = np.random.default_rng(0)
    losses = rng.normal(3, 1, size=(200, 1)) + rng.normal(0, 0.1, size=(200, 50))
    summary = summarise(losses, seed=1)
    over_sequences = summary["hi"] - summary["lo"]
    over_tokens = summary["token_hi"] - summary["token_lo"]
    assert over_sequences == pytest.approx(2 * 1.96 / math.sqrt(200), rel=0.15)
    assert over_tokens == pytest.approx(over_sequences / math.sqrt(50), rel=0.15)
    assert summary["std"] == pytest.approx(1 / math.sqrt(200), rel=0.15)
    assert summarise(losses, seed=1) == summary
