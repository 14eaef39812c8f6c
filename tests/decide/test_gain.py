"""Gains: the closed form is the refit, and the textbook a special case of it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scaling.decide.gain import NOISE_ALONE, Cells, LawAt, LawMisfit, find_variances, read_law
from scaling.laws.posterior import find_posterior
from scaling.laws.prior import Belief

BELIEF = Belief(0.28, 0.3, 0.018, 1.0)
NONE = np.zeros(0, dtype=int)
TARGET = 6.9e9, 1.38e11
SPREAD = np.array([1.0, 1.0, 1.0, BELIEF.tau])  # of three terms in losses, and of log alpha


def draw_cells(rng: np.random.Generator, n: int) -> Cells:
    N = 10 ** rng.uniform(6.5, 9.5, n)
    return Cells(N, N * 10 ** rng.uniform(0.7, 2.8, n))


def draw_law(rng: np.random.Generator) -> LawAt:
    return LawAt(rng.uniform(0.1, 0.6), rng.uniform(0.2, 2.0, 3), (1e8, 5e9))


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 2**32 - 1),
    n_runs=st.integers(0, 12),
    shared=st.floats(0, 0.95),
    closer=st.floats(0, 0.2),
    weighed=st.booleans(),
)
def test_a_gain_is_the_variance_after_refitting_with_the_row(seed, n_runs, shared, closer, weighed):
    rng = np.random.default_rng(seed)
    law, runs, candidates = draw_law(rng), draw_cells(rng, n_runs), draw_cells(rng, 6)
    misfit, Q = LawMisfit(shared, rng.uniform(0.3, 3.0), closer), None
    if weighed:
        Q = rng.uniform(0.1, 5.0, n_runs)
    found = find_variances(law, runs, candidates, TARGET, BELIEF, misfit, Q)
    none = candidates.take(NONE)
    for j, after in enumerate(found.after):
        more = runs.plus(candidates.N[j], candidates.D[j])
        Q_more = None if Q is None else np.append(Q, 1.0)
        again = find_variances(law, more, none, TARGET, BELIEF, misfit, Q_more)
        assert after == pytest.approx(again.now, rel=1e-10, abs=1e-10 * found.now)


def test_without_misfit_it_is_c_optimality():
    rng = np.random.default_rng(3)
    law, runs, candidates = draw_law(rng), draw_cells(rng, 7), draw_cells(rng, 20)
    found = find_variances(law, runs, candidates, TARGET, BELIEF, NOISE_ALONE)
    J, g = law.slopes(*runs), law.slopes([TARGET[0]], [TARGET[1]])[0]
    P = np.diag(SPREAD**-2.0)
    S = np.linalg.inv(J.T @ J / BELIEF.sigma_0**2 + P)
    assert found.now == pytest.approx(g @ S @ g, rel=1e-10)
    j = law.slopes(*candidates)
    gain = (j @ S @ g) ** 2 / (BELIEF.sigma_0**2 + ((j @ S) * j).sum(axis=1))
    np.testing.assert_allclose(found.gain, gain, rtol=1e-7, atol=1e-16)
    assert (found.gain >= 0).all()


def test_the_variance_is_that_of_simulated_predictions():
    """Errors of the linear predictor over drawn scatter and drawn laws."""
    rng = np.random.default_rng(5)
    law, runs = draw_law(rng), draw_cells(rng, 6)
    misfit = LawMisfit()
    found = find_variances(law, runs, runs.take(NONE), TARGET, BELIEF, misfit)
    places = runs.plus(*TARGET)
    w = (places.C[-1] / places.C) ** misfit.closer
    logs = np.log(np.stack(places))
    R = np.exp(-((logs[:, :, None] - logs[:, None]) ** 2).sum(axis=0) / 2)
    shared = misfit.shared * np.outer(w, w) * R
    J = law.slopes(*places)
    n = 200_000
    truth = rng.normal(size=(n, 4)) * SPREAD
    latent = rng.multivariate_normal(np.zeros(7), BELIEF.sigma_0**2 * shared, n)
    own = rng.normal(size=(n, 6)) * BELIEF.sigma_0 * np.sqrt(1 - misfit.shared) * w[:6]
    seen = truth @ J[:6].T + latent[:, :6] + own
    S = np.linalg.inv(J[:6].T @ J[:6] / BELIEF.sigma_0**2 + np.diag(SPREAD**-2.0))
    predicted = seen @ (J[:6] @ S @ J[6]) / BELIEF.sigma_0**2
    error = predicted - (truth @ J[6] + latent[:, 6])
    assert error.var() == pytest.approx(found.now, rel=0.02)


def test_slopes_are_derivatives():
    law = LawAt(0.3, np.array([1.7, 0.6, 0.9]), (1e8, 2e9))
    N, D = np.array([1e7, 5e9]), np.array([1e9, 1e11])

    def log_loss(theta):
        E, A, B, log_alpha = theta
        alpha = np.exp(log_alpha)
        terms = np.array([E, A, B]) * law.terms.sum()
        return np.log(terms[0] + terms[1] * (N / 1e8) ** -alpha + terms[2] * (D / 2e9) ** -alpha)

    theta = np.append(law.terms / law.terms.sum(), np.log(law.alpha))
    steps = 1e-6 * np.eye(4)
    numeric = [(log_loss(theta + step) - log_loss(theta - step)) / 2e-6 for step in steps]
    np.testing.assert_allclose(law.slopes(N, D), np.transpose(numeric), rtol=1e-6)


def test_a_noisy_neighbour_gains_less():
    rng = np.random.default_rng(8)
    law, runs, candidate = draw_law(rng), draw_cells(rng, 6), draw_cells(rng, 1)
    twin = runs.plus(candidate.N[0], candidate.D[0])
    alone = find_variances(law, runs, candidate, TARGET, BELIEF, NOISE_ALONE)
    again = find_variances(law, twin, candidate, TARGET, BELIEF, NOISE_ALONE)
    assert 0 <= again.gain[0] < alone.gain[0]


@pytest.mark.parametrize("n_runs", [1, 2, 3, 8])
def test_the_law_in_the_middle_of_a_posterior(n_runs):
    N = np.array([1e7, 1e7, 8e7, 1.5e8, 4e8, 4e8, 1.5e8, 8e7])[:n_runs]
    D = np.array([2e8, 3e9, 1.6e9, 3e9, 8e9, 1e11, 3e10, 1e11])[:n_runs]
    true = LawAt(0.28, np.array([1.7, 0.8, 0.7]), (1e8, 2e9))
    loss = true.terms @ np.stack([N**0, (N / 1e8) ** -0.28, (D / 2e9) ** -0.28])
    law = read_law(find_posterior(N, D, loss, BELIEF))
    assert (law.terms > 0).all()
    assert 0.1 < law.alpha < 0.8
    assert np.isfinite(law.slopes(N, D)).all()
    if n_runs == 8:
        assert law.alpha == pytest.approx(0.28, abs=0.01)


def test_units_and_order_do_not_matter():
    rng = np.random.default_rng(2)
    runs, candidates = draw_cells(rng, 6), draw_cells(rng, 5)
    loss = rng.uniform(2.5, 5, 6)

    def ask(runs, candidates, target, loss):
        law = read_law(find_posterior(*runs, loss, BELIEF))
        return find_variances(law, runs, candidates, target, BELIEF, LawMisfit())

    plain = ask(runs, candidates, TARGET, loss)
    scaled = ask(
        Cells(runs.N / 1e6, runs.D / 1e9),
        Cells(candidates.N / 1e6, candidates.D / 1e9),
        (TARGET[0] / 1e6, TARGET[1] / 1e9),
        loss,
    )
    np.testing.assert_allclose(scaled.after, plain.after, rtol=1e-6)
    order = rng.permutation(6)
    turned = ask(runs.take(order), candidates, TARGET, loss[order])
    np.testing.assert_allclose(turned.after, plain.after, rtol=1e-6)
