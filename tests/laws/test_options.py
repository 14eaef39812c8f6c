"""What may be asked of a fit: coefficients held, kept at zero or above, and what is minimised.

Planted truths come back, and SciPy, written down plainly beside, finds the same optimum.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import least_squares, minimize

from scaling.laws.fit import FitError, fit_loss_law, fit_loss_surface
from scaling.laws.law import LossLaw, LossSurface
from scaling.laws.power import PowerLaw, fit_power
from scaling.laws.prior import fit_with_prior
from scaling.laws.registry import LAWS, choose_law

N, D = (grid.ravel() for grid in np.meshgrid(np.geomspace(1e7, 1e9, 5), [2e8, 2e9, 4e10]))
TIED = LossLaw(1.8, 150.0, 300.0, 0.27)
FREE = LossSurface(1.7, 120.0, 900.0, 0.26, 0.33)
IN_C = PowerLaw(1.6, 2e3, 0.17, "C")
FITTERS = {"tied": fit_loss_law, "free": fit_loss_surface, "compute": fit_power}
TRUTHS = {"tied": TIED, "free": FREE, "compute": IN_C}
FIXES = [
    ("tied", ("E",)),
    ("tied", ("alpha",)),
    ("tied", ("E", "alpha")),
    ("free", ("E",)),
    ("free", ("alpha",)),
    ("free", ("beta",)),
    ("free", ("alpha", "beta")),
    ("free", ("E", "beta")),
    ("compute", ("E",)),
    ("compute", ("alpha",)),
]


def noisy(law: str, size: float = 0.01) -> np.ndarray:
    rng = np.random.default_rng(5)
    return TRUTHS[law].predict(N, D) * np.exp(size * rng.standard_normal(len(N)))


def predict(law: str, coefficients: dict[str, float]) -> np.ndarray:
    """Write the laws down again, without the package."""
    c = coefficients
    if law == "compute":
        return c["E"] + c["A"] * (6 * N * D) ** -c["alpha"]
    return c["E"] + c["A"] * N ** -c["alpha"] + c["B"] * D ** -c.get("beta", c["alpha"])


@pytest.mark.parametrize(("law", "held"), FIXES)
@pytest.mark.parametrize("objective", ["loss", "log", "huber"])
def test_a_planted_law_comes_back_with_coefficients_held(law, held, objective):
    truth = TRUTHS[law].coefficients
    fix = {name: truth[name] for name in held}
    fit = FITTERS[law](N, D, TRUTHS[law].predict(N, D), fix=fix, objective=objective)
    assert fit.status == "converged"
    assert fit.dof == len(N) - len(truth) + len(held)
    assert {name: fit.law.coefficients[name] for name in held} == fix
    assert fit.law.coefficients == pytest.approx(truth, rel=1e-7)


@pytest.mark.parametrize(("law", "held"), FIXES)
@pytest.mark.parametrize("objective", ["loss", "log", "huber"])
def test_scipy_finds_the_optimum_with_coefficients_held(law, held, objective):
    """Held away from the truth, so that the others have to give way."""
    truth, loss = TRUTHS[law].coefficients, noisy(law)
    fix = {name: 0.9 * truth[name] for name in held}
    fit = FITTERS[law](N, D, loss, fix=fix, objective=objective, huber_delta=0.01)
    free = [name for name in truth if name not in held]

    def residuals(logs):
        fitted = predict(law, fix | dict(zip(free, np.exp(logs), strict=True)))
        return fitted - loss if objective == "loss" else np.log(fitted / loss)

    kind = "huber" if objective == "huber" else "linear"
    tight = {"x_scale": "jac", "xtol": 1e-15, "ftol": 1e-15, "gtol": 1e-15, "max_nfev": 5000}
    start = np.log([fit.law.coefficients[name] for name in free])
    for away in (0.0, 0.05):
        other = least_squares(residuals, start + away, loss=kind, f_scale=0.01, **tight)
        assert fit.cost <= 2 * other.cost * (1 + 1e-9)
    assert fit.cost == pytest.approx(np.sum(least_squares_cost(residuals(start), kind)), rel=1e-9)


def least_squares_cost(r: np.ndarray, kind: str, delta: float = 0.01) -> np.ndarray:
    size = np.abs(r)
    return np.where((kind == "linear") | (size <= delta), r**2, delta * (2 * size - delta))


def test_a_constant_held_alone_is_a_fit_to_what_stands_above_it():
    loss = noisy("tied")
    held = fit_loss_law(N, D, loss, fix={"E": 1.5})
    for shift in (0.5, 1.0):
        other = fit_loss_law(N, D, loss - shift, fix={"E": 1.5 - shift})
        assert other.law.alpha == pytest.approx(held.law.alpha, rel=1e-9)
        assert other.cost == pytest.approx(held.cost, rel=1e-9)


def test_held_coefficients_need_fewer_runs():
    two = [0, -1]
    fit = fit_loss_law(N[two], D[two], TIED.predict(N[two], D[two]), fix={"E": 1.8, "alpha": 0.27})
    assert (fit.status, fit.dof) == ("saturated", 0)
    assert pytest.approx((150, 300), rel=1e-8) == (fit.law.A, fit.law.B)
    with pytest.raises(FitError, match="a law with 3 parameters needs at least 3 runs"):
        fit_loss_law(N[two], D[two], [3.0, 2.0], fix={"E": 1.8})


def test_runs_of_one_size_do_not_tell_an_exponent_but_do_tell_it_when_it_is_held():
    """At one N the share of N and E are one, unless E is held."""
    size, tokens = np.full(4, 1e8), np.geomspace(1e9, 1e11, 4)
    loss = TIED.predict(size, tokens)
    assert fit_loss_law(size, tokens, loss).status == "unidentified"
    assert fit_loss_law(size, tokens, loss, fix={"alpha": 0.27}).status == "unidentified"
    held = fit_loss_law(size, tokens, loss, fix={"E": 1.8, "alpha": 0.27})
    assert held.status == "converged"
    assert pytest.approx(300, rel=1e-8) == held.law.B


@pytest.mark.parametrize("law", TRUTHS)
def test_scipy_finds_the_optimum_with_coefficients_kept_at_zero_or_above(law):
    loss = TRUTHS[law].predict(N, D) - TRUTHS[law].E - 0.02  # so that E would be below zero
    free, kept = (FITTERS[law](N, D, loss, nonneg=n) for n in (False, True))
    assert (free.status, kept.status) == ("wrong_sign", "at_zero")
    assert kept.law.E == 0
    found = kept.law.coefficients
    powers = [name for name in found if name != "E"]

    def residuals(p):
        return predict(law, {"E": p[0]} | dict(zip(powers, np.exp(p[1:]), strict=True))) - loss

    start = [0.1, *np.log([found[name] for name in powers])]
    lower = [0.0] + [-np.inf] * len(powers)
    other = least_squares(residuals, start, bounds=(lower, np.inf), xtol=1e-15, ftol=1e-15)
    assert kept.cost <= 2 * other.cost * (1 + 1e-6)
    assert kept.law.predict(1e10, 1e12) == pytest.approx(
        predict_at(law, other.x, powers, (1e10, 1e12)), rel=1e-3
    )


def predict_at(law, p, powers, target):
    c = {"E": p[0]} | dict(zip(powers, np.exp(p[1:]), strict=True))
    made = {"tied": LossLaw, "free": LossSurface}.get(law)
    return (made(**c) if made else PowerLaw(**c, variable="C")).predict(*target)


@pytest.mark.parametrize("objective", ["loss", "log", "huber"])
@pytest.mark.parametrize("law", ["tied", "free"])
def test_signs_and_a_constant_held_go_together(law, objective):
    """The loss rises with N: its amplitude would be below zero; the rest is a law in D."""
    loss = 1.7 + 300 * D**-0.27 - 5 * N**-0.27
    asked = {"fix": {"E": 1.7}, "objective": objective}
    assert FITTERS[law](N, D, loss, **asked).law.A < 0
    kept = FITTERS[law](N, D, loss, **asked, nonneg=True)
    assert (kept.law.E, kept.law.A) == (1.7, 0)
    in_D = fit_power(N, D, loss, "D", **asked)
    exponent = kept.law.coefficients["beta" if law == "free" else "alpha"]
    assert (kept.law.B, exponent) == pytest.approx((in_D.law.A, in_D.law.alpha), rel=1e-8)
    assert kept.cost == pytest.approx(in_D.cost, rel=1e-9)


def test_hubers_limit_is_least_absolute_deviations():
    """Beyond a small delta its cost is ``2 delta |r| - delta^2``; a wild run then pulls no more."""
    loss = noisy("compute")
    delta = 1e-7
    fit = fit_power(N, D, loss, objective="huber", huber_delta=delta)

    def deviations(p):
        fitted = p[0] + np.exp(p[1]) * (6 * N * D) ** -np.exp(p[2])
        return np.sum(np.abs(np.log(fitted / loss))) if (fitted > 0).all() else np.inf

    ours = np.array([fit.law.E, np.log(fit.law.A), np.log(fit.law.alpha)])
    assert fit.cost / (2 * delta) == pytest.approx(deviations(ours), rel=1e-4)
    tight = {"xatol": 1e-10, "fatol": 1e-12, "maxiter": 20_000, "maxfev": 20_000}
    for start in (ours, ours * 1.01, [1.6, np.log(2e3), np.log(0.17)]):
        other = minimize(deviations, start, method="Nelder-Mead", options=tight)
        assert deviations(ours) <= other.fun * (1 + 1e-6)
    assert np.sum(np.abs(np.log(fit.law.predict(N, D) / loss)) < 10 * delta) >= 3


def test_least_absolute_deviations_pass_by_a_wild_run():
    loss = TIED.predict(N, D)
    loss[4] *= 1.5
    least = fit_loss_law(N, D, loss, objective="huber", huber_delta=1e-6)
    squares = fit_loss_law(N, D, loss)
    assert least.law.predict(1e10, 2e11) == pytest.approx(TIED.predict(1e10, 2e11), rel=1e-3)
    assert squares.law.predict(1e10, 2e11) != pytest.approx(TIED.predict(1e10, 2e11), rel=0.02)


def test_the_prior_takes_a_constant_held_and_signs():
    loss = noisy("tied", 0.003)
    held = fit_with_prior(N, D, loss, fix={"E": 1.8})
    assert held.law.E == 1.8
    assert held.dof == fit_with_prior(N, D, loss).dof + 1
    kept = fit_with_prior(N, D, TIED.predict(N, D) - 1.82, nonneg=True)
    assert (kept.law.E, kept.status) == (0, "at_zero")
    rising = fit_with_prior(N, D, 3 + N / N.max() + D / D.max(), nonneg=True)
    assert (rising.law.A, rising.law.B) == (0, 0)


# --- what is refused ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("law", "asked", "said"),
    [
        ("tied", {"fix": {"B": 3.0}}, "fix must name one of E, alpha of this law, got 'B'"),
        ("tied", {"fix": {"beta": 0.3}}, "fix must name one of E, alpha of this law, got 'beta'"),
        ("free", {"fix": {"beta": 9.0}}, "fix: beta must be from 0.001 to 5, got 9.0"),
        ("tied", {"fix": {"E": -1.0}}, "fix: E must be finite and >= 0, got -1.0"),
        ("tied", {"fix": {"E": np.nan}}, "fix: E must be finite and >= 0, got nan"),
        ("prior", {"fix": {"alpha": 0.3}}, "alpha cannot be held: use --law tied or free"),
        ("prior", {"objective": "huber"}, "takes no objective huber: use --law tied, free or"),
        ("prior", {"objective": "loss"}, "takes no objective loss: use --law tied, free or"),
        ("tied", {"objective": "l1"}, "objective must be one of loss, log, huber, got 'l1'"),
        ("tied", {"huber_delta": 0.1}, "--huber-delta goes with --objective huber alone"),
        (
            "tied",
            {"objective": "huber", "huber_delta": 0.0},
            "huber_delta must be finite and > 0, got 0.0",
        ),
        ("linear", {}, "law must be one of prior, tied, free, compute, got 'linear'"),
    ],
)
def test_what_a_law_cannot_take_is_refused_in_one_sentence(law, asked, said):
    with pytest.raises(ValueError) as refused:
        choose_law(law, **asked)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("law", LAWS)
def test_a_constant_held_at_the_lowest_loss_or_above_leaves_nothing_to_fit(law):
    choice = choose_law(law, fix={"E": 2.5})
    loss = np.linspace(2.5, 3.5, len(N))
    with pytest.raises(FitError, match=r"E is held at 2\.5, but must lie below the lowest loss, 2"):
        choice.fit(N, D, loss)


def test_a_choice_says_what_it_is():
    choice = choose_law("best", fix=[("E", 1.7)], nonneg=True, objective="log")
    assert (choice.name, choice.n_parameters) == ("prior", 3)
    assert choice.formula == LAWS["prior"].formula + ", E = 1.7 held, no coefficient below 0"
    assert choice.alone == choose_law("tied", fix={"E": 1.7}, nonneg=True)
    assert choose_law(choice) is choice
    huber = choose_law("free", objective="huber")
    assert huber.report() == {
        "fix": {},
        "nonneg": False,
        "objective": "huber",
        "huber_delta": 1e-3,
    }


@pytest.mark.parametrize("objective", ["log", "huber"])
def test_a_run_of_no_weight_may_lie_where_the_law_is_below_zero(objective):
    """There it has no logarithm, and must not be missed."""
    size, tokens = np.repeat([2e5, 8e5, 5e6, 2.5e7], 3), np.array([5e6, 2e7, 8e7] * 4)
    loss = [8.16, 5.64, 4.21, 7.29, 5.30, 3.82, 6.65, 4.80, 3.21, 6.06, 4.50, 2.79]
    alone = fit_loss_law(size, tokens, loss, objective=objective)
    assert alone.law.predict(1e12, 1e15) < 0
    more = fit_loss_law(
        [*size, 1e12],
        [*tokens, 1e15],
        [*loss, 1.0],
        objective=objective,
        weights=[1.0] * len(loss) + [0.0],
    )
    assert more.law.coefficients == pytest.approx(alone.law.coefficients, rel=1e-6)
    assert (more.status, more.dof) == (alone.status, alone.dof)
