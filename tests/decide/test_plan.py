"""Plans: what the steps are, that they can be redone by hand, and every reason to stop."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import scaling
from scaling.costs.price_tables import default_prices
from scaling.decide.candidates import make_offer
from scaling.decide.gain import NOISE_ALONE, Cells, LawMisfit
from scaling.decide.plan import Target, make_plan, open_table
from scaling.decide.purchases import BuyingRule, Known, choose_next, is_like
from scaling.forecast.intervals import load_constants
from scaling.forecast.selection import ChoiceError, select_rows
from scaling.laws.law import LossLaw
from scaling.laws.prior import load_belief

LAW = LossLaw(1.8, 150.0, 300.0, 0.28)
N = np.array([1e7, 1e7, 8e7, 1.5e8])
D = N * np.array([20, 160, 20, 20])
OFF = np.array([1.004, 0.996, 1.003, 0.998])
RUNS = pd.DataFrame({"N": N, "D": D, "loss": LAW.predict(N, D) * OFF})
TARGET = {"N": 6.9e9, "M": 20}


def plan(runs=RUNS, **changed):
    return scaling.plan(runs, **{**TARGET, "budget": 2.4e19, **changed})


def test_every_interval_is_that_of_the_table_with_the_rows_in_it():
    """The printed point is that of `predict`; the interval keeps the noise that was measured."""
    answer = plan()
    assert answer.plan.purchases
    rows = RUNS
    before = scaling.predict(RUNS, **TARGET)
    assert answer.plan.before == before.forecast.told
    for run in answer.plan.purchases:
        row = pd.DataFrame({"N": [run.N], "D": [run.D], "loss": [run.loss]})
        rows = pd.concat([rows, row], ignore_index=True)
        again = scaling.predict(rows, **TARGET)
        assert run.told.loss == pytest.approx(again.loss, rel=1e-12)
        if again.law_lo is not None and run.told.law_lo is not None:
            assert run.told.law_hi - run.told.law_lo > again.law_hi - again.law_lo


def test_an_expected_row_moves_neither_the_noise_nor_the_prediction_much():
    selected = select_rows(RUNS)
    table = open_table(*selected[:4])
    cell = 3e8, 6e9
    more = table.plus(*cell, table.expect(*cell))
    at = [t.known.find_posterior().at(6.9e9, 1.38e11) for t in (table, more)]
    noise = [float((a.weight * a.noise / a.middle).sum()) for a in at]
    assert noise[1] == pytest.approx(noise[0], rel=0.15)  # 18 % less if it had no residual
    medians = [a.quantile(0.5)[0] for a in at]
    assert medians[1] == pytest.approx(medians[0], rel=0.01)


def test_the_first_purchase_is_the_best_of_all_by_hand():
    """Gain over FLOPs^0.4, each candidate put into the table in turn."""
    from scaling.decide.gain import find_variances, read_law

    selected = select_rows(RUNS)
    target = 6.9e9, 1.38e11
    cells = make_offer(N, target).list_cells(target)
    rule = BuyingRule()
    known = Known(Cells(N, D), RUNS["loss"].to_numpy())
    law, none = read_law(known.find_posterior()), Cells(np.zeros(0), np.zeros(0))

    def variance(runs):
        return find_variances(law, runs, none, target, rule.belief, rule.misfit).now

    now = variance(known.cells)
    kept = (cells.C <= 2.4e19) & ~is_like(cells, known.cells)
    scores = [
        (now - variance(known.cells.plus(n, d))) / (6 * n * d) ** 0.4
        for n, d in zip(*cells.take(kept), strict=True)
    ]
    best = int(np.argmax(scores))
    found = make_plan(open_table(*selected[:4]), Target(*target), cells, 2.4e19, 1)
    bought = found.purchases[0]
    assert (cells.take(kept).N[best], cells.take(kept).D[best]) == (bought.N, bought.D)
    left = variance(known.cells.plus(bought.N, bought.D)) / now
    assert bought.gain == pytest.approx(1 - np.sqrt(left), rel=1e-9)


def test_purchases_stay_within_the_budget_and_are_never_the_same_run():
    for budget in (1e18, 2.4e19, 3e20):
        answer = plan(RUNS.iloc[:1], budget=budget)
        cells = answer.cells
        assert cells.C.sum() <= budget * (1 + 1e-9)
        all_cells = Cells(np.append(N[:1], cells.N), np.append(D[:1], cells.D))
        for i in range(1, len(all_cells.N)):
            assert not is_like(all_cells.take([i]), all_cells.take(list(range(i)))).any()


def test_more_runs_tell_more():
    """From three runs the intervals shrink, purchase by purchase."""
    answer = plan(RUNS.iloc[:3], budget=1e20)
    told = [run.told for run in answer.plan.purchases if run.told.law_hi is not None]
    widths = [t.law_hi - t.law_lo for t in told]
    assert len(widths) >= 2
    assert widths == sorted(widths, reverse=True)


@pytest.mark.parametrize("n_runs", [1, 2, 3])
def test_there_is_a_plan_where_there_is_no_fit(n_runs):
    answer = plan(RUNS.iloc[:n_runs])
    assert not answer.report()["before"]["usable"]
    assert "at least 4 runs" in answer.text().splitlines()[0]
    assert answer.plan.purchases
    losses = np.array([run.loss for run in answer.plan.purchases])
    truth = LAW.predict(*answer.cells)
    assert (np.abs(losses / truth - 1) < 0.3).all()


@pytest.mark.parametrize("n_runs", [1, 3])
def test_where_the_measured_runs_do_not_tell_the_target_only_widths_are_expected(n_runs):
    """A planned run's loss is that of a law which they leave open: no interval has a place."""
    answer = plan(RUNS.iloc[:n_runs], budget=1e21)
    report, last = answer.report(), answer.plan.purchases[-1].told
    after = report["runs"][-1]["after"]
    assert last.lo is not None
    assert last.hi is not None
    assert [after[key] for key in ("target_loss", "lo", "hi", "law_lo", "law_hi")] == [None] * 5
    assert not after["usable"]
    assert after["half"] == pytest.approx((last.hi - last.lo) / 2 / last.loss)
    frame = answer.to_frame()
    assert frame[["target_loss", "lo", "hi", "law_lo", "law_hi"]].isna().all(axis=None)
    assert frame["half"].iloc[-1] == after["half"]
    text = answer.text()
    assert f"± {100 * after['half']:.2g}%" in text
    assert "± are expected half widths" in text
    assert not any(f"{end:.2f}" in text for end in (last.lo, last.hi))
    assert "±" not in plan().text()


