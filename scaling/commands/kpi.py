"""The command ``scaling kpi``, and its own options."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from scaling.commands.console import print_answer, says_what_is_wrong
from scaling.commands.options import (
    AsJson,
    Multiplier,
    Parameters,
    Runs,
    Tokens,
    takes_shared_options,
)

Column = Annotated[
    str, typer.Option("--kpi", metavar="COLUMN", help="Column of the KPI; some runs may lack it.")
]
HigherIsBetter = Annotated[
    bool, typer.Option("--higher-is-better", help="It should rise. Give this or the next.")
]
LowerIsBetter = Annotated[bool, typer.Option("--lower-is-better", help="It should fall.")]
Bounds = Annotated[
    str | None,
    typer.Option(
        "--bounds",
        metavar="LEAST:MOST",
        help="What it can be at least and at most, as 0:1 or 0:100: it is then predicted on its "
        "logit.",
    ),
]
Items = Annotated[
    str | None,
    typer.Option(
        "--items",
        metavar="NUMBER|COLUMN",
        help="Number of items that it is a share of, or the column that has it: then its counting "
        "noise is known, and --bounds are 0:1 by default.",
    ),
]
Chance = Annotated[
    str | None,
    typer.Option(
        "--chance", metavar="X", help="Its value by guessing: runs no better leave the line."
    ),
]


@says_what_is_wrong
@takes_shared_options
def kpi(
    runs: Runs,
    column: Column = ...,  # type: ignore[assignment]
    higher_is_better: HigherIsBetter = False,
    lower_is_better: LowerIsBetter = False,
    N: Parameters = ...,  # type: ignore[assignment]
    D: Tokens = None,
    M: Multiplier = None,
    bounds: Bounds = None,
    items: Items = None,
    chance: Chance = None,
    as_json: AsJson = False,
    **options: Any,
) -> None:
    """Predict an own KPI of a larger run, by way of its loss.

    Name the column, which way is better, and the run to predict:

    scaling kpi runs.csv --kpi pass_rate --higher-is-better --N 6.9B --M 20

    Two legs: the loss of that run, as `predict` gives it, and the KPI as a straight line in the
    loss; between --bounds its logit is that line. Both are shown together and apart: what the KPI
    would be were the loss known, and what the loss alone leaves open.

    Two intervals, each made for nine of ten cases unless --level asks for another share: "if both
    laws hold", where the KPI is to be expected; "to bet on", for a real run, with its scatter, its
    counting noise, the bet on its loss, and how far a parabola through the runs leaves the line.

    On real tasks 93% of such bets held from six runs, but 73 to 79% without --chance, and 67% from
    cheap runs far below the target (data/results/kpi_bets.csv).

    There is no number, but a reason, where the runs cannot say: fewer than four distinct runs have
    the KPI, or are better than --chance; its spread is below its counting noise; it gets worse as
    the loss falls; its slope is not told from zero, which lets one useless KPI in twenty pass; the
    loss is not to be used; the KPI would leave what it can be; or the bet would say nothing, being
    wider than three quarters of --bounds, or else than twice what the runs span. "usable" is then
    false in --json, and the numbers null.
    """
    from scaling.forecast.questions import kpi as ask

    better = higher_is_better if higher_is_better != lower_is_better else None
    answer = ask(
        runs,
        column=column,
        higher_is_better=better,  # type: ignore[arg-type]
        N=N,
        D=D,
        M=M,
        bounds=bounds,
        items=items,
        chance=chance,
        **options,
    )
    print_answer(answer, as_json, warnings=not as_json)
