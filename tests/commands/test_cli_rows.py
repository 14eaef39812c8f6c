"""Seeds, sweeps, checkpoints, weights and repeated data on the command line and in Python."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from places import ROOT
from typer.testing import CliRunner

import scaling
from scaling.commands.cli import app
from scaling.forecast.selection import ChoiceError, select_rows
from scaling.laws.fit import FitError, fit_loss_law, fit_loss_surface
from scaling.laws.law import LossLaw
from scaling.laws.prior import fit_with_prior
from scaling.laws.repeated import effective_parameters, effective_tokens
from scaling.tables.runs import validate_runs

TRUTH = LossLaw(1.8, 180.0, 220.0, 0.25)
N = np.array([1e7, 4e7, 1.6e8, 4e8, 1e7, 4e7, 1.6e8])
D = N * np.array([20, 20, 20, 20, 320, 160, 80])
PLANTED = pd.DataFrame({"run": list("abcdefg"), "N": N, "D": D, "loss": TRUTH.predict(N, D)})
TARGET = {"N": 6.9e9, "M": 20.0}
TEXT_TARGET = ("--N", "6.9B", "--M", "20")
QUESTIONS = ("fit", "predict", "backtest", "tasks")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "runs.csv"


def ask(path: Path, table: pd.DataFrame, command: str, *options: str) -> tuple[int, str, str]:
    """Write a table, ask a command about it, and give exit code, stdout and stderr."""
    table.to_csv(path, index=False)
    target = TEXT_TARGET if command == "predict" else ()
    done = CliRunner().invoke(app, [command, str(path), *target, *options])
    assert done.exit_code in (0, 2), done.exception
    assert done.exit_code == 0 or done.stdout == ""
    return done.exit_code, done.stdout, done.stderr


# --- repeats are no fault -----------------------------------------------------------------


def test_seeds_get_no_flag_and_no_warning_and_all_stay(path):
    walks = pd.read_csv(ROOT / "data" / "results" / "walks.csv")
    assert (validate_runs(walks)["flags"] == "").sum() == len(walks) == 105
    for dataset, runs in walks.groupby("dataset"):
        kept = scaling.fit(walks, dataset=dataset, without_flagged=True)
        assert len(kept.selected.table) == len(runs)
        assert not any("another" in line for line in kept.warnings)
        assert 0.001 < kept.report()["rows"]["spread"] < 0.02
        assert kept.report()["rows"]["spread_dof"] > 5
    told = [line for line in str(kept).splitlines() if "runs of one N and D: standard dev" in line]
    assert len(told) == 1
    assert "share N and D" not in ask(path, walks, "check")[2]


def sweep(**columns: object) -> pd.DataFrame:
    """Three learning rates for each of the planted runs; the middle one is the best."""
    table = PLANTED.loc[PLANTED.index.repeat(3)].reset_index(drop=True)
    lr = np.tile([3e-4, 1e-3, 3e-3], len(PLANTED))
    worse = np.tile([1.03, 1.0, 1.09], len(PLANTED))
    names = [f"{run}{i % 3}" for i, run in enumerate(table["run"])]
    return table.assign(run=names, lr=lr, loss=table["loss"] * worse, **columns)


def test_a_sweep_is_asked_about_and_reduced_on_request(path):
    """The best of each cell, the others named; asked for nothing, all runs are fitted."""
    _, _, err = ask(path, sweep(), "check")
    assert "21 runs share N and D with another and differ in lr" in err
    assert "--best-of-cell keeps the best of each N and D" in err
    assert scaling.fit(sweep(), law="tied").fit.dof == 17
    for question in ("fit", "predict"):
        options = TARGET if question == "predict" else {}
        answer = getattr(scaling, question)(sweep(), law="tied", best_of_cell=True, **options)
        report = answer.report()
        assert report["n_runs"] == 7
        assert report["rows"]["not_best_of_cell"] == 14
        (line,) = [line for line in report["warnings"] if "--best-of-cell" in line]
        assert line.startswith("--best-of-cell left out 14 of 21 rows")
        assert line.endswith(": " + ", ".join(f"{run}{i}" for run in "abcdefg" for i in (0, 2)))
        assert f"warning: {line}" in ask(path, sweep(), question, "--best-of-cell")[2]
    assert answer.loss == pytest.approx(TRUTH.predict(6.9e9, 138e9), rel=1e-6)
    checked = scaling.check_runs(sweep(), best_of_cell=True)
    assert len(checked.to_frame()) == 7
    assert (checked.to_frame()["flags"] == "").all()
    assert any("--best-of-cell left out 14" in line for line in checked.warnings)


def test_a_sweep_whose_rows_share_a_name_is_told_once_and_read_on_request(path):
    named = sweep().assign(run=lambda t: t["run"].str[0])
    for command in ("check", *QUESTIONS):
        code, _, err = ask(path, named, command)
        assert code == 2
        assert len(err.splitlines()) == 1
        assert "of one N and D: a sweep? --best-of-cell keeps the best of each" in err
    assert scaling.fit(named, best_of_cell=True).selected.table["run"].tolist() == list("abcdefg")
    assert ask(path, named, "check", "--best-of-cell")[0] == 0


def test_cells_are_those_of_the_table_as_rounded():
    rounded = sweep().assign(D=lambda t: t["D"] * np.tile([1, 1.005, 0.997], 7))
    assert len(scaling.fit(rounded, best_of_cell=True).selected.table) == 7


def test_models_of_several_kinds_are_asked_about(path):
    """Active parameters of mixtures of experts: one N and D, the losses far apart."""
    experts = np.tile([1.0, 0.93, 0.85], len(PLANTED))
    table = sweep().assign(loss=lambda t: t["loss"] * experts).drop(columns="lr")
    assert "several architectures, which one law does not fit?" in ask(path, table, "fit")[2]
    few = table[table["run"].str[0] < "d"]
    code, _, err = ask(path, few, "fit")
    assert code == 2
    assert "several architectures" in err
    assert "got 3; `scaling plan` says" in err


def test_mixtures_of_several_kinds_are_told_at_either_count():
    """Where the share of active parameters differs, or the number of experts; not in one kind."""
    share = np.array([1, 0.5, 0.1, 0.02, 1, 0.5, 0.1])
    for other in (PLANTED.assign(N_active=N * share), PLANTED.assign(total_params=N / share)):
        (line,) = [line for line in scaling.fit(other).warnings if "several kinds" in line]
        assert line.startswith(f"{other.columns[-1]} differs at like N: models of several kinds")
        assert line in scaling.check_runs(other).warnings
    experts = PLANTED.assign(num_experts=[1, 8, 8, 64, 1, 8, 8])
    assert any(line.startswith("num_experts differs") for line in scaling.fit(experts).warnings)
    one_kind = PLANTED.assign(N_active=0.25 * N, num_experts=8)
    assert not any("several kinds" in line for line in scaling.fit(one_kind).warnings)


def test_a_sweep_whose_names_stand_at_several_D_is_no_run_of_checkpoints(path):
    """What is asked for is what helps: without the names the best of each cell is kept."""
    table = PLANTED.loc[PLANTED.index.repeat(3)].reset_index(drop=True)
    table["lr"] = np.tile([0.001, 0.002, 0.004], len(PLANTED))
    table["loss"] *= 1 + 0.03 * (table["lr"] != 0.002)
    table["run"] = [f"{n:.3g} at {lr}" for n, lr in zip(table["N"], table["lr"], strict=True)]
    assert table.groupby("run")["D"].nunique().max() > 1
    code, _, err = ask(path, table, "check")
    assert code == 2
    assert "a sweep of lr? --best-of-cell keeps the best" in err
    assert "checkpoints" not in err
    with pytest.raises(ChoiceError, match="in a sweep of lr such rows need names of their own"):
        scaling.predict(table, best_of_cell=True, **TARGET)
    nameless = scaling.predict(table.drop(columns="run"), best_of_cell=True, law="tied", **TARGET)
    assert nameless.loss == pytest.approx(TRUTH.predict(6.9e9, 138e9), rel=1e-6)


# --- checkpoints --------------------------------------------------------------------------


def history(**columns: object) -> pd.DataFrame:
    """Five rows of each planted run, the last at its end; earlier losses are too high."""
    table = PLANTED.loc[PLANTED.index.repeat(5)].reset_index(drop=True)
    share = np.tile([0.2, 0.4, 0.6, 0.8, 1.0], len(PLANTED))
    early = TRUTH.predict(table["N"], share * table["D"]) + 0.1 * (share < 1)
    return table.assign(_step=share * 1e5, D=share * table["D"], loss=early, **columns)


def test_a_history_is_told_once_and_reduced_on_request(path):
    for command in ("check", *QUESTIONS):
        code, _, err = ask(path, history(), command)
        assert code == 2
        assert len(err.splitlines()) == 1
        assert "7 runs stand on several rows, 'a' on 5: checkpoints? --last-of-run keeps" in err
        assert "biased" in err
    answer = scaling.predict(history(), law="tied", last_of_run=True, **TARGET)
    assert answer.loss == pytest.approx(TRUTH.predict(6.9e9, 138e9), rel=1e-6)
    assert answer.report()["rows"]["not_last_of_run"] == 28
    told = "--last-of-run left out 28 of 35 rows, earlier checkpoints: a, b, c, d, e, f, g"
    assert told in answer.warnings
    assert f"warning: {told}" in ask(path, history(), "check", "--last-of-run")[2]
    assert not any("checkpoints of one run?" in line for line in answer.warnings)


def test_a_history_that_logs_the_loss_at_some_steps_is_read(path):
    """As an export of all logged rows has it, D being that of the whole run."""
    whole = history(planned=1).assign(D=np.repeat(D, 5))
    logged = pd.concat([whole, whole.assign(_step=whole["_step"] + 1, loss=np.nan)])
    assert len(ask(path, logged, "fit")[2].splitlines()) == 1
    answer = scaling.fit(logged.reset_index(drop=True), law="tied", last_of_run=True)
    assert pytest.approx(1.8, rel=1e-6) == answer.fit.law.E
    assert answer.report()["left_out"] == 35


@pytest.mark.parametrize("columns", [["run"], ["run", "_step"]])
def test_checkpoints_without_a_name_are_asked_about(path, columns):
    """By the column of steps, or by their even walk in D; then each N is one run."""
    runs = history()
    runs = runs[runs["run"].isin(list("abcd"))].drop(columns=columns)
    for command in ("check", "fit"):
        err = ask(path, runs, command)[2]
        assert "checkpoints of one run? --last-of-run keeps the last of each" in err
    kept = scaling.fit(runs, last_of_run=True).selected.table
    assert kept["D"].tolist() == D[:4].tolist()


def test_one_run_is_too_few_and_the_reason_is_told(path):
    one = history()[lambda t: t["run"] == "a"]
    code, _, err = ask(path, one, "fit", "--last-of-run")
    assert code == 2
    assert "--last-of-run left out 4 of 5 rows" in err
    assert "at least 4 runs that differ in (N, D), got 1; `scaling plan` says" in err


def test_a_sweep_of_histories_needs_both_options():
    twice = pd.concat([history(), history(lr=1e-3)], ignore_index=True)
    with pytest.raises(ChoiceError, match="--best-of-cell as well"):
        scaling.fit(twice, last_of_run=True)
    with pytest.raises(ChoiceError, match="--last-of-run as well"):
        scaling.fit(twice, best_of_cell=True)
    assert len(scaling.fit(twice, last_of_run=True, best_of_cell=True).selected.table) == 7


def test_too_few_unflagged_runs_are_refused_with_the_reason(path):
    table = PLANTED.assign(flags=["", "", "", "odd", "odd", "odd", "odd"])
    code, _, err = ask(path, table, "fit", "--without-flagged")
    assert code == 2
    assert "4 runs that carry a flag were left out: d, e, f, …: a law with 4 parameters" in err
    with pytest.raises(FitError, match=r"left out: .* got 3$"):
        scaling.backtest(table, without_flagged=True)


# --- weights ------------------------------------------------------------------------------

NOISY = PLANTED.assign(
    loss=lambda t: t["loss"] * [1.001, 0.999, 1.08, 1.002, 0.999, 1.001, 1.0],
    loss_std=[0.01, 0.01, 0.5, 0.02, 0.01, 0.01, 0.01],
)
WEIGHTS = (0.01 / NOISY["loss_std"]) ** 2


@pytest.mark.parametrize(
    ("law", "fitter"),
    [("tied", fit_loss_law), ("free", fit_loss_surface), ("prior", fit_with_prior)],
)
def test_loss_std_weighs_every_law(law, fitter, path):
    expected = fitter(N, D, NOISY["loss"], weights=WEIGHTS).law.predict(6.9e9, 138e9)
    answer = scaling.predict(NOISY, law=law, **TARGET)
    assert answer.loss == pytest.approx(expected, rel=1e-9)
    assert answer.loss == pytest.approx(TRUTH.predict(6.9e9, 138e9), rel=0.02)
    alike = scaling.predict(NOISY.drop(columns="loss_std"), law=law, **TARGET)
    assert alike.loss != pytest.approx(expected, rel=1e-3)
    assert answer.report()["rows"]["weighed"]
    assert not alike.report()["rows"]["weighed"]
    told = "runs are weighed by 1/loss_std^2, loss_std 0.01 to 0.5"
    assert told in answer.report()["warnings"]
    assert f"warning: {told}" in ask(path, NOISY, "fit", "--law", law)[2]


def test_the_published_six_runs_with_one_unsure(path):
    """RedPajama's, the third mistyped and said to be unsure; the 6.9B run was measured 2.425."""
    table = pd.DataFrame(
        {
            "N": ["10.6M", "78.9M", "154M", "412M", "10.6M", "1.44B"],
            "D": ["211M", "1.58B", "3.07B", "8.23B", "3.38B", "28.8B"],
            "loss": [5.39, 3.90, 3.85, 3.15, 4.57, 2.77],
            "loss_std": [0.01, 0.01, 0.5, 0.01, 0.01, 0.01],
        }
    )
    assert scaling.predict(table, law="tied", **TARGET).loss == pytest.approx(2.440, abs=5e-4)
    assert "2.4400 nats/token" in ask(path, table, "predict", "--law", "tied")[1]


