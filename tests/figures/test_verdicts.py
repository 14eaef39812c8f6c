"""Panels of the choice and of the verdicts: what each draws is what its table says."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection

from scaling.figures import verdicts as figures
from scaling.forecast.verdicts import VERDICTS


@pytest.fixture
def ax():
    """Axes of a figure that is closed afterwards."""
    figure, axes = plt.subplots()
    yield axes
    plt.close(figure)


def dots(ax, label):
    (found,) = (c for c in ax.collections if c.get_label() == label)
    return np.asarray(found.get_offsets())


def test_candidates_over_their_score_and_baselines_as_levels(ax):
    table = pd.DataFrame(
        {
            "score": [0.07, 0.05, 0.03, 0.02],
            "late": [0.2, 0.1, 0.3, 0.4],
            "chosen": [0, 0, 1, 0],
        },
        index=["no change", "ruler in loss", "ours", "other"],
    )
    assert figures.draw_outcomes(ax, table, "late") is ax
    assert dots(ax, "chosen").tolist() == [[0.03, 0.3]]
    rest = [c for c in ax.collections if c.get_label() != "chosen"]
    assert np.asarray(rest[0].get_offsets()).tolist() == [[0.03, 0.3], [0.02, 0.4]]
    levels = {line.get_label(): line.get_ydata()[0] for line in ax.lines}
    assert levels == {"no change": 0.2, "ruler in loss": 0.1}


def test_a_row_per_task_with_its_interval_and_what_was_measured(ax):
    rows = pd.DataFrame(
        {
            "task": ["a", "b", "c"],
            "verdict": VERDICTS[::-1],
            "predicted": [0.5, 0.4, 0.3],
            "lo": [0.45, 0.2, 0.25],
            "hi": [0.55, 0.6, 0.35],
            "no_change": [0.5, 0.45, 0.4],
            "ruler_in_loss": [0.51, 0.44, 0.33],
            "measured": [0.52, 0.41, 0.36],
        }
    )
    labels = pd.Series({"a": "A", "b": "B", "c": "C"})
    assert figures.draw_task_intervals(ax, rows, labels) is ax
    assert [text.get_text() for text in ax.get_yticklabels()] == ["A", "B", "C"]
    bars = [c.get_segments() for c in ax.collections if isinstance(c, LineCollection)]
    ends = sorted((part[0][1], part[0][0], part[1][0]) for bar in bars for part in bar)
    assert ends == [(0, 0.45, 0.55), (1, 0.2, 0.6), (2, 0.25, 0.35)]
    for verdict, place in zip(VERDICTS, ([0.36, 2], [0.41, 1], [0.52, 0]), strict=True):
        assert dots(ax, verdict).tolist() == [place]
    assert dots(ax, "no change").tolist() == [[0.5, 0], [0.45, 1], [0.4, 2]]
    assert dots(ax, "ruler in loss").tolist() == [[0.51, 0], [0.44, 1], [0.33, 2]]
