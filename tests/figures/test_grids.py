"""Panels of the chapter on other groups' grids: what each draws is what its table says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from scaling.figures import grids as figures
from scaling.figures.style import GRID_COLOURS, INK


def points(ax, i):
    return np.asarray(ax.collections[i].get_offsets()).tolist()


def test_the_design_tells_fitted_judged_and_neither(ax):
    runs = pd.DataFrame({"N": [1e8, 1e9, 1e10], "D": [2e9, 2e10, 2e11]})
    assert figures.draw_design(ax, runs, [1, 0, 0], [0, 0, 1], "porian") is ax
    neither, judged, fitted = range(3)
    assert points(ax, neither) == [[1e9, 2e10]]
    assert points(ax, judged) == [[1e10, 2e11]]
    assert points(ax, fitted) == [[1e8, 2e9]]
    assert len(ax.collections[judged].get_facecolors()) == 0
    assert to_hex(ax.collections[judged].get_edgecolors()[0]).upper() == GRID_COLOURS["porian"]
    assert to_hex(ax.collections[fitted].get_facecolors()[0]).upper() == GRID_COLOURS["porian"]
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")


def test_the_design_of_the_testbed_is_ink(ax):
    runs = pd.DataFrame({"N": [1e8], "D": [2e9]})
    figures.draw_design(ax, runs, [1], [0], "testbed")
    assert to_hex(ax.collections[2].get_facecolors()[0]) == INK


def test_rays_have_their_slope_and_end_at_the_frame(ax):
    ax.set(xscale="log", yscale="log", xlim=(1e7, 1e10), ylim=(1e8, 1e12))
    figures.draw_rays(ax, [20, 400])
    for line, M in zip(ax.lines, (20, 400), strict=True):
        assert (line.get_ydata() / line.get_xdata()).tolist() == pytest.approx([M, M])
    ends = {text.get_text(): text.get_position() for text in ax.texts}
    assert ends["M = 20"] == pytest.approx((1e10, 2e11))
    assert ends["M = 400"] == pytest.approx((1e12 / 400, 1e12))
    assert (ax.get_xlim(), ax.get_ylim()) == ((1e7, 1e10), (1e8, 1e12))


def test_misses_stand_in_their_band(ax):
    misses = pd.DataFrame(
        {
            "candidate": ["recipe", "prior", "recipe", "prior"],
            "row": ["a", "a", "b", "b"],
            "relative_error": [0.01, -0.02, 0.03, 0.04],
        }
    )
    figures.draw_misses(ax, misses, ["a", "b"], ["recipe", "prior"])
    assert points(ax, 0) == pytest.approx(np.array([[1, 1.27], [3, 0.27]]))
    assert points(ax, 1) == pytest.approx(np.array([[-2, 0.73], [4, -0.27]]))
    ticks = zip(ax.get_yticks(), ax.get_yticklabels(), strict=True)
    assert {label.get_text(): tick for tick, label in ticks} == {"a": 1, "b": 0}
    labels = ax.get_legend_handles_labels()[1]
    assert labels == ["recipe", "prior"]


def test_residuals_in_per_cent(ax):
    figures.draw_residuals(ax, [1, 10], [0.01, -0.02], "gemstones", filled=False, label="x")
    assert points(ax, 0) == pytest.approx(np.array([[1, 1], [10, -2]]))
    assert len(ax.collections[0].get_facecolors()) == 0
    figures.draw_residuals(ax, [1], [0.01], "gemstones", filled=True, label="y")
    assert to_hex(ax.collections[1].get_facecolors()[0]).upper() == GRID_COLOURS["gemstones"]


def test_shapes_join_both_counts(ax):
    shapes = pd.DataFrame(
        {"aspect": [3.0, 256.0], "N": [-0.01, 0.04], "N_body": [0.02, 0.0]}, index=["deep", "wide"]
    )
    figures.draw_shapes(ax, shapes, ["wide"])
    assert points(ax, 0) == pytest.approx(np.array([[3, -1], [256, 4]]))
    assert points(ax, 1) == pytest.approx(np.array([[3, 2], [256, 0]]))
    segments = [sorted(s[:, 1].tolist()) for s in ax.collections[2].get_segments()]
    assert segments == [pytest.approx([-1, 2]), pytest.approx([0, 4])]
    assert [(t.get_text(), t.xy) for t in ax.texts] == [("wide", pytest.approx((256, 0)))]


@pytest.mark.parametrize(("bar", "n_axes"), [(True, 2), (False, 1)])
def test_repeats(ax, bar, n_axes):
    figures.draw_repeats(ax, [2, 40], [1.01, 1.4], [5.0, 0.3], bar=bar)
    assert points(ax, 0) == pytest.approx(np.array([[2, 1.01], [40, 1.4]]))
    assert ax.collections[0].get_array().tolist() == [5.0, 0.3]
    assert len(ax.figure.axes) == n_axes
    assert ax.lines[0].get_ydata() == pytest.approx([1, 1])
