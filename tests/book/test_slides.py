"""The slides open from a file, each fits, and each figure is seen."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jupytext
import pytest
from places import PATIENCE, ROOT
from typer.testing import CliRunner

from scaling.commands.cli import app

TEACHING = (ROOT / "book" / "teaching.md").read_text(encoding="utf-8")
CELLS = jupytext.read(ROOT / "notebooks" / "slides.py").cells
TITLES = [
    cell.source.splitlines()[0].lstrip("# ")
    for cell in CELLS
    if cell.metadata.get("slideshow", {}).get("slide_type") == "slide"
]
N_FIGURES = sum("image" in cell.metadata.get("mystnb", {}) for cell in CELLS)
WIDTH, HEIGHT = 1280, 720
# Where the parts of the slide that is shown end, in pixels of the window.
PARTS = "h1, h2, p, li, pre, img, mjx-container"
EDGES = """parts => [...Reveal.getCurrentSlide().querySelectorAll(parts)]
    .map(part => part.getBoundingClientRect())
    .map(box => [box.left, box.top, box.right, box.bottom])"""
SHOWN = """() => [...Reveal.getCurrentSlide().querySelectorAll('img')]
    .map(img => [img.complete && img.naturalWidth > 0, img.clientWidth, img.alt])"""
# An element that scrolls hides what does not fit in it.
CUT = """() => [...Reveal.getCurrentSlide().querySelectorAll('pre, p')]
    .filter(box => box.scrollWidth > box.clientWidth + 1).map(box => box.textContent)"""


@pytest.fixture(scope="module")
def deck(browser: Any, site: Path) -> Iterator[tuple[Any, list[str]]]:
    """The slides of the site, open as on a projector, with what went wrong."""
    tab, log = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}), []
    tab.set_default_timeout(PATIENCE)
    tab.on("request", lambda request: log.append(request.url))
    tab.on("requestfailed", lambda request: log.append(f"failed {request.url}"))
    tab.on("pageerror", lambda error: log.append(f"error {error}"))
    tab.on("console", lambda message: log.append(f"{message.type} {message.text}"))
    tab.goto((site / "_static" / "slides" / "index.html").as_uri(), wait_until="load")
    tab.evaluate("() => MathJax.startup.promise.then(() => null)")
    tab.wait_for_function("window.Reveal?.isReady()")
    yield tab, log
    tab.close()


@pytest.mark.browser
def test_the_slides_need_no_host_and_say_no_error(deck):
    _, log = deck
    assert len(log) > 4
    assert [line for line in log if not line.startswith(("file://", "data:"))] == []


@pytest.mark.browser
def test_each_slide_fits_and_its_figure_is_seen(deck):
    tab, _ = deck
    assert tab.evaluate("Reveal.getTotalSlides()") == len(TITLES) == 11
    seen = 0
    for number, title in enumerate(TITLES):
        tab.evaluate("number => Reveal.slide(number)", number)
        head = tab.locator("section.present").locator("h1, h2")
        assert head.inner_text().strip("¶ ") == title
        for left, top, right, bottom in tab.evaluate(EDGES, PARTS):
            assert left >= 0, title
            assert top >= 0, title
            assert right <= WIDTH, title
            assert bottom <= HEIGHT, title
        assert tab.evaluate(CUT) == [], title
        for loaded, width, alt in tab.evaluate(SHOWN):
            assert loaded, title
            assert width > WIDTH / 2, title
            assert len(alt.split()) > 6, title
            seen += 1
        assert tab.locator("section.present mjx-merror").count() == 0
    assert seen == N_FIGURES == 9


def test_what_is_typed_on_monday_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    session = CELLS[-1].source.partition("```console\n")[2].partition("```")[0]
    template, *others = [line.removeprefix("$ scaling ") for line in session.splitlines()]
    assert template.startswith("template > runs.csv")
    head = CliRunner().invoke(app, ["template"]).stdout
    rows = re.search(r"```text\n(.*?)```", TEACHING, re.DOTALL)[1]
    Path("runs.csv").write_text(head + rows, encoding="utf-8")
    assert len(others) == 4
    for line in others:
        result = CliRunner().invoke(app, shlex.split(line, comments=True))
        assert result.exit_code == 0, result.output


@pytest.mark.slow
def test_the_slides_are_written_by_their_own_command(tmp_path):
    """What `make slides` runs, with a notebook from the text."""
    command = [sys.executable, "book/_ext/story_slides.py", str(tmp_path / "slides")]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    page = (tmp_path / "slides" / "index.html").read_text(encoding="utf-8")
    assert page.count("<section") == 2 * len(TITLES)  # each in a column of its own
    assert page.count("<img alt=") == N_FIGURES
