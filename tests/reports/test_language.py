"""Every text stands in both languages, with the same places; every reason has Japanese words."""

from __future__ import annotations

import re
from typing import get_args

import pandas as pd
import pytest

from scaling.costs.price_tables import default_prices
from scaling.decide.plan import Stop
from scaling.forecast.design import SHARED
from scaling.forecast.residuals import UNSOUND
from scaling.reports import words_en, words_ja
from scaling.reports.language import LANGUAGES, speak
from scaling.reports.planner_data import REASONS
from scaling.reports.verdict import OUTCOMES
from scaling.tables.runs import validate_runs

ENGLISH, JAPANESE = words_en.WORDS, words_ja.WORDS
KANA = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")


def places(text: str) -> list[str]:
    return sorted(re.findall(r"{(\w+)(?::\w+)?}", text))


def test_both_languages_have_the_same_texts():
    assert ENGLISH.keys() == JAPANESE.keys()


def test_a_text_has_the_same_places():
    for name in ENGLISH.keys() - {"both"}:  # English says a count once
        assert places(ENGLISH[name]) == places(JAPANESE[name]), name


def test_no_japanese_text_is_left_in_english():
    signs = {"about", "both", "comma", "semicolon"}
    same = {name for name, text in JAPANESE.items() if not KANA.search(text)} - signs
    assert same == set(
        "percent power_of_ten space between_flags is_in is_out ends none "
        "unit_N unit_tokens js_between js_percents js_percent "
        "js_spoken js_sentence spoken_peak choice_M per_second wants_between".split()
    )
    assert not any(KANA.search(text) for text in ENGLISH.values())


def test_japanese_has_ascii_digits_and_no_half_width_kana():
    for name, text in JAPANESE.items():
        assert not re.search(r"[\uff10-\uff19\uff65-\uff9f]", text), name


def test_each_of_a_closed_list_has_its_text():
    for name in OUTCOMES:
        assert f"outcome_{name}" in ENGLISH
    for name in get_args(Stop):
        assert f"stop_{name}" in ENGLISH
    for name in REASONS:
        assert f"no_planner_{name}" in ENGLISH


@pytest.mark.parametrize(
    ("value", "english", "japanese"),
    [
        (6.9e9, "6.9B", "69億（6.9B）"),
        (1.38e11, "138B", "1,380億（138B）"),
        (1.4e12, "1.4T", "1.4兆（1.4T）"),
        (10.6e6, "10.6M", "1,060万（10.6M）"),
        (999.6e6, "1B", "10億（1B）"),
        (9999, "10,000", "1万（10,000）"),
        (512, "512", "512"),
    ],
)
def test_counts_are_written_as_each_language_has_them(value, english, japanese):
    assert speak("en").both(value) == english
    assert speak("ja").both(value) == japanese


def test_money_keeps_its_digits_in_japanese():
    assert speak("ja").money(63_100) == "63,100"
    assert speak("ja").money(2.5e8) == "2.5億"
    assert speak("en").money(2.5e8) == "250M"


def test_every_reason_against_a_prediction_has_japanese_words():
    shared = [f"{said}: {unknown} is not known" for _, said, unknown in SHARED.values()]
    spans = [
        f"{name} spans a factor of 1.2 only: {u} is not known" for name, (_, _, u) in SHARED.items()
    ]
    unsound = [f"status {status}" for status in UNSOUND]
    for reason in [*shared, *spans, *unsound]:
        told = speak("ja").translate(reason)
        assert told is not None and KANA.search(told), reason


def test_every_shipped_price_names_its_source_in_japanese():
    for name, origin in default_prices().origins.items():
        if name != "currency":
            told = speak("ja").translate(origin.source)
            assert told is not None and KANA.search(told), origin.source
            assert not re.search(r"\b(on|of|by|to|the|reported)\b", told), told


def test_an_index_left_out_is_told_in_japanese():
    frame = pd.DataFrame({"": [0], "N": [1e8], "D": [2e9], "loss": [3.1]})
    (told,) = validate_runs(frame).attrs["told"]
    assert KANA.search(speak("ja").translate(told))


def test_what_has_no_words_is_not_guessed():
    assert speak("ja").translate("a message that nobody knows") is None
    assert speak("en").translate("a message that nobody knows") == "a message that nobody knows"


def test_the_languages_are_those_with_a_room():
    assert LANGUAGES == ("en", "ja")
