"""Constants of the interval of an average, and what it held."""

from __future__ import annotations

import numpy as np
import pytest
from compare import compare
from scipy.stats import t as student

from scaling.laws.error_posterior import ErrorBelief
from scaling.laws.fit import fit_error_law
from scaling.laws.law import ErrorLaw
from scaling.studies.results import load_result
from scaling.studies.tasks import average_intervals
from scaling.studies.tasks.average_intervals import (
    choose_allowance,
    extrapolate_by_residuals,
    fit_drawn_averages,
    learn_belief,
    list_backtests,
    list_large,
    tabulate_average_constants,
)
from scaling.testbed.runs import run_table


def test_the_choice_reads_no_large_run(monkeypatch):
    """With the losses and errors of all above 0.411B poisoned it is the same."""
    table = run_table()
    columns = table.columns[table.columns.str.match("loss_|err_")]
    table.loc[table["N"] > 1e9, columns] = 0.123

    def poisoned(dataset=None):
        return table if dataset is None else table[table["dataset"] == dataset].reset_index()

    monkeypatch.setattr(average_intervals, "run_table", poisoned)
    made = tabulate_average_constants()
    assert compare(load_result("average_constants"), made, ("constant",)) == []


def test_a_belief_is_learnt_without_the_set_left_out():
    drawn = fit_drawn_averages("c4")
    assert set(drawn["dataset"]) == {"redpajama", "refinedweb"}
    belief = learn_belief("c4")
    assert belief.gamma_0 == pytest.approx(np.exp(np.log(drawn["gamma"]).mean()), rel=0.01)
    assert belief.tau == pytest.approx(np.log(drawn["gamma"]).std(), rel=0.01)


def test_the_allowance_is_the_least_that_holds_enough():
    """Less noise believed in asks for no less of it."""
    belief = learn_belief()
    chosen = choose_allowance(belief)
    sure = ErrorBelief(belief.gamma_0, belief.tau, belief.s_0 / 10, 5.0)
    assert choose_allowance(sure) > chosen > 0
    assert choose_allowance(ErrorBelief(belief.gamma_0, belief.tau, 0.05, 5.0)) == 0


def test_designs_ask_for_runs_that_they_do_not_know():
    designs = [*list_backtests(), *list_large()]
    assert len(designs) == 3 * (7 + 5)
    for design in designs:
        known = {*design.of_loss["run"], *design.of_error["run"]}
        assert not known & {*design.asked["run"]}
        assert set(design.of_loss["dataset"]) == {design.dataset}
        if design.kind == "small runs":
            assert design.asked["N"].max() < 1e9


def test_the_interval_by_residuals_is_that_of_linear_least_squares():
    """Where the law is nearly a line, by hand."""
    loss = np.array([5.0, 4.4, 4.0, 3.5, 3.1, 2.9])
    error = 0.1 * loss + 0.2 + 0.004 * np.array([1, -1, 1, -1, 1, -1])
    fit = fit_error_law(loss, error)
    law, J = fit.law, fit.law.jacobian(loss)
    assert isinstance(law, ErrorLaw)
    g = law.jacobian(2.5)[0]
    half = student.ppf(0.95, 3) * fit.sigma_hat * np.sqrt(1 + g @ np.linalg.solve(J.T @ J, g))
    lo, hi = extrapolate_by_residuals(fit, loss, 2.5)
    middle = law.predict(2.5)
    assert (lo, hi) == pytest.approx((max(middle - half, 0), min(middle + half, 1)), rel=1e-5)


def test_coverage_as_told():
    told = load_result("average_coverage")
    inside = told.groupby("kind")[["inside", "law_inside", "t_inside"]].agg(["sum", "size"])
    assert inside.loc["small runs"].tolist() == [269, 278, 194, 278, 230, 278]
    assert inside.loc["large runs"].tolist() == [57, 60, 44, 60, 43, 60]
    papers = told[told["design"] == "five, 1.4B for the error"]
    assert papers.groupby("average")["inside"].agg(["sum", "size"]).to_numpy().tolist() == [
        [6, 6],
        [6, 6],
    ]
    missed = told[(told["kind"] == "large runs") & (told["inside"] == 0)]
    assert set(missed["run"]) == {"c4-1.4B-M80"}


def test_intervals_hold_what_is_predicted():
    told = load_result("average_coverage")
    for name in ("", "law_"):
        assert (told[f"{name}lo"] <= told["predicted"]).all()
        assert (told["predicted"] <= told[f"{name}hi"]).all()
    assert told[["lo", "hi"]].stack().between(0, 1).all()
