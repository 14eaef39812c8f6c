"""Run tables: what is read, what is refused, and what is said about it."""

from __future__ import annotations

import pickle
import subprocess
import sys
import tempfile
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hostile import GOOD, HOSTILE, Hostile, as_parameters, many_rows
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scaling.tables.checks import KEPT_FAULTS
from scaling.tables.faults import MOST_LINES, PRINTED
from scaling.tables.numbers import as_found, parse_number, parse_numbers
from scaling.tables.runs import (
    Fault,
    RunTableError,
    choose_count,
    choose_dataset,
    choose_loss,
    error_columns,
    loss_columns,
    read_runs,
    validate_runs,
)

steady = settings(suppress_health_check=list(HealthCheck))


def as_found_in(text: str | bytes, folder: Path) -> pd.DataFrame:
    """Read a run table from text."""
    path = folder / "runs.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_runs(path)


def frame(**columns: list[object]) -> pd.DataFrame:
    """Give a table of two sound runs with these columns added or replaced."""
    return pd.DataFrame({"N": [1e8, 2e8], "D": [2e9, 4e9], "loss": [3.1, 3.0]} | columns)


def faults_of(table: pd.DataFrame) -> list[tuple[int | None, str | None, str | None]]:
    """Give place and value of every fault of a table."""
    with pytest.raises(RunTableError) as caught:
        validate_runs(table)
    return [(fault.row, fault.column, fault.value) for fault in caught.value.faults]


# Hostile tables


def test_catalogue_is_large_and_has_no_name_twice() -> None:
    """The catalogue holds more than 60 tables, sound and faulty, under names of their own."""
    names = [case.name for case in HOSTILE]
    assert len(names) == len(set(names)) >= 150
    assert sum(case.sound for case in HOSTILE) >= 40


@pytest.mark.parametrize("case", as_parameters(HOSTILE))
def test_hostile_table(case: Hostile, tmp_path: Path) -> None:
    """A hostile table gives exactly the faults listed, or a sound table."""
    path = case.write(tmp_path)
    if case.sound:
        table = read_runs(path)
        assert np.isfinite(table[["N", "D", "M", "C"]]).all(axis=None)
        assert table["run"].is_unique
        for place, reason in case.flags:
            assert reason in table["flags"].iloc[place]
        return
    with pytest.raises(RunTableError) as caught:
        read_runs(path)
    found = caught.value.faults
    assert [(f.row, f.column) for f in found] == [
        (row, column) for row, column, _, _ in case.faults
    ]
    for fault, (_, _, value, rule) in zip(found, case.faults, strict=True):
        assert value in (fault.value or "")
        assert rule in fault.rule
        assert fault.source == str(path)
        assert fault.source == str(path)
        assert str(fault).isprintable()


@pytest.mark.parametrize(
    "name",
    [
        "UTF-8 with mark",
        "UTF-16 with mark",
        "UTF-16 big-endian with mark",
        "UTF-16 with tabs",
        "Windows line ends",
        "old Mac line ends",
        "no last line end",
        "tabs",
        "semicolons",
    ],
)
def test_every_way_to_write_a_table_reads_the_same(name: str, tmp_path: Path) -> None:
    """Encodings, separators and line ends leave no trace in the numbers."""
    case = next(case for case in HOSTILE if case.name == name)
    expected = as_found_in(GOOD, tmp_path)
    pd.testing.assert_frame_equal(read_runs(case.write(tmp_path)), expected)


