"""Which text stands for a company's own code? The modules of Python's standard library.

They lie on every machine that runs this, under the licence of the Python Software Foundation, and
are written by hand over decades by many people, as the code of a company is.
"""

from __future__ import annotations

import json
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# Not the library's own, or missing on many machines (tests), or tables and text made by programs.
LEFT_OUT = frozenset(
    {"site-packages", "dist-packages", "test", "tests", "idle_test", "encodings", "pydoc_data"}
)
MODULES, TOKENIZER = "modules.jsonl", "tokenizer.json"
END_OF_TEXT = "<|endoftext|>"
ENTRIES = 512  # of the tokenizer: 256 bytes, the end of a text, and 255 pieces of code
CUT_OF = 4  # the tokenizer is trained on every fourth module


def list_modules(library: Path | None = None) -> list[dict[str, str]]:
    """List the modules of the standard library, by path: its ``path`` and ``text``.

    Parameters
    ----------
    library : Path, optional
        Its folder; by default that of this Python.
    """
    library = library or Path(sysconfig.get_path("stdlib"))
    own = (path.relative_to(library) for path in library.rglob("*.py"))
    kept = sorted(path.as_posix() for path in own if LEFT_OUT.isdisjoint(path.parts))
    return [{"path": path, "text": (library / path).read_text("utf-8")} for path in kept]


def train_tokenizer(texts: Iterator[str]) -> Any:
    """Train a byte-level BPE of `ENTRIES` entries, which no text is outside of."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=ENTRIES,
        special_tokens=[END_OF_TEXT],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def write_text(folder: Path, library: Path | None = None) -> list[dict[str, str]]:
    """Write the modules, one a line, and their tokenizer: what ``scaling grid prepare`` takes."""
    folder.mkdir(parents=True, exist_ok=True)
    modules = list_modules(library)
    lines = (json.dumps(module) + "\n" for module in modules)
    (folder / MODULES).write_text("".join(lines), "utf-8")
    train_tokenizer(module["text"] for module in modules[::CUT_OF]).save(str(folder / TOKENIZER))
    return modules


if __name__ == "__main__":
    written = write_text(Path(sys.argv[1]))
    characters = sum(len(module["text"]) for module in written)
    print(f"{sys.argv[1]}: {len(written)} modules, {characters:,} characters, {sys.version}")
