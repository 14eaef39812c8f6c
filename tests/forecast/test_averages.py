"""The interval of an average of tasks: which columns have one, what it holds, when none is."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaling.forecast.averages import (
    find_average_intervals,
    is_average,
    load_average_constants,
)
from scaling.forecast.fitted import fit_table
from scaling.forecast.prediction import forecast_errors, make_forecast
from scaling.forecast.questions import predict
from scaling.forecast.verdicts import VERDICTS, judge_tasks
from scaling.laws.error_posterior import find_error_posterior
from scaling.laws.law import ErrorLaw, LossLaw
from scaling.testbed.runs import run_table, select_error_fit

LAW, ERROR_LAW = LossLaw(1.7, 480.0, 1900.0, 0.33), ErrorLaw(0.86, 2.2, 0.75)
N = np.array([1e8, 1e8, 3e8, 3e8, 1e9, 1e9])
D = N * np.array([20, 160, 20, 160, 20, 160])
TARGET = 7e9, 1.4e11


def planted(noise: float = 0.0, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    loss = LAW.predict(N, D) * np.exp(noise / 3 * rng.standard_normal(len(N)))
    error = ERROR_LAW.predict(loss) + noise * rng.standard_normal(len(N))
    return pd.DataFrame({"N": N, "D": D, "loss": loss, "err_avg": error, "err_one": error})


@pytest.mark.parametrize(
    ("task", "averages"),
    [
        *((name, True) for name in ("avg", "avg17", "avg46", "mean_error", "core_average")),
        *((name, True) for name in ("Average", "mmlu-macro", "macro_f1", "AVG (17)", "tasks.mean")),
        *((name, False) for name in ("arc_easy", "meaning", "averaged", "demeanour", "macrocosm")),
        *((name, False) for name in ("piqa", "", "savg")),
    ],
)
def test_an_average_is_known_by_its_name(task, averages):
    assert is_average(task) == averages


def test_nodes_stand_for_every_value_of_the_loss():
    """Shares sum to one, and quantiles of many draws lie where the nodes say."""
    fitted = fit_table(planted(0.01), "loss")
    nodes = fitted.find_nodes(*TARGET)
    assert nodes.share.sum() == pytest.approx(1)
    for values, ends in (
        (nodes.bet, ("lo", "hi")),
        (nodes.law, ("law_lo", "law_hi")),
    ):
        assert (np.diff(values) > 0).all()
        for level in (0.5, 0.8):
            found = fitted.find_intervals([TARGET[0]], [TARGET[1]], level)
            lo, hi = (getattr(found, end).item() for end in ends)
            share = nodes.share[(values > lo) & (values < hi)].sum()
            assert share == pytest.approx(level, abs=0.1)


def test_both_intervals_are_those_of_many_draws():
    """Losses at 400 even quantiles, and at each 500 errors drawn from the posterior."""
    table, rng = planted(0.01, 2), np.random.default_rng(4)
    fitted, constants = fit_table(table, "loss"), load_average_constants()
    value = ERROR_LAW.predict(fitted.fit.law.predict(*TARGET))
    asked = table["loss"], table["err_avg"]
    found = find_average_intervals(fitted.find_nodes(*TARGET), *asked, value)
    N, D = ([count] for count in TARGET)
    levels = (np.arange(200) + 0.5) / 200
    ends = [np.concatenate(fitted.find_intervals(N, D, level)) for level in levels]
    lo, hi, law_lo, law_hi = np.transpose(ends)
    posterior = find_error_posterior(*asked, constants.belief)
    for losses, expected, more in (
        (np.append(lo, hi), found[:2], constants.allowance / 1.645),
        (np.append(law_lo, law_hi), found[2:], None),
    ):
        mixture, draws = posterior.at(losses), []
        scale = mixture.scale
        if more is not None:
            scale = np.sqrt(scale**2 + mixture.noise**2 + more**2)
        for k, weight in enumerate(mixture.weight):
            of = rng.choice(len(weight), 500, p=weight)
            draws.append(mixture.middle[k, of] + scale[k, of] * rng.standard_t(mixture.dof[k, of]))
        width = expected[1] - expected[0]
        assert np.quantile(draws, [0.05, 0.95]) == pytest.approx(expected, abs=0.02 * width)


@given(
    st.integers(0, 2**32 - 1),
    st.floats(0, 0.05),
    st.floats(0.5, 0.99),
    st.floats(0, 1),
)
def test_ends_hold_the_value_and_stay_errors(seed, noise, level, value):
    table = planted(noise, seed)
    nodes = fit_table(table, "loss", law="tied").find_nodes(*TARGET)
    asked = table["loss"], table["err_avg"], value
    lo, hi, law_lo, law_hi = find_average_intervals(nodes, *asked, level)
    assert 0 <= lo <= value <= hi <= 1
    assert 0 <= law_lo <= value <= law_hi <= 1
    wider = find_average_intervals(nodes, *asked, (1 + level) / 2)
    assert wider[0] <= lo
    assert hi <= wider[1]


def test_an_average_has_an_interval_and_a_single_task_none():
    told = predict(planted(0.005), N=TARGET[0], D=TARGET[1])
    average, single = (told.forecast.errors[task] for task in ("avg", "one"))
    assert average.lo <= average.value <= average.hi
    assert (single.lo, single.hi) == (None, None)
    assert single.value == average.value
    assert "avg: an average of tasks, by its name" in told.warnings
    assert "no interval for 1 single task: see `scaling tasks`" in told.warnings


@pytest.mark.parametrize("case", ["loss not usable", "rising error", "too few runs", "no error"])
def test_there_is_no_interval_where_a_law_does_not_hold(case):
    table = planted(0.005)
    if case == "loss not usable":
        table["loss"] = table["loss"].to_numpy()[::-1]
    if case == "rising error":
        table["err_avg"] = 1 - table["err_avg"]
    if case == "too few runs":
        table.loc[2:, "err_avg"] = np.nan
    if case == "no error":  # the law falls below zero
        table["err_avg"] = ErrorLaw(0.7, 3.2, 0.6).predict(table["loss"])
    error = predict(table, N=TARGET[0], D=TARGET[1]).forecast.errors["avg"]
    assert (error.lo, error.hi) == (None, None)
    row = judge_tasks(table, target=TARGET).set_index("task").loc["avg"]
    assert row["verdict"] == VERDICTS[2]
    reasons = {"loss not usable": "no sound loss law", "too few runs": "fewer than 5 runs"}
    assert row["reason"] == reasons.get(case, "no sound error law")
    assert row[["predicted", "lo", "hi"]].isna().all()


def test_tasks_gives_an_average_what_predict_gives_it():
    """And a single task what it had before: its interval does not rest on the error law."""
    table = select_error_fit(run_table("redpajama"))
    names, target = ("loss_c4_eval", "N"), (6.9e9, 1.38e11)
    rows = judge_tasks(table, *names, target=target).set_index("task")
    single = judge_tasks(table.drop(columns=["err_avg17", "err_avg46"]), *names, target=target)
    pd.testing.assert_frame_equal(rows.drop(index=["avg17", "avg46"]), single.set_index("task"))
    errors = make_forecast(table, target, *names).errors
    for task in ("avg17", "avg46"):
        expected = errors[task].value, errors[task].lo, errors[task].hi
        assert tuple(rows.loc[task, ["predicted", "lo", "hi"]]) == expected


def test_a_level_widens_the_interval():
    table = select_error_fit(run_table("c4"))
    fitted = fit_table(table, "loss_c4_eval")
    ends = [
        forecast_errors(table, ["avg17"], "loss_c4_eval", fitted, TARGET, level)["avg17"]
        for level in (0.5, 0.9)
    ]
    assert ends[1].lo < ends[0].lo < ends[0].value < ends[0].hi < ends[1].hi


def test_constants_are_read_by_name_and_without_each_training_set():
    assert load_average_constants().nu == 1
    without = [load_average_constants(name) for name in ("c4", "redpajama", "refinedweb")]
    assert len({*without, load_average_constants()}) == 4
