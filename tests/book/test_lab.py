"""Every chapter in JupyterLab, driven as a reader drives it: open, run all, change a number.

Nothing here waits without a limit. What a cell has put out is read from the open page, never from
the file, which JupyterLab may be writing. The server logs to a file: kernels inherit its streams,
so one that outlives the server would keep a pipe open, and its reader would wait for ever.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import psutil
import pytest
from places import PATIENCE, ROOT
from playwright.sync_api import TimeoutError as TooLate

pytestmark = pytest.mark.browser
START, END = 90, 15  # s, for the server to answer, and for a process to end
LIMIT = 300  # s, for one chapter and all that it needs; then every process of the test is killed
# One number, changed to another, moves the output of the next cell.
CHANGES = {
    "own_export": ('"M": 20}', '"M": 40}'),
    "11_intervals": ("c4, least_M=10)[[", "c4, least_M=20)[["),
    "13_total_cost": ("loss=2.4, **demand", "loss=2.5, **demand"),
}
QUICK = "own_export"
NAMES = [
    path.stem if path.stem == QUICK else pytest.param(path.stem, marks=pytest.mark.slow)
    for path in sorted((ROOT / "notebooks").glob("*.py"))
]

# The code cells of the notebook that is open, once the kernel rests and what was asked for has run.
CELLS = """({name, after, places}) => {
  const open = [...window.jupyterapp?.shell.widgets("main") ?? []];
  const panel = open.find(each => each.context?.path === `notebooks/${name}.ipynb`);
  if (!panel?.context.isReady) return null;
  if (panel.sessionContext.session?.kernel?.status !== "idle") return null;
  const cells = panel.content.widgets.filter(each => each.model.type === "code").map(each => ({
    source: each.model.sharedModel.source,
    count: each.model.executionCount ?? 0,
    outputs: each.model.outputs.toJSON(),
  }));
  const asked = places.length ? places.map(i => cells[i]) : cells;
  const failed = cells.some(each => each.outputs.some(one => one.output_type === "error"));
  return failed || asked.every(each => each.count > after) ? {cells} : null;
}"""
# Widths of the pictures in the outputs, once each is loaded or broken.
WIDTHS = """() => {
  const pictures = [...document.querySelectorAll(".jp-OutputArea-output img")];
  if (!pictures.every(each => each.complete)) return null;
  return {widths: pictures.map(each => each.naturalWidth)};
}"""


class Lab(NamedTuple):
    """A running server: its address and its token."""

    address: str
    token: str


def ask(lab: Lab, what: str, method: str = "GET") -> Any:
    """Ask the server by its own interface."""
    header = {"Authorization": f"token {lab.token}"}
    request = Request(f"{lab.address}/api/{what}", headers=header, method=method)
    with urlopen(request, timeout=START) as answer:
        return json.loads(answer.read() or "null")


def end(processes: list[psutil.Process]) -> None:
    """End processes: ask, wait for a while, kill."""
    for how in (psutil.Process.terminate, psutil.Process.kill):
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                how(process)
        _, processes = psutil.wait_procs(processes, timeout=END)
    assert processes == []


def lab_command() -> list[str]:
    """What `make lab` runs, without a window, on a free port."""
    recipe = re.search(r"^lab:.*\n\t(.*)", (ROOT / "Makefile").read_text("utf-8"), re.M)
    assert recipe
    command = shlex.split(recipe[1].replace("$(PY)", sys.executable))
    # The last lets a test ask the page what its cells hold.
    return [*command, *"--no-browser --allow-root --port=0 --expose-app-in-browser".split()]


def answering(server: psutil.Popen, log: Path, token: str) -> Lab:
    """Wait until a server answers: it prints its address a moment before."""
    last = time.monotonic() + START
    while time.monotonic() < last:
        assert server.poll() is None, f"JupyterLab does not start:\n{log.read_text()}"
        if found := re.search(r"(http://localhost:\d+)/lab", log.read_text("utf-8")):
            with suppress(OSError):
                ask(Lab(found[1], token), "status")
                return Lab(found[1], token)
        time.sleep(0.2)
    pytest.fail(f"no JupyterLab after {START} s:\n{log.read_text()}")


@pytest.fixture(scope="module")
def lab(tmp_path_factory) -> Iterator[Lab]:
    """A server as `make lab` starts it, on a copy of the notebooks."""
    root = tmp_path_factory.mktemp("lab")
    shutil.copytree(ROOT / "notebooks", root / "notebooks")
    settings = {
        f"JUPYTER{name}_DIR": str(root / "settings" / name)
        for name in ("_CONFIG", "_DATA", "_RUNTIME", "LAB_SETTINGS", "LAB_WORKSPACES")
    }
    environment = {**os.environ, **settings, "JUPYTER_PREFER_ENV_PATH": "1"}
    environment |= {"JUPYTER_TOKEN": "a-token", "OPENBLAS_NUM_THREADS": "1"}
    environment.pop("MPLBACKEND", None)
    log = root / "log.txt"
    with log.open("w") as stream:
        server = psutil.Popen(
            lab_command(),
            cwd=root,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield answering(server, log, environment["JUPYTER_TOKEN"])
    finally:
        end([server, *server.children(recursive=True)])


@pytest.fixture
def limit() -> Iterator[None]:
    """Kill all that this test waits for, when its time is up: no call then waits any longer."""

    def kill_all() -> None:
        for process in psutil.Process().children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                process.kill()

    timer = threading.Timer(LIMIT, kill_all)
    timer.start()
    yield
    timer.cancel()


class Notebook:
    """A notebook in a window of its own."""

    def __init__(self, context: Any, lab: Lab, name: str) -> None:
        self.name, self.tab = name, context.new_page()
        self.faults: list[str] = []
        context.on("request", lambda request: self._note(lab, request.url))
        self.tab.goto(f"{lab.address}/lab/tree/notebooks/{name}.ipynb?reset&token={lab.token}")
        self.cells(after=-1)

    def _note(self, lab: Lab, url: str) -> None:
        parts = urlsplit(url)
        if (
            parts.scheme in ("http", "https", "ws", "wss")
            and parts.netloc != urlsplit(lab.address).netloc
        ):
            self.faults.append(f"asks {url}")

    def cells(self, after: int = 0, places: tuple[int, ...] = ()) -> list[dict[str, Any]]:
        """Give the code cells once those at some places, or all, have a later count."""
        asked = {"name": self.name, "after": after, "places": places}
        try:
            handle = self.tab.wait_for_function(CELLS, arg=asked, polling=200)
        except TooLate:
            pytest.fail(f"{self.name}: no end after {PATIENCE // 1000} s; {self.stuck(after)}")
        return handle.json_value()["cells"]

    def stuck(self, after: int) -> str:
        """Say at which cell the notebook is."""
        for i, prompt in enumerate(self.tab.locator(".jp-InputPrompt").all_inner_texts()):
            if prompt.strip() in ("[*]:", "[ ]:"):
                return f"code cell {i} shows {prompt}"
        return f"no cell waits after count {after}"

    def choose(self, menu: str, command: str) -> None:
        """Choose an entry of the menu bar."""
        self.tab.get_by_role("menuitem", name=menu, exact=True).click()
        self.tab.locator(f".lm-Menu-item[data-command='{command}']").click()

    def write(self, place: int, text: str) -> None:
        """Put a text in the place of a code cell's, by the keyboard."""
        cell = self.tab.locator(".jp-CodeCell").nth(place)
        cell.scroll_into_view_if_needed()  # a cell out of sight has no editor yet
        cell.locator(".cm-content").click()
        self.tab.keyboard.press("Control+a")
        self.tab.keyboard.insert_text(text)

    def widths(self) -> list[int]:
        """Give the width of every picture in an output."""
        return self.tab.wait_for_function(WIDTHS, polling=200).json_value()["widths"]


