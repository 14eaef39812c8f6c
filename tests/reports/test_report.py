"""A report: the tool's own numbers, the right verdict, a sound page, a whole file or none."""

from __future__ import annotations

import hashlib
import json
import math
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hostile import HOSTILE, Hostile, as_parameters
from hypothesis import given
from hypothesis import strategies as st
from page import read_page
from typer.testing import CliRunner

import scaling
from scaling.commands.cli import app
from scaling.commands.console import _plain
from scaling.forecast.caution import FARTHEST_CHECKED
from scaling.forecast.residuals import UNSOUND
from scaling.forecast.selection import ChoiceError
from scaling.laws.fit import FitError
from scaling.reports.gathered import Gathered, Missing
from scaling.reports.language import speak
from scaling.reports.record import Report
from scaling.reports.sources import MARK
from scaling.reports.thresholds import find_allowance
from scaling.reports.wording import explain, spell_powers, split_ends, write_at

FIVE = """\
run,N,D,loss
a,10.6M,211M,5.39
b,78.9M,1.58B,3.90
c,154M,3.07B,3.53
d,412M,8.23B,3.15
e,10.6M,3.38B,4.57
"""
MODEL: dict[str, Any] = {"N": 6.9e9, "M": 20}
DEMAND: dict[str, Any] = {"tokens_in": 2e9, "tokens_out": 5e8}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("report") / "runs.csv"
    place.write_text(FIVE)
    return place


@pytest.fixture(scope="module")
def answer(path: Path) -> Report:
    return scaling.report(path, **MODEL, **DEMAND)


def as_json(value: Any) -> Any:
    return json.loads(json.dumps(_plain(value)))


