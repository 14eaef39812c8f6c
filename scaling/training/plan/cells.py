"""Which runs make up a grid? One cell for each size, multiplier, source and seed."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from scaling.costs.compute import ParameterCount, count_flops_per_token, count_parameters
from scaling.training.errors import GridError
from scaling.training.plan.parts import Size, TokenSource, TrainingRecipe, WalkSource
from scaling.training.plan.records import hash_of
from scaling.training.plan.spec import Spec


def seed_from(*parts: Any) -> int:
    """Make a seed below 2^63 from whatever tells one stream of random numbers from another.

    It is a stable hash, which depends neither on the order of a grid nor on who runs it.
    """
    return int(hash_of(parts)[:16], 16) >> 1


@dataclass(frozen=True)
class Shape:
    """Shape of one model.

    Parameters
    ----------
    width, layers, heads : int
        Model width d, number of blocks, attention heads.
    vocab : int
        Vocabulary size V.

    Raises
    ------
    ValueError
        If a size is not a whole number above 0, or the heads do not divide the width into even
        parts (a rotation turns pairs).
    """

    width: int
    layers: int
    heads: int
    vocab: int

    def __post_init__(self) -> None:
        """Check the values."""
        count_parameters(self.width, self.layers, self.vocab, heads=self.heads)
        if self.width % (2 * self.heads):
            raise ValueError(
                f"heads must divide the width {self.width} into even parts, got {self.heads!r}"
            )

    def count(self, *, qk_norm: bool = False) -> ParameterCount:
        """Count the parameters by named group; by default in the published convention."""
        return count_parameters(self.width, self.layers, self.vocab, qk_norm, heads=self.heads)

    def flops_per_token(self, length: int) -> float:
        """Count the exact training FLOPs per token at this sequence length."""
        return count_flops_per_token(self.width, self.layers, self.vocab, length, heads=self.heads)


@dataclass(frozen=True)
class Cell:
    """One run of a grid: all that decides its result.

    Parameters
    ----------
    source_name : str
        Name of the training set.
    source : WalkSource or TokenSource
        The training set.
    size : Size
        Model size.
    multiplier : float
        Asked tokens per parameter, M.
    seed : int
        Seed of this run within the grid.
    spec : Spec
        The grid it belongs to.
    """

    source_name: str
    source: WalkSource | TokenSource
    size: Size
    multiplier: float
    seed: int
    spec: Spec

    @property
    def recipe(self) -> TrainingRecipe:
        """How it is trained."""
        return self.spec.recipe

    @property
    def name(self) -> str:
        """Name of the run and of its folder."""
        size = f"w{self.size.width}l{self.size.layers}h{self.size.heads}"
        return f"{self.source_name}-{size}-m{self.multiplier:g}-s{self.seed}"

    @cached_property
    def shape(self) -> Shape:
        """Shape of its model."""
        size = self.size
        return Shape(size.width, size.layers, size.heads, self.source.vocab)

    @cached_property
    def N(self) -> int:
        """Parameters in the published convention, both vocabulary matrices counted."""
        return self.shape.count().total

    @property
    def N_body(self) -> int:
        """Parameters without both vocabulary matrices."""
        return self.shape.count().body

    @property
    def batch_tokens(self) -> int:
        """Tokens in a step."""
        return self.recipe.batch_sequences * self.recipe.length

    @property
    def steps(self) -> int:
        """Optimiser steps, ``M N`` tokens rounded to whole steps, at least one."""
        return max(1, round(self.multiplier * self.N / self.batch_tokens))

    @property
    def D(self) -> int:
        """Training tokens seen."""
        return self.steps * self.batch_tokens

    @property
    def epochs(self) -> float:
        """How often the run sees the tokens of its source; 0 for a walk, which never repeats."""
        return self.D / self.source.tokens

    @property
    def warmup_steps(self) -> int:
        """Planned steps in which the learning rate rises; more than all where it never ends."""
        if self.recipe.warmup_steps is not None:
            return self.recipe.warmup_steps
        return round(self.recipe.warmup_share * self.steps)

    @property
    def lr(self) -> float:
        """Peak learning rate, ``min(lr_max, lr_scale * width^lr_power)``."""
        recipe = self.recipe
        return float(min(recipe.lr_max, recipe.lr_scale * self.size.width**recipe.lr_power))

    @property
    def flops_per_token(self) -> float:
        """Exact training FLOPs per token."""
        return self.shape.flops_per_token(self.recipe.length)

    @property
    def C_exact(self) -> float:
        """Exact training FLOPs of the run."""
        return self.flops_per_token * self.D

    def stream(self, purpose: str) -> int:
        """Seed of one of the run's streams of random numbers."""
        size = self.size
        return seed_from(
            purpose, self.source_name, size.width, size.layers, size.heads, self.multiplier,
            self.seed,
        )  # fmt: skip

    @cached_property
    def config(self) -> dict[str, Any]:
        """All that decides the result, as plain values; paths are replaced by content hashes.

        Of the recipe only what is not the default, so that a new key with a default leaves the
        runs as they are that were trained before there was one.
        """
        return {
            "format": 1,
            "run": self.name,
            "source_name": self.source_name,
            "source": self.source.describe(),
            "vocab": self.shape.vocab,
            "size": self.size.model_dump(),
            "multiplier": self.multiplier,
            "seed": self.seed,
            "recipe": self.recipe.model_dump(exclude_defaults=True),
            "held_out": self.spec.held_out.model_dump(),
            "tasks": {name: task.model_dump() for name, task in self.spec.tasks.items()},
            "processes": self.spec.sharding.processes,
            "log_rows": self.spec.log_rows,
        }

    @cached_property
    def config_sha256(self) -> str:
        """Hash of the configuration, hexadecimal."""
        return hash_of(self.config)


