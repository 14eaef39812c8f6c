"""Which tasks can small runs tell from guessing? Every task against its chance."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scaling.forecast.counting import counting_error
from scaling.testbed.runs import select_small

NEAR = 2.0  # standard errors within which an accuracy counts as chance
MOST = 0.95  # share of the small runs that must keep to it
STANDINGS = ("at chance", "not above chance", "above chance")


def compare_with_chance(runs: pd.DataFrame, tasks: pd.DataFrame) -> pd.DataFrame:
    """Say of each task whether small runs can be told from guessing.

    A run is near chance where its accuracy is within two of its standard errors of it.

    Parameters
    ----------
    runs : pandas.DataFrame
        Run table; runs above 0.411B are not read, every multiplier is.
    tasks : pandas.DataFrame
        From `scaling.testbed.runs.load_tasks`: task, n_items and chance.

    Returns
    -------
    pandas.DataFrame
        A row per task: ``near``, the share of runs near chance; ``not_above``, of runs near or
        below it; ``all_near``, whether every run is near; ``standing``: ``at chance`` where 95 %
        of the runs are near it, else ``not above chance`` where 95 % are near or below, else
        ``above chance``.
    """
    names = [f"err_{task}" for task in tasks["task"]]
    errors = select_small(runs)[names].to_numpy(float)
    away = 1 - errors - tasks["chance"].to_numpy()
    reach = NEAR * counting_error(errors, tasks["n_items"].to_numpy())
    near, below = (np.abs(away) <= reach).mean(axis=0), (away <= reach).mean(axis=0)
    standing = np.select([near >= MOST, below >= MOST], STANDINGS[:2], STANDINGS[2])
    shares = {"near": near, "not_above": below, "all_near": near == 1, "standing": standing}
    return pd.DataFrame({"task": tasks["task"].to_numpy(), **shares})
