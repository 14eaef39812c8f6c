"""Ablation: which designs there are, what they predict, and what the stored tables say."""

from __future__ import annotations

from itertools import combinations

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from scipy.optimize import curve_fit

from scaling.figures import ablation as figures_ablation
from scaling.laws.fit import SOUND, fit_loss_law, fit_loss_surface
from scaling.laws.law import ErrorLaw, LossLaw, LossSurface
from scaling.studies.loss import ablation, ablation_tables
from scaling.studies.loss.ablation import (
    TARGETS,
    count_conditions,
    find_cheapest,
    fit_designs,
    is_nearer,
    list_choices,
    list_subsets,
    miss_targets,
    sweep_choices,
)
from scaling.studies.loss.ablation_tables import (
    FOUR_SIZES,
    TWO_ENDS,
    WITHOUT_LARGEST,
    _sum_up,
    move_without,
    pair_sizes,
    tabulate_leave_sizes_out,
    tabulate_subsets,
    tabulate_without_largest,
)
from scaling.studies.results import load_result
from scaling.testbed.labels import DATASETS, LOSS_COLUMN
from scaling.testbed.runs import run_table, select_large, select_loss_fit, select_small

TRUTH = LossLaw(1.8, 180.0, 220.0, 0.25)
RNG = np.random.default_rng(5)


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return run_table("redpajama")


@pytest.fixture(scope="module")
def small(table: pd.DataFrame) -> pd.DataFrame:
    return select_small(table)


@pytest.fixture(scope="module")
def sweep() -> pd.DataFrame:
    return sweep_choices("redpajama", "tied")


def pick(small: pd.DataFrame, sizes: tuple[str, ...], multipliers: tuple[int, ...]) -> np.ndarray:
    return (small["size"].isin(sizes) & small["M"].isin(multipliers)).to_numpy()


# --- which designs there are --------------------------------------------------------------


def test_small_runs_are_those_below_a_billion(table, small):
    assert len(small) == 32
    assert set(table["size"]) - set(small["size"]) == {"1.4B", "6.9B"}


def test_choices_by_hand():
    """One run is missing: a choice that names what it lacks is left out."""
    runs = pd.DataFrame({"size": ["s", "s", "t"], "M": [5, 20, 20], "C": [1.0, 2.0, 4.0]})
    choices, designs = list_choices(runs)
    expected = {
        ("s", "M5"): ([0], 1.0),
        ("s", "M20"): ([1], 2.0),
        ("s", "M5+M20"): ([0, 1], 3.0),
        ("t", "M20"): ([2], 4.0),
        ("s+t", "M20"): ([1, 2], 6.0),
        ("s+t", "M5+M20"): ([0, 1, 2], 7.0),
    }
    found = {}
    for (_, row), design in zip(choices.iterrows(), designs, strict=True):
        found[row["sizes"], row["multipliers"]] = (list(np.flatnonzero(design)), row["compute"])
        assert row["n_runs"] == design.sum()
        assert row["n_sizes"] == len(row["sizes"].split("+"))
        assert row["n_multipliers"] == len(row["multipliers"].split("+"))
    assert found == expected


@pytest.mark.parametrize(("dataset", "n"), [("c4", 3690), ("redpajama", 15 * 255)])
def test_choices_of_the_testbed_are_all_and_differ(dataset, n):
    choices, designs = list_choices(select_small(run_table(dataset)))
    assert len(choices) == len(designs) == n
    assert len(np.unique(designs, axis=0)) == n


def test_subsets_are_all_and_differ():
    subsets = list_subsets(9, 4)
    assert subsets.shape == (126, 9)
    assert (subsets.sum(axis=1) == 4).all()
    assert len(np.unique(subsets, axis=0)) == 126


# --- what they predict --------------------------------------------------------------------


@pytest.mark.parametrize(("law", "fitter"), [("tied", fit_loss_law), ("free", fit_loss_surface)])
def test_a_design_is_a_fit_of_its_runs_alone(monkeypatch, small, law, fitter):
    """Across the edges of a batch, with as many designs as are given."""
    monkeypatch.setattr(ablation, "BATCH", 3)
    designs = RNG.random((8, len(small))) < 0.4
    laws, status = fit_designs(small, designs, law)
    for i, design in enumerate(designs):
        runs = small[design]
        alone = fitter(runs["N"], runs["D"], runs[LOSS_COLUMN])
        assert status[i] == alone.status
        assert laws.alpha[i] == pytest.approx(alone.law.alpha, rel=1e-7)
        assert laws.predict(7e9, 1.4e11)[i] == pytest.approx(alone.law.predict(7e9, 1.4e11))


