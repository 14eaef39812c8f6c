"""The site as one file: the same bytes from the same pages, which open where it is unpacked."""

from __future__ import annotations

import os
import sys
import zipfile

import pytest
from places import PATIENCE, ROOT

sys.path.insert(0, str(ROOT / "book"))
from zip_site import FOLDER, pack

PAGES = ("index", "notebooks/03_loss_law", "book/own_runs")


def test_the_same_pages_give_the_same_bytes(tmp_path):
    """Whenever, and in whichever order, they were written."""
    for name, order in (("one", "ab"), ("other", "ba")):
        (tmp_path / name / "sub").mkdir(parents=True)
        for i, letter in enumerate(order):
            path = tmp_path / name / "sub" / f"{letter}.html"
            path.write_text(letter * 1000, encoding="utf-8")
            path.chmod(0o600 if i else 0o644)
            os.utime(path, (1e9 + i, 1e9 + i))
        pack(tmp_path / name, tmp_path / f"{name}.zip")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "other.zip").read_bytes()


@pytest.mark.browser
def test_an_unpacked_page_opens_below_a_path_with_a_space(site, browser, tmp_path):
    folder = tmp_path / "my downloads"
    pack(site, tmp_path / "site.zip")
    with zipfile.ZipFile(tmp_path / "site.zip") as packed:
        packed.extractall(folder)
    context = browser.new_context()
    context.set_default_timeout(PATIENCE)
    asked: list[str] = []
    failed: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    context.on("requestfailed", lambda request: failed.append(request.url))
    widths = []
    tab = context.new_page()
    for page in PAGES:
        tab.goto((folder / FOLDER / f"{page}.html").as_uri(), wait_until="load")
        if page == "index":  # it leads on to the introduction
            tab.wait_for_url("**/intro.html")
        tab.eval_on_selector_all(
            ".bd-article img", "pictures => pictures.map(each => { each.loading = 'eager' })"
        )
        tab.wait_for_function(
            "[...document.querySelectorAll('.bd-article img')].every(each => each.complete)"
        )
        shown = ".bd-article img:not(details *)"
        widths += tab.eval_on_selector_all(shown, "all => all.map(each => each.naturalWidth)")
    context.close()
    assert [url for url in asked if not url.startswith(("file://", "data:"))] == []
    assert failed == []
    assert len(widths) > 3
    assert all(widths)
