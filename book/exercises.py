"""Write a student's notebook for each chapter: its exercises, without the solutions.

A chapter's exercises stand at its end, in cells with a tag:

* `given`: what an exercise starts from, code that runs without the chapter above it;
* `exercise`: a task, one cell each;
* `solution`: code and prose that answer the task before them.

The student's notebook has the first two. In place of a task's solution stands one cell that fails
and says that it is the reader's to write.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
HEAD = """# Exercises: {title}

They belong to [the chapter](../{name}.ipynb), which has the solutions. Write down what you expect
before you compute. Where a cell raises `NotImplementedError`, put your own lines in its place."""
# The text of a notebook, as those of the chapters, without a head that names our versions.
TEXT = {"extension": ".py", "format_name": "percent", "notebook_metadata_filter": "-all"}
STUB = 'raise NotImplementedError("exercise {number} is yours to write")'


def has_tag(cell: NotebookNode, tag: str) -> bool:
    """Tell whether a cell carries a tag."""
    return tag in cell.metadata.get("tags", ())


def pose(cells: list[NotebookNode]) -> Iterator[NotebookNode]:
    """Give what is given and each task; a stub stands where the code of its solution begins."""
    number, answered = 0, True
    for cell in cells:
        if has_tag(cell, "given"):
            yield new_code_cell(cell.source)
        elif has_tag(cell, "exercise"):
            number, answered = number + 1, False
            yield new_markdown_cell(cell.source)
        elif has_tag(cell, "solution") and cell.cell_type == "code" and not answered:
            answered = True
            yield new_code_cell(STUB.format(number=number))


def make_twin(chapter: NotebookNode, name: str) -> NotebookNode:
    """Make the student's notebook of a chapter; the same cells give the same bytes.

    Parameters
    ----------
    chapter : NotebookNode
        The chapter, its title in the first line of its first cell.
    name : str
        Name of its file, without folder and ending.
    """
    title = chapter.cells[0].source.splitlines()[0].removeprefix("# ")
    cells = [new_markdown_cell(HEAD.format(title=title, name=name)), *pose(chapter.cells)]
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    spec = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return new_notebook(cells=cells, metadata={"kernelspec": spec})


def chapters() -> dict[str, NotebookNode]:
    """Read every chapter that poses exercises, by name."""
    read = {path.stem: jupytext.read(path) for path in sorted(FOLDER.glob("[0-9]*.py"))}
    return {name: nb for name, nb in read.items() if any(has_tag(c, "exercise") for c in nb.cells)}


def main(folder: Path = FOLDER / "exercises") -> int:
    """Write the students' notebooks, each with its text, and remove those of chapters gone."""
    folder.mkdir(exist_ok=True)
    posed = chapters()
    for old in folder.glob("[0-9]*"):
        if old.stem not in posed:
            old.unlink()
    for name, chapter in posed.items():
        twin = make_twin(chapter, name)
        nbformat.write(twin, folder / f"{name}.ipynb")
        jupytext.write(twin, folder / f"{name}.py", fmt=TEXT)
    return 0


if __name__ == "__main__":
    sys.exit(main())
