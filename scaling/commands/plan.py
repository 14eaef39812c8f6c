"""The command ``scaling plan``, and its own options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from scaling.commands.console import print_answer, says_what_is_wrong, warn
from scaling.commands.cost_options import PricesOption
from scaling.commands.options import (
    AsJson,
    read_amount,
    read_number,
    takes_shared_options,
    whole_from,
)

OwnRuns = Annotated[
    Path | None,
    typer.Argument(
        metavar="RUNS",
        help="Run table, of one run or more. Leave it out with --from-scratch.",
    ),
]
FromScratch = Annotated[
    bool,
    typer.Option("--from-scratch", help="Nothing is trained yet: lay out the first five runs."),
]
TargetN = Annotated[
    float,
    typer.Option(
        "--N",
        "--target-N",
        parser=read_number,
        metavar="N",
        help="Parameters of the run to predict, as 6.9B, in the count of --count.",
    ),
]
TargetD = Annotated[
    float | None,
    typer.Option(
        "--D",
        "--target-D",
        parser=read_number,
        metavar="D",
        help="Its training tokens. Give --D or --M.",
    ),
]
TargetM = Annotated[
    float | None,
    typer.Option(
        "--M",
        "--target-M",
        parser=read_number,
        metavar="M",
        help="Its tokens per parameter, in the count of --count.",
    ),
]
UniqueTokens = Annotated[
    float | None,
    typer.Option(
        "--unique-tokens",
        parser=read_number,
        metavar="TOKENS",
        help="Different tokens that there are to train on: no run sees them more than 4 times.",
    ),
]
Budget = Annotated[
    float | None,
    typer.Option(
        "--budget",
        parser=read_number,
        metavar="FLOPS",
        help="What the runs to come may cost together, FLOPs.",
    ),
]
BudgetHours = Annotated[
    float | None,
    typer.Option(
        "--budget-hours", parser=read_number, metavar="HOURS", help="The same in accelerator-hours."
    ),
]
BudgetMoney = Annotated[
    float | None,
    typer.Option("--budget-money", parser=read_number, metavar="MONEY", help="The same in money."),
]
Sizes = Annotated[
    str | None,
    typer.Option(
        "--sizes",
        metavar="LEAST:MOST",
        help="Parameters of runs that may be trained. By default from the smallest run up to the "
        "target.",
    ),
]
Multipliers = Annotated[
    str | None,
    typer.Option(
        "--multipliers",
        metavar="LEAST:MOST",
        help="Their tokens per parameter. By default 20:640, reaching to those of the target.",
    ),
]
Step = Annotated[
    float,
    typer.Option(
        "--step", parser=read_number, metavar="FACTOR", help="Between neighbours of either."
    ),
]
WarmupTokens = Annotated[
    float | None,
    typer.Option(
        "--warmup-tokens",
        parser=read_amount,
        metavar="TOKENS",
        help="Tokens that a warm-up takes, steps times tokens a step: no run has fewer than twice "
        "as many.",
    ),
]
Tolerance = Annotated[
    float | None,
    typer.Option(
        "--tolerance",
        parser=read_number,
        metavar="SHARE",
        help="Half width of the interval to bet on that is narrow enough, a fraction of the loss, "
        "as 0.05.",
    ),
]
Most = Annotated[
    int,
    typer.Option("--most", parser=whole_from(1), metavar="COUNT", help="Runs at most."),
]
WriteSpec = Annotated[
    Path | None,
    typer.Option(
        "--write-spec",
        metavar="SPEC",
        help="Write the runs as a specification for scaling grid, to a new file.",
    ),
]
Vocab = Annotated[
    int,
    typer.Option(
        "--vocab",
        parser=whole_from(2),
        metavar="COUNT",
        help="Vocabulary of the models in the specification.",
    ),
]


@says_what_is_wrong
@takes_shared_options
def plan(
    runs: OwnRuns = None,
    from_scratch: FromScratch = False,
    N: TargetN = ...,  # type: ignore[assignment]
    D: TargetD = None,
    M: TargetM = None,
    budget: Budget = None,
    budget_hours: BudgetHours = None,
    budget_money: BudgetMoney = None,
    sizes: Sizes = None,
    multipliers: Multipliers = None,
    step: Step = "2",  # type: ignore[assignment]
    warmup_tokens: WarmupTokens = None,
    unique_tokens: UniqueTokens = None,
    tolerance: Tolerance = None,
    most: Most = "10",  # type: ignore[assignment]
    prices: PricesOption = None,
    write_spec: WriteSpec = None,
    vocab: Vocab = "50432",  # type: ignore[assignment]
    as_json: AsJson = False,
    **options: Any,
) -> None:
    """Say which run to train next, and when to stop.

    Name the run to predict and what the runs to come may cost:

    scaling plan runs.csv --N 6.9B --M 20 --budget 2.4e19

    Each run of a grid is judged by what it takes off the uncertainty of the target, over its FLOPs
    to the power 0.4; then the table is fitted anew with it at its expected loss. Beside it stands
    the interval of the target that the table would then give.

    It stops inside --tolerance; where the law holds the target closer than laws have held real
    runs, so that a run nearer the target is what helps, which is named; where no run takes 5% off;
    or where nothing is affordable. On the testbed a plain rule was as good: the largest run within
    the budget first, then the next.

    The last lines name what these runs would not mend: a target or a run beyond what was tested,
    300 times the largest, or outside their tokens per parameter, and with --unique-tokens tokens
    seen more than 4 times.

    With too few runs for a law, even one, there is a plan, too: it tells which runs to train and
    how wide the interval will be, not where the target lies. With none: --from-scratch.
    """
    from scaling.decide.plan_question import plan as ask
    from scaling.forecast.selection import ChoiceError

    if from_scratch == (runs is not None):
        raise ChoiceError("give a run table, or --from-scratch without one", ("from-scratch",))
    answer = ask(
        runs,
        N=N,
        D=D,
        M=M,
        budget=budget,
        budget_hours=budget_hours,
        budget_money=budget_money,
        sizes=sizes,
        multipliers=multipliers,
        step=step,
        warmup_tokens=0.0 if warmup_tokens is None else warmup_tokens,
        unique_tokens=unique_tokens,
        tolerance=tolerance,
        most=most,
        prices=prices,
        **options,
    )
    has_runs = len(answer.cells.N) > 0
    if write_spec is not None and has_runs:
        _write(write_spec, answer, vocab)
    print_answer(answer, as_json)
    if write_spec is not None and not has_runs:
        warn([f"the plan has no run to train: {write_spec} is not written"])


def _write(path: Path, answer: Any, vocab: int) -> None:
    """Write the specification, and say where."""
    from scaling.forecast.selection import ChoiceError
    from scaling.training.plan.written import write_spec

    prices = answer.prices
    hardware = {
        "name": "priced",
        "flops_per_second": prices.peak_training * prices.mfu_training,
        "peak_flops_per_second": prices.peak_training,
        "price_per_hour": prices.price_training,
    }
    text = write_spec(zip(*answer.cells, strict=True), vocab, hardware)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        rule = f"{path} is there already: name another file, or move it away"
        raise ChoiceError(rule, ("write-spec",)) from error
    except OSError as error:
        rule = f"{path} cannot be written: {error.strerror}"
        raise ChoiceError(rule, ("write-spec",)) from error
    warn([f"{path} is written: put your token files and your recipe in it before it is trained"])
