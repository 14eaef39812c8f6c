"""Figures: what each panel draws is what its table says, artist by artist."""

from __future__ import annotations

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from scaling.figures import laws as figures
from scaling.figures import style
from scaling.figures import testbed as figures_testbed
from scaling.laws.law import ErrorLaw, LossLaw
from scaling.studies.headline import make_headline
from scaling.studies.recipe import fit_chain
from scaling.testbed.labels import DATASETS, ERROR_COLUMN, LOSS_COLUMN, SIZES
from scaling.testbed.runs import run_table, select_error_fit, select_loss_fit, select_targets

LAW = LossLaw(1.84, 166.2, 366.7, 0.273)
ERROR = ErrorLaw(0.857, 2.21, 0.715)


@pytest.fixture
def table():
    return run_table("redpajama")


def points(collection):
    """Positions of a scatter, shape (n_points, 2)."""
    return np.asarray(collection.get_offsets())


def labelled(ax, label):
    """The one artist of that label."""
    (artist,) = (a for a in ax.lines + list(ax.collections) if a.get_label() == label)
    return artist


def drawn(ax):
    """Lines of the law: those that hold data and no label of a legend."""
    return [line for line in ax.lines if len(line.get_xdata()) > 2]


def unringed(ax):
    """Positions of every run that a panel draws."""
    marks = [points(c) for c in ax.collections if c.get_label().startswith("_child")]
    return np.concatenate(marks)


def as_set(x, y):
    return {(float(a), float(b)) for a, b in zip(x, y, strict=True)}


def check_pieces(lines, lo, hi):
    """Solid lies inside the fitted range, dashed outside; both are there."""
    assert {line.get_linestyle() for line in lines} == {"-", "--"}
    for line in lines:
        x = line.get_xdata()
        inside = bool((x >= lo * (1 - 1e-12)).all() and (x <= hi * (1 + 1e-12)).all())
        outside = bool((x <= lo * (1 + 1e-12)).all() or (x >= hi * (1 - 1e-12)).all())
        assert (inside, outside) == (
            (True, False) if line.get_linestyle() == "-" else (False, True)
        )


def test_looks_are_those_of_the_data_sets_and_sizes_and_differ():
    for look in (style.DATASET_LABELS, style.DATASET_COLOURS, style.DATASET_MARKERS):
        assert list(look) == list(DATASETS.values())
        assert len(set(look.values())) == len(look)
    assert list(style.SIZE_MARKERS) == list(SIZES.values())
    assert len(set(style.SIZE_MARKERS.values())) == len(SIZES)
    assert len({style.shade_of(M) for M in style.MULTIPLIERS}) == len(style.MULTIPLIERS)


def test_design_shows_every_run_and_rings_the_fit_runs(ax, table):
    chosen = select_loss_fit(table)
    figures_testbed.draw_design(ax, table, chosen)
    rings = points(labelled(ax, "fits the loss law"))
    assert rings.tolist() == chosen[["N", "D"]].to_numpy().tolist()
    assert as_set(*unringed(ax).T) == as_set(table["N"], table["D"])
    for M, line in zip(style.MULTIPLIERS, ax.lines, strict=True):
        assert line.get_ydata() == pytest.approx(M * line.get_xdata())
        assert line.get_color() == style.shade_of(M)


def test_marks_have_the_marker_of_their_size_and_the_shade_of_their_multiplier(ax, table):
    run = table[(table["size"] == "0.154B") & (table["M"] == 40)]
    style.scatter_runs(ax, run, "N", "D")
    expected = plt.scatter([1], [1], marker=style.SIZE_MARKERS["0.154B"]).get_paths()[0]
    assert ax.collections[0].get_paths()[0].vertices.tolist() == expected.vertices.tolist()
    assert to_hex(ax.collections[0].get_facecolor()[0]) == style.shade_of(40)


def test_law_over_compute_is_solid_inside_the_fitted_range_and_dashed_outside(ax, table):
    chosen = select_loss_fit(table)
    figures.draw_loss_against_compute(ax, table, LAW, chosen, select_targets(table))
    check_pieces(drawn(ax), chosen["C"].min(), chosen["C"].max())
    shaded = ax.patches[0]
    assert shaded.get_x() == chosen["C"].min()
    assert shaded.get_x() + shaded.get_width() == pytest.approx(chosen["C"].max())
    assert points(labelled(ax, "fits the law")).tolist() == (
        chosen[["C", LOSS_COLUMN]].to_numpy().tolist()
    )
    assert as_set(*unringed(ax).T) == as_set(table["C"], table[LOSS_COLUMN])


