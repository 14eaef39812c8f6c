"""The command line: every table gets an answer with a status, or one message and exit code 2."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hostile import GOOD, HOSTILE, Hostile, as_parameters, many_rows
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from places import ROOT
from typer.testing import CliRunner

from scaling.commands.cli import app
from scaling.forecast.advice import warn_of_design, warn_of_fit
from scaling.forecast.fitted import fit_table
from scaling.forecast.residuals import percent
from scaling.laws.fit import STATUSES, fit_error_law, fit_loss_law
from scaling.laws.law import ErrorLaw, LossLaw, LossSurface
from scaling.laws.prior import fit_with_prior, load_belief
from scaling.studies.recipe import fit_chain
from scaling.testbed.runs import run_table, select_error_fit, select_loss_fit, select_small

pytestmark = pytest.mark.filterwarnings("error")  # numpy's warnings too: none may reach a reader

# No process can be given a name with a zero byte.
CASES = [case for case in HOSTILE if "\0" not in case.filename]
TARGET = ("--N", "6.9B", "--M", "20")
TIED = ("--law", "tied")  # exact where a law is planted: it has no prior
COMMANDS = {"check": (), "fit": (), "predict": TARGET, "backtest": ()}
steady = settings(suppress_health_check=list(HealthCheck))
FEW = "at least 4 runs that differ in (N, D), got {}; `scaling plan` says which to add"
# Sound tables that cannot be fitted as they stand, and what is said about them.
REFUSED = {
    "spaces round cells": FEW.format(1),
    "one run": FEW.format(1),
    "two runs": FEW.format(2),
    "three runs for four parameters": FEW.format(3),
    "one design many times": FEW.format(1),
    "counts in billions": FEW.format(2),
    "ends before its warm-up": FEW.format(2),
    "less than one batch": FEW.format(1),
    "data set spelled in two ways": "dataset must be named, one of 'c4', 'C4'",
    "a data set per run": "dataset must be named, one of 'a', 'b', 'c', 'd', 'e', 'f'",
    "loss sets in part": "loss set must be named, one of 'loss_a', 'loss_b'",
}
ONE_SIZE = "a backtest needs at least 2 sizes (distinct N), got 1"
TOO_FEW = (
    "no size can be predicted from the smaller ones: a law with 4 parameters needs at least 4 runs"
)
NO_BACKTEST = {
    **dict.fromkeys(
        ("one run", "one size only", "spaces round cells", "one design many times"), ONE_SIZE
    ),
    "less than one batch": ONE_SIZE,
    "two runs": f"{TOO_FEW} that differ in (N, D), got 1",
    "three runs for four parameters": f"{TOO_FEW} that differ in (N, D), got 2",
    "four runs for four parameters": f"{TOO_FEW} that differ in (N, D), got 3",
    "counts spelled with letters": f"{TOO_FEW} that differ in (N, D), got 3",
    "counts in billions": f"{TOO_FEW} that differ in (N, D), got 1",
    "counts at the limit": f"{TOO_FEW} that differ in (N, D), got 2",
    "ends before its warm-up": f"{TOO_FEW} that differ in (N, D), got 1",
}
REFUSALS = {"check": {}, "fit": REFUSED, "predict": REFUSED, "backtest": REFUSED | NO_BACKTEST}
ENTRY = "run fit_sizes predicted actual relative_error lo hi inside status no_change line".split()
A_LEVEL = "must be above 0 and below 1, as 0.9 for nine cases of ten"
EXPECTED = {
    "no last line end": "converged",
    "error constant": "converged",
    "four runs for four parameters": "saturated",
    "losses at random": "wrong_sign",
    "loss above 20 nats": "wrong_sign",
    "one size only": "unidentified",
    "one ray only": "unidentified",
    "constant loss": "unidentified",
    "counts at the limit": "unidentified",
}


def run(*arguments: object) -> tuple[int, str, str]:
    """Run a command in this process and give exit code, stdout and stderr.

    Whatever is asked, the code is 0 or 2, and on 2 only stderr speaks.
    """
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code in (0, 2)
    if done.exit_code == 2:
        assert done.stdout == ""
        assert done.stderr.strip()
    return done.exit_code, done.stdout, done.stderr


def answer(*arguments: object) -> object:
    """Run a command with ``--json`` and give what it says, in strict JSON."""
    code, out, err = run(*arguments, "--json")
    assert code == 0
    assert not err or arguments[0] == "backtest"  # its list has no place for warnings
    return json.loads(out, parse_constant=lambda token: pytest.fail(f"{token} is no JSON"))


def refusal(*arguments: object) -> str:
    """Run a command that must refuse, plain and with ``--json``, and give its last line."""
    code, _, err = run(*arguments)
    assert (code, "", err) == run(*arguments, "--json")
    assert code == 2
    return err.splitlines()[-1]


def run_apart(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own, with RuntimeWarning as an error."""
    return subprocess.run(
        [
            sys.executable,
            "-W",
            "error::RuntimeWarning",
            "-m",
            "scaling.commands.cli",
            *map(str, arguments),
        ],
        capture_output=True,
        check=False,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        encoding=environment.get("PYTHONIOENCODING", "utf-8"),
    )


@pytest.fixture
def write(tmp_path: Path):
    """Write a table, given as text, as columns or as a frame, and give its path."""

    def write_table(table: str | dict[str, object] | pd.DataFrame, name: str = "runs.csv") -> Path:
        text = table if isinstance(table, str) else pd.DataFrame(table).to_csv(index=False)
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write_table


TRUTH = LossLaw(1.8, 180.0, 220.0, 0.25)
N = np.array([1e7, 4e7, 1.6e8, 4e8, 1e7, 4e7, 1.6e8])
D = N * np.array([20, 20, 20, 20, 320, 160, 80])


def planted(law: LossLaw | LossSurface = TRUTH, **columns: object) -> dict[str, object]:
    """Give noise-free runs of a law, with further columns."""
    return {"N": N, "D": D, "loss": law.predict(N, D)} | columns


# --- hostile tables -----------------------------------------------------------------------


@pytest.mark.parametrize("case", as_parameters(CASES))
def test_hostile_table(case: Hostile, tmp_path: Path) -> None:
    """Every command refuses a faulty table with all its faults, and answers a sound one."""
    path = case.write(tmp_path)
    for command, target in COMMANDS.items():
        if case.sound and case.name not in REFUSALS[command]:
            on_the_line = command == "predict" and case.name == "one ray only"
            assert_answers(command, path, None if on_the_line else EXPECTED.get(case.name))
            continue
        code, _, err = run(command, path, *target)
        assert (code, "", err) == run(command, path, *target, "--json")
        assert code == 2
        if case.sound:
            assert err.rstrip().endswith(REFUSALS[command][case.name])
        else:
            assert_names_all_faults(err.splitlines(), path, case)


def assert_answers(command: str, path: Path, status: str | None) -> None:
    """Assert that a command answers, plain and as JSON, with the expected status."""
    code, out, _ = run(command, path, *COMMANDS[command])
    assert code == 0
    report = answer(command, path, *COMMANDS[command])
    if command == "backtest":
        assert_held_out(report, out)
        return
    assert isinstance(report, dict)
    if command == "check":
        n, flagged = report["n_runs"], len(report["flags"])
        runs = f"{n} run{'s' * (n > 1)}"
        said = f"readable, {flagged} of {runs} look" if flagged else f"{runs}, sound"
        assert said in out.splitlines()[0]
        return
    assert report["status"] in ([status] if status else STATUSES)
    assert f"status: {report['status']}" in out


def assert_held_out(entries: object, out: str) -> None:
    """Assert that a backtest is a list of complete entries, and that the text has them all."""
    assert isinstance(entries, list)
    assert entries
    for entry in entries:
        assert list(entry) == ENTRY
        numbers = [entry[name] for name in ("predicted", "actual", "relative_error")]
        assert all(isinstance(number, float) for number in [*numbers, entry["no_change"]])
        assert isinstance(entry["line"], float | None)  # none where it leaves what a float holds
        assert_bet(entry)
        assert entry["status"] in STATUSES
        assert entry["fit_sizes"] == sorted(entry["fit_sizes"])
        assert entry["fit_sizes"]
    lines = out.splitlines()
    held_out = f"all {len(entries)} runs" if len(entries) > 1 else "the one run"
    assert lines[-3].startswith(f"{held_out} held out: mean error ")
    assert lines[-2].startswith("nearest: law in ")
    bets = [entry["inside"] for entry in entries if entry["inside"] is not None]
    if bets:
        assert lines[-1].startswith(f"{sum(bets)} of {len(bets)} lie")
    rest = len(entries) - len(bets)
    assert lines[-1].endswith("not to be used, without an interval" if rest else "bet on (90%)")
    assert lines[0].startswith(
        "Each size is predicted from the smaller ones alone. Baselines: last"
    )
    assert len(lines) in (len(entries) + 6, len(entries) + 7)


