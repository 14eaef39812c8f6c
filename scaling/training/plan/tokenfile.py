"""How are tokens kept? One flat memory-mapped file, and a manifest that names every block's hash.

Block hashes let a run check what it reads as it reads it, however large the file is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scaling.training.errors import GridError
from scaling.training.plan.records import hash_of, read_record, write_aside, write_record

TOKENS, MANIFEST = "tokens.bin", "manifest.json"
BLOCK = 2**22  # tokens that one hash covers
ROUNDS = 6  # of the permutation; four would already look random


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
        """Type of the tokens on disk: 16 bits where the vocabulary allows it."""
        return np.dtype("<u2" if self.vocab <= 2**16 else "<u4")


def read_manifest(folder: str | Path) -> Manifest:
    """Read and check the manifest of a token file.

    Parameters
    ----------
    folder : str or Path
        Folder that ``scaling grid prepare`` has made.

    Returns
    -------
    Manifest

    Raises
    ------
    GridError
        If there is none, or it is damaged.
    """
    path = Path(folder) / MANIFEST
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

    Returns
    -------
    Manifest

    Raises
    ------
    GridError
        If a token is not below `vocab`, there is no document, or the disk is full.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MANIFEST).unlink(missing_ok=True)
    writer = _Writer(vocab, block)

    def write(file: Any) -> None:
        for document in documents:
            writer.add(file, [*document, end_of_text])
        writer.finish(file)

    write_aside(folder / TOKENS, write)
    manifest = Manifest(
        vocab, writer.tokens, writer.documents, end_of_text, writer.blocks, block, source, tokenizer
    )
    write_record(folder / MANIFEST, manifest.__dict__)
    return manifest


@dataclass
class _Writer:
    """Cuts a stream of documents into blocks and hashes each."""

    vocab: int
    block: int
    tokens: int = 0
    documents: int = 0
    blocks: list[str] = field(default_factory=list)
    waiting: list[int] = field(default_factory=list)

    def add(self, file: Any, document: list[int]) -> None:
        low, high = min(document), max(document)
        if low < 0 or high >= self.vocab:
            value = low if low < 0 else high
            raise GridError(
                f"document {self.documents + 1}: a token must be below the vocabulary size "
                f"{self.vocab}, got {value}"
            )
        self.documents += 1
        self.waiting += document
        while len(self.waiting) >= self.block:
            self._flush(file, self.waiting[: self.block])
            self.waiting = self.waiting[self.block :]

    def finish(self, file: Any) -> None:
        if self.waiting:
            self._flush(file, self.waiting)
        if not self.tokens:
            raise GridError("there is no document: nothing to train on")

    def _flush(self, file: Any, tokens: list[int]) -> None:
        data = np.asarray(tokens, dtype="<u2" if self.vocab <= 2**16 else "<u4").tobytes()
        self.blocks.append(hashlib.sha256(data).hexdigest())
        self.tokens += len(tokens)
        file.write(data)


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

    def check_block(self, index: int) -> None:
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

    def count_windows(self, length: int) -> int:
        """Count the windows of ``length + 1`` tokens that start `length` apart.

        Raises
        ------
        GridError
            If there is not one.
        """
        windows = (self.manifest.tokens - 1) // length
        if windows < 1:
            raise GridError(
                f"{self.folder}: has {self.manifest.tokens} tokens, fewer than one window of "
                f"{length + 1}"
            )
        return windows

    def read_windows(self, windows: NDArray[np.int64], length: int) -> NDArray[np.int64]:
        """Read windows by number: tokens ``w T`` to ``(w + 1) T``, both ends included.

        Parameters
        ----------
        windows : ndarray of int64, shape (sequences,)
            Numbers below ``count_windows(length)``.
        length : int
            T.

        Returns
        -------
        ndarray of int64, shape (sequences, length + 1)
        """
        starts = windows * length
        size = self.manifest.block
        touched = {
            block
            for first, last in zip(starts // size, (starts + length) // size, strict=True)
            for block in range(int(first), int(last) + 1)
        }
        for index in sorted(touched):
            self.check_block(index)
        return self._tokens[starts[:, None] + np.arange(length + 1)].astype(np.int64)


def permute(index: NDArray[np.int64], n: int, seed: int) -> NDArray[np.int64]:
    """Look up places in a random order of ``range(n)`` without making that order.

    A Feistel network permutes the numbers of ``2 h`` bits, the fewest that hold n; a number that
    lands outside goes through again until it lands inside, which leaves a permutation of the rest.

    Parameters
    ----------
    index : ndarray of int64, shape (k,)
        Places in the order, each in ``range(n)``.
    n : int
        Length of the order.
    seed : int
        Which order.

    Returns
    -------
    ndarray of int64, shape (k,)
        Distinct numbers in ``range(n)`` for distinct places.

    References
    ----------
    Black and Rogaway, Ciphers with arbitrary finite domains (2002), section 3 (cycle walking).
    """
    half = np.uint64(max(1, -(-int(n - 1).bit_length() // 2)))
    mask = np.uint64((1 << int(half)) - 1)
    keys = np.random.Philox(key=seed).random_raw(ROUNDS)
    place = np.asarray(index).astype(np.uint64)
    outside = np.ones(len(place), dtype=bool)
    while outside.any():
        left, right = place[outside] >> half, place[outside] & mask
        for key in keys:
            left, right = right, left ^ (_mix(right ^ key) & mask)
        place[outside] = (left << half) | right
        outside = place >= n
    return place.astype(np.int64)


def _mix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Scatter the bits of 64-bit numbers (the finaliser of SplitMix64)."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
