"""What the README shows is what happens."""

import json
import re
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from places import ROOT
from typer.main import get_command
from typer.testing import CliRunner

import scaling
from scaling.commands.cli import app
from scaling.forecast.fitted import fit_table
from scaling.forecast.rulers import predict_no_change, predict_on_line, relative_error
from scaling.forecast.verdicts import judge_tasks
from scaling.laws.fit import SOUND
from scaling.laws.prior import load_belief
from scaling.reports.question import TOLERANCE
from scaling.reports.verdict import find_allowance
from scaling.studies.decide.own_case import hold_out, predict_losses
from scaling.studies.decide.savings import read_ends, spread_over_laws
from scaling.studies.headline import write_headline
from scaling.studies.loss.ablation import sweep_choices
from scaling.studies.loss.ablation_tables import pair_sizes
from scaling.studies.loss.transfer import predict_sets
from scaling.studies.loss.warmup import load_search_steps, pair_warmups
from scaling.studies.predictors.leverage import summarise_leverage
from scaling.studies.recipe import fit_chain, miss_beside_chain
from scaling.studies.results import load_result
from scaling.studies.scorecard import make_scorecard
from scaling.studies.tasks.error_laws import predict_tasks, sum_up_methods
from scaling.tables.datafiles import data_path
from scaling.tables.runs import read_runs
from scaling.testbed.labels import DATASETS
from scaling.testbed.runs import (
    load_tasks,
    run_table,
    select_error_fit,
    select_loss_fit,
    select_targets,
)

README = (ROOT / "README.md").read_text(encoding="utf-8")
INTRO = (ROOT / "book" / "intro.md").read_text(encoding="utf-8")
OWN_RUNS = (ROOT / "book" / "own_runs.md").read_text(encoding="utf-8")
CHAPTER_3 = (ROOT / "notebooks" / "03_loss_law.py").read_text(encoding="utf-8")


def unfolded(text: str) -> str:
    return " ".join(text.split())


def block(language: str, containing: str = "", page: str = README) -> str:
    found = re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)
    return next(text for text in found if containing in text)


def test_the_example_prints_what_the_page_shows(tmp_path):
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


HEADERS = {
    "runs.csv": "run,N,D,loss\n",
    "wandb.csv": "Name,State",
    "isoflop.csv": "C,D,perplexity",
    "task_runs.csv": "err_lambada",
    "tasks.csv": "n_items",
    "kpi_runs.csv": "loss,right",
}
SESSIONS = re.findall(r"```console\n(.*?)```", OWN_RUNS, re.DOTALL)


@pytest.mark.parametrize("session", SESSIONS, ids=lambda text: text.split("\n")[0][10:40])
def test_every_command_prints_what_the_page_of_own_runs_shows(session, tmp_path, monkeypatch):
    """But for the prices below a plan and a bill."""
    monkeypatch.chdir(tmp_path)
    for name, header in HEADERS.items():
        Path(name).write_text(block("text", header, OWN_RUNS), encoding="utf-8")
    typed = Path("runs.csv").read_text("utf-8").replace("3.53", "4.53")
    Path("slip.csv").write_text(typed, encoding="utf-8")
    for part in session.split("$ scaling ")[1:]:
        command, shown = part.split("\n", 1)
        result = CliRunner().invoke(app, shlex.split(command))
        answer = result.stdout + result.stderr
        assert answer[: len(shown)] == shown
        rest = answer.removeprefix(shown).strip()
        priced = command.startswith(("plan", "cost")) and rest.startswith("prices and utilisation")
        assert priced or rest == "" or rest.endswith("report.html is written")


def test_the_page_of_own_runs_has_a_session_for_each_command():
    told = re.findall(r"^\$ scaling (\w+)", "".join(SESSIONS), re.MULTILINE)
    assert set(get_command(app).commands) - set(told) == {"scorecard", "grid"}


