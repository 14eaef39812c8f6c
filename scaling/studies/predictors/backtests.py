"""Which backtests are there? What is known, what is asked, and what was measured.

Known are the testbed's runs of 0.411B parameters and less, and on every other grid the plain runs
of at most 1/20 of its largest compute. Among them the larger are predicted from the smaller, the
longer from the shorter.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from scaling.forecast.rulers import relative_error
from scaling.studies.predictors.candidates import Array, Candidate, Case
from scaling.testbed.grids import load_grid, select_plain, split_by_compute, split_series
from scaling.testbed.labels import LOSS_SETS
from scaling.testbed.runs import run_table, select_loss_fit, select_small

# The grids of the protocol: a later grid would change sigma_0 and the constants of `best`.
CHOSEN_FROM = ("olmo_ladder", "gemstones", "porian", "datablations")
SMALL_SHARE = 1 / 20  # of a grid's largest compute
GRID_CUTS = (1 / 3, 1 / 5, 1 / 10, 1 / 20)  # of the largest compute among a grid's small runs
LEAST_RUNS = LEAST_TARGETS = 5
LOSSES = [f"loss_{loss_set}" for loss_set in LOSS_SETS.values()]


@dataclass(frozen=True)
class Trial:
    """One backtest: what is known, what is asked, and what was measured.

    Parameters
    ----------
    group : str
        The testbed, or the name of a grid.
    name : str
        Training set and design, or series and cut.
    loss_sets : list of str
        Names of the rows of `case.losses` and of `measured`.
    case : Case
        Runs known.
    targets : pandas.DataFrame
        Runs asked for.
    measured : ndarray of shape (n_losses, n_targets)
        Their losses, nats per token.
    """

    group: str
    name: str
    loss_sets: list[str]
    case: Case
    targets: pd.DataFrame
    measured: Array


def add_warmup_tokens(runs: pd.DataFrame) -> pd.DataFrame:
    """Add the tokens seen during warm-up, from ``warmup_steps`` and ``batch_tokens``."""
    return runs.assign(warmup_tokens=runs["warmup_steps"] * runs["batch_tokens"])


def _designs(small: pd.DataFrame) -> dict[str, tuple[pd.DataFrame, pd.DataFrame]]:
    """What is known and what is asked, for the small runs of one training set."""
    five, fed = select_loss_fit(small), small[small["M"] >= 10]
    largest = small["N"] == small["N"].max()
    below, short = small[~largest], small[small["M"] <= 80]
    last = fed[fed["N"] == small["N"].max()]
    return {
        "four below 0.411B": (five[five["N"] < small["N"].max()], last),
        "five": (five, fed[(fed["M"] >= 160) & ~fed["run"].isin(five["run"])]),
        "grid below 0.411B": (below[below["M"] >= 10], last),
        "grid of M 10 to 80": (short[short["M"] >= 10], fed[fed["M"] >= 320]),
        "grid below 0.411B, M 10 to 80": (
            below[below["M"].between(10, 80)],
            last[last["M"] >= 160],
        ),
        "all below 0.411B": (below, last),
        "all of M to 80": (short, fed[fed["M"] >= 320]),
    }


def read_losses(runs: pd.DataFrame, columns: list[str]) -> Array:
    """Losses in the shape of a case: a row per column, a column per run."""
    return runs[columns].to_numpy(float).T


def testbed_trials(table: pd.DataFrame) -> Iterator[Trial]:
    """Every backtest among the small runs of the testbed.

    Parameters
    ----------
    table : pandas.DataFrame
        Run table of the testbed; runs above 0.411B are not read.
    """
    small = add_warmup_tokens(select_small(table))
    designs = {str(name): _designs(runs) for name, runs in small.groupby("dataset", sort=False)}
    for dataset, own in designs.items():
        for design, (known, asked) in own.items():
            others = [designs[other][design][0] for other in designs if other != dataset]
            siblings = tuple(Case(runs, read_losses(runs, LOSSES)) for runs in others)
            yield Trial(
                "testbed",
                f"{dataset}, {design}",
                list(LOSS_SETS.values()),
                Case(known, read_losses(known, LOSSES), siblings),
                asked,
                read_losses(asked, LOSSES),
            )


def select_cheap(grid: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Select the plain runs of at most 1/20 of the largest compute, series by series."""
    series = split_series(select_plain(grid))
    return {name: split_by_compute(runs, SMALL_SHARE)[0] for name, runs in series.items()}


def grid_trials(name: str, grid: pd.DataFrame) -> Iterator[Trial]:
    """Every backtest among the cheap runs of another grid.

    Parameters
    ----------
    name : str
        Name of the grid.
    grid : pandas.DataFrame
        Its run table; runs above 1/20 of the largest compute are not read.
    """
    cheap = select_cheap(grid)
    for cut in GRID_CUTS:
        split = {series: split_by_compute(runs, cut) for series, runs in cheap.items()}
        for series, (known, asked) in split.items():
            if len(known) < LEAST_RUNS or len(asked) < LEAST_TARGETS:
                continue
            others = [split[other][0] for other in split if other != series]
            yield Trial(
                name,
                f"{series} {cut:.2g}".strip(),
                ["loss"],
                Case(
                    known,
                    read_losses(known, ["loss"]),
                    tuple(Case(runs, read_losses(runs, ["loss"])) for runs in others),
                ),
                asked,
                read_losses(asked, ["loss"]),
            )


def list_trials(testbed: pd.DataFrame, grids: dict[str, pd.DataFrame]) -> list[Trial]:
    """Every backtest; cuts of a grid that know the same runs count once."""
    trials = list(testbed_trials(testbed))
    seen: set[tuple[str, str, int]] = set()
    for name, grid in grids.items():
        for trial in grid_trials(name, grid):
            key = (name, trial.name.rpartition(" ")[0], len(trial.case.runs))
            if key not in seen:
                seen.add(key)
                trials.append(trial)
    return trials


def run_trial(trial: Trial, candidate: Candidate) -> Array:
    """Mean absolute relative error over the targets of a trial, one per loss set."""
    predicted = candidate.fit(trial.case)(trial.targets)
    return np.abs(relative_error(predicted, trial.measured)).mean(axis=1)


def load_data() -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Load the testbed and the grids of the protocol, whole; the protocol takes its part."""
    return run_table(), {name: load_grid(name) for name in CHOSEN_FROM}