def planted(n: int = 24, noise: float = 0.002, span: float = 300.0, seed: int = 0) -> pd.DataFrame:
    """Runs of the law 1.8 + 400 N^-0.3 + 400 D^-0.3."""
    rng = np.random.default_rng(seed)
    N = np.geomspace(1e7, 1e7 * span, n // 3).repeat(3)
    D = N * np.tile([20.0, 80.0, 320.0], n // 3)
    loss = (1.8 + 400 * N**-0.3 + 400 * D**-0.3) * np.exp(noise * rng.standard_normal(len(N)))
    return pd.DataFrame({"N": N, "D": D, "loss": loss})


def test_its_numbers_are_those_of_the_other_questions(path, answer):
    told = scaling.predict(path, **MODEL)
    lo, hi = split_ends(told.lo, told.hi)
    assert f"{lo} to {hi} nats per token (90%)" in answer.sentences()[0]
    report = answer.report()
    assert report["prediction"] == told.report()
    assert report["backtest"] == scaling.backtest(path).report()
    bill = scaling.cost(path, **MODEL, **DEMAND)
    assert report["costing"]["choices"] == bill.report()["choices"]
    flops = 6 * 6.9e9 * 6.9e9 * 20
    plan = scaling.plan(path, **MODEL, budget=flops / 10, tolerance=0.05)
    assert report["plan"] == plan.report()
    assert report["tasks"] is None
    assert report["missing"] == {}
    assert report["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_verdict_of_few_runs_names_the_next_one(answer):
    assert answer.verdict.outcome == "more"
    first = answer.report()["plan"]["runs"][0]
    assert answer.verdict.step[:2] == (first["N"], first["D"])
    assert answer.verdict.step.money == pytest.approx(first["money"])
    told = answer.found.prediction.forecast.told
    assert answer.verdict.half == pytest.approx((told.hi - told.lo) / 2 / told.loss)
    assert len(answer.sentences()) == len(answer.sentences("ja")) == 4
    assert (
        "from 10% below to 6% above the prediction; half the width, 8.1%" in answer.sentences()[1]
    )
    assert "−10%～+6%で、半幅8.1%は許容誤差5%を上回ります。" in answer.sentences("ja")[1]
    badge = read_page(answer.html()).texts["verdict"]
    assert "Train a run of 1.36B first" in badge  # eleven times the largest: no small run
    assert "±" not in badge


def test_runs_that_hold_a_near_model_are_enough():
    answer = scaling.report(planted(), N=6e9, M=80, tolerance=0.05)
    assert answer.verdict.outcome == "enough"
    assert "enough to decide on" in answer.sentences()[2]
    assert answer.verdict.step is None


def test_where_the_law_is_known_only_a_nearer_run_helps():
    answer = scaling.report(planted(), N=100e9, M=80, tolerance=0.01)
    law, bet = (check.here for check in answer.verdict.checks[:2])
    assert law <= find_allowance(0.9) < 0.05
    assert bet > 0.01
    assert answer.verdict.outcome == "nearer"
    assert answer.verdict.step is not None
    assert 6.0 * answer.verdict.step.N * answer.verdict.step.D > 6.0 * 3e9 * 9.6e11


FAILED = {
    "reach": ({"N": 2e11, "M": 80, "tolerance": 0.3}, "times the compute of the largest run"),
    "M": ({"N": 6e9, "M": 2000, "tolerance": 0.3}, "At 2,000 tokens per parameter"),
}


@pytest.mark.parametrize("name", FAILED)
def test_a_check_that_fails_is_named_and_is_not_enough(name):
    asked, says = FAILED[name]
    answer = scaling.report(planted(), **asked)
    assert {check.name: check.met for check in answer.verdict.checks}[name] is False
    bet = next(check for check in answer.verdict.checks if check.name == "bet")
    assert bet.met
    assert answer.verdict.outcome == "nearer"
    sentences = answer.sentences()
    said = [each for each in sentences if says in each and "do not decide on it by this" in each]
    assert len(said) == 1
    assert not any("enough to decide" in each for each in sentences)
    assert any("この区間だけで判断しないでください" in each for each in answer.sentences("ja"))
    assert sentences[0].startswith("By the law, unchecked: a loss of ")
    assert answer.sentences("ja")[0].startswith("法則どおりなら")
    assert "Sign a bill on the second" not in read_page(answer.html()).texts["intervals"]


def test_tokens_seen_too_often_leave_nothing_to_bet_on():
    """The law is one of fresh tokens: no bet, no plan, no comparison and no KPI beyond it."""
    table = planted().assign(score=lambda runs: 1 / runs["loss"])
    kpi: dict[str, Any] = {"kpi": "score", "higher_is_better": True, **DEMAND}
    answer = scaling.report(table, N=6e9, M=80, unique_tokens="10B", **kpi)
    assert answer.verdict.outcome == "cannot"
    assert {check.name: check.met for check in answer.verdict.checks}["epochs"] is False
    first, of_kpi, then = answer.sentences()[:3]
    assert "10B different tokens are seen 48 times each" in first
    assert of_kpi.startswith("These runs cannot say what “score” would be")
    assert then == (
        "Ask for at most 500M parameters on 40B tokens (80 per parameter), or find 120B different "
        "tokens."
    )
    again = scaling.report(table, N=5e8, M=80, unique_tokens="10B")
    assert again.verdict.outcome == "enough"  # what is advised is answered
    told = read_page(answer.html()).texts
    assert answer.verdict.step is None
    assert "No run is planned" in told["next"]
    assert "nothing else can be weighed" in told["bill"]
    assert "to bet on" not in told["intervals"].lower()
    assert "重複のないトークンが100億（10B）しかなく、48回ずつ" in answer.sentences("ja")[0]
    four_times = scaling.report(table, N=6e9, M=80, unique_tokens="120B", **kpi)
    assert four_times.verdict.outcome == "enough"
    told = read_page(four_times.html()).texts
    assert "The model sees each 4 times" in told["intervals"]
    assert "it takes all tokens as fresh" in told["bill"]


def test_no_run_is_advised_that_sees_its_tokens_too_often(path):
    few = scaling.report(path, **MODEL, unique_tokens="40B")  # the model sees them 3.5 times
    runs = few.report()["plan"]["runs"]
    assert runs
    assert max(run["D"] for run in runs) <= 4 * 40e9
    assert few.report()["plan"]["candidates"]["unique_tokens"] == 40e9


def test_a_kpi_that_cannot_be_told_is_in_the_heading_and_in_the_table():
    table = planted()
    rng = np.random.default_rng(3)
    table["noise"] = rng.uniform(0.2, 0.8, len(table))
    answer = scaling.report(table, N=6e9, M=80, kpi="noise", higher_is_better=True)
    assert answer.verdict.outcome == "enough"
    told = read_page(answer.html()).texts["verdict"]
    assert "Enough for the loss, not for “noise”" in told
    assert "Enough to decide on" not in told
    assert {check.name: check.met for check in answer.verdict.checks}["kpi"] is False
    assert "enough to decide on the loss, not on “noise”" in answer.sentences()[-2]


def test_runs_that_are_laid_out_too_narrowly_are_not_enough():
    table = planted(span=20.0)
    answer = scaling.report(table, N=6e8, M=80, tolerance=0.3)
    assert answer.verdict.outcome == "more"
    assert {check.name: check.met for check in answer.verdict.checks}["N_span"] is False
    assert any("over a factor of 20 in size" in said for said in answer.sentences())
    assert "The runs spread too little." in read_page(answer.html()).texts["next"]
    one_M = planted(span=300.0)
    along = scaling.report(one_M[one_M["D"] / one_M["N"] == 80], N=6e9, M=80, tolerance=0.3)
    assert {check.name: check.met for check in along.verdict.checks}["M_span"] is None


@pytest.mark.parametrize(
    ("table", "M"),
    [(planted(span=10.0), 80), (planted()[lambda runs: runs["D"] < 200 * runs["N"]], 40)],
    ids=["N_span", "M_span"],
)
def test_the_run_that_is_named_mends_the_layout_for_next_to_nothing(table, M):
    answer = scaling.report(table, N=6e8, M=M, tolerance=0.3)
    step = answer.verdict.step
    assert answer.verdict.is_of_layout
    assert step.money < 0.01 * answer.found.asked.life
    loss = 1.8 + 400 * step.N**-0.3 + 400 * step.D**-0.3
    more = pd.concat([table, pd.DataFrame({"N": [step.N], "D": [step.D], "loss": [loss]})])
    assert scaling.report(more, N=6e8, M=M, tolerance=0.3).verdict.outcome == "enough"


def test_a_kpi_that_may_not_improve_is_not_enough():
    table, rng = planted(), np.random.default_rng(3)
    odds = 2 * (2.5 - table["loss"]) + 0.4 * (table["N"] > 2e9) + rng.normal(0, 0.05, len(table))
    table["right"] = 1 / (1 + np.exp(-odds))
    asked: dict[str, Any] = {"kpi": "right", "higher_is_better": True, "bounds": "0:1"}
    near = scaling.report(table, N=6e9, M=80, **asked)
    assert near.found.kpi_outlook.kind == "inside"
    assert near.verdict.outcome == "enough"
    told = read_page(near.html()).texts["verdict"]
    assert "it may not improve" in told
    assert "Enough for the loss, not for “right”" in told
    far = scaling.report(table, N=6e10, M=80, **asked)
    assert far.found.kpi_outlook.kind == "better"
    assert not far.found.lets_kpi_open


def test_a_report_is_not_decided_on_by_a_narrow_level():
    with pytest.raises(ChoiceError, match="level of a report must be 0.9 or more"):
        scaling.report(planted(), N=6e9, M=80, level=0.5)


def test_a_law_in_compute_needs_no_spread_of_what_it_does_not_know():
    table = planted()
    ray = table[np.isclose(table["D"] / table["N"], 80)]
    answer = scaling.report(ray, N=6e9, M=80, law="compute", tolerance=0.3)
    assert {check.name: check.met for check in answer.verdict.checks}["M_span"] is None


def test_serving_is_a_share_of_the_bill_shown(answer):
    check = next(check for check in answer.verdict.checks if check.name == "serving")
    bill = answer.found.costing.found.choices[0].bill
    assert check.here == pytest.approx(float(bill.serving) / float(bill.total), rel=1e-9)


def test_runs_that_reject_the_law_are_not_enough():
    """Far exponents: the law of one exponent is narrow and wrong, that of two says so."""
    rng = np.random.default_rng(0)
    N = np.geomspace(1e7, 1e9, 8).repeat(5)
    D = N * np.tile([10.0, 20.0, 40.0, 80.0, 160.0], 8)
    true = lambda N, D: 1.6 + 90 * N**-0.25 + 60_000 * D**-0.5  # noqa: E731
    runs = pd.DataFrame({"N": N, "D": D})
    runs["loss"] = true(N, D) * np.exp(0.006 * rng.standard_normal(len(N)))
    answer = scaling.report(runs, N=1e10, M=40)
    (check,) = [check for check in answer.verdict.checks if check.name == "rival"]
    told = answer.found.usable
    assert not told.lo <= true(1e10, 4e11) <= told.hi
    assert check.met is False
    assert answer.verdict.outcome == "nearer"
    assert any("two exponents fits these runs clearly better" in s for s in answer.sentences())
    sound = scaling.report(planted(), N=6e9, M=80).verdict
    assert not any(check.name == "rival" for check in sound.checks)


def test_too_few_own_runs_have_tested_what_is_enough():
    whole = scaling.report(planted(), N=6e9, M=80).found
    backtest = whole.backtest.found
    few = backtest._replace(held_out=backtest.held_out.iloc[-1:])
    answer = Report(replace(whole, backtest=replace(whole.backtest, found=few)))
    assert answer.verdict.outcome == "enough"
    assert "Too few own runs have tested it (1 of 1 inside)" in answer.sentences()[-2]


def test_a_step_says_which_checks_it_leaves_open():
    far = scaling.report(planted(), N=2e11, M=80, tolerance=0.3)
    reach = far.found.asked.flops / (6 * far.verdict.step.N * far.verdict.step.D)
    assert (far.verdict.step.half is None) == (reach > FARTHEST_CHECKED)
    off = scaling.report(planted(), N=6e9, M=2000, tolerance=0.3)
    M = off.verdict.step.D / off.verdict.step.N
    said = any("at 2,000 tokens per parameter as well" in each for each in off.sentences())
    assert said == (not math.isclose(M, 2000, rel_tol=0.01))


def test_a_backtest_that_fails_is_named_and_is_not_enough():
    answer = scaling.report(planted(), N=6e9, M=80)
    answer.found.backtest.found.held_out["inside"] = False
    backtest = next(check for check in answer.verdict.checks if check.name == "backtest")
    assert backtest.met is False
    assert answer.verdict.outcome == "nearer"
    assert any("own runs predicted from smaller ones only 0" in each for each in answer.sentences())


def test_losses_that_are_one_say_nothing():
    answer = scaling.report(planted().assign(loss=3.0), N=6e9, M=80)
    assert answer.verdict.outcome == "cannot"
    assert answer.verdict.step is None
    assert "all runs have one loss" in answer.sentences()[0]
    assert "損失が同じ" in answer.sentences("ja")[0]


def test_a_law_left_open_is_not_enough(monkeypatch):
    monkeypatch.setattr(Gathered, "is_open", True)
    answer = scaling.report(planted(), N=6e9, M=80)
    assert answer.verdict.outcome == "more"
    assert any("Several laws fit these runs alike" in each for each in answer.sentences())


def test_too_far_a_model_is_answered_with_what_can_be_asked():
    asked = scaling.report(planted(), N=1e13, M=80)
    assert asked.verdict.step is None
    said = asked.sentences()[1]
    assert said.startswith("Ask for at most ")
    assert "or first train" not in said  # a run of 1/300 of it would be as far from the runs
    most = float(said.split()[4].removesuffix("B")) * 1e9
    reaches = [scaling.report(planted(), N=N, M=80).found.reach for N in (most, 1.1 * most)]
    assert reaches[0] <= FARTHEST_CHECKED < reaches[1]
    assert "Ask for at most" in read_page(asked.html()).texts["next"]
    nearer = scaling.report(planted(), N=7e11, M=80).sentences()[1]
    assert "or first train a run of 40.4B parameters on 3.23T tokens" in nearer


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_letter_forgotten_is_said_first_and_nothing_is_to_be_trained(path, language):
    answer = scaling.report(path, N=7000, M=20, **DEMAND)
    assert answer.verdict.outcome == "cannot"
    assert answer.verdict.step is None
    (said,) = answer.sentences(language)
    assert said.startswith(
        {"en": "Was a letter forgotten", "ja": "「6.9B」の「B」のような"}[language]
    )
    assert "$" not in read_page(answer.html(language)).texts["bill"]


def test_a_run_near_the_target_is_told_with_its_share_budget_and_width():
    answer = scaling.report(planted(), N=100e9, M=80, tolerance=0.01)
    said = answer.sentences()[-2]
    for part in ("a run near the target", "of its compute", "more than the budget of"):
        assert part in said
    assert "a half width of" in said
    assert "Or train the target itself." in said
    told = read_page(answer.html()).texts["next"]
    assert "is expected. Or train the target itself." in told


def test_money_has_the_range_of_the_reports_and_no_digits_beyond(answer, path):
    said = answer.sentences()[-1]
    bill = scaling.cost(path, **MODEL, **DEMAND).found.choices[0]
    least, most = (f"${float(f'{end:.2g}'):,.0f}" for end in bill.reported)
    assert f"about ${float(f'{float(bill.bill.total):.2g}'):,.0f}" in said
    assert f"{least} to {most} over the reported prices" in said
    assert f"{least} to {most}" in read_page(answer.html()).texts["bill"]


def test_a_cheaper_model_is_named_only_where_it_saves_wherever_the_law_may_lie(answer):
    """Of few runs the tokens that it needs may be a hundred times more: then none is named."""
    named = "reach the same loss for"
    assert named not in answer.sentences()[-1]
    sure = scaling.report(planted(), N=6e9, M=20, **DEMAND)
    said, life = sure.sentences()[-1], sure.found.asked.life
    assert named in said
    size = said.partition("By the law ")[2].split()[0]
    choices = sure.found.costing.found.choices
    choice = next(each for each in choices if speak("en").count(each.size.N) == size)
    prices, demand = sure.found.asked.prices, choice.demand
    bills = [
        float(terms.bill(choice.size.N, D, demand.read, demand.written).total)
        for terms, D in zip(prices.extremes, choice.needed, strict=True)
    ]
    for bill in bills:
        assert f"${float(f'{bill:.2g}'):,.0f}" in said
    far_end = prices.bill(choice.size.N, choice.needed.hi, demand.read, demand.written)
    assert float(far_end.total) < life
    assert sure.found.is_inside(choice.M)


def test_the_bill_has_the_range_of_tokens_and_no_row_twice(answer):
    told = read_page(answer.html()).texts["bill"]
    assert "M = 20" not in told  # is this model
    for choice in answer.found.costing.found.choices:
        if choice.needed is not None and choice.name != "M = 20":
            assert speak("en").count(choice.needed.lo) in told


def test_tokens_that_do_not_run_out_have_no_effect(path):
    rich = scaling.report(path, **MODEL, unique_tokens="200B")
    told = read_page(rich.html()).texts["assumptions"]
    assert "200B, no effect: the model sees 138B" in told
    with pytest.raises(ChoiceError):
        scaling.report(path, **MODEL, unique_tokens=0)


def test_few_cases_of_a_backtest_are_weak_support(answer):
    told = read_page(answer.html()).texts
    assert "1 of 1 (1 case only: weak support)" in told["verdict"]
    assert "weak support" in told["backtest"]
    table = planted(15)
    many = scaling.report(table, N=6e9, M=80)
    held_out = many.found.backtest.found.held_out
    inside = held_out["inside"].astype(object).copy()
    inside.iloc[2:] = None
    held_out["inside"] = inside
    check = next(c for c in many.verdict.checks if c.name == "backtest")
    assert (check.of, check.refused, check.met) == (2, len(held_out) - 2, False)
    assert f"2 of 2; {check.refused} refused" in read_page(many.html()).texts["verdict"]
    refused = f"Of {len(held_out)} own runs {check.refused} could not be told"
    assert any(said.startswith(refused) for said in many.sentences())


def test_japanese_is_written_as_japanese(answer):
    told = read_page(answer.html("ja")).texts
    for text in ("5.71×10²¹", "αに事前分布", "計算最適（学習の計算量が最小）"):
        assert text in "".join(told.values())
    assert "学習の計算量 C（FLOPs）" in told["intervals"]
    assert "19.9～20" in speak("ja").translate(
        "all runs have 19.9 to 20 tokens per parameter: add one with at least 8 times more, or the "
        "cost of over-training is not known"
    )
    flag = (
        "loss 4.15 is above the 3.53 of 'c', which has no more N or D: is N, D or loss of one of "
        "the two mistyped?"
    )
    said = "lossの4.15が、N・Dともにこの学習実験以下である「c」の3.53より大きくなっています。"
    assert speak("ja").translate(flag).startswith(said)
    assert '<span class="whole">2.21～2.60</span>' in answer.html("ja")
    assert "33%～46%" in told["assumptions"]
    assert not any("e+" in text for text in told.values())
    wrong = "the predicted err_boolq, -0.056, is no error between 0 and 1"
    assert "誤答率として意味をなしません" in speak("ja").translate(wrong)


def test_a_status_is_said_in_words():
    words = speak("en")
    for status in UNSOUND:
        assert "status" not in explain(f"status {status}", words)


def test_a_number_of_the_tool_is_spelled_out():
    told = "extrapolated to 2.08e+03 times the compute"
    assert spell_powers(told, speak("en")) == "extrapolated to 2,080 times the compute"
    assert spell_powers("5.7e+20 FLOPs", speak("ja")) == "5.70×10²⁰ FLOPs"


ONE_RAY = pd.DataFrame({"N": [1e7, 4e7, 2e8, 4e8], "loss": [4.8, 4.0, 3.4, 3.2]}).assign(
    D=lambda t: 20 * t["N"]
)
CANNOT = {
    "two runs": (planted().head(2), {}, "needs at least 4 runs"),
    "one ray, another M": (ONE_RAY, {"N": 4e9, "M": 200}, "all runs have one D/N"),
    "too far": (planted(), {"N": 1e13, "M": 80}, "over 10,000 times the compute"),
    "no law": (
        planted().assign(loss=lambda t: np.tile([2.0, 6.0, 3.0], 8)),
        {},
        "rises|below zero|follow",
    ),
}


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("name", CANNOT)
def test_where_the_runs_cannot_say_the_first_sentence_does(name, language):
    runs, model, reason = CANNOT[name]
    answer = scaling.report(runs, **model, **DEMAND)
    assert answer.verdict.outcome == "cannot"
    assert answer.found.usable is None
    first = answer.sentences(language)[0]
    if language == "en":
        assert first.startswith("These runs cannot say")
        assert any(part in first for part in reason.split("|"))
    else:
        assert "予測できません" in first
        assert "英語の原文" not in first
    page = read_page(answer.html(language))
    prediction = answer.found.prediction
    if not isinstance(prediction, Missing):
        for number in (f"{prediction.loss:.3g}", f"{prediction.loss:.4g}"):
            parts = ("verdict", "intervals", "tasks", "bill")
            assert not any(number in page.texts[part].split() for part in parts)
    assert "planner-data" not in answer.html(language)
    assert page.tags["figure"] <= 1  # a backtest may have held


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_page_is_sound_and_the_same_twice(answer, path, language):
    text = answer.html(language)
    page = read_page(text)
    assert f'<html lang="{language}">' in text
    assert text == scaling.report(path, **MODEL, **DEMAND).html(language)
    for sentence in answer.sentences(language):
        assert sentence in page.texts["verdict"]
    assert answer.found.source.sha256 in page.texts["versions"]
    assert {"en": "2026-05", "ja": "2026年5月時点"}[language] in page.texts["assumptions"]
    assert "planner-data" in text


def test_nothing_of_the_clock_or_the_place_stands_in_it(path, tmp_path):
    other = tmp_path / "elsewhere" / "runs.csv"
    other.parent.mkdir()
    other.write_bytes(path.read_bytes())
    os.utime(other, (0, 0))
    text = scaling.report(path, **MODEL).html()
    assert text == scaling.report(other, **MODEL).html()
    assert str(path.parent) not in text


NAMES = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</table>&amp;",
    "{{ 7*7 }}",
    "木\u202eabc",
]


def test_a_hostile_name_stays_text(tmp_path):
    table = planted(15).assign(run=[*NAMES, *map(str, range(10))], dataset=NAMES[0])
    table["err_" + NAMES[1]] = np.linspace(0.9, 0.5, 15)
    table["err_avg</script>"] = np.linspace(0.9, 0.5, 15)
    table.loc[2, "loss"] *= 1.3  # a flag names it
    prices = {"currency": "</script><b>", "price_training": 2.5, "price_serving": 2.5}
    answer = scaling.report(table, **DEMAND, prices=prices)
    for language in ("en", "ja"):
        text = answer.html(language)
        page = read_page(text)
        assert page.tags["script"] in (0, 2)
        assert page.tags["b"] == page.tags["img"] == 0
        assert NAMES[0] in page.texts["assumptions"]
        assert NAMES[2] in page.texts["rows"]
        assert "{{ 7*7 }}" not in text or "49" not in page.texts["backtest"].split()


def test_assumptions_say_what_was_given_and_what_was_taken(path):
    by_default = read_page(scaling.report(path).html()).texts["assumptions"]
    assert "ten times the compute of the largest run" in by_default
    assert "a tenth of the compute" in by_default
    given = scaling.report(path, **MODEL, budget=1e20, tolerance=0.03, prices="mfu_out=0.1")
    told = read_page(given.html()).texts["assumptions"]
    assert "ten times" not in told
    assert "3%" in told
    assert "1.0e20 FLOPs" in told
    assert given.report()["prices"]["mfu_out"] == 0.1


def test_without_a_demand_there_is_no_bill_of_serving(path):
    page = read_page(scaling.report(path, **MODEL).html())
    assert "No demand was given" in page.texts["bill"]
    assert page.tags["script"] == 0


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"law": "free"}, "another_law"),
        ({"prices": {"price_serving": 1.0}}, "prices"),
        ({"law": "tied", "fix": {"E": 1.7}}, "another_law"),
    ],
)
def test_where_there_is_no_planner_the_page_says_why(options, reason):
    answer = scaling.report(planted(), N=2e10, M=80, **DEMAND, **options)
    for language in ("en", "ja"):
        assert speak(language)(f"no_planner_{reason}") in answer.html(language)
        assert "planner-data" not in answer.html(language)


