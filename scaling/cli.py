"""The command line. Every command takes ``--json``; bad input ends with exit code 2."""

from __future__ import annotations

import sys
from dataclasses import asdict
from io import TextIOWrapper
from typing import Any

import typer

from scaling.asked import find_target, find_tokens, select_rows
from scaling.console import print_json, says_what_is_wrong, warn
from scaling.options import (
    AsJson,
    Count,
    CountOption,
    Dataset,
    ItemsTable,
    Law,
    LawOption,
    LossSet,
    Multiplier,
    Parameters,
    Runs,
    TargetParameters,
    Tokens,
    WithoutFlagged,
)
from scaling.training.text_commands import app as grid_app

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Predict large language models from small ones, and know how far to trust it.",
)
app.add_typer(grid_app, name="grid")


# --- commands -----------------------------------------------------------------------------


@app.command()
@says_what_is_wrong
def check(runs: Runs, as_json: AsJson = False) -> None:
    """Check a run table, and flag the runs that look odd.

    Says what the table is enough for. Exit code 0 for a sound table, 2 with every fault for any
    other. A run that looks odd gets a flag and stays; --json lists each flag.
    """
    from scaling.advice import describe_ranges, find_uses, warn_of_design, warn_of_flags
    from scaling.runs import error_columns, loss_columns, read_runs
    from scaling.wording import LISTED, soundness_in_words, uses_in_words

    table = read_runs(runs)
    series = find_uses(table)
    flagged = table.loc[table["flags"] != "", ["run", "flags"]]
    report: dict[str, Any] = {
        "file": str(runs),
        "n_runs": len(table),
        "datasets": [own["dataset"] for own in series if own["dataset"] is not None],
        "losses": loss_columns(table),
        "errors": error_columns(table),
        "series": series,
        "flags": flagged.to_dict("records"),
    }
    if as_json:
        print_json(report)
        return
    typer.echo(f"{runs}: {soundness_in_words(len(table), len(flagged))}")
    typer.echo(describe_ranges(table))
    for line in uses_in_words(series):
        typer.echo(line)
    typer.echo(f"losses: {', '.join(report['losses'])}")
    if report["errors"]:
        typer.echo(f"errors: {', '.join(report['errors'])}")
    for line in warn_of_flags(table):
        typer.echo(f"flag: {line}")
    for own in series[:LISTED]:
        rows = table if own["dataset"] is None else table[table["dataset"] == own["dataset"]]
        of = f"{own['dataset']}: " if len(series) > 1 else ""
        warn([of + message for message in warn_of_design(rows)])


@app.command()
@says_what_is_wrong
def fit(
    runs: Runs,
    law: LawOption = Law.tied,
    count: CountOption = Count.N,
    loss_set: LossSet = None,
    dataset: Dataset = None,
    without_flagged: WithoutFlagged = False,
    as_json: AsJson = False,
) -> None:
    """Fit a loss law, and say what speaks against it.

    The status: converged, the runs pin the coefficients, which does not make a prediction right;
    saturated, as many coefficients as runs; wrong_sign, a coefficient is negative; not_converged,
    the search did not reach its end; at_bound, an exponent stands at the end of its range;
    unidentified, several laws fit alike.

    With --law best the prior and its pull are named: prior in --json, else null.
    """
    from scaling.forecast import LAWS, fit_table
    from scaling.reports import report_fit
    from scaling.wording import prior_in_words, residual_in_words

    selected = select_rows(runs, dataset, loss_set, count, without_flagged)
    table, loss, N = selected[:3]
    result = fit_table(table, loss, N, law.value)
    report = report_fit(selected, result, law.value)
    if as_json:
        print_json(report)
        return
    _, formula = LAWS[law.value]
    typer.echo(f"{loss} = {formula}, {len(table)} runs, status: {result.status}")
    for name, value in asdict(result.law).items():
        typer.echo(f"  {name:6} {value:.6g}")
    for line in (f"residual: {residual_in_words(result)}", *prior_in_words(report["prior"])):
        typer.echo(f"  {line}")
    warn(report["warnings"] + selected.in_words())


@app.command()
@says_what_is_wrong
def predict(
    runs: Runs,
    N: Parameters,
    D: Tokens = None,
    M: Multiplier = None,
    law: LawOption = Law.tied,
    count: CountOption = Count.N,
    loss_set: LossSet = None,
    dataset: Dataset = None,
    without_flagged: WithoutFlagged = False,
    as_json: AsJson = False,
) -> None:
    """Predict the loss and the errors of a larger run.

    Name the run by its parameters and by its tokens or its tokens per parameter. One error is
    predicted for each err_ column of the table, by the error law; `tasks` has baselines and
    intervals beside.

    With --law best the prior and its pull are named: prior in --json, else null.
    """
    from scaling.forecast import make_forecast
    from scaling.reports import report_forecast
    from scaling.wording import doubt_in_words, prior_in_words, residual_in_words

    tokens = find_tokens(N, D, M)
    selected = select_rows(runs, dataset, loss_set, count, without_flagged)
    table, loss, N_column = selected[:3]
    forecast = make_forecast(table, (N, tokens), loss, N_column, law.value)
    report = report_forecast(selected, forecast, law.value)
    if as_json:
        print_json(report)
        return
    doubt = doubt_in_words(forecast.fit.status, forecast.loss)
    typer.echo(
        f"{loss} at {N_column} = {N:g}, D = {tokens:g}: {forecast.loss:.4f} nats/token{doubt}"
    )
    for task, error in forecast.errors.items():
        shown = "no fit" if error.value is None else f"{error.value:.4f}"
        typer.echo(f"  err_{task}: {shown} ({error.status})")
    ratio = f"{forecast.reach.compute_ratio:.3g}"
    typer.echo(f"  status: {forecast.fit.status}; {ratio} times the compute of the largest run")
    residual = f"no interval yet; residual: {residual_in_words(forecast.fit)}"
    for line in (residual, *prior_in_words(report["prior"])):
        typer.echo(f"  {line}")
    warn(forecast.warnings + selected.in_words())


