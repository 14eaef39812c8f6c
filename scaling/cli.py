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
    Law, typer.Option("--law", help="tied: one exponent for N and D; free: one for each.")
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
    float, typer.Option("--N", parser=_number, metavar="N", help="Parameters, as 6.9e9 or 6.9B.")
]
Tokens = Annotated[
    float | None, typer.Option("--D", parser=_number, metavar="D", help="Training tokens.")
]
Multiplier = Annotated[
    float | None, typer.Option("--M", parser=_number, metavar="M", help="Tokens per parameter.")
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


# --- a law from a table -------------------------------------------------------------------


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


def _fit(table: pd.DataFrame, loss: str, N: str, law: Law) -> Fit:
    from scaling.fit import fit_loss_law, fit_loss_surface

    fitter = fit_loss_law if law is Law.tied else fit_loss_surface
    return fitter(table[N], table["D"], table[loss])


ADVICE = {
    "unidentified": "the runs cannot tell the coefficients apart (one size, one ray of D/N, or a "
    "loss that does not change); only predictions along what was varied can hold",
    "at_bound": "an exponent stands at the end of its range: the runs do not follow this law",
    "wrong_sign": "a coefficient is negative: the law bends the wrong way somewhere",
    "saturated": "as many coefficients as runs: nothing is left to judge the fit by",
}


def _describe_fit(
    fit: Fit,
    law: Law,
    dataset: str | None,
    loss: str,
    N: str,
    left_out: int,
    warnings: list[str],
) -> dict[str, Any]:
    return {
        "law": law.value,
        "dataset": dataset,
        "loss_set": loss,
        "count": N,
        "n_runs": len(fit.residuals),
        "left_out": left_out,
        "dof": fit.dof,
        "status": fit.status,
        "coefficients": {
            name: {"value": value, "lo": None, "hi": None}
            for name, value in asdict(fit.law).items()
        },
        "ssr": fit.ssr,
        "sigma_hat": fit.sigma_hat,
        "warnings": warnings,
    }


LEAST_N_SPAN, LEAST_M_SPAN = 30.0, 8.0  # a law returns its coefficients over such a design


def _narrow_design(table: pd.DataFrame, N: str) -> list[str]:
    """What the runs leave open by where they lie."""
    M = table["D"] / table[N]
    messages = []
    if M.max() / M.min() < LEAST_M_SPAN:
        messages.append(
            f"all runs have {M.min():.3g} to {M.max():.3g} tokens per parameter: add one with "
            f"at least {LEAST_M_SPAN:g} times more, or the cost of over-training is not known"
        )
    if (span := table[N].max() / table[N].min()) < LEAST_N_SPAN:
        messages.append(
            f"{N} spans a factor of {span:.3g} only: {LEAST_N_SPAN:g} or more fixes the exponent"
        )
    return messages


def _flag_warnings(table: pd.DataFrame) -> list[str]:
    """Which of the runs carry a flag."""
    flagged = table[table["flags"] != ""] if "flags" in table else table.head(0)
    return [f"{row['run']}: {row['flags']}" for _, row in flagged.iterrows()]


def _warn(messages: list[str]) -> None:
    for message in messages:
        typer.echo(f"warning: {message}", err=True)


# --- commands -----------------------------------------------------------------------------


@app.command()
@_says_what_is_wrong
def check(runs: Runs, as_json: AsJson = False) -> None:
    """Validate a run table: exit 0, or 2 with every fault."""
    from scaling.runs import error_columns, loss_columns, read_runs

    table = read_runs(runs)
    flagged = table.loc[table["flags"] != "", ["run", "flags"]] if "flags" in table else None
    report: dict[str, Any] = {
        "file": str(runs),
        "n_runs": len(table),
        "datasets": sorted(table["dataset"].unique()) if "dataset" in table else [],
        "losses": loss_columns(table),
        "errors": error_columns(table),
        "flags": [] if flagged is None else flagged.to_dict("records"),
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
    _warn(_narrow_design(table, "N"))


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
    table, loss, N, left_out = _select(runs, dataset, loss_set, count)
    result = _fit(table, loss, N, law)
    warnings = [ADVICE[result.status]] if result.status in ADVICE else []
    warnings += _narrow_design(table, N) + _flag_warnings(table)
    report = _describe_fit(result, law, _only_dataset(table), loss, N, left_out, warnings)
    if as_json:
        _print_json(report)
        return
    formula = "E + A N^-alpha + B D^-" + ("alpha" if law is Law.tied else "beta")
    typer.echo(f"{loss} = {formula}, {report['n_runs']} runs, status: {result.status}")
    for name, entry in report["coefficients"].items():
        typer.echo(f"  {name:6} {entry['value']:.6g}")
    typer.echo(f"  residual: {_in_words(result)}")
    _warn(report["warnings"] + _left_out(left_out, loss))


def _only_dataset(table: pd.DataFrame) -> str | None:
    names = list(table["dataset"].unique()) if "dataset" in table else []
    return str(names[0]) if len(names) == 1 else None


def _in_words(fit: Fit) -> str:
    if fit.dof > 0:
        freedom = f"{fit.dof} degree{'s' * (fit.dof != 1)} of freedom"
        return f"standard deviation {fit.sigma_hat:.3g} nats, {freedom}"
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
    tokens = _target_tokens(N, D, M)
    table, loss, N_column, left_out = _select(runs, dataset, loss_set, count)
    result = _fit(table, loss, N_column, law)
    predicted = result.law.predict(N, tokens)
    report = {
        "loss": predicted,
        "lo": None,
        "hi": None,
        "law": law.value,
        "status": result.status,
        "loss_set": loss,
        "count": N_column,
        "n_runs": len(table),
        "left_out": left_out,
        "extrapolation": _extrapolation(table, N_column, N, tokens),
        "errors": _predict_errors(table, loss, predicted),
    }
    report["warnings"] = _prediction_warnings(report)
    report["warnings"] += _narrow_design(table, N_column) + _flag_warnings(table)
    if as_json:
        _print_json(report)
        return
    typer.echo(f"{loss} at N = {N:g}, D = {tokens:g}: {predicted:.4f} nats/token")
    for task, entry in report["errors"].items():
        shown = "no fit" if entry["value"] is None else f"{entry['value']:.4f}"
        typer.echo(f"  err_{task}: {shown} ({entry['status']})")
    ratio = report["extrapolation"]["compute_ratio"]
    typer.echo(f"  status: {result.status}; {ratio:.3g} times the compute of the largest run")
    typer.echo(f"  no interval yet; residual: {_in_words(result)}")
    _warn(report["warnings"] + _left_out(left_out, loss))


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


SMALL_REACH = 1e-6  # of the compute of the largest run


def _extrapolation(table: pd.DataFrame, N_column: str, N: float, D: float) -> dict[str, Any]:
    """How far outside the fitted runs a target lies."""
    compute, M = table[N_column] * table["D"], table["D"] / table[N_column]
    return {
        "compute_ratio": float(N * D / compute.max()),
        "N_ratio": float(N / table[N_column].max()),
        "M_inside": bool(M.min() * (1 - 1e-9) <= D / N <= M.max() * (1 + 1e-9)),
    }


def _predict_errors(table: pd.DataFrame, loss: str, predicted: float) -> dict[str, dict[str, Any]]:
    import numpy as np

    from scaling.fit import FitError, fit_error_law
    from scaling.runs import error_columns

    errors = {}
    for column in error_columns(table):
        measured = table.dropna(subset=[column])
        entry: dict[str, Any] = {"value": None, "lo": None, "hi": None, "status": "too_few_runs"}
        try:
            result = fit_error_law(measured[loss], measured[column])
            with np.errstate(over="ignore", invalid="ignore"):  # far outside: warned about below
                value = result.law.predict(predicted)
            entry |= {"value": value, "status": result.status}
        except FitError:  # fewer runs than parameters: the status says it
            pass
        errors[column.removeprefix("err_")] = entry
    return errors


def _prediction_warnings(report: dict[str, Any]) -> list[str]:
    status, reach = report["status"], report["extrapolation"]
    messages = [ADVICE[status]] if status in ADVICE else []
    if not report["loss"] > 0 or not math.isfinite(report["loss"]):
        messages.append(f"the predicted loss, {report['loss']:g}, is no loss")
    if not reach["M_inside"]:
        messages.append("its tokens per parameter lie outside those of the runs")
    if reach["compute_ratio"] < SMALL_REACH:
        messages.append(
            f"its compute is {reach['compute_ratio']:.1g} of that of the largest run: a letter "
            "forgotten, as in 6.9B?"
        )
    if reach["compute_ratio"] > 1:
        messages.append(
            f"extrapolated to {reach['compute_ratio']:.3g} times the compute of the largest run"
        )
    for task, entry in report["errors"].items():
        value = entry["value"]
        if value is not None and not 0 <= value <= 1:
            messages.append(f"the predicted err_{task}, {value:g}, is no error between 0 and 1")
    return messages


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
