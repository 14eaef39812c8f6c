"""Every notebook is a pair: a text that people edit, and a notebook without outputs that agrees."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import unicodedata
from pathlib import Path

import jupytext
import nbformat
import pytest
from jupytext.compare import NotebookDifference, compare_notebooks
from places import ROOT

FOLDER = ROOT / "notebooks"
TEXTS = sorted(FOLDER.glob("*.py"))
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
RUN_ALONE = ["01_testbed"] + [
    pytest.param(name, marks=pytest.mark.slow) for name in ("03_loss_law", "09_error_law")
]


def faults_of_pair(text: Path, notebook: Path) -> list[str]:
    """Say what is wrong with a pair, or nothing."""
    written, stored = jupytext.read(text), nbformat.read(notebook, as_version=4)
    faults = []
    try:
        compare_notebooks(stored, written, fmt="py:percent", compare_outputs=False)
    except NotebookDifference as difference:
        faults.append(f"differs from {text.name}: {difference}")
    code = [cell for cell in stored.cells if cell.cell_type == "code"]
    if any(cell.outputs or cell.execution_count for cell in code):
        faults.append("carries outputs or execution counts")
    # As it stands in the file: the reader would mend it.
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    if len({cell.get("id", "") for cell in cells} - {""}) < len(cells):
        faults.append("has cells without an id of their own")
    return faults


def test_pairs_are_complete():
    assert TEXTS
    assert [path.stem for path in TEXTS] == [path.stem for path in NOTEBOOKS]


@pytest.mark.parametrize("text", TEXTS, ids=lambda path: path.stem)
def test_pair_agrees_and_carries_no_outputs(text):
    assert faults_of_pair(text, text.with_suffix(".ipynb")) == [], "run `make sync`"


def control_characters(text: str) -> list[str]:
    """Find what an eaten escape leaves behind, such as a tab for the start of ``\\text``."""
    return [c for c in text if unicodedata.category(c) == "Cc" and c != "\n"]


@pytest.mark.parametrize("path", [*TEXTS, *NOTEBOOKS], ids=lambda path: path.name)
def test_no_control_characters(path):
    for cell in jupytext.read(path).cells:
        assert control_characters(cell.source) == []


def test_control_characters_are_found():
    assert control_characters("a\tb\bc\x7f\n\\text") == ["\t", "\b", "\x7f"]


@pytest.fixture
def pair(tmp_path):
    """One text and its fresh notebook, outside the project."""
    text = tmp_path / "chapter.py"
    text.write_text("# %% [markdown]\n# # A question?\n\n# %%\nx = 1\nx\n", encoding="utf-8")
    notebook = text.with_suffix(".ipynb")
    nbformat.write(jupytext.read(text), notebook)
    return text, notebook


def test_pair_check_accepts_a_good_pair(pair):
    assert faults_of_pair(*pair) == []


def change(notebook: Path, alter) -> None:
    content = nbformat.read(notebook, as_version=4)
    alter(content.cells)
    notebook.write_text(json.dumps(content), encoding="utf-8")


@pytest.mark.filterwarnings("ignore::nbformat.warnings.DuplicateCellId")
@pytest.mark.parametrize(
    ("alter", "fault"),
    [
        (lambda cells: cells[1].update(source="x = 2\nx"), "differs from chapter.py"),
        (lambda cells: cells[0].update(source="# Another?"), "differs from chapter.py"),
        (lambda cells: cells.append(nbformat.v4.new_code_cell("y")), "differs from chapter.py"),
        (lambda cells: cells[1].metadata.update(tags=["remove-input"]), "differs from chapter.py"),
        (lambda cells: cells[1].update(execution_count=3), "carries outputs"),
        (
            lambda cells: cells[1].outputs.append(nbformat.v4.new_output("stream", text="1")),
            "carries outputs",
        ),
        (lambda cells: cells[1].update(id=cells[0].id), "an id of their own"),
    ],
)
def test_pair_check_finds(pair, alter, fault):
    change(pair[1], alter)
    assert any(fault in found for found in faults_of_pair(*pair))


def make_sync(folder: Path) -> dict[str, bytes]:
    """Run the recipe of `make sync` on a copy of the notebooks, and read what it wrote."""
    recipe = re.search(r"^sync:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text("utf-8"), re.M)
    assert recipe
    commands = recipe[1].replace("$(BIN)", str(Path(sys.executable).parent))
    subprocess.run(["sh", "-ec", commands], cwd=folder, check=True, capture_output=True)
    return {path.name: path.read_bytes() for path in sorted((folder / "notebooks").glob("*.ipynb"))}


def test_sync_changes_nothing_where_pairs_agree(tmp_path):
    """So that a second `make sync`, on any clone, leaves no change behind."""
    shutil.copytree(FOLDER, tmp_path / "notebooks")
    before = {path.name: path.read_bytes() for path in NOTEBOOKS}
    assert make_sync(tmp_path) == before


def test_sync_carries_the_text_over_and_drops_outputs(tmp_path, pair):
    text, notebook = pair
    change(notebook, lambda cells: cells[1].update(execution_count=3))
    text.write_text(text.read_text("utf-8") + "\n# %%\nx + 1\n", encoding="utf-8")
    (tmp_path / "notebooks").mkdir()
    for path in pair:
        shutil.move(path, tmp_path / "notebooks" / path.name)
    make_sync(tmp_path)
    folder = tmp_path / "notebooks"
    assert faults_of_pair(folder / text.name, folder / notebook.name) == []
    assert len(nbformat.read(folder / notebook.name, as_version=4).cells) == 3


@pytest.mark.parametrize("name", RUN_ALONE)
def test_a_notebook_alone_in_a_folder_runs(name, tmp_path):
    """Restart and run all, as a reader who was sent one file; the package brings the data."""
    shutil.copy(FOLDER / f"{name}.ipynb", tmp_path)
    environment = {key: os.environ[key] for key in os.environ.keys() - {"MPLBACKEND", "PYTHONPATH"}}
    command = [str(Path(sys.executable).with_name("jupyter")), "execute", f"{name}.ipynb"]
    run = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300
    )
    assert run.returncode == 0, run.stderr
    assert [path.name for path in tmp_path.iterdir()] == [f"{name}.ipynb"]
