"""The command line on other groups' tables as they stand, every count, data set and law."""

from __future__ import annotations

import json
import re
import shlex

import numpy as np
import pandas as pd
import pytest
from places import ROOT
from typer.testing import CliRunner

from scaling.commands.cli import app
from scaling.laws.fit import fit_loss_law, fit_loss_surface
from scaling.laws.prior import fit_with_prior
from scaling.tables.datafiles import data_path
from scaling.testbed.grids import GRIDS, load_grid, split_series

CHAPTER = ROOT / "notebooks" / "08_other_grids.py"
FITTERS = {"tied": fit_loss_law, "free": fit_loss_surface, "prior": fit_with_prior}
TABLES = [
    (name, count, series)
    for name, grid in GRIDS.items()
    for count in grid.counts
    for series in split_series(load_grid(name))
]


def run(command, name, count, series, *options):
    arguments = [command, str(data_path("grids", f"{name}.csv")), "--count", count, *options]
    arguments += ["--dataset", series] if series else []
    result = CliRunner().invoke(app, [*arguments, "--json"])
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def runs_of(name, series):
    return split_series(load_grid(name))[series]


@pytest.mark.parametrize("law", FITTERS)
@pytest.mark.parametrize(("name", "count", "series"), TABLES)
def test_fit_and_predict(name, count, series, law):
    runs = runs_of(name, series)
    expected = FITTERS[law](runs[count], runs["D"], runs["loss"])
    said = run("fit", name, count, series, "--law", law)
    assert (said["n_runs"], said["count"], said["law"]) == (len(runs), count, law)
    assert said["dataset"] == (series or None)
    coefficients = {key: value["value"] for key, value in said["coefficients"].items()}
    assert coefficients == pytest.approx(vars(expected.law), rel=1e-8)
    assert said["status"] == expected.status == "converged"
    said = run("predict", name, count, series, "--law", law, "--N", "7B", "--M", "20")
    assert said["loss"] == pytest.approx(float(expected.law.predict(7e9, 140e9)), rel=1e-8)
    reach = 7e9 * 140e9 / (runs[count] * runs["D"]).max()
    assert said["extrapolation"]["compute_ratio"] == pytest.approx(reach, rel=1e-9)


@pytest.mark.parametrize("law", FITTERS)
@pytest.mark.parametrize(("name", "count", "series"), TABLES)
def test_backtest(name, count, series, law):
    """Every run of the largest size, predicted from all smaller sizes."""
    runs = runs_of(name, series)
    said = pd.DataFrame(run("backtest", name, count, series, "--law", law)).set_index("run")
    assert said["predicted"].notna().all()
    largest = runs[count] == runs[count].max()
    known, asked = runs[~largest], runs[largest]
    held = FITTERS[law](known[count], known["D"], known["loss"]).law
    own = said.loc[asked["run"]]
    predicted = held.predict(asked[count].to_numpy(), asked["D"].to_numpy())
    assert own["predicted"].tolist() == pytest.approx(predicted.tolist(), rel=1e-6)
    assert own["actual"].tolist() == pytest.approx(asked["loss"].tolist(), rel=1e-12)
    error = predicted / asked["loss"].to_numpy() - 1
    assert own["relative_error"].tolist() == pytest.approx(error.tolist(), abs=1e-6)
    assert all(max(sizes) < asked[count].iloc[0] for sizes in own["fit_sizes"])


def test_the_second_loss_of_the_ladder():
    runs = load_grid("olmo_ladder")
    said = run("fit", "olmo_ladder", "N", "", "--loss-set", "pile", "--law", "tied")
    law = fit_loss_law(runs["N"], runs["D"], runs["loss_pile"]).law
    assert said["coefficients"]["E"]["value"] == pytest.approx(law.E, rel=1e-9)
    assert not np.isclose(law.E, fit_loss_law(runs["N"], runs["D"], runs["loss"]).law.E)


def commands_of_the_chapter():
    text = "\n".join(
        line.removeprefix("# ") for line in CHAPTER.read_text(encoding="utf-8").splitlines()
    )
    return re.findall(r"^\$ scaling (.*)$", text, re.MULTILINE)


def test_the_chapter_shows_commands():
    assert {line.split()[0] for line in commands_of_the_chapter()} == {"fit", "predict", "backtest"}
    assert {line.split()[1] for line in commands_of_the_chapter()} == {
        f"data/grids/{name}.csv" for name in GRIDS
    }


@pytest.mark.parametrize("line", commands_of_the_chapter())
def test_a_command_of_the_chapter_runs(line, monkeypatch):
    monkeypatch.chdir(ROOT)
    result = CliRunner().invoke(app, shlex.split(line))
    assert result.exit_code == 0, result.stderr
    assert result.stdout
    if "predict" in line:
        assert "nats/token" in result.stdout


@pytest.mark.parametrize("command", ["fit", "predict", "backtest"])
def test_several_data_sets_must_be_told_apart(command):
    target = ["--N", "7B", "--M", "20"] if command == "predict" else []
    path = str(data_path("grids", "porian.csv"))
    result = CliRunner().invoke(app, [command, path, *target, "--json"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert "openwebtext2" in result.stderr


@pytest.mark.parametrize("name", [n for n, grid in GRIDS.items() if "N_body" not in grid.counts])
@pytest.mark.parametrize("command", ["fit", "backtest"])
def test_a_count_that_is_not_there(command, name):
    series = next(iter(split_series(load_grid(name))))
    options = ["--count", "N_body", *(["--dataset", series] if series else [])]
    result = CliRunner().invoke(app, [command, str(data_path("grids", f"{name}.csv")), *options])
    assert result.exit_code == 2
    assert "N_body" in result.stderr
