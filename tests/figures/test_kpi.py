"""The panel of an own KPI: what it draws is what its tables say."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from scaling.figures.kpi import draw_kpi

RUNS = pd.DataFrame({"loss": [4.0, 3.0], "share": [0.1, 0.4], "noise": [0.01, 0.02]})
LINE = pd.DataFrame({"loss": [4.0, 2.0], "share": [0.1, 0.6]})
HELD_OUT = pd.DataFrame(
    {
        "loss": [2.5, 2.0],
        "loss_lo": [2.4, 1.9],
        "loss_hi": [2.7, 2.2],
        "share": [0.5, 0.6],
        "lo": [0.4, 0.5],
        "hi": [0.55, 0.8],
        "measured_loss": [2.6, 2.1],
        "measured": [0.45, 0.7],
        "noise": [0.04, 0.03],
    }
)


def names(ax) -> list[str]:
    return ax.get_legend_handles_labels()[1]


def test_bets_reach_from_end_to_end_in_loss_and_share(ax):
    draw_kpi(ax, RUNS, LINE, HELD_OUT)
    assert names(ax) == ["line through them", "small runs", "predicted, to bet on", "measured"]
    runs, told, crosses = ax.containers
    across, up = (np.array(bars.get_segments()) for bars in told[2])
    assert across[:, :, 0] == pytest.approx(np.array([[2.4, 2.7], [1.9, 2.2]]))
    assert up[:, :, 1] == pytest.approx(np.array([[0.4, 0.55], [0.5, 0.8]]))
    noise = np.array(runs[2][0].get_segments())[:, :, 1]
    assert noise == pytest.approx(np.array([[0.09, 0.11], [0.38, 0.42]]))
    assert crosses[0].get_xydata().tolist() == [[2.6, 0.45], [2.1, 0.7]]
    counted = np.array(crosses[2][0].get_segments())[:, :, 1]
    assert counted == pytest.approx(np.array([[0.41, 0.49], [0.67, 0.73]]))
    left, right = ax.get_xlim()
    assert left > right


def test_nothing_is_foretold_where_nothing_is_told(ax):
    untold = HELD_OUT.assign(share=np.nan, lo=np.nan, hi=np.nan)
    draw_kpi(ax, RUNS, None, untold)
    assert names(ax) == ["small runs", "measured"]


def test_without_runs_held_out_the_small_ones_stand_alone(ax):
    draw_kpi(ax, RUNS, LINE, HELD_OUT[:0])
    assert names(ax) == ["line through them", "small runs"]


def test_the_loss_falls_to_the_right_on_shared_axes_too():
    figure, axes = plt.subplots(2, 1, sharex=True)
    for ax in axes:
        draw_kpi(ax, RUNS, LINE, HELD_OUT)
    assert all(ax.xaxis.get_inverted() for ax in axes)
    plt.close(figure)
