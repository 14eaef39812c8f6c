"""How does a command answer? One message and exit code 2 for what a reader can mend, or JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from scaling.forecast.answer import Answer

# Which extra brings a module that the core does not need.
EXTRAS = dict.fromkeys(("torch", "submitit", "yaml", "pydantic", "tqdm"), "training")
EXTRAS |= dict.fromkeys(("datasets", "huggingface_hub", "tokenizers"), "training,text")
EXTRAS["lm_eval"] = "training,text,harness"


def says_what_is_wrong(command: Callable[..., None]) -> Callable[..., None]:
    """Turn the errors that a reader can mend into one message on stderr and exit code 2."""

    @wraps(command)
    def guarded(*args: Any, **kwargs: Any) -> None:
        from scaling.forecast.selection import ChoiceError
        from scaling.laws.fit import FitError, TooFewRunsError
        from scaling.tables.faults import RunTableError
        from scaling.training.errors import GridError

        def stop(message: str, cause: Exception) -> None:
            typer.echo(message, err=True)
            raise typer.Exit(2) from cause

        try:
            command(*args, **kwargs)
        except (RunTableError, GridError) as error:
            stop(str(error), error)
        except ChoiceError as error:
            hint = " / ".join(f"--{name}" for name in error.about)
            raise typer.BadParameter(str(error), param_hint=hint) from error
        except TooFewRunsError as error:
            stop(f"{kwargs.get('runs')}: {error}; `scaling plan` says which to add", error)
        except FitError as error:
            stop(f"{kwargs.get('runs')}: {error}", error)
        except ModuleNotFoundError as error:
            if error.name not in EXTRAS:
                raise
            extra = EXTRAS[error.name]
            stop(f"{error.name} is not installed: pip install 'reliable-scaling[{extra}]'", error)

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


def print_json(value: Any) -> None:
    """Print a value as JSON; a number that is not finite becomes null."""
    typer.echo(json.dumps(_plain(value), indent=2, allow_nan=False))


def print_answer(answer: Answer, as_json: bool, *, warnings: bool = True) -> None:
    """Print an answer, as text or as JSON; on stderr odd rows before it, the rest after it."""
    if warnings:
        warn(answer.odd_rows)
    if as_json:
        print_json(answer.report())
    else:
        typer.echo(answer.text())
    if warnings:
        warn(answer.other_warnings)


def warn(messages: list[str]) -> None:
    """Print warnings on stderr, one a line."""
    for message in messages:
        typer.echo(f"warning: {message}", err=True)
