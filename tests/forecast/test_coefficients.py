"""Intervals of the coefficients: by least squares where they are that, none where none is due."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as student
from typer.testing import CliRunner

import scaling
from scaling.commands.cli import app
from scaling.forecast.coefficients import find_coefficients
from scaling.forecast.fitted import fit_table
from scaling.forecast.intervals import load_constants
from scaling.laws.law import LossLaw
from scaling.laws.registry import choose_law

LAW = LossLaw(1.8, 180.0, 220.0, 0.25)
N = np.array([1e7, 4e7, 1.6e8, 4e8, 1e7, 4e7, 1.6e8, 1e9])
D = N * np.array([20, 20, 20, 20, 320, 160, 80, 40])
NOISE = 1 + 0.004 * np.array([1, -1, 1, -1, -1, 1, -1, 1])
RUNS = pd.DataFrame({"N": N, "D": D, "loss": LAW.predict(N, D) * NOISE})


def fit(table: pd.DataFrame = RUNS, law: str = "prior", **asked):
    return fit_table(table, "loss", law=choose_law(law, **asked))


@pytest.mark.parametrize("law", ["prior", "tied", "free", "compute"])
@pytest.mark.parametrize("level", [0.1, 0.5, 0.9])
def test_each_holds_its_coefficient(law, level):
    table = RUNS if law != "compute" else RUNS.assign(loss=1.8 + 2e3 * (6 * N * D) ** -0.17 * NOISE)
    fitted = fit(table, law)
    values, found = fitted.fit.law.coefficients, find_coefficients(fitted, level)
    assert list(found) == list(values)
    for name, value in values.items():
        lo, hi = found[name]
        assert lo <= value <= hi
        assert lo < hi


def test_a_higher_level_is_wider():
    ends = [find_coefficients(fit(), level) for level in (0.5, 0.9, 0.99)]
    for name in ends[0]:
        lower, upper = zip(*(each[name] for each in ends), strict=True)
        assert list(lower) == sorted(lower, reverse=True)
        assert list(upper) == sorted(upper)


@pytest.mark.parametrize("law", ["tied", "compute"])
def test_with_the_exponent_held_they_are_those_of_least_squares(law):
    """Student's t about weighted least squares, with the noise that is believed in."""
    held = {"tied": 0.25, "compute": 0.15}[law]
    loss = RUNS["loss"].to_numpy()
    terms = [N**-held, D**-held] if law == "tied" else [(6 * N * D) ** -held]
    X = np.column_stack([np.ones_like(N), *terms]) / loss[:, None]
    values, squares, *_ = np.linalg.lstsq(X, np.ones_like(N), rcond=None)
    belief = load_constants().belief
    dof = belief.nu + len(N) - X.shape[1]
    s = np.sqrt((belief.nu * belief.sigma_0**2 + squares[0]) / dof)
    half = student.ppf(0.95, dof) * s * np.sqrt(np.diag(np.linalg.inv(X.T @ X)))
    fitted = fit(law=law, fix={"alpha": held})
    own = fitted.fit.law.coefficients
    found = find_coefficients(fitted)
    for name, value, width in zip(("E", "A", "B"), values, half, strict=False):
        expected = min(value - width, own[name]), max(value + width, own[name])
        assert found[name] == pytest.approx(expected, rel=1e-6)
    assert found["alpha"] == (held, held)


def test_the_exponent_is_read_off_the_posterior():
    """Summed over a fine grid: prior, determinant and residuals at each exponent."""
    loss, belief = RUNS["loss"].to_numpy(), load_constants().belief
    z = np.linspace(-4, 4, 4001)
    log_weight = []
    for alpha in belief.alpha_0 * np.exp(belief.tau * z):
        terms = [np.exp(-alpha * (np.log(x) - np.log(x).mean())) for x in (N, D)]
        X = np.column_stack([np.ones_like(N), *terms]) / loss[:, None]
        squares = np.linalg.lstsq(X, np.ones_like(N), rcond=None)[1][0]
        dof = belief.nu + len(N) - 3
        total = belief.nu * belief.sigma_0**2 + squares
        log_weight.append(-np.linalg.slogdet(X.T @ X)[1] / 2 - dof / 2 * np.log(total))
    log_weight = np.array(log_weight) - z**2 / 2
    below = np.cumsum(np.exp(log_weight - log_weight.max()))
    expected = belief.alpha_0 * np.exp(belief.tau * np.interp([0.05, 0.95], below / below[-1], z))
    assert find_coefficients(fit(law="tied"))["alpha"] == pytest.approx(expected, rel=5e-3)