def test_weights_leave_no_planner():
    answer = scaling.report(planted().assign(loss_std=0.01), N=2e10, M=80, **DEMAND)
    assert "carry weights" in read_page(answer.html()).texts["bill"]


def test_rows_left_out_and_flags_are_told(tmp_path):
    table = planted(15).assign(run=[f"r{i}" for i in range(15)])
    table.loc[14, "loss"] *= 1.4
    answer = scaling.report(table)
    assert "r14" in read_page(answer.html()).texts["rows"]
    without = scaling.report(table, without_flagged=True)
    assert "left out: r14" in read_page(without.html()).texts["rows"]
    assert "r14" in read_page(without.html("ja")).texts["rows"]


def test_tasks_have_their_verdicts():
    table = planted(15)
    falls = 1 / (1 + np.exp(-2 * (table["loss"] - 2.6)))
    table = table.assign(err_sure=falls, err_flat=0.5)
    answer = scaling.report(table)
    texts = read_page(answer.html()).texts["tasks"]
    judged = scaling.tasks(table, N=answer.found.asked.target[0], D=answer.found.asked.target[1])
    for row in judged.judged.to_dict("records"):
        assert row["task"] in texts
        assert row["verdict"] in texts
        if math.isfinite(row["predicted"]):
            assert f"{row['predicted']:.3f}" in texts


