"""When an interval is not to be trusted: each reason is told once, and sound tables get none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import scaling
from scaling.forecast.caution import FARTHEST_CHECKED, LEFT_OPEN, WIDE_SHARE, warn_of_bet
from scaling.forecast.fitted import fit_table
from scaling.forecast.prediction import make_forecast
from scaling.laws.fit import FitError
from scaling.laws.law import LossLaw
from scaling.reports.language import speak
from scaling.testbed.grids import load_grid, select_plain, split_by_compute
from scaling.testbed.labels import DATASETS, LOSS_COLUMN
from scaling.testbed.runs import run_table, select_small, select_targets

LAW = LossLaw(1.8, 180.0, 220.0, 0.25)
N = np.array([1e7, 4e7, 1.6e8, 6.4e8, 1e7, 4e7, 1.6e8, 2.5e9])
D = N * np.array([20, 20, 20, 20, 320, 160, 80, 20])
N_DRAWN, N_DESIGNS = 10, 12


def runs(**columns: object) -> pd.DataFrame:
    names = [f"run {i}" for i in range(len(N))]
    table = pd.DataFrame({"run": names, "N": N, "D": D, "loss": LAW.predict(N, D), "flags": ""})
    return table.assign(**columns)


@pytest.mark.parametrize("ratio", [1e-3, 1.0, FARTHEST_CHECKED, 301.0, 1e4])
def test_farther_than_it_was_checked(ratio):
    told = (
        "intervals were checked up to 300 times the compute of the largest run: farther out nobody "
        "knows whether they hold"
    )
    assert warn_of_bet(runs(), ratio) == [told] * (ratio > 300)


def with_vocabulary(span: float) -> pd.DataFrame:
    """A tenth of the largest model is vocabulary, and `span` more of the smallest."""
    share = 0.1 + span * (np.log(N.max() / N) / np.log(N.max() / N.min()))
    return runs(N_body=N * (1 - share))


@pytest.mark.parametrize(("count", "other"), [("N", "N_body"), ("N_body", "N")])
def test_a_share_of_the_vocabulary_that_varies(count, other):
    """Both counts there, and the share spans more than what mattered little elsewhere."""
    assert warn_of_bet(with_vocabulary(0.5), 10.0, count) == [
        "the vocabulary is 10 to 60% of N, and no interval covers a wrong count of parameters: "
        f"compare --count {other}"
    ]
    assert warn_of_bet(with_vocabulary(WIDE_SHARE - 0.01), 10.0, count) == []
    assert warn_of_bet(with_vocabulary(0.5).drop(columns=other), 10.0, count) == []
    unknown = with_vocabulary(0.5)
    unknown.loc[:, other] = np.nan
    assert warn_of_bet(unknown, 10.0, count) == []


def test_what_is_not_to_be_used_has_no_bet_to_warn_of():
    """Off the line, and where the runs follow no law: a doubt, no interval and no word on one."""
    on_line = runs(D=20 * N, loss=LAW.predict(N, 20 * N))
    scattered = runs(loss=LAW.predict(N, D) * np.tile([1.0, 1.4], 4))
    for table, target, doubt in (
        (on_line, (1e11, 2e14), "all runs have one D/N"),
        (scattered, (1e11, 2e13), "the runs do not follow the law"),
    ):
        forecast = make_forecast(table, target, "loss")
        assert forecast.reach.compute_ratio > FARTHEST_CHECKED
        assert forecast.doubt.startswith(doubt)
        assert forecast.told[3:] == (None, None, None, None)
        assert not any("interval" in line for line in forecast.warnings)


def draw_designs() -> pd.DataFrame:
    """Mean error of N and N_body on large runs, and on a design's own larger ones, with its share.

    Random designs of every series that has both counts; a design is left out where the runs of at
    most a quarter of its compute are too few to fit.
    """
    series = {
        name: (select_small(table).query("M > 5"), select_targets(table), LOSS_COLUMN)
        for name, table in ((name, run_table(name)) for name in DATASETS.values())
    }
    for name in ("gemstones", "olmo_ladder"):
        series[name] = (*split_by_compute(select_plain(load_grid(name)), 1 / 20), "loss")
    rng, rows = np.random.default_rng(0), []
    for name, (cheap, large, loss) in series.items():
        for design in (cheap.sample(N_DRAWN, random_state=rng) for _ in range(N_DESIGNS)):
            own = design["C"] <= design["C"].max() / 4
            share = 1 - design["N_body"] / design["N"]
            row = {"series": name, "span": share.max() - share.min()}
            try:
                for count in ("N", "N_body"):
                    row[count] = miss(design, large, loss, count)
                    row[f"{count} itself"] = miss(design[own], design[~own], loss, count)
            except FitError:
                continue
            rows.append(row)
    return pd.DataFrame(rows)


def miss(fitted: pd.DataFrame, judged: pd.DataFrame, loss: str, count: str) -> float:
    predicted, _ = fit_table(fitted, loss, count).read(judged[count], judged["D"])
    return float(np.abs(predicted / judged[loss] - 1).mean())


def test_what_is_said_of_the_counts():
    """N is nearer for most designs, whichever the small runs prefer; a wide share moves more."""
    designs = draw_designs()
    is_nearer = designs["N"] < designs["N_body"]
    prefers_N = designs["N itself"] < designs["N_body itself"]
    assert min(prefers_N.sum(), (~prefers_N).sum()) >= 5
    for which in (prefers_N, ~prefers_N):
        assert is_nearer[which].mean() > 0.6
    moved = (designs["N_body"] - designs["N"]).abs().groupby(designs["span"] > WIDE_SHARE).median()
    assert moved[False] < 0.007 < moved[True]


def test_an_open_law_asks_for_a_wrong_cell_before_another_run():
    """Of five runs with a loss of 3.35 for 3.53 none can be named, and no number is told."""
    table = pd.DataFrame(
        {
            "N": ["10.6M", "78.9M", "154M", "412M", "10.6M"],
            "D": ["211M", "1.58B", "3.07B", "8.23B", "3.38B"],
            "loss": [5.39, 3.90, 3.35, 3.15, 4.57],
        }
    )
    answer = scaling.predict(table, N="6.9B", M=20)
    assert answer.forecast.doubt.startswith(LEFT_OPEN)
    (line,) = [line for line in answer.warnings if "read every row again" in line]
    assert line in answer.report()["warnings"]
    assert speak("ja").translate(line)
    sound = scaling.predict(table.assign(loss=[5.39, 3.90, 3.53, 3.15, 4.57]), N="6.9B", M=20)
    assert not any("read every row again" in line for line in sound.warnings)
