"""What the grids say of a law: plain recomputation, and what the chapter states."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import curve_fit

from scaling.laws.fit import fit_loss_law, fit_loss_surface
from scaling.studies.predictors import grid_study as study
from scaling.studies.predictors.extrapolation import OTHERS, summarise_errors
from scaling.studies.predictors.leverage import fit_all
from scaling.studies.results import load_result
from scaling.testbed.grids import GRIDS, load_grid, select_plain, split_by_compute


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
    table = summarise_errors(toy_misses())
    assert table.index.tolist() == [("1/20", "g", "N"), ("1/100", "g", "N")]
    assert table.columns.tolist() == ["n_fit", "n_judged", "x", "y"]
    # (mean of 0.01 and 0.03, then with 0.06), not the mean over three runs
    assert table.loc[("1/20", "g", "N")].tolist() == pytest.approx([12, 3, 0.04, 0.035])
    assert table.loc[("1/100", "g", "N")].tolist() == pytest.approx([4, 1, 0.02, 0.02])


def test_the_table_of_the_chapter(misses):
    table = summarise_errors(misses)
    assert table.columns[2:].tolist() == [
        "recipe", "no E", "no change", "free", "log", "first choice", "prior", OTHERS
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
    means = 100 * in_N[["recipe", "free", "log", "prior"]].groupby("fit_share").mean()
    by_run = misses.query("count == 'N' and fit_share == '1/20' and candidate == 'recipe'")
    assert len(by_run) == 150
    assert 100 * by_run["relative_error"].abs().mean() == pytest.approx(2.45, abs=0.005)
    assert means.loc["1/20"].tolist() == pytest.approx([1.94, 1.49, 2.17, 1.92], abs=0.005)
    assert means.loc["1/100"].tolist() == pytest.approx([3.25, 3.10, 3.10, 3.26], abs=0.006)


def test_what_the_chapter_says_of_the_table(misses):
    """The words are written; this holds them to the numbers."""
    table = summarise_errors(misses).xs("N", level="count")
    twenty, hundred = table.loc["1/20"], table.loc["1/100"]
    assert twenty[twenty["prior"] < twenty["recipe"]].index.tolist() == [
        "gemstones", "porian", "datablations"
    ]  # fmt: skip
    assert (twenty.mean()[["recipe", "log", "first choice", "prior"]] > twenty.mean()["free"]).all()
    assert twenty.loc["porian", "free"] > twenty.loc["porian", "recipe"]
    laws = ["recipe", "free", "log", "first choice", "prior"]
    assert twenty[laws].mean().idxmax() == "first choice" == hundred[laws].mean().idxmin()
    for row in (twenty.loc["gemstones"], hundred.loc["gemstones"], hundred.loc["olmo_ladder"]):
        assert row["no E"] < row[["recipe", "prior"]].min()
    assert twenty["prior"].mean() < twenty["log"].mean()
    assert hundred["prior"].mean() > hundred["log"].mean()
    difference = table[OTHERS] / table["prior"] - 1
    assert difference.abs().max() < 0.05  # the constants hardly depend on the grid left out


def test_checkpoints_of_shapes_that_are_in_the_fit(misses):
    """A third of the Gemstones judged are later checkpoints of shapes fitted."""
    fitted, judged = split_by_compute(load_grid("gemstones"), 1 / 20)
    later = judged["shape"].isin(fitted["shape"])
    assert (len(judged), later.sum(), judged.loc[later, "shape"].nunique()) == (81, 27, 4)
    new = misses[misses["run"].isin(judged.loc[~later, "run"])]
    new = new[(new["count"] == "N") & (new["fit_share"] == "1/20")]
    errors = 100 * new["relative_error"].abs().groupby(new["candidate"]).mean()
    assert errors[["recipe", "prior", "free"]].tolist() == pytest.approx(
        [3.54, 3.10, 2.23], abs=0.005
    )
    fitted, judged = split_by_compute(load_grid("gemstones"), 1 / 100)
    assert not judged["shape"].isin(fitted["shape"]).any()


# --- what is left by a fit to all runs -----------------------------------------------------


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
    by_M = fit_all(runs, fitter=fitter).groupby(runs["M"].round(-1)).mean()
    assert by_M.index.tolist() == [10, 20, 40, 100, 200]
    assert (np.sign(by_M) == [-1, 1, 1, 1, -1]).all()


def test_share_between_groups():
    values, groups = [1.0, 3.0, -2.0, -2.0], ["a", "a", "b", "b"]
    assert study.share_between(values, groups) == pytest.approx((2 * 4 + 2 * 4) / 18)
    assert study.share_between([1.0, -1.0], ["a", "a"]) == 0
    assert study.share_between([1.0, -1.0], ["a", "b"]) == 1


def test_shapes_of_the_gemstones():
    runs = load_grid("gemstones")
    shares = [study.share_between(fit_all(runs, c), runs["shape"]) for c in ("N", "N_body")]
    assert shares == pytest.approx([0.780, 0.574], abs=5e-4)
    means = {c: fit_all(runs, c).groupby(runs["shape"]).mean() for c in ("N", "N_body")}
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
    from scaling.figures.style import DATASET_COLOURS, DATASET_MARKERS, GRID_COLOURS, GRID_MARKERS

    assert set(GRID_COLOURS) == set(GRID_MARKERS) == set(GRIDS)
    for own, others in ((GRID_COLOURS, DATASET_COLOURS), (GRID_MARKERS, DATASET_MARKERS)):
        assert len({*own.values(), *others.values()}) == len(own) + len(others)


def test_the_usual_error_has_a_sign_as_the_log_tells(misses):
    """Mean and share above zero of the errors of the law with a prior, by grid."""
    mine = misses.query("candidate == 'prior' and count == 'N'")
    errors = mine.groupby(["fit_share", "grid"])["relative_error"]
    means, high = 100 * errors.mean(), 100 * errors.agg(lambda e: (e > 0).mean())
    grids = ["datablations", "gemstones", "olmo_ladder", "porian"]
    assert means["1/20"][grids].tolist() == pytest.approx([2.7, 2.8, 0.9, 0.2], abs=0.05)
    assert high["1/20"][grids].tolist() == pytest.approx([100, 96, 100, 62], abs=0.5)
    assert means["1/100"][grids].tolist() == pytest.approx([3.0, 2.9, 3.5, -3.5], abs=0.05)
    assert high["1/100"]["porian"] == 0
