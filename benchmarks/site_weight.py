"""Weight of the built site, and how fast its chapters open: ``python -m benchmarks.site_weight``.

Writes ``data/results/site_weight.csv`` and prints it. A page's bytes are its own and those of what
it asks for, as a first visit transfers them without compression. It is opened from its file in
headless Chromium, each time in a context without a cache; the time is that of the event `load`.
"""

from __future__ import annotations

import os
import platform
import shutil
import statistics
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pandas as pd
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parent.parent
SITE = ROOT / "_build" / "html"
RESULT = ROOT / "data" / "results" / "site_weight.csv"
N_ROUNDS = 3
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu"]
LOAD = "performance.getEntriesByType('navigation')[0].loadEventEnd"
SHARED = "_static"


def open_page(browser: Any, page: Path) -> dict[str, float]:
    """Bytes of a page, of its pictures and of what all pages share, in MB; seconds to `load`."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    tab, asked = context.new_page(), set()
    tab.on("request", lambda request: asked.add(unquote(urlsplit(request.url).path)))
    tab.goto(page.as_uri(), wait_until="load")
    tab.wait_for_function(f"{LOAD} > 0")
    seconds = tab.evaluate(LOAD) / 1000
    context.close()
    files = [Path(name) for name in asked if Path(name).is_file()]
    own = sum(path.stat().st_size for path in files if SHARED not in path.parts)
    total = sum(path.stat().st_size for path in files)
    return {"own_mb": own / 1e6, "total_mb": total / 1e6, "seconds": seconds}


def measure(n_rounds: int) -> pd.DataFrame:
    """One row per page: its weight, and the median and least time of the rounds."""
    pages = sorted([*SITE.glob("book/*.html"), *SITE.glob("notebooks/*.html")])
    chromium = shutil.which(os.environ.get("CHROMIUM", "chromium"))
    rows = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        for page in pages:
            rounds = [open_page(browser, page) for _ in range(n_rounds)]
            seconds = [each["seconds"] for each in rounds]
            row = {"page": page.relative_to(SITE).with_suffix("").as_posix(), "n_rounds": n_rounds}
            row |= {name: round(rounds[0][name], 3) for name in ("own_mb", "total_mb")}
            row |= {"seconds": statistics.median(seconds), "least_seconds": min(seconds)}
            rows.append(row)
        version = browser.version
        browser.close()
    return (
        pd.DataFrame(rows)
        .round(3)
        .assign(
            machine=f"{platform.machine()}, Python {platform.python_version()}",
            versions=f"Chromium {version}",
        )
    )


def main(n_rounds: int = N_ROUNDS) -> None:
    """Weigh and open every page, print the heaviest and store all."""
    table = measure(n_rounds).sort_values("own_mb", ascending=False)
    table.to_csv(RESULT, index=False)
    weight = sum(path.stat().st_size for path in SITE.rglob("*") if path.is_file())
    chapters = table[table["page"].str.startswith("notebooks/")]
    print(table.drop(columns=["machine", "versions"]).head(5).to_string(index=False))
    print(f"the site: {weight / 1e6:.1f} MB in {len(table)} pages")
    print(f"chapters: {chapters['seconds'].median():.2f} s to load, in the median")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
