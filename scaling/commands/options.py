"""What do the commands take? The arguments and options that they share, with their help."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

import typer

from scaling.laws.registry import ALIASES, LAWS
from scaling.tables.counts import COUNTS


def read_number(text: str) -> float:
    """Read 6.9e9 or 6.9B, and refuse what is not above zero."""
    from scaling.tables.faults import show
    from scaling.tables.numbers import parse_number

    try:
        value = parse_number(text)
    except ValueError:
        value = math.nan
    if not value > 0:
        rule = "must be a finite number > 0, written like 6.9e9 or 6.9B"
        hint = ", with a decimal point" if "," in text else ""
        raise typer.BadParameter(f"{rule}{hint}, got {show(text)}")
    return value


def one_of(
    choices: Iterable[str], aliases: Mapping[str, str] = MappingProxyType({})
) -> Callable[[str], str]:
    """Make a reader of one of these names, or an alias, whose message lists the names."""

    def read_choice(text: str) -> str:
        from scaling.tables.faults import show

        text = aliases.get(text, text)
        if text not in choices:
            allowed = ", ".join(choices)
            raise typer.BadParameter(f"must be one of {allowed}, got {show(text)}")
        return text

    return read_choice


Runs = Annotated[
    Path,
    typer.Argument(
        metavar="RUNS",
        help="Run table: a CSV file, one row per training run, with N, D and loss (or loss_<set>).",
    ),
]
ItemsTable = Annotated[
    Path | None,
    typer.Option(
        "--items",
        metavar="TABLE",
        help="Table of tasks, one row each: task, and of n_items and chance (the accuracy of "
        "guessing) what is known.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
LawOption = Annotated[
    str,
    typer.Option(
        "--law",
        parser=one_of(LAWS, ALIASES),
        metavar="|".join(LAWS),
        help="prior: one exponent for N and D, pulled toward 0.28, where other groups' small runs "
        "had it, the harder the less the runs say. tied: the same without a prior, the paper's. "
        "free: an exponent for N and one for D, needs a run more.",
    ),
]
CountOption = Annotated[
    str,
    typer.Option(
        "--count",
        parser=one_of(COUNTS),
        metavar="|".join(COUNTS),
        help="Count of parameters that the law is written in; N_body is without the vocabulary.",
    ),
]
LossSet = Annotated[
    str | None,
    typer.Option(
        "--loss-set",
        metavar="SET",
        help="Which loss_<set> to fit. By default the column loss, else the only loss_<set>.",
    ),
]
Dataset = Annotated[
    str | None,
    typer.Option(
        "--dataset",
        metavar="NAME",
        help="Which training set, as in the column dataset. Needed where there are several.",
    ),
]
WithoutFlagged = Annotated[
    bool,
    typer.Option(
        "--without-flagged", help="Leave out every run that carries a flag; check lists them."
    ),
]
Parameters = Annotated[
    float,
    typer.Option(
        "--N",
        parser=read_number,
        metavar="N",
        help="Parameters of the run to predict, as 6.9e9 or 6.9B, in the count of --count.",
    ),
]
TargetParameters = Annotated[
    float | None,
    typer.Option(
        "--N",
        parser=read_number,
        metavar="N",
        help="Parameters of the run to judge for, as 6.9e9 or 6.9B. With --D or --M.",
    ),
]
Tokens = Annotated[
    float | None,
    typer.Option(
        "--D", parser=read_number, metavar="D", help="Its training tokens. Give --D or --M."
    ),
]
Multiplier = Annotated[
    float | None,
    typer.Option(
        "--M",
        parser=read_number,
        metavar="M",
        help="Its tokens per parameter, in the count of --count.",
    ),
]
