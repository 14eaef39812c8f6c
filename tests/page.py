"""What is a sound page? Every tag closed, every name once, every picture named, nothing fetched."""

from __future__ import annotations

import re
from collections import Counter
from contextlib import suppress
from html.parser import HTMLParser
from typing import Any

VOID = set("meta link br hr img input".split())
SECTIONS = "verdict assumptions intervals backtest tasks kpi next bill rows versions".split()
FETCHED = re.compile(r"https?:|\b(?:src|href|action|data|poster)=[\"'](?!#)|@import|url\((?!#)")


class Page(HTMLParser):
    """A page as read: faults, names, and the text by the section that it stands in."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.faults: list[str] = []
        self.names: Counter[str] = Counter()
        self.section = ""
        self.texts: dict[str, str] = {}
        self.tags: Counter[str] = Counter()
        self.feed(text)
        self.close()
        self.faults += [f"<{tag}> is not closed" for tag in self.open]
        self.faults += [f"{name} stands {n} times" for name, n in self.names.items() if n > 1]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._note(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._note(tag, attrs)

    def _note(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags[tag] += 1
        if len(given) < len(attrs):
            self.faults.append(f"<{tag}> has an attribute twice")
        if name := given.get("id"):
            self.names[name] += 1
        if tag == "section":
            self.section = given["id"] or ""
        named = given.get("aria-label") or given.get("alt") or given.get("aria-hidden") == "true"
        if tag in ("svg", "img") and not named:
            self.faults.append(f"<{tag}> has no name")

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1] != tag:
            self.faults.append(f"</{tag}> closes {self.open[-1:]}")
        else:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if not {"script", "style"} & set(self.open):
            self.texts[self.section] = self.texts.get(self.section, "") + data


def read_page(text: str) -> Page:
    """Read a report, and refuse one that is not sound."""
    page = Page(text)
    assert page.faults == []
    assert text.startswith("<!DOCTYPE html>")
    assert text.endswith("</html>\n")
    assert FETCHED.findall(re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)) == []
    assert [name for name in page.texts if name] == SECTIONS
    words = set(re.findall(r"\w+", " ".join(page.texts.values())))
    assert not {"nan", "inf", "None", "NaN"} & words
    return page


IDLE = 5_000  # milliseconds


def settle(tab: Any) -> None:
    """Give a loaded page the time to ask for more; not every browser says that it is done."""
    from playwright.sync_api import TimeoutError as WaitedLongEnough

    with suppress(WaitedLongEnough):
        tab.wait_for_load_state("networkidle", timeout=IDLE)
