"""What did the paper print? Every printed number with its table or figure and its decimals."""

from __future__ import annotations

import re
from functools import cache

import pandas as pd

from scaling.tables.datafiles import data_path

PLAIN_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.([0-9]+))?")
# How many of the book's units the printed unit is worth; a unit not named here is worth 1.
UNIT_SCALE = {"%": 1e-2, "1e19 FLOPs": 1e19, "1e20 FLOPs": 1e20, "1e9 parameters": 1e9}


def count_digits(printed: str) -> int:
    """Count the decimals of a number as printed: 41.2 has 1, 0.850 has 3, 141 has 0."""
    found = PLAIN_NUMBER.fullmatch(printed)
    if found is None:
        # Powers of ten belong into the unit.
        raise ValueError(f"printed must be digits with or without a point, got {printed!r}")
    return len(found.group(1) or "")


@cache
def _read() -> pd.DataFrame:
    # Text first: a number read as a float would lose its trailing zeros.
    table = pd.read_csv(
        data_path("published", "gadre2024.csv"), dtype=str, keep_default_na=False, encoding="utf-8"
    )
    table["M"] = pd.to_numeric(table["M"]).astype("Int64")
    table["used_in_fit"] = table["used_in_fit"] == "True"
    table["value"] = table["printed"].astype(float)
    table["digits"] = table["printed"].map(count_digits)
    table["scale"] = table["unit"].map(UNIT_SCALE).fillna(1.0)
    return table


def load_published() -> pd.DataFrame:
    """Load every printed number of the paper.

    Returns
    -------
    pandas.DataFrame
        One row per number. Columns: ``id``; ``what``, a sentence; ``source``, its table or
        figure; ``dataset``, ``quantity``, ``size``, ``M`` and ``target``, empty where they do not
        apply; ``printed``, the text as printed; ``unit``; ``used_in_fit``, whether the run fits
        the law it is compared with; ``note``. Added here: ``value``, the number in its printed
        unit; ``digits``, its decimals; ``scale``, so that ``value * scale`` is in the book's units
        (fractions, FLOPs, parameters).

    Notes
    -----
    Relative errors are ``|predicted - measured| / measured``, without a sign, as printed.

    References
    ----------
    Gadre et al., arXiv 2403.08540 v2.
    """
    return _read().copy()