@pytest.fixture
def open_notebook(browser, lab, limit) -> Iterator[Any]:
    """Open a notebook in a window of its own; close it, and end its kernel, at the end."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE)
    yield lambda name: Notebook(context, lab, name)
    for kernel in ask(lab, "kernels"):
        ask(lab, f"kernels/{kernel['id']}", method="DELETE")
    context.close()


def complaints(name: str, cells: list[dict[str, Any]]) -> list[str]:
    """Name every cell that raised, warned or did not run."""
    found = []
    for i, cell in enumerate(cells):
        where = f"{name}, code cell {i} ({cell['source'].strip().splitlines()[0][:60]})"
        for one in cell["outputs"]:
            if one["output_type"] == "error":
                found.append(f"{where}: {one['ename']}: {one['evalue']}")
            if one.get("name") == "stderr":
                found.append(f"{where}: {''.join(one['text'])}")
        if not cell["count"] and not found:  # after an error the rest is not run
            found.append(f"{where}: not run")
    return found


def test_a_complaint_names_chapter_and_cell():
    raised = {"output_type": "error", "ename": "ValueError", "evalue": "no"}
    warned = {"output_type": "stream", "name": "stderr", "text": ["look", " out"]}
    cells = [
        {"source": "x = 1\nx", "count": 1, "outputs": []},
        {"source": "y(x)\n", "count": 2, "outputs": [warned, raised]},
        {"source": "z", "count": 0, "outputs": []},
    ]
    assert complaints("03_loss_law", cells) == [
        "03_loss_law, code cell 1 (y(x)): look out",
        "03_loss_law, code cell 1 (y(x)): ValueError: no",
    ]
    assert complaints("03_loss_law", cells[2:]) == ["03_loss_law, code cell 0 (z): not run"]


def is_picture(output: dict[str, Any]) -> bool:
    return any(kind.startswith("image/") for kind in output.get("data", {}))


@pytest.mark.parametrize("name", NAMES)
def test_a_chapter_runs_in_jupyterlab(open_notebook, name):
    """No error, nothing on stderr, every cell run; figures are seen; a change carries on."""
    notebook = open_notebook(name)
    notebook.choose("Run", "runmenu:run-all")
    before = notebook.cells()
    assert (found := complaints(name, before)) == [], "\n".join(found)
    widths = notebook.widths()
    assert len(widths) == sum(is_picture(one) for cell in before for one in cell["outputs"])
    assert all(widths), f"{name}: a figure is not drawn; widths {widths}"
    if name in CHANGES:
        assert_a_change_carries_on(notebook, before, *CHANGES[name])
    assert notebook.faults == []


def assert_a_change_carries_on(
    notebook: Notebook, before: list[dict[str, Any]], old: str, new: str
) -> None:
    """Change one number, run its cell and the next: the next shows something else."""
    place = next(i for i, cell in enumerate(before) if old in cell["source"])
    changed = before[place]["source"].replace(old, new, 1)
    notebook.write(place, changed)
    for _ in range(2):
        notebook.choose("Run", "runmenu:run")
    after = notebook.cells(max(cell["count"] for cell in before), (place, place + 1))
    assert after[place]["source"] == changed
    assert (found := complaints(notebook.name, after)) == [], "\n".join(found)
    assert after[place + 1]["outputs"] != before[place + 1]["outputs"]