def test_tasks_whose_interval_is_below_today_say_why_they_are_not_predictable():
    table = planted(15)
    falls = 1 / (1 + np.exp(-2 * (table["loss"] - 2.6)))
    answer = scaling.report(table.assign(err_sure=falls), N=6e9, M=80)
    judged = answer.found.tasks.judged
    judged["verdict"], judged["reason"] = "only with its interval", "failed its check"
    assert (judged["hi"] < judged["no_change"]).all()
    assert "1 of them have their whole interval below" in read_page(answer.html()).texts["tasks"]
    told = read_page(answer.html("ja")).texts["tasks"]
    assert "（理由：最大の学習実験が予測の区間を外れた）" in told
    assert not any("see `scaling tasks`" in line for line in answer.warnings)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_an_own_kpi_has_both_legs_or_a_reason(language):
    table = planted(15)
    rng = np.random.default_rng(4)
    follows = 1 / (1 + np.exp(2 * (table["loss"] - 3))) + 0.002 * rng.standard_normal(15)
    table = table.assign(solved=follows, useless=rng.uniform(0.4, 0.6, 15))
    asked: dict[str, Any] = {"higher_is_better": True, "bounds": "0:1"}
    answer = scaling.report(table, N=6e9, M=80, kpi="solved", **asked)
    told = scaling.kpi(table, column="solved", N=6e9, M=80, **asked)
    assert as_json(answer.report()["kpi"]) == as_json(told.report())
    text = read_page(answer.html(language)).texts["kpi"]
    lo, hi = split_ends(told.lo, told.hi)
    for end in (lo, hi, write_at(told.value, lo)):
        assert end in text
    now = write_at(table["solved"].iloc[-1], lo)
    said = answer.sentences(language)[2]
    assert {"en": f"Bet on “solved” of {lo} to {hi}", "ja": f"「solved」は{lo}～{hi}"}[
        language
    ] in said
    assert {"en": f"now {now} (largest run)", "ja": f"現在の値は{now}"}[language] in said
    useless = scaling.report(table, N=6e9, M=80, kpi="useless", **asked)
    assert useless.found.kpi.value is None
    text = read_page(useless.html(language)).texts["kpi"]
    why = {"en": "does not follow the loss", "ja": "連動しておらず"}[language]
    assert why in text
    assert why in useless.sentences(language)[2]
    assert "英語の原文" not in text