def test_how_far_off_the_example_was_as_the_page_of_own_runs_opens(tmp_path):
    """The prediction and two baselines, against the run as it was measured."""
    (tmp_path / "runs.csv").write_text(block("text", page=OWN_RUNS), encoding="utf-8")
    runs, far = read_runs(tmp_path / "runs.csv"), 6 * 6.9e9 * 138e9
    large = run_table("redpajama").set_index("run").loc["redpajama-6.9B-M20"]
    answer = scaling.predict(runs, N=6.9e9, M=20)
    logs = np.log(runs[["C", "loss"]]).assign(C=runs["C"], log_C=np.log(runs["C"]))
    line = np.exp(predict_on_line(logs, np.log(far), ("log_C", "loss")))
    told = (answer.loss, line, predict_no_change(runs, "loss"))
    law, straight, last = (abs(relative_error(of, large["loss_c4_eval"])) for of in told)
    page = unfolded(OWN_RUNS)
    assert f"between {answer.lo:.2f} and {answer.hi:.2f}, made to hold nine times in ten" in page
    assert f"it was measured {large['loss_c4_eval']:.3f}." in page
    assert f"The prediction itself, {answer.loss:.3f}, was {law:.1%} off." in page
    assert f"the two-point line {straight:.1%}, the last-run baseline {last:.0%}." in page


def test_what_the_report_goes_by_as_the_page_of_own_runs_says():
    assert f"({100 * TOLERANCE:g}% by default)" in OWN_RUNS
    assert f"the {100 * find_allowance(0.9):g}% by which laws have erred" in unfolded(OWN_RUNS)


def test_the_python_example_runs():
    names: dict = {}
    *lines, last = block("python", page=OWN_RUNS).strip().splitlines()
    exec("\n".join(lines), names)
    status, loss = eval(last, names)
    assert status == "converged"
    assert f"{loss:.4f} nats/token" in block("console", "scaling predict")


def test_the_answers_in_the_table():
    loss_misses, error_misses, parabola_misses, ratios = [], [], [], []
    dearer: list = []
    by_default: list = []
    of_largest: list = []
    for dataset in DATASETS.values():
        table = run_table(dataset)
        chain, targets = fit_chain(table), select_targets(table)
        design = targets["N"], targets["D"]
        loss_misses.extend(relative_error(chain.predict_loss(*design), targets["loss_c4_eval"]))
        error_misses.extend(relative_error(chain.predict_error(*design), targets["err_avg17"]))
        fit_runs = select_loss_fit(table)
        dearer.extend(targets["C"] / select_error_fit(table)["C"].sum())
        ratios.extend(targets["C"] / fit_runs["C"].sum())
        of_largest.extend(targets["C"] / fit_runs["C"].max())
        losses = fit_table(fit_runs, "loss_c4_eval").read(*design)[0]
        by_default.extend(np.abs(relative_error(losses, targets["loss_c4_eval"])))
        ray = fit_runs.query("M == 20")
        parabola = np.polyfit(np.log(ray["C"]), np.log(ray["loss_c4_eval"]), 2)
        bent = np.exp(np.polyval(parabola, np.log(targets["C"])))
        parabola_misses.extend(relative_error(bent, targets["loss_c4_eval"]))
    loss, error = np.abs(loss_misses) * 100, np.abs(error_misses) * 100
    told = f"ts loss within {loss.max():.1f}%, {loss.mean():.1f}% on average"
    assert told in README and told in unfolded(INTRO)
    told = f"ithin {error.max():.1f}%, {error.mean():.1f}% on average"
    assert told in README and told in unfolded(INTRO)
    assert f"is off by {np.mean(np.abs(parabola_misses)):.1%}" in unfolded(INTRO)
    assert f"{min(dearer):.0f} to {max(dearer):.0f} times as expensive as the six" in unfolded(
        INTRO
    )
    told = f"{min(ratios):.0f} to {max(ratios):.0f} times as expensive as the five together"
    beside = f"({min(of_largest):.0f} to {max(of_largest):.0f} times as their largest)"
    assert f"{told} {beside}" in unfolded(INTRO)
    default = f"within {max(by_default):.1%}, {np.mean(by_default):.1%} on average"
    assert "by the tool's default law, which" in unfolded(INTRO)
    assert f"use, {default}" in unfolded(INTRO)
    assert "by the paper's law, over six" in unfolded(INTRO)
    assert f"cost {min(ratios):.0f} to {max(ratios):.0f} times as much" in CHAPTER_3
    statuses = [entry.status for entry in make_scorecard() if entry.published is not None]
    matched, explained = statuses.count("match"), statuses.count("explained")
    assert f"{len(statuses)} printed numbers" in README
    not_met = statuses.count("not_reproduced")
    told = f"{matched} to the digit, {explained} explained, {not_met} not reproduced"
    assert told in README