@app.command()
@says_what_is_wrong
def backtest(
    runs: Runs,
    law: LawOption = Law.tied,
    count: CountOption = Count.N,
    loss_set: LossSet = None,
    dataset: Dataset = None,
    without_flagged: WithoutFlagged = False,
    as_json: AsJson = False,
) -> None:
    """Predict each size from the smaller ones alone.

    A size is judged if at least 4 runs that differ in N or D lie below it (5 for --law free); a
    size with fewer is not in the list of --json.

    Two baselines stand beside the law. "no change": the loss of the dearest smaller run. "line":
    the straight line in log loss over log compute through the dearest smaller run and the dearest
    of those that cost at most half as much.
    """
    from scaling.advice import warn_of_flags
    from scaling.backtest import run_backtest
    from scaling.reports import report_held_out
    from scaling.wording import BASELINES, backtest_in_words, not_judged_in_words

    selected = select_rows(runs, dataset, loss_set, count, without_flagged)
    table, loss, N = selected[:3]
    held_out, not_predicted = run_backtest(table, loss, N, law.value)
    if as_json:
        print_json([report_held_out(row) for row in held_out.to_dict("records")])
        return
    typer.echo(BASELINES)
    typer.echo(backtest_in_words(held_out))
    not_judged = not_judged_in_words(not_predicted, N, law.value)
    warn(not_judged + warn_of_flags(table) + selected.in_words())


@app.command()
@says_what_is_wrong
def tasks(
    runs: Runs,
    items: ItemsTable = None,
    N: TargetParameters = None,
    D: Tokens = None,
    M: Multiplier = None,
    law: LawOption = Law.tied,
    count: CountOption = Count.N,
    loss_set: LossSet = None,
    dataset: Dataset = None,
    without_flagged: WithoutFlagged = False,
    as_json: AsJson = False,
) -> None:
    """Say how predictable each task is, with a verdict.

    One row for each err_ column of the table: its error in a run ten times as dear as the dearest,
    with the tokens per parameter of that run, unless --N and --D or --M name another. The
    prediction grows the odds above chance by one slope for all tasks; `predict` uses the error law.
    At least 4 runs must differ in N or D (5 for --law free), for a law tells the loss.

    The interval was made for nine of ten in backtests on small runs, with the loss predicted as
    here. On the testbed's large runs it held 85% of all tasks, 86% of those called predictable.

    Two baselines stand beside. "no change": the error of the dearest run. "ruler in loss": the
    straight line through it and the next dearest, of its tokens per parameter if there is one.
    At the testbed's 6.9B runs the ruler was nearer than the prediction.
    """
    from scaling.faults import Fault, RunTableError
    from scaling.forecast import fit_table, make_forecast
    from scaling.items import read_items, tell_unmatched
    from scaling.prospects import CALIBRATED
    from scaling.reports import report_task
    from scaling.runs import error_columns
    from scaling.task_wording import target_in_words, tasks_in_words, warn_of_tasks
    from scaling.verdicts import choose_target, judge_tasks

    asked = find_target(N, D, M)
    known = None if items is None else read_items(items)
    selected = select_rows(runs, dataset, loss_set, count, without_flagged)
    table, loss, N_column = selected[:3]
    columns = error_columns(table)
    if not columns:
        rule = "has no column err_<task>: there is no task to judge"
        raise RunTableError([Fault(str(runs), None, None, None, rule)])
    fit_table(table, loss, N_column, law.value)  # raises where no law is to be had
    target = asked or choose_target(table, N_column)
    forecast = make_forecast(table.drop(columns=columns), target, loss, N_column, law.value)
    judged = judge_tasks(table, loss, N_column, known, target, CALIBRATED, law.value)
    unmatched = [] if known is None else tell_unmatched(known, judged["task"], str(items))
    doubts = warn_of_tasks(judged, forecast.reach.compute_ratio)
    warn(unmatched + forecast.warnings + selected.in_words() + doubts)
    if as_json:
        about = dict(zip(("target_N", "target_D"), target, strict=True))
        about |= {"target_loss": forecast.loss, "level": CALIBRATED}
        print_json([report_task(row) | about for row in judged.to_dict("records")])
        return
    typer.echo(target_in_words(forecast, target, N_column, asked is None))
    typer.echo(tasks_in_words(judged, CALIBRATED))


@app.command()
@says_what_is_wrong
def scorecard(as_json: AsJson = False) -> None:
    """Put the paper's numbers beside ours."""
    from scaling.scorecard import as_table, make_scorecard

    entries = make_scorecard()
    if as_json:
        print_json([asdict(entry) for entry in entries])
        return
    table = as_table(entries)
    columns = ["id", "source", "published", "ours", "unit", "status"]
    typer.echo(table[columns].to_string(index=False, na_rep="", float_format="{:.5g}".format))
    counts = table["status"].value_counts()
    typer.echo(", ".join(f"{count} {status}" for status, count in counts.items()))


def main() -> None:
    """Run the command line."""
    if isinstance(sys.stdout, TextIOWrapper):  # a name that the terminal cannot show is escaped
        sys.stdout.reconfigure(errors="backslashreplace")
    app()


if __name__ == "__main__":
    main()