@pytest.mark.parametrize(
    ("values", "about"),
    [
        ({"tolerance": 2}, "tolerance"),
        ({"budget": -1}, "budget"),
        ({"budget": 1e3}, "budget"),
        ({"tokens_in": -1}, "tokens-in"),
        ({"tokens_in": 0, "tokens_out": 0}, "tokens-in"),
        ({"loss": 2.5}, "tokens-in"),
        ({"loss": 9.0, "tokens_in": 1e9}, "loss"),
        ({"prices": "price_training=0"}, "prices"),
        ({"N": 1e9}, "D"),
        ({"level": 2}, "level"),
        ({"kpi": "loss"}, "higher-is-better"),
        ({"kpi": "nothing", "higher_is_better": True}, "kpi"),
        ({"bounds": "0:1"}, "kpi"),
    ],
)
def test_what_cannot_be_is_refused(path, values, about):
    with pytest.raises(ChoiceError) as refused:
        scaling.report(path, **values)
    assert about in refused.value.about


def test_no_run_is_no_report():
    table = pd.DataFrame({"N": [1e8], "D": [1e7], "loss": [50.0]})
    with pytest.raises(FitError, match="no run is left"):
        scaling.report(table, without_flagged=True)


# --- the file -----------------------------------------------------------------------------


