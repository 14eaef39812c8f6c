"""Costing: planted laws, the condition of the optimum, intervals carried through, refusals."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import scaling
from scaling.costs.price_tables import default_prices
from scaling.costs.total import tokens_needed
from scaling.decide.priced_models import OPTIMUM
from scaling.forecast.selection import ChoiceError
from scaling.laws.draws import draw_laws
from scaling.laws.fit import FitError
from scaling.laws.law import LossSurface

N, D = (grid.ravel() for grid in np.meshgrid([1e7, 4e7, 1.6e8, 6.4e8], [4e8, 3e9, 2e10]))
LAW = LossSurface(1.8, 150.0, 300.0, 0.28, 0.28)
RUNS = pd.DataFrame({"N": N, "D": D, "loss": LAW.predict(N, D)})
NOISY = RUNS.assign(loss=RUNS["loss"] * (1 + 0.004 * np.resize([1, -1, -1, 1, 1], len(N))))
DEMAND = {"tokens_in": "2B", "tokens_out": "500M"}
SERVED = 2.5e9 * 365


def rows(answer) -> pd.DataFrame:
    return answer.to_frame().set_index("choice")


@pytest.fixture(scope="module")
def answer():
    return scaling.cost(RUNS, loss=2.4, law="tied", **DEMAND)


def test_a_planted_law_gives_its_own_optima(answer):
    table = rows(answer)
    ratio = LAW.A * table["N"] ** -LAW.alpha / (LAW.B * table["D"] ** -LAW.beta)
    served = {OPTIMUM: 0.0, "least total FLOPs": SERVED}
    served["least money"] = float(answer.case.prices.as_tokens(2e9 * 365, 5e8 * 365))
    for name, tokens in served.items():
        assert ratio[name] == pytest.approx(1 + tokens / (3 * table["D"][name]), rel=1e-5)
    assert table["loss"].to_numpy() == pytest.approx(2.4, rel=1e-6)
    assert table["M"]["M = 640"] == pytest.approx(640)
    assert table["flops"].idxmin() == "least total FLOPs"
    assert table["money"].idxmin() == "least money"
    assert table["flops_training"].idxmin() == OPTIMUM
    M = 640 / table["M"][OPTIMUM]
    assert table["over_training"]["M = 640"] == pytest.approx(
        ((M**0.14 + M**-0.14) / 2) ** (2 / 0.28) - 1, rel=1e-4
    )


def test_flops_and_money_add_up(answer):
    table = rows(answer)
    np.testing.assert_allclose(table["flops_training"], 6 * table["N"] * table["D"])
    np.testing.assert_allclose(table["flops_serving"], 2 * table["N"] * SERVED)
    np.testing.assert_allclose(table["flops"], table["flops_training"] + table["flops_serving"])
    parts = table[["money_training", "money_in", "money_out"]].sum(axis=1)
    np.testing.assert_allclose(table["money"], parts)


def test_the_interval_is_carried_through():
    answer = scaling.cost(NOISY, loss=2.4, **DEMAND)
    table = rows(answer)
    assert (table["D_lo"] < table["D"]).all()
    assert (table["D"] < table["D_hi"]).all()
    assert (table["law_lo"] < 2.4).all()
    assert (table["lo"] < table["law_lo"]).all()
    wider = rows(scaling.cost(NOISY, loss=2.4, level=0.99, **DEMAND))
    assert (wider["D_lo"] < table["D_lo"]).all()
    assert (wider["lo"] < table["lo"]).all()
    exact = scaling.cost(RUNS, loss=2.4, **DEMAND)
    assert (rows(exact)["D_hi"] / rows(exact)["D_lo"] < table["D_hi"] / table["D_lo"]).all()
    ends = answer.report()["least_total_if_the_law_holds"]
    best = table.loc["least total FLOPs"]
    assert ends["N"][0] < best["N"] < ends["N"][1]
    assert ends["flops"][0] < best["flops"] < ends["flops"][1]


@pytest.mark.parametrize("level", [0.5, 0.9])
def test_as_many_laws_lie_beyond_either_end_as_the_level_leaves_out(level):
    answer = scaling.cost(NOISY, loss=2.4, level=level, **DEMAND)
    laws = draw_laws(answer.case.fitted.posterior)
    for row in answer.report()["choices"]:
        needed = tokens_needed(laws, row["N"], 2.4)
        lo, hi = row["D_needed"]
        assert np.mean(needed < lo) == pytest.approx((1 - level) / 2, abs=1e-3)
        assert np.mean(needed > hi) == pytest.approx((1 - level) / 2, abs=1e-3)


def test_a_larger_demand_asks_for_a_smaller_model():
    sizes = [
        rows(scaling.cost(RUNS, loss=2.4, tokens_in=tokens, tokens_out=0))["N"]["least total FLOPs"]
        for tokens in (1e6, 1e9, 1e11)
    ]
    assert sizes == sorted(sizes, reverse=True)


def test_currency_is_a_label_and_a_rate_moves_no_model(answer):
    own = {"currency": "¥", "price_training": 375.0, "price_serving": 375.0}
    other = scaling.cost(RUNS, loss=2.4, law="tied", prices=own, **DEMAND)
    np.testing.assert_allclose(rows(other)["N"], rows(answer)["N"], rtol=1e-9)
    np.testing.assert_allclose(rows(other)["money"], 150 * rows(answer)["money"], rtol=1e-9)
    assert "¥ in all" in other.text()
    assert "price_training 375 ¥ per accelerator-hour: given" in other.text()


def test_units_of_the_table_move_no_model(answer):
    mapped = RUNS.rename(columns={"D": "tokens"}).assign(tokens=D / 1e9)
    other = scaling.cost(mapped, loss=2.4, law="tied", columns="D=tokens*1e9", **DEMAND)
    np.testing.assert_allclose(rows(other)["D"], rows(answer)["D"], rtol=1e-6)


def test_half_and_double_the_utilisation_of_written_tokens(answer):
    half, double = answer.report()["mfu_out_moved"]
    middle = rows(answer).loc["least money"]
    assert (half["mfu_out"], double["mfu_out"]) == (0.025, 0.1)
    assert half["money"] > middle["money"] > double["money"]
    assert half["N"] < middle["N"] < double["N"]
    most = scaling.cost(RUNS, loss=2.4, prices={"mfu_out": 0.8}, **DEMAND)
    assert most.report()["mfu_out_moved"][1]["mfu_out"] == 1.0


@pytest.mark.parametrize("budget", [{"budget": 1e21}, {"budget_money": 1000}])
def test_a_budget_is_spent_and_buys_the_least_loss(budget):
    table = rows(scaling.cost(RUNS, law="tied", **budget, **DEMAND))
    spent = table["flops" if "budget" in budget else "money"]
    np.testing.assert_allclose(spent, next(iter(budget.values())), rtol=1e-9)
    assert table["loss"].idxmin() == "least loss"
    at = table.loc[OPTIMUM]
    assert LAW.optimal_allocation(6 * at["N"] * at["D"])[0] == pytest.approx(at["N"], rel=1e-4)


def test_a_budget_and_the_loss_it_buys_are_two_views_of_one_model():
    bought = rows(scaling.cost(RUNS, law="tied", budget=1e21, **DEMAND)).loc["least loss"]
    again = rows(scaling.cost(RUNS, law="tied", loss=bought["loss"], **DEMAND))
    assert again["N"]["least total FLOPs"] == pytest.approx(bought["N"], rel=1e-6)


def test_a_model_and_the_demand_that_makes_it_the_cheapest(answer):
    best = rows(answer).loc["least total FLOPs"]
    told = scaling.cost(RUNS, N=best["N"], D=best["D"], law="tied", **DEMAND)
    assert told.found.break_even == pytest.approx(SERVED, rel=1e-4)
    assert rows(told).loc["this model", "flops"] == pytest.approx(best["flops"])
    alone = scaling.cost(RUNS, N=best["N"], D=best["D"], law="tied")
    assert list(rows(alone).index) == ["this model"]
    assert alone.found.break_even == pytest.approx(SERVED, rel=1e-4)
    assert "tokens served, a smaller model of this loss" in alone.text()
    large = scaling.cost(RUNS, N=1e10, D=1e10, law="tied")
    assert "even if it serves nothing" in large.text()


def test_tokens_that_run_out():
    fresh = rows(scaling.cost(RUNS, loss=2.5, law="tied", **DEMAND))
    answer = scaling.cost(RUNS, loss=2.5, law="tied", unique_tokens="10B", **DEMAND)
    table = rows(answer)
    assert table["loss"].to_numpy() == pytest.approx(2.5, rel=1e-6)
    np.testing.assert_allclose(table["epochs"], np.maximum(table["D"] / 1e10, 1.0))
    assert (table["D_effective"] <= table["D"]).all()
    assert table["N"]["least total FLOPs"] > fresh["N"]["least total FLOPs"]
    assert table["flops"]["least total FLOPs"] > fresh["flops"]["least total FLOPs"]
    assert any("epochs" in line for line in answer.warnings)
    assert answer.report()["lowest_loss"] > LAW.E
    plenty = rows(scaling.cost(RUNS, loss=2.5, law="tied", unique_tokens=1e16, **DEMAND))
    assert (plenty["epochs"] == 1.0).all()  # tokens that are never seen twice: one epoch, not less
    np.testing.assert_allclose(plenty["N"], fresh["N"], rtol=1e-6)


def test_an_error_is_read_as_a_loss_by_the_error_law():
    runs = RUNS.assign(err_t=0.9 - 2.0 * np.exp(-0.6 * RUNS["loss"]))
    loss = -math.log((0.9 - 0.45) / 2.0) / 0.6
    answer = scaling.cost(runs, error=0.45, law="tied", **DEMAND)
    assert answer.loss == pytest.approx(loss, rel=1e-6)
    assert any("error law" in line for line in answer.warnings)
    again = scaling.cost(runs.assign(err_u=0.5), error=0.45, task="t", law="tied", **DEMAND)
    assert again.loss == pytest.approx(answer.loss)


def test_a_context_tells_attention_and_memory(answer):
    told = replace(answer, context=8192.0)
    row = told.report()["choices"][0]
    N = row["N"]
    assert row["attention_share"] == pytest.approx(
        4 * row["layers"] * row["width"] * 8192 / (2 * N)
    )
    assert row["kv_bytes"] == pytest.approx(2 * row["layers"] * row["width"] * 8192 * 2)
    assert "with 8.19K tokens before each served one, not in the bill" in told.text()
    gibibytes, percent = row["kv_bytes"] / 1024**3, 100 * row["attention_share"]
    line = f"attention adds {percent:.2g}% to its FLOPs; keys and values {gibibytes:.3g} GiB a seq"
    assert f"  {row['choice']}: {line}" in told.text()
    assert "layers" not in answer.report()["choices"][0]


def test_what_lies_outside_the_runs_is_told(answer):
    times = max(row["flops_training"] for row in answer.report()["choices"]) / (6 * N * D).max()
    said = f"extrapolated to up to {times:.3g} times the compute of the largest run"
    assert said in answer.warnings
    assert answer.report()["warnings"] == answer.warnings
    narrow = RUNS[(RUNS["D"] / RUNS["N"]).between(5, 500)]
    narrow = scaling.cost(narrow, loss=2.4, **DEMAND)
    assert any("outside those of the runs, 10 to 500: M = 640" in w for w in narrow.warnings)
    far = scaling.cost(RUNS, loss=1.9, tokens_in="1T", tokens_out=0)
    assert "mfu_out 0.1 instead" not in far.text()
    assert any("not to be used: over 10,000 times the compute" in w for w in far.warnings)
    assert rows(far)["lo"].isna().any()


def test_the_least_budget_in_money_is_the_bill_of_the_cheapest_run():
    """At prices that differ for training, reading and writing."""
    prices = default_prices().change(price_serving=7.5, mfu_in=0.3)
    least = prices.bill(N, D, 2e9 * 365, 5e8 * 365).total.min()
    with pytest.raises(ChoiceError, match=rf"budget-money must be at least {least:.3g} \$"):
        scaling.cost(RUNS, budget_money=0.99 * least, prices=prices, law="tied", **DEMAND)
    assert scaling.cost(RUNS, budget_money=1.01 * least, prices=prices, law="tied", **DEMAND)


ASKED = {"loss": 2.4, **DEMAND}


@pytest.mark.parametrize(
    ("asked", "about", "said"),
    [
        ({"loss": 1.5}, "loss", "must be above the irreducible loss E = 1.8, got 1.5"),
        ({"loss": 9.0}, "loss", "must be below 4.616"),
        ({"loss": "a"}, "loss", "must be one number"),
        ({"loss": -1}, "loss", "must be finite and above 0, got -1"),
        ({"loss": 2.2, "unique_tokens": 1e8}, "loss", "100M different tokens allow, got 2.2"),
        ({"loss": None}, "loss", "give one of a loss, an error, a budget"),
        ({"budget": 1e21}, "budget", "give one of a loss, an error, a budget"),
        ({"loss": None, "budget": 1.0}, "budget", "budget must be at least 1.83e+19 FLOPs"),
        ({"loss": None, "budget_money": 1e-9}, "budget-money", "must be at least 76.9 $"),
        ({"tokens_in": 0, "tokens_out": 0}, "tokens-in", "must not both be 0"),
        ({"tokens_in": None, "tokens_out": None}, "tokens-in", "say what is to be served"),
        ({"budget": 1e31, "loss": None}, "budget", "budget must be at most 1e+30, got 1e+31"),
        ({"days": 1e300}, "days", "days must be at most 1e+30, got 1e+300"),
        ({"task": "t"}, "task", "task goes with an error"),
        ({"unique_tokens": 0.1}, "unique-tokens", "must be 1 token or more, got 0.1"),
        ({"loss": None, "N": 1e12, "D": 2e13, "unique_tokens": 1}, "N",
         "N = 1T, D = 20T has the lowest loss of all"),
        ({"tokens_in": -1}, "tokens-in", "must be from 0 to 1e+30 a day, got -1"),
        ({"days": 0}, "days", "must be finite and above 0, got 0"),
        ({"context": 0}, "context", "must be finite and above 0, got 0"),
        ({"unique_tokens": 0}, "unique-tokens", "must be finite and above 0, got 0"),
        ({"prices": "price_serving=-1"}, "prices", "must be finite and 0 or more, got -1"),
        ({"prices": "price_training=0"}, "prices", "must be above 0 to weigh serving"),
        ({"loss": None, "error": 0.5}, "error", "no column err_<task> to read an error off"),
        ({"loss": None, "error": 0.5, "task": "q"}, "error", "add err_q, or give a loss"),
        ({"loss": None, "N": 1e9}, "D", "give either D or M"),
    ],
)  # fmt: skip
def test_what_cannot_be_had_is_refused_by_name(asked, about, said):
    with pytest.raises(ChoiceError) as caught:
        scaling.cost(RUNS, law="tied", **(ASKED | asked))
    assert about in caught.value.about
    assert said in str(caught.value)


def with_errors(runs=NOISY, **tasks):
    """Runs whose errors follow one law of their loss, each off by what its task says."""
    error = 0.9 - 2.0 * np.exp(-0.6 * runs["loss"])
    off = np.resize([1, -1, 1, 1, -1, -1, 1], len(runs))
    return runs.assign(**{f"err_{task}": error + size * off for task, size in tasks.items()})


@pytest.mark.parametrize("options", [{}, {"level": 0.5}, {"law": "free"}])
def test_the_error_to_expect_is_what_predict_tells_of_the_model(options):
    runs = with_errors(avg=0.01)
    answer = scaling.cost(runs, error=0.45, **DEMAND, **options)
    assert answer.report()["task"] == "avg"
    for row in answer.report()["choices"]:
        told = scaling.predict(runs, N=row["N"], D=row["D"], **options).report()["errors"]["avg"]
        assert (row["error"], row["error_lo"], row["error_hi"]) == (
            told["value"], told["lo"], told["hi"]
        )  # fmt: skip
        assert row["error"] == pytest.approx(0.45, rel=1e-6)
        assert row["error_lo"] < 0.45 < row["error_hi"]
    table = rows(answer)
    assert table["error_lo"].tolist() == [row["error_lo"] for row in answer.report()["choices"]]
    assert any(line.endswith("error to bet on") for line in answer.text().splitlines())
    assert "err_avg: an average of tasks, by its name" in " ".join(answer.warnings)


def test_the_noise_of_the_errors_is_in_their_interval():
    """The loss and its interval stay, and the error's grows."""
    found = [rows(scaling.cost(with_errors(avg=size), error=0.45, **DEMAND)).loc["M = 20"]
             for size in (0.001, 0.02)]  # fmt: skip
    widths = [row["error_hi"] - row["error_lo"] for row in found]
    assert widths[1] > 1.5 * widths[0]
    of_loss = [(row["hi"] - row["lo"]) / row["loss"] for row in found]
    assert of_loss[1] == pytest.approx(of_loss[0], rel=0.1)


