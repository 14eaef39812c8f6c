"""Effective tokens and parameters: what Muennighoff et al. printed, and limits."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaling.laws.repeated import (
    ALPHA,
    LOG_A,
    LOG_B,
    LOG_E,
    OPTIMAL,
    R_D,
    R_N,
    effective_parameters,
    effective_tokens,
    log_worth_of_more,
    real_parameters,
    seen_tokens,
)


@pytest.mark.parametrize(
    ("epochs", "share"), [(1, 1.0), (2, 0.984), (4, 0.931), (8, 0.828), (16, 0.661), (40, 0.379)]
)
def test_what_a_token_is_worth_after_so_many_epochs(epochs, share):
    D = epochs * 1e9
    assert round(float(effective_tokens(D, 1e9) / D), 3) == share


@pytest.mark.parametrize(
    ("N", "D", "printed"),
    [(6.34e9, 242e9, 2.2256440889984477), (8.67e9, 178e9, 2.2269634075087867)],
)
def test_the_two_losses_that_the_authors_print_for_25b_different_tokens(N, D, printed):
    """In the README of their repository, huggingface/datablations."""
    N_effective, D_effective = effective_parameters(N, 25e9), effective_tokens(D, 25e9)
    A, B, E = map(math.exp, (LOG_A, LOG_B, LOG_E))
    loss = E + A * N_effective**-ALPHA + B * D_effective**-ALPHA
    assert loss == pytest.approx(printed, rel=1e-12)


def test_the_optimum_is_a_parameter_for_19_6_tokens():
    assert pytest.approx(19.6, abs=0.05) == 1 / OPTIMAL
    assert effective_parameters(OPTIMAL * 1e9, 1e9) == pytest.approx(OPTIMAL * 1e9)
    assert effective_parameters(1e15, 1e9) == pytest.approx((1 + R_N) * OPTIMAL * 1e9)


counts = st.floats(1, 1e15)


@given(counts, counts)
def test_effective_counts_are_no_larger_and_fresh_tokens_count_in_full(D, unique):
    worth = effective_tokens([D, D], [unique, 2 * D])
    assert worth[1] == D
    assert 0 < worth[0] <= D * (1 + 1e-12)
    assert worth[0] <= unique * (1 + R_D)
    assert np.all(effective_parameters([D], [unique]) <= D * (1 + 1e-12))


@given(st.floats(0, 2), st.floats(6, 13))
def test_effective_counts_can_be_undone(log_epochs, log_unique):
    unique = 10.0**log_unique
    D, N = unique * 10.0**log_epochs, OPTIMAL * unique * 10.0 ** (log_epochs / 2)
    assert seen_tokens(effective_tokens(D, unique), unique) == pytest.approx(D, rel=1e-6)
    assert real_parameters(effective_parameters(N, unique), unique) == pytest.approx(N, rel=1e-6)
    assert seen_tokens(unique / 2, unique) == unique / 2


def test_beyond_the_limit_no_epochs_suffice():
    assert seen_tokens((1 + R_D) * 1e9, 1e9) == np.inf
    assert np.isfinite(seen_tokens(16.38e9, 1e9))
    assert real_parameters((1.001 + R_N) * OPTIMAL * 1e9, 1e9) == np.inf
    assert seen_tokens(1e12, np.inf) == 1e12


@pytest.mark.parametrize("D", [0.5e9, 1.5e9, 8e9, 60e9])
def test_worth_of_more_is_the_slope(D):
    step = 1e-4
    ends = np.log(effective_tokens(D * np.exp([step, -step]), 1e9))
    own = np.exp(log_worth_of_more(D, min(1e9, D), R_D))
    assert own == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-5)