@pytest.mark.parametrize("n_sizes", [10, pytest.param(1000, marks=pytest.mark.slow)])
def test_million_rows_fit_in_memory(tmp_path: Path, n_sizes: int) -> None:
    """A table of a million runs, or a hundredth, is read whole, with a peak below 2 GB."""
    path = tmp_path / "runs.csv"
    path.write_bytes(many_rows(n_sizes))
    code = (
        "import resource; from scaling.tables.runs import read_runs; "
        f"table = read_runs({str(path)!r}); "
        "print(len(table), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    n_runs, peak = map(int, done.stdout.split())
    assert n_runs == 1000 * n_sizes
    assert peak * (1 if sys.platform == "darwin" else 1024) < 2e9


# The report


def test_report_is_capped_and_counts_the_rest() -> None:
    """A table of 2,000 bad losses lists the first ones, counts all and keeps a bounded number."""
    table = pd.DataFrame({"N": 1e8, "D": 2e9, "loss": [-1.0] * 1999 + ["x"]})
    with pytest.raises(RunTableError) as caught:
        validate_runs(table, "mine.csv")
    error = caught.value
    assert error.count == 2000
    assert len(error.faults) == KEPT_FAULTS
    lines = str(error).splitlines()
    assert lines[0] == "mine.csv, row 0, column loss: '-1.0' must be > 0 and finite"
    assert lines[PRINTED] == "and 1,990 more. All 2,000 by rule:"
    assert lines[PRINTED + 1 :] == [
        "  loss: must be > 0 and finite: 1,999 times",
        "  loss: must be a number: written like 6.9e9: 1 times",
    ]


@pytest.mark.parametrize("n_faults", [1, 2, MOST_LINES - 1, MOST_LINES, 1000])
def test_a_report_fits_on_twenty_lines(n_faults: int) -> None:
    """However many faults of however many kinds there are, and none is told twice."""
    faults = [Fault("a.csv", row, f"c{row}", "x", "must be a number") for row in range(n_faults)]
    lines = str(RunTableError(faults)).splitlines()
    assert len(lines) == min(n_faults + (n_faults > 1), MOST_LINES)
    assert len(set(lines)) == len(lines)


def test_a_capped_report_keeps_the_first_rows_whatever_their_columns() -> None:
    """Two faults in each row: half as many rows as faults are kept."""
    table = pd.DataFrame({"N": -1.0, "D": 2e9, "loss": [-1.0] * KEPT_FAULTS})
    with pytest.raises(RunTableError) as caught:
        validate_runs(table)
    kept = [(fault.row, fault.column) for fault in caught.value.faults]
    rows = range(KEPT_FAULTS // 2)
    assert kept == [(row, name) for row in rows for name in ("N", "loss")]


def test_error_survives_pickling() -> None:
    """A worker process can hand the error back."""
    error = RunTableError([Fault("a.csv", 2, "N", "x", "must be a number")])
    copy = pickle.loads(pickle.dumps(error))
    assert copy.faults == error.faults
    assert str(copy) == str(error) == "a.csv, row 2, column N: 'x' must be a number"


def test_fault_stays_on_one_short_line() -> None:
    """Whatever a cell, a column or a file is called, the fault is one printable line."""
    fault = Fault("a\n.csv", 2, "N\x1b[2J", "x\n" * 999, "must be a number")
    assert str(fault).isprintable()
    assert len(str(fault)) < 200


@pytest.mark.parametrize("name", ["\u200bN", "N\ufeff", " N\u200b"])
def test_what_is_invisible_in_a_name_is_shown(name: str) -> None:
    """A name with an invisible sign that is no space is quoted, any other is not."""
    name, given = name.strip(), name
    with pytest.raises(RunTableError) as caught:
        validate_runs(frame().rename(columns={"N": given}), "a.csv")
    said = str(caught.value.faults[0])
    assert said == f"a.csv, column {name!r}: is not a column name here; did you mean 'N'?"
    assert str(Fault("a.csv", 1, "N", None, "x")) == "a.csv, row 1, column N: x"


def test_rows_are_the_lines_an_editor_shows(tmp_path: Path) -> None:
    """A cell of two lines and a blank line move the faults below them."""
    text = 'N,D,loss,note\n1e8,2e9,3,"two\nlines"\n\n1e8,2e9,-3,\n1e8,2e9,-4,\n'
    with pytest.raises(RunTableError) as caught:
        as_found_in(text, tmp_path)
    assert [fault.row for fault in caught.value.faults] == [5, 6]


# Numbers


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("6.9e9", 6.9e9),
        ("6.9B", 6.9e9),
        ("6.9 B", 6.9e9),
        ("6.9\u00a0b", 6.9e9),
        ("160M", 160e6),
        ("1.2T", 1.2e12),
        ("5K", 5e3),
        ("138b", 138e9),
        ("12,000,000", 12e6),
        ("-1,234,567.5", -1234567.5),
        ("240M tokens", 240e6),
        ("125m\u00a0Params", 125e6),
        ("1e8 parameters", 1e8),
        (" 7 ", 7.0),
        ("+.5", 0.5),
        ("5.", 5.0),
        ("1E-3", 1e-3),
        ("-2", -2.0),
    ],
)
def test_parse_number(text: str, value: float) -> None:
    """The spellings of the contract are read to the last bit."""
    assert parse_number(text) == value


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("", "6.9e9"),
        ("1,000", "thousands"),
        ("6,9", "decimal comma"),
        ("1,2B", "decimal point, as in 1.2B"),
        ("10.600.000", "write 10600000 for 10.600.000"),
        ("5,39", "write 5.39 for 5,39"),
        ("10.6 million", "as in 10.6M"),
        ("1'000", "thousands"),
        ("1\u202f000", "thousands"),
        ("20%", "fraction"),
        ("inf", "finite"),
        ("1e999", "finite"),
        ("nan", "empty cell"),
        ("6.9G", "K, M, B or T"),
        ("B", "6.9e9"),
        ("1e3B", "6.9"),
        ("0x1F", "6.9e9"),
        ("１２", "ASCII"),
        ("true", "write 1 or 0"),
        ("5,159", "write 5159 or 5.159 for 5,159"),
        ("70/5000", "write 0.014 for 70/5000"),
        ("1/0", "6.9e9"),
        ("60:01", "a time"),
        ("1,23,456", "thousands"),
        ("tokens", "6.9e9"),
        ("240M steps", "without a unit"),
        ("1" * 200_000 + "x", "6.9"),
    ],
)
def test_parse_number_refuses(text: str, hint: str) -> None:
    """Anything else is refused in one message that names the argument."""
    with pytest.raises(ValueError, match="--N must be a (finite )?number") as caught:
        parse_number(text, "--N")
    assert hint in str(caught.value)


