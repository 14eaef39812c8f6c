"""Write the example reports, one in each language, into the site when it is built.

Their runs are those of the page that shows them, `book/own_runs.md`: its first table.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

PAGE = Path(__file__).parents[1] / "own_runs.md"
TABLE = re.compile(r"^```text\n(run,N,D,loss\n.*?)^```", re.DOTALL | re.MULTILINE)
ASKED: dict[str, Any] = {"N": 6.9e9, "M": 20, "tokens_in": 2e9, "tokens_out": 5e8}


def write_reports(app: Sphinx, error: Exception | None) -> None:
    """Write ``_static/report_en.html`` and ``_static/report_ja.html``."""
    if error is not None or app.builder.format != "html":
        return
    import scaling  # here: a book without an example needs no laws

    found = TABLE.search(PAGE.read_text(encoding="utf-8"))
    assert found, f"{PAGE.name} has no table of runs"
    folder = Path(app.outdir) / "_static"
    runs = folder / "runs.csv"
    runs.write_text(found[1], encoding="utf-8")
    report = scaling.report(runs, **ASKED)
    for language in ("en", "ja"):
        report.write(folder / f"report_{language}.html", language)


def setup(app: Sphinx) -> dict[str, Any]:
    """Write them last: the builder empties nothing after that."""
    app.connect("build-finished", write_reports)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
