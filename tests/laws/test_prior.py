"""The prior's pull: planted laws, its fixed point by plain SciPy, its limits, and odd tables."""

from __future__ import annotations

import csv
from dataclasses import astuple, replace

import numpy as np
import pytest
from plain import fit_plainly
from scipy.optimize import minimize_scalar

from scaling.laws import prior as room
from scaling.laws.fit import FitError, fit_loss_law
from scaling.laws.fit_options import ExponentPrior
from scaling.laws.law import LossLaw
from scaling.laws.prior import (
    Belief,
    fit_with_belief,
    fit_with_prior,
    load_belief,
    moderate,
    stack_fits,
)
from scaling.tables.datafiles import data_path
from scaling.testbed.labels import LOSS_SETS
from scaling.testbed.runs import run_table, select_loss_fit

BELIEF = Belief(alpha_0=0.28, tau=0.3, sigma_0=0.018, nu=2.0)
COLUMNS = [f"loss_{loss_set}" for loss_set in LOSS_SETS.values()]


def law_of(alpha: float) -> LossLaw:
    """A law whose two terms are 0.8 nats at 0.1B parameters and 1.2 nats at 10B tokens."""
    return LossLaw(1.8, 0.8 * 1e8**alpha, 1.2 * 1e10**alpha, alpha)


def five_runs(dataset: str = "c4") -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The paper's five runs: N, D, and the losses of the eight loss sets."""
    five = select_loss_fit(run_table(dataset))
    return five["N"].to_numpy(float), five["D"].to_numpy(float), five[COLUMNS].to_numpy().T