@steady
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_round_trip(value: float) -> None:
    """What Python writes is what is read."""
    assert parse_number(repr(value)) == value


@steady
@given(st.decimals(0, 9999, places=3), st.sampled_from("KMBTkmbt"))
def test_letters_are_exponents(mantissa: Decimal, letter: str) -> None:
    """A letter gives the very float that its exponent gives."""
    exponent = {"k": 3, "m": 6, "b": 9, "t": 12}[letter.lower()]
    assert parse_number(f"{mantissa}{letter}") == float(f"{mantissa}e{exponent}")


@steady
@given(st.lists(st.text(max_size=8) | st.from_regex(r"[+-]?[0-9.eE]{1,8}[KB]?", fullmatch=True)))
def test_a_column_reads_as_its_cells_do(texts: list[str]) -> None:
    """The fast path for plain columns and the path for all others agree."""
    texts = [text.strip() for text in texts]
    together = parse_numbers(pd.Series(texts, dtype=object))
    alone = [parse_numbers(pd.Series([text, "1K"], dtype=object))[0] for text in texts]
    np.testing.assert_array_equal(together, np.array(alone, dtype=float))


# Tables


def test_derived_columns() -> None:
    """M = D / N and C = 6 N D take the place of rounded ones; run names appear where absent."""
    table = validate_runs(frame(M=[20.1, np.nan], C=["1.2e18", ""]))
    assert table["M"].tolist() == [20.0, 20.0]
    assert table["C"].tolist() == [1.2e18, 4.8e18]
    assert table["run"].tolist() == ["row 0", "row 1"]
    assert table["flags"].tolist() == ["", ""]


