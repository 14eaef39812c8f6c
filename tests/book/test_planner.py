"""The planner in the page: Python's numbers, by mouse and keyboard, alone, and without scripts."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from page import settle
from places import PATIENCE
from scipy.stats import t as student

import scaling
from scaling.forecast.caution import FARTHEST_CHECKED
from scaling.reports.language import speak
from scaling.reports.planner import BY_BUDGET, BY_HAND, Choice, tokens_of_sizes
from scaling.reports.planner_page import PlannerPage
from scaling.studies.decide.planner import FRAME, first_choice, make_planner
from scaling.testbed.runs import run_table, select_loss_fit

WEIGHT = 60 * 1024  # bytes, of all that the planner adds to a page
WIDTHS = (1280, 390)
CHAPTER = "notebooks/13_total_cost"
LOCAL = ("file://", "data:", "blob:", "about:")
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def writer() -> PlannerPage:
    """What writes the planner of the book."""
    return PlannerPage(make_planner(), FRAME, speak("en"))


def compute(choice: Choice) -> dict[str, Any]:
    return make_planner().compute(choice)


@pytest.fixture(scope="module")
def address(writer: PlannerPage, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A page with the planner and nothing else."""
    page = tmp_path_factory.mktemp("planner") / "planner.html"
    head = "<!doctype html><html lang=en><meta charset=utf-8><title>Planner</title>"
    page.write_text(head + writer.write(), encoding="utf-8")
    return page.as_uri()


@pytest.fixture
def tab(browser: Any, address: str) -> Iterator[Any]:
    page = browser.new_page(viewport={"width": 800, "height": 900})
    page.set_default_timeout(PATIENCE)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text))
    page.goto(address)
    yield page
    page.close()
    assert errors == []


def many_choices(by: str) -> list[Choice]:
    """Two hundred: sizes and ratios or budgets on a grid, the rest drawn over what can be."""
    rng, choices = np.random.default_rng(17), []
    sets, sizes = ("c4", "redpajama", "refinedweb"), np.geomspace(1.1e7, 9.1e10, 14)
    budgets = dict(zip(sizes, np.geomspace(100, 1e6, 14), strict=True))
    grid = itertools.product(sets, sizes, (5.0, 20.0, 97.0, 640.0, 2000.0))
    for dataset, N, M in itertools.islice(grid, 199):
        shares = {name: rng.uniform(0.01, 1) for name in ("mfu_training", "mfu_in", "mfu_out")}
        most = {BY_HAND: 12, BY_BUDGET: 10}[by]  # a budget serves so much with a model of a kind
        demand = {name: 10 ** rng.uniform(6, most) for name in ("tokens_in", "tokens_out")}
        other = {"days": rng.uniform(0, 999), "price": rng.uniform(0.2, 20)}
        other["peak"] = 10 ** rng.uniform(14, 16)
        chosen = {"dataset": dataset, "by": by, "N": float(N), "M": M, "budget": budgets[N]}
        choices.append(replace(first_choice(), **chosen | shares | demand | other))
    return [*choices, replace(first_choice(), by=by, tokens_in=0.0, tokens_out=0.0, days=0.0)]


def flatten(values: dict[str, Any]) -> dict[str, Any]:
    flat = {}
    for name, value in values.items():
        inner = flatten(value) if isinstance(value, dict) else {"": value}
        flat |= {f"{name} {key}".strip(): each for key, each in inner.items()}
    return flat


ALL = "choices => choices.map(planner.compute)"
WORDS = "choices => choices.map(choice => planner.say(choice, planner.compute(choice)))"
MARKS = "choices => choices.map(choice => planner.draw(choice, planner.compute(choice)))"


@pytest.mark.parametrize("by", [BY_HAND, BY_BUDGET])
def test_the_numbers_of_the_script_are_those_of_python(tab, writer, by):
    choices = many_choices(by)
    given = [asdict(choice) for choice in choices]
    told = [compute(choice) for choice in choices]
    assert len(choices) == 200
    assert 50 < sum(not answer["doubt"] for answer in told) < 180  # both kinds are compared
    for ours, theirs in zip(told, tab.evaluate(ALL, given), strict=True):
        ours, theirs = flatten(ours), flatten(theirs)
        assert ours.keys() == theirs.keys()
        for name, value in ours.items():
            if isinstance(value, float):
                assert theirs[name] == pytest.approx(value, rel=1e-9, abs=0.0), name
            else:
                assert theirs[name] == value, name
    words = [writer.say(*pair) for pair in zip(choices, told, strict=True)]
    assert tab.evaluate(WORDS, given) == words


