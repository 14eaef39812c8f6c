"""What the cheapest model saves, by every law that fits."""

import numpy as np
import pandas as pd
import pytest

import scaling
from scaling.costs.total import least_total
from scaling.decide.priced_models import LEAST_MONEY, LEAST_TOTAL
from scaling.laws.draws import draw_laws
from scaling.laws.law import LossSurface
from scaling.studies.decide.savings import (
    USUAL,
    read_ends,
    size_at,
    spread_over_laws,
)
from scaling.testbed.runs import run_table, select_loss_fit

DEMAND = {"tokens_in": "2B", "tokens_out": "500M"}


@pytest.fixture(scope="module")
def answer():
    return scaling.cost(select_loss_fit(run_table("c4")), loss=2.4, loss_set="c4_eval", **DEMAND)


def test_the_size_at_a_multiplier_reaches_the_loss():
    law = LossSurface(1.7, 140.0, 200.0, 0.26, 0.26)
    size = size_at(law, 20.0, 2.4)
    assert float(law.predict(size.N, size.D)) == pytest.approx(2.4)
    assert float(size.M) == pytest.approx(20)
    with pytest.raises(ValueError, match="two exponents"):
        size_at(LossSurface(1.7, 140.0, 200.0, 0.26, 0.28), 20.0, 2.4)


def test_the_ends_are_those_that_the_answer_prints(answer):
    spread = spread_over_laws(answer)
    shown = answer.report()["least_total_if_the_law_holds"]
    np.testing.assert_allclose(read_ends(spread.cheapest.N), shown["N"])
    np.testing.assert_allclose(read_ends(spread.least), shown["flops"])


def test_no_law_has_a_size_below_its_least(answer):
    spread = spread_over_laws(answer)
    assert (spread.ratios >= 1 - 1e-9).all(axis=None)
    assert (spread.saved >= -1e-9).all()
    assert (spread.saved_if_fixed < 1).all()
    assert (spread.saved_if_fixed == -np.inf).any()  # only the size of 20 gets there


def test_runs_without_noise_leave_one_ratio():
    law = LossSurface(1.7, 140.0, 200.0, 0.28, 0.28)
    N = np.repeat(np.geomspace(1e7, 4e8, 6), 3)
    D = N * np.tile([10.0, 40.0, 160.0], 6)
    runs = pd.DataFrame({"N": N, "D": D, "loss": law.predict(N, D)})
    answer = scaling.cost(runs, loss=2.4, **DEMAND)
    spread, laws = spread_over_laws(answer), draw_laws(answer.case.fitted.posterior)
    found = answer.to_frame().set_index("choice")
    for in_money, cost, choice in ((False, "flops", LEAST_TOTAL), (True, "money", LEAST_MONEY)):
        saved = 1 - found.loc[choice, cost] / found.loc[USUAL, cost]
        by_laws = spread_over_laws(answer, in_money).saved_if_fixed.median()
        assert by_laws == pytest.approx(saved, abs=0.01)
    assert len(spread.ratios) == np.isfinite(least_total(laws, 2.4, 9.125e11).N).sum()


def test_only_a_wanted_loss_is_spread(answer):
    budget = scaling.cost(answer.selected.table, budget=1e22, loss_set="c4_eval", **DEMAND)
    with pytest.raises(ValueError, match="wanted loss"):
        spread_over_laws(budget)
