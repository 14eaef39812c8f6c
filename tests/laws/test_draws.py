"""Laws drawn from a posterior: its quantiles, in every direction, and always the same."""

from __future__ import annotations

import numpy as np
import pytest

from scaling.laws.draws import draw_laws
from scaling.laws.law import LossSurface
from scaling.laws.posterior import find_posterior
from scaling.laws.prior import Belief

BELIEF = Belief(0.28, 0.3, 0.005, 1.0)
N, D = (grid.ravel() for grid in np.meshgrid([1e7, 4e7, 1.6e8], [4e8, 3e9]))
NOISE = 1 + 0.01 * np.array([1, -1, 1, 1, -1, -1])
LOSS = LossSurface(1.8, 150.0, 300.0, 0.27, 0.31).predict(N, D) * NOISE


@pytest.mark.parametrize(
    ("law", "fix"), [("tied", {}), ("free", {}), ("tied", {"E": 1.8}), ("tied", {"alpha": 0.3})]
)
def test_draws_have_the_quantiles_of_the_posterior(law, fix):
    posterior = find_posterior(N, D, LOSS, BELIEF, law=law, fix=fix)
    laws, ends = draw_laws(posterior), (0.05, 0.25, 0.5, 0.75, 0.95)
    for target in ((4e7, 3e9), (1e9, 2e10), (3e8, 2e11)):
        told = posterior.at(*target).quantile(ends)[:, 0]
        ours = np.quantile(laws.predict(*target), ends)
        assert np.abs(ours - told).max() < 0.03 * (told[-1] - told[0])


def test_exact_runs_leave_one_law():
    truth = LossSurface(1.8, 150.0, 300.0, 0.3, 0.3)
    belief = Belief(0.3, 1e-6, 1e-9, 1.0)
    laws = draw_laws(find_posterior(N, D, truth.predict(N, D), belief, law="tied"))
    np.testing.assert_allclose(np.median(laws.A), 150.0, rtol=1e-4)
    np.testing.assert_allclose(np.median(laws.B), 300.0, rtol=1e-4)
    np.testing.assert_allclose(np.median(laws.E), 1.8, rtol=1e-4)


def test_held_coefficients_stay_held_and_draws_repeat():
    posterior = find_posterior(N, D, LOSS, BELIEF, law="free", fix={"E": 1.7, "beta": 0.25})
    laws = draw_laws(posterior, 64)
    assert np.all(laws.E == 1.7)
    assert np.all(laws.beta == 0.25)
    assert np.ptp(laws.alpha) > 0
    assert np.array_equal(draw_laws(posterior, 64).A, laws.A)


def test_what_cannot_be_drawn_is_refused():
    ray = find_posterior(N, 20 * N, LOSS, BELIEF, law="tied")
    with pytest.raises(ValueError, match="leave a coefficient open"):
        draw_laws(ray)
    with pytest.raises(ValueError, match="says nothing of N and D apart"):
        draw_laws(find_posterior(N, D, LOSS, BELIEF, law="compute"))
