"""How are verdicts on tasks told in a terminal? The answer of ``scaling tasks``, in words."""

from __future__ import annotations

import textwrap

import pandas as pd

from scaling.forecast.averages import is_average
from scaling.forecast.prediction import Forecast
from scaling.forecast.task_outlook import TEN_POINTS
from scaling.forecast.verdicts import CHEAP, ROUNDING, VERDICTS
from scaling.forecast.words import ends_in_words, level_in_words
from scaling.tables.task_items import list_names

RULES = dict(
    zip(
        VERDICTS,
        (
            f"the direction is sure: {100 * TEN_POINTS:g} points or more off guessing, the whole "
            "interval below the error of the largest run, which lay itself in the interval from "
            f"runs of at most 1/{1 / CHEAP:g} of its compute (its check). For how far it falls see "
            "the two-point line, too: at the testbed's 6.9B runs it was nearer.",
            "a prediction, but its direction is not sure, or untested.",
            "nothing is clearly better than the error of the last run; the interval says what such "
            "tasks did elsewhere.",
        ),
        strict=True,
    )
)
WIDTH = 100


def target_in_words(
    forecast: Forecast,
    target: tuple[float, float],
    N: str,
    by_default: bool,
    level: float,
) -> str:
    """Name the run that tasks are judged for, its predicted loss, and what to bet on.

    Parameters
    ----------
    forecast : Forecast
        Of that run.
    target : tuple of float
        Its parameters and tokens.
    N : str
        Column of the parameters.
    by_default : bool
        True where nobody named it.
    level : float
        Of the interval.
    """
    ratio = f"{forecast.reach.compute_ratio:.3g} times the compute of the largest run"
    rule = f"{ratio}, at its tokens per parameter" if by_default else ratio
    told = forecast.told
    said = f", not to be used: {told.doubt}" if told.doubt else ""
    if told.lo is not None and told.hi is not None:
        said = f", to bet on: {ends_in_words(told.lo, told.hi)} ({level_in_words(level)})"
    return (
        f"target: {N} = {target[0]:.3g}, D = {target[1]:.3g}, {rule}; "
        f"predicted loss {told.loss:.4f} nats/token{said}"
    )


def tasks_in_words(judged: pd.DataFrame, level: float) -> str:
    """Tell the verdicts: a line for each task, then one for each verdict with its rule.

    Parameters
    ----------
    judged : pandas.DataFrame
        From `scaling.forecast.verdicts.judge_tasks`.
    level : float
        Of the intervals.
    """
    ends = zip(judged["lo"], judged["hi"], strict=True)
    intervals = ["" if lo != lo else f"{lo:.4f} to {hi:.4f}" for lo, hi in ends]
    shown = {
        **_flush_left("task", judged["task"]),
        **_flush_left("verdict", judged["verdict"]),
        **_flush_left("because", judged["reason"]),
        "predicted": _to_four_digits(judged["predicted"]),
        f"{level_in_words(level)} interval": intervals,
        "last run": _to_four_digits(judged["no_change"]),
        "two-point line": _to_four_digits(judged["ruler_in_loss"]),
    }
    lines = [line.rstrip() for line in pd.DataFrame(shown).to_string(index=False).splitlines()]
    for name, rule in RULES.items():
        if count := int((judged["verdict"] == name).sum()):
            told = f"{name}, {count} of {len(judged)}: {rule}"
            lines += textwrap.wrap(told, WIDTH, subsequent_indent="  ")
    return "\n".join(lines)


def warn_of_tasks(judged: pd.DataFrame, target_ratio: float) -> list[str]:
    """Say what is assumed where something is not known, and what may be mistaken.

    Parameters
    ----------
    judged : pandas.DataFrame
        From `scaling.forecast.verdicts.judge_tasks`.
    target_ratio : float
        Compute of the target over that of the largest run.
    """
    measured = judged[judged["n_runs"] > 0]
    late = measured[measured["compute_ratio"] > target_ratio * (1 + ROUNDING)]
    guessing = 1 - measured["chance"]
    worse = measured[measured["no_change"] - guessing > TEN_POINTS]
    fitted = measured[measured["gamma"].notna()]
    rising = fitted[fitted["k"] * fitted["gamma"] < 0]
    cases = {
        "items not known, the scatter around the error law stands for noise": measured[
            measured["n_items"].isna()
        ],
        "chance not known, the largest error measured stands for guessing": measured[
            measured["chance"].isna()
        ],
        "not measured on the largest run, the step is from a smaller one": late,
        "an average of tasks, by its name: predicted by the error law": judged[
            judged["task"].map(is_average).astype(bool)
        ],
        f"errs {100 * TEN_POINTS:g} points more often than guessing; is chance an accuracy?": worse,
    }
    said = [f"{list_names(rows['task'])}: {case}" for case, rows in cases.items() if len(rows)]
    if len(rising) > max(len(fitted) / 2, 1):
        said.append(
            f"on {len(rising)} of {len(fitted)} tasks the error rises as the loss falls: are these "
            "accuracies?"
        )
    if target_ratio <= 1:
        said.append(f"the target has {target_ratio:.2g} times the compute of the largest run")
    return said


def _flush_left(name: str, texts: pd.Series) -> dict[str, pd.Series]:
    """Pad a column and its head to one width."""
    width = max(len(name), int(texts.str.len().max()))
    return {name.ljust(width): texts.str.ljust(width)}


def _to_four_digits(values: pd.Series) -> list[str]:
    return ["" if value != value else f"{value:.4f}" for value in values]
