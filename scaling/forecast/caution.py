"""When is a bet not to be trusted? One sentence for each reason, beside what forbids it outright.

A target off the runs' line, runs that do not follow the law and a law that leaves too much open
have no bet at all: `scaling.forecast.fitted.FittedTable.predict`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from scaling.compute import SAME_COMPUTE, training_flops
from scaling.forecast.fitted import fit_table
from scaling.forecast.inputs import is_effective, read_counts
from scaling.forecast.residuals import percent
from scaling.forecast.rulers import relative_error
from scaling.forecast.verdicts import CHEAP
from scaling.laws.fit import FitError
from scaling.laws.registry import DEFAULT_LAW, LawChoice

# Times the largest compute: of the six headline targets five lie nearer, at 49 to 280 times.
FARTHEST_CHECKED = 300.0
# Between the least and the largest share of the vocabulary in N. Over the series with both counts
# the other count moved the mean error on large runs by half a point at 0.25 (OLMo ladder), and by
# one to nine points beyond (Gemstones, testbed).
WIDE_SHARE = 0.3
# Of the larger runs of the table itself that lie in the bet of the cheaper ones. Below it bets on
# large runs held 6 times of 10, else 9 of 10: 1,440 targets of testbed and grids, any five runs up.
LEAST_INSIDE = 0.5


def warn_of_bet(
    table: pd.DataFrame,
    compute_ratio: float,
    loss: str,
    N: str = "N",
    law: str | LawChoice = DEFAULT_LAW,
) -> list[str]:
    """Say why the interval of a prediction that may be used is not to be trusted all the same.

    Parameters
    ----------
    table : pandas.DataFrame
        The runs fitted; see `scaling.tables.runs`.
    compute_ratio : float
        Compute of the target over that of the largest run.
    loss, N : str
        Columns of the loss and of the parameters.
    law : str or LawChoice
        Which law, see `scaling.laws.registry`.

    Returns
    -------
    list of str
        That it lies farther away than any check, that the count of parameters matters, and that the
        larger runs of the table lie outside the intervals that the cheaper ones give.
    """
    told = []
    if compute_ratio > FARTHEST_CHECKED:
        told.append(
            f"intervals were checked up to {FARTHEST_CHECKED:g} times the compute of the largest "
            "run: farther out nobody knows whether they hold"
        )
    cheap, rest = _split(table, N)
    return (
        told
        + _warn_of_count(table, cheap, rest, (loss, N, law))
        + _check(cheap, rest, loss, N, law)
    )


def _split(table: pd.DataFrame, N: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Runs of at most a quarter of the largest compute, and the others."""
    C = training_flops(table[N], table["D"])
    is_cheap = C.max() * CHEAP * (1 + SAME_COMPUTE) >= C
    return table[is_cheap], table[~is_cheap]


def _warn_of_count(
    table: pd.DataFrame,
    cheap: pd.DataFrame,
    rest: pd.DataFrame,
    names: tuple[str, str, str | LawChoice],
) -> list[str]:
    """Say that the vocabulary's share of N varies, and where N does better than N_body.

    Where a table's own larger runs prefer N, so did the large runs of testbed and grids, on nine
    designs of ten; where they prefer N_body, one of six. So only the first is told.
    """
    loss, N, law = names
    if not {"N", "N_body"} <= set(table) or table[["N", "N_body"]].isna().any(axis=None):
        return []
    share = 1 - table["N_body"] / table["N"]
    if share.max() - share.min() <= WIDE_SHARE:
        return []
    other = "N_body" if N == "N" else "N"
    told = (
        f"the vocabulary is {percent(share.min())} to {percent(share.max())} of N, and no interval "
        f"covers a wrong count of parameters: compare --count {other}"
    )
    if N == "N_body" and not is_effective(table):
        asked, plain = (_mean_error(cheap, rest, loss, name, law) for name in ("N_body", "N"))
        if plain < asked:
            told += (
                f", with which the mean error on this table's own larger runs is {percent(plain)} "
                f"instead of {percent(asked)}"
            )
    return [told]


def _mean_error(
    cheap: pd.DataFrame, rest: pd.DataFrame, loss: str, N: str, law: str | LawChoice
) -> float:
    """Mean absolute relative error of the cheaper runs on the others; NaN without a fit."""
    try:
        predicted, _ = fit_table(cheap, loss, N, law).read(*read_counts(rest, N))
    except FitError:
        return np.nan
    return float(np.abs(relative_error(predicted, rest[loss])).mean())


def _check(
    cheap: pd.DataFrame, rest: pd.DataFrame, loss: str, N: str, law: str | LawChoice
) -> list[str]:
    """Say that the larger runs lie outside the intervals that the cheaper ones give."""
    try:
        told = fit_table(cheap, loss, N, law).predict_all(*read_counts(rest, N))
    except FitError:
        return []
    inside = [
        bet.lo <= actual <= bet.hi
        for bet, actual in zip(told, rest[loss], strict=True)
        if bet.lo is not None and bet.hi is not None
    ]
    if not inside or sum(inside) >= LEAST_INSIDE * len(inside):
        return []
    n, k = len(inside), sum(inside)
    return [
        f"of {n} runs above 1/{1 / CHEAP:g} of the largest compute {k} lie in the interval that the "
        "cheaper ones give: this one is not to be trusted either"
    ]
