"""What are runs enough for, and what speaks against a fit? Advice in words, one line each."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from typing import Any

import pandas as pd

from scaling.costs.compute import training_flops
from scaling.forecast.design import read_design
from scaling.forecast.fitted import FittedTable, carry_over
from scaling.forecast.residuals import NAMED, have_one_loss, warn_of_residual
from scaling.laws.prior import load_belief
from scaling.laws.registry import DEFAULT_LAW, LAWS, LawChoice, choose_law
from scaling.tables.faults import show
from scaling.tables.schema import loss_columns
from scaling.tables.suspects import SEPARATOR

SATURATED = "as many coefficients as runs: nothing is left to judge the fit by"
APART = "the runs cannot tell the coefficients apart"
PARTICULAR = re.compile(r"'[^']*'|\S*\d\S*")  # what differs between reasons of one kind
HELD_AGAINST = re.compile(r"of ('.*'|\".*\"), which has no more N or D: is N, D or loss of one")
LEAST_N_SPAN, LEAST_M_SPAN = 30.0, 8.0  # over such a design a law returns its coefficients
LEAST_C_SPAN = 30.0  # of a law in compute alone


def describe_ranges(table: pd.DataFrame) -> str:
    """Say between which N, D and M the runs lie, so that a wrong unit is seen.

    Parameters
    ----------
    table : pandas.DataFrame
        Run table; see `scaling.tables.runs`.

    Returns
    -------
    str
        As ``N 10.6M to 412M, D 211M to 8.23B, M 19.9 to 319``.
    """
    M = table["D"] / table["N"]
    ends = {name: (values.min(), values.max()) for name, values in table[["N", "D"]].items()}
    told = [f"{name} {shorten(a)} to {shorten(b)}" for name, (a, b) in ends.items()]
    return ", ".join([*told, f"M {M.min():.3g} to {M.max():.3g}"])


def shorten(count: float) -> str:
    """Write a count to three digits with K, M, B or T."""
    count = float(f"{count:.3g}")
    for letter, unit in (("T", 1e12), ("B", 1e9), ("M", 1e6), ("K", 1e3)):
        if unit <= count < 1e15:
            return f"{count / unit:.3g}{letter}"
    return f"{count:.3g}"


def tell_left_out(flagged: pd.DataFrame, kept: pd.DataFrame) -> list[str]:
    """Name the runs that are left out for a flag, and those kept that they were held against.

    Parameters
    ----------
    flagged, kept : pandas.DataFrame
        Rows of a run table; see `scaling.tables.runs`.

    Returns
    -------
    list of str
        One line, or none.
    """
    if flagged.empty:
        return []
    n, names = len(flagged), flagged["run"].tolist()
    who = ", ".join(names[:NAMED] + ["…"] * (n > NAMED))
    said = "1 run that carries a flag was" if n == 1 else f"{n} runs that carry a flag were"
    against = set(flagged["flags"].str.extract(HELD_AGAINST)[0].dropna())
    stayed = [run for run in kept["run"] if show(run) in against] if against else []
    but = ""
    if stayed:
        others = ", ".join(stayed[:NAMED] + ["…"] * (len(stayed) > NAMED))
        but = f"; {others} stayed, whose lower loss may be the one that is mistyped"
    return [f"{said} left out: {who}{but}"]


def find_uses(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Find the commands that the runs of each training set are enough for, with the default law.

    Parameters
    ----------
    table : pandas.DataFrame
        Run table; see `scaling.tables.runs`.

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
    least = LAWS[DEFAULT_LAW].n_parameters
    return [
        {
            "dataset": name if "dataset" in table else None,
            "n_runs": n_runs,
            "enough_for": ["fit", "predict"] * (fit >= least) + ["backtest"] * (backtest >= least),
        }
        for name, n_runs, fit, backtest in uses.itertuples()
    ]


def warn_of_fit(
    fitted: FittedTable,
    runs: pd.DataFrame,
    loss: str,
    N: str = "N",
    law: str | LawChoice = DEFAULT_LAW,
) -> list[str]:
    """Say what speaks against a fit: its residual, its status, a narrow design, and flagged runs.

    Parameters
    ----------
    fitted : FittedTable
        The fit.
    runs : pandas.DataFrame
        The runs fitted; see `scaling.tables.runs`.
    loss, N : str
        Columns of the loss and of the parameters.
    law : str or LawChoice
        Which law it is, see `scaling.laws.registry`.

    Returns
    -------
    list of str
    """
    law, fit = choose_law(law), fitted.fit
    messages = warn_of_residual(fit, runs, loss, N, law)
    if fit.status == "saturated":
        messages.append(SATURATED)
    if fit.status == "at_zero":
        found = {key: value for key, value in fit.law.coefficients.items() if key not in law.fix}
        zero = " and ".join(f"{key} = 0" for key, value in found.items() if not value)
        messages.append(f"{zero}, where --nonneg keeps it: these runs do not tell it")
    if fitted.on_line:
        messages.append(f"{APART}: only predictions along their line can hold")
        lost = sorted(set(law.fix) - set(carry_over(law, fitted.design)))
        messages += [f"{name} is held in the law asked for, not along their line" for name in lost]
    elif fit.status == "unidentified":
        messages.append(_explain_unidentified(runs[loss], fit.dof, law.name))
    C = training_flops(runs[N], runs["D"])
    if law.name == "compute" and (span := C.max() / C.min()) < LEAST_C_SPAN:
        messages.append(
            f"C spans a factor of {span:.3g} only, {LEAST_C_SPAN:g} or more fixes the exponent: "
            "how the loss falls with compute is not known"
        )
    if law.name == "prior" and fit.status in ("saturated", "unidentified"):
        belief = load_belief()
        messages.append(
            f"the prior on alpha, {belief.alpha_0:g} within a factor of "
            f"{math.exp(belief.tau):.2f}, decides what the runs leave open"
        )
    return messages + warn_of_design(runs, N) + warn_of_flags(runs)


def _explain_unidentified(losses: pd.Series, dof: int, law: str) -> str:
    """Say what the runs lack, or that they are too few to choose between laws."""
    if have_one_loss(losses):
        return f"{APART}: all have one loss"
    if dof > 0:
        return f"{APART}: several laws fit them alike"
    way = "add a run, or use --law tied" if law == "free" else "add a run"
    return f"as many coefficients as runs, and several laws pass through all of them: {way}"


def warn_of_flags(runs: pd.DataFrame) -> list[str]:
    """Say which runs carry a flag: one line for each kind of reason, with its first runs.

    Parameters
    ----------
    runs : pandas.DataFrame
        Run table; see `scaling.tables.runs`.

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
    for cases in kinds.values():
        names = ", ".join([run for run, _ in cases[:NAMED]] + ["…"] * (len(cases) > NAMED))
        who = names if len(cases) == 1 else f"{len(cases)} runs ({names})"
        reasons = [reason for _, reason in cases]
        first = ", the first" if len(set(reasons)) > 1 else ""
        messages.append(f"{who}{first}: {reasons[0]}")
    return messages


def warn_of_design(runs: pd.DataFrame, N: str = "N") -> list[str]:
    """Say what the runs leave open by where they lie.

    Parameters
    ----------
    runs : pandas.DataFrame
        Run table; see `scaling.tables.runs`.
    N : str
        Column of the parameters.

    Returns
    -------
    list of str
    """
    M, design = runs["D"] / runs[N], read_design(runs[N], runs["D"])
    messages = [design.in_words()] if design.is_line and design.shared != "D/N" else []
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