@pytest.mark.parametrize("std", [0.01, 7.0])
def test_one_loss_std_for_all_changes_nothing(std):
    for law in ("tied", "prior"):
        plain, weighed = (
            scaling.fit(table, law=law).fit.law
            for table in (NOISY.drop(columns="loss_std"), NOISY.assign(loss_std=std))
        )
        assert plain == weighed


def test_a_loss_std_not_known_counts_as_the_median_and_is_told():
    std = [0.01, 0.01, 0.5, 0.02, 0.0, np.nan, 0.01]
    answer = scaling.fit(NOISY.assign(loss_std=std))
    same = scaling.fit(NOISY.assign(loss_std=[0.01, 0.01, 0.5, 0.02, 0.01, 0.01, 0.01]))
    assert answer.fit.law == same.fit.law
    told = "loss_std 0.01 to 0.5; empty or 0 in 2 of 7, which count as the median"
    assert any(line.endswith(told) for line in answer.warnings)
    none = scaling.fit(NOISY.assign(loss_std=0.0))
    assert none.fit.law == scaling.fit(NOISY.drop(columns="loss_std")).fit.law
    assert "loss_std is empty or 0 in all rows: runs count alike" in none.warnings
    wild = scaling.fit(NOISY.assign(loss_std=[1e-300, 1e29, *[0.01] * 5]), law="tied")
    assert np.isfinite(wild.fit.law.E)


