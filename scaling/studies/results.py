"""Which results are stored, and what makes them again? ``make results`` writes them all.

A stored result is a tidy table in ``data/results`` that a chapter reads because making it takes
longer than the chapter may. A test makes each again and compares.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from scaling.studies.decide.allowance import (
    tabulate_interval_candidates,
    tabulate_interval_constants,
)
from scaling.studies.decide.coverage import tabulate_coverage, tabulate_targets
from scaling.studies.decide.plan_rules import (
    tabulate_budgets,
    tabulate_factors,
    tabulate_rules,
)
from scaling.studies.decide.planted_intervals import tabulate_planted
from scaling.studies.decide.promised_gain import tabulate_promised_gain
from scaling.studies.decide.replay import tabulate_replays
from scaling.studies.loss.ablation_tables import (
    tabulate_leave_sizes_out,
    tabulate_subsets,
    tabulate_without_largest,
)
from scaling.studies.loss.overtraining import make_residuals
from scaling.studies.loss.planted_designs import tabulate_designs
from scaling.studies.loss.slopes import make_slopes
from scaling.studies.predictors.extrapolation import (
    tabulate_candidates,
    tabulate_grids,
    tabulate_large_runs,
)
from scaling.studies.predictors.few_runs import tabulate_few_runs
from scaling.studies.predictors.leverage import tabulate_leverage
from scaling.studies.predictors.selection import tabulate_backtests, tabulate_constants
from scaling.studies.tasks.average_intervals import (
    tabulate_average_constants,
    tabulate_average_coverage,
)
from scaling.studies.tasks.averages import tabulate_task_subsets
from scaling.studies.tasks.calibration import tabulate_task_constants, tabulate_task_verdicts
from scaling.studies.tasks.choice import tabulate_task_large_runs, tabulate_task_scores
from scaling.studies.tasks.kpi_bets import tabulate_kpi_bets
from scaling.studies.tasks.variance_split import tabulate_split
from scaling.tables.datafiles import data_path, read_result

SIGNIFICANT_DIGITS = "%.9g"


@dataclass(frozen=True)
class Result:
    """A stored table: its file, what makes it, and the columns that name a row.

    Parameters
    ----------
    file : str
        File in ``data/results``; ``.csv``, or ``.csv.gz`` for a large one.
    make : callable
        Makes the table from the shipped data, without arguments.
    keys : tuple of str
        Columns that name a row; together they are unique.
    """

    file: str
    make: Callable[[], pd.DataFrame]
    keys: tuple[str, ...]


RESULTS: dict[str, Result] = {
    "leave_sizes_out": Result(
        "leave_sizes_out.csv.gz",
        tabulate_leave_sizes_out,
        ("dataset", "law", "sizes", "multipliers", "target"),
    ),
    "subsets": Result("subsets.csv", tabulate_subsets, ("dataset", "designs", "target")),
    "without_largest": Result(
        "without_largest.csv", tabulate_without_largest, ("dataset", "task", "recipe")
    ),
    # The choice comes before what rests on it.
    "backtests": Result(
        "backtests.csv.gz", tabulate_backtests, ("candidate", "grid", "trial", "loss_set")
    ),
    "prior_constants": Result("prior_constants.csv", tabulate_constants, ("constant",)),
    "interval_candidates": Result(
        "interval_candidates.csv", tabulate_interval_candidates, ("form",)
    ),
    "interval_constants": Result(
        "interval_constants.csv", tabulate_interval_constants, ("constant",)
    ),
    "interval_planted": Result(
        "interval_planted.csv", tabulate_planted, ("kind", "n_runs", "method")
    ),
    "interval_targets": Result(
        "interval_targets.csv.gz",
        tabulate_targets,
        ("method", "evidence", "source", "loss_set", "run"),
    ),
    "interval_coverage": Result(
        "interval_coverage.csv", tabulate_coverage, ("evidence", "group", "method")
    ),
    "promised_gain": Result("promised_gain.csv", tabulate_promised_gain, ("evidence", "source")),
    "large_runs": Result(
        "large_runs.csv.gz",
        tabulate_large_runs,
        ("candidate", "fit_runs", "dataset", "loss_set", "run"),
    ),
    "candidates": Result("candidates.csv", tabulate_candidates, ("candidate",)),
    "grids": Result(
        "grids.csv.gz",
        tabulate_grids,
        ("candidate", "grid", "series", "count", "fit_share", "run"),
    ),
    "leverage": Result(
        "leverage.csv.gz",
        tabulate_leverage,
        ("runs", "fit_share", "grid", "series", "left_out"),
    ),
    "planted_designs": Result("planted_designs.csv", tabulate_designs, ("kind", "target")),
    "few_runs": Result("few_runs.csv", tabulate_few_runs, ("grid", "series", "n_runs")),
    "residuals": Result("residuals.csv", make_residuals, ("fit_set", "run")),
    "slopes": Result("slopes.csv", make_slopes, ("dataset", "E_from", "sizes", "M")),
    "replays": Result(
        "replays.csv.gz", tabulate_replays, ("plan", "draw", "dataset", "loss_set", "target")
    ),
    "plan_rules": Result("plan_rules.csv", tabulate_rules, ("constant", "value")),
    "plan_factors": Result("plan_factors.csv", tabulate_factors, ("misfit", "kappa", "least_gain")),
    "plan_budgets": Result("plan_budgets.csv", tabulate_budgets, ("share", "plan")),
    "task_subsets": Result(
        "task_subsets.csv", tabulate_task_subsets, ("pool", "n_tasks", "run", "method")
    ),
    "average_constants": Result("average_constants.csv", tabulate_average_constants, ("constant",)),
    "average_coverage": Result(
        "average_coverage.csv",
        tabulate_average_coverage,
        ("kind", "design", "run", "average"),
    ),
    "kpi_bets": Result("kpi_bets.csv", tabulate_kpi_bets, ("replay", "rule", "dataset")),
    # Again the choice comes before what rests on it.
    "task_scores": Result("task_scores.csv", tabulate_task_scores, ("candidate",)),
    "task_constants": Result("task_constants.csv", tabulate_task_constants, ("constant",)),
    "task_large_runs": Result(
        "task_large_runs.csv", tabulate_task_large_runs, ("candidate", "run")
    ),
    "task_verdicts": Result(
        "task_verdicts.csv.gz", tabulate_task_verdicts, ("kind", "run", "task")
    ),
    "variance_split": Result("variance_split.csv", tabulate_split, ("region", "method", "task")),
}


def load_result(name: str) -> pd.DataFrame:
    """Load a stored result.

    Parameters
    ----------
    name : str
        One of `RESULTS`.

    Returns
    -------
    pandas.DataFrame
        Its columns are described in ``data/results/README.md``.

    Raises
    ------
    ValueError
        If there is no such result.
    """
    if name not in RESULTS:
        raise ValueError(f"name must be one of {', '.join(RESULTS)}, got {name!r}")
    return read_result(data_path("results", RESULTS[name].file))


def write_result(name: str, folder: Path) -> Path:
    """Make a result and write it to `folder`; the same table gives the same bytes."""
    path = folder / RESULTS[name].file
    packed = {"method": "gzip", "mtime": 0} if path.suffix == ".gz" else None
    RESULTS[name].make().to_csv(
        path,
        index=False,
        encoding="utf-8",
        float_format=SIGNIFICANT_DIGITS,
        na_rep="nan",
        lineterminator="\n",
        compression=packed,
    )
    return path


def main(arguments: Sequence[str] | None = None, folder: Path | None = None) -> None:
    """Write every result, or those that are named, and say how large each file is.

    Parameters
    ----------
    arguments : sequence of str, optional
        Names of `RESULTS`; by default those of the command line.
    folder : pathlib.Path, optional
        Where to; by default ``data/results``.
    """
    parser = argparse.ArgumentParser(
        prog="python -m scaling.studies.results",
        description="Make the stored results again: all, or some.",
    )
    listed = f"any of {', '.join(RESULTS)}; all where none is named"
    parser.add_argument("name", nargs="*", help=listed)
    names = parser.parse_args(arguments).name
    if unknown := [name for name in names if name not in RESULTS]:
        parser.error(f"no result {', '.join(map(repr, unknown))}: must be {listed}")
    for name in names or RESULTS:
        path = write_result(name, folder or data_path("results"))
        print(f"{path.name}: {path.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