def test_units_of_the_counts_move_amplitudes_alone():
    """``A N^-alpha`` is what it is: with exponents held, A in thousands is A in ones, rescaled."""
    found, scaled = (
        find_coefficients(fit(table, "free", fix={"alpha": 0.25, "beta": 0.25}))
        for table in (RUNS, RUNS.assign(N=N / 1e3))
    )
    assert scaled["E"] == pytest.approx(found["E"], rel=1e-6)
    assert scaled["B"] == pytest.approx(found["B"], rel=1e-6)
    assert scaled["A"] == pytest.approx([end * 1e3**-0.25 for end in found["A"]], rel=1e-6)


def test_what_is_held_has_no_width():
    found = find_coefficients(fit(law="free", fix={"E": 1.7, "beta": 0.25}))
    assert found["E"] == (1.7, 1.7)
    assert found["beta"] == pytest.approx((0.25, 0.25))
    assert all(found[name][0] < found[name][1] for name in ("A", "B", "alpha"))


@pytest.mark.parametrize("variable", ["N", "D", "D/N"])
def test_along_a_line_they_are_those_of_the_power_that_predicts(variable):
    sizes = np.geomspace(1e7, 1e9, 8)
    n, d = {"N": (sizes, 2e10), "D": (1e8, 20 * sizes), "D/N": (sizes, 20 * sizes)}[variable]
    table = pd.DataFrame({"N": n, "D": d, "loss": LAW.predict(n, d) * NOISE})
    fitted = fit(table)
    found = find_coefficients(fitted)
    assert list(found) == ["E", "A", "alpha"]
    for name, value in fitted.fit.law.coefficients.items():
        assert found[name][0] < value < found[name][1]
    report = scaling.fit(table).report()
    assert all(entry["lo"] is None for entry in report["coefficients"].values())
    for name, entry in report["reduced"]["coefficients"].items():
        assert (entry["lo"], entry["hi"]) == found[name]


@pytest.mark.parametrize(
    "table",
    [
        RUNS.assign(loss=RUNS["loss"].to_numpy()[::-1]),  # rises
        RUNS.assign(loss=3.0),
        RUNS.assign(loss=RUNS["loss"] * np.tile([1.0, 1.5], 4)),  # follows no law
    ],
)
def test_an_unsound_fit_has_none(table):
    assert set(find_coefficients(fit(table)).values()) == {(None, None)}


def test_what_is_kept_at_zero_has_none():
    """The other coefficients have theirs, given that."""
    table = RUNS.assign(loss=LossLaw(-0.5, 180.0, 220.0, 0.25).predict(N, D) * NOISE)
    fitted = fit(table, "tied", nonneg=True)
    assert (fitted.fit.status, fitted.fit.law.E) == ("at_zero", 0)
    found = find_coefficients(fitted)
    assert found["E"] == (None, None)
    assert all(found[name][0] < found[name][1] for name in ("A", "B", "alpha"))


def test_a_level_is_a_fraction():
    with pytest.raises(ValueError, match="level must lie between 0 and 1"):
        find_coefficients(fit(), 90)


@pytest.mark.parametrize("level", [0.9, 0.5])
def test_command_json_frame_and_text_say_the_same(level, tmp_path):
    path = tmp_path / "runs.csv"
    RUNS.to_csv(path, index=False)
    answer = scaling.fit(path, level=level)
    found = find_coefficients(fit(), level)
    frame = answer.to_frame().set_index("coefficient")
    asked = ["fit", str(path), "--level", f"{level:g}"]
    said = json.loads(CliRunner().invoke(app, [*asked, "--json"]).stdout)
    shown = CliRunner().invoke(app, asked).stdout
    assert said["level"] == level
    for name, ends in found.items():
        assert tuple(frame.loc[name, ["lo", "hi"]]) == ends
        assert (said["coefficients"][name]["lo"], said["coefficients"][name]["hi"]) == ends
    lo, hi = found["E"]
    assert f"({lo:.2f} to {hi:.2f})" in shown
    assert f"  in brackets: {level:.0%} intervals, if the law holds\n" in shown


def test_a_fit_without_intervals_has_no_brackets():
    text = scaling.fit(RUNS.assign(loss=3.0)).text()
    assert "(" not in text.split("residual")[0].split("status")[1]
    assert "brackets" not in text
