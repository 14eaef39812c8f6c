"""How surely is an average of tasks predicted? Its interval's constants, and whether it holds.

Protocol. Only runs of 0.411B parameters and less choose anything.

1. What is believed of the rate of an error law is what averages of 17 tasks, drawn at random from
   all 46, do on the small runs of the training sets (M of 10 and more): mean and standard deviation
   of the log of their rates, over the fits that converged. The noise is the geometric mean of their
   residual standard deviations, worth one degree of freedom, by hand.
2. The backtests are those of `scaling.studies.predictors.backtests` on the testbed, on the averages
   over 17 and over all 46 tasks. Of each, the runs whose loss is below every known one are asked
   for at their measured loss, so that the error law stands alone. Its allowance is the least step
   with which the interval at 90 % holds 90 % of them; backtests and averages count alike.

The rule was written after errors of large runs were known: without an allowance they lay outside
more often. None of them enters.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import asdict, astuple
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import t as student

from scaling.forecast.averages import (
    AverageConstants,
    add_allowance,
    find_average_intervals,
    load_average_constants,
)
from scaling.forecast.fitted import fit_table
from scaling.forecast.intervals import LEVEL, IntervalConstants, find_nodes, measure_change
from scaling.laws.error_posterior import ErrorBelief, find_error_posterior
from scaling.laws.fit import SOUND, Fit, fit_error_law
from scaling.laws.posterior import find_posterior
from scaling.laws.prior import Belief
from scaling.studies.decide.allowance import belief_without, constants_without
from scaling.studies.predictors.backtests import testbed_trials
from scaling.studies.tasks.averages import draw_subsets
from scaling.studies.tasks.error_laws import read_errors
from scaling.testbed.labels import DATASETS, LOSS_COLUMN
from scaling.testbed.runs import (
    run_table,
    select_error_fit,
    select_loss_fit,
    select_small,
    select_targets,
)

AVERAGES = ("err_avg17", "err_avg46")
ENDS = ("lo", "hi", "law_lo", "law_hi", "t_lo", "t_hi")
N_TASKS, N_DRAWS = 17, 300  # of an average drawn; averages drawn
LEAST_M = 10  # shorter runs end within their warm-up, or nearly
NU = 1.0
STEP, MOST_STEPS = 0.001, 100  # of the allowance, a fraction


def fit_drawn_averages(without: str | None = None) -> pd.DataFrame:
    """Fit the error law to averages drawn at random, on the small runs of each training set.

    Parameters
    ----------
    without : str, optional
        A training set that is not read.

    Returns
    -------
    pandas.DataFrame
        A row per training set and average: ``gamma``, per nat, and ``s``, the residual standard
        deviation, a fraction; only of fits that converged to a positive rate.
    """
    parts = []
    for dataset in DATASETS.values():
        if dataset == without:
            continue
        runs = select_small(run_table(dataset), least_M=LEAST_M)
        errors = read_errors(runs)
        every = np.ones(len(errors), dtype=bool)
        sets = draw_subsets(N_TASKS, every, np.random.default_rng(N_TASKS), N_DRAWS)
        fit = fit_error_law(runs[LOSS_COLUMN], sets @ errors / N_TASKS)
        found = pd.DataFrame({"dataset": dataset, "gamma": fit.law.gamma, "s": fit.sigma_hat})
        parts.append(found[fit.status == "converged"])
    return pd.concat(parts, ignore_index=True)


def learn_belief(without: str | None = None) -> ErrorBelief:
    """Learn the belief by rule 1, to two digits; `without` as `fit_drawn_averages` takes it."""
    logs = np.log(fit_drawn_averages(without)[["gamma", "s"]])
    middle, spread = np.exp(logs.mean()), logs.std()
    gamma_0, tau, s_0 = (float(f"{x:.2g}") for x in (middle["gamma"], spread["gamma"], middle["s"]))
    return ErrorBelief(gamma_0, tau, s_0, NU)


def choose_allowance(belief: ErrorBelief, without: str | None = None) -> float:
    """Choose the allowance by rule 2, a fraction; `without` as `fit_drawn_averages` takes it."""
    cases = []
    for design in list_backtests():
        x, asked = design.of_error[LOSS_COLUMN], design.asked
        asked = asked[asked[LOSS_COLUMN] < x.min()]
        if design.dataset == without or asked.empty:
            continue
        for column in AVERAGES:
            posterior = find_error_posterior(x, design.of_error[column], belief)
            cases.append((posterior.at(asked[LOSS_COLUMN]), asked[column]))

    def is_enough(n_steps: int) -> bool:
        shares = []
        for mixture, measured in cases:
            run = add_allowance(mixture, n_steps * STEP)
            lo, hi = run.quantile([(1 - LEVEL) / 2, (1 + LEVEL) / 2], of_a_run=True)
            shares.append(measured.between(lo, hi).mean())
        return bool(np.mean(shares) >= LEVEL)

    return round(bisect_left(range(MOST_STEPS), True, key=is_enough) * STEP, 6)


def learn_constants(without: str | None = None) -> AverageConstants:
    """Learn all constants; `without` as `fit_drawn_averages` takes it."""
    belief = learn_belief(without)
    return AverageConstants(**asdict(belief), allowance=choose_allowance(belief, without))


def tabulate_average_constants() -> pd.DataFrame:
    """The constants with what they rest on, and what they are without each training set.

    Returns
    -------
    pandas.DataFrame
        A row per constant: value, unit and rule; ``without_<dataset>``, the value by the same rule
        with no run of that training set; ``n_runs`` and ``C``, the runs read and their training
        compute in FLOPs.
    """
    drawn = f"{N_DRAWS} averages of {N_TASKS} tasks drawn, on small runs"
    rules = [
        f"geometric mean of the rates of {drawn}",
        "standard deviation of their log",
        "geometric mean of their residual standard deviations",
        "degrees of freedom that s_0 is worth, set by hand",
        "least that holds 90 % of the backtests below the losses known",
    ]
    constants, read = asdict(learn_constants()), select_small(run_table())
    table = pd.DataFrame({"constant": list(constants), "value": list(constants.values())})
    table["unit"] = ["per nat", "log gamma", "fraction", "runs", "fraction"]
    table["rule"] = rules
    for dataset in DATASETS.values():
        table[f"without_{dataset}"] = list(astuple(learn_constants(dataset)))
    return table.assign(n_runs=len(read), C=float(read["C"].sum()))


# --- does it hold? -------------------------------------------------------------------------


class ErrorDesign(NamedTuple):
    """What is known of a training set, and what is asked."""

    kind: str  # "small runs", a backtest; or "large runs"
    dataset: str
    name: str
    of_loss: pd.DataFrame  # runs that the loss law is fitted to
    of_error: pd.DataFrame  # and the error law
    asked: pd.DataFrame


def list_backtests() -> Iterator[ErrorDesign]:
    """Every backtest among the small runs."""
    for trial in testbed_trials(run_table()):
        dataset, _, name = trial.keys["trial"].partition(", ")
        yield ErrorDesign(
            "small runs", dataset, name, trial.case.runs, trial.case.runs, trial.asked
        )


def list_large() -> Iterator[ErrorDesign]:
    """The large runs from the paper's choice of cheaper ones, and from four others."""
    for dataset in DATASETS.values():
        own = run_table(dataset)
        five, six, small = select_loss_fit(own), select_error_fit(own), select_small(own, LEAST_M)
        more = pd.concat([small, six[six["size"] == "1.4B"]], ignore_index=True)
        for name, of_loss, of_error in (
            ("five, 1.4B for the error", five, six),
            ("five", five, five),
            ("five and 1.4B", six, six),
            ("all to 0.411B", small, small),
            ("all to 0.411B, and 1.4B", more, more),
        ):
            yield ErrorDesign("large runs", dataset, name, of_loss, of_error, select_targets(own))


