"""Few runs: which designs are drawn, how they are judged, and what the chapter and README tell."""

from itertools import islice

import numpy as np
import pandas as pd
import pytest
from compare import compare
from jitter import jittered_data
from plain import fit_plainly

from scaling.laws.fit import fit_loss_law
from scaling.laws.prior import fit_with_belief, load_belief
from scaling.studies.predictors import few_runs
from scaling.studies.predictors.candidates import Candidate
from scaling.studies.predictors.families import member_of_second
from scaling.studies.predictors.few_runs import (
    N_DESIGNS,
    N_SEEDS,
    NO_CHANGE,
    RECIPE,
    draw_designs,
    judge_designs,
    leave_each_out,
    list_series,
)
from scaling.studies.predictors.selection import second_choice
from scaling.studies.results import RESULTS, load_result
from scaling.testbed.grids import load_grid
from scaling.testbed.runs import run_table, select_loss_fit, select_targets

TESTBED = ("c4", "redpajama", "refinedweb")


def test_the_series_know_cheap_runs_and_are_asked_for_dear_ones():
    series = {(task.keys["grid"], task.keys["series"]): task for task in list_series()}
    assert list(series) == [
        ("olmo_ladder", ""),
        ("gemstones", ""),
        ("porian", "openwebtext2"),
        ("porian", "refinedweb"),
        ("datablations", ""),
        *(("testbed", name) for name in TESTBED),
    ]
    for (grid, name), task in series.items():
        assert list(task.keys) == ["grid", "series"]
        known, asked = task.case.runs, task.asked
        assert task.case.losses.shape == (1, len(known))
        if grid == "testbed":
            assert (known["N"].max(), known["M"].min().round()) == (
                pytest.approx(4.12e8, rel=1e-2),
                10,
            )
            assert asked["run"].tolist() == select_targets(run_table(name))["run"].tolist()
            assert task.case.losses[0].tolist() == known["loss_c4_eval"].tolist()
        else:
            largest = load_grid(grid).query("dataset == @name" if name else "N > 0")
            if "target" in largest:
                largest = largest[largest["target"] == 0]
            assert known["C"].max() <= 1.001 * largest["C"].max() / 20 < asked["C"].min()


def test_designs_are_spread_distinct_and_all_found():
    """Six runs, of which five are chosen: those that are too narrow or too few never come."""
    runs = pd.DataFrame({"N": [1e7, 1e7, 2e7, 4e7, 4e7, 4e7], "D": [2e8, 1e9, 2e9, 8e8, 8e8, 8e8]})
    designs = list(islice(draw_designs(runs, 5, np.random.default_rng(0)), 300))
    assert {design.sum() for design in designs} == {5}
    left_out = [int(np.flatnonzero(~design)[0]) for design in designs]
    # Without the last run of each, four differ; without one of the first three, three do.
    assert sorted(set(left_out)) == [3, 4, 5]
    assert np.bincount(left_out)[3:].min() > 70
    narrow = runs.assign(N=[1e7, 1e7, 2e7, 3e7, 3e7, 4e7], D=[2e8, 1e9, 2e9, 6e8, 7e8, 8e8])
    designs = list(islice(draw_designs(narrow, 5, np.random.default_rng(0)), 100))
    assert all(design[5] for design in designs)  # the one run that makes a factor of four


def test_a_design_is_judged_from_its_runs_alone():
    """The law of the rows drawn, by plain SciPy; the mean size of the misses at the dear runs."""
    task = next(task for task in list_series() if task.keys["grid"] == "datablations")
    belief = second_choice("datablations")
    best = member_of_second(belief, "prior")
    rng = np.random.default_rng([8, 0])
    misses = judge_designs(task, 8, [RECIPE, best, NO_CHANGE], n_designs=3, rng=rng)
    designs = islice(draw_designs(task.case.runs, 8, np.random.default_rng([8, 0])), 3)
    asked = [task.asked[name].to_numpy(float) for name in ("N", "D", "loss")]
    for kept, row in zip(designs, misses.to_dict("records"), strict=True):
        runs = task.case.runs[kept]
        known = [runs[name].to_numpy(float) for name in ("N", "D", "loss")]
        pulled = fit_with_belief(belief, *known).law.predict(*asked[:2])
        plain = fit_loss_law(*known).law.predict(*asked[:2])
        last = runs.sort_values("C")["loss"].iloc[-1]
        expected = [np.abs(p / asked[2] - 1).mean() for p in (plain, pulled, last)]
        assert list(row.values()) == pytest.approx(expected)
        predict, *_ = fit_plainly(*known, alpha=fit_with_belief(belief, *known).law.alpha)
        assert pulled == pytest.approx(predict(*asked[:2]), rel=1e-6)


