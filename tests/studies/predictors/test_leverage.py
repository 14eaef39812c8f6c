"""What a prediction owes to single runs: planted truths, and what the chapter states."""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np
import pandas as pd
import pytest

from scaling.laws.fit import fit_loss_law, fit_loss_surface
from scaling.laws.law import LossLaw
from scaling.studies.predictors.extrapolation import summarise_errors
from scaling.studies.predictors.leverage import (
    FITTERS,
    drop_each,
    drop_others,
    extrapolate,
    fit_all,
    leave_out,
    mirror,
    summarise_leverage,
)
from scaling.studies.results import load_result
from scaling.testbed.grids import (
    GRIDS,
    is_beaten,
    load_grid,
    select_plain,
    split_by_compute,
    split_series,
)

TRUTH = LossLaw(E=1.8, A=400.0, B=2000.0, alpha=0.34)


def plant(noise=0.0):
    """A grid of 6 sizes and 5 multipliers that follows one law, and noise if asked for."""
    N, M = (a.ravel() for a in np.meshgrid(np.geomspace(1e7, 3e9, 6), np.geomspace(5, 80, 5)))
    loss = TRUTH.predict(N, M * N) * np.exp(noise * np.random.default_rng(0).normal(size=len(N)))
    table = pd.DataFrame({"N": N, "D": M * N, "M": M, "C": 6 * M * N**2, "loss": loss})
    return table.assign(run=[f"run {i}" for i in range(len(N))], N_body=N)


# --- fits and predictions of one series ---------------------------------------------------


def test_a_planted_law_leaves_nothing_and_is_extrapolated():
    table = plant()
    assert fit_all(table).abs().max() < 1e-9
    errors = extrapolate(table, 1 / 20)
    assert errors.abs().max() < 1e-8
    dear = table[(table["C"] >= table["C"].max() / 10)]
    assert errors.index.tolist() == dear["run"].tolist()


def test_signs_of_residual_and_error():
    table = plant(0.01)
    residual = fit_all(table)
    law = fit_loss_law(table["N"], table["D"], table["loss"]).law
    assert residual.tolist() == pytest.approx(
        (law.predict(table["N"], table["D"]) / table["loss"] - 1).tolist()
    )
    cheap = table[table["C"] <= table["C"].max() / 20]
    law = fit_loss_law(cheap["N"], cheap["D"], cheap["loss"]).law
    errors = extrapolate(table, 1 / 20)
    dear = table.set_index("run").loc[errors.index]
    assert errors.tolist() == pytest.approx(
        (law.predict(dear["N"], dear["D"]) / dear["loss"] - 1).tolist()
    )


def test_the_count_and_the_fitter_are_used():
    table = plant(0.01)
    moved = table.assign(N_body=table["N"] ** 1.3)
    assert not np.allclose(fit_all(moved, "N_body"), fit_all(moved))
    free = fit_loss_surface(table["N"], table["D"], table["loss"])
    assert fit_all(table, fitter=fit_loss_surface).tolist() == pytest.approx(
        (-free.residuals / table["loss"]).tolist()
    )


# --- sets of runs --------------------------------------------------------------------------


def test_to_leave_out_a_planted_fault():
    """A run that is 20 % off spoils both fits; without it nothing is left to see."""
    table = plant()
    bad = table["run"] == "run 0"
    spoilt = table.assign(loss=table["loss"] * np.where(bad, 1.2, 1.0))
    both = leave_out(spoilt, {"bad": bad})
    assert both["n_out"].to_dict() == {"nothing": 0, "bad": 1}
    assert (both.loc["nothing", "residual":] > 1e-3).all()
    assert (both.loc["bad", "residual":] < 1e-8).all()


def test_all_fits_are_judged_on_the_runs_in_none_of_the_sets():
    table = plant(0.01)
    first, dearest = table["run"] == "run 0", table["C"] == table["C"].max()
    looks = leave_out(table, {"first": first, "dearest": dearest})
    shared = ~(first | dearest)
    assert looks["n_out"].tolist() == [0, 1, 0]  # the dearest is judged, and never fitted cheaply
    for fraction in (1 / 20, 1 / 100):
        for name, kept in (("nothing", first | ~first), ("first", ~first), ("dearest", ~dearest)):
            errors = extrapolate(table, fraction, kept).drop(table.loc[dearest, "run"])
            error = looks.loc[name, f"error_1/{1 / fraction:.0f}"]
            assert error == pytest.approx(errors.abs().mean(), rel=1e-12)
            residuals = fit_all(table[kept])[table.index[shared]]
            assert looks.loc[name, "residual"] == pytest.approx(residuals.abs().mean())
    assert looks.loc["nothing", "error_1/20"] != pytest.approx(looks.loc["first", "error_1/20"])


