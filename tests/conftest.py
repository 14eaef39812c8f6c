"""What several tests share: the folders, the built site, the browser, and the last words."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import is_hypothesis_test, settings
from places import ROOT

NO_BROWSER = "no Chromium on PATH or in $CHROMIUM"
BROWSER_ARGUMENTS = """--headless --no-sandbox --disable-gpu --disable-quic --no-first-run
--disable-background-networking --disable-component-update --disable-sync""".split()

os.environ.setdefault("MPLBACKEND", "Agg")
# A busy machine is no reason for a test to fail. The quick tests try fewer examples.
settings.register_profile("full", deadline=None, print_blob=True, max_examples=50)
settings.register_profile("quick", settings.get_profile("full"), max_examples=20)
HEARTBEAT = 25.0  # seconds
# These take longest: begun first, they run beside all the others.
LONGEST = ("test_site", "test_build", "test_cli")


def is_quick(config: pytest.Config) -> bool:
    """Tell whether slow tests are left out."""
    return "not slow" in config.option.markexpr


def pytest_configure(config: pytest.Config) -> None:
    """Choose how many examples a property is tried on, before the tests are read."""
    settings.load_profile("quick" if is_quick(config) else "full")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Count properties on all their examples among the slow tests; begin with the longest file."""
    for item in items:
        if not is_quick(config) and is_hypothesis_test(getattr(item, "obj", None)):
            item.add_marker("slow")
    items.sort(key=lambda item: item.path.stem not in LONGEST)


@pytest.fixture(scope="session")
def site() -> Path:
    """Folder of the built book, made by the command behind `make book`."""
    command = [sys.executable, "book/build.py"]
    build = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert build.returncode == 0, f"the book does not build\n{build.stdout}\n{build.stderr}"
    return ROOT / "_build" / "html"


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Start a headless Chromium; without one skip, or fail where $REQUIRE_BROWSER is set."""
    chromium = shutil.which(os.environ.get("CHROMIUM", "chromium"))
    if chromium is None:
        if os.environ.get("REQUIRE_BROWSER", "0") not in ("", "0"):
            pytest.fail(f"REQUIRE_BROWSER is set, but there is {NO_BROWSER}")
        pytest.skip(NO_BROWSER)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chrome = playwright.chromium.launch(executable_path=chromium, args=BROWSER_ARGUMENTS)
        yield chrome
        chrome.close()


def pytest_sessionstart(session: pytest.Session) -> None:
    """Say every half minute how far the tests are, where several workers run them."""
    if (
        getattr(session.config.option, "numprocesses", None)
        and "PYTEST_XDIST_WORKER" not in os.environ
    ):
        threading.Thread(target=_say_how_far, args=(session,), daemon=True).start()


def _say_how_far(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    start = time.monotonic()
    while reporter:
        time.sleep(HEARTBEAT)
        done = sum(
            len(reporter.stats.get(how, [])) for how in ("passed", "failed", "skipped", "error")
        )
        minutes = (time.monotonic() - start) / 60
        reporter.write_line(f" {done} tests are through after {minutes:.1f} minutes")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Iterator[None]:
    """Say last of all that the browser tests did not run: a skip is easily overlooked."""
    yield
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    without = sum(NO_BROWSER in str(report.longrepr) for report in skipped)
    if without:
        reporter.section("the site was not opened in a browser", yellow=True)
        reporter.line(f"{without} browser tests were skipped: {NO_BROWSER}.")
        reporter.line("Install Chromium to run them. With REQUIRE_BROWSER=1 this is a failure.")