def test_no_constants_have_seen_the_grid_that_they_predict(monkeypatch):
    """Constants that predict, as a loss, the number of what they were chosen without."""
    left_out = ["olmo_ladder", "gemstones", "porian", "datablations", "testbed"]

    def predict_number(number, name):
        return Candidate(
            name, "", 0, lambda case: lambda runs: np.full((1, len(runs)), 9.0 + number)
        )

    monkeypatch.setattr(few_runs, "second_choice", left_out.index)
    monkeypatch.setattr(few_runs, "member_of_second", predict_number)
    table = few_runs.tabulate_few_runs(n_seeds=2, n_designs=2)
    by_series = table.groupby(["grid", "series"], sort=False)
    for task, (_, own) in zip(list_series(), by_series, strict=True):
        losses = task.asked[task.columns[0]]
        number = 9.0 + left_out.index(task.keys["grid"])
        assert own["median_prior"].tolist() == pytest.approx([(number / losses - 1).mean()] * 2)
        assert own["grid"].tolist() == [task.keys["grid"]] * 2
        assert own["nearer_std"].tolist() == [0, 0]  # never nearer, under any seed


@pytest.mark.slow
def test_one_series_of_the_stored_table_comes_out_again(monkeypatch, tmp_path):
    """From losses a rounding away; all eight would take ten minutes."""
    with jittered_data(tmp_path, seed=1):
        ladder = list_series()[0]
        monkeypatch.setattr(few_runs, "list_series", lambda: [ladder])
        made = few_runs.tabulate_few_runs()
    stored = load_result("few_runs").query("grid == 'olmo_ladder'")
    assert compare(stored, made, RESULTS["few_runs"].keys) == []


def test_leaving_each_of_five_out():
    table = leave_each_out([RECIPE, NO_CHANGE])
    assert len(table) == 3 * 5 * 2
    row = table.query("left_out == 'redpajama-0.079B-M20' and size == '6.9B'").iloc[0]
    five = select_loss_fit(run_table("redpajama"))
    kept = five[five["run"] != "redpajama-0.079B-M20"]
    predicted = fit_loss_law(kept["N"], kept["D"], kept["loss_c4_eval"]).law.predict(6.9e9, 138e9)
    target = select_targets(run_table("redpajama")).set_index("size").loc["6.9B"]
    assert row["recipe"] == pytest.approx(predicted / target["loss_c4_eval"] - 1, abs=5e-4)
    last = kept.sort_values("C")["loss_c4_eval"].iloc[-1]
    assert row["no change"] == pytest.approx(last / target["loss_c4_eval"] - 1)
    assert table.groupby("M_out").size().to_dict() == {20: 24, 320: 6}


# --- what the chapter and the README tell --------------------------------------------------


def test_holes_as_the_chapter_tells_them():
    """One of the four runs at M = 20, asked for 6.9B; with the M = 320 run no prior helps."""
    best = member_of_second(load_belief(), "prior")
    others = member_of_second(second_choice("testbed"), "others")
    names = ["recipe", "prior", "others", "no change"]
    holes = leave_each_out([RECIPE, best, others, NO_CHANGE])
    means = holes.assign(**holes[names].abs()).groupby(["M_out", "size"])[names].mean().mul(100)
    assert means.loc[20, "6.9B"].round(1).tolist() == [5.0, 0.9, 3.1, 32.4]
    ray = holes.query("M_out == 20 and size == '6.9B'")[names].abs()
    assert (ray["others"] < ray["recipe"]).sum() == 8
    assert means.loc[320, "1.4B"].round(1).tolist() == [8.6, 9.4, 8.2, 24.2]


def test_random_designs_as_the_chapter_tells_them():
    """Nearer on most designs of most series; farther on the two grids of the farthest exponents."""
    table = load_result("few_runs").set_index(["grid", "series", "n_runs"])
    assert (table["n_designs"] == N_DESIGNS).all() and (table["n_seeds"] == N_SEEDS).all()
    counted = (table["nearer"] * (1 - table["nearer"]) / N_DESIGNS) ** 0.5
    assert (table["nearer_std"] / counted).between(0.5, 1.5).all()  # as independent draws have it
    away = (table["nearer"] - 0.5) / table["nearer_std"]
    assert (away > 2).sum() == 11
    assert away[away < -2].index.tolist() == [
        ("olmo_ladder", "", 8),
        ("porian", "openwebtext2", 5),
        ("porian", "refinedweb", 5),
    ]
    alpha = table["alpha"].groupby(["grid", "series"]).first()
    off = np.log(alpha / load_belief().alpha_0).abs().sort_values()
    assert set(off.index.get_level_values("grid")[-3:]) == {"porian", "olmo_ladder"}
    assert (table[["median_recipe", "median_prior"]].max(axis=1) < table["median_no_change"]).all()
