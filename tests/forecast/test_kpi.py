"""An own KPI: planted ones come back at the nominal rate, useless ones are refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.special import expit

import scaling
from scaling.forecast.intervals import find_nodes, load_constants
from scaling.forecast.kpi import (
    N_NODES,
    Ends,
    Reason,
    find_kpi_ends,
    judge_answer,
    judge_line,
)
from scaling.forecast.kpi_answer import KpiPrediction
from scaling.forecast.kpi_column import Kpi, read_kpi
from scaling.forecast.kpi_terms import read_terms
from scaling.forecast.kpi_words import slope_in_words, value_in_words
from scaling.forecast.selection import ChoiceError
from scaling.laws.law import LossLaw
from scaling.laws.line import fit_bend
from scaling.laws.mixture import Mixture
from scaling.laws.posterior import find_posterior
from scaling.reports.language import speak
from scaling.studies.decide.own_case import ask_kpi, hold_out
from scaling.studies.decide.planted_intervals import TARGET, find_change, plant
from scaling.tables.datafiles import data_path
from scaling.tables.faults import RunTableError

LAW = LossLaw(1.7, 480.0, 1900.0, 0.33)
N = np.array([1e7, 1e7, 1e8, 1e8, 4e8, 4e8])
D = N * np.array([20, 160, 20, 160, 20, 160])
LOSS = LAW.predict(N, D)
ASKED = {"N": 7e9, "M": 20}
AT_TARGET = LAW.predict(7e9, 1.4e11)
MISS = 4.0  # binomial standard errors


def runs(kpi: Any, **columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"N": N, "D": D, "loss": LOSS, "kpi": kpi} | columns)


def ask(kpi: Any, higher: bool = True, table: pd.DataFrame | None = None, **more: Any) -> Any:
    table = runs(kpi) if table is None else table
    return scaling.kpi(table, column="kpi", higher_is_better=higher, **ASKED, law="tied", **more)


def measured(loss: np.ndarray, value: np.ndarray, higher: bool = True, **terms: Any) -> Kpi:
    """A KPI on runs of these losses."""
    table = pd.DataFrame({"N": 1e8 * np.arange(1, len(loss) + 1), "D": 1e10, "loss": loss})
    table = table.assign(kpi=value, run=[f"row {i}" for i in table.index])
    return read_kpi(table, "loss", "N", read_terms("kpi", higher, **terms))


# --- planted KPIs -------------------------------------------------------------------------


def draw_cover(n_runs: int, n_tables: int) -> dict[str, tuple[float, float, int]]:
    """How often the expected KPI, and that of a run, lie in their intervals; how many are told.

    Loss law, noise and target are drawn from what the posterior believes; the KPI is 30 - 6 L, or
    has the logit -1.5 (L - 2.6), with scatter; or is the share of 400 items besides.
    """
    planted = plant("prior", n_runs, load_constants().belief, n_tables)
    constants, rng = load_constants(), np.random.default_rng(1)
    posterior = find_posterior(planted.N, planted.D, planted.losses, constants.belief, law="tied")
    mixture = posterior.at(*(np.full(n_tables, count) for count in TARGET))
    allowance = constants.allow(find_change(planted, constants.belief))
    kinds: dict[str, tuple[float, float, float, dict[str, Any]]] = {
        "linear": (30.0, -6.0, 1.0, {}),
        "logistic": (3.9, -1.5, 0.2, {"bounds": (0, 1)}),
        "counted": (3.9, -1.5, 0.2, {"items": 400}),
    }
    inside: dict[str, list[tuple[bool, bool]]] = {kind: [] for kind in kinds}
    for i, (losses, truth, run) in enumerate(
        zip(planted.losses, planted.truth, planted.run, strict=True)
    ):
        if losses.max() > 20:  # a noise so large, of the few that the belief holds, is no loss
            continue
        nodes = find_nodes(Mixture(*(part[[i]] for part in mixture)), allowance[[i]], N_NODES)
        for kind, (height, slope, scatter, terms) in kinds.items():
            y = height + slope * losses + scatter * rng.standard_normal(n_runs)
            there = height + slope * np.array([truth, run]) + [0, scatter * rng.standard_normal()]
            if kind != "linear":
                y, there = expit(y), expit(there)
            if kind == "counted":
                y = rng.binomial(400, y) / 400
                there[1] = rng.binomial(400, there[1]) / 400
            kpi = measured(losses, y, **terms)
            kpi, line, doubt = judge_line(kpi)
            if line is None or doubt:
                continue
            value = float(kpi.value_at(line.read(nodes.law).mean()))
            ends = find_kpi_ends(
                kpi, fit_bend(kpi.loss, kpi.height, line, kpi.counting), nodes, value
            )
            inside[kind].append(
                (ends.law_lo <= there[0] <= ends.law_hi, ends.lo <= there[1] <= ends.hi)
            )
    return {kind: (*np.mean(found, axis=0).tolist(), len(found)) for kind, found in inside.items()}


@pytest.mark.parametrize(
    ("n_runs", "n_tables"),
    [(6, 150), *(pytest.param(n, 1000, marks=pytest.mark.slow) for n in (5, 6, 8))],
)
def test_a_planted_kpi_lies_in_its_interval_at_the_nominal_rate(n_runs, n_tables):
    """Nine of ten if both laws hold, drawn from the tool's own belief.

    The bet holds no fewer, for it allows for laws that do not.
    """
    for kind, (law, bet, told) in draw_cover(n_runs, n_tables).items():
        assert told > 0.9 * n_tables, kind
        error = np.sqrt(0.09 / told)
        assert law > 0.9 - MISS * error, (kind, law)
        # Counting noise that is known leaves a Student's t wider than it need be.
        assert law < min(0.9 + MISS * error + 0.04 * (kind == "counted"), 1), (kind, law)
        assert bet > 0.9 - MISS * error, (kind, bet)


@pytest.mark.parametrize("items", [None, 400])
@pytest.mark.parametrize("n_runs", [4, 8])
def test_one_useless_kpi_in_twenty_is_taken_for_a_good_one(n_runs, items):
    """No more where counting makes its noise: then its spread must be above that, too."""
    rng, n_tables = np.random.default_rng(5), 1000
    loss = np.sort(rng.uniform(2.5, 5, n_runs))
    codes = []
    for _ in range(n_tables):
        noise = (
            rng.standard_normal(n_runs) if items is None else rng.binomial(400, 0.3, n_runs) / 400
        )
        terms: dict[str, Any] = {} if items is None else {"items": items}
        codes.append((judge_line(measured(loss, noise, **terms))[2] or Reason("told", "")).code)
    share, error = np.mean(np.array(codes) == "told"), np.sqrt(0.05 * 0.95 / n_tables)
    assert share < 0.05 + MISS * error
    if items is None:
        assert share > 0.05 - MISS * error
        against = np.mean(np.array(codes) == "direction")
        assert against == pytest.approx(0.05, abs=MISS * error)
    else:
        assert "counting_noise" in codes


def test_were_the_loss_known_it_is_the_line_of_scipy():
    """The second leg alone: an ordinary line and its t interval, on a KPI without bounds."""
    y = 30 - 6 * LOSS + np.array([0.5, -0.2, 0.3, -0.4, 0.1, -0.3])
    answer = ask(y)
    theirs, x = stats.linregress(LOSS, y), answer.forecast.loss
    assert x == pytest.approx(AT_TARGET, rel=1e-6)
    middle = theirs.intercept + theirs.slope * x
    s = np.sqrt(np.sum((y - theirs.intercept - theirs.slope * LOSS) ** 2) / 4)
    leverage = 1 / 6 + (x - LOSS.mean()) ** 2 / np.sum((LOSS - LOSS.mean()) ** 2)
    half = stats.t.ppf(0.95, 4) * s * np.sqrt(leverage)
    known = answer.found.loss_known
    assert answer.value == pytest.approx(middle)
    assert (known.law_lo, known.law_hi) == pytest.approx((middle - half, middle + half))
    with_scatter = stats.t.ppf(0.95, 4) * s * np.sqrt(1 + leverage)
    assert known.hi - middle >= with_scatter
    bend = np.polyval(np.polyfit(LOSS, y, 2), x) - middle
    assert answer.found.bent - middle == pytest.approx(bend, rel=1e-6)
    assert known.hi - middle == pytest.approx(
        stats.t.ppf(0.95, 4) * np.hypot(s * np.sqrt(1 + leverage), bend / 1.6448536)
    )


def test_were_the_line_known_it_is_the_loss_that_leaves_the_rest():
    """A KPI without scatter: both intervals are those of the loss, to the width of a node."""
    rng = np.random.default_rng(2)
    table = runs(0.0).assign(loss=LOSS * np.exp(0.003 * rng.standard_normal(6)))
    table["kpi"] = 30 - 6 * table["loss"]
    answer = ask(None, table=table)
    alone, told = answer.found.line_known, answer.forecast.told
    assert (alone.lo, alone.hi) == pytest.approx((30 - 6 * told.hi, 30 - 6 * told.lo))
    assert (alone.law_lo, alone.law_hi) == pytest.approx(
        (30 - 6 * told.law_hi, 30 - 6 * told.law_lo)
    )
    width = alone.law_hi - alone.law_lo
    assert (answer.law_lo, answer.law_hi) == pytest.approx(
        (alone.law_lo, alone.law_hi), abs=0.08 * width
    )


# --- what must not matter -----------------------------------------------------------------


@settings(max_examples=6)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["plain", "bounds", "items", "percent"]))
def test_direction_unit_and_order_change_nothing(seed, how):
    """A KPI turned round, with the other direction; and the same rows in another order."""
    rng = np.random.default_rng(seed)
    share = expit(3.9 - 1.5 * LOSS + 0.2 * rng.standard_normal(6))
    terms: dict[str, Any] = {
        "plain": {},
        "bounds": {"bounds": "0:1"},
        "items": {"items": 400},
        "percent": {"items": 400, "bounds": (0, 100)},
    }[how]
    unit = 100 if how == "percent" else 1
    one = ask(unit * share, **terms)
    mirror = 0.0 if how == "plain" else unit
    other = ask(mirror - unit * share, higher=False, **terms)
    order = rng.permutation(6)
    third = ask(None, table=runs(unit * share).iloc[order].reset_index(drop=True), **terms)
    assert one.usable
    assert mirror - other.value == pytest.approx(one.value, rel=1e-6)
    flipped = [mirror - end for end in (other.hi, other.lo, other.law_hi, other.law_lo)]
    assert flipped == pytest.approx(list(one.found.ends), rel=1e-5)
    assert list(third.found.ends) == pytest.approx(list(one.found.ends), rel=1e-5)
    if how == "percent":
        fraction = ask(share, items=400)
        assert list(one.found.ends) == pytest.approx([100 * e for e in fraction.found.ends])


@settings(max_examples=6)
@given(st.integers(0, 2**32 - 1), st.floats(0.5, 0.98), st.booleans())
def test_intervals_hold_the_prediction_and_grow_with_the_level(seed, level, bounded):
    rng = np.random.default_rng(seed)
    y = 3.9 - 1.5 * LOSS + 0.2 * rng.standard_normal(6)
    terms = {"bounds": (0, 1)} if bounded else {}
    one, wider = (
        ask(expit(y) if bounded else y, level=share, **terms) for share in (level, (1 + level) / 2)
    )
    assert one.lo <= one.law_lo <= one.value <= one.law_hi <= one.hi
    assert wider.lo <= one.lo and one.hi <= wider.hi
    assert not bounded or 0 <= wider.lo <= wider.hi <= 1


@settings(max_examples=12)
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([{}, {"bounds": (0, 1)}, {"items": 400}]),
    st.sampled_from([0.5, 0.9, 0.98]),
)
def test_no_leg_leaves_more_open_than_both(seed, terms, level):
    """The ends of each leg alone lie within those of the whole, in the numbers and in JSON."""
    rng = np.random.default_rng(seed)
    y = 3.9 - 1.5 * LOSS + 0.15 * rng.standard_normal(6)
    table = runs(expit(y) if terms else y).assign(loss=LOSS * np.exp(0.01 * rng.standard_normal(6)))
    if "items" in terms:
        table["kpi"] = np.round(400 * table["kpi"]) / 400
    answer = scaling.kpi(
        table, column="kpi", higher_is_better=True, N=2e9, M=20, law="tied", level=level, **terms
    )
    if not answer.usable:
        return
    report = answer.report()
    for leg in (report["if_loss_known"], report["if_line_known"]):
        for lo, hi in (("lo", "hi"), ("law_lo", "law_hi")):
            assert report[lo] <= leg[lo] <= leg[hi] <= report[hi]


def test_a_leg_that_the_mixture_does_not_hold_widens_it():
    """The loss printed lies off the middle of its posterior: without stretching one end is out."""
    out = 0
    for seed in range(6):
        rng = np.random.default_rng(seed)
        noisy = LOSS * np.exp(0.01 * rng.standard_normal(6))
        table = runs(30 - 6 * LOSS + 0.6 * rng.standard_normal(6)).assign(loss=noisy)
        answer = scaling.kpi(table, column="kpi", higher_is_better=True, N=2e9, M=20, law="tied")
        found, forecast = answer.found, answer.forecast
        nodes = forecast.fitted.find_nodes(2e9, 4e10, N_NODES)
        alone = find_kpi_ends(found.used, found.bend, nodes, found.value)
        out += found.loss_known.law_lo < alone.law_lo or alone.law_hi < found.loss_known.law_hi
        assert found.ends.law_lo <= min(alone.law_lo, found.loss_known.law_lo)
        assert found.ends.law_hi >= max(alone.law_hi, found.loss_known.law_hi)
    assert out


def test_more_items_leave_less_open():
    share = GOOD
    few, many = (ask(share, items=items) for items in (400, 40_000))
    assert many.law_hi - many.law_lo < few.law_hi - few.law_lo
    assert few.report()["counting"]["noise"] == pytest.approx(
        np.sqrt(np.mean(share * (1 - share) / 400)), rel=0.05
    )


# --- no answer ----------------------------------------------------------------------------


def refused(answer: KpiPrediction) -> str:
    """The first reason; every number of the answer is None, and the words say why."""
    report = answer.report()
    assert not answer.usable and not report["usable"]
    ends = ("lo", "hi", "law_lo", "law_hi")
    numbers = [report["predicted"], *(report[end] for end in ends)]
    numbers += [report[leg][end] for leg in ("if_loss_known", "if_line_known") for end in ends]
    assert numbers == [None] * 13
    assert report["doubt"] == answer.doubt != ""
    assert answer.doubt in answer.text()
    assert answer.to_frame()[["predicted", *ends]].iloc[:3].isna().all(axis=None)
    return answer.found.reasons[0].code


GOOD = expit(3.9 - 1.5 * LOSS)
FLAT = np.array([0.40, 0.40, 0.41, 0.41, 0.44, 0.45])
WAVING = expit(3.9 - 1.5 * LOSS + 0.7 * np.array([1, -1, 1, -1, 1, -1]))


@pytest.mark.parametrize(
    ("case", "code"),
    [
        ({"kpi": [0.1, 0.2, 0.3, np.nan, np.nan, np.nan]}, "too_few_runs"),
        ({"kpi": np.full(6, np.nan)}, "too_few_runs"),
        ({"kpi": 1 - GOOD}, "direction"),
        ({"kpi": GOOD, "higher": False}, "direction"),
        ({"kpi": [0.3, 0.1, 0.2, 0.3, 0.1, 0.2]}, "slope"),
        ({"kpi": np.full(6, 0.3)}, "slope"),
        ({"kpi": np.zeros(6)}, "slope"),
        ({"kpi": [0.30, 0.31, 0.29, 0.30, 0.31, 0.32], "items": 200}, "counting_noise"),
        ({"kpi": np.zeros(6), "items": 200}, "counting_noise"),
        ({"kpi": np.ones(6), "items": 200}, "counting_noise"),
        ({"kpi": [0.20, 0.27, 0.25, 0.29, 0.23, 0.28], "items": 200, "chance": 0.25}, "chance"),
        ({"kpi": [0.20, 0.21, 0.22, 0.23, 0.24, 0.25], "chance": 0.25}, "chance"),
        ({"kpi": [0.25, 0.26, 0.27, 0.36, 0.33, 0.42], "items": 1000, "chance": 0.25}, "chance"),
        ({"kpi": LOSS - 2.5, "higher": False}, "bounds"),
        ({"kpi": 0.98 - 0.15 * (LOSS - 2.9)}, "bounds"),
        ({"kpi": WAVING, "bounds": (0, 1)}, "open"),
        ({"kpi": WAVING, "bounds": (0, 1), "level": 0.5}, "open"),
    ],
)
def test_there_is_no_answer_where_the_runs_cannot_say(case, code):
    assert refused(ask(**case)) == code


def test_there_is_none_where_the_loss_cannot_be_told():
    table = runs(GOOD).assign(loss=LOSS[::-1])
    answer = ask(None, table=table)
    assert "loss" in {reason.code for reason in answer.found.reasons}
    refused(answer)
    counts = np.geomspace(1e7, 4e8, 6)
    losses = LAW.predict(counts, 20 * counts)
    on_a_line = runs(expit(3.9 - 1.5 * losses), N=counts, D=20 * counts, loss=losses)
    answer = scaling.kpi(on_a_line, column="kpi", higher_is_better=True, N=7e9, M=200)
    assert refused(answer) == "loss"


def test_seeds_count_once_and_rows_without_the_kpi_only_for_the_loss():
    table = pd.concat([runs(GOOD).iloc[[0, 2, 4]]] * 2, ignore_index=True)
    more = runs(np.nan).iloc[[1, 3, 5]]
    answer = ask(None, table=pd.concat([table, more], ignore_index=True))
    assert refused(answer) == "too_few_runs"
    assert "3 distinct runs have kpi, and it takes 4 to judge a line by" in answer.doubt
    assert "3 runs have no kpi: used for the loss, not for the line" in answer.warnings


def test_a_bet_that_says_nothing_is_refused_on_the_table_of_chapter_14():
    runs = scaling.check_runs(data_path("results", "domain.csv")).table
    small, held_out = hold_out(runs)
    assert len(small) == 8
    for name in ("bracket", "brace"):
        answer = ask_kpi(small, name, N=656e3, D=6.56e6)
        assert refused(answer) == "open"
        assert "open for acc_" in answer.doubt
        assert "more than three quarters of what it can be: " in answer.doubt
    run = held_out[held_out["N"].round(-3) == 656e3].iloc[0]
    told = ask_kpi(small, "indent", N=run["N"], D=run["D"])
    assert told.lo < run["acc_indent"] < told.hi


def test_without_bounds_a_bet_may_reach_as_far_to_either_side_as_the_runs_span():
    kpi = measured(LOSS, 30 - 6 * LOSS)
    span = 6 * np.ptp(LOSS)
    assert judge_answer(kpi, 15.0, Ends(15 - 0.99 * span, 15 + 0.99 * span)) is None
    reason = judge_answer(kpi, 15.0, Ends(15 - 1.01 * span, 15 + 1.01 * span))
    assert reason is not None
    assert reason.code == "open"
    assert reason.says.endswith(
        "open for kpi, more than twice what the runs span: add runs of lower loss"
    )


def test_runs_at_chance_leave_the_line_and_keep_their_loss():
    """The answer is that of a table whose cells at chance are empty, word for word but one."""
    share = 0.25 + 0.75 * expit(4.5 - 1.5 * LOSS)
    share[:2] = 0.24
    answer = ask(share, items=1000, chance=0.25)
    emptied = ask(np.where(np.arange(6) > 1, share, np.nan), items=1000, chance=0.25)
    assert answer.usable
    assert answer.found.ends == emptied.found.ends
    assert answer.report()["line"]["at_chance"] == 2
    assert told_of(answer, "2 of 6 runs with kpi are no better than chance: used for the loss, not")
    assert answer.value != ask(share, items=1000).value


def told_of(answer: KpiPrediction, words: str) -> bool:
    return any(words in line for line in answer.warnings)


@pytest.mark.parametrize(
    ("kpi", "more", "words"),
    [
        (0.98 - 0.15 * (LOSS - 2.4), {}, "if it is a share, add --bounds 0:1"),
        (98 - 15 * (LOSS - 2.4), {}, "in per cent? --bounds 0:100"),
        (LOSS - 2.2, {"higher": False}, "does not: in per cent? --bounds 0:100; otherwise"),
        (99 * (LOSS - 2.2), {"higher": False}, "reaches below zero: if it cannot be, bound it"),
        (50 + 5 * (4 - LOSS), {}, "lies between 0 and 100 in every run: in per cent? --bounds"),
        (np.round(900 - 99 * LOSS), {}, "a whole number in every run: a count of items?"),
        (100 * GOOD, {"bounds": "0:100", "chance": 0.25}, "for a share of 0.25 give 25"),
        (FLAT, {"bounds": "0:1", "chance": 0.395}, "reaches beyond chance, 0.395"),
        (0.4 + 0.1 * GOOD, {"bounds": "0:1"}, "the best kpi of the runs, 0.4"),
    ],
)  # fmt: skip
def test_where_a_bet_reaches_what_it_hardly_can_is_said(kpi, more, words):
    noise = 0.3 * np.array([1, -1, -1, 1, 1, -1]) * np.std(kpi)
    answer = ask(kpi + noise * ("chance" not in more) / 3, **more)
    if "whole" in words:
        answer = ask(kpi)
    assert answer.usable
    assert told_of(answer, words)
    assert not told_of(ask(300 + 60 * LOSS, higher=False), words)


def test_a_share_of_items_that_are_not_told_says_so():
    """In the answer and in JSON; not of what is no share, nor with --items."""
    for answer, said in (
        (ask(GOOD, bounds="0:1"), True),
        (ask(100 * GOOD, bounds="0:100"), True),
        (ask(GOOD), True),
        (ask(GOOD, items=400), False),
        (ask(300 - 60 * LOSS), False),
    ):
        assert ("counting noise: not known without --items" in answer.text()) is said
        assert answer.report()["counting"]["left_out"] is said


def test_a_kpi_named_in_per_cent_is_none_above_a_hundred():
    table = runs(105 - 5 * LOSS).rename(columns={"kpi": "won_pct"})
    answer = scaling.kpi(table, column="won_pct", higher_is_better=True, **ASKED, law="tied")
    assert answer.usable
    table["won_pct"] = 112 - 5 * LOSS
    answer = scaling.kpi(table, column="won_pct", higher_is_better=True, **ASKED, law="tied")
    assert refused(answer) == "bounds"
    assert answer.doubt.endswith("say between what it can lie, --bounds 0:100")


def test_digits_are_those_of_the_interval():
    assert slope_in_words(-1.50474, -1.5070, -1.5024, False) == (
        "-1.5047 a nat (90%: -1.5070 to -1.5024)"
    )
    assert value_in_words(0.6439, 0.514, 0.761) == "0.64"
    assert value_in_words(1234.5, 900.0, 1500.0) == "1234"
    answer = ask(np.full(6, 0.3))
    assert answer.doubt == "kpi is the same in every run, 0.3"


def test_a_count_of_items_is_asked_for_its_bounds_and_they_work():
    counts = np.round(5000 * GOOD)
    with pytest.raises(RunTableError, match=r": a count\? --bounds 0:5000 --items 5000$"):
        ask(counts, items=5000)
    answer = ask(counts, items=5000, bounds="0:5000")
    share = ask(counts / 5000, items=5000)
    assert answer.value == pytest.approx(5000 * share.value)


def test_an_accuracy_that_became_an_error_says_so():
    table = runs(GOOD).rename(columns={"kpi": "acc_mine"})
    asked = {"column": "acc_mine", "higher_is_better": True, **ASKED}
    with pytest.raises(ChoiceError, match="'acc_mine' became err_mine by --accuracy: leave that"):
        scaling.kpi(table, accuracy=True, **asked)


def test_what_speaks_against_an_answer_is_said():
    answer = ask(GOOD, items=1000)
    below = LOSS.min() - answer.forecast.loss
    told = f"the loss of the target lies {below:.2g} nats below the lowest measured with kpi"
    assert any(line.startswith(told) for line in answer.warnings)
    assert answer.report()["below_measured"] == pytest.approx(below)
    bent = ask((LOSS - 7) ** 2)
    assert any(line.startswith("kpi is no straight line in the loss") for line in bent.warnings)
    assert bent.lo <= (AT_TARGET - 7) ** 2 <= bent.hi
    nearly = 30 - 6 * LOSS + 1e-4 * (LOSS - 4) ** 2
    table = runs(nearly).assign(loss=LOSS * np.exp(0.005 * np.array([1, -1, 1, -1, -1, 1])))
    table["kpi"] = 30 - 6 * table["loss"] + 1e-4 * (table["loss"] - 4) ** 2
    straight = ask(None, table=table)
    assert straight.found.bend.is_told
    assert not told_of(straight, "no straight line")


# --- what cannot be -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"higher": None}, "there is no default"),
        ({"higher": 1}, "there is no default"),
        ({"bounds": "0"}, "bounds must be the least and the largest value"),
        ({"bounds": (1, 0)}, "bounds must rise, as 0:1, got 1 to 0"),
        ({"bounds": (0, np.nan)}, "bounds must rise"),
        ({"bounds": "a:b"}, "bounds must be one number"),
        ({"items": 0}, "items must be a whole number, 1 or more"),
        ({"items": 2.5}, "items must be a whole number"),
        ({"items": True}, "items must be one number"),
        ({"items": "n"}, "items must be a column of the table"),
        ({"items": "kpi"}, "items must be another column than the KPI"),
        ({"chance": 1.0, "items": 5}, "chance must lie between the bounds of the KPI, 0 and 1"),
        ({"chance": "x"}, "chance must be one number"),
    ],
)
def test_what_is_said_of_a_kpi_must_be_possible(more, said):
    with pytest.raises(ChoiceError, match=said):
        ask(GOOD, **more)


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ("kpj", "kpi must be a column of the table: 'kpi', 'copy', got 'kpj'"),
        ("loss", "is a loss, a count or a label of the run"),
        ("N", "is a loss, a count or a label"),
        ("M", "is a loss, a count or a label"),
        ("run", "is a loss, a count or a label"),
        ("flags", "is a loss, a count or a label"),
        ("copy", "'copy' has the values of loss, a loss, a count or a label"),
        ("", "kpi must be the name of a column"),
    ],
)
def test_the_column_must_be_a_kpi(column, said):
    with pytest.raises(ChoiceError, match=said):
        scaling.kpi(runs(GOOD, copy=LOSS), column=column, higher_is_better=True, **ASKED)


@pytest.mark.parametrize(
    ("cells", "terms", "said"),
    [
        (["0.1", "high", "0.3", "0.4", "low", "x"], {},
         "table, column kpi: must be a number: written like 6.9e9; got 'high' in row 1, "
         "'low' in row 4, 'x' in row 5"),
        (["10%", "0.2", "0.3", "0.4", "0.5", "0.6"], {}, "write a fraction, not a percentage"),
        ([0.1, np.inf, 0.3, 0.4, 0.5, 0.6], {},
         "must be finite, at most 1e30 in size; got 'inf' in row 1"),
        ([True, False] * 3, {}, "must be a number"),
        ([10, 20, 30, 40, 50, 60.5], {"bounds": "0:1"}, "in per cent\\? --bounds 0:100"),
        ([0.1, 0.2, 0.3, 0.4, 0.5, -0.6], {"bounds": "0:1"}, "got -0.6 in row 5$"),
        ([0.0, 0.2, 0.3, 0.4, 1.0, 0.6], {"bounds": "0:1"},
         "must not lie on a bound, whose logit is infinite; got 0 in row 0, 1 in row 4: give"),
        (GOOD, {"items": "few"}, "must be a whole number of items, 1 or more; got 0.5 in row 1, "
         "empty in row 2"),
    ],
)  # fmt: skip
def test_a_cell_that_cannot_be_is_named_with_its_run(cells, terms, said):
    table = runs(list(cells), few=[100, 0.5, np.nan, 100, 100, 100])
    with pytest.raises(RunTableError, match=said):
        ask(None, table=table, **terms)


def test_items_may_differ_from_run_to_run():
    items = [400, 400, 1000, 1000, 2000, 2000]
    answer = ask(None, table=runs(np.round(GOOD, 3), items=items), items="items")
    assert answer.report()["counting"]["items"] == 1000
    assert "(400 to 2,000 items)" in answer.text()


def test_an_accuracy_that_is_the_kpi_is_not_said_to_be_unused():
    table = runs(1 / LOSS).rename(columns={"kpi": "acc_code"})
    assert any("not used: 'acc_code'" in line for line in scaling.fit(table).warnings)
    answer = scaling.kpi(table, column="acc_code", higher_is_better=True, N=1e10, M=20)
    assert answer.usable
    assert not any("not used" in line for line in answer.warnings)


def test_an_error_may_be_a_kpi():
    table = runs(GOOD, err_own=1 - GOOD)
    answer = scaling.kpi(table, column="err_own", higher_is_better=False, bounds=(0, 1), **ASKED)
    assert answer.usable
    assert answer.forecast.errors == {}


@pytest.mark.parametrize(
    ("kpi", "more"),
    [
        (LOSS - 2.5, {"higher": False}),
        (0.98 - 0.15 * (LOSS - 2.9), {}),
        (WAVING, {"bounds": (0, 1)}),
        (np.full(6, 0.3), {}),
        ([0.25, 0.26, 0.27, 0.36, 0.33, 0.42], {"items": 1000, "chance": 0.25}),
        (98 - 15 * (LOSS - 2.4), {}),
        (99 * (LOSS - 2.2), {"higher": False}),
        (np.round(900 - 99 * LOSS), {}),
        (50 + 5 * (4 - LOSS), {}),
        (100 * GOOD, {"bounds": "0:100", "chance": 0.25}),
        (FLAT, {"bounds": "0:1", "chance": 0.395}),
    ],
)
def test_all_that_is_said_has_japanese_words(kpi, more):
    answer, japanese = ask(kpi, **more), speak("ja")
    said = [reason.says for reason in answer.found.reasons] + answer.warnings
    assert not [words for words in said if " kpi" in words and japanese.translate(words) is None]
    assert all(" kpi" not in (japanese.translate(words) or "") for words in said)
