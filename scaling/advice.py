"""What are runs enough for, and what speaks against a fit? Advice in words, one line each."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from typing import Any

import numpy as np
import pandas as pd

from scaling.best import load_belief
from scaling.fit import Fit
from scaling.schema import loss_columns
from scaling.suspects import SEPARATOR

N_PARAMETERS = {"tied": 4, "free": 5, "best": 4}
ADVICE = {
    "at_bound": "an exponent stands at the end of its range: the runs do not follow this law",
    "wrong_sign": "a coefficient is negative: the law bends the wrong way somewhere",
    "saturated": "as many coefficients as runs: nothing is left to judge the fit by",
}
NAMED = 3  # of the runs that share a reason
PARTICULAR = re.compile(r"'[^']*'|\S*\d\S*")  # what differs between reasons of one kind
SAME = 1e-6  # relative
LEAST_N_SPAN, LEAST_M_SPAN = 30.0, 8.0  # over such a design a law returns its coefficients


def find_uses(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Find the commands that the runs of each training set are enough for, with the tied law.

    Parameters
    ----------
    table : pandas.DataFrame
        Run table; see `scaling.runs`.

    Returns
    -------
    list of dict
        For each training set: dataset (None where the table has no such column), n_runs,
        enough_for: ``fit`` and ``predict`` where some loss is known for 4 runs that differ in N
        or D; ``backtest`` where that holds below the largest size.
    """
    losses = loss_columns(table)
    runs = table[["N", "D", *losses]].assign(dataset=table.get("dataset", ""))
    uses = runs.groupby("dataset").size().rename("n_runs").to_frame().assign(fit=0, backtest=0)
    for loss in losses:
        known = runs.dropna(subset=loss)[["dataset", "N", "D"]].drop_duplicates()
        smaller = known[known["N"] < known.groupby("dataset")["N"].transform("max")]
        for use, designs in {"fit": known, "backtest": smaller}.items():
            uses[use] = uses[use].combine(designs.groupby("dataset").size(), max, fill_value=0)
    least = N_PARAMETERS["tied"]
    return [
        {
            "dataset": name if "dataset" in table else None,
            "n_runs": n_runs,
            "enough_for": ["fit", "predict"] * (fit >= least) + ["backtest"] * (backtest >= least),
        }
        for name, n_runs, fit, backtest in uses.itertuples()
    ]


def warn_of_fit(
    fit: Fit, runs: pd.DataFrame, loss: str, N: str = "N", law: str = "tied"
) -> list[str]:
    """Say what speaks against a fit: its status, a narrow design, and runs that carry a flag.

    Parameters
    ----------
    fit : Fit
        The fit.
    runs : pandas.DataFrame
        The runs fitted; see `scaling.runs`.
    loss, N : str
        Columns of the loss and of the parameters.
    law : {"tied", "free", "best"}
        Which law it is.

    Returns
    -------
    list of str
    """
    messages = [ADVICE[fit.status]] if fit.status in ADVICE else []
    if fit.status == "unidentified":
        varied = {N: runs[N], "D": runs["D"], f"D/{N}": runs["D"] / runs[N], "loss": runs[loss]}
        messages.append(_explain_unidentified(varied, fit.dof, law))
    if law == "best" and fit.status in ("saturated", "unidentified"):
        belief = load_belief()
        messages.append(
            f"the prior on alpha, {belief.alpha_0:g} within a factor of "
            f"{math.exp(belief.tau):.2f}, decides what the runs leave open"
        )
    return messages + warn_of_design(runs, N) + warn_of_flags(runs)


def _explain_unidentified(varied: dict[str, pd.Series], dof: int, law: str) -> str:
    """Say what the runs lack, or that they are too few to choose between laws."""
    apart = "the runs cannot tell the coefficients apart"
    for name, values in varied.items():
        if np.ptp(np.log(values)) < SAME:
            return f"{apart}: all have one {name}; only predictions along what was varied can hold"
    if dof > 0:
        return f"{apart}: N, D/N or the loss hardly varies"
    way = "add a run, or use --law tied" if law == "free" else "add a run"
    return f"as many coefficients as runs, and several laws pass through all of them: {way}"


def warn_of_flags(runs: pd.DataFrame) -> list[str]:
    """Say which runs carry a flag: one line for each kind of reason, with its first runs.

    Parameters
    ----------
    runs : pandas.DataFrame
        Run table; see `scaling.runs`.

    Returns
    -------
    list of str
        Reasons that differ in a number or a name alone are of one kind.
    """
    kinds: dict[str, list[tuple[str, str]]] = defaultdict(list)
    flagged = runs.loc[runs["flags"] != "", ["run", "flags"]]
    for run, flags in flagged.itertuples(index=False):
        for reason in flags.split(SEPARATOR):
            kinds[PARTICULAR.sub("…", reason)].append((run, reason))
    messages = []
    for kind, cases in kinds.items():
        names = ", ".join([run for run, _ in cases[:NAMED]] + ["…"] * (len(cases) > NAMED))
        who = names if len(cases) == 1 else f"{len(cases)} runs ({names})"
        reasons = {reason for _, reason in cases}
        messages.append(f"{who}: {reasons.pop() if len(reasons) == 1 else kind}")
    return messages


def warn_of_design(runs: pd.DataFrame, N: str = "N") -> list[str]:
    """Say what the runs leave open by where they lie.

    Parameters
    ----------
    runs : pandas.DataFrame
        Run table; see `scaling.runs`.
    N : str
        Column of the parameters.

    Returns
    -------
    list of str
    """
    M = runs["D"] / runs[N]
    messages = []
    if M.max() / M.min() < LEAST_M_SPAN:
        least, most = f"{M.min():.3g}", f"{M.max():.3g}"
        spread = least if least == most else f"{least} to {most}"
        messages.append(
            f"all runs have {spread} tokens per parameter: add one with "
            f"at least {LEAST_M_SPAN:g} times more, or the cost of over-training is not known"
        )
    if (span := runs[N].max() / runs[N].min()) < LEAST_N_SPAN:
        messages.append(
            f"{N} spans a factor of {span:.3g} only: {LEAST_N_SPAN:g} or more fixes the exponent"
        )
    return messages