def test_an_earlier_report_is_replaced_and_nothing_else(answer, tmp_path):
    place = tmp_path / "report.html"
    answer.write(place, "ja")
    answer.write(place)
    assert place.read_text("utf-8") == answer.html()
    assert MARK in answer.html()[:400]
    assert place.stat().st_mode & 0o777 == 0o666 & ~_umask()
    own = tmp_path / "own.html"
    own.write_text("<p>mine</p>")
    with pytest.raises(ChoiceError, match="is no report"):
        answer.write(own)
    assert own.read_text() == "<p>mine</p>"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["own.html", "report.html"]


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


@pytest.mark.parametrize(
    "place", ["", ".", "missing/report.html", "a\0b.html", "x" * 300 + ".html"]
)
def test_a_place_that_cannot_be_is_refused(answer, tmp_path, monkeypatch, place):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ChoiceError) as refused:
        answer.write(place)
    assert refused.value.about == ("output",)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_is_full_leaves_the_earlier_report(answer, tmp_path, monkeypatch):
    place = tmp_path / "report.html"
    answer.write(place, "ja")
    before = place.read_bytes()

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(ChoiceError, match="No space left"):
        answer.write(place)
    assert place.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["report.html"]


# --- hostile tables -----------------------------------------------------------------------


def report_or_refuse(runs: Path, *options: str, twice: bool = False) -> str | None:
    """A page that is sound, and the same twice; or exit code 2, a message, and no file."""
    place = runs.parent / "out" / "report.html"
    place.parent.mkdir(exist_ok=True)
    command = ["report", str(runs), "-o", str(place), *options]
    done = CliRunner().invoke(app, command)
    if done.exit_code:
        assert done.exit_code == 2, done.output
        assert done.stdout == ""
        assert done.stderr.strip()
        assert list(place.parent.iterdir()) == []
        return None
    assert [each.name for each in place.parent.iterdir()] == ["report.html"]
    text = place.read_text("utf-8")
    read_page(text)
    if twice:
        assert CliRunner().invoke(app, command).exit_code == 0
        assert place.read_text("utf-8") == text
    return text


