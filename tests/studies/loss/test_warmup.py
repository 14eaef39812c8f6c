"""What a long warm-up costs: pairs of the search, and what goes with the misses at M = 5."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from scaling.studies.loss.warmup import (
    SEARCH_DEVICES,
    compare_batches,
    correlate_miss,
    load_search_steps,
    pair_warmups,
    summarise_pairs,
)
from scaling.studies.results import load_result
from scaling.testbed.runs import load_search


def test_the_grid_has_eight_times_the_batch_of_the_search_in_every_shared_shape():
    both = compare_batches()
    assert both["size"].tolist() == ["0.011B", "0.079B", "0.154B", "0.411B"]
    assert (both["batch_sequences"] / both["batch"] == SEARCH_DEVICES).all()


def test_steps_of_the_search_count_eight_devices():
    search = load_search_steps()
    exact = search["D"] / (8 * 2048 * search["batch"])
    assert (search["steps"] - exact).abs().max() <= 0.5
    assert np.allclose(search["warmup_share"], search["warmup_steps"] / search["steps"])
    assert len(search) == 435


@pytest.fixture
def planted():
    """Two shapes with three warm-ups, one shape with one, and a run that differs in its batch."""
    rows = [
        (512, 8, 4, 64, 100, 3.0), (512, 8, 4, 64, 400, 2.9), (512, 8, 4, 64, 2000, 3.3),
        (512, 8, 8, 64, 400, 2.8), (512, 8, 8, 64, 2000, 3.0), (512, 8, 8, 32, 2000, 9.0),
        (768, 8, 4, 64, 400, 2.7), (768, 8, 4, 64, 2000, 2.6), (96, 4, 4, 64, 2000, 5.0),
    ]  # fmt: skip
    table = pd.DataFrame(
        rows, columns=["width", "layers", "heads", "batch", "warmup_steps", "loss"]
    )
    table = table.assign(lr=3e-3, D=1e9 + table["width"], N=5e7, steps=4000)
    return table.assign(warmup_share=table["warmup_steps"] / table["steps"])


def test_pairs_differ_in_their_warm_up_alone(planted):
    pairs = pair_warmups(planted, 400, 2000)
    assert len(pairs) == 3
    assert sorted(pairs["difference"]) == pytest.approx([-0.4, -0.2, 0.1])
    assert (pairs["share"] == 0.5).all()
    assert (pairs["share_shorter"] == 0.1).all()


def test_a_pair_turned_round_changes_its_sign(planted):
    forth, back = pair_warmups(planted, 400, 2000), pair_warmups(planted, 2000, 400)
    assert sorted(forth["difference"]) == pytest.approx(sorted(-back["difference"]))


def test_the_search_has_its_pairs_and_no_more():
    search = load_search_steps()
    pairs = pair_warmups(search, 400, 2000)
    assert len(pairs) == 69
    assert pairs["share"].is_monotonic_increasing
    key = ["width", "layers", "heads", "batch", "lr", "D"]
    raw = load_search().set_index(key)
    for row in pairs.sample(5, random_state=0).itertuples():
        both = raw.loc[tuple(getattr(row, name) for name in key)].set_index("warmup_steps")["loss"]
        assert row.difference == pytest.approx(both[400] - both[2000])


def test_pairs_are_summed_up_by_shape(planted):
    pairs = pair_warmups(planted, 400, 2000)
    (row,) = summarise_pairs(pairs, [0, 0.5, 1]).to_dict("records")
    assert (row["n_pairs"], row["n_shapes"], row["n_worse"]) == (3, 2, 1)
    assert row["p_value"] == 1.0
    assert (row["median"], row["min"], row["max"]) == pytest.approx((-0.2, -0.4, 0.1))


def test_a_bin_holds_its_upper_edge_and_an_empty_one_is_left_out(planted):
    pairs = pair_warmups(planted, 400, 2000)
    summary = summarise_pairs(pairs, [0, 0.25, 0.5, 0.75])
    assert [(b.left, b.right) for b in summary.index] == [(0.25, 0.5)]


def test_a_shape_is_worse_whose_mean_difference_is_below_zero():
    """By however little; where gain and loss cancel it is not, and the median does not matter."""
    shapes = {1: [0.125, -0.125], 2: [1e-4], 3: [-1e-4], 4: [-0.3, 0.1, 0.1], 5: [-1.0]}
    rows = [(width, difference) for width, own in shapes.items() for difference in own]
    pairs = pd.DataFrame(rows, columns=["width", "difference"]).assign(layers=4, share=0.9)
    (row,) = summarise_pairs(pairs, [0, 1]).to_dict("records")
    assert (row["n_pairs"], row["n_shapes"], row["n_worse"]) == (8, 5, 3)


def test_the_sign_test_counts_shapes():
    pairs = pd.DataFrame(
        {"width": range(8), "layers": 4, "share": 0.9, "difference": [-0.1] * 7 + [0.1]}
    )
    (row,) = summarise_pairs(pairs, [0, 1]).to_dict("records")
    assert row["n_worse"] == 7
    assert row["p_value"] == pytest.approx(2 * (1 + 8) / 2**8)


def test_a_warm_up_as_long_as_the_run_is_dear():
    pairs = pair_warmups(load_search_steps(), 400, 2000)
    doses = summarise_pairs(pairs, [0, 0.6, 0.95, 1, 1.2])
    assert doses["median"].is_monotonic_decreasing
    assert doses["median"].tolist() == pytest.approx([0.009, -0.024, -0.150, -0.234], abs=1e-3)
    above = summarise_pairs(pairs, [0.6, 1.2]).iloc[0]
    assert (above["n_worse"], above["n_shapes"]) == (16, 16)
    assert above["p_value"] == pytest.approx(2**-15)


@pytest.mark.parametrize(("shorter", "n_worse"), [(100, 11), (200, 16), (400, 16)])
def test_above_a_share_of_0_6_the_count_hangs_on_the_arm(shorter, n_worse):
    pairs = pair_warmups(load_search_steps(), shorter, 2000)
    above = summarise_pairs(pairs, [0.6, 1.2]).iloc[0]
    assert (above["n_worse"], above["n_shapes"]) == (n_worse, 16)
    top = summarise_pairs(pairs, [0.95, 1.2]).iloc[0]
    assert (top["n_worse"], top["n_shapes"]) == (7, 7)
    assert top["p_value"] == pytest.approx(2**-6)


def test_few_pairs_have_a_warm_up_longer_than_the_run():
    pairs = pair_warmups(load_search_steps(), 400, 2000)
    longest = pairs[pairs["share"] > 1]
    (row,) = summarise_pairs(longest, [1, 1.2]).to_dict("records")
    assert (row["n_pairs"], row["n_shapes"], row["p_value"]) == (7, 3, 0.25)
    assert (longest["D"] / longest["N"]).to_numpy() == pytest.approx(20)
    assert longest["share"].agg(["min", "max"]).tolist() == pytest.approx([1.047, 1.166], abs=1e-3)


def test_misses_are_ranked_with_the_sign_of_the_explanation():
    runs = pd.DataFrame(
        {
            "residual": [0.4, 0.3, 0.2, 0.1],
            "warmup_share": [1.2, 0.5, 0.25, 0.1],
            "steps": [100, 200, 400, 1000],
            "D": [4.0, 3.0, 2.0, 1.0],
            "N": [1.0, 2.0, 3.0, 4.0],
        }
    )
    found = correlate_miss(runs)
    assert found["warm-up share"] == pytest.approx(1)
    assert found["few steps"] == pytest.approx(1)
    assert found["few steps after warm-up"] == pytest.approx(1)
    assert found["few tokens"] == pytest.approx(-1)
    assert found["large model"] == pytest.approx(-1)


def test_steps_after_the_warm_up_are_never_fewer_than_none():
    """Two runs that end inside it tie, however far inside."""
    runs = pd.DataFrame(
        {"residual": [3.0, 2, 1], "warmup_share": [1.1, 1.5, 0.5], "steps": [10, 99, 10]}
    )
    found = correlate_miss(runs.assign(D=[1, 2, 3], N=[1, 2, 3]))
    left = np.array([0, 0, -5])
    assert found["few steps after warm-up"] == pytest.approx(
        spearmanr(left, runs["residual"]).statistic
    )


def test_the_misses_at_M_5_and_10():
    """The ranks that the chapter reads aloud."""
    judged = load_result("residuals").query("fit_set == 'grid_20'")
    five, both = (correlate_miss(judged[judged["M"] <= M]) for M in (5, 10))
    assert five.idxmax() == "warm-up share"
    assert both.idxmax() == "few steps after warm-up"
    assert both.max() == pytest.approx(0.936, abs=1e-3)
    at_5 = judged[judged["M"] == 5]
    assert (at_5.drop_duplicates("size").set_index("size")["steps"] < 1000).to_dict() == {
        "0.011B": True, "0.079B": True, "0.154B": True, "0.411B": False,
    }  # fmt: skip
