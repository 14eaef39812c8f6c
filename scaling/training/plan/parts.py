"""Which parts has a specification? Sizes, sources, recipe, and what a run is measured on.

A source says itself how many tokens it has, and what decides them.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from scaling.training.errors import GridError
from scaling.training.plan.tokenfile import read_manifest

Whole = Annotated[int, Field(gt=0, strict=True)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]
Seed = Annotated[int, Field(ge=0, lt=2**32, strict=True)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_]{0,39}$")]


class Part(BaseModel):
    """A part of a specification: no key beside those it names, and no change once read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Size(Part):
    """One model size: width, blocks, attention heads."""

    width: Whole
    layers: Whole
    heads: Whole

    @model_validator(mode="after")
    def _heads_divide_the_width(self) -> Size:
        if self.width % (2 * self.heads):
            raise ValueError(
                f"heads must divide the width {self.width} into even parts, got {self.heads}"
            )
        return self


class WalkSource(Part):
    """A walk with a known entropy; see `scaling.training.text.walks.Walk`."""

    kind: Literal["walk"]
    vocab: Annotated[int, Field(ge=2, strict=True)]
    decay: NotNegative
    strength: NotNegative
    seed: Seed = 0
    tokens: ClassVar[float] = math.inf  # it never repeats

    def describe(self) -> dict[str, Any]:
        """Say what decides its tokens, as plain values."""
        return self.model_dump(mode="json")

    def seen_from(self, folder: Path) -> WalkSource:
        """Give it with absolute paths; it has none."""
        return self

    def check(self, key: str, length: int, sequences: int) -> None:
        """Check that it is long enough, which it always is."""


class TokenSource(Part):
    """A token file made by ``scaling grid prepare``, and the token files of its loss sets."""

    kind: Literal["tokens"]
    folder: Path
    loss_sets: Annotated[dict[Name, Path], Field(min_length=1)]

    @property
    def vocab(self) -> int:
        """Vocabulary size."""
        return read_manifest(self.folder).vocab

    @property
    def tokens(self) -> int:
        """Number of tokens to train on."""
        return read_manifest(self.folder).tokens

    def describe(self) -> dict[str, Any]:
        """Say what decides its tokens, as plain values: hashes of its files, not their places."""
        places = {"train": self.folder, **self.loss_sets}
        hashes = {name: read_manifest(place).sha256 for name, place in places.items()}
        return {"kind": self.kind, "sha256": hashes}

    def seen_from(self, folder: Path) -> TokenSource:
        """Give it with absolute paths, which were relative to a folder."""
        sets = {name: folder / path for name, path in self.loss_sets.items()}
        return self.model_copy(update={"folder": folder / self.folder, "loss_sets": sets})

    def check(self, key: str, length: int, sequences: int) -> None:
        """Check that its files are long enough, and that no loss set is trained on.

        Raises
        ------
        GridError
            If the training file has not one window of `length`, or a loss set has fewer than
            `sequences`, or is text to train on; it names the `key` that the source has in its
            specification.
        """
        train = read_manifest(self.folder)
        for name, place in self.loss_sets.items():
            loss_set = read_manifest(place)
            if loss_set.left_from_a_split or loss_set.shares_tokens(train):
                raise GridError(
                    f"{key}.loss_sets.{name}: {place} is text to train on, and a loss is measured "
                    "on held-out text: name the folder held_out that scaling grid prepare made"
                )
        places = {"folder": (self.folder, 1)}
        places |= {f"loss_sets.{name}": (own, sequences) for name, own in self.loss_sets.items()}
        for name, (place, wanted) in places.items():
            windows = read_manifest(place).count_windows(length)
            if windows < wanted:
                raise GridError(
                    f"{key}.{name}: {place} has {windows} sequences of {length} tokens, {wanted} "
                    "are asked for: prepare more text, or ask for fewer"
                )


class TrainingRecipe(Part):
    """How every run of the grid is trained.

    Parameters
    ----------
    length : int
        Tokens in a sequence, T.
    batch_sequences : int
        Sequences in a step.
    micro_sequences : int, optional
        Sequences at a time where a step's do not fit in memory; must divide `batch_sequences`.
    lr_scale, lr_power, lr_max : float
        Peak learning rate ``min(lr_max, lr_scale * width^lr_power)``.
    lr_end : float
        Learning rate at the last step, as a share of the peak; the way there is a cosine.
    warmup_share : float
        Share of the steps in which the rate rises on a line.
    warmup_steps : int, optional
        So many steps instead, however long the run is.
    weight_decay, beta1, beta2, eps : float
        Of AdamW, on all parameters.
    clip : float
        Largest norm of the gradient.
    z_weight : float
        Weight of the z-loss.
    precision : {"float32", "bfloat16"}
        Type of the matrix products; weights stay in 32 bits.
    compile : bool
        Whether the model is compiled; it pays on a GPU and for long runs.
    """

    length: Whole
    batch_sequences: Whole
    micro_sequences: Whole | None = None
    lr_scale: Positive
    lr_power: Annotated[float, Field(allow_inf_nan=False)] = -1.0
    lr_max: Positive
    lr_end: Share = 0.0
    warmup_share: Share = 0.1
    warmup_steps: Annotated[int, Field(ge=0, strict=True)] | None = None
    weight_decay: NotNegative = 0.0
    beta1: Annotated[float, Field(ge=0, lt=1)] = 0.9
    beta2: Annotated[float, Field(ge=0, lt=1)] = 0.95
    eps: Positive = 1e-8
    clip: Positive = 1.0
    z_weight: NotNegative = 1e-4
    precision: Literal["float32", "bfloat16"] = "float32"
    compile: bool = False

    @model_validator(mode="after")
    def _micro_batches_fill_the_batch(self) -> TrainingRecipe:
        if self.micro_sequences and self.batch_sequences % self.micro_sequences:
            raise ValueError(
                f"micro_sequences must divide batch_sequences {self.batch_sequences}, "
                f"got {self.micro_sequences}"
            )
        return self


class HeldOut(Part):
    """What the loss is measured on: so many sequences of each loss set, never trained on."""

    sequences: Annotated[int, Field(ge=2, strict=True)] = 512


class Choices(Part):
    """A task of a walk: pick the symbol that follows among so many; see `choices`."""

    choices: Annotated[int, Field(ge=2, strict=True)]
    items: Annotated[int, Field(ge=1, strict=True)] = 2000


class Repeats(Part):
    """More seeds for some multipliers, at every size and on every source.

    They tell how much a loss scatters between runs that differ in nothing else.
    """

    multipliers: Annotated[list[Positive], Field(min_length=1)]
    seeds: Annotated[list[Seed], Field(min_length=1)]


class Hardware(Part):
    """What trains the grid, for the bill.

    Parameters
    ----------
    name : str
        As it is known.
    flops_per_second : float
        Sustained in training, not the peak: exact FLOPs over seconds.
    peak_flops_per_second : float, optional
        Of the data sheet or of a measured product, for the utilisation.
    price_per_hour : float, optional
        In any currency.
    """

    name: str
    flops_per_second: Positive
    peak_flops_per_second: Positive | None = None
    price_per_hour: NotNegative | None = None


class Sharding(Part):
    """How many processes share one model."""

    processes_per_node: Whole = 1
    nodes: Whole = 1

    @property
    def processes(self) -> int:
        """Processes in all."""
        return self.processes_per_node * self.nodes
