"""Speed and memory of a training step beside a plain loop, in one run.

``python -m benchmarks.training_speed`` measures on the CPU, or on a GPU where there is one, prints
the table and adds it to ``data/results/training_speed.csv`` in place of earlier rows of the same
device. Every way to train a shape is measured in a process of its own: memory is its own then,
and one that does not fit costs only its row.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state

from scaling.training.model.engine import describe_environment, find_device
from scaling.training.model.loop import build_optimizer, take_step
from scaling.training.model.loss import plain_loss
from scaling.training.model.model import Shape, Transformer
from scaling.training.plan.parts import TrainingRecipe

RESULT = Path(__file__).parent.parent / "data" / "results" / "training_speed.csv"
LR = 1e-3
WARM_UP, LEAST, SECONDS = 3, 5, 5.0  # steps before the clock, steps at least, about so long
STACKED = 8
# Dense bfloat16 products, FLOP/s, as the makers state them.
PEAKS = {"H100": 989e12, "H200": 989e12, "A100": 312e12}


@dataclass(frozen=True)
class Case:
    """A shape, its sequences and their length; `gpu_sequences` is for a GPU."""

    shape: Shape
    length: int
    sequences: int
    gpu_sequences: int

    def batch(self, device: torch.device) -> Tensor:
        n = self.gpu_sequences if device.type == "cuda" else self.sequences
        generator = torch.Generator().manual_seed(0)
        size = (n, self.length + 1)
        return torch.randint(self.shape.vocab, size, generator=generator).to(device)


CASES = {
    "V = 128, width 16": Case(Shape(16, 1, 2, 128), 32, 16, 16),
    "V = 128, width 32": Case(Shape(32, 1, 2, 128), 32, 16, 16),
    "V = 4096, width 128": Case(Shape(128, 4, 4, 4096), 256, 4, 64),
    "11M": Case(Shape(96, 8, 4, 50_432), 2048, 1, 16),
    "79M": Case(Shape(512, 8, 4, 50_432), 2048, 1, 16),
    "154M": Case(Shape(576, 24, 8, 50_432), 2048, 1, 16),
    "411M": Case(Shape(1024, 24, 8, 50_432), 2048, 1, 8),
}
ON_CPU = ["V = 128, width 16", "V = 128, width 32", "V = 4096, width 128", "11M"]
ON_GPU = ["V = 4096, width 128", "11M", "79M", "154M", "411M"]
WAYS = ["plain", "fused optimiser", "fused loss", "both", "both, bfloat16", "both, compiled",
        "both, bfloat16, compiled", f"{STACKED} models stacked"]  # fmt: skip


class PlainLoop:
    """The loop of a textbook: all logits, one tensor after the other, the loss read every step."""

    def __init__(self, case: Case, device: torch.device, *, fused_optimizer: bool) -> None:
        self.model = Transformer(case.shape, case.length, 0).to(device)
        fused = {"fused": True} if fused_optimizer else {"foreach": False, "fused": False}
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=LR, **fused)

    def __call__(self, tokens: Tensor) -> None:
        self.optimizer.zero_grad()
        loss = plain_loss(self.model.logits(tokens[:, :-1]), tokens[:, 1:])
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        loss.item()


class OurLoop:
    """The step of `scaling.training.model.loop`, or with the textbook's optimiser."""

    def __init__(self, case: Case, device: torch.device, way: str) -> None:
        self.recipe = TrainingRecipe(
            length=case.length,
            batch_sequences=1,
            lr_scale=LR,
            lr_max=LR,
            precision="bfloat16" if "bfloat16" in way else "float32",
        )
        self.model = Transformer(case.shape, case.length, 0).to(device)
        if "compiled" in way:
            for block in self.model.blocks:
                block.compile()
        if way == "fused loss":
            self.optimizer = torch.optim.AdamW(
                self.model.parameters(), lr=LR, foreach=False, fused=False
            )
        else:
            self.optimizer = build_optimizer(self.model, self.recipe)

    def __call__(self, tokens: Tensor) -> None:
        take_step(self.model, self.optimizer, tokens, self.recipe, LR)


class StackedLoop:
    """Several models of one shape in one step, each with its own batch and its own clipping."""

    def __init__(self, case: Case, device: torch.device) -> None:
        models = [Transformer(case.shape, case.length, seed).to(device) for seed in range(STACKED)]
        weights, buffers = stack_module_state(models)
        self.weights = {name: value.detach().requires_grad_() for name, value in weights.items()}
        self.optimizer = torch.optim.AdamW(self.weights.values(), lr=LR, fused=True)
        skeleton = Transformer(case.shape, case.length, 0).to(device)

        def loss_of_one(weights: dict[str, Tensor], buffers: dict, tokens: Tensor) -> Tensor:
            logits = functional_call(_Logits(skeleton), _inner(weights, buffers), tokens[:, :-1])
            return plain_loss(logits, tokens[:, 1:])

        self.losses = torch.vmap(loss_of_one)
        self.buffers = buffers

    def __call__(self, tokens: Tensor) -> None:
        self.optimizer.zero_grad()
        stacked = tokens.expand(STACKED, *tokens.shape)
        self.losses(self.weights, self.buffers, stacked).sum().backward()
        slopes = [weight.grad for weight in self.weights.values()]
        norm = sum(s.flatten(1).square().sum(dim=1) for s in slopes).sqrt()
        shrink = (1.0 / (norm + 1e-6)).clamp(max=1.0)
        for slope in slopes:
            slope.mul_(shrink.view(-1, *[1] * (slope.dim() - 1)))
        self.optimizer.step()


