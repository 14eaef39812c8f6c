"""Panels of averages and traits: what each draws is what its table says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from scaling.figures import averages as figures
from scaling.figures.tasks import METHOD_STYLES

METHODS = list(METHOD_STYLES)


def lines(ax):
    return {line.get_label(): np.array(line.get_data()) for line in ax.lines}


def test_misses_over_tasks_in_per_cent(ax):
    rows = pd.DataFrame(
        {
            "n_tasks": [2, 1] * 3,
            "method": np.repeat(METHODS, 2),
            "median": [0.02, 0.05, 0.07, 0.07, 0.03, 0.04],
            "lo": 0.01,
            "hi": 0.2,
            "noise": [0.007, 0.01] * 3,
        }
    )
    assert figures.draw_against_tasks(ax, rows) is ax
    drawn = lines(ax)
    assert drawn["law"] == pytest.approx(np.array([[1, 2], [5, 2]]))
    assert drawn["ruler in loss"] == pytest.approx(np.array([[1, 2], [4, 3]]))
    assert drawn["counting noise"] == pytest.approx(np.array([[1, 2], [1, 0.7]]))
    (band,) = ax.collections
    assert band.get_label() == "law, 90% of the sets"
    y = band.get_paths()[0].vertices[:, 1]
    assert (y.min(), y.max()) == pytest.approx((1, 20))
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    assert ax.xaxis.get_major_formatter()(46, None) == "46"


def test_misses_over_thresholds_with_their_sign(ax):
    rows = pd.DataFrame(
        {
            "points": [1, 0] * 3,
            "method": np.repeat(METHODS, 2),
            "relative_error": [-0.02, 0.03, 0.2, 0.1, 0.01, 0.02],
        }
    )
    assert figures.draw_against_threshold(ax, rows, (7, 10)) is ax
    drawn = lines(ax)
    assert drawn["law"] == pytest.approx(np.array([[0, 1], [3, -2]]))
    assert drawn["no change"] == pytest.approx(np.array([[0, 1], [10, 20]]))
    (strip,) = ax.patches
    assert strip.get_label() == "the paper's 17 tasks"
    assert (strip.get_x(), strip.get_x() + strip.get_width()) == (6.5, 10.5)


def test_effects_with_intervals_from_the_top(ax):
    outcomes = ["law", "law over no change"]
    index = pd.MultiIndex.from_product([outcomes, ["a", "b"]], names=["outcome", "trait"])
    table = pd.DataFrame({"ratio": [1.0, 2.0, 0.5, 1.5]}, index)
    table = table.assign(lo=table["ratio"] / 2, hi=table["ratio"] * 3)
    assert figures.draw_effects(ax, table, {"b": "second", "a": "first"}) is ax
    ticks = zip(ax.get_yticks(), ax.get_yticklabels(), strict=True)
    assert {label.get_text(): y for y, label in ticks} == {"second": 1, "first": 0}
    law, over = ax.containers
    assert [c.get_label() for c in (law, over)] == outcomes
    assert law[0].get_xdata().tolist() == [2.0, 1.0]
    assert law[0].get_ydata().tolist() == pytest.approx([1.3, 0.3])
    assert over[0].get_ydata().tolist() == pytest.approx([0.7, -0.3])
    ends = np.array(law[2][0].get_segments())[:, :, 0]
    assert ends == pytest.approx(np.array([[1, 6], [0.5, 3]]))
