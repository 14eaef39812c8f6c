"""Both intervals of a prediction: what always holds, what they must not hang on, and by hand."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm
from typer.testing import CliRunner

import scaling
from scaling.commands.cli import app
from scaling.forecast import intervals
from scaling.forecast.fitted import FittedTable, LossForecast, fit_table
from scaling.forecast.intervals import (
    IntervalConstants,
    find_ends,
    find_intervals,
    load_constants,
    measure_change,
    widen,
)
from scaling.forecast.selection import ChoiceError
from scaling.laws.fit import FitError
from scaling.laws.law import LossLaw, LossSurface
from scaling.laws.posterior import Mixture
from scaling.laws.power import PowerLaw

LAW = LossLaw(1.8, 180.0, 220.0, 0.25)
N = np.array([1e7, 4e7, 1.6e8, 4e8, 1e7, 4e7])
D = N * np.array([20, 20, 20, 20, 320, 160])
NOISE = 1 + 0.004 * np.array([1, -1, 1, -1, -1, 1])
RUNS = pd.DataFrame({"N": N, "D": D, "loss": LAW.predict(N, D) * NOISE})
TARGET = 6.9e9, 138e9
ENDS = ("lo", "hi", "law_lo", "law_hi")


def ask(table: pd.DataFrame, level: float = 0.9, target=TARGET, law: str = "prior") -> LossForecast:
    return fit_table(table, "loss", law=law).predict(*target, level)


# --- what always holds --------------------------------------------------------------------


def draw_design(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Parameters and tokens: anywhere, on a line, or in a few places."""
    N = np.exp(rng.uniform(np.log(1e6), np.log(1e9), n))
    M = np.exp(rng.uniform(np.log(5), np.log(600), n))
    line = rng.integers(7)
    if line == 0:
        M[:] = 20.0
    elif line == 1:
        return np.full(n, 1e8), 1e8 * M
    elif line == 2:
        return N, np.full(n, 1e10)
    elif line == 3:
        return N, 1e18 / N
    elif line == 4:  # replicates
        N, M = N[np.arange(n) // 2], M[np.arange(n) // 2]
    return N, M * N


def draw_losses(rng: np.random.Generator, N: np.ndarray, D: np.ndarray) -> np.ndarray:
    """Losses of a law, more or less noisy, or of none."""
    kind = rng.integers(8)
    if kind == 0:
        return rng.uniform(1, 9, len(N))
    if kind == 1:
        return np.full(len(N), 3.0)
    alpha, beta = rng.uniform(0.1, 0.6, 2)
    if kind > 4:
        beta = alpha
    truth = LossSurface(rng.uniform(0, 3), 3e7**alpha, 1e9**beta, alpha, beta).predict(N, D)
    return truth * np.exp(rng.choice([0, 1e-3, 0.01, 0.05]) * rng.standard_normal(len(N)))


def draw_table(rng: np.random.Generator) -> pd.DataFrame:
    """Four to twelve runs, some of them with weights."""
    N, D = draw_design(rng, int(rng.integers(4, 13)))
    table = pd.DataFrame({"N": N, "D": D, "loss": draw_losses(rng, N, D)})
    if rng.random() < 0.3:
        table["loss_std"] = 10 ** rng.uniform(-3, -1, len(N))
    return table


@settings(max_examples=500, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_loss_lies_in_both_and_only_what_is_usable_has_them(seed):
    """On the way to a target, and at a level, of any kind."""
    rng = np.random.default_rng(seed)
    table, law = draw_table(rng), str(rng.choice(["prior", "prior", "tied", "free", "compute"]))
    level = float(rng.choice([0.02, 0.5, 0.9, 0.99]))
    step = np.exp(rng.uniform(-1, 6))
    largest = table.loc[(table["N"] * table["D"]).idxmax()]
    target = float(largest["N"] * step**0.5), float(largest["D"] * step**0.5)
    try:
        told = ask(table, level, target, law)
    except FitError:
        return
    if told.doubt:
        assert told[3:] == (None, None, None, None)
        return
    assert all(math.isfinite(end) for end in told[3:])
    assert 0 <= told.lo <= told.law_lo <= told.loss <= told.law_hi <= told.hi


@pytest.mark.parametrize("law", ["prior", "tied", "free", "compute"])
def test_four_runs_and_more_have_an_interval(law):
    """As many as coefficients, or more: where the loss may be used it lies inside."""
    for n in range({"free": 5, "compute": 3}.get(law, 4), 7):
        table = RUNS.iloc[[0, 3, 4, 1, 5, 2][:n]]
        if law == "compute":
            table = table.assign(
                loss=PowerLaw(1.8, 2000.0, 0.17, "C").predict(table["N"], table["D"])
            )
        told = ask(table, law=law, target=(1e9, 2e10))
        assert told.doubt or told.lo < told.loss < told.hi
    assert not told.doubt


# --- what they must not hang on -----------------------------------------------------------


@pytest.mark.parametrize("law", ["prior", "tied", "free"])
def test_units_and_order(law):
    expected = ask(RUNS, law=law)
    assert not expected.doubt
    shuffled = ask(RUNS.sample(frac=1, random_state=1), law=law)
    scaled = ask(
        RUNS.assign(N=N / 1e3, D=D / 1e6), target=(TARGET[0] / 1e3, TARGET[1] / 1e6), law=law
    )
    for told in (shuffled, scaled):
        assert told[3:] == pytest.approx(expected[3:], rel=1e-7)


def test_noise_that_is_the_same_for_all_runs_is_no_news():
    expected = ask(RUNS)
    for std in (1e-4, 0.03):
        assert ask(RUNS.assign(loss_std=std))[3:] == pytest.approx(expected[3:], rel=1e-12)


def test_a_noisier_run_pulls_less_and_tells_less():
    largest = np.where(np.arange(6) == 3, 1.0, 0.01)
    sure, unsure = ask(RUNS.assign(loss_std=0.01)), ask(RUNS.assign(loss_std=largest))
    assert unsure.law_hi - unsure.law_lo > 1.5 * (sure.law_hi - sure.law_lo)


def test_a_higher_level_is_wider():
    """And at the usual one nothing is asked twice."""
    levels = (0.1, 0.5, 0.8, 0.9, 0.95, 0.99)
    told = [ask(RUNS, level) for level in levels]
    for name, step in zip(ENDS, (-1, 1, -1, 1), strict=True):
        ends = [step * getattr(each, name) for each in told]
        assert ends == sorted(ends)
        assert len(set(ends)) == len(levels)
    assert len({(each.loss, each.status, each.doubt) for each in told}) == 1


def test_whether_it_is_usable_does_not_hang_on_the_level():
    far = ask(RUNS.head(5), 0.01, (1e12, 2e13)), ask(RUNS.head(5), 0.99, (1e12, 2e13))
    assert far[0].doubt == far[1].doubt != ""


def test_a_pair_of_runs_of_one_kind_that_disagree_widens_both():
    pairs = [pd.concat([RUNS, RUNS.iloc[[3]]], ignore_index=True) for _ in range(2)]
    pairs[1].loc[[3, 6], "loss"] *= [0.97, 1.03]
    near, apart = map(ask, pairs)
    assert apart.hi - apart.lo > 1.3 * (near.hi - near.lo)
    assert apart.law_hi - apart.law_lo > 1.3 * (near.law_hi - near.law_lo)


def test_the_bet_grows_with_the_step_and_with_nothing_else():
    """At a run of the table there is no allowance; far away it is full."""
    fitted = fit_table(RUNS, "loss")
    steps = np.array([1.0, 3.0, 30.0, 300.0])
    found = fitted.find_intervals(N[3] * steps**0.5, D[3] * steps**0.5)
    half = np.log(found.hi / found.lo) / 2
    assert (np.diff(half) > 0).all()
    assert half[-1] > load_constants().most


def test_targets_at_once_are_targets_one_by_one(monkeypatch):
    """However many at once: chunks of them change nothing."""
    fitted = fit_table(RUNS, "loss")
    targets = N[3] * np.geomspace(1, 50, 9), D[3] * np.geomspace(1, 80, 9)
    together = fitted.predict_all(*targets)
    monkeypatch.setattr("scaling.forecast.fitted.CHUNK", 100)
    in_chunks = fitted.predict_all(*targets)
    for told, chunk, n, d in zip(together, in_chunks, *targets, strict=True):
        assert told.doubt == ""
        assert chunk[3:] == pytest.approx(told[3:], rel=1e-12)
        assert fitted.predict(n, d)[3:] == pytest.approx(told[3:], rel=1e-12)


# --- by hand ------------------------------------------------------------------------------


def normal(middle: float, scale: float, noise: float) -> Mixture:
    """One component, all but normal."""
    return Mixture(*(np.full((1, 1), value) for value in (1.0, middle, scale, noise, 1e12)))


@pytest.mark.parametrize("level", [0.5, 0.9, 0.99])
def test_intervals_of_a_normal_law(level):
    """``m ± z s``, and ``m exp(±hypot(log(q / m), a))`` with the quantile of a run, allowed."""
    z = norm.ppf((1 + level) / 2)
    found = find_intervals(normal(2.5, 0.03, 0.04), [0.02], level, [2.5])
    assert (found.law_lo[0], found.law_hi[0]) == pytest.approx((2.5 - 0.03 * z, 2.5 + 0.03 * z))
    allowance = 0.02 * z / norm.ppf(0.95)
    for end, sign in ((found.lo[0], -1), (found.hi[0], 1)):
        away = np.log(1 + sign * z * 0.05 / 2.5)
        assert end == pytest.approx(2.5 * np.exp(sign * np.hypot(away, allowance)))


def test_both_are_stretched_to_the_loss_and_end_at_zero():
    found = find_intervals(normal(2.5, 0.03, 0.04), [0.0], 0.9, [2.0])
    assert found.lo[0] == found.law_lo[0] == 2.0 < 2.5 < found.law_hi[0]
    found = find_intervals(normal(0.1, 0.2, 0.0), [0.04], 0.9, [0.1])
    assert found.lo[0] == found.law_lo[0] == 0.0
    assert 0.1 < found.law_hi[0] < found.hi[0] < np.inf


def test_a_law_below_zero_has_none():
    assert np.isnan(find_intervals(normal(-0.1, 0.2, 0.0), [0.04], 0.9, [0.1])).all()


@pytest.mark.parametrize("level", [0.0, 1.0, -0.1, 90.0, math.nan])
def test_a_level_is_a_fraction(level):
    with pytest.raises(ValueError, match="level must lie between 0 and 1"):
        find_intervals(normal(2.5, 0.03, 0.04), [0.02], level)


def test_ends_and_widths_of_a_level():
    assert find_ends(0.9) == pytest.approx((0.05, 0.95))
    assert find_ends(np.nextafter(1, 0))[1] < 1
    assert widen(0.9) == 1.0
    assert widen(0.5) == pytest.approx(norm.ppf(0.75) / norm.ppf(0.95))
    assert widen(np.nextafter(1, 0)) < 6


def test_allowance_by_hand():
    constants = IntervalConstants(0.005, 1.0, 0.04, 0.1)
    assert constants.allow([0.0, 0.05, 0.1, 3.0]) == pytest.approx([0, 0.02, 0.04, 0.04])


class Plane:
    """A law of two straight terms."""

    def predict(self, N, D):
        return 10 - N - 2 * D


def test_change_by_hand(monkeypatch):
    """To the nearest run; what N and what D change are added and do not cancel."""
    runs = (np.array([1.0, 2.0]), np.array([1.0, 2.0]))
    targets = (np.array([1.0, 2.0, 3.0, 0.0]), np.array([1.0, 1.0, 1.0, 2.0]))
    expected = [0.0, 1.0 / 6, 2.0 / 5, 2.0 / 6]
    assert measure_change(Plane(), runs, targets) == pytest.approx(expected)
    monkeypatch.setattr(intervals, "PAIRS", 1)
    assert measure_change(Plane(), runs, targets) == pytest.approx(expected)


@pytest.mark.parametrize(
    "law", [LAW, LossSurface(1.8, 180.0, 400.0, 0.25, 0.29), PowerLaw(1.8, 2e3, 0.15, "C")]
)
def test_change_of_very_many_is_that_of_few(law, monkeypatch):
    rng = np.random.default_rng(0)
    runs, targets = (10 ** rng.uniform(7, 10, (2, n)) for n in (40, 30))
    expected = measure_change(law, runs, targets)
    monkeypatch.setattr(intervals, "PAIRS", 100)
    assert measure_change(law, runs, targets) == pytest.approx(expected, rel=1e-9)
    assert measure_change(law, runs, runs) == pytest.approx(0.0, abs=1e-12)


# --- as they are told ---------------------------------------------------------------------


@pytest.mark.parametrize("level", [0.9, 0.5])
def test_command_json_frame_and_record_say_the_same(level, tmp_path):
    path = tmp_path / "runs.csv"
    RUNS.to_csv(path, index=False)
    answer = scaling.predict(path, N="6.9B", M=20, level=level)
    told = answer.forecast.told
    assert (answer.lo, answer.hi, answer.law_lo, answer.law_hi) == told[3:] == ask(RUNS, level)[3:]
    report, row = answer.report(), answer.to_frame().iloc[0]
    assert report["level"] == level
    for name in ENDS:
        assert report[name] == row[name] == getattr(answer, name)
    asked = ["predict", str(path), "--N", "6.9B", "--M", "20", "--level", f"{level:g}"]
    said = json.loads(CliRunner().invoke(app, [*asked, "--json"]).stdout)
    assert [said[name] for name in (*ENDS, "level")] == [*told[3:], level]
    law, bet = (f"{lo:.2f} to {hi:.2f}" for lo, hi in (told[5:], told[3:5]))
    down, up = (f"{100 * (end / told.loss - 1):+.0f}%" for end in told[3:5])
    shown = [f"  to bet on: {bet} ({level:.0%}; {down} to {up})", f"  if the law holds: {law}"]
    assert CliRunner().invoke(app, asked).stdout.splitlines()[1:3] == shown


def test_what_is_not_to_be_used_is_no_bet_anywhere(tmp_path):
    path = tmp_path / "runs.csv"
    RUNS.assign(D=20 * N, loss=LAW.predict(N, 20 * N)).to_csv(path, index=False)
    answer = scaling.predict(path, N="6.9B", M=200)
    assert answer.forecast.doubt
    assert [answer.report()[name] for name in ENDS] == [None] * 4
    assert answer.to_frame()[list(ENDS)].isna().all(axis=None)
    assert "bet" not in answer.text()
    json_text = (
        CliRunner().invoke(app, ["predict", str(path), "--N=6.9B", "--M=200", "--json"]).stdout
    )
    assert [json.loads(json_text)[name] for name in ENDS] == [None] * 4


@pytest.mark.parametrize("question", ["fit", "predict", "backtest", "tasks"])
@pytest.mark.parametrize("level", [0, 1, 90, "90%", "0,9", None, True, math.nan, [0.9]])
def test_a_level_that_is_none_is_refused(question, level):
    target = {"N": 6.9e9, "M": 20} if question == "predict" else {}
    with pytest.raises(ChoiceError, match="level must be above 0 and below 1, as 0.9 for nine "):
        getattr(scaling, question)(RUNS.assign(err_t=0.5), level=level, **target)


def test_a_level_may_be_spelled():
    expected = scaling.predict(RUNS, N=6.9e9, M=20, level=0.5).lo
    for level in ("0.5", np.float64(0.5), " .5 "):
        assert scaling.predict(RUNS, N=6.9e9, M=20, level=level).lo == expected


def test_the_same_table_is_asked_once(monkeypatch):
    """At the usual level the doubt and the answer share one posterior and one pair of intervals."""
    asked = []
    find = FittedTable.find_intervals
    monkeypatch.setattr(FittedTable, "find_intervals", lambda *a: asked.append(a[-1]) or find(*a))
    ask(RUNS)
    assert len(asked) == 1