@pytest.mark.parametrize("case", as_parameters(HOSTILE))
def test_hostile_table(case: Hostile, tmp_path: Path) -> None:
    text = report_or_refuse(case.write(tmp_path), "--tokens-in", "1B", "--language", "ja")
    assert case.sound or text is None
    if text:
        told = read_page(text).texts
        assert not any("英語の原文" in part for part in told.values())


CELLS = st.sampled_from(
    ["1e7", "4e7", "2e8", "1e9", "3B", "8e9", "1e11", "0", "-1", "", "x", "1e30", "2"]
)
LOSSES = st.sampled_from(["3.1", "2.9", "4.4", "5.2", "2.2", "0.01", "30", "", "inf"])
TEXTS = st.text(max_size=8) | st.sampled_from([*NAMES, "</script>", "'", "=1+1", "\u2028"])
KPI_WAYS = [
    ("--higher-is-better",),
    ("--lower-is-better", "--bounds", "0:1"),
    ("--higher-is-better", "--kpi-items", "100", "--chance", "0.25"),
    ("--higher-is-better", "--kpi-items", "N"),
    (),
]
KPIS = st.sampled_from(["0.1", "0.5", "0.9", "1", "0", "", "41%", "nan", "-3", "1e9"])


@given(
    rows=st.lists(st.tuples(TEXTS, CELLS, CELLS, LOSSES, KPIS, KPIS), min_size=1, max_size=9),
    kpi=st.sampled_from([(), *(("--kpi", "kpi", *more) for more in KPI_WAYS)]),
    column=TEXTS,
    language=st.sampled_from(["en", "ja"]),
)
def test_any_table_gives_a_sound_page_or_none(rows, column, language, kpi, tmp_path_factory):
    runs = tmp_path_factory.mktemp("any") / "runs.csv"
    names = ["run", "N", "D", "loss", f"err_{column}", "kpi"]
    table = pd.DataFrame(rows, columns=names)
    table.to_csv(runs, index=False, encoding="utf-8", errors="replace")
    report_or_refuse(runs, "--language", language, "--tokens-out", "1M", *kpi, twice=True)


