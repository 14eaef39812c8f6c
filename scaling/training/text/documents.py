"""Where does text come from? Files, folders and data sets of the hub, read document by document.

`datasets` reads them all as streams, so nothing is held in memory or copied to disk.
"""

from __future__ import annotations

import glob
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from scaling.tables.faults import show
from scaling.training.errors import GridError

# Short names: data set of the hub, its configuration, the field that holds the text.
DATASETS = {
    "c4": ("allenai/c4", "en", "text"),
    "refinedweb": ("tiiuae/falcon-refinedweb", None, "content"),
}
READERS: dict[str, tuple[str, dict[str, Any]]] = {
    ".txt": ("text", {"sample_by": "document"}),
    ".json": ("json", {}),
    ".jsonl": ("json", {}),
    ".parquet": ("parquet", {}),
    ".csv": ("csv", {"keep_default_na": False}),  # a document may well be the word "null"
}
PACKED = (".gz", ".bz2", ".xz", ".zst")


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
        If not exactly one of `files` and `dataset` is given, a file is missing or of no kind that
        can be read, or the hub cannot be reached.
    """
    if bool(files) == bool(dataset):
        raise GridError("--text or --dataset must be given, and not both")
    if dataset is None:
        found = tuple(path for pattern in files for path in _match(pattern))
        for path in found:
            _find_reader(path)
        return TextSource(found, field=field or "text")
    if any(Path(dataset).rglob("*.txt")):
        raise GridError(
            f"--dataset: {dataset} holds .txt files, which a data set cuts line by line: name them "
            f"by --text '{dataset}/**/*.txt', each one document"
        )
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


def _find_reader(path: str) -> tuple[str, dict[str, Any]]:
    suffixes = [suffix for suffix in Path(path).suffixes if suffix not in PACKED]
    suffix = suffixes[-1] if suffixes else ""
    if suffix not in READERS:
        raise GridError(f"--text: a file must end in one of {', '.join(READERS)}, got {show(path)}")
    return READERS[suffix]


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
    return text or ""
