"""What is the headline? One figure from tables to file: ``python -m scaling.studies.headline``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from scaling.figures.laws import draw_error_against_loss, draw_loss_against_compute
from scaling.figures.style import use_style
from scaling.figures.tasks import METHOD_LABELS, METHOD_STYLES
from scaling.forecast.averages import add_allowance, load_average_constants
from scaling.forecast.fitted import fit_table
from scaling.forecast.intervals import LEVEL, find_ends
from scaling.forecast.rulers import predict_no_change, predict_on_line
from scaling.laws.error_posterior import find_error_posterior
from scaling.studies.recipe import fit_chain
from scaling.testbed.labels import ERROR_COLUMN, LOSS_COLUMN
from scaling.testbed.runs import run_table, select_error_fit, select_loss_fit, select_targets


def draw_baselines(ax: Axes, six: pd.DataFrame, column: str) -> None:
    """Draw the last-run baseline and the two-point line beside an error law, from its fit runs.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Error over loss.
    six : pandas.DataFrame
        From `scaling.testbed.runs.select_error_fit`.
    column : str
        Error that is drawn.
    """
    L = np.array([ax.get_xlim()[0], six[LOSS_COLUMN].nsmallest(2).max()])
    colour, line = METHOD_STYLES["ruler in loss"]
    ruler = predict_on_line(six, L, (LOSS_COLUMN, column))
    ax.plot(L, ruler, line, color=colour, linewidth=1.3, label=METHOD_LABELS["ruler in loss"])
    colour, line = METHOD_STYLES["no change"]
    level, label = predict_no_change(six, column), METHOD_LABELS["no change"]
    ax.axhline(level, color=colour, linestyle=line, label=label)
    ax.legend(loc="lower right", fontsize=8, ncols=2)


def bet_on_average(
    six: pd.DataFrame,
) -> Callable[[NDArray[np.float64]], tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Ends of the 90 % interval of a run's average error, over its loss, from the runs given."""
    constants = load_average_constants()
    posterior = find_error_posterior(six[LOSS_COLUMN], six[ERROR_COLUMN], constants.belief)

    def find(loss: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        run = add_allowance(posterior.at(loss), constants.allowance)
        lo, hi = run.quantile(find_ends(LEVEL), of_a_run=True)
        return lo, hi

    return find


def make_headline(dataset: str = "redpajama") -> Figure:
    """Fit the authors' recipe on one training set and draw its two laws.

    Parameters
    ----------
    dataset : {"c4", "redpajama", "refinedweb"}
        Training set; the paper's headline is RedPajama.

    Returns
    -------
    matplotlib.figure.Figure
        Loss over compute, and error over loss, with the misses at the two large runs.
    """
    table = run_table(dataset)
    chain, targets, six = fit_chain(table), select_targets(table), select_error_fit(table)
    predicted = chain.predict_error(targets["N"], targets["D"])
    figure, axes = plt.subplots(2, 1, figsize=(7.5, 9.5))
    five = select_loss_fit(table)
    fitted = fit_table(five, LOSS_COLUMN, law="tied")
    draw_loss_against_compute(
        axes[0],
        table,
        chain.loss_fit.law,
        five,
        targets,
        lambda N, D: fitted.find_intervals(N, D)[:2],
    )
    draw_error_against_loss(
        axes[1], table, chain.error_fit.law, six, targets, predicted, bet=bet_on_average(six)
    )
    draw_baselines(axes[1], six, ERROR_COLUMN)
    axes[0].set_title("Five small runs predict the loss of far larger ones")
    axes[1].set_title("Six runs predict their average error")
    return figure


def write_headline(path: Path) -> None:
    """Write the figure as SVG, the same bytes every time."""
    use_style()
    make_headline().savefig(path, format="svg", metadata={"Date": None})


if __name__ == "__main__":
    write_headline(Path(sys.argv[1]))
