"""What did papers print? Every printed number with its table or figure and its decimals."""

from __future__ import annotations

from functools import cache

import pandas as pd

from scaling.tables.datafiles import data_path

# How many of the book's units the printed unit is worth.
UNIT_SCALE = {
    **dict.fromkeys(("1", "runs", "$", "nats/token", "token/nat", "nats/token FLOPs^eta"), 1.0),
    "%": 1e-2,
    "1e19 FLOPs": 1e19,
    "1e20 FLOPs": 1e20,
    "1e22 FLOPs": 1e22,
    "1e9 parameters": 1e9,
    "1e9 tokens": 1e9,
    "1e12 tokens": 1e12,
}


@cache
def _read(name: str) -> pd.DataFrame:
    # Text first: a number read as a float would lose its trailing zeros.
    table = pd.read_csv(
        data_path("published", name), dtype=str, keep_default_na=False, encoding="utf-8"
    )
    table["value"] = table["printed"].astype(float)
    table["digits"] = table["printed"].str.partition(".")[2].str.len()
    if unknown := sorted(set(table["unit"]) - set(UNIT_SCALE)):
        raise ValueError(f"{name}: a unit must be one of UNIT_SCALE, got {', '.join(unknown)}")
    table["scale"] = table["unit"].map(UNIT_SCALE)
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
    table = _read("gadre2024.csv").copy()
    table["M"] = pd.to_numeric(table["M"]).astype("Int64")
    table["used_in_fit"] = table["used_in_fit"] == "True"
    return table


def load_published_costs() -> pd.DataFrame:
    """Load what others printed on total cost, on repeated data, and on compute-optimal sizes.

    Returns
    -------
    pandas.DataFrame
        One row per number. Columns: ``id``, ``what``, ``source``, ``quantity``, ``printed``,
        ``unit`` and ``note`` as `load_published` has them; ``law``, whose constants were taken;
        ``C`` (FLOPs), ``share`` (of the compute-optimal size), ``N`` (parameters of a
        compute-optimal model), ``T`` (tokens served) and ``requests``, as text, empty where they
        do not apply; and the three that are added there.

    References
    ----------
    de Vries, "Go smol or go home", 2023; Sardana et al., arXiv 2401.00448; Besiroglu et al., arXiv
    2404.10102; Muennighoff et al., arXiv 2305.16264; DeepSeek, "V3/R1 inference system overview",
    2025.
    """
    return _read("costs.csv").copy()