@pytest.mark.parametrize(("factor", "agrees"), [(1.0099, True), (0.9901, True), (1.0101, False)])
@pytest.mark.parametrize("name", ["M", "C"])
def test_derived_columns_may_be_rounded_by_one_per_cent(
    name: str, factor: float, agrees: bool
) -> None:
    """The tolerance is one per cent of the derived value, on both sides."""
    right = {"M": 20.0, "C": 1.2e18}[name]
    table = frame(**{name: [right * factor, np.nan]})
    if agrees:
        assert validate_runs(table)[name][0] == right
    else:
        assert [fault[:2] for fault in faults_of(table)] == [(0, name)]


@pytest.mark.parametrize(
    "cells",
    [
        [1, 2],
        pd.array([1, 2], dtype="Int64"),
        np.array([1, 2], dtype=np.float32),
        ["1", 2.0],
        [Decimal(1), "2"],
        pd.Categorical(["1", "2"]),
        pd.Series([1, 2], index=[7, 7]).to_list(),
    ],
)
def test_number_columns_of_any_type(cells: list[object]) -> None:
    """A frame may bring its numbers in any type that holds numbers."""
    table = validate_runs(frame().assign(loss=cells))
    assert table["loss"].tolist() == [1.0, 2.0]
    assert table["loss"].dtype == float


@pytest.mark.parametrize(
    "cells",
    [
        [True, False],
        pd.array([True, None], dtype="boolean"),
        pd.to_datetime(["2024-01-01", "2024-01-02"]),
        [1j, 2j],
        [[1], {}],
        [b"1", object],
    ],
)
def test_columns_of_other_types_are_no_numbers(cells: list[object]) -> None:
    """Booleans, dates and the like are faults, not numbers; one stands for its whole column."""
    faults = faults_of(frame().assign(loss=cells))
    assert [fault[:2] for fault in faults] in ([(0, "loss")], [(0, "loss"), (1, "loss")])


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA, pd.NaT, "", " "])
def test_missing_is_an_empty_cell(missing: object) -> None:
    """Every way to leave a cell empty is the same: a fault in `loss`, nothing in an error."""
    assert faults_of(frame(loss=[missing, 3.0])) == [(0, "loss", "")]
    assert np.isnan(validate_runs(frame(err_a=[missing, 0.5]))["err_a"][0])


def test_infinite_numbers_are_faults() -> None:
    """An infinite float is refused like its text."""
    assert faults_of(frame(loss=[np.inf, 3.0], N=[1e8, -np.inf])) == [
        (0, "loss", "inf"),
        (1, "N", "-inf"),
    ]


@pytest.mark.parametrize(
    ("labels", "bad", "named"),
    [
        ([0, 1], 0, 0),
        ([9, 4], 0, 9),
        (["b", "a"], 1, "a"),
        ([2.5, 1.0], 0, "2.5"),
        (pd.MultiIndex.from_tuples([("x", 1), ("x", 0)]), 1, "x, 0"),
        ([9, 9], 1, 1),
        ([1, "1"], 0, 0),
    ],
)
def test_rows_of_a_frame_are_called_by_its_index(labels: object, bad: int, named: object) -> None:
    """In faults and as names of runs; counted from 0 where two labels read alike."""
    loss = [-1.0 if row == bad else 3.0 for row in range(2)]
    table = frame(loss=loss).set_axis(labels)
    assert faults_of(table) == [(named, "loss", "-1.0")]
    sound = validate_runs(frame().set_axis(labels))
    assert sound["run"].iloc[bad] == f"row {named}"


def test_faults_of_a_frame_stand_in_its_order() -> None:
    """Whatever its labels; the header comes first, and has no row."""
    table = frame(loss=[-1.0, -2.0]).set_axis([7, 3]).drop(columns="D")
    assert faults_of(table) == [(None, "D", None), (7, "loss", "-1.0"), (3, "loss", "-2.0")]


def test_a_label_is_quoted_where_it_cannot_be_printed() -> None:
    """A fault stays one printable line."""
    with pytest.raises(RunTableError) as caught:
        validate_runs(frame(loss=[-1.0, 3.0]).set_axis(["a\nb", "c"]))
    assert str(caught.value.faults[0]).startswith("table, row 'a\\nb', column loss: ")


