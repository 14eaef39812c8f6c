"""A power of one variable: planted truths, and SciPy beside."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import curve_fit

from scaling.laws.fit import FitError
from scaling.laws.fit_options import ExponentPrior
from scaling.laws.power import PowerLaw, fit_power

N = np.array([1e7, 3e7, 1e8, 3e8, 1e9, 3e9])
D = np.array([4e9, 1e9, 9e9, 2e10, 1e10, 8e10])
LAWS = {
    "N": PowerLaw(1.9, 300.0, 0.31, "N"),
    "D": PowerLaw(1.7, 900.0, 0.33, "D"),
    "C": PowerLaw(1.6, 2e3, 0.17, "C"),
}


@pytest.mark.parametrize("variable", LAWS)
def test_a_planted_power_law_is_found(variable):
    law = LAWS[variable]
    fit = fit_power(N, D, law.predict(N, D), variable)
    assert fit.status == "converged"
    assert fit.dof == 3
    assert fit.law.variable == variable
    found = fit.law.E, fit.law.A, fit.law.alpha
    assert found == pytest.approx((law.E, law.A, law.alpha), rel=1e-8)
    assert fit.law.predict(7e10, 1e12) == pytest.approx(law.predict(7e10, 1e12), rel=1e-9)


def test_the_prediction_looks_at_its_variable_alone():
    assert LAWS["N"].predict(1e9, 1e9) == LAWS["N"].predict(1e9, 1e12)
    assert LAWS["D"].predict(1e8, 1e10) == LAWS["D"].predict(1e9, 1e10)
    assert LAWS["C"].predict(1e9, 1e10) == pytest.approx(LAWS["C"].predict(1e10, 1e9))
    assert LAWS["C"].predict(1e9, D).shape == D.shape


@pytest.mark.parametrize("variable", LAWS)
def test_scipy_finds_the_same_optimum(variable):
    law = LAWS[variable]
    loss = law.predict(N, D) * np.exp(0.01 * np.random.default_rng(1).standard_normal(len(N)))
    fit = fit_power(N, D, loss, variable)
    start = law.E, np.log(law.A), law.alpha
    x = {"N": N, "D": D, "C": 6 * N * D}[variable]
    theirs, _ = curve_fit(lambda x, E, a, s: E + np.exp(a) * x**-s, x, loss, start, xtol=1e-14)
    ours = fit.law.E, np.log(fit.law.A), fit.law.alpha
    assert ours == pytest.approx(theirs, rel=1e-5)


def test_the_jacobian_is_that_of_differences():
    law = LAWS["C"]
    for j, name in enumerate(("E", "A", "alpha")):
        size = 1e-6 * getattr(law, name)
        up, down = (
            PowerLaw(**(vars(law) | {name: getattr(law, name) + s})).predict(N, D)
            for s in (size, -size)
        )
        assert law.jacobian(N, D)[:, j] == pytest.approx((up - down) / (2 * size), rel=1e-6)


def test_weights_prior_and_batches_are_those_of_the_other_laws():
    loss = LAWS["N"].predict(N, D) + np.array([0.02, -0.02, 0.01, 0.0, -0.01, 0.01])
    left_out = np.array([1.0, 1.0, 0.0, 1.0, 1.0, 1.0])
    batch = fit_power(N, D, loss, "N", weights=np.stack([np.ones(6), left_out]))
    without = fit_power(N[left_out > 0], D[left_out > 0], loss[left_out > 0], "N")
    assert batch.law.alpha[1] == pytest.approx(without.law.alpha, rel=1e-6)
    assert batch.dof.tolist() == [3, 2]
    pulled = fit_power(N, D, loss, "N", objective="log", prior=ExponentPrior(0.28, 1e6))
    assert pulled.law.alpha == pytest.approx(0.28, rel=1e-5)
    assert fit_power(N, D, loss - 1.9, "N", nonneg=True).law.E >= 0


def test_runs_of_one_size_give_no_law_in_size():
    with pytest.raises(FitError, match="3 runs that differ in N, got 1"):
        fit_power(np.full(4, 1e8), D[:4], [3.0, 2.9, 2.8, 2.7], "N")
    with pytest.raises(ValueError, match="variable must be 'N', 'D' or 'C', got 'M'"):
        fit_power(N, D, np.ones(6), "M")


def test_the_record_shows_its_variable():
    assert repr(LAWS["N"]) == "PowerLaw(E=1.9, A=300, alpha=0.31, variable='N')"
