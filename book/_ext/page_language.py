"""Say the language of a page that is not written in the site's: ``lang: ja`` at its head.

Sphinx knows one language a site. Such a page says its own in ``<html lang>``, and around its body,
so that a browser picks its fonts and a screen reader its voice. Figures are counted in its words.
"""

from __future__ import annotations

from html import escape
from typing import Any

from sphinx.application import Sphinx

COUNTED = '<span class="caption-number">'
FIGURE = {"ja": "図"}


def say_language(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object
) -> None:
    """Say it of the page and of its body, and name its figures."""
    language = app.env.metadata.get(pagename, {}).get("lang")
    if language and "body" in context:
        body = context["body"].replace(f"{COUNTED}Fig. ", COUNTED + FIGURE.get(language, "Fig. "))
        context["body"] = f'<div lang="{escape(language)}">\n{body}\n</div>'
        context["language"] = language


def setup(app: Sphinx) -> dict[str, Any]:
    """Do so when a page is written."""
    app.connect("html-page-context", say_language)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