def test_other_columns_are_kept(tmp_path: Path) -> None:
    """Labels stay text, numbers become numbers, and 007 is a label."""
    text = "N,D,loss,kpi,agent,note,hash\n1e8,2e9,3,0.5,007, x,1e5\n2e8,4e9,2.9,,008,,1e6\n"
    table = as_found_in(text, tmp_path)
    assert table["agent"].tolist() == ["007", "008"]
    assert table["note"].tolist() == [" x", ""]
    np.testing.assert_array_equal(table["kpi"], [0.5, np.nan])
    assert as_found(pd.Series(["-01", "2"])).tolist() == ["-01", "2"]
    assert as_found(pd.Series(["-1", "0.2", "0"])).tolist() == [-1.0, 0.2, 0.0]


def test_other_columns_of_a_frame_keep_their_type() -> None:
    """A column that holds no text is handed back as it is."""
    dates = pd.Series(pd.to_datetime(["2024-01-01", "2024-01-02"]))
    assert as_found(dates) is dates
    assert validate_runs(frame(when=dates))["when"].equals(dates)


cells = st.one_of(
    st.text(max_size=6),
    st.sampled_from(["", "1e8", "6.9B", "0.5", "20", "-1", "nan", "inf", "1,000", "c4", "１"]),
)
names = st.one_of(
    st.text(max_size=6),
    st.sampled_from(
        "N D loss run dataset N_body M C err_a err_ loss_a loss_std loss_std_a loss_ n Loss_a "
        "warmup_steps batch_tokens steps acc_a N(M) D(tokens) flags".split()
    ),
)


@st.composite
def text_tables(draw: st.DrawFn) -> pd.DataFrame:
    """Draw a table of text, more often than not with the columns that are required."""
    header = draw(st.lists(names, max_size=6)) + draw(
        st.sampled_from([[], ["N", "D"], ["N", "D", "loss"], ["N", "D", "loss_a"]])
    )
    body = draw(st.lists(st.lists(cells, min_size=len(header), max_size=len(header)), max_size=5))
    return pd.DataFrame(body, columns=header, dtype=object)


def assert_sound(table: pd.DataFrame) -> None:
    """Assert all that a sound table promises."""
    assert len(table) > 0
    assert np.isfinite(table[["N", "D", "M", "C"]]).all(axis=None)
    assert table[loss_columns(table)].notna().any(axis=1).all()
    assert table["run"].is_unique
    assert all(isinstance(flag, str) for flag in table["flags"])


@steady
@given(text_tables())
def test_any_text_is_sound_or_refused(table: pd.DataFrame) -> None:
    """A table of any text is sound, or refused with at least one fault: nothing else happens."""
    try:
        checked = validate_runs(table)
    except RunTableError as error:
        assert 0 < len(error.faults) <= error.count
        assert str(error)
    else:
        assert_sound(checked)
        pd.testing.assert_frame_equal(validate_runs(checked), checked)