def test_how_sure_is_what_the_farthest_ends_of_six_intervals_say():
    """README and intro, on the law that the command takes; all six hold what was measured."""
    below, above = [], []
    for _, own in run_table().groupby("dataset"):
        targets, fitted = select_targets(own), fit_table(select_loss_fit(own), "loss_c4_eval")
        bet = fitted.find_intervals(targets["N"], targets["D"])
        assert targets["loss_c4_eval"].between(bet.lo, bet.hi).all()
        loss = fitted.read(targets["N"], targets["D"])[0]
        below += list(1 - bet.lo / loss)
        above += list(bet.hi / loss - 1)
    assert len(below) == 6
    told = f"From {max(below):.0%} below the prediction to {max(above):.0%} above"
    made = "made to hold nine times in ten"
    assert f"{told}; six of six held" in README
    assert told in unfolded(INTRO) and made in unfolded(INTRO)
    coverage = load_result("interval_coverage").set_index(["evidence", "group", "method"])
    least = coverage.loc[("five", "C4 eval", "bet"), "covered_lo"]
    assert f"shows {least:.0%} or more" in unfolded(INTRO)
    chance = f"only {least:.0%} of the time gets six of six right one time in {least**-6:.0f}"
    assert chance in unfolded(INTRO)


def test_the_answers_from_stored_tables():
    """Other text, a better predictor, other grids: the numbers of README and intro."""
    text = predict_sets(n_draws=2).query("role == 'target'")
    by_set = text["relative_error"].abs().groupby(text["loss_set"]).mean().mul(100)
    web = by_set.loc[["c4_eval", "paloma_c4", "paloma_refinedweb"]]
    other = by_set.drop(web.index)
    assert web.max() < 3
    told = (
        "On English web text within 3% on average; "
        f"five others {other.min():.1f} to {other.max():.0f}%"
    )
    assert told in README
    large = load_result("large_runs").query("fit_runs == 'five'")
    large = large[large["run"].isin(select_targets(run_table())["run"])]
    mean = large["relative_error"].abs().groupby(large["candidate"]).mean()
    other = mean["prior, other grids' constants"]
    told = f"texts {other:.1%} instead of {mean['recipe']:.1%}"
    assert told in unfolded(INTRO)
    grids = load_result("grids").query("count == 'N' and fit_share == '1/20'")
    series = ["candidate", "grid", "series"]
    means = grids["relative_error"].abs().groupby([grids[name] for name in series]).mean()
    mean = means.groupby(["candidate", "grid"]).mean().groupby("candidate").mean()
    assert f"{mean['recipe']:.1%}" == f"{mean['prior']:.1%}"
    assert f"Yes: {mean['prior']:.1%}, mean of four grids, from 1/20 of the compute" in README
    leverage = summarise_leverage(load_result("leverage"))
    kept = leverage.loc[("not beaten", "1/20", "mean of four", "")].mul(100)
    assert f"{kept['recipe']:.1f}% without two runs flagged" in unfolded(INTRO)
    assert f"{mean['prior']:.1%} on average over four grids" in unfolded(INTRO)


def test_the_answer_of_the_trained_grid():
    grid = pd.read_csv(data_path("results", "walks.csv"))
    assert f"{len(grid)} small models" in README


def test_the_answer_of_the_worked_case():
    runs = read_runs(data_path("results", "domain.csv")).drop(columns="loss_std_held_out")
    told = predict_losses(*hold_out(runs)).iloc[-1]
    line = f"a straight line {abs(told['line_error']):.1%}"
    assert f"eight tiny runs err by {-told['error']:.1%}, {line}" in README
    assert told["inside"]


