"""The command line. Every command takes ``--json``; bad input ends with exit code 2."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable
from dataclasses import asdict
from enum import StrEnum
from functools import wraps
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import pandas as pd

    from scaling.fit import Fit

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Predict large language models from small ones, and know how far to trust it.",
)


class Law(StrEnum):
    """Loss laws on offer."""

    tied = "tied"
    free = "free"
    best = "best"


class Count(StrEnum):
    """Counts of parameters on offer."""

    N = "N"
    N_body = "N_body"


def _number(text: str) -> float:
    """Read 6.9e9 or 6.9B, and refuse what is not above zero."""
    from scaling.faults import show
    from scaling.numbers import parse_number

    try:
        value = parse_number(text)
    except ValueError:
        value = math.nan
    if not value > 0:
        rule = "must be a finite number > 0, written like 6.9e9 or 6.9B"
        raise typer.BadParameter(f"{rule}, got {show(text)}")
    return value


Runs = Annotated[
    Path, typer.Argument(metavar="RUNS", help="Run table: CSV with N, D and loss or loss_<set>.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
LawOption = Annotated[
    Law,
    typer.Option(
        "--law",
        help="tied: one exponent for N and D; free: one for each; best: tied, log loss, and a "
        "prior on the exponent that was learnt from other small runs.",
    ),
]
CountOption = Annotated[
    Count, typer.Option("--count", help="Count of parameters that the law is written in.")
]
LossSet = Annotated[
    str | None, typer.Option("--loss-set", help="Which loss_<set>; by default loss, else the only.")
]
Dataset = Annotated[
    str | None, typer.Option("--dataset", help="Which training set, if the table holds several.")
]
Parameters = Annotated[
    float,
    typer.Option(
        "--N",
        parser=_number,
        metavar="N",
        help="Parameters, in the count of --count, as 6.9e9 or 6.9B.",
    ),
]
Tokens = Annotated[
    float | None, typer.Option("--D", parser=_number, metavar="D", help="Training tokens.")
]
Multiplier = Annotated[
    float | None,
    typer.Option(
        "--M", parser=_number, metavar="M", help="Tokens per parameter, in the count of --count."
    ),
]


def _says_what_is_wrong(command: Callable[..., None]) -> Callable[..., None]:
    """Turn the errors that a reader can mend into one message on stderr and exit code 2."""

    @wraps(command)
    def guarded(*args: Any, **kwargs: Any) -> None:
        from scaling.faults import RunTableError
        from scaling.fit import FitError

        try:
            command(*args, **kwargs)
        except RunTableError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(2) from error
        except FitError as error:
            typer.echo(f"{kwargs.get('runs')}: {error}", err=True)
            raise typer.Exit(2) from error

    return guarded


def _plain(value: Any) -> Any:
    """Make a value fit for JSON: numbers that are not finite become null."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(_plain(value), indent=2, allow_nan=False))


# --- from options to a table --------------------------------------------------------------


def _select(
    runs: Path, dataset: str | None, loss_set: str | None, count: Count
) -> tuple[pd.DataFrame, str, str, int]:
    """Rows that can be fitted, their loss and count columns, and how many rows have no loss."""
    from scaling.runs import choose_count, choose_dataset, choose_loss, read_runs

    table = read_runs(runs)
    try:
        table = choose_dataset(table, dataset)
        loss, N = choose_loss(table, loss_set), choose_count(table, count.value)
    except ValueError as error:
        hint = "--dataset / --loss-set / --count"
        raise typer.BadParameter(str(error), param_hint=hint) from error
    complete = table.dropna(subset=[loss, N])
    return complete, loss, N, len(table) - len(complete)


def _warn(messages: list[str]) -> None:
    for message in messages:
        typer.echo(f"warning: {message}", err=True)


# --- commands -----------------------------------------------------------------------------