@steady
@given(
    st.binary(max_size=200)
    | text_tables().map(lambda t: t.to_csv(index=False).encode("utf-8", "ignore"))
)
def test_any_bytes_are_sound_or_refused(content: bytes) -> None:
    """A file of any bytes is sound, or refused with at least one fault."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            assert_sound(as_found_in(content, Path(folder)))
        except RunTableError as error:
            assert error.faults


counts = st.floats(1, 1e15)
losses = st.floats(1e-6, 1e6)


@steady
@given(st.lists(st.tuples(counts, counts, losses, st.none() | st.floats(0, 1)), min_size=1))
def test_sound_tables_round_trip(runs: list[tuple[float, ...]]) -> None:
    """A sound table written and read again is the same table to the last bit."""
    table = validate_runs(pd.DataFrame(runs, columns=["N", "D", "loss", "err_a"]))
    with tempfile.TemporaryDirectory() as folder:
        again = as_found_in(table.to_csv(index=False), Path(folder))
    pd.testing.assert_frame_equal(again, table, check_exact=True)
    assert len(table) == len(runs)


# Parquet


def test_parquet_without_its_extra_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where pyarrow is not there, the message says what to install."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    path = tmp_path / "runs.parquet"
    path.write_bytes(b"PAR1")
    with pytest.raises(RunTableError, match="install the extra `parquet`"):
        read_runs(path)


def test_parquet_reads_as_csv_does(tmp_path: Path) -> None:
    """The same table in Parquet and in CSV gives the same runs and the same faults."""
    pytest.importorskip("pyarrow", reason="the extra `parquet` is not installed")
    as_found_in(GOOD, tmp_path).to_parquet(tmp_path / "runs.parquet")
    expected = read_runs(tmp_path / "runs.csv")
    pd.testing.assert_frame_equal(read_runs(tmp_path / "runs.parquet"), expected)
    frame(loss=[3.0, -1.0]).to_parquet(tmp_path / "bad.parquet")
    with pytest.raises(RunTableError, match="row 3, column loss: '-1.0' must be > 0"):
        read_runs(tmp_path / "bad.parquet")


# Selections


@pytest.fixture
def two_sets() -> pd.DataFrame:
    """Give two runs on two data sets with two loss sets."""
    columns = {"dataset": ["c4", "pile"], "loss_a": [3.0, 2.9], "loss_b": [2.0, None]}
    extra = {"loss_std": [0.1, 0.1], "loss_std_a": [0.1, 0.1], "err_x": [0.5, 0.4], "error": "no"}
    return validate_runs(frame(**columns, **extra).drop(columns="loss"))


def test_choose_dataset(two_sets: pd.DataFrame) -> None:
    """One data set needs no name; several need one of theirs."""
    assert choose_dataset(two_sets, "pile")["loss_a"].tolist() == [2.9]
    assert len(choose_dataset(choose_dataset(two_sets, "c4"))) == 1
    assert len(choose_dataset(validate_runs(frame()))) == 2
    with pytest.raises(ValueError, match="must be named, one of 'c4', 'pile'"):
        choose_dataset(two_sets)
    with pytest.raises(ValueError, match="one of 'c4', 'pile', got 'C4'"):
        choose_dataset(two_sets, "C4")
    with pytest.raises(ValueError, match="dataset must be one of none, got 'c4'"):
        choose_dataset(validate_runs(frame()), "c4")


def test_choose_loss(two_sets: pd.DataFrame) -> None:
    """`loss` is the default, then the only set; a name may leave out its prefix."""
    assert choose_loss(validate_runs(frame(loss_a=[3.0, 3.0]))) == "loss"
    assert choose_loss(two_sets.drop(columns="loss_b")) == "loss_a"
    assert choose_loss(two_sets, "b") == choose_loss(two_sets, "loss_b") == "loss_b"
    with pytest.raises(ValueError, match="must be named, one of 'loss_a', 'loss_b'"):
        choose_loss(two_sets)
    for name in ("std", "loss_std", "loss_std_a", "loss", ""):
        with pytest.raises(ValueError, match="loss set must be one of"):
            choose_loss(two_sets, name)


def test_choose_count(two_sets: pd.DataFrame) -> None:
    """A count must be there, and known for every run."""
    assert choose_count(two_sets) == "N"
    assert choose_count(validate_runs(frame(N_body=[1e7, 2e7])), "N_body") == "N_body"
    with pytest.raises(ValueError, match="needs a column N_body"):
        choose_count(two_sets, "N_body")
    with pytest.raises(ValueError, match="known for every run"):
        choose_count(validate_runs(frame(N_body=[1e7, None])), "N_body")
    with pytest.raises(ValueError, match="must be 'N' or 'N_body', got 'M'"):
        choose_count(two_sets, "M")


def test_error_columns(two_sets: pd.DataFrame) -> None:
    """Only ``err_<task>`` columns are errors."""
    assert error_columns(two_sets) == ["err_x"]


def test_import_is_light() -> None:
    """The schema library is not imported before a table is checked."""
    code = "import sys, scaling.tables.runs; print('pandera' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
