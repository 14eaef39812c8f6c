"""The built site: nothing from another host, maths that renders, pictures that speak, phones."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup
from page import settle
from places import PATIENCE, ROOT

FOREIGN = re.compile(r"^\s*(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
CSS_ADDRESS = re.compile(r"url\(\s*['\"]?([^'\")]+)|@import\s+['\"]([^'\"]+)", re.IGNORECASE)
SCRIPT_ADDRESS = re.compile(r"(?:https?|wss?)://[^\s'\"<>)]+", re.IGNORECASE)
SENTENCE = re.compile(r"^[A-Z0-9\u3041-\u9fff].*[.!?。]$", re.DOTALL)
WORD = re.compile(r"[\w'-]+")
JAPANESE = re.compile(r"[\u3041-\u9fff]{2}")  # as long as a word, about
# Attributes that make a browser fetch; a plain link waits for a click.
FETCHING = {"src", "srcset", "poster", "data", "background"}
LOCAL_SCHEMES = ("file://", "data:", "blob:", "about:")
WIDTHS = (1280, 390)


@dataclass
class Page(HTMLParser):
    """What one page fetches, shows and says."""

    path: Path
    fetched: list[str] = field(default_factory=list)
    images: list[dict[str, str]] = field(default_factory=list)
    formulas: int = 0
    inside: str = ""

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.inside = tag
        self.fetched += [values[name] for name in FETCHING & set(values)]
        self.fetched += addresses_in_css(values.get("style", ""))
        if tag in ("link", "use", "image"):
            self.fetched.append(values.get("href", ""))
        if tag == "img":
            self.images.append(values)
        self.formulas += "math" in values.get("class", "").split()

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside == "style":
            self.fetched += addresses_in_css(data)
        if self.inside == "script":
            self.fetched += SCRIPT_ADDRESS.findall(data)


def addresses_in_css(text: str) -> list[str]:
    """Every address that a style sheet fetches."""
    return [first or second for first, second in CSS_ADDRESS.findall(text)]


def count_words(text: str) -> int:
    """Count words, in Japanese about."""
    return len(JAPANESE.findall(text)) + len(WORD.findall(JAPANESE.sub(" ", text)))


def foreign(addresses: list[str]) -> list[str]:
    """Those that lead to a host. An address in data needs none."""
    return [address for address in addresses if FOREIGN.match(address)]


@pytest.fixture(scope="module")
def pages(site: Path) -> list[Page]:
    return [Page(path) for path in sorted(site.rglob("*.html")) if "_static" not in path.parts]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<script src='https://cdn.example/x.js'></script>", ["https://cdn.example/x.js"]),
        ("<link rel=stylesheet href=//cdn.example/x.css>", ["//cdn.example/x.css"]),
        ("<script>load('https://cdn.example/y.js')</script>", ["https://cdn.example/y.js"]),
        ("<p style='background: url(http://cdn.example/z.png)'>", ["http://cdn.example/z.png"]),
        ("<style>@import 'https://cdn.example/a.css';</style>", ["https://cdn.example/a.css"]),
        ("<img src='../_images/a.svg'><a href='https://example.org'>plain link</a>", []),
    ],
)
def test_the_scan_finds_what_a_browser_would_fetch(text, expected, tmp_path):
    (tmp_path / "page.html").write_text(text, encoding="utf-8")
    assert foreign(Page(tmp_path / "page.html").fetched) == expected


def test_no_page_names_a_foreign_host_to_fetch_from(pages):
    assert {str(page.path): foreign(page.fetched) for page in pages if foreign(page.fetched)} == {}


def test_no_style_sheet_names_a_foreign_host_to_fetch_from(site):
    found = {}
    for sheet in site.rglob("*.css"):
        found[str(sheet)] = foreign(addresses_in_css(sheet.read_text(encoding="utf-8")))
    assert found
    assert {name: addresses for name, addresses in found.items() if addresses} == {}


def test_the_front_page_leads_in_and_the_script_for_formulas_is_local(site):
    assert "book/intro.html" in (site / "index.html").read_text(encoding="utf-8")
    assert (site / "_static" / "mathjax" / "tex-svg.js").stat().st_size > 1_000_000


def test_every_picture_says_in_a_sentence_what_it_shows(pages):
    pictures = [(page.path.name, image) for page in pages for image in page.images]
    assert pictures
    mute = [
        (page, image.get("src"), image.get("alt", ""))
        for page, image in pictures
        if not SENTENCE.match(image.get("alt", "")) or count_words(image["alt"]) < 6
    ]
    assert mute == []


def test_the_book_has_formulas_to_draw(pages):
    assert sum(page.formulas for page in pages) > 50


CHAPTERS = sorted(path.stem for path in (ROOT / "notebooks").glob("[0-9]*.py"))


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_opens_with_its_answer_and_is_read_in_a_quarter_of_an_hour(site, name):
    """The box has a sentence to repeat; what folds hold is for those who doubt."""
    page = (site / "notebooks" / f"{name}.html").read_text("utf-8")
    article = BeautifulSoup(page, "html.parser").select_one("article")
    assert article
    box = article.select_one("div.admonition.tip")
    assert box
    answer = box.select_one("strong")
    assert answer
    assert count_words(answer.text) <= 32
    assert count_words(box.text) <= 110
    for aside in article.select("details, pre, table, script, figcaption, mjx-container"):
        aside.decompose()
    main = article.text.partition("Before you compute")[0]
    typed = re.search(r"Reading: (\d+) minutes", main)
    assert typed
    assert count_words(main) / 200 <= int(typed[1]) <= 15


def visits(
    browser: Any, pages: list[Page], width: int, scheme: str = "light"
) -> Iterator[tuple[Page, Any, list[str]]]:
    """Open every page and yield it, drawn, with what the browser asked for and said."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    context.set_default_timeout(PATIENCE)
    for page in pages:
        tab, log = context.new_page(), []
        tab.on("request", lambda request, log=log: log.append(f"request {request.url}"))
        tab.on("requestfailed", lambda request, log=log: log.append(f"failed {request.url}"))
        tab.on("pageerror", lambda error, log=log: log.append(f"error {error}"))
        tab.on("console", lambda message, log=log: log.append(f"{message.type} {message.text}"))
        tab.goto(page.path.as_uri(), wait_until="load")
        settle(tab)
        if page.formulas:
            tab.wait_for_function("window.MathJax?.startup?.promise")
            tab.evaluate("() => MathJax.startup.promise.then(() => null)")
        yield page, tab, log
        tab.close()
    context.close()