@pytest.mark.parametrize(("M", "off_ray"), [(20, False), (640, True)])
def test_runs_on_a_line_buy_off_it_where_the_target_lies_off(M, off_ray):
    N = np.array([1e7, 4e7, 1.6e8, 4e8])
    D = N * 20 * np.array([1.003, 0.998, 1.001, 0.999])  # counts are rounded
    runs = pd.DataFrame({"N": N, "D": D, "loss": LAW.predict(N, D)})
    answer = plan(runs, M=M, budget=1e21)
    multipliers = answer.cells.D / answer.cells.N
    assert (multipliers > 30).any() == off_ray
    assert answer.report()["before"]["usable"] != off_ray


def test_rows_that_are_asked_about_are_no_reason_to_have_no_plan():
    """Fewer runs than a law needs, for a reason that is told: earlier checkpoints are left out."""
    D = 1e9 * np.array([1, 2, 3])
    runs = pd.DataFrame({"N": 1e8, "D": D, "loss": LAW.predict(np.full(3, 1e8), D)})
    answer = plan(runs, last_of_run=True)
    assert answer.report()["n_runs"] == 1
    assert answer.plan.purchases
    assert any("--last-of-run" in line for line in answer.warnings)


def test_runs_that_do_not_follow_the_law_get_a_plan():
    answer = plan(RUNS.assign(loss=[3.0, 6.0, 3.1, 5.9]))
    assert not answer.report()["before"]["usable"]
    assert answer.plan.purchases or answer.plan.stop == "gain"
    assert np.isfinite([run.loss for run in answer.plan.purchases]).all()


def test_runs_that_follow_no_law_buy_nothing():
    """Losses without order; and one run that went wrong, whose remedy comes first."""
    table = make_grid(0.003)
    losses = np.resize([2.2, 4.4, 3.2, 2.4, 2.9], len(table))
    answer = plan(table.assign(loss=losses), budget=1e21)
    assert (answer.plan.stop, answer.plan.purchases, answer.plan.nearer) == ("unsound", [], None)
    assert answer.text().splitlines()[1].startswith("train nothing yet: ")
    assert "--without-flagged" not in answer.text()

    crashed = make_grid(0.003).iloc[::3].reset_index(drop=True)
    crashed["run"] = [f"run {i}" for i in range(len(crashed))]
    crashed.loc[5, "loss"] = 9.7
    answer = plan(crashed, budget=1e21)
    assert (answer.plan.stop, answer.plan.purchases) == ("unsound", [])
    assert "without run 5, flagged: --without-flagged" in answer.text().splitlines()[1]
    again = plan(crashed, budget=1e21, without_flagged=True)
    assert again.report()["before"]["usable"]


