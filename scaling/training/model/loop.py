"""How is one run trained? Step by step, so that a kill at any instant changes no bit of its end.

The batch, the learning rate and what is logged are functions of the step; nothing draws from a
global generator. So the state of a run is its weights, the optimiser's moments, the step and the
rows logged so far, and all of these stand in every checkpoint.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from scaling.training.errors import GridError
from scaling.training.model.engine import Engine, describe_environment
from scaling.training.model.evaluate import log_probabilities, measure_losses, summarise
from scaling.training.model.model import Shape, Transformer
from scaling.training.model.schedule import learning_rate
from scaling.training.plan.cells import Cell, seed_from
from scaling.training.plan.spec import TrainingRecipe
from scaling.training.text.choices import open_tasks
from scaling.training.text.sources import Batches, open_batches, open_loss_sets

PRECISION = {"float32": torch.float32, "bfloat16": torch.bfloat16}
Watch = Callable[[dict[str, Any]], None]


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
    size = cell.size
    shape = Shape(size.width, size.layers, size.heads, cell.vocab)
    return Transformer(shape, cell.recipe.length, cell.stream("weights"))


def build_optimizer(model: nn.Module, recipe: TrainingRecipe) -> torch.optim.AdamW:
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
    optimizer: torch.optim.Optimizer,
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


def train(
    cell: Cell, folder: Path, engine: Engine, *, watch: Watch | None = None
) -> dict[str, Any]:
    """Train a run from where it stands to its end, and measure it.

    Parameters
    ----------
    cell : Cell
        The run.
    folder : Path
        Where its checkpoints stand; must exist.
    engine : Engine
        What it trains on.
    watch : callable, optional
        Is shown every row of the log: those of earlier starts first, each other as it is made.

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
    watch = watch or (lambda row: None)
    progress, damaged = _resume(cell, folder, engine, model, optimizer)
    for row in progress.log:
        watch(row)
    if cell.recipe.compile:
        for block in model.blocks:
            block.compile()
    _run_steps(cell, folder, engine, model, optimizer, progress, watch)
    return describe_result(cell, engine, model, progress) | {"damaged_checkpoints": damaged}


def _resume(
    cell: Cell, folder: Path, engine: Engine, model: nn.Module, optimizer: torch.optim.Optimizer
) -> tuple[Progress, list[str]]:
    state, damaged = engine.load(folder, cell.config_sha256, model, optimizer)
    progress = Progress() if state is None else Progress(**state["progress"])
    progress.starts += 1
    environment = describe_environment(engine.device)
    if environment not in progress.environments:
        progress.environments.append(environment)
    return progress, damaged


def _is_logged(step: int, cell: Cell) -> bool:
    """Tell whether a row is due after so many steps: `log_rows` of them, spread evenly."""
    rows = min(cell.spec.log_rows, cell.steps)
    return step * rows // cell.steps > (step - 1) * rows // cell.steps


def _run_steps(
    cell: Cell,
    folder: Path,
    engine: Engine,
    model: Transformer,
    optimizer: torch.optim.Optimizer,
    progress: Progress,
    watch: Watch,
) -> None:
    batches = open_batches(cell, engine.device)
    seed = cell.stream("data")
    since_row = torch.tensor(progress.entropy_sum, device=engine.device)
    started = saved = time.monotonic()
    while progress.step < cell.steps:
        lr = learning_rate(
            progress.step,
            steps=cell.steps,
            warmup=cell.warmup_steps,
            peak=cell.lr,
            end=cell.recipe.lr_end,
        )
        tokens = engine.rows(_draw(batches, seed, progress.step, cell))
        entropy, norm = take_step(model, optimizer, tokens, cell.recipe, lr)
        since_row += entropy
        progress.step += 1
        progress.entropy_steps += 1
        if _is_logged(progress.step, cell):
            loss = float(engine.mean(since_row / progress.entropy_steps))
            row = _make_row(cell, progress.step, loss, lr, float(norm))
            progress.log.append(row)
            progress.entropy_steps = 0
            since_row.zero_()
            watch(row)
        now = time.monotonic()
        if progress.step == cell.steps or engine.agree(now - saved >= cell.spec.checkpoint_seconds):
            progress.seconds += now - started
            progress.entropy_sum = float(since_row)
            extra = {"config_sha256": cell.config_sha256, "progress": dict(vars(progress))}
            engine.save(folder, progress.step, model, optimizer, extra)
            started = saved = time.monotonic()


def _draw(batches: Batches, seed: int, step: int, cell: Cell) -> Tensor:
    return batches.batch(seed, step, cell.recipe.batch_sequences, cell.recipe.length)


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
    losses = {
        name: summarise(measure_losses(model, loss_set), seed_from("bootstrap", name))
        for name, loss_set in open_loss_sets(cell).items()
    }
    per_second = cell.D / progress.seconds
    hardware = cell.spec.hardware
    peak = hardware.peak_flops_per_second if hardware else None
    peak = peak * engine.processes if peak else None
    return {
        "run": cell.name,
        "config_sha256": cell.config_sha256,
        "N": cell.N,
        "N_body": cell.N_body,
        "D": cell.D,
        "steps": cell.steps,
        "warmup_steps": cell.warmup_steps,
        "batch_tokens": cell.batch_tokens,
        "lr": cell.lr,
        "C_exact": cell.C_exact,
        "losses": losses,
        "errors": measure_errors(cell, model),
        "weights_sha256": hash_weights(engine.whole_state(model)),
        "log": progress.log,
        "speed": {
            "seconds": progress.seconds,
            "tokens_per_second": per_second,
            "flops_per_second": per_second * cell.flops_per_token,
            "mfu": per_second * cell.flops_per_token / peak if peak else None,
            "starts": progress.starts,
        },
        "environments": progress.environments,
    }


def measure_errors(cell: Cell, model: Transformer) -> dict[str, dict[str, float]]:
    """Measure a model on the tasks of its walk: error, best possible error and error of guessing.

    Returns
    -------
    dict of str to dict
        By task: ``error``, ``best``, ``chance``, fractions. Every run of a source answers the same
        items.
    """
    errors = {}
    for name, task in open_tasks(cell.spec, cell.source_name).items():
        tables = log_probabilities(model, task.contexts, last=True)
        error = task.error(np.concatenate([table[:, 0].cpu().numpy() for _, table in tables]))
        errors[name] = {"error": error, "best": task.best_error, "chance": task.chance_error}
    return errors


def hash_weights(weights: dict[str, Tensor]) -> str:
    """Hash all weights, bit by bit and in the order of their names."""
    digest = hashlib.sha256()
    for name in sorted(weights):
        digest.update(name.encode())
        digest.update(weights[name].contiguous().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
