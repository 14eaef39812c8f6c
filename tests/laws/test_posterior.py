"""The posterior of a loss law: brute force, what it must not hang on, limits, quantiles."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.stats import norm
from scipy.stats import t as student

from scaling.laws.marginal import REACH
from scaling.laws.mixture import Mixture
from scaling.laws.posterior import TERMS, find_posterior
from scaling.laws.prior import Belief
from scaling.laws.registry import LAWS

BELIEF = Belief(0.28, 0.3, 0.0045, 1.0)
TARGET = 7e9, 1.4e11
ENDS = [0.05, 0.5, 0.95]


def draw_table(n: int, noise: float = 0.005, seed: int = 1) -> tuple[np.ndarray, ...]:
    """Draw runs of a known law: N, D, loss."""
    rng = np.random.default_rng([n, seed])
    N = np.exp(rng.uniform(np.log(1e7), np.log(5e8), n))
    D = N * np.exp(rng.uniform(np.log(10), np.log(600), n))
    loss = 1.8 + 450 * N**-0.33 + 2000 * D**-0.33
    return N, D, loss * np.exp(noise * rng.standard_normal(n))


def ask(*table, belief: Belief = BELIEF, target=TARGET, of_a_run: bool = False, **options):
    """Quantiles of one target."""
    mixture = find_posterior(*table, belief, **options).at(*target)
    return mixture.quantile(ENDS, of_a_run=of_a_run)[:, 0]


def sum_densely(N, D, loss, target, weights=None, law: str = "tied", n_points: int = 1601):
    """Sum an even grid over what is believed, each point by least squares."""
    root = np.ones_like(N) if weights is None else np.sqrt(weights)
    n, (log_N, log_D) = np.count_nonzero(root), np.log([N, D])
    centre = log_N.mean(), log_D.mean()
    middle = BELIEF.alpha_0 / (2 if law == "compute" else 1)
    points = []
    for z in np.linspace(-REACH, REACH, n_points):
        alpha = middle * np.exp(BELIEF.tau * z)

        def terms(n, d, alpha=alpha):
            x, y = n - centre[0], d - centre[1]
            powers = [x + y] if law == "compute" else [x, y]
            return np.stack([np.ones_like(x), *(np.exp(-alpha * p) for p in powers)], axis=-1)

        X = terms(log_N, log_D) * (root / loss)[:, None]
        fitted = np.linalg.lstsq(X, root, rcond=None)[0]
        R = np.linalg.qr(X, mode="r")
        x = terms(*np.log(target))
        dof = BELIEF.nu + n - X.shape[1]
        total = BELIEF.nu * BELIEF.sigma_0**2 + ((root - X @ fitted) ** 2).sum()
        log_weight = -(z**2) / 2 - np.log(np.abs(np.diag(R))).sum() - dof / 2 * np.log(total)
        s = np.sqrt(total / dof)
        scale = s * np.linalg.norm(np.linalg.solve(R.T, x))
        points.append((log_weight, x @ fitted, scale, s * abs(x @ fitted), dof))
    log_weight, middle, scale, noise, dof = np.array(points).T
    weight = np.exp(log_weight - log_weight.max())
    return Mixture(*(a[None] for a in (weight / weight.sum(), middle, scale, noise, dof)))


@pytest.mark.parametrize(
    ("n", "noise", "apart"),
    [
        (4, 0.005, 5e-4),
        (5, 0.005, 5e-4),
        (6, 0.005, 1e-5),
        (8, 0.005, 1e-5),
        (12, 0.005, 1e-6),
        (24, 0.005, 1e-6),
        (100, 0.001, 1e-5),
    ],
)
@pytest.mark.parametrize("seed", range(3))
def test_it_is_the_sum_over_a_dense_grid(n, noise, apart, seed):
    """Relative to the loss, for the law and for a run."""
    table = draw_table(n, noise, seed)
    expected = sum_densely(*table, TARGET)
    for of_a_run in (False, True):
        ends = expected.quantile(ENDS, of_a_run=of_a_run)[:, 0]
        found = ask(*table, of_a_run=of_a_run)
        assert found == pytest.approx(ends, rel=0, abs=apart * ends[1])


def test_a_law_in_compute_has_half_the_exponent():
    N, D, loss = draw_table(8)
    expected = sum_densely(N, D, loss, TARGET, law="compute").quantile(ENDS)[:, 0]
    assert ask(N, D, loss, law="compute") == pytest.approx(expected, rel=1e-5)


def test_four_runs_give_a_finite_width():
    lo, median, hi = ask(*draw_table(4))
    assert 0 < lo < median < hi < 2 * median


@pytest.mark.parametrize("law", ["tied", "free", "compute"])
@pytest.mark.parametrize("n", [5, 12])
def test_units_and_order_do_not_matter(law, n):
    N, D, loss = draw_table(n)
    found = ask(N, D, loss, law=law)
    order = np.random.default_rng(0).permutation(n)
    assert ask(N[order], D[order], loss[order], law=law) == pytest.approx(found, rel=1e-9)
    in_millions = ask(N / 1e6, D / 1e9, loss, target=(7e3, 140), law=law)
    assert in_millions == pytest.approx(found, rel=1e-9)
    in_bits = ask(N, D, loss / np.log(2), law=law)
    assert in_bits * np.log(2) == pytest.approx(found, rel=1e-9)


def test_weights_that_are_all_one_and_runs_of_weight_zero_change_nothing():
    N, D, loss = draw_table(8)
    found = ask(N, D, loss)
    assert ask(N, D, loss, weights=np.ones(8)) == pytest.approx(found, rel=1e-12)
    more = np.append(N, 3e7), np.append(D, 1e10), np.append(loss, 9.0)
    left_out = ask(*more, weights=[1.0] * 8 + [0.0])
    assert left_out == pytest.approx(found, rel=1e-4)  # the centre of the counts is another


def test_weights_are_those_of_a_weighted_sum():
    N, D, loss = draw_table(8)
    weights = np.array([1.0, 2.0, 0.5, 1.0, 3.0, 1.0, 0.2, 1.0])
    expected = sum_densely(N, D, loss, TARGET, weights).quantile(ENDS)[:, 0]
    assert ask(N, D, loss, weights=weights) == pytest.approx(expected, rel=1e-5)


def test_replicates_that_disagree_widen_it():
    N, D, loss = draw_table(8)
    twice = [np.tile(values, 2) for values in (N, D)]
    widths = [
        np.ptp(ask(*twice, np.concatenate([loss * np.exp(spread), loss * np.exp(-spread)])))
        for spread in (0.0, 0.005, 0.02)
    ]
    assert 1.3 * widths[0] < widths[1]
    assert 1.3 * widths[1] < widths[2]


def test_two_runs_in_one_place_that_agree_narrow_it():
    N, D, loss = draw_table(5)
    alone = np.ptp(ask(N, D, loss))
    assert np.ptp(ask(*(np.tile(values, 2) for values in (N, D, loss)))) < alone


def test_noise_that_is_known_gives_the_normal_width():
    """With the exponent held: ``z s |R^-T x|`` about weighted least squares."""
    N, D, loss = draw_table(8)
    sure, alpha = Belief(0.28, 0.3, 0.003, 1e9), 0.3
    X = np.column_stack([np.ones(8), N**-alpha, D**-alpha]) / loss[:, None]
    x = np.array([1.0, TARGET[0] ** -alpha, TARGET[1] ** -alpha])
    middle = x @ np.linalg.lstsq(X, np.ones(8), rcond=None)[0]
    scale = 0.003 * np.sqrt(x @ np.linalg.inv(X.T @ X) @ x)
    found = ask(N, D, loss, belief=sure, fix={"alpha": alpha})
    assert found == pytest.approx(norm.ppf(ENDS, middle, scale), rel=1e-6)
    of_a_run = ask(N, D, loss, belief=sure, fix={"alpha": alpha}, of_a_run=True)
    both = norm.ppf(ENDS, middle, np.hypot(scale, 0.003 * middle))
    assert of_a_run == pytest.approx(both, rel=1e-6)


def test_an_exponent_that_is_held_is_a_grid_of_one_point():
    table = draw_table(8)
    held = find_posterior(*table, BELIEF, fix={"alpha": 0.31})
    assert held.exponents.tolist() == [[[0.31]]]
    almost = ask(*table, belief=Belief(0.31, 1e-4, 0.0045, 1.0))
    assert held.at(*TARGET).quantile(ENDS)[:, 0] == pytest.approx(almost, rel=1e-6)


def test_a_constant_that_is_held_narrows_it_and_moves_with_its_value():
    table = draw_table(6)
    found = ask(*table)
    low, high = (ask(*table, fix={"E": E}) for E in (1.7, 1.9))
    assert max(np.ptp(low), np.ptp(high)) < np.ptp(found)
    assert low[1] < high[1]
    assert find_posterior(*table, BELIEF, fix={"E": 1.8}).held == 1.8


def test_equal_exponents_held_are_the_tied_law():
    table = draw_table(8)
    tied = ask(*table, fix={"alpha": 0.3})
    free = ask(*table, law="free", fix={"alpha": 0.3, "beta": 0.3})
    assert free == pytest.approx(tied, rel=1e-12)


def test_free_exponents_are_less_sure_and_find_both():
    rng = np.random.default_rng(3)
    N = np.exp(rng.uniform(np.log(1e7), np.log(5e9), 60))
    D = N * np.exp(rng.uniform(np.log(10), np.log(600), 60))
    loss = 1.8 + 450 * N**-0.36 + 1200 * D**-0.26
    table = N, D, loss * np.exp(0.002 * rng.standard_normal(60))
    posterior = find_posterior(*table, BELIEF, law="free")
    means = (posterior.sum.weight[0, :, None] * posterior.exponents[0]).sum(axis=0)
    assert means == pytest.approx([0.36, 0.26], abs=0.04)
    lo, _, hi = ask(*table, law="free", target=(1e11, 2e12))
    assert lo < 1.8 + 450 * 1e11**-0.36 + 1200 * 2e12**-0.26 < hi


@pytest.mark.parametrize(
    ("line", "along", "off"),
    [
        ((1.0, 0.0), (7e9, 5e9), (7e9, 1.4e11)),  # one D
        ((0.0, 1.0), (1e8, 1.4e11), (7e9, 1.4e11)),  # one N
        ((1.0, 1.0), (7e9, 3.5e11), (7e9, 1.4e11)),  # one ray, D/N = 50
    ],
)
def test_nothing_is_known_off_the_line_on_which_the_runs_lie(line, along, off):
    steps = np.linspace(-1.5, 1.5, 8)
    N, D = 1e8 * np.exp(line[0] * steps), 5e9 * np.exp(line[1] * steps)
    posterior = find_posterior(N, D, 1.8 + 450 * N**-0.33 + 2000 * D**-0.33, BELIEF)
    lo, median, hi = posterior.at(*along).quantile(ENDS)[:, 0]
    assert 0 < lo < median < hi < 4
    assert posterior.at(*off).quantile([0.05, 0.95])[:, 0].tolist() == [-np.inf, np.inf]


@pytest.mark.parametrize("law", ["tied", "free", "compute"])
def test_many_tables_at_once_are_each_alone(law):
    N, D, loss = draw_table(6)
    noise = np.random.default_rng(0).standard_normal((5, 6))
    losses = loss * np.exp(np.array([[0.0], [0.001], [0.005], [0.02], [0.2]]) * noise)
    targets = np.geomspace(1e9, 1e11, 5), np.geomspace(2e10, 2e12, 5)
    together = find_posterior(N, D, losses, BELIEF, law=law).at(*targets).quantile(ENDS)
    alone = [
        ask(N, D, loss, law=law, target=(n, d)) for loss, n, d in zip(losses, *targets, strict=True)
    ]
    # The number of passes is that of the table that asks for most.
    assert pytest.approx(np.array(alone), rel=1e-4) == together.T


# --- quantiles of a mixture ----------------------------------------------------------------


def draw_mixture(seed: int, n_targets: int = 3, n_points: int = 6) -> Mixture:
    rng = np.random.default_rng(seed)
    weight = rng.dirichlet(np.ones(n_points), n_targets)
    middle = 2 + 0.3 * rng.standard_normal((n_targets, n_points))
    scale, noise = np.exp(rng.uniform(-6, 0, (2, n_targets, n_points)))
    return Mixture(weight, middle, scale, noise, rng.integers(1, 9, middle.shape).astype(float))


@pytest.mark.parametrize("seed", range(5))
def test_a_quantile_is_where_the_distribution_function_is(seed):
    mixture = draw_mixture(seed)
    for of_a_run in (False, True):
        scale = np.hypot(mixture.scale, mixture.noise) if of_a_run else mixture.scale
        for p in (1e-3, 0.05, 0.3, 0.5, 0.95, 0.999):
            found = mixture.quantile(p, of_a_run=of_a_run)
            for i in range(3):

                def above(x, i=i, scale=scale, p=p):
                    each = student.cdf(x, mixture.dof[i], mixture.middle[i], scale[i])
                    return mixture.weight[i] @ each - p

                assert found[i] == pytest.approx(brentq(above, -5e3, 5e3, xtol=1e-12), abs=1e-8)


@given(st.integers(0, 10_000))
def test_quantiles_rise_with_what_is_asked(seed):
    found = draw_mixture(seed).quantile(np.linspace(0.01, 0.99, 25))
    assert (np.diff(found, axis=0) > 0).all()


def test_one_component_is_students_t():
    mixture = Mixture(*(np.full((1, 1), value) for value in (1.0, 2.0, 0.1, 0.3, 4.0)))
    assert mixture.quantile(ENDS)[:, 0] == pytest.approx(student.ppf(ENDS, 4, 2.0, 0.1))
    of_a_run = mixture.quantile(ENDS, of_a_run=True)[:, 0]
    assert of_a_run == pytest.approx(student.ppf(ENDS, 4, 2.0, np.hypot(0.1, 0.3)))


def test_a_target_that_is_open_has_no_ends_and_leaves_the_others():
    mixture = draw_mixture(0)
    scale = mixture.scale.copy()
    scale[1, 2] = np.inf
    found = mixture._replace(scale=scale).quantile([0.05, 0.95])
    assert found[:, 1].tolist() == [-np.inf, np.inf]
    assert found[:, [0, 2]] == pytest.approx(mixture.quantile([0.05, 0.95])[:, [0, 2]])


# --- runs on a line, and what is held, against a plain sum ----------------------------------


def sum_one_power(x, loss, target, *, held=None, n_points=8001):
    """5 and 95 % of ``E + A x^-a`` at a target: least squares at every exponent, no package."""
    z, centre = np.linspace(-3.5, 3.5, n_points), np.exp(np.log(x).mean())
    parts = []
    for at, a in zip(z, BELIEF.alpha_0 * np.exp(BELIEF.tau * z), strict=True):
        power, there = (x / centre) ** -a, (target / centre) ** -a
        columns = [power] if held is not None else [np.ones_like(x), power]
        X = np.column_stack(columns) / loss[:, None]
        y = 1.0 - (held or 0.0) / loss
        beta, *_ = np.linalg.lstsq(X, y, rcond=None)
        dof = BELIEF.nu + len(x) - X.shape[1]
        total = BELIEF.nu * BELIEF.sigma_0**2 + ((y - X @ beta) ** 2).sum()
        goal = np.array([there] if held is not None else [1.0, there])
        R = np.linalg.qr(X, mode="r")
        weight = -(at**2) / 2 - np.log(np.abs(np.diag(R))).sum() - dof / 2 * np.log(total)
        scale = np.sqrt(total / dof) * np.linalg.norm(np.linalg.solve(R.T, goal))
        parts.append((weight, (held or 0.0) + goal @ beta, scale, dof))
    log_weight, middle, scale, dof = np.array(parts).T
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()

    def find(p):
        return brentq(lambda x: weight @ student.cdf((x - middle) / scale, dof) - p, 0.1, 10)

    return [find(0.05), find(0.95)]


ON_A_LINE = np.geomspace(1e7, 1e9, 6)
ITS_LOSS = (1.8 + 500 * ON_A_LINE**-0.33) * np.exp(
    0.005 * np.array([0.3, -1.1, 0.8, 0.2, -0.6, 0.9])
)


def test_along_one_D_the_law_is_a_power_of_N():
    """The exponent's prior sees the two amplitudes as one direction less: the same interval."""
    N, D = ON_A_LINE, np.full(6, 2e9)
    power = find_posterior(N, D, ITS_LOSS, BELIEF, law="N").at(7e9, 2e9).quantile([0.05, 0.95])
    assert power[:, 0] == pytest.approx(sum_one_power(N, ITS_LOSS, 7e9), rel=3e-4)
    along = find_posterior(N, D, ITS_LOSS, BELIEF).at(7e9, 2e9)
    assert along.dof == pytest.approx(np.full(along.dof.shape, BELIEF.nu + 6 - 2))
    width = np.diff(along.quantile([0.05, 0.95])[:, 0]) / np.diff(power[:, 0])
    assert width == pytest.approx(1, abs=0.1)


def test_with_E_held_the_noise_is_a_share_of_the_whole_loss():
    N, D = ON_A_LINE, np.full(6, 2e9)
    posterior = find_posterior(N, D, ITS_LOSS, BELIEF, law="N", fix={"E": 1.7})
    held = posterior.at(7e9, 2e9)
    ends = held.quantile([0.05, 0.95])[:, 0]
    assert ends == pytest.approx(sum_one_power(N, ITS_LOSS, 7e9, held=1.7), rel=3e-4)
    assert held.noise == pytest.approx(posterior.sum.noise * np.abs(held.middle))


def test_every_law_on_offer_has_its_terms():
    """Without them its interval ends in a KeyError, and only where the fit is sound."""
    assert {entry.alone for entry in LAWS.values()} <= set(TERMS)
