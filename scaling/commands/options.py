"""What do the commands take? The arguments and options that they share, with their help."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from inspect import Signature, signature
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

import typer

from scaling.laws.registry import ALIASES, DEFAULT_LAW, LAWS, OBJECTIVES
from scaling.tables.counts import COUNTS, LOSS_UNITS

CURRENCY = re.compile(r"\s*[$€£¥]|.*\d,\d{3}(\D|$)")  # $20, or 20,000


def read_number(text: str) -> float:
    """Read 6.9e9 or 6.9B, and refuse what is not above zero."""
    return _read_number(text, "> 0", lambda value: value > 0)


def read_amount(text: str) -> float:
    """Read 6.9e9 or 6.9B or 0, and refuse what is below zero."""
    return _read_number(text, ">= 0", lambda value: value >= 0)


def _read_number(text: str, bound: str, holds: Callable[[float], bool]) -> float:
    from scaling.tables.faults import show
    from scaling.tables.numbers import parse_number

    try:
        value = parse_number(text)
    except ValueError:
        value = math.nan
    if not holds(value):
        rule = f"must be a finite number {bound}, written like 6.9e9 or 6.9B"
        hint = ", with a decimal point" if "," in text else ""
        hint = ", without a currency or commas" if CURRENCY.match(text) else hint
        hint = ", a fraction and not a percentage" if "%" in text else hint
        raise typer.BadParameter(f"{rule}{hint}, got {show(text)}")
    return value


def whole_from(least: int) -> Callable[[str], int]:
    """Make a reader of whole numbers, which refuses those below the least."""

    def read_whole(text: str) -> int:
        from scaling.tables.faults import show

        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if value < least:
            rule = f"must be a whole number of {least} or more"
            raise typer.BadParameter(f"{rule}, got {show(text)}")
        return value

    return read_whole


def read_fixed(text: str) -> tuple[str, float]:
    """Read E=1.7."""
    from scaling.tables.faults import show
    from scaling.tables.numbers import parse_number

    name, equals, number = (part.strip() for part in text.partition("="))
    try:
        value = parse_number(number)
    except ValueError:
        value = math.nan
    if not equals or not math.isfinite(value):
        raise typer.BadParameter(f"must read NAME=VALUE, such as E=1.7, got {show(text)}")
    return name, value


def refuse_twice(held: list[tuple[str, float]] | None) -> list[tuple[str, float]] | None:
    """Refuse a name that is held twice."""
    if held and len(dict(held)) < len(held):
        raise typer.BadParameter("holds a coefficient twice: give each name once")
    return held


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
        help="Run table: CSV, JSON lines or Parquet, one row per training run, with N, D and loss "
        "(or loss_<set>).",
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
        "free: an exponent for N and one for D, needs a run more. compute: a power of C = 6 N D "
        "alone, for runs near one number of tokens per parameter.",
    ),
]
Fix = Annotated[
    list[Any] | None,
    typer.Option(
        "--fix",
        parser=read_fixed,
        callback=refuse_twice,
        metavar="NAME=VALUE",
        help="Hold E, or an exponent of --law tied, free or compute: --fix E=1.7 --fix alpha=0.3. "
        "Repeatable; what is held is no coefficient to fit.",
    ),
]
Nonneg = Annotated[
    bool,
    typer.Option("--nonneg", help="Keep E and the amplitudes A and B at zero or above."),
]
ObjectiveOption = Annotated[
    str | None,
    typer.Option(
        "--objective",
        parser=one_of(OBJECTIVES),
        metavar="|".join(OBJECTIVES),
        help="loss: least squares on the loss, the paper's. log: on the log loss, as --law prior. "
        "huber: Huber's loss on the log loss, as Hoffmann et al.",
    ),
]
HuberDelta = Annotated[
    float | None,
    typer.Option(
        "--huber-delta",
        parser=read_number,
        metavar="DELTA",
        help="Residual of the log loss beyond which --objective huber grows linearly, 0.001 by "
        "default. Far below all residuals, as 1e-6, it leaves least absolute deviations, which is "
        "what some published refits amount to.",
    ),
]
CountOption = Annotated[
    str | None,
    typer.Option(
        "--count",
        parser=one_of(COUNTS),
        metavar="|".join(COUNTS),
        help="Count of parameters that the law is written in; N_body is without the vocabulary. "
        "By default N, or the table's only count.",
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
ColumnMapOption = Annotated[
    str | None,
    typer.Option(
        "--map",
        metavar="OURS=THEIRS,...",
        help="Which column is which, as N=params,D=tokens,loss=val/loss. A factor "
        "may follow: D=tokens*1e9.",
    ),
]
LossUnit = Annotated[
    str | None,
    typer.Option(
        "--loss-unit",
        parser=one_of(LOSS_UNITS),
        metavar="|".join(LOSS_UNITS),
        help="Unit of the losses: nats or bits per token, bits per byte, perplexity. Turned into "
        "nats per token, the default.",
    ),
]
BytesPerToken = Annotated[
    float | None,
    typer.Option(
        "--bytes-per-token",
        parser=read_number,
        metavar="BYTES",
        help="Mean bytes of a token of the held-out text, for --loss-unit bpb.",
    ),
]
Accuracy = Annotated[
    bool,
    typer.Option(
        "--accuracy", help="Columns acc_<task> are accuracies: take 1 - accuracy as the error."
    ),
]
LastOfRun = Annotated[
    bool,
    typer.Option(
        "--last-of-run",
        help="Rows are checkpoints: keep the last of each run. A run is the rows of one name or, "
        "where each row has its own, of one N.",
    ),
]
BestOfCell = Annotated[
    bool,
    typer.Option(
        "--best-of-cell",
        help="Rows of one N and D are a sweep: keep the one of lowest loss, and name the others.",
    ),
]
EffectiveTokens = Annotated[
    bool,
    typer.Option(
        "--effective-tokens",
        help="Fit in effective tokens and parameters, which repeated data make fewer (Muennighoff "
        "et al.). Needs a column unique_tokens, D_unique or epochs.",
    ),
]
Level = Annotated[
    str,
    typer.Option(
        "--level",
        metavar="SHARE",
        help="Share of cases that an interval is to hold: 0.9 for nine of ten.",
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


def shared_options(
    law: LawOption = DEFAULT_LAW,
    fix: Fix = None,
    nonneg: Nonneg = False,
    objective: ObjectiveOption = None,
    huber_delta: HuberDelta = None,
    count: CountOption = None,
    loss_set: LossSet = None,
    dataset: Dataset = None,
    without_flagged: WithoutFlagged = False,
    last_of_run: LastOfRun = False,
    best_of_cell: BestOfCell = False,
    effective_tokens: EffectiveTokens = False,
    level: Level = "0.9",
) -> None:
    """What every question takes; the names are those of `scaling.forecast.selection.Options`."""


def reading_options(
    columns: ColumnMapOption = None,
    loss_unit: LossUnit = None,
    bytes_per_token: BytesPerToken = None,
    accuracy: Accuracy = False,
) -> None:
    """How a table is to be read; the names are those of `scaling.tables.runs.Reading`."""


def takes_shared_options(command: Callable[..., None]) -> Callable[..., None]:
    """Let a command with ``**options`` take the options of a question, after its own."""
    return _take_options(command, shared_options, reading_options)


def takes_reading_options(command: Callable[..., None]) -> Callable[..., None]:
    """Let a command with ``**options`` take the options of `reading_options`, after its own."""
    return _take_options(command, reading_options)


def _take_options(
    command: Callable[..., None], *options: Callable[..., None]
) -> Callable[..., None]:
    own = list(signature(command, eval_str=True).parameters.values())
    shared = [p for some in options for p in signature(some, eval_str=True).parameters.values()]
    both = [p for p in own if p.kind is not p.VAR_KEYWORD and p.name != "as_json"] + shared
    both += [p for p in own if p.name == "as_json"]
    told: Any = command
    told.__signature__ = Signature(both)
    told.__annotations__ = {p.name: p.annotation for p in both}
    return command
