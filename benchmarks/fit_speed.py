"""Speed of the fits beside the paper's method, in one run: ``python -m benchmarks.fit_speed``.

Writes ``data/results/fit_speed.csv`` and prints it. Times are the least of several repetitions;
the slow side of a row of resamples is timed on a part and said per fit.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import scipy

from benchmarks.multistart import fit_loss_multistart
from scaling.fit import fit_loss_law, fit_loss_surface
from scaling.law import LossSurface
from scaling.names import LOSS_SETS
from scaling.testbed import run_table, select_loss_fit

RESULT = Path(__file__).parent.parent / "data" / "results" / "fit_speed.csv"
N_RESAMPLES = 1000
N_TIMED_WITH_STARTS = 24
NOISE = 0.01  # relative, of the parametric resamples


def _seconds(call: Callable[[], object], repeat: int) -> float:
    """Least wall time of one call."""
    call()
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def _real_designs() -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """The paper's 24 loss fits: three training sets, eight loss sets, five runs each."""
    designs = []
    for _, table in run_table().groupby("dataset"):
        runs = select_loss_fit(table)
        for loss_set in LOSS_SETS.values():
            designs.append(tuple(runs[c].to_numpy(float) for c in ("N", "D", f"loss_{loss_set}")))
    return designs


def single_fits() -> dict:
    """All 24 fits, one at a time."""
    designs = _real_designs()
    ours = _seconds(lambda: [fit_loss_law(*d) for d in designs], 20) / len(designs)
    theirs = _seconds(lambda: [fit_loss_multistart(*d) for d in designs], 2) / len(designs)
    return _row("one loss-law fit, mean of the 24 of the paper", 5, ours, theirs)


def resamples(kind: str) -> dict:
    """1000 resamples of RedPajama's five runs on C4 eval, in one call."""
    table = run_table("redpajama")
    runs = select_loss_fit(table)
    N, D, loss = (runs[c].to_numpy(float) for c in ("N", "D", "loss_c4_eval"))
    rng = np.random.default_rng(0)
    if kind == "noise":
        losses = loss * (1 + NOISE * rng.standard_normal((N_RESAMPLES, len(N))))
        ours = _seconds(lambda: fit_loss_law(N, D, losses), 5)

        def slow(i: int) -> None:
            fit_loss_multistart(N, D, losses[i])
    else:
        draws = rng.integers(0, len(N), (N_RESAMPLES, len(N)))
        counts = np.stack([np.bincount(d, minlength=len(N)) for d in draws])
        ours = _seconds(lambda: fit_loss_law(N, D, loss, weights=counts), 5)

        def slow(i: int) -> None:
            fit_loss_multistart(N[draws[i]], D[draws[i]], loss[draws[i]])

    part = range(N_TIMED_WITH_STARTS)
    theirs = _seconds(lambda: [slow(i) for i in part], 1) / len(part)
    what = {"noise": "1000 noisy copies", "bootstrap": "1000 bootstrap resamples"}[kind]
    return _row(f"{what} of 5 runs, per fit", 5, ours / N_RESAMPLES, theirs)


def chinchilla_resamples(objective: str) -> dict:
    """1000 bootstrap resamples of 100 runs, an exponent each for N and D: seconds in all."""
    rng = np.random.default_rng(0)
    N = np.exp(rng.uniform(np.log(5e7), np.log(1e10), 100))
    D = N * np.exp(rng.uniform(np.log(2), np.log(200), 100))
    loss = LossSurface(1.8, 480.0, 2085.0, 0.35, 0.37).predict(N, D)
    loss *= np.exp(0.01 * rng.standard_normal(100))
    counts = rng.multinomial(100, np.full(100, 0.01), N_RESAMPLES)
    ours = _seconds(lambda: fit_loss_surface(N, D, loss, weights=counts, objective=objective), 3)
    return _row(f"1000 resamples of 100 runs, free exponents, {objective}, in all", 100, ours, None)


def _row(what: str, n_runs: int, ours: float, theirs: float | None) -> dict:
    return {
        "what": what,
        "n_runs": n_runs,
        "seconds": ours,
        "seconds_128_starts": theirs,
        "ratio": None if theirs is None else theirs / ours,
    }


def main() -> None:
    """Measure everything, print the table and store it."""
    rows = [
        single_fits(),
        resamples("noise"),
        resamples("bootstrap"),
        *(chinchilla_resamples(o) for o in ("loss", "log", "huber")),
    ]
    table = pd.DataFrame(rows)
    for column, digits in (("seconds", 3), ("seconds_128_starts", 3), ("ratio", 3)):
        table[column] = [float(f"{v:.{digits}g}") for v in table[column]]
    table["machine"] = f"{platform.machine()}, Python {platform.python_version()}"
    table["versions"] = f"numpy {np.__version__}, scipy {scipy.__version__}"
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(RESULT, index=False)
    print(table.drop(columns=["machine", "versions"]).to_string(index=False))


if __name__ == "__main__":
    main()
