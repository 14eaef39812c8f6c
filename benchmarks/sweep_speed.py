"""Speed of the sweeps of designs beside the paper's method: ``python -m benchmarks.sweep_speed``.

Writes ``data/results/sweep_speed.csv`` and prints it. Ours is timed on the whole sweep. The
paper's 128 starts are timed on designs drawn at random from it and scaled up; the standard error
is that of the draw.
"""

from __future__ import annotations

import platform
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import scipy

from benchmarks.multistart import fit_loss_multistart
from scaling.studies.loss.ablation import (
    LEAST_RUNS,
    fit_designs,
    list_choices,
    list_subsets,
    select_small,
)
from scaling.testbed.labels import DATASETS, LOSS_COLUMN
from scaling.testbed.runs import run_table

RESULT = Path(__file__).parent.parent / "data" / "results" / "sweep_speed.csv"
N_TIMED = 30  # designs fitted from 128 starts, of each sweep

Sweep = list[tuple[pd.DataFrame, np.ndarray]]  # the small runs of a training set, and designs


def sizes_and_multipliers() -> Sweep:
    """Every choice of sizes and multipliers that the tied law can be fitted to, all sets."""
    sweep = []
    for dataset in DATASETS.values():
        small = select_small(run_table(dataset))
        choices, designs = list_choices(small)
        sweep.append((small, designs[choices["n_runs"] >= LEAST_RUNS["tied"]]))
    return sweep


def five_of_the_small_runs() -> Sweep:
    """Every subset of five small runs of RedPajama."""
    small = select_small(run_table("redpajama"))
    return [(small, list_subsets(len(small)))]


def measure(what: str, sweep: Sweep, n_timed: int) -> dict:
    """Time a sweep our way, and a random part of it the paper's way."""
    start = time.perf_counter()
    for small, designs in sweep:
        fit_designs(small, designs)
    ours = time.perf_counter() - start
    n_fits = sum(len(designs) for _, designs in sweep)
    rng = np.random.default_rng(0)
    which = np.concatenate([np.full(len(designs), i) for i, (_, designs) in enumerate(sweep)])
    everything = [design for _, designs in sweep for design in designs]
    drawn = rng.choice(n_fits, n_timed, replace=False)
    times = []
    for i in drawn:
        runs = sweep[which[i]][0][everything[i]]
        start = time.perf_counter()
        fit_loss_multistart(runs["N"], runs["D"], runs[LOSS_COLUMN])
        times.append(time.perf_counter() - start)
    theirs = n_fits * np.array([np.mean(times), np.std(times, ddof=1) / np.sqrt(n_timed)])
    return {
        "what": what,
        "n_fits": n_fits,
        "seconds": ours,
        "n_timed": n_timed,
        "seconds_128_starts": theirs[0],
        "standard_error": theirs[1],
        "ratio": theirs[0] / ours,
    }


def main(n_timed: int = N_TIMED) -> None:
    """Measure both sweeps, print the table and store it."""
    rows = [
        measure("sizes and multipliers, three training sets", sizes_and_multipliers(), n_timed),
        measure("five of the small runs, RedPajama", five_of_the_small_runs(), n_timed),
    ]
    table = pd.DataFrame(rows)
    for column, digits in (("seconds", 3), ("seconds_128_starts", 3), ("ratio", 2)):
        table[column] = [float(f"{v:.{digits}g}") for v in table[column]]
    table["standard_error"] = [float(f"{v:.2g}") for v in table["standard_error"]]
    table["machine"] = f"{platform.machine()}, Python {platform.python_version()}"
    table["versions"] = f"numpy {np.__version__}, scipy {scipy.__version__}"
    table.to_csv(RESULT, index=False)
    print(table.drop(columns=["machine", "versions"]).to_string(index=False))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
