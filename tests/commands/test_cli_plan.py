"""`scaling plan`: the numbers and words of Python, an example that runs, one message a fault."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hostile import DESIGNS
from places import ROOT
from typer.testing import CliRunner

import scaling
from scaling.commands.cli import app
from scaling.commands.console import _plain
from scaling.decide.plan import LEAST_GAIN
from scaling.decide.purchases import SHIPPED
from scaling.forecast.caution import FARTHEST_CHECKED
from scaling.tables.suspects import FEW_EPOCHS
from scaling.training.plan.spec import read_spec

RUNS = """\
run,N,D,loss
a,10.6M,211M,5.39
b,78.9M,1.58B,3.90
c,154M,3.07B,3.53
e,10.6M,3.38B,4.57
"""
TARGET = ("--N", "6.9B", "--M", "20")


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs.csv").write_text(RUNS)
    return tmp_path / "runs.csv"


def as_json(answer: Any) -> Any:
    """What an answer reports, read back from JSON."""
    return json.loads(json.dumps(_plain(answer.report())))


def run(*args: object) -> Any:
    return CliRunner().invoke(app, [str(arg) for arg in args])


@pytest.mark.parametrize(
    ("typed", "by_name"),
    [
        (("--budget", "2.4e19"), {"budget": 2.4e19}),
        (("--budget-hours", "50", "--step", "1.5"), {"budget_hours": 50, "step": 1.5}),
        (
            ("--budget-money", "100", "--prices", "price_training=5,mfu_training=.3,currency=EUR"),
            {
                "budget_money": 100,
                "prices": {"price_training": 5, "mfu_training": 0.3, "currency": "EUR"},
            },
        ),
        (
            ("--budget", "1e20", "--sizes", "20M:1B", "--multipliers", "10:80", "--most", "2"),
            {"budget": 1e20, "sizes": "20M:1B", "multipliers": (10, 80), "most": 2},
        ),
        (
            ("--budget", "1e20", "--warmup-tokens", "500M", "--tolerance", ".04", "--level", ".8"),
            {"budget": 1e20, "warmup_tokens": 5e8, "tolerance": 0.04, "level": 0.8},
        ),
        (("--budget", "1e20", "--unique-tokens", "1B"), {"budget": 1e20, "unique_tokens": 1e9}),
        (("--budget", "1e20", "--law", "tied"), {"budget": 1e20, "law": "tied"}),
        (("--budget", "1e20", "--law", "compute"), {"budget": 1e20, "law": "compute"}),
    ],
)  # fmt: skip
def test_the_command_gives_the_numbers_and_the_words_of_python(path, typed, by_name):
    answer = scaling.plan(path, N=6.9e9, M=20, **by_name)
    done = run("plan", path, *TARGET, *typed, "--json")
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout) == as_json(answer)
    told = run("plan", path, *TARGET, *typed)
    assert told.stdout == f"{answer.text()}\n"
    assert told.stderr == "".join(f"warning: {line}\n" for line in answer.warnings)


def test_the_target_has_the_names_that_predict_gives_it_and_the_older_ones(path):
    told = [
        run("plan", path, f"--{old}N", "6.9B", *size, "--budget", "1e20").stdout
        for old, size in (
            ("", ("--M", "20")),
            ("", ("--D", "138B")),
            ("target-", ("--target-M", "20")),
            ("target-", ("--target-D", "138B")),
        )
    ]
    assert len(set(told)) == 1
    assert told[0].startswith("loss at N = 6.9B, D = 138B")


def test_the_example_of_the_help_runs_as_written(path):
    text = run("plan", "--help").stdout
    (example,) = re.findall(r"^ *(scaling plan runs\.csv .*)$", text, flags=re.M)
    done = run(*shlex.split(example)[1:])
    assert done.exit_code == 0, done.stderr
    assert "then stop: " in done.stdout


def test_the_help_names_the_rule_that_is_shipped():
    text = " ".join(run("plan", "--help").stdout.split())
    assert f"over its FLOPs to the power {SHIPPED.kappa:g};" in text
    assert f"where no run takes {LEAST_GAIN:.0%} off;" in text


def test_what_json_holds_is_in_the_data_dictionary(path):
    page = (ROOT / "book" / "data_dictionary.md").read_text("utf-8")
    told = page.partition("## What `scaling plan --json` gives")[2].partition("\n## ")[0]
    report = json.loads(run("plan", path, *TARGET, "--budget", "1e20", "--json").stdout)
    first = json.loads(run("plan", "--from-scratch", *TARGET, "--budget", "1e20", "--json").stdout)
    listed = set(re.findall(r"`(\w+)`", told))
    for part in (report, report["runs"][0], report["before"], report["budget"], report["prices"],
                 report["candidates"], report["stop"], first, first["runs"][0],
                 first["checks"][0]):  # fmt: skip
        assert set(part) <= listed


def test_the_frame_and_the_json_agree(path):
    answer = scaling.plan(path, N="6.9B", M=20, budget="1e20")
    frame, report = answer.to_frame(), answer.report()
    assert len(frame) == 1 + len(report["runs"])
    assert frame["lo"].tolist()[1:] == pytest.approx([r["after"]["lo"] for r in report["runs"]])
    assert "<table" in answer._repr_html_()
    first = scaling.plan(None, N="6.9B", M=20, budget=1e20)
    assert "<table" in first._repr_html_()


def test_from_scratch_is_the_same_in_python(path):
    asked = ("--from-scratch", *TARGET, "--budget", "2.4e19")
    answer = scaling.plan(None, N="6.9B", M=20, budget=2.4e19)
    assert run("plan", *asked).stdout == f"{answer.text()}\n"
    told = json.loads(run("plan", *asked, "--json").stdout)
    assert told == as_json(answer)


@pytest.mark.parametrize("asked", [("runs.csv",), ("--from-scratch",)])
def test_the_specification_loads_and_lists_these_runs(path, asked):
    done = run("plan", *asked, *TARGET, "--budget", "3e19", "--write-spec", "grid.yaml", "--json")
    assert done.exit_code == 0, done.stderr
    assert "grid.yaml is written" in done.stderr
    spec = read_spec("grid.yaml")
    wanted = pd.DataFrame(json.loads(done.stdout)["runs"])
    assert sum(len(own) for own in spec.by_size) == len(wanted)
    prices = json.loads(done.stdout)["prices"]
    assert spec.hardware is not None
    assert spec.hardware.price_per_hour == prices["price_training"]
    assert spec.hardware.flops_per_second == prices["peak_training"] * prices["mfu_training"]
    priced = run("grid", "price", "grid.yaml")
    assert priced.exit_code == 2
    assert "`scaling grid prepare` makes a token file" in " ".join(priced.stderr.split())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("runs.csv", *TARGET, "--budget", "1e19", "--unique-tokens", "20M"),
         "--unique-tokens / --sizes / --multipliers: every run of the grid sees its tokens more "
         "than 4 times: the shortest takes 212M, got 20M different ones"),
        (("runs.csv", *TARGET, "--budget", "1e12"), "below the cheapest run of the grid"),
        (("runs.csv", *TARGET), "give one budget"),
        (("runs.csv", *TARGET, "--budget", "1e19", "--budget-money", "5"), "give one budget"),
        (("runs.csv", *TARGET, "--budget", "-3"), "must be a finite number > 0"),
        (("runs.csv", "--N", "6.9B", "--budget", "1e19"), "give either D or M"),
        (("runs.csv", "--N", "5M", "--M", "20", "--budget", "1e19"),
         "no more than the largest run"),
        (("runs.csv", *TARGET, "--budget", "1e19", "--sizes", "1B:1M"), "sizes must rise"),
        (("runs.csv", *TARGET, "--budget", "1e19", "--sizes", "small:large"), "sizes must be one"),
        (
            ("runs.csv", *TARGET, "--budget", "1e19", "--prices", "mfu_training=40"),
            "mfu_training must be a share",
        ),
        (("runs.csv", *TARGET, "--budget", "1e19", "--tolerance", "3"), "tolerance must be"),
        (("runs.csv", *TARGET, "--budget", "1e19", "--step", "1"), "step must be a factor"),
        (("--from-scratch", "runs.csv", *TARGET, "--budget", "1e19"), "--from-scratch without"),
        ((*TARGET, "--budget", "1e19"), "give a run table"),
        (("--from-scratch", *TARGET, "--budget", "1e10"), "the budget is too small"),
        (("missing.csv", *TARGET, "--budget", "1e19"), "missing.csv"),
        (("runs.csv", *TARGET, "--budget", "3e19", "--write-spec", "no/such/grid.yaml"),
         "cannot be written"),
        (("runs.csv", *TARGET, "--budget", "3e19", "--write-spec", "g.yaml", "--vocab", "9000000"),
         "no model with a vocabulary of 9000000"),
        (("runs.csv", *TARGET, "--budget-hours", "1e-6"),
         "--budget-hours: the budget, 1.4e12 FLOPs, 1e-06 accelerator-hours, $0.00, is below"),
    ],
)  # fmt: skip
def test_hostile_input_gets_one_message_and_nothing_on_stdout(path, arguments, said):
    done = run("plan", *arguments, "--json")
    assert done.exit_code == 2
    assert done.stdout == ""
    assert said in " ".join(re.sub(r"[│╭╮╰╯─]", " ", done.stderr).split())


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("--most", "0"), "must be a whole number of 1 or more, got '0'"),
        (("--most", "1.5"), "must be a whole number of 1 or more, got '1.5'"),
        (("--vocab", "1"), "must be a whole number of 2 or more, got '1'"),
        (("--D", "20,000"), "without a currency or commas, got '20,000'"),
        (("--D", "$20"), "without a currency or commas, got '$20'"),
        (("--tolerance", "5%"), "a fraction and not a percentage, got '5%'"),
    ],
)
def test_a_number_that_cannot_be_is_named(path, typed, said):
    done = run("plan", path, *TARGET, "--budget", "1e19", *typed)
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in " ".join(done.stderr.split())


def test_a_specification_takes_no_place_of_another_file(path):
    own = path.parent / "grid.yaml"
    own.write_text("mine\n", "utf-8")
    for spec in ("grid.yaml", ".", ""):
        done = run("plan", path, *TARGET, "--budget", "3e19", "--write-spec", spec)
        assert (done.exit_code, done.stdout) == (2, "")
        assert "is there already: name another file" in " ".join(done.stderr.split())
    assert own.read_text("utf-8") == "mine\n"


def test_a_plan_without_runs_writes_no_specification(path):
    asked = (path, *TARGET, "--budget", "3e19", "--tolerance", "0.99")
    assert "inside the tolerance" in run("plan", *asked).stdout
    done = run("plan", *asked, "--write-spec", "none.yaml")
    assert (done.exit_code, done.stdout) == (0, run("plan", *asked).stdout)
    assert "warning: the plan has no run to train: none.yaml is not written" in done.stderr
    assert not (path.parent / "none.yaml").exists()


def test_no_warm_up_may_be_said(path):
    done = run("plan", path, *TARGET, "--budget", "3e19", "--warmup-tokens", "0")
    assert done.stdout == run("plan", path, *TARGET, "--budget", "3e19").stdout


def test_two_runs_of_a_dataset_each_need_a_choice(path):
    pd.read_csv(path).assign(dataset=list("xxyy")).to_csv(path, index=False)
    assert run("plan", path, *TARGET, "--budget", "1e19").exit_code == 2
    done = run("plan", path, *TARGET, "--budget", "1e19", "--dataset", "x")
    assert done.exit_code == 0
    assert "from 2 runs: not to be told yet" in done.stdout


@pytest.mark.parametrize(
    "table", [design for design in DESIGNS if not design.heavy], ids=lambda table: table.name
)
def test_hostile_designs_get_a_plan_or_one_message(table, tmp_path):
    path = table.write(tmp_path)
    done = run("plan", path, "--N", "100B", "--M", "20", "--budget", "1e21", "--json")
    assert done.exit_code in (0, 2)
    assert (done.stdout == "") == (done.exit_code == 2)
    if done.exit_code == 0:
        assert json.loads(done.stdout)["stop"]["says"]


def test_the_help_names_how_far_was_tested_and_how_often_tokens_may_be_seen():
    text = " ".join(run("plan", "--help").stdout.split())
    assert f"beyond what was tested, {FARTHEST_CHECKED:g} times the largest" in text
    assert f"tokens seen more than {FEW_EPOCHS:g} times" in text
    assert f"no run sees them more than {FEW_EPOCHS:g} times" in text