def test_designs_of_a_planted_law_predict_it(table, small):
    runs = small.assign(**{LOSS_COLUMN: TRUTH.predict(small["N"], small["D"])})
    large = select_large(table)
    large = large.assign(**{LOSS_COLUMN: 1.25 * TRUTH.predict(large["N"], large["D"])})
    designs = list_subsets(len(runs), 6)[::9000]
    laws, status = fit_designs(runs, designs)
    misses = miss_targets(laws, large)[status == "converged"]
    assert len(misses) > 50
    assert np.abs(misses[TARGETS] + 0.2).max().max() < 1e-6  # 1 / 1.25 - 1
    assert misses["worst"].to_numpy() == pytest.approx(0.2)


def test_targets_are_named_in_their_order(table):
    large = select_large(table)
    assert list(large["size"]) == ["1.4B", "1.4B", "6.9B"]
    assert large["M"].iloc[1] > large["M"].iloc[0] == large["M"].iloc[2] == 20
    losses = large[LOSS_COLUMN].to_numpy()
    always = LossLaw(*(np.array([v]) for v in (losses[2], 0.0, 0.0, 0.3)))
    assert miss_targets(always, large)[TARGETS].iloc[0].to_numpy() == pytest.approx(
        losses[2] / losses - 1
    )


def test_free_law_is_open_where_there_are_two_sizes(small):
    """The reason for `LEAST_SIZES`: all of them are unidentified; with three, hardly any."""
    choices, designs = list_choices(small)
    enough = choices["n_runs"] >= 5
    two = (enough & (choices["n_sizes"] == 2)).to_numpy()
    _, status = fit_designs(small, designs[two][::9], "free")
    assert set(status) == {"unidentified"}
    _, status = fit_designs(small, designs[(choices["n_sizes"] == 3) & enough][::9], "free")
    assert np.mean(status == "unidentified") < 0.02


@pytest.mark.parametrize(("law", "record"), [("tied", LossLaw), ("free", LossSurface)])
def test_condition_is_that_of_the_scaled_jacobian(small, law, record):
    designs = RNG.random((5, len(small))) < 0.5
    laws, _ = fit_designs(small, designs, law)
    found = count_conditions(laws, small, designs)
    for i, design in enumerate(designs):
        single = record(**{name: getattr(laws, name)[i] for name in record.__dataclass_fields__})
        jacobian = single.jacobian(small["N"][design], small["D"][design])
        jacobian = jacobian / np.linalg.norm(jacobian, axis=0)
        assert found[i] == pytest.approx(np.linalg.cond(jacobian), rel=1e-6)


def test_one_ray_cannot_be_conditioned_and_a_wide_one_can(sweep):
    one = sweep[sweep["n_multipliers"] == 1]
    assert (one["condition"] > 1e12).all()
    assert (one["status"] == "unidentified").all()
    wide = sweep[(sweep["multipliers"] == "M10+M640") & (sweep["n_sizes"] == 4)]
    assert (wide["condition"] < 1e3).all()


def test_sweep_is_what_curve_fit_finds(table, small, sweep):
    """One design of three sizes and three columns, by SciPy in the paper's parametrisation."""
    sizes, columns = ("0.011B", "0.079B", "0.411B"), (20, 80, 320)
    runs = small[pick(small, sizes, columns)]

    def law(x, E, a, b, alpha):
        return E + np.exp(a - alpha * np.log(x[0])) + np.exp(b - alpha * np.log(x[1]))

    x = runs[["N", "D"]].to_numpy(float).T
    p, _ = curve_fit(law, x, runs[LOSS_COLUMN], p0=(1.8, 5, 5, 0.25), xtol=1e-14, ftol=1e-14)
    row = sweep[(sweep["sizes"] == "+".join(sizes)) & (sweep["multipliers"] == "M20+M80+M320")]
    row = row.iloc[0]
    large = select_large(table)
    predicted = law(large[["N", "D"]].to_numpy(float).T, *p)
    assert (row["E"], row["eta"]) == pytest.approx((p[0], p[3] / 2), rel=1e-5)
    miss = predicted / large[LOSS_COLUMN].to_numpy() - 1
    assert row[TARGETS].to_numpy(float) == pytest.approx(miss, abs=1e-7)
    assert row["worst"] == pytest.approx(np.abs(miss).max(), abs=1e-7)
    assert row["compute"] == pytest.approx((6.0 * runs["N"] * runs["D"]).sum())
    assert (row["n_runs"], row["status"]) == (9, "converged")


