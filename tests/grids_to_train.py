"""Small grids and tokenizers that the tests of training share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from scaling.training.plan.cells import Cell, list_cells
from scaling.training.plan.spec import read_spec

SMALL: dict[str, Any] = {
    "name": "small",
    "sizes": [{"width": 8, "layers": 1, "heads": 1}, {"width": 12, "layers": 1, "heads": 2}],
    "multipliers": [1, 2],
    "sources": {"walk": {"kind": "walk", "vocab": 32, "decay": 0.75, "strength": 2.0, "seed": 2}},
    "seeds": [0],
    "recipe": {"length": 16, "batch_sequences": 8, "lr_scale": 0.3, "lr_max": 0.03},
    "held_out": {"sequences": 32},
    "tasks": {"pick4": {"choices": 4, "items": 50}},
    "checkpoint_seconds": 0,
    "log_rows": 10,
}


def write_spec(folder: Path, **changes: Any) -> Path:
    """Write the small grid with some of its parts changed; mappings are merged."""
    spec = dict(SMALL)
    for key, value in changes.items():
        merged = isinstance(value, dict) and isinstance(spec.get(key), dict)
        spec[key] = spec[key] | value if merged else value
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "spec.yaml"
    path.write_text(yaml.safe_dump(spec, sort_keys=False))
    return path


def one_cell(folder: Path, **changes: Any) -> Cell:
    """Give the one run of a grid of the first size and multiplier."""
    first = {"sizes": SMALL["sizes"][:1], "multipliers": [1]}
    (cell,) = list_cells(read_spec(write_spec(folder, **(first | changes))))
    return cell


def decided(result: dict[str, Any]) -> dict[str, Any]:
    """Give the part of a result that does not depend on speed and stops."""
    varies = ("speed", "environments", "damaged_checkpoints")
    return {key: value for key, value in result.items() if key not in varies}


END = "<|endoftext|>"


def train_tokenizer(path: Path, documents: list[str], entries: int) -> Path:
    """Train a small tokenizer on documents and save it."""
    tokenizers = pytest.importorskip("tokenizers")
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE())
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = tokenizers.decoders.ByteLevel()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=entries,
        special_tokens=[END],
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(documents, trainer)
    tokenizer.save(str(path))
    return path


def flip_a_bit(path: Path) -> None:
    """Harm a file in its middle."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
