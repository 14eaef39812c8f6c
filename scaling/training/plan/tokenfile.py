"""How are tokens kept? One flat memory-mapped file, and a manifest that names every block's hash.

Block hashes let a run check what it reads as it reads it, however large the file is.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from scaling.training.errors import GridError
from scaling.training.plan.records import hash_of, read_record, write_aside, write_record

TOKENS, MANIFEST = "tokens.bin", "manifest.json"
BLOCK = 2**22  # tokens that one hash covers


@dataclass(frozen=True)
class Manifest:
    """What a token file holds.

    Parameters
    ----------
    vocab : int
        Vocabulary size: every token is below it.
    tokens, documents : int
        Number of tokens and of documents; each document ends with the token `end_of_text`.
    end_of_text : int
        Token that ends a document.
    blocks : list of str
        SHA-256 of each block of `block` tokens.
    block : int
        Tokens in a block; the last may be shorter.
    source, tokenizer : dict
        Where the text came from (name, revision) and what cut it (name, SHA-256 of its file).
    """

    vocab: int
    tokens: int
    documents: int
    end_of_text: int
    blocks: list[str]
    block: int
    source: dict[str, Any]
    tokenizer: dict[str, Any]

    @property
    def sha256(self) -> str:
        """Identity of the tokens, a hash of the block hashes and the vocabulary size."""
        return hash_of([self.vocab, self.tokens, self.block, self.blocks])

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the tokens on disk, 16 bits where the vocabulary allows it."""
        return _dtype(self.vocab)

    def count_windows(self, length: int) -> int:
        """Count the windows of ``length + 1`` tokens that start `length` apart."""
        return (self.tokens - 1) // length

    @property
    def left_from_a_split(self) -> bool:
        """Whether it is the part to train on of a text of which another part is held out."""
        return self.source.get("part") == "train" and self.source.get("held_out_share", 0) > 0

    def shares_tokens(self, other: Manifest) -> bool:
        """Tell whether a block of its tokens stands in another file too, whatever their places."""
        return not set(self.blocks).isdisjoint(other.blocks)


def _dtype(vocab: int) -> np.dtype[Any]:
    return np.dtype("<u2" if vocab <= 2**16 else "<u4")


def read_manifest(folder: str | Path) -> Manifest:
    """Read and check the manifest in a folder that ``scaling grid prepare`` has made.

    Raises
    ------
    GridError
        If there is none, or it is damaged.
    """
    path = Path(folder) / MANIFEST
    if not path.exists():
        raise GridError(
            f"{path}: is not there: `scaling grid prepare` makes a token file, whose folder the "
            "specification names"
        )
    try:
        return Manifest(**read_record(path))
    except TypeError as error:
        raise GridError(f"{path}: is no manifest of a token file: {error}") from error


def write_tokens(
    folder: str | Path,
    documents: Iterable[list[int]],
    *,
    vocab: int,
    end_of_text: int,
    source: dict[str, Any],
    tokenizer: dict[str, Any],
    block: int = BLOCK,
) -> Manifest:
    """Write documents as one token file; the manifest comes last, so half a file has none.

    Parameters
    ----------
    folder : str or Path
        Made where it is missing.
    documents : iterable of list of int
        Tokens of each document, without the one that ends it.
    vocab, end_of_text, source, tokenizer, block
        As in `Manifest`.

    Raises
    ------
    GridError
        If a token is not below `vocab`, there is no document, or the disk is full.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MANIFEST).unlink(missing_ok=True)
    blocks: list[str] = []
    n_tokens = n_documents = 0

    def checked() -> Iterator[list[int]]:
        nonlocal n_documents
        for document in documents:
            n_documents += 1
            tokens = [*document, end_of_text]
            wrong = [token for token in tokens if not 0 <= token < vocab]
            if wrong:
                raise GridError(
                    f"document {n_documents}: a token must be below the vocabulary size {vocab}, "
                    f"got {wrong[0]}"
                )
            yield tokens

    def write(file: IO[bytes]) -> None:
        nonlocal n_tokens
        stream = itertools.chain.from_iterable(checked())
        while tokens := list(itertools.islice(stream, block)):
            data = np.asarray(tokens, dtype=_dtype(vocab)).tobytes()
            blocks.append(hashlib.sha256(data).hexdigest())
            n_tokens += len(tokens)
            file.write(data)
        if not blocks:
            raise GridError("there is no document: nothing to train on")

    write_aside(folder / TOKENS, write)
    manifest = Manifest(vocab, n_tokens, n_documents, end_of_text, blocks, block, source, tokenizer)
    write_record(folder / MANIFEST, vars(manifest))
    return manifest


@dataclass(frozen=True)
class TokenFile:
    """A token file that is read window by window, each block checked when it is first touched.

    Parameters
    ----------
    folder : Path
        Folder that holds it.

    Raises
    ------
    GridError
        If the manifest is missing or damaged, the file has another length than it says, or (on
        reading) a block does not have its hash.
    """

    folder: Path

    def __post_init__(self) -> None:
        """Check the values."""
        path, manifest = self.folder / TOKENS, self.manifest
        wanted = manifest.tokens * manifest.dtype.itemsize
        size = path.stat().st_size if path.exists() else None
        if size != wanted:
            found = "is missing" if size is None else f"has {size:,} bytes"
            raise GridError(f"{path}: {found}, the manifest says {wanted:,}: prepare it again")

    @cached_property
    def manifest(self) -> Manifest:
        """What the file holds."""
        return read_manifest(self.folder)

    @cached_property
    def _tokens(self) -> NDArray[Any]:
        return np.memmap(self.folder / TOKENS, dtype=self.manifest.dtype, mode="r")

    @cached_property
    def _checked(self) -> set[int]:
        return set()

    def _check_block(self, index: int) -> None:
        """Compare a block with its hash, once."""
        if index in self._checked:
            return
        size = self.manifest.block
        data = self._tokens[index * size : (index + 1) * size].tobytes()
        if hashlib.sha256(data).hexdigest() != self.manifest.blocks[index]:
            raise GridError(
                f"{self.folder / TOKENS}: block {index} does not have the hash that the manifest "
                "names: the file was changed; prepare it again"
            )
        self._checked.add(index)

    def read_windows(self, windows: NDArray[np.int64], length: int) -> NDArray[np.int64]:
        """Read windows by number: tokens ``w T`` to ``(w + 1) T``, both ends included.

        Numbers below ``manifest.count_windows(length)`` of shape (sequences,) give shape
        (sequences, length + 1).
        """
        places = windows[:, None] * length + np.arange(length + 1)
        size = self.manifest.block
        one_of_each_block = places[:, [*range(0, length, size), length]]
        for index in np.unique(one_of_each_block // size):
            self._check_block(int(index))
        return self._tokens[places].astype(np.int64)
