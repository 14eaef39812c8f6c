"""Which runs make up a grid? One cell for each size, multiplier, source and seed."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from scaling.compute import count_flops_per_token, count_parameters
from scaling.training.errors import GridError
from scaling.training.plan.records import hash_of
from scaling.training.plan.spec import Size, Spec, TokenSource, TrainingRecipe, WalkSource
from scaling.training.plan.tokenfile import read_manifest


def seed_from(*parts: Any) -> int:
    """Make a seed below 2^63 from a stable hash of these parts.

    It depends neither on the order of a grid nor on who runs it.

    Parameters
    ----------
    *parts : str, int or float
        Whatever tells one stream of random numbers from another.

    Returns
    -------
    int
    """
    return int(hash_of(parts)[:16], 16) >> 1


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
    vocab : int
        Vocabulary size V.
    spec : Spec
        The grid it belongs to.
    """

    source_name: str
    source: WalkSource | TokenSource
    size: Size
    multiplier: float
    seed: int
    vocab: int
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
    def N(self) -> int:
        """Parameters in the published convention, both vocabulary matrices counted."""
        return self._count().total

    @property
    def N_body(self) -> int:
        """Parameters without both vocabulary matrices."""
        return self._count().body

    def _count(self) -> Any:
        size = self.size
        return count_parameters(size.width, size.layers, self.vocab, heads=size.heads)

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
        if not isinstance(self.source, TokenSource):
            return 0.0
        return self.D / read_manifest(self.source.folder).tokens

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
        size = self.size
        return count_flops_per_token(
            size.width, size.layers, self.vocab, self.recipe.length, heads=size.heads
        )

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
        source = self.source.model_dump(mode="json")
        if isinstance(self.source, TokenSource):
            places = {"train": self.source.folder, **self.source.loss_sets}
            hashes = {name: read_manifest(place).sha256 for name, place in places.items()}
            source = {"kind": "tokens", "sha256": hashes}
        return {
            "format": 1,
            "run": self.name,
            "source_name": self.source_name,
            "source": source,
            "vocab": self.vocab,
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


def _vocab(source: WalkSource | TokenSource) -> int:
    return source.vocab if isinstance(source, WalkSource) else read_manifest(source.folder).vocab


def _columns(spec: Spec) -> list[tuple[float, int]]:
    """List the multipliers and seeds that every size is trained at."""
    columns = list(itertools.product(spec.multipliers, spec.seeds))
    if spec.repeats:
        columns += itertools.product(spec.repeats.multipliers, spec.repeats.seeds)
    return columns


def check_data(cell: Cell) -> None:
    """Check that token files are long enough for what a run asks of them.

    Raises
    ------
    GridError
        If the training file has not one window of the run's length, or a loss set has fewer than
        are asked for.
    """
    if not isinstance(cell.source, TokenSource):
        return
    asked, length = cell.spec.held_out.sequences, cell.recipe.length
    places = {"folder": (cell.source.folder, 1)}
    places |= {name: (place, asked) for name, place in cell.source.loss_sets.items()}
    for name, (place, wanted) in places.items():
        windows = (read_manifest(place).tokens - 1) // length
        if windows < wanted:
            raise GridError(
                f"sources.{cell.source_name}.{name}: {place} has {windows} sequences of {length} "
                f"tokens, {wanted} are asked for"
            )


def warn_of_repeats(cells: list[Cell]) -> list[str]:
    """Say of each source which runs see its tokens more than once.

    A law takes D for fresh tokens; those that come again teach less.
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
    return warnings


def list_cells(spec: Spec) -> list[Cell]:
    """List the runs of a grid, the dearest first, so that no worker ends on a long one.

    Parameters
    ----------
    spec : Spec
        The grid.

    Returns
    -------
    list of Cell

    Raises
    ------
    GridError
        If a token file cannot be read, or is shorter than a run asks for.
    """
    cells = [
        Cell(name, source, size, multiplier, seed, _vocab(source), spec)
        for name, source in spec.sources.items()
        for size in spec.sizes
        for multiplier, seed in _columns(spec)
    ]
    for cell in cells:
        check_data(cell)
    names = Counter(cell.name for cell in cells)
    twice = [name for name, count in names.items() if count > 1]
    if twice:
        raise GridError(f"the run {twice[0]} stands twice in the grid: two of its parts are alike")
    return sorted(cells, key=lambda cell: (-cell.C_exact, cell.name))