class _Logits(nn.Module):
    """A model whose call gives logits."""

    def __init__(self, model: Transformer) -> None:
        super().__init__()
        self.model = model

    def forward(self, tokens: Tensor) -> Tensor:
        return self.model.logits(tokens)


def _inner(weights: dict[str, Tensor], buffers: dict[str, Tensor]) -> dict[str, Tensor]:
    return {f"model.{name}": value for name, value in (weights | buffers).items()}


def make_loop(case: Case, device: torch.device, way: str) -> Callable[[Tensor], None]:
    """Make the step that is measured."""
    if way in ("plain", "fused optimiser"):
        return PlainLoop(case, device, fused_optimizer=way != "plain")
    if "stacked" in way:
        return StackedLoop(case, device)
    return OurLoop(case, device, way)


def _memory(device: torch.device) -> int:
    """Peak memory so far, bytes."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def measure(name: str, way: str, device: torch.device) -> dict:
    """Measure one way to train one shape, here."""
    case = CASES[name]
    tokens = case.batch(device)
    before = 0 if device.type == "cuda" else _memory(device)
    start = time.perf_counter()
    step = make_loop(case, device, way)
    step(tokens)
    _wait(device)
    first = time.perf_counter() - start
    for _ in range(WARM_UP - 1):
        step(tokens)
    _wait(device)
    begun, times = time.perf_counter(), []
    while len(times) < LEAST or (time.perf_counter() - begun < SECONDS and len(times) < 2000):
        start = time.perf_counter()
        step(tokens)
        _wait(device)
        times.append(time.perf_counter() - start)
    models = STACKED if "stacked" in way else 1
    seconds = sorted(times)[len(times) // 2]
    per_second = models * tokens[:, 1:].numel() / seconds
    flops = per_second * case.shape.flops_per_token(case.length)
    told = describe_environment(device)
    peak = next((peak for gpu, peak in PEAKS.items() if gpu in told["device"]), None)
    return {
        "case": name,
        "way": way,
        "N": case.shape.count().total,
        "batch_tokens": models * tokens[:, 1:].numel(),
        "steps_timed": len(times),
        "seconds_per_step": seconds,
        "seconds_to_first_step": first,
        "tokens_per_second": per_second,
        "flops_per_second": flops,
        "mfu": flops / peak if peak else None,
        "memory_mib": (_memory(device) - before) / 2**20,
        "device": told["device"] + ("" if told["cuda"] else f", {told['threads']} thread"),
        "versions": f"torch {told['torch']}, Python {told['python']}",
    }  # fmt: skip


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def measure_apart(name: str, way: str, device: str, threads: int) -> dict | None:
    """Measure in a process of its own; None, and why on stderr, where it fails."""
    command = [sys.executable, "-m", "benchmarks.training_speed", "--device", device,
               "--threads", str(threads), "--one", name, way]  # fmt: skip
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode:
        last = (run.stderr.strip().splitlines() or ["no message"])[-1]
        print(f"{name}, {way}: failed: {last}", file=sys.stderr)
        return None
    return json.loads(run.stdout.splitlines()[-1])


def main() -> None:
    """Measure everything, print the table and store it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", type=int, default=1, help="on a CPU")
    parser.add_argument("--cases", nargs="*", help="some of the shapes")
    parser.add_argument("--ways", nargs="*", help="some of the ways")
    parser.add_argument("--one", nargs=2, metavar=("CASE", "WAY"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    device = find_device(asked.device)
    if asked.one:
        print(json.dumps(measure(*asked.one, device)))
        return
    cases = asked.cases or (ON_GPU if device.type == "cuda" else ON_CPU)
    rows = []
    for name in cases:
        for way in asked.ways or WAYS:
            if "stacked" in way and CASES[name].shape.vocab > 4096:
                continue  # all logits of eight models would have to stand in memory
            row = measure_apart(name, way, asked.device, asked.threads)
            if row:
                rows.append(row)
                print(f"{name:22} {way:26} {row['tokens_per_second']:12,.0f} tokens/s "
                      f"{row['memory_mib']:8,.0f} MiB", flush=True)  # fmt: skip
    table = pd.DataFrame(rows)
    plain = table[table["way"] == "plain"].set_index("case")["tokens_per_second"]
    table.insert(8, "times_plain", table["tokens_per_second"] / table["case"].map(plain))
    for column in table.select_dtypes("float"):
        table[column] = [float(f"{value:.4g}") for value in table[column]]
    if RESULT.exists():
        old = pd.read_csv(RESULT)
        table = pd.concat([old[~old["device"].isin(table["device"])], table])
    table.to_csv(RESULT, index=False)
    columns = ["case", "way", "tokens_per_second", "times_plain", "mfu", "memory_mib"]
    print(table[columns].to_string(index=False, float_format="{:,.4g}".format))


if __name__ == "__main__":
    main()
