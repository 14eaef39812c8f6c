"""Say the language of a page that is not written in the site's: ``lang: ja`` at its head.

Sphinx knows one language a site, that of ``<html lang>``. The body of such a page is put into a box
that says its own, so that a browser picks its fonts and a screen reader its voice.
"""

from __future__ import annotations

from html import escape
from typing import Any

from sphinx.application import Sphinx


def say_language(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object
) -> None:
    """Put the body of a page that names its language into a box."""
    language = app.env.metadata.get(pagename, {}).get("lang")
    if language and "body" in context:
        context["body"] = f'<div lang="{escape(language)}">\n{context["body"]}\n</div>'


def setup(app: Sphinx) -> dict[str, Any]:
    """Do so when a page is written."""
    app.connect("html-page-context", say_language)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
