"""Sampling noise: the two readings by linear algebra, and roughness by hand and by simulation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2, norm

from scaling.laws.law import LossLaw
from scaling.studies.loss.sampling import (
    HALF_WIDTH,
    chance_below,
    judge_independence,
    measure_roughness,
    sampling_noise,
    weigh_roughness,
)
from scaling.studies.loss.transfer import predict_sets

LAW = LossLaw(1.8, 170.0, 370.0, 0.27)
N = np.array([1e7, 8e7, 1.5e8, 4e8, 1e7, 1.4e9, 7e9])
D = np.array([20, 20, 20, 20, 320, 640, 20]) * N
USED = np.array([True] * 5 + [False] * 2)
LOSS = LAW.predict(N, D)


def miss_by_errors():
    """Derivative of predicted minus measured, by the losses of all runs: shape (n_runs, n_runs)."""
    J = LAW.jacobian(N, D)
    scale = np.abs(J).max(axis=0)
    hat = np.zeros((len(N), len(N)))
    hat[:, USED] = (J / scale) @ np.linalg.pinv(J[USED] / scale)
    return hat - np.eye(len(N))


def test_a_half_width_is_1_96_standard_errors():
    assert pytest.approx(norm.ppf(0.975), rel=1e-15) == HALF_WIDTH


def test_both_readings_agree_with_linear_algebra():
    half_width = 1e-5 * np.array([3.0, 1.0, 2.0, 1.0, 4.0, 1.0, 2.0])
    rng = np.random.default_rng(0)
    independent, shared = sampling_noise(N, D, LOSS, half_width, USED, rng, 20_000)
    slope = miss_by_errors()
    assert independent == pytest.approx(np.sqrt(slope**2 @ half_width**2), rel=0.03)
    assert shared == pytest.approx(np.abs(slope @ half_width), rel=0.01, abs=1e-9)


def test_an_equal_shift_of_all_runs_cancels():
    """A constant goes into E, so that it moves prediction and measurement alike."""
    _, shared = sampling_noise(N, D, LOSS, np.full(7, 0.01), USED, np.random.default_rng(0), 2)
    assert shared == pytest.approx(np.zeros(7), abs=1e-7)


def test_without_noise_there_is_none():
    independent, shared = sampling_noise(N, D, LOSS, np.zeros(7), USED, np.random.default_rng(0), 3)
    assert np.all(independent == 0)
    assert np.all(shared == 0)


def test_roughness_by_hand():
    assert measure_roughness([[0.0, 0.0, 1.0, 0.0]], [[1.0] * 4]) == pytest.approx(3 / 20**0.5)
    assert measure_roughness([[0.0, 0.0, 0.0, 2.0]], [[1.0, 0, 0, 0]]) == pytest.approx(2.0)
    assert measure_roughness([[0.0, 0.0, 0.0, 9.0]], [[0, 1.0, 0, 0]]) == pytest.approx(3.0)


def test_roughness_ignores_a_parabola_and_a_gap():
    x = np.arange(7.0)
    parabola = 3 - x + 0.25 * x**2
    std = np.full(7, 0.1)
    assert measure_roughness([parabola], [std]) == pytest.approx(0, abs=1e-10)
    gap = np.append([np.nan], parabola[1:])
    assert measure_roughness([gap, x**3], [std, std]) == pytest.approx(
        6 / np.sqrt(0.2) * (4 / 7) ** 0.5
    )


def test_independent_errors_have_roughness_one():
    rng = np.random.default_rng(1)
    std = np.array([0.1, 0.3, 0.2, 0.1, 0.5, 0.2, 0.1])
    drawn = measure_roughness(rng.normal(0, std, (4000, 4, 7)), np.broadcast_to(std, (4, 7)))
    assert drawn.shape == (4000,)
    assert np.mean(drawn**2) == pytest.approx(1, rel=0.02)


def grid(error):
    """Runs on a grid of 4 by 7 whose losses are a straight line plus an error."""
    rows = [(n, 10 * 2**m, 3 - 0.05 * m) for n in range(1, 5) for m in range(7)]
    runs = pd.DataFrame(rows, columns=["N", "M", "line"])
    runs["actual"] = runs["line"] + error
    return runs.assign(half_width=HALF_WIDTH * 0.02 / runs["actual"], dataset="d", loss_set="s")


def test_shared_errors_are_found_out_and_independent_ones_not():
    rng = np.random.default_rng(2)
    smooth = judge_independence(grid(rng.normal(0, 0.02)))
    assert smooth["p_value"].item() == pytest.approx(0, abs=1e-9)
    assert smooth["roughness"].item() < 1e-6
    p = [judge_independence(grid(rng.normal(0, 0.02, 28)))["p_value"].item() for _ in range(100)]
    assert np.quantile(p, [0.25, 0.5, 0.75]) == pytest.approx([0.25, 0.5, 0.75], abs=0.12)
    rough = judge_independence(grid(rng.normal(0, 0.2, 28)))
    assert rough["p_value"].item() == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("q", [0.0, 0.05, 0.3, 1.0, 2.5, 300.0])
@pytest.mark.parametrize("n", [6, 16])
def test_equal_weights_give_a_chi_square(q, n):
    assert chance_below(q, np.full(n, 1 / n)) == pytest.approx(chi2.cdf(n * q, n), abs=1e-7)


def test_the_chance_is_that_of_draws():
    """Unequal standard errors and a gap: the share of drawn curves that are as smooth."""
    rng = np.random.default_rng(4)
    std = rng.uniform(0.1, 0.5, (3, 7))
    std[0, 0] = np.nan
    weights = weigh_roughness(std)
    assert len(weights) == 3 + 4 + 4
    assert weights.sum() == pytest.approx(1)
    drawn = measure_roughness(rng.normal(0, std, (40_000, 3, 7)), std) ** 2
    for q in (0.3, 0.6, 1.0, 1.6):
        assert chance_below(q, weights) == pytest.approx(np.mean(drawn <= q), abs=0.01)


def test_on_the_testbed_independence_is_refuted_in_two_of_24_cases():
    predictions = predict_sets(n_draws=2)
    smooth = judge_independence(predictions[predictions["role"].isin(["fit", "small"])])
    assert len(smooth) == 24
    assert (smooth["p_value"] < 0.05).sum() == 4
    refuted = smooth[smooth["p_value"] < 0.05 / 24].set_index(["dataset", "loss_set"])["p_value"]
    assert refuted.round(5).to_dict() == {
        ("c4", "openlm_eval"): 0.00046,
        ("refinedweb", "paloma_refinedweb"): 0.00031,
    }


def test_the_order_of_rows_does_not_matter():
    runs = grid(np.random.default_rng(3).normal(0, 0.02, 28))
    mixed = runs.sample(frac=1, random_state=0)
    pd.testing.assert_frame_equal(judge_independence(runs), judge_independence(mixed))