def test_a_loss_set_has_a_loss_std_of_its_own():
    sets = NOISY.rename(columns={"loss": "loss_a", "loss_std": "loss_std_a"}).assign(loss_b=3.0 / N)
    assert scaling.fit(sets, loss_set="a").fit.law == scaling.fit(NOISY).fit.law
    assert not scaling.fit(sets, loss_set="b").report()["rows"]["weighed"]


def test_backtest_and_tasks_are_weighed_too():
    errors = NOISY.assign(err_t=1 - 1 / NOISY["loss"], err_u=1 - 1.2 / NOISY["loss"])
    for question, value in (("backtest", "predicted"), ("tasks", "target_loss")):
        ask_it = getattr(scaling, question)
        weighed, plain = (
            ask_it(table).report()[-1][value] for table in (errors, errors.drop(columns="loss_std"))
        )
        assert weighed != pytest.approx(plain, rel=1e-4)
    kept = scaling.tasks(errors[errors["run"] != "c"]).report()
    assert kept[0]["target_loss"] == pytest.approx(
        scaling.tasks(errors).report()[0]["target_loss"], rel=0.005
    )


def test_the_residual_is_that_of_a_run_of_median_noise():
    fit = scaling.fit(NOISY, law="tied")
    assert fit.report()["sigma_hat"] == pytest.approx(np.sqrt(fit.fit.cost / 3))
    assert fit.report()["sigma_hat"] < 0.02


