"""What does the planner in the book hold? The paper's runs of its three training sets."""

from __future__ import annotations

from functools import cache

from scaling.costs.price_tables import default_prices
from scaling.figures.style import DATASET_LABELS
from scaling.forecast.fitted import FittedTable, fit_table
from scaling.laws.fit import fit_error_law
from scaling.reports.planner import BY_HAND, Choice, ErrorRuns, KnownRuns, Planner, choose
from scaling.reports.planner_page import MapFrame
from scaling.testbed.labels import ERROR_COLUMN, LOSS_COLUMN
from scaling.testbed.runs import run_table, select_error_fit, select_loss_fit

FRAME = MapFrame(N=(1e7, 2e11), L=(1.5, 6.5))


def first_choice() -> Choice:
    """What the page shows first: the design of the paper's largest run, a year, shipped prices."""
    demand = {"tokens_in": 2e9, "tokens_out": 5e8, "days": 365.0}
    model = {"dataset": "c4", "by": BY_HAND, "N": 6.9e9, "M": 20.0, "budget": 50e3}
    return choose(default_prices(), **model, **demand)


@cache
def fit_five(dataset: str) -> FittedTable:
    """Fit the default law to the paper's five runs of a training set, loss on C4 eval."""
    return fit_table(select_loss_fit(run_table(dataset)), LOSS_COLUMN)


@cache
def fit_six(dataset: str) -> ErrorRuns:
    """Loss and mean error of the paper's six runs of a training set, and their error law."""
    six = select_error_fit(run_table(dataset))
    loss, error = six[LOSS_COLUMN].to_numpy(), six[ERROR_COLUMN].to_numpy()
    return ErrorRuns(loss, error, fit_error_law(loss, error))


def list_measured(dataset: str) -> list[tuple[float, float, float]]:
    """N, M and loss on C4 eval of all runs of a training set, the large ones among them."""
    table = run_table(dataset).dropna(subset=[LOSS_COLUMN])
    columns = (table["N"], (table["D"] / table["N"]).round(2), table[LOSS_COLUMN].round(4))
    return list(zip(*(column.tolist() for column in columns), strict=True))


@cache
def make_planner() -> Planner:
    """Make the planner of the book."""
    sets = {
        name: KnownRuns(label, fit_five(name), fit_six(name), list_measured(name))
        for name, label in DATASET_LABELS.items()
    }
    about = {"loss_on": "loss on C4 eval", "error_of": "Mean error of 17 tasks"}
    return Planner(sets, first_choice(), default_prices(), **about)
