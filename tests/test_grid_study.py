"""What the grids say of a law: planted truths, plain recomputation, and what the chapter states."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import curve_fit

from scaling import grid_study as study
from scaling.best import fit_best
from scaling.extrapolation import OTHERS
from scaling.fit import fit_loss_law, fit_loss_surface
from scaling.grids import GRIDS, load_grid, select_plain, split_by_compute, split_series
from scaling.law import LossLaw
from scaling.results import load_result

TRUTH = LossLaw(E=1.8, A=400.0, B=2000.0, alpha=0.34)


def plant(noise=0.0):
    """A grid of 6 sizes and 5 multipliers that follows one law, and noise if asked for."""
    N, M = (a.ravel() for a in np.meshgrid(np.geomspace(1e7, 3e9, 6), np.geomspace(5, 80, 5)))
    loss = TRUTH.predict(N, M * N) * np.exp(noise * np.random.default_rng(0).normal(size=len(N)))
    table = pd.DataFrame({"N": N, "D": M * N, "M": M, "C": 6 * M * N**2, "loss": loss})
    return table.assign(run=[f"run {i}" for i in range(len(N))], N_body=N)


@pytest.fixture(scope="module")
def misses():
    return load_result("grids")


# --- the stored misses ---------------------------------------------------------------------


def toy_misses():
    rows = [
        ("1/20", "g", "N", "a", "r1", 5, 0.01, -0.03),
        ("1/20", "g", "N", "a", "r2", 5, -0.03, 0.01),
        ("1/20", "g", "N", "b", "r3", 7, 0.06, 0.05),
        ("1/100", "g", "N", "a", "r1", 4, 0.02, -0.02),
    ]
    names = ["fit_share", "grid", "count", "series", "run", "n_fit"]
    table = pd.DataFrame(rows, columns=[*names, "x", "y"])
    return table.melt(names, var_name="candidate", value_name="relative_error")


def test_the_series_of_a_grid_count_alike():
    table = study.summarise_errors(toy_misses())
    assert table.index.tolist() == [("1/20", "g", "N"), ("1/100", "g", "N")]
    assert table.columns.tolist() == ["n_fit", "n_judged", "x", "y"]
    # (mean of 0.01 and 0.03, then with 0.06), not the mean over three runs
    assert table.loc[("1/20", "g", "N")].tolist() == pytest.approx([12, 3, 0.04, 0.035])
    assert table.loc[("1/100", "g", "N")].tolist() == pytest.approx([4, 1, 0.02, 0.02])


def test_candidates_are_compared_run_by_run():
    table = study.compare_candidates(toy_misses(), "x", "y").loc["1/20"].droplevel([0, 1])
    assert table["n_judged"].to_dict() == {"a": 2, "b": 1}
    assert table["nearer"].to_dict() == {"a": 1, "b": 0}
    assert table.loc["a", "spread, x"] == pytest.approx(np.std([0.01, -0.03], ddof=1))
    assert table.loc["a", "spread, y"] == pytest.approx(np.std([-0.03, 0.01], ddof=1))
    turned = toy_misses().assign(relative_error=lambda t: -t["relative_error"])
    other = study.compare_candidates(turned, "x", "y").loc["1/20"].droplevel([0, 1])
    # too low is no better than too high
    assert other["nearer"].tolist() == table["nearer"].tolist()
    # a tie is nearer for neither
    assert study.compare_candidates(toy_misses(), "x", "y").loc["1/100", "nearer"].item() == 0


def test_the_table_of_the_chapter(misses):
    table = study.summarise_errors(misses)
    assert table.columns[2:].tolist() == [
        "recipe", "no E", "no change", "free", "log", "first choice", "best", OTHERS
    ]  # fmt: skip
    counts = table[["n_fit", "n_judged"]].apply(tuple, axis=1).to_dict()
    assert counts == {
        ("1/20", "olmo_ladder", "N"): (21, 6), ("1/20", "olmo_ladder", "N_body"): (21, 6),
        ("1/100", "olmo_ladder", "N"): (15, 6), ("1/100", "olmo_ladder", "N_body"): (15, 6),
        ("1/20", "gemstones", "N"): (97, 81), ("1/20", "gemstones", "N_body"): (97, 81),
        ("1/100", "gemstones", "N"): (16, 81), ("1/100", "gemstones", "N_body"): (16, 81),
        ("1/20", "porian", "N"): (108, 52), ("1/100", "porian", "N"): (80, 52),
        ("1/20", "datablations", "N"): (23, 11), ("1/100", "datablations", "N"): (22, 11),
    }  # fmt: skip
    in_N = table.xs("N", level="count")
    means = 100 * in_N[["recipe", "free", "log", "best"]].groupby("fit_share").mean()
    assert means.loc["1/20"].tolist() == pytest.approx([1.94, 1.49, 2.17, 1.92], abs=0.005)
    assert means.loc["1/100"].tolist() == pytest.approx([3.25, 3.10, 3.10, 3.26], abs=0.006)


def test_what_the_chapter_says_of_the_table(misses):
    """The words are written; this holds them to the numbers."""
    table = study.summarise_errors(misses).xs("N", level="count")
    twenty, hundred = table.loc["1/20"], table.loc["1/100"]
    assert twenty[twenty["best"] < twenty["recipe"]].index.tolist() == [
        "gemstones", "porian", "datablations"
    ]  # fmt: skip
    assert (twenty.mean()[["recipe", "log", "first choice", "best"]] > twenty.mean()["free"]).all()
    assert twenty.loc["porian", "free"] > twenty.loc["porian", "recipe"]
    laws = ["recipe", "free", "log", "first choice", "best"]
    assert twenty[laws].mean().idxmax() == "first choice" == hundred[laws].mean().idxmin()
    for row in (twenty.loc["gemstones"], hundred.loc["gemstones"], hundred.loc["olmo_ladder"]):
        assert row["no E"] < row[["recipe", "best"]].min()
    assert twenty["best"].mean() < twenty["log"].mean()
    assert hundred["best"].mean() > hundred["log"].mean()
    difference = table[OTHERS] / table["best"] - 1
    assert difference.abs().max() < 0.05  # the constants hardly depend on the grid left out


def test_checkpoints_of_shapes_that_are_in_the_fit(misses):
    """A third of the Gemstones judged are later checkpoints of shapes fitted."""
    fitted, judged = split_by_compute(load_grid("gemstones"), 1 / 20)
    later = judged["shape"].isin(fitted["shape"])
    assert (len(judged), later.sum(), judged.loc[later, "shape"].nunique()) == (81, 27, 4)
    new = misses[misses["run"].isin(judged.loc[~later, "run"])]
    new = new[(new["count"] == "N") & (new["fit_share"] == "1/20")]
    errors = 100 * new["relative_error"].abs().groupby(new["candidate"]).mean()
    assert errors[["recipe", "best", "free"]].tolist() == pytest.approx(
        [3.54, 3.10, 2.23], abs=0.005
    )
    fitted, judged = split_by_compute(load_grid("gemstones"), 1 / 100)
    assert not judged["shape"].isin(fitted["shape"]).any()


def test_the_order_hangs_on_one_run(misses):
    fitters = {"recipe": fit_loss_law, "free": fit_loss_surface, "best": fit_best}
    runs = select_plain(load_grid("datablations"))
    each = study.drop_each(runs, fitters)
    assert len(each) == 1 + 23
    table = study.summarise_errors(misses).xs("N", level="count").loc["1/20"][list(fitters)]
    assert each.loc["(none)"].tolist() == pytest.approx(
        table.loc["datablations"].tolist(), rel=1e-6
    )
    others = table.drop("datablations").mean()
    means = 100 * (3 * others + each) / 4
    assert means.loc["(none)"].tolist() == pytest.approx([1.94, 1.49, 1.92], abs=0.005)
    assert each["recipe"].idxmin() == "2b8100m100m"
    assert means.loc["2b8100m100m"].tolist() == pytest.approx([1.36, 1.36, 1.51], abs=0.005)
    assert (100 * others).tolist() == pytest.approx([1.65, 1.51, 1.65], abs=0.005)
    ahead = (means["best"] < means["recipe"]).drop("(none)")
    assert ahead.sum() == 15


# --- what is left by a fit to all runs -----------------------------------------------------


def test_a_planted_law_leaves_nothing_and_is_extrapolated():
    table = plant()
    assert study.fit_all(table).abs().max() < 1e-9
    errors = study.extrapolate(table, 1 / 20)
    assert errors.abs().max() < 1e-8
    dear = table[(table["C"] >= table["C"].max() / 10)]
    assert errors.index.tolist() == dear["run"].tolist()


def test_signs_of_residual_and_error():
    table = plant(0.01)
    residual = study.fit_all(table)
    law = fit_loss_law(table["N"], table["D"], table["loss"]).law
    assert residual.tolist() == pytest.approx(
        (law.predict(table["N"], table["D"]) / table["loss"] - 1).tolist()
    )
    cheap = table[table["C"] <= table["C"].max() / 20]
    law = fit_loss_law(cheap["N"], cheap["D"], cheap["loss"]).law
    errors = study.extrapolate(table, 1 / 20)
    dear = table.set_index("run").loc[errors.index]
    assert errors.tolist() == pytest.approx(
        (law.predict(dear["N"], dear["D"]) / dear["loss"] - 1).tolist()
    )


def test_the_count_and_the_fitter_are_used():
    table = plant(0.01)
    moved = table.assign(N_body=table["N"] ** 1.3)
    assert not np.allclose(study.fit_all(moved, "N_body"), study.fit_all(moved))
    free = fit_loss_surface(table["N"], table["D"], table["loss"])
    assert study.fit_all(table, fitter=fit_loss_surface).tolist() == pytest.approx(
        (-free.residuals / table["loss"]).tolist()
    )


def test_residuals_and_errors_against_scipy():
    """One series again with `curve_fit`, which knows nothing of this package."""
    runs = select_plain(load_grid("olmo_ladder"))
    N, D, loss = (runs[c].to_numpy() for c in ("N", "D", "loss"))

    def fit(rows):
        def law(x, E, log_A, log_B, alpha):
            return E + np.exp(log_A - alpha * np.log(x[0])) + np.exp(log_B - alpha * np.log(x[1]))

        start = 1.8, 6.0, 8.0, 0.35
        found, _ = curve_fit(law, (N[rows], D[rows]), loss[rows], start, xtol=1e-14, ftol=1e-14)
        return np.abs(law((N, D), *found) / loss - 1)

    share = N * D / (N * D).max()
    judged = share >= 0.1
    row = study.compare_residuals().loc[("olmo_ladder", "")]
    whole = fit(share > 0)
    cheap = share <= 1 / 20
    expected = [whole.mean(), whole[judged].mean(), fit(cheap)[cheap].mean()]
    expected += [fit(share <= limit)[judged].mean() for limit in (1 / 20, 1 / 100)]
    names = ["residual_all", "residual_judged", "residual_cheap", "error_1/20", "error_1/100"]
    assert row["n_runs"] == len(runs) == 30
    assert row[names].tolist() == pytest.approx(expected, rel=1e-4)


def test_what_the_chapter_says_of_residuals(misses):
    table = study.compare_residuals()
    assert table["n_runs"].tolist() == [30, 199, 88, 88, 41]
    assert (table["residual_judged"] < table["error_1/20"]).all()
    larger = table["residual_cheap"] > table["error_1/20"]
    odd = ("gemstones", "")
    assert larger[~larger].index.tolist() == [odd]
    assert table["residual_cheap"].rank()[odd] == 2
    assert table["error_1/20"].idxmax() == odd
    stored = misses[(misses["candidate"] == "recipe") & (misses["count"] == "N")]
    means = stored.assign(error=stored["relative_error"].abs())
    means = means.groupby(["fit_share", "grid", "series"])["error"].mean()
    for share in ("1/20", "1/100"):
        assert table[f"error_{share}"].to_dict() == pytest.approx(means[share].to_dict(), rel=1e-6)


@pytest.mark.parametrize("fitter", [fit_loss_law, fit_loss_surface])
def test_the_law_bends_less_over_M_than_the_ladder(fitter):
    runs = select_plain(load_grid("olmo_ladder"))
    by_M = study.fit_all(runs, fitter=fitter).groupby(runs["M"].round(-1)).mean()
    assert by_M.index.tolist() == [10, 20, 40, 100, 200]
    assert (np.sign(by_M) == [-1, 1, 1, 1, -1]).all()


def test_to_leave_out_a_planted_fault():
    """A run that is 20 % off spoils both fits; without it nothing is left to see."""
    table = plant()
    bad = table["run"] == "run 0"
    spoilt = table.assign(loss=table["loss"] * np.where(bad, 1.2, 1.0))
    both = study.leave_out(spoilt, {"bad": bad})
    assert both["n_out"].to_dict() == {"nothing": 0, "bad": 1}
    assert (both.loc["nothing", "residual":] > 1e-3).all()
    assert (both.loc["bad", "residual":] < 1e-8).all()


def test_all_fits_are_judged_on_the_runs_in_none_of_the_sets():
    table = plant(0.01)
    first, dearest = table["run"] == "run 0", table["C"] == table["C"].max()
    looks = study.leave_out(table, {"first": first, "dearest": dearest})
    shared = ~(first | dearest)
    assert looks["n_out"].tolist() == [0, 1, 0]  # the dearest is judged, and never fitted cheaply
    for fraction in (1 / 20, 1 / 100):
        for name, kept in (("nothing", first | ~first), ("first", ~first), ("dearest", ~dearest)):
            errors = study.extrapolate(table, fraction, kept).drop(table.loc[dearest, "run"])
            error = looks.loc[name, f"error_1/{1 / fraction:.0f}"]
            assert error == pytest.approx(errors.abs().mean(), rel=1e-12)
            residuals = study.fit_all(table[kept])[table.index[shared]]
            assert looks.loc[name, "residual"] == pytest.approx(residuals.abs().mean())
    assert looks.loc["nothing", "error_1/20"] != pytest.approx(looks.loc["first", "error_1/20"])


def test_the_fitter_is_used_where_runs_are_left_out():
    table = plant(0.01)
    first = table["run"] == "run 0"
    free = study.leave_out(table, {"first": first}, fitter=fit_loss_surface).loc["first"]
    alone = study.fit_all(table[~first], fitter=fit_loss_surface).abs().mean()
    assert free["residual"] == pytest.approx(alone)
    errors = study.extrapolate(table, 1 / 100, ~first, fitter=fit_loss_surface)
    assert free["error_1/100"] == pytest.approx(errors.abs().mean())


def test_the_mirror_marks_as_many_of_the_largest_M():
    table = pd.DataFrame({"M": [0.5, 30.0, 2.0, 30.0, 7.0]})
    assert study.mirror(table, table["M"] < 3).tolist() == [False, True, False, True, False]
    assert study.mirror(table, table["M"] < 1).sum() == 1  # of equal M, one
    assert study.mirror(table, table["M"] < 0.1).sum() == 0


def test_random_draws_leave_out_as_many_as_asked():
    """Of eight cheap runs, two out: every draw is one of 28 fits."""
    table = plant(0.01)
    cheap, _ = split_by_compute(table, 1 / 20)
    share = table["C"] / table["C"].max()
    between = table[(share > 1 / 20) & (share < 1 / 10)]  # neither cheap nor dear
    few = table[table["run"].isin(cheap["run"].iloc[::2][:8])]
    some = pd.concat([few, between, table.tail(2)], ignore_index=True)
    fitted, dear = split_by_compute(some, 1 / 20)
    judged = some["run"] != dear["run"].iloc[0]
    assert (len(fitted), len(between), len(dear)) == (8, 2, 2)
    drawn = study.drop_at_random(some, 2, judged, rng=np.random.default_rng(1))
    pairs = [
        study.extrapolate(some, 1 / 20, ~some["run"].isin(pair))[1:].abs().mean()
        for pair in combinations(fitted["run"], 2)
    ]
    assert drawn.shape == (1000,)
    nearest = np.abs(drawn[:, None] / np.array(pairs) - 1)
    assert nearest.min(axis=1).max() < 1e-5
    assert set(nearest.argmin(axis=1)) == set(range(28))


def test_each_cheap_run_is_left_out_in_turn():
    table = plant(0.01)
    cheap, _ = split_by_compute(table, 1 / 20)
    each = study.drop_each(table, {"tied": fit_loss_law, "free": fit_loss_surface})
    assert each.index.tolist() == ["(none)", *cheap["run"]]
    whole = study.extrapolate(table, 1 / 20, fitter=fit_loss_surface).abs().mean()
    assert each.loc["(none)", "free"] == pytest.approx(whole)
    run = cheap["run"].iloc[3]
    without = study.extrapolate(table, 1 / 20, table["run"] != run).abs().mean()
    assert each.loc[run, "tied"] == pytest.approx(without)


def test_well_fed_runs_carry_datablations():
    runs = select_plain(load_grid("datablations"))
    little = runs["D"] <= 4e8
    starved, fed = little & (runs["M"] < 1), little & (runs["M"] > 10)
    assert (little.sum(), starved.sum(), fed.sum()) == (6, 2, 3)
    assert (starved == (runs["M"] < 1)).all()
    looks = study.leave_out(runs, {"starved": starved, "fed": fed})
    assert looks["error_1/20"].tolist() == pytest.approx([0.0284, 0.0224, 0.1034], abs=5e-5)
    shared, rng = ~(starved | fed), np.random.default_rng(0)
    drawn = {n: study.drop_at_random(runs, n, shared, rng=rng) for n in (2, 3)}
    assert looks.loc["fed", "error_1/20"] > np.quantile(drawn[3], 0.99)
    assert looks.loc["starved", "error_1/20"] > np.quantile(drawn[2], 0.05)
    both = study.leave_out(runs, {"M < 3": (low := runs["M"] < 3), "high": study.mirror(runs, low)})
    assert (both["error_1/20"].drop("nothing") > both.loc["nothing", "error_1/20"]).all()


@pytest.mark.parametrize("name", ["openwebtext2", "refinedweb"])
def test_either_end_of_porian_is_leverage(name):
    """Without small M the error rises, without large M more: quality is not the reason."""
    runs = split_series(load_grid("porian"))[name]
    low, high = (small := runs["M"] < 3), study.mirror(runs, small)
    looks = study.leave_out(runs, {"low": low, "high": high})
    nothing, without_low, without_high = looks["error_1/20"]
    assert 5 * nothing < without_low < without_high
    assert looks.loc["low", "residual"] < looks.loc["nothing", "residual"]
    shared = ~(low | high)
    drawn = study.drop_at_random(runs, 15, shared, rng=np.random.default_rng(0))
    assert looks.loc["high", "n_out"] == 15 and without_high > np.quantile(drawn, 0.975)
    batch = study.leave_out(runs, {"batch": runs["flags"].str.contains("one batch")})
    assert batch["residual"].is_monotonic_increasing and batch["error_1/20"].is_monotonic_increasing
    drawn = study.drop_at_random(runs, 6, runs["N"] > 0, rng=np.random.default_rng(0))
    assert batch.loc["batch", "error_1/20"] < np.quantile(drawn, 0.975)


def test_share_between_groups():
    values, groups = [1.0, 3.0, -2.0, -2.0], ["a", "a", "b", "b"]
    assert study.share_between(values, groups) == pytest.approx((2 * 4 + 2 * 4) / 18)
    assert study.share_between([1.0, -1.0], ["a", "a"]) == 0
    assert study.share_between([1.0, -1.0], ["a", "b"]) == 1


def test_shapes_of_the_gemstones():
    runs = load_grid("gemstones")
    shares = [study.share_between(study.fit_all(runs, c), runs["shape"]) for c in ("N", "N_body")]
    assert shares == pytest.approx([0.780, 0.574], abs=5e-4)
    means = {c: study.fit_all(runs, c).groupby(runs["shape"]).mean() for c in ("N", "N_body")}
    assert means["N"].idxmin() == "768x3"
    assert means["N_body"].idxmin() == "256x80"
    assert abs(means["N_body"]["768x3"]) < 0.002


# --- repeats -------------------------------------------------------------------------------


def test_twins():
    table = pd.DataFrame(
        {
            "run": list("abcdef"),
            "N": [1e8, 1e8, 1e8, 1e8, 2e8, 1e8],
            "D": [1e9, 1e9, 1e9, 1e9, 1e9, 2e9],
            "epochs": [1, 1, 4, 2, 4, 4],
            "loss": [3.0, 3.2, 3.41, 3.1, 3.0, 3.0],
        }
    )
    twins = study.find_twins(table)
    assert twins["run"].tolist() == ["c", "d"]
    assert twins["loss_once"].tolist() == pytest.approx([3.1, 3.1])
    assert twins["excess"].tolist() == pytest.approx([0.1, 0.0])


def test_what_the_chapter_says_of_repeats():
    twins = study.find_twins(load_grid("datablations"))
    assert len(twins) == 144
    about_four = twins[twins["epochs"].between(3.5, 4.6)]["excess"]
    assert (len(about_four), about_four.median()) == (16, pytest.approx(0.0069, abs=5e-5))
    long = twins[twins["epochs"] > 16]
    fed = long["unique_tokens"] > long["N"]
    assert long[fed]["excess"].median() < 0.03 < 0.3 < long[~fed]["excess"].median()
    many = twins[twins["epochs"] > 50]
    assert (len(many), (many["unique_tokens"] < many["N"]).sum()) == (21, 17)
    assert many["excess"].median() == pytest.approx(0.75, abs=0.005)
    runs = load_grid("datablations")
    once = fit_loss_law(*(select_plain(runs)[c] for c in ("N", "D", "loss"))).law
    many = runs[runs["epochs"] > 50]
    over = many["loss"] / once.predict(many["N"], many["D"]) - 1
    assert (len(many), (many["unique_tokens"] > many["N"]).sum()) == (87, 46)
    assert over.median() == pytest.approx(0.21, abs=0.005)


def test_scatter():
    table = pd.DataFrame({"N": [1, 1, 2, 3, 3, 3], "loss": np.exp([1, 1.02, 1, 2, 2.01, 2.02])})
    groups = study.measure_scatter(table, ["N"])
    assert groups["N"].tolist() == [1, 3]
    assert groups["n_runs"].tolist() == [2, 3]
    assert groups["scatter"].tolist() == pytest.approx([0.02 / np.sqrt(2), 0.01])


def test_scatter_of_the_ladder():
    ladder = study.measure_scatter(select_plain(load_grid("olmo_ladder")), ["N", "D"])
    assert len(ladder) == 5
    assert np.sqrt((ladder["scatter"] ** 2).mean()) == pytest.approx(1.64e-4, abs=1e-6)


def test_every_grid_has_a_look():
    from scaling.style import DATASET_COLOURS, DATASET_MARKERS, GRID_COLOURS, GRID_MARKERS

    assert set(GRID_COLOURS) == set(GRID_MARKERS) == set(GRIDS)
    for own, others in ((GRID_COLOURS, DATASET_COLOURS), (GRID_MARKERS, DATASET_MARKERS)):
        assert len({*own.values(), *others.values()}) == len(own) + len(others)
