"""What the tool answers and what it marks, over planted laws: the stored table, and its makers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from scaling.forecast.design import read_design
from scaling.studies.loss.planted_designs import (
    KINDS,
    LINES,
    TIMES,
    ask_designs,
    choose_targets,
    draw_design,
    sum_up_designs,
)
from scaling.studies.results import load_result


def shares(table: pd.DataFrame) -> tuple[float, float]:
    """Of the unmarked, those within 5 %; of the targets along a varied line, those answered."""
    told = table["n_designs"] * table["answered"]
    near = (told * table["within_unmarked"].fillna(0)).sum() / told.sum()
    lines = table[(table["target"] == "along") & (table["kind"] != "plane")]
    return near, np.average(lines["answered"], weights=lines["n_designs"])


def test_the_stored_designs_keep_what_the_page_promises():
    table = load_result("planted_designs")
    assert table["n_designs"].tolist() == [200] * 20
    near, answered = shares(table)
    assert near >= 0.99
    assert answered >= 0.95
    by_line = table.set_index(["target", "kind"])["answered"]
    assert (by_line["M = 20"][["one N", "one budget"]] == 0).all()
    assert by_line["along"]["plane"] > 0.95


def test_a_few_designs_come_out_alike():
    """The first 200 of another seed: the same promise, within what so few can say."""
    near, answered = shares(sum_up_designs(ask_designs(200, seed=3)))
    assert near >= 0.97
    assert answered >= 0.9


@pytest.mark.slow
def test_the_stored_table_is_made_again():
    """A judgement at the limit may fall otherwise on another processor: three designs in 200."""
    made, stored = sum_up_designs(ask_designs()), load_result("planted_designs")
    pd.testing.assert_frame_equal(made, stored, check_dtype=False, atol=0.016, rtol=0)


@pytest.mark.parametrize("kind", KINDS)
def test_designs_are_what_they_are_called(kind):
    rng = np.random.default_rng(0)
    for _ in range(20):
        log_N, log_D = draw_design(kind, rng)
        design = read_design(np.exp(log_N), np.exp(log_D))
        if kind in LINES:
            assert design.is_line
            assert design.minor == pytest.approx(0, abs=1e-12)
        if kind == "plane":
            assert not design.is_line
        targets = choose_targets(kind, log_N, log_D)
        N, D = targets["M = 20"]
        assert pytest.approx(20) == D / N
        assert np.log(N * D) == pytest.approx((log_N + log_D).max() + np.log(TIMES))
        if kind in LINES:
            assert not design.is_off(*targets["along"])
