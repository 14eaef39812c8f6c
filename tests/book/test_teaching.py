"""The instructor's page: its plans add up, its commands run, its answers come out."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from places import ROOT
from scipy.stats import spearmanr
from typer.testing import CliRunner

from scaling.commands.cli import app
from scaling.costs.compute import count_parameters
from scaling.costs.total import tokens_needed
from scaling.forecast.counting import counting_error
from scaling.forecast.rulers import predict_on_line, relative_error
from scaling.laws.fit import fit_loss_law
from scaling.studies.decide.own_case import hold_out, predict_losses
from scaling.studies.recipe import fit_chain, miss_beside_chain
from scaling.studies.results import load_result
from scaling.tables.datafiles import data_path
from scaling.tables.runs import read_runs
from scaling.testbed.labels import DATASETS, LOSS_COLUMN
from scaling.testbed.runs import run_table, select_error_fit, select_loss_fit

PAGE = (ROOT / "book" / "teaching.md").read_text(encoding="utf-8")
CHAPTERS = sorted((ROOT / "notebooks").glob("[0-9]*.py"))
REDPAJAMA = run_table("redpajama")


def section(number: int) -> str:
    """A chapter's exam question with its rubric, in one line."""
    found = re.search(rf"^### {number}\. (.*?)(?=^### |\Z)", PAGE, re.DOTALL | re.MULTILINE)
    assert found, number
    return " ".join(found[1].split())


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def run(line: str):
    result = CliRunner().invoke(app, shlex.split(line.partition("#")[0]))
    assert result.exit_code == 0, result.output
    return result


def test_their_own_runs_go_from_the_template_to_the_report(tmp_path, monkeypatch):
    """As typed: the template, the five rows below its last line, and three commands."""
    monkeypatch.chdir(tmp_path)
    session = next(block for block in blocks("console") if "scaling template" in block)
    template, *others = [line.removeprefix("$ scaling ") for line in session.splitlines()]
    assert template.split()[:3] == ["template", ">", "runs.csv"]
    Path("runs.csv").write_text(run("template").stdout + blocks("text")[0], encoding="utf-8")
    assert [line.split()[0] for line in others] == ["check", "predict", "report"]
    said = [run(line).output for line in others]
    assert "5 runs, sound" in said[0]
    assert "to bet on" in said[1]
    assert Path("report.html").stat().st_size > 10_000
    measured = REDPAJAMA.query("size == '6.9B'")[LOSS_COLUMN].item()
    assert f"measured at {measured:.3f}" in PAGE


def test_the_small_grid_costs_what_the_page_says(monkeypatch):
    monkeypatch.chdir(ROOT)
    session = next(block for block in blocks("console") if "grid price" in block)
    command, shown = session.split("\n", 1)
    assert run(command.removeprefix("$ scaling ")).output == shown
    exact, rate = re.search(r"exact (\S+)\n.* at (\S+) FLOP/s", shown).groups()
    assert f"two such cores take {float(exact) / float(rate) / 2 / 60:.1f} minutes" in PAGE
    trained = next(block for block in blocks("console") if "grid run" in block)
    for line in trained.splitlines():
        words = line.removeprefix("$ scaling ").split()
        usage = run(f"{words[0]} {words[1]} --help").output
        assert all(option in usage for option in words if option.startswith("--"))


def test_the_lessons_add_up():
    first = PAGE.partition("## One lesson")[2].partition("\n## ")[0]
    assert sum(map(int, re.findall(r"^\| (\d+) \|", first, re.MULTILINE))) == 90
    week = PAGE.partition("## One week")[2].partition("\n## ")[0]
    reading = {
        int(path.stem[:2]): int(re.search(r"Reading: (\d+) minutes", path.read_text("utf-8"))[1])
        for path in CHAPTERS
    }
    meetings = [line for line in week.splitlines() if re.match(r"\| \d ", line)]
    assert len(meetings) == 5
    for line in meetings:
        parts = re.findall(r"(\d+): \[(\d+)\]", line)
        assert sum(int(minutes) for minutes, _ in parts) == 90
        before = int(re.search(r"\| (\d+) min", line)[1])
        assert before == sum(reading[int(chapter)] for _, chapter in parts)
        assert {named.partition(".")[0] for named in re.findall(r"\[(\d+\.\d)\]", line)} <= {
            chapter for _, chapter in parts
        }


def test_what_a_laptop_needs_is_what_the_readme_and_the_chapters_say():
    readme = " ".join((ROOT / "README.md").read_text("utf-8").split())
    assert "(2.4 GB, a few minutes)" in readme
    assert "2.4 GB in `.venv`, a few minutes" in PAGE
    heads = [path.read_text("utf-8").partition("Running: ")[2] for path in CHAPTERS]
    longest = max(int(head.split()[0]) for head in heads)
    assert f"the longest runs for {longest} seconds" in PAGE


