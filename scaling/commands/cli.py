"""The command line. Every command takes ``--json``; bad input ends with exit code 2."""

from __future__ import annotations

import sys
from dataclasses import asdict
from io import TextIOWrapper
from typing import Any

import typer

from scaling.commands.console import print_answer, print_json, says_what_is_wrong, warn
from scaling.commands.cost_options import (
    Budget,
    BudgetMoney,
    Context,
    Days,
    OwnParameters,
    PricesOption,
    Task,
    TokensIn,
    TokensOut,
    UniqueTokens,
    WantedError,
    WantedLoss,
)
from scaling.commands.grid_text import app as grid_app
from scaling.commands.kpi import kpi
from scaling.commands.options import (
    AsJson,
    BestOfCell,
    ItemsTable,
    LastOfRun,
    Multiplier,
    Parameters,
    Runs,
    TargetParameters,
    Tokens,
    takes_reading_options,
    takes_shared_options,
)
from scaling.commands.plan import plan
from scaling.commands.report import report

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
def template(as_json: AsJson = False) -> None:
    """Write an empty run table, with comments that say what to fill in.

    scaling template > runs.csv

    Fill in a row for each run, in a text editor or a spreadsheet, and save it as CSV; the comments
    may stay. --json lists the columns.
    """
    from scaling.tables.template import COLUMNS, write_template

    if as_json:
        print_json([column._asdict() for column in COLUMNS])
    else:
        typer.echo(write_template(), nl=False)


@app.command()
@says_what_is_wrong
@takes_reading_options
def check(
    runs: Runs,
    last_of_run: LastOfRun = False,
    best_of_cell: BestOfCell = False,
    as_json: AsJson = False,
    **options: Any,
) -> None:
    """Check a run table, and flag the runs that look odd.

    Says what the table is enough for. Exit code 0 for a sound table, 2 with every fault for any
    other. A run that looks odd gets a flag and stays; --json lists each flag, and in warnings
    what was taken or derived on your behalf.
    """
    from scaling.forecast.questions import check_runs

    answer = check_runs(runs, last_of_run=last_of_run, best_of_cell=best_of_cell, **options)
    print_answer(answer, as_json, warnings=not as_json)


@app.command()
@says_what_is_wrong
@takes_shared_options
def fit(
    runs: Runs,
    as_json: AsJson = False,
    **options: Any,
) -> None:
    """Fit a loss law, and say what speaks against it.

    The status: converged, the runs pin the coefficients, which does not make a prediction right;
    saturated, as many coefficients as runs; at_zero, --nonneg keeps a coefficient at zero;
    wrong_sign, a coefficient is negative; not_converged, the search did not reach its end;
    at_bound, an exponent stands at the end of its range; unidentified, several laws fit alike.

    The residual stands beside that of sound grids, 0.5 to 4% of the loss (residual_share in
    --json); a large one is warned about before anything else.

    In brackets beside a coefficient: where it lies if the law holds, lo and hi in --json, null for
    a fit that is unsound or unidentified.

    The prior of --law prior and its pull are named: prior in --json, null for another law.
    """
    from scaling.forecast import questions

    answer = questions.fit(runs, **options)
    print_answer(answer, as_json, warnings=not as_json)


@app.command()
@says_what_is_wrong
@takes_shared_options
def predict(
    runs: Runs,
    N: Parameters,
    D: Tokens = None,
    M: Multiplier = None,
    as_json: AsJson = False,
    **options: Any,
) -> None:
    """Predict the loss and the errors of a larger run.

    Name the run by its parameters and by its tokens or its tokens per parameter. One error is
    predicted for each err_ column of the table, by the error law; `tasks` has baselines and
    intervals of single tasks beside.

    Two intervals, each made for nine of ten cases unless --level asks for another share: "if the
    law holds", where the loss lies if the law is exactly right, law_lo and law_hi in --json; "to
    bet on", for a real run, with its noise and an allowance for what the law gets wrong, lo and hi.
    What is not to be used has none, null in --json.

    The prior of --law prior and its pull are named: prior in --json, null for another law.
    """
    from scaling.forecast import questions

    answer = questions.predict(
        runs,
        N=N,
        D=D,
        M=M,
        **options,
    )
    print_answer(answer, as_json, warnings=not as_json)


