"""Speed of intervals beside bootstrap refits, in one run: ``python -m benchmarks.interval_speed``.

Writes ``data/results/interval_speed.csv`` and prints it. Times are the least of several
repetitions, with both intervals of one target, from the paper's five runs or noisy copies of them.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import scipy

from scaling.forecast.fitted import fit_table
from scaling.forecast.intervals import find_intervals, load_constants
from scaling.laws.fit import fit_loss_law
from scaling.laws.posterior import find_posterior
from scaling.studies.decide.rivals import draw_resamples
from scaling.testbed.labels import LOSS_COLUMN
from scaling.testbed.runs import run_table, select_loss_fit, select_targets

RESULT = Path(__file__).resolve().parent.parent / "data" / "results" / "interval_speed.csv"
N_TABLES = 1000
NOISE = 0.005  # of the log loss


def _seconds(call: Callable[[], object], repeat: int) -> float:
    """Least wall time of one call."""
    call()
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def time_intervals() -> pd.DataFrame:
    """Seconds of each kind of call."""
    table = run_table("c4")
    five, target = select_loss_fit(table), select_targets(table).iloc[-1]
    N, D, loss = (five[name].to_numpy(float) for name in ("N", "D", LOSS_COLUMN))
    rng = np.random.default_rng(0)
    losses = loss * np.exp(NOISE * rng.standard_normal((N_TABLES, len(loss))))
    counts = draw_resamples(N, D, N_TABLES, rng)
    constants = load_constants()

    def make_intervals(losses: np.ndarray) -> object:
        where = (np.full(len(losses), target[name]) for name in ("N", "D"))
        mixture = find_posterior(N, D, losses, constants.belief).at(*where)
        return find_intervals(mixture, np.full(len(losses), constants.most))

    calls = {
        "both intervals of one table": (1, lambda: make_intervals(loss[None]), 50),
        "fit, prediction and both intervals of one table": (
            1,
            lambda: fit_table(five, LOSS_COLUMN).predict(target["N"], target["D"]),
            20,
        ),
        "both intervals of a thousand tables": (N_TABLES, lambda: make_intervals(losses), 5),
        "a thousand bootstrap refits of one table": (
            N_TABLES,
            lambda: fit_loss_law(N, D, loss, weights=counts, objective="log"),
            5,
        ),
    }
    rows = [(what, n, _seconds(call, repeat)) for what, (n, call, repeat) in calls.items()]
    return pd.DataFrame(rows, columns=["what", "n_tables", "seconds"])


def main() -> None:
    """Measure everything, print the table and store it."""
    table = time_intervals()
    table["seconds_each"] = table["seconds"] / table["n_tables"]
    times = ["seconds", "seconds_each"]
    table[times] = table[times].map(lambda value: float(f"{value:.3g}"))
    table["machine"] = f"{platform.machine()}, Python {platform.python_version()}"
    table["versions"] = f"numpy {np.__version__}, scipy {scipy.__version__}"
    table.to_csv(RESULT, index=False)
    print(table.drop(columns=["machine", "versions"]).to_string(index=False))


if __name__ == "__main__":
    main()
