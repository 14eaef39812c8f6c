"""How is a number spelled? One grammar for table cells and for the command line.

A number is plain ASCII decimal text with a point: ``6.9e9``, ``-0.5``, ``160000000``. A count may
end in one letter, K, M, B or T for 1e3, 1e6, 1e9 or 1e12, in either case: ``6.9B``, ``160 m``. It
may have two or more groups of three digits behind commas, and a word at its end: ``12,000,000``,
``240M tokens``. Nothing else is read: no other thousands separators, decimal commas, percent
signs, hexadecimal, full-width digits, ``nan`` or ``inf``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd

EXPONENTS = {"K": "e3", "M": "e6", "B": "e9", "T": "e12"}
# Written without nested repetition, so that a hostile cell of a megabyte is read in linear time.
BLANKS = r" \t\u00a0\u2009\u202f"
DECIMAL = r"\d+(?:\.\d*)?|\.\d+"
NUMBER = re.compile(rf"[+-]?(?:{DECIMAL})(?:[eE][+-]?\d+)?", re.ASCII)
COUNT = re.compile(
    rf"([+-]?(?:\d{{1,3}}(?:,\d{{3}}){{2,}}(?:\.\d+)?|{DECIMAL}))"
    rf"(?:(e[+-]?\d+)|[{BLANKS}]*([KMBT]))?"
    rf"(?:[{BLANKS}]*(?:tokens?|params?|parameters?))?",
    re.ASCII | re.IGNORECASE,
)
MARKED = rf"[\d\s.,'’_{BLANKS}]*"  # digits with thousands separators of any kind
MARKS = re.compile(rf"[,'’_{BLANKS}]")
WORDS = "thousand|million|billion|trillion|mi?o|mrd|mn|bn|tn"
NOT_KNOWN = re.compile(r"nan|na|n/a|null|none|nil|-+|\?+", re.IGNORECASE)
NO_MARKS = "no thousands separator or decimal comma: write"
LIKE = "written like 6.9e9"
LONGEST = 40  # signs, of a cell that a hint is for


def _with_point(text: str) -> str:
    return text.replace(".", "").replace(",", ".")


def _share(text: str) -> str:
    part, _, whole = text.partition("/")
    return f"{int(part) / int(whole):.4g}"


THOUSAND = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")  # or a decimal comma
# What may stand in a cell, each with what to do; a function gets the cell, its blanks plain.
FORMS: dict[str, str | Callable[[str], str]] = {
    r"[+-]?\d+,\d+\s*[KMBT]": lambda text: f"write a decimal point, as in {_with_point(text)}",
    r"[+-]?\d{1,3}(\.\d{3}){2,}(,\d+)?": lambda text: (
        f"no thousands separator: write {_with_point(text)} for {text}"
    ),
    r"[+-]?\d+,\d+(e[+-]?\d+)?": lambda text: f"{NO_MARKS} {_with_point(text)} for {text}",
    rf"[+-]?\d{{1,3}}([,'’_{BLANKS}]\d{{3}})+(\.\d+)?": lambda text: (
        f"{NO_MARKS} {MARKS.sub('', text)} for {text}"
    ),
    rf"{MARKED}\d[,'’_ {BLANKS}]\d{MARKED}": f"{NO_MARKS} 10600000 for 10 600 000",
    r".*[%‰].*": "write a fraction, not a percentage",
    r"[0-9]+\s*/\s*0*[1-9][0-9]*": lambda text: f"a share: write {_share(text)} for {text}",
    r"true|false|yes|no": "write 1 or 0",
    r"\d+:[\d:.]+": "a time: write one number, in one unit",
    r"[+-]?(inf|infinity|∞)": "it must be finite",
    NOT_KNOWN.pattern: "an optional value not known is an empty cell",
    rf"[\d.,]+\s*({WORDS})s?\.?": "a count ends in K, M, B or T, as in 10.6M",
    r"[+-]?[\d.]+\s*[A-Z]{1,3}": "only counts may end in K, M, B or T, written like 6.9B",
    r"(?!.*[0-9]).*\d.*": "write ASCII digits",
    r"[+-]?[\d.]+(e[+-]?\d+)?\s*[KMBT]?\s+[^\W\d]+": "write the number without a unit",
}
HINTS = {re.compile(form, re.IGNORECASE): hint for form, hint in FORMS.items()}
PLAIN_ALPHABET = frozenset("0123456789.+-eE")


def _read(text: str, letters: bool) -> float:
    if not letters:
        return float(text) if NUMBER.fullmatch(text) else np.nan
    match = COUNT.fullmatch(text)
    return float(_spelt_out(match)) if match else np.nan


def _spelt_out(match: re.Match[str]) -> str:
    """Write a count with an exponent, so that 6.9B is the very float that 6.9e9 is."""
    digits, exponent, letter = match.groups(default="")
    return digits.replace(",", "") + (EXPONENTS[letter.upper()] if letter else exponent)


def has_letter(text: str) -> bool:
    """Tell a count that ends in K, M, B or T."""
    match = COUNT.fullmatch(text)
    return match is not None and match[3] is not None


def rounding(text: str) -> float:
    """Half a unit in the last printed digit: 5e3 for ``0.23M`` and ``2.3e5``, 0 for no number."""
    match = COUNT.fullmatch(text)
    if match is None:
        return 0.0
    digits, _, exponent = _spelt_out(match).lower().partition("e")
    unit = float(f"1e{exponent or 0}") * 10.0 ** -len(digits.partition(".")[2])
    return 0.5 * unit if np.isfinite(unit) else 0.0


def explain_numbers(texts: Iterable[str], counts: bool = True) -> list[str]:
    """Say of texts that are no number what one must look like, with a hint that fits them.

    Texts of one form get one hint, made for the first of them. `counts` says that they may be
    counts, where ``5,159`` may be five thousand.
    """
    made: dict[object, str] = {}
    said = []
    for text in texts:
        plain = " ".join(text.split()) if len(text) <= LONGEST else ""
        form = next((form for form in HINTS if form.fullmatch(plain)), None) if plain else None
        hint = LIKE if form is None else HINTS[form]
        if form not in made:
            made[form] = hint if isinstance(hint, str) else hint(plain)
            if counts and THOUSAND.fullmatch(plain):
                made[form] = (
                    f"{NO_MARKS} {MARKS.sub('', plain)} or {_with_point(plain)} for {plain}"
                )
        said.append(f"must be a number: {made[form]}")
    return said


def parse_number(text: str, name: str = "number") -> float:
    """Read one number, such as ``6.9e9`` or ``6.9B``.

    Parameters
    ----------
    text : str
        What a user wrote; spaces round it are not part of it.
    name : str
        What the error calls it, such as ``--N``.

    Returns
    -------
    float
        The number, finite.

    Raises
    ------
    ValueError
        Where the text is no finite number.
    """
    value = _read(text.strip(), letters=True)
    if not np.isfinite(value):
        rule = "must be a finite number" if np.isinf(value) else explain_numbers([text.strip()])[0]
        raise ValueError(f"{name} {rule}, got {text[:60]!r}")
    return value


def parse_numbers(cells: pd.Series, letters: bool = True) -> pd.Series:
    """Read a column of stripped text: NaN where it is no number, infinite where it is too large.

    They are counts where `letters` says so.
    """
    texts = cells.tolist()
    if PLAIN_ALPHABET.issuperset("".join(texts)):
        try:  # a decimal column is read in C; this alphabet spells numbers and nothing else
            spelt = np.array([text or "nan" for text in texts], dtype=object)
            return pd.Series(spelt.astype(float), cells.index)
        except ValueError:
            pass
    return pd.Series([_read(text, letters) for text in texts], cells.index, dtype=float)


def as_text(cells: pd.Series) -> pd.Series:
    """Give any column as stripped text, empty where nothing stands."""
    pairs = zip(cells.to_numpy(object).tolist(), cells.isna().tolist(), strict=True)
    texts = ["" if missing else str(cell).strip() for cell, missing in pairs]
    return pd.Series(texts, cells.index, dtype=object)


def as_numbers(cells: pd.Series, letters: bool) -> pd.Series:
    """Give any column as floats, NaN where nothing or no number stands.

    Booleans and dates are no numbers. Text is read as counts where `letters` says so.
    """
    dtype = cells.dtype
    if pd.api.types.is_float_dtype(dtype) or pd.api.types.is_integer_dtype(dtype):
        return pd.Series(cells.to_numpy(float, na_value=np.nan), cells.index)
    return parse_numbers(as_text(cells), letters)


def as_found(cells: pd.Series) -> pd.Series:
    """Give a column of text as floats where every filled cell is a plain number, else as it is.

    Numbers with leading zeros, like 007, are labels.
    """
    if not pd.api.types.is_string_dtype(cells.dtype):
        return cells
    text = as_text(cells)
    filled = text[text != ""]
    if filled.empty or filled.str.match(r"[+-]?0\d").any():
        return cells
    values = parse_numbers(filled, letters=False)
    return values.reindex(cells.index) if values.notna().all() else cells