def test_what_the_warm_up_could_account_for():
    """Beyond a share of one it costs what 0.411B misses at M = 5, and a third of what 0.079B does.

    The other two sizes end at shares up to which it costs nothing.
    """
    pairs = pair_warmups(load_search_steps(), shorter=400, longer=2000)
    cost = -pairs.loc[pairs["share"] > 1, "difference"].median()
    early = load_result("residuals").query("fit_set == 'grid_20' and M == 5").groupby("size")
    missed, share = early["residual"].mean(), early["warmup_share"].first()
    assert cost / missed["0.411B"] == pytest.approx(1, abs=0.1)
    assert cost / missed["0.079B"] == pytest.approx(1 / 3, abs=0.01)
    assert (share > 1).to_dict() == {"0.011B": 0, "0.079B": 1, "0.154B": 0, "0.411B": 1}
    most = share[share < 1].max()
    assert pairs.loc[pairs["share"] <= most, "difference"].median() > 0


def test_which_sizes_can_be_skipped():
    ratios = {}
    for dataset in DATASETS.values():
        sweep = sweep_choices(dataset)
        sound = sweep[sweep["status"].isin(SOUND)]
        pairs = pair_sizes(sound[sound["multipliers"].str.split("+").str[0] != "M5"])
        assert pairs.loc[pairs["most_M"] >= 320, "ratio"].median() < 1.2
        ratios[dataset] = pairs.loc[pairs["most_M"] < 320, "ratio"].median()
    assert ratios == pytest.approx({"c4": 0.67, "redpajama": 2.5, "refinedweb": 4.8}, rel=0.02)
    assert "Any one small run, and usually the two middle sizes" in README


def test_random_designs_as_the_page_tells_them():
    """Of five and of eight cheap runs, with constants that no run of the grid chose."""
    few = load_result("few_runs")
    far = few["grid"] == "porian"
    away = np.log(few["alpha"] / load_belief().alpha_0).abs()
    assert away[far].min() > away[~far].max()
    five, eight = few["n_runs"] == 5, few["n_runs"] == 8
    near, lost, rest = (
        f"{100 * few.loc[rows, 'nearer'].min():.0f} to {few.loc[rows, 'nearer'].max():.0%}"
        for rows in (five & ~far, five & far, eight)
    )
    told = f"on {near} of designs in six series and on {lost} in the two whose exponent lies "
    moved = f"{100 * few['nearer_std'].min():.0f} to {100 * few['nearer_std'].max():.0f} points"
    told += f"farthest away; from eight on {rest} (over 20 seeds of {few['n_designs'][0]} designs; "
    assert f"{told}one standard deviation between seeds is {moved})." in unfolded(OWN_RUNS)


def test_single_tasks_as_the_intro_tells_them():
    misses = pd.concat(
        miss_beside_chain(run_table(dataset), f"err_{task}").tail(1).abs()
        for dataset in DATASETS.values()
        for task in load_tasks().query("in_17")["task"]
    )
    assert len(misses) == 51
    assert misses.index.str.contains("6.9B").all()
    law, ruler = misses["chain"], misses["ruler in loss"]
    told = f"is off by {law.median():.0%} in the median and {law.mean():.0%} on average, "
    assert f"{told}that line by {ruler.median():.0%} and {ruler.mean():.0%}" in unfolded(INTRO)


def test_what_was_measured_on_the_tasks_of_the_example():
    run = run_table("redpajama").set_index("run").loc["redpajama-6.9B-M20"]
    measured = [f"{run[f'err_{task}']:.3f}" for task in ("lambada_openai", "copa", "boolq")]
    assert f"was measured {measured[0]}, {measured[1]} and {measured[2]}" in unfolded(OWN_RUNS)


def test_what_was_measured_on_the_kpi_of_the_example(tmp_path, monkeypatch):
    """And what the page says of the run whose cell is empty."""
    monkeypatch.chdir(tmp_path)
    table = block("text", "loss,right", OWN_RUNS)
    runs = run_table("redpajama").set_index("run")["err_lambada_openai"]
    assert f"was measured {1 - runs['redpajama-6.9B-M20']:.3f}." in unfolded(OWN_RUNS)
    known = load_tasks().set_index("task")["n_items"]["lambada_openai"]
    assert f"{known:,.0f} questions" in OWN_RUNS
    right = 1 - runs["redpajama-0.011B-M20"]
    assert round(right * known) == 4
    Path("kpi_runs.csv").write_text(table.replace("5.387,", f"5.387,{right:.3f}"), "utf-8")
    answer = scaling.kpi(
        "kpi_runs.csv", column="right", higher_is_better=True, items=5153, N="6.9B", M=20
    )
    ends = re.fullmatch(r"the runs leave (.+) open for right, .+: they bend away.+", answer.doubt)
    assert ends is not None
    told = f"With its {right:.3f} the runs bend away from a line and leave {ends[1]} open"
    assert f"{told}, which is refused." in unfolded(OWN_RUNS)