def test_with_repeated_tokens_the_error_is_that_of_the_effective_ones():
    runs = with_errors(avg=0.01)
    answer = scaling.cost(runs, error=0.5, unique_tokens="5B", **DEMAND)
    for choice in answer.found.choices:
        N, D = (float(count) for count in answer.case.supply.effective(*choice.size))
        told = scaling.predict(runs, N=N, D=D).report()["errors"]["avg"]
        assert choice.error.lo == pytest.approx(told["lo"], rel=1e-9)
        assert choice.error.value == pytest.approx(0.5, rel=1e-6)


def test_where_there_is_no_interval_of_the_error_it_is_said():
    single = scaling.cost(with_errors(quiz=0.01), error=0.45, **DEMAND)
    assert "err_quiz: a single task, by its name: it has no interval here" in str(single)
    assert "error to bet on" not in single.text()
    assert rows(single)["error_lo"].isna().all()
    far = scaling.cost(with_errors(avg=0.001), error=0.26, tokens_in="1T", tokens_out=0)
    doubtful = [not row["usable"] for row in far.report()["choices"]]
    assert any(doubtful)
    assert [row["error_lo"] is None for row in far.report()["choices"]] == doubtful
    three = with_errors(avg=0.0)
    three.loc[3:, "err_avg"] = np.nan
    assert "as many coefficients as there are runs, 3: nothing checks it" in str(
        scaling.cost(three, error=0.45, **DEMAND)
    )
    three.loc[2:, "err_avg"] = np.nan
    with pytest.raises(FitError, match="err_avg: .* at least 3 runs .*, got 2: .* no error law"):
        scaling.cost(three, error=0.45, **DEMAND)
    assert "error_lo" not in scaling.cost(three, loss=2.4, **DEMAND).report()["choices"][0]