def grid(n_runs: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Runs at random: 10M to 1B parameters, 5 to 400 tokens for each."""
    N = np.exp(rng.uniform(np.log(1e7), np.log(1e9), n_runs))
    return N, N * np.exp(rng.uniform(np.log(5), np.log(400), n_runs))


# --- planted laws --------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(8))
def test_a_planted_law_with_the_exponent_believed_in_comes_out_exactly(seed):
    """Whatever the design, four runs and up."""
    rng = np.random.default_rng(seed)
    N, D = grid(4 + seed, rng)
    truth = law_of(0.28)
    fit = fit_with_prior(N, D, truth.predict(N, D))
    assert astuple(fit.law) == pytest.approx(astuple(truth), rel=1e-6)
    assert fit.status == ("saturated" if seed == 0 else "converged")
    assert fit.dof == seed
    assert fit.cost < 1e-20


@pytest.mark.parametrize(
    ("alpha", "found", "miss"),
    [
        (0.2, 0.2464, 0.0464),
        (0.25, 0.2622, 0.0157),
        (0.35, 0.3375, -0.0222),
        (0.45, 0.4369, -0.0286),
    ],
)
def test_what_a_wrong_belief_costs_five_exact_runs(alpha, found, miss):
    """The noise that the table does not have is believed in all the same: up to 5% at 6.9B."""
    N, D, _ = five_runs()
    truth = law_of(alpha)
    law = fit_with_prior(N, D, truth.predict(N, D)).law
    assert law.alpha == pytest.approx(found, abs=1e-4)
    relative = law.predict(6.9e9, 138e9) / truth.predict(6.9e9, 138e9) - 1
    assert relative == pytest.approx(miss, abs=5e-4)


def test_the_prior_fades_as_runs_come_in():
    """Noise of 3%, 30 runs made 1, 10 and 100 times: what the prior moves falls as 1 / n."""
    rng = np.random.default_rng(5)
    away, error = [], []
    for times in (1, 10, 100):
        N, D = (np.tile(values, times) for values in grid(30, np.random.default_rng(6)))
        loss = law_of(0.4).predict(N, D) * np.exp(0.03 * rng.standard_normal(30 * times))
        alpha = fit_with_prior(N, D, loss).law.alpha
        away.append(alpha / fit_loss_law(N, D, loss, objective="log").law.alpha - 1)
        error.append(alpha / 0.4 - 1)
    assert away[0] < -0.004
    assert away[0] / away[1] == pytest.approx(10, rel=0.5)
    assert away[1] / away[2] == pytest.approx(10, rel=0.5)
    assert abs(error[2]) < 0.01


# --- the pull ------------------------------------------------------------------------------


def test_moderated_variance_by_hand():
    assert moderate(0.003, 5, BELIEF) == pytest.approx((0.003 + 2 * 0.018**2) / (1 + 2))
    assert moderate(0.003, 30, replace(BELIEF, nu=3.0)) == pytest.approx(
        (0.003 + 3 * 0.018**2) / (26 + 3)
    )
    assert moderate(0.0, 3, BELIEF) == moderate(0.0, 4, BELIEF) == pytest.approx(0.018**2)


@pytest.mark.parametrize("dataset", ["c4", "redpajama", "refinedweb"])
def test_the_pull_is_the_moderated_variance_over_that_of_exponents(dataset):
    """On real runs, five and all: the answer agrees with itself."""
    small = run_table(dataset).query("N < 1e9")
    for runs in (select_loss_fit(small), small):
        for column in COLUMNS:
            N, D, loss = (runs[name].to_numpy(float) for name in ("N", "D", column))
            fit = fit_with_prior(N, D, loss)
            ssr = np.sum(np.log(fit.law.predict(N, D) / loss) ** 2)
            pull = (fit.cost - ssr) / np.log(fit.law.alpha / 0.28) ** 2
            variance = (ssr + 2 * 0.018**2) / (len(runs) - 4 + 2)
            assert pull == pytest.approx(variance / 0.3**2, rel=1e-5)


@pytest.mark.parametrize("dataset", ["c4", "redpajama", "refinedweb"])
def test_the_pull_that_the_answer_implies_gives_the_answer_again(dataset):
    """As exactly as any fit: the rounds do not stop short."""
    N, D, losses = five_runs(dataset)
    for loss in losses:
        law = fit_with_prior(N, D, loss).law
        ssr = np.sum(np.log(law.predict(N, D) / loss) ** 2)
        prior = ExponentPrior(0.28, moderate(ssr, 5, BELIEF) / 0.3**2)
        again = fit_loss_law(N, D, loss, objective="log", prior=prior).law
        assert again.alpha == pytest.approx(law.alpha, rel=1e-9)


def least_by_scipy(belief: Belief, N, D, loss, near: float) -> float:
    """Exponent where ``(dof + nu) log(SSR + nu sigma_0^2) + log(alpha / alpha_0)^2 / tau^2`` is
    least: what is left when the noise's variance is integrated out."""

    def minus_log_posterior(log_alpha: float) -> float:
        _, ssr, _ = fit_plainly(N, D, loss, alpha=np.exp(log_alpha))
        away = (log_alpha - np.log(belief.alpha_0)) / belief.tau
        evidence = np.log(ssr + belief.nu * belief.sigma_0**2)
        return (max(len(loss) - 4, 0) + belief.nu) * evidence + away**2

    bounds = np.log(near) - 0.2, np.log(near) + 0.2
    found = minimize_scalar(minus_log_posterior, bounds=bounds, options={"xatol": 1e-7})
    return float(np.exp(found.x))


@pytest.mark.parametrize(
    "belief",
    [BELIEF, Belief(0.4, 0.2, 0.03, 5.0), Belief(0.2, 0.6, 0.005, 1.0)],
    ids=["shipped", "narrow", "wide"],
)
def test_the_answer_is_the_most_probable_law_by_plain_scipy(belief):
    N, D, losses = five_runs("redpajama")
    small = run_table("refinedweb").query("N < 1e9 and M >= 10")
    tables = [(N, D, losses[0]), (N, D, losses[5]), (N[:4], D[:4], losses[0][:4])]
    tables.append(tuple(small[name].to_numpy(float) for name in ("N", "D", COLUMNS[0])))
    for N, D, loss in tables:
        alpha = fit_with_belief(belief, N, D, loss).law.alpha
        assert alpha == pytest.approx(least_by_scipy(belief, N, D, loss, alpha), rel=2e-5)


def test_the_noisier_the_table_the_harder_the_pull():
    """A law of 0.4, and residuals that leave its exponent where it is: only the noise grows."""
    rng = np.random.default_rng(3)
    N, D = grid(12, rng)
    truth = law_of(0.4)
    log_L, step = np.log(truth.predict(N, D)), 1e-6
    moved = [replace(truth, **{name: getattr(truth, name) * (1 + step)}) for name in vars(truth)]
    slopes = np.array([np.log(law.predict(N, D)) - log_L for law in moved]).T / step
    scatter = rng.standard_normal(12)
    scatter -= slopes @ np.linalg.lstsq(slopes, scatter)[0]
    losses = [np.exp(log_L + noise * scatter) for noise in (0.001, 0.01, 0.03, 0.1, 0.3)]
    alphas = [fit_with_prior(N, D, loss).law.alpha for loss in losses]
    plain = [fit_loss_law(N, D, loss, objective="log").law.alpha for loss in losses]
    assert plain == pytest.approx([0.4] * 5, rel=1e-4)
    assert (np.diff(alphas) < -1e-4).all()
    assert alphas[0] > 0.385
    assert 0.28 < alphas[-1] < 0.30


@pytest.mark.parametrize(
    "change",
    [{"tau": 0.15}, {"sigma_0": 0.036}],
    ids=["exponents more alike", "losses thought noisier"],
)
def test_a_belief_that_pulls_harder(change):
    N, D, losses = five_runs()
    plain = fit_loss_law(N, D, losses[0], objective="log").law.alpha
    alpha = fit_with_prior(N, D, losses[0]).law.alpha
    harder = fit_with_belief(replace(BELIEF, **change), N, D, losses[0]).law.alpha
    assert abs(np.log(harder / 0.28)) < abs(np.log(alpha / 0.28)) < abs(np.log(plain / 0.28))


def test_without_a_pull_it_is_least_squares_on_the_log_loss():
    N, D, losses = five_runs("redpajama")
    for loss in losses:
        fit = fit_with_belief(replace(BELIEF, tau=1e6), N, D, loss)
        plain = fit_loss_law(N, D, loss, objective="log")
        assert astuple(fit.law) == pytest.approx(astuple(plain.law), rel=1e-6)
        assert (fit.status, fit.dof, fit.objective) == (plain.status, plain.dof, "log")


def test_without_spread_the_exponent_is_that_believed_in():
    N, D, losses = five_runs("redpajama")
    fit = fit_with_belief(Belief(0.33, 1e-4, 0.018, 2.0), N, D, losses[0])
    assert fit.law.alpha == pytest.approx(0.33, rel=1e-5)
    predict, _, _ = fit_plainly(N, D, losses[0], alpha=0.33)
    assert fit.law.predict(6.9e9, 138e9) == pytest.approx(predict(6.9e9, 138e9), rel=1e-6)


def test_of_two_variances_that_agree_with_themselves_the_least_counts():
    """Little noise and an exponent of 1.4: from a hard pull one would come to rest at 0.33."""
    rng = np.random.default_rng(0)
    N, D = grid(9, rng)
    loss = law_of(1.4).predict(N, D) * np.exp(0.0015 * rng.standard_normal(9))
    assert fit_with_prior(N, D, loss).law.alpha == pytest.approx(1.4, rel=0.01)
    variance = 1.0
    for _ in range(100):
        prior = ExponentPrior(0.28, variance / 0.3**2)
        fit = fit_loss_law(N, D, loss, objective="log", prior=prior)
        ssr = np.sum(np.log(fit.law.predict(N, D) / loss) ** 2)
        variance = (ssr + 2 * 0.018**2) / 7
    assert fit.law.alpha < 0.4


# --- what does not matter ------------------------------------------------------------------


def test_a_batch_is_its_single_fits():
    N, D, losses = five_runs("refinedweb")
    batch = fit_with_prior(N, D, losses)
    singles = [fit_with_prior(N, D, loss) for loss in losses]
    for name in ("E", "A", "B", "alpha"):
        assert getattr(batch.law, name).tolist() == [getattr(fit.law, name) for fit in singles]
    assert batch.residuals.tolist() == [fit.residuals.tolist() for fit in singles]
    for name in ("cost", "dof", "status"):
        assert getattr(batch, name).tolist() == [getattr(fit, name) for fit in singles]
    assert batch.objective == "log"
    assert batch.law.predict(N, D).shape == losses.shape
    assert batch.sigma_hat.shape == (8,)


def test_stacked_fits_are_of_one_kind():
    N, D, losses = five_runs()
    fits = [fit_loss_law(N, D, losses[0], objective=name) for name in ("loss", "log")]
    assert stack_fits(fits[:1]).objective == "loss"
    assert stack_fits(fits[1:]).objective == "log"
    with pytest.raises(ValueError, match="too many values"):
        stack_fits(fits)


@pytest.mark.parametrize("unit", [1e-6, np.log(2), 1e6])
def test_the_unit_of_the_loss_scales_the_amplitudes_only(unit):
    N, D, losses = five_runs()
    law, scaled = fit_with_prior(N, D, losses[0]).law, fit_with_prior(N, D, losses[0] / unit).law
    assert scaled.alpha == pytest.approx(law.alpha, rel=1e-7)
    for name in ("E", "A", "B"):
        assert getattr(scaled, name) == pytest.approx(getattr(law, name) / unit, rel=1e-5)


def test_the_units_of_N_and_D_scale_the_amplitudes_only():
    N, D, losses = five_runs()
    law, scaled = (
        fit_with_prior(N, D, losses[0]).law,
        fit_with_prior(N / 1e6, D / 1e9, losses[0]).law,
    )
    assert (scaled.alpha, scaled.E) == pytest.approx((law.alpha, law.E), rel=1e-6)
    for name, unit in (("A", 1e6), ("B", 1e9)):
        expected = getattr(law, name) / unit**law.alpha
        assert getattr(scaled, name) == pytest.approx(expected, rel=1e-5)


def test_the_order_of_the_runs_does_not_matter():
    rng = np.random.default_rng(9)
    N, D = grid(12, rng)
    loss = law_of(0.33).predict(N, D) * np.exp(0.02 * rng.standard_normal(12))
    order = rng.permutation(12)
    fit, other = fit_with_prior(N, D, loss), fit_with_prior(N[order], D[order], loss[order])
    assert astuple(other.law) == pytest.approx(astuple(fit.law), rel=1e-6)
    assert other.residuals == pytest.approx(fit.residuals[order], abs=1e-8)


def test_runs_that_count_twice_are_pulled_less():
    """Every run twice is twice the evidence: the exponent moves toward that of the data alone."""
    N, D, losses = five_runs("redpajama")
    twice = [np.tile(values, 2) for values in (N, D, losses[0])]
    single, double = fit_with_prior(N, D, losses[0]).law.alpha, fit_with_prior(*twice).law.alpha
    alone = fit_loss_law(N, D, losses[0], objective="log").law.alpha
    assert 0 < abs(np.log(double / alone)) < 0.8 * abs(np.log(single / alone))
    assert double == pytest.approx(least_by_scipy(BELIEF, *twice, double), rel=2e-5)


# --- what it takes, and what it refuses ----------------------------------------------------


def test_five_rows_are_enough_and_four_are_answered():
    N, D, losses = five_runs()
    fit = fit_with_prior(N.tolist(), D.tolist(), losses[0].tolist())
    assert (fit.status, fit.dof) == ("converged", 1)
    assert isinstance(fit.law.alpha, float)
    four = fit_with_prior(N[:4], D[:4], losses[0][:4])
    assert (four.status, four.dof) == ("unidentified", 0)  # all of them at M = 20
    four = fit_with_prior(N[1:], D[1:], losses[0][1:])
    assert (four.status, four.dof) == ("saturated", 0)


@pytest.mark.parametrize("design", ["one ray", "one size", "one length"])
def test_status_and_dof_speak_of_the_runs_alone(design):
    """The prior fixes an exponent, but it cannot tell A from B on a ray, or A from E at one N."""
    rng = np.random.default_rng(2)
    N, D = grid(8, rng)
    N, D = {"one ray": (N, 20 * N), "one size": (0 * N + 1e8, D), "one length": (N, 0 * D + 1e10)}[
        design
    ]
    loss = law_of(0.28).predict(N, D)
    fit = fit_with_prior(N, D, loss)
    plain = fit_loss_law(N, D, loss, objective="log")
    assert fit.status == plain.status == "unidentified"
    assert fit.dof == plain.dof == 4
    inside = np.sqrt(N[:-1] * N[1:]), np.sqrt(D[:-1] * D[1:])
    assert fit.law.predict(*inside) == pytest.approx(law_of(0.28).predict(*inside), rel=1e-6)


def test_too_few_distinct_runs_are_refused():
    N, D, losses = five_runs()
    for rows in ([0, 1, 2], [0, 1, 2, 2, 1]):
        with pytest.raises(FitError, match="at least 4 runs that differ in .*, got 3"):
            fit_with_prior(N[rows], D[rows], losses[0][rows])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"loss": [2.0, 3.0, 0.0, 4.0, 5.0]}, "loss must be finite and > 0, got .*0.0"),
        ({"loss": [2.0, 3.0, np.nan, 4.0, 5.0]}, "loss must be finite and > 0, got .*nan"),
        ({"loss": 3.0}, "loss must be a vector of runs"),
        ({"loss": np.full((2, 2, 5), 3.0)}, "loss must be a vector of runs, got shape .2, 5."),
        ({"loss": [2.0, 3.0]}, "loss must have 5 runs on its last axis"),
        ({"loss": np.empty((0, 5))}, "not enough values"),
        ({"N": [1e7, 1e8, -1e8, 1e9, 1e9]}, "N must be finite and > 0, got .*-1"),
        ({"D": [1e9] * 4}, "N and D must have the same length, got 5 and 4"),
    ],
)
def test_a_wrong_call_is_refused(change, said):
    N, D, losses = five_runs()
    with pytest.raises(ValueError, match=said):
        fit_with_prior(**{"N": N, "D": D, "loss": losses[0]} | change)


