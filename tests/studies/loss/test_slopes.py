"""Slopes of lines of equal M: planted truths, plain NumPy beside, and the printed range."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from scaling.laws.fit import fit_loss_law, fit_loss_surface
from scaling.laws.law import LossLaw, LossSurface
from scaling.studies.loss.slopes import (
    _slopes_of,
    compare_fits,
    compare_slopes,
    draw_within_rays,
    find_E,
    fit_slope,
    list_resamples,
    make_slopes,
    slope_range,
)
from scaling.studies.results import load_result
from scaling.testbed.runs import run_table, select_loss_fit, select_small

LAW = LossLaw(1.8, 166.0, 366.0, 0.27)


def planted(law, noise=0.0, rng=None):
    """A run table of four sizes and five multipliers that follows a law, and its shape."""
    sizes, multipliers = [1e7, 8e7, 1.5e8, 4e8], [10, 20, 80, 320, 640]
    N, M = (np.array(v, dtype=float) for v in zip(*product(sizes, multipliers), strict=True))
    loss = law.predict(N, M * N)
    if rng is not None:
        loss = loss + rng.normal(0, noise, len(N))
    return pd.DataFrame({"N": N, "D": M * N, "M": M, "C": 6 * N * M * N, "loss_c4_eval": loss})


def test_a_line_of_the_law_has_the_slope_eta_at_every_M():
    runs = planted(LAW)
    for _, ray in runs.groupby("M"):
        assert fit_slope(ray["C"], ray["loss_c4_eval"] - 1.8) == pytest.approx(0.135, rel=1e-9)


def test_the_slope_is_that_of_polyfit_with_and_without_weights():
    rng = np.random.default_rng(1)
    C, R = rng.uniform(1e16, 1e20, 6), rng.uniform(1, 3, 6)
    counts = np.array([[1.0, 2, 0, 3, 1, 0], [1, 1, 1, 1, 1, 1]])
    slopes = fit_slope(C, R, counts)
    assert slopes.shape == (2,)
    for row, slope in zip(counts, slopes, strict=True):
        line = np.polyfit(np.log(C), np.log(R), 1, w=np.sqrt(row))
        assert slope == pytest.approx(-line[0], rel=1e-9)
    repeated = np.repeat(np.arange(6), counts[0].astype(int))
    assert fit_slope(C[repeated], R[repeated]) == pytest.approx(slopes[0], rel=1e-12)


def test_a_slope_that_cannot_be_is_not_a_number():
    C, R = [1e16, 1e17, 1e18], [2.0, 1.5, -0.1]
    assert np.isnan(fit_slope(C, R))
    assert np.isfinite(fit_slope(C, R, [1, 1, 0]))
    assert np.isnan(fit_slope(C, [2.0, 1.5, 1.2], [0, 3, 0]))


def test_a_greater_E_steepens_a_line():
    ray = planted(LAW).query("M == 20")
    assert fit_slope(ray["C"], ray["loss_c4_eval"] - 2.0) > 0.135
    assert fit_slope(ray["C"], ray["loss_c4_eval"] - 1.6) < 0.135


@pytest.mark.parametrize(("n", "different"), [(2, 3), (3, 10), (4, 35), (5, 126), (6, 462)])
def test_every_resample_of_a_few_runs_is_listed(n, different):
    counts, probability = list_resamples(n)
    assert counts.shape == (different, n)
    assert (counts.sum(axis=1) == n).all()
    assert len(np.unique(counts, axis=0)) == different
    assert probability.sum() == pytest.approx(1.0)
    assert probability @ counts == pytest.approx(np.ones(n))


def test_resamples_are_as_likely_as_ordered_draws_say():
    counts, probability = list_resamples(4)
    ordered = np.array([np.bincount(draw, minlength=4) for draw in product(range(4), repeat=4)])
    for row, chance in zip(counts, probability, strict=True):
        assert chance == pytest.approx((ordered == row).all(axis=1).mean())
    assert probability[(counts == 4).any(axis=1)].sum() == pytest.approx(4 / 256)


def test_draws_keep_the_number_of_runs_at_each_M():
    M = np.array([5, 20, 20, 5, 20, 80])
    counts = draw_within_rays(M, 500, np.random.default_rng(0))
    for value in (5, 20, 80):
        assert (counts[:, value == M].sum(axis=1) == (value == M).sum()).all()
    assert counts[:, 0].std() > 0.5
    assert counts.mean(axis=0) == pytest.approx(np.ones(6), abs=0.15)


def test_E_is_that_of_the_fit_it_is_named_for():
    table = run_table("redpajama")
    five, small = select_loss_fit(table), table.query("N < 1e9 and M >= 10")
    for source, runs in {"recipe": five, "grid": small}.items():
        law = fit_loss_law(runs["N"], runs["D"], runs["loss_c4_eval"]).law
        assert find_E(table, source) == pytest.approx(law.E, rel=1e-8)
    assert find_E(table, "none") == 0.0
    assert find_E(table, "recipe") == pytest.approx(1.84, abs=0.005)  # Table 6


def test_a_weight_counts_in_E_only_where_the_source_uses_the_run():
    table = run_table("redpajama")
    W = np.ones((2, len(table)))
    W[1, (table["M"] == 5) | (table["N"] > 1e9)] = 7.0
    assert find_E(table, "grid", W) == pytest.approx([find_E(table, "grid")] * 2)
    W[1, (table["size"] == "0.154B") & (table["M"] == 40)] = 0.0
    assert abs(np.diff(find_E(table, "grid", W))[0]) > 1e-4


STORED = load_result("slopes")


def test_the_stored_slopes_are_lines_through_the_runs():
    for row in STORED.sample(12, random_state=0).itertuples():
        table = run_table(row.dataset)
        ray = table[(table["M"] == row.M) & ((table["N"] < 1e9) | (row.sizes == "all"))]
        line = np.polyfit(np.log(ray["C"]), np.log(ray["loss_c4_eval"] - row.E), 1)
        assert row.slope == pytest.approx(-line[0], rel=1e-6)
        assert row.n_runs == len(ray)


def test_slopes_come_out_again_with_fewer_draws(monkeypatch):
    """Of one training set: all but the bands that are drawn, and those the same every time."""
    monkeypatch.setattr("scaling.studies.loss.slopes.DATASETS", {"only": "c4"})
    monkeypatch.setattr("scaling.studies.loss.slopes.N_DRAWS", 20)
    first, again = make_slopes(), make_slopes()
    pd.testing.assert_frame_equal(first, again)
    stored = STORED[STORED["dataset"] == "c4"].reset_index(drop=True)
    drawn = ["lo_refit", "hi_refit"]
    pd.testing.assert_frame_equal(first.drop(columns=drawn), stored.drop(columns=drawn), rtol=1e-6)
    assert (first[drawn].isna() == stored[drawn].isna()).all(axis=None)


def test_a_band_with_E_fixed_is_the_exact_bootstrap():
    table = run_table("c4")
    row = next(r for r in _slopes_of(table, "recipe", np.empty((0, 0))) if r["M"] == 80)
    ray = table[table["M"] == 80]
    x, y = np.log(ray["C"].to_numpy()), np.log(ray["loss_c4_eval"].to_numpy() - row["E"])
    drawn = [list(d) for d in product(range(5), repeat=5) if len(set(d)) > 1]
    slopes = [-stats.linregress(x[d], y[d]).slope for d in drawn]
    lo, hi = np.quantile(slopes, [0.025, 0.975], method="inverted_cdf")
    assert (row["lo"], row["hi"]) == pytest.approx((lo, hi), rel=1e-9)


def test_a_band_of_four_runs_is_the_span_of_its_pairs():
    """As the chapter says: a pair alone is drawn in 14 of 252 orders, more often than 2.5 %."""
    table = run_table("c4").query("N < 1e9 and M < 640")
    for row in _slopes_of(table, "recipe", np.empty((0, 0))):
        ray = table[table["M"] == row["M"]]
        x, y = np.log(ray["C"].to_numpy()), np.log(ray["loss_c4_eval"].to_numpy() - row["E"])
        pairs = [-(y[i] - y[j]) / (x[i] - x[j]) for i, j in combinations(range(4), 2)]
        assert (row["lo"], row["hi"]) == pytest.approx((min(pairs), max(pairs)), rel=1e-9)


def test_bands_hold_their_slope_and_the_refitted_one_is_wider():
    assert (STORED["lo"] <= STORED["slope"]).all()
    assert (STORED["slope"] <= STORED["hi"]).all()
    grid = STORED.query("E_from == 'grid' and M >= 10")
    refit, fixed = grid["hi_refit"] - grid["lo_refit"], grid["hi"] - grid["lo"]
    assert (refit / fixed).median() > 1.5
    assert STORED.loc[STORED["E_from"] != "grid", "lo_refit"].isna().all()


def test_a_refitted_band_needs_the_resamples_E():
    table = run_table("redpajama").query("N < 1e9").reset_index(drop=True)
    counts = draw_within_rays(table["M"], 50, np.random.default_rng(3))
    row = next(r for r in _slopes_of(table, "grid", counts) if r["M"] == 20)
    kept = (table["M"] >= 10).to_numpy(float)
    E = fit_loss_law(table["N"], table["D"], table["loss_c4_eval"], weights=counts * kept).law.E
    ray = (table["M"] == 20).to_numpy()
    x, loss = np.log(table["C"][ray]), table["loss_c4_eval"][ray].to_numpy()
    slopes = []
    for e, c in zip(E, counts[:, ray], strict=True):
        if (c > 0).sum() > 1:
            slopes.append(-np.polyfit(x, np.log(loss - e), 1, w=np.sqrt(c))[0])
    lo, hi = np.quantile(slopes, [0.025, 0.975], method="inverted_cdf")
    assert (row["lo_refit"], row["hi_refit"]) == pytest.approx((lo, hi), rel=1e-6)


def test_the_printed_range_of_figure_17():
    """Read to two digits: 0.11 to 0.15 with the recipe's E, M = 5 or not, large runs or not."""
    for sizes in ("small", "all"):
        for least_M in (5, 10):
            lo, hi = slope_range(STORED, "recipe", sizes, least_M)
            assert 0.11 <= round(lo, 2) <= round(hi, 2) <= 0.15
    assert slope_range(STORED) == pytest.approx((0.1212, 0.1423), abs=5e-5)
    assert slope_range(STORED, least_M=5)[0] == pytest.approx(0.1098, abs=5e-5)
    assert slope_range(STORED, "grid", "all")[0] == pytest.approx(0.1014, abs=5e-5)


