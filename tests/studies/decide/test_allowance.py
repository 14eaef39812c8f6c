"""The allowance: what its choice may read, the rule by hand and on planted errors, its result."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import scaling.studies.predictors.extrapolation as extrapolation
from scaling.forecast.intervals import find_intervals, load_constants
from scaling.laws.posterior import find_posterior
from scaling.laws.prior import Belief
from scaling.studies.decide.allowance import (
    FORMS,
    Form,
    belief_without,
    calibrate,
    choose_form,
    chosen_form,
    compare_forms,
    constants_without,
    cover,
    find_constants,
    score_interval,
)
from scaling.studies.decide.forecasts import (
    LEAST_END,
    estimate_s_0,
    find_own_error,
    forecast,
)
from scaling.studies.predictors.backtests import list_trials, load_data
from scaling.studies.predictors.candidates import columns_of
from scaling.studies.predictors.extrapolation import testbed_tasks as list_testbed_tasks
from scaling.studies.predictors.selection import second_choice
from scaling.studies.results import load_result
from scaling.testbed.labels import DATASETS

CONSTANT = next(form for form in FORMS if form.name == "constant")


@pytest.fixture(scope="module")
def data():
    return load_data()


@pytest.fixture(scope="module")
def small(data) -> pd.DataFrame:
    return forecast(list_trials(*data), second_choice(), 0.0049)


@pytest.fixture(scope="module")
def five() -> pd.DataFrame:
    return forecast_five()


@pytest.fixture(scope="module")
def stored() -> pd.DataFrame:
    return load_result("interval_candidates")


def forecast_five() -> pd.DataFrame:
    tasks = [task for task in list_testbed_tasks(six=True) if task.keys["fit_runs"] == "five"]
    return forecast(tasks, second_choice(), 0.0049)


# --- what the choice may read --------------------------------------------------------------


def blank_unread(data) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """The data with every loss gone that no backtest reads, once it is seen what those are."""
    testbed, grids = data
    names: dict[str, set[str]] = {"testbed": set(), **{name: set() for name in grids}}
    for trial in list_trials(*data):
        names[trial.keys["grid"]] |= {*trial.case.runs["run"], *trial.asked["run"]}
    read = testbed[testbed["run"].isin(names["testbed"])]
    assert (len(read), read["N"].max() < 0.412e9) == (95, True)
    for name, grid in grids.items():
        series = grid["dataset"] if "dataset" in grid else pd.Series("", grid.index)
        share = grid["C"] / grid["C"].groupby(series).transform("max")
        assert 0 < share[grid["run"].isin(names[name])].max() < 1 / 20 * (1 + 1e-6)
    blanked = {}
    for name, table in {"testbed": testbed, **grids}.items():
        losses = [column for column in table if str(column).startswith("loss")]
        blanked[name] = table.copy()
        blanked[name].loc[~table["run"].isin(names[name]), losses] = np.nan
    return blanked.pop("testbed"), blanked


def test_no_run_above_the_limits_is_read_by_the_choice(data, small, five, monkeypatch):
    testbed, grids = blank_unread(data)
    assert 0 < testbed.loc[testbed["loss_c4_eval"].notna(), "N"].max() < 0.412e9
    assert estimate_s_0(testbed) == 0.0049
    pd.testing.assert_frame_equal(
        forecast(list_trials(testbed, grids), second_choice(), 0.0049), small
    )
    monkeypatch.setattr(extrapolation, "run_table", lambda: testbed)
    blind = forecast_five()
    assert (len(blind), blind["error"].isna().all()) == (48, True)
    pd.testing.assert_frame_equal(compare_forms(small, blind), compare_forms(small, five))


@pytest.mark.slow
@pytest.mark.parametrize("without", DATASETS.values())
def test_constants_without_a_training_set_read_none_of_its_losses(data, without, monkeypatch):
    testbed, grids = data
    spoilt = testbed.copy()
    losses = [column for column in testbed if str(column).startswith("loss")]
    spoilt.loc[testbed["dataset"] == without, losses] = np.nan
    monkeypatch.setattr("scaling.studies.decide.allowance.load_data", lambda: (spoilt, grids))
    assert find_constants(chosen_form(), without) == constants_without(without)


def test_noise_of_the_five_run_designs(data):
    testbed, _ = data
    left = [estimate_s_0(testbed[testbed["dataset"] != name]) for name in DATASETS.values()]
    assert [estimate_s_0(testbed), *left] == [0.0049, 0.0046, 0.0049, 0.0051]


# --- forecasts -----------------------------------------------------------------------------


def test_ends_are_those_of_the_command(data):
    """On one table, the bet of a form is that of `find_intervals`."""
    task = next(t for t in list_testbed_tasks(six=True) if t.keys["fit_runs"] == "five")
    rows = forecast([task], second_choice(), 0.0049).iloc[:2]
    form = chosen_form()
    lo, hi = (rows["median"] * np.exp(end) for end in form.find_ends(rows, 0.05))
    belief = Belief(0.28, 0.3, 0.0049, 1.0)
    mixture = find_posterior(*columns_of(task.case.runs), task.case.losses[0], belief)
    found = find_intervals(mixture.at(*columns_of(task.asked)), form.allow(rows, 0.05))
    np.testing.assert_allclose([lo, hi], [found.lo, found.hi], rtol=1e-9)
    assert rows["unit"].tolist() == ["c4"] * 2
    assert rows["error"].tolist() == pytest.approx(np.log(task.measured[0] / rows["median"]))


def test_forecasts_among_small_runs(small):
    assert len(small) == 1548
    units = small.groupby("group")["unit"].unique()
    assert [sorted(units[group]) for group in ("near text", "other text")] == [
        sorted(DATASETS.values())
    ] * 2
    assert units["other grids"].tolist() == ["olmo_ladder", "gemstones", "porian", "datablations"]
    assert small.groupby("group")["series"].nunique().tolist() == [105, 15, 63]
    numbers = small.drop(columns=["unit", "group", "series", "own"])
    assert np.isfinite(numbers.to_numpy()).all()
    assert (small[["up", "change", "noise", "spread"]] > 0).all().all()
    assert 0 < small["down"].max() <= -np.log(LEAST_END)
    assert 0 < small["own"].isna().mean() < 0.2  # three runs are left of four


def test_a_table_that_follows_its_law_has_no_error_of_its_own():
    N, D = (a.ravel() for a in np.meshgrid([1e8, 2e8, 4e8], [2e9, 8e9, 32e9]))
    loss = 1.8 + 60 * N**-0.28 + 80 * D**-0.28
    belief = Belief(0.28, 0.3, 1e-6, 1.0)
    assert find_own_error(N, D, loss, belief) < 1e-4
    assert 0.02 < find_own_error(N, D, np.where(N > 3e8, 1.03, 1.0) * loss, belief) < 0.04
    few = N != 2e8
    assert np.isnan(find_own_error(N[few], D[few], loss[few], belief))


# --- the rule ------------------------------------------------------------------------------


def test_the_interval_score_by_hand():
    """Inside: the width. Outside: twenty times the distance besides."""
    scores = score_interval([0.0, 0.03, -0.05], [-0.01, -0.01, -0.04], [0.02, 0.02, 0.06])
    assert scores.tolist() == pytest.approx([0.03, 0.03 + 20 * 0.01, 0.1 + 20 * 0.01])


def plant(n: int, std: float) -> pd.DataFrame:
    """Forecasts whose law is known, with normal errors, in two groups of 50 series."""
    errors = np.random.default_rng(5).normal(0.0, std, (2, 50, n))
    index = pd.MultiIndex.from_product([["near text", "other grids"], range(50), range(n)])
    table = pd.DataFrame({"error": errors.ravel()}, index).reset_index(names=["group", "s", "i"])
    series = table["group"] + table["s"].astype(str)
    return table.assign(series=series, up=0.0, down=0.0, change=0.05)


def test_calibration_finds_the_spread_of_planted_errors():
    planted = plant(400, 0.02)
    assert calibrate(CONSTANT, planted) == pytest.approx(1.645 * 0.02, abs=0.0015)
    half = Form("half the change", lambda f, c: c * f["change"] / 2)
    assert calibrate(half, planted) == pytest.approx(1.645 * 0.02 * 2 / 0.05, rel=0.02)
    known = planted.assign(up=1.645 * 0.02, down=1.645 * 0.02)  # the law's interval is enough
    assert calibrate(CONSTANT, known) < 0.012
    worse = planted.assign(error=planted["error"] * np.where(planted["group"] == "near text", 1, 2))
    assert calibrate(CONSTANT, worse) == pytest.approx(1.645 * 0.04, abs=0.002)


def test_a_form_that_never_holds_enough_has_no_constant(stored):
    assert np.isnan(calibrate(Form("nothing", lambda f, c: 0.0), plant(20, 0.02)))
    fall = stored.set_index("form").loc["fall"]
    assert fall[["constant", "score", "afterwards_five_runs"]].isna().all()


def test_the_least_step_holds_and_one_less_does_not(small, stored):
    for form, constant in zip(FORMS, stored["constant"], strict=True):
        if np.isfinite(constant):
            enough = [
                cover(form.holds(small, c), small)[["near text", "other grids"]].min() >= 0.9
                for c in (constant - form.step, constant)
            ]
            assert enough == [False, True], form.name


def test_series_count_alike():
    forecasts = pd.DataFrame({"group": list("aaaab"), "series": list("xyyyz")})
    shares = cover(pd.Series([True, False, False, True, True]), forecasts)
    assert shares.tolist() == pytest.approx([(1 + 1 / 3) / 2, 1.0])


def test_the_rule_of_choice():
    def choose(**rows: tuple[float, float, float, float]) -> str:
        columns = ["behind", "behind_std", "half_width_five_runs", "vanishes"]
        table = pd.DataFrame(rows, columns).T.rename_axis("form").reset_index()
        return choose_form(table)

    least = {"a": (0.0, 0.0, 0.10, 1.0)}
    assert choose(**least, b=(0.05, 0.02, 0.05, 1.0)) == "a"  # beyond two standard errors
    assert choose(**least, b=(0.03, 0.02, 0.05, 1.0)) == "b"  # within them, and narrower
    assert choose(**least, b=(0.03, 0.02, 0.12, 1.0)) == "a"  # within them, and wider
    assert choose(**least, b=(-0.03, 0.01, 0.05, 0.0)) == "a"  # allows for something at a run
    assert choose(**least, b=(np.nan, np.nan, np.nan, 1.0)) == "a"


def test_a_form_that_vanishes_is_nothing_at_a_run(five):
    at_a_run = five.assign(change=0.0)
    for form in FORMS:
        assert (np.max(form.allow(at_a_run, 0.04)) == 0) == form.vanishes or form.name == "fall"


def test_order_and_roundings_do_not_change_the_comparison(small, five):
    rng = np.random.default_rng(3)
    shuffled = [table.sample(frac=1.0, random_state=rng) for table in (small, five)]
    numbers = small.columns.drop(["unit", "group", "series"])
    for table in shuffled:
        table[numbers] *= 1 + 1e-12 * rng.standard_normal((len(table), len(numbers)))
    pd.testing.assert_frame_equal(
        compare_forms(*shuffled), compare_forms(small, five), rtol=1e-9, atol=1e-12
    )


# --- what is stored ------------------------------------------------------------------------


def test_the_rule_gives_the_stored_constants_from_the_stored_candidates(stored, data):
    form = chosen_form()
    row = stored[stored["chosen"] == 1]
    assert row["form"].tolist() == [form.name] == [choose_form(stored)]
    constants = load_constants()
    assert (constants.most, constants.reach) == (row["constant"].item(), form.reach)
    assert (constants.s_0, constants.nu) == (estimate_s_0(data[0]), 1.0)
    assert constants_without() == constants
    assert constants_without("c4").reach == constants.reach
    assert belief_without() == constants.belief
    assert belief_without("redpajama") == Belief(0.26, 0.4, 0.0049, 1.0)


def test_the_comparison_is_the_stored_one(small, five, stored):
    made = compare_forms(small, five)
    pd.testing.assert_frame_equal(made, stored[list(made)], rtol=1e-7, check_dtype=False)


def test_how_far_the_choice_is_from_another(stored):
    """Three of the four others that vanish are as near in score; the narrowest is taken."""
    table = stored.set_index("form")
    chosen = table.loc[choose_form(stored)]
    assert chosen.name == "change, capped at 0.05" and chosen["behind"] < 1.2 * chosen["behind_std"]
    others = table[table["vanishes"] == 1].drop(index=chosen.name)
    assert (others["half_width_five_runs"] > 1.02 * chosen["half_width_five_runs"]).all()
    # What has the least score of all moves the centre, and does worse at large runs.
    moved = table.loc["constant, 1 % higher"]
    assert moved["behind"] == table["behind"].min()
    assert moved["afterwards_grids_100"] < 0.9 < chosen["afterwards_grids_100"]