@pytest.mark.parametrize("name", ["alpha_0", "tau", "sigma_0", "nu"])
@pytest.mark.parametrize("value", [0.0, -1.0, np.nan, np.inf])
def test_a_belief_that_says_nothing_is_refused(name, value):
    with pytest.raises(ValueError, match=rf"belief must be finite and > 0 .*{name}={value}"):
        replace(BELIEF, **{name: value})


def odd_table(kind: str, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A table that a run table may hold: counts from 1 and losses above 0, all to 1e30."""
    n_runs = int(rng.integers(4, 12))
    N, D = grid(n_runs, rng)
    loss = law_of(rng.uniform(0.05, 1.5)).predict(N, D)
    if kind == "one ray":
        D = 20 * N
    if kind == "near-duplicates":
        N, D = (x[0] * (1 + 1e-9 * np.arange(n_runs)) for x in (N, D))
    if kind in ("one size", "one length"):
        (N if kind == "one size" else D)[:] = 1e9
    if kind == "equal losses":
        return N, D, np.full(n_runs, 3.0)
    if kind == "an outlier":
        return N, D, np.append(loss[1:], 1e5)
    if kind == "noise":
        return N, D, np.exp(rng.uniform(-5, 5, n_runs))
    if kind == "sixty orders":
        return N, D, np.exp(rng.uniform(-69, 69, n_runs))
    if kind == "counts of any size":
        N, D = 10 ** rng.uniform(0, 30, (2, n_runs))
    if kind == "rising losses":
        loss = 1 / loss
    spread = 0 if kind == "no noise" else 10 ** rng.uniform(-6, 0.5)
    return N, D, loss * np.exp(spread * rng.standard_normal(n_runs))


ODD = (
    "no noise, one ray, near-duplicates, one size, one length, equal losses, an outlier, noise, "
    "sixty orders, counts of any size, rising losses"
)


@pytest.mark.parametrize("kind", ODD.split(", "))
def test_odd_tables_are_answered(kind):
    """Warnings are errors here: nothing overflows, nothing divides by zero, no search fails."""
    rng = np.random.default_rng(17)
    for _ in range(12):
        N, D, loss = odd_table(kind, rng)
        fit = fit_with_prior(N, D, loss)
        assert np.isfinite(astuple(fit.law)).all()
        assert 1e-3 <= fit.law.alpha <= 5
        assert fit.dof == len(loss) - 4
        if kind == "equal losses":
            assert fit.residuals == pytest.approx(np.zeros(len(loss)), abs=1e-9)


# --- the shipped constants -----------------------------------------------------------------


def test_the_shipped_constants_are_read_field_by_field():
    with data_path("results", "prior_constants.csv").open(encoding="utf-8") as file:
        rows = {row["constant"]: row for row in csv.DictReader(file)}
    assert list(rows) == ["alpha_0", "tau", "sigma_0", "nu"]
    assert {name: float(row["value"]) for name, row in rows.items()} == vars(load_belief())
    assert load_belief() == BELIEF
    assert [row["unit"] for row in rows.values()] == ["1", "log alpha", "log loss", "runs"]


def test_the_shipped_fit_is_that_of_the_shipped_belief():
    N, D, losses = five_runs("redpajama")
    assert (
        fit_with_prior(N, D, losses[0]).law == fit_with_belief(load_belief(), N, D, losses[0]).law
    )


def test_a_pull_that_has_not_come_to_rest_says_so(monkeypatch):
    monkeypatch.setattr(room, "ROUNDS", 2)
    runs = select_loss_fit(run_table("redpajama"))
    assert fit_with_prior(runs["N"], runs["D"], runs["loss_c4_eval"]).status == "not_converged"