def test_the_mirror_marks_as_many_of_the_largest_M():
    table = pd.DataFrame({"M": [0.5, 30.0, 2.0, 30.0, 7.0]})
    assert mirror(table, table["M"] < 3).tolist() == [False, True, False, True, False]
    assert mirror(table, table["M"] < 1).sum() == 1  # of equal M, one
    assert mirror(table, table["M"] < 0.1).sum() == 0


def few_cheap_runs():
    """Eight cheap runs, some that are neither, and two dear ones, of a planted law with noise."""
    table = plant(0.01)
    cheap, _ = split_by_compute(table, 1 / 20)
    share = table["C"] / table["C"].max()
    between = table[(share > 1 / 20) & (share < 1 / 10)]
    few = table[table["run"].isin(cheap["run"].iloc[::2][:8])]
    some = pd.concat([few, between, table.tail(2)], ignore_index=True)
    fitted, dear = split_by_compute(some, 1 / 20)
    assert (len(fitted), len(between), len(dear)) == (8, 2, 2)
    return some, some["run"] != dear["run"].iloc[0]


def test_every_way_to_leave_out_a_pair():
    some, judged = few_cheap_runs()
    errors = drop_others(some, 2, judged, rng=np.random.default_rng(1))
    cheap = split_by_compute(some, 1 / 20)[0]["run"]
    pairs = [
        extrapolate(some, 1 / 20, ~some["run"].isin(pair))[1:].abs().mean()
        for pair in combinations(cheap, 2)
    ]
    assert errors.tolist() == pytest.approx(pairs, rel=1e-5)


def test_random_ways_where_there_are_too_many():
    """At most 27 of the 28 pairs: drawn, each of them one of the 28 fits, and most come up."""
    some, judged = few_cheap_runs()
    exact = drop_others(some, 2, judged, rng=np.random.default_rng(1))
    drawn = drop_others(some, 2, judged, rng=np.random.default_rng(1), most=27)
    again = drop_others(some, 2, judged, rng=np.random.default_rng(1), most=27)
    assert drawn.shape == (27,)
    assert drawn.tolist() == again.tolist()
    nearest = np.abs(drawn[:, None] / exact - 1)
    assert nearest.min(axis=1).max() < 1e-5
    assert len(set(nearest.argmin(axis=1))) > 12


def test_parts_of_a_large_batch_keep_their_order(monkeypatch):
    some, judged = few_cheap_runs()
    whole = drop_others(some, 3, judged, rng=np.random.default_rng(1))
    monkeypatch.setattr("scaling.studies.predictors.leverage.AT_ONCE", 5)
    parts = drop_others(some, 3, judged, rng=np.random.default_rng(1))
    assert len(parts) == comb(8, 3) and parts.tolist() == pytest.approx(whole.tolist())


def test_each_cheap_run_is_left_out_in_turn():
    table = plant(0.01)
    cheap, _ = split_by_compute(table, 1 / 100)
    each = drop_each(table, 1 / 100)
    assert each.index.tolist() == ["", *cheap["run"]]
    whole = extrapolate(table, 1 / 100, fitter=fit_loss_surface).abs().mean()
    assert each.loc["", "free"] == pytest.approx(whole)
    run = cheap["run"].iloc[3]
    without = extrapolate(table, 1 / 100, table["run"] != run).abs().mean()
    assert each.loc[run, "recipe"] == pytest.approx(without)


# --- the stored table ----------------------------------------------------------------------


