"""The text of the worked case: which modules, in which order, cut by which tokenizer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scaling.studies.decide.stdlib_text import (
    END_OF_TEXT,
    ENTRIES,
    LEFT_OUT,
    MODULES,
    TOKENIZER,
    list_modules,
    write_text,
)


def make_library(folder: Path) -> Path:
    """Make a small library, with what is to be left out."""
    texts = {"b.py": "b = [1]\n", "a/one.py": "def f(x):\n    return x\n", "notes.txt": "no code"}
    texts |= {f"{name}/left.py": "left = 0\n" for name in LEFT_OUT}
    texts["a/tests/left.py"] = "left = 0\n"
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_modules_come_by_path_without_what_is_left_out(tmp_path):
    modules = list_modules(make_library(tmp_path))
    assert [module["path"] for module in modules] == ["a/one.py", "b.py"]
    assert modules[1]["text"] == "b = [1]\n"


def test_the_library_of_this_python_is_read():
    paths = [module["path"] for module in list_modules()]
    assert {"json/decoder.py", "argparse.py", "asyncio/events.py"} <= set(paths)
    assert not [path for path in paths if LEFT_OUT & set(Path(path).parts)]


def test_what_is_written_is_the_same_twice_and_cuts_any_text(tmp_path):
    tokenizers = pytest.importorskip("tokenizers")
    for name in ("one", "two"):
        write_text(tmp_path / name, make_library(tmp_path / "library"))
    for name in (MODULES, TOKENIZER):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    lines = (tmp_path / "one" / MODULES).read_text().splitlines()
    assert [json.loads(line)["path"] for line in lines] == ["a/one.py", "b.py"]
    tokenizer = tokenizers.Tokenizer.from_file(str(tmp_path / "one" / TOKENIZER))
    assert tokenizer.token_to_id(END_OF_TEXT) == 0
    assert tokenizer.get_vocab_size() <= ENTRIES
    for text in ("x = {'é': [\t∑]}\r\n", "\x00"):
        assert tokenizer.decode(tokenizer.encode(text).ids) == text