def test_an_exercise_is_linked_under_its_number():
    links = re.findall(r"\[(\d+)\.(\d)\]\(\.\./notebooks/(\d+)\w+\.ipynb#exercise-(\d)-", PAGE)
    assert len(links) == len(re.findall(r"\[\d+\.\d\]", PAGE)) > 10
    assert [(int(a), b) for a, b, _, _ in links] == [(int(c), d) for _, _, c, d in links]


def test_every_chapter_has_a_question_before_and_one_after():
    for path in CHAPTERS:
        number = int(path.stem[:2])
        text = section(number)
        title = re.search(r"^# # (.*)$", path.read_text("utf-8"), re.MULTILINE)[1]
        assert title.startswith(text.partition("*Predict:*")[0].strip().rstrip("?"))
        marks = ["*Predict:*", "*Exam:*", "**Full:**", "**Half:**", "**None:**"]
        assert sorted(text.index(mark) for mark in marks) == [text.index(mark) for mark in marks]


def test_answers_about_the_testbed_and_its_laws():
    five, large = select_loss_fit(REDPAJAMA), REDPAJAMA.query("size == '6.9B'").iloc[0]
    last = five.loc[five["N"].idxmax()]
    assert f"{last['N'] / 1e6:.0f} million" in section(1)
    assert f"{last['D'] / 1e9:.2f} billion" in section(1)
    assert f"M = {last['M']}$" in section(1)
    assert f"{last['C'] / 1e19:.1f} \\times" in section(1)
    assert f"{large['C'] / last['C']:.0f} times: the square" in section(1)
    assert f"but {large['N'] / last['N']:.0f} times" in section(1)
    law = fit_chain(REDPAJAMA).loss_fit.law
    paper = law.to_paper()
    assert f"E = {paper.E:.2f}$ and $\\eta = {paper.eta:.3f}$" in section(3)
    loss = 1.84 + (3.15 - 1.84) * 280**-0.136
    assert f"loss of {last[LOSS_COLUMN]:.2f}" in section(3)
    assert f"= {loss:.2f}$; {100 * (loss / 2.425 - 1):.0f} % too high" in section(3)
    assert f"{large[LOSS_COLUMN]:.3f} is measured" in section(3)


def test_answers_about_runs_that_do_not_belong():
    short = REDPAJAMA.query("size == '0.079B' and M == 5").iloc[0]
    assert f"{short['N'] / 1e6:.1f} million" in section(4)
    assert f"{short['batch_tokens']:,.0f} tokens" in section(4)
    assert f"warm-up of {short['warmup_steps']:.0f} steps" in section(4)
    assert f"{short['N'] * 5 / short['batch_tokens']:.0f} steps, so" in section(4)
    five = select_loss_fit(REDPAJAMA)
    assert f"takes {five['C'].max() / five['C'].sum():.0%}".replace("%", " %") in section(5)
    off = []
    for dataset in DATASETS.values():
        table = run_table(dataset)
        runs, large = select_loss_fit(table), table.query("size == '6.9B'")
        kept = runs[runs["N"] < runs["N"].max()]
        law = fit_loss_law(kept["N"], kept["D"], kept[LOSS_COLUMN]).law
        off.append(abs(relative_error(law.predict(large["N"], large["D"]), large[LOSS_COLUMN])))
    assert f"off by {100 * np.min(off):.0f} to {100 * np.max(off):.0f} %" in section(5)
    count = count_parameters(96, 8)
    assert f"{count.total / 1e6:.1f} million parameters" in section(8)
    share = 2 * 50_432 * 96
    assert f"= {share / 1e6:.1f}$ million, {100 * share / count.total:.0f} %" in section(8)
    assert count.total / (count.total - share) == pytest.approx(12, abs=0.5)
    assert f"{1 - count.body / count.total:.0%} is vocabulary".replace("%", " %") in PAGE