@pytest.mark.parametrize(
    ("dataset", "law", "n"),
    [("c4", "tied", 3256), ("redpajama", "tied", 3377), ("c4", "free", 1235)],
)
def test_sweep_leaves_out_what_cannot_be_fitted(dataset, law, n):
    found = sweep_choices(dataset, law)
    assert len(found) == n
    assert found["n_runs"].min() == (4 if law == "tied" else 5)
    assert found["n_sizes"].min() == (1 if law == "tied" else 3)
    assert set(found["dataset"]) == {dataset}
    assert set(found["law"]) == {law}


def test_cheapest_by_hand():
    """The cheapest under the limit, its neighbours in cost, and the fate of what others choose."""
    rows = [
        # sizes, dataset, compute, worst
        ("o", "a", 0.9, 0.02),
        ("p", "a", 1.0, 0.05),
        ("q", "a", 2.0, 0.009),
        ("v", "a", 2.0, 0.03),
        ("r", "a", 3.9, 0.02),
        ("s", "a", 4.0, 0.008),
        ("u", "a", 4.1, 0.007),
        ("t", "a", 9.0, 0.001),
        ("p", "b", 1.0, 0.004),
        ("q", "b", 2.0, 0.3),
        ("t", "b", 9.0, 0.2),
    ]
    designs = pd.DataFrame(rows, columns=["sizes", "dataset", "compute", "worst"])
    designs = designs.assign(multipliers="M20", n_runs=4)
    first, second = find_cheapest(designs, 0.01).to_dict("records")
    assert (first["sizes"], first["compute"], first["worst"]) == ("q", 2.0, 0.009)
    assert (first["n_designs"], first["n_alike"]) == (8, 4)  # p, v, r and s cost 1 to 4
    assert first["share_alike"] == 1 / 4
    assert first["elsewhere"] == 0.05  # b would choose p
    assert (second["sizes"], second["n_alike"], second["share_alike"]) == ("p", 1, 0.0)
    assert second["elsewhere"] == 0.3  # a would choose q
    assert find_cheapest(designs, 1e-4)[["elsewhere"]].isna().all(axis=None)


def test_elsewhere_is_a_design_that_is_good_on_all_the_others():
    """Not p, good on one of two; not q, which is not there to be judged; not s, dearer in full."""
    rows = [
        *(("p", "a", 1.0, 0.5), ("p", "b", 1.0, 0.004), ("p", "c", 1.0, 0.2)),
        *(("q", "b", 2.0, 0.001), ("q", "c", 2.0, 0.001)),
        *(("r", "a", 3.0, 0.03), ("r", "b", 3.0, 0.009), ("r", "c", 3.0, 0.006)),
        *(("s", "a", 4.0, 0.07), ("s", "b", 1.5, 0.001), ("s", "c", 4.0, 0.001)),
    ]
    designs = pd.DataFrame(rows, columns=["sizes", "dataset", "compute", "worst"])
    first = find_cheapest(designs.assign(multipliers="M20", n_runs=4), 0.01).iloc[0]
    assert (first["dataset"], first["elsewhere"]) == ("a", 0.03)


def test_pairs_by_hand():
    """Same training set and same multipliers, both there; the middle sizes pair with nothing."""
    rows = [
        ("a", TWO_ENDS, "M10+M320", 0.03, 80.0),
        ("a", FOUR_SIZES, "M10+M320", 0.01, 100.0),
        ("b", TWO_ENDS, "M10+M320", 0.02, 50.0),
        ("b", TWO_ENDS, "M20+M40", 0.02, 50.0),
        ("b", FOUR_SIZES, "M20+M40", 0.04, 200.0),
        ("b", "0.079B+0.154B", "M10+M320", 0.5, 1.0),
    ]
    designs = pd.DataFrame(rows, columns=["dataset", "sizes", "multipliers", "worst", "compute"])
    pairs = pair_sizes(designs.sample(frac=1, random_state=3))
    assert list(pairs.index) == [("a", "M10+M320"), ("b", "M20+M40")]
    found = pairs[["two", "four", "ratio", "saved", "most_M"]].to_numpy(float)
    expected = [[0.03, 0.01, 3, 0.2, 320], [0.02, 0.04, 0.5, 0.75, 40]]
    assert found == pytest.approx(np.array(expected))


