"""Speed of the commands beside ``import pandas``: ``python -m benchmarks.command_speed``.

Writes ``data/results/command_speed.csv`` and prints it. Every case is a process of its own; a round
runs each case once, so that a busy machine slows all of them alike. Five runs with three tasks are
asked about. A process is timed as it is here, and with Hypothesis hidden: pandera imports that tool
of our tests where it finds it, which an installation without the extra ``dev`` has not.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
import pandera

from scaling.testbed.labels import LOSS_COLUMN
from scaling.testbed.runs import run_table, select_loss_fit

ROOT = Path(__file__).parent.parent
RESULT = ROOT / "data" / "results" / "command_speed.csv"
N_ROUNDS = 10
RUNS = "runs.csv"
COLUMNS = ["run", "N", "D", LOSS_COLUMN, "err_lambada_openai", "err_copa", "err_boolq"]
BASELINE = "import pandas"
RUN_COMMAND = "from scaling.commands.cli import main; main()"
CASES = {
    BASELINE: [BASELINE],
    "import scaling": ["import scaling"],
    "scaling --help": [RUN_COMMAND, "--help"],
    "scaling check": [RUN_COMMAND, "check", RUNS],
    "scaling fit": [RUN_COMMAND, "fit", RUNS],
    "scaling predict": [RUN_COMMAND, "predict", RUNS, "--N", "6.9B", "--M", "20"],
    "scaling backtest": [RUN_COMMAND, "backtest", RUNS],
    "scaling tasks": [RUN_COMMAND, "tasks", RUNS],
    "scaling scorecard": [RUN_COMMAND, "scorecard"],
}
FIRST = {"as it is": "", "hidden": "import sys; sys.modules['hypothesis'] = None; "}


def write_runs(folder: Path) -> None:
    """The five runs that fit the loss law on RedPajama."""
    runs = select_loss_fit(run_table("redpajama"))[COLUMNS]
    runs.rename(columns={LOSS_COLUMN: "loss"}).to_csv(folder / RUNS, index=False)


def time_process(code: str, arguments: list[str], folder: Path) -> float:
    """Seconds from start to end of a Python process."""
    command = [sys.executable, "-c", code, *arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    start = time.perf_counter()
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
    return time.perf_counter() - start


def measure(n_rounds: int) -> pd.DataFrame:
    """Seconds of each process, in round 0, which fills the caches, and in `n_rounds` more."""
    with tempfile.TemporaryDirectory() as name:
        write_runs(Path(name))
        rows = [
            (i, what, hypothesis, time_process(first + code, arguments, Path(name)))
            for i in range(n_rounds + 1)
            for what, (code, *arguments) in CASES.items()
            for hypothesis, first in FIRST.items()
        ]
    return pd.DataFrame(rows, columns=["round", "what", "hypothesis", "seconds"])


def tabulate(times: pd.DataFrame) -> pd.DataFrame:
    """Median and least of each case, and the median of its ratios to the baseline of its round."""
    times = times[times["round"] > 0]
    wide = times.pivot(index=["hypothesis", "round"], columns="what", values="seconds")
    seconds, hidden = (wide.loc[name, list(CASES)] for name in FIRST)
    ratio, without = (own.div(own[BASELINE], axis=0).median() for own in (seconds, hidden))
    return pd.DataFrame(
        {
            "what": list(CASES),
            "n_rounds": len(seconds),
            "seconds": seconds.median().round(3).to_numpy(),
            "least_seconds": seconds.min().round(3).to_numpy(),
            "ratio": ratio.round(2).to_numpy(),
            "ratio_without_hypothesis": without.round(2).to_numpy(),
        }
    )


def main(n_rounds: int = N_ROUNDS) -> None:
    """Measure every case, print the table and store it."""
    table = tabulate(measure(n_rounds))
    table["machine"] = f"{platform.machine()}, Python {platform.python_version()}"
    table["versions"] = f"pandas {pd.__version__}, pandera {pandera.__version__}"
    table.to_csv(RESULT, index=False)
    print(table.drop(columns=["machine", "versions"]).to_string(index=False))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