def judge_from_six_runs(dataset):
    """The verdicts on both targets of a training set, and what was measured."""
    table, known = run_table(dataset), load_tasks()
    for run in select_targets(table).to_dict("records"):
        target = run["N"], run["D"]
        rows = judge_tasks(select_error_fit(table), "loss_c4_eval", "N", known, target)
        rows = rows[rows["task"].isin(known["task"])]
        measured = rows["task"].map(lambda task, run=run: run[f"err_{task}"])
        inside = measured.between(rows["lo"], rows["hi"])
        went = np.where(measured < rows["no_change"], "down", "up")
        yield rows.assign(inside=inside, went=went, step=run["size"])


def test_verdicts_from_six_runs_as_the_readme_tells_them():
    rows = pd.concat(part for name in DATASETS.values() for part in judge_from_six_runs(name))
    sure = rows[rows["verdict"] == "predictable"]
    large = sure[sure["step"] == "6.9B"]["inside"]
    told = (
        f"From six such runs {sure['inside'].sum()} of {len(sure)} predictions called predictable "
    )
    told += f"lay in their interval, at 6.9B {large.sum()} of {len(large)}, on three training"
    assert told in unfolded(OWN_RUNS)
    went = (sure["went"] == "down").sum()
    assert f"{went} of the {len(sure)} went the way they said" in unfolded(OWN_RUNS)


def test_single_tasks_as_the_readme_tells_them():
    medians = sum_up_methods(predict_tasks(), ["loss_from", "size", "dataset"])
    at_6_9B = medians.loc["predicted", "6.9B"].mul(100)
    assert (at_6_9B["no change"] < at_6_9B["law"]).all()
    assert "Six runs do not fix its law; the last run's error is closer" in README
    verdicts = load_result("task_verdicts").query("kind == 'target' and verdict == 'predictable'")
    assert f"all {len(verdicts)} went the way they said" in unfolded(INTRO)
    assert (verdicts["measured"] < verdicts["no_change"]).all()
    assert verdicts["task"].nunique() == 6
    large = verdicts.query("step == '6.9B'")["inside"]
    told = (
        f"From all runs as cheap {verdicts['inside'].sum()} of {len(verdicts)} lay in it, at 6.9B "
    )
    assert f"{told}{large.sum()} of {len(large)}" in unfolded(OWN_RUNS)
    medians = verdicts.query("step == '6.9B'")[["error_ruler_in_loss", "error_predicted"]].abs()
    assert medians["error_ruler_in_loss"].median() < medians["error_predicted"].median()


def test_the_runs_that_chose_the_tasks():
    """All 0.154B runs did; those that fit the laws anyhow are not counted twice."""
    table = run_table()
    further = set(table.query("size == '0.154B'")["run"]) - set(select_error_fit(table)["run"])
    assert f"chosen with {len(further)} further runs" in unfolded(INTRO)


def test_the_figure_is_the_one_the_tables_give(tmp_path):
    """Same picture, point by point; a processor may round the last digit of a point otherwise.

    The names of clip paths are hashes of such digits.
    """
    write_headline(tmp_path / "headline.svg")
    number, name = (
        re.compile(r"(?<![\w#])-?\d+(?:\.\d+)?(?!\w)"),
        re.compile(r"#?\bp[0-9a-f]{10}\b"),
    )
    drawn, stored = (
        name.sub("", path.read_text(encoding="utf-8")).replace("\n", " ")
        for path in (tmp_path / "headline.svg", ROOT / "book" / "_static" / "headline.svg")
    )
    assert number.sub("#", drawn) == number.sub("#", stored)
    points = [np.array(number.findall(text), dtype=float) for text in (drawn, stored)]
    assert points[0] == pytest.approx(points[1], abs=1e-3)


