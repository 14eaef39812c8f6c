"""Build the book: nothing when nothing changed, otherwise every page from executed notebooks.

Jupyter Book remembers executed notebooks by their cells alone, so a changed constant in `scaling/`
or a changed table would leave an old number on a page. Sphinx remembers pages, so a page that
warned once is not read, and does not warn, again. This script stamps what the site was made from:

* same code, data and pages as the last good build: nothing to do;
* same code and data, other pages: all pages anew, from the stored runs of unchanged notebooks;
* other code or data: all pages and all runs anew.

Two builds of one folder would take pages from under each other: the second waits for the first.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from progress import follow, seconds_since, unbuffered

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "_build"
SITE = BUILD / "html"
STAMP = BUILD / "stamp.json"

# What a notebook's numbers depend on, beside its own cells.
CODE = ("scaling", "data", "requirements.lock", "requirements-torch.lock")
CODE += ("book/build.py", "book/_config.yml", "book/_ext")
PAGES = ("book", "notebooks")
BY_PRODUCTS = {"__pycache__", ".ipynb_checkpoints"}

COMMAND = ["build", ".", "--config", "book/_config.yml", "--toc", "book/_toc.yml"]
STRICT = ["-W", "-n", "--keep-going"]

# What it says of a chapter that it executes, or has executed before.
CHAPTER = re.compile(r"(\w+)\.ipynb: (Executing|Using cached) notebook")
# What it says of a page; without a share it speaks of translations, of which there are none.
PAGE = re.compile(r"writing output\.\.\. .*%\]")
WRITING = "writing the pages"


def files_below(names: Iterable[str]) -> list[Path]:
    """Every file that the names hold, without by-products, in a fixed order."""
    found = set()
    for name in names:
        place = ROOT / name
        found.update([place] if place.is_file() else filter(Path.is_file, place.rglob("*")))
    return sorted(path for path in found if not BY_PRODUCTS & set(path.parts))


def digest(names: Iterable[str]) -> str:
    """One number for the names and contents of the files below."""
    total = hashlib.sha256()
    for path in files_below(names):
        name = path.relative_to(ROOT).as_posix()
        total.update(f"{name}\0{path.stat().st_size}\0".encode())
        total.update(path.read_bytes())
    return total.hexdigest()


def current_stamp() -> dict[str, str]:
    """What the site would be made from now: interpreter and code, and pages."""
    return {"code": f"{sys.executable} {sys.version} {digest(CODE)}", "pages": digest(PAGES)}


def last_stamp() -> dict[str, str]:
    """What the folder was made from; pages only where that build was good."""
    try:
        return dict(json.loads(STAMP.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def make_room(same_code: bool) -> None:
    """Drop every page, and with other code or data every stored run too."""
    if not same_code:
        shutil.rmtree(BUILD, ignore_errors=True)
    for folder in (SITE, BUILD / ".doctrees", BUILD / "jupyter_execute"):
        shutil.rmtree(folder, ignore_errors=True)
    BUILD.mkdir(exist_ok=True)


class Progress:
    """How far Jupyter Book is: it reads the chapters first, then writes the pages."""

    def __init__(self) -> None:
        self.start = time.monotonic()
        toc = (ROOT / "book" / "_toc.yml").read_text(encoding="utf-8")
        self.total = len(re.findall(r"file: notebooks/", toc))
        self.count = 0
        self.doing = "reading the pages"

    def note(self, line: str) -> str | None:
        """Take in a line of its log; say which chapter begins, and when the pages are written."""
        if found := CHAPTER.search(line):
            name, cached = found[1], found[2].startswith("Using")
            self.count += 1
            self.doing = f"chapter {self.count} of {self.total}: {name}"
            return f"{self.doing}, from its stored run" if cached else self.doing
        if PAGE.search(line) and self.doing != WRITING:
            self.doing = WRITING
            return self.doing
        return None

    def standing(self) -> str:
        """Say what it is at, and for how long it has run."""
        return f"{self.doing} ({seconds_since(self.start)})"


def run_jupyter_book() -> int:
    """Run the strict build in a child process and return its exit code."""
    environment = unbuffered() | {"JUPYTER_PREFER_ENV_PATH": "1"}
    # The notebooks import the package beside them, and their figures appear in the cell.
    environment["PYTHONPATH"] = os.pathsep.join(
        filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])
    )
    environment.pop("MPLBACKEND", None)
    start = "from jupyter_book.cli.main import main; main()"
    command = [sys.executable, "-c", start, *COMMAND, *STRICT]
    progress = Progress()
    return follow(command, progress.note, progress.standing, cwd=ROOT, env=environment)


def warm_font_cache() -> None:
    """Let matplotlib list the fonts now: its first-run message must not land on a page."""
    import matplotlib.font_manager  # noqa: F401


def build() -> int:
    """Build what changed; return 0 for a good site."""
    last, now = last_stamp(), current_stamp()
    if last == now and (SITE / "index.html").is_file():
        print(f"Nothing changed. The book is at {SITE / 'index.html'}")
        return 0
    make_room(same_code=last.get("code") == now["code"])
    STAMP.write_text(json.dumps({"code": now["code"]}), encoding="utf-8")
    warm_font_cache()
    status = run_jupyter_book()
    if status == 0:
        STAMP.write_text(json.dumps(now), encoding="utf-8")
        print(f"Built. The book is at {SITE / 'index.html'}")
    return status


def main() -> int:
    """Build once no other build of this folder is at work; return 0 for a good site."""
    with Path(__file__).open("rb") as turn:
        try:
            fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another build of this folder is at work: waiting for it", flush=True)
            fcntl.flock(turn, fcntl.LOCK_EX)
        return build()


if __name__ == "__main__":
    sys.exit(main())