@app.command()
@_says_what_is_wrong
def check(runs: Runs, as_json: AsJson = False) -> None:
    """Validate a run table: exit 0, or 2 with every fault."""
    from scaling.forecast import warn_of_design
    from scaling.runs import error_columns, loss_columns, read_runs

    table = read_runs(runs)
    flagged = table.loc[table["flags"] != "", ["run", "flags"]]
    report: dict[str, Any] = {
        "file": str(runs),
        "n_runs": len(table),
        "datasets": sorted(table["dataset"].unique()) if "dataset" in table else [],
        "losses": loss_columns(table),
        "errors": error_columns(table),
        "flags": flagged.to_dict("records"),
    }
    if as_json:
        _print_json(report)
        return
    doubt = f", {len(report['flags'])} flagged" if report["flags"] else ""
    typer.echo(f"{runs}: {report['n_runs']} runs, sound{doubt}")
    typer.echo(f"losses: {', '.join(report['losses'])}")
    if report["errors"]:
        typer.echo(f"errors: {', '.join(report['errors'])}")
    for row in report["flags"]:
        typer.echo(f"flag: {row['run']}: {row['flags']}")
    _warn(warn_of_design(table))


@app.command()
@_says_what_is_wrong
def fit(
    runs: Runs,
    law: LawOption = Law.tied,
    count: CountOption = Count.N,
    loss_set: LossSet = None,
    dataset: Dataset = None,
    as_json: AsJson = False,
) -> None:
    """Fit a loss law to a run table."""
    from scaling.forecast import LAWS, fit_table, residual_std, warn_of_fit

    table, loss, N, left_out = _select(runs, dataset, loss_set, count)
    result = fit_table(table, loss, N, law.value)
    report = {
        "law": law.value,
        "dataset": _only_dataset(table),
        "loss_set": loss,
        "count": N,
        "n_runs": len(table),
        "left_out": left_out,
        "dof": result.dof,
        "status": result.status,
        "coefficients": {
            name: {"value": value, "lo": None, "hi": None}
            for name, value in asdict(result.law).items()
        },
        "ssr": result.ssr,
        "sigma_hat": residual_std(result),
        "warnings": warn_of_fit(result, table, N),
    }
    if as_json:
        _print_json(report)
        return
    _, formula = LAWS[law.value]
    typer.echo(f"{loss} = {formula}, {len(table)} runs, status: {result.status}")
    for name, value in asdict(result.law).items():
        typer.echo(f"  {name:6} {value:.6g}")
    typer.echo(f"  residual: {_in_words(result)}")
    _warn(report["warnings"] + _left_out(left_out, loss))


def _only_dataset(table: pd.DataFrame) -> str | None:
    names = list(table["dataset"].unique()) if "dataset" in table else []
    return str(names[0]) if len(names) == 1 else None


def _in_words(fit: Fit) -> str:
    from scaling.forecast import residual_std

    if fit.dof > 0:
        freedom = f"{fit.dof} degree{'s' * (fit.dof != 1)} of freedom"
        return f"standard deviation {residual_std(fit):.3g} nats, {freedom}"
    return "no degree of freedom"


def _left_out(n: int, loss: str) -> list[str]:
    return [f"{n} runs without {loss} were left out"] if n else []


@app.command()
@_says_what_is_wrong
def predict(
    runs: Runs,
    N: Parameters,
    D: Tokens = None,
    M: Multiplier = None,
    law: LawOption = Law.tied,
    count: CountOption = Count.N,
    loss_set: LossSet = None,
    dataset: Dataset = None,
    as_json: AsJson = False,
) -> None:
    """Predict the loss, and each err_ column, of a model of N parameters and D (or M N) tokens."""
    from scaling.forecast import make_forecast

    tokens = _target_tokens(N, D, M)
    table, loss, N_column, left_out = _select(runs, dataset, loss_set, count)
    forecast = make_forecast(table, (N, tokens), loss, N_column, law.value)
    report = {
        "loss": forecast.loss,
        "lo": None,
        "hi": None,
        "law": law.value,
        "status": forecast.fit.status,
        "loss_set": loss,
        "count": N_column,
        "n_runs": len(table),
        "left_out": left_out,
        "extrapolation": asdict(forecast.reach),
        "errors": {
            task: {"value": error.value, "lo": None, "hi": None, "status": error.status}
            for task, error in forecast.errors.items()
        },
        "warnings": forecast.warnings,
    }
    if as_json:
        _print_json(report)
        return
    typer.echo(f"{loss} at {N_column} = {N:g}, D = {tokens:g}: {forecast.loss:.4f} nats/token")
    for task, error in forecast.errors.items():
        shown = "no fit" if error.value is None else f"{error.value:.4f}"
        typer.echo(f"  err_{task}: {shown} ({error.status})")
    ratio = f"{forecast.reach.compute_ratio:.3g}"
    typer.echo(f"  status: {forecast.fit.status}; {ratio} times the compute of the largest run")
    typer.echo(f"  no interval yet; residual: {_in_words(forecast.fit)}")
    _warn(forecast.warnings + _left_out(left_out, loss))


