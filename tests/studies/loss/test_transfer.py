"""Other text: the recipe on every loss set, printed numbers, and who names which files."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import curve_fit

from scaling.studies.loss.sampling import sampling_noise
from scaling.studies.loss.transfer import (
    HOME,
    predict_sets,
    summarise_sets,
)
from scaling.testbed.labels import DATASETS, LOSS_SETS
from scaling.testbed.published import load_published
from scaling.testbed.runs import load_losses, load_runs, run_table, select_loss_fit, select_targets


@pytest.fixture(scope="module")
def predictions():
    return predict_sets(n_draws=50)


def test_every_run_stands_once_under_every_loss_set(predictions):
    assert len(predictions) == 104 * 8
    assert not predictions.duplicated(["run", "loss_set"]).any()
    assert set(predictions["loss_set"]) == set(LOSS_SETS.values())
    assert set(predictions["status"]) == {"converged"}


def test_roles_are_the_selections_of_the_authors(predictions):
    names = predictions.groupby("role")["run"].agg(set)
    assert names["fit"] == set(select_loss_fit(run_table())["run"])
    assert names["target"] == set(select_targets(run_table())["run"])
    assert names["large"] == {f"{dataset}-1.4B-M20" for dataset in DATASETS.values()}
    runs = load_runs().set_index("run")
    assert set(runs.loc[list(names["early"]), "M"]) == {5}
    assert len(names["small"]) == 68
    assert runs.loc[list(names["small"]), "M"].min() == 10
    assert runs.loc[list(names["small"]), "N"].max() < 1e9


def test_columns_are_those_of_the_testbed(predictions):
    measured = load_losses().set_index(["run", "loss_set"])
    ours = predictions.set_index(["run", "loss_set"])
    found = measured.loc[ours.index]
    assert ours["actual"].tolist() == found["loss"].tolist()
    half = (found["loss_hi"] - found["loss_lo"]) / 2 / found["loss"]
    assert ours["half_width"].to_numpy() == pytest.approx(half.to_numpy())
    miss = ours["predicted"] / ours["actual"] - 1
    assert ours["relative_error"].to_numpy() == pytest.approx(miss.to_numpy(), abs=1e-12)


@pytest.mark.parametrize(
    ("dataset", "loss_set"), [("c4", "paloma_ptb"), ("redpajama", "c4_german")]
)
def test_scipy_predicts_the_same(predictions, dataset, loss_set):
    def law(x, E, A, B, alpha):
        return E + A * x[0] ** -alpha + B * x[1] ** -alpha

    table = run_table(dataset)
    five = select_loss_fit(table)
    x = five[["N", "D"]].to_numpy(float).T / 1e9
    start = (2.5, 0.3, 0.3, 0.35)
    best, _ = curve_fit(law, x, five[f"loss_{loss_set}"], p0=start, maxfev=100_000, xtol=1e-14)
    rows = predictions[(predictions["dataset"] == dataset) & (predictions["loss_set"] == loss_set)]
    expected = law(rows[["N", "D"]].to_numpy(float).T / 1e9, *best)
    assert rows["predicted"].to_numpy() == pytest.approx(expected, rel=1e-5)


def test_noise_is_a_fraction_of_the_measured_loss(predictions):
    """That which all runs share takes no draws: it comes out again."""
    rows = predictions.query("dataset == 'c4' and loss_set == 'paloma_code'")
    N, D, actual = rows[["N", "D", "actual"]].to_numpy(float).T
    half_width = rows["half_width"] * rows["actual"]
    used = rows["role"] == "fit"
    _, shared = sampling_noise(N, D, actual, half_width, used, np.random.default_rng(0), 2)
    assert rows["noise_shared"].to_numpy() == pytest.approx(shared / actual, rel=1e-6, abs=1e-12)
    assert rows["relative_error"].abs().max() > 0.05  # of the predicted loss it would be another


def test_printed_misses_on_its_own_text_come_out(predictions):
    printed = load_published().query("source == 'Fig. 7'")
    keyed = predictions.set_index(["dataset", "size", "M", "loss_set"])["relative_error"]
    for _, row in printed.iterrows():
        ours = keyed[row["dataset"], row["size"], row["M"], HOME[row["dataset"]]]
        assert round(100 * abs(ours), 2) == pytest.approx(row["value"])
        assert row["target"] == HOME[row["dataset"]]
    assert len(printed) == 9


def test_the_mean_of_the_48_and_each_set(predictions):
    table = summarise_sets(predictions)
    target = predictions[predictions["role"] == "target"]
    assert len(target) == 48
    assert round(100 * target["relative_error"].abs().mean(), 2) == 5.46
    assert (100 * table["target_mean"]).round(2).to_dict() == {
        "c4_eval": 1.48,
        "openlm_eval": 4.40,
        "paloma_c4": 2.70,
        "paloma_redpajama": 7.57,
        "paloma_refinedweb": 2.87,
        "paloma_code": 10.87,
        "paloma_ptb": 6.21,
        "c4_german": 7.57,
    }


def test_summary_by_hand():
    rows = pd.DataFrame(
        {
            "loss_set": ["y"] * 6 + ["x"] * 2,
            "role": ["target", "target", "target", "small", "small", "early", "target", "small"],
            "relative_error": [-0.03, 0.01, 0.02, -0.05, 0.01, 9.0, -0.1, 0.2],
            "half_width": [0.1, 0.2, 0.6, 9.0, 9.0, 9.0, 0.3, 9.0],
        }
    )
    table = summarise_sets(rows)
    assert list(table.index) == ["y", "x"]
    assert table.loc["y"].to_dict() == pytest.approx(
        {
            "target_mean": 0.02,
            "target_max": 0.03,
            "small_mean": 0.03,
            "small_max": 0.05,
            "n_too_high": 2,
            "half_width": 0.2,
        }
    )
    assert table.loc["x", ["target_max", "small_max", "n_too_high"]].tolist() == [0.1, 0.2, 0]


def test_four_redpajama_runs_stand_apart_and_are_those_of_other_files(predictions):
    """On German and on RedPajama's own text, among the runs from 0.079B and M = 10 on.

    The fifth run of other files reads the first folder, of another store, and does not.
    """
    rows = predictions[
        (predictions["dataset"] == "redpajama")
        & (predictions["N"] > 2e7)
        & (predictions["M"] >= 10)
    ]
    copied = "redpajama-1.4B-M20"
    other = set(rows.loc[rows["other_files"], "run"])
    assert len(other) == 5
    for loss_set in ("paloma_redpajama", "c4_german"):
        own = rows[rows["loss_set"] == loss_set].nlargest(4, "relative_error")
        assert set(own["run"]) == other - {copied}
    c4 = predictions[(predictions["loss_set"] == "c4_eval") & (predictions["role"] == "small")]
    c4 = c4[c4["dataset"] == "c4"]
    top = c4.nlargest(4, "relative_error")["run"]
    assert set(top) == set(c4.loc[c4["other_files"], "run"])


def test_among_the_longest_c4_runs_the_stores_are_apart_on_four_texts(predictions):
    rows = predictions[
        (predictions["dataset"] == "c4")
        & (predictions["role"] == "small")
        & (predictions["D"] > 2e10)
    ]
    assert rows.groupby("loss_set")["other_files"].agg(["sum", "count"]).eq([4, 8]).all(axis=None)
    apart = {
        loss_set
        for loss_set, text in rows.groupby("loss_set")
        if text.nlargest(4, "relative_error")["other_files"].all()
    }
    assert apart == {"c4_eval", "paloma_c4", "paloma_refinedweb", "c4_german"}


def test_three_texts_and_five_are_apart_without_runs_of_other_files(predictions):
    """At 1.4B and M = 20. The targets of other files miss more than the one other on five only."""
    near = predictions["loss_set"].isin(["c4_eval", "paloma_c4", "paloma_refinedweb"])
    rows = predictions.assign(near=near)[predictions["role"].isin(["target", "large"])]
    by_files = rows.groupby(["role", "other_files", "near"])["relative_error"].agg(
        ["count", lambda miss: (miss > 0).sum(), lambda miss: round(100 * miss.abs().mean(), 1)]
    )
    assert {key: tuple(row) for key, row in by_files.T.items()} == {
        ("large", False, False): (10, 8, 3.6),
        ("large", False, True): (6, 0, 0.9),
        ("large", True, False): (5, 5, 3.1),
        ("large", True, True): (3, 0, 0.1),
        ("target", False, False): (5, 3, 4.4),
        ("target", False, True): (3, 0, 3.8),
        ("target", True, False): (25, 23, 7.9),
        ("target", True, True): (15, 9, 2.1),
    }
    assert rows.groupby("other_files")["run"].nunique().to_dict() == {True: 6, False: 3}
    means = rows[rows["role"] == "large"].groupby(["near", "loss_set"])["relative_error"]
    means = means.agg(lambda miss: miss.abs().mean())
    assert means[True].max() < means[False].min()


def test_small_runs_do_not_warn_of_penn_treebank(predictions):
    """The large C4 models are predicted too high there, the longest small ones too low."""
    rows = predictions.query("dataset == 'c4' and loss_set == 'paloma_ptb'").set_index("run")
    miss = rows["relative_error"]
    long = miss[(rows["role"] == "small") & (rows["M"] >= 320)]
    assert miss[rows["N"] > 1e9].min() > 0.09
    assert miss[rows["role"] == "fit"].abs().max() < 0.01
    assert long.max() < 0
    assert (long.idxmin(), round(long.min(), 2)) == ("c4-0.079B-M640", -0.24)


def test_small_runs_warn_in_order_with_and_without_other_files(predictions):
    target = summarise_sets(predictions)["target_mean"]
    for rows, rho in ((predictions, 0.93), (predictions[~predictions["other_files"]], 0.88)):
        small = rows[rows["role"] == "small"]
        mean = small["relative_error"].abs().groupby(small["loss_set"]).mean()
        assert target.corr(mean, method="spearman") == pytest.approx(rho, abs=0.005)
        assert set(mean.nlargest(2).index) == {"paloma_code", "paloma_ptb"}


def test_how_many_of_the_48_each_noise_covers():
    target = predict_sets().query("role == 'target'")
    covered = target[["half_width", "noise_independent", "noise_shared"]].ge(
        target["relative_error"].abs(), axis=0
    )
    assert covered.sum().to_dict() == {
        "half_width": 11,
        "noise_independent": 31,
        "noise_shared": 2,
    }


def test_noisy_copies_hang_on_the_seed_only():
    first, again, other = (predict_sets(seed, n_draws=20) for seed in (3, 3, 4))
    pd.testing.assert_frame_equal(first, again)
    assert not np.allclose(first["noise_independent"], other["noise_independent"])
    assert np.allclose(first["noise_shared"], other["noise_shared"])
