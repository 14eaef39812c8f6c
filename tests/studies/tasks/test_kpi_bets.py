"""How often bets on tasks as own KPIs held: the stored counts, and the page that quotes them."""

from __future__ import annotations

import pytest
from places import ROOT

from scaling.studies.results import load_result
from scaling.studies.tasks.kpi_bets import (
    RULES,
    count_bets,
    list_cheaper_half,
    list_six,
    share_held,
)
from scaling.testbed.runs import run_table, select_small


@pytest.fixture(scope="module")
def bets():
    return load_result("kpi_bets")


def rate(bets, *which):
    held, n_bets = share_held(bets, *which)
    return held / n_bets


def test_every_case_is_refused_open_or_a_bet(bets):
    assert (bets["n_cases"] == bets[["n_refused", "n_open", "n_bets"]].sum(axis=1)).all()
    assert (bets["n_held"] <= bets["n_bets"]).all()


def test_replays_of_small_runs_hold_no_large_one_and_look_ahead():
    small = select_small(run_table("c4"))
    for known, later in [*list_six(small), *list_cheaper_half(small)]:
        assert max(known["N"].max(), later["N"].max()) < 1e9
        assert later["C"].min() > known["C"].max()
    assert {len(known) for known, _ in list_six(small)} == {6}


def test_a_stored_count_comes_out_again_from_one_replay(bets):
    (runs,) = list_cheaper_half(select_small(run_table("c4")))
    stored = bets[(bets["replay"] == "cheaper half") & (bets["dataset"] == "c4")]
    for row in stored.to_dict("records"):
        made = count_bets(*runs, row["rule"])
        assert made._asdict() == {name: row[name] for name in made._fields}


def test_bets_hold_near_the_nominal_rate_in_reach_but_not_far_below(bets):
    """From six runs nine in ten; from cheap runs, to many times their compute, two in three."""
    assert rate(bets, "six small runs") == pytest.approx(0.9, abs=0.04)
    assert rate(bets, "large runs") == pytest.approx(0.9, abs=0.1)
    assert rate(bets, "cheaper half") < 0.75


@pytest.mark.parametrize("rule", RULES[1:])
def test_they_hold_less_often_with_runs_at_chance_or_without_the_parabola(bets, rule):
    for replay in ("six small runs", "cheaper half", "large runs"):
        assert rate(bets, replay) > rate(bets, replay, rule) + 0.1


def test_what_was_too_wide_would_have_held(bets):
    """They say nothing: to count them would flatter."""
    assert bets["n_open_held"].equals(bets["n_open"])


def test_what_the_page_says_of_tasks_as_kpis(bets):
    page = " ".join((ROOT / "book" / "own_runs.md").read_text("utf-8").split())
    for replay in ("six small runs", "cheaper half", "large runs"):
        rows = [share_held(bets, replay, rule) for rule in RULES[:2]]
        told = [f"{held} of {n} ({held / n:.0%})".replace("%", " %") for held, n in rows]
        assert f"| {' | '.join(told)} |" in page


def test_what_the_help_says(bets):
    told = " ".join((ROOT / "scaling" / "commands" / "kpi.py").read_text("utf-8").split())
    with_it, large = (rate(bets, replay) for replay in ("six small runs", "large runs"))
    assert f"{with_it:.0%}" == f"{large:.0%}"
    without = [rate(bets, replay, RULES[1]) for replay in ("large runs", "six small runs")]
    low, high = (f"{100 * share:.0f}" for share in without)
    far = rate(bets, "cheaper half")
    assert f"{with_it:.0%} of such bets held from six runs, but {low} to {high}% without" in told
    assert f"--chance, and {far:.0%} from cheap runs far below the target" in told