def test_what_is_not_to_be_used_gives_no_range():
    far = scaling.cost(NOISY, loss=1.9, tokens_in="1T", tokens_out=0)
    for row in far.report()["choices"]:
        assert (row["D_needed"] is None) == (not row["usable"])
    stray = NOISY.assign(loss=NOISY["loss"] * np.where(np.arange(len(N)) == 3, 1.3, 1))
    told = scaling.cost(stray, loss=2.4, **DEMAND)
    assert not any(row["usable"] for row in told.report()["choices"])
    assert told.report()["least_total_if_the_law_holds"] == {"N": None, "flops": None}
    assert "if the law holds (90%)" not in told.text()


def test_demand_and_money_beyond_all_use_are_weighed_or_refused():
    """No number is infinite, none is lost to rounding, and no search falls over its ends."""
    beyond = {"price_serving": 1e30, "price_training": 1e-9, "peak_serving": 1e-9, "mfu_out": 1e-9}
    for asked in (
        {"loss": 2.4, "tokens_in": 1e30, "tokens_out": 1e30, "days": 1e30},
        {"loss": 2.4, "tokens_in": 1e30, "tokens_out": 0, "unique_tokens": 1e13},
        {"loss": 2.4, "tokens_in": 0, "tokens_out": 1e30, "prices": beyond},
        {"budget": 1e25, "tokens_in": 4e17, "tokens_out": 0, "days": 1},
        {"budget": 1e25, "tokens_in": 4e17, "tokens_out": 0, "days": 1, "unique_tokens": 1e6},
        {"budget_money": 1e30, "tokens_in": 1, "tokens_out": 1},
        {"N": 1, "D": 1, "tokens_in": 1e9, "tokens_out": 0, "unique_tokens": 1e6},
        {"N": 1e9, "D": 1e13, "unique_tokens": 1e6},
    ):
        table = scaling.cost(NOISY, **asked).to_frame()
        assert np.isfinite(table[["N", "D", "loss", "flops", "money"]].to_numpy(float)).all()
        assert (table[["N", "D"]] > 0).all(axis=None)
        spent = "flops" if "budget" in asked else "money"
        wanted = asked.get("budget", asked.get("budget_money"))
        if wanted is not None:
            np.testing.assert_allclose(table[spent], wanted, rtol=1e-9)