@pytest.mark.parametrize("n_runs", [1, 2, 3])
def test_a_plan_that_can_pay_for_it_reaches_a_law(n_runs):
    """No run takes 5% off before there is a law, and as many as it needs are bought."""
    answer = plan(RUNS.iloc[:n_runs], N=7e9, budget=1e20)
    assert len(answer.plan.purchases) >= 4 - n_runs
    assert "needs at least" not in answer.plan.purchases[-1].told.doubt


def test_a_sweep_taken_for_runs_is_told_first():
    rows = RUNS.loc[RUNS.index.repeat(3)].reset_index(drop=True)
    rows["lr"] = np.tile([0.001, 0.002, 0.004], len(RUNS))
    rows["loss"] *= 1 + 0.03 * (rows["lr"] != 0.002)
    assert "of a sweep --best-of-cell keeps the best" in plan(rows).warnings[0]


def test_a_budget_that_pays_for_the_target_is_told():
    C = 6 * 6.9e9**2 * 20
    assert "pays for the target itself" in plan(budget=C).warnings[0]
    assert not any("pays for" in line for line in plan(budget=0.99 * C).warnings)


def test_a_target_of_fewer_flops_than_an_overtrained_run_gets_a_plan():
    runs = pd.DataFrame({"N": [1e8, 2e8, 4e8, 1e9, 1e9], "D": [2e9, 4e9, 8e9, 2e10, 2e12]})
    answer = plan(runs.assign(loss=LAW.predict(runs["N"], runs["D"])), N=7e9, budget=1e21)
    assert answer.report()["before"]["usable"]
    with pytest.raises(ChoiceError, match="`scaling predict` tells its loss"):
        plan(N=1e8)


def test_what_the_planned_runs_leave_open_is_told():
    """One line of tokens per parameter; and a run shorter than any measured, warm-up unknown."""
    ray = plan(RUNS.iloc[[0]], budget=1e20, multipliers="20:20").warnings
    assert any("with the runs planned, all runs have 20 tokens per param" in line for line in ray)
    shorter = {"budget": 1e18, "sizes": "2M:100M", "multipliers": "20:20"}
    told = [plan(RUNS.iloc[2:3], **shorter, **w).warnings for w in ({}, {"warmup_tokens": 1e6})]
    assert [any("--warmup-tokens" in line for line in lines) for lines in told] == [True, False]


def test_stops_inside_the_tolerance():
    """Half of the bet, over the loss, is inside or outside it."""
    before = plan().plan.before
    half = (before.hi - before.lo) / 2 / before.loss
    answer = plan(tolerance=1.01 * half)
    assert (answer.plan.stop, answer.plan.purchases) == ("tolerance", [])
    assert "inside the tolerance" in answer.text()
    assert plan(tolerance=0.99 * half).plan.purchases


def make_grid(noise):
    """42 runs up to 1B, every loss off by so much."""
    cells = make_offer(np.array([1e7]), (6.9e9, 1.38e11), "10M:1B").list_cells((6.9e9, 1.38e11))
    off = 1 + noise * np.resize([1, -1, -1, 1, 1], len(cells.N))
    return pd.DataFrame({"N": cells.N, "D": cells.D, "loss": LAW.predict(*cells) * off})


@pytest.mark.parametrize(("noise", "stops"), [(0.027, True), (0.031, False)])
def test_stops_where_half_of_the_laws_interval_is_within_the_allowance(noise, stops):
    found = plan(make_grid(noise)).plan
    half = (found.before.law_hi - found.before.law_lo) / 2 / found.before.loss
    allowed = load_constants().most  # so far from the runs it is at its limit
    assert 0.85 < half / allowed < 1.15
    assert (half <= allowed) == stops
    assert ((found.stop, len(found.purchases)) == ("misfit", 0)) == stops


@pytest.mark.parametrize(("level", "deviations"), [(0.5, 0.67449), (0.9, 1.64485), (0.99, 2.57583)])
def test_the_allowance_is_as_wide_as_the_level_asks(level, deviations):
    table, target = open_table(*select_rows(RUNS)[:4]), Target(6.9e9, 1.38e11, level)
    allowed = load_constants().most * deviations / 1.64485
    assert table.allow(target) == pytest.approx(allowed, rel=1e-5)