def test_the_F_test_is_the_textbook_one():
    result = compare_fits((10.0, 6.0), (20, 15))
    assert pytest.approx((4.0 / 5) / (6.0 / 15)) == result.F
    assert result.dof == (5, 15)
    assert result.p_value == pytest.approx(stats.f.sf(2.0, 5, 15))


def residual_sums(runs, E):
    """Sums of squares of one slope and of a slope for each M, line by line."""
    x, y = np.log(runs["C"]), np.log(runs["loss_c4_eval"] - E)
    many = sum(
        np.polyfit(x[k], y[k], 1, full=True)[1][0] for k in runs.groupby("M").groups.values()
    )
    x, y = (v - v.groupby(runs["M"]).transform("mean") for v in (x, y))
    return float(y @ y - (x @ y) ** 2 / (x @ x)), float(many)


def test_slopes_are_compared_as_lines_fitted_one_by_one_say():
    runs = planted(LAW, 0.02, np.random.default_rng(2))
    result = compare_slopes(runs["C"], runs["M"], runs["loss_c4_eval"] - 1.8)
    expected = compare_fits(residual_sums(runs, 1.8), (20 - 6, 20 - 10))
    assert pytest.approx(expected.F, rel=1e-8) == result.comparison.F
    assert result.comparison.dof == expected.dof == (4, 10)