def test_answers_about_methods_and_tasks():
    rows = load_result("candidates")
    rho = spearmanr(rows["backtest_score"], rows["five_c4_eval"]).statistic
    assert f"rank correlation {rho:.2f}" in section(7)
    six, target = select_error_fit(REDPAJAMA), REDPAJAMA.query("size == '6.9B'").iloc[0]
    last_two = six.nsmallest(2, LOSS_COLUMN)[::-1]
    losses, errors = last_two[LOSS_COLUMN], 100 * last_two["err_avg17"]
    assert "losses of " + " and ".join(f"{loss:.3f}" for loss in losses) in section(9)
    assert "errors of " + " and ".join(f"{error:.1f}" for error in errors) in section(9)
    loss = fit_chain(REDPAJAMA).predict_loss(target["N"], target["D"])
    assert f"predicted as {loss:.3f}" in section(9)
    line = 54.7 - (63.7 - 54.7) / (3.150 - 2.769) * (2.769 - 2.443)  # by hand, as printed
    exact = float(predict_on_line(six, np.array([loss]), (LOSS_COLUMN, "err_avg17"))[0])
    assert line == pytest.approx(100 * exact, abs=0.2)
    assert f"{line:.1f} %, off by {100 * abs(line / 47.2 - 1):.1f} %" in section(9)
    assert f"if {100 * target['err_avg17']:.1f} % is measured" in section(9)
    misses = pd.concat([miss_beside_chain(run_table(d), "err_avg17") for d in DATASETS.values()])
    assert f"errs by {100 * misses['chain'].abs().mean():.1f} % on average" in section(9)
    assert counting_error(0.5, 100) == pytest.approx(0.05)
    assert counting_error(0.5, 2500) == pytest.approx(0.01)


def test_answers_about_decisions():
    assert f"gives {0.025 ** (1 / 6):.0%}".replace("%", " %") in section(11)
    assert f"{np.sqrt(2.4e19 / 120) / 1e6:.0f} million" in section(12)
    five = select_loss_fit(run_table("c4"))
    law = fit_loss_law(five["N"], five["D"], five[LOSS_COLUMN]).law
    D = float(tokens_needed(law, 3.5e9, law.predict(7e9, 140e9)))
    assert f"3.5B on {D / 1e9:.0f}B tokens" in section(13)
    served = 6 * (3.5 * 549 - 7 * 140) / (2 * 3.5)
    assert f"= {served:.0f}$ billion" in section(13)
    runs = read_runs(data_path("results", "domain.csv")).drop(columns="loss_std_held_out")
    told = predict_losses(*hold_out(runs)).iloc[-1]
    assert told["inside"]
    assert f"to {100 * abs(told['error']):.1f} %, a straight" in section(14)
    assert f"line to {100 * abs(told['line_error']):.1f} %" in section(14)


@pytest.mark.parametrize(
    ("chapter", "said", "ours"),
    [
        ("02_grid_training", "105 runs", "trains 105 small models"),
        ("02_grid_training", "loss within 0.46%", "It was 0.46 % at most"),
        ("05_leave_sizes_out", "factor of 1.9 to 3.0", "factor of 1.9 to 3.0"),
        ("06_other_text", "4.4% to 11% on five other texts", "4.4 to 11 %"),
        ("06_other_text", "1.5% to 2.9% on average on English", "3 % or less on English"),
        ("07_better_predictor", "280 candidates", "among 280"),
        ("07_better_predictor", "2.12% on the six targets, the recipe 1.48%", "errs by 1.5 %"),
        ("09_error_law", "known to 1.4% only", "known to 1.4 % only"),
        ("09_error_law", "An error of 0.05% is luck", "off by 0.05 %"),
        ("14_your_own_runs", "a straight line in log compute to 0.3%", "line to 0.3 %"),
    ],
)
def test_what_is_quoted_stands_in_the_chapter(site, chapter, said, ours):
    html = (site / "notebooks" / f"{chapter}.html").read_text("utf-8")
    assert said in " ".join(re.sub(r"<[^>]+>", "", html).split())
    assert ours in " ".join(PAGE.split())


def test_what_goes_wrong_is_answered_in_these_words(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows, errors = blocks("text")[0].splitlines(), ("0.5", "0.5", "0.48", "0.45", "0.5")
    table = {
        "warmup": ["run,N,D,loss,batch_tokens,warmup_steps", *(r + ",500k,1000" for r in rows)],
        "one_M": ["run,N,D,loss", *rows[:4]],
        "checkpoints": ["run,N,D,loss", *rows, "a,10.6M,311M,5.2", "a,10.6M,411M,5.1"],
        "guessing": ["run,N,D,loss,err_x", *map(",".join, zip(rows, errors, strict=True))],
    }
    for name, lines in table.items():
        Path(f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    asked = {name: f"check {name}.csv" for name in table}
    asked["one_M"] = "predict one_M.csv --N 6.9B --M 80"
    asked["guessing"] = "tasks guessing.csv --N 6.9B --M 20"
    words = {
        "warmup": ["ends before its warm-up does"],
        "one_M": ["the runs cannot tell the coefficients apart", "unidentified"],
        "checkpoints": ["--last-of-run"],
        "guessing": ["only with its interval", "just off guessing"],
    }
    for name, command in asked.items():
        said = " ".join(CliRunner().invoke(app, shlex.split(command)).output.split())
        for word in words[name]:
            assert word in said, (name, said)
            assert word in " ".join(PAGE.split())
