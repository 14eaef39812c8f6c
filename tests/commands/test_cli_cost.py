"""`scaling cost`: the numbers and words of Python, an example that runs, one message a fault."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hostile import HOSTILE, Hostile, as_parameters
from typer.testing import CliRunner

import scaling
from scaling.commands.cli import app
from scaling.laws.law import LossLaw

pytestmark = pytest.mark.filterwarnings("error")
N, D = (grid.ravel() for grid in np.meshgrid([1e7, 4e7, 1.6e8, 6.4e8], [4e8, 3e9, 2e10]))
OFF = 1 + 0.004 * np.resize([1, -1, -1, 1, 1], len(N))
LOSS = LossLaw(1.8, 150.0, 300.0, 0.27).predict(N, D) * OFF
SERVE = ("--tokens-in", "2B", "--tokens-out", "500M")
DEMAND = {"tokens_in": 2e9, "tokens_out": 5e8}
TOP = set(
    "wanted answer loss error task level law status loss_set count n_runs fix nonneg objective "
    "huber_delta demand prices origins reported unique_tokens lowest_loss choices "
    "least_total_if_the_law_holds mfu_out_moved order_if_the_law_holds break_even_tokens rows "
    "warnings".split()
)
ROW = set(
    "choice N D M loss lo hi law_lo law_hi usable D_needed flops_training flops_serving flops "
    "over_training money_training money_in money_out money money_least money_most epochs "
    "D_effective".split()
)

OF_ERROR = {"error", "error_lo", "error_hi"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    table = pd.DataFrame({"N": N, "D": D, "loss": LOSS, "err_t": 0.9 - 2 * np.exp(-0.6 * LOSS)})
    table.to_csv(tmp_path / "runs.csv", index=False)
    return tmp_path / "runs.csv"


def plain(value: Any) -> Any:
    """None for what is no number, as in JSON."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value


def run(*args: object) -> Any:
    return CliRunner().invoke(app, [str(arg) for arg in args])


@pytest.mark.parametrize(
    ("typed", "by_name"),
    [
        (("--loss", "2.4", *SERVE), {"loss": 2.4, **DEMAND}),
        (("--error", "0.45", *SERVE), {"error": 0.45, **DEMAND}),
        (("--budget", "1e21", *SERVE), {"budget": 1e21, **DEMAND}),
        (("--budget-money", "10K", *SERVE, "--days", "30"),
         {"budget_money": 1e4, "days": 30, **DEMAND}),
        (("--N", "1B", "--M", "20"), {"N": 1e9, "M": 20}),
        (("--loss", "2.4", *SERVE, "--unique-tokens", "20B", "--context", "8192", "--prices",
          "mfu_out=0.1,price_training=2", "--level", "0.5", "--law", "free"),
         {"loss": 2.4, "unique_tokens": 2e10, "context": 8192, "level": 0.5, "law": "free",
          "prices": "mfu_out=0.1,price_training=2", **DEMAND}),
    ],
)  # fmt: skip
def test_command_and_notebook_give_the_same_numbers_and_words(path, typed, by_name):
    answer = scaling.cost(path, **by_name)
    done = run("cost", path, *typed, "--json")
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout) == json.loads(json.dumps(plain(answer.report())))
    told = run("cost", path, *typed)
    assert told.stdout == f"{answer.text()}\n"
    assert told.stderr == "".join(f"warning: {line}\n" for line in answer.warnings)


def test_shape_of_cost(path):
    report = json.loads(run("cost", path, "--loss", "2.4", *SERVE, "--json").stdout)
    assert set(report) == TOP
    assert all(set(row) == ROW for row in report["choices"])
    assert all(len(row["D_needed"]) == 2 for row in report["choices"])
    page = (Path(__file__).parents[2] / "book" / "data_dictionary.md").read_text("utf-8")
    told = page.partition("## What `scaling cost --json` gives")[2].partition("\n## ")[0]
    assert {key for key in TOP | ROW | OF_ERROR if f"`{key}`" not in told} == set()
    report = json.loads(run("cost", path, "--error", "0.45", *SERVE, "--json").stdout)
    assert all(set(row) == ROW | OF_ERROR for row in report["choices"])


