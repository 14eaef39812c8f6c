"""The bill's answer in a sentence: which model, how much less, how sure, and what lies outside."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import scaling
from scaling.decide.cost_answers import LONGEST
from scaling.decide.cost_verdict import answer_in_words
from scaling.decide.priced_models import Range
from scaling.forecast.advice import shorten
from scaling.forecast.caution import FARTHEST_CHECKED
from scaling.laws.draws import draw_laws
from scaling.laws.law import LossSurface

N, D = (grid.ravel() for grid in np.meshgrid([1e7, 4e7, 1.6e8, 6.4e8], [4e8, 3e9, 2e10]))
LAW = LossSurface(1.8, 150.0, 300.0, 0.28, 0.28)
RUNS = pd.DataFrame({"N": N, "D": D, "loss": LAW.predict(N, D)})
NOISY = RUNS.assign(loss=RUNS["loss"] * (1 + 0.004 * np.resize([1, -1, -1, 1, 1], len(N))))
DEMAND = {"tokens_in": "2B", "tokens_out": "500M"}


def rows(answer) -> pd.DataFrame:
    return answer.to_frame().set_index("choice")


def test_the_first_sentence_answers_with_the_numbers_of_the_table():
    answer = scaling.cost(NOISY, loss=2.4, **DEMAND)
    first, second = answer.report()["answer"]
    table = rows(answer)
    best, base = table.loc["least money"], table.loc["compute-optimal"]
    assert first == (
        "cheapest in total for loss 2.4 and 2.5B tokens a day for 365 days: a smaller model "
        f"trained longer, {shorten(best['N'])} parameters on {shorten(best['D'])} tokens "
        f"(M = {best['M']:.3g}), ${shorten(best['money'])}, "
        f"{100 * (1 - best['money'] / base['money']):.2g}% less than the compute-optimal "
        f"{shorten(base['N'])} on {shorten(base['D'])} (${shorten(base['money'])})"
    )
    assert second.startswith("if the law holds, that is ")
    head = answer.text().partition(f"\n{answer.wanted}\n")[0]
    assert head.split() == [*first.split(), *second.split()]
    assert max(map(len, head.splitlines())) <= LONGEST


def test_the_order_is_that_of_the_bills_under_each_law_that_fits():
    answer = scaling.cost(NOISY, loss=2.4, **DEMAND)
    laws, table = draw_laws(answer.case.fitted.posterior), rows(answer)
    bills = []
    for name in ("least money", "compute-optimal"):
        size = table.loc[name, "N"]
        seen = np.array([
            (law.B / left) ** (1 / law.beta) if (left := 2.4 - law.E - law.A * size**-law.alpha) > 0
            else np.inf
            for law in map(
                LossSurface,
                *(np.asarray(getattr(laws, c)) for c in ("E", "A", "B", "alpha", "beta")),
            )
        ])  # fmt: skip
        bills.append(answer.case.prices.bill(size, seen, 2e9 * 365, 5e8 * 365).total)
    ratio = bills[0] / bills[1]
    assert np.mean(ratio < answer.found.order.lo) == pytest.approx(0.05, abs=0.002)
    assert np.mean(ratio > answer.found.order.hi) == pytest.approx(0.05, abs=0.002)
    assert answer.report()["order_if_the_law_holds"] == list(answer.found.order)


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        ((0.2, 0.65), "if the law holds, that is 35% to 80% less (90%)"),
        (
            (0.2, 1.1),
            "if the law holds, that is from 80% less to 10% more (90%); the runs leave open "
            "which is cheaper",
        ),
        (
            (0.2, 3.72),
            "if the law holds, that is from 80% less to 3.72 times as much (90%); the runs "
            "leave open which is cheaper",
        ),
        (
            (0.0, np.inf),
            "if the law holds, that is from 100% less to never reaching that loss (90%); the "
            "runs leave open which is cheaper",
        ),
    ],
)
def test_an_order_that_the_runs_leave_open_is_called_open(ends, said):
    answer = scaling.cost(NOISY, loss=2.4, **DEMAND)
    found = replace(answer.found, order=Range(*ends))
    assert answer_in_words(found, answer.case, {})[1] == said


def test_a_budget_and_a_model_get_a_sentence_too():
    budget = scaling.cost(NOISY, budget=1e21, **DEMAND)
    first, second = budget.report()["answer"]
    assert first.startswith("best loss for the budget: ")
    table = rows(budget)
    less = 1 - table.loc["least loss", "loss"] / table.loc["compute-optimal", "loss"]
    assert f"nats/token, {100 * less:.2g}% less than the compute-optimal " in first
    assert "% less" in second
    model = scaling.cost(NOISY, N="7B", M=5, **DEMAND).report()["answer"]
    assert "a smaller model trained longer, " in model[0]
    assert " less than this model, 7B on 35B ($" in model[0]
    large = scaling.cost(NOISY, N="300M", M=1000, tokens_in="1M").report()["answer"]
    assert "a larger model trained shorter, " in large[0]
    assert scaling.cost(NOISY, N="7B", M=5).report()["answer"] == []


def test_where_the_models_cost_alike_no_order_is_told():
    few = scaling.cost(NOISY, loss=2.4, tokens_in="1M").report()["answer"]
    assert len(few) == 1
    assert ", hardly less than the compute-optimal " in few[0]


def test_where_the_loss_is_not_to_be_used_no_model_is_named():
    far = scaling.cost(RUNS, loss=1.9, tokens_in="1T", tokens_out=0)
    (line,) = far.report()["answer"]
    assert line.startswith("which model is to be chosen the runs do not say: the loss of ")


def test_a_row_outside_the_runs_carries_a_mark_and_its_key():
    narrow = RUNS[(RUNS["D"] / RUNS["N"]).between(5, 500)]
    answer = scaling.cost(narrow, loss=2.26, **DEMAND)
    text, table = answer.text(), rows(answer)
    M, C = narrow["D"] / narrow["N"], 6 * narrow["N"] * narrow["D"]
    outside = ~table["M"].between(M.min(), M.max() * (1 + 1e-9))
    far = table["flops_training"] > FARTHEST_CHECKED * C.max()
    assert outside.any()
    assert far.any()
    assert not (outside | far).all()
    for name in table.index:
        mark = "*" * bool(outside[name]) + "†" * bool(far[name])
        lines = [line for line in text.splitlines() if line.startswith(f"{name}{mark} ")]
        assert len(lines) == 2, name  # of sizes, and of the bill
    assert "\n* tokens per parameter outside those of the runs, 10 to 500\n" in text
    assert (
        "\n† more than 300 times the compute of the largest run, beyond what was tested\n" in text
    )
    inside = scaling.cost(RUNS, loss=2.4, **DEMAND).text()
    assert "*" not in inside
    assert "†" not in inside


def test_flops_are_written_without_a_plus():
    text = scaling.cost(RUNS, loss=2.4, **DEMAND).text().partition("\nprices and")[0]
    assert "e+" not in text
    assert "e21" in text
