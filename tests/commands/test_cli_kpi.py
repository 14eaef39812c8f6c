"""`scaling kpi`: the numbers and words of Python, an example that runs, one message a fault."""

from __future__ import annotations

import json
import re
import shlex
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hostile import DESIGNS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from places import ROOT
from typer.testing import CliRunner

import scaling
from scaling.commands.cli import app
from scaling.commands.console import _plain

pytestmark = pytest.mark.filterwarnings("error")  # numpy's warnings too: none may reach a reader

RUNS = """\
run,N,D,loss,pass_rate,questions
a,10.6M,211M,5.387,0.012,1000
b,78.9M,1.58B,3.900,0.169,1000
c,154M,3.07B,3.531,0.239,1000
d,412M,8.23B,3.150,0.358,500
e,10.6M,3.38B,4.572,0.053,1000
f,1.44B,28.8B,2.769,0.523,1000
"""
TARGET = ("--N", "6.9B", "--M", "20")
KPI = ("--kpi", "pass_rate", "--higher-is-better")


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs.csv").write_text(RUNS)
    return tmp_path / "runs.csv"


def run(*args: object) -> Any:
    return CliRunner().invoke(app, [str(arg) for arg in args])


@pytest.mark.parametrize(
    ("typed", "by_name"),
    [
        ((), {}),
        (("--bounds", "0:1", "--chance", "0.01"), {"bounds": (0, 1), "chance": 0.01}),
        (("--items", "1000", "--level", "0.5"), {"items": 1000, "level": 0.5}),
        (("--items", "questions", "--law", "tied"), {"items": "questions", "law": "tied"}),
        (("--items", "1000", "--chance", "0.9"), {"items": "1K", "chance": "0.9"}),
    ],
)
def test_the_command_gives_the_numbers_and_the_words_of_python(path, typed, by_name):
    answer = scaling.kpi(path, column="pass_rate", higher_is_better=True, N=6.9e9, M=20, **by_name)
    done = run("kpi", path, *KPI, *TARGET, *typed, "--json")
    assert (done.exit_code, done.stderr) == (0, "")
    assert json.loads(done.stdout) == json.loads(json.dumps(_plain(answer.report())))
    told = run("kpi", path, *KPI, *TARGET, *typed)
    assert told.stdout == f"{answer.text()}\n"
    assert told.stderr == "".join(f"warning: {line}\n" for line in answer.warnings)
    assert "<table" in answer._repr_html_()


def test_the_example_of_the_help_runs_as_written(path):
    text = run("kpi", "--help").stdout
    (example,) = re.findall(r"^ *(scaling kpi runs\.csv .*)$", text, flags=re.M)
    done = run(*shlex.split(example)[1:])
    assert done.exit_code == 0, done.stderr
    assert "to bet on: " in done.stdout


def test_what_json_holds_is_in_the_data_dictionary(path):
    page = (ROOT / "book" / "data_dictionary.md").read_text("utf-8")
    told = page.partition("## What `scaling kpi --json` gives")[2].partition("\n## ")[0]
    listed = set(re.findall(r"`(\w+)`", told))
    report = json.loads(run("kpi", path, *KPI, *TARGET, "--json").stdout)
    against = ("--kpi", "pass_rate", "--lower-is-better")
    refused = json.loads(run("kpi", path, *against, *TARGET, "--json").stdout)
    parts = [report[key] for key in ("loss", "if_loss_known", "parabola", "line", "counting")]
    for part in (report, *parts, refused, refused["reasons"][0]):
        assert set(part) <= listed
    codes = "too_few_runs counting_noise chance direction slope loss bounds open".split()
    assert set(codes) <= listed


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("runs.csv", "--kpi", "pass_rate", *TARGET), "there is no default"),
        (("runs.csv", *KPI, "--lower-is-better", *TARGET), "there is no default"),
        (("runs.csv", "--higher-is-better", *TARGET), "Missing option '--kpi'"),
        (("runs.csv", "--kpi", "pass", "--higher-is-better", *TARGET),
         "must be a column of the table: 'pass_rate', 'questions', got 'pass'"),
        (("runs.csv", "--kpi", "loss", "--lower-is-better", *TARGET), "is no KPI"),
        (("runs.csv", *KPI, "--bounds", "0.1:1", *TARGET), "0.012 in run a, 0.053 in run e"),
        (("runs.csv", *KPI, "--bounds", "0", *TARGET), "bounds must be"),
        (("runs.csv", *KPI, "--items", "2.5", *TARGET), "whole number"),
        (("runs.csv", *KPI, "--items", "m", *TARGET), "items must be a column"),
        (("runs.csv", *KPI, "--chance", "half", *TARGET), "chance must be one number"),
        (("runs.csv", *KPI, "--N", "6.9B"), "give either D or M"),
        (("missing.csv", *KPI, *TARGET), "missing.csv"),
    ],
)  # fmt: skip
def test_hostile_input_gets_one_message_and_nothing_on_stdout(path, arguments, said):
    done = run("kpi", *arguments, "--json")
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in " ".join(done.stderr.split())