def test_a_weight_counts_a_run_so_often_and_zero_leaves_it_out():
    loss = NOISY["loss"].to_numpy()
    without = fit_with_prior(np.delete(N, 2), np.delete(D, 2), np.delete(loss, 2)).law
    weights = np.where(np.arange(7) == 2, 0.0, 1.0)
    alone, batch = (fit_with_prior(N, D, loss, weights=w) for w in (weights, [weights] * 2))
    assert alone.law.predict(1e9, 2e10) == pytest.approx(without.predict(1e9, 2e10), rel=1e-9)
    assert batch.law.alpha.tolist() == [alone.law.alpha] * 2
    assert batch.weights.shape == (2, 7)
    ones = fit_with_prior(N, D, [loss, loss], weights=np.ones(7))
    assert ones.law.alpha.tolist() == [fit_with_prior(N, D, loss).law.alpha] * 2


# --- repeated data ------------------------------------------------------------------------


def repeated(**columns: object) -> pd.DataFrame:
    """Runs that follow the law in effective tokens and parameters, up to 70 epochs."""
    unique = D / np.array([1, 1, 4, 70, 2, 16, 8])
    loss = TRUTH.predict(effective_parameters(N, unique), effective_tokens(D, unique))
    return PLANTED.assign(loss=loss, unique_tokens=unique, **columns)


