"""A book of one page, in a temporary folder: what a build notices, refuses, and leaves alone."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import jupytext
import nbformat
import pytest
import yaml
from places import ROOT

PAGE = """# %% [markdown]
# # What is the number?

# %%
from scaling.constant import NUMBER

# %% mystnb={"image": {"alt": "A line that climbs from 0 to 1."}}
import matplotlib.pyplot as plt
from myst_nb import glue
fig, ax = plt.subplots()
ax.plot([0, 1])
glue("line", fig, display=False)

# %%
f"the number is {NUMBER}"
"""
INTRO = """# A page of prose

```{glued-figure} line
:doc: notebooks/page
:alt: The glued line climbs from 0 to 1.
:name: fig-line

Its caption.
```

{numref}`fig-line` shows it.
"""
TOC = {"format": "jb-book", "root": "book/intro", "chapters": [{"file": "notebooks/page"}]}
EXECUTED, CACHED = "chapter 1 of 1: page\n", "chapter 1 of 1: page, from its stored run\n"
NOTHING = "Nothing changed"


def finish(build: subprocess.Popen[str]) -> tuple[int, str]:
    """Wait for a build; give its exit code and all that it said."""
    said, _ = build.communicate()
    return build.returncode, said


class Book:
    """A miniature book that is built by our script, with our settings and extensions."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("_ext", "_static"):
            shutil.copytree(ROOT / "book" / name, folder / "book" / name)
        for name in ("build.py", "progress.py", "_config.yml", "references.bib"):
            shutil.copy(ROOT / "book" / name, folder / "book")
        self.write("book/_toc.yml", yaml.safe_dump(TOC))
        self.write("book/intro.md", INTRO)
        self.write("scaling/__init__.py", "")
        self.write("scaling/constant.py", "NUMBER = 41\n")
        self.write_page(PAGE)

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def write_page(self, text: str) -> None:
        notebook = jupytext.reads(text, fmt="py:percent")
        self.write("notebooks/page.ipynb", nbformat.writes(notebook))

    def start(self) -> subprocess.Popen[str]:
        command = [sys.executable, "book/build.py"]
        pipe, merged = subprocess.PIPE, subprocess.STDOUT
        return subprocess.Popen(command, cwd=self.folder, stdout=pipe, stderr=merged, text=True)

    def build(self) -> tuple[int, str]:
        return finish(self.start())

    def page(self, name: str = "notebooks/page") -> str:
        return (self.folder / "_build" / "html" / f"{name}.html").read_text("utf-8")


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Book:
    """Build once; the tests below copy the result."""
    book = Book(tmp_path_factory.mktemp("built"))
    status, log = book.build()
    assert status == 0, log
    assert EXECUTED in log
    return book


@pytest.fixture
def book(built, tmp_path) -> Book:
    copy = Book.__new__(Book)
    copy.folder = tmp_path / "copy"
    shutil.copytree(built.folder, copy.folder)
    return copy


def test_the_page_shows_the_number_and_the_figure(built):
    assert "the number is 41" in built.page()
    assert (built.folder / "_build" / "html" / "index.html").is_file()


def test_a_glued_figure_keeps_its_caption_and_its_sentence_on_another_page(built):
    prose = built.page("book/intro")
    assert 'alt="The glued line climbs from 0 to 1."' in prose
    assert "Its caption." in prose
    picture = prose.split('alt="The glued line climbs from 0 to 1." src="')[1].split('"')[0]
    assert (built.folder / "_build" / "html" / "book" / picture).is_file()


def test_a_second_build_with_nothing_changed_executes_nothing(book):
    status, log = book.build()
    assert status == 0
    assert NOTHING in log
    assert EXECUTED not in log
    assert CACHED not in log


def test_a_changed_constant_changes_the_number_on_the_page(book):
    book.write("scaling/constant.py", "NUMBER = 43\n")
    status, log = book.build()
    assert status == 0, log
    assert EXECUTED in log
    assert "the number is 43" in book.page()


def test_two_builds_at_once_are_one_and_then_nothing(book):
    book.write("scaling/constant.py", "NUMBER = 47\n")
    ends = [finish(one) for one in [book.start(), book.start()]]
    assert [status for status, _ in ends] == [0, 0], ends
    first, second = sorted((log for _, log in ends), key=lambda log: NOTHING in log)
    assert EXECUTED in first
    assert "Another build of this folder is at work: waiting" in second
    assert EXECUTED not in second
    assert "the number is 47" in book.page()


def load_build(book: Book):
    """Load the book's own copy of the build script."""
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(book.folder / "book")
        spec = importlib.util.spec_from_file_location("build", book.folder / "book" / "build.py")
        build = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(build)
    return build


def stamp_of(book: Book) -> dict[str, str]:
    return load_build(book).current_stamp()


@pytest.mark.parametrize(
    ("name", "differ"),
    [
        ("scaling/new_room.py", {"code"}),
        ("data/table.csv", {"code"}),
        ("requirements.lock", {"code"}),
        ("book/_ext/extra.py", {"code", "pages"}),
        ("book/_config.yml", {"code", "pages"}),
        ("book/intro.md", {"pages"}),
        ("notebooks/page.ipynb", {"pages"}),
        ("scaling/__pycache__/constant.pyc", set()),
        ("README.md", set()),
    ],
)
def test_the_stamp_tells_code_from_pages(book, name, differ):
    before = stamp_of(book)
    book.write(name, "changed\n")
    after = stamp_of(book)
    assert {part for part in before if before[part] != after[part]} == differ


def test_changed_prose_is_read_again_without_executing(book):
    book.write("book/intro.md", INTRO + "\nOne more sentence.\n")
    status, log = book.build()
    assert status == 0, log
    assert EXECUTED not in log
    assert CACHED in log
    assert "One more sentence." in book.page("book/intro")


def test_a_build_that_failed_is_made_again_until_it_is_good(book, monkeypatch):
    book.write("book/intro.md", INTRO + "\nOne more sentence.\n")
    build = load_build(book)
    ends = iter([1, 1, 0])
    monkeypatch.setattr(build, "run_jupyter_book", lambda: next(ends))
    assert [build.main() for _ in range(3)] == [1, 1, 0]
    book.write("_build/html/index.html", "")  # which the good build would have made
    assert build.main() == 0, "and then there is nothing to do"


ONCE_OR_TWICE = pytest.mark.parametrize(
    "times", [1, pytest.param(2, marks=pytest.mark.slow)], ids=["once", "twice"]
)


@ONCE_OR_TWICE
def test_a_failing_cell_fails_the_build_the_first_and_the_second_time(book, times):
    book.write_page(PAGE + "\n# %%\nraise ValueError('a cell that fails')\n")
    for _ in range(times):
        status, log = book.build()
        assert status != 0
        assert "a cell that fails" in log


@ONCE_OR_TWICE
def test_a_warning_fails_the_build_the_first_and_the_second_time(book, times):
    book.write("book/intro.md", INTRO + "\n{numref}`fig-nowhere` is missing.\n")
    for _ in range(times):
        status, log = book.build()
        assert status != 0
        assert "fig-nowhere" in log


def test_a_figure_that_nobody_glued_fails_the_build(book):
    book.write("book/intro.md", INTRO.replace("} line", "} circle"))
    status, log = book.build()
    assert status != 0
    assert "no figure 'circle' is glued in 'notebooks/page'" in log