def test_what_a_converged_fit_is_worth():
    """Of five runs, by training set: the share that misses none of the three large runs by 5%."""
    subsets = load_result("subsets").query("designs == 'all' and target == 'worst'")
    share = subsets["within_5%"]
    assert len(share) == len(DATASETS)
    told = f"whose fit has converged, {100 * share.min():.0f} to {share.max():.0%}, by training set"
    assert told in unfolded(OWN_RUNS)


def test_when_the_prior_helps_and_when_not():
    """Six targets on C4, from five runs and from all small ones, with the shipped constants."""
    large = load_result("large_runs").query("loss_set == 'c4_eval'")
    large = large[large["run"].isin(select_targets(run_table())["run"])]
    groups = [large["fit_runs"], large["candidate"]]
    mean = large["relative_error"].abs().groupby(groups).mean().mul(100)
    five, many = (
        f"{mean[runs]['prior']:.1f} and {mean[runs]['recipe']:.1f}%" for runs in ("five", "M >= 10")
    )
    assert f"level with `tied` on C4 ({five})" in unfolded(OWN_RUNS)
    assert f"from all small runs of M of 10 or more behind ({many})" in unfolded(OWN_RUNS)


def test_what_the_example_costs(tmp_path):
    """As a multiple of the largest of the five, which the example prints, and of all five."""
    (tmp_path / "runs.csv").write_text(block("csv"), encoding="utf-8")
    five, target = read_runs(tmp_path / "runs.csv")["C"], 6 * 6.9e9 * 138e9
    told = f"{target / five.max():.0f} times as expensive as the largest of them and "
    assert f"{told}{target / five.sum():.0f} times as expensive as all five" in unfolded(OWN_RUNS)
    assert f"{target / five.max():.0f} times the compute of the largest run" in README


def test_the_backtest_judges_what_the_readme_says(tmp_path):
    (tmp_path / "runs.csv").write_text(block("csv"), encoding="utf-8")
    done = CliRunner().invoke(app, ["backtest", str(tmp_path / "runs.csv"), "--json"])
    assert [entry["run"] for entry in json.loads(done.stdout)] == ["d"]
    assert "at least four runs that differ in N or D lie below it: here only" in unfolded(OWN_RUNS)


def test_the_answer_on_cost():
    asked = {"tokens_in": "2B", "tokens_out": "500M", "loss_set": "c4_eval"}
    found = scaling.cost(select_loss_fit(run_table("c4")), loss=2.4, **asked)
    table, spread = found.to_frame().set_index("choice"), spread_over_laws(found)
    saved = 1 - table["flops"]["least total FLOPs"] / table["flops"]["M = 20"]
    lo, hi = (f"{100 * end:.0f}" for end in read_ends(spread.saved))
    assert f"Longer: about {saved:.0%} fewer FLOPs ({lo} to {hi}%) at 2.5B tokens a day" in README
    assert (spread.saved_if_fixed < 0).mean() > 0.1


def test_questions_are_titles_of_chapters():
    rows = re.findall(r"^\| \[([^]]+)\]\((notebooks/\w+)\.ipynb\)", README, re.MULTILINE)
    chapters = {path.stem for path in (ROOT / "notebooks").glob("*.py")}
    assert {Path(target).name for _, target in rows} == chapters
    answers = re.findall(r"^\| \[.*?\) \| (.*) \|$", README, re.MULTILINE)
    assert len(answers) > len(rows)
    assert [answer for answer in answers if len(answer.split()) > 14] == []
    for title, target in rows:
        text = (ROOT / f"{target}.py").read_text(encoding="utf-8")
        assert re.search(r"^# # (.*)$", text, re.MULTILINE)[1].replace("$", "") == title


def test_every_path_named_is_there():
    named = re.findall(r"`((?:notebooks|book|data|scaling|tests|benchmarks)/[\w./]*)`", README)
    linked = re.findall(r"\]\(((?:book|notebooks)/[^)]+)\)", README)
    assert len(named) >= 6
    assert len(linked) >= 10
    for name in [*named, *linked]:
        path = ROOT / name
        assert path.exists() or path.with_suffix(".py").exists(), name
