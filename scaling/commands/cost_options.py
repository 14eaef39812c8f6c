"""What does ``scaling cost`` take? Its own options, with their help."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from scaling.commands.options import read_amount, read_number


def _number(name: str, about: str, metavar: str = "NUMBER") -> Any:
    return Annotated[
        float | None, typer.Option(name, parser=read_number, metavar=metavar, help=about)
    ]


WantedLoss = _number("--loss", "Wanted loss, nats per token.", "LOSS")
WantedError = _number(
    "--error", "Wanted error of a task, a fraction; the error law turns it into a loss.", "ERROR"
)
Task = Annotated[
    str | None,
    typer.Option("--task", metavar="NAME", help="Which err_<task>, where the table has several."),
]
Budget = _number("--budget", "Total FLOPs, training and serving: what is the best loss?", "FLOPS")
BudgetMoney = _number("--budget-money", "The same in the currency of --prices.", "MONEY")
OwnParameters = _number("--N", "Parameters of a model, as 6.9B. With --D or --M.", "N")
TokensIn = Annotated[
    float | None,
    typer.Option(
        "--tokens-in", parser=read_amount, metavar="TOKENS", help="Tokens to be read a day, as 2B."
    ),
]
TokensOut = Annotated[
    float | None,
    typer.Option(
        "--tokens-out",
        parser=read_amount,
        metavar="TOKENS",
        help="Tokens to be written a day.",
    ),
]
Days = Annotated[str, typer.Option("--days", metavar="DAYS", help="For how many days.")]
PricesOption = Annotated[
    str | None,
    typer.Option(
        "--prices",
        metavar="FILE|NAME=VALUE,...",
        help="Your prices and utilisation in place of the shipped ones: a CSV file with the "
        "columns name and value, YAML, or as mfu_out=0.1,price_training=2. Names: currency, "
        "price_training, price_serving (per accelerator-hour), peak_training, peak_serving "
        "(FLOP/s), mfu_training, mfu_in, mfu_out (shares of the peak).",
    ),
]
UniqueTokens = _number(
    "--unique-tokens",
    "Different tokens that there are to train on; beyond them they are seen again, and worth less.",
    "TOKENS",
)
Context = _number(
    "--context", "Tokens before each served one: tell what attention and its memory add.", "TOKENS"
)
