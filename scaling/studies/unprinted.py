"""What do we compute that no paper printed as a number? Figures read off, tables left out.

These lines of the scorecard have nothing beside them; they are here so that somebody can compare.
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from scaling.forecast.fitted import fit_table
from scaling.forecast.rulers import relative_error
from scaling.laws.fit import fit_loss_law
from scaling.studies.loss.ablation_tables import tabulate_without_largest
from scaling.studies.loss.slopes import slope_range
from scaling.studies.loss.transfer import FAR
from scaling.studies.tasks.averages import tabulate_thresholds
from scaling.tables.datafiles import data_path, read_result
from scaling.testbed.labels import DATASETS, LOSS_COLUMN
from scaling.testbed.runs import run_table, select_large, select_loss_fit, select_targets

Line = tuple[str, str, str, float, str]  # id, what, source, ours and unit


def tabulate_unprinted() -> pd.DataFrame:
    """Compute every number of ours that the scorecard shows alone.

    Returns
    -------
    pandas.DataFrame
        One row per number: id, what, source, ours (in its unit) and unit.
    """
    predictions = tabulate_without_largest()
    lines = [
        *_error_law_alone(predictions),
        *_figure_8(),
        *_figure_10(),
        *_table_7(predictions),
        *_figure_17(),
        *_intervals(),
    ]
    return pd.DataFrame(lines, columns=["id", "what", "source", "ours", "unit"])


def _error_law_alone(predictions: pd.DataFrame) -> Iterator[Line]:
    """The error law's own miss at 6.9B when it is fed the measured loss."""
    for _, row in predictions.query("task == 'avg17' and recipe == 'authors'").iterrows():
        name = f"ours/{row['dataset']}/6.9B/error_given_true_loss"
        what = (
            "Relative error of the 17-task error at 6.9B, the error law fed the measured loss, "
            f"trained on {row['dataset']}"
        )
        yield name, what, "computed here", 100 * abs(row["law_alone"]), "%"


def _figure_8() -> Iterator[Line]:
    """The average over the tasks that a threshold keeps, which the paper draws."""
    rows = tabulate_thresholds().query("method == 'law' and points in (0, 5, 10, 20)")
    misses = rows["relative_error"].abs().groupby([rows["points"], rows["n_tasks"]]).mean()
    for points, n_tasks, miss in misses.reset_index().itertuples(index=False):
        what = (
            f"Relative error of the average over the {n_tasks} tasks on which any 0.154B run "
            f"is at least {points} points above chance, mean over the six targets"
        )
        yield f"fig8/{points}_points", what, "Fig. 8", 100 * miss, "%"


def _figure_10() -> Iterator[Line]:
    """C4-trained models on text far from C4, where the paper shows a heat map."""
    table = run_table("c4")
    five, large = select_loss_fit(table), select_large(table)
    for loss_set in FAR:
        column = f"loss_{loss_set}"
        law = fit_loss_law(five["N"], five["D"], five[column]).law
        misses = relative_error(law.predict(large["N"], large["D"]), large[column])
        for run, miss in zip(large["run"], misses, strict=True):
            what = f"Relative error of the predicted loss on {loss_set} of the run {run}"
            yield f"fig10/{loss_set}/{run}", what, "Fig. 10", 100 * abs(miss), "%"


def _table_7(predictions: pd.DataFrame) -> Iterator[Line]:
    """Errors at 6.9B without the 1.4B run in the fit of the error law."""
    for _, row in predictions.query("recipe == 'without 1.4B'").iterrows():
        what = (
            f"Relative error of {row['task']} at 6.9B without the 1.4B run in the fit, "
            f"trained on {row['dataset']}"
        )
        name = f"table7/{row['dataset']}/{row['task']}"
        yield name, what, "Table 7", 100 * abs(row["relative_error"]), "%"


def _figure_17() -> Iterator[Line]:
    """Range of the slopes of the lines of equal M, which the paper draws with bands."""
    # Not by `scaling.studies.results`, which stands above all that makes a stored table.
    slopes = read_result(data_path("results", "slopes.csv"))
    ends = slope_range(slopes, "recipe", "all", 5)
    for name, end in zip(("least", "greatest"), ends, strict=True):
        what = (
            f"The {name} slope of log(L - E) against log C over all M and training sets, with "
            "the recipe's E; the figure is roughly flat between 0.11 and 0.15"
        )
        yield f"fig17/{name}_slope", what, "Fig. 17", end, "1"


def _intervals() -> Iterator[Line]:
    """Ends of the 90 % intervals to bet on, around the paper's six predictions."""
    for dataset in DATASETS.values():
        table = run_table(dataset)
        targets = select_targets(table)
        fitted = fit_table(select_loss_fit(table), LOSS_COLUMN, law="tied")
        bets = fitted.find_intervals(targets["N"], targets["D"])
        for run, *ends in zip(targets["run"], bets.lo, bets.hi, strict=True):
            for name, end in zip(("lower", "upper"), ends, strict=True):
                what = (
                    f"The {name} end of the 90 % interval to bet on, C4 eval loss of the run {run}"
                )
                yield f"ours/{run}/bet_{name}", what, "computed here", float(end), "nats/token"