def test_law_over_compute_has_the_losses_of_its_multiplier(ax, table):
    figures.draw_loss_against_compute(ax, table, LAW, select_loss_fit(table), select_targets(table))
    for M, runs in table.groupby("M"):
        lines = [line for line in drawn(ax) if line.get_color() == style.shade_of(M)]
        C = np.concatenate([line.get_xdata() for line in lines])
        N = np.sqrt(C / (6 * M))
        assert np.concatenate([line.get_ydata() for line in lines]) == pytest.approx(
            LAW.predict(N, M * N), rel=1e-12
        )
        assert (C.min() < runs["C"].min()) and (runs["C"].max() < C.max())


def test_targets_say_by_how_much_the_law_misses_them(ax, table):
    targets = select_targets(table)
    figures.draw_loss_against_compute(ax, table, LAW, select_loss_fit(table), targets)
    misses = 100 * (LAW.predict(targets["N"], targets["D"]) / targets[LOSS_COLUMN] - 1)
    assert [text.get_text() for text in ax.texts] == [
        f"1.4B, M = 640\n{misses[0]:+.2g}%",
        f"6.9B, M = 20\n{misses[1]:+.2g}%",
    ]
    assert [text.xy for text in ax.texts] == list(
        zip(targets["C"], targets[LOSS_COLUMN], strict=True)
    )


def test_error_law_is_solid_inside_the_fitted_losses_and_dashed_outside(ax, table):
    chosen = select_error_fit(table)
    figures.draw_error_against_loss(ax, table, ERROR, chosen)
    lines = drawn(ax)
    check_pieces(lines, chosen[LOSS_COLUMN].min(), chosen[LOSS_COLUMN].max())
    for line in lines:
        assert line.get_ydata() == pytest.approx(ERROR.predict(line.get_xdata()), rel=1e-12)
    L = np.concatenate([line.get_xdata() for line in lines])
    assert L.min() < table[LOSS_COLUMN].min()
    assert L.max() >= table[LOSS_COLUMN].max()
    columns = [LOSS_COLUMN, ERROR_COLUMN]
    rings = points(labelled(ax, "fits the law"))
    assert rings.tolist() == chosen[columns].to_numpy().tolist()
    assert as_set(*unringed(ax).T) == as_set(table[LOSS_COLUMN], table[ERROR_COLUMN])


def test_headline_feeds_the_predicted_loss_to_the_error_law(table):
    figure, targets, chain = make_headline(), select_targets(table), fit_chain(table)
    predicted = chain.error_fit.law.predict(chain.predict_loss(targets["N"], targets["D"]))
    misses = 100 * (predicted / targets[ERROR_COLUMN] - 1)
    said = [text.get_text().split("\n")[1] for text in figure.axes[1].texts]
    plt.close(figure)
    assert said == [f"{miss:+.2g}%" for miss in misses]


def test_profile_draws_its_cost_and_marks_the_best_exponent(ax):
    exponent, cost = np.array([0.1, 0.2, 0.3]), np.array([3.0, 1.0, 2.0])
    figures.draw_profile(ax, exponent, cost, 0.2, "C4", "#123456")
    line, best = ax.lines
    assert (line.get_xdata().tolist(), line.get_ydata().tolist()) == (
        exponent.tolist(),
        cost.tolist(),
    )
    assert list(best.get_xdata()) == [0.2, 0.2]
    assert (line.get_label(), line.get_color(), best.get_color()) == ("C4", "#123456", "#123456")


@pytest.mark.filterwarnings("ignore:The set_bad function")  # seaborn calls it
def test_miss_map_prints_per_cent_and_a_star_where_a_run_fits_the_law(ax):
    misses = pd.DataFrame([[0.0123, -0.004], [np.nan, 0.1]], ["0.011B", "1.4B"], [20, 320])
    used = pd.DataFrame([[True, False], [False, False]], misses.index, misses.columns)
    figures.draw_miss_map(ax, misses, used)
    assert [text.get_text() for text in ax.texts] == ["+1.2*", "-0.4", "+10.0"]
    centres = [text.get_position() for text in ax.texts]
    assert centres == [(0.5, 0.5), (1.5, 0.5), (1.5, 1.5)]
    shown = np.ma.filled(ax.collections[0].get_array(), np.nan)
    np.testing.assert_array_equal(shown.reshape(2, 2), 100 * misses.to_numpy())
    assert ax.collections[0].get_clim() == (-5, 5)


def test_legs_add_up_to_the_chain(ax):
    legs = pd.DataFrame(
        {
            "label": ["one", "two", "three"],
            "error_law": [0.02, -0.03, 0.01],
            "loss_law": [0.01, 0.05, -0.04],
            "chain": [0.03, 0.02, -0.03],
        }
    )
    figures.draw_legs(ax, legs)
    error_law, loss_law = ax.containers
    assert [bar.get_x() for bar in error_law] == [0.0] * 3
    assert [bar.get_x() for bar in loss_law] == legs["error_law"].tolist()
    assert [bar.get_width() for bar in error_law] == pytest.approx(legs["error_law"].tolist())
    assert [bar.get_width() for bar in loss_law] == pytest.approx(legs["loss_law"].tolist())
    diamonds = points(labelled(ax, "both laws"))
    assert diamonds[:, 0].tolist() == legs["chain"].tolist()
    ends = [bar.get_x() + bar.get_width() for bar in loss_law]
    assert ends == pytest.approx(legs["chain"].tolist())
    assert ax.get_xlim()[0] < -0.031, "a bar ends on the frame"
    rows = dict(zip(ax.get_yticks(), (t.get_text() for t in ax.get_yticklabels()), strict=True))
    assert [rows[y] for y in diamonds[:, 1]] == legs["label"].tolist()
    for bars in (error_law, loss_law):
        middles = [bar.get_y() + bar.get_height() / 2 for bar in bars]
        assert np.round(middles).tolist() == diamonds[:, 1].tolist()


def test_curves_show_the_losses_of_the_data_set_they_name(ax):
    runs = run_table()
    runs = runs[runs["M"] == 20].sample(frac=1, random_state=1)
    figures_testbed.draw_curves(ax, runs, "N")
    assert [line.get_label() for line in ax.lines] == list(style.DATASET_LABELS.values())
    for dataset, line in zip(style.DATASET_LABELS, ax.lines, strict=True):
        own = runs[runs["dataset"] == dataset].sort_values("N")
        assert line.get_xdata().tolist() == own["N"].tolist()
        assert line.get_ydata().tolist() == own[LOSS_COLUMN].tolist()
        looks = style.DATASET_COLOURS[dataset], style.DATASET_MARKERS[dataset]
        assert (line.get_color(), line.get_marker()) == looks


def test_warmup_shows_the_share_of_each_size(ax, table):
    runs = table.assign(warmup_share=table["warmup_steps"] / table["steps"])
    figures_testbed.draw_warmup(ax, runs.sample(frac=1, random_state=1))
    for size, marker in style.SIZE_MARKERS.items():
        line, own = labelled(ax, size), runs[runs["size"] == size].sort_values("M")
        assert line.get_xdata().tolist() == own["M"].tolist()
        assert line.get_ydata().tolist() == own["warmup_share"].tolist()
        assert line.get_marker() == marker


def test_intervals_stand_in_the_row_of_their_loss_set(ax):
    widths = pd.DataFrame({"sequences": [0.02, 0.03], "tokens": [0.001, 0.002]}, ["c4", "ptb"])
    figures_testbed.draw_intervals(ax, widths)
    rows = dict(zip(ax.get_yticks(), (t.get_text() for t in ax.get_yticklabels()), strict=True))
    for column in widths:
        marks = points(labelled(ax, f"over {column}"))
        assert {rows[y]: x for x, y in marks} == widths[column].to_dict()
    bars = ax.collections[2].get_segments()
    assert {rows[bar[0, 1]]: bar[:, 0].tolist() for bar in bars} == {
        "c4": [0.001, 0.02],
        "ptb": [0.002, 0.03],
    }
