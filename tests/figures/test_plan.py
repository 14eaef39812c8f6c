"""Panels of the chapter on the next run: what each draws is what its table says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from scaling.figures.plan import BUYER_LOOKS, draw_bought, draw_errors, name_marks


def test_errors_stand_in_rows_with_their_median(ax):
    rng = np.random.default_rng(0)
    replays = pd.DataFrame(
        {
            "plan": ["a"] * 4 + ["b"] * 400,
            "dataset": ["c4", "c4", "redpajama", "redpajama"] + ["c4"] * 200 + ["redpajama"] * 200,
            "relative_error": [-0.01, 0.02, 0.03, -0.08, *rng.uniform(-0.2, 0.2, 400)],
        }
    )
    draw_errors(ax, replays, ["b", "a"])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["b", "a"]
    medians = [line for line in ax.lines if line.get_marker() == "|" and len(line.get_xdata())]
    assert [line.get_xdata()[0] for line in medians] == pytest.approx(
        [replays.query("plan == 'b'")["relative_error"].median(), 0.005]
    )
    marks = [np.asarray(c.get_offsets()) for c in ax.collections if len(c.get_offsets())]
    assert sorted(np.concatenate(marks)[:, 0]) == [-0.08, -0.01, 0.02, 0.03]  # of 400 the box alone
    lo, hi = ax.get_xlim()
    assert lo < -0.08 < 0.03 < hi  # no mark lies off the axis
    assert (np.abs(np.concatenate(marks)[:, 1]) <= 0.2).all()


def test_bought_runs_carry_the_number_of_their_cases(ax):
    start = pd.DataFrame({"N": [1e7], "M": [20]})
    bought = pd.DataFrame({"N": [4e8, 1e7], "M": [10, 640], "n_cases": [15, 3]})
    draw_bought(ax, start, bought, BUYER_LOOKS["plan"])
    assert [text.get_text() for text in ax.texts] == ["15", "3"]
    assert [text.xy for text in ax.texts] == [(10, 4e8), (640, 1e7)]
    assert len(ax.collections) == 2
    areas = ax.collections[1].get_sizes()
    assert areas[1] / areas[0] == pytest.approx(3 / 15)
    names = ["there at the start", "bought by the plan"]
    assert name_marks([ax, ax])[1] == names  # each once
