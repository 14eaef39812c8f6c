"""The panels of single tasks show what they are given."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from scaling.figures.style import DATASET_COLOURS
from scaling.figures.tasks import LEAST_MISS, METHOD_STYLES, draw_shares, draw_task, key_of_tasks
from scaling.laws.law import ErrorLaw
from scaling.testbed.runs import run_table


@pytest.fixture
def ax():
    figure, ax = plt.subplots()
    yield ax
    plt.close(figure)


def test_a_task_shows_points_bars_laws_and_chance(ax):
    runs = run_table()
    laws = {
        "c4": (ErrorLaw(0.8, 2.0, 0.8), True),
        "redpajama": (ErrorLaw(0.7, 1.0, 0.5), False),
        "refinedweb": (ErrorLaw(0.75, 1.5, 0.6), True),
    }
    draw_task(ax, runs, laws, "err_arc_easy", 0.25, 2376)
    by_colour = {to_hex(line.get_color()): line for line in ax.lines[:3]}
    for dataset, (law, sound) in laws.items():
        line = by_colour[DATASET_COLOURS[dataset].lower()]
        np.testing.assert_allclose(line.get_ydata(), law.predict(line.get_xdata()))
        assert line.get_linestyle() == ("-" if sound else ":")
    assert ax.lines[3].get_ydata()[0] == 0.75
    bars, points = ax.collections[0], ax.collections[1]
    c4 = runs[runs["dataset"] == "c4"]
    np.testing.assert_allclose(points.get_offsets(), c4[["loss_c4_eval", "err_arc_easy"]])
    ends = np.array([segment[:, 1] for segment in bars.get_segments()])
    p = c4["err_arc_easy"].to_numpy()
    np.testing.assert_allclose(np.ptp(ends, axis=1), 2 * 1.96 * np.sqrt(p * (1 - p) / 2376))
    assert (
        ax.get_ylim()[0]
        < runs["err_arc_easy"].min()
        < runs["err_arc_easy"].max()
        < ax.get_ylim()[1]
    )


def test_a_task_that_never_moves_has_room(ax):
    runs = run_table().assign(err_flat=1.0)
    draw_task(
        ax,
        runs,
        dict.fromkeys(DATASET_COLOURS, (ErrorLaw(1.0, 0.0, 1.0), False)),
        "err_flat",
        0,
        32,
    )
    lo, hi = ax.get_ylim()
    assert lo < 1.0 < hi


def test_key_names_every_training_set(ax):
    key_of_tasks(ax)
    assert {text.get_text() for text in ax.get_legend().get_texts()} >= {
        "C4",
        "RedPajama",
        "RefinedWeb",
        "guessing",
    }


def test_shares_count_tasks_within(ax):
    misses = pd.DataFrame({"law": [0.0, 0.02, 0.2, 5.0], "no change": [0.01, 0.01, 0.01, 0.5]})
    draw_shares(ax, misses)
    lines = {line.get_label(): line for line in ax.lines}
    x, y = lines["law"].get_data()
    assert y[np.searchsorted(x, 0.1, side="right") - 1] == 0.5
    assert y[np.searchsorted(x, 1.0, side="right") - 1] == 0.75
    assert x[np.isfinite(x)].min() == LEAST_MISS
    assert lines["no change"].get_linestyle() == METHOD_STYLES["no change"][1]
    assert ax.get_xscale() == "log"
