"""Which backtests are there? What is known, what is asked, and what was measured.

Known are the testbed's runs of 0.411B parameters and less, and on every other grid the plain runs
of at most 1/20 of its largest compute. Among them the larger are predicted from the smaller, the
longer from the shorter.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import pandas as pd

from scaling.forecast.rulers import relative_error
from scaling.studies.predictors.candidates import Array, Candidate, Case
from scaling.testbed.grids import load_grid, select_plain, split_by_compute, split_series
from scaling.testbed.labels import LOSS_SETS
from scaling.testbed.runs import run_table, select_loss_fit, select_small

# The grids of the protocol: a later grid would change sigma_0 and the constants of `prior`.
CHOSEN_FROM = ("olmo_ladder", "gemstones", "porian", "datablations")
SMALL_SHARE = 1 / 20  # of a grid's largest compute
GRID_CUTS = (1 / 3, 1 / 5, 1 / 10, 1 / 20)  # of the largest compute among a grid's small runs
LEAST_RUNS = LEAST_TARGETS = 5
LOSSES = [f"loss_{loss_set}" for loss_set in LOSS_SETS.values()]


def read_losses(runs: pd.DataFrame, columns: list[str]) -> Array:
    """Losses in the shape of a case: a row per column, a column per run."""
    return runs[columns].to_numpy(float).T


def make_cases(known: dict[str, pd.DataFrame], columns: list[str]) -> dict[str, Case]:
    """Cases that are siblings of each other, one per table of runs."""
    alone = {key: Case(runs, read_losses(runs, columns)) for key, runs in known.items()}
    return {
        key: replace(case, siblings=tuple(alone[other] for other in alone if other != key))
        for key, case in alone.items()
    }


class Task(NamedTuple):
    """One prediction to make: its keys, the runs known, the runs asked, and their loss columns."""

    keys: dict[str, str]
    case: Case
    asked: pd.DataFrame
    columns: list[str]

    @property
    def loss_sets(self) -> list[str]:
        """Names of the rows of `measured`."""
        return [column.removeprefix("loss_") for column in self.columns]

    @property
    def measured(self) -> Array:
        """Losses of the runs asked for, nats per token, of shape (n_losses, n_asked)."""
        return read_losses(self.asked, self.columns)

    def miss(self, candidate: Candidate) -> Array:
        """Signed relative errors of a candidate, of shape (n_losses, n_asked)."""
        return relative_error(candidate.fit(self.case)(self.asked), self.measured)


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


def testbed_trials(table: pd.DataFrame) -> Iterator[Task]:
    """Every backtest among the small runs of the testbed; runs above 0.411B are not read."""
    small = add_warmup_tokens(select_small(table))
    designs = {str(name): _designs(runs) for name, runs in small.groupby("dataset", sort=False)}
    for dataset, own in designs.items():
        for design, (_, asked) in own.items():
            cases = make_cases({other: designs[other][design][0] for other in designs}, LOSSES)
            keys = {"grid": "testbed", "trial": f"{dataset}, {design}"}
            yield Task(keys, cases[dataset], asked, LOSSES)


def select_cheap(grid: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Select the plain runs of at most 1/20 of the largest compute, series by series."""
    series = split_series(select_plain(grid))
    return {name: split_by_compute(runs, SMALL_SHARE)[0] for name, runs in series.items()}


def grid_trials(name: str, grid: pd.DataFrame) -> Iterator[Task]:
    """Every backtest among the cheap runs of another grid; the dear ones are not read."""
    cheap = select_cheap(grid)
    for cut in GRID_CUTS:
        split = {series: split_by_compute(runs, cut) for series, runs in cheap.items()}
        cases = make_cases({series: known for series, (known, _) in split.items()}, ["loss"])
        for series, (known, asked) in split.items():
            if len(known) >= LEAST_RUNS and len(asked) >= LEAST_TARGETS:
                keys = {"grid": name, "trial": f"{series} {cut:.2g}".strip()}
                yield Task(keys, cases[series], asked, ["loss"])


def list_trials(testbed: pd.DataFrame, grids: dict[str, pd.DataFrame]) -> list[Task]:
    """Every backtest; cuts of a grid that know the same runs count once."""
    trials = list(testbed_trials(testbed))
    seen: set[tuple[str, str, int]] = set()
    for name, grid in grids.items():
        for trial in grid_trials(name, grid):
            key = (name, trial.keys["trial"].rpartition(" ")[0], len(trial.case.runs))
            if key not in seen:
                seen.add(key)
                trials.append(trial)
    return trials


def load_data() -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Load the testbed and the grids of the protocol, whole; the protocol takes its part."""
    return run_table(), {name: load_grid(name) for name in CHOSEN_FROM}
