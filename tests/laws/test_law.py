"""Laws: algebra, inversion, conversion to the paper's letters."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaling.laws.law import ErrorLaw, LossLaw, LossSurface

LAW = LossLaw(E=1.84, A=166.2, B=366.7, alpha=0.273)
SURFACE = LossSurface(E=1.8, A=480.0, B=2085.0, alpha=0.35, beta=0.37)
ERROR = ErrorLaw(epsilon=0.857, k=2.21, gamma=0.715)

exponents = st.floats(0.1, 0.6)
amplitudes = st.floats(10.0, 3000.0)


def test_prediction_is_the_formula():
    assert LAW.predict(1e8, 2e9) == pytest.approx(1.84 + 166.2 * 1e8**-0.273 + 366.7 * 2e9**-0.273)
    assert SURFACE.predict(1e8, 2e9) == pytest.approx(1.8 + 480 * 1e8**-0.35 + 2085 * 2e9**-0.37)
    assert ERROR.predict(3.0) == pytest.approx(0.857 - 2.21 * np.exp(-0.715 * 3))


@given(st.floats(0.0, 3.0), amplitudes, amplitudes, exponents, st.floats(6, 11), st.floats(0, 3))
def test_the_paper_form_is_the_same_law(E, A, B, alpha, log_N, log_M):
    law = LossLaw(E, A, B, alpha)
    _, a, b, eta = law.to_paper()
    N, M = 10**log_N, 10**log_M
    C = 6 * N * N * M
    paper = E + (a * M**eta + b * M**-eta) * C**-eta
    assert paper == pytest.approx(law.predict(N, M * N), rel=1e-12)
    again = LossLaw.from_paper(E, a, b, eta)
    assert pytest.approx(A, rel=1e-12) == again.A
    assert pytest.approx(B, rel=1e-12) == again.B
    assert again.alpha == alpha


def test_batches_broadcast():
    many = LossLaw(*(np.full(3, p) for p in (1.84, 166.2, 366.7, 0.273)))
    assert many.predict(1e8, 2e9).shape == (3,)
    assert many.predict([1e8, 1e9], [2e9, 2e10]).shape == (3, 2)
    assert many.predict([1e8, 1e9], 2e9)[0] == pytest.approx(LAW.predict([1e8, 1e9], 2e9))
    N_opt, D_opt = many.optimal_allocation(1e21)
    assert N_opt.shape == D_opt.shape == (3,)
    budgets = [1e20, 1e21]
    for many_optima, optima in zip(
        many.optimal_allocation(budgets), LAW.optimal_allocation(budgets), strict=True
    ):
        assert many_optima == pytest.approx(np.tile(optima, (3, 1)))


@pytest.mark.parametrize("law", [LAW, SURFACE])
def test_inversion_returns_to_the_start(law):
    for N, M in [(1e7, 20.0), (4e8, 640.0), (7e9, 1.0)]:
        loss = law.predict(N, M * N)
        assert law.solve_D(N, loss) == pytest.approx(M * N, rel=1e-9)
        assert law.solve_N(M, loss) == pytest.approx(N, rel=1e-9)
    assert ERROR.solve_loss(ERROR.predict(2.7)) == pytest.approx(2.7, rel=1e-12)


def test_what_cannot_be_reached_is_said():
    with pytest.raises(ValueError, match=r"loss=1\.5 .*N=1e\+08"):
        LAW.solve_D(1e8, 1.5)
    with pytest.raises(ValueError, match=r"must be above 1\.84, the loss with unlimited data"):
        LossLaw(1.84, 0.0, 366.7, 0.273).solve_D(1e8, 1.84)
    with pytest.raises(ValueError, match=r"irreducible loss E=1\.84"):
        LAW.solve_N(20, 1.84)
    with pytest.raises(ValueError, match=r"error=0\.9"):
        ERROR.solve_loss(0.9)
    with pytest.raises(ValueError, match="N must be > 0"):
        LAW.predict(0.0, 1e9)


@pytest.mark.parametrize("law", [LAW, SURFACE])
def test_the_optimum_is_lower_than_its_neighbours(law):
    N_opt, D_opt = law.optimal_allocation(1e21)
    assert pytest.approx(1e21, rel=1e-12) == 6 * N_opt * D_opt
    best = law.predict(N_opt, D_opt)
    for factor in (0.9, 0.999, 1.001, 1.1):
        assert law.predict(N_opt * factor, D_opt / factor) > best


def test_the_tied_law_has_one_optimal_multiplier():
    for C in (1e18, 1e22):
        N_opt, D_opt = LAW.optimal_allocation(C)
        assert D_opt / N_opt == pytest.approx(LAW.M_opt, rel=1e-9)
    _, a, b, eta = LAW.to_paper()
    assert LAW.M_opt == pytest.approx((b / a) ** (1 / (2 * eta)), rel=1e-12)


@pytest.mark.parametrize("law", [LAW, SURFACE])
def test_jacobian_against_differences(law):
    _check_jacobian(law, law.jacobian([1e8, 5e9], [2e9, 1e11]), ([1e8, 5e9], [2e9, 1e11]))


def test_error_jacobian_against_differences():
    _check_jacobian(ERROR, ERROR.jacobian([2.5, 4.0]), ([2.5, 4.0],))


def _check_jacobian(law, jacobian, x):
    from dataclasses import fields, replace

    for column, field in enumerate(fields(law)):
        value = getattr(law, field.name)
        h = 1e-6 * value
        up = replace(law, **{field.name: value + h}).predict(*x)
        down = replace(law, **{field.name: value - h}).predict(*x)
        assert jacobian[:, column] == pytest.approx((up - down) / (2 * h), rel=1e-6)
