"""The panels of tasks, their averages and their verdicts show what they are given."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex

from scaling.figures.style import DATASET_COLOURS
from scaling.figures.tasks import (
    LEAST_MISS,
    METHOD_LABELS,
    METHOD_STYLES,
    draw_against_tasks,
    draw_against_threshold,
    draw_effects,
    draw_outcomes,
    draw_shares,
    draw_task,
    draw_task_intervals,
    key_of_tasks,
)
from scaling.forecast.verdicts import VERDICTS
from scaling.laws.law import ErrorLaw
from scaling.testbed.runs import run_table


def test_a_task_shows_points_bars_laws_and_chance(ax):
    runs = run_table()
    laws = {
        "c4": (ErrorLaw(0.8, 2.0, 0.8), True),
        "redpajama": (ErrorLaw(0.7, 1.0, 0.5), False),
        "refinedweb": (ErrorLaw(0.75, 1.5, 0.6), True),
    }
    draw_task(ax, runs, laws, "err_arc_easy", 0.25, 2376)
    by_colour = {to_hex(line.get_color()): line for line in ax.lines[:3]}
    for dataset, (law, sound) in laws.items():
        line = by_colour[DATASET_COLOURS[dataset].lower()]
        np.testing.assert_allclose(line.get_ydata(), law.predict(line.get_xdata()))
        assert line.get_linestyle() == ("-" if sound else ":")
    assert ax.lines[3].get_ydata()[0] == 0.75
    bars, points = ax.collections[0], ax.collections[1]
    c4 = runs[runs["dataset"] == "c4"]
    np.testing.assert_allclose(points.get_offsets(), c4[["loss_c4_eval", "err_arc_easy"]])
    ends = np.array([segment[:, 1] for segment in bars.get_segments()])
    p = c4["err_arc_easy"].to_numpy()
    np.testing.assert_allclose(np.ptp(ends, axis=1), 2 * 1.96 * np.sqrt(p * (1 - p) / 2376))
    lo, hi = ax.get_ylim()
    assert lo < runs["err_arc_easy"].min() < runs["err_arc_easy"].max() < hi


def test_a_task_that_never_moves_has_room(ax):
    runs = run_table().assign(err_flat=1.0)
    flat = dict.fromkeys(DATASET_COLOURS, (ErrorLaw(1.0, 0.0, 1.0), False))
    draw_task(ax, runs, flat, "err_flat", 0, 32)
    lo, hi = ax.get_ylim()
    assert lo < 1.0 < hi


def test_key_names_every_training_set(ax):
    key_of_tasks(ax)
    named = {text.get_text() for text in ax.get_legend().get_texts()}
    assert named >= {"C4", "RedPajama", "RefinedWeb", "guessing"}


def test_shares_count_tasks_within(ax):
    misses = pd.DataFrame({"law": [0.0, 0.02, 0.2, 5.0], "no change": [0.01, 0.01, 0.01, 0.5]})
    draw_shares(ax, misses)
    lines = {line.get_label(): line for line in ax.lines}
    x, y = lines["error law"].get_data()
    assert y[np.searchsorted(x, 0.1, side="right") - 1] == 0.5
    assert y[np.searchsorted(x, 1.0, side="right") - 1] == 0.75
    assert x[np.isfinite(x)].min() == LEAST_MISS
    assert lines["last-run baseline"].get_linestyle() == METHOD_STYLES["no change"][1]
    assert ax.get_xscale() == "log"


METHODS = list(METHOD_STYLES)


def lines(ax):
    return {line.get_label(): np.array(line.get_data()) for line in ax.lines}


def test_misses_over_tasks_in_per_cent(ax):
    rows = pd.DataFrame(
        {
            "n_tasks": [2, 1] * 3,
            "method": np.repeat(METHODS, 2),
            "median": [0.02, 0.05, 0.07, 0.07, 0.03, 0.04],
            "lo": 0.01,
            "hi": 0.2,
            "noise": [0.007, 0.01] * 3,
        }
    )
    assert draw_against_tasks(ax, rows) is ax
    drawn = lines(ax)
    assert drawn["error law"] == pytest.approx(np.array([[1, 2], [5, 2]]))
    assert drawn["two-point line"] == pytest.approx(np.array([[1, 2], [4, 3]]))
    assert drawn["counting noise"] == pytest.approx(np.array([[1, 2], [1, 0.7]]))
    (band,) = ax.collections
    assert band.get_label() == "error law, 90% of the sets"
    y = band.get_paths()[0].vertices[:, 1]
    assert (y.min(), y.max()) == pytest.approx((1, 20))
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    assert ax.xaxis.get_major_formatter()(46, None) == "46"


def test_misses_over_thresholds_with_their_sign(ax):
    rows = pd.DataFrame(
        {
            "points": [1, 0] * 3,
            "method": np.repeat(METHODS, 2),
            "relative_error": [-0.02, 0.03, 0.2, 0.1, 0.01, 0.02],
        }
    )
    assert draw_against_threshold(ax, rows, (7, 10)) is ax
    drawn = lines(ax)
    assert drawn["error law"] == pytest.approx(np.array([[0, 1], [3, -2]]))
    assert drawn["last-run baseline"] == pytest.approx(np.array([[0, 1], [10, 20]]))
    (strip,) = ax.patches
    assert strip.get_label() == "the paper's 17 tasks"
    assert (strip.get_x(), strip.get_x() + strip.get_width()) == (6.5, 10.5)


def test_effects_with_intervals_from_the_top(ax):
    outcomes = ["law", "law over no change"]
    index = pd.MultiIndex.from_product([outcomes, ["a", "b"]], names=["outcome", "trait"])
    table = pd.DataFrame({"ratio": [1.0, 2.0, 0.5, 1.5]}, index)
    table = table.assign(lo=table["ratio"] / 2, hi=table["ratio"] * 3)
    assert draw_effects(ax, table, {"b": "second", "a": "first"}) is ax
    ticks = zip(ax.get_yticks(), ax.get_yticklabels(), strict=True)
    assert {label.get_text(): y for y, label in ticks} == {"second": 1, "first": 0}
    law, over = ax.containers
    assert [c.get_label() for c in (law, over)] == [METHOD_LABELS[o] for o in outcomes]
    assert law[0].get_xdata().tolist() == [2.0, 1.0]
    assert law[0].get_ydata().tolist() == pytest.approx([1.3, 0.3])
    assert over[0].get_ydata().tolist() == pytest.approx([0.7, -0.3])
    ends = np.array(law[2][0].get_segments())[:, :, 0]
    assert ends == pytest.approx(np.array([[1, 6], [0.5, 3]]))


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
    assert draw_outcomes(ax, table, "late") is ax
    assert dots(ax, "chosen").tolist() == [[0.03, 0.3]]
    rest = [c for c in ax.collections if c.get_label() != "chosen"]
    assert np.asarray(rest[0].get_offsets()).tolist() == [[0.03, 0.3], [0.02, 0.4]]
    levels = {line.get_label(): line.get_ydata()[0] for line in ax.lines}
    assert levels == {"last-run baseline": 0.2, "two-point line": 0.1}


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
    assert draw_task_intervals(ax, rows, labels) is ax
    assert [text.get_text() for text in ax.get_yticklabels()] == ["A", "B", "C"]
    bars = [c.get_segments() for c in ax.collections if isinstance(c, LineCollection)]
    ends = sorted((part[0][1], part[0][0], part[1][0]) for bar in bars for part in bar)
    assert ends == [(0, 0.45, 0.55), (1, 0.2, 0.6), (2, 0.25, 0.35)]
    for verdict, place in zip(VERDICTS, ([0.36, 2], [0.41, 1], [0.52, 0]), strict=True):
        assert dots(ax, verdict).tolist() == [place]
    assert dots(ax, "last-run baseline").tolist() == [[0.5, 0], [0.45, 1], [0.4, 2]]
    assert dots(ax, "two-point line").tolist() == [[0.51, 0], [0.44, 1], [0.33, 2]]