def assert_bet(entry: dict[str, Any]) -> None:
    """Assert that a held-out run lies inside or not, or that there was nothing to bet on."""
    if entry["inside"] is None:
        assert entry["lo"] is entry["hi"] is None
        return
    assert entry["lo"] <= entry["predicted"] <= entry["hi"]
    assert entry["inside"] is (entry["lo"] <= entry["actual"] <= entry["hi"])


def assert_names_all_faults(lines: list[str], path: Path, case: Hostile) -> None:
    """Assert that each fault has its line, with row, column, value and rule."""
    n_faults = len(case.faults)
    assert lines[n_faults:] == ([f"{n_faults} faults"] if n_faults > 1 else [])
    for line, (row, column, value, rule) in zip(lines, case.faults, strict=False):
        place = [repr(path.name)[1:-1]] + [f"row {row}"] * (row is not None)
        if column is not None:
            plain = column.isprintable() and column == column.strip()
            place.append(f"column {column if plain else repr(column)}")
        assert all(part in line for part in [*place, repr(value)[1:-1], rule])
        assert line.isprintable()


@pytest.mark.parametrize("n_sizes", [10, pytest.param(1000, marks=pytest.mark.slow)])
def test_a_million_runs_are_fitted(tmp_path: Path, n_sizes: int) -> None:
    """A million runs, or a hundredth of them, get the law that made them."""
    path = tmp_path / "runs.csv"
    path.write_bytes(many_rows(n_sizes))
    report = answer("fit", path)
    assert (report["n_runs"], report["status"]) == (1000 * n_sizes, "converged")
    assert report["coefficients"]["alpha"]["value"] == pytest.approx(0.25, rel=1e-3)


@pytest.mark.parametrize("law", ["tied", "free"])
@pytest.mark.parametrize("factor", [5e-324, 1e-310, 1e-300, 1e-150, 1e28 / 3])
def test_extreme_losses_have_an_answer(write, law: str, factor: float) -> None:
    """Losses at either end of what a float holds give a status, in the loss and in the errors."""
    errors = {"err_a": 0.9 - 0.1 * N / D, "err_b": np.linspace(0.1, 0.9, 7) ** 3}
    path = write({"N": N, "D": D, "loss": factor * (1 + np.arange(7)), **errors})
    report = answer("predict", path, *TARGET, "--law", law)
    assert report["status"] in STATUSES
    assert all(report["errors"][task]["status"] in STATUSES for task in "ab")
    assert answer("fit", path, "--law", law)["status"] == report["status"]


def test_losses_that_hardly_differ_have_an_answer(write) -> None:
    """Losses that differ in their last bits leave the error law unidentified or at a bound."""
    for loss in (3.0, 300.0, 3e4):
        steps = loss * (1 + np.arange(7) * 2.0**-52)
        path = write({"N": N, "D": D, "loss": steps, "err_a": np.linspace(0.9, 0.1, 7) ** 3})
        entry = answer("predict", path, *TARGET)["errors"]["a"]
        assert entry["status"] in ("unidentified", "at_bound")


def test_scale_of_the_losses_changes_no_status(write) -> None:
    """A law in units of 1e-290 or 1e29 nats is the same law."""
    for factor in (1e-290, 1e29):
        report = answer(
            "predict", *TIED, write(planted(loss=factor * TRUTH.predict(N, D))), *TARGET
        )
        assert report["status"] == "converged"
        expected = factor * TRUTH.predict(6.9e9, 138e9)
        assert report["loss"] == pytest.approx(expected, rel=1e-9)


def test_one_parameter_and_one_token(write) -> None:
    """The smallest counts of all are runs and targets like any other."""
    path = write(planted(N=[1, 1, 1, 2, 4, 8, 16], D=[1, 2, 4, 1, 2, 4, 8]))
    report = answer("predict", path, "--N", "1", "--D", "1")
    assert report["status"] in STATUSES
    assert report["extrapolation"]["compute_ratio"] == 1 / 128


# --- designs ------------------------------------------------------------------------------


@pytest.mark.parametrize(("law", "needed"), [("tied", 4), ("free", 5)])
def test_too_few_runs_say_how_many_are_needed(write, law: str, needed: int) -> None:
    """Fewer distinct runs than parameters: the message has both numbers. One more is an answer."""
    for n_runs in range(needed):
        table = pd.DataFrame(planted()).head(n_runs + 3).rename(columns={"loss": "loss_a"})
        table.loc[n_runs:, "loss_a"] = np.nan
        path = write(table.assign(loss_b=3.0))
        for command in ("fit", "predict"):
            said = refusal(command, path, *COMMANDS[command], "--law", law, "--loss-set", "a")
            assert said == (
                f"{path}: a law with {needed} parameters needs at least {needed} runs that "
                f"differ in (N, D), got {n_runs}; `scaling plan` says which to add"
            )
    enough = answer("fit", write(pd.DataFrame(planted()).head(needed)), "--law", law)
    assert enough["status"] in ("saturated", "unidentified", "wrong_sign", "at_bound")
    assert (enough["dof"], enough["sigma_hat"]) == (0, None)


@pytest.mark.parametrize("n_sizes", range(4, 9))
@pytest.mark.parametrize("M", [5.0, 20.0, 320.0])
def test_one_ray_predicts_along_the_ray(write, n_sizes: int, M: float) -> None:
    """With one M the coefficients are lost; predictions at that M are not."""
    sizes = np.geomspace(1e7, 1e9, n_sizes)
    path = write({"N": sizes, "D": M * sizes, "loss": TRUTH.predict(sizes, M * sizes)})
    report = answer("predict", *TIED, path, "--N", "6.9B", "--M", M)
    assert report["usable"]
    assert report["loss"] == pytest.approx(TRUTH.predict(6.9e9, M * 6.9e9), rel=1e-6)
    assert any("cannot tell the coefficients apart" in text for text in report["warnings"])
    assert report["extrapolation"]["M_inside"]
    off = answer("predict", *TIED, path, "--N", "6.9B", "--M", 4 * M)
    assert (off["status"], off["usable"]) == ("unidentified", False)
    assert off["doubt"].startswith("all runs have one D/N: what other tokens per parameter bring")
    fitted = answer("fit", *TIED, path)
    assert (fitted["status"], fitted["reduced"]["shared"]) == ("unidentified", "D/N")
    assert fitted["reduced"]["dof"] == n_sizes - 3
    expected = {"E": 1.8, "A": 180.0 + 220.0 * M**-0.25, "alpha": 0.25}
    found = {name: c["value"] for name, c in fitted["reduced"]["coefficients"].items()}
    assert found == pytest.approx(expected, rel=1e-4)


def test_one_size_predicts_at_that_size(write) -> None:
    """With one N the coefficients are lost; predictions at that N are not."""
    tokens = np.geomspace(1e8, 1e11, 6)
    path = write({"N": 1e8, "D": tokens, "loss": TRUTH.predict(1e8, tokens)})
    report = answer("predict", *TIED, path, "--N", "100M", "--D", "1T")
    assert (report["status"], report["usable"]) == ("converged", True)
    assert report["loss"] == pytest.approx(TRUTH.predict(1e8, 1e12), rel=1e-6)
    off = run("predict", path, *TARGET)[1].splitlines()[0]
    assert off.endswith("used: all runs have one N: what more parameters bring is not known")
    _, _, err = run("fit", *TIED, path)
    assert err.startswith("warning: the runs cannot tell the coefficients apart")


def test_no_design_makes_numpy_warn() -> None:
    """Noisy runs on one ray, where all products of the scan cancel, are fitted in silence."""
    rng = np.random.default_rng(0)
    for _ in range(300):
        sizes = 10 ** rng.uniform(6.5, 10.5, 9)
        fit = fit_loss_law(sizes, 20 * sizes, TRUTH.predict(sizes, 20 * sizes) + rng.random(9) / 9)
        assert fit.status in STATUSES