@pytest.mark.parametrize(("of_target", "quarters"), [(3e9, 1), (4e9, 2)])
def test_the_run_nearer_is_the_cheapest_of_the_grid_that_halves_the_allowance(of_target, quarters):
    """Sizes lie a quarter of a doubling apart; here 0.52 is left at two below, there 0.49."""
    table, target = (
        open_table(*select_rows(make_grid(0.003))[:4]),
        Target(of_target, 20 * of_target),
    )
    nearer = make_plan(table, target, Cells(N, 20 * N), 1e20, 1).nearer
    assert pytest.approx(of_target * 2 ** (-quarters / 4)) == nearer.N
    assert pytest.approx(20 * nearer.N) == nearer.D
    smaller = nearer.N * 2**-0.25, nearer.D * 2**-0.25
    shares = [table.allow(target, cell) / table.allow(target) for cell in (nearer[:2], smaller)]
    assert shares[0] <= 0.5 < shares[1]


def test_stops_below_the_misfit_and_names_a_run_nearer():
    answer = plan(make_grid(0.003))
    found, before = answer.plan, answer.plan.before
    assert (found.stop, found.purchases) == ("misfit", [])
    half = (before.law_hi - before.law_lo) / 2 / before.loss
    assert half <= load_constants().most
    nearer = found.nearer
    assert nearer is not None
    assert 1e9 < nearer.N < 6.9e9
    assert pytest.approx(20) == nearer.D / nearer.N
    assert nearer.told.hi - nearer.told.lo < 0.75 * (before.hi - before.lo)
    assert "nearer the target: N = " in answer.text()


def test_stops_without_a_gain_and_names_what_would_be_worth_it():
    answer = plan(budget=1e17)
    assert answer.plan.stop == "gain"
    assert answer.plan.worth is not None
    worth_N, worth_D = answer.plan.worth
    assert 6 * worth_N * worth_D > 1e17
    again = plan(budget=6 * worth_N * worth_D)
    assert again.plan.purchases or again.plan.stop == "misfit"
    assert "takes 5% off" in answer.text()


@pytest.mark.parametrize(("least", "most", "worth_it"), [(0.045, 0.05, False), (0.05, 0.055, True)])
def test_a_run_is_worth_it_from_five_percent_on(least, most, worth_it):
    """One run is on offer, whose gain lies on either side of the threshold."""
    table, target = open_table(*select_rows(RUNS)[:4]), (6.9e9, 1.38e11)
    sizes = np.geomspace(5e7, 1.5e8, 200)
    offered = Cells(sizes, 40 * sizes)
    gains = choose_next(table.known, offered, offered.C, target, 1e20).shares
    one = offered.take([np.flatnonzero((least < gains) & (gains < most))[0]])
    found = make_plan(table, Target(*target), one, 1e20, 1)
    assert (found.stop, len(found.purchases)) == (("most", 1) if worth_it else ("gain", 0))


def test_what_would_be_worth_it_is_the_cheapest_that_gains_enough():
    table, target = open_table(*select_rows(RUNS)[:4]), (6.9e9, 1.38e11)
    cells = make_offer(N, target).list_cells(target)
    shares = choose_next(table.known, cells, cells.C, target, np.inf).shares
    first = np.flatnonzero(shares >= 0.05)[0]  # they are in the order of their price
    assert plan(budget=1e17).plan.worth == (cells.N[first], cells.D[first])


def test_stops_where_nothing_is_affordable_or_asked_for():
    answer = plan(RUNS.iloc[:1], sizes="20M:20M", multipliers="20:20", budget=1e18)
    assert answer.plan.stop == "budget"
    assert len(answer.plan.purchases) == 1
    most = plan(RUNS.iloc[:1], most=2, budget=1e21)
    assert (most.plan.stop, len(most.plan.purchases)) == ("most", 2)


def test_noise_alone_never_does_harm_and_misfit_may():
    known = Known(Cells(N, D), RUNS["loss"].to_numpy())
    target = 6.9e9, 1.38e11
    cells = make_offer(N, target).list_cells(target)
    textbook = choose_next(known, cells, cells.C, target, 1e22, BuyingRule(NOISE_ALONE))
    ours = choose_next(known, cells, cells.C, target, 1e22)
    assert np.nanmin(textbook.shares) >= 0
    assert np.nanmin(ours.shares) < 0 < ours.most


