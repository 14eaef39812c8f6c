"""What do the rows and columns of a table say? Repeats, checkpoints, epochs, weights, in words."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling.forecast.inputs import find_std
from scaling.tables.epochs import EPOCHS, ONCE, UNIQUE, count_epochs
from scaling.tables.names import find_counts, split_name
from scaling.tables.repeats import BIAS, find_cells, find_steps, walks_evenly
from scaling.tables.schema import loss_columns, number_columns
from scaling.tables.suspects import BEATEN_BY
from scaling.tables.task_items import list_names

SAME_KIND = 1.5  # ratio of two counts of parameters, largest over least
TOO_MANY_EPOCHS = 40.0  # about as far as the figures of Muennighoff et al. go


def tell_reduced(option: str, before: pd.DataFrame, kept: pd.DataFrame, why: str) -> list[str]:
    """Say how many rows an option left out, and which: one line, or none.

    Parameters
    ----------
    option : str
        As it is typed.
    before, kept : pandas.DataFrame
        Run table, and the rows of it that stayed.
    why : str
        What is said of those that did not.
    """
    out = before.drop(kept.index)
    if out.empty:
        return []
    names = list_names(dict.fromkeys(out["run"]))
    return [f"{option} left out {len(out)} of {len(before)} rows, {why}: {names}"]


def ask_about_rows(table: pd.DataFrame, loss: str, N: str = "N", steps: bool = True) -> list[str]:
    """Ask whether rows are a sweep or checkpoints, and say what to ask for if they are.

    Parameters
    ----------
    table : pandas.DataFrame
        Run table, the loss known; see `scaling.tables.runs`.
    loss, N : str
        Columns of the loss and of the parameters.
    steps : bool
        Whether rows may still be checkpoints.

    Returns
    -------
    list of str
        None for seeds, whose losses lie near one another.
    """
    steps_told = _ask_about_steps(table, N) if steps else []
    return steps_told + _ask_about_cells(table, loss, N) + _tell_kinds(table, N)


def _tell_kinds(table: pd.DataFrame, N: str) -> list[str]:
    """Say where mixtures of experts differ in more than size."""
    told = []
    for name in map(str, table):
        values = pd.to_numeric(table[name], errors="coerce") if _is_of_experts(name) else None
        if values is None or values.isna().all():
            continue
        ratio = values / (table[N] if find_counts([name]) else 1.0)
        if ratio.max() > SAME_KIND * ratio.min():
            told.append(name)
    if not told:
        return []
    return [
        f"{list_names(told)} differ{'s' * (len(told) == 1)} at like {N}: models of several kinds, "
        "which one law does not fit? Then fit each kind apart, named in the column dataset"
    ]


def _is_of_experts(name: str) -> bool:
    words = split_name(name)
    return bool(find_counts([name])) or any(word.startswith("expert") for word in words)


def _ask_about_cells(table: pd.DataFrame, loss: str, N: str) -> list[str]:
    cells = find_cells(table, N)
    shared = pd.Series(cells).duplicated(keep=False).to_numpy()
    if not shared.any():
        return []
    runs, cells = table[shared], cells[shared]
    own = runs[loss].groupby(cells)
    apart = float((own.max() / own.min()).max()) - 1
    settings = _find_settings(runs, cells)
    if apart <= BEATEN_BY and not settings:
        return []
    differing = f" and differ in {list_names(settings)}" if settings else ""
    return [
        f"{len(runs)} runs share N and D with another{differing}, their losses up to "
        f"{100 * apart:.2g}% apart: seeds may stay, of a sweep --best-of-cell keeps the best of "
        "each N and D; or are they several architectures, which one law does not fit?"
    ]


def _find_settings(runs: pd.DataFrame, cells: NDArray[np.intp]) -> list[str]:
    """Name the columns that differ within cells and take the same few values over and over."""
    measured = {"run", "flags", *number_columns(runs)}
    others = [
        name for name in map(str, runs) if name not in measured and "seed" not in name.lower()
    ]
    return [name for name in others if _recurs(runs[name], cells)]


def _recurs(values: pd.Series, cells: NDArray[np.intp]) -> bool:
    return bool(values.nunique() <= len(values) / 2 and values.groupby(cells).nunique().max() > 1)


def _ask_about_steps(table: pd.DataFrame, N: str) -> list[str]:
    steps, names = find_steps(table), table["run"].astype(str)
    if names.is_unique and not names.str.contains(r"^row |step", case=False).any():
        return []  # whoever names each row calls it a run
    if steps is not None and (table.groupby(N)[steps].transform("nunique") > 1).any():
        sign = f"{steps} differs among rows of one {N}"
    elif walks_evenly(table, N):
        sign = f"rows of one {N} stand at even distances in D"
    else:
        return []
    return [f"{sign}: checkpoints of one run? --last-of-run keeps the last of each; {BIAS}"]


def tell_epochs(table: pd.DataFrame, effective: bool) -> list[str]:
    """Say how often tokens were seen, and what was made of it: a line or two, or none."""
    epochs = count_epochs(table)
    if epochs is None:
        return []
    most = float(epochs.max())
    if not effective:
        if most <= ONCE:
            return []
        return [
            f"data repeated up to {most:.3g} times: a law takes D for fresh tokens; "
            "--effective-tokens counts what repeated ones are worth"
        ]
    told = [
        f"effective tokens and parameters (Muennighoff et al., constants of C4), data repeated up "
        f"to {most:.3g} times; a target's tokens are taken for fresh"
    ]
    given = [name for name in (*UNIQUE, EPOCHS) if name in table]
    unknown = int(table[given].isna().all(axis=1).sum())
    names = " and ".join(given)
    told += [f"{names} empty in {unknown} of {len(table)} rows, taken for fresh"] * (unknown > 0)
    if most > TOO_MANY_EPOCHS:
        told.append(
            f"beyond about {TOO_MANY_EPOCHS:g} times a loss may rise again, which effective tokens "
            "do not say"
        )
    return told


def tell_weights(table: pd.DataFrame, loss: str) -> list[str]:
    """Say that runs were weighed, and what of it was not known: one line, or none."""
    name = loss.replace("loss", "loss_std", 1)
    if name not in table or table.empty:
        return []
    std = find_std(table, loss)
    if std is None:
        return [f"{name} is empty or 0 in all rows: runs count alike"]
    unknown = int(std.isna().sum())
    rest = f"; empty or 0 in {unknown} of {len(std)}, which count as the median" * (unknown > 0)
    ends = f"{std.min():.3g} to {std.max():.3g}"
    return [f"runs are weighed by 1/{name}^2, {name} {ends}{rest}"]


def tell_table(table: pd.DataFrame) -> list[str]:
    """Say all that a check can say of a table: every training set and loss, each line once."""
    told = tell_epochs(table, effective=False)
    series = [table]
    if "dataset" in table:
        series = [runs for _, runs in table.groupby("dataset", sort=False)]
    for runs in series:
        for loss in loss_columns(table):
            told += ask_about_rows(runs.dropna(subset=[loss]), loss)
    return list(dict.fromkeys(told))