def test_the_map_of_the_script_is_that_of_the_page_without_scripts(tab, writer):
    first = first_choice()
    other = replace(first, dataset="redpajama", M=640.0)
    too_small = replace(first, by=BY_BUDGET, budget=1e-3, tokens_in=1e12)
    for choice in (first, other, replace(first, by=BY_BUDGET), too_small):
        (marks,) = tab.evaluate(MARKS, [asdict(choice)])
        assert marks == writer.draw(choice, compute(choice))


def test_students_t_of_any_whole_degrees_of_freedom(tab):
    x, dof = np.linspace(-6, 6, 25), np.arange(1, 13)
    ask = "([x, dof]) => dof.map(n => x.map(each => planner.below(each, n)))"
    ours = tab.evaluate(ask, [x.tolist(), dof.tolist()])
    np.testing.assert_allclose(ours, student.cdf(x, dof[:, None]), rtol=0, atol=1e-14)


def sentence(tab: Any) -> str:
    return str(tab.locator("[data-out=sentence]").inner_text())


def test_an_arrow_key_moves_a_slider_its_number_and_the_answer(tab):
    slider = tab.get_by_role("slider", name="Parameters, billion")
    assert slider.get_attribute("aria-valuetext") == "6.9 billion parameters"
    slider.press("ArrowRight")
    tab.wait_for_function("!document.querySelector('output').innerText.includes('of 6.9B')")
    number = float(tab.get_by_role("spinbutton", name="Parameters, billion").input_value())
    assert 6.9 < number < 7.5
    assert slider.get_attribute("aria-valuetext") == f"{number:g} billion parameters"
    assert f"model of {number:g}B" in sentence(tab)


def test_every_control_has_a_name_and_is_reached_by_the_tab_key(tab):
    controls = tab.locator("#planner :is(input, select, button)")
    assert controls.count() == 26
    tab.locator("#planner-dataset").focus()
    shown = [control for control in controls.all() if control.is_visible()]
    assert len(shown) == 24
    for control in shown:
        assert control.evaluate("node => node === document.activeElement")
        named = (
            "node => (node.ariaLabel ?? node.labels?.[0]?.textContent ?? node.textContent).trim()"
        )
        assert control.evaluate(named)
        tab.keyboard.press("Tab")


@pytest.mark.parametrize("typed", ["0", "-3", ""])
def test_a_number_that_cannot_be_is_marked_and_changes_nothing(tab, typed):
    before, number = sentence(tab), tab.locator("#planner-N")
    number.fill(typed)
    assert not number.evaluate("node => node.validity.valid")
    tab.wait_for_timeout(50)
    assert sentence(tab) == before
    told = tab.locator("#planner .wrong")
    assert told.inner_text().startswith("Parameters, billion: Above 0, please.")
    assert told.inner_text().endswith("The answer is still that of 6.9.")
    number.fill("1.4")
    assert told.inner_text() == ""
    assert number.evaluate("node => node.validity.valid")
    tab.wait_for_function("document.querySelector('output').innerText.includes('of 1.4B')")


def test_a_choice_travels_in_the_address(tab, browser):
    tab.locator("#planner-dataset").select_option("refinedweb")
    tab.locator("#planner-M").fill("640")
    tab.locator("#planner-currency").fill("€")
    tab.locator("#planner-N").fill("1.4")
    tab.wait_for_function("document.querySelector('output').innerText.includes('of 1.4B')")
    other = browser.new_page()
    other.set_default_timeout(PATIENCE)
    other.goto(tab.url)
    assert sentence(other) == sentence(tab)
    assert sentence(other).startswith("A RefinedWeb model of 1.4B at 640 tokens per parameter")
    assert "€" in sentence(other)
    other.get_by_role("button", name="Back to the first choice").press("Enter")
    assert sentence(other).startswith("A C4 model of 6.9B at 20 tokens")
    other.close()


