"""Panels of counting noise and of the parts of a miss: what each draws is what its table says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from scaling.figures import counting as figures
from scaling.figures.style import DATASET_COLOURS
from scaling.studies.tasks.traits import STANDINGS
from scaling.studies.tasks.variance_split import PARTS


def test_every_part_and_standing_has_a_look():
    assert list(figures.PART_LOOKS) == list(PARTS)
    assert list(figures.STANDING_COLOURS) == list(STANDINGS)
    for name in ("color", "label"):
        assert len({look[name] for look in figures.PART_LOOKS.values()}) == len(PARTS)


def test_the_scatter_stands_over_the_counting_noise(ax):
    table = pd.DataFrame(
        {
            "dataset": ["c4", "redpajama", "c4"],
            "task": ["a", "a", "b"],
            "counting": [0.01, 0.012, 0.02],
            "scatter": [0.03, 0.05, 0.02],
            "dof": 25.0,
        }
    )
    figures.draw_scatter(ax, table, {"a": "Task A"})
    points = [np.asarray(collection.get_offsets()) for collection in ax.collections[:2]]
    assert np.allclose(points[0], [[0.01, 0.03], [0.02, 0.02]])
    assert np.allclose(points[1], [[0.012, 0.05]])
    assert to_hex(ax.collections[1].get_facecolor()[0]) == DATASET_COLOURS["redpajama"].lower()
    (label,) = ax.texts
    assert (label.get_text(), label.xy) == ("Task A", (0.012, 0.05))
    x, y = ax.lines[0].get_data()
    assert np.allclose(x, y)
    assert ax.xaxis.get_major_formatter()(0.01, None) == "1"
    edges = ax.collections[2].get_paths()[0].vertices
    high = edges[edges[:, 0] == edges[:, 0].max(), 1].max() / edges[:, 0].max()
    assert high == pytest.approx(np.sqrt(40.6465 / 25), rel=1e-4)  # chi-square table, 25, 0.975


def test_changes_are_filled_where_they_are_visible(ax):
    changes = pd.DataFrame(
        {
            "dataset": ["c4", "c4"],
            "n_items": [100, 10_000],
            "change": [-0.05, -0.08],
            "visible": [False, True],
        }
    )
    figures.draw_changes(ax, changes)
    hollow, filled = ax.collections[:2]
    assert np.allclose(hollow.get_offsets(), [[100, 0.05]])
    assert len(hollow.get_facecolor()) == 0
    assert np.allclose(filled.get_offsets(), [[10_000, 0.08]])
    assert to_hex(filled.get_facecolor()[0]) == DATASET_COLOURS["c4"].lower()
    for line, p in zip(ax.lines, (0.5, 0.1), strict=True):
        n, height = line.get_data()
        assert np.allclose(height, 1.96 * np.sqrt(2 * p * (1 - p) / n))
        assert f"{p:.0%}" in line.get_label()


SHARES = pd.DataFrame(
    {"counting": [0.1, 0.7], "runs": [0.0, -0.1], "fit": [0.8, 0.2], "sets": [-0.1, 0.0]},
    index=["upper", "lower"],
).assign(law=0.2)


def test_parts_stack_away_from_zero_on_both_sides(ax):
    figures.draw_parts(ax, SHARES)
    bars = {container.get_label(): container for container in ax.containers}
    label_of = {part: look["label"] for part, look in figures.PART_LOOKS.items()}
    assert list(bars) == list(label_of.values())
    fit, sets, law = (bars[label_of[part]][0] for part in ("fit", "sets", "law"))
    assert (fit.get_x(), fit.get_width()) == pytest.approx((0.1, 0.8))
    assert (law.get_x(), law.get_width()) == pytest.approx((0.9, 0.2))
    assert (sets.get_x(), sets.get_width()) == pytest.approx((0.0, -0.1))
    runs, fit = (bars[label_of[part]][1] for part in ("runs", "fit"))
    assert (runs.get_x(), runs.get_width()) == pytest.approx((0.0, -0.1))
    assert (fit.get_x(), fit.get_width()) == pytest.approx((0.7, 0.2))
    assert fit.get_y() < law.get_y()  # the first row stands on top
    assert [label.get_text() for label in ax.get_yticklabels()] == ["upper", "lower"]


def test_owners_fill_each_row(ax):
    shares = pd.DataFrame([[0.3, 0.1, 0.6], [0.1, 0.0, 0.9]], columns=list(STANDINGS))
    figures.draw_owners(ax, shares, [11, 9, 26])
    ends = [container[0].get_x() + container[0].get_width() for container in ax.containers]
    assert ends == pytest.approx([0.3, 0.4, 1.0])
    labels = [container.get_label() for container in ax.containers]
    assert labels == [
        "at chance (11 tasks)",
        "not above chance (9 tasks)",
        "above chance (26 tasks)",
    ]