def test_one_run_of_one_series_moves_the_means():
    """Two grids, one of two series; beaten runs on the other."""
    rows = [
        ("all", "g", "a", "", 0.01), ("all", "g", "a", "r1", 0.05), ("all", "g", "b", "", 0.03),
        ("all", "h", "", "", 0.06), ("all", "h", "", "r2", 0.02), ("all", "h", "", "r3", 0.08),
        ("not beaten", "h", "", "", 0.04), ("not beaten", "h", "", "r3", 0.05),
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["runs", "grid", "series", "left_out", "x"])
    table.insert(1, "fit_share", "1/20")
    moved = summarise_leverage(table)["x"].droplevel("fit_share").to_dict()
    assert moved == pytest.approx(
        {
            ("all", "g", ""): 0.02, ("all", "g", "r1"): 0.04,
            ("all", "h", ""): 0.06, ("all", "h", "r2"): 0.02, ("all", "h", "r3"): 0.08,
            ("all", "mean of four", ""): 0.04, ("all", "mean of four", "r1"): 0.05,
            ("all", "mean of four", "r2"): 0.02, ("all", "mean of four", "r3"): 0.05,
            ("not beaten", "g", ""): 0.02, ("not beaten", "g", "r1"): 0.04,
            ("not beaten", "h", ""): 0.04, ("not beaten", "h", "r3"): 0.05,
            ("not beaten", "mean of four", ""): 0.03, ("not beaten", "mean of four", "r1"): 0.04,
            ("not beaten", "mean of four", "r3"): 0.035,
        }
    )  # fmt: skip


@pytest.fixture(scope="module")
def leverage():
    return summarise_leverage(load_result("leverage"))


def test_with_none_left_out_it_is_the_stored_misses(leverage):
    errors = summarise_errors(load_result("grids")).xs("N", level="count")
    for (share, grid), row in errors[list(FITTERS)].iterrows():
        assert leverage.loc["all", share, grid, ""].tolist() == pytest.approx(
            row.tolist(), rel=1e-6
        )
        assert len(leverage.loc["all", share, grid]) == 1 + errors.loc[(share, grid), "n_fit"]


def test_what_the_chapter_says_of_both_versions(leverage):
    means = 100 * leverage.xs("mean of four", level="grid").xs("", level="left_out")
    for key, values in {
        ("all", "1/20"): [1.94, 1.49, 1.92], ("not beaten", "1/20"): [1.32, 1.32, 1.59],
        ("all", "1/100"): [3.25, 3.10, 3.26], ("not beaten", "1/100"): [2.50, 2.97, 2.81],
    }.items():  # fmt: skip
        assert means.loc[key].tolist() == pytest.approx(values, abs=0.006)
    own = 100 * leverage.xs("datablations", level="grid").xs("", level="left_out").loc["not beaten"]
    assert own.loc["1/20"].tolist() == pytest.approx([0.36, 0.74, 1.42], abs=0.005)
    assert own.loc["1/100"].tolist() == pytest.approx([0.40, 1.19, 1.22], abs=0.005)


def test_how_many_single_runs_turn_the_order(leverage):
    """A tie with all runs, which the free law leads but for one; hardly any without the beaten."""
    in_mean = leverage.xs("mean of four", level="grid").drop(index="", level="left_out")
    groups = in_mean.groupby(["runs", "fit_share"])
    behind = groups.apply(lambda t: (t["prior"] > t["recipe"]).sum()).to_dict()
    assert groups.size().to_dict() == {
        ("all", "1/20"): 249, ("all", "1/100"): 133,
        ("not beaten", "1/20"): 247, ("not beaten", "1/100"): 131,
    }  # fmt: skip
    assert behind == {
        ("all", "1/20"): 13, ("all", "1/100"): 88,
        ("not beaten", "1/20"): 245, ("not beaten", "1/100"): 123,
    }  # fmt: skip
    turned = in_mean.loc["all", "1/20"].query("prior > recipe").index
    places = {
        name: split_by_compute(runs, 1 / 20)[0]["run"].isin(turned).sum()
        for name in ("olmo_ladder", "datablations")
        for runs in [select_plain(load_grid(name))]
    }
    assert places == {"olmo_ladder": 2, "datablations": 8}
    assert in_mean.loc["all", "1/20"].query("free > recipe").index.tolist() == ["2b8100m100m"]


