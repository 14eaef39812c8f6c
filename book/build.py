"""Build the book: nothing when nothing changed, otherwise every page from executed notebooks.

Jupyter Book remembers executed notebooks by their cells alone, so a changed constant in `scaling/`
or a changed table would leave an old number on a page. Sphinx remembers pages, so a page that
warned once is not read, and does not warn, again. This script stamps what the site was made from:

* same code, data and pages as the last good build: nothing to do;
* same code and data, other pages: all pages anew, from the stored runs of unchanged notebooks;
* other code or data: all pages and all runs anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

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


def run_jupyter_book() -> int:
    """Run the strict build in a child process and return its exit code."""
    environment = os.environ | {"JUPYTER_PREFER_ENV_PATH": "1"}
    # The notebooks import the package beside them, and their figures appear in the cell.
    environment["PYTHONPATH"] = os.pathsep.join(
        filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])
    )
    environment.pop("MPLBACKEND", None)
    start = "from jupyter_book.cli.main import main; main()"
    command = [sys.executable, "-c", start, *COMMAND, *STRICT]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def warm_font_cache() -> None:
    """Let matplotlib list the fonts now: its first-run message must not land on a page."""
    import matplotlib.font_manager  # noqa: F401


def main() -> int:
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
    return status


if __name__ == "__main__":
    sys.exit(main())