def test_weights_and_counts_reach_the_plan():
    noisy = RUNS.assign(loss_std=[0.001, 0.001, 0.001, 0.5])
    assert plan(noisy).plan.before.loss != plan().plan.before.loss
    body = RUNS.assign(N_body=RUNS["N"] / 2)
    answer = plan(body, count="N_body", N=3e9)
    assert answer.report()["count"] == "N_body"
    assert answer.cells.N.min() >= 5e6 * (1 - 1e-9)


def test_effective_tokens_reach_the_plan():
    runs = RUNS.assign(epochs=[1, 8, 1, 1])
    answer = plan(runs, effective_tokens=True)
    assert answer.plan.before.loss != plan().plan.before.loss
    assert answer.plan.purchases


def test_order_and_units_of_the_rows_do_not_matter():
    again = plan(RUNS.iloc[::-1])
    np.testing.assert_allclose(again.cells.N, plan().cells.N)
    text = RUNS.assign(N=[f"{n / 1e6:g}M" for n in N])
    np.testing.assert_allclose(plan(text).cells.D, plan().cells.D)


def test_budgets_in_hours_and_money_are_the_same_budget():
    prices = default_prices()
    flops = plan().report()
    for option, amount in (
        ("budget_hours", prices.training_hours(2.4e19)),
        ("budget_money", prices.training_money(2.4e19)),
    ):
        other = plan(budget=None, **{option: amount}).report()
        assert other["budget"]["flops"] == pytest.approx(2.4e19, rel=1e-12)
        assert [run["N"] for run in other["runs"]] == [run["N"] for run in flops["runs"]]
    assert prices.training_money(989e12 * 0.4 * 3600) == pytest.approx(2.5)


def test_currency_is_a_label_and_a_price_scales_money_alone():
    answer = plan(prices={"price_training": 250.0, "currency": "JPY"})
    cheap = plan()
    assert [r["flops"] for r in answer.report()["runs"]] == [
        r["flops"] for r in cheap.report()["runs"]
    ]
    assert answer.report()["spent"]["money"] == pytest.approx(
        100 * cheap.report()["spent"]["money"]
    )
    assert " JPY" in answer.text()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"budget": 1e12}, "below the cheapest run of the grid"),
        ({"N": 1e7}, "no more than the largest run"),
        ({"budget": None}, "give one budget"),
        ({"budget_hours": 5}, "give one budget"),
        ({"budget": -1}, "budget must be finite and above 0, got -1"),
        ({"budget": "1e400"}, "budget must be"),
        ({"budget": 1e55}, "budget must be at most 1e.30, got 1e.55"),
        ({"budget": None, "budget_hours": 1e300}, "budget-hours must be at most 1e.30"),
        ({"sizes": (1e-300, 1e300)}, "sizes must be from 1 to 1e.30, got 1e-300 to 1e.300"),
        ({"multipliers": (1e-300, 20)}, "multipliers must be from 1e-30 to 1e.30, got 1e-300"),
        ({"sizes": (1, 1e6), "multipliers": (1e-9, 1e-8)}, "no run of the grid"),
        ({"step": 1e300}, "step must be a factor of 1.01 or more, at most 1e.30, got 1e.300"),
        ({"sizes": "1B:10M"}, "sizes must rise"),
        ({"sizes": "10M"}, "sizes must be the least and the most"),
        ({"sizes": 5}, "sizes must be the least and the most"),
        ({"sizes": "7B:9B", "multipliers": "640:640"}, "no run of the grid costs less"),
        ({"multipliers": (0, 20)}, "multipliers must rise from above 0"),
        ({"step": 1}, "step must be a factor of 1.01 or more"),
        ({"sizes": (1, 6e9), "multipliers": (1e-6, 1e9), "step": 1.01}, "take a larger step"),
        ({"warmup_tokens": "1T"}, r"outlasts its warm-up of 1e.12 tokens twice"),
        ({"warmup_tokens": -1}, "warmup-tokens must be 0 or more"),
        ({"tolerance": 3}, "tolerance must be a fraction"),
        ({"most": 0}, "most must be a whole number of 1 or more"),
        ({"M": None}, "give either D or M"),
        ({"prices": "price_training=-1"}, "price_training must be finite and 0 or more, got -1"),
        ({"prices": {"mfu_training": 1.5}}, "mfu_training must be a share of the peak"),
        ({"prices": "rent=2"}, "there is no price 'rent'"),
        (
            {"prices": "price_training=0", "budget": None, "budget_money": 5},
            "needs a price_training above",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_the_value_and_the_rule(changed, said):
    with pytest.raises(ChoiceError, match=said):
        plan(**changed)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"sizes": "10M:20M"}, "sizes is about a table of runs, .* got 10M:20M"),
        ({"tolerance": 0.05}, "tolerance is about a table"),
        ({"most": 3}, "most is about a table"),
        ({"level": 7}, "level is about a table of runs, .* got 7"),
        ({"law": "free"}, "law is about a table"),
        ({"columns": "N=x"}, "map is about a table"),
        ({"multipliers": (1e-9, 1e-8)}, "sizes up to .* beyond the target's 6.9B"),
    ],
)
def test_a_first_design_refuses_what_it_does_not_read(changed, said):
    asked = {"N": "6.9B", "M": 20, "budget": 1e20}
    with pytest.raises(ChoiceError, match=said):
        scaling.plan(None, **(asked | changed))
    usual = {"level": 0.9, "law": "prior", "most": 10, "step": 2.0, "columns": None}
    assert len(scaling.plan(None, **asked, **usual).cells.N) == 5


