"""How is one run trained? Step by step, so that a kill at any instant changes no bit of its end.

The batch, the learning rate and what is logged are functions of the step; nothing draws from a
global generator. So the state of a run is its weights, the optimiser's moments, the step and the
rows logged so far, and all of these stand in every checkpoint.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from scaling.training.errors import GridError
from scaling.training.model.engine import Engine, describe_environment
from scaling.training.model.evaluate import measure_errors, measure_losses
from scaling.training.model.model import Transformer
from scaling.training.model.schedule import learning_rate
from scaling.training.plan.cells import Cell
from scaling.training.plan.parts import TrainingRecipe
from scaling.training.plan.records import LOG
from scaling.training.text.sources import open_batches

PRECISION = {"float32": torch.float32, "bfloat16": torch.bfloat16}


@dataclass
class Progress:
    """What a run has done besides its weights.

    Parameters
    ----------
    step : int
        Steps done.
    log : list of dict
        Rows logged: step, tokens, loss (mean of the steps since the row before), lr, grad_norm.
    entropy_sum, entropy_steps : float, int
        Sum of the losses since the last row, and how many.
    seconds : float
        Time spent in steps, over all starts.
    starts : int
        How often the run was started; 1 for one that was never stopped.
    environments : list of dict
        What it was computed with; more than one where it was resumed on something else.
    """

    step: int = 0
    log: list[dict[str, Any]] = field(default_factory=list)
    entropy_sum: float = 0.0
    entropy_steps: int = 0
    seconds: float = 0.0
    starts: int = 0
    environments: list[dict[str, Any]] = field(default_factory=list)


def build_model(cell: Cell) -> Transformer:
    """Build the model of a run with its initial weights, on the CPU."""
    return Transformer(cell.shape, cell.recipe.length, cell.stream("weights"))


def build_optimizer(model: nn.Module, recipe: TrainingRecipe) -> Optimizer:
    """Build AdamW over all parameters, its update fused into one pass."""
    return torch.optim.AdamW(
        model.parameters(),
        lr=0.0,
        betas=(recipe.beta1, recipe.beta2),
        eps=recipe.eps,
        weight_decay=recipe.weight_decay,
        fused=True,
    )


def take_step(
    model: Transformer,
    optimizer: Optimizer,
    tokens: Tensor,
    recipe: TrainingRecipe,
    lr: float,
) -> tuple[Tensor, Tensor]:
    """Take one step: gradients of the batch, clipped, into one AdamW update.

    Parameters
    ----------
    model, optimizer
        Changed in place.
    tokens : Tensor of int64, shape (sequences, length + 1)
        This process's share of the batch.
    recipe : TrainingRecipe
        How the grid is trained.
    lr : float
        Learning rate of this step.

    Returns
    -------
    loss, grad_norm : Tensor of shape ()
        Mean cross-entropy of the batch in nats, and the norm of the gradient before clipping; both
        stay on the device, so that a step waits for nothing.
    """
    for group in optimizer.param_groups:
        group["lr"] = lr
    optimizer.zero_grad(set_to_none=True)
    parts = torch.split(tokens, recipe.micro_sequences or len(tokens))
    total = torch.zeros((), device=tokens.device)
    for part in parts:
        kind = tokens.device.type
        half = recipe.precision != "float32"
        with torch.autocast(kind, PRECISION[recipe.precision], enabled=half):
            loss, entropy = model(part, recipe.z_weight)
        (loss / len(parts)).backward()
        total += entropy / len(parts)
    norm = nn.utils.clip_grad_norm_(model.parameters(), recipe.clip)
    optimizer.step()
    return total, norm.full_tensor() if hasattr(norm, "full_tensor") else norm


def train(cell: Cell, folder: Path, engine: Engine) -> dict[str, Any]:
    """Train a run from where it stands to its end, and measure it.

    The rows of its log go to ``log.jsonl``: those of earlier starts first, each other as it is
    made.

    Parameters
    ----------
    cell : Cell
        The run.
    folder : Path
        Where its checkpoints and its log stand; must exist.
    engine : Engine
        What it trains on.

    Returns
    -------
    dict
        The result: see `data/specs/README.md` for its keys. What does not depend on the machine's
        speed is bitwise the same however often the run was stopped.

    Raises
    ------
    GridError
        If the loss is no longer finite, or a file cannot be read or written.
    """
    model = engine.place(build_model(cell))
    optimizer = build_optimizer(model, cell.recipe)
    state, damaged = engine.load(folder, cell.config_sha256, model, optimizer)
    progress = Progress() if state is None else Progress(**state["progress"])
    progress.starts += 1
    environment = describe_environment(engine.device)
    if environment not in progress.environments:
        progress.environments.append(environment)
    if cell.recipe.compile:
        for block in model.blocks:
            block.compile()
    steps = _take_steps(cell, folder, engine, model, optimizer, progress)
    place = folder / LOG if engine.rank == 0 else Path(os.devnull)  # one log for all processes
    with place.open("w", encoding="utf-8") as log:
        for row in itertools.chain(progress.log, steps):
            print(json.dumps(row), file=log, flush=True)
    return describe_result(cell, engine, model, progress) | {"damaged_checkpoints": damaged}


def _is_logged(step: int, cell: Cell) -> bool:
    """Tell whether a row is due after so many steps: `log_rows` of them, spread evenly."""
    rows = min(cell.spec.log_rows, cell.steps)
    return step * rows // cell.steps > (step - 1) * rows // cell.steps


def _take_steps(
    cell: Cell,
    folder: Path,
    engine: Engine,
    model: Transformer,
    optimizer: Optimizer,
    progress: Progress,
) -> Iterator[dict[str, Any]]:
    """Take the steps that are left, with checkpoints between them, and give rows of the log."""
    recipe, seed = cell.recipe, cell.stream("data")
    batches = open_batches(cell, engine.device)
    since_row = torch.tensor(progress.entropy_sum, device=engine.device)
    started = saved = time.monotonic()
    while progress.step < cell.steps:
        lr = learning_rate(
            progress.step,
            steps=cell.steps,
            warmup=cell.warmup_steps,
            peak=cell.lr,
            end=recipe.lr_end,
        )
        batch = batches.batch(seed, progress.step, recipe.batch_sequences, recipe.length)
        entropy, norm = take_step(model, optimizer, engine.rows(batch), recipe, lr)
        since_row += entropy
        progress.step += 1
        progress.entropy_steps += 1
        if _is_logged(progress.step, cell):
            loss = float(engine.mean(since_row / progress.entropy_steps))
            progress.log.append(_make_row(cell, progress.step, loss, lr, float(norm)))
            progress.entropy_steps = 0
            since_row.zero_()
            yield progress.log[-1]
        now = time.monotonic()
        if progress.step == cell.steps or engine.agree(now - saved >= cell.spec.checkpoint_seconds):
            progress.seconds += now - started
            progress.entropy_sum = float(since_row)
            extra = {"config_sha256": cell.config_sha256, "progress": dict(vars(progress))}
            engine.save(folder, progress.step, engine.state_of(model, optimizer), extra)
            started = saved = time.monotonic()


def _make_row(cell: Cell, step: int, loss: float, lr: float, norm: float) -> dict[str, Any]:
    for name, value in (("loss", loss), ("norm of the gradient", norm)):
        if not math.isfinite(value):
            raise GridError(
                f"{cell.name}: the {name} is {value} at step {step} of {cell.steps}: "
                "lower lr_scale or lr_max, or clip harder"
            )
    tokens = step * cell.batch_tokens
    return {"step": step, "tokens": tokens, "loss": loss, "lr": lr, "grad_norm": norm}


def describe_result(
    cell: Cell, engine: Engine, model: Transformer, progress: Progress
) -> dict[str, Any]:
    """Measure a trained model and gather what is known of its run, as plain values."""
    per_second = cell.D / progress.seconds
    flops_per_second = per_second * cell.flops_per_token
    hardware = cell.spec.hardware
    peak = hardware.peak_flops_per_second if hardware else None
    own = "N N_body D steps warmup_steps batch_tokens lr C_exact".split()
    return {
        "run": cell.name,
        "config_sha256": cell.config_sha256,
        **{name: getattr(cell, name) for name in own},
        "losses": measure_losses(model, cell),
        "errors": measure_errors(model, cell),
        "weights_sha256": hash_weights(engine.whole_state(model)),
        "log": progress.log,
        "speed": {
            "seconds": progress.seconds,
            "tokens_per_second": per_second,
            "flops_per_second": flops_per_second,
            "mfu": flops_per_second / (peak * engine.processes) if peak else None,
            "starts": progress.starts,
        },
        "environments": progress.environments,
    }


def hash_weights(weights: dict[str, Tensor]) -> str:
    """Hash all weights, bit by bit and in the order of their names."""
    digest = hashlib.sha256()
    for name in sorted(weights):
        digest.update(name.encode())
        digest.update(weights[name].contiguous().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
