"""`scaling report`: the page and the words of Python, an example that runs, one message a fault."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from page import read_page
from typer.testing import CliRunner

import scaling
from scaling.commands.cli import app

RUNS = """\
run,N,D,loss,right
a,10.6M,211M,5.39,0.05
b,78.9M,1.58B,3.90,0.17
c,154M,3.07B,3.53,0.24
d,412M,8.23B,3.15,0.36
e,10.6M,3.38B,4.57,0.09
"""


@pytest.fixture(autouse=True)
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs.csv").write_text(RUNS)
    return tmp_path / "runs.csv"


def run(*args: object) -> Any:
    return CliRunner().invoke(app, ["report", *(str(arg) for arg in args)])


@pytest.mark.parametrize(
    ("typed", "by_name"),
    [
        ("--N 6.9B --M 20", {"N": 6.9e9, "M": 20}),
        ("--N 6.9B --D 138B --tolerance 0.1", {"N": 6.9e9, "D": 138e9, "tolerance": 0.1}),
        ("--budget-money 500 --law tied", {"budget_money": 500, "law": "tied"}),
        (
            "--tokens-in 2B --days 30 --prices mfu_out=0.1 --unique-tokens 10B",
            {"tokens_in": 2e9, "days": 30, "prices": {"mfu_out": 0.1}, "unique_tokens": 1e10},
        ),
        (
            "--kpi right --higher-is-better --kpi-items 5000 --level 0.95",
            {"kpi": "right", "higher_is_better": True, "kpi_items": 5000, "level": 0.95},
        ),
    ],
)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_command_writes_the_page_and_says_the_words_of_python(path, typed, by_name, language):
    answer = scaling.report(path, **by_name)
    done = run(path, "-o", "report.html", "--language", language, *shlex.split(typed))
    assert done.exit_code == 0, done.output
    assert Path("report.html").read_text("utf-8") == answer.html(language)
    assert done.stdout == "\n".join([*answer.sentences(language), ""])
    warned = [f"warning: {line}" for line in answer.warnings]
    assert done.stderr.splitlines() == [*warned, "report.html is written"]


def test_the_example_in_the_help_runs():
    text = " ".join(run("--help").stdout.split())
    (example,) = re.findall(r"scaling report runs\.csv .*?500M", text)
    done = CliRunner().invoke(app, shlex.split(example)[1:])
    assert done.exit_code == 0, done.output
    read_page(Path("report.html").read_text("utf-8"))


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "Missing option"),
        ("-o .", "is a folder"),
        ("-o missing/report.html", "make it first"),
        ("-o runs.csv", "is no report"),
        ("-o r.html --language fr", "must be one of en, ja, got 'fr'"),
        ("-o r.html --tolerance 1.5", "got 1.5"),
        ("-o r.html --days 3x --tokens-in 1B", "days"),
        ("-o r.html --N 6.9B", "give either D or M"),
        ("-o r.html --kpi right", "are better"),
        ("-o r.html --chance 0.5", "name its column"),
        ("-o r.html --kpi right --higher-is-better --lower-is-better", "are better"),
        ("-o r.html --items nothing.csv", "nothing.csv"),
        ("-o r.html --kpi right --items 1000", "for the KPI it is --kpi-items 1000"),
        ("-o r.html --items " + "1" * 300, "for the KPI it is"),
        ("-o r.html --prices mfu_out=2", "mfu_out"),
    ],
)
def test_what_cannot_be_is_one_message_and_no_file(path, typed, says):
    done = run(path, *shlex.split(typed))
    assert done.exit_code == 2
    assert done.stdout == ""
    assert says in " ".join(done.stderr.split())
    assert [each.name for each in path.parent.iterdir()] == ["runs.csv"]
    assert path.read_text() == RUNS