def test_a_plan_warns_of_the_runs_that_it_rests_on():
    runs = pd.DataFrame({"N": N, "D": D, "loss": LAW.predict(N, D)})
    runs.loc[1, "loss"] *= 1.4
    told = scaling.plan(runs, N="6.9B", M=20, budget=1e19).warnings
    assert any("mistyped" in line for line in told)


# --- the grid ------------------------------------------------------------------------------


def test_the_grid_reaches_from_the_smallest_run_to_the_target_and_holds_its_ray():
    target = 6.9e9, 6.9e9 * 50
    cells = make_offer(N, target).list_cells(target)
    multipliers = np.unique(np.round(cells.D / cells.N, 6))
    np.testing.assert_allclose(multipliers, [20, 50, 80, 160, 320, 640])
    assert cells.N.min() == 1e7
    assert cells.N.max() < 6.9e9
    assert (np.diff(cells.C) >= 0).all()
    assert (6 * target[0] * target[1] > cells.C).all()


def test_no_run_of_the_grid_ends_inside_its_warm_up():
    target = 6.9e9, 1.38e11
    cells = make_offer(N, target, warmup_tokens="1B").list_cells(target)
    assert cells.D.min() >= 2e9


# --- from nothing --------------------------------------------------------------------------


def test_the_first_design_is_the_papers_to_its_budget():
    answer = plan(None, budget=2.414e19)
    cells = answer.cells
    assert cells.C.sum() == pytest.approx(2.414e19)
    paper = [10_569_312, 10_569_312, 78_914_048, 153_677_376, 411_616_256]
    np.testing.assert_allclose(cells.N, paper, rtol=0.01)
    assert [check.holds for check in answer.checks] == [True, True, None]
    assert "not known" in answer.text()
    assert "then: train all 5; scaling plan RUNS says which run is next" in answer.text()


def test_the_first_design_holds_its_checks_at_any_budget():
    for budget in (1e18, 1e20, 1e21):
        answer = plan(None, budget=budget, warmup_tokens="20M")
        assert all(check.holds for check in answer.checks)
        assert answer.warnings == []
        assert answer.cells.C.sum() == pytest.approx(budget)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"budget": 1e15}, "the budget is too small: sizes over a factor of 39 from N = 1M"),
        ({"warmup_tokens": "10B"}, "the budget is too small"),
        ({"budget": 1e23}, "trains the target itself"),
    ],
)
def test_a_first_design_that_cannot_be(changed, said):
    with pytest.raises(ChoiceError, match=said):
        plan(None, **changed)


def test_a_plan_keeps_the_rule_by_which_it_was_made():
    table, rule = open_table(*select_rows(RUNS)[:4]), BuyingRule(kappa=0.7)
    found = make_plan(table, Target(6.9e9, 1.38e11), Cells(3 * N, 60 * N), 1e20, 1, rule)
    assert found.rule == rule


def test_the_constants_that_the_plan_takes_are_those_of_the_replay():
    assert BuyingRule().misfit == LawMisfit(shared=0.65, length=1.0, closer=0.075)
    assert BuyingRule().belief == load_belief()
    assert BuyingRule(noise=0.01).belief.sigma_0 == 0.01