def test_no_demand_makes_a_starved_model_too_large():
    told = scaling.cost(RUNS, N=1e9, D=1e13, unique_tokens=1e6)
    assert told.found.break_even == math.inf
    assert "no demand makes a smaller model of this loss cost fewer FLOPs" in told.text()


def test_an_error_out_of_reach_is_refused():
    runs = RUNS.assign(err_t=0.9 - 2.0 * np.exp(-0.6 * RUNS["loss"]))
    for error, said in (
        (0.01, "error 0.01 of t needs a loss: loss must be above .* out of reach"),
        (0.89, "error 0.89 of t needs a loss: loss must be below 4.616"),
        (0.95, "error must be below 0.9, where the error law of err_t ends, got 0.95"),
        (45, "error must be a fraction below 1, as 0.45 for 45%, got 45"),
    ):
        with pytest.raises(ChoiceError, match=said) as caught:
            scaling.cost(runs, error=error, law="tied", **DEMAND)
        assert caught.value.about == ("error",)


@pytest.mark.parametrize(
    ("runs", "options", "said"),
    [
        (RUNS, {"law": "compute"}, "does not weigh N against D: ask for prior, tied or free"),
        (RUNS.assign(N=1e8, D=np.logspace(9, 11, 12), loss=np.linspace(4, 3, 12)), {},
         "add a run of another N .scaling plan says which"),
        (RUNS.assign(D=20 * RUNS["N"], loss=np.linspace(4, 3, 12)), {},
         "worth apart; add a run of another number of tokens .* .scaling plan"),
        (RUNS.assign(loss=LossSurface(1.8, 150, -20, 0.28, 0.28).predict(N, D)),
         {"law": "tied"}, "does not fall with both N and D"),
    ],
)  # fmt: skip
def test_a_law_that_cannot_weigh_is_refused(runs, options, said):
    with pytest.raises(FitError, match=said):
        scaling.cost(runs, **ASKED, **options)


