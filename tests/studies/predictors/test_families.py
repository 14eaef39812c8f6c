"""The two families: who is in, what they are called, and that each setting reaches the fit."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from plain import fit_plainly

from scaling.laws.prior import Belief, fit_with_belief
from scaling.studies.predictors.candidates import BASELINES, SINGLE_CHANGES, Case
from scaling.studies.predictors.families import (
    Settings,
    first_family,
    fit_with_prior,
    fit_with_settings,
    member_of_first,
    member_of_second,
    second_family,
    weigh,
)
from scaling.testbed.runs import run_table, select_large, select_loss_fit

COLUMNS = ["loss_c4_eval", "loss_paloma_code"]
LOG = Settings(np.inf, 0.0, 1.0, 0.0)


def case_of(runs) -> Case:
    return Case(runs, runs[COLUMNS].to_numpy().T)


FIVE = case_of(select_loss_fit(run_table("redpajama")))
GRID = case_of(run_table("redpajama").query("N < 1e9 and M >= 10"))
ASKED = select_large(run_table("redpajama"))[["N", "D"]]


# --- members -------------------------------------------------------------------------------


def test_the_first_family_is_every_combination_once():
    family = first_family()
    assert len(family) == len(set(family)) == 4 * 3 * (1 + 4 * 5) == 252
    pulls = {(1.0, 0.0)}
    pulls |= set(product([0.26, 0.28, 0.3, 0.33], [3e-4, 1e-3, 3e-3, 1e-2, 1e6]))
    members = product([np.inf, 0.01, 0.003, 0.001], [0, 0.25, 0.5], pulls)
    assert set(family) == {Settings(delta, power, *pull) for delta, power, pull in members}


def test_the_second_family_is_every_pair_once():
    family = second_family(0.018)
    assert len(family) == len(set(family)) == 15
    pairs = product([0.24, 0.26, 0.28, 0.3, 0.33], [0.2, 0.3, 0.4])
    assert set(family) == {Belief(alpha_0, tau, 0.018, 2.0) for alpha_0, tau in pairs}
    assert {belief.sigma_0 for belief in second_family(0.03)} == {0.03}


def test_no_two_candidates_share_a_name():
    members = [*map(member_of_first, first_family()), *map(member_of_second, second_family(0.018))]
    names = [candidate.name for candidate in (*BASELINES, *SINGLE_CHANGES, *members)]
    assert len(names) == len(set(names)) == 13 + 252 + 15


@pytest.mark.parametrize(
    ("settings", "name", "n_parts"),
    [
        (LOG, "log", 0),
        (Settings(0.003, 0.0, 1.0, 0.0), "huber 0.003", 1),
        (Settings(np.inf, 0.25, 1.0, 0.0), "log C^0.25", 1),
        (Settings(np.inf, 0.0, 0.28, 1e-3), "log alpha 0.28 x 0.001", 1),
        (Settings(0.001, 0.5, 0.33, 1e6), "huber 0.001 C^0.5 alpha 0.33 fixed", 3),
    ],
)
def test_a_name_says_everything_and_parts_are_counted(settings, name, n_parts):
    candidate = member_of_first(settings)
    assert candidate[:3] == (name, name, n_parts)
    assert member_of_first(settings, "mine")[:3] == ("mine", name, n_parts)


def test_a_belief_is_one_part():
    assert member_of_second(Belief(0.3, 0.2, 0.018, 2.0))[:3] == (
        "prior 0.3 within 0.2",
        "prior 0.3 within 0.2",
        1,
    )
    assert member_of_second(Belief(0.3, 0.2, 0.018, 2.0), "prior").name == "prior"


# --- weights and fits ----------------------------------------------------------------------


@pytest.mark.parametrize("power", [0.0, 0.25, 0.5, 1.0])
def test_weights_have_a_mean_of_one_and_rise_as_a_power_of_compute(power):
    C = np.array([1e17, 3e18, 5e21, 2e19])
    weights = weigh(C, power)
    assert weights.mean() == pytest.approx(1)
    assert weights / weights[0] == pytest.approx((C / 1e17) ** power)
    assert weigh([1e300, 1e-300], power).sum() == pytest.approx(2)


@pytest.mark.parametrize("case", [FIVE, GRID], ids=["five", "grid"])
@pytest.mark.parametrize(
    "settings",
    [
        LOG,
        Settings(np.inf, 0.5, 1.0, 0.0),
        Settings(np.inf, 0.0, 0.33, 1e-3),
        Settings(np.inf, 0.25, 0.26, 1e6),
        Settings(0.01, 0.0, 1.0, 0.0),
        Settings(0.01, 0.25, 0.3, 1e-3),
        Settings(0.001, 0.25, 0.3, 3e-4),  # the first choice: some hundred steps
    ],
    ids=lambda settings: settings.name,
)
def test_every_setting_reaches_the_fit(settings, case):
    compute = case.runs["C"].to_numpy(float)
    weights = compute**settings.weight_power / np.mean(compute**settings.weight_power)
    options = {"weights": weights, "centre": settings.alpha_0, "stiffness": settings.stiffness}
    if np.isfinite(settings.huber_delta):
        options["delta"] = settings.huber_delta
    predicted = fit_with_settings(case, settings)(ASKED)
    for row, column in zip(predicted, COLUMNS, strict=True):
        plain, _, _ = fit_plainly(case.runs["N"], case.runs["D"], case.runs[column], **options)
        assert row == pytest.approx(plain(ASKED["N"], ASKED["D"]), rel=1e-5)
    assert member_of_first(settings).fit(case)(ASKED).tolist() == predicted.tolist()


def test_the_settings_can_be_told_apart():
    """Each of them moves the prediction, so that a setting that got lost would be seen."""
    changed = [
        {"huber_delta": 0.01},
        {"huber_delta": 0.003},
        {"weight_power": 0.25},
        {"weight_power": 0.5},
        {"alpha_0": 0.33, "stiffness": 1e-3},
        {"alpha_0": 0.33, "stiffness": 3e-3},
        {"alpha_0": 0.26, "stiffness": 3e-3},
    ]
    members = [LOG, *(Settings(**(vars(LOG) | change)) for change in changed)]
    predicted = [fit_with_settings(GRID, settings)(ASKED)[0, -1] for settings in members]
    apart = [abs(a / b - 1) for i, a in enumerate(predicted) for b in predicted[:i]]
    assert min(apart) > 1e-4


def test_a_member_of_the_second_family_is_its_belief():
    belief = Belief(0.33, 0.2, 0.01, 3.0)
    predicted = fit_with_prior(GRID, belief)(ASKED)
    N, D = GRID.runs["N"], GRID.runs["D"]
    for row, loss in zip(predicted, GRID.losses, strict=True):
        law = fit_with_belief(belief, N, D, loss).law
        assert row.tolist() == law.predict(*ASKED.to_numpy(float).T).tolist()
    assert member_of_second(belief).fit(GRID)(ASKED).tolist() == predicted.tolist()
