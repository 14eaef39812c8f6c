"""What is minimised: each objective by hand, and the linear problem that stands for it nearby."""

from __future__ import annotations

import math

import numpy as np
import pytest

from scaling.laws.objectives import find_objective

DELTA = 0.1
# Observed losses of 2; log(fitted / observed) is 0, inside delta, and beyond it on either side.
LOGS = np.array([0.0, 0.06, 0.5, -0.4])
OBSERVED = np.full(4, 2.0)
FITTED = OBSERVED * np.exp(LOGS)
WEIGHTS = np.array([1.0, 2.0, 3.0, 0.5])


@pytest.mark.parametrize(
    ("name", "rho"),
    [
        ("loss", [(2.0 * math.exp(r) - 2.0) ** 2 for r in LOGS]),
        ("log", [0.0, 0.06**2, 0.5**2, 0.4**2]),
        ("huber", [0.0, 0.06**2, 2 * 0.1 * 0.5 - 0.1**2, 2 * 0.1 * 0.4 - 0.1**2]),
    ],
)
def test_the_sum_by_hand(name, rho):
    cost = find_objective(name, DELTA).cost
    ones = np.eye(4)
    assert cost(ones, OBSERVED, FITTED) == pytest.approx(rho, abs=1e-15)
    assert cost(WEIGHTS, OBSERVED, FITTED) == pytest.approx(np.dot(WEIGHTS, rho))


@pytest.mark.parametrize("name", ["loss", "log", "huber"])
def test_the_working_problem_falls_as_steeply_as_the_sum(name):
    """Derivatives by each fitted value, against central differences."""
    sums = find_objective(name, DELTA)
    roots, target = sums.working(WEIGHTS, OBSERVED, FITTED)
    slopes = 2.0 * roots**2 * (FITTED - target)
    steps = 1e-6 * np.eye(4)
    ends = [[sums.cost(WEIGHTS, OBSERVED, FITTED + s * step) for step in steps] for s in (1, -1)]
    assert slopes == pytest.approx(np.subtract(*ends) / 2e-6, rel=1e-7, abs=1e-9)


def test_huber_weights_fall_as_delta_over_the_residual():
    (plain, _), (robust, _) = (
        find_objective(name, DELTA).working(WEIGHTS, OBSERVED, FITTED) for name in ("log", "huber")
    )
    assert (robust / plain) ** 2 == pytest.approx([1.0, 1.0, 0.1 / 0.5, 0.1 / 0.4])
    assert plain**2 == pytest.approx(WEIGHTS / FITTED**2)


@pytest.mark.parametrize(("name", "linear"), [("loss", True), ("log", False), ("huber", False)])
def test_only_squares_of_the_loss_are_linear(name, linear):
    """Where the flag stands, the working problem is the sum itself, wherever it is taken."""
    sums = find_objective(name, DELTA)
    roots, target = sums.working(WEIGHTS, OBSERVED, FITTED)
    elsewhere = FITTED + np.array([0.3, -0.2, 0.1, 0.4])
    stands = np.sum((roots * (target - elsewhere)) ** 2)
    assert sums.linear == linear
    assert (stands == pytest.approx(sums.cost(WEIGHTS, OBSERVED, elsewhere))) == linear


@pytest.mark.parametrize("name", ["log", "huber"])
def test_a_fitted_loss_that_is_not_positive_is_never_better_unless_it_does_not_count(name):
    cost = find_objective(name, DELTA).cost
    fitted = np.array([2.0, -1.0])
    assert cost(np.ones(2), np.full(2, 2.0), fitted) == np.inf
    assert cost(np.array([1.0, 0.0]), np.full(2, 2.0), fitted) == 0


@pytest.mark.parametrize("delta", [0.0, -1.0, float("nan")])
def test_a_delta_that_is_none_is_refused(delta):
    with pytest.raises(ValueError, match="huber_delta must be > 0"):
        find_objective("huber", delta)