def test_repeated_data_are_told_and_counted_on_request(path):
    told = "data repeated up to 70 times: a law takes D for fresh tokens; --effective-tokens counts"
    for command in ("check", "fit", "predict", "backtest"):
        assert f"warning: {told}" in ask(path, repeated(), command)[2]
    target = effective_parameters(6.9e9, 138e9), 138e9
    answer = scaling.predict(repeated(), law="tied", effective_tokens=True, **TARGET)
    assert answer.loss == pytest.approx(TRUTH.predict(*target), rel=1e-6)
    plain = scaling.predict(repeated(), law="tied", **TARGET)
    assert plain.loss != pytest.approx(answer.loss, rel=0.01)
    assert answer.report()["rows"]["effective_tokens"]
    assert any(
        "up to 70 times; a target's tokens are taken for fresh" in w for w in answer.warnings
    )
    assert any("beyond about 40 times" in line for line in answer.warnings)
    assert answer.report()["extrapolation"] == plain.report()["extrapolation"]


def test_each_column_that_tells_of_repeats_is_read():
    by_count = scaling.fit(repeated(), law="tied", effective_tokens=True).fit.law
    table = repeated(epochs=lambda t: t["D"] / t["unique_tokens"])
    by_epochs = scaling.fit(table.drop(columns="unique_tokens"), law="tied", effective_tokens=True)
    renamed = repeated().rename(columns={"unique_tokens": "D_unique"})
    other = scaling.fit(renamed, law="tied", effective_tokens=True).fit.law
    assert pytest.approx(by_count.E, rel=1e-6) == by_epochs.fit.law.E
    assert other == by_count


def test_backtest_and_tasks_take_effective_tokens():
    found = scaling.backtest(repeated(), law="tied", effective_tokens=True).to_frame()
    assert found["relative_error"].abs().max() < 1e-6
    assert found["N"].tolist() == [1.6e8, 1.6e8, 4e8]
    errors = repeated(err_t=1 - 1 / repeated()["loss"])
    (task,) = scaling.tasks(errors, law="tied", effective_tokens=True, **TARGET).report()
    expected = TRUTH.predict(effective_parameters(6.9e9, 138e9), 138e9)
    assert task["target_loss"] == pytest.approx(expected, rel=1e-6)


def test_without_a_column_there_is_nothing_to_count(path):
    code, _, err = ask(path, PLANTED, "fit", "--effective-tokens")
    assert code == 2
    assert "need a column unique_tokens, D_unique or epochs" in err
    fresh = PLANTED.assign(epochs=[1, 0.5, 1, 1.005, "", 1, 1])
    assert "epochs" not in ask(path, fresh, "fit")[2]
    err = ask(path, fresh, "fit", "--effective-tokens")[2]
    assert "epochs empty in 1 of 7 rows, taken for fresh" in err


def test_a_column_that_bears_the_name_of_an_effective_count_is_not_taken():
    table = PLANTED.assign(N_effective=1.0, D_effective=2.0)
    assert scaling.fit(table).fit.law == scaling.fit(PLANTED).fit.law
    assert "N_effective" not in select_rows(table).table


# --- every question takes them ------------------------------------------------------------


@pytest.mark.parametrize("command", QUESTIONS)
def test_every_question_takes_the_three_options(path, command):
    ends = repeated(err_t=1 - 1 / repeated()["loss"])
    table = pd.concat([ends, ends.head(1).assign(D=1e8), ends.tail(1).assign(run="h", loss=9.0)])
    options = ("--last-of-run", "--best-of-cell", "--effective-tokens")
    code, out, _ = ask(path, table, command, *options, "--law", "tied", "--json")
    assert code == 0
    assert json.loads(out)
