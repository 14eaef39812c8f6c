"""Every chapter in JupyterLab, driven as a reader drives it: open, run all, change a number."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from places import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.slow]
NAMES = sorted(path.stem for path in (ROOT / "notebooks").glob("*.py"))
PATIENCE = 300_000.0  # ms, for the slowest chapter on a busy machine
KERNEL = "Python 3 (ipykernel) | {}"


@pytest.fixture(scope="module")
def lab(tmp_path_factory) -> Iterator[tuple[str, Path]]:
    """A server as `make lab` starts it, on a copy of the notebooks, and that copy."""
    root = tmp_path_factory.mktemp("lab")
    shutil.copytree(ROOT / "notebooks", root / "notebooks")
    settings = {
        f"JUPYTER{name}_DIR": str(root / "settings" / name)
        for name in ("_CONFIG", "_DATA", "LAB_SETTINGS", "LAB_WORKSPACES")
    }
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--port=0"]
    command += ["--ServerApp.token=", "--ServerApp.password=", f"--notebook-dir={root}"]
    environment = {**os.environ, **settings, "JUPYTER_PREFER_ENV_PATH": "1"}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr
        log: list[str] = []
        while not (address := re.search(r"(http://\S+?)/lab", "".join(log[-1:]))):
            log.append(server.stderr.readline())
            assert log[-1], "JupyterLab does not start:\n" + "".join(log)
        reader = threading.Thread(target=log.extend, args=[server.stderr])
        reader.start()
        yield address[1], root / "notebooks"
        server.terminate()
        reader.join()


@pytest.fixture
def open_notebook(browser, lab) -> Iterator[Any]:
    """Open a notebook in a window of its own, and wait for its kernel."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE)

    def open_it(name: str) -> Any:
        tab = context.new_page()
        tab.goto(f"{lab[0]}/doc/tree/notebooks/{name}.ipynb")
        tab.locator(".jp-Notebook .jp-Cell").first.wait_for()
        tab.get_by_text(KERNEL.format("Idle")).wait_for()
        return tab

    yield open_it
    context.close()


def choose(tab: Any, menu: str, command: str) -> None:
    """Choose an entry of the menu bar."""
    tab.get_by_role("menuitem", name=menu, exact=True).click()
    tab.locator(f".lm-Menu-item[data-command='{command}']").click()


def code_of(path: Path) -> list[Any]:
    """The code cells of a notebook on disk."""
    cells = nbformat.read(path, as_version=4).cells
    return [cell for cell in cells if cell.cell_type == "code"]


def errors_of(cells: list[Any]) -> list[str]:
    """What the cells raised."""
    outputs = [output for cell in cells for output in cell.outputs]
    return [output.evalue for output in outputs if output.output_type == "error"]


def run_and_save(tab: Any, path: Path, command: str, place: int = -1) -> list[Any]:
    """Run cells by the menu and save until the one at a place has run; give the code cells."""
    last = code_of(path)[place].execution_count or 0
    choose(tab, "Run", command)
    for _ in range(int(PATIENCE / 500)):
        tab.wait_for_timeout(500)
        tab.get_by_text(KERNEL.format("Idle")).wait_for()
        choose(tab, "File", "docmanager:save")
        cells = code_of(path)
        if (cells[place].execution_count or 0) > last or errors_of(cells):
            break
    return cells


def shown(cell: Any) -> list[Any]:
    """What a cell put out: its pictures, texts and tables."""
    return [output.get("data", output.get("text")) for output in cell.outputs]


@pytest.mark.parametrize("name", NAMES)
def test_a_chapter_runs_in_jupyterlab(open_notebook, lab, name):
    """No error, nothing on stderr, every cell run; the figures are drawn on the page."""
    path = lab[1] / f"{name}.ipynb"
    tab = open_notebook(name)
    said: list[str] = []
    tab.on("pageerror", lambda error: said.append(str(error)))
    cells = run_and_save(tab, path, "runmenu:run-all")
    outputs = [output for cell in cells for output in cell.outputs]
    assert errors_of(cells) == []
    assert [o.text for o in outputs if o.get("name") == "stderr"] == []
    assert all(cell.execution_count for cell in cells)
    figures = sum("image/svg+xml" in o.get("data", {}) for o in outputs)
    assert tab.locator(".jp-OutputArea-output[data-mime-type^=image]").count() == figures
    assert said == []


# What a reader may change, by chapter; the others fold their code.
CHANGES = {
    "01_testbed": ("0.25 /", "0.16 /"),
    "03_loss_law": ('M=20, law="tied"', 'M=40, law="tied"'),
    "07_better_predictor": (
        'run_table("redpajama"))\nscaling.fit',
        'run_table("c4"))\nscaling.fit',
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_value_moves_what_is_shown(open_notebook, lab, name):
    path, (old, new) = lab[1] / f"{name}.ipynb", CHANGES[name]
    tab = open_notebook(name)
    before = run_and_save(tab, path, "runmenu:run-all")
    place = next(i for i, cell in enumerate(before) if old in cell.source)
    changed = before[place].source.replace(old, new, 1)
    tab.locator(".jp-CodeCell").nth(place).locator(".cm-content").click()
    tab.keyboard.press("Control+a")
    tab.keyboard.insert_text(changed)
    after = run_and_save(tab, path, "runmenu:run", place)
    assert after[place].source == changed
    assert errors_of(after) == []
    moved = [shown(one) != shown(other) for one, other in zip(before, after, strict=True)]
    assert [i for i, cell_moved in enumerate(moved) if cell_moved] == [place]
