"""How is a page put together? Templates beside this room, in which every value is escaped."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup


@cache
def _open() -> Environment:
    return Environment(
        loader=PackageLoader("scaling.reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )


def render(name: str, **values: Any) -> Markup:
    """Fill a template.

    Parameters
    ----------
    name : str
        Its file.
    **values
        What it names; text is escaped, `markupsafe.Markup` is not.
    """
    return Markup(_open().get_template(name).render(**values))


def read_plain(name: str) -> Markup:
    """Give a style or a script as it is."""
    environment = _open()
    assert environment.loader is not None
    return Markup(environment.loader.get_source(environment, name)[0])


def write_json(data: Any) -> Markup:
    """Write what a script reads; no text in it ends the script."""
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return Markup(text.replace("<", "\\u003c"))