def test_a_budget_buys_the_model_of_least_loss(tab, browser):
    bill = tab.locator("[data-out=money_total]").inner_text()
    by, budget = tab.locator("#planner-by"), tab.locator("#planner-budget")
    assert not budget.is_visible()
    by.focus()
    by.press("ArrowDown")  # from the keyboard: the second of two
    tab.wait_for_function("document.querySelector('output').innerText.includes('The best')")
    assert sentence(tab).startswith(f"The best C4 model for {bill}, about 4.")
    assert tab.locator("[data-out=money_total]").inner_text() == bill
    assert budget.is_visible()
    assert not tab.locator("#planner-N").is_visible()
    slider = tab.get_by_role("slider", name="Budget, training and serving")
    assert slider.get_attribute("aria-valuetext") == "$63,100 for training and serving"
    slider.press("End")
    tab.wait_for_function("document.querySelector('output').innerText.includes('$1M,')")
    budget.fill("50000")
    tab.wait_for_function("document.querySelector('output').innerText.includes('$50,000,')")
    other = browser.new_page()
    other.set_default_timeout(PATIENCE)
    other.goto(tab.url)
    assert sentence(other) == sentence(tab)
    other.close()
    by.press("ArrowUp")  # the model that was found, to vary it by hand
    tab.wait_for_function("document.querySelector('output').innerText.startsWith('A C4')")
    found = compute(replace(first_choice(), by=BY_BUDGET, budget=50e3))
    assert float(tab.locator("#planner-N").input_value()) == float(f"{found['N'] / 1e9:.3g}")
    assert float(tab.locator("#planner-M").input_value()) == float(f"{found['D'] / found['N']:.3g}")


def test_as_many_sizes_as_it_says_do_within_half_a_percent_of_the_loss():
    choice = replace(first_choice(), by=BY_BUDGET)
    best = compute(choice)
    assert best["alike"]["least"] < best["N"] < best["alike"]["most"]
    for N in best["alike"].values():
        M = float(tokens_of_sizes(choice, N)) / N
        there = compute(replace(choice, by=BY_HAND, N=N, M=M))
        assert there["loss"] == pytest.approx(best["loss"] * 1.005, rel=1e-9)
        assert there["money"]["total"] == pytest.approx(choice.budget, rel=1e-9)


def test_outside_the_runs_it_does_not_promise_and_offers_the_best_inside(writer):
    choice = replace(first_choice(), by=BY_BUDGET, tokens_in=0.0, tokens_out=0.0, budget=28_900.0)
    answer = compute(choice)
    inside = answer["inside"]
    assert answer["D"] / answer["N"] < 20 == inside["M"]
    there = compute(replace(choice, by=BY_HAND, N=inside["N"], M=20.0))
    assert there["money"]["total"] == pytest.approx(choice.budget, rel=1e-9)
    assert (there["lo"], there["hi"]) == pytest.approx((inside["lo"], inside["hi"]), rel=1e-9)
    words = writer.say(choice, answer)
    assert "nine times in ten" not in words["sentence"]
    assert "beyond the 20 to 320 tokens per parameter" in words["sentence"]
    assert "nothing is served" in words["sentence"]
    assert "days" not in words["sentence"]
    assert "11.7B at 20" in words["notes"]
    assert "nine times in ten" in writer.say(first_choice(), compute(first_choice()))["sentence"]


def test_farther_than_was_checked_it_does_not_promise(writer, tab):
    """The script says it as the page without scripts does, and the limit is that of `predict`."""
    near, far = (replace(first_choice(), N=N) for N in (6.9e9, 2e10))
    said = [writer.say(choice, compute(choice))["sentence"] for choice in (near, far)]
    assert "nine times in ten" in said[0]
    assert "nine times in ten" not in said[1]
    assert "times the compute of the largest run, farther than was checked" in said[1]
    told = tab.evaluate(WORDS, [asdict(choice) for choice in (near, far)])
    assert [words["sentence"] for words in told] == said
    largest = 6 * 412e6 * 8.23e9  # FLOPs, of the five runs
    reach = [6 * choice.N**2 * choice.M / largest for choice in (near, far)]
    assert reach[0] <= FARTHEST_CHECKED < reach[1]