def test_equal_slopes_pass_and_unequal_ones_do_not():
    rng = np.random.default_rng(5)
    tied = planted(LAW, 0.005, rng)
    free = planted(LossSurface(1.8, 60.0, 1000.0, 0.2, 0.33), 0.005, rng)
    passed = compare_slopes(tied["C"], tied["M"], tied["loss_c4_eval"] - 1.8)
    caught = compare_slopes(free["C"], free["M"], free["loss_c4_eval"] - 1.8)
    assert passed.comparison.p_value > 0.05
    assert caught.comparison.p_value < 1e-3
    assert passed.rise_lo < 0 < passed.rise_hi
    # At a high M the N term rules, with the smaller exponent: the slope falls.
    assert caught.rise_hi < 0


def test_the_rise_is_the_one_planted():
    C, M = (v.ravel() for v in np.meshgrid(np.geomspace(1e16, 1e20, 5), [10.0, 80.0, 640.0]))
    slope = 0.12 + 0.01 * np.log(M / 10) / np.log(64)
    result = compare_slopes(C, M, np.exp(-slope * np.log(C / 1e18)) * M**0.05)
    assert result.rise == pytest.approx(0.01, rel=1e-6)


def test_the_interval_of_the_rise_is_that_of_linear_regression():
    """Where one line has slope zero and M takes two values, the rise is a difference of slopes."""
    rng = np.random.default_rng(8)
    x = np.linspace(0, 4, 6)
    y = -0.1 * np.concatenate([x, x]) + rng.normal(0, 0.1, 12)
    M = np.repeat([10.0, 640.0], 6)
    result = compare_slopes(np.exp(np.concatenate([x, x])), M, np.exp(y))
    low, high = stats.linregress(x, y[:6]), stats.linregress(x, y[6:])
    assert result.rise == pytest.approx(low.slope - high.slope)
    ssr = sum(np.sum((y[k] - f.intercept - f.slope * x) ** 2) for k, f in
              ((slice(6), low), (slice(6, 12), high)))  # fmt: skip
    spread = np.sqrt(ssr / 8 * 2 / np.sum((x - x.mean()) ** 2))
    half = stats.t.ppf(0.975, 8) * spread
    assert result.rise_hi - result.rise == pytest.approx(half)
    assert result.rise - result.rise_lo == pytest.approx(half)


def test_the_free_law_beats_the_tied_one_on_redpajama_alone():
    p_values = {}
    for dataset in ("c4", "redpajama", "refinedweb"):
        runs = select_small(run_table(dataset), 10)
        fits = [
            f(runs["N"], runs["D"], runs["loss_c4_eval"]) for f in (fit_loss_law, fit_loss_surface)
        ]
        p_values[dataset] = compare_fits(
            (fits[0].ssr, fits[1].ssr), (fits[0].dof, fits[1].dof)
        ).p_value
    assert p_values["redpajama"] == pytest.approx(0.0070, abs=2e-4)
    assert min(p_values["c4"], p_values["refinedweb"]) > 0.1


def test_what_is_not_there_is_named():
    with pytest.raises(ValueError, match="source must be one of recipe, grid, none, got 'moon'"):
        find_E(run_table("c4"), "moon")
    with pytest.raises(ValueError, match="got none for E_from='moon', sizes='small', least_M=10"):
        slope_range(STORED, "moon")
