"""How is a number spelled? One grammar for table cells and for the command line.

A number is plain ASCII decimal text with a point: ``6.9e9``, ``-0.5``, ``160000000``. A count may
end in one letter, K, M, B or T for 1e3, 1e6, 1e9 or 1e12, in either case: ``6.9B``, ``160 m``.
Nothing else is read: no thousands separators, decimal commas, percent signs, hexadecimal,
full-width digits, ``nan`` or ``inf``.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

EXPONENTS = {"K": "e3", "M": "e6", "B": "e9", "T": "e12"}
# Written without nested repetition, so that a hostile cell of a megabyte is read in linear time.
BLANKS = r" \t\u00a0\u2009\u202f"
NUMBER = re.compile(
    rf"([+-]?(?:\d+(?:\.\d*)?|\.\d+))(?:[eE][+-]?\d+|[{BLANKS}]*([KMBT]))?",
    re.ASCII | re.IGNORECASE,
)
PRINTED = re.compile(
    rf"[+-]?\d*\.?(\d*)(?:e([+-]?\d{{1,3}})|[{BLANKS}]*([KMBT]))?", re.ASCII | re.IGNORECASE
)
MARKED = rf"[\d\s.,'’_{BLANKS}]*"  # digits with thousands separators of any kind
WORDS = "thousand|million|billion|trillion|mi?o|mrd|mn|bn|tn"
NOT_KNOWN = re.compile(r"nan|na|n/a|null|none|nil|-+|\?+", re.IGNORECASE)
NO_MARKS = "no thousands separator or decimal comma: write"
HINTS = {
    re.compile(form, re.IGNORECASE): hint
    for form, hint in {
        r"[+-]?\d+,\d+\s*[KMBT]": "write a decimal point, as in 1.2B",
        r"[+-]?\d{1,3}(\.\d{3}){2,}(,\d+)?": "no thousands separator: write 10600000 for "
        "10.600.000",
        r"[+-]?(\d+,\d{1,2}|\d+,\d{4,}|0,\d+|\d+,\d+e[+-]?\d+)": f"{NO_MARKS} 5.39 for 5,39",
        rf"{MARKED}\d[,'’_ {BLANKS}]\d{MARKED}": f"{NO_MARKS} 10600000 for 10 600 000",
        r".*[%‰].*": "write a fraction, not a percentage",
        r"[+-]?(inf|infinity|∞)": "it must be finite",
        NOT_KNOWN.pattern: "an optional value not known is an empty cell",
        rf"[\d.,]+\s*({WORDS})s?\.?": "a count ends in K, M, B or T, as in 10.6M",
        r"[+-]?[\d.]+\s*[A-Z]{1,3}": "only counts may end in K, M, B or T, written like 6.9B",
        r"(?!.*[0-9]).*\d.*": "write ASCII digits",
    }.items()
}
PLAIN_ALPHABET = frozenset("0123456789.+-eE")


def _read(text: str, letters: bool) -> float:
    match = NUMBER.fullmatch(text)
    if match is None or (match[2] and not letters):
        return np.nan
    # The letter becomes an exponent, so that 6.9B is the very float that 6.9e9 is.
    return float(match[1] + EXPONENTS[match[2].upper()] if match[2] else text)


def rounding(text: str) -> float:
    """Half a unit in the last printed digit: 5e3 for ``0.23M`` and ``2.3e5``, 0 for no number."""
    match = PRINTED.fullmatch(text) if NUMBER.fullmatch(text) else None
    if match is None:
        return 0.0
    decimals, exponent, letter = match.groups()
    scale = float("1" + EXPONENTS[letter.upper()]) if letter else 10.0 ** int(exponent or 0)
    return 0.5 * scale * 10.0 ** -len(decimals)


def explain_number(text: str) -> str:
    """Say what a number must look like, with a hint that fits the text that is none."""
    fits = (hint for form, hint in HINTS.items() if form.fullmatch(text[:99]))
    hint = next(fits, "written like 6.9e9")
    return f"must be a number: {hint}"


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
        rule = "must be a finite number" if np.isinf(value) else explain_number(text.strip())
        raise ValueError(f"{name} {rule}, got {text[:60]!r}")
    return value


def parse_numbers(cells: pd.Series, letters: bool = True) -> pd.Series:
    """Read a column of stripped text: NaN where it is no number, infinite where it is too large.

    Counts may end in K, M, B or T where `letters` says so.
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

    Booleans and dates are no numbers. Text may end in K, M, B or T where `letters` says so.
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
