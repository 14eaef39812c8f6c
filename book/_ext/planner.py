"""Put the planner into a page: ``{planner}``, without content.

A notebook links to that page, which is all that JupyterLab shows. On the site each notebook that
``planner_notebooks`` names has the planner itself behind the first such link, closed.

The planner is a part of the package, `scaling.reports.planner_page`; a report has it, too.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

PAGE = "book/planner"
CLOSED = "<details class='planner'><summary>{}</summary>\n{}\n</details>"
SAYS = "Open the planner here, for your model, demand and prices"


def write(env: BuildEnvironment) -> str:
    """Write it; the page is read again where a part of it changes."""
    from scaling import reports  # here: a book without a planner needs no laws
    from scaling.reports.planner_page import write_planner
    from scaling.studies.decide.planner import FRAME, make_planner

    for path in sorted(Path(reports.__path__[0]).rglob("planner*")):
        env.note_dependency(str(path))
    return write_planner(make_planner(), FRAME)


class Planner(SphinxDirective):
    """The planner, in its place on a page."""

    def run(self) -> list[nodes.Node]:
        """Put it there, open."""
        return [nodes.raw("", write(self.env), format="html")]


def put_behind_link(app: Sphinx, document: nodes.document) -> None:
    """Put the planner, closed, behind the paragraph of a notebook that first links to its page."""
    name = app.env.docname
    if name not in app.config.planner_notebooks:
        return
    for link in document.findall(lambda node: PAGE in str(getattr(node, "attributes", ""))):
        paragraph = link
        while not isinstance(paragraph, nodes.paragraph):
            paragraph = paragraph.parent
        closed = nodes.raw("", CLOSED.format(SAYS, write(app.env)), format="html")
        paragraph.parent.insert(paragraph.parent.index(paragraph) + 1, closed)
        return
    raise ExtensionError(f"{name} has no link to {PAGE}, behind which the planner would stand")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive, and the notebooks that have the planner, too."""
    app.add_config_value("planner_notebooks", [], "env")
    app.add_directive("planner", Planner)
    app.connect("doctree-read", put_behind_link)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
