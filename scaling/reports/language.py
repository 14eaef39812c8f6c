"""How is a number, a count, an interval written in a language? And the words that there are.

Every text of a report and of a planner is an entry of `scaling.reports.words_en` and, under the
same name, of `scaling.reports.words_ja`; for what a report quotes, `scaling.reports.quoted_ja`
has the words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from scaling.reports import quoted_ja, words_en, words_ja
from scaling.tables.numbers import parse_number

ROOMS = {"en": (words_en, ()), "ja": (words_ja, quoted_ja.SAID)}  # English is what the tool says
LANGUAGES = tuple(ROOMS)
RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
COUNT = re.compile(r"\d+(\.\d+)?[KMBT]")
ROW = re.compile(r"row (\d+)")
SCRIPT = "js_"  # words of the planner's script begin so


def round_off(value: float) -> float:
    """Three digits."""
    return float(f"{value:.3g}")


def digits(value: float) -> str:
    """Three digits, as one writes them."""
    return f"{round_off(value):,.9f}".rstrip("0").rstrip(".")


def power(value: float, digits: int = 3) -> str:
    """FLOPs: 5.71e21."""
    mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
    return f"{mantissa}e{int(exponent)}" if value else "0"


@dataclass(frozen=True)
class Language:
    """Words and numbers of a language.

    Parameters
    ----------
    code : str
        As HTML has it.
    words : mapping of str to str
        Texts by name, with places in braces.
    units : sequence of tuple
        From what value on which letter stands for so much, and how it is spoken.
    units_of_money : sequence of tuple
        The same of money.
    said : sequence of tuple
        Patterns of what the tool says in English, and how it is said here.
    """

    code: str
    words: Mapping[str, str]
    units: Sequence[tuple[float, str, str]]
    units_of_money: Sequence[tuple[float, str, str]]
    said: Sequence[tuple[re.Pattern[str], str]]

    def __call__(self, name: str, /, **values: object) -> str:
        """Give a text, its places filled."""
        return self.words[name].format_map(values)

    def count(self, value: float) -> str:
        """Three digits, with the letter of a large number."""
        return _write_in(self.units, value)

    def money(self, value: float) -> str:
        """The same of money, without its currency."""
        return _write_in(self.units_of_money, value)

    def both(self, value: float) -> str:
        """The same, and beside it as English has it, where that differs."""
        own, usual = self.count(value), speak("en").count(value)
        return own if own == usual else self("both", own=own, usual=usual)

    def percent(self, share: float) -> str:
        """Two digits of a percentage, or whole per cent from ten on."""
        value = 100 * share
        return self("percent", value=f"{value:.0f}" if abs(value) >= 10 else f"{value:.2g}")

    def flops(self, value: float, digits: int = 3) -> str:
        """A power of ten as one writes it here: 5.71e21, or 5.71×10²¹."""
        mantissa, e, exponent = power(value, digits).partition("e")
        if not e:
            return mantissa
        times = self("power_of_ten")
        return mantissa + times + (exponent if times == "e" else exponent.translate(RAISED))

    def level(self, level: float) -> str:
        """The level of an interval, in per cent."""
        return self("percent", value=f"{100 * level:.12g}")

    def date(self, written: str) -> str:
        """A year and a month, as 2026-05, as one writes them here."""
        year, _, month = written.partition("-")
        return self("date", year=year, month=int(month)) if month.isdigit() else written

    def run(self, name: str) -> str:
        """Name a run; one without a name is called by its row, as the tool calls it."""
        row = ROW.fullmatch(name)
        return self("row", n=row[1]) if row else name

    def translate(self, text: str) -> str | None:
        """Say here what the tool says in English; None where there are no words for it."""
        if not self.said:
            return text
        for pattern, told in self.said:
            if found := pattern.fullmatch(text):
                return told.format_map({k: self._here(v) for k, v in found.groupdict().items()})
        who, colon, rest = text.partition(": ")
        told_rest = self.translate(rest) if colon else None
        if told_rest is None:
            return None
        several = self.translate(who) if ": " not in who else None
        return self("about", who=several or self.run(who), told=told_rest)

    def of_script(self) -> dict[str, Any]:
        """Words of the planner's script."""
        words = {
            name.removeprefix(SCRIPT): text
            for name, text in self.words.items()
            if name.startswith(SCRIPT)
        }
        return {"words": words, "units": self.units, "of_money": self.units_of_money}

    def _here(self, quoted: str | None) -> str:
        """Write a range, a list, a name and a row as Japanese has them, where English is quoted."""
        text = re.sub(r"(?<=[\d%]) to (?=[-$\d])", "～", quoted or "")
        if COUNT.fullmatch(text):
            return self.both(parse_number(text))
        text = ROW.sub(lambda row: self.run(row[0]), text)
        text = re.sub(r"'([^']*)'", r"「\1」", text)
        return text.replace(", ", "、")


def _write_in(units: Sequence[tuple[float, str, str]], value: float) -> str:
    rounded = round_off(value)
    for least, letter, _ in units:
        if rounded >= least:
            return digits(value / least) + letter
    return digits(value)


@cache
def speak(code: str) -> Language:
    """Give a language of `LANGUAGES`."""
    room, quoted = ROOMS[code]
    said = [(re.compile(pattern), told) for pattern, told in quoted]
    return Language(code, room.WORDS, room.UNITS, room.UNITS_OF_MONEY, said)
