"""What do we compute that no paper printed as a number? Figures read off, tables left out.

These lines of the scorecard have nothing beside them; they are here so that somebody can compare.
"""

from __future__ import annotations

import pandas as pd

from scaling.studies.loss.ablation_tables import tabulate_without_largest
from scaling.studies.loss.slopes import slope_range
from scaling.studies.loss.transfer import select_figure_10
from scaling.studies.tasks.averages import tabulate_thresholds
from scaling.tables.datafiles import data_path, read_result

COLUMNS = ["id", "what", "source", "ours", "unit"]


def tabulate_unprinted() -> pd.DataFrame:
    """Compute every number of ours that the scorecard shows alone.

    Returns
    -------
    pandas.DataFrame
        One row per number: id, what, source, ours (in its unit) and unit.
    """
    predictions = tabulate_without_largest()
    parts = [
        _error_law_alone(predictions),
        _figure_8(),
        _figure_10(),
        _table_7(predictions),
        _figure_17(),
    ]
    return pd.concat(parts, ignore_index=True)[COLUMNS]


def _load(name: str) -> pd.DataFrame:
    # Not by `scaling.studies.results`, which stands above all that makes a stored table.
    return read_result(data_path("results", f"{name}.csv"))


def _error_law_alone(predictions: pd.DataFrame) -> pd.DataFrame:
    """The error law's own miss at 6.9B when it is fed the measured loss."""
    rows = predictions.query("task == 'avg17' and recipe == 'authors'")
    return pd.DataFrame(
        {
            "id": "ours/" + rows["dataset"] + "/6.9B/error_given_true_loss",
            "what": "Relative error of the 17-task error at 6.9B, the error law fed the measured "
            "loss, trained on " + rows["dataset"],
            "source": "computed here",
            "ours": 100 * rows["law_alone"].abs(),
            "unit": "%",
        }
    )


def _figure_8() -> pd.DataFrame:
    """The average over the tasks that a threshold keeps, which the paper draws."""
    rows = tabulate_thresholds().query("method == 'law' and points in (0, 5, 10, 20)")
    misses = rows["relative_error"].abs().groupby([rows["points"], rows["n_tasks"]]).mean()
    named = [(str(points), str(n_tasks)) for points, n_tasks in misses.index]
    return pd.DataFrame(
        {
            "id": [f"fig8/{points}_points" for points, _ in named],
            "what": [
                f"Relative error of the average over the {n_tasks} tasks on which any 0.154B run "
                f"is at least {points} points above chance, mean over the six targets"
                for points, n_tasks in named
            ],
            "source": "Fig. 8",
            "ours": 100 * misses.to_numpy(),
            "unit": "%",
        }
    )


def _figure_10() -> pd.DataFrame:
    """C4-trained models on text far from C4, where the paper shows a heat map."""
    rows = select_figure_10(_load("other_text"))
    return pd.DataFrame(
        {
            "id": "fig10/" + rows["loss_set"] + "/" + rows["run"],
            "what": "Relative error of the predicted loss on "
            + rows["loss_set"]
            + " of the run "
            + rows["run"],
            "source": "Fig. 10",
            "ours": rows["percent"],
            "unit": "%",
        }
    )


def _table_7(predictions: pd.DataFrame) -> pd.DataFrame:
    """Errors at 6.9B without the 1.4B run in the fit of the error law."""
    rows = predictions.query("recipe == 'without 1.4B'")
    return pd.DataFrame(
        {
            "id": "table7/" + rows["dataset"] + "/" + rows["task"],
            "what": "Relative error of "
            + rows["task"]
            + " at 6.9B without the 1.4B run in the fit, trained on "
            + rows["dataset"],
            "source": "Table 7",
            "ours": 100 * rows["relative_error"].abs(),
            "unit": "%",
        }
    )


def _figure_17() -> pd.DataFrame:
    """Range of the slopes of the lines of equal M, which the paper draws with bands."""
    lo, hi = slope_range(_load("slopes"), "recipe", "all", 5)
    ends = {"least": lo, "greatest": hi}
    return pd.DataFrame(
        {
            "id": [f"fig17/{name}_slope" for name in ends],
            "what": [
                f"The {name} slope of log(L - E) against log C over all M and training sets, with "
                "the recipe's E; the figure is roughly flat between 0.11 and 0.15"
                for name in ends
            ],
            "source": "Fig. 17",
            "ours": list(ends.values()),
            "unit": "1",
        }
    )