@app.command()
@says_what_is_wrong
@takes_shared_options
def backtest(
    runs: Runs,
    as_json: AsJson = False,
    **options: Any,
) -> None:
    """Predict each size from the smaller ones alone.

    A size is judged if at least 4 runs that differ in N or D lie below it (5 for --law free, 3
    that differ in C for --law compute, less what --fix holds); a size with fewer is not in the
    list of --json.

    Two baselines stand beside the law. "last run": the loss of the smaller run of most compute.
    "two-point line": the straight line in log loss over log compute through that run and the
    largest of those that cost at most half as much.

    Beside each run: the interval that one would have bet on, and whether the run lies inside; empty
    where the prediction would not have been to be used, null in --json.
    """
    from scaling.forecast import questions

    answer = questions.backtest(runs, **options)
    print_answer(answer, as_json, warnings=not as_json)
    if as_json:  # a list has no place for them
        warn(list(answer.selected.taken))


@app.command()
@says_what_is_wrong
@takes_shared_options
def tasks(
    runs: Runs,
    items: ItemsTable = None,
    N: TargetParameters = None,
    D: Tokens = None,
    M: Multiplier = None,
    as_json: AsJson = False,
    **options: Any,
) -> None:
    """Say how predictable each task is, with a verdict.

    One row for each err_ column of the table: its error in a run of ten times the compute of the
    largest, with the tokens per parameter of that run, unless --N and --D or --M name another. The
    prediction grows the odds above chance by one slope for all tasks; `predict` uses the error law.
    At least 4 runs must differ in N or D (5 for --law free, 3 in C for --law compute), for a law
    tells the loss.

    The interval was made for nine of ten in backtests on small runs, with the loss predicted as
    here; --level asks for another share. On the testbed's large runs it held 85% of all tasks, 86%
    of those called predictable.

    Two baselines stand beside. "last run": the error of the largest run. "two-point line": the
    straight line in loss through it and the next largest, of its tokens per parameter if there is
    one. At the testbed's 6.9B runs the line was nearer than the prediction.
    """
    from scaling.forecast import questions

    answer = questions.tasks(
        runs,
        items=items,
        N=N,
        D=D,
        M=M,
        **options,
    )
    print_answer(answer, as_json)


app.command()(kpi)
app.command()(plan)


@app.command()
@says_what_is_wrong
@takes_shared_options
def cost(
    runs: Runs,
    loss: WantedLoss = None,
    error: WantedError = None,
    task: Task = None,
    budget: Budget = None,
    budget_money: BudgetMoney = None,
    N: OwnParameters = None,
    D: Tokens = None,
    M: Multiplier = None,
    tokens_in: TokensIn = None,
    tokens_out: TokensOut = None,
    days: Days = "365",
    prices: PricesOption = None,
    unique_tokens: UniqueTokens = None,
    context: Context = None,
    as_json: AsJson = False,
    **options: Any,
) -> None:
    """Weigh training longer against serving a larger model.

    Ask for a loss, for an error, for what a budget buys, or about a model, and say what is to be
    served:

    scaling cost runs.csv --loss 2.5 --tokens-in 2B --tokens-out 500M --days 365

    The answer comes first: the cheapest model in total, how much less it costs than the
    compute-optimal one, and whether the runs leave open which is cheaper. Then each model stands
    with its loss, both intervals, and its bill: 6 N D FLOPs of training, 2 N for each token served,
    and money; a mark says which lies outside the runs. For a loss: the compute-optimal model, those
    of least total FLOPs and of least money, M = 20 and M = 640; and what the runs leave open of the
    tokens that each needs. With --N the demand from which on a smaller model of the same loss would
    be cheaper.

    The prices are inputs: the shipped ones are shown with source and date.
    """
    from scaling.decide.cost_question import cost as ask

    answer = ask(
        runs,
        loss=loss,
        error=error,
        task=task,
        budget=budget,
        budget_money=budget_money,
        N=N,
        D=D,
        M=M,
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        days=days,
        prices=prices,
        unique_tokens=unique_tokens,
        context=context,
        **options,
    )
    print_answer(answer, as_json, warnings=not as_json)


app.command()(report)


@app.command()
@says_what_is_wrong
def scorecard(as_json: AsJson = False) -> None:
    """Put the paper's numbers beside ours."""
    from scaling.studies.scorecard import as_table, make_scorecard

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
