"""Panels of over-training: what each draws is what its table says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from scaling.figures import overtraining as figures
from scaling.figures.style import DATASET_COLOURS, DATASET_MARKERS, shade_of
from scaling.studies.results import load_result
from scaling.testbed.runs import run_table


def points(collection):
    return np.asarray(collection.get_offsets())


def test_a_ray_passes_through_the_centre_of_its_runs_with_its_slope(ax):
    runs = run_table("redpajama").query("N < 1e9")
    slopes = pd.DataFrame({"M": sorted(runs["M"].unique()), "E": 1.5, "slope": 0.1})
    slopes.loc[slopes["M"] == 80, "slope"] = 0.2
    assert figures.draw_rays(ax, runs, slopes) is ax
    lines = {line.get_color(): line for line in ax.lines}
    line, ray = lines[shade_of(80)], runs[runs["M"] == 80]
    x, y = np.log(line.get_xdata()), np.log(line.get_ydata())
    assert np.diff(y) / np.diff(x) == pytest.approx(-0.2)
    centre = np.log(ray["C"]).mean(), np.log(ray["loss_c4_eval"] - 1.5).mean()
    assert y[0] - 0.2 * (centre[0] - x[0]) == pytest.approx(centre[1])
    drawn = np.concatenate([points(c) for c in ax.collections])
    assert len(drawn) == len(runs)
    assert sorted(drawn[:, 1]) == pytest.approx(sorted(runs["loss_c4_eval"] - 1.5))


def test_slopes_carry_their_bars_and_the_band_where_asked(ax):
    slopes = load_result("slopes").query(
        "dataset == 'c4' and E_from == 'grid' and sizes == 'small'"
    )
    figures.draw_slopes(ax, slopes, "c4", (0.11, 0.15), refit=True)
    (bars,) = ax.containers
    ends = np.array([s[:, 1] for s in bars[2][0].get_segments()])
    assert ends == pytest.approx(slopes[["lo", "hi"]].to_numpy())
    assert bars[0].get_ydata() == pytest.approx(slopes["slope"].to_numpy())
    assert to_hex(bars[0].get_color()).upper() == DATASET_COLOURS["c4"]
    labels = list(ax.get_legend_handles_labels()[1])
    assert labels == ["range in the paper", "95%, E refitted", "slope, 95% with E fixed"]


@pytest.mark.parametrize("dataset", DATASET_MARKERS)
def test_slopes_carry_the_marker_of_their_training_set_and_every_multiplier(ax, dataset):
    slopes = load_result("slopes").query("E_from == 'recipe' and sizes == 'small'")
    figures.draw_slopes(ax, slopes[slopes["dataset"] == dataset], dataset, (0.11, 0.15))
    assert ax.containers[0][0].get_marker() == DATASET_MARKERS[dataset]
    assert len(set(DATASET_MARKERS.values())) == 3
    labels = [label.get_text() for label in ax.get_xticklabels()]
    assert labels == ["5", "10", "20", "40", "80", "160", "320", "640"]
    assert ax.get_xticks() == pytest.approx([float(label) for label in labels])
    assert ax.get_xscale() == "log"


def test_no_band_is_drawn_where_none_is_asked(ax):
    slopes = load_result("slopes").query(
        "dataset == 'c4' and E_from == 'recipe' and sizes == 'small'"
    )
    figures.draw_slopes(ax, slopes, "c4", (0.11, 0.15))
    assert "95%, E refitted" not in ax.get_legend_handles_labels()[1]


def test_runs_outside_the_fit_are_hollow(ax):
    residuals = load_result("residuals").query("fit_set == 'grid' and dataset == 'c4'")
    figures.draw_residuals(ax, residuals)
    hollow = 0
    for collection in ax.collections:
        faces = [to_hex(face) for face in collection.get_facecolors()]
        hollow += faces.count("#ffffff")
    assert hollow == (residuals["in_fit"] == 0).sum() > 0
    drawn = np.concatenate([points(c) for c in ax.collections])
    assert sorted(drawn[:, 1]) == pytest.approx(sorted(residuals["relative_error"]))
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["hollow: not fitted"]
    assert ax.get_legend().legend_handles[0].get_markerfacecolor() == "white"


def test_misses_stand_over_their_share_of_warm_up(ax):
    runs = load_result("residuals").query("fit_set == 'grid_20'")
    runs = runs.assign(miss=runs["predicted"] - runs["actual"])
    figures.draw_miss_over_warmup(ax, runs)
    drawn = np.concatenate([points(c) for c in ax.collections])
    assert sorted(map(tuple, drawn)) == sorted(zip(runs["warmup_share"], runs["miss"], strict=True))
    assert ax.get_ylabel().startswith("predicted minus measured")


def test_pairs_stand_over_the_longer_warm_up(ax):
    pairs = pd.DataFrame({"share": [0.3, 1.1], "difference": [0.0, 0.2]})
    figures.draw_pairs(ax, pairs, "planted")
    assert points(ax.collections[0]).tolist() == [[0.3, 0.0], [1.1, 0.2]]
    (dashed,) = [line for line in ax.lines if line.get_label() == "run ends with its warm-up"]
    assert dashed.get_linestyle() == "--" and set(dashed.get_xdata()) == {1}
    named = [text.get_text() for text in ax.get_legend().get_texts()]
    assert named == ["planted", "run ends with its warm-up"]


def test_a_penalty_has_its_median_and_its_band(ax):
    M, penalties = np.array([5.0, 640.0]), np.array([[0.0, 1], [0.2, 2], [0.4, 9]])
    figures.draw_penalty(ax, M, penalties, "3 designs", "#123456")
    line = next(line for line in ax.lines if line.get_label() == "median of 3 designs")
    assert line.get_ydata().tolist() == [0.2, 2.0]
    band = ax.collections[0].get_paths()[0].vertices
    assert ax.collections[0].get_label() == "95% of 3 designs"
    assert {0.01, 0.39} <= set(np.round(band[band[:, 0] == 5, 1], 9))
    assert {1.05, 8.65} <= set(np.round(band[band[:, 0] == 640, 1], 9))


def test_best_multipliers_are_counted_from_below(ax):
    figures.draw_M_opt(ax, {"c4": [1.0, 4.0, 2.0]})
    (line,) = ax.lines
    assert line.get_xdata()[1:].tolist() == [1.0, 2.0, 4.0]
    assert line.get_ydata()[1:] == pytest.approx([1 / 3, 2 / 3, 1])
