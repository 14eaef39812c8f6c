"""`scaling template`: filled in, every question takes it; untouched, each says what to do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from scaling.commands.cli import app
from scaling.tables.template import COLUMNS, write_template

FIVE = (
    "a,10.6M,211M,5.39\nb,78.9M,1.58B,3.90\nc,154M,3.07B,3.53\nd,412M,8.23B,3.15\n"
    "e,10.6M,3.38B,4.57\n"
)
TARGET = ("--N", "6.9B", "--M", "20")


def run(*args: object) -> Any:
    return CliRunner().invoke(app, [str(arg) for arg in args])


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What ``scaling template > runs.csv`` leaves."""
    monkeypatch.chdir(tmp_path)
    done = run("template")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == write_template()
    (tmp_path / "runs.csv").write_text(done.stdout)
    return tmp_path / "runs.csv"


def test_filled_in_it_is_checked_and_predicted_from(path):
    path.write_text(path.read_text() + FIVE)
    checked = run("check", "runs.csv")
    assert (checked.exit_code, checked.stderr) == (0, "")
    assert checked.stdout.startswith("runs.csv: 5 runs, sound\n")
    predicted = json.loads(run("predict", "runs.csv", *TARGET, "--json").stdout)
    plain = path.with_name("plain.csv")
    plain.write_text(f"run,N,D,loss\n{FIVE}")
    assert predicted == json.loads(run("predict", plain, *TARGET, "--json").stdout)
    assert predicted["status"] == "converged"


@pytest.mark.parametrize(
    "asked", [("check",), ("fit",), ("predict", *TARGET), ("backtest",), ("tasks",)]
)
def test_untouched_it_gets_one_message(path, asked):
    command, *others = asked
    done = run(command, "runs.csv", *others)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "no runs: write them below it, one a row" in done.stderr


def test_json_lists_the_columns():
    listed = json.loads(run("template", "--json").stdout)
    assert listed == [column._asdict() for column in COLUMNS]