OVERFLOW = """() => ['documentElement', 'body'].map(name => document[name].scrollWidth)"""
RENDERED = """() => {
    const count = name => document.querySelectorAll(name).length;
    const raw = [...document.querySelectorAll('.math')].filter(
        node => !node.querySelector('mjx-container'));
    return {drawn: count('mjx-container'), errors: count('mjx-merror'), raw: raw.length};
}"""


@pytest.mark.browser
@pytest.mark.parametrize("width", WIDTHS)
def test_every_page_opens_alone_without_error_and_fits(browser, pages, width):
    """No request to a host, no console error, formulas drawn, no page wider than its window."""
    faults = []
    for page, tab, log in visits(browser, pages, width):
        name = page.path.name
        asked = [line.removeprefix("request ") for line in log if line.startswith("request ")]
        assert asked, f"{name}: nothing was loaded"
        faults += [(name, address) for address in asked if not address.startswith(LOCAL_SCHEMES)]
        faults += [(name, line) for line in log if line.startswith(("failed ", "error "))]
        faults += [(name, f"{wide} px wide") for wide in tab.evaluate(OVERFLOW) if wide > width]
        maths = tab.evaluate(RENDERED)
        if maths["errors"] or maths["raw"] or maths["drawn"] < page.formulas:
            faults.append((name, f"{page.formulas} formulas, {maths}"))
    assert faults == []


ONE_LOOK = ("light", 1280)
LOOKS = [
    pytest.param(scheme, width, marks=() if (scheme, width) == ONE_LOOK else pytest.mark.slow)
    for scheme in ("light", "dark")
    for width in WIDTHS
]


@pytest.mark.browser
@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_no_page_keeps_a_reader_out(browser, site, pages, scheme, width):
    """What axe finds of each page, reports and planner too: nothing serious, nothing critical."""
    axe, faults = Axe(), []
    reports = [Page(path) for path in sorted(site.glob("_static/report_*.html"))]
    assert len(reports) == 2
    for page, tab, _ in visits(browser, [*pages, *reports], width, scheme):
        for fault in axe.run(tab, options={"resultTypes": ["violations"]}).response["violations"]:
            if fault["impact"] in ("serious", "critical"):
                where = [node["target"] for node in fault["nodes"]]
                faults.append((page.path.name, fault["help"], where[:3]))
    assert faults == []


