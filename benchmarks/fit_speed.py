"""Speed of the fits beside the paper's method, in one run: ``python -m benchmarks.fit_speed``.

Writes ``data/results/fit_speed.csv`` and prints it. Times are the least of several repetitions;
the slow side of a row of resamples is timed on a part and said per fit. With ``--beside CHECKOUT``,
a folder that holds another revision with the same rooms, the same fits are timed there too, in
turns, and printed beside; they are not stored.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import scipy

from benchmarks.multistart import fit_loss_multistart
from scaling.laws.fit import fit_loss_law, fit_loss_surface
from scaling.laws.law import LossSurface
from scaling.testbed.labels import LOSS_SETS
from scaling.testbed.runs import run_table, select_loss_fit

ROOT = Path(__file__).resolve().parent.parent
RESULT = ROOT / "data" / "results" / "fit_speed.csv"
SINGLE = "one loss-law fit, mean of the 24 of the paper"
NOISY = "1000 noisy copies of 5 runs, per fit"
BOOTSTRAP = "1000 bootstrap resamples of 5 runs, per fit"
FREE = {
    objective: f"1000 resamples of 100 runs, free exponents, {objective}, in all"
    for objective in ("loss", "log", "huber")
}
N_RUNS = {SINGLE: 5, NOISY: 5, BOOTSTRAP: 5} | dict.fromkeys(FREE.values(), 100)
FIRST_OF_REDPAJAMA = 8  # of the 24: C4 eval
N_ROUNDS = 3
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


def time_fits() -> dict[str, float]:
    """Seconds of each kind of fit, with the package that is imported."""
    designs = _real_designs()
    N, D, loss = designs[FIRST_OF_REDPAJAMA]
    losses, draws = _resamples(loss)
    counts = np.stack([np.bincount(draw, minlength=len(N)) for draw in draws])
    seconds = {
        SINGLE: _seconds(lambda: [fit_loss_law(*d) for d in designs], 20) / len(designs),
        NOISY: _seconds(lambda: fit_loss_law(N, D, losses), 20) / N_RESAMPLES,
        BOOTSTRAP: _seconds(lambda: fit_loss_law(N, D, loss, weights=counts), 20) / N_RESAMPLES,
    }
    rng = np.random.default_rng(0)
    N = np.exp(rng.uniform(np.log(5e7), np.log(1e10), 100))
    D = N * np.exp(rng.uniform(np.log(2), np.log(200), 100))
    loss = LossSurface(1.8, 480.0, 2085.0, 0.35, 0.37).predict(N, D)
    loss *= np.exp(0.01 * rng.standard_normal(100))
    counts = rng.multinomial(100, np.full(100, 0.01), N_RESAMPLES)
    for objective, what in FREE.items():

        def fit(objective: str = objective) -> object:
            return fit_loss_surface(N, D, loss, weights=counts, objective=objective)

        seconds[what] = _seconds(fit, 3)
    return seconds


def _resamples(loss: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Noisy copies of the losses, and the runs that each bootstrap resample draws."""
    rng = np.random.default_rng(0)
    losses = loss * (1 + NOISE * rng.standard_normal((N_RESAMPLES, len(loss))))
    return losses, rng.integers(0, len(loss), (N_RESAMPLES, len(loss)))


def time_starts() -> dict[str, float]:
    """Seconds per fit of the paper's method, on the same runs."""
    designs = _real_designs()
    N, D, loss = designs[FIRST_OF_REDPAJAMA]
    losses, draws = _resamples(loss)
    part = range(N_TIMED_WITH_STARTS)

    def noisy() -> None:
        for i in part:
            fit_loss_multistart(N, D, losses[i])

    def bootstrap() -> None:
        for i in part:
            fit_loss_multistart(N[draws[i]], D[draws[i]], loss[draws[i]])

    def single() -> None:
        for design in designs:
            fit_loss_multistart(*design)

    return {
        SINGLE: _seconds(single, 2) / len(designs),
        NOISY: _seconds(noisy, 1) / len(part),
        BOOTSTRAP: _seconds(bootstrap, 1) / len(part),
    }


def time_elsewhere(checkout: Path) -> dict[str, float]:
    """Seconds of each kind of fit with the package of another checkout, in a process of its own."""
    command = [sys.executable, str(Path(__file__).resolve()), "--fits"]
    paths = os.pathsep.join([str(checkout), str(ROOT)])
    environment = os.environ | {"PYTHONPATH": paths}
    found = subprocess.run(command, env=environment, check=True, capture_output=True, cwd=checkout)
    return json.loads(found.stdout)


def main() -> None:
    """Measure everything, print the table and store it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fit_speed")
    parser.add_argument("--beside", type=Path, help="folder of a checkout to be timed in turns")
    parser.add_argument("--fits", action="store_true", help="only print the seconds of the fits")
    options = parser.parse_args()
    if options.fits:
        print(json.dumps(time_fits()))
        return
    places = [ROOT, *([options.beside.resolve()] if options.beside else [])]
    rounds = [[time_elsewhere(place) for place in places] for _ in range(N_ROUNDS)]
    ours, *before = (pd.DataFrame(of_one).min() for of_one in zip(*rounds, strict=True))
    table = pd.DataFrame({"n_runs": N_RUNS, "seconds": ours})
    table["seconds_128_starts"] = pd.Series(time_starts())
    table["ratio"] = table["seconds_128_starts"] / table["seconds"]
    table = table.map(lambda value: float(f"{value:.3g}")).astype({"n_runs": int})
    table = table.rename_axis("what").reset_index()
    table["machine"] = f"{platform.machine()}, Python {platform.python_version()}"
    table["versions"] = f"numpy {np.__version__}, scipy {scipy.__version__}"
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(RESULT, index=False, na_rep="nan")
    shown = table.drop(columns=["machine", "versions"]).set_index("what")
    if before:
        shown.insert(2, "seconds_beside", before[0])
    print(shown.to_string(float_format="{:.3g}".format))


if __name__ == "__main__":
    main()
