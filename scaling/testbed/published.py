"""What did the paper print? Every printed number with its table or figure and its decimals."""

from __future__ import annotations

from functools import cache

import pandas as pd

from scaling.tables.datafiles import data_path

# How many of the book's units the printed unit is worth; a unit not named here is worth 1.
UNIT_SCALE = {"%": 1e-2, "1e19 FLOPs": 1e19, "1e20 FLOPs": 1e20, "1e9 parameters": 1e9}


@cache
def _read() -> pd.DataFrame:
    # Text first: a number read as a float would lose its trailing zeros.
    table = pd.read_csv(
        data_path("published", "gadre2024.csv"), dtype=str, keep_default_na=False, encoding="utf-8"
    )
    table["M"] = pd.to_numeric(table["M"]).astype("Int64")
    table["used_in_fit"] = table["used_in_fit"] == "True"
    table["value"] = table["printed"].astype(float)
    table["digits"] = table["printed"].str.partition(".")[2].str.len()
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