FOR_THE_BOARD = ("board", "board_ja", "smallest_experiment")
# Each sign beside the one that stands for what no font has, drawn.
TOFU = """() => {
    const box = document.querySelector('article'), canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [48, 48];
    const context = canvas.getContext('2d', {willReadFrequently: true});
    context.font = `32px ${getComputedStyle(box.querySelector('[lang] p, p')).fontFamily}`;
    const draw = sign => {
        context.clearRect(0, 0, 48, 48);
        context.fillText(sign, 4, 36);
        return context.getImageData(0, 0, 48, 48).data.join();
    };
    const none = draw('\\u{10fffe}');
    return [...new Set(box.innerText)].filter(s => s.trim() && draw(s) === none);
}"""
SHADES = """() => ['body', 'article p'].map(name => {
    const look = getComputedStyle(document.querySelector(name));
    const [r, g, b] = (name === 'body' ? look.backgroundColor : look.color).match(/[\\d.]+/g);
    return (r * 0.2126 + g * 0.7152 + b * 0.0722) / 255;
})"""


@pytest.mark.browser
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", FOR_THE_BOARD)
def test_the_pages_for_the_board_read_by_day_and_by_night(browser, site, name, scheme, width):
    """They fit, paper and ink lie apart, every number is there and every sign has a picture."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    context.set_default_timeout(PATIENCE)
    tab = context.new_page()
    tab.goto((site / "book" / f"{name}.html").as_uri(), wait_until="load")
    assert max(tab.evaluate(OVERFLOW)) <= width
    paper, ink = tab.evaluate(SHADES)
    assert (paper > 0.9 and ink < 0.35) if scheme == "light" else (paper < 0.15 and ink > 0.7)
    tab.evaluate("document.querySelectorAll('article details').forEach(fold => fold.open = true)")
    assert max(tab.evaluate(OVERFLOW)) <= width
    numbers = tab.locator(".pasted-text").all_inner_texts()
    assert len(numbers) > 30
    assert all(numbers)
    if not subprocess.run(["fc-list", ":lang=ja"], capture_output=True, check=False).stdout:
        pytest.skip("no Japanese font: fonts-noto-cjk has one")
    assert tab.evaluate(TOFU) == []
    context.close()


@pytest.mark.browser
@pytest.mark.parametrize("name", ["board", "board_ja"])
def test_the_page_for_the_board_is_printed_on_one_sheet(browser, site, name):
    """Of A4, in black on white, with its figure, without its fold and what leads to other pages."""
    if not subprocess.run(["fc-list", ":lang=ja"], capture_output=True, check=False).stdout:
        pytest.skip("no Japanese font: fonts-noto-cjk has one")
    tab = browser.new_page()
    tab.goto((site / "book" / f"{name}.html").as_uri(), wait_until="load")
    sheets = tab.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", sheets)) == 1
    assert re.search(rb"/MediaBox\s*\[0 0 59[45][.\d]* 84[12][.\d]*\]", sheets)
    tab.emulate_media(media="print")
    assert tab.locator("article img").is_visible()
    assert tab.locator("article h2").last.is_visible()
    assert not tab.locator("article details").is_visible()
    tab.close()


@pytest.mark.browser
def test_the_japanese_page_says_its_language_and_breaks_lines_strictly(browser, site):
    tab = browser.new_page()
    tab.goto((site / "book" / "board_ja.html").as_uri(), wait_until="load")
    box = tab.locator("article div[lang=ja]")
    assert box.locator("h1").count() == 1
    assert tab.locator("html").get_attribute("lang") == "ja"
    assert box.locator(".caption-number").inner_text().startswith("図")
    look = box.locator("p").first.evaluate(
        "p => [getComputedStyle(p)].map(s => [s.lineBreak, s.fontFamily])[0]"
    )
    assert look[0] == "strict"
    assert "Noto Sans CJK JP" in look[1]
    assert box.locator("em").first.evaluate("e => getComputedStyle(e).fontStyle") == "normal"
    tab.goto((site / "book" / "board.html").as_uri(), wait_until="load")
    assert tab.locator("article div[lang]").count() == 0
    assert tab.locator("html").get_attribute("lang") == "en"
    tab.close()


LEADS = {
    "an engineer with runs": "own_runs",
    "an engineer with none yet": "smallest_experiment",
    "a researcher who doubts the paper": "scorecard",
    "a teacher": "teaching",
    "the person who signs": "board",
}


def test_each_reader_is_led_to_his_page_in_one_click(site):
    text = (site / "book" / "intro.html").read_text(encoding="utf-8")
    for reader, page in LEADS.items():
        row = text.partition(f"<p>{reader}</p>")[2].partition("</tr>")[0]
        first = re.search(r'href="([^"#]+)', row)
        assert first, reader
        assert Path(first[1]).stem == page
        assert (site / "book" / first[1]).is_file()


@pytest.fixture(scope="module")
def phone(browser: Any, site: Path) -> Iterator[Any]:
    """A chapter, open on a phone."""
    tab = browser.new_page(viewport={"width": 390, "height": 900})
    tab.set_default_timeout(PATIENCE)
    tab.goto((site / "notebooks" / "03_loss_law.html").as_uri(), wait_until="load")
    tab.evaluate("document.querySelectorAll('details').forEach(fold => fold.open = true)")
    yield tab
    tab.close()


WIDTH_SHOWN = """figure => figure.querySelector('img').clientWidth"""


@pytest.mark.browser
def test_a_figure_is_enlarged_and_scrolled_by_keyboard(phone):
    figures = phone.locator("figure")
    assert figures.count() > 2
    for figure in figures.all():
        button = figure.get_by_role("button", name=re.compile(r"^Enlarge Fig\. \d+$"))
        small = figure.evaluate(WIDTH_SHOWN)
        button.press("Enter")
        button = figure.get_by_role("button", name=re.compile(r"^Shrink Fig\. \d+$"))
        assert figure.evaluate(WIDTH_SHOWN) > 1.5 * small
        assert max(phone.evaluate(OVERFLOW)) <= 390
        phone.keyboard.press("Tab")
        assert figure.locator(".large").evaluate("box => box === document.activeElement")
        button.press("Enter")
        assert figure.evaluate(WIDTH_SHOWN) == small


@pytest.mark.browser
def test_what_a_cell_ran_is_copied_and_what_it_printed_is_not(phone):
    buttons = phone.locator(".copybtn")
    assert buttons.count() == phone.locator(".cell_input pre").count()
    assert phone.locator(".cell_output pre").count() > 0
    named = phone.get_by_role("button", name="Copy to clipboard", include_hidden=True)
    assert named.count() == buttons.count() > 10


TABLES = """() => [...document.querySelectorAll('table.dataframe')].map(table => ({
    index: table.querySelector('tbody th').offsetWidth,
    heads: [...table.querySelectorAll('th')].filter(cell => cell.textContent.trim()).length,
    scoped: table.querySelectorAll('th[scope]').length,
    reached: table.closest('.output').tabIndex === 0,
    wide: table.offsetWidth > table.closest('.output').clientWidth}))"""


@pytest.mark.browser
def test_a_wide_table_leaves_room_beside_its_index_and_scrolls_by_keyboard(phone):
    tables = phone.evaluate(TABLES)
    assert any(table["wide"] for table in tables)
    named = phone.get_by_role("group", name=re.compile(r"^Table in: \w"))
    assert named.count() == len(tables)
    for table in tables:
        assert table["index"] < 390 / 2
        assert table["scoped"] == table["heads"]
        assert table["reached"] == table["wide"]


SIDES = """() => [...document.querySelectorAll('table.dataframe')].flatMap((table, i) =>
    [...table.tBodies[0].rows].flatMap(row => [...row.cells].reverse()
        .map((cell, j) => [cell.tagName, `${i} ${j}`, cell.textContent.trim(),
                           getComputedStyle(cell).textAlign])
        .filter(([tag]) => tag === 'TD')))"""


def is_number(text: str) -> bool:
    try:
        float(text.rstrip("%").replace(",", "").replace("–", "0") or 0)
    except ValueError:
        return text == "None"
    return True


@pytest.mark.browser
def test_numbers_stand_at_the_right_of_a_column_and_words_at_the_left(phone):
    columns: dict[str, list[tuple[str, str]]] = {}
    for _, column, text, side in phone.evaluate(SIDES):
        columns.setdefault(column, []).append((text, side))
    seen = set()
    for cells in columns.values():
        side = "right" if all(is_number(text) for text, _ in cells) else "left"
        assert {found for _, found in cells} == {side}, cells
        seen.add(side)
    assert seen == {"left", "right"}


@pytest.mark.browser
def test_the_focus_stays_on_a_copy_button(phone):
    button = phone.locator(".copybtn").nth(1)
    button.press("Enter")
    phone.wait_for_timeout(300)
    assert button.evaluate("button => button === document.activeElement")


@pytest.mark.browser
def test_a_table_fades_until_its_end_is_seen(phone):
    boxes = phone.locator(".output:has(table.dataframe)")
    wide = [box for box in boxes.all() if box.evaluate("b => b.scrollWidth > b.clientWidth + 1")]
    assert 0 < len(wide) < boxes.count()
    assert boxes.and_(phone.locator(".more")).count() == len(wide)
    wide[0].evaluate("box => box.scrollTo(box.scrollWidth, 0)")
    phone.wait_for_function("box => !box.classList.contains('more')", arg=wide[0].element_handle())
