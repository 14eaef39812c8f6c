"""What the planner is given, and what it must say: the tool's own answers, priced by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

import scaling
from scaling.forecast.fitted import fit_table
from scaling.studies.decide.planner import (
    compute,
    describe_loss,
    first_choice,
    fit_five,
    make_data,
)
from scaling.testbed.labels import LOSS_COLUMN
from scaling.testbed.runs import run_table, select_loss_fit


@pytest.mark.parametrize("dataset", ["c4", "redpajama", "refinedweb"])
def test_it_says_what_predict_says(dataset):
    choice = replace(first_choice(), dataset=dataset, M=57.0)
    told = scaling.predict(
        select_loss_fit(run_table(dataset)),
        N=choice.N,
        M=choice.M,
        loss_set="c4_eval",
        law="tied",
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


def test_too_far_has_a_reason_and_no_ends():
    answer = compute(replace(first_choice(), N=1e11))
    assert "10,000 times" in answer["doubt"]
    assert answer["lo"] is None
    assert answer["error_hi"] is None
    assert 0 < answer["error"] < 1


def test_its_data_are_the_grid_of_the_posterior():
    data = make_data()
    for name, each in data["sets"].items():
        assert math.fsum(each["loss"]["weight"]) == pytest.approx(1.0)
        assert each["loss"]["L"] == fit_five(name).L.tolist()
        assert each["loss"]["dof"] == 3
        assert each["error"]["dof"] == 5
    assert 2 * sum(node["share"] for node in data["constants"]["nodes"]) == pytest.approx(1.0)


def test_runs_that_it_cannot_take_are_refused():
    table = run_table("c4")
    line = table[(table["M"] == 20) & (table["N"] < 1e9)]
    with pytest.raises(ValueError, match="do not lie on a line"):
        describe_loss(fit_table(line, LOSS_COLUMN, law="tied"))
    with pytest.raises(ValueError, match="a tied law"):
        describe_loss(fit_table(select_loss_fit(table), LOSS_COLUMN, law="free"))
