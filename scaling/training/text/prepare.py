"""How does text become a token file? Cut by a tokenizer, split by a hash, written as it streams.

A document is held out or not by a hash of its own text: the order of the documents decides nothing,
and all copies of one fall on the same side. A text that is one document is cut in two by position.
"""

from __future__ import annotations

import hashlib
import itertools
import math
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from scaling.training.errors import GridError, naming
from scaling.training.plan.locks import LOCK, hold
from scaling.training.plan.records import clear_aside, write_text
from scaling.training.plan.tokenfile import MANIFEST, TOKENS, Manifest, read_manifest, write_tokens
from scaling.training.text.documents import TextSource, read_texts

if TYPE_CHECKING:
    from tokenizers import Tokenizer

TRAIN, HELD_OUT, TOKENIZER = "train", "held_out", "tokenizer.json"
BATCH = 2**20  # characters that are cut at a time


@dataclass(frozen=True)
class Cut:
    """How text is cut into tokens, and how much of it is taken.

    Parameters
    ----------
    tokenizer : str
        A file of `tokenizers`, or a name on the hub.
    end_of_text : str
        Entry of the tokenizer that ends a document.
    vocab : int, optional
        Vocabulary size of the models, at least the tokenizer's; by default the tokenizer's.
    tokens : int, optional
        Training tokens after which to stop, at the end of a document; by default all.
    held_out_share : float
        Share of the documents that is held out, a fraction below 1; of the tokens, where there is
        one document.
    """

    tokenizer: str
    end_of_text: str = "<|endoftext|>"
    vocab: int | None = None
    tokens: int | None = None
    held_out_share: float = 0.01


@dataclass(frozen=True)
class Prepared:
    """What was written: training tokens, those held out, if any; and documents without text.

    `one_document` says that there was one, whose end is held out.
    """

    train: Manifest
    held_out: Manifest | None
    skipped: int
    one_document: bool = False


def describe(manifest: Manifest) -> dict[str, Any]:
    """Describe a token file: its manifest, with one hash in place of those of its blocks."""
    content = asdict(manifest)
    del content["blocks"]
    return content | {"sha256": manifest.sha256}


def open_tokenizer(name: str) -> Tokenizer:
    """Open a tokenizer, a file of `tokenizers` or a name on the hub, as documents are cut with it.

    It neither truncates nor pads, whatever its file says, and text that spells a special entry is
    cut as any other text, so that no document can forge its end.

    Raises
    ------
    GridError
        If it cannot be read.
    """
    from tokenizers import Tokenizer

    is_file = Path(name).is_file()
    if name.endswith(".json") and not is_file:
        raise GridError(f"tokenizer {name}: there is no such file")
    try:
        tokenizer = Tokenizer.from_file(name) if is_file else Tokenizer.from_pretrained(name)
    except Exception as error:  # tokenizers raises plain exceptions
        says = " ".join(str(error).split())
        place = "" if is_file else "there is no such file, and on the hub "
        raise GridError(f"tokenizer {name}: {place}it cannot be read: {says}") from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.encode_special_tokens = True
    return tokenizer


def _place(text: str) -> int:
    """Give the place of a document, a whole number below 2^64, by a hash of its text."""
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big")


def is_held_out(text: str, share: float) -> bool:
    """Tell whether a document is held out: whether the hash of its text is below the share."""
    return _place(text) < share * 2**64


