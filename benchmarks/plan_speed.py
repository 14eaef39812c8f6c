"""Speed of a plan beside refitting for every candidate: ``python -m benchmarks.plan_speed``.

Writes ``data/results/plan_speed.csv`` and prints it. Four hundred candidates and ten purchases:
ours, with the interval after each; the gains alone; and the same gains where the row of every
candidate is put into the table in turn, timed on one purchase and scaled up.
"""

from __future__ import annotations

import platform
import time
from pathlib import Path

import numpy as np
import pandas as pd
import scipy

from scaling.decide.candidates import make_offer
from scaling.decide.gain import Cells, find_variances, read_law
from scaling.decide.plan import Target, open_table
from scaling.decide.purchases import SHIPPED, choose_next
from scaling.forecast.selection import select_rows
from scaling.testbed.runs import run_table, select_loss_fit

RESULT = Path(__file__).parent.parent / "data" / "results" / "plan_speed.csv"
N_CANDIDATES, N_PURCHASES, REPEATS = 400, 10, 3
TARGET = Target(6_889_410_560, 20 * 6_889_410_560)
BUDGET = 1e20


def find_candidates(N: np.ndarray) -> Cells:
    """Four hundred cells, the cheapest of a fine grid."""
    offer = make_offer(N, TARGET[:2], "10M:500M", "10:640", 1.2)
    return offer.list_cells(TARGET[:2]).take(list(range(N_CANDIDATES)))


def measure(work, repeats: int = REPEATS) -> float:
    """Least time of several, seconds."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    """Measure, write and print."""
    runs = select_loss_fit(run_table("redpajama")).iloc[:3]  # few enough that ten are bought
    selected = select_rows(runs, loss_set="c4_eval")
    table = open_table(*selected[:4])
    cells = find_candidates(runs["N"].to_numpy(float))
    known = table.known
    law, none = read_law(known.find_posterior()), Cells(np.zeros(0), np.zeros(0))

    def plan() -> None:
        """What `make_plan` does for a purchase, ten times whatever it gains."""
        held = table
        for _ in range(N_PURCHASES):
            choice = choose_next(held.known, cells, cells.C, TARGET[:2], BUDGET)
            assert choice is not None
            cell = float(cells.N[choice.which]), float(cells.D[choice.which])
            held = held.plus(*cell, held.expect(*cell))
            held.predict(TARGET)
            held.allow(TARGET)

    def choose() -> None:
        choose_next(known, cells, cells.C, TARGET[:2], BUDGET)

    def add_each() -> None:
        for N, D in zip(*cells, strict=True):
            more = known.cells.plus(N, D)
            find_variances(law, more, none, TARGET[:2], SHIPPED.belief, SHIPPED.misfit)

    def refit_each() -> None:
        for N, D in zip(*cells, strict=True):
            more = table.plus(float(N), float(D), 3.0).known
            again = read_law(more.find_posterior())
            find_variances(again, more.cells, none, TARGET[:2], SHIPPED.belief, SHIPPED.misfit)

    rows = {
        "plan, ten purchases with intervals": measure(plan),
        "gains of all candidates, ten times": N_PURCHASES * measure(choose),
        "the row of each put in, the law kept, ten times": N_PURCHASES * measure(add_each, 1),
        "the law refitted with the row of each, ten times": N_PURCHASES * measure(refit_each, 1),
    }
    frame = pd.DataFrame({"what": list(rows), "seconds": list(rows.values())})
    frame["ratio"] = frame["seconds"] / frame["seconds"][1]
    frame["n_candidates"] = len(cells.N)
    for column, digits in (("seconds", 3), ("ratio", 2)):
        frame[column] = [float(f"{v:.{digits}g}") for v in frame[column]]
    frame["machine"] = f"{platform.machine()}, Python {platform.python_version()}"
    frame["versions"] = f"numpy {np.__version__}, scipy {scipy.__version__}"
    frame.to_csv(RESULT, index=False)
    print(frame.drop(columns=["machine", "versions"]).to_string(index=False))


if __name__ == "__main__":
    main()
