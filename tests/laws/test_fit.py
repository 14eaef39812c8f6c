"""Fits: planted truths, the paper's own method as the bar, statuses, weights, noise theory."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import least_squares

from benchmarks.multistart import fit_loss_multistart
from scaling.laws.fit import STATUSES, FitError, fit_error_law, fit_loss_law, fit_loss_surface
from scaling.laws.fit_options import ExponentPrior
from scaling.laws.law import ErrorLaw, LossLaw, LossSurface
from scaling.testbed.runs import run_table

PAPER_N = np.array([1.06e7, 7.9e7, 1.54e8, 4.12e8, 1.06e7])
PAPER_D = PAPER_N * np.array([20, 20, 20, 20, 320])


# --- planted truth ------------------------------------------------------------------------


@st.composite
def designs(draw):
    """At least two M rays a factor 8 apart, N over a factor 30 or more."""
    span = draw(st.floats(30.0, 3000.0))
    n_sizes = draw(st.integers(4, 7))
    smallest = draw(st.floats(1e6, 1e8))
    M = [draw(st.floats(1.0, 80.0))]
    M.append(M[0] * draw(st.floats(8.0, 64.0)))
    sizes = smallest * np.geomspace(1.0, span, n_sizes)
    N, multiplier = (grid.ravel() for grid in np.meshgrid(sizes, M))
    return N, multiplier * N


@settings(max_examples=150, deadline=None)
@given(
    designs(), st.floats(0.1, 0.6), st.floats(0.5, 3.0), st.floats(0.3, 3.0), st.floats(0.3, 3.0)
)
def test_the_tied_law_returns_its_parameters(design, alpha, E, share_N, share_D):
    N, D = design
    truth = LossLaw(E, share_N * N.min() ** alpha, share_D * D.min() ** alpha, alpha)
    fit = fit_loss_law(N, D, truth.predict(N, D))
    assert fit.status == "converged"
    for name in ("E", "A", "B", "alpha"):
        assert getattr(fit.law, name) == pytest.approx(getattr(truth, name), rel=1e-8), name


@settings(max_examples=150, deadline=None)
@given(
    designs(),
    st.floats(0.1, 0.6),
    st.floats(0.1, 0.6),
    st.floats(0.5, 3.0),
    st.floats(0.3, 3.0),
    st.floats(0.3, 3.0),
)
def test_the_free_law_returns_its_parameters(design, alpha, beta, E, share_N, share_D):
    N, D = design
    truth = LossSurface(E, share_N * N.min() ** alpha, share_D * D.min() ** beta, alpha, beta)
    fit = fit_loss_surface(N, D, truth.predict(N, D))
    assert fit.status == "converged"
    for name in ("E", "A", "B", "alpha", "beta"):
        assert getattr(fit.law, name) == pytest.approx(getattr(truth, name), rel=1e-8), name


@settings(max_examples=150, deadline=None)
@given(
    st.floats(0.3, 3.0),
    st.floats(0.3, 3.0),
    st.floats(0.7, 0.95),
    st.floats(1.5, 3.0),
    st.integers(5, 12),
)
def test_the_error_law_returns_its_parameters(gamma, k, epsilon, lowest, n_runs):
    loss = np.linspace(lowest, lowest + 3.0, n_runs)
    truth = ErrorLaw(epsilon, k, gamma)
    fit = fit_error_law(loss, truth.predict(loss))
    assert fit.status == "converged"
    for name in ("epsilon", "k", "gamma"):
        assert getattr(fit.law, name) == pytest.approx(getattr(truth, name), rel=1e-8), name


@pytest.mark.parametrize("objective", ["log", "huber"])
def test_the_other_objectives_find_the_planted_law_too(objective):
    truth = LossLaw(1.84, 166.2, 366.7, 0.273)
    fit = fit_loss_law(PAPER_N, PAPER_D, truth.predict(PAPER_N, PAPER_D), objective=objective)
    for name in ("E", "A", "B", "alpha"):
        assert getattr(fit.law, name) == pytest.approx(getattr(truth, name), rel=1e-7), name


@settings(max_examples=400, deadline=None)
@given(
    st.integers(4, 8),
    st.floats(1.01, 100.0),
    st.floats(1.0, 8.0),
    st.floats(0.1, 0.6),
    st.integers(0, 2**32 - 1),
)
def test_on_worse_designs_predictions_hold_or_the_status_says_so(n, span, ratio, alpha, seed):
    rng = np.random.default_rng(seed)
    N = 1e8 * span ** rng.random(n)
    D = 20 * N * ratio ** rng.random(n)
    assume(len(np.unique(N + 1j * D)) == n)
    truth = LossLaw(1.8, 1.5 * 1e8**alpha, 1.5 * 2e9**alpha, alpha)
    fit = fit_loss_law(N, D, truth.predict(N, D))
    if fit.status == "unidentified":
        return
    pairs = rng.dirichlet(np.ones(n), 20)  # inside the hull of the runs, in log N and log D
    N_new, D_new = np.exp(pairs @ np.log(N)), np.exp(pairs @ np.log(D))
    assert fit.law.predict(N_new, D_new) == pytest.approx(truth.predict(N_new, D_new), rel=1e-8)


def test_one_ray_is_unidentified_and_still_predicts_along_the_ray():
    truth = LossLaw(1.8, 150.0, 300.0, 0.27)
    N = np.array([1e7, 3e7, 1e8, 4e8, 1e9])
    fit = fit_loss_law(N, 20 * N, truth.predict(N, 20 * N))
    assert fit.status == "unidentified"
    assert fit.law.predict(7e9, 1.4e11) == pytest.approx(truth.predict(7e9, 1.4e11), rel=1e-8)


def test_one_size_and_constant_loss_are_unidentified():
    D = np.array([1e8, 4e8, 2e9, 8e9, 4e10])
    truth = LossLaw(1.8, 150.0, 300.0, 0.27)
    N = np.full(5, 1e8)
    fit = fit_loss_law(N, D, truth.predict(N, D))
    assert fit.status == "unidentified"
    assert fit.law.predict(1e8, 1e9) == pytest.approx(truth.predict(1e8, 1e9), rel=1e-8)
    assert fit_loss_law(PAPER_N, PAPER_D, np.full(5, 3.0)).status == "unidentified"


def test_of_several_laws_through_all_runs_the_least_exponent_of_N_is_taken():
    N, D = np.array([1.0, 8, 128, 16, 4]), np.array([128.0, 16, 128, 1, 8])
    truth = LossSurface(2.0, 1.0, 1.0, 1.5, 0.5)
    fit = fit_loss_surface(N, D, truth.predict(N, D))
    assert fit.status == "unidentified"
    assert fit.law.predict(N, D) == pytest.approx(truth.predict(N, D), rel=1e-9)
    assert (fit.law.alpha, fit.law.beta) == pytest.approx((0.788, 1.181), abs=1e-3)


# --- the global optimum -------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(8))
def test_no_start_finds_a_lower_residual(seed):
    rng = np.random.default_rng(seed)
    truth = LossLaw(1.8, 150.0, 300.0, 0.27)
    loss = truth.predict(PAPER_N, PAPER_D) * (1 + 0.01 * rng.standard_normal(5))
    ours = fit_loss_law(PAPER_N, PAPER_D, loss)
    theirs = fit_loss_multistart(PAPER_N, PAPER_D, loss)
    assert ours.cost <= theirs.ssr * (1 + 1e-9) + 1e-13 * np.sum(loss**2)


@pytest.mark.parametrize("seed", range(12))
def test_no_start_finds_a_lower_residual_of_the_free_law(seed):
    rng = np.random.default_rng(seed)
    n = rng.integers(6, 12)
    N = 10 ** rng.uniform(7, 10, n)
    D = N * 10 ** rng.uniform(0.5, 2.8, n)
    loss = LossSurface(1.8, 482.0, 2085.0, 0.35, 0.37).predict(N, D)
    loss *= 1 + 0.03 * rng.standard_normal(n)

    def residuals(exponents):
        powers = (N / 1e8) ** -exponents[0], (D / 1e10) ** -exponents[1]
        columns = np.column_stack([np.ones(n), *powers])
        return loss - columns @ np.linalg.lstsq(columns, loss)[0]

    starts = rng.uniform(0.01, 3.0, (30, 2))
    other = min(least_squares(residuals, s, bounds=([1e-3] * 2, [5.0] * 2)).cost for s in starts)
    assert fit_loss_surface(N, D, loss).cost <= 2 * other * (1 + 1e-7)


@pytest.mark.parametrize("objective", ["loss", "log", "huber"])
@pytest.mark.parametrize("tied", [True, False])
def test_a_general_optimiser_cannot_improve_the_fit(objective, tied):
    rng = np.random.default_rng(7)
    N = np.exp(rng.uniform(np.log(1e7), np.log(1e10), 40))
    D = N * np.exp(rng.uniform(np.log(5), np.log(500), 40))
    loss = LossSurface(1.7, 400.0, 1200.0, 0.34, 0.31).predict(N, D)
    loss *= np.exp(0.02 * rng.standard_t(2, 40))
    fit = (fit_loss_law if tied else fit_loss_surface)(
        N, D, loss, objective=objective, huber_delta=0.01
    )

    def residuals(p):
        with np.errstate(over="ignore"):
            fitted = LossSurface(p[0], np.exp(p[1]), np.exp(p[2]), p[3], p[-1]).predict(N, D)
        return fitted - loss if objective == "loss" else np.log(fitted / loss)

    law = fit.law
    start = [law.E, np.log(law.A), np.log(law.B), law.alpha] + ([] if tied else [law.beta])
    kind = {"loss": "linear", "log": "linear", "huber": "huber"}[objective]
    other = least_squares(
        residuals, start, loss=kind, f_scale=0.01, x_scale="jac", xtol=1e-15, ftol=1e-15, gtol=1e-15
    )
    assert fit.cost == pytest.approx(2 * other.cost, rel=1e-9)
    assert fit.cost <= 2 * other.cost * (1 + 1e-9)


def test_nonneg_keeps_the_signs_and_is_the_constrained_optimum():
    rng = np.random.default_rng(3)
    N = np.exp(rng.uniform(np.log(1e7), np.log(1e9), 12))
    D = 20 * N * np.exp(rng.uniform(-1, 1, 12))
    loss = 0.0 + 60 * N**-0.2 + 0.02 * rng.standard_normal(12)  # E = 0, B = 0: on the edge
    free, kept = fit_loss_law(N, D, loss), fit_loss_law(N, D, loss, nonneg=True)
    assert free.status == "wrong_sign"
    assert min(kept.law.E, kept.law.A, kept.law.B) >= 0
    assert kept.cost >= free.cost
    assert kept.status == "at_zero"

    def residuals(p):
        return LossLaw(*p).predict(N, D) - loss

    scale = [1.0, 60.0, 60.0, 0.2]
    other = min(
        least_squares(
            residuals,
            [e, a, b, alpha],
            bounds=([0, 0, 0, 1e-3], [np.inf] * 3 + [5.0]),
            x_scale=scale,
            xtol=1e-15,
            ftol=1e-15,
        ).cost
        for e in (0.1, 1.0)
        for a in (10.0, 100.0)
        for b in (1.0, 100.0)
        for alpha in (0.1, 0.2, 0.4)
    )
    assert kept.cost <= 2 * other * (1 + 1e-6)


def test_nonneg_changes_nothing_where_the_signs_are_right():
    truth = LossLaw(1.8, 150.0, 300.0, 0.27)
    loss = truth.predict(PAPER_N, PAPER_D) * (1 + 0.002 * np.array([1, -1, 1, 1, -1]))
    free, kept = (fit_loss_law(PAPER_N, PAPER_D, loss, nonneg=n) for n in (False, True))
    assert free.status == "converged"
    assert pytest.approx(free.law.E, rel=1e-9) == kept.law.E


def test_nonneg_runs_fewer_than_parameters_are_unidentified_though_a_coefficient_is_zero():
    """Three of the five runs have a weight."""
    weights = np.array([1.0, 1, 1, 0, 0])
    fit = fit_loss_law(PAPER_N, PAPER_D, [3.0, 2.5, 2.7, 2.4, 2.9], weights=weights, nonneg=True)
    assert min(fit.law.E, fit.law.A, fit.law.B) == 0
    assert (fit.status, fit.dof) == ("unidentified", -1)


def test_nonneg_error_law_rises_with_loss():
    loss = np.array([2.4, 2.8, 3.2, 3.6, 4.1, 5.0])
    falling = 0.7 - 0.02 * loss
    fit = fit_error_law(loss, falling, nonneg=True)
    assert fit.law.k >= 0
    assert fit.law.gamma >= 0
    assert fit_error_law(loss, falling + 0.001 * np.sin(9 * loss)).status == "wrong_sign"


# --- batches and weights ------------------------------------------------------------------


def test_a_batch_equals_its_single_fits():
    rng = np.random.default_rng(0)
    truth = LossLaw(1.8, 150.0, 300.0, 0.27)
    N, D = np.tile(PAPER_N, 2), np.tile(PAPER_D, 2) * np.repeat([1.0, 4.0], 5)
    loss = truth.predict(N, D) * (1 + 0.01 * rng.standard_normal((300, 10)))
    batch = fit_loss_law(N, D, loss)
    assert batch.residuals.shape == (300, 10)
    for i in (0, 17, 255, 256, 299):
        single = fit_loss_law(N, D, loss[i])
        assert batch.status[i] == single.status
        assert batch.cost[i] == pytest.approx(single.cost, rel=1e-10)
        assert batch.law.E[i] == pytest.approx(single.law.E, rel=1e-7)


def test_a_fit_with_as_many_runs_as_parameters_does_not_depend_on_its_batch():
    N, D = np.array([32.0, 64, 1, 2, 8, 16]), np.array([64.0, 4, 1, 2, 8, 8])
    losses = np.array([[2.7, 3.98, 3.13, 2.47, 3.32, 3], [3.03, 2.56, 3.26, 2.96, 3.31, 3]])
    five, six = np.array([1.0, 1, 1, 1, 1, 0]), np.ones(6)
    for loss in losses:
        alone = fit_loss_surface(N, D, loss, weights=five)
        beside = fit_loss_surface(N, D, loss, weights=[five, six])
        assert beside.cost[0] == pytest.approx(alone.cost, rel=1e-9)
        assert beside.status[0] == alone.status


def test_whole_number_weights_count_a_run_that_often():
    rng = np.random.default_rng(1)
    truth = LossLaw(1.8, 150.0, 300.0, 0.27)
    N, D = np.tile(PAPER_N, 2), np.tile(PAPER_D, 2) * np.repeat([1.0, 4.0], 5)
    loss = truth.predict(N, D) * (1 + 0.01 * rng.standard_normal(10))
    counts = np.array([2, 1, 0, 1, 1, 3, 1, 1, 0, 1])
    weighted = fit_loss_law(N, D, loss, weights=counts)
    repeated = fit_loss_law(*(np.repeat(v, counts) for v in (N, D, loss)))
    assert weighted.cost == pytest.approx(repeated.cost, rel=1e-9)
    assert weighted.law.alpha == pytest.approx(repeated.law.alpha, rel=1e-7)
    assert weighted.dof == 4


def test_a_noisier_point_pulls_less():
    truth = LossLaw(1.8, 150.0, 300.0, 0.27)
    N, D = np.tile(PAPER_N, 2), np.tile(PAPER_D, 2) * np.repeat([1.0, 4.0], 5)
    loss = truth.predict(N, D)
    loss[3] += 0.1
    target = truth.predict(7e9, 1.4e11)
    misses = []
    for std in (0.1, 1.0, 10.0):
        weights = np.ones(10)
        weights[3] = 1 / std**2
        fit = fit_loss_law(N, D, loss, weights=weights)
        misses.append(abs(fit.law.predict(7e9, 1.4e11) - target))
    assert misses[0] > misses[1] > misses[2]


# --- noise --------------------------------------------------------------------------------


@pytest.mark.parametrize("tied", [True, False])
def test_bias_and_spread_match_theory(tied):
    rng = np.random.default_rng(11)
    truth = LossLaw(1.8, 150.0, 300.0, 0.27)
    if not tied:
        truth = LossSurface(1.8, 150.0, 900.0, 0.27, 0.31)
    sizes, M = np.geomspace(1e7, 4e9, 6), np.array([10, 20, 80, 320])
    N, multiplier = (grid.ravel() for grid in np.meshgrid(sizes, M))
    D, sigma, n_repeats = multiplier * N, 1e-3, 2000
    loss = truth.predict(N, D) + sigma * rng.standard_normal((n_repeats, len(N)))
    fit = (fit_loss_law if tied else fit_loss_surface)(N, D, loss)
    J = truth.jacobian(N, D)
    J_target = truth.jacobian(7e9, 1.4e11)
    covariance = sigma**2 * np.linalg.inv(J.T @ J)
    for value, expected, variance in [
        (fit.law.E, truth.E, covariance[0, 0]),
        (fit.law.alpha, truth.alpha, covariance[3, 3]),
        (
            fit.law.predict(7e9, 1.4e11),
            truth.predict(7e9, 1.4e11),
            (J_target @ covariance @ J_target.T).item(),
        ),
    ]:
        std = np.sqrt(variance)
        assert abs(value.mean() - expected) < 4 * std / np.sqrt(n_repeats) + 0.02 * std
        assert value.std() == pytest.approx(std, rel=0.08)  # 5 standard errors of a std
    assert np.mean(fit.cost) == pytest.approx(sigma**2 * (len(N) - J.shape[1]), rel=0.04)
    assert set(fit.status) == {"converged"}


# --- statuses and errors ------------------------------------------------------------------


def test_statuses():
    truth = LossLaw(1.8, 150.0, 300.0, 0.27)
    four = fit_loss_law(PAPER_N[1:], PAPER_D[1:], truth.predict(PAPER_N[1:], PAPER_D[1:]))
    assert (four.status, four.dof) == ("saturated", 0)
    assert np.isnan(four.sigma_hat)
    N = np.geomspace(1e6, 1e9, 6)
    D = N * np.array([5, 80, 10, 160, 20, 320])
    assert fit_loss_law(N, D, LossLaw(1.8, -50.0, 300.0, 0.27).predict(N, D)).status == "wrong_sign"
    step = np.array([5.0, 3.0, 3.0, 3.0, 3.0, 3.0])  # all the fall happens at the smallest run
    assert fit_loss_law(N, D, step).status in ("at_bound", "unidentified")


def test_too_few_runs_have_no_fit():
    with pytest.raises(FitError, match=r"at least 4 runs that differ in \(N, D\), got 3"):
        fit_loss_law(PAPER_N[:3], PAPER_D[:3], [4.0, 3.0, 2.8])
    with pytest.raises(FitError, match="got 1"):
        fit_error_law([3.0, 3.0, 3.0, 3.0], [0.5, 0.4, 0.3, 0.2])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"loss": [3.0, np.nan, 3, 3, 3]}, "loss must be finite and > 0, got .*nan"),
        ({"loss": [3.0, 3, 3, 3]}, r"5 runs on its last axis, got shape \(4,\)"),
        ({"N": [0.0, 1, 2, 3, 4]}, r"N must be finite and > 0, got .*0\.0"),
        ({"weights": [1, 1, -1, 1, 1]}, "weights must be finite and >= 0"),
        ({"objective": "l1"}, "'l1'"),
        ({"objective": "huber", "huber_delta": 0.0}, "huber_delta must be > 0"),
    ],
)
def test_wrong_calls_name_argument_rule_and_value(change, message):
    arguments = {"N": PAPER_N, "D": PAPER_D, "loss": np.full(5, 3.0)} | change
    with pytest.raises(ValueError, match=message):
        fit_loss_law(**arguments)


def test_any_positive_table_gives_a_status_and_no_optimiser_error():
    rng = np.random.default_rng(5)
    for _ in range(200):
        n = rng.integers(5, 9)
        N, D = 10 ** rng.uniform(0, 14, (2, n))
        loss = 10 ** rng.uniform(-6, 6, n)
        for fit in (fit_loss_law(N, D, loss), fit_loss_surface(N, D, loss)):
            assert np.isfinite(fit.cost)
            assert fit.status in STATUSES
        assert np.isfinite(fit_error_law(loss, rng.random(n)).cost)


# --- objectives, laws and bounds ----------------------------------------------------------


OBJECTIVES = ["loss", "log", "huber"]
FITS = {"tied": fit_loss_law, "free": fit_loss_surface}


def noisy_runs():
    """Forty runs with heavy-tailed noise, and a generator for more."""
    rng = np.random.default_rng(21)
    N = np.exp(rng.uniform(np.log(1e7), np.log(1e10), 40))
    D = N * np.exp(rng.uniform(np.log(5), np.log(500), 40))
    loss = LossSurface(1.7, 400.0, 1200.0, 0.34, 0.31).predict(N, D)
    return N, D, loss * np.exp(0.02 * rng.standard_t(2, 40)), rng


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("name", FITS)
def test_whole_number_weights_repeat_runs_under_every_objective(name, objective):
    N, D, loss, rng = noisy_runs()
    counts = rng.integers(0, 4, 40)
    options = {"objective": objective, "huber_delta": 0.01}
    weighted = FITS[name](N, D, loss, weights=counts, **options)
    repeated = FITS[name](*(np.repeat(v, counts) for v in (N, D, loss)), **options)
    assert (weighted.status, repeated.status) == ("converged", "converged")
    assert weighted.cost == pytest.approx(repeated.cost, rel=1e-9)
    for parameter, value in vars(repeated.law).items():
        assert getattr(weighted.law, parameter) == pytest.approx(value, rel=1e-6), parameter


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("name", FITS)
def test_unequal_weights_give_the_optimum_of_a_general_optimiser(name, objective):
    N, D, loss, rng = noisy_runs()
    weights = rng.uniform(0.05, 4.0, 40)
    delta = 0.01 if objective == "huber" else 1e9
    fit = FITS[name](N, D, loss, weights=weights, objective=objective, huber_delta=0.01)

    def residuals(p):
        with np.errstate(over="ignore"):
            fitted = LossSurface(p[0], np.exp(p[1]), np.exp(p[2]), p[3], p[-1]).predict(N, D)
        return fitted - loss if objective == "loss" else np.log(fitted / loss)

    def weighted_huber(z):  # of z = (residual / delta)^2, with its two derivatives
        root = np.sqrt(np.maximum(z, 1.0))
        rho = np.where(z <= 1, z, 2 * root - 1), 1 / root, np.where(z <= 1, 0, -0.5 / root**3)
        return weights * np.array(rho)

    start = [1.7, np.log(400.0), np.log(1200.0), 0.34] + ([] if name == "tied" else [0.31])
    tight = {"x_scale": "jac", "xtol": 1e-15, "ftol": 1e-15, "gtol": 1e-15, "max_nfev": 2000}
    other = least_squares(residuals, start, loss=weighted_huber, f_scale=delta, **tight)
    assert fit.cost == pytest.approx(2 * other.cost, rel=1e-8)
    assert fit.cost <= 2 * other.cost * (1 + 1e-9)
    assert pytest.approx(other.x[0], rel=1e-4) == fit.law.E
    assert fit.law.alpha == pytest.approx(other.x[3], rel=1e-4)


def test_a_falling_error_law_has_the_wrong_sign():
    loss = np.linspace(2.0, 5.0, 8)
    truth = ErrorLaw(0.9, 0.05, -0.3)
    fit = fit_error_law(loss, truth.predict(loss))
    assert fit.status == "wrong_sign"
    for name in ("epsilon", "k", "gamma"):
        assert getattr(fit.law, name) == pytest.approx(getattr(truth, name), rel=1e-8), name


@pytest.mark.parametrize("name", FITS)
def test_an_exponent_above_its_range_stands_at_the_bound(name):
    N = np.tile(np.geomspace(1.0, 3.0, 5), 2)
    D = N * np.repeat([2.0, 5.0], 5)
    loss = LossLaw(1.8, 2.0, 2.0 * 2**7, 7.0).predict(N, D)
    fit = FITS[name](N, D, loss)
    assert fit.status == "at_bound"
    assert fit.law.alpha == 5.0


@pytest.mark.parametrize("name", FITS)
def test_a_small_exponent_inside_its_range_comes_out(name):
    N, M = (g.ravel() for g in np.meshgrid(1e6 * np.geomspace(1, 1e3, 6), [5.0, 500.0]))
    fit = FITS[name](N, M * N, LossLaw(1.8, 20.0, 30.0, 0.002).predict(N, M * N))
    assert fit.status == "converged"
    assert fit.law.alpha == pytest.approx(0.002, rel=1e-6)


@pytest.mark.parametrize("name", FITS)
def test_a_large_exponent_inside_its_range_comes_out(name):
    N = np.tile(np.geomspace(1.0, 3.0, 5), 2)
    D = N * np.repeat([2.0, 5.0], 5)
    fit = FITS[name](N, D, LossLaw(1.8, 2.0, 2.0 * 2**4.9, 4.9).predict(N, D))
    assert fit.status == "converged"
    assert fit.law.alpha == pytest.approx(4.9, rel=1e-6)


def curved_errors(rate):
    """Losses over a spread of 3, many near the lowest, and errors of that gamma times spread."""
    loss = 2.0 + 3.0 * np.r_[0.0, np.geomspace(1e-3, 1.0, 11)]
    gamma = rate / 3.0
    k = 0.3 * np.exp(2.0 * gamma) / min(1.0, rate)
    return loss, ErrorLaw(0.9, k, gamma).predict(loss)


@pytest.mark.parametrize(("rate", "rel"), [(2e-6, 1e-3), (1e-4, 1e-5), (199.0, 1e-6)])
def test_a_rate_inside_its_range_comes_out(rate, rel):
    fit = fit_error_law(*curved_errors(rate))
    assert fit.status == "converged"
    assert 3.0 * fit.law.gamma == pytest.approx(rate, rel=rel)


def test_a_rate_above_its_range_stands_at_the_bound():
    fit = fit_error_law(*curved_errors(210.0))
    assert fit.status == "at_bound"
    assert 3.0 * fit.law.gamma == pytest.approx(200.0)


@pytest.mark.parametrize("fit", FITS.values(), ids=FITS)
def test_huber_grows_linearly_beyond_a_thousandth_unless_told(fit):
    N, D, loss, _ = noisy_runs()
    default, same, other = (
        fit(N, D, loss, objective="huber", **delta)
        for delta in ({}, {"huber_delta": 1e-3}, {"huber_delta": 2e-3})
    )
    assert (default.law, default.cost) == (same.law, same.cost)
    assert default.cost < 0.8 * other.cost
    r = np.abs(np.log(default.law.predict(N, D) / loss))
    assert r.max() > 2e-3
    expected = np.where(r > 1e-3, 2e-3 * r - 1e-6, r**2).sum()
    assert default.cost == pytest.approx(expected, rel=1e-9)


def test_sigma_hat_is_the_residual_standard_deviation():
    N, D, loss, _ = noisy_runs()
    for fit, n_parameters in ((fit_loss_law(N, D, loss), 4), (fit_loss_surface(N, D, loss), 5)):
        residuals = loss - fit.law.predict(N, D)
        assert fit.dof == 40 - n_parameters
        expected = np.sqrt(np.sum(residuals**2) / (40 - n_parameters))
        assert fit.sigma_hat == pytest.approx(expected, rel=1e-9)


def test_amplitudes_hold_to_nine_digits():
    N, multiplier = (g.ravel() for g in np.meshgrid(1e6 * np.geomspace(1, 437, 5), [73.0, 4672.0]))
    D, alpha = multiplier * N, 0.5612114112696430
    truth = LossLaw(1.0, 0.6875 * N.min() ** alpha, 2.25 * D.min() ** alpha, alpha)
    fit = fit_loss_law(N, D, truth.predict(N, D))
    for name in ("E", "A", "B", "alpha"):
        assert getattr(fit.law, name) == pytest.approx(getattr(truth, name), rel=1e-9), name


# --- a prior on the exponent ---------------------------------------------------------------


def minimise_with_scipy(N, D, loss, objective, prior, free):
    """The same penalised problem for an optimiser that knows nothing of projection."""

    def residuals(p):
        E, A, B, *logs = p[0], *np.exp(p[1:3]), *p[3:]
        alpha, beta = np.exp(logs[0]), np.exp(logs[-1])
        fitted = E + A * N**-alpha + B * D**-beta
        r = fitted - loss if objective == "loss" else np.log(fitted / loss)
        return np.r_[r, np.sqrt(prior.stiffness) * (np.array(logs) - np.log(prior.alpha_0))]

    start = [1.5, np.log(100.0), np.log(150.0)] + [np.log(0.25)] * (1 + free)
    found = least_squares(residuals, start, method="lm", xtol=1e-15, ftol=1e-15, max_nfev=50_000)
    return found.x, 2.0 * found.cost


@pytest.mark.parametrize("stiffness", [1e-5, 1e-3, 1.0])
@pytest.mark.parametrize("objective", ["loss", "log"])
@pytest.mark.parametrize("free", [False, True])
def test_a_prior_on_the_exponent_is_one_more_observation_of_it(stiffness, objective, free):
    runs = run_table("redpajama").query("N < 1e9 and M >= 10")
    N, D, loss = (runs[c].to_numpy(float) for c in ("N", "D", "loss_c4_eval"))
    prior = ExponentPrior(0.2, stiffness)
    fit = (fit_loss_surface if free else fit_loss_law)(N, D, loss, objective=objective, prior=prior)
    expected, cost = minimise_with_scipy(N, D, loss, objective, prior, free)
    assert fit.cost == pytest.approx(cost, rel=1e-9)
    assert fit.law.alpha == pytest.approx(np.exp(expected[3]), rel=1e-5)
    assert pytest.approx(expected[0], abs=1e-4) == fit.law.E


def test_a_prior_without_stiffness_changes_nothing_and_a_stiff_one_fixes_the_exponent():
    N, D, loss = PAPER_N, PAPER_D, LossLaw(1.7, 120.0, 200.0, 0.26).predict(PAPER_N, PAPER_D)
    loose = fit_loss_law(N, D, loss, objective="log", prior=ExponentPrior(0.4, 0.0))
    stiff = fit_loss_law(N, D, loss, objective="log", prior=ExponentPrior(0.4, 1e9))
    between = fit_loss_law(N, D, loss, objective="log", prior=ExponentPrior(0.4, 1e-3))
    assert loose.law.alpha == pytest.approx(0.26, rel=1e-8)
    assert stiff.law.alpha == pytest.approx(0.4, rel=1e-6)
    assert 0.26 < between.law.alpha < 0.4


def test_a_prior_chooses_between_the_basins_of_losses_of_no_order():
    """No exponent of a grid does better, whatever the losses alone would choose."""
    rng, prior = np.random.default_rng(20), ExponentPrior(0.3, 0.1)
    N, M, loss = (
        10 ** rng.uniform(7, 10, 8),
        10 ** rng.uniform(0.7, 2.7, 8),
        rng.uniform(2, 4, (80, 8)),
    )
    fit = fit_loss_law(N, M * N, loss, prior=prior)
    for alpha in np.geomspace(1e-3, 5.0, 60):
        columns = np.column_stack([np.ones(8), (N / 1e8) ** -alpha, (M * N / 1e10) ** -alpha])
        misses = loss.T - columns @ np.linalg.lstsq(columns, loss.T)[0]
        pull = prior.stiffness * np.log(alpha / prior.alpha_0) ** 2
        assert (fit.cost <= (misses**2).sum(axis=0) + pull + 1e-9).all()


@pytest.mark.parametrize("prior", [(0.0, 1.0), (-0.3, 1.0), (0.3, -1.0), (0.3, np.inf)])
def test_a_prior_that_is_none_is_refused(prior):
    loss = LossLaw(1.7, 120.0, 200.0, 0.26).predict(PAPER_N, PAPER_D)
    with pytest.raises(ValueError, match="prior must have alpha_0 > 0 and stiffness >= 0"):
        fit_loss_law(PAPER_N, PAPER_D, loss, prior=ExponentPrior(*prior))
