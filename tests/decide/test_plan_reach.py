"""What a plan does not mend: beyond the tests, outside the runs, tokens seen too often."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import scaling
from scaling.decide.gain import Cells
from scaling.decide.plan_reach import tell_reach, tell_repeats
from scaling.forecast.caution import FARTHEST_CHECKED
from scaling.forecast.selection import ChoiceError
from scaling.laws.law import LossLaw
from scaling.tables.suspects import FEW_EPOCHS

LAW = LossLaw(1.8, 150.0, 300.0, 0.28)
N = np.array([1e7, 1e7, 8e7, 1.5e8])
D = N * np.array([20, 160, 20, 20])
RUNS = pd.DataFrame({"N": N, "D": D, "loss": LAW.predict(N, D) * [1.004, 0.996, 1.003, 0.998]})
NONE = Cells(np.empty(0), np.empty(0))
ONE = Cells(np.array([1e8]), np.array([2e9]))  # M = 20


def at(times: float) -> tuple[float, float]:
    """A run of M = 20 of so many times the compute of the one that is measured."""
    N = 1e8 * times**0.5
    return N, 20 * N


def cells(*sizes: tuple[float, float]) -> Cells:
    return Cells(*np.transpose(sizes))


def test_within_what_was_tested_nothing_is_said():
    assert tell_reach(ONE, NONE, at(0.999 * FARTHEST_CHECKED), None) == []
    assert tell_reach(ONE, cells(at(290), at(80_000)), at(100_000), at(99_000)) == []
    assert tell_reach(NONE, NONE, at(1e9), None) == []


def test_a_target_still_beyond_the_tests_is_told_with_what_brings_it_within():
    (now,) = tell_reach(ONE, NONE, at(900), None)
    assert now == (
        "the target is 900 times the compute of the largest: beyond what was tested (300 times); "
        "a run of about 3.6e18 FLOPs or more brings it within"
    )
    (after,) = tell_reach(ONE, cells(at(2)), at(1800), None)
    assert after.startswith("after these runs the target is still 900 times the compute")
    (then,) = tell_reach(ONE, cells(at(2)), at(1200), at(400))
    assert then.endswith("(300 times); with the run nearer the target 3 times")


def test_a_run_that_lies_beyond_the_tests_itself_is_told():
    told = tell_reach(ONE, cells(at(2), at(2000), at(500_000)), at(1e6), at(600_000))
    assert told == [
        "run 2 is itself 1,000 times the compute of the largest before it: beyond what was tested "
        "(300 times); first train one of at most 7.2e20 FLOPs, then plan again"
    ]
    (only,) = tell_reach(ONE, NONE, at(1_000), at(400))[:1]
    assert only.startswith("the run nearer the target is itself 400 times the compute of the ")
    assert "first train one of at most 3.6e20 FLOPs" in only


@pytest.mark.parametrize(("M", "inside"), [(20, True), (320, True), (640, False), (10, False)])
def test_a_target_outside_the_tokens_per_parameter_is_told(M, inside):
    runs = cells((1e8, 2e9), (1e8, 3.2e10))
    told = tell_reach(runs, NONE, (3e8, 3e8 * M), None)
    assert told == [] if inside else f"M = {M}, theirs 20 to 320; --multipliers says" in told[0]
    planned = tell_reach(runs, cells((1e8, 1e8 * M)), (3e8, 3e8 * M), None)
    assert planned == []


def test_a_plan_says_what_it_does_not_mend():
    answer = scaling.plan(RUNS, N="70B", M=640, budget=1e18, multipliers="20:40")
    assert any(" times the compute of the largest: beyond what" in c for c in answer.cautions)
    assert any("M = 640, theirs 20 to 160" in caution for caution in answer.cautions)
    assert answer.report()["cautions"] == answer.cautions
    assert set(answer.cautions) <= set(answer.text().splitlines())
    assert scaling.plan(RUNS, N="1B", M=20, budget=1e20).cautions == []


@pytest.mark.parametrize("unique", [1e9, "5B"])
def test_no_run_sees_its_tokens_too_often(unique):
    asked = {"N": "6.9B", "M": 20, "budget": "1e21"}
    free, answer = scaling.plan(RUNS, **asked), scaling.plan(RUNS, **asked, unique_tokens=unique)
    most = FEW_EPOCHS * {"5B": 5e9}.get(unique, unique)
    assert free.cells.D.max() > 4e9
    assert free.plan.nearer is not None
    assert (most * (1 + 1e-9) >= answer.cells.D).all()
    assert answer.plan.nearer is None
    assert answer.repeated is not None
    left_out, target = answer.cautions[:2]
    assert left_out.startswith("left out: runs of more than ")
    assert "so is the one nearer the target" in left_out
    assert target.startswith(f"the target sees every token {138e9 / most * FEW_EPOCHS:.3g} times")
    assert answer.report()["candidates"]["unique_tokens"] == most / FEW_EPOCHS
    assert free.report()["candidates"]["unique_tokens"] is None


def test_plenty_of_tokens_change_no_plan():
    asked = {"N": "6.9B", "M": 20, "budget": "1e20"}
    free, answer = scaling.plan(RUNS, **asked), scaling.plan(RUNS, **asked, unique_tokens="1T")
    np.testing.assert_array_equal(np.stack(answer.cells), np.stack(free.cells))
    assert answer.plan.nearer == free.plan.nearer
    assert answer.cautions == tell_repeats(1e12, (6.9e9, 1.38e11))
    assert len(answer.cautions) == 1
    assert tell_repeats(1e12, (1e11, FEW_EPOCHS * 1e12))[1:] == []
    assert len(tell_repeats(1e12, (1e11, 1.01 * FEW_EPOCHS * 1e12))) == 2


def test_tokens_too_few_for_any_run_are_refused():
    with pytest.raises(ChoiceError, match="sees its tokens more than 4 times.*got 1M different"):
        scaling.plan(RUNS, N="6.9B", M=20, budget=1e20, unique_tokens="1M")
    with pytest.raises(ChoiceError, match="unique-tokens must be 1 token or more"):
        scaling.plan(RUNS, N="6.9B", M=20, budget=1e20, unique_tokens=0.5)


def test_a_first_design_says_where_tokens_run_out_and_how_far_it_reaches():
    asked = {"N": "400B", "M": 20, "budget": 1e20}
    answer = scaling.plan(None, **asked, unique_tokens="1B")
    assert answer.checks[-1].holds is False
    assert any("no token seen more than 4 times: does not hold" in w for w in answer.warnings)
    repeats, reach = answer.cautions
    assert repeats.startswith("the target sees every token 8,000 times")
    assert reach.startswith("after these runs the target is still ")
    assert scaling.plan(None, **asked, unique_tokens="100B").checks[-1].holds is True
    assert len(scaling.plan(None, **asked).checks) == 3
    assert scaling.plan(None, N="6.9B", M=20, budget="1e20").cautions == []
