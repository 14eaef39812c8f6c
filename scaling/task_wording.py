"""How are verdicts on tasks told in a terminal? The answer of ``scaling tasks``, in words."""

from __future__ import annotations

import pandas as pd

from scaling.forecast import Forecast
from scaling.prospects import TEN_POINTS
from scaling.verdicts import CHEAP, LEAST_RUNS, VERDICTS
from scaling.wording import doubt_in_words

RULES = dict(
    zip(
        VERDICTS,
        (
            f"the dearest run is {100 * TEN_POINTS:g} points or more off guessing, the interval "
            "lies below its error, and it lay itself inside the interval from the runs of at most "
            f"1/{1 / CHEAP:g} of its compute",
            "all others",
            f"fewer than {LEAST_RUNS} runs, or the dearest is not visibly off guessing, or the "
            "error does not fall with the loss; the interval says what such tasks did elsewhere",
        ),
        strict=True,
    )
)


def target_in_words(
    forecast: Forecast, target: tuple[float, float], N: str, by_default: bool
) -> str:
    """Name the run that tasks are judged for, and its predicted loss.

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
    """
    ratio = f"{forecast.reach.compute_ratio:.3g} times the compute of the dearest run"
    rule = f"{ratio}, at its tokens per parameter" if by_default else ratio
    doubt = doubt_in_words(forecast.fit.status, forecast.loss)
    return (
        f"target: {N} = {target[0]:.3g}, D = {target[1]:.3g}, {rule}; "
        f"predicted loss {forecast.loss:.4f} nats/token{doubt}"
    )


def tasks_in_words(judged: pd.DataFrame, level: float) -> str:
    """Tell the verdicts: a line for each task, then one for each verdict with its rule.

    Parameters
    ----------
    judged : pandas.DataFrame
        From `scaling.verdicts.judge_tasks`.
    level : float
        Of the intervals.
    """
    ends = zip(judged["lo"], judged["hi"], strict=True)
    shown = {
        **_flush_left("task", judged["task"]),
        **_flush_left("verdict", judged["verdict"]),
        "predicted": _to_four_digits(judged["predicted"]),
        f"{level:.0%} interval": ["" if lo != lo else f"{lo:.4f} to {hi:.4f}" for lo, hi in ends],
        "no change": _to_four_digits(judged["no_change"]),
        "ruler in loss": _to_four_digits(judged["ruler_in_loss"]),
        **_flush_left("status", judged["status"]),
    }
    lines = [line.rstrip() for line in pd.DataFrame(shown).to_string(index=False).splitlines()]
    counts = judged["verdict"].value_counts()
    lines += [f"{name}, {counts.get(name, 0)} of {len(judged)}: {RULES[name]}" for name in VERDICTS]
    return "\n".join(lines)


def _flush_left(name: str, texts: pd.Series) -> dict[str, pd.Series]:
    """Pad a column and its head to one width."""
    width = max(len(name), int(texts.str.len().max()))
    return {name.ljust(width): texts.str.ljust(width)}


def _to_four_digits(values: pd.Series) -> list[str]:
    return ["" if value != value else f"{value:.4f}" for value in values]
