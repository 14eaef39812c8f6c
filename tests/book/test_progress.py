"""What is said while the environment and the book are made, from canned lines."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
from places import ROOT


@pytest.fixture(scope="module")
def scripts() -> dict[str, ModuleType]:
    """The scripts beside the book, loaded as they load each other."""
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(ROOT / "book")
        patched.delitem(sys.modules, "build", raising=False)  # a package has this name, too
        names = ("progress", "install", "build")
        loaded = {name: importlib.import_module(name) for name in names}
    for name in names:
        sys.modules.pop(name)
    return loaded


# --- a command that is followed -----------------------------------------------------------


def test_lines_are_noted_as_they_come_and_silence_is_broken(scripts, tmp_path, capsys):
    """The command says its last line only after a silence has been broken."""
    broken = tmp_path / "broken"
    code = (
        "import pathlib, sys, time; print('one', flush=True)\n"
        f"while not pathlib.Path({str(broken)!r}).exists(): time.sleep(0.01)\n"
        "print('two')"
    )

    def standing() -> str:
        broken.touch()
        return "still at it"

    heard = []

    def note(line: str) -> str | None:
        heard.append(line)
        return line.upper().strip() if "two" in line else None

    follow = scripts["progress"].follow
    assert follow([sys.executable, "-c", code], note, standing, silence=0.05) == 0
    assert heard == ["one\n", "two\n"]
    said = capsys.readouterr().out.splitlines()
    assert set(said[:-1]) == {"still at it"}
    assert said[-1] == "TWO"


def test_silence_is_broken_while_lines_come_of_which_nothing_is_said(scripts, tmp_path, capsys):
    broken = tmp_path / "broken"
    code = (
        "import pathlib, time\n"
        f"while not pathlib.Path({str(broken)!r}).exists():\n"
        "    print('chatter', flush=True); time.sleep(0.001)\n"
    )
    follow = scripts["progress"].follow
    status = follow([sys.executable, "-c", code], lambda line: None, broken.touch, silence=0.05)
    assert (status, capsys.readouterr().out) == (0, "")


def test_a_command_that_fails_is_shown_whole_with_its_exit_code(scripts, capsys):
    code = "import sys; print('first'); print('last', file=sys.stderr); sys.exit(7)"
    follow = scripts["progress"].follow
    options = {"env": scripts["progress"].unbuffered()}
    assert follow([sys.executable, "-c", code], lambda line: None, str, **options) == 7
    assert capsys.readouterr().out == "first\nlast\n"


def test_silence_is_at_most_half_a_minute(scripts):
    assert scripts["progress"].SILENCE <= 30


# --- the environment ----------------------------------------------------------------------

PIP = """\
Looking in indexes: somewhere
Requirement already satisfied: numpy==2.4.1 in /somewhere (from -r requirements.lock (line 1)) (2.4)
Collecting Jupyter_Book==1.0.4 (from -r requirements.lock (line 2))
  Downloading jupyter_book-1.0.4-py3-none-any.whl (44 kB)
