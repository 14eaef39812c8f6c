"""Speed of a cost map beside a root-finder per cell: ``python -m benchmarks.cost_speed``.

Writes ``data/results/cost_speed.csv`` and prints it. A map is 100 losses by 100 demands: the model
of least total FLOPs for each. Beside it stands what one would write first: SciPy's ``brentq`` on
the condition of the optimum, a cell at a time; on cells drawn at random, scaled up. The best of
several rounds counts, ours and theirs in turn.
"""

from __future__ import annotations

import platform
import sys
import time
from collections.abc import Callable
from math import exp, log, log1p
from pathlib import Path

import numpy as np
import pandas as pd
import scipy
from scipy.optimize import brentq

from scaling.costs.total import best_for_budget, least_total
from scaling.decide.supply import Supply
from scaling.forecast.fitted import fit_table
from scaling.laws.draws import draw_laws
from scaling.laws.law import LossSurface
from scaling.testbed.labels import LOSS_COLUMN
from scaling.testbed.runs import run_table, select_loss_fit

RESULT = Path(__file__).parent.parent / "data" / "results" / "cost_speed.csv"
N_ROUNDS, N_CELLS = 5, 500
LOSSES, DEMANDS = np.linspace(2.1, 3.5, 100)[:, None], np.geomspace(1e9, 1e15, 100)
LAW = LossSurface(1.69, 406.4, 410.7, 0.336, 0.283)


def solve_cell(law: LossSurface, loss: float, tokens: float) -> float:
    """Parameters of least total FLOPs: a root of the condition, in log N, by `brentq`."""
    least = log(law.A / (loss - law.E)) / law.alpha

    def imbalance(log_N: float) -> float:
        D = law.solve_D(exp(log_N), loss)
        ratio = log(law.alpha * law.A / (law.beta * law.B)) - law.alpha * log_N + law.beta * log(D)
        return ratio - log1p(tokens / (3 * D))

    return exp(brentq(imbalance, least + 1e-9, least + 60, xtol=1e-12))


def time_best(work: Callable[[], object], n_rounds: int) -> float:
    """Seconds of the fastest round."""
    times = []
    for _ in range(n_rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def main(n_rounds: int = N_ROUNDS) -> None:
    """Measure, check that both ways agree, print the table and store it."""
    rng = np.random.default_rng(0)
    cells = rng.choice(LOSSES.size * DEMANDS.size, N_CELLS, replace=False)
    chosen = [(float(LOSSES[i // 100, 0]), float(DEMANDS[i % 100])) for i in cells]
    theirs = [solve_cell(LAW, *cell) for cell in chosen]
    ours = least_total(LAW, LOSSES, DEMANDS).N.ravel()[cells]
    assert np.abs(np.log(ours / theirs)).max() < 1e-7
    per_map = LOSSES.size * DEMANDS.size / N_CELLS
    laws = draw_laws(fit_table(select_loss_fit(run_table("c4")), LOSS_COLUMN, law="tied").posterior)
    limited = Supply(LAW, 1e11)
    cases = {
        "map of 100 losses by 100 demands": lambda: least_total(LAW, LOSSES, DEMANDS),
        "map of 100 budgets by 100 demands": lambda: best_for_budget(
            LAW, np.geomspace(1e19, 1e25, 100)[:, None], DEMANDS
        ),
        "4,096 laws of a posterior, one loss and demand": lambda: least_total(laws, 2.4, 1e12),
        "one loss and demand, 100B different tokens": lambda: limited.least_total(2.4, 1e12),
    }
    rows = [{"what": what, "seconds": time_best(work, n_rounds)} for what, work in cases.items()]
    table = pd.DataFrame(rows)
    by_cell = per_map * time_best(lambda: [solve_cell(LAW, *cell) for cell in chosen], n_rounds)
    table.loc[0, ["n_timed", "seconds_by_cell", "ratio"]] = (
        N_CELLS,
        by_cell,
        by_cell / table["seconds"][0],
    )
    for column, digits in (("seconds", 3), ("seconds_by_cell", 3), ("ratio", 2)):
        table[column] = [float(f"{value:.{digits}g}") for value in table[column]]
    table["machine"] = f"{platform.machine()}, Python {platform.python_version()}"
    table["versions"] = f"numpy {np.__version__}, scipy {scipy.__version__}"
    table.to_csv(RESULT, index=False)
    print(table.drop(columns=["machine", "versions"]).to_string(index=False))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