def list_warnings(cells: list[Cell]) -> list[str]:
    """Say what speaks against a grid before it is trained: repeats, and a warm-up without end.

    A law takes D for fresh tokens; those that come again teach less. A run that ends before its
    warm-up does never had its learning rate.
    """
    warnings = []
    for name in dict.fromkeys(cell.source_name for cell in cells):
        own = [cell for cell in cells if cell.source_name == name and cell.epochs > 1]
        if own:
            most = max(own, key=lambda cell: cell.epochs)
            warnings.append(
                f"{name}: {len(own)} runs see its tokens more than once, {most.name} "
                f"{most.epochs:.2f} times: a law takes D for fresh tokens"
            )
    short = [cell for cell in cells if cell.steps < cell.warmup_steps]
    if short:
        least = min(short, key=lambda cell: cell.steps)
        warnings.append(
            f"{len(short)} of {len(cells)} runs end before their warm-up of {least.warmup_steps} "
            f"steps does, {least.name} after {least.steps}: lower recipe.warmup_steps, or leave it "
            "out for a share of each run"
        )
    return warnings


def list_cells(spec: Spec) -> list[Cell]:
    """List the runs of a grid, the most expensive first, so that no worker ends on a long one.

    Raises
    ------
    GridError
        If a token file cannot be read, or is shorter than a run asks for.
    """
    for name, source in spec.sources.items():
        source.check(f"sources.{name}", spec.recipe.length, spec.held_out.sequences)
    columns = list(itertools.product(spec.multipliers, spec.seeds))
    if spec.repeats:
        columns += itertools.product(spec.repeats.multipliers, spec.repeats.seeds)
    by_size = spec.by_size or [spec.multipliers] * len(spec.sizes)
    cells = [
        Cell(name, source, size, multiplier, seed, spec)
        for name, source in spec.sources.items()
        for size, own in zip(spec.sizes, by_size, strict=True)
        for multiplier, seed in columns
        if multiplier in own or multiplier not in spec.multipliers
    ]
    names = Counter(cell.name for cell in cells)
    twice = [name for name, count in names.items() if count > 1]
    if twice:
        raise GridError(f"the run {twice[0]} stands twice in the grid: two of its parts are alike")
    return sorted(cells, key=lambda cell: (-cell.C_exact, cell.name))
