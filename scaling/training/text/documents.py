"""Where does text come from? Files, folders and data sets of the hub, read document by document.

`datasets` reads them all as streams, so nothing is held in memory or copied to disk.
"""

from __future__ import annotations

import codecs
import glob
import itertools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from scaling.tables.faults import show
from scaling.training.errors import GridError, naming

# Short names: data set of the hub, its configuration, the field that holds the text.
DATASETS = {
    "c4": ("allenai/c4", "en", "text"),
    "refinedweb": ("tiiuae/falcon-refinedweb", None, "content"),
}
BYTE_ORDER_MARK = "\ufeff"  # no text: editors put it first, and files put together have it anywhere
UNMARKED = "utf_8_unmarked"  # UTF-8 without byte order marks, see `_find_codec`
READERS: dict[str, tuple[str, dict[str, Any]]] = {
    ".txt": ("text", {"sample_by": "document"}),
    ".json": ("json", {"encoding": UNMARKED}),
    ".jsonl": ("json", {"encoding": UNMARKED}),
    ".parquet": ("parquet", {}),
    ".csv": ("csv", {"keep_default_na": False}),  # a document may well be the word "null"
}
PACKED = {  # how a compressed file begins
    ".gz": rb"\x1f\x8b",
    ".bz2": rb"BZh[1-9]1AY&SY",
    ".xz": rb"\xfd7zXZ\x00",
    ".zst": rb"\x28\xb5\x2f\xfd",
}
ZIP = {".zip": rb"PK\x03\x04"}  # holds files, which are not read out of it


@dataclass(frozen=True)
class TextSource:
    """Text, and how to read it: either files or a data set.

    Parameters
    ----------
    files : tuple of str
        Paths or addresses that `datasets` opens; a ``.txt`` file is one document.
    dataset : str, optional
        A folder, or a name on the hub.
    config, split : str, optional
        Of the data set.
    revision : str, optional
        Of a data set on the hub.
    field : str
        Holds the text of a document.
    """

    files: tuple[str, ...] = ()
    dataset: str | None = None
    config: str | None = None
    split: str | None = None
    revision: str | None = None
    field: str = "text"

    @property
    def name(self) -> str:
        """As a message calls it."""
        more = f" and {len(self.files) - 1} more" if len(self.files) > 1 else ""
        return self.dataset or self.files[0] + more


def choose_source(
    files: list[str],
    dataset: str | None = None,
    *,
    config: str | None = None,
    split: str = "train",
    revision: str | None = None,
    field: str | None = None,
) -> TextSource:
    """Choose where text comes from.

    Parameters
    ----------
    files : list of str
        Files, patterns of files, or addresses.
    dataset : str, optional
        A folder, a name on the hub, or a short name of `DATASETS`.
    config, split, revision, field
        As in `TextSource`.

    Returns
    -------
    TextSource
        Patterns are replaced by the files they match, and the revision by the commit that it
        stands for, so that the same text is read again.

    Raises
    ------
    GridError
        If not exactly one of `files` and `dataset` is given, a file is missing, of no kind that can
        be read or not compressed as its name says, or the hub cannot be reached.
    """
    if bool(files) == bool(dataset):
        raise GridError("--text or --dataset must be given, and not both")
    if dataset is None:
        found = tuple(path for pattern in files for path in _match(pattern))
        for file in found:
            _find_reader(file)
            _check_content(file)
        return TextSource(found, field=field or "text")
    for path in Path(dataset).rglob("*"):
        _check_in_folder(path, dataset)
    name, usual_config, usual_field = DATASETS.get(dataset, (dataset, None, "text"))
    source = TextSource(
        dataset=name,
        config=config or usual_config,
        split=split,
        revision=revision,
        field=field or usual_field,
    )
    return source if Path(name).exists() else replace(source, revision=_pin(name, revision))


def _match(pattern: str) -> list[str]:
    if "://" in pattern or Path(pattern).is_file():
        return [pattern]
    found = sorted(path for path in glob.glob(pattern, recursive=True) if Path(path).is_file())
    if not found:
        raise GridError(f"--text: there is no file {show(pattern)}")
    return found


def _endings(path: str) -> tuple[str, str]:
    """Give the ending of a file's name and what packs it, in small letters: ``.jsonl``, ``.gz``."""
    before, last = ["", "", *Path(path.lower()).suffixes][-2:]
    return (before, last) if last in PACKED else (last, "")


def _find_reader(path: str) -> tuple[str, dict[str, Any]]:
    kind, _ = _endings(path)
    if kind not in READERS:
        raise GridError(f"--text: a file must end in one of {', '.join(READERS)}, got {show(path)}")
    return READERS[kind]