def test_a_run_left_out_moves_what_a_fit_without_it_predicts(table, small):
    runs, large = small[small["M"].isin([10, 320])], select_large(table)
    moves = move_without(runs, large).set_index("run")
    assert list(moves.index) == list(runs["run"])
    last, dear = large.iloc[2], "redpajama-0.411B-M320"
    with_it, without = (
        fit_loss_law(kept["N"], kept["D"], kept[LOSS_COLUMN])
        for kept in (runs, runs[runs["run"] != dear])
    )
    change = without.law.predict(last["N"], last["D"]) - with_it.law.predict(last["N"], last["D"])
    assert moves.loc[dear, "6.9B"] == pytest.approx(change / last[LOSS_COLUMN], abs=1e-7)
    assert moves.loc[dear, "status"] == without.status == "converged"


# --- stored results -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def stored() -> pd.DataFrame:
    return load_result("leave_sizes_out")


def test_stored_sweep_is_complete_and_consistent(stored):
    made = tabulate_leave_sizes_out()
    assert list(made) == list(stored)
    assert len(stored) == len(made) == 3 * (3256 + 2 * 3377 + 3 * 1235)
    signed = (stored["predicted"] - stored["actual"]) / stored["actual"]
    assert stored["relative_error"].to_numpy() == pytest.approx(signed, abs=1e-8)
    runs = run_table().set_index("run")
    assert (runs.loc[stored["target"], "dataset"].to_numpy() == stored["dataset"]).all()
    assert stored["actual"].to_numpy() == pytest.approx(runs.loc[stored["target"], LOSS_COLUMN])
    statuses = {"converged", "saturated", "wrong_sign", "at_bound", "unidentified"}
    assert set(stored["status"]) == statuses


def test_stored_sweep_holds_the_full_grid(stored):
    """All four sizes, M of 10 and more, 28 runs: the miss at 6.9B by a fit of its own."""
    table = run_table("refinedweb")
    runs = table[(table["N"] < 1e9) & (table["M"] >= 10)]
    row = stored.query(
        "law == 'tied' and n_runs == 28 and target == 'refinedweb-6.9B-M20'"
        " and multipliers == 'M10+M20+M40+M80+M160+M320+M640'"
    )
    large = table[table["size"] == "6.9B"].iloc[0]
    predicted = fit_loss_law(runs["N"], runs["D"], runs[LOSS_COLUMN]).law.predict(
        large["N"], large["D"]
    )
    assert row["predicted"].item() == pytest.approx(predicted, abs=1e-7)
    assert row["compute"].item() == pytest.approx(runs["C"].sum())


def test_status_tells_sound_designs_from_others(stored):
    """The claim of the chapter: unsound fits are nearly never good at all three large runs."""
    keys = ["dataset", "law", "sizes", "multipliers", "status"]
    worst = stored.groupby(keys)["relative_error"].agg(lambda e: e.abs().max()).reset_index()
    good = worst["relative_error"] <= 0.05
    sound = worst["status"].isin(SOUND)
    assert good[sound].mean() > 0.4
    assert good[~sound].mean() < 0.02


def without_M5(designs):
    sound = designs[designs["status"].isin(SOUND)]
    return sound[sound["multipliers"].str.split("+").str[0] != "M5"]


@pytest.mark.parametrize(
    ("dataset", "to_160", "beyond", "one_store"),
    [
        ("redpajama", (26, 0.0313, 0.0119, 0.85, 2.54), (1.02, 0.52), (0.0472, 0.0145)),
        ("refinedweb", (26, 0.0407, 0.0086, 0.96, 4.83), (1.16, 0.56), (0.0585, 0.0131)),
    ],
)
def test_the_sizes_between_can_be_skipped_if_the_largest_is_trained_long(
    dataset, to_160, beyond, one_store
):
    """With M up to 160 the two ends alone are worse in nearly every pair; beyond, they are not."""
    pairs = pair_sizes(without_M5(sweep_choices(dataset)))
    near, far = pairs[pairs["most_M"] <= 160], pairs[pairs["most_M"] > 160]
    found = [len(near), *near[["two", "four"]].median(), (near["ratio"] > 1).mean()]
    assert [*found, near["ratio"].median()] == pytest.approx(to_160, abs=5e-3)
    assert [far["ratio"].median(), (far["ratio"] > 1).mean()] == pytest.approx(beyond, abs=5e-3)
    assert pairs["saved"].to_numpy() == pytest.approx(0.15, abs=5e-3)
    control = without_M5(sweep_choices(dataset, first_files=True))
    medians = [control.loc[control["sizes"] == s, "worst"].median() for s in (TWO_ENDS, FOUR_SIZES)]
    assert medians == pytest.approx(one_store, abs=5e-5)


