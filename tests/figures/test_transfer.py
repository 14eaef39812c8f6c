"""Panels of the chapter on other text: what each draws is what its table says."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from scaling.figures import transfer as figures
from scaling.figures.laws import draw_miss_map
from scaling.figures.style import SIZE_MARKERS
from scaling.laws.loss_to_loss import LossToLoss
from scaling.testbed.labels import LOSS_COLUMN, LOSS_SETS
from scaling.testbed.runs import run_table, select_loss_fit


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_every_loss_set_has_a_label():
    assert set(figures.LOSS_SET_LABELS) == set(LOSS_SETS.values())
    assert len(set(figures.LOSS_SET_LABELS.values())) == 8


@pytest.mark.filterwarnings("ignore:The set_bad function")  # seaborn calls it
def test_the_map_of_sets_rings_the_own_text_and_says_so(ax):
    runs = ["c4-1.4B-M20", "c4-6.9B-M20", "redpajama-6.9B-M20"]
    misses = pd.DataFrame(
        [[0.01, -0.02, 0.03], [0.04, 0.05, -0.066]], index=["c4_german", "paloma_c4"], columns=runs
    )
    figures.draw_set_map(ax, misses, {"c4": "paloma_c4", "redpajama": "paloma_redpajama"})
    assert texts(ax)[:6] == ["+1.0", "-2.0", "+3.0", "+4.0", "+5.0", "-6.6"]
    assert texts(ax)[6:] == ["trained on C4", "trained on RedPajama"]
    assert [text.get_position()[0] for text in ax.texts[6:]] == [1.0, 2.5]
    assert [patch.get_center() for patch in ax.patches] == [(0.5, 1.5), (1.5, 1.5)]
    assert ax.get_xlabel() == "ringed: the Paloma split of the training set"
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["German C4", "Paloma C4"]
    assert ax.get_xticklabels()[2].get_text() == "6.9B\nM = 20"
    assert ax.collections[0].get_clim() == (-20, 20)


@pytest.mark.filterwarnings("ignore:The set_bad function")  # seaborn calls it
def test_the_miss_map_takes_a_limit_and_decimals(ax):
    misses = pd.DataFrame([[0.104, -0.026]], index=["1.4B"], columns=[20, 640])
    used = pd.DataFrame([[True, False]], index=["1.4B"], columns=[20, 640])
    draw_miss_map(ax, misses, used, limit=15, decimals=0)
    assert texts(ax) == ["+10*", "-3"]
    assert ax.collections[0].get_clim() == (-15, 15)


def test_misses_stand_over_their_noise_by_size_not_sign(ax):
    cells = pd.DataFrame(
        {
            "dataset": ["c4", "c4", "redpajama"],
            "relative_error": [-0.04, 0.02, 0.1],
            "half_width": [0.01, 0.03, 0.02],
        }
    )
    figures.draw_miss_against_noise(ax, cells, "half_width")
    drawn = {c.get_label(): np.asarray(c.get_offsets()).tolist() for c in ax.collections[:2]}
    assert drawn == {"C4": [[0.01, 0.04], [0.03, 0.02]], "RedPajama": [[0.02, 0.1]]}
    x, y = ax.lines[0].get_data()
    assert x.tolist() == y.tolist()
    assert ax.xaxis.get_major_formatter()(0.001, None) == "0.1%"


def test_runs_of_other_files_are_filled(ax):
    cells = pd.DataFrame(
        {
            "size": ["0.411B", "6.9B"],
            "D": [1e10, 2e11],
            "relative_error": [0.0, 0.1],
            "other_files": [False, True],
        }
    )
    figures.draw_misses_against_tokens(ax, cells)
    first, _, other, _ = ax.collections
    assert np.asarray(first.get_offsets()).tolist() == [[1e10, 0.0]]
    assert np.asarray(other.get_offsets()).tolist() == [[2e11, 0.1]]
    assert len(first.get_facecolor()) == 0
    assert to_hex(other.get_facecolor()[0]) == "#d55e00"
    star = plt.scatter([1], [1], marker=SIZE_MARKERS["6.9B"]).get_paths()[0]
    assert other.get_paths()[0].vertices.tolist() == star.vertices.tolist()


def test_the_relation_is_dashed_beyond_the_runs_it_fits(ax):
    runs = run_table("redpajama")
    five = select_loss_fit(runs)
    relation = LossToLoss(1.8, 2.2, 1.5, 1.3)
    figures.draw_loss_to_loss(ax, runs, five, relation, (LOSS_COLUMN, "loss_c4_german"))
    lo, hi = five[LOSS_COLUMN].min(), five[LOSS_COLUMN].max()
    assert [line.get_linestyle() for line in ax.lines] == ["--", "-", "--"]
    ends = [(line.get_xdata()[0], line.get_xdata()[-1]) for line in ax.lines]
    assert ends[1] == (lo, hi)
    assert (ends[0][1], ends[2][0]) == (lo, hi)
    for line in ax.lines:
        assert line.get_ydata() == pytest.approx(relation.predict(line.get_xdata()))
    assert ax.get_ylabel() == "L, German C4, nats/token"


def test_ranks_and_agreement_run_from_top_to_bottom(ax):
    ranks = pd.DataFrame(
        {"spearman": [0.9, 0.8], "spearman_lo": [0.85, 0.6], "spearman_hi": [0.95, 0.9]}
    ).assign(n_runs=104)
    figures.draw_ranks(ax, ranks, ["first", "second"])
    assert ax.lines[0].get_ydata().tolist() == [1, 0]
    assert ax.lines[0].get_xdata().tolist() == [0.9, 0.8]
    segments = [s.tolist() for s in ax.collections[0].get_segments()]
    assert segments == [[[0.85, 1], [0.95, 1]], [[0.6, 0], [0.9, 0]]]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["first", "second"]
    assert ax.get_xlabel().endswith(", 104 runs")
    assert ax.get_xlim() == (0, 1)


def test_agreement_shows_every_pair_and_the_whole(ax):
    shares = pd.DataFrame(
        {"c4, redpajama": [0.2], "c4, refinedweb": [0.3], "redpajama, refinedweb": [0.7]}
    ).assign(all=0.4, all_lo=0.3, all_hi=0.55, n_pairs=100)
    figures.draw_agreement(ax, shares, ["C4 eval"])
    drawn = {line.get_label(): line.get_xdata().item() for line in ax.lines[:3]}
    assert drawn == {
        "C4 or RedPajama": 0.2,
        "C4 or RefinedWeb": 0.3,
        "RedPajama or RefinedWeb": 0.7,
    }
    heights = {line.get_ydata().item(): line.get_marker() for line in ax.lines[:3]}
    assert heights == {0.18: "o", 0.0: "v", -0.18: "X"}
    assert ax.lines[3].get_xdata().item() == 0.4
    assert [s.tolist() for s in ax.collections[0].get_segments()] == [[[0.3, 0], [0.55, 0]]]
    assert ax.get_xlabel().endswith(", 100 pairs")
    chance = ax.lines[-1]
    assert list(chance.get_xdata()) == [0.5, 0.5]
    assert list(chance.get_ydata()) == [0, 1]  # of the panel's height
    assert ax.get_xlim() == (0, 1)


def test_cells_are_framed_by_row_and_column(ax):
    cells = pd.DataFrame([[False, True, False], [True, False, False]])
    figures.frame_cells(ax, cells)
    assert [patch.get_xy() for patch in ax.patches] == [(1, 0), (0, 1)]
