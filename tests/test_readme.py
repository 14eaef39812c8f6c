"""What the README shows is what happens."""

import re
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from scaling.cli import app
from scaling.headline import write_headline
from scaling.names import DATASETS
from scaling.recipe import fit_chain, relative_error
from scaling.scorecard import make_scorecard
from scaling.testbed import run_table, select_loss_fit, select_targets

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
INTRO = (ROOT / "book" / "intro.md").read_text(encoding="utf-8")


def block(language: str, containing: str = "") -> str:
    found = re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)
    return next(text for text in found if containing in text)


def test_the_example_prints_what_the_readme_shows(tmp_path):
    (tmp_path / "runs.csv").write_text(block("csv"), encoding="utf-8")
    session = block("console", "scaling predict")
    commands = [line[2:].split() for line in session.splitlines() if line.startswith("$ scaling")]
    shown = [line for line in session.splitlines() if not line.startswith("$")]
    for _, *arguments in commands:
        result = CliRunner().invoke(
            app, [a.replace("runs.csv", str(tmp_path / "runs.csv")) for a in arguments]
        )
        assert result.exit_code == 0, result.output
    assert [line for line in shown if line.strip()] == result.output.splitlines()


def test_the_python_example_runs():
    names: dict = {}
    *lines, last = block("python").strip().splitlines()
    exec("\n".join(lines), names)
    status, loss = eval(last, names)
    assert status == "converged"
    assert loss == pytest.approx(2.442, abs=0.002)


def test_the_answers_in_the_table():
    loss_misses, error_misses, line_misses = [], [], []
    for dataset in DATASETS.values():
        table = run_table(dataset)
        chain, targets = fit_chain(table), select_targets(table)
        design = targets["N"], targets["D"]
        loss_misses.extend(relative_error(chain.predict_loss(*design), targets["loss_c4_eval"]))
        error_misses.extend(relative_error(chain.predict_error(*design), targets["err_avg17"]))
        ray = select_loss_fit(table).query("M == 20")
        line = np.polyfit(np.log(ray["C"]), np.log(ray["loss_c4_eval"]), 1)
        straight = np.exp(np.polyval(line, np.log(targets["C"])))
        line_misses.extend(relative_error(straight, targets["loss_c4_eval"]))
    loss, error = np.abs(loss_misses) * 100, np.abs(error_misses) * 100
    assert f"within {loss.min():.2f} to {loss.max():.1f}% over six targets" in README
    assert f"within {error.min():.2f} to {error.max():.1f}%, {error.mean():.1f}% on av" in README
    assert f"Its loss within {loss.max():.1f}%" in INTRO
    assert f"Within {error.max():.1f}%, {error.mean():.1f}% on average" in INTRO
    straight_line = np.abs(line_misses) * 100
    assert f"which is {straight_line.min():.0f} to {straight_line.max():.0f}% off" in INTRO
    statuses = [entry.status for entry in make_scorecard() if entry.published is not None]
    matched, explained = statuses.count("match"), statuses.count("explained")
    assert f"{len(statuses)} printed numbers" in README
    assert f"{matched} to the digit, {explained} explained" in README


def test_the_figure_is_the_one_the_tables_give(tmp_path):
    write_headline(tmp_path / "headline.svg")
    stored = (ROOT / "book" / "_static" / "headline.svg").read_bytes()
    assert (tmp_path / "headline.svg").read_bytes() == stored


def test_every_path_named_is_there():
    named = re.findall(r"`((?:notebooks|book|data|scaling|tests|benchmarks)/[\w./]*)`", README)
    assert len(named) >= 6
    for name in named:
        path = ROOT / name
        assert path.exists() or path.with_suffix(".py").exists(), name
    assert all((ROOT / target).exists() for target in re.findall(r"\]\((book/[^)]+)\)", README))