def test_a_notebook_shows_a_row_per_model(answer):
    shown = answer._repr_html_()
    for name in (OPTIMUM, "least total FLOPs", "least money", "M = 640"):
        assert name in shown


def test_a_floor_that_the_runs_leave_open_is_not_called_out_of_reach():
    few = NOISY[NOISY["N"] < 1e8]
    with pytest.raises(ChoiceError) as caught:
        scaling.cost(few, loss=scaling.cost(few, N=1e9, M=20).case.supply.lowest - 0.01, **DEMAND)
    said = str(caught.value)
    assert "open for it and cannot say whether this loss is within reach" in said
    assert "out of reach" not in said
    with pytest.raises(ChoiceError, match=r"10B different tokens .* or name more unique tokens"):
        scaling.cost(RUNS, loss=1.9, law="tied", unique_tokens=1e10, **DEMAND)


def test_there_is_no_bill_where_the_loss_is_not_to_be_used():
    stray = NOISY.assign(loss=NOISY["loss"] * np.where(np.arange(len(N)) == 3, 1.3, 1))
    told = scaling.cost(stray, loss=2.4, **DEMAND)
    assert "FLOPs in all" not in told.text()
    assert "no bill where the loss is not to be used: compute-optimal, least total" in told.text()
    assert "mfu_out 0.025 instead" not in told.text()
    assert told.report()["mfu_out_moved"] == []
    given = scaling.cost(stray, N=1e9, M=20, **DEMAND).text()
    bill = given.partition("FLOPs in all")[2]
    assert bill.count("this model") == 1
    assert "tokens served, a smaller model" not in given


def test_a_long_context_that_no_bill_holds_is_warned_of():
    asked = {"loss": 2.4, "law": "tied", **DEMAND}
    told = scaling.cost(RUNS, context="128K", **asked)
    share = told.to_frame()["attention_share"].max()
    assert any(
        line.startswith(f"serving takes up to {1 + share:.2g} times the FLOPs shown")
        for line in told.warnings
    )
    assert "e+0" not in told.text().partition("before each served one")[2].partition(" to its")[0]
    assert "is in no bill" not in str(scaling.cost(RUNS, context=100, **asked).warnings)
