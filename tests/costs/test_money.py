"""Prices: the bill by hand, invariance under currency and units, and refusals."""

from __future__ import annotations

import csv
import hashlib
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaling.costs.money import MEASURES, OF_TRAINING, Prices
from scaling.costs.price_tables import default_prices, read_prices
from scaling.costs.total import least_total
from scaling.laws.law import LossSurface
from scaling.tables.datafiles import data_path

LAW = LossSurface(1.69, 406.4, 410.7, 0.336, 0.283)
PLAIN = Prices(
    currency="$",
    price_training=2.0,
    price_serving=3.0,
    peak_training=1e15,
    peak_serving=5e14,
    mfu_training=0.5,
    mfu_in=0.25,
    mfu_out=0.01,
)


def test_the_bill_by_hand():
    bill = PLAIN.bill(1e9, 1e10, 1e12, 1e11)
    assert float(bill.training) == pytest.approx(2.0 * 6e19 / (1e15 * 0.5 * 3600))
    assert float(bill.reading) == pytest.approx(3.0 * 2e21 / (5e14 * 0.25 * 3600))
    assert float(bill.writing) == pytest.approx(3.0 * 2e20 / (5e14 * 0.01 * 3600))
    assert float(bill.total) == pytest.approx(float(bill.training + bill.serving))


def test_tokens_that_weigh_what_the_demand_costs():
    tokens = float(PLAIN.as_tokens(1e12, 1e11))
    bill = PLAIN.bill(1e9, 1e10, 1e12, 1e11)
    assert PLAIN.of_training * 2e9 * tokens == pytest.approx(float(bill.serving))


def cheapest(prices: Prices) -> float:
    return float(least_total(LAW, 2.3, prices.as_tokens(1e12, 3e11)).N)


def test_the_cheapest_model_is_cheaper_than_its_neighbours():
    N = cheapest(PLAIN) * np.array([0.99, 1.0, 1.01])
    D = np.array([LAW.solve_D(n, 2.3) for n in N])
    assert np.argmin(PLAIN.bill(N, D, 1e12, 3e11).total) == 1


@given(st.floats(1e-3, 1e6), st.floats(1e-6, 1e6))
def test_currency_and_units_move_no_model(rate, unit):
    rates = {"price_training": 2.0 * rate, "price_serving": 3.0 * rate}
    other = PLAIN.change(currency="¥", **rates)
    assert cheapest(other) == pytest.approx(cheapest(PLAIN), rel=1e-9)
    bills = (prices.bill(1e9, 1e10, 1e12, 1e11).total for prices in (other, PLAIN))
    assert float(next(bills)) == pytest.approx(rate * float(next(bills)), rel=1e-9)
    scaled = ("price_training", "price_serving", "peak_training", "peak_serving")
    faster = PLAIN.change(**{name: unit * getattr(PLAIN, name) for name in scaled})
    assert cheapest(faster) == pytest.approx(cheapest(PLAIN), rel=1e-9)


def test_equal_prices_and_shares_give_the_model_of_least_flops():
    even = PLAIN.change(price_serving=2.0, peak_serving=1e15, mfu_in=0.5, mfu_out=0.5)
    assert cheapest(even) == pytest.approx(float(least_total(LAW, 2.3, 1.3e12).N), rel=1e-12)


def test_what_is_written_moves_the_bill_most():
    sizes = [cheapest(PLAIN.change(mfu_out=share)) for share in (0.005, 0.01, 0.02)]
    assert sizes == sorted(sizes)


def test_the_shipped_prices_tell_source_and_date():
    prices = default_prices()
    assert (prices.price_training, prices.peak_training) == (2.5, 989e12)
    assert (prices.mfu_training, prices.mfu_in, prices.mfu_out) == (0.4, 0.4, 0.05)
    values = [name for name in prices.origins if name != "currency"]
    assert len(values) == 7
    assert all(re.fullmatch(r"20\d\d-\d\d", prices.origins[name].date) for name in values)
    assert all(prices.origins[name].source for name in values)


def test_the_reported_ranges_are_those_of_the_sources_words():
    prices = default_prices()
    assert set(prices.reported) == set(MEASURES) - {"peak_training", "peak_serving"}
    for name, (least, most) in prices.reported.items():
        assert least <= getattr(prices, name) <= most
        shown = rf"{least:.2f} to {most:.2f}"
        assert shown in prices.origins[name].source or name == "price_serving"


def test_a_bill_over_the_reported_ranges_by_hand():
    cheapest, dearest = default_prices().extremes
    N, D, read, written = 2.26e9, 186 * 2.26e9, 7.3e11, 1.825e11
    an_hour = 989e12 * 3600
    by_hand = 1.99 / an_hour * 2 * N * (3 * D / 0.46 + read / 0.76 + written / 0.14)
    assert float(cheapest.bill(N, D, read, written).total) == pytest.approx(by_hand)
    by_hand = 5.00 / an_hour * 2 * N * (3 * D / 0.33 + read / 0.30 + written / 0.01)
    assert float(dearest.bill(N, D, read, written).total) == pytest.approx(by_hand)


def test_a_value_of_ones_own_has_no_range():
    own = default_prices().change(mfu_out=0.08, price_serving=2.5)
    assert "mfu_out" not in own.reported
    assert "price_serving" in own.reported  # given as it was
    assert all(each.mfu_out == 0.08 for each in own.extremes)
    assert PLAIN.extremes == (PLAIN, PLAIN)


