"""Panels of the chapter on a better predictor: what each draws is what its table says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from scaling.figures import predictors as figures
from scaling.figures.style import DATASET_COLOURS


def drawn(ax):
    """Points of each series, by its label."""
    return {c.get_label(): np.asarray(c.get_offsets()) for c in ax.collections}


def test_scores_in_per_cent_with_the_best_at_the_top(ax):
    scores = pd.DataFrame(
        {
            "c4_eval": [0.01, 0.03],
            "other text": [0.02, 0.05],
            "other grids": [0.04, 0.06],
            "score": [0.02, 0.045],
        },
        index=["good", "bad"],
    )
    assert figures.draw_scores(ax, scores) is ax
    expected = {
        "C4 eval": [[3, 0], [1, 1]],
        "other text": [[5, 0], [2, 1]],
        "other grids": [[6, 0], [4, 1]],
        "score": [[4.5, 0], [2, 1]],
    }
    assert drawn(ax) == {label: pytest.approx(np.array(at)) for label, at in expected.items()}
    ticks = zip(ax.get_yticks(), ax.get_yticklabels(), strict=True)
    assert {label.get_text(): tick for tick, label in ticks} == {"bad": 0, "good": 1}
    assert ax.get_xscale() == "log"
    assert ax.get_xticks().tolist() == [1, 1.5, 2, 3, 5]
    assert ax.xaxis.get_major_formatter()(1.5, None) == "1.5%"


def test_outcomes_stand_over_backtests_by_round(ax):
    candidates = pd.DataFrame(
        {
            "round": ["both", "first", "second", "first"],
            "backtest_score": [0.02, 0.01, 0.03, 0.04],
            "outcome": [0.05, 0.02, 0.015, 0.07],
        },
        index=["recipe", "a", "b", "c"],
    )
    figures.draw_backtest_against_outcome(ax, candidates, "outcome", {"b": "the second"})
    expected = {
        "baseline or single change": [[2, 5]],
        "first family": [[1, 2], [4, 7]],
        "second family": [[3, 1.5]],
    }
    assert drawn(ax) == {label: pytest.approx(np.array(at)) for label, at in expected.items()}
    (ring,) = ax.lines
    assert ring.get_xydata() == pytest.approx(np.array([[3, 1.5]]))
    assert [(t.get_text(), t.xy) for t in ax.texts] == [("the second", pytest.approx((3, 1.5)))]
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")


def test_misses_of_a_target_are_signed_per_cents_in_its_row(ax):
    misses = pd.DataFrame(
        {"prior": [0.04, -0.08], "recipe": [0.01, -0.05], "log": [0.02, -0.06]},
        index=["c4-1.4B-M20", "redpajama-6.9B-M20"],
    ).assign(**{"first choice": [0.03, -0.07]})
    figures.draw_target_misses(ax, misses)
    expected = {
        "recipe": [[1, 1.24], [-5, 0.24]],
        "log": [[2, 1.08], [-6, 0.08]],
        "first choice": [[3, 0.92], [-7, -0.08]],
        "prior": [[4, 0.76], [-8, -0.24]],
    }
    assert drawn(ax) == {label: pytest.approx(np.array(at)) for label, at in expected.items()}
    assert ax.lines[0].get_xdata() == pytest.approx([0, 0])
    ticks = zip(ax.get_yticks(), ax.get_yticklabels(), strict=True)
    rows = {label.get_text(): (tick, to_hex(label.get_color()).upper()) for tick, label in ticks}
    assert rows == {
        "c4-1.4B-M20": (1, DATASET_COLOURS["c4"]),
        "redpajama-6.9B-M20": (0, DATASET_COLOURS["redpajama"]),
    }