def extrapolate_by_residuals(fit: Fit, runs: pd.Series, loss: float) -> tuple[float, float]:
    """Interval by the residuals alone: Student's t, the delta method, the loss taken as known.

    ``Err +- t s sqrt(1 + g (J'J)^-1 g)``, with g the derivatives of the error by the parameters.

    Parameters
    ----------
    fit : Fit
        The error law.
    runs : pandas.Series
        Losses that it was fitted to, nats per token.
    loss : float
        That of the run asked for.
    """
    J, g = fit.law.jacobian(runs), fit.law.jacobian(loss)[0]
    leverage = np.linalg.norm(np.linalg.pinv(J).T @ g) ** 2
    half = student.ppf((1 + LEVEL) / 2, fit.dof) * fit.sigma_hat * np.sqrt(1 + leverage)
    lo, hi = np.clip(fit.law.predict(loss) + half * np.array([-1.0, 1.0]), 0.0, 1.0)
    return float(lo), float(hi)


def tabulate_average_coverage() -> pd.DataFrame:
    """Predict both averages in every design, with intervals, by a belief that has not read the set.

    Returns
    -------
    pandas.DataFrame
        A row per design, run asked for and average where the loss is usable and the error law
        sound: ``kind``, ``design``, ``dataset``, ``run``, ``average``; ``n_loss_runs`` and
        ``n_error_runs`` of the fits; ``predicted`` and ``measured`` error, and the ends ``lo``,
        ``hi``, ``law_lo``, ``law_hi`` and, by residuals, ``t_lo``, ``t_hi``, fractions; whether
        each holds the measured, ``inside``, ``law_inside``, ``t_inside``, 0 or 1.
    """
    beliefs = {name: _believe_without(name) for name in DATASETS.values()}
    rows: list[dict[str, Any]] = []
    for design in (*list_backtests(), *list_large()):
        rows += _predict_averages(design, beliefs[design.dataset])
    table = pd.DataFrame(rows)
    for name in ("", "law_", "t_"):
        inside = table["measured"].between(table[f"{name}lo"], table[f"{name}hi"])
        table[f"{name}inside"] = inside.astype(int)
    return table


