"""Exercises come from one source: the student's notebook fails where it is to be filled in."""

from __future__ import annotations

import builtins
import contextlib
import importlib.util
import io
import re
from types import ModuleType
from typing import Any

import jupytext
import matplotlib.pyplot as plt
import nbformat
import pytest
from places import ROOT

TWINS = ROOT / "notebooks" / "exercises"
NAMES = sorted(path.stem for path in (ROOT / "notebooks").glob("[0-9]*.py"))
CHAPTER = """# %% [markdown]
# # How tall is it?
#
# Prose.

# %%
too_much = 1

# %% tags=["given"]
height = 3

# %% [markdown] tags=["exercise"]
# ### Exercise 1: double it

# %% tags=["solution", "hide-cell"]
2 * height

# %% tags=["solution", "remove-input"]
assert 2 * height == 6

# %% [markdown] tags=["exercise"]
# ### Exercise 2: what would you measure?

# %% [markdown] tags=["solution"]
# :::{dropdown} What comes out
# Three points.
# :::
"""


@pytest.fixture(scope="module")
def exercises() -> ModuleType:
    """The script behind `make exercises`."""
    spec = importlib.util.spec_from_file_location("exercises", ROOT / "book" / "exercises.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_twin_has_tasks_and_what_is_given_and_one_stub_a_solution(exercises):
    twin = exercises.make_twin(jupytext.reads(CHAPTER, fmt="py:percent"), "01_height")
    nbformat.validate(twin)
    head, given, first, stub, second = [cell.source for cell in twin.cells]
    assert head.startswith("# Exercises: How tall is it?\n")
    assert "(../01_height.ipynb)" in head
    assert given == "height = 3"
    assert first == "### Exercise 1: double it"
    assert stub == 'raise NotImplementedError("exercise 1 is yours to write")'
    assert second == "### Exercise 2: what would you measure?"


def cells_of(name: str, *tags: str) -> list[Any]:
    """Cells of a chapter that carry one of some tags."""
    cells = jupytext.read(ROOT / "notebooks" / f"{name}.py").cells
    return [cell for cell in cells if set(tags) & set(cell.metadata.get("tags", ()))]


def run_cells(cells: list[Any], names: dict[str, Any]) -> list[str]:
    """Run code cells as a notebook does, and give the errors that they raised."""
    raised = []
    for cell in cells:
        if cell.cell_type == "code":
            try:
                with contextlib.redirect_stdout(io.StringIO()):
                    exec(compile(cell.source, "cell", "exec"), names)
            except Exception as error:
                raised.append(f"{type(error).__name__}: {error}")
    plt.close("all")
    return raised


@pytest.mark.parametrize("name", NAMES)
def test_a_chapter_ends_in_three_to_five_exercises(name):
    tasks = cells_of(name, "exercise")
    assert 3 <= len(tasks) <= 5
    for number, task in enumerate(tasks, 1):
        assert task.source.startswith(f"### Exercise {number}: ")
    assert any("Before you compute" in task.source for task in tasks)
    after = cells_of(name, "exercise", "solution")
    last = max(i for i, cell in enumerate(after) if "exercise" in cell.metadata["tags"])
    assert all("{dropdown}" in cell.source for cell in after[last + 1 :]), "the last one is open"


def test_the_twins_are_what_make_exercises_writes(exercises, tmp_path):
    exercises.main(tmp_path)
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    stored = {path.name: path.read_bytes() for path in TWINS.glob("[0-9]*")}
    assert made == stored, "run `make exercises`"
    assert sorted(stored) == sorted(f"{name}.{end}" for name in NAMES for end in ("ipynb", "py"))


@pytest.mark.parametrize("name", NAMES)
def test_a_twin_and_its_text_agree(name):
    pair = [jupytext.read(TWINS / f"{name}.{end}") for end in ("ipynb", "py")]
    twin, text = ([(cell.cell_type, cell.source) for cell in one.cells] for one in pair)
    assert twin == text


@pytest.mark.parametrize("name", NAMES)
def test_every_solution_runs_alone(name):
    assert run_cells(cells_of(name, "given", "solution"), {"display": lambda *_: None}) == []


@pytest.mark.parametrize("name", NAMES)
def test_every_stub_fails_and_nothing_else_does(name):
    twin = nbformat.read(TWINS / f"{name}.ipynb", as_version=4)
    posed = sum("NotImplementedError" in c.source for c in twin.cells if c.cell_type == "code")
    raised = run_cells(twin.cells, {})
    assert len(raised) == posed >= 2
    assert all(error.startswith("NotImplementedError: exercise ") for error in raised)


@pytest.mark.parametrize("name", NAMES)
def test_a_sheet_is_read_without_the_chapter(name):
    """What a task calls is given in its sheet, and a bare notebook shows no role of the book."""
    tasks = "\n".join(cell.source for cell in cells_of(name, "exercise"))
    names: dict[str, Any] = {}
    assert run_cells(cells_of(name, "given"), names) == []
    called = {word for word in re.findall(r"`(\w+)(?=[.(])", tasks) if not word.startswith("err_")}
    unknown = {word for word in called if word not in names and not hasattr(builtins, word)}
    assert unknown == set()
    assert re.findall(r"\{(?:eq|cite|ref|glue|numref)[^}]*\}`", tasks) == []
    assert re.findall(r"\*\*\w+\)", tasks) == [], "a starred argument that nobody explained"
