"""What may be asked of a fit, on the command line as in Python: one number, or one sentence."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from inspect import signature
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.main import get_command
from typer.testing import CliRunner

import scaling
from scaling.commands.cli import app, cost
from scaling.commands.plan import plan
from scaling.costs.compute import VOCABULARY
from scaling.decide.candidates import STEP
from scaling.decide.cost_question import DAYS
from scaling.decide.plan_question import MOST
from scaling.forecast.selection import ChoiceError
from scaling.forecast.task_words import RULES
from scaling.forecast.words import BASELINES
from scaling.laws.law import LossLaw
from scaling.reports.words_en import WORDS
from scaling.training.plan.written import write_spec

N, D = (grid.ravel() for grid in np.meshgrid([1e7, 4e7, 1.6e8, 6.4e8], [4e8, 3e9, 2e10]))
LAW = LossLaw(1.8, 150.0, 300.0, 0.27)
OFF = 1 + 0.01 * np.resize([1, -1, -1, 1, 1], len(N))
RUNS = pd.DataFrame({"N": N, "D": D, "loss": LAW.predict(N, D) * OFF})
TARGET = {"N": 1e10, "D": 2e11}
ASKED = [
    (("--law", "compute"), {"law": "compute"}),
    (("--nonneg",), {"nonneg": True}),
    (("--level", "0.5"), {"level": 0.5}),
    (("--fix", "E=1.7"), {"fix": {"E": 1.7}}),
    (("--law", "tied", "--fix", "E=1.7", "--fix", "alpha=0.3"),
     {"law": "tied", "fix": {"E": 1.7, "alpha": 0.3}}),
    (("--law", "free", "--objective", "log"), {"law": "free", "objective": "log"}),
    (("--law", "tied", "--objective", "huber", "--huber-delta", "1e-6"),
     {"law": "tied", "objective": "huber", "huber_delta": 1e-6}),
]  # fmt: skip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    RUNS.assign(err_t=np.linspace(0.9, 0.5, len(N))).to_csv(tmp_path / "runs.csv", index=False)
    return tmp_path / "runs.csv"


def run(*args: object) -> Any:
    return CliRunner().invoke(app, [str(arg) for arg in args])


@pytest.mark.parametrize(
    ("command", "question", "named"),
    [
        (plan, scaling.plan, {"step": STEP, "most": MOST}),
        (cost, scaling.cost, {"days": DAYS}),
        (plan, write_spec, {"vocab": VOCABULARY}),
    ],
    ids=["plan", "cost", "vocab"],
)
def test_a_default_of_the_command_is_the_one_of_python(command, question, named):
    """The command starts without NumPy, and so cannot read it there."""
    typed, by_name = signature(command).parameters, signature(question).parameters
    for name, value in named.items():
        assert by_name[name].default == value
        assert float(typed[name].default) == value


@pytest.mark.parametrize(("typed", "by_name"), ASKED)
def test_every_question_takes_every_option_and_gives_the_numbers_of_python(path, typed, by_name):
    target = ("--N", "1e10", "--D", "2e11")
    for command, own, answer in (
        ("fit", (), scaling.fit(path, **by_name)),
        ("predict", target, scaling.predict(path, **TARGET, **by_name)),
        ("backtest", (), scaling.backtest(path, **by_name)),
        ("tasks", target, scaling.tasks(path, **TARGET, **by_name)),
    ):
        done = run(command, path, *own, *typed, "--json")
        assert done.exit_code == 0, done.stderr
        assert json.loads(done.stdout) == json.loads(json.dumps(plain(answer.report())))
        told = run(command, path, *own, *typed)
        assert told.stdout == f"{answer.text()}\n"
        warned = answer.odd_rows + answer.other_warnings
        assert told.stderr == "".join(f"warning: {line}\n" for line in warned)


def plain(value: Any) -> Any:
    """None for what is no number, as in JSON."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and not np.isfinite(value) else value


def test_what_is_held_shows_and_costs_no_degree_of_freedom(path):
    free, held = (json.loads(run("fit", path, "--law", "tied", "--json", *fix).stdout)
                  for fix in ((), ("--fix", "E=1.7")))  # fmt: skip
    assert held["dof"] == free["dof"] + 1
    assert held["fix"] == {"E": 1.7}
    assert held["coefficients"]["E"]["value"] == 1.7
    assert held["sigma_hat"] == pytest.approx(np.sqrt(held["ssr"] / held["dof"]))
    first = run("fit", path, "--fix", "E=1.7").stdout.splitlines()[0]
    assert first.endswith("prior on alpha, E = 1.7 held, 12 runs, status: converged")


