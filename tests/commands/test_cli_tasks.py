"""`scaling tasks`: every table gets its verdicts, or one message and exit code 2."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hostile import HOSTILE, Hostile, as_parameters
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from scaling.commands.cli import app
from scaling.forecast.fitted import fit_table
from scaling.forecast.task_words import RULES
from scaling.forecast.verdicts import VERDICTS, choose_target, judge_tasks
from scaling.laws.fit import STATUSES, fit_error_law
from scaling.laws.law import ErrorLaw, LossLaw
from scaling.studies.results import load_result
from scaling.tables.datafiles import data_path
from scaling.tables.files import read_table
from scaling.testbed.runs import load_tasks, run_table, select_error_fit

pytestmark = pytest.mark.filterwarnings("error")  # numpy's warnings too: none may reach a reader

CASES = [case for case in HOSTILE if "\0" not in case.filename]
ITEMS = data_path("testbed", "tasks.csv")
ENTRY = (
    "task status verdict epsilon k gamma r2 n_runs n_items chance predicted lo hi no_change "
    "ruler_in_loss counting_std residual_std smallest_change r standing check reason compute_ratio "
    "loss_status target_N target_D target_loss target_lo target_hi level"
).split()
ALWAYS = "task status verdict n_runs standing check reason loss_status".split()  # never null
steady = settings(suppress_health_check=list(HealthCheck))

TRUTH, ERROR = LossLaw(1.8, 180.0, 220.0, 0.25), ErrorLaw(0.8, 3.0, 0.8)
N = np.array([1e7, 4e7, 1.6e8, 4e8, 1e7, 4e7, 1.6e8])
D = N * np.array([20, 20, 20, 20, 320, 160, 80])
LOSS = TRUTH.predict(N, D)
TARGET = ("--N", "6.9B", "--M", "20")


def planted(**columns: object) -> pd.DataFrame:
    """Give noise-free runs with one task, and further columns."""
    table = {"N": N, "D": D, "loss": LOSS, "err_t": ERROR.predict(LOSS)}
    return pd.DataFrame(table | columns)


def run(*arguments: object) -> tuple[int, str, str]:
    """Run the command in this process; on exit code 2 only stderr speaks."""
    done = CliRunner().invoke(app, ["tasks", *map(str, arguments)])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code in (0, 2)
    if done.exit_code == 2:
        assert (done.stdout, done.stderr.strip() != "") == ("", True)
    return done.exit_code, done.stdout, done.stderr


def answer(*arguments: object) -> list[dict[str, object]]:
    """Give the list of ``--json``, in strict JSON; the warnings are those of the text."""
    code, out, err = run(*arguments, "--json")
    assert (code, err) == (0, run(*arguments)[2])
    entries = json.loads(out, parse_constant=lambda token: pytest.fail(f"{token} is no JSON"))
    assert isinstance(entries, list)
    for entry in entries:
        assert list(entry) == ENTRY
        assert None not in [entry[name] for name in ALWAYS]
        assert entry["verdict"] in VERDICTS
        assert entry["status"] in (*STATUSES, "too_few_runs")
    return entries


def refusal(*arguments: object) -> str:
    """Run a command that must refuse, plain and with ``--json``, and give its last line."""
    code, _, err = run(*arguments)
    assert (code, "", err) == run(*arguments, "--json")
    assert code == 2
    return err.splitlines()[-1]


@pytest.fixture
def write(tmp_path: Path):
    """Write a table and give its path."""

    def write_table(table: str | pd.DataFrame, name: str = "runs.csv") -> Path:
        text = table if isinstance(table, str) else table.to_csv(index=False)
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write_table


# --- the testbed as anybody's table -------------------------------------------------------


@pytest.fixture(scope="module")
def testbed(tmp_path_factory) -> tuple[Path, list[dict[str, object]]]:
    """Every C4 run with the tasks of the testbed, and the answer."""
    path = tmp_path_factory.mktemp("testbed") / "c4.csv"
    run_table("c4").to_csv(path, index=False)
    return path, answer(path, "--items", ITEMS, "--loss-set", "c4_eval")


def test_the_testbed_is_judged_as_in_python(testbed) -> None:
    """One entry per column, in order, with the numbers of `judge_tasks`; none is not a number."""
    table = run_table("c4")
    expected = judge_tasks(table, "loss_c4_eval", "N", load_tasks())
    found = pd.DataFrame(testbed[1])
    assert found["task"].tolist() == [*sorted(load_tasks()["task"]), "avg17", "avg46"]
    for name in expected:
        if expected[name].dtype.kind not in "if":
            assert found[name].tolist() == expected[name].tolist()
        else:
            np.testing.assert_allclose(found[name].astype(float), expected[name], rtol=1e-6)
    assert set(found["verdict"]) == set(VERDICTS)
    assert (found["level"] == 0.9).all()


def test_items_and_chance_come_from_the_table_of_tasks(testbed) -> None:
    """Whole numbers as such; null for the two averages, which have no row."""
    known = load_tasks().set_index("task")
    for entry in testbed[1]:
        if entry["task"] in known.index:
            assert isinstance(entry["n_items"], int)
            expected = known.loc[entry["task"], ["n_items", "chance"]].tolist()
            assert [entry["n_items"], entry["chance"]] == expected
            assert isinstance(entry["counting_std"], float)
        else:
            assert entry["n_items"] is entry["chance"] is entry["counting_std"] is None
        assert isinstance(entry["n_runs"], int)


def test_the_text_says_what_json_says(testbed) -> None:
    """A line per task with verdict, reason, prediction, interval, baselines; then the counts."""
    path, entries = testbed
    code, out, err = run(path, "--items", ITEMS, "--loss-set", "c4_eval")
    first, head, *lines = out.splitlines()
    assert code == 0
    assert head.split("  ")[0].strip() == "task"
    assert head.endswith("last run two-point line")
    for line, entry in zip(lines, entries, strict=False):
        numbers = [f"{entry[name]:.4f}" for name in ("no_change", "ruler_in_loss")]
        interval = f"{entry['predicted']:.4f} {entry['lo']:.4f} to {entry['hi']:.4f}"
        words = [entry["task"], entry["verdict"], entry["reason"], interval, *numbers]
        assert line.split() == " ".join(map(str, words)).split()
    told = " ".join(line.strip() for line in lines[len(entries) :])
    for name in VERDICTS:
        count = sum(entry["verdict"] == name for entry in entries)
        assert f"{name}, {count} of {len(entries)}: {RULES[name]}" in told
    loss, lo, hi = (entries[0][f"target_{name}"] for name in ("loss", "lo", "hi"))
    assert f"predicted loss {loss:.4f} nats/token, to bet on: {lo:.2f} to {hi:.2f} (90%)" in first
    assert "warning: avg17, avg46: items not known, the scatter around the error law " in err
    assert "warning: 2 runs (c4-0.079B-M5, c4-0.411B-M5), the first: ends before" in err


def test_another_level_is_wider_or_narrower(testbed) -> None:
    """The interval of each task and of the loss; the predictions stay."""
    path, usual = testbed
    found = {
        level: pd.DataFrame(
            answer(path, "--items", ITEMS, "--loss-set", "c4_eval", "--level", level)
        )
        for level in ("0.5", "0.995")
    }
    for entries in found.values():
        assert entries["predicted"].to_numpy() == pytest.approx(pd.DataFrame(usual)["predicted"])
    half, almost = found.values()
    for lo, hi in (("lo", "hi"), ("target_lo", "target_hi")):
        assert (half[lo] >= almost[lo]).all()
        assert (half[hi] <= almost[hi]).all()
    assert set(half["level"]) == {0.5}
    assert "99.5% interval" in run(path, "--loss-set", "c4_eval", "--level", "0.995")[1]


# --- the target ---------------------------------------------------------------------------


def test_the_target_is_ten_times_the_dearest_run_unless_named(write) -> None:
    """At the tokens per parameter of that run, and told in words."""
    path = write(planted())
    dearest = int(np.argmax(N * D))
    (entry,) = answer(path, "--law", "tied")
    target = entry["target_N"], entry["target_D"]
    assert target == pytest.approx((N[dearest] * 10**0.5, D[dearest] * 10**0.5))
    assert target == choose_target(planted())
    assert entry["target_loss"] == pytest.approx(float(TRUTH.predict(*target)), rel=1e-6)
    told = f"target: N = {target[0]:.3g}, D = {target[1]:.3g}, 10 times the compute of the largest "
    assert run(path)[1].startswith(f"{told}run, at its tokens per parameter; predicted loss")


def test_a_target_that_is_named(write) -> None:
    """By --D or by --M; prediction, ruler and interval move with it, no change does not."""
    path = write(planted())
    (near,), (far,) = answer(path), answer(path, *TARGET)
    assert [far] == answer(path, "--N", "6.9e9", "--D", "138B")
    assert (far["target_N"], far["target_D"]) == (6.9e9, 138e9)
    assert far["predicted"] < near["predicted"]
    assert far["ruler_in_loss"] < near["ruler_in_loss"]
    assert far["no_change"] == near["no_change"]
    ratio = 6.9e9 * 138e9 / (N * D).max()
    first = run(path, *TARGET)[1].splitlines()[0]
    assert f"D = 1.38e+11, {ratio:.3g} times the compute of the largest run; predicted" in first
    assert "tokens per parameter" not in first


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--N", "6.9B"), "for --D / --M: give either D or M"),
        (("--N", "6.9B", "--D", "1T", "--M", "20"), "for --D / --M: give either D or M"),
        (("--M", "20"), "for --N: give N, and beside it D or M"),
        (("--D", "1T"), "for --N: give N, and beside it D or M"),
        (("--N", "0.5", "--M", "20"), "N must be from 1 to 1e+30, got 0.5"),
        (("--N", "6,9", "--M", "20"), "must be a finite number > 0, written like 6.9e9 or 6.9B"),
        (("--law", "wild"), "'--law': must be one of prior, tied, free, compute, got 'wild'"),
        (("--level", "90"), "must be above 0 and below 1, as 0.9 for nine cases of ten, got '90'"),
    ],
)
def test_targets_that_are_none(write, options: tuple[str, ...], said: str) -> None:
    assert said in refusal(write(planted()), *options)


# --- the numbers --------------------------------------------------------------------------


def test_a_planted_law_and_both_baselines(write) -> None:
    """Coefficients of the law that made the errors; the dearest run; the line by hand."""
    path = write(planted())
    (entry,) = answer(path)
    coefficients = [entry[name] for name in ("epsilon", "k", "gamma", "r2")]
    assert coefficients == pytest.approx([0.8, 3.0, 0.8, 1.0], rel=1e-5)
    error = ERROR.predict(LOSS)
    last = int(np.argmax(N * D))
    assert entry["no_change"] == pytest.approx(error[last])
    assert (entry["status"], entry["n_runs"]) == ("converged", 7)


@pytest.mark.parametrize("M", [20, 100])
def test_the_ruler_goes_through_the_dearest_run_and_one_before_it(write, M: float) -> None:
    """The next dearest of its tokens per parameter; where there is none, of any."""
    table = planted()
    table.loc[3, "D"] = M * table.loc[3, "N"]  # the dearest
    table["loss"] = TRUTH.predict(table["N"].to_numpy(), table["D"].to_numpy())
    table["err_t"] = ERROR.predict(table["loss"]) + 0.01 * np.array([1, -2, 3, 1, -1, 2, -3])
    (entry,) = answer(write(table))
    last, before = 3, {20: 2, 100: 6}[M]
    error, loss = table["err_t"].to_numpy(), table["loss"].to_numpy()
    slope = (error[last] - error[before]) / (loss[last] - loss[before])
    line = error[last] + slope * (entry["target_loss"] - loss[last])
    assert entry["ruler_in_loss"] == pytest.approx(line, rel=1e-6)


def test_options_choose_rows_and_columns(write) -> None:
    """Data set, loss set, count, law and flags, as for `fit`."""
    body = N - 5e6
    ours = planted(loss=TRUTH.predict(body, D), N_body=body).rename(columns={"loss": "loss_a"})
    ours = ours.assign(loss_b=3.0, dataset="ours", flags=["", "odd", *[""] * 5])
    ours["err_t"] = ERROR.predict(ours["loss_a"])
    path = write(pd.concat([ours, ours.assign(dataset="theirs", err_t=0.5)]))
    options = ("--dataset", "ours", "--loss-set", "a", "--count", "N_body")
    (entry,) = answer(path, *options, "--law", "tied")
    target = entry["target_N"], entry["target_D"]
    assert target == pytest.approx(choose_target(ours, "N_body"))
    assert entry["target_loss"] == pytest.approx(float(TRUTH.predict(*target)), rel=1e-6)
    assert entry["gamma"] == pytest.approx(0.8, rel=1e-5)
    (other,) = answer(path, "--dataset", "theirs", *options[2:])
    assert (other["no_change"], other["verdict"]) == (0.5, VERDICTS[2])
    (kept,) = answer(path, *options, "--without-flagged")
    assert (entry["n_runs"], kept["n_runs"]) == (7, 6)
    err = run(path, *options, "--without-flagged")[2]
    assert "warning: 1 run that carries a flag was left out: row 3" in err.splitlines()
    assert "warning: row 3: odd" in run(path, *options)[2].splitlines()
    assert refusal(path).endswith("dataset must be named, one of 'ours', 'theirs'")
    for law in ("free", "prior"):
        (told,) = answer(path, *options, "--law", law)
        expected = fit_table(ours, "loss_a", "N_body", law).asked.law.predict(*target)
        assert told["target_loss"] == pytest.approx(float(expected), rel=1e-9)


def test_a_task_measured_on_few_runs(write) -> None:
    """No error law from two runs: a status, null, and the verdict that says nothing is known."""
    two, none = [*[np.nan] * 5, 0.6, 0.5], np.nan
    t, few, unknown = answer(write(planted(err_few=two, err_none=none)))
    assert (t["n_runs"], few["n_runs"], unknown["n_runs"]) == (7, 2, 0)
    for entry in (few, unknown):
        assert (entry["status"], entry["verdict"]) == ("too_few_runs", VERDICTS[2])
        assert [entry[name] for name in ("epsilon", "k", "gamma", "r2")] == [None] * 4
    assert few["no_change"] in (0.5, 0.6)
    empty = ("predicted", "lo", "hi", "no_change", "ruler_in_loss", "residual_std")
    assert [unknown[name] for name in empty] == [None] * 6
    out = run(write(planted(err_few=two, err_none=none)))[1]
    assert "nan" not in out
    assert out.splitlines()[4].split() == f"none {VERDICTS[2]} fewer than 5 runs".split()


# --- the table of tasks -------------------------------------------------------------------


@pytest.mark.parametrize("name", ["t", "err_t"])
def test_a_table_of_tasks_adds_the_noise_of_counting(write, name: str) -> None:
    """sqrt(p (1 - p) / n), from the error of the dearest run; the prefix may stand or not."""
    path, items = write(planted()), write(f"task,n_items,chance\n{name},400,0.2\n", "items.csv")
    (bare,), (entry,) = answer(path), answer(path, "--items", items)
    assert bare["n_items"] is bare["chance"] is bare["counting_std"] is None
    assert (entry["n_items"], entry["chance"]) == (400, 0.2)
    p = entry["no_change"]
    assert entry["counting_std"] == pytest.approx((p * (1 - p) / 400) ** 0.5)


def test_tables_that_do_not_meet_are_warned_about(write) -> None:
    """On stderr, under --json too, which has no other place for it; the task is not invented."""
    path = write(planted(err_u=0.5))
    items = write("task,n_items\nt,400\nz,3\n", "items.csv")
    lines = [
        "warning: extrapolated to 10 times the compute of the largest run",
        f"warning: {items}: the run table has no err_ column for z",
        f"warning: {items}: has no column chance",
        "warning: u: items not known, the scatter around the error law stands for noise",
        "warning: t, u: chance not known, the largest error measured stands for guessing",
    ]
    t, u = answer(path, "--items", items)
    assert (t["n_items"], u["n_items"], t["chance"]) == (400, None, None)
    assert run(path, "--items", items)[2].splitlines() == lines


def warned(path: Path, *arguments: object) -> list[str]:
    """Give the warnings, without the word."""
    return [line.removeprefix("warning: ") for line in run(path, *arguments)[2].splitlines()]


def test_what_may_be_mistaken_is_asked_about(write) -> None:
    """Accuracies for errors, an error for a chance, and a target that is no larger run."""
    accuracies = planted(err_t=1 - ERROR.predict(LOSS), err_u=1 - ERROR.predict(LOSS) ** 2)
    rises = "on 2 of 2 tasks the error rises as the loss falls: are these accuracies?"
    assert rises in warned(write(accuracies))
    assert not any("accuracies" in line for line in warned(write(planted(err_u=0.5))))
    items = write("task,n_items,chance\nt,400,0.75\n", "items.csv")
    asked = "t: errs 10 points more often than guessing; is chance an accuracy?"
    assert asked in warned(write(planted()), "--items", items)
    assert any(
        line.startswith("the target has 0.0") and line.endswith("of the largest run")
        for line in warned(write(planted()), "--N", "10M", "--M", "20")
    )


def test_a_task_not_measured_on_the_dearest_run_is_named(write) -> None:
    error = ERROR.predict(LOSS)
    dearest = int(np.argmax(N * D))
    path = write(planted(err_u=np.where(np.arange(7) == dearest, np.nan, error)))
    t, u = answer(path)
    assert t["compute_ratio"] == pytest.approx(10)
    assert u["compute_ratio"] == pytest.approx(10 * (N * D).max() / np.sort(N * D)[-2])
    assert "u: not measured on the largest run, the step is from a smaller one" in warned(path)


def test_a_loss_law_that_is_not_sound_carries_no_verdict(write) -> None:
    """Its status stands in JSON too, and the reason in the text."""
    path = write(planted(loss=LOSS[::-1]))
    (entry,) = answer(path)
    assert entry["loss_status"] not in ("converged", "saturated")
    assert (entry["verdict"], entry["reason"]) == (VERDICTS[2], "no sound loss law")


def test_the_help_tells_what_held() -> None:
    """The shares in the help are those of the stored verdicts, and the ruler was nearer."""
    rows = load_result("task_verdicts").query("kind == 'target'")
    sure = rows.query("verdict == 'predictable'")
    told = f"{rows['inside'].mean():.0%} of all tasks, {sure['inside'].mean():.0%} of those called"
    out = CliRunner().invoke(app, ["tasks", "--help"]).stdout
    assert told in " ".join(out.split())
    large = rows.query("step == '6.9B'")
    ruler, ours = (large[f"error_{name}"].abs().median() for name in ("ruler_in_loss", "predicted"))
    assert ruler < ours


def test_a_faulty_table_of_tasks_is_refused_with_all_its_faults(write) -> None:
    items = write("task,n_items,chance\nt,0,2\nt,1,0.5\n", "items.csv")
    code, _, err = run(write(planted()), "--items", items)
    assert code == 2
    assert err.splitlines() == [
        f"{items}, row 2, column task: 't' must be unique",
        f"{items}, row 2, column n_items: '0' must be a whole number >= 1",
        f"{items}, row 2, column chance: '2' must lie in [0, 1): the accuracy of guessing, a "
        "fraction",
        f"{items}, row 3, column task: 't' must be unique",
        "4 faults",
    ]
    assert refusal(write(planted()), "--items", items) == "4 faults"
    assert "cannot be opened" in refusal(write(planted()), "--items", items.parent / "none.csv")


# --- tables that cannot be judged ---------------------------------------------------------


def test_no_error_column(write) -> None:
    path = write(planted().drop(columns="err_t"))
    assert refusal(path) == f"{path}: has no column err_<task>: there is no task to judge"


@pytest.mark.parametrize(("law", "needed"), [("tied", 4), ("free", 5), ("prior", 4)])
def test_too_few_runs_for_a_loss_law(write, law: str, needed: int) -> None:
    """As `fit` and `predict` do: the message has both numbers. One run more is an answer."""
    rule = f"a law with {needed} parameters needs at least {needed} runs that differ in (N, D), got"
    path = write(planted().head(needed - 1))
    said = f"{path}: {rule} {needed - 1}; `scaling plan` says which to add"
    assert refusal(path, "--law", law) == refusal(path, "--law", law, *TARGET) == said
    assert len(answer(write(planted().head(needed)), "--law", law)) == 1
    every = write(planted(flags="odd"))
    left_out = "7 runs that carry a flag were left out: row 2, row 3, row 4, …"
    expected = f"{every}: {left_out}: {rule.replace('5', '4')} 0; `scaling plan` says which to add"
    assert refusal(every, "--without-flagged") == expected
    repeated = write(pd.concat([planted().head(1)] * 9))
    assert refusal(repeated, "--law", law).endswith("got 1; `scaling plan` says which to add")


@pytest.mark.parametrize("case", as_parameters(CASES))
def test_hostile_table(case: Hostile, tmp_path: Path) -> None:
    """A faulty table is refused; a sound one is judged, or refused in one line."""
    path = case.write(tmp_path)
    code, out, err = run(path)
    if not case.sound:
        assert code == 2
        assert all(line.isprintable() for line in err.splitlines())
    elif code == 0:
        assert answer(path)
        assert "nan" not in out
    else:
        assert any(
            reason in err
            for reason in ("has no column err_<task>", "at least 4 runs", "must be named, one of")
        )


@pytest.mark.parametrize("case", as_parameters(case for case in CASES if case.sound))
def test_hostile_design_with_errors(case: Hostile, tmp_path: Path) -> None:
    """The sound ones again, with an error that falls, one that is constant, and one half known."""
    source = tmp_path / "case"
    source.mkdir()
    table = read_table(case.write(source)).frame
    falls = np.linspace(0.9, 0.2, len(table))
    table = table.assign(err_falls=falls, err_flat=0.5, err_half=np.where(falls > 0.5, falls, None))
    path = tmp_path / "runs.csv"
    table.to_csv(path, index=False)
    if run(path)[0] == 0:
        assert [entry["task"] for entry in answer(path)][-3:] == ["falls", "flat", "half"]
        assert len(answer(path, *TARGET)) == len(answer(path))


@pytest.mark.parametrize("factor", [5e-324, 1e-310, 1e-300, 1e-150, 1e28 / 3])
def test_extreme_losses_have_an_answer(write, factor: float) -> None:
    """Losses at either end of what a float holds."""
    table = pd.DataFrame({"N": N, "D": D, "loss": factor * (1 + np.arange(7)), "err_a": 0.5})
    assert len(answer(write(table.assign(err_b=np.linspace(0.9, 0.1, 7))))) == 2


def test_errors_at_the_ends(write) -> None:
    """All wrong, all right, from one to the other, and on and off."""
    ends = {"a": 1.0, "b": 0.0, "c": np.linspace(1, 0, 7), "d": np.arange(7) % 2}
    rows = [f"{t},1,{c}\n" for t, c in zip("abcd", [0, 0.999] * 2, strict=True)]
    items = "task,n_items,chance\n" + "".join(rows)
    table = write(planted(**{f"err_{task}": error for task, error in ends.items()}))
    path = write(items, "i.csv")
    told = answer(table, "--items", path)
    for entry in (*answer(table), *told):
        if entry["lo"] is not None:
            assert 0 <= entry["lo"] <= entry["predicted"] <= entry["hi"] <= 1


def test_six_runs_give_the_error_law_of_the_paper(write) -> None:
    """Status and coefficients are those of `fit_error_law`."""
    six = select_error_fit(run_table("redpajama"))
    kept = ["run", "N", "D", "loss_c4_eval", "err_avg17", "err_hellaswag"]
    for entry in answer(write(six[kept])):
        fit = fit_error_law(six["loss_c4_eval"], six[f"err_{entry['task']}"])
        assert entry["status"] == fit.status == "converged"
        found = [entry[name] for name in ("epsilon", "k", "gamma")]
        assert found == pytest.approx([fit.law.epsilon, fit.law.k, fit.law.gamma], rel=1e-9)


counts = st.floats(1, 1e30) | st.floats(1e6, 1e11) | st.sampled_from([1.0, 1e7, 1e8, 2e9, 1e30])
losses = st.floats(1.5, 6) | st.floats(5e-324, 1e30) | st.sampled_from([3.0, 5e-324, 1e-300, 1e30])
errors = st.none() | st.floats(0, 1) | st.sampled_from([0.0, 0.5, 1.0])
n_items = st.none() | st.integers(1, 10**6)
chance = st.none() | st.floats(0, 1, exclude_max=True)


@steady
@given(
    st.lists(st.tuples(counts, counts, losses, errors, errors), min_size=1, max_size=9),
    st.lists(st.tuples(n_items, chance), min_size=2, max_size=2),
    st.sampled_from(["tied", "prior"]),
)
def test_any_sound_tables_are_judged_or_refused(runs, items, law: str) -> None:
    """A traceback never; an answer wherever the runs carry a loss law."""
    table = pd.DataFrame(runs, columns=["N", "D", "loss", "err_a", "err_b"])
    n_distinct = len(table[["N", "D"]].drop_duplicates())
    with tempfile.TemporaryDirectory() as folder:
        path, other = Path(folder, "runs.csv"), Path(folder, "items.csv")
        table.to_csv(path, index=False)
        known = pd.DataFrame(items, columns=["n_items", "chance"], dtype=float)
        known.assign(task=["a", "b"]).to_csv(other, index=False)
        arguments = (path, "--items", other, "--law", law)
        if n_distinct < 4:
            assert f"got {n_distinct}; `scaling plan` says" in refusal(*arguments)
            return
        assert [entry["task"] for entry in answer(*arguments)] == ["a", "b"]
        assert "nan" not in run(*arguments)[1]
