"""Words of a plan: each reason to stop as it is told, number by number."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import scaling
from scaling.decide.purchases import BuyingRule
from scaling.forecast.words import flops_in_words
from scaling.laws.law import LossLaw

LAW = LossLaw(1.8, 150.0, 300.0, 0.28)
N = np.array([1e7, 1e7, 8e7, 1.5e8])
D = N * np.array([20, 160, 20, 20])
OFF = np.array([1.004, 0.996, 1.003, 0.998])
RUNS = pd.DataFrame({"N": N, "D": D, "loss": LAW.predict(N, D) * OFF})
FIRST = RUNS.iloc[:1]


def tell(runs: pd.DataFrame = RUNS, **asked) -> list[str]:
    """Lines of a plan but for its prices."""
    text = scaling.plan(runs, **{"N": 6.9e9, "M": 20, **asked}).text()
    return text.partition("\nprices and utilisation")[0].splitlines()


def test_inside_the_tolerance_as_it_is_told():
    assert tell(budget=1e20, tolerance=0.1) == [
        "loss at N = 6.9B, D = 138B, from 4 runs: 2.2647 nats/token",
        "  if the law holds: 1.80 to 2.41; to bet on: 1.79 to 2.43 (90%)",
        "train, in this order (each is the best gain at the target over FLOPs^0.4):",
        "  run     N   M     D   FLOPs  hours   price  run's loss  target if the law holds  "
        "target to bet on",
        "    1  320M  20  6.4B  1.2e19   8.63  $21.57       2.925             1.95 to 2.27   "
        "   1.93 to 2.29",
        "spent: 1.2e19 FLOPs, 8.63 accelerator-hours, $21.57",
        "budget: 1e20 FLOPs, 70.2 accelerator-hours, $176",
        "then stop: inside the tolerance: the bet leaves 8.3% of the loss to either side, 10% are "
        "asked for",
        "nearer the target: N = 5.8B at M = 20, 4e21 FLOPs, 2,840 accelerator-hours, $7,092, 71% "
        "of the target's compute; with it, to bet on: 2.079 to 2.161",
        "the run nearer the target is itself 329 times the compute of the largest before it: "
        "beyond what was tested (300 times); first train one of at most 3.69e21 FLOPs, then plan "
        "again",
        "after these runs the target is still 465 times the compute of the largest: beyond what "
        "was tested (300 times); with the run nearer the target 1.41 times",
    ]


def test_where_nothing_is_affordable_what_is_left_is_told():
    """Two runs, 4.8e16 and 1.92e17 FLOPs, of 2.8e17."""
    told = tell(FIRST, budget=2.8e17, sizes="20M:80M", multipliers="20:20", level=0.8)
    assert told[1:] == [
        "train, in this order (each is the best gain at the target over FLOPs^0.4):",
        "  run    N   M     D   FLOPs   hours  price  run's loss  target if the law holds  "
        "target to bet on",
        "    1  20M  20  400M  4.8e16  0.0337  $0.08       4.311                        -    "
        "             -",
        "    2  40M  20  800M  1.9e17   0.135  $0.34       3.833                        -    "
        "             -",
        "  the target is not to be told from them yet: a law with 4 parameters needs at least 4 "
        "runs that differ in (N, D), got 3",
        "spent: 2.4e17 FLOPs, 0.169 accelerator-hours, $0.42",
        "budget: 2.8e17 FLOPs, 0.197 accelerator-hours, $0.49",
        "then stop: nothing else of the grid is affordable: "
        "4e16 FLOPs are left, a run takes 4.8e16",
        "after these runs the target is still 29,800 times the compute of the largest: beyond what "
        "was tested (300 times); a run of about 1.9e19 FLOPs or more brings it within",
    ]


def test_the_rule_is_told_by_which_the_runs_were_chosen():
    answer = scaling.plan(RUNS, N=6.9e9, M=20, budget=1e20)
    assert "over FLOPs^0.4):" in answer.text()
    other = replace(answer, plan=answer.plan._replace(rule=BuyingRule(kappa=0.7)))
    assert "over FLOPs^0.7):" in other.text()


def test_after_purchases_a_stop_for_want_of_gain_counts_what_is_left():
    one = FIRST.assign(N=1.5e8, D=3e9, loss=3.248)
    answer = scaling.plan(one, N=7e9, M=20, budget=3e20)
    left = 3e20 - answer.cells.C.sum()
    assert len(answer.cells.N) > 1
    said = f"no run within the {flops_in_words(left, 2)} FLOPs that are left takes 5% off"
    assert said in answer.text()


def test_a_tolerance_that_is_not_reached_is_named_with_what_is_left_open():
    answer = scaling.plan(RUNS, N=6.9e9, M=20, budget=1e20, tolerance=0.01)
    halves = [
        (told.hi - told.lo) / 2 / told.loss
        for told in (answer.plan.purchases[-1].told, answer.plan.nearer.told)
    ]
    bet, nearer = (f"{100 * half:.2g}%" for half in halves)
    assert (
        f"; the tolerance, 1%, is not reached, the bet leaves {bet} to either side, with the run "
        f"nearer the target {nearer}"
    ) in answer.report()["stop"]["says"]


@pytest.mark.parametrize(
    ("runs", "asked", "stop"),
    [
        (
            RUNS,
            {"budget": 1e17},
            "stop: no run within the budget takes 5% off the uncertainty of the target; the "
            "cheapest that does is N = 80M at M = 80, 3.1e18 FLOPs",
        ),
        (
            RUNS,
            {"budget": 1e17, "sizes": "10M:40M"},
            "stop: no run within the budget takes 5% off the uncertainty of the target; nor does "
            "any more expensive one of the grid",
        ),
        (
            FIRST,
            {"budget": 3e20, "most": 2},
            "then stop: 2 runs are planned, the most that were asked for: train, then plan again",
        ),
        (
            FIRST,
            {"budget": 3e20, "most": 1},
            "then stop: 1 run is planned, the most that were asked for: train, then plan again",
        ),
    ],
)
def test_other_reasons_as_they_are_told(runs, asked, stop):
    assert stop in tell(runs, **asked)