# --- options ------------------------------------------------------------------------------


@pytest.mark.parametrize("option", ["--N", "--D", "--M"])
@pytest.mark.parametrize(
    "text",
    [
        *(
            "abc",
            "",
            "-1",
            "0",
            "-0",
            "nan",
            "inf",
            "1e999",
            "1,000",
            "6,9",
            "1,2B",
            "20%",
            "6.9G",
            "0x10",
        ),
        *("１２", "two\nlines", "\x1b[2J", "9" * 99 + "x"),
    ],
)
def test_numbers_that_are_none(write, option: str, text: str) -> None:
    """One line names option, rule and value, whatever the value holds."""
    arguments = dict([TARGET[:2], TARGET[2:] if option == "--N" else (option, "20B")])
    arguments[option] = text
    options = [f"{name}={value}" for name, value in arguments.items()]
    said = refusal("predict", write(GOOD), *options)
    rule = "must be a finite number > 0, written like 6.9e9 or 6.9B"
    grouped = text == "1,000"  # in thousands; else a comma stands for a point
    rule += ", without a currency or commas" * grouped
    rule += ", with a decimal point" * ("," in text and not grouped)
    rule += ", a fraction and not a percentage" * ("%" in text)
    shown = repr(text[:60] + "…" if len(text) > 60 else text)
    assert said == f"Error: Invalid value for '{option}': {rule}, got {shown}"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--N", "6.9B"), "for --D / --M: give either D or M"),
        (("--N", "6.9B", "--D", "1T", "--M", "20"), "for --D / --M: give either D or M"),
        (("--N", "1e31", "--M", "20"), "N must be from 1 to 1e+30, got 1e+31"),
        (("--N", "0.5", "--M", "20"), "N must be from 1 to 1e+30, got 0.5"),
        (("--N", "1e20", "--M", "1e11"), "D must be from 1 to 1e+30, got 1e+31"),
        (("--N", "1e200", "--D", "1e200"), "N must be from 1 to 1e+30, got 1e+200"),
        (("--N", "1", "--M", "1e-300"), "D must be from 1 to 1e+30, got 1e-300"),
        (("--M", "20"), "Missing option '--N'"),
        (
            (*TARGET, "--law", "wild"),
            "'--law': must be one of prior, tied, free, compute, got 'wild'",
        ),
        (
            (*TARGET, "--law", "Best"),
            "'--law': must be one of prior, tied, free, compute, got 'Best'",
        ),
        ((*TARGET, "--count", "n"), "'--count': must be one of N, N_body, got 'n'"),
        *(
            ((*TARGET, f"--level={text}"), f"for --level: level {A_LEVEL}, got {text!r}")
            for text in ("90", "0", "1", "-0.9", "nan", "90%", "0,9", "")
        ),
        ((*TARGET, "--level", "9" * 99), f"level {A_LEVEL}, got {'9' * 60 + '…'!r}"),
        ((*TARGET, "more.csv"), "unexpected extra argument"),
    ],
)
def test_targets_that_are_none(write, options: tuple[str, ...], said: str) -> None:
    """What cannot be a target, or is no option, is refused in one line."""
    assert said in refusal("predict", write(GOOD), *options)


@pytest.mark.parametrize("N_text", ["6.9e9", "6.9B", "6900M", "6900000000", "+6.9e+9", " 6.9b "])
def test_spellings_of_one_target(write, N_text: str) -> None:
    """All spellings of a number give the same answer, and D says what M says."""
    path = write(GOOD)
    expected = answer("predict", path, "--N", "6.9e9", "--D", "138e9")
    assert answer("predict", path, "--N", N_text, "--M", "20") == expected


@steady
@given(st.text(max_size=12) | st.from_regex(r"[+-]?[0-9.eE]{1,9}[KMBT]?", fullmatch=True))
def test_any_number_is_read_or_refused(text: str) -> None:
    """Any text as a number gives an answer, or one line that says why not."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "runs.csv")
        path.write_text(GOOD)
        code, out, err = run("predict", path, f"--N={text}", "--M", "20", "--json")
    assert json.loads(out)["status"] == "converged" if code == 0 else "Invalid value" in err


@pytest.mark.parametrize("arguments", [(), ("fit",), ("predict", "--N", "1"), ("no-such",)])
def test_nothing_to_do_is_refused(arguments: tuple[str, ...]) -> None:
    """Without a command or a table there is help or a message, and exit code 2."""
    assert run(*arguments)[0] == 2


def test_several_datasets_need_a_name(write) -> None:
    """None named, or a wrong one: the message lists them. The right one is used alone."""
    own = pd.DataFrame(planted(dataset="ours"))
    other = pd.DataFrame(planted(LossLaw(2.5, 90.0, 300.0, 0.2), dataset="theirs"))
    path = write(pd.concat([own, other]))
    for command, target in [("fit", ()), ("predict", TARGET)]:
        said = refusal(command, path, *target)
        assert said.endswith("dataset must be named, one of 'ours', 'theirs'")
        said = refusal(command, path, *target, "--dataset", "Ours")
        assert said.endswith("dataset must be one of 'ours', 'theirs', got 'Ours'")
        assert "Invalid value for --dataset" in said
    report = answer("fit", *TIED, path, "--dataset", "theirs")
    assert (report["dataset"], report["n_runs"]) == ("theirs", 7)
    assert report["coefficients"]["E"]["value"] == pytest.approx(2.5, rel=1e-6)
    assert answer("check", path)["datasets"] == ["ours", "theirs"]
    assert answer("fit", *TIED, write(own))["dataset"] == "ours"
    assert answer("fit", *TIED, write(planted()))["dataset"] is None


def test_several_loss_sets_need_a_name(write) -> None:
    """None named, or a wrong one: the message lists them. `loss` and a sole set are defaults."""
    table = pd.DataFrame(planted()).rename(columns={"loss": "loss_a"}).assign(loss_b=3.0)
    path = write(table)
    for command, target in [("fit", ()), ("predict", TARGET)]:
        said = refusal(command, path, *target)
        assert said.endswith("loss set must be named, one of 'loss_a', 'loss_b'")
        said = refusal(command, path, *target, "--loss-set", "c")
        assert said.endswith("loss set must be one of 'loss_a', 'loss_b', got 'c'")
    assert answer("fit", path, "--loss-set", "a") == answer("fit", path, "--loss-set", "loss_a")
    assert answer("fit", path, "--loss-set", "b")["status"] == "unidentified"
    assert answer("fit", write(table.drop(columns="loss_b")))["loss_set"] == "loss_a"
    assert answer("fit", write(table.assign(loss=3.0)))["loss_set"] == "loss"


def test_missing_losses_are_left_out_and_counted(write) -> None:
    """Runs without the loss are not fitted; the report says how many there were."""
    table = pd.DataFrame(planted()).rename(columns={"loss": "loss_a"}).assign(loss_b=3.0)
    table.loc[[1, 4], "loss_a"] = np.nan
    path = write(table)
    for command, target in [("fit", ()), ("predict", TARGET)]:
        report = answer(command, path, *target, "--loss-set", "a")
        assert (report["n_runs"], report["left_out"]) == (5, 2)
        _, _, err = run(command, path, *target, "--loss-set", "a")
        assert "warning: 2 runs without loss_a were left out" in err.splitlines()


def test_count_says_in_which_parameters_the_law_is_written(write) -> None:
    """``--count N_body`` fits and extrapolates in that count, which all runs must have."""
    body = N - 5e6
    path = write(planted(loss=TRUTH.predict(body, D), N_body=body))
    report = answer("predict", *TIED, path, "--N", "6.9B", "--D", "138B", "--count", "N_body")
    assert report["count"] == "N_body"
    assert report["loss"] == pytest.approx(TRUTH.predict(6.9e9, 138e9), rel=1e-6)
    assert report["extrapolation"] == {
        "compute_ratio": pytest.approx(6.9e9 * 138e9 / (body * D).max()),
        "N_ratio": pytest.approx(6.9e9 / body.max()),
        "M_inside": False,
    }
    coefficients = answer("fit", *TIED, path, "--count", "N_body")["coefficients"]
    assert coefficients["alpha"]["value"] == pytest.approx(0.25, rel=1e-6)
    assert "needs a column N_body" in refusal("fit", write(GOOD), "--count", "N_body")
    part = planted(N_body=[1e6, *[None] * 6])
    assert "not empty 6 times" in refusal("fit", write(part), "--count", "N_body")


# --- the shape of the answers -------------------------------------------------------------


def test_shape_of_check(write) -> None:
    """`check` tells what the file holds, and every flag."""
    path = write(
        planted(
            run=list("abcdefg"),
            err_t=0.5,
            loss_s=planted()["loss"],
            flags=["", "ours", *[""] * 5],
        )
    )
    assert answer("check", path) == {
        "file": str(path),
        "n_runs": 7,
        "datasets": [],
        "losses": ["loss", "loss_s"],
        "errors": ["err_t"],
        "unused": [],
        "series": [{"dataset": None, "n_runs": 7, "enough_for": ["fit", "predict", "backtest"]}],
        "flags": [{"run": "b", "flags": "ours"}],
        "warnings": [],
    }
    _, out, _ = run("check", path)
    assert out.splitlines()[1:] == [
        "flag: b: ours",
        "N 10M to 400M, D 200M to 12.8B, M 20 to 320",
        "enough for fit, predict, backtest",
        "that holds without the odd run; `scaling predict --without-flagged` leaves it out",
        "losses: loss, loss_s",
        "errors: err_t",
    ]


@pytest.mark.parametrize(
    ("law", "truth"), [("tied", TRUTH), ("free", LossSurface(1.8, 180.0, 400.0, 0.25, 0.29))]
)
def test_shape_of_fit(write, law: str, truth: LossLaw | LossSurface) -> None:
    """`fit` gives coefficients with their intervals, residual and status."""
    report = answer("fit", write(planted(truth)), "--law", law)
    coefficients = report.pop("coefficients")
    ssr, sigma, share = (report.pop(name) for name in ("ssr", "sigma_hat", "residual_share"))
    assert report == {
        "law": law,
        "dataset": None,
        "loss_set": "loss",
        "count": "N",
        "n_runs": 7,
        "left_out": 0,
        "flagged_out": 0,
        "dof": 7 - len(coefficients),
        "level": 0.9,
        "status": "converged",
        "fix": {},
        "nonneg": False,
        "objective": "loss",
        "huber_delta": None,
        "prior": None,
        "rows": {
            "not_last_of_run": 0,
            "not_best_of_cell": 0,
            "weighed": False,
            "effective_tokens": False,
            "spread": None,
            "spread_dof": 0,
        },
        "reduced": None,
        "warnings": [],
    }
    assert 0 <= share < 1e-10
    assert list(coefficients) == ["E", "A", "B", "alpha", "beta"][: 4 + (law == "free")]
    for name, entry in coefficients.items():
        assert list(entry) == ["value", "lo", "hi"]
        assert entry["lo"] < entry["value"] < entry["hi"]
        assert entry["value"] == pytest.approx(getattr(truth, name), rel=1e-5)
    assert 0 <= ssr < 1e-20
    assert sigma == pytest.approx((ssr / report["dof"]) ** 0.5)


def test_prior_is_the_fit_with_the_shipped_prior(write) -> None:
    """`--law prior` gives the law of `fit_with_prior`, and its residual in nats as for any law."""
    path = write(planted(loss=TRUTH.predict(N, D) * (1 + 0.01 * np.cos(np.arange(7)))))
    report, forecast = (
        answer("fit", path, "--law", "prior"),
        answer("predict", path, *TARGET, "--law", "prior"),
    )
    table = pd.read_csv(path)
    expected = fit_with_prior(table["N"], table["D"], table["loss"])
    assert {k: v["value"] for k, v in report["coefficients"].items()} == asdict(expected.law)
    assert report["sigma_hat"] == pytest.approx((expected.ssr / 3) ** 0.5)
    assert forecast["law"] == report["law"] == "prior"
    assert forecast["loss"] == expected.law.predict(6.9e9, 138e9)
    assert forecast["loss"] != answer("predict", path, *TARGET, *TIED)["loss"]
    assert answer("predict", path, *TARGET, *TIED)["prior"] is None


def test_prior_says_what_it_believed_and_how_hard_it_pulled(write) -> None:
    """The shipped constants, and the pull whose fixed point the law is; the text says the same."""
    path = write(planted(loss=TRUTH.predict(N, D) * (1 + 0.01 * np.cos(np.arange(7)))))
    report = answer("fit", path, "--law", "prior")
    prior = report["prior"]
    assert prior == answer("predict", path, *TARGET, "--law", "prior")["prior"]
    table, belief = pd.read_csv(path), load_belief()
    law = LossLaw(**{name: c["value"] for name, c in report["coefficients"].items()})
    ssr = np.sum(np.log(law.predict(table["N"], table["D"]) / table["loss"]) ** 2)
    variance = (ssr + belief.nu * belief.sigma_0**2) / (report["dof"] + belief.nu)
    assert {name: prior.pop(name) for name in asdict(belief)} == asdict(belief)
    expected = {"sigma": variance**0.5, "pull": variance / belief.tau**2}
    assert prior == pytest.approx(expected, rel=1e-5)
    told = "  prior on alpha: 0.28, within a factor of 1.35; noise of the log loss"
    for command in (("fit", path), ("predict", path, *TARGET)):
        out = run(*command, "--law", "prior")[1]
        assert f"{told} {variance**0.5:.3g}" in out.splitlines()
        assert "prior" not in run(*command, *TIED)[1]


def test_the_help_names_the_centre_of_the_prior() -> None:
    text = " ".join(run("fit", "--help")[1].split())
    assert f"pulled toward {load_belief().alpha_0:g}, where other groups' small runs had it" in text


def test_shape_of_predict(write) -> None:
    """`predict` gives loss, reach and each error, numbers plain."""
    report = answer("predict", write(planted(err_t=0.1 * np.arange(7), err_u=np.nan)), *TARGET)
    assert list(report) == [
        *(
            "target_N",
            "target_D",
            "loss",
            *("lo", "hi", "law_lo", "law_hi", "level"),
            "law",
            "status",
            "usable",
            "doubt",
            "residual_share",
            "prior",
            *("fix", "nonneg", "objective", "huber_delta"),
            "loss_set",
            "count",
            "n_runs",
            "left_out",
            "flagged_out",
        ),
        *("extrapolation", "errors", "rows", "warnings"),
    ]
    assert report["lo"] <= report["law_lo"] <= report["loss"] <= report["law_hi"] <= report["hi"]
    assert report["level"] == 0.9
    assert report["extrapolation"] == {
        "compute_ratio": pytest.approx(6.9e9 * 138e9 / (N * D).max()),
        "N_ratio": pytest.approx(6.9e9 / 4e8),
        "M_inside": True,
    }
    assert list(report["errors"]) == ["t", "u"]
    assert list(report["errors"]["t"]) == ["value", "lo", "hi", "status"]
    unknown = {"value": None, "lo": None, "hi": None, "status": "too_few_runs"}
    assert report["errors"]["u"] == unknown


def test_plain_text_says_what_json_says(write) -> None:
    """The text has the loss, the status of every error and the reach."""
    path = write(planted(err_t=ErrorLaw(0.9, 2.0, 0.9).predict(TRUTH.predict(N, D)), err_u=np.nan))
    report, (_, out, err) = answer("predict", path, *TARGET), run("predict", path, *TARGET)
    fitted = answer("fit", path)
    law, bet = (
        f"{report[lo]:.2f} to {report[hi]:.2f}" for lo, hi in (("law_lo", "law_hi"), ("lo", "hi"))
    )
    ends = [f"{100 * (report[end] / report['loss'] - 1):+.0f}%" for end in ("lo", "hi")]
    assert out.splitlines()[:-1] == [
        f"loss at N = 6.9e+09, D = 1.38e+11: {report['loss']:.4f} nats/token",
        f"  to bet on: {bet} (90%; {ends[0]} to {ends[1]})",
        f"  if the law holds: {law}",
        f"  err_t: {report['errors']['t']['value']:.4f} (converged)",
        "  err_u: no fit (too_few_runs)",
        f"  status: converged; {report['extrapolation']['compute_ratio']:.3g} times the compute of "
        "the largest run",
        f"  residual: standard deviation {fitted['sigma_hat']:.3g} nats, "
        f"{percent(fitted['residual_share'])} of the loss (sound grids: 0.5 to 4%), "
        f"{fitted['dof']} degrees of freedom",
    ]
    assert err.splitlines() == [f"warning: {text}" for text in report["warnings"]]


def test_predict_is_the_chain_of_the_paper(write) -> None:
    """The five runs give the authors' loss at 6.9B; with the sixth, the error law of all six."""
    table = run_table("redpajama")
    large = table[table["size"] == "6.9B"].iloc[0]
    target = ("--N", repr(float(large["N"])), "--D", repr(float(large["D"])))
    kept = ["run", "dataset", "N", "D", "loss_c4_eval", "err_avg17"]
    five = answer("predict", *TIED, write(select_loss_fit(table)[kept]), *target)
    expected = fit_chain(table).predict_loss(large["N"], large["D"])
    assert five["loss"] == expected
    assert abs(five["loss"] / large["loss_c4_eval"] - 1) < 0.01

    six = select_error_fit(table)
    report = answer("predict", *TIED, write(six[kept]), *target)
    loss_law = fit_loss_law(six["N"], six["D"], six["loss_c4_eval"]).law
    error_law = fit_error_law(six["loss_c4_eval"], six["err_avg17"]).law
    assert report["loss"] == loss_law.predict(large["N"], large["D"])
    assert report["errors"]["avg17"]["value"] == error_law.predict(report["loss"])
    assert report["errors"]["avg17"]["status"] == "converged"


def test_scorecard() -> None:
    """At least 150 printed numbers, each met or explained, under the documented keys."""
    entries = answer("scorecard")
    keys = {"id", "what", "source", "published", "ours", "digits", "unit", "status", "reason"}
    assert all(set(entry) == keys for entry in entries)
    assert len({entry["id"] for entry in entries}) == len(entries)
    printed = [entry for entry in entries if entry["published"] is not None]
    assert len(printed) >= 150
    assert {entry["status"] for entry in printed} == {"match", "explained", "not_reproduced"}
    for entry in entries:
        assert (entry["status"] == "not_printed") == (entry["published"] is None)
        assert (entry["digits"] is None) == (entry["published"] is None)
        with_reason = entry["status"] in ("explained", "not_reproduced")
        assert (entry["reason"] is not None) == with_reason
        assert isinstance(entry["ours"], float)
    _, out, _ = run("scorecard")
    assert f"{len([e for e in printed if e['status'] == 'match'])} match" in out.splitlines()[-1]


# --- backtest -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("law", "truth"), [("tied", TRUTH), ("free", LossSurface(1.8, 180.0, 400.0, 0.25, 0.29))]
)
def test_backtest_of_a_planted_law(write, law: str, truth: LossLaw | LossSurface) -> None:
    """Each size is predicted from the smaller ones: exactly, where those can hold the law."""
    sizes, multipliers = np.meshgrid([1e7, 4e7, 1.6e8, 6.4e8], [20, 80, 320], indexing="ij")
    table = pd.DataFrame({"N": sizes.ravel(), "D": (sizes * multipliers).ravel()})
    table["loss"] = truth.predict(table["N"], table["D"])
    path = write(table.assign(run=[f"r{i}" for i in range(12)]))
    entries = answer("backtest", path, "--law", law)
    assert [entry["run"] for entry in entries] == [f"r{i}" for i in range(6, 12)]
    assert entries[0]["fit_sizes"] == [1e7, 4e7]
    for entry in entries[3:]:
        assert (entry["fit_sizes"], entry["status"]) == ([1e7, 4e7, 1.6e8], "converged")
        assert entry["predicted"] == pytest.approx(entry["actual"], rel=1e-9)
        assert entry["actual"] == pytest.approx(table["loss"][int(entry["run"][1:])], rel=1e-12)
        assert abs(entry["relative_error"]) < 1e-9
    _, _, err = run("backtest", path, "--law", law)
    needed = {"tied": 4, "free": 5}[law]
    rule = f"not judged, with fewer than {needed} runs that differ in N or D below"
    assert err == f"warning: {rule}: N = 4e+07\n"


def test_backtest_of_the_testbed_has_signs_and_baselines(write) -> None:
    """The text sums up what the list says, beside the same for the two baselines."""
    table = run_table("redpajama").query("M > 5")[["run", "N", "D", "loss_c4_eval"]]
    path = write(table)
    entries = pd.DataFrame(answer("backtest", path))
    signed = (entries["predicted"] - entries["actual"]) / entries["actual"]
    assert entries["relative_error"].to_numpy() == pytest.approx(signed.to_numpy())
    assert set(entries["relative_error"] > 0) == {True, False}
    held = entries.merge(table, on="run")
    assert held["actual"].tolist() == held["loss_c4_eval"].tolist()
    assert [max(sizes) < N for sizes, N in zip(held["fit_sizes"], held["N"], strict=True)]
    runs = table.assign(C=6.0 * table["N"] * table["D"])
    no_change = [
        runs[runs["N"] < N].nlargest(1, "C")["loss_c4_eval"].item() / actual - 1
        for N, actual in zip(held["N"], held["actual"], strict=True)
    ]
    _, out, err = run("backtest", path)
    mean, most = np.abs(signed).mean(), np.abs(signed).max()
    assert f"runs held out: mean error {100 * mean:.3g}%, largest {100 * most:.3g}% (last" in out
    mean, most = np.abs(no_change).mean(), np.abs(no_change).max()
    assert (
        f"(last run: mean error {100 * mean:.3g}%, largest {100 * most:.3g}%; two-point line" in out
    )
    sound = entries[entries["status"] == "converged"]
    mean = np.abs(sound["relative_error"]).mean()
    assert f"{len(sound)} runs predicted by a sound fit: mean error {100 * mean:.3g}%" in out
    assert err == ""


def test_backtest_takes_the_options_of_fit(write) -> None:
    """Count, loss set, data set and law; runs without the loss are left out, flagged ones stay."""
    runs = pd.DataFrame(planted(loss=TRUTH.predict(N - 5e6, D), N_body=N - 5e6))
    runs = runs.rename(columns={"loss": "loss_a"}).assign(loss_b=3.0, dataset="ours", flags="")
    runs.loc[2, "flags"] = "odd"
    extra = runs.iloc[[0]].assign(loss_a=None)
    other = runs.iloc[[0]].assign(dataset="theirs")
    path = write(pd.concat([runs, extra, other]))
    options = ("--dataset", "ours", "--loss-set", "a", "--count", "N_body")
    entries = answer("backtest", *TIED, path, *options)
    assert max(abs(entry["relative_error"]) for entry in entries) < 1e-6
    assert entries[-1]["fit_sizes"] == pytest.approx(sorted(set(N - 5e6))[:-1])
    _, _, err = run("backtest", *TIED, path, *options)
    lines = err.splitlines()
    assert "warning: row 4: odd" in lines
    assert "warning: 1 run without loss_a was left out" in lines
    assert refusal("backtest", path).endswith("dataset must be named, one of 'ours', 'theirs'")
    said = refusal("backtest", path, "--dataset", "ours")
    assert said.endswith("loss set must be named, one of 'loss_a', 'loss_b'")
    tied, free = (answer("backtest", path, *options, "--law", law) for law in ("tied", "free"))
    assert (len(tied), len(free)) == (3, 1)  # four runs lie below 1.6e8, six below 4e8


def test_backtest_of_losses_at_both_ends_of_a_float(write) -> None:
    """A relative error too large for a float is the largest float, in JSON and in the text."""
    losses = [1e29, 2e29, 3e29, 1e29, 4e29, 5e29, 5e-324]
    path = write({"N": [1e7, 1e7, 4e7, 4e7, 1.6e8, 1.6e8, 4e8], "D": D, "loss": losses})
    entries = answer("backtest", path)
    assert abs(entries[-1]["relative_error"]) == sys.float_info.max
    assert run("backtest", path)[1].splitlines()[-3].startswith("all 3 runs held out: mean error ")


# --- warnings -----------------------------------------------------------------------------


def warnings_of(path: Path, *target: str) -> str:
    """Give the warnings of a prediction, which stderr repeats, those of odd rows first."""
    texts = answer("predict", path, *target)["warnings"]
    _, _, err = run("predict", path, *target)
    assert sorted(err.splitlines()) == sorted(f"warning: {text}" for text in texts)
    return "\n".join(texts)


def test_a_prediction_within_the_runs_warns_of_nothing(write) -> None:
    """No warning without its reason."""
    assert warnings_of(write(planted()), "--N", "1e8", "--M", "40") == ""


def test_a_negative_loss_is_warned_about(write) -> None:
    """A law with E < 0 predicts a loss below zero far out: all that is odd about it is said."""
    path = write(planted(LossLaw(-1.0, 20.0, 20.0, 0.1)))
    report = answer("predict", *TIED, path, "--N", "1e30", "--D", "1e30")
    assert (report["loss"] < 0, report["status"]) == (True, "wrong_sign")
    said = warnings_of(path, *TIED, "--N", "1e30", "--D", "1e30")
    assert f"the predicted loss, {report['loss']:g}, is no loss" in said
    assert "a coefficient is negative" in said
    assert "tokens per parameter lie outside" in said
    assert "times the compute of the largest run" in said


@pytest.mark.parametrize("law", [LossLaw(1.8, -50.0, 300.0, 0.27), LossLaw(6.0, -50, -50, 0.27)])
def test_a_wrong_sign_is_warned_about(write, law: LossLaw) -> None:
    """A loss that rises with size or data is a status and a warning, in `fit` and in `predict`."""
    path = write(planted(law))
    assert "a coefficient is negative" in warnings_of(path, *TARGET)
    report = answer("fit", path)
    sign, beaten = report["warnings"]
    assert report["status"] == "wrong_sign"
    assert "a coefficient is negative" in sign
    assert "which has no more N or D" in beaten
    assert "a coefficient is negative" in run("fit", path)[2]


@pytest.mark.parametrize(("M", "warned"), [("20", 0), ("320", 0), ("19.9", 1), ("321", 1)])
def test_M_outside_the_runs_is_warned_about(write, M: str, warned: int) -> None:
    """The ends of the runs' own range are inside."""
    path = write(planted())
    assert warnings_of(path, "--N", "1e7", "--M", M).count("tokens per parameter") == warned
    report = answer("predict", path, "--N", "1e7", "--M", M)
    assert report["extrapolation"]["M_inside"] is not bool(warned)


def test_an_error_outside_0_and_1_is_warned_about(write) -> None:
    """An error law may predict anything far out; the warning says which task."""
    low = LossLaw(0.1, 180.0, 220.0, 0.25)
    error = ErrorLaw(0.9, 1.5, 0.5).predict(low.predict(N, D))
    path = write(planted(low, err_t=error, err_u=np.clip(error + 0.5, 0, 1)))
    report = answer("predict", path, "--N", "1T", "--M", "20")
    value = report["errors"]["t"]["value"]
    assert value < 0
    said = warnings_of(path, "--N", "1T", "--M", "20")
    assert f"the predicted err_t, {value:g}, is no error between 0 and 1" in said


def test_an_infinite_error_is_null(write) -> None:
    """Where the error law overflows there is no number, and a warning."""
    loss = LossLaw(-5300.0, 3300.0, 3300.0, 0.01).predict(N, D)
    error = ErrorLaw(0.9, 0.3, 0.5).predict(loss - loss.min())
    path = write({"N": N, "D": D, "loss": loss, "err_t": error, "err_u": 0.5})
    report = answer("predict", *TIED, path, "--N", "1e30", "--D", "1e30")
    assert report["loss"] < -1500
    assert report["errors"]["t"]["value"] is None
    said = warnings_of(path, *TIED, "--N", "1e30", "--D", "1e30")
    assert "the predicted err_t, -inf, is no error between 0 and 1" in said


def test_reasons_of_one_kind_are_one_line(write) -> None:
    """A count, three names and the reason; where it differs in a number, that of the first run."""
    reasons = [f"data repeated: {i} epochs" for i in (4, 40, 7, 9)] + ["odd; new", "odd", ""]
    path = write(planted(run=list("abcdefg"), flags=reasons))
    lines = [
        "4 runs (a, b, c, …), the first: data repeated: 4 epochs",
        "2 runs (e, f): odd",
        "e: new",
    ]
    assert answer("fit", path)["warnings"] == lines
    assert run("fit", path)[2].splitlines() == [f"warning: {line}" for line in lines]
    assert run("check", path)[1].splitlines()[1:4] == [f"flag: {line}" for line in lines]
    assert [entry["run"] for entry in answer("check", path)["flags"]] == list("abcdef")
    assert warnings_of(path, *TARGET).startswith("\n".join(lines))
    assert {f"warning: {line}" for line in lines} <= set(run("backtest", path)[2].splitlines())


def test_flagged_runs_are_left_out_on_demand(write) -> None:
    """The law of the others, and how many were left out; without the option they stay."""
    bad = pd.DataFrame(planted(flags=["", "", "odd", "", "", "odd", ""]))
    bad.loc[bad["flags"] != "", "loss"] *= 1.04
    path = write(bad)
    assert answer("fit", *TIED, path)["flagged_out"] == 0
    assert answer("fit", *TIED, path)["ssr"] > 1e-5
    for command in ("fit", "predict"):
        report = answer(command, *TIED, path, *COMMANDS[command], "--without-flagged")
        assert (report["flagged_out"], report["left_out"], report["n_runs"]) == (2, 0, 5)
    assert answer("fit", *TIED, path, "--without-flagged")["ssr"] < 1e-20
    assert report["loss"] == pytest.approx(TRUTH.predict(6.9e9, 138e9), rel=1e-6)
    entries = answer("backtest", *TIED, path, "--without-flagged")
    assert [entry["run"] for entry in entries] == ["row 5"]
    for command, target in COMMANDS.items():
        if command != "check":
            _, _, err = run(command, path, *target, "--without-flagged")
            assert (
                "warning: 2 runs that carry a flag were left out: row 4, row 7" in err.splitlines()
            )
            assert "odd" not in err
    every = write(bad.assign(flags="odd"))
    assert "got 0; `scaling plan` says" in refusal("fit", every, "--without-flagged")


def mistyped(run: str, loss: float, **columns: object) -> pd.DataFrame:
    """Give seven runs of a law, one of them with another loss."""
    table = pd.DataFrame(planted(run=list("abcdefg")) | columns)
    return table.assign(loss=table["loss"].mask(table["run"] == run, loss))


def test_the_runs_left_out_are_named_and_so_is_the_one_they_were_held_against(write) -> None:
    """Too low a loss is no flag of its own; if both carry one, neither stayed."""
    low = mistyped("b", 4.0)  # c and f have more N and D, and a loss of 4.32 and 4.84
    err = run("fit", write(low), "--without-flagged")[2]
    told = "2 runs that carry a flag were left out: c, f; b stayed, whose lower loss may be the one"
    assert f"warning: {told} that is mistyped" in err.splitlines()
    both = write(low.assign(flags=["", "odd", *[""] * 5]))
    assert (
        "3 runs that carry a flag were left out: b, c, f\n"
        in run("fit", both, "--without-flagged")[2]
    )
    one = write(mistyped("d", 99.0))
    err = run("predict", one, *TARGET, "--without-flagged")[2]
    assert "warning: 1 run that carries a flag was left out: d; " in err
    many = write(planted(run=list("abcdefg"), flags=[""] * 2 + ["odd"] * 4 + [""]))
    assert "flag: 4 runs (c, d, e, …): odd" in run("check", many)[1]
    assert "at least 4 runs" in refusal("fit", many, "--without-flagged")


def test_a_row_without_the_loss_that_carries_a_flag_counts_once(write) -> None:
    table = pd.DataFrame(planted(run=list("abcdefg"))).rename(columns={"loss": "loss_a"})
    table = table.assign(loss_b=3.0, flags=["", "odd", "", "", "odd", "", ""])
    table.loc[[1, 2], "loss_a"] = np.nan
    path = write(table)
    for options, left_out, flagged_out, n_runs in (
        (("--without-flagged",), 2, 1, 4),
        ((), 2, 0, 5),
    ):
        report = answer("fit", path, "--loss-set", "a", *options)
        found = [report[name] for name in ("left_out", "flagged_out", "n_runs")]
        assert found == [left_out, flagged_out, n_runs]
    err = run("fit", path, "--loss-set", "a", "--without-flagged")[2].splitlines()
    assert "warning: 2 runs without loss_a were left out" in err
    assert "warning: 1 run that carries a flag was left out: e" in err


def test_a_table_of_odd_runs_alone_is_not_called_sound(write) -> None:
    some = "readable, 6 of 7 runs look odd: row 2, row 3, row 4, …"
    for n_flagged, said in ((0, "7 runs, sound"), (6, some), (7, "readable, 7 of 7 runs look odd")):
        path = write(planted(flags=["odd"] * n_flagged + [""] * (7 - n_flagged)))
        assert run("check", path)[1].splitlines()[0] == f"{path}: {said}"


def test_the_ranges_betray_a_wrong_unit(write) -> None:
    path = write(planted(D=D / 1e3))
    assert "N 10M to 400M, D 200K to 12.8M, M 0.02 to 0.32" in run("check", path)[1].splitlines()


def test_a_prediction_not_to_be_used_is_marked_on_its_first_line(write) -> None:
    """By status, or because it is no loss; a sound one bears no mark."""
    wrong = write(planted(LossLaw(1.8, -50.0, 300.0, 0.27)))
    first = run("predict", wrong, *TARGET)[1].splitlines()[0]
    assert first.endswith("nats/token, not to be used: status wrong_sign")
    assert "look for a mistyped row" not in warnings_of(wrong, *TARGET)
    sound = run("predict", write(planted()), *TARGET)[1].splitlines()[0]
    assert sound.endswith(" nats/token")


def test_the_run_that_spoils_a_fit_is_named(write) -> None:
    """If leaving out exactly one makes it converge; not where none does, nor where it is sound."""
    spoiled = write(mistyped("a", 3.0))
    assert answer("fit", spoiled)["status"] in ("wrong_sign", "at_bound")
    said = "without a the fit converges, and its residual is more than 10 times smaller"
    assert said in warnings_of(spoiled, *TARGET)
    assert "the fit converges" not in warnings_of(write(planted()), *TARGET)
    rising = write(planted(LossLaw(1.8, -50.0, 300.0, 0.27)))
    assert "the fit converges" not in warnings_of(rising, *TARGET)


@pytest.mark.parametrize(("times", "named"), [(9.9, False), (10.1, True)])
def test_the_residual_without_the_run_that_spoils_a_fit_is_ten_times_smaller(times, named) -> None:
    """A standard deviation, not a sum of squares."""
    runs = mistyped("a", 3.0, flags="")
    runs["loss"] *= 1 + 1e-3 * np.array([0, 1, -1, 1, 1, -1, 1])
    fitted, rest = fit_table(runs, "loss", law="tied"), runs.iloc[1:]
    least = fit_loss_law(rest["N"], rest["D"], rest["loss"]).cost
    spoiled = replace(fitted, asked=replace(fitted.asked, cost=times**2 * least))
    said = warn_of_fit(spoiled, runs, "loss", law="tied")
    assert any(text.startswith("without a the fit converges") for text in said) == named


README_RUNS = "N,D,loss\n10.6M,211M,5.39\n78.9M,1.58B,3.90\n154M,3.07B,3.53\n412M,8.23B,3.15\n"
README_RUNS += "10.6M,3.38B,4.57\n"


def test_advice_fits_what_the_runs_leave_open(write) -> None:
    """Several laws through all runs, one size, one D, one ray, one loss: each is told apart."""
    several = "several laws pass through all of them: add a run, or use --law tied"
    assert several in answer("fit", write(README_RUNS), "--law", "free")["warnings"][0]
    sizes, ones = np.geomspace(1e7, 1e9, 6), np.ones(6)
    for N_own, D_own, name in (
        (1e8 * ones, 10 * sizes, "N"), (sizes, 1e10 * ones, "D"), (sizes, 20 * sizes, "D/N"),
    ):  # fmt: skip
        path = write({"N": N_own, "D": D_own, "loss": TRUTH.predict(N_own, D_own)})
        first, *others = answer("fit", path)["warnings"]
        assert first.endswith("apart: only predictions along their line can hold")
        assert (f"all runs have one {name}: what " in others[0]) == (name != "D/N")
    path = write({"N": sizes, "D": 20 * sizes[::-1] * ones.cumsum(), "loss": 3.0})
    assert answer("fit", path)["warnings"][0].endswith("apart: all have one loss")


def test_the_prior_is_named_where_it_decides(write) -> None:
    """With as many coefficients as runs, and with that law alone."""
    four = write("\n".join(README_RUNS.splitlines()[i] for i in (0, 1, 2, 3, 5)) + "\n")
    prior = "the prior on alpha, 0.28 within a factor of 1.35, decides what the runs leave open"
    report = answer("fit", four, "--law", "prior")
    assert (report["status"], report["warnings"][1]) == ("saturated", prior)
    assert prior in warnings_of(four, *TARGET, "--law", "prior")
    assert prior not in answer("fit", four, *TIED)["warnings"]
    assert prior not in answer("fit", write(planted()), "--law", "prior")["warnings"]


def test_one_multiplier_is_one_number(write) -> None:
    """Not "20 to 20 tokens per parameter"."""
    ray = write({"N": N[:4], "D": 20 * N[:4], "loss": TRUTH.predict(N[:4], 20 * N[:4])})
    assert "warning: all runs have 20 tokens per parameter: add" in run("check", ray)[2]


@pytest.mark.parametrize(
    ("n_runs", "said", "uses"),
    [
        (2, "too few to fit: a law needs 4 runs that differ in N or D", []),
        (4, "enough for fit, predict; backtest needs 4 such runs below the largest size",
         ["fit", "predict"]),
        (7, "enough for fit, predict, backtest", ["fit", "predict", "backtest"]),
    ],
)  # fmt: skip
def test_check_says_what_a_table_is_enough_for(write, n_runs, said, uses) -> None:
    """The commands named work, and the others refuse; each training set has its line."""
    table = pd.DataFrame(planted()).head(n_runs)
    path = write(table)
    assert said in run("check", path)[1].splitlines()
    assert answer("check", path)["series"][0]["enough_for"] == uses
    for command in ("fit", "predict", "backtest"):
        assert (run(command, path, *COMMANDS[command])[0] == 0) == (command in uses)
    path = write(pd.concat([table.assign(dataset="a"), table.assign(dataset="b")]))
    assert f"b, {n_runs} runs: {said}" in run("check", path)[1].splitlines()
    design = [line for line in run("check", path)[2].splitlines() if "per parameter" in line]
    assert [line.split(":")[1] for line in design] == [" a", " b"][: 2 * (n_runs < 7)]


def test_a_count_without_its_letter_is_asked_about(write) -> None:
    """2.5 tokens are a run, and a question."""
    path = write(planted(D=[*D[:6], 2.5]))
    assert "flag: row 8: D is 2.5: did you mean 2.5B?" in run("check", path)[1]


# --- any table ----------------------------------------------------------------------------

counts = st.floats(1, 1e30) | st.floats(1e6, 1e11) | st.sampled_from([1.0, 1e7, 1e8, 2e9, 1e30])
losses = st.floats(1.5, 6) | st.floats(5e-324, 1e30) | st.sampled_from([3.0, 5e-324, 1e-300, 1e30])
NEEDED = {"tied": 4, "free": 5, "prior": 4}  # distinct runs


def assert_backtest_answers_or_refuses(path: Path, law: str, table: pd.DataFrame) -> None:
    """A backtest answers where the runs below the largest size can be fitted."""
    below = table[table["N"] < table["N"].max()][["N", "D"]].drop_duplicates()
    code, out, _ = run("backtest", path, "--law", law)
    assert code == (2 if len(below) < NEEDED[law] else 0)
    if code == 0:
        assert_held_out(answer("backtest", path, "--law", law), out)


@steady
@given(
    st.lists(
        st.tuples(counts, counts, losses, st.none() | st.floats(0, 1)), min_size=1, max_size=9
    ),
    st.sampled_from(list(NEEDED)),
)
def test_any_sound_table_is_answered_or_refused(runs: list[tuple[float, ...]], law: str) -> None:
    """A sound table has an answer, unless it has too few distinct runs; both commands agree."""
    table = pd.DataFrame(runs, columns=["N", "D", "loss", "err_t"])
    n_distinct = len(table[["N", "D"]].drop_duplicates())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "runs.csv")
        table.to_csv(path, index=False)
        if n_distinct < NEEDED[law]:
            code, _, err = run("predict", path, *TARGET, "--law", law)
            assert (code, f"got {n_distinct}; `scaling plan` says" in err) == (2, True)
            return
        assert_backtest_answers_or_refuses(path, law, table)
        fit = answer("fit", path, "--law", law)
        report = answer("predict", path, *TARGET, "--law", law)
        assert fit["status"] == report["status"]
        assert fit["status"] in STATUSES
        assert isinstance(report["loss"], float)
        assert report["errors"]["t"]["status"] in (*STATUSES, "too_few_runs")


# --- processes of their own ---------------------------------------------------------------


def imported_by(*arguments: str) -> set[str]:
    """Give the top-level packages that a command imports."""
    code = (
        "import sys; from scaling.commands.cli import main; sys.argv[0] = 'scaling'\ntry: main()\n"
    )
    code += "except SystemExit: pass\nprint(*sys.modules, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    return {name.split(".")[0] for name in done.stderr.split()}


@pytest.mark.parametrize("arguments", [("--help",), ("predict", "--help")])
def test_help_imports_nothing_heavy(arguments: tuple[str, ...]) -> None:
    """Help answers at once, for no table is read."""
    heavy = {"numpy", "pandas", "scipy", "pandera", "matplotlib", "seaborn", "torch"}
    assert imported_by(*arguments) & heavy == set()


def test_commands_import_only_what_they_use(write, tmp_path: Path) -> None:
    """One process, all commands: nothing that trains, draws or minimises, though it is there."""
    for name in ("IPython", "matplotlib", "seaborn", "torch"):
        (tmp_path / f"{name}.py").write_text(f"raise RuntimeError('{name} was imported')\n")
    path = str(write(planted(err_t=0.5), "mine.csv"))
    asked = [["check", path], ["fit", path], ["predict", path, *TARGET], ["backtest", path]]
    asked += [["tasks", path], ["scorecard"]]
    code = "import json, sys; from scaling.commands.cli import app\n"
    code += "for given in json.loads(sys.argv[1]): app(given, standalone_mode=False)\n"
    code += (
        "print({'scaling.studies.results', 'pyarrow.parquet', 'scipy.optimize'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, json.dumps(asked)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])},
    )
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    assert said[0].startswith(path)
    assert " match, " in said[-2]
    assert said[-1] == "set()"


def test_names_that_a_terminal_cannot_show(write) -> None:
    """Names in any script are escaped where the terminal has no letters for them."""
    path = write(planted(err_é日=0.5), "日.csv")
    done = run_apart("check", path, PYTHONIOENCODING="cp1252")
    assert (done.returncode, done.stderr) == (0, "")
    assert "\\u65e5.csv: 7 runs, sound" in done.stdout
    done = run_apart("predict", path, *TARGET, "--json", PYTHONIOENCODING="cp1252")
    assert (done.returncode, done.stderr) == (0, "")
    assert list(json.loads(done.stdout)["errors"]) == ["é日"]


def test_a_process_of_its_own_does_the_same(write) -> None:
    """The module run as a program gives the codes, streams and numbers of the tests above."""
    path = write(GOOD)
    done = run_apart("predict", path, *TARGET, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == answer("predict", path, *TARGET)
    bad = write("N,D,loss\n1e8,2e9,-3\n", "bad.csv")
    for arguments in (("check", bad), ("predict", bad, *TARGET, "--json")):
        done = run_apart(*arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == f"{bad}, row 2, column loss: '-3' must be > 0 and finite\n"


def test_a_narrow_design_and_flags_are_warned_about(write) -> None:
    """One ray up to rounding, one decade of sizes, swapped cells: every command says so."""
    table = pd.DataFrame(planted())
    ray = table.assign(D=20.0 * table["N"] * np.linspace(0.995, 1.005, len(table)))
    swapped = table.copy()
    swapped.loc[2, ["N", "D"]] = swapped.loc[2, ["D", "N"]].to_numpy()
    sizes = table.assign(N=np.linspace(1e8, 9e8, len(table)))
    for changed, words in (
        (ray, "tokens per parameter"),
        (swapped, "swapped, or"),
        (sizes, "spans"),
    ):
        path = write(changed)
        assert any(words in text for text in answer("fit", path)["warnings"])
        assert any(words in text for text in answer("predict", path, *TARGET)["warnings"])
        _, out, err = run("check", path)
        assert words in out + err
    far_below = answer("predict", write(table), "--N", "6.9", "--M", "20")["warnings"]
    assert any("a letter forgotten" in text for text in far_below)


@pytest.mark.parametrize(("N_span", "M_span", "n_told"), [(30, 8, 0), (29.9, 8, 1), (30, 7.9, 1)])
def test_a_design_that_is_just_wide_enough_is_not_warned_about(N_span, M_span, n_told) -> None:
    N_own, M = 1e7 * np.array([1, 1, N_span]), 10.0 * np.array([1, M_span, M_span])
    assert len(warn_of_design(pd.DataFrame({"N": N_own, "D": N_own * M}))) == n_told


# --- the order of the rows ------------------------------------------------------------------


def with_seeds() -> pd.DataFrame:
    """Twelve runs with three tasks, and one of each size twice more: other seeds.

    The second seed has the loss of the first to the last digit, and other errors.
    """
    runs = select_small(run_table("redpajama")).query("M >= 10").iloc[::2][:12]
    columns = ["run", "N", "D", "loss_c4_eval", "err_lambada_openai", "err_copa", "err_boolq"]
    runs = runs[columns].rename(columns={"loss_c4_eval": "loss"})
    dearest = runs.sort_values("D").drop_duplicates("N", keep="last")
    seeds = [
        dearest.assign(run=dearest["run"] + name, loss=dearest["loss"] * change)
        for name, change in ((" again", 0.9985), (" once more", 0.9985))
    ]
    seeds[1] = seeds[1].assign(err_copa=seeds[1]["err_copa"] + 0.03)
    return pd.concat([runs, *seeds], ignore_index=True)


def unordered(found: object) -> object:
    """The answer without the order of its lists, numbers as far as they are promised."""
    if isinstance(found, dict):
        return {name: unordered(value) for name, value in found.items() if name != "warnings"}
    if isinstance(found, list):
        return sorted(map(unordered, found), key=repr)
    return f"{found:.8g}" if isinstance(found, float) else found


@pytest.mark.parametrize("command", [*COMMANDS, "tasks"])
def test_the_order_of_the_rows_changes_no_answer(command, tmp_path):
    runs, path, answers = with_seeds(), tmp_path / "runs.csv", []
    for order in range(4):
        runs.sample(frac=1.0, random_state=order).to_csv(path, index=False)
        done = CliRunner().invoke(app, [command, str(path), *COMMANDS.get(command, ()), "--json"])
        assert done.exit_code == 0
        answers.append(unordered(json.loads(done.stdout)))
    assert all(answer == answers[0] for answer in answers)


def iso_flop(nudge: int) -> pd.DataFrame:
    """Three budgets of five sizes, ``D = C / 6N``, whose last digits say nothing."""
    runs = pd.DataFrame(
        list(product((1e18, 4e18, 1.6e19), (0.25, 0.5, 1, 2, 4))), columns=["C", "x"]
    )
    N = runs["x"] * 1e8 * np.sqrt(runs["C"] / 1e18)
    D = runs["C"] / (6 * N)
    loss = LossLaw(1.8, 180.0, 220.0, 0.25).predict(N, D) * (1 + 0.01 * np.sin(np.arange(15)))
    up = np.where(np.random.default_rng(nudge).random(len(N)) < 0.5, 0.0, np.inf)
    D = np.nextafter(D, up) if nudge else D
    return pd.DataFrame({"N": N, "D": D, "loss": loss, "err_t": 0.9 - 0.5 * np.exp(-loss + 2)})


@pytest.mark.parametrize("command", [*COMMANDS, "tasks"])
def test_the_last_digit_of_a_budget_decides_nothing(command, tmp_path):
    path, answers = tmp_path / "runs.csv", []
    for nudge in range(4):
        iso_flop(nudge).to_csv(path, index=False)
        done = CliRunner().invoke(app, [command, str(path), *COMMANDS.get(command, ()), "--json"])
        assert done.exit_code == 0
        answers.append(unordered(json.loads(done.stdout)))
    assert all(answer == answers[0] for answer in answers)