def prepare(
    folder: str | Path,
    source: TextSource,
    cut: Cut,
    *,
    force: bool = False,
    show: Callable[[int], object] = lambda tokens: None,
) -> Prepared:
    """Turn text into the token files ``train`` and ``held_out``, each with its tokenizer.

    Parameters
    ----------
    folder : str or Path
        Made where it is missing.
    source : TextSource
        Where documents come from.
    cut : Cut
        How they are cut, and how many are taken.
    force : bool
        Whether token files that stand there are made anew.
    show : callable
        Is told of so many more training tokens, now and then.

    Raises
    ------
    GridError
        If the tokenizer lacks `end_of_text` or has more than `vocab` entries, token files stand
        there already, the source cannot be read or has no document for one side, or the disk is
        full. No new token file is left then.
    """
    folder = Path(folder)
    tokenizer = open_tokenizer(cut.tokenizer)
    plan = _plan(source, cut, tokenizer)
    with naming(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with hold(folder / LOCK) as free:
            if not free:
                raise GridError(f"{folder}: another process prepares it now")
            if not force:
                _refuse_to_overwrite(folder, plan)
            _clear(folder)
            try:
                return _write(folder, source, cut, tokenizer, plan, show)
            except BaseException:
                _clear(folder)
                raise


def _plan(source: TextSource, cut: Cut, tokenizer: Tokenizer) -> dict[str, Any]:
    """Gather what the manifests will say of the inputs, and check it."""
    text = tokenizer.to_str()
    entries = 1 + max(tokenizer.get_vocab().values(), default=-1)
    end = tokenizer.token_to_id(cut.end_of_text)
    if end is None:
        raise GridError(
            f"tokenizer {cut.tokenizer}: has no entry {cut.end_of_text!r} to end a document with: "
            "set --end-of-text"
        )
    if cut.vocab is not None and cut.vocab < entries:
        raise GridError(
            f"vocab must be at least the tokenizer's {entries} entries, got {cut.vocab}"
        )
    if not 0 <= cut.held_out_share < 1:
        raise GridError(f"held_out_share must be in [0, 1), got {cut.held_out_share}")
    taken = {"tokens": cut.tokens, "held_out_share": cut.held_out_share}
    return {
        "vocab": cut.vocab or entries,
        "end_of_text": end,
        "source": asdict(source) | {"files": list(source.files)} | taken,
        "tokenizer": {
            "name": cut.tokenizer,
            "entries": entries,
            "end_of_text": cut.end_of_text,
            "sha256": hashlib.sha256(text.encode("utf-8")).hexdigest(),
        },
    }


def _refuse_to_overwrite(folder: Path, plan: dict[str, Any]) -> None:
    if not (folder / TRAIN / MANIFEST).exists():
        return
    found = asdict(read_manifest(folder / TRAIN))
    found["source"] = {key: found["source"].get(key) for key in plan["source"]}
    other = [key for key, value in plan.items() if found[key] != value]
    if other:
        raise GridError(
            f"{folder}: holds token files made with another {', '.join(other)}: choose another "
            "folder, or make them anew with --force"
        )
    raise GridError(
        f"{folder}: holds the token files of this source, tokenizer and split: use them, or make "
        "them anew with --force"
    )


def _clear(folder: Path) -> None:
    """Remove the token files of an earlier call, and what a killed process was writing."""
    for part in (TRAIN, HELD_OUT):
        for name in (MANIFEST, TOKENS):
            (folder / part / name).unlink(missing_ok=True)
        clear_aside(folder / part)


def _write(
    folder: Path,
    source: TextSource,
    cut: Cut,
    tokenizer: Tokenizer,
    plan: dict[str, Any],
    show: Callable[[int], object],
) -> Prepared:
    def write(part: str, documents: Iterable[list[int]]) -> Manifest:
        (folder / part).mkdir(exist_ok=True)
        write_text(folder / part / TOKENIZER, tokenizer.to_str())
        named = plan | {"source": plan["source"] | {"part": part}}
        return write_tokens(folder / part, documents, **named)

    with tempfile.TemporaryFile(dir=folder) as file:
        split = _Split(source, cut, tokenizer, file, show)
        train = write(TRAIN, split.train())
        held_out = write(HELD_OUT, split.held_out()) if cut.held_out_share else None
    return Prepared(train, held_out, split.skipped, split.one_document)


@dataclass
class _Split:
    """One pass over a source: training documents come out, those held out wait in a file."""

    source: TextSource
    cut: Cut
    tokenizer: Tokenizer
    waiting: IO[bytes]
    show: Callable[[int], object]
    skipped: int = 0
    one_document: bool = False

    def train(self) -> Iterator[list[int]]:
        cut_texts = self._cut_all()
        first = list(itertools.islice(cut_texts, 2))
        if len(first) == 1 and self.cut.held_out_share:
            yield self._cut_in_two(first[0][1])
            return
        documents = held_out = tokens = 0
        lowest, highest = 2**64, 0
        for text, document in itertools.chain(first, cut_texts):
            lowest, highest = min(lowest, _place(text)), max(highest, _place(text))
            if is_held_out(text, self.cut.held_out_share):
                held_out += 1
                self._hold_out(document)
                continue
            documents += 1
            tokens += len(document) + 1  # with the one that ends it
            self.show(len(document) + 1)
            yield document
            if self.cut.tokens is not None and tokens >= self.cut.tokens:
                break
        self._check(documents, held_out, lowest, highest)

    def _cut_in_two(self, document: list[int]) -> list[int]:
        """Hold the end of the only document out, and give back what comes before."""
        n = len(document)
        if n < 2:
            raise GridError(
                f"{self.source.name}: has one document of one token and none to hold out: add "
                "text, or set --held-out-share to 0"
            )
        end = min(max(1, round(self.cut.held_out_share * n)), n - 1)
        self.one_document = True
        self._hold_out(document[n - end :])
        self.show(n - end + 1)
        return document[: n - end]

    def _hold_out(self, document: list[int]) -> None:
        self.waiting.write(np.array([len(document), *document], dtype="<u4").tobytes())

    def held_out(self) -> Iterator[list[int]]:
        self.waiting.seek(0)
        while head := self.waiting.read(4):
            content = self.waiting.read(4 * int.from_bytes(head, "little"))
            yield np.frombuffer(content, dtype="<u4").tolist()

    def _cut_all(self) -> Iterator[tuple[str, list[int]]]:
        for texts in _in_batches(read_texts(self.source)):
            full = [text for text in texts if text.strip()]
            cut = self.tokenizer.encode_batch_fast(full, add_special_tokens=False)
            pairs = [(text, one.ids) for text, one in zip(full, cut, strict=True) if one.ids]
            self.skipped += len(texts) - len(pairs)
            yield from pairs

    def _check(self, documents: int, held_out: int, lowest: int, highest: int) -> None:
        """Check that both sides have documents, and name a share with which they do."""
        share, name, n = self.cut.held_out_share, self.source.name, documents + held_out
        if not n:
            raise GridError(f"{name}: has no document with text")
        if documents and (held_out or not share):
            return
        if n > 1 and lowest == highest:
            raise GridError(
                f"{name}: its {n} documents are all the same, and copies stay together: add other "
                "text, or set --held-out-share to 0"
            )
        if documents:
            enough = math.ceil(lowest / 2**64 * 10_000) / 10_000
            raise GridError(
                f"{name}: none of {n} documents is held out: raise --held-out-share {share:g} to "
                f"{enough:g}, or set it to 0"
            )
        few = math.floor(highest / 2**64 * 10_000) / 10_000
        raise GridError(
            f"{name}: all {n} documents are held out and none is left to train on: lower "
            f"--held-out-share {share:g} to {few:g}"
        )


def _in_batches(texts: Iterable[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    characters = 0
    for text in texts:
        batch.append(text)
        characters += len(text) + 1
        if characters >= BATCH:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch
