"""Ranks: SciPy's, by hand, and what a bootstrap of them may say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from scaling.studies.loss.ranks import count_lower, order_pairs, rank_errors
from scaling.testbed.labels import LOSS_SETS
from scaling.testbed.runs import run_table


def make_table(n=60):
    rng = np.random.default_rng(1)
    error = rng.normal(size=n)
    return pd.DataFrame(
        {"err": error, "good": error**3, "same": error**3, "poor": error + rng.normal(size=n)}
    )


def test_rank_errors_names_the_best_and_how_far_the_rest_is_behind():
    ranks = rank_errors(
        make_table(), ["poor", "good", "same"], "err", np.random.default_rng(0), 500
    )
    assert ranks.loc["good", ["spearman", "spearman_lo", "behind"]].tolist() == pytest.approx(
        [1, 1, 0]
    )
    assert ranks.loc["same", ["behind", "behind_lo", "behind_hi"]].tolist() == pytest.approx(
        [0, 0, 0]
    )
    poor = ranks.loc["poor"]
    assert poor["behind"] == pytest.approx(1 - poor["spearman"])
    assert poor["spearman_lo"] < poor["spearman"] < poor["spearman_hi"] < 1
    assert poor["behind_lo"] == pytest.approx(1 - poor["spearman_hi"])
    assert (ranks["n_runs"] == 60).all()


def test_the_interval_shrinks_with_runs():
    widths = []
    for n in (30, 480):
        ranks = rank_errors(make_table(n), ["poor"], "err", np.random.default_rng(0), 400)
        widths.append((ranks["spearman_hi"] - ranks["spearman_lo"]).item())
    assert widths[0] / widths[1] == pytest.approx(4, rel=0.5)


def test_the_interval_holds_95_per_cent():
    """Of a rank correlation of nothing, whose standard error is 1 / sqrt(n - 1)."""
    rng = np.random.default_rng(3)
    table = pd.DataFrame(rng.normal(size=(500, 2)), columns=["x", "err"])
    row = rank_errors(table, ["x"], "err", rng).loc["x"]
    ends = (row[["spearman_lo", "spearman_hi"]] - row["spearman"]) * np.sqrt(499)
    assert ends.tolist() == pytest.approx([-1.96, 1.96], abs=0.12)


def test_the_best_is_one_column_in_every_draw():
    """Of two that are nearly as good the second is ahead in some draws; the worst never is."""
    table = make_table(200)
    noise = np.random.default_rng(4).normal(size=(2, 200))
    error = table["err"]
    table = table.assign(a=error + noise[0], b=error + noise[1], against=-error)
    ranks = rank_errors(table, ["a", "b", "against"], "err", np.random.default_rng(0), 500)
    best, second = ranks["spearman"].nlargest(2).index
    assert {best, second} == {"a", "b"}
    assert ranks.loc[best, ["behind", "behind_lo", "behind_hi"]].tolist() == [0, 0, 0]
    assert ranks.loc[second, "behind_lo"] < 0 < ranks.loc[second, "behind_hi"]
    assert ranks.loc["against", "behind_lo"] > 1


def test_pairs_by_hand():
    """Two shapes, three training sets; one run is missing."""
    table = pd.DataFrame(
        [
            ("a", "S", 20, 3.0, 9.0, 0.5),
            ("b", "S", 20, 2.0, 8.0, 0.6),
            ("c", "S", 20, 1.0, 7.0, 0.4),
            ("a", "L", 20, 2.5, 6.0, 0.3),
            ("b", "L", 20, 2.6, 5.0, 0.4),
        ],
        columns=["dataset", "size", "M", "x", "y", "err"],
    )
    shares = order_pairs(table, ["x", "y"], "err", np.random.default_rng(0), 200)
    assert list(shares) == ["a, b", "a, c", "b, c", "all", "all_lo", "all_hi", "n_pairs"]
    # Shape S has three pairs, L one: x is right in two and one, y in two and none.
    assert shares.loc["x"].tolist() == pytest.approx([0.5, 1, 1, 0.75, 2 / 3, 1, 4])
    assert shares.loc["y"].tolist() == pytest.approx([0, 1, 1, 0.5, 0, 2 / 3, 4])
    assert shares.loc["constant"].tolist() == [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 4]


def test_whoever_names_one_set_throughout_names_the_better_more_often():
    """The first shape is the exception."""
    errors = {"x": [0.6, 0.3, 0.3], "y": [0.5, 0.4, 0.4]}
    table = pd.DataFrame(
        [
            (name, f"S{i}", 20, err, err)
            for name, own in errors.items()
            for i, err in enumerate(own)
        ],
        columns=["dataset", "size", "M", "loss", "err"],
    )
    shares = order_pairs(table, ["loss"], "err", np.random.default_rng(0), 10)
    assert shares["x, y"].to_dict() == pytest.approx({"loss": 1, "constant": 2 / 3})


def test_the_pairs_of_one_shape_are_drawn_together():
    """Two hundred shapes, three pairs each, all right or all wrong: as wide as 200 coins."""
    rows = [
        (dataset, shape, 20, (i if shape % 2 else -i), float(i))
        for shape in range(200)
        for i, dataset in enumerate("xyz", 1)
    ]
    table = pd.DataFrame(rows, columns=["dataset", "size", "M", "loss", "err"])
    share = order_pairs(table, ["loss"], "err", np.random.default_rng(0)).loc["loss"]
    assert (share["all"], share["n_pairs"]) == (0.5, 600)
    ends = binom.ppf([0.025, 0.975], 200, 0.5) / 200
    assert share[["all_lo", "all_hi"]].tolist() == pytest.approx(ends, abs=0.006)


def test_on_the_testbed_c4_eval_ranks_over_all_sizes_but_not_between_training_sets():
    columns = ["loss_c4_eval", "loss_paloma_code"]
    ranks = rank_errors(run_table(), columns, "err_avg17", np.random.default_rng(0), 50)
    assert ranks["spearman"].round(3).tolist() == [0.981, 0.781]
    shares = order_pairs(run_table(), columns, "err_avg17", np.random.default_rng(0))
    assert shares["all"].round(2).tolist() == [0.36, 0.70, 0.72]
    assert shares.loc["loss_c4_eval", ["all_lo", "all_hi"]].tolist() == pytest.approx(
        [0.26, 0.47], abs=0.02
    )
    assert (shares["n_pairs"] == 100).all()


def test_pairs_where_one_training_set_is_lower_by_hand():
    table = pd.DataFrame(
        [("a", "S", 1.0), ("b", "S", 2.0), ("c", "S", 0.5), ("a", "L", 3.0), ("b", "L", 3.0)],
        columns=["dataset", "size", "loss"],
    ).assign(M=20)
    assert count_lower(table, ["loss"], "a").to_dict() == {"loss": 1, "n_pairs": 3}
    assert count_lower(table, ["loss"], "c").to_dict() == {"loss": 2, "n_pairs": 2}


def test_english_c4_prefers_models_trained_on_it_and_five_texts_never_do():
    columns = [f"loss_{name}" for name in LOSS_SETS.values()]
    lower = count_lower(run_table(), [*columns, "err_avg17"], "c4")
    assert lower[lower > 0].to_dict() == {
        "loss_c4_eval": 63,
        "loss_paloma_c4": 63,
        "loss_c4_german": 43,
        "err_avg17": 12,
        "n_pairs": 66,
    }
    shares = order_pairs(run_table(), columns, "err_avg17", np.random.default_rng(0))
    with_c4 = shares[["c4, redpajama", "c4, refinedweb"]]
    assert with_c4.loc[lower.index[lower == 0]].eq(with_c4.loc["constant"]).all(axis=None)
    best = shares.loc[columns, "all"].idxmax()
    assert best == "loss_paloma_ptb"
    assert shares.loc[best, "all_lo"] < shares.loc["constant", "all"] < shares.loc[best, "all"]