cells = st.one_of(
    st.floats(0, 1).map(repr),
    st.floats().map(repr),
    st.integers(-(10**40), 10**40).map(str),
    st.sampled_from(
        ["", "0", "1", "0.5", "1e-300", "2e-309", "1e300", "-0", "nan", "50%", "0,5", "yes"]
    ),
    st.text("ab,\"'01.e-\n\t\u0660\u200b", max_size=6),
)
following = st.lists(st.floats(0, 1), min_size=6, max_size=6).map(
    lambda values: [repr(sorted(values)[i]) for i in (0, 2, 3, 4, 1, 5)]  # they follow the loss
)
words = st.sampled_from(["", "0:1", "0:100", "1:0", "-1e30:1e30", "0:0", ":", "a:b", "nan:1"])
counts = st.sampled_from(
    ["", "1", "7", "1000", "1e30", "1e31", "0", "-3", "2.5", "questions", "pass_rate"]
)
chances = st.sampled_from(["", "0.25", "0", "1", "x", "1e400", "0.999999"])


@settings(max_examples=120, suppress_health_check=list(HealthCheck))
@given(st.lists(cells, min_size=6, max_size=6) | following, words, counts, chances, st.booleans())
def test_hostile_columns_get_a_sound_answer_or_one_message(column, bounds, items, chance, higher):
    """A hundred and twenty of them: exit 2 and nothing on stdout, or numbers that fit together."""
    table = pd.DataFrame([line.split(",") for line in RUNS.splitlines()[1:]])
    table.columns = RUNS.splitlines()[0].split(",")
    table["pass_rate"] = column
    typed = [
        text
        for name, value in (("--bounds", bounds), ("--items", items), ("--chance", chance))
        for text in (name, value)
        if value
    ]
    way = "--higher-is-better" if higher else "--lower-is-better"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "runs.csv"
        table.to_csv(path, index=False)
        done = run("kpi", path, "--kpi", "pass_rate", way, *typed, *TARGET, "--json")
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code in (0, 2)
    if done.exit_code == 2:
        assert done.stdout == ""
        assert done.stderr.strip()
        return
    report = json.loads(done.stdout, parse_constant=pytest.fail)
    ends = [report[end] for end in ("lo", "law_lo", "predicted", "law_hi", "hi")]
    assert report["usable"] == (not report["reasons"]) == (not report["doubt"])
    if not report["usable"]:
        assert ends == [None] * 5
        return
    assert None not in ends
    assert ends == sorted(ends)
    if report["bounds"]:
        assert report["bounds"][0] <= ends[0] and ends[-1] <= report["bounds"][1]


@pytest.mark.parametrize(
    "design", [design for design in DESIGNS if not design.heavy], ids=lambda case: case.name
)
def test_hostile_designs_get_an_answer_or_one_message(design, tmp_path):
    path = design.write(tmp_path)
    header, *lines = path.read_text("utf-8").splitlines()
    rows = [f"{line},{0.2 + 0.5 / (i + 2)}" for i, line in enumerate(lines)]
    path.write_text("\n".join([f"{header},own", *rows, ""]), "utf-8")
    asked = ("--kpi", "own", "--lower-is-better", "--bounds", "0:1", *TARGET, "--json")
    done = run("kpi", path, *asked)
    assert done.exit_code in (0, 2)
    assert (done.stdout == "") == (done.exit_code == 2)
    if done.exit_code == 0:
        report = json.loads(done.stdout, parse_constant=pytest.fail)
        assert report["usable"] == (report["predicted"] is not None)