def test_a_law_in_compute_asks_for_three_runs(tmp_path):
    few = tmp_path / "few.csv"
    RUNS.head(3).to_csv(few, index=False)
    report = json.loads(run("fit", few, "--law", "compute", "--json").stdout)
    assert list(report["coefficients"]) == ["E", "A", "alpha"]
    assert report["dof"] == 0
    RUNS.head(2).to_csv(few, index=False)
    refused = run("fit", few, "--law", "compute")
    assert "a law with 3 parameters needs at least 3 runs that differ in C, got 2" in refused.stderr


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("--fix alpha=0.3", "--law prior pulls its exponent, so alpha cannot be held: use --law"),
        ("--objective huber", "takes no objective huber: use --law tied, free or compute"),
        ("--huber-delta 0.1", "--huber-delta goes with --objective huber alone: add that"),
        ("--law tied --fix B=3", "fix must name one of E, alpha of this law, got 'B'"),
        ("--law compute --fix beta=0.3", "fix must name one of E, alpha of this law, got 'beta'"),
        ("--law tied --fix alpha=30", "fix: alpha must be from 0.001 to 5, got 30.0"),
        ("--fix E=-1", "fix: E must be finite and >= 0, got -1.0"),
        ("--fix E=4", "E is held at 4, but must lie below the lowest loss, 2."),
        ("--fix E", "must read NAME=VALUE, such as E=1.7, got 'E'"),
        ("--fix E=", "must read NAME=VALUE, such as E=1.7, got 'E='"),
        ("--fix E=1,7", "must read NAME=VALUE, such as E=1.7, got 'E=1,7'"),
        ("--fix E=1 --fix E=2", "holds a coefficient twice: give each name once"),
        ("--objective l1", "must be one of loss, log, huber, got 'l1'"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_one_sentence(path, typed, said):
    for command, own in (("fit", ()), ("predict", ("--N", "1e10", "--M", "20")), ("backtest", ()),
                         ("tasks", ())):  # fmt: skip
        done = run(command, path, *own, *typed.split())
        assert (done.exit_code, done.stdout) == (2, "")
        assert said in done.stderr
        assert done.stderr.count("\n") <= 4  # with the two lines of usage
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("one", "law", "fix", "held", "lost"),
    [
        ("D", "tied", {"E": 1.7, "alpha": 0.3}, {"alpha": 0.3}, ["E"]),
        ("D", "prior", {"E": 1.7}, {}, ["E"]),
        ("D", "free", {"alpha": 0.3, "beta": 0.2}, {"alpha": 0.3}, ["beta"]),
        ("N", "free", {"alpha": 0.3, "beta": 0.2}, {"alpha": 0.2}, ["alpha"]),
        ("M", "tied", {"E": 1.7, "alpha": 0.3}, {"E": 1.7, "alpha": 0.3}, []),
        ("M", "prior", {"E": 1.7}, {"E": 1.7}, []),
        ("M", "free", {"alpha": 0.3}, {}, ["alpha"]),
    ],
)
def test_along_a_line_is_held_what_means_the_same_there(one, law, fix, held, lost):
    """E of runs of one D would hold what the tokens leave; at one M a free law has two powers."""
    sizes = np.geomspace(1e7, 1e9, 6)
    N_own, D_own = {"D": (sizes, np.full(6, 1e10)), "N": (np.full(6, 1e8), 20 * sizes),
                    "M": (sizes, 20 * sizes)}[one]  # fmt: skip
    loss = LAW.predict(N_own, D_own) * OFF[:6]
    fitted = scaling.fit(pd.DataFrame({"N": N_own, "D": D_own, "loss": loss}), law=law, fix=fix)
    assert {name: fitted.fitted.fit.law.coefficients[name] for name in held} == held
    assert fitted.fitted.fit.dof == 3 + len(held)
    said = [line for line in fitted.warnings if "not along their line" in line]
    assert said == [f"{name} is held in the law asked for, not along their line" for name in lost]


def test_python_names_the_options_concerned():
    with pytest.raises(ChoiceError) as refused:
        scaling.fit(RUNS, objective="huber")
    assert refused.value.about == ("law", "objective")


def helps_of(command: Any) -> Iterator[str]:
    """Help of a command, of what it takes, and of the commands under it."""
    yield from (one.help for one in (command, *command.params) if getattr(one, "help", None))
    for below in getattr(command, "commands", {}).values():
        yield from helps_of(below)


def test_what_is_printed_has_the_words_of_the_glossary():
    """Last run, two-point line, largest run and error; not the names of columns and code."""
    said = [*helps_of(get_command(app)), *WORDS.values(), *RULES.values(), BASELINES]
    assert len(said) > 200
    own = re.compile(r"\b(no change|rulers?|dear(er|est)?|chain|miss(es|ed)?)\b", re.IGNORECASE)
    assert [text for text in said if own.search(re.sub(r"\{\w+\}", "", text))] == []
