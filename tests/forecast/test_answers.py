"""The questions of the face: any frame of runs gets an answer or the message of a run table."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import scaling
from scaling.commands.cli import app
from scaling.forecast.selection import ChoiceError
from scaling.laws.fit import FitError
from scaling.laws.law import LossLaw
from scaling.laws.prior import fit_with_prior
from scaling.tables.faults import RunTableError

LAW = LossLaw(1.8, 180.0, 220.0, 0.25)
N = np.array([1e7, 4e7, 1.6e8, 4e8, 1e7, 4e7])
D = N * np.array([20, 20, 20, 20, 320, 160])
RUNS = pd.DataFrame({"N": N, "D": D, "loss": LAW.predict(N, D)})
EXPECTED = LAW.predict(6.9e9, 138e9)


@pytest.mark.parametrize(
    "runs",
    [
        RUNS,
        RUNS.astype("Float64"),
        RUNS.astype(object),
        RUNS.astype({"N": "int64", "D": "Int64"}),
        RUNS.set_axis(list("abcdef")),
        RUNS.set_axis([7, 7, 7, 7, 7, 7]),
        RUNS.assign(run=list("abcdef"), epochs=1.0),
        scaling.check_runs(RUNS).to_frame(),
    ],
    ids="plain nullable object whole named repeated more checked".split(),
)
def test_three_columns_are_enough(runs):
    before = runs.copy()
    answer = scaling.predict(runs, N=6.9e9, M=20, law="tied")
    assert answer.loss == pytest.approx(EXPECTED, rel=1e-9)
    assert answer.forecast.fit.status == "converged"
    pd.testing.assert_frame_equal(runs, before)


def test_the_law_with_a_prior_is_the_default():
    by_default, named, old_name = (
        scaling.predict(RUNS, N=6.9e9, M=20, **law)
        for law in ({}, {"law": "prior"}, {"law": "best"})
    )
    assert by_default.loss == named.loss == old_name.loss
    assert by_default.selected.law.name == old_name.selected.law.name == "prior"
    assert by_default.loss == fit_with_prior(N, D, RUNS["loss"]).law.predict(6.9e9, 138e9)
    assert by_default.loss != scaling.predict(RUNS, N=6.9e9, M=20, law="tied").loss


def test_a_fault_is_told_by_the_index_that_names_the_runs():
    runs = RUNS.assign(loss=-RUNS["loss"]).set_axis(list("abcdef"))
    with pytest.raises(RunTableError, match=r"^table, row a, column loss: .*\ntable, row b, "):
        scaling.fit(runs)


def test_the_index_names_the_runs_unless_it_counts():
    names = scaling.fit(RUNS.set_axis(list("abcdef"))).selected.table["run"]
    assert names.tolist() == list("abcdef")
    assert scaling.fit(RUNS).selected.table["run"].tolist()[0] == "row 0"


@pytest.mark.parametrize(
    ("runs", "said"),
    [
        (RUNS.drop(columns="loss"), "column loss: is missing"),
        (RUNS.drop(columns="D"), "column D: is missing"),
        (RUNS.assign(loss=-RUNS["loss"]), "row 0, column loss: '-.* must be > 0"),
        (RUNS.assign(loss=RUNS["loss"].astype(str) + "x"), "row 0, column loss"),
        (RUNS.iloc[:0], "has a header and no runs"),
    ],
)
def test_a_faulty_frame_gets_the_message_of_a_run_table(runs, said):
    for question in (scaling.check_runs, scaling.fit, scaling.backtest):
        with pytest.raises(RunTableError, match=said):
            question(runs)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"N": 6.9e9}, "give either D or M"),
        ({"N": 6.9e9, "D": 1e11, "M": 20}, "give either D or M"),
        ({"N": 1e31, "M": 20}, "N must be from 1 to 1e\\+30"),
        ({"N": 6.9e9, "M": 20, "count": "n"}, "count must be 'N' or 'N_body', got 'n'"),
        ({"N": 6.9e9, "M": 20, "loss_set": "x"}, "loss set must be one of 'loss', got 'x'"),
    ],
)
def test_what_cannot_be_asked_is_refused(asked, said):
    with pytest.raises(ChoiceError, match=said):
        scaling.predict(RUNS, **asked)


def test_an_unknown_law_is_named():
    with pytest.raises(ValueError, match="law must be one of .*, got 'wild'"):
        scaling.fit(RUNS, law="wild")


def test_too_few_runs_are_too_few():
    with pytest.raises(FitError, match="at least 4 runs"):
        scaling.fit(RUNS.iloc[:3])


@pytest.mark.parametrize(
    ("question", "options"),
    [
        ("check", {}),
        ("fit", {}),
        ("predict", {"N": 6.9e9, "M": 20.0}),
        ("backtest", {}),
        ("tasks", {}),
    ],
)
def test_command_and_notebook_give_the_same_numbers_and_words(question, options, tmp_path):
    path = tmp_path / "runs.csv"
    RUNS.assign(err_t=1 - 1 / RUNS["loss"]).to_csv(path, index=False)
    asked = getattr(scaling, "check_runs" if question == "check" else question)
    answer = asked(path, **options)
    given = [text for name, value in options.items() for text in (f"--{name}", f"{value:g}")]
    told = CliRunner().invoke(app, [question, str(path), *given])
    assert told.stdout == f"{answer.text()}\n"
    assert told.stderr.splitlines() == [f"warning: {line}" for line in answer.warnings]
    as_json = CliRunner().invoke(app, [question, str(path), *given, "--json"])
    plain = json.dumps(answer.report(), default=float).replace("NaN", "null")
    assert json.loads(as_json.stdout) == json.loads(plain)


def test_a_notebook_shows_a_table_and_escapes_a_hostile_name():
    name = "<script>alert(1)</script>"
    twice = pd.concat([RUNS, RUNS.iloc[[0]]]).assign(run=[*"abcdef", name])
    twice["loss"] *= [1] * 6 + [1.1]  # a flag names the run
    answer = scaling.fit(twice)
    shown = answer._repr_html_()
    assert "<table" in shown
    assert "alpha" in shown
    assert "&lt;script&gt;" in shown
    assert "<script>" not in shown + scaling.check_runs(twice)._repr_html_()


def test_the_face_is_what_it_says():
    assert set(scaling.__all__) <= set(dir(scaling))
    assert all(getattr(scaling, name).__doc__ for name in scaling.__all__)
    with pytest.raises(AttributeError, match="no attribute 'weather'"):
        scaling.weather  # noqa: B018
    assert len(scaling.load_testbed()) == 104


@pytest.mark.parametrize("N", ["6.9B", "6.9e9", 6.9e9, np.float32(6.9e9), np.array(6.9e9)])
def test_a_target_may_be_spelled_as_in_a_table(N):
    expected = scaling.predict(RUNS, N=6.9e9, M=20)
    assert scaling.predict(RUNS, N=N, M="20").loss == pytest.approx(expected.loss, rel=1e-6)


@pytest.mark.parametrize("N", [True, "6,9B", "", [1e9, 2e9], None, np.array([1e9, 2e9])])
def test_a_target_that_is_no_number_is_refused(N):
    with pytest.raises(ChoiceError, match="N must be one number, such as 6.9e9 or '6.9B', got "):
        scaling.predict(RUNS, N=N, M=20)


@pytest.mark.parametrize("runs", [{"N": [1.0]}, [1.0], RUNS["N"], RUNS.to_numpy(), None])
def test_what_is_no_table_is_refused(runs):
    with pytest.raises(TypeError, match="runs must be a DataFrame or the path of a table, got a "):
        scaling.fit(runs)


def test_an_option_that_there_is_none_of_is_named():
    with pytest.raises(TypeError, match="there is no option 'los_set'; there are .*loss_set"):
        scaling.fit(RUNS, los_set="c4")


def test_what_is_printed_says_what_speaks_against_it():
    """As the command does, which says it on stderr."""
    answer = scaling.predict(RUNS, N=6.9e9, M=20)
    text, *warnings = str(answer).split("\nwarning: ")
    assert text == answer.text()
    assert warnings == answer.warnings
    assert (answer.report()["target_N"], answer.report()["target_D"]) == (6.9e9, 138e9)
    assert answer == answer


def test_a_table_says_what_is_not_to_be_used():
    """One D: along the sizes the loss may be used, at another D neither it nor an error."""
    one_D = RUNS.assign(N=np.geomspace(1e7, 1e9, 6), D=2e10)
    one_D["loss"] = LAW.predict(one_D["N"], one_D["D"])
    one_D["err_t"] = 0.9 - 2.0 * np.exp(-0.9 * one_D["loss"])
    along, off = (scaling.predict(one_D, N=4e9, D=D).to_frame() for D in (2e10, 1e12))
    assert along["usable"].tolist() == [True, True]
    assert off["usable"].tolist() == [False, False]


def test_farther_than_any_check_is_not_to_be_used():
    near, far = (scaling.predict(RUNS, N=N, M=20) for N in (1e10, 1e12))
    assert near.forecast.doubt == ""
    assert far.forecast.doubt.startswith("over 10,000 times the compute of the largest run")


def test_a_state_and_names_of_its_own_are_read():
    """A crashed run is asked about; runs with names are no checkpoints; a batch is no count."""
    named = RUNS.assign(
        run=list("abcdef"),
        State=["finished"] * 5 + ["crashed"],
        _step=N / 1e5,
        total_batch_size=512,
    )
    answer = scaling.predict(named, N=6.9e9, M=20)
    (*_, flag) = answer.selected.table["flags"]
    assert flag == "State is crashed: not a finished run? --without-flagged leaves it out"
    assert not any("checkpoint" in line or "kinds" in line for line in answer.warnings)


PAPER_N = np.array([10.6e6, 78.9e6, 154e6, 412e6, 10.6e6])
PAPER_D = np.array([211e6, 1.58e9, 3.07e9, 8.23e9, 3.38e9])
PAPER = pd.DataFrame({"N": PAPER_N, "D": PAPER_D, "loss": [5.39, 3.90, 3.53, 3.15, 4.57]})


def test_five_runs_do_not_say_that_no_row_is_mistyped():
    answer = scaling.predict(PAPER.assign(D=PAPER_D * [1, 10, 1, 1, 1]), N=6.9e9, M=20)
    assert answer.forecast.doubt
    assert not any("no single row" in line for line in answer.warnings)
    assert any("so few runs cannot tell which: a mistyped row" in line for line in answer.warnings)


def test_a_law_in_compute_blames_no_run_of_another_multiplier():
    told = scaling.predict(PAPER, N=6.9e9, M=20, law="compute").warnings
    assert not any("mistyped" in line for line in told)


# --- rows that look odd -------------------------------------------------------------------

LEAVES_OUT = "the odd run; `scaling predict --without-flagged` leaves it out"
TYPED = pd.DataFrame(
    {
        "run": list("abcdefgh"),
        "N": ["20M", "20M", "60M", "60M", "150M", "150M", "400M", "400M"],
        "D": ["400M", "1.6B", "1.2B", "4.8B", "3B", "12B", "8B", "32B"],
        "loss": [4.05, 3.71, 3.43, 3.19, 3.03, 2.85, 2.73, 2.58],
        "pass_rate": [8.2, 12.1, 17.5, 24.0, 28.8, 36.4, 41.0, 49.5],
    }
)


def typed(column: str, run: str, value: object) -> pd.DataFrame:
    """The same with one cell mistyped."""
    return TYPED.assign(**{column: TYPED[column].mask(TYPED["run"] == run, value)})


@pytest.mark.parametrize(
    ("column", "run", "value"),
    [("N", "d", "600M"), ("loss", "d", 31.9), ("loss", "d", 3.91), ("D", "e", "30B")],
)
def test_an_odd_row_stands_before_what_it_may_spoil(column, run, value):
    """Neither is the table called sound, nor does the flag come after the number; it comes once."""
    table = typed(column, run, value)
    heading, flag, *rest = str(scaling.check_runs(table)).splitlines()
    assert heading == f"table: readable, 1 of 8 runs looks odd: {run}"
    assert flag.startswith(f"flag: {run}: ")
    assert (
        "that holds without the odd run; `scaling predict --without-flagged` leaves it out" in rest
    )
    answer = scaling.predict(table, N="3B", M=20)
    lines = str(answer).splitlines()
    assert lines[0].startswith(f"warning: {run}: ")
    n = len(answer.odd_rows)
    assert lines[:n] == [f"warning: {line}" for line in answer.odd_rows]
    assert lines[n : n + 1] == answer.text().splitlines()[:1]
    assert len(set(lines)) == len(lines)
    assert set(answer.odd_rows) <= set(answer.report()["warnings"])


def test_what_too_few_runs_are_enough_for_waits_for_the_odd_one():
    text = scaling.check_runs(typed("N", "d", "600M").iloc[[1, 3, 4, 7]]).text()
    assert (
        "that waits for the odd run; `scaling predict --without-flagged` leaves it out"
        in text.splitlines()
    )


def test_a_flagged_row_and_what_may_be_why_agree():
    """Where a row is flagged, so few runs are not said to tell of none."""
    table = typed("loss", "d", 3.91).iloc[:5]
    said = [line for line in scaling.fit(table).warnings if "may be why" in line]
    assert len(said) == 1 and said[0].startswith("the flagged row (d) may be why; where it is")
    assert not any("cannot tell which" in line for line in scaling.fit(table).warnings)


@pytest.mark.parametrize(("column", "value"), [("D", "48B"), ("loss", 2.91), ("N", "6M")])
def test_one_wrong_cell_that_no_other_run_contradicts_is_asked_about(column, value):
    """No flag can tell it; the fit without the row does, and cannot say which cell it is."""
    told = scaling.predict(typed(column, "d", value), N="3B", M=20).warnings
    assert any("without d the fit converges" in line for line in told)
    assert any(line.endswith("is its N, D or loss mistyped?") for line in told)
    assert not any("mistyped" in line for line in scaling.predict(TYPED, N="3B", M=20).warnings)


def test_columns_that_no_law_reads_are_named_in_one_short_line():
    assert "not used here: pass_rate; scaling kpi RUNS --kpi" in scaling.check_runs(TYPED).text()
    many = TYPED.assign(**{f"metric_{i}": 0.5 for i in range(20)}, note="x")
    answer = scaling.check_runs(many)
    (line,) = [line for line in answer.text().splitlines() if line.startswith("not used here")]
    assert "pass_rate, metric_0, metric_1 and 18 more;" in line
    assert answer.report()["unused"] == ["pass_rate", *(f"metric_{i}" for i in range(20))]
    assert scaling.check_runs(TYPED.drop(columns="pass_rate")).report()["unused"] == []