@pytest.mark.parametrize(
    ("dataset", "with_M5", "clean"),
    [("c4", 0.0087, 0.0094), ("redpajama", 0.0076, 0.0130), ("refinedweb", 0.0081, 0.0138)],
)
def test_no_run_of_M_10_or_more_moves_much(dataset, with_M5, clean):
    """Among all small runs, and among those of M = 10 and more, where the cheapest moves most."""
    table = run_table(dataset)
    small, large = select_small(table), select_large(table)
    both = (move_without(runs, large).query("M > 5") for runs in (small, small.query("M > 5")))
    first, second = (moves.set_index("run")["6.9B"].abs() for moves in both)
    assert first.max() == pytest.approx(with_M5, abs=5e-5)
    assert second.max() == pytest.approx(clean, abs=5e-5)
    assert second.idxmax() == f"{dataset}-0.011B-M10"


def test_the_four_c4_runs_of_the_other_store_lie_below_the_law_of_the_others():
    small = select_small(run_table("c4")).query("M > 5")
    odd = small["other_files"]
    rest = small[~odd]
    law = fit_loss_law(rest["N"], rest["D"], rest[LOSS_COLUMN]).law
    too_much = law.predict(small["N"], small["D"]) - small[LOSS_COLUMN]
    assert too_much[odd].tolist() == pytest.approx([0.098, 0.079, 0.081, 0.052], abs=1e-3)


def test_the_free_law_is_too_low_at_the_target_of_the_first_files(stored):
    """At 1.4B and M = 20, designs without M = 5 that are sound by both laws."""
    target = stored[stored["target"].str.endswith("1.4B-M20")]
    keys = ["dataset", "sizes", "multipliers"]
    both = without_M5(target).pivot(index=keys, columns="law", values="relative_error").dropna()
    nearer = (both["tied"].abs() < both["free"].abs()).groupby("dataset").mean()
    assert nearer.tolist() == pytest.approx([0.64, 0.74, 0.82], abs=5e-3)
    medians = both.groupby("dataset")[["tied", "free"]].median().to_numpy()
    expected = [[-0.0189, -0.0150], [-0.0043, -0.0160], [-0.0016, -0.0106]]
    assert medians == pytest.approx(np.array(expected), abs=5e-5)


def test_c4_misses_less_without_the_other_store():
    """The claims of the chapter, and of C4's exception from which sizes to skip."""
    every, one_store = (
        without_M5(sweep_choices("c4", first_files=alone)) for alone in (False, True)
    )
    found = [
        [len(t), t["worst"].median(), (many := t[t["n_runs"] >= 20]["worst"]).size, many.median()]
        for t in (every, one_store)
    ]
    expected = [[1235, 0.0638, 18, 0.0702], [1156, 0.0450, 5, 0.0414]]
    assert np.array(found) == pytest.approx(np.array(expected), abs=5e-5)
    most = [t.loc[t["n_runs"].idxmax(), ["n_runs", "6.9B"]].tolist() for t in (every, one_store)]
    assert np.array(most) == pytest.approx(np.array([[27, -0.0684], [23, -0.0375]]), abs=5e-5)
    medians = []
    for t in (every, one_store):
        first, last = t["sizes"].str.startswith("0.011B"), t["sizes"].str.endswith("0.411B")
        medians.append([t[g]["worst"].median() for g in (first & last, ~last, ~first)])
    expected = [[0.0681, 0.0762, 0.0453], [0.0383, 0.0527, 0.0480]]
    assert np.array(medians) == pytest.approx(np.array(expected), abs=2e-4)