def _target_tokens(N: float, D: float | None, M: float | None) -> float:
    """Tokens of the target, which must have counts that a run table may have."""
    from scaling.schema import LARGEST

    if D is not None and M is None:
        tokens = D
    elif M is not None and D is None:
        tokens = M * N
    else:
        raise typer.BadParameter("give either --D or --M", param_hint="--D / --M")
    for name, count in (("N", N), ("D", tokens)):
        if not 1 <= count <= LARGEST:
            rule = f"{name} must be from 1 to {LARGEST:g}, got {count:g}"
            raise typer.BadParameter(rule, param_hint="--N / --D / --M")
    return tokens


@app.command()
@_says_what_is_wrong
def backtest(
    runs: Runs,
    law: LawOption = Law.tied,
    count: CountOption = Count.N,
    loss_set: LossSet = None,
    dataset: Dataset = None,
    as_json: AsJson = False,
) -> None:
    """Predict each size from the smaller ones, and hold it against what was measured.

    A size with too few runs below it is not predicted: it is not in the list of --json.
    """
    from scaling.backtest import run_backtest
    from scaling.forecast import warn_of_flags

    table, loss, N, left_out = _select(runs, dataset, loss_set, count)
    held_out, not_predicted = run_backtest(table, loss, N, law.value)
    if as_json:
        _print_json([_held_out_as_json(row) for row in held_out.to_dict("records")])
        return
    typer.echo(_held_out_in_words(held_out))
    _warn(_not_predicted(not_predicted, N) + warn_of_flags(table) + _left_out(left_out, loss))


def _held_out_as_json(row: dict[Any, Any]) -> dict[str, Any]:
    known = {key: row[key] for key in ("run", "fit_sizes", "predicted", "actual", "relative_error")}
    return known | {"lo": None, "hi": None, "inside": None, "status": row["status"]}


def _held_out_in_words(held_out: pd.DataFrame) -> str:
    """One line for each held-out run; the last line sums up the law and two baselines."""
    from scaling.backtest import SOUND

    columns = ["run", "N", "D", "n_sizes", "n_runs", "predicted", "actual", "error", "status"]
    error = [f"{100 * value:+.3g}%" for value in held_out["relative_error"]]
    lines = [
        held_out.assign(error=error)[columns].to_string(index=False, float_format="{:.5g}".format)
    ]
    sound = held_out[held_out["status"].isin(SOUND)]
    if 0 < len(sound) < len(held_out):
        lines.append(f"{len(sound)} runs predicted by a sound fit: {_misses_in_words(sound)}")
    lines.append(f"all {len(held_out)} runs held out: {_misses_in_words(held_out)}")
    return "\n".join(lines)


def _misses_in_words(held_out: pd.DataFrame) -> str:
    from scaling.backtest import sum_up

    law, no_change, line = (
        f"mean miss {100 * mean:.3g}%, largest {100 * most:.3g}%"
        for mean, most in sum_up(held_out).itertuples(index=False)
    )
    return f"{law} (no change: {no_change}; line through the two dearest: {line})"


def _not_predicted(sizes: list[float], N: str) -> list[str]:
    return [f"{N} = {size:.4g} was not predicted: too few runs below it" for size in sizes]


@app.command()
@_says_what_is_wrong
def scorecard(as_json: AsJson = False) -> None:
    """Put every number that the paper printed beside ours."""
    from scaling.scorecard import as_table, make_scorecard

    entries = make_scorecard()
    if as_json:
        _print_json([asdict(entry) for entry in entries])
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
