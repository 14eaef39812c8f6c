"""Show a figure that an executed notebook glued, on another page, with caption and alt text.

MyST-NB can paste a figure on its own page with both, and on another page with neither, and no SVG.
In a page of prose::

    ```{glued-figure} headline
    :doc: notebooks/09_error_law
    :alt: What is plotted, over which range, and what to see.
    :name: fig-headline

    The caption.
    ```
"""

from __future__ import annotations

import hashlib
import json
import os
from base64 import b64decode
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.directives.patches import Figure
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging

SCHEME = "glue://"
FORMATS = {"image/svg+xml": ".svg", "image/png": ".png"}
log = logging.getLogger(__name__)


class GluedFigure(Figure):
    """A figure whose picture is filled in when every notebook has been read."""

    option_spec: ClassVar = {**Figure.option_spec, "doc": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        """Build an ordinary figure around a placeholder that names notebook and key."""
        document = self.options.pop("doc", None)
        if document is None or not self.options.get("alt"):
            raise self.error("glued-figure needs :doc:, the notebook, and :alt:, a sentence")
        self.arguments[0] = f"{SCHEME}{document}#{self.arguments[0]}"
        return list(super().run())


class FillGluedFigures(SphinxPostTransform):
    """Write each glued picture into the site and point its figure there."""

    default_priority = 5

    def run(self, **_: Any) -> None:
        """Fill every placeholder of one page."""
        for image in self.document.findall(nodes.image):
            if image["uri"].startswith(SCHEME):
                self.fill(image, *image["uri"].removeprefix(SCHEME).split("#", 1))

    def fill(self, image: nodes.image, document: str, key: str) -> None:
        """Replace one placeholder, or warn: a strict build then fails."""
        store = Path(self.env.mystnb_config.output_folder) / f"{document}.glue.json"
        output = json.loads(store.read_text(encoding="utf-8")) if store.is_file() else {}
        data = output.get(key, {}).get("data", {})
        mime = next((mime for mime in FORMATS if mime in data), None)
        if mime is None:
            log.warning("no figure %r is glued in %r", key, document, location=image)
            return
        image["uri"] = self.write(data[mime], mime)
        image["candidates"] = {"*": image["uri"]}

    def write(self, data: str, mime: str) -> str:
        """Write one picture, named by its content; return its address from the page."""
        raw = data.encode() if mime == "image/svg+xml" else b64decode(data)
        folder = Path(self.app.outdir) / self.app.builder.imagedir
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{hashlib.sha256(raw).hexdigest()}{FORMATS[mime]}"
        path.write_bytes(raw)
        page = Path(self.app.outdir) / self.env.docname
        return Path(os.path.relpath(path, page.parent)).as_posix()


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive and the step that fills it."""
    app.add_directive("glued-figure", GluedFigure)
    app.add_post_transform(FillGluedFigures)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
