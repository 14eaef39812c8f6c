"""Where do larger runs lie that were held out? Loss and KPI predicted, then looked at."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Unpack

import numpy as np
import pandas as pd

import scaling
from scaling.forecast.advice import shorten
from scaling.forecast.intervals import Nodes
from scaling.forecast.kpi import find_kpi_ends
from scaling.forecast.kpi_answer import KpiPrediction
from scaling.forecast.rulers import relative_error
from scaling.forecast.selection import ChoiceError, Options
from scaling.laws.fit import FitError
from scaling.laws.line import fit_line
from scaling.tables.runs import loss_columns

LARGER = 10.0  # times the compute of any run that predicts
NEARER = 3.0  # times less compute than the largest run
LEAST_RUNS = 4  # that a law takes
ENDS = ("lo", "hi", "law_lo", "law_hi")
LOSSES = ("loss", "line", "measured", *ENDS, "times")
FIRST_LEG = ("loss", "loss_lo", "loss_hi", "measured_loss")
SECOND_LEG = ("at_loss", "at_lo", "at_hi")
KPIS = ("share", "best", "measured", "noise", *ENDS, *FIRST_LEG, *SECOND_LEG, "doubt")


@contextmanager
def say_why_not() -> Iterator[None]:
    """Print the sentence where runs do not tell what they are asked, in place of a traceback."""
    try:
        yield
    except (FitError, ChoiceError) as refusal:
        print(f"not told: {refusal}")


def hold_out(runs: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Split a run table at a tenth of its largest compute: small runs, and larger ones held out.

    With fewer than four runs below it, nothing is held out. Both come by their compute.
    """
    runs = runs.sort_values("C", kind="stable")
    larger = runs["C"] > runs["C"].max() / LARGER
    if (~larger).sum() < LEAST_RUNS:
        larger = pd.Series(False, runs.index)
    return runs[~larger], runs[larger]


