"""Chapter 14 with another table: one line is changed, and everything else runs."""

from __future__ import annotations

import ast
from pathlib import Path

import jupytext
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from places import ROOT

import scaling
from scaling.figures.style import STYLE
from scaling.testbed.runs import run_table

LINE = "TABLE = OURS  #"
FIVE = pd.DataFrame(
    {
        "N": [10.6e6, 78.9e6, 154e6, 412e6, 10.6e6],
        "D": [211e6, 1.58e9, 3.07e9, 8.23e9, 3.38e9],
        "loss": [5.39, 3.90, 3.53, 3.15, 4.57],
    }
)


def with_kpi() -> pd.DataFrame:
    """Eight small runs and a large one, with a share that follows the loss."""
    N = 1e7 * np.array([1, 1, 2, 2, 4, 4, 8, 8, 40])
    D = N * [20, 160, 20, 160, 20, 160, 20, 40, 40]
    loss = scaling.LossLaw(E=1.8, A=180, B=220, alpha=0.25).predict(N, D)
    loss = loss * np.exp(0.005 * np.random.default_rng(0).standard_normal(9))
    share = np.round(2000 / (1 + np.exp(2 * (loss - 3.5)))) / 2000
    return pd.DataFrame({"N": N, "D": D, "loss": loss, "acc_own": share, "items_own": 2000})


def with_tasks() -> pd.DataFrame:
    """The C4 runs of the testbed, with the errors of two tasks."""
    runs = run_table("c4").rename(columns={"loss_c4_eval": "loss"})
    kept = runs[runs["M"] >= 10]
    return kept[["run", "N", "D", "loss", "err_arc_easy", "err_lambada_openai"]]


def at_one_M() -> pd.DataFrame:
    """Five runs of 20 tokens per parameter: no size can be predicted from the smaller ones."""
    N = 1e7 * np.array([1, 2, 4, 8, 40])
    loss = scaling.LossLaw(E=1.8, A=180, B=220, alpha=0.25).predict(N, 20 * N)
    return pd.DataFrame({"N": N, "D": 20 * N, "loss": loss})


def rising() -> pd.DataFrame:
    """Eight runs of which the larger are the worse."""
    N = 1e7 * np.array([1, 1, 2, 2, 4, 4, 8, 8])
    D = N * [20, 160, 20, 160, 20, 160, 20, 160]
    return pd.DataFrame({"N": N, "D": D, "loss": 3 + 0.1 * np.log(N * D / 1e14)})


def run_cell(source: str, names: dict) -> object:
    """Run a cell; give the value of its last line, which a notebook would show."""
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "chapter", "exec"), names)
    return eval(compile(ast.Expression(last.value), "chapter", "eval"), names) if last else None


def run_chapter(table: Path) -> str:
    """Run the cells of the chapter with the one line changed; give what is shown from there on."""
    cells = jupytext.read(ROOT / "notebooks" / "14_your_own_runs.py").cells
    code = [cell.source for cell in cells if cell.cell_type == "code"]
    assert sum(source.startswith(LINE) for source in code) == 1
    changed = [f"TABLE = {str(table)!r}" if source.startswith(LINE) else source for source in code]
    shown: list[str] = []
    names: dict = {}
    for source in changed:
        if source.startswith("TABLE = "):
            shown.clear()  # what comes before is about the worked case
        shown.append(repr(run_cell(source, names)))
        names["display"] = lambda *what: shown.extend(map(repr, what))
    plt.close("all")
    return " ".join(shown)


@pytest.fixture(autouse=True)
def _quiet_figures(monkeypatch):
    monkeypatch.setattr("scaling.figures.style.use_style", lambda: plt.style.use(STYLE))
    with plt.rc_context():
        yield


@pytest.mark.parametrize("make", [lambda: FIVE, with_kpi, with_tasks], ids=["five", "kpi", "tasks"])
def test_one_line_is_enough(make, tmp_path):
    make().to_csv(tmp_path / "runs.csv", index=False)
    shown = run_chapter(tmp_path / "runs.csv")
    assert "Markdown" not in shown  # what is said of the worked case stays away


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (at_one_M, ["no size can be predicted from the smaller ones", "all runs have one D/N"]),
        (rising, ["does not fall with both N and D"]),
    ],
    ids=["one M", "rising"],
)
def test_what_the_runs_do_not_tell_is_a_sentence_and_the_chapter_goes_on(
    make, says, tmp_path, capsys
):
    make().to_csv(tmp_path / "runs.csv", index=False)
    run_chapter(tmp_path / "runs.csv")
    printed = capsys.readouterr().out
    assert all(sentence in printed for sentence in says)
    assert "then stop:" in printed