MEASURED = st.none() | st.sampled_from([0.0, 1.0, 0.5]) | st.floats(-1e9, 1e9) | st.floats(0, 1)


@given(
    kpi=st.lists(MEASURED, min_size=9, max_size=9),
    name=TEXTS.filter(str.strip),
    way=st.sampled_from(KPI_WAYS),
    language=st.sampled_from(["en", "ja"]),
)
def test_any_kpi_of_sound_runs_gives_a_sound_page_or_none(
    kpi, name, way, language, tmp_path_factory
):
    runs = tmp_path_factory.mktemp("kpi") / "runs.csv"
    table = planted(9).assign(**{name: kpi})
    table.to_csv(runs, index=False, encoding="utf-8", errors="replace")
    asked = () if name.startswith("-") else ("--kpi", name, *way)
    report_or_refuse(runs, "--language", language, *asked, twice=True)


def test_json_holds_what_python_reports(answer, path, tmp_path):
    place = tmp_path / "report.html"
    options = "--N 6.9B --M 20 --tokens-in 2B --tokens-out 500M --json".split()
    done = CliRunner().invoke(app, ["report", str(path), "-o", str(place), *options])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["verdict"] == answer.sentences()
    assert told["outcome"] == "more"
    assert told["checks"][0]["wanted"] == [None, find_allowance(0.9)]
    assert place.read_text("utf-8") == answer.html()