class _Beliefs(NamedTuple):
    of_loss: Belief
    bet: IntervalConstants
    of_average: AverageConstants


def _believe_without(dataset: str) -> _Beliefs:
    """What is believed without the runs of a training set."""
    stored = constants_without(dataset), load_average_constants(dataset)
    return _Beliefs(belief_without(dataset), *stored)


def _predict_averages(design: ErrorDesign, beliefs: _Beliefs) -> Iterator[dict[str, Any]]:
    """Both averages at every run asked for, with their intervals."""
    fitted = fit_table(design.of_loss, LOSS_COLUMN)
    known = fitted.N, fitted.D
    posterior = find_posterior(*known, fitted.L, beliefs.of_loss)
    names: dict[str, Any] = {"kind": design.kind, "design": design.name, "dataset": design.dataset}
    names |= {"n_loss_runs": len(design.of_loss), "n_error_runs": len(design.of_error)}
    for run, name in product(design.asked.to_dict("records"), AVERAGES):
        x, y = design.of_error[LOSS_COLUMN], design.of_error[name]
        told, fit = fitted.predict(run["N"], run["D"]), fit_error_law(x, y)
        if told.doubt or fit.status not in SOUND:
            continue
        at = [run["N"]], [run["D"]]
        allowance = beliefs.bet.allow(measure_change(fitted.fit.law, known, at))
        nodes, value = find_nodes(posterior.at(*at), allowance), fit.law.predict(told.loss)
        ends = find_average_intervals(nodes, x, y, value, constants=beliefs.of_average)
        by_residuals = extrapolate_by_residuals(fit, x, told.loss)
        asked = {"run": run["run"], "average": name.removeprefix("err_")}
        asked |= {"predicted": value, "measured": run[name]}
        yield names | asked | dict(zip(ENDS, (*ends, *by_residuals), strict=True))
