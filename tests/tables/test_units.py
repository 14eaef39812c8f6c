"""Derived columns, rounded ones, and the units of a loss."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from scaling.tables.derived import find_rules
from scaling.tables.numbers import rounding
from scaling.tables.runs import RunTableError, choose_count, read_runs, validate_runs

N, D, LOSS = np.array([1e8, 2e8, 4e8]), np.array([2e9, 4e9, 8e10]), np.array([3.1, 3.0, 2.6])
PARTS = {
    "N": N,
    "D": D,
    "M": D / N,
    "C": 6 * N * D,
    "steps": D / 2**19,
    "batch_tokens": np.full(3, 2.0**19),
    "batch_size": np.full(3, 256.0),
    "sequence_length": np.full(3, 2048.0),
}


# --- what follows from other columns ------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("N M", ["D is derived: M N"]),
        ("N C", ["D is derived: C / 6N"]),
        ("D C", ["N is derived: C / 6D"]),
        ("D M", ["N is derived: D / M"]),
        ("C M", ["N is derived: the root of C / 6M", "D is derived: M N"]),
        ("N steps batch_tokens", ["D is derived: steps x batch_tokens"]),
        (
            "N steps batch_size sequence_length",
            ["D is derived: steps x batch_size x sequence_length"],
        ),
        ("C steps batch_tokens", ["D is derived: steps x batch_tokens", "N is derived: C / 6D"]),
    ],
)
def test_what_follows_is_derived_and_said(given: str, told: list[str]) -> None:
    table = validate_runs(pd.DataFrame({n: PARTS[n] for n in given.split()} | {"loss": LOSS}))
    np.testing.assert_allclose(table[["N", "D"]], np.column_stack([N, D]))
    assert table.attrs["told"] == told


def test_nothing_is_derived_where_it_is_there() -> None:
    assert find_rules(["N", "D", "M", "C"]) == []
    assert find_rules(["N", "loss"]) == []


def test_the_only_count_is_used() -> None:
    """It stands for N, and is what a law is written in."""
    table = validate_runs(pd.DataFrame({"N_body": N, "D": D, "loss": LOSS}))
    assert choose_count(table) == "N_body"
    assert table["N"].tolist() == N.tolist()
    assert table.attrs["told"] == [
        "N_body is the table's only count: it stands for N, in targets too"
    ]
    both = validate_runs(pd.DataFrame({"N": N, "N_body": N / 2, "D": D, "loss": LOSS}))
    assert choose_count(both) == "N"


def test_a_part_that_is_not_known_is_a_fault_of_its_row() -> None:
    table = pd.DataFrame({"N": N, "steps": ["", "x", "5K"], "batch_tokens": "0.5M", "loss": LOSS})
    with pytest.raises(RunTableError) as caught:
        validate_runs(table)
    assert [(fault.row, fault.column) for fault in caught.value.faults] == [
        (0, "D"),
        (1, "D"),
        (1, "steps"),
    ]
    assert caught.value.faults[0].rule == "must not be empty: steps x batch_tokens is not known"
    kept = validate_runs(pd.DataFrame({"N": N, "D": D, "loss": LOSS, "steps": ["a", "b", "c"]}))
    assert kept["steps"].tolist() == ["a", "b", "c"]


# --- rounded columns ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "half"),
    [
        ("0.20M", 5e3),
        ("0.20 M", 5e3),
        ("5M", 5e5),
        ("5.9e12", 5e10),
        ("101", 0.5),
        ("0.2", 0.05),
        ("2000000", 0.5),
        ("1e-999999999999", 0.0),
        ("x", 0.0),
    ],
)
def test_half_a_unit_in_the_last_digit(text: str, half: float) -> None:
    assert rounding(text) == pytest.approx(half)


@pytest.mark.parametrize(
    ("C", "M", "sound"),
    [
        ("5.9e12", "25", True),  # 6.0e12 of the printed N, which may be 0.195M
        ("6.1e12", "25", True),
        ("7e12", "25", False),
        ("6e12", "28", False),
        ("6e12", "30", False),
        ("", "", True),
    ],
)
def test_printed_digits_are_enough(tmp_path, C: str, M: str, sound: bool) -> None:
    """A rounded M or C warns; one that is off by more than its digits is a fault."""
    path = tmp_path / "a.csv"
    path.write_text(f"N,D,C,M,loss\n0.20M,5M,{C},{M},8.1\n")
    if sound:
        table = read_runs(path)
        assert table["C"].tolist() == [6e12]
        rounded = ["C is rounded in 1 row: taken from N and D instead"]
        assert table.attrs["told"] == rounded * (C not in ("", "6e12"))
        return
    with pytest.raises(RunTableError, match="printed digits: it is derived, so the column may go"):
        read_runs(path)


def test_measured_flops_are_told_to_take_another_name() -> None:
    table = pd.DataFrame({"N": N, "D": D, "C": 6.8 * N * D, "loss": LOSS})
    with pytest.raises(RunTableError, match="FLOPs counted otherwise go by another name"):
        validate_runs(table)
    assert validate_runs(table.rename(columns={"C": "C_exact"})).attrs["told"] == []


# --- units of a loss ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("unit", "bytes_per_token", "given"),
    [
        ("nats", None, LOSS),
        ("bits", None, LOSS / np.log(2)),
        ("bpb", 4.2, LOSS / np.log(2) / 4.2),
        ("ppl", None, np.exp(LOSS)),
    ],
)
def test_every_unit_becomes_nats_per_token(unit, bytes_per_token, given) -> None:
    """The standard deviation of a loss is turned, too."""
    step = 1e-6
    table = pd.DataFrame({"N": N, "D": D, "loss": given, "loss_a": given})
    factor = {"ppl": given}.get(unit, given / LOSS)
    table["loss_std"] = step * factor
    read = validate_runs(table, loss_unit=unit, bytes_per_token=bytes_per_token)
    for name in ("loss", "loss_a"):
        np.testing.assert_allclose(read[name], LOSS)
    np.testing.assert_allclose(read["loss_std"], step)


@pytest.mark.parametrize(
    ("reading", "said"),
    [
        ({"loss_unit": "bpb"}, "add --bytes-per-token"),
        ({"loss_unit": "bits", "bytes_per_token": 4.0}, "with --loss-unit bpb only"),
        ({"bytes_per_token": 4.0}, "with --loss-unit bpb only"),
        ({"loss_unit": "bpb", "bytes_per_token": 0.0}, "finite and > 0, got 0"),
        ({"loss_unit": "nat"}, "one of nats, bits, bpb, ppl, got 'nat'"),
    ],
)
def test_units_that_cannot_be(reading: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        validate_runs(pd.DataFrame({"N": N, "D": D, "loss": LOSS}), **reading)


def test_a_perplexity_is_above_1() -> None:
    table = pd.DataFrame({"N": N, "D": D, "loss": [0.9, -1, 20]})
    with pytest.raises(RunTableError) as caught:
        validate_runs(table, loss_unit="ppl")
    assert [(fault.row, fault.value) for fault in caught.value.faults] == [(0, "0.9"), (1, "-1.0")]
    assert caught.value.faults[0].rule == "must be > 1 and finite, a perplexity"


@pytest.mark.parametrize(
    ("name", "option"),
    [
        ("val_ppl", "loss_unit='ppl'"),
        ("val_bpb", "loss_unit='bpb', bytes_per_token=BYTES"),
        ("loss (bits)", "loss_unit='bits'"),
    ],
)
def test_a_name_that_says_another_unit_is_asked_about(name: str, option: str) -> None:
    table = pd.DataFrame({"N": N, "D": D, name: LOSS})
    with pytest.raises(RunTableError, match=f"by its name: add {option}, or"):
        validate_runs(table, columns={"loss": name})
    assert validate_runs(table, columns={"loss": name}, loss_unit="nats")["loss"][0] == LOSS[0]


@pytest.mark.parametrize(
    ("sizes", "D", "values", "asked"),
    [
        ([125e6, 350e6, 600e6, 1e9], 1e12, [11.96, 8.98, 7.98, 7.17], 4),
        ([7e9, 13e9, 33e9, 65e9], 1.2e12, [5.68, 5.09, 4.10, 3.53], 3),
        ([160e6, 410e6, 1e9, 2.8e9], 3e11, [17.5, 12.1, 9.9, 8.1], 4),
        ([1.2e6, 8.9e6, 97e6], 2e6, [13.09, 11.02, 9.6], 0),  # nats, of hardly trained models
        ([0.2e6, 0.8e6, 4.7e6], 5e6, [8.156, 7.294, 6.653], 0),
        ([160e6, 410e6, 1e9], 3e11, [2.9, 2.6, 12.0], 0),  # one that is off is no unit
    ],
)
def test_a_fall_like_that_of_a_perplexity_is_asked_about(sizes, D, values, asked) -> None:
    flags = validate_runs(pd.DataFrame({"N": sizes, "D": D, "loss": values}))["flags"]
    assert flags.str.contains("a perplexity. --loss-unit ppl takes its logarithm").sum() == asked


# --- magnitudes ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "typed"),
    [
        ({"D": [0.211, 1.58, 3.07]}, "in billions? write 0.211B, or type columns={'D': 'D*1e9'}"),
        (
            {"D": [0.3, 1.0, 1.4], "N": [1e10, 2e10, 4e10]},
            "trillions? write 0.3T, or type columns={'D': 'D*1e12'}",
        ),
        (
            {"N": [0.0106, 0.0789, 0.154]},
            "in billions? write 0.0106B, or type columns={'N': 'N*1e9'}",
        ),
    ],
)
def test_a_count_below_1_is_asked_about(columns: dict[str, list[float]], typed: str) -> None:
    table = pd.DataFrame({"N": N, "D": D, "loss": LOSS} | columns)
    with pytest.raises(RunTableError) as caught:
        validate_runs(table)
    assert typed in caught.value.faults[0].rule


def test_tokens_in_millions_are_asked_about_as_such() -> None:
    table = validate_runs(pd.DataFrame({"N": [10.6e6], "D": [211], "loss": [5.39]}))
    assert table["flags"].tolist() == ["D is 211: did you mean 211M?"]