def test_rule_of_two_and_status(stored):
    """Shares within 5 %: of two sizes and two multipliers, and what the status adds."""
    keys = ["dataset", "law", "sizes", "multipliers", "status", "n_runs"]
    worst = stored.assign(worst=stored["relative_error"].abs()).groupby(keys)["worst"].max()
    worst = worst.reset_index()
    rule = worst["sizes"].str.contains("+", regex=False)
    rule &= worst["multipliers"].str.contains("+", regex=False)
    sound, good = worst["status"].isin(SOUND), worst["worst"] <= 0.05
    assert ((~sound).sum(), (~sound & ~rule).sum(), (~sound & rule).sum()) == (3925, 1880, 2045)
    shares = [good[g].mean() for g in (rule, rule & sound, rule & ~sound)]
    assert shares == pytest.approx([0.3852, 0.4636, 0.0098], abs=5e-5)
    many = without_M5(worst).query("law == 'tied' and n_runs >= 20").groupby("dataset").size()
    assert many.to_dict() == {"c4": 18, "redpajama": 33, "refinedweb": 33}


@pytest.mark.parametrize(
    ("dataset", "n", "beaten"),
    [("c4", 6659, 0.15648), ("redpajama", 6932, 0.03058), ("refinedweb", 6287, 0.04899)],
)
def test_fives_no_dearer_that_beat_the_papers(dataset, n, beaten):
    runs = select_small(run_table(dataset)).query("M > 5").reset_index(drop=True)
    five = runs["run"].isin(select_loss_fit(run_table(dataset))["run"]).to_numpy()
    designs = list_subsets(len(runs), 5)
    cost = designs @ runs["C"].to_numpy()
    paper = (designs == five).all(axis=1)
    designs = np.concatenate([designs[paper], designs[(cost <= cost[paper]) & ~paper]])
    laws, status = fit_designs(runs, designs)
    worst = miss_targets(laws, select_large(run_table(dataset)))["worst"].to_numpy()
    others = worst[1:][status[1:] == "converged"]
    assert len(others) == n
    assert np.mean(is_nearer(others, worst[0])) == pytest.approx(beaten, abs=5e-5)
    assert np.abs(others / worst[0] - 1)[~np.isclose(others, worst[0], rtol=1e-9)].min() > 1e-6


def test_smallest_run_at_M5_does_no_harm():
    subsets = load_result("subsets").query("target == 'worst'")
    medians = subsets.pivot(index="dataset", columns="designs", values="median")
    assert medians["M=5 at 0.011B only"].to_dict() == pytest.approx(
        {"c4": 0.0574, "redpajama": 0.0281, "refinedweb": 0.0360}, abs=5e-5
    )
    assert (medians["M=5 at 0.011B only"] < medians["without M=5"]).all()
    counts = subsets.pivot(index="dataset", columns="designs", values="n_designs")
    # 28 (on C4 27) over 4
    assert counts["M=5 at 0.011B only"].tolist() == [17_550, 20_475, 20_475]


def test_stored_subsets_count_and_sum_up(table, small):
    subsets = load_result("subsets").set_index(["dataset", "designs", "target"])
    everything = subsets.loc["redpajama", "all", "6.9B"]
    assert everything["n_designs"] == 201_376  # 32 over 5
    assert subsets.loc["redpajama", "without M=5", "6.9B"]["n_designs"] == 98_280  # 28 over 5
    run = "redpajama-0.411B-M640"
    row = subsets.loc["redpajama", f"with {run}", "6.9B"]
    assert row["n_designs"] == 31_465  # 31 over 4
    designs = list_subsets(len(small), 5)
    designs = designs[designs[:, (small["run"] == run).to_numpy()].ravel()]
    laws, status = fit_designs(small, designs)
    large = select_large(table).iloc[2]
    miss = np.abs(laws.predict(large["N"], large["D"]) / large[LOSS_COLUMN] - 1)
    miss = miss[status == "converged"]
    assert row["n_sound"] == len(miss)
    assert row["median"] == pytest.approx(np.median(miss), abs=1e-7)
    assert row["quantile_90"] == pytest.approx(np.quantile(miss, 0.9), abs=1e-7)
    assert row["within_2%"] == pytest.approx(np.mean(miss <= 0.02), abs=1e-7)


