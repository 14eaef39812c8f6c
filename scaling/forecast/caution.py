"""When is a bet not to be trusted? One sentence for each reason, beside what forbids it outright.

A target off the runs' line, runs that do not follow the law and a law that leaves too much open
have no bet at all: `scaling.forecast.fitted.FittedTable.predict`.
"""

from __future__ import annotations

import pandas as pd

# Times the largest compute: of the six headline targets five lie nearer, at 49 to 280 times.
FARTHEST_CHECKED = 300.0
# Between the least and the largest share of the vocabulary in N. In the median of designs the other
# count moved the mean error on large runs by 0.2 to 0.5 points up to this (OLMo ladder), and by
# 0.7 to 3.7 beyond (Gemstones, testbed).
WIDE_SHARE = 0.3


LEFT_OPEN = "the law itself leaves "  # how a doubt begins that one wrong cell can bring about


def warn_of_open_law(doubt: str, n_runs: int) -> list[str]:
    """Say what may be why the law itself leaves a loss open.

    Parameters
    ----------
    doubt : str
        Why a loss is not to be used, as `scaling.forecast.fitted.FittedTable.predict` says it.
    n_runs : int
        Runs fitted.

    Returns
    -------
    list of str
        One line, or none.
    """
    if not doubt.startswith(LEFT_OPEN):
        return []
    return [
        f"of {n_runs} runs one wrong N, D or loss can do this: read every row again before another "
        "run is trained"
    ]


def warn_of_bet(table: pd.DataFrame, compute_ratio: float, N: str = "N") -> list[str]:
    """Say why the interval of a prediction that may be used is not to be trusted all the same.

    Parameters
    ----------
    table : pandas.DataFrame
        The runs fitted; see `scaling.tables.runs`.
    compute_ratio : float
        Compute of the target over that of the largest run.
    N : str
        Column of the parameters.

    Returns
    -------
    list of str
        That it lies farther away than any check, and that the count of parameters matters.

    Notes
    -----
    Which count is right the small runs do not tell. Of random designs from five series with both
    counts, N was nearer at the large runs for most, as often where a fit to the cheaper runs of the
    design had predicted its other runs better in N_body as where it had done so in N.
    """
    told = []
    if compute_ratio > FARTHEST_CHECKED:
        told.append(
            f"intervals were checked up to {FARTHEST_CHECKED:g} times the compute of the largest "
            "run: farther out nobody knows whether they hold"
        )
    if not {"N", "N_body"} <= set(table):
        return told
    share = 1 - table["N_body"] / table["N"]
    if share.max() - share.min() > WIDE_SHARE:
        told.append(
            f"the vocabulary is {100 * share.min():.0f} to {100 * share.max():.0f}% of N, and no "
            "interval covers a wrong count of parameters: compare --count "
            f"{'N_body' if N == 'N' else 'N'}"
        )
    return told