def test_one_cell_is_a_toss(leverage):
    cell = 100 * leverage.loc["all", "1/100", "gemstones"]
    one_out = cell.drop("")
    assert one_out["recipe"].agg(["min", "max"]).tolist() == pytest.approx([1.40, 7.79], abs=0.005)
    assert one_out.mean()[["recipe", "prior"]].tolist() == pytest.approx([3.25, 2.97], abs=0.005)
    assert cell.loc[""][["recipe", "prior"]].tolist() == pytest.approx([2.32, 2.95], abs=0.005)


# --- what the chapter says of good and bad runs --------------------------------------------


@pytest.mark.parametrize("name", GRIDS)
def test_the_flag_of_a_beaten_run_reads_no_dear_run(name):
    """The run that beats is named in the flag; it has no more of anything, so no more compute."""
    table = load_grid(name).set_index("run")
    beaten = select_plain(load_grid(name)).set_index("run")
    beaten = beaten[is_beaten(beaten)]
    assert len(beaten) == (4 if name == "datablations" else 0)
    for run, flags in beaten["flags"].items():
        (better,) = [r for r in table.index if f"loss above that of {r}, which had" in flags]
        columns = ["N", "D", "C", "unique_tokens"]
        assert (table.loc[better, columns] <= table.loc[run, columns]).all()
        assert table.loc[run, "loss"] > 1.02 * table.loc[better, "loss"]


def test_two_beaten_runs_do_harm_and_two_others_carry_datablations():
    runs = select_plain(load_grid("datablations"))
    cheap = split_by_compute(runs, 1 / 20)[0]
    assert cheap.loc[is_beaten(cheap), "run"].tolist() == ["83m1b51b5", "2b8100m100m"]
    carry = runs["D"] == 4e8
    assert runs.loc[carry, "run"].tolist() == ["20m400m400m", "25m400m400m"]
    starved = runs["M"] < 1
    looks = leave_out(runs, {"beaten": is_beaten(runs), "starved": starved, "carry": carry})
    assert looks["n_out"].tolist() == [0, 2, 2, 2]
    assert looks["error_1/20"].tolist() == pytest.approx([0.0284, 0.0036, 0.0224, 0.0995], abs=5e-5)
    pairs, triples = (
        drop_others(runs, n, runs["N"] > 0, rng=np.random.default_rng(0)) for n in (2, 3)
    )
    assert (len(pairs), len(triples)) == (253, 1771)
    assert (pairs < looks.loc["beaten", "error_1/20"] * (1 - 1e-6)).sum() == 3
    assert pairs.max() == pytest.approx(looks.loc["carry", "error_1/20"], rel=1e-5)
    # the eight worst triples all hold that pair
    chosen = np.array(list(combinations(cheap["run"], 3)))[np.argsort(triples)[-8:]]
    assert np.isin(chosen, runs.loc[carry, "run"]).sum(axis=1).tolist() == [2] * 8
    low = runs["M"] < 3
    both = leave_out(runs, {"M < 3": low, "high": mirror(runs, low)})
    assert (both["error_1/20"].drop("nothing") > both.loc["nothing", "error_1/20"]).all()


@pytest.mark.parametrize("name", ["openwebtext2", "refinedweb"])
def test_either_end_of_porian_is_leverage(name):
    """Without small M the error rises, without large M more: quality is not the reason."""
    runs = split_series(load_grid("porian"))[name]
    low, high = (small := runs["M"] < 3), mirror(runs, small)
    looks = leave_out(runs, {"low": low, "high": high})
    nothing, without_low, without_high = looks["error_1/20"]
    assert 5 * nothing < without_low < without_high
    assert looks.loc["low", "residual"] < looks.loc["nothing", "residual"]
    rng = np.random.default_rng(0)
    for end, most_worse in (("low", 0.05), ("high", 0.005)):
        n_out = looks.loc[end, "n_out"]
        drawn = drop_others(runs, n_out, ~(low | high), rng=rng, most=2000)
        assert (drawn > looks.loc[end, "error_1/20"]).mean() < most_worse
    batch = leave_out(runs, {"batch": runs["flags"].str.contains("one batch")})
    assert batch["residual"].is_monotonic_increasing and batch["error_1/20"].is_monotonic_increasing
    drawn = drop_others(runs, 6, runs["N"] > 0, rng=rng, most=2000)
    assert (drawn > batch.loc["batch", "error_1/20"]).mean() > 0.1