def add_nearer(small: pd.DataFrame, held_out: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Add the runs held out of less than a third of the largest compute to the small ones.

    Gives the runs that there are then, and those still held out.
    """
    nearer = held_out["C"] < held_out["C"].max() / NEARER
    return pd.concat([small, held_out[nearer]]), held_out[~nearer]


def keep_better_half(runs: pd.DataFrame, name: str) -> pd.DataFrame:
    """Blank the share ``acc_<name>`` of the half of the runs whose loss is the higher."""
    loss = runs[loss_columns(runs)[0]]
    return runs.assign(**{f"acc_{name}": runs[f"acc_{name}"].where(loss <= loss.median())})


def list_kpis(runs: pd.DataFrame) -> list[str]:
    """List what a run table has a share and its number of items of: acc_<name>, items_<name>."""
    shares = [str(c).removeprefix("acc_") for c in runs if str(c).startswith("acc_")]
    return [name for name in shares if f"items_{name}" in runs]


def predict_losses(
    small: pd.DataFrame, held_out: pd.DataFrame, **options: Unpack[Options]
) -> pd.DataFrame:
    """Predict the loss of each run held out from the small ones.

    Parameters
    ----------
    small, held_out : DataFrame
        Of `hold_out`.
    **options
        As `scaling.predict` takes them.

    Returns
    -------
    DataFrame of shape (n_held_out, n_columns)
        ``label``; ``loss``, as predicted, ``lo``, ``hi``, ``law_lo``, ``law_hi`` and ``measured``,
        nats per token; ``line``, the baseline: a straight line of log loss in log compute through
        the small runs; ``error`` and ``line_error``, predicted over measured minus 1; ``inside``
        the bet and ``inside_law``; ``times`` the compute of the largest small run.
    """
    rows = []
    for run in held_out.to_dict("records"):
        told = scaling.predict(small, N=run["N"], D=run["D"], **options)
        loss = told.selected.loss
        row = {"label": _label(run), "loss": told.loss, "measured": run[loss]}
        line = fit_line(np.log(small["C"]), np.log(small[loss]))
        row |= {end: getattr(told, end) for end in ENDS}
        row["line"] = np.exp(line.read(np.log(run["C"])))
        rows.append(row | {"times": run["C"] / small["C"].max()})
    frame = _judge(rows, LOSSES)
    return frame.assign(
        error=relative_error(frame["loss"], frame["measured"]),
        line_error=relative_error(frame["line"], frame["measured"]),
    )


def ask_kpi(
    small: pd.DataFrame, name: str, *, N: float, D: float, **options: Unpack[Options]
) -> KpiPrediction:
    """Ask for the share ``acc_<name>`` of a run, of which more is better."""
    return scaling.kpi(
        small,
        column=f"acc_{name}",
        items=f"items_{name}",
        higher_is_better=True,
        N=N,
        D=D,
        **options,
    )


def predict_kpi(
    small: pd.DataFrame, held_out: pd.DataFrame, name: str, **options: Unpack[Options]
) -> pd.DataFrame:
    """Predict the share ``acc_<name>`` of each run held out from the small ones.

    Parameters
    ----------
    small, held_out : DataFrame
        Of `hold_out`.
    name : str
        One of `list_kpis`.
    **options
        As `scaling.kpi` takes them.

    Returns
    -------
    DataFrame of shape (n_held_out, n_columns)
        ``label``; ``share``, as predicted, ``lo``, ``hi``, ``law_lo``, ``law_hi`` and ``measured``,
        fractions, with ``noise``, the standard deviation of counting; ``best``, the baseline: the
        largest share of a small run; ``inside`` the bet and ``inside_law``. Both legs apart:
        ``loss``, as predicted, with ``loss_lo``, ``loss_hi``, and ``measured_loss``, nats a token;
        ``at_loss``, what the line says at the measured loss, with ``at_lo`` and ``at_hi``, the bet
        were that loss known. NaN where the runs cannot tell, and ``doubt`` says why.
    """
    rows: list[dict[str, Any]] = []
    for run in held_out.to_dict("records"):
        told = ask_kpi(small, name, N=run["N"], D=run["D"], **options)
        first, loss = told.forecast.told, float(run[told.selected.loss])
        share = run[f"acc_{name}"]
        row = {"label": _label(run), "share": told.value, "measured": share}
        row["noise"] = _counting_noise(share, run[f"items_{name}"])
        row["best"] = small[f"acc_{name}"].max()
        row |= {end: getattr(told, end) for end in ENDS} | {"doubt": told.doubt}
        row |= zip(FIRST_LEG, (first.loss, first.lo, first.hi, loss), strict=True)
        row |= zip(SECOND_LEG, _at_loss(told, loss), strict=True)
        rows.append(row)
    return _judge(rows, KPIS)


def trace_kpi(told: KpiPrediction) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """Give what a figure draws of an answer: the runs, and the line down to the predicted loss.

    The runs have their `loss`, `share` and counting `noise`; the line, `loss` and `share`, is None
    where it is not to be used.
    """
    kpi, line = told.kpi, told.found.line
    items = 1.0 if kpi.items is None else kpi.items
    noise = _counting_noise(kpi.share, items)
    runs = pd.DataFrame({"loss": kpi.loss, "share": kpi.value, "noise": noise})
    if line is None or not told.usable:
        return runs, None
    losses = np.linspace(kpi.loss.max(), told.forecast.told.loss, 50)
    return runs, pd.DataFrame({"loss": losses, "share": kpi.value_at(line.read(losses))})


def _at_loss(told: KpiPrediction, loss: float) -> tuple[float | None, float | None, float | None]:
    """Give the share at a known loss, with the ends of the bet; None where nothing is told."""
    found = told.found
    if found.bend is None or found.line is None:
        return None, None, None
    value = float(told.kpi.value_at(found.line.read(loss)))
    known = Nodes(np.ones(1), *np.full((2, 1), loss))
    ends = find_kpi_ends(told.kpi, found.bend, known, value, told.selected.level)
    return value, ends.lo, ends.hi


def _counting_noise(share: Any, items: Any) -> Any:
    """Give the standard deviation of a share of so many items, from its binomial variance."""
    return np.sqrt(share * (1 - share) / items)


def _label(run: dict[Any, Any]) -> str:
    return f"N = {shorten(run['N'])}, M = {run['M']:.3g}"


def _judge(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> pd.DataFrame:
    """Say whether what was measured lies in the intervals; where there is none it does not."""
    frame = pd.DataFrame(rows, columns=["label", *columns])
    numbers = [name for name in columns if name != "doubt"]
    frame = frame.astype(dict.fromkeys(numbers, float))
    measured = frame["measured"]
    return frame.assign(
        inside=measured.between(frame["lo"], frame["hi"]),
        inside_law=measured.between(frame["law_lo"], frame["law_hi"]),
    )
