"""How are money, ends and reasons written? In a language, to three digits."""

from __future__ import annotations

from scaling.costs.money import Prices
from scaling.forecast.words import ends_in_words
from scaling.reports.language import Language, digits

LARGE = 1e12  # from it on money is a power of ten


def money_of(amount: float, prices: Prices) -> str:
    """Write money to three digits, with its currency."""
    if not amount < LARGE:
        return prices.label(f"{amount:.3g}")
    return prices.label(digits(amount))


def rate_of(price: float, prices: Prices) -> str:
    """Write a price with its currency."""
    return prices.label(f"{price:.2f}")


def split_ends(lo: float, hi: float) -> tuple[str, str]:
    """Ends of an interval to two digits of its width."""
    first, _, second = ends_in_words(lo, hi).partition(" to ")
    return first, second


def explain(reason: str, words: Language) -> str:
    """Say a reason of the tool in a language; what it has no words for is quoted in English."""
    parts = [words.translate(part) for part in reason.split("; ")]
    told = [part for part in parts if part is not None]
    if len(told) == len(parts):
        return words("semicolon").join(told)
    return words.translate(reason) or words("in_english", text=reason)
