"""Put the planner into a page: ``{planner}``, without content.

Jupyter Book puts each script below `_static` on every page, so that of the planner lies here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


class Planner(SphinxDirective):
    """The planner, in its place on a page."""

    def run(self) -> list[nodes.Node]:
        """Write it; the page is read again where a part of it changes."""
        import planner_page  # here: a book without a planner needs no laws

        for path in sorted(Path(__file__).parent.glob("planner*")):
            self.env.note_dependency(str(path))
        return [nodes.raw("", planner_page.write_page(), format="html")]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("planner", Planner)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
