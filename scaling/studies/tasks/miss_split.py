"""Where do the misses of the 46 tasks come from? Their split, at the targets and between fits."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scaling.studies.tasks.scatter_at_loss import read_errors, select_fed
from scaling.studies.tasks.variance_split import METHODS, Design, split_miss
from scaling.testbed.labels import DATASETS, LOSS_COLUMN
from scaling.testbed.runs import load_tasks, select_error_fit, select_targets

REGIONS = ("targets", "inside")


def list_designs(region: str) -> dict[str, Design]:
    """List what is fitted and what is asked for on each training set.

    Parameters
    ----------
    region : {"targets", "inside"}
        Asked for are the two targets; or, of the runs that fit nothing, those of M of 10 and more
        whose loss lies between the losses fitted, where all three sets have the cell.

    Returns
    -------
    dict of Design
        By training set; fitted are the paper's six runs.

    Raises
    ------
    ValueError
        If there is no such region.
    """
    if region not in REGIONS:
        raise ValueError(f"region must be one of {', '.join(REGIONS)}, got {region!r}")
    fed = {dataset: select_fed(dataset) for dataset in DATASETS.values()}
    if region == "targets":
        asked = {d: select_targets(runs).sort_values("N")["run"] for d, runs in fed.items()}
    else:
        found = {dataset: _select_inside(runs) for dataset, runs in fed.items()}
        cells = set.intersection(*(set(runs.index) for runs in found.values()))
        asked = {dataset: runs.loc[sorted(cells)] for dataset, runs in found.items()}
    designs = {}
    for dataset, runs in fed.items():
        number = pd.Series(runs.index, index=runs["run"])
        six = select_error_fit(runs).sort_values("C")["run"]
        loss = runs[LOSS_COLUMN].to_numpy()
        designs[dataset] = Design(loss, list(number[six]), list(number[asked[dataset]]))
    return designs


def _select_inside(runs: pd.DataFrame) -> pd.Series:
    """Names of the runs between those that are fitted, by cell."""
    six = select_error_fit(runs)
    within = runs[LOSS_COLUMN].between(six[LOSS_COLUMN].min(), six[LOSS_COLUMN].max())
    kept = runs[within & ~runs["run"].isin(six["run"])]
    return kept.set_index(["N", "M"])["run"]


def tabulate_split() -> pd.DataFrame:
    """Split the mean squared miss of every task, by region and method.

    Returns
    -------
    pandas.DataFrame
        Two regions by three methods by 46 tasks, with the columns of
        `scaling.studies.tasks.variance_split.split_miss`, squared fractions. A prediction below 0
        or above 1 counts as 0 or 1: without that a few runaway laws would be all of the mean.
    """
    tasks, parts = load_tasks(), []
    errors = [read_errors(select_fed(dataset)) for dataset in DATASETS.values()]
    for region in REGIONS:
        designs = list(list_designs(region).values())
        for name, method in METHODS.items():
            rng = np.random.default_rng(0)
            split = split_miss(method, designs, errors, tasks["n_items"], rng)
            names = pd.DataFrame({"region": region, "method": name, "task": tasks["task"]})
            parts.append(pd.concat([names, split], axis=1))
    return pd.concat(parts, ignore_index=True)
