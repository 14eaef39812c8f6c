"""What shall be trained? The specification of a grid, read from YAML and checked whole."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from scaling.tables.faults import show
from scaling.training.errors import GridError

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


class TokenSource(Part):
    """A token file made by ``scaling grid prepare``, and the token files of its loss sets."""

    kind: Literal["tokens"]
    folder: Path
    loss_sets: Annotated[dict[Name, Path], Field(min_length=1)]


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


class Spec(Part):
    """A whole grid: every size at every multiplier, on every source, with every seed.

    Parameters
    ----------
    name : str
        Name of the grid.
    sizes : list of Size
        Model sizes.
    multipliers : list of float
        Tokens per parameter, M; a run sees ``D = M N`` tokens, rounded to whole steps.
    sources : dict of str to WalkSource or TokenSource
        Training sets by name.
    seeds : list of int
        One run for each; a seed changes initial weights and data.
    repeats : Repeats, optional
        More seeds for some multipliers.
    recipe : TrainingRecipe
        How runs are trained.
    held_out : HeldOut
        What the loss is measured on.
    tasks : dict of str to Choices
        Tasks of the walks, by name.
    hardware : Hardware, optional
        For the bill.
    sharding : Sharding
        Processes to a model.
    checkpoint_seconds : float
        At most so much work is lost when a run is killed.
    log_rows : int
        Rows of the training log, spread over a run.
    """

    name: Name
    sizes: Annotated[list[Size], Field(min_length=1)]
    multipliers: Annotated[list[Positive], Field(min_length=1)]
    sources: Annotated[
        dict[Name, Annotated[WalkSource | TokenSource, Field(discriminator="kind")]],
        Field(min_length=1),
    ]
    seeds: Annotated[list[Seed], Field(min_length=1)] = [0]
    repeats: Repeats | None = None
    recipe: TrainingRecipe
    held_out: HeldOut = HeldOut()
    tasks: dict[Name, Choices] = {}
    hardware: Hardware | None = None
    sharding: Sharding = Sharding()
    checkpoint_seconds: NotNegative = 60.0
    log_rows: Whole = 50

    @model_validator(mode="after")
    def _nothing_twice(self) -> Spec:
        for name in ("sizes", "multipliers", "seeds"):
            values = getattr(self, name)
            twice = [value for i, value in enumerate(values) if value in values[:i]]
            if twice:
                raise ValueError(f"{name} must differ, got twice: {twice[0]}")
        both = self.repeats and set(self.repeats.seeds) & set(self.seeds)
        if both:
            raise ValueError(f"repeats.seeds must not be seeds of the whole grid, got {min(both)}")
        return self


def _in_words(error: Any) -> str:
    """Give one fault as a line: the key, the rule, the value."""
    key = ".".join(str(part) for part in error["loc"] if part not in ("walk", "tokens"))
    message = error["msg"].removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        message = "is no key that a specification knows"
    if error["type"] == "model_type":
        message = "must be a mapping of keys to values"
    if error["type"] == "string_pattern_mismatch":
        message = "must be small letters, digits and underscores, at most 40"
    if error["type"] == "union_tag_invalid":
        message = f"kind must be one of {error['ctx']['expected_tags']}"
    if error["type"] in ("missing", "value_error"):
        return f"{key}: {message}" if key else message
    return f"{key or 'the file'}: {message}, got {show(str(error['input']))}"


class _UniqueKeys(yaml.SafeLoader):  # type: ignore[misc]
    """Reads YAML and refuses a key that stands twice, which plain YAML lets pass."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        twice = [key for i, key in enumerate(keys) if key in keys[:i]]
        if twice:
            line = node.start_mark.line + 1
            raise GridError(f"the key {twice[0]!r} stands twice in the part from line {line}")
        return super().construct_mapping(node, deep)


def read_spec(path: str | Path) -> Spec:
    """Read a specification and check all of it.

    Parameters
    ----------
    path : str or Path
        A YAML file; paths in it are relative to its folder.

    Returns
    -------
    Spec

    Raises
    ------
    GridError
        If the file cannot be read, or breaks rules: every one is named with its key and value.
    """
    path = Path(path)
    try:
        document = yaml.load(path.read_text("utf-8"), _UniqueKeys)
        spec = Spec.model_validate(document)
    except (OSError, UnicodeDecodeError) as error:
        says = error.strerror if isinstance(error, OSError) else str(error)
        raise GridError(f"{path}: cannot be read: {says}") from error
    except GridError as error:
        raise GridError(f"{path}: {error}") from error
    except yaml.YAMLError as error:
        raise GridError(f"{path}: is no YAML: {' '.join(str(error).split())}") from error
    except ValidationError as error:
        faults = [f"{path}: {_in_words(fault)}" for fault in error.errors()]
        raise GridError("\n".join(faults)) from error
    return _with_absolute_paths(spec, path.parent.resolve())


def _with_absolute_paths(spec: Spec, folder: Path) -> Spec:
    def place(source: WalkSource | TokenSource) -> WalkSource | TokenSource:
        if isinstance(source, WalkSource):
            return source
        sets = {name: folder / path for name, path in source.loss_sets.items()}
        return source.model_copy(update={"folder": folder / source.folder, "loss_sets": sets})

    sources = {name: place(source) for name, source in spec.sources.items()}
    return spec.model_copy(update={"sources": sources})
