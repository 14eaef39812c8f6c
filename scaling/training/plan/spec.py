"""What shall be trained? The specification of a grid, read from YAML and checked whole."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import Field, ValidationError, model_validator

from scaling.tables.faults import show
from scaling.training.errors import GridError
from scaling.training.plan.parts import (
    Choices,
    Hardware,
    HeldOut,
    Name,
    NotNegative,
    Part,
    Positive,
    Repeats,
    Seed,
    Sharding,
    Size,
    TokenSource,
    TrainingRecipe,
    WalkSource,
    Whole,
)


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
    by_size : list of list of float, optional
        Which of them each size is trained at, in the order of `sizes`; by default all.
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
    by_size: list[Annotated[list[Positive], Field(min_length=1)]] | None = None
    sources: Annotated[
        dict[Name, Annotated[WalkSource | TokenSource, Field(discriminator="kind")]],
        Field(min_length=1),
    ]
    seeds: Annotated[list[Seed], Field(min_length=1, default_factory=lambda: [0])]
    repeats: Repeats | None = None
    recipe: TrainingRecipe
    held_out: HeldOut = HeldOut()
    tasks: dict[Name, Choices] = Field(default_factory=dict)
    hardware: Hardware | None = None
    sharding: Sharding = Sharding()
    checkpoint_seconds: NotNegative = 60.0
    log_rows: Whole = 50

    @property
    def walks(self) -> dict[str, WalkSource]:
        """Those of its sources that are walks, by name."""
        return {name: own for name, own in self.sources.items() if isinstance(own, WalkSource)}

    @model_validator(mode="after")
    def _nothing_twice(self) -> Spec:
        for name in ("sizes", "multipliers", "seeds"):
            values = getattr(self, name)
            twice = [value for i, value in enumerate(values) if value in values[:i]]
            if twice:
                raise ValueError(f"{name} must differ, got twice: {twice[0]}")
        if self.by_size is not None:
            if len(self.by_size) != len(self.sizes):
                rule = f"by_size must have a list for each of {len(self.sizes)} sizes"
                raise ValueError(f"{rule}, got {len(self.by_size)}")
            unknown = {m for own in self.by_size for m in own} - set(self.multipliers)
            if unknown:
                raise ValueError(f"by_size may name multipliers only, got {min(unknown):g}")
        both = self.repeats and set(self.repeats.seeds) & set(self.seeds)
        if both:
            raise ValueError(f"repeats.seeds must not be seeds of the whole grid, got {min(both)}")
        return self


def _in_words(error: Any) -> str:
    """Give one fault as a line: the key, the rule, the value."""
    key = ".".join(str(part) for part in error["loc"] if part not in ("walk", "tokens"))
    says = {
        "extra_forbidden": "is no key that a specification knows",
        "model_type": "must be a mapping of keys to values",
        "string_pattern_mismatch": "must be small letters, digits and underscores, at most 40",
        "union_tag_invalid": f"kind must be one of {error.get('ctx', {}).get('expected_tags')}",
    }
    message = says.get(error["type"], error["msg"].removeprefix("Value error, "))
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
    folder = path.parent.resolve()
    sources = {name: source.seen_from(folder) for name, source in spec.sources.items()}
    return spec.model_copy(update={"sources": sources})
