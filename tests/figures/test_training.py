"""Panels of a trained grid: every run is drawn, where it belongs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from scaling.figures.training import (
    draw_above_entropy,
    draw_error_law,
    draw_irreducible,
    draw_residuals,
    draw_seeds,
    draw_speed,
    draw_table,
    draw_warmup_cost,
)

RUNS = pd.DataFrame(
    [
        {"dataset": "flat", "width": w, "N": 1e3 * w, "D": D, "loss": 3 + w**-1 + 1e3 / D}
        for w in (8, 32)
        for D in (1e5, 1e6, 1e7)
    ]
)


def test_runs_stand_at_their_distance_from_the_entropy(ax):
    draw_above_entropy(ax, RUNS, 3.0, lambda N, D: 3.0 + 1e3 / N + 1e3 / D)
    points = np.concatenate([c.get_offsets() for c in ax.collections])
    np.testing.assert_allclose(sorted(points[:, 1]), sorted(RUNS["loss"] - 3.0))
    assert [line.get_ydata()[0] for line in ax.lines] == pytest.approx(
        [1 / 8 + 1e-2, 1 / 32 + 1e-2]
    )
    assert ax.get_yscale() == "log"


def test_a_law_below_the_entropy_is_not_drawn_there(ax):
    draw_above_entropy(ax, RUNS, 3.0, lambda N, D: 2.9 + 1e5 / D)
    drawn = ax.lines[0].get_ydata()
    assert np.isnan(drawn[-1])
    assert drawn[0] > 0


def test_intervals_are_drawn_in_per_cent_of_the_truth(ax):
    rows = [("flat", 2.0, 0.01, 1.98, 2.06, 2.1), ("steep", 4.0, -0.02, 3.9, 4.0, 4.04)]
    columns = ["source", "E_true", "error", "lo", "hi", "best_run"]
    against = pd.DataFrame(rows, columns=columns)
    draw_irreducible(ax, against)
    segments = [line.get_xdata() for line in ax.lines if len(line.get_xdata()) == 2][1:]
    np.testing.assert_allclose(segments, [[-1, 3], [-2.5, 0]], atol=1e-9)
    points = [line.get_xdata()[0] for line in ax.lines if len(line.get_xdata()) == 1]
    np.testing.assert_allclose(points, [1, 5, -2, 1])


def test_a_column_that_fits_nothing_is_hatched(ax):
    cells = pd.DataFrame([[1.26, 0.1], [-0.2, 0.0]], index=[8, 32], columns=[5.0, 10.0])
    draw_residuals(ax, cells, [10])
    assert [text.get_text() for text in ax.texts] == ["+1.3", "+0.1", "-0.2", "+0.0"]
    (patch,) = ax.patches
    assert (patch.get_x(), patch.get_hatch()) == (-0.5, "//")


def test_what_a_warm_up_costs_stands_at_its_share(ax):
    runs = pd.DataFrame({"width": [8, 32], "share": [2.0, 0.2], "cost": [4.0, 0.1]})
    draw_warmup_cost(ax, runs)
    points = [(line.get_xdata()[0], line.get_ydata()[0]) for line in ax.lines[1:]]
    assert points == [(2.0, 4.0), (0.2, 0.1)]
    assert ax.patches[0].get_x() == 1


def test_every_seed_is_drawn(ax):
    runs = pd.DataFrame({"dataset": ["flat"] * 3 + ["steep"] * 3, "width": [8, 8, 32] * 2,
                         "off": [1.0, -1.0, 0.1, 0.2, -0.2, 0.0]})  # fmt: skip
    draw_seeds(ax, runs)
    drawn = [
        y for line in ax.lines if line.get_label() in ("flat", "steep") for y in line.get_ydata()
    ]
    assert drawn == list(runs["off"])


def test_an_error_is_drawn_above_the_best_and_a_loss_above_the_entropy(ax):
    runs = pd.DataFrame({"loss": [3.2, 3.5], "err_pick4": [0.3, 0.4]})
    row = {"source": "flat", "E_true": 3.0, "best": 0.25}
    draw_error_law(ax, runs, "pick4", row, lambda L: 0.25 + 0.3 * (L - 3.0))
    curve, points = ax.lines
    assert (curve.get_xdata()[0], curve.get_xdata()[-1]) == (0.0, 0.5)
    np.testing.assert_allclose(curve.get_ydata()[[0, -1]], [0, 15], atol=1e-9)
    np.testing.assert_allclose(points.get_xdata(), [0.2, 0.5])
    np.testing.assert_allclose(points.get_ydata(), [5, 15])


def test_ways_to_train_stand_in_their_order(ax):
    speed = pd.DataFrame({"case": ["a", "a", "b"], "way": ["plain", "both", "both"],
                          "times_plain": [1.0, 2.0, 0.5]})  # fmt: skip
    draw_speed(ax, speed)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["plain", "both"]
    first, second, _ = ax.lines
    assert list(first.get_xdata()) == [1.0, 2.0]
    assert list(second.get_ydata()) == [1]


def test_a_table_is_drawn_on_a_logarithmic_scale(ax):
    draw_table(ax, np.array([[0.1, 0.9], [0.5, 0.5]]), "flat")
    np.testing.assert_allclose(ax.images[0].get_array()[0], np.log10([0.1, 0.9]))
