"""How are money, ends and reasons written? In a language, to the digits that they have."""

from __future__ import annotations

import re

from scaling.costs.money import Prices
from scaling.forecast.words import ends_in_words
from scaling.reports.language import Language, digits

CENT = 0.01
LARGEST_PLAIN = 1e6  # a power of ten below it is written out
PLAIN = {  # how a status of a fit is said
    "status at_bound": "an exponent stands at the end of its range",
    "status wrong_sign": "a coefficient of the law has the wrong sign",
    "status not_converged": "the fit did not converge",
}
POWER = re.compile(r"\d(?:\.\d+)?e\+?\d+")


def money_of(amount: float, prices: Prices, words: Language) -> str:
    """Write money with its currency: to two digits where prices have a range, else to three."""
    if 0 < amount < CENT:
        return prices.label(f"{CENT:.2f}")
    if prices.reported:
        amount = float(f"{amount:.2g}")
    return prices.label(words.money(amount))


def range_of_money(ends: tuple[float, float], prices: Prices, words: Language) -> tuple[str, str]:
    """Write the least and the most of a bill."""
    least, most = (money_of(amount, prices, words) for amount in ends)
    return least, most


def rate_of(price: float, prices: Prices) -> str:
    """Write a price with its currency."""
    return prices.label(f"{price:.2f}")


def split_ends(lo: float, hi: float) -> tuple[str, str]:
    """Ends of an interval to two digits of its width."""
    first, _, second = ends_in_words(lo, hi).partition(" to ")
    return first, second


def write_at(value: float, end: str) -> str:
    """Write a value to the decimals of an end of its interval."""
    if "e" in end:
        return f"{value:.3g}"
    return f"{value:.{len(end.partition('.')[2])}f}"


def spell_powers(text: str, words: Language) -> str:
    """Write numbers that the tool gives as 2.08e+03 as one reads them."""

    def spell(number: re.Match[str]) -> str:
        value = float(number[0])
        return digits(value) if value < LARGEST_PLAIN else words.flops(value)

    return POWER.sub(spell, text)


def explain(reason: str, words: Language) -> str:
    """Say a reason of the tool in a language; what it has no words for is quoted in English."""
    if not words.said:
        for status, plain in PLAIN.items():
            reason = reason.replace(status, plain)
    parts = [words.translate(part) for part in reason.split("; ")]
    told = [part for part in parts if part is not None]
    if len(told) == len(parts):
        return spell_powers(words("semicolon").join(told), words)
    told_whole = words.translate(reason) or words("in_english", text=reason)
    return spell_powers(told_whole, words)
