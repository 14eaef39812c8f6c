"""Counting noise: against SciPy's binomial, by exact sums, and what it says of chance."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from scaling.forecast.counting import Z, counting_error, counting_variance, smallest_change
from scaling.studies.tasks.traits import STANDINGS, compare_with_chance
from scaling.testbed.runs import load_tasks, run_table


@pytest.mark.parametrize("n", [32, 1172, 58492])
@pytest.mark.parametrize("p", [0.0, 0.03, 0.5, 0.9])
def test_the_standard_error_is_that_of_a_binomial_share(p, n):
    assert counting_error(p, n) == pytest.approx(stats.binom(n, p).std() / n, abs=1e-15)


@pytest.mark.parametrize("p", [0.03, 0.5, 0.9])
@pytest.mark.parametrize("n", [2, 7, 32])
def test_the_variance_of_a_measured_error_is_right_on_average(p, n):
    counts = np.arange(n + 1)
    chances = stats.binom(n, p).pmf(counts)
    assert chances @ counting_variance(counts / n, n) == pytest.approx(p * (1 - p) / n)


def test_the_smallest_change_weighs_both_runs():
    assert smallest_change(0.5, 0.2, 100, z=2) == pytest.approx(2 * np.sqrt(0.0025 + 0.0016))
    assert smallest_change(0.5, 0.5, 400) == pytest.approx(smallest_change(0.5, 0.5, 100) / 2)
    assert pytest.approx(stats.norm.ppf(0.975), abs=1e-4) == Z


def test_equal_runs_look_different_one_time_in_twenty():
    """Exactly, by every pair of counts."""
    n, p = 500, 0.3
    errors, chances = np.arange(n + 1) / n, stats.binom(n, p).pmf(np.arange(n + 1))
    first, second = np.meshgrid(errors, errors)
    seen = np.abs(first - second) > smallest_change(first, second, n)
    assert chances @ seen @ chances == pytest.approx(0.05, abs=0.003)


def test_runs_that_share_items_are_told_apart_by_less():
    """Items of which some are always missed: the difference is known better than promised."""
    rng = np.random.default_rng(0)
    hardness = np.repeat([0.02, 0.98], 250)
    runs = (rng.random((2000, 2, 500)) < hardness).mean(axis=2)
    difference = (runs[:, 0] - runs[:, 1]).std()
    assert difference < 0.5 * smallest_change(0.5, 0.5, 500, z=1)


@pytest.mark.parametrize("p", [-0.01, 1.01, np.nan])
def test_what_is_no_fraction_is_refused(p):
    for function in (counting_error, counting_variance):
        with pytest.raises(ValueError, match="p must be a fraction"):
            function(p, 100)


@pytest.mark.parametrize("n", [0, 1, -5, np.nan, np.inf])
def test_what_is_no_count_is_refused(n):
    for function in (counting_error, counting_variance):
        with pytest.raises(ValueError, match="n must be at least 2 items"):
            function(0.5, n)


def make_runs(accuracies, N=1e8):
    errors = 1 - np.asarray(accuracies)
    names = {"N": N, "M": 20.0, "err_a": errors}
    return pd.DataFrame(names)


TASK = pd.DataFrame({"task": ["a"], "n_items": [10_000], "chance": [0.25]})
REACH = 2 * np.sqrt(0.25 * 0.75 / 10_000)


@pytest.mark.parametrize(
    ("away", "standing"),
    [
        ([0] * 19 + [1.1], "at chance"),
        ([0] * 19 + [-1.1], "at chance"),
        ([0] * 18 + [-1.1, -1.1], "not above chance"),
        ([0] * 18 + [1.1, 1.1], "above chance"),
        ([-5] * 19 + [5], "not above chance"),
        ([-5] * 18 + [5, 5], "above chance"),
    ],
)
def test_standing_counts_runs_two_standard_errors_away(away, standing):
    row = compare_with_chance(make_runs(0.25 + REACH * np.array(away)), TASK).iloc[0]
    assert row["standing"] == standing
    assert row["near"] == np.mean(np.abs(away) <= np.ones(20))


def test_standing_reads_small_runs_alone():
    small, large = make_runs([0.25] * 3), make_runs([0.9] * 3, N=1.4e9)
    row = compare_with_chance(pd.concat([small, large]), TASK).iloc[0]
    assert (row["standing"], row["near"]) == ("at chance", 1.0)


def test_standings_of_the_46_tasks():
    standings = compare_with_chance(run_table(), load_tasks()).set_index("task")
    counts = standings["standing"].value_counts()
    assert [int(counts[name]) for name in STANDINGS] == [11, 9, 26]
    assert (standings["near"] == 1).sum() == 3
    assert standings.loc["math_qa", "standing"] == "at chance"
    assert standings.loc["mmlu", "standing"] == "not above chance"
    assert standings.loc["squad", "standing"] == "above chance"