def test_what_was_measured_the_range_of_the_bill_and_a_foreign_currency_are_said(writer):
    answer = compute(first_choice())
    words = writer.say(first_choice(), answer)
    assert "(measured: 2.38)" in words["sentence"]
    assert "by the reported prices and utilisations it is $24,400 to $425,000" in words["sentence"]
    runs = select_loss_fit(run_table("c4"))
    asked = {"N": 6.9e9, "M": 20, "tokens_in": 2e9, "tokens_out": 5e8, "loss_set": "c4_eval"}
    row = scaling.cost(runs, **asked).to_frame().iloc[0]
    assert list(answer["reported"].values()) == pytest.approx(
        [row["money_least"], row["money_most"]]
    )
    own = replace(first_choice(), currency="JPY", N=2e9)
    words = writer.say(own, compute(own))
    assert "measured" not in words["sentence"]
    assert words["notes"] == "Prices are not converted: enter yours in JPY."


def test_where_no_interval_is_told_no_point_is(writer):
    far = replace(first_choice(), N=7e10)
    words, marks = writer.say(far, compute(far)), writer.draw(far, compute(far))
    assert (words["loss"], words["error"]) == ("not told", "not told")
    assert marks["point"]["r"] == "0"


def test_the_ring_lies_lowest_on_the_line_of_a_budget(tab):
    choice = asdict(replace(first_choice(), by=BY_BUDGET))
    best = tab.evaluate("choice => planner.compute(choice)", choice)
    beside = """([choice, N]) => N.map(N => planner.compute(
        { ...choice, by: "model", N, M: planner.tokensOf(choice, N) / N }).loss)"""
    sizes = [best["N"] * factor for factor in (0.5, 0.99, 1.01, 1.5)]
    losses = tab.evaluate(beside, [choice, sizes])
    assert min(losses) > best["loss"]
    assert min(losses) < best["loss"] * (1 + 1e-5)


HOSTILE = [
    "#dataset=none&N=-1&M=x&mfu_in=40&price=",
    "#dataset=__proto__",
    "#what-the-numbers-are",
    "#dataset=none&by=me&budget=0",
    "#N=1e9",
]


@pytest.mark.parametrize("fragment", HOSTILE)
def test_an_address_that_cannot_be_read_shows_the_first_choice(tab, fragment):
    first = tab.evaluate("planner.first")
    assert tab.evaluate("fragment => planner.read(fragment)", fragment) == first | (
        {"N": 1e9} if fragment == "#N=1e9" else {}
    )


def test_a_currency_from_the_address_is_text(tab, address):
    tab.goto(f"{address}#dataset=c4&currency=%3Cb%3E%3Ci")
    tab.reload()
    assert "<b>" in sentence(tab)
    assert tab.locator("output b").count() == 0


def test_without_scripts_one_choice_stands_in_figure_and_numbers(browser, address, writer):
    context = browser.new_context(java_script_enabled=False)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(address)
    words = writer.say(first_choice(), compute(first_choice()))
    for name, text in words.items():
        if text:
            assert page.locator(f"[data-out={name}]").first.text_content() == text
    assert page.get_by_text("Scripts are off").is_visible()
    assert not page.locator("form").is_visible()
    assert len(page.locator("[data-mark=bet]").get_attribute("d")) > 100
    context.close()


def test_the_planner_weighs_little_and_names_no_host(writer):
    page = writer.write()
    assert len(page.encode()) <= WEIGHT
    assert "http" not in page
    assert "src=" not in page


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["book/planner", CHAPTER])
def test_in_the_book_it_fits_and_asks_for_nothing(browser, site: Path, name, width, theme):
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme)
    context.set_default_timeout(PATIENCE)
    page, asked, said = context.new_page(), [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: message.type == "error" and said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto((site / f"{name}.html").as_uri(), wait_until="load")
    settle(page)
    opened = len(asked)
    if name == CHAPTER:  # closed at its head
        assert not page.locator("#planner output").is_visible()
        page.locator("details.planner > summary").press("Enter")
    page.get_by_role("slider", name="Parameters, billion").press("Home")
    page.wait_for_function("document.querySelector('output').innerText.includes('of 10M')")
    page.get_by_role("slider", name="Price of an accelerator-hour").press("End")
    page.locator("#planner-days").fill("1000000")
    page.wait_for_function("document.querySelector('output').innerText.includes('1,000,000 days')")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("document.documentElement.dataset.theme") == theme
    assert all(address.startswith(LOCAL) for address in asked)
    assert len(asked) == opened
    assert said == []
    page.reload()  # an address that holds a choice opens it
    assert "1,000,000 days" in page.locator("#planner output").inner_text()
    assert page.locator("#planner output").is_visible()
    context.close()
