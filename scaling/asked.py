"""What do the options of a command ask for? Rows and columns of a run table, and a target."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import typer

from scaling.options import Count

if TYPE_CHECKING:
    import pandas as pd


class Selected(NamedTuple):
    """Rows that can be fitted, their loss and count columns, and how many rows are left out."""

    table: pd.DataFrame
    loss: str
    N: str
    lossless: int
    flagged: int
    told: list[str]

    def in_words(self) -> list[str]:
        """Say how many rows are left out, which, and why."""
        n, s, were = self.lossless, *(("", "was") if self.lossless == 1 else ("s", "were"))
        return [f"{n} run{s} without {self.loss} {were} left out"] * bool(n) + self.told


def select_rows(
    runs: Path, dataset: str | None, loss_set: str | None, count: Count, without_flagged: bool
) -> Selected:
    """Read a table and keep the rows that the options ask for.

    Parameters
    ----------
    runs : Path
        Run table.
    dataset, loss_set : str or None
        Training set and loss set, where named.
    count : Count
        Which parameters a law is written in.
    without_flagged : bool
        Whether flagged runs are left out.

    Raises
    ------
    RunTableError
        With every fault of the table.
    typer.BadParameter
        An option names what the table does not have.
    """
    from scaling.advice import tell_left_out
    from scaling.runs import choose_count, choose_dataset, choose_loss, read_runs

    table = read_runs(runs)
    try:
        table = choose_dataset(table, dataset)
        loss, N = choose_loss(table, loss_set), choose_count(table, count.value)
    except ValueError as error:
        hint = "--dataset / --loss-set / --count"
        raise typer.BadParameter(str(error), param_hint=hint) from error
    known = table.dropna(subset=[loss, N])
    flagged = known[(known["flags"] != "") & without_flagged]
    kept = known.drop(flagged.index)
    told = tell_left_out(flagged, kept)
    return Selected(kept, loss, N, len(table) - len(known), len(flagged), told)


def find_tokens(N: float, D: float | None, M: float | None) -> float:
    """Tokens of the target, which must have counts that a run table may have.

    Parameters
    ----------
    N : float
        Its parameters.
    D, M : float or None
        Its tokens, or its tokens per parameter.

    Raises
    ------
    typer.BadParameter
        Not one of D and M is given, or a count is out of range.
    """
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


def find_target(N: float | None, D: float | None, M: float | None) -> tuple[float, float] | None:
    """Parameters and tokens of the target, or None where none of them is given.

    Parameters are those of `find_tokens`.

    Raises
    ------
    typer.BadParameter
        As there, or D or M stands without N.
    """
    if N is not None:
        return N, find_tokens(N, D, M)
    if D is None and M is None:
        return None
    raise typer.BadParameter("give --N, and beside it --D or --M", param_hint="--N")