def _check_content(path: str) -> None:
    """Check that a file of this machine is compressed as its name says; readers go by the name."""
    if "://" in path:
        return
    with naming(Path(path), "cannot be read"), open(path, "rb") as file:
        head = file.read(10)
    packs = (name for name, magic in (PACKED | ZIP).items() if re.match(magic, head))
    named, found = _endings(path)[1], next(packs, "")
    if found and found != named:
        rename = f", or let its name end in {found}" if found in PACKED else ""
        raise GridError(f"{path}: is compressed, as {found} files are: unpack it{rename}")
    if named and head and not found:
        raise GridError(f"{path}: is not compressed: let its name end without {named}")
    if named == ".zst" and find_spec("zstandard") is None:
        raise GridError(f"{path}: needs zstandard: pip install zstandard, or unpack it")
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise GridError(f"{path}: is UTF-16: save it as UTF-8")


def _check_in_folder(path: Path, folder: str) -> None:
    """Check that a file in the folder of a data set is read as it would be by its name."""
    kind, packed = _endings(path.name)
    if kind not in READERS or not path.is_file():
        return
    ending = path.name[-len(kind + packed) :]
    instead = f"name them by --text '{folder}/**/*{ending}'"
    if kind == ".txt":
        raise GridError(
            f"--dataset: {folder} holds .txt files, which a data set cuts line by line: {instead}, "
            "each one document"
        )
    if ending != kind + packed:
        raise GridError(
            f"--dataset: {folder} holds {ending} files, which a data set takes in small letters "
            f"alone: {instead}"
        )
    _check_content(str(path))


def _decode(data: Any, errors: str = "strict", final: bool = True) -> tuple[str, int]:
    text, used = codecs.utf_8_decode(data, errors, final)
    return text.replace(BYTE_ORDER_MARK, ""), used


class _Decoder(codecs.BufferedIncrementalDecoder):
    def _buffer_decode(self, data: Any, errors: str, final: bool) -> tuple[str, int]:
        return _decode(data, errors, final)


@codecs.register
def _find_codec(name: str) -> codecs.CodecInfo | None:
    """Find UTF-8 whose byte order marks are passed over, which no reader of JSON does."""
    if name != UNMARKED:
        return None
    return codecs.CodecInfo(codecs.utf_8_encode, _decode, incrementaldecoder=_Decoder, name=name)


@contextmanager
def _reading(name: str) -> Iterator[None]:
    """Give every failure of the libraries that read a source as one message that names it.

    They raise what a parser, a disk, the hub or the network raises: no list of types is whole.
    """
    try:
        yield
    except GridError:
        raise
    except Exception as error:
        says = " ".join(str(error).split()) or "no reason given"
        raise GridError(f"{name}: cannot be read: {type(error).__name__}: {says}") from error


def _pin(name: str, revision: str | None) -> str | None:
    """Look up the commit that a revision of a data set on the hub stands for."""
    from huggingface_hub import HfApi

    with _reading(name):
        return HfApi().dataset_info(name, revision=revision).sha


def read_texts(source: TextSource) -> Iterator[str]:
    """Read the texts of a source, document by document; empty where a row has none.

    Byte order marks are no part of a text, wherever they stand.

    Raises
    ------
    GridError
        If the source cannot be read, or its field is missing or holds no text.
    """
    from datasets import load_dataset

    for name, field, call in _calls(source):
        with _reading(name):
            for row in load_dataset(**call, streaming=True):
                yield _text_of(row, field, name)


def _calls(source: TextSource) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Give the calls that open a source: a name for messages, the field, what is asked for.

    Neighbours of one kind share a call, since each call tells the hub of itself, which takes time.
    """
    if source.dataset is not None:
        call: dict[str, Any] = {"path": source.dataset, "name": source.config}
        call |= {"split": source.split, "revision": source.revision}
        yield source.dataset, source.field, call
    for kind, own in itertools.groupby(source.files, key=lambda path: _find_reader(path)[0]):
        files = tuple(own)
        call = {"path": kind, "data_files": list(files), "split": "train"}
        field = "text" if kind == "text" else source.field
        yield TextSource(files).name, field, call | _find_reader(files[0])[1]


def _text_of(row: dict[str, Any], field: str, name: str) -> str:
    if field not in row:
        raise GridError(f"{name}: has no field {show(field)}; it has {', '.join(row)}: set --field")
    text = row[field]
    if text is not None and not isinstance(text, str):
        raise GridError(f"{name}: the field {field!r} must hold text, got {show(str(text))}")
    return (text or "").replace(BYTE_ORDER_MARK, "")