def test_groups_of_subsets_by_hand(monkeypatch, table, small):
    """Choices of five among twelve runs, grouped by the sizes that they hold at M = 5."""
    some = small[small["M"].isin([5, 20, 640])].reset_index(drop=True)
    monkeypatch.setattr(ablation_tables, "DATASETS", {"only": "redpajama"})
    monkeypatch.setattr(ablation_tables, "select_small", lambda table: some)
    made = tabulate_subsets().set_index(["designs", "target"])
    designs = np.array([np.isin(range(12), five) for five in combinations(range(12), 5)])
    short = [set(some.loc[design & (some["M"] == 5), "size"]) for design in designs]
    groups = {
        "all": [True for sizes in short],
        "without M=5": [not sizes for sizes in short],
        "M=5 at 0.011B only": [sizes == {"0.011B"} for sizes in short],
        "with redpajama-0.079B-M5": ["0.079B" in sizes for sizes in short],
    }
    laws, status = fit_designs(some, designs)
    worst = miss_targets(laws, select_large(table))["worst"]
    sound = np.isin(status, SOUND)
    assert 0 < sound.sum() < len(designs) == 792
    for name, group in groups.items():
        row = made.loc[(name, "worst")]
        assert (row["n_designs"], row["n_sound"]) == (sum(group), (sound & group).sum())
        assert row["median"] == pytest.approx(worst[sound & group].median(), rel=1e-6)


def test_sums_by_hand():
    found = _sum_up(pd.Series([0.01, 0.02, 0.03, 0.05, 0.06]))
    assert found == pytest.approx(
        {
            "median": 0.03,
            "quantile_90": 0.056,
            "within_1%": 0.2,
            "within_2%": 0.4,
            "within_5%": 0.8,
        }
    )


# --- the chain without 1.4B ---------------------------------------------------------------

TABLE_2 = {  # printed, in per cent: ARC-Easy, LAMBADA, OpenBookQA, HellaSwag, 17 tasks
    "c4": (28.96, 15.01, 16.80, 79.58, 0.14),
    "redpajama": (5.21, 14.39, 8.44, 25.73, 0.05),
    "refinedweb": (26.06, 16.55, 1.92, 81.96, 2.94),
}
PRINTED_TASKS = ("arc_easy", "lambada_openai", "openbook_qa", "hellaswag_zeroshot", "avg17")


@pytest.fixture(scope="module")
def chain() -> pd.DataFrame:
    return tabulate_without_largest().set_index(["dataset", "task", "recipe"])


def test_with_the_largest_run_it_is_table_2(chain):
    for dataset, printed in TABLE_2.items():
        ours = [chain.loc[dataset, task, "authors"]["relative_error"] for task in PRINTED_TASKS]
        assert np.round(100 * np.abs(ours), 2) == pytest.approx(printed)


@pytest.mark.parametrize("dataset", DATASETS.values())
def test_without_it_is_the_five_run_fit(chain, dataset):
    """By SciPy, with the loss law of the same five runs, and the rulers by hand."""
    table = run_table(dataset)
    five = select_loss_fit(table)
    L, y = five[LOSS_COLUMN].to_numpy(), five["err_avg17"].to_numpy()

    def law(loss, epsilon, k, gamma):
        return epsilon - k * np.exp(-gamma * loss)

    p, _ = curve_fit(law, L, y, p0=(0.85, 2.0, 0.7), xtol=1e-13, ftol=1e-13)
    target = table[table["size"] == "6.9B"].iloc[0]
    loss_law = fit_loss_law(five["N"], five["D"], L).law
    loss = loss_law.predict(target["N"], target["D"])
    row = chain.loc[dataset, "avg17", WITHOUT_LARGEST.name]
    assert (row["n_runs"], row["status"]) == (5, "converged")
    assert row["gamma"] == pytest.approx(p[2], rel=1e-4)
    assert row["predicted"] == pytest.approx(law(loss, *p), abs=1e-6)
    assert row["actual"] == target["err_avg17"]
    assert row["relative_error"] == pytest.approx(law(loss, *p) / row["actual"] - 1, abs=1e-5)
    fed_truth = law(target[LOSS_COLUMN], *p)
    assert row["law_alone"] == pytest.approx(fed_truth / row["actual"] - 1, abs=1e-5)
    last, first = five.nlargest(2, "C").to_dict("records")
    assert row["no_change"] == pytest.approx(last["err_avg17"] / row["actual"] - 1)
    for name, x, x_1, x_2 in (
        ("ruler_in_loss", loss, first[LOSS_COLUMN], last[LOSS_COLUMN]),
        ("ruler_in_compute", np.log(target["C"]), np.log(first["C"]), np.log(last["C"])),
    ):
        slope = (last["err_avg17"] - first["err_avg17"]) / (x_2 - x_1)
        line = last["err_avg17"] + (x - x_2) * slope
        assert row[name] == pytest.approx(line / row["actual"] - 1)


