"""How is a page put together? Templates beside this room, in which every value is escaped."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

# Japanese may break a line nearly anywhere: not inside a range, M = 20トークン, 2026-05時点
TOGETHER = re.compile(
    r"([−+$]?\d[\d.,%]*～[+$]?\d[\d.,]*%?|M = [\d.,]+(?:トークン)?"
    r"|\d{4}-\d\d時点|\d[\d.,]*トークン)"
)


@cache
def _open() -> Environment:
    environment = Environment(
        loader=PackageLoader("scaling.reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    environment.filters["whole"] = keep_whole
    return environment


def keep_whole(text: str) -> Markup:
    """Put what must not be broken over lines, as a range or a count with its unit, into a span."""
    parts = TOGETHER.split(str(text))  # odd ones are found
    spans = ('<span class="whole">%s</span>', "%s")
    return Markup("").join(Markup(spans[i % 2 == 0]) % part for i, part in enumerate(parts))


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
