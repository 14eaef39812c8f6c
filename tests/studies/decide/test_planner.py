"""What the planner is given, and what it must say: the tool's own answers, priced by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

import scaling
from scaling.forecast.fitted import fit_table
from scaling.reports.planner import BY_BUDGET, Choice, tokens_of_sizes
from scaling.reports.planner_data import NoPlannerError, describe, describe_loss
from scaling.studies.decide.planner import first_choice, fit_five, make_planner
from scaling.testbed.labels import LOSS_COLUMN
from scaling.testbed.runs import run_table, select_loss_fit


def compute(choice: Choice) -> dict[str, Any]:
    return make_planner().compute(choice)


@pytest.mark.parametrize("dataset", ["c4", "redpajama", "refinedweb"])
def test_it_says_what_predict_says(dataset):
    choice = replace(first_choice(), dataset=dataset, M=57.0)
    told = scaling.predict(
        select_loss_fit(run_table(dataset)),
        N=choice.N,
        M=choice.M,
        loss_set="c4_eval",
    ).report()
    answer = compute(choice)
    for name in ("loss", "lo", "hi"):
        assert answer[name] == pytest.approx(told[name], rel=1e-12)
    assert answer["error_lo"] < answer["error_law_lo"] < answer["error"]
    assert answer["error"] < answer["error_law_hi"] < answer["error_hi"]


def test_the_bill_by_hand():
    choice = replace(first_choice(), N=1e9, M=100.0, tokens_in=1e9, tokens_out=1e8, days=10.0)
    answer, an_hour = compute(choice), 989e12 * 3600
    assert answer["flops"]["training"] == pytest.approx(6e20)
    assert answer["flops"]["in"] == pytest.approx(2e19)
    assert answer["flops"]["total"] == pytest.approx(6.22e20)
    assert answer["money"]["training"] == pytest.approx(2.5 * 6e20 / (0.4 * an_hour))
    assert answer["money"]["out"] == pytest.approx(2.5 * 2e18 / (0.05 * an_hour))


@pytest.mark.parametrize("dataset", ["c4", "redpajama", "refinedweb"])
@pytest.mark.parametrize("days", [1.0, 365.0])
def test_the_best_model_for_a_budget_is_that_of_cost(dataset, days):
    shares = {"mfu_training": 0.37, "mfu_in": 0.6, "mfu_out": 0.02}
    first = replace(first_choice(), dataset=dataset, by=BY_BUDGET, budget=2e4, days=days, **shares)
    choice = replace(first, price=1.7, peak=3e14, currency="€")
    told = scaling.cost(
        select_loss_fit(run_table(dataset)),
        budget_money=choice.budget,
        tokens_in=choice.tokens_in,
        tokens_out=choice.tokens_out,
        days=days,
        prices=choice.prices,
        loss_set="c4_eval",
    )
    row = told.to_frame().set_index("choice").loc["least loss"]
    answer = compute(choice)
    for name in ("N", "D", "loss", "lo", "hi"):
        assert answer[name] == pytest.approx(row[name], rel=1e-9)
    assert answer["money"]["total"] == pytest.approx(2e4, rel=1e-12)
    assert tokens_of_sizes(choice, answer["N"]) == pytest.approx(answer["D"], rel=1e-9)


def test_one_wish_has_one_bill_in_planner_cost_and_chapter():
    demand = {"tokens_in": 2e9, "tokens_out": 5e8, "days": 365}
    runs = select_loss_fit(run_table("c4"))
    told = scaling.cost(runs, loss=2.4, **demand, loss_set="c4_eval")  # as chapter 13 asks
    rows = told.to_frame().set_index("choice")
    for name, dollars in (("least money", 27.4e3), ("M = 20", 40.9e3)):
        row = rows.loc[name]
        answer = compute(replace(first_choice(), N=row["N"], M=row["M"]))
        assert answer["loss"] == pytest.approx(2.4, rel=1e-9)
        assert answer["money"]["total"] == pytest.approx(row["money"], rel=1e-12)
        assert row["money"] == pytest.approx(dollars, abs=50)
    cheapest = rows.loc["least money"]
    best = compute(replace(first_choice(), by=BY_BUDGET, budget=cheapest["money"]))
    for name in ("N", "D", "loss"):
        assert best[name] == pytest.approx(cheapest[name], rel=1e-6)


def test_too_far_has_a_reason_and_no_ends():
    answer = compute(replace(first_choice(), N=1e11))
    assert "10,000 times" in answer["doubt"]
    assert answer["lo"] is None
    assert answer["error_hi"] is None
    assert 0 < answer["error"] < 1


def test_its_data_are_the_grid_of_the_posterior():
    data = describe(make_planner())
    for name, each in data["sets"].items():
        assert math.fsum(each["loss"]["weight"]) == pytest.approx(1.0)
        assert each["loss"]["L"] == fit_five(name).L.tolist()
        assert each["loss"]["dof"] == 3
        assert each["error"]["dof"] == 5
    assert 2 * sum(node["share"] for node in data["constants"]["nodes"]) == pytest.approx(1.0)


def test_runs_that_it_cannot_take_are_refused():
    table = run_table("c4")
    line = table[(table["M"] == 20) & (table["N"] < 1e9)]
    with pytest.raises(NoPlannerError, match="do not lie on a line"):
        describe_loss(fit_table(line, LOSS_COLUMN, law="tied"))
    with pytest.raises(NoPlannerError, match="a law of one exponent"):
        describe_loss(fit_table(select_loss_fit(table), LOSS_COLUMN, law="free"))
