"""A report from a file: alone, on a phone, in the dark, without scripts; Python's numbers in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from page import SECTIONS, settle
from places import PATIENCE

import scaling
from scaling.reports.language import speak
from scaling.reports.planner import BY_BUDGET, Choice
from scaling.reports.planner_page import PlannerPage
from scaling.reports.record import Report
from scaling.reports.sections_costs import frame_of, make_planner

FIVE = """\
run,N,D,loss,err_average
<b>a</b>,10.6M,211M,5.39,0.72
b,78.9M,1.58B,3.90,0.66
c,154M,3.07B,3.53,0.63
d,412M,8.23B,3.15,0.58
e,10.6M,3.38B,4.57,0.70
f,1.44B,28.8B,2.769,0.52
"""
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def answer(tmp_path_factory: pytest.TempPathFactory) -> Report:
    runs = tmp_path_factory.mktemp("runs") / "runs.csv"
    runs.write_text(FIVE)
    return scaling.report(runs, N=6.9e9, M=20, tokens_in=2e9, tokens_out=5e8)


@pytest.fixture(scope="module")
def places(answer: Report, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder, found = tmp_path_factory.mktemp("reports"), {}
    for language in ("en", "ja"):
        found[language] = folder / f"report_{language}.html"
        answer.write(found[language], language)
    return found


@pytest.fixture
def tab(browser: Any, places: dict[str, Path], request: pytest.FixtureRequest) -> Iterator[Any]:
    """A report, whose requests and complaints are counted."""
    language, width, theme, scripts = request.param
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=theme, java_script_enabled=scripts
    )
    context.set_default_timeout(PATIENCE)
    page, asked, said = context.new_page(), [], []
    page.on("request", lambda made: asked.append(made.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(places[language].as_uri(), wait_until="load")
    settle(page)
    yield page
    context.close()
    assert said == []
    assert len(asked) == 1


WAYS = [
    (language, width, theme, scripts)
    for language in ("en", "ja")
    for width in (1280, 390)
    for theme in ("light", "dark")
    for scripts in (True, False)
]


def name_way(way: object) -> str:
    language, width, theme, scripts = way  # type: ignore[misc]
    return f"{language}-{width}-{theme}-{'scripts' if scripts else 'none'}"


@pytest.mark.parametrize("tab", WAYS, indirect=True, ids=name_way)
def test_all_of_it_is_there_and_fits(tab, answer, request):
    language, width, theme, scripts = request.node.callspec.params["tab"]
    names = [section.get_attribute("id") for section in tab.locator("section").all()]
    assert names == SECTIONS
    for sentence in answer.sentences(language):
        assert tab.get_by_text(sentence).is_visible()
    box = tab.locator("html").bounding_box()
    assert box["width"] <= width
    for block in tab.locator("table, svg, p, h1").all():
        place = block.bounding_box()
        if place is not None and place["width"]:
            assert place["x"] + place["width"] <= width + 0.5, block.inner_html()[:80]
    assert tab.locator("#planner form").is_visible() == scripts
    assert tab.locator("#planner .still").is_visible() != scripts
    assert tab.locator("b").count() == 0
    ground = tab.locator("body").evaluate("node => getComputedStyle(node).backgroundColor")
    assert ground == ("rgb(255, 255, 255)" if theme == "light" else "rgb(21, 24, 27)")


def flatten(values: dict[str, Any], before: str = "") -> dict[str, Any]:
    flat = {}
    for name, value in values.items():
        inner = isinstance(value, dict)
        flat |= flatten(value, f"{name} ") if inner else {before + name: value}
    return flat


def dozen(first: Choice) -> list[Choice]:
    rng, choices = np.random.default_rng(5), [first]
    for i in range(12):
        size = {"N": 10 ** rng.uniform(7.5, 11.2), "M": 10 ** rng.uniform(0.8, 3)}
        price = {"price": rng.uniform(0.5, 9), "mfu_out": rng.uniform(0.01, 0.5)}
        by = {"by": BY_BUDGET, "budget": 10 ** rng.uniform(3.5, 6)} if i % 2 else {}
        choices.append(replace(first, **size, **price, **by))
    return choices


EN, JA = ("en", 1280, "light", True), ("ja", 390, "dark", True)


@pytest.mark.parametrize("tab", [EN, JA], indirect=True, ids=name_way)
def test_the_numbers_of_its_planner_are_those_of_python(tab, answer, request):
    language = request.node.callspec.params["tab"][0]
    planner = make_planner(answer.found)
    writer = PlannerPage(planner, frame_of(planner), speak(language))
    choices = dozen(planner.first)
    told = [planner.compute(choice) for choice in choices]
    assert 0 < sum(bool(each["doubt"]) for each in told) < len(told)
    assert "error_hi" in told[0]
    theirs = tab.evaluate("all => all.map(planner.compute)", [asdict(c) for c in choices])
    for ours, found in zip(told, theirs, strict=True):
        ours, found = flatten(ours), flatten(found)
        assert ours.keys() == found.keys()
        for name, value in ours.items():
            if isinstance(value, float):
                assert found[name] == pytest.approx(value, rel=1e-9, abs=0.0), name
            elif name == "doubt":
                assert found[name] == (value and speak(language).translate(value))
            else:
                assert found[name] == value, name
    words = "all => all.map(choice => planner.say(choice, planner.compute(choice)))"
    given = [asdict(choice) for choice in choices]
    assert tab.evaluate(words, given) == [
        writer.say(*pair) for pair in zip(choices, told, strict=True)
    ]


def test_its_planner_says_what_predict_and_cost_say(answer):
    planner = make_planner(answer.found)
    told, report = planner.compute(planner.first), answer.report()
    for name in ("loss", "lo", "hi", "law_lo", "law_hi"):
        assert told[name] == pytest.approx(report["prediction"][name], rel=1e-9)
    assert told["error"] == pytest.approx(report["prediction"]["errors"]["average"]["value"])
    assert told["money"]["total"] == pytest.approx(report["costing"]["choices"][0]["money"])


@pytest.mark.parametrize("tab", [JA], indirect=True, ids=name_way)
def test_japanese_controls_answer_in_japanese(tab):
    slider = tab.get_by_role("slider", name="パラメータ数（億）")
    assert slider.get_attribute("aria-valuetext") == "69億パラメータ"
    tab.locator("#planner-N").fill("14")
    tab.wait_for_function("document.querySelector('output').innerText.startsWith('14億パラメータ')")
    assert slider.get_attribute("aria-valuetext") == "14億パラメータ"


@pytest.mark.parametrize("tab", [EN], indirect=True, ids=name_way)
def test_printed_it_shows_numbers_and_no_controls(tab):
    tab.emulate_media(media="print")
    assert not tab.locator("#planner form").is_visible()
    assert tab.locator("#planner output").is_visible()