def test_each_field_has_the_unit_that_the_table_gives_and_is_told_with_it():
    with data_path("prices", "defaults.csv").open(encoding="utf-8", newline="") as file:
        units = {row["name"]: row["unit"] for row in csv.DictReader(file)}
    assert units == {"currency": ""} | {name: each.unit for name, each in MEASURES.items()}
    told = PLAIN.change(currency="EUR").in_words()
    assert "  price_serving 3 EUR per accelerator-hour" in told
    assert "  peak_serving 5e+14 FLOP/s" in told
    assert "  mfu_out 0.01 of peak" in told
    assert len(told) == 1 + len(MEASURES)
    assert list(PLAIN.report()["prices"]) == ["currency", *MEASURES]


def test_the_checksum_stands_in_the_readme():
    digest = hashlib.sha256(data_path("prices", "defaults.csv").read_bytes()).hexdigest()
    assert digest in data_path("prices", "README.md").read_text("utf-8")


def test_hours_and_money_of_training_and_back():
    hours = PLAIN.training_hours(6e19)
    assert hours == pytest.approx(6e19 / (1e15 * 0.5 * 3600))
    assert PLAIN.training_money(6e19) == pytest.approx(2.0 * hours)
    assert PLAIN.flops_of_hours(hours) == pytest.approx(6e19)
    assert PLAIN.flops_of_money(2.0 * hours) == pytest.approx(6e19)
    assert np.isinf(PLAIN.change(price_training=0.0).flops_of_money(1.0))


def test_a_sign_stands_before_an_amount_and_a_name_behind():
    assert PLAIN.label("12") == "$12"
    assert PLAIN.change(currency="EUR").label("12") == "12 EUR"


def test_files_and_texts_replace_what_they_name(tmp_path):
    table, yaml = tmp_path / "own.csv", tmp_path / "own.yaml"
    semicolons = tmp_path / "semicolons.csv"
    mapping = {"currency": "€", "price_training": 1.9, "mfu_out": 0.08}
    lines = ["name,value", *(f"{name},{value}" for name, value in mapping.items())]
    table.write_text("\n".join(lines), "utf-8")
    semicolons.write_text("\n".join(lines).replace(",", ";"), "utf-8")
    yaml.write_text("currency: €\nprice_training: 1.90\nmfu_out: 0.08\n", "utf-8")
    text = "currency=€, price_training=1.90,mfu_out=0.08"
    for given_as in (table, str(table), semicolons, yaml, text, mapping):
        prices = read_prices(given_as, OF_TRAINING)
        assert (prices.currency, prices.price_training, prices.mfu_out) == ("€", 1.9, 0.08)
        assert prices.mfu_in == default_prices().mfu_in
    assert str(read_prices(table, OF_TRAINING).origins["mfu_out"]) == str(table)
    assert str(read_prices(text, OF_TRAINING).origins["mfu_out"]) == "given"
    assert read_prices(PLAIN) is PLAIN
    assert read_prices() is default_prices()


@pytest.mark.parametrize(
    ("given_as", "said"),
    [
        ("price_serving=-2", "price_serving must be finite and 0 or more, got -2"),
        ("peak_training=0", "peak_training must be finite and above 0 FLOP/s, got 0"),
        ("mfu_out=5", "mfu_out must be a share of the peak, above 0 and at most 1, as 0.4, got 5"),
        ("mfu_out=5%", "mfu_out must be a number: write a fraction, not a percentage, got '5%'"),
        ("mfu=0.5", "there is no price 'mfu': there are currency, price_training"),
        ("mfu_in=0.5,0.6", "prices must read NAME=VALUE,..., got '0.6'"),
        ("mfu_in=0.5,mfu_in=0.6", "mfu_in is given twice"),
        ("price_training=1e-300", "price_training must be from 1e-09 to 1e+30, got 1e-300"),
        ("peak_serving=1e307", "peak_serving must be from 1e-09 to 1e+30, got 1e+307"),
        ("mfu_out=1e-320", "mfu_out must be from 1e-09 to 1e+30, got"),
        ("", "prices must name a file or read NAME=VALUE,..., got nothing"),
        ("nowhere.csv", "nowhere.csv: there is no such file"),
        ("mfu_out=0.1,currency=EUR", "currency EUR: price_training is still the shipped 2.5 $"),
        ("currency=EUR,price_training=2", "give price_serving in EUR as well"),
        ({"mfu_in": "half"}, "mfu_in must be a number"),
    ],
)
def test_what_is_no_price_is_refused(given_as, said):
    with pytest.raises(ValueError) as caught:
        read_prices(given_as)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", "what,cost\n", "must have the columns name and value, got what, cost"),
        ("a.csv", "", "must have the columns name and value, got none"),
        ("a.csv", "name,value\nmfu_out\n", "mfu_out must be a number"),
        ("a.csv", "name,value\nprice_training,1,90\n",
         "the line of 'price_training' has more cells than the head: a decimal comma"),
        ("a.yaml", "- 1\n", "must hold lines of name: value"),
        ("a.yaml", "a: [", "is no YAML"),
    ],
)  # fmt: skip
def test_a_file_that_holds_no_prices_is_named(tmp_path, name, content, said):
    (tmp_path / name).write_text(content, "utf-8")
    with pytest.raises(ValueError) as caught:
        read_prices(tmp_path / name)
    assert str(caught.value).startswith(f"{tmp_path / name}: ")
    assert said in str(caught.value)


def test_free_training_cannot_be_weighed():
    with pytest.raises(ValueError, match="price_training must be above 0"):
        PLAIN.change(price_training=0.0).as_tokens(1.0, 1.0)
