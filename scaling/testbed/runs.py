"""Which runs are the 104, which fit the laws, which are the targets? Loaders and selections."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cache

import pandas as pd

from scaling.costs.compute import SEQUENCE_LENGTH
from scaling.tables.datafiles import data_path
from scaling.testbed.labels import DATASETS, LOSS_SETS

# The authors' selections as (size, M), the same for each training set (Table 1 of the paper).
LOSS_FIT_RUNS = (("0.011B", 20), ("0.079B", 20), ("0.154B", 20), ("0.411B", 20), ("0.011B", 320))
ERROR_FIT_RUNS = (*LOSS_FIT_RUNS, ("1.4B", 20))
TARGET_RUNS = {
    "c4": (("1.4B", 80), ("6.9B", 20)),
    "redpajama": (("1.4B", 640), ("6.9B", 20)),
    "refinedweb": (("1.4B", 320), ("6.9B", 20)),
}
RUN_COLUMNS = ["run", "dataset", "size", "N", "N_body", "D", "M", "C"]
# Random draws go by position, so the order of a file may not decide it. Losses and errors are put
# beside their runs by name.
ORDER = {
    "runs": ["dataset", "N", "M"],
    "tasks": ["task"],
    "search": ["N", "D", "width", "layers", "heads", "batch", "lr", "warmup_steps"],
}
DETAIL_COLUMNS = ["warmup_steps", "batch_tokens", "steps", "other_files", "flags"]


@cache
def _read(name: str) -> pd.DataFrame:
    path = data_path("testbed", f"{name}.csv")
    table = pd.read_csv(path, encoding="utf-8")
    if name in ORDER:
        table = table.sort_values(ORDER[name], ignore_index=True)
    if "flags" in table:
        table["flags"] = table["flags"].fillna("").astype(str)
    return table


def load_runs() -> pd.DataFrame:
    """Load the 104 runs: shape, budget and recipe of each.

    Returns
    -------
    pandas.DataFrame
        One row per run, ordered by data set, N and M; ``N`` in parameters, ``D`` in tokens, ``C``
        in FLOPs, ``batch_sequences`` in sequences of 2,048 tokens. ``store`` and ``folder`` name
        the training files; ``other_files`` is true where they are not those of the five runs that
        the authors fit the loss law to. ``flags`` says why a run is suspect and is empty otherwise.
    """
    runs = _read("runs")
    first = select_loss_fit(runs).drop_duplicates("dataset").set_index("dataset")
    files = ["store", "folder"]
    differs = runs[files].ne(first.loc[runs["dataset"], files].to_numpy())
    return runs.assign(other_files=differs.any(axis=1))


def load_losses() -> pd.DataFrame:
    """Load the loss of every run on every loss set.

    Returns
    -------
    pandas.DataFrame
        832 rows; losses and their 95 % evaluation intervals, over sequences (``loss_lo``,
        ``loss_hi``) and over tokens, in nats per token.
    """
    return _read("losses").copy()


def load_errors() -> pd.DataFrame:
    """Load the top-1 error of every run on every task: 4,784 rows, errors as fractions."""
    return _read("errors").copy()


def load_tasks() -> pd.DataFrame:
    """Load the 46 tasks.

    Returns
    -------
    pandas.DataFrame
        One row per task; ``chance`` is the accuracy of guessing, as a fraction. ``n_items`` is
        the count that fits the accuracies where one is known; ``flags`` says where the stated
        count does not.
    """
    return _read("tasks").copy()


def load_search() -> pd.DataFrame:
    """Load the 435 runs of the authors' configuration search, all at M = 20.

    The loss is on OpenLM data, in nats per token.
    """
    return _read("search").copy()


@cache
def _wide() -> pd.DataFrame:
    losses = _read("losses").pivot(index="run", columns="loss_set", values="loss")
    errors = _read("errors").pivot(index="run", columns="task", values="error")
    split = _read("tasks").query("in_17")["task"]
    runs = load_runs().set_index("run", drop=False)
    runs["batch_tokens"] = runs["batch_sequences"] * SEQUENCE_LENGTH
    columns = [
        runs[RUN_COLUMNS + DETAIL_COLUMNS],
        losses[list(LOSS_SETS.values())].add_prefix("loss_"),
        errors.add_prefix("err_"),
        errors[list(split)].mean(axis=1).rename("err_avg17"),
        errors.mean(axis=1).rename("err_avg46"),
    ]
    # pd.concat aligns on the run's name, so that no row order has to be trusted.
    return pd.concat(columns, axis=1).reset_index(drop=True)


def run_table(dataset: str | None = None) -> pd.DataFrame:
    """Put the testbed into one run table, one row per run.

    Parameters
    ----------
    dataset : {"c4", "redpajama", "refinedweb"}, optional
        Training set; all three by default.

    Returns
    -------
    pandas.DataFrame
        Columns run, dataset, size, N, N_body, D, M, C, warmup_steps, batch_tokens, steps,
        other_files (as in `load_runs`), flags, ``loss_<set>`` (nats per token), ``err_<task>``
        (fractions), and the plain means ``err_avg17`` and ``err_avg46``.

    Raises
    ------
    ValueError
        If there is no such training set.

    Examples
    --------
    >>> import scaling
    >>> runs = scaling.load_testbed("c4")
    >>> len(runs), f"{runs['N'].max():.1e}"
    (34, '6.9e+09')
    """
    table = _wide()
    if dataset is None:
        return table.copy()
    if dataset not in DATASETS.values():
        raise ValueError(f"dataset must be one of {', '.join(DATASETS.values())}, got {dataset!r}")
    return table[table["dataset"] == dataset].reset_index(drop=True)


def _select(table: pd.DataFrame, wanted: dict[str, Iterable[tuple[str, int]]]) -> pd.DataFrame:
    """Take the wanted runs, size and M, of each training set in the table, each exactly once."""
    places: list[int] = []
    for dataset in table["dataset"].unique():
        if dataset not in wanted:
            raise ValueError(f"dataset must be one of {', '.join(wanted)}, got {dataset!r}")
        for size, M in wanted[dataset]:
            is_it = (table["dataset"] == dataset) & (table["size"] == size) & (table["M"] == M)
            if is_it.sum() != 1:
                rule = f"table must hold {dataset} {size} at M = {M} once"
                raise ValueError(f"{rule}, got {is_it.sum()} rows")
            places.append(int(is_it.to_numpy().argmax()))
    return table.iloc[places].reset_index(drop=True)


def select_loss_fit(table: pd.DataFrame) -> pd.DataFrame:
    """Select the 5 runs per training set that the authors fit the loss law to.

    Parameters
    ----------
    table : pandas.DataFrame
        Run table of one or more training sets, with dataset, size and M.

    Returns
    -------
    pandas.DataFrame
        The rows, in the order of `LOSS_FIT_RUNS`.

    Raises
    ------
    ValueError
        If one of the runs is missing, or there twice.

    References
    ----------
    Gadre et al., arXiv 2403.08540, Table 1.
    """
    return _select(table, dict.fromkeys(DATASETS.values(), LOSS_FIT_RUNS))


def select_error_fit(table: pd.DataFrame) -> pd.DataFrame:
    """Select the 6 runs per training set that the authors fit the error law to.

    They are those of `select_loss_fit`, which see, and the 1.4B run at M = 20.
    """
    return _select(table, dict.fromkeys(DATASETS.values(), ERROR_FIT_RUNS))


def select_targets(table: pd.DataFrame) -> pd.DataFrame:
    """Select the over-trained 1.4B run and the 6.9B run of each training set.

    Two rows per training set, in the order of `TARGET_RUNS`; else as `select_loss_fit`.
    """
    return _select(table, dict(TARGET_RUNS))


def select_small(
    table: pd.DataFrame, least_M: float = 0.0, most_M: float = math.inf
) -> pd.DataFrame:
    """Select the runs of 0.411B parameters and less, with M in a range, ends included.

    Parameters
    ----------
    table : pandas.DataFrame
        Run table with N, and M.
    least_M, most_M : float
        Tokens per parameter.

    Returns
    -------
    pandas.DataFrame
        The rows, in the order of the table.
    """
    inside = table["M"].between(least_M, most_M)
    return table[(table["N"] < 1e9) & inside].reset_index(drop=True)


def select_large(table: pd.DataFrame) -> pd.DataFrame:
    """Select the runs of 1.4B parameters and more, three per training set."""
    return table[table["N"] > 1e9].reset_index(drop=True)
