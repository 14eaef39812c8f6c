"""Panels of the chapter on the next run: what each draws is what its table says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from scaling.figures.plan import BUYER_LOOKS, draw_bought, draw_errors, draw_narrowing, name_marks


def test_errors_stand_in_rows_with_their_median(ax):
    rng = np.random.default_rng(0)
    replays = pd.DataFrame(
        {
            "plan": ["a"] * 4 + ["b"] * 400,
            "dataset": ["c4", "c4", "redpajama", "redpajama"] + ["c4"] * 200 + ["redpajama"] * 200,
            "error": [0.01, 0.02, 0.03, 0.08, *rng.uniform(0.01, 0.2, 400)],
        }
    )
    draw_errors(ax, replays, ["b", "a"])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["b", "a"]
    medians = [line for line in ax.lines if line.get_marker() == "|" and len(line.get_xdata())]
    assert [line.get_xdata()[0] for line in medians] == pytest.approx(
        [replays.query("plan == 'b'")["error"].median(), 0.025]
    )
    marks = [np.asarray(c.get_offsets()) for c in ax.collections if len(c.get_offsets())]
    assert sorted(np.concatenate(marks)[:, 0]) == [0.01, 0.02, 0.03, 0.08]  # of 400 the box alone
    assert (np.abs(np.concatenate(marks)[:, 1]) <= 0.2).all()


def test_bought_runs_are_numbered_in_order(ax):
    start = pd.DataFrame({"N": [1e7], "M": [20]})
    bought = pd.DataFrame({"N": [4e8, 1e7], "M": [10, 640]})
    draw_bought(ax, start, bought, BUYER_LOOKS["plan"])
    assert [text.get_text() for text in ax.texts] == ["1", "2"]
    assert [text.xy for text in ax.texts] == [(10, 4e8), (640, 1e7)]
    assert len(ax.collections) == 2
    names = ["there at the start", "bought by the plan"]
    assert name_marks([ax, ax])[1] == names  # each once


def test_half_widths_over_what_was_spent(ax):
    frame = pd.DataFrame(
        {
            "money": [np.nan, 5.0, 10.0],
            "target_loss": [2.0, 2.0, 2.5],
            "lo": [1.0, 1.5, 2.25],
            "hi": [3.0, 2.5, 2.75],
            "law_lo": [1.2, 1.6, 2.4],
            "law_hi": [2.8, 2.4, 2.6],
        }
    )
    draw_narrowing(ax, frame, 0.044)
    bet, law, allowance = ax.lines
    assert bet.get_xdata() == pytest.approx([0, 5, 15])
    assert bet.get_ydata() == pytest.approx([0.5, 0.25, 0.1])
    assert law.get_ydata() == pytest.approx([0.4, 0.2, 0.04])
    assert allowance.get_ydata() == pytest.approx([0.044, 0.044])
