"""Panels on cost: what is drawn is what was given."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scaling.costs.total import Model, least_total, over_training_cost, tokens_needed
from scaling.figures.costs import (
    LINE_LOOKS,
    draw_cost_map,
    draw_over_training,
    draw_paths,
    draw_split,
    draw_totals,
)
from scaling.laws.law import LossLaw

LAW = LossLaw(1.8, 150.0, 300.0, 0.27)


def test_the_mark_of_each_demand_stands_on_its_least(ax):
    N = np.geomspace(1e9, 1e11, 200)
    line = Model(N, tokens_needed(LAW, N, 2.4))
    totals = pd.DataFrame({f"{T:g}": line.total_flops(T) for T in (1e11, 1e13)})
    draw_totals(ax, N, totals / totals.min())
    marks = [line for line in ax.get_lines() if line.get_marker() != "None"]
    assert [mark.get_ydata()[0] for mark in marks] == [1.0, 1.0]
    for mark, T in zip(marks, (1e11, 1e13), strict=True):
        assert abs(np.log(mark.get_xdata()[0] / float(least_total(LAW, 2.4, T).N))) < 0.03


def test_each_line_differs_by_dash_and_marker_too():
    for key in ("color", "linestyle", "marker"):
        assert len({look[key] for look in LINE_LOOKS}) == len(LINE_LOOKS)


def test_a_map_has_its_lines_labels_paths_and_rays(ax):
    grid = np.geomspace(1e8, 3e10, 60), np.geomspace(5e9, 3e12, 60)
    mesh = Model(*np.meshgrid(*grid))
    loss = LAW.predict(mesh.N.ravel(), mesh.D.ravel()).reshape(mesh.N.shape)
    draw_cost_map(ax, grid, loss, mesh.total_flops(1e12), ([2.4, 2.6, 2.8], [1e21, 1e22]))
    best = least_total(LAW, np.linspace(2.4, 3.0, 9), 1e12)
    draw_paths(ax, {"a demand": (best.N, best.D)}, [20.0])
    told = [text.get_text() for text in ax.texts]
    assert {"2.4", "2.6", "2.8", "1e21", "1e22", "M = 20"} <= set(told)
    assert ax.get_legend_handles_labels()[1] == [
        "equal loss, nats/token",
        "equal total FLOPs",
        "a demand",
    ]
    assert ax.get_xlim() == (1e8, 3e10)


def test_bars_add_up(ax):
    bills = pd.DataFrame(
        {"training": [1.0, 2.0], "tokens in": [3.0, 4.0], "tokens out": [5.0, 6.0]}, ["a", "b"]
    )
    draw_split(ax, bills, 1.0, "$")
    ends = [bar.get_x() + bar.get_width() for bar in ax.patches]
    assert max(ends) == 12.0
    assert [text.get_text() for text in ax.texts] == ["9", "12"]


def test_over_training_is_drawn_as_given_from_nothing(ax):
    M = np.geomspace(20, 640, 20)
    times = 1 + over_training_cost(LAW, M / 20)
    draw_over_training(ax, M, {"a law": (times, {"color": "k"})})
    np.testing.assert_array_equal(ax.get_lines()[0].get_ydata(), times)
    assert ax.get_ylim()[0] == 0
    assert [f"{tick:g}" for tick in ax.get_xticks()] == "20 40 80 160 320 640".split()