def test_the_example_of_the_help_runs_as_written(path, monkeypatch):
    text = run("cost", "--help").stdout
    (example,) = re.findall(r"^ +scaling (cost runs\.csv .*)$", text, re.M)
    monkeypatch.chdir(path.parent)
    done = run(*shlex.split(example))
    assert done.exit_code == 0, done.stderr
    assert "least total FLOPs" in done.stdout


def test_a_file_of_prices(path, tmp_path):
    own = tmp_path / "own.csv"
    own.write_text("name,value\ncurrency,CHF\nprice_training,1.5\nprice_serving,1.7\n", "utf-8")
    told = run("cost", path, "--loss", "2.4", *SERVE, "--prices", own).stdout
    assert f"price_training 1.5 CHF per accelerator-hour: {own}" in told
    assert "mfu_out 0.05 of peak: ours" in told


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("--loss", "1.2", *SERVE), "loss must be above the irreducible loss"),
        (("--loss", "9", *SERVE), "loss must be below"),
        (("--loss", "-2", *SERVE), "must be a finite number > 0"),
        (("--loss", "2.4", "--tokens-in", "0", "--tokens-out", "0"), "must not both be 0"),
        (("--loss", "2.4", "--tokens-in", "-5"), "must be a finite number >= 0"),
        (("--loss", "2.4", "--tokens-in", "0.00", "--tokens-out", "0e3"), "must not both be 0"),
        (("--error", "45%", *SERVE), "a fraction and not a percentage, got '45%'"),
        (("--loss", "2.4", *SERVE, "--task", "t"), "task goes with an error"),
        (("--N", "1B", "--M", "20", "--days", "never"), "days must be one number"),
        (("--loss", "2.4", *SERVE, "--prices", ""), "prices must name a file or read NAME=VALUE"),
        (("--loss", "2.4"), "say what is to be served"),
        (("--loss", "2.4", *SERVE, "--days", "never"), "days must be one number"),
        (("--loss", "2.4", *SERVE, "--prices", "price_serving=-2"), "0 or more, got -2"),
        (
            ("--loss", "2.4", *SERVE, "--prices", "nowhere.csv"),
            "nowhere.csv: there is no such file",
        ),
        (("--budget", "1e3", *SERVE), "budget must be at least"),
        (("--budget-money", "1e-12", *SERVE), "budget-money must be at least"),
        (("--loss", "2.4", "--error", "0.5", *SERVE), "give one of a loss, an error"),
        (SERVE, "give one of a loss, an error"),
        (("--error", "0.001", *SERVE), "out of reach"),
        (("--error", "0.45", "--task", "no", *SERVE), "task must name one error of the table: t"),
        (("--N", "1B", *SERVE), "give either D or M"),
        (("--loss", "2.1", *SERVE, "--unique-tokens", "100M"), "different tokens allow"),
        (("--loss", "2.4", *SERVE, "--law", "compute"), "does not weigh N against D"),
        (("--loss", "2.4", *SERVE, "--effective-tokens"), "effective"),
    ],
)
def test_what_cannot_be_had_is_one_message(path, typed, said):
    done = run("cost", path, *typed)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert said in " ".join(done.stderr.replace("│", " ").split())
    assert "Traceback" not in done.stderr


CASES = [case for case in HOSTILE if case.sound and not case.heavy]


@pytest.mark.parametrize("case", as_parameters(CASES))
@pytest.mark.parametrize(
    "typed", [("--loss", "2.5", *SERVE, "--unique-tokens", "50B"), ("--budget", "1e22", *SERVE)]
)
def test_any_sound_table_is_answered_or_refused_in_one_message(case: Hostile, typed, tmp_path):
    done = run("cost", case.write(tmp_path), *typed, "--json")
    assert done.exit_code in (0, 2), done.output
    assert (done.exit_code == 0) == bool(done.stdout), done.exception
    if done.exit_code == 0:
        choices = json.loads(done.stdout)["choices"]
        assert all(row["N"] > 0 and row["D"] > 0 for row in choices)
    else:
        assert done.stderr
        assert "Traceback" not in done.stderr
