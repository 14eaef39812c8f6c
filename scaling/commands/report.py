"""The command ``scaling report``, and its own options."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer

from scaling.commands.console import print_json, says_what_is_wrong, warn
from scaling.commands.cost_options import Days, PricesOption, TokensIn, TokensOut, UniqueTokens
from scaling.commands.kpi import Bounds, Chance, HigherIsBetter, LowerIsBetter
from scaling.commands.options import (
    AsJson,
    ItemsTable,
    Multiplier,
    Runs,
    TargetParameters,
    Tokens,
    read_number,
    takes_shared_options,
)
from scaling.commands.plan import Budget, BudgetHours, BudgetMoney, Tolerance

Output = Annotated[
    Path,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="The report to write. An earlier report is replaced, any other file is not.",
    ),
]
LanguageOption = Annotated[
    str, typer.Option("--language", metavar="en|ja", help="English or Japanese.")
]
Kpi = Annotated[
    str | None, typer.Option("--kpi", metavar="COLUMN", help="Column of an own KPI to predict.")
]
KpiItems = Annotated[
    str | None,
    typer.Option(
        "--kpi-items",
        metavar="NUMBER|COLUMN",
        help="Number of items that the KPI is a share of, or the column that has it.",
    ),
]
WantedLoss = Annotated[
    float | None,
    typer.Option(
        "--loss",
        parser=read_number,
        metavar="LOSS",
        help="Loss to reach in the bill, nats per token. By default that of the model.",
    ),
]


@says_what_is_wrong
@takes_shared_options
def report(
    runs: Runs,
    output: Output,
    language: LanguageOption = "en",
    N: TargetParameters = None,
    D: Tokens = None,
    M: Multiplier = None,
    tolerance: Tolerance = None,
    items: ItemsTable = None,
    kpi: Kpi = None,
    higher_is_better: HigherIsBetter = False,
    lower_is_better: LowerIsBetter = False,
    bounds: Bounds = None,
    kpi_items: KpiItems = None,
    chance: Chance = None,
    budget: Budget = None,
    budget_hours: BudgetHours = None,
    budget_money: BudgetMoney = None,
    loss: WantedLoss = None,
    tokens_in: TokensIn = None,
    tokens_out: TokensOut = None,
    days: Days = "365",
    unique_tokens: UniqueTokens = None,
    prices: PricesOption = None,
    as_json: AsJson = False,
    **options: Any,
) -> None:
    """Write one page to send round: the verdict, what it rests on, and what to do next.

    Name the model, what is to be served, and the file:

    scaling report runs.csv -o report.html --N 6.9B --M 20 --tokens-in 2B --tokens-out 500M

    One file that opens from a mail and asks for nothing: the verdict in a few sentences,
    assumptions with source and date, both intervals, a backtest on these runs, tasks, an own KPI,
    the next run, the bill with a planner, flagged runs, versions and the checksum of the input.
    Where the runs cannot say, the first sentence says so, and why.

    Without --N the model has ten times the compute of the largest run. Without tokens there is no
    bill of serving. Without a budget the next runs may cost a tenth of the model's compute. The
    tolerance, 0.05 by default, decides whether the interval is narrow enough.
    """
    from scaling.reports.question import report as ask
    from scaling.reports.record import read_language
    from scaling.reports.sources import refuse_output

    read_language(language)
    refuse_output(output)
    _refuse_number_of_items(items)
    better = higher_is_better if higher_is_better != lower_is_better else None
    answer = ask(
        runs,
        N=N,
        D=D,
        M=M,
        tolerance=tolerance,
        items=items,
        kpi=kpi,
        higher_is_better=better,
        bounds=bounds,
        kpi_items=kpi_items,
        chance=chance,
        budget=budget,
        budget_hours=budget_hours,
        budget_money=budget_money,
        loss=loss,
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        days=days,
        unique_tokens=unique_tokens,
        prices=prices,
        **options,
    )
    answer.write(output, language)
    if as_json:
        print_json(answer.report())
    else:
        typer.echo("\n".join(answer.sentences(language)))
        warn(answer.warnings)
    typer.echo(f"{output} is written", err=True)


def _refuse_number_of_items(items: Path | None) -> None:
    """Tell the items of a KPI from the table of tasks: of `scaling kpi` they are ``--items``."""
    from scaling.tables.numbers import parse_number

    if items is None or os.path.exists(items):
        return
    with suppress(ValueError):
        parse_number(str(items))
        rule = f"is a table of tasks; for the KPI it is --kpi-items {items}"
        raise typer.BadParameter(rule, param_hint="--items")