Collecting zipp==3 (from -r requirements.lock (line 3))
"""
LOCK = "jupyter-book==1.0.4\nnumpy==2.4.1\nzipp==3\n"


@pytest.fixture
def lock(tmp_path) -> Path:
    path = tmp_path / "requirements.lock"
    path.write_text(LOCK)
    return path


def put(site: Path, name: str, *files: str) -> None:
    folder = site / f"{name}.dist-info"
    folder.mkdir(parents=True)
    for file in files:
        (folder / file).touch()


def test_packages_are_counted_while_they_are_fetched_and_while_they_are_installed(
    scripts, lock, tmp_path
):
    site = tmp_path / "site"
    progress = scripts["install"].Progress(lock, site)
    assert progress.standing() == "requirements.lock: 0 of 3 packages found or fetched"
    said = [progress.note(line) for line in PIP.splitlines(keepends=True)[:4]]
    assert said == [None] * 4
    assert progress.standing() == (
        "requirements.lock: 2 of 3 packages found or fetched, at jupyter-book"
    )
    put(site, "numpy-2.4.1", "METADATA", "RECORD")
    put(site, "other-1", "METADATA", "RECORD")
    put(site, "zipp-3", "METADATA")
    begins = progress.note("Installing collected packages: zipp, Jupyter_Book\n")
    assert begins == "requirements.lock: 1 of 3 packages installed"
    put(site, "jupyter_book-1.0.4", "METADATA", "RECORD")
    assert progress.standing() == "requirements.lock: 2 of 3 packages installed"


def test_a_package_that_was_being_installed_is_installed_again(scripts, tmp_path):
    put(tmp_path, "whole-1", "METADATA", "RECORD")
    put(tmp_path, "half-1", "METADATA")
    scripts["install"].drop_half_installed(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["whole-1.dist-info"]


def pip_that(code: str) -> list[str]:
    """Stand in for pip."""
    return [sys.executable, "-c", code]


def test_both_locks_are_installed_and_said(scripts, lock, monkeypatch, capsys):
    install = scripts["install"]
    monkeypatch.setattr(install, "drop_half_installed", lambda site: None)
    monkeypatch.setattr(install, "PIP", pip_that(f"print({PIP!r})"))
    second = lock.with_name("second.lock")
    second.write_text("torch==2\n")
    assert install.main(str(lock), str(second)) == 0
    said = re.sub(r"\d+ s\n", "0 s\n", capsys.readouterr().out)
    assert said == (
        "requirements.lock: 3 packages to install\n"
        "requirements.lock: all 3 packages installed, 0 s\n"
        "second.lock: 1 packages to install\n"
        "second.lock: all 1 packages installed, 0 s\n"
    )


def test_what_pip_cannot_do_is_shown_and_ends_it(scripts, lock, monkeypatch, capsys):
    install = scripts["install"]
    monkeypatch.setattr(install, "drop_half_installed", lambda site: None)
    says = "ERROR: No matching distribution found for zipp==3"
    monkeypatch.setattr(install, "PIP", pip_that(f"raise SystemExit({says!r})"))
    assert install.main(str(lock), str(lock)) == 1
    out = capsys.readouterr().out
    assert says in out
    assert out.count("3 packages to install") == 1
    assert "all 3" not in out


def test_what_is_to_be_installed_is_asked_of_pip(scripts, lock, monkeypatch):
    install, asked = scripts["install"], []
    monkeypatch.setattr(install, "follow", lambda command, *_, **__: asked.append(command) or 0)
    assert install.install(lock, lock.parent) == 0
    assert asked[0][:4] == [sys.executable, "-m", "pip", "install"]
    assert asked[0][-2:] == ["-r", str(lock)]


# --- the book -----------------------------------------------------------------------------


def test_chapters_are_counted_as_they_are_executed(scripts):
    progress = scripts["build"].Progress()
    chapters = re.findall(r"file: notebooks/(\w+)", (ROOT / "book/_toc.yml").read_text("utf-8"))
    n = len(chapters)
    executes = "Executing notebook using local CWD"
    stored = f"chapter 2 of {n}: 03_loss_law, from its stored run"
    log = [
        ("\x1b[01mwriting output... \x1b[39;49;00m", None),
        ("reading sources... [ 42%] notebooks/01_testbed", None),
        (f"/b/01_testbed.ipynb: {executes} [mystnb]", f"chapter 1 of {n}: 01_testbed"),
        ("/b/01_testbed.ipynb: Executed notebook in 4.76 seconds [mystnb]", None),
        ("/b/01_testbed.ipynb: Cached executed notebook: ID=1 [mystnb]", None),
        ("/b/03_loss_law.ipynb: Using cached notebook: ID=3 [mystnb]", stored),
        ("\x1b[01mwriting output... \x1b[39;49;00m[  5%] book/api", "writing the pages"),
        ("\x1b[01mwriting output... \x1b[39;49;00m[ 11%] book/log", None),
    ]
    assert [progress.note(line + "\n") for line, _ in log] == [said for _, said in log]
    assert n >= 10
    assert re.fullmatch(r"writing the pages \(\d+ s\)", progress.standing())


def test_a_silent_chapter_is_named(scripts):
    progress = scripts["build"].Progress()
    progress.note("/b/02_grid_training.ipynb: Executing notebook using local CWD [mystnb]\n")
    assert re.fullmatch(r"chapter 1 of \d+: 02_grid_training \(\d+ s\)", progress.standing())