def test_averages_become_far_worse_on_two_training_sets(chain):
    """What the paper says of its Table 7."""
    average = chain.xs("avg17", level="task")["relative_error"].abs().unstack()
    ratio = average[WITHOUT_LARGEST.name] / average["authors"]
    assert (average[WITHOUT_LARGEST.name] > 0.1).to_dict() == {
        "c4": False,
        "redpajama": True,
        "refinedweb": True,
    }
    assert (ratio.drop("c4") > 5).all()


# --- how it looks -------------------------------------------------------------------------


@pytest.fixture
def ax():
    figure, axes = plt.subplots()
    yield axes
    plt.close(figure)


def test_designs_are_drawn_with_median_and_band(ax):
    x = np.repeat([4.0, 8.0, 16.0, 32.0], 25)
    designs = pd.DataFrame({"n_runs": x, "worst": np.tile(np.linspace(0.01, 0.05, 25), 4)})
    designs["has_M5"] = False
    designs.loc[0, ["has_M5", "worst"]] = [True, 0.9]
    figures_ablation.draw_designs(ax, designs, "n_runs")
    with_M5, without = ax.collections[:2]
    assert np.asarray(with_M5.get_offsets()).tolist() == [[4.0, 0.9]]
    assert len(without.get_offsets()) == 99
    (line,) = ax.lines
    assert line.get_xdata().tolist() == [4.0, 8.0, 16.0, 32.0]
    assert line.get_ydata()[1:] == pytest.approx(0.03)
    band = ax.collections[2].get_paths()[0].vertices[:, 1]
    expected = np.quantile(np.linspace(0.01, 0.05, 25), [0.1, 0.9])
    assert (band.min(), band.max()) == pytest.approx(expected, abs=2e-3)


def test_cumulative_curve_reaches_each_share(ax):
    figures_ablation.draw_cumulative(ax, pd.Series([0.04, 0.01, 0.02, 0.03]), "c4")
    (line,) = ax.lines
    assert line.get_xdata() == pytest.approx([0.01, 0.02, 0.03, 0.04])
    assert line.get_ydata() == pytest.approx([0.25, 0.5, 0.75, 1.0])


def test_run_map_has_sizes_down_and_multipliers_across(ax):
    runs = pd.DataFrame(
        {"size": ["0.011B", "0.079B", "0.011B"], "M": [20, 5, 5], "value": [0.01, 0.02, 0.03]}
    )
    figures_ablation.draw_run_map(ax, runs, "value", cbar=False)
    assert [t.get_text() for t in ax.get_xticklabels()] == ["5", "20"]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["0.011B", "0.079B"]
    assert [t.get_text() for t in ax.texts] == ["3.0", "1.0", "2.0"]


def test_conditions_and_wandering_show_their_columns(ax):
    table = pd.DataFrame({"dataset": "c4", "ratio": [2, 4], "condition": [800.0, 500.0]})
    table = table.assign(condition_lo=[700.0, 450.0], condition_hi=[950.0, 520.0])
    figures_ablation.draw_conditions(ax, table, "condition")
    assert ax.lines[0].get_ydata().tolist() == [800, 500]
    assert ax.lines[0].get_xdata() == pytest.approx([2, 4], rel=0.1)
    (bars,) = ax.collections
    assert [segment[:, 1].tolist() for segment in bars.get_segments()] == [[700, 950], [450, 520]]
    designs = pd.DataFrame({"E": [1.5, 2.0], "6.9B": [-0.05, 0.01]})
    figures_ablation.draw_wandering(ax, designs, "c4")
    assert np.asarray(ax.collections[-1].get_offsets()).tolist() == [[1.5, -0.05], [2.0, 0.01]]


def test_error_laws_are_dashed_below_their_own_runs_and_end_with_the_data(ax, table):
    five = select_loss_fit(table)
    laws = {"one": (ErrorLaw(0.86, 2.2, 0.7), 3.0), "two": (ErrorLaw(0.9, 1.3, 0.5), 2.6)}
    figures_ablation.draw_error_laws(ax, table, laws, five, "err_avg17")
    drawn = zip(laws.values(), ax.lines[::2], ax.lines[1::2], strict=True)
    for (law, lowest), solid, dashed in drawn:
        assert (solid.get_linestyle(), dashed.get_linestyle()) == ("-", "--")
        assert solid.get_xdata().min() >= lowest > dashed.get_xdata().max()
        assert dashed.get_xdata().min() == table[LOSS_COLUMN].min()
        for line in (solid, dashed):
            assert line.get_ydata() == pytest.approx(law.predict(line.get_xdata()))
