"""Runs held out of a planted table: the split, both legs, and what lies inside."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import scaling
from scaling.studies.decide.own_case import (
    add_nearer,
    ask_kpi,
    hold_out,
    keep_better_half,
    list_kpis,
    predict_kpi,
    predict_losses,
    say_why_not,
    trace_kpi,
)

LAW = scaling.LossLaw(E=1.2, A=40, B=60, alpha=0.3)


@pytest.fixture(scope="module")
def runs() -> pd.DataFrame:
    """Eight small runs and a larger one, without noise; a share on a logistic of the loss."""
    N = np.array([2e4, 2e4, 4e4, 4e4, 9e4, 9e4, 2e5, 6.5e5])
    D = N * [10, 160, 10, 80, 10, 40, 10, 10]
    loss = LAW.predict(N, D)
    share = np.round(4000 / (1 + np.exp(1.5 * (loss - 3.4)))) / 4000
    table = pd.DataFrame({"N": N, "D": D, "loss": loss, "acc_close": share, "items_close": 4000})
    table["acc_rare"], table["items_rare"] = 0.0, 40
    table["acc_other"] = 0.5
    return scaling.check_runs(table).table


def test_larger_runs_are_those_of_ten_times_the_compute(runs):
    small, held_out = hold_out(runs)
    assert held_out["N"].tolist() == [6.5e5]
    assert small["C"].max() <= held_out["C"].min() / 10
    assert len(small) + len(held_out) == len(runs)


def test_nothing_is_held_out_where_too_few_would_be_left(runs):
    small, held_out = hold_out(runs.iloc[[0, 1, 2, 7]])
    assert len(small) == 4
    assert held_out.empty
    more, farther = add_nearer(small, held_out)
    assert more.equals(small)
    assert farther.empty
    assert predict_losses(small, held_out).empty
    assert predict_kpi(small, held_out, "close").empty


def test_a_share_needs_its_number_of_items(runs):
    assert list_kpis(runs) == ["close", "rare"]


def test_a_planted_loss_lies_inside(runs):
    told = predict_losses(*hold_out(runs)).iloc[0]
    assert told["label"] == "N = 650K, M = 10"
    assert told["measured"] == pytest.approx(LAW.predict(6.5e5, 6.5e6))
    assert told["error"] == pytest.approx(0, abs=0.01)
    assert told["lo"] < told["law_lo"] < told["measured"] < told["law_hi"] < told["hi"]
    assert told["inside"]
    assert told["inside_law"]
    assert told["times"] == pytest.approx(6.5e5**2 / 2e5**2)


def test_the_baseline_is_a_line_through_the_small_runs(runs):
    small, held_out = hold_out(runs)
    power = small.assign(loss=8 * small["C"] ** -0.05)
    measured = held_out.assign(loss=8 * held_out["C"] ** -0.05 / 1.02)
    told = predict_losses(power, measured).iloc[0]
    assert told["line"] == pytest.approx(8 * told["times"] ** -0.05 * small["C"].max() ** -0.05)
    assert told["line_error"] == pytest.approx(0.02)


def test_where_runs_do_not_tell_a_sentence_is_printed(capsys):
    with say_why_not():
        scaling.fit(pd.DataFrame({"N": [1e6, 2e6], "D": [2e7, 4e7], "loss": [4.0, 3.8]}))
    said = capsys.readouterr().out
    assert said.startswith("not told: ")
    assert "needs at least" in said
    with pytest.raises(KeyError), say_why_not():
        raise KeyError("a mistake in the code is none of the runs'")


def test_a_planted_share_lies_inside_and_both_legs_stand_apart(runs):
    told = predict_kpi(*hold_out(runs), "close").iloc[0]
    assert told["inside"]
    assert told["doubt"] == ""
    assert told["at_loss"] == pytest.approx(told["measured"], abs=0.01)
    assert told["best"] == hold_out(runs)[0]["acc_close"].max()
    p = told["measured"]
    assert told["noise"] == pytest.approx(np.sqrt(p * (1 - p) / 4000))
    assert told["at_lo"] < told["measured"] < told["at_hi"]
    assert told["at_hi"] - told["at_lo"] < told["hi"] - told["lo"]
    assert told["loss_lo"] < told["measured_loss"] < told["loss_hi"]


def test_a_share_that_no_run_reaches_is_refused_with_its_reason(runs):
    told = predict_kpi(*hold_out(runs), "rare").iloc[0]
    assert np.isnan(told["share"])
    assert np.isnan(told["at_loss"])
    assert not told["inside"]
    assert "counting noise" in told["doubt"]


def test_runs_between_join_the_small_ones(runs):
    small, held_out = hold_out(runs)
    between = held_out.assign(N=4e5, C=held_out["C"] / 4)
    more, farther = add_nearer(small, pd.concat([between, held_out]))
    assert len(more) == len(small) + 1
    assert farther["N"].tolist() == [6.5e5]


def test_the_better_half_keeps_its_share_and_every_run_its_loss(runs):
    half = keep_better_half(runs, "close")
    kept = half["acc_close"].notna()
    assert kept.sum() == len(runs) / 2
    assert half.loc[kept, "loss"].max() < half.loc[~kept, "loss"].min()
    assert half["loss"].equals(runs["loss"])
    assert half["acc_rare"].equals(runs["acc_rare"])


def test_what_is_drawn_is_the_line_that_was_fitted(runs):
    small, held_out = hold_out(runs)
    (run,) = held_out.to_dict("records")
    told = ask_kpi(small, "close", N=run["N"], D=run["D"])
    points, line = trace_kpi(told)
    assert points["share"].tolist() == small["acc_close"].tolist()
    p = small["acc_close"]
    assert points["noise"].to_numpy() == pytest.approx(np.sqrt(p * (1 - p) / 4000).to_numpy())
    assert line["loss"].iloc[-1] == told.forecast.loss
    assert line["share"].iloc[-1] == pytest.approx(told.value)
    assert trace_kpi(ask_kpi(small, "rare", N=run["N"], D=run["D"]))[1] is None
