"""In which unit is a loss, and what is an accuracy? Both are turned into what a law takes.

nats = bits ln 2 = bits per byte x bytes per token x ln 2 = ln perplexity
error = 1 - accuracy
"""

from __future__ import annotations

import math
from collections.abc import Collection

import numpy as np
import pandas as pd

from scaling.tables.counts import LOSS_UNITS
from scaling.tables.faults import Fault
from scaling.tables.files import Table
from scaling.tables.names import loss_unit_of
from scaling.tables.schema import loss_columns, loss_std_columns

LONG = {"ppl": "perplexity", "bpb": "bits per byte", "bits": "bits"}


def check_loss_unit(unit: str | None, bytes_per_token: float | None) -> None:
    """Refuse a unit that is none, and bytes per token without bits per byte or the reverse.

    Raises
    ------
    ValueError
        Naming argument, rule and value.
    """
    if unit is not None and unit not in LOSS_UNITS:
        raise ValueError(f"loss unit must be one of {', '.join(LOSS_UNITS)}, got {unit!r}")
    if unit == "bpb" and bytes_per_token is None:
        raise ValueError(
            "bits per byte become nats per token by the bytes of a token on the held-out text: "
            "add --bytes-per-token, about 4 for English text"
        )
    if bytes_per_token is not None and unit != "bpb":
        raise ValueError("bytes per token are of use with --loss-unit bpb only")
    if bytes_per_token is not None and not 0 < bytes_per_token < math.inf:
        raise ValueError(f"bytes per token must be finite and > 0, got {bytes_per_token:g}")


def ask_for_unit(table: Table) -> list[Fault]:
    """Ask for the unit of losses whose name says another one than nats.

    Parameters
    ----------
    table : Table
        Under our names.

    Returns
    -------
    list of Fault
        One for each such column.
    """
    faults = []
    for name in loss_columns(table.frame):
        written = table.written.get(name, name)
        if unit := loss_unit_of(written):
            more = " --bytes-per-token BYTES" if unit == "bpb" else ""
            unless = "or --loss-unit nats if it is not"
            rule = f"is in {LONG[unit]} by its name: add --loss-unit {unit}{more}, {unless}"
            faults.append(Fault(table.source, table.header_row, written, None, rule))
    return faults


def losses_in_nats(
    frame: pd.DataFrame, unit: str | None, bytes_per_token: float | None = None
) -> pd.DataFrame:
    """Turn every loss, and its standard deviation, into nats per token.

    Parameters
    ----------
    frame : DataFrame of shape (n_runs, n_columns)
        Losses as float, NaN where not known.
    unit : {"nats", "bits", "bpb", "ppl"} or None
        Their unit; None is nats.
    bytes_per_token : float, optional
        Mean bytes of a token, for bits per byte.

    Returns
    -------
    DataFrame of shape (n_runs, n_columns)
        A perplexity of 1 or less becomes a loss that is not above 0.
    """
    if unit in (None, "nats"):
        return frame
    losses, stds = loss_columns(frame), loss_std_columns(frame)
    if unit == "ppl":
        with np.errstate(divide="ignore", invalid="ignore"):
            turned = {
                name: np.log(frame[name]).where(frame[name] > 0, frame[name]) for name in losses
            }
        for name in stds:  # of a logarithm: divided by what it is the logarithm of
            of = name.replace("loss_std", "loss", 1)
            turned[name] = frame[name] / frame[of] if of in frame else frame[name]
    else:
        factor = math.log(2) * (bytes_per_token if unit == "bpb" and bytes_per_token else 1.0)
        turned = {name: frame[name] * factor for name in (*losses, *stds)}
    return frame.assign(**turned)


def errors_of_accuracies(frame: pd.DataFrame, columns: Collection[str]) -> pd.DataFrame:
    """Turn columns of accuracies into errors, ``1 - accuracy``."""
    return frame.assign(**{name: 1 - frame[name] for name in columns})
