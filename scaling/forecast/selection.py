"""What is asked of which runs? A table at the door, its rows and columns, and a target."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple, Unpack

import pandas as pd

from scaling.forecast.advice import tell_left_out
from scaling.laws.registry import DEFAULT_LAW, find_law
from scaling.tables.files import TOLD
from scaling.tables.runs import (
    Reading,
    RunTableError,
    choose_count,
    choose_dataset,
    choose_loss,
    read_runs,
    validate_runs,
)
from scaling.tables.schema import LARGEST

Runs = pd.DataFrame | str | Path


class Options(Reading, total=False):
    """What every question of `scaling.forecast.questions` takes by name; all may be left out.

    How the table is to be read, see `scaling.tables.runs.Reading`, and what is asked of it.

    Parameters
    ----------
    law : {"prior", "tied", "free"}
        Which law; see `scaling.laws.registry.LAWS`.
    count : {"N", "N_body"}
        Count of parameters that the law is written in. By default N, or the table's only count.
    loss_set, dataset : str
        Which loss and which training set, where the table has several.
    without_flagged : bool
        Leave out every run that carries a flag.
    """

    law: str
    count: str | None
    loss_set: str | None
    dataset: str | None
    without_flagged: bool


class ChoiceError(ValueError):
    """A table has not what is asked of it, or the target cannot be.

    Parameters
    ----------
    message : str
        What is wrong, the rule and the value.
    about : tuple of str
        Names of the arguments concerned.
    """

    def __init__(self, message: str, about: tuple[str, ...]) -> None:
        super().__init__(message)
        self.about = about


class Selected(NamedTuple):
    """Rows to fit, their loss and count columns, the law, and how many rows are left out.

    `taken` says what was taken or derived on the reader's behalf when the table was read.
    """

    table: pd.DataFrame
    loss: str
    N: str
    law: str
    lossless: int
    flagged: int
    told: list[str]
    taken: tuple[str, ...] = ()

    def in_words(self) -> list[str]:
        """Say how many rows are left out, which, and why."""
        n, s, were = self.lossless, *(("", "was") if self.lossless == 1 else ("s", "were"))
        lossless = [f"{n} run{s} without {self.loss} {were} left out"] * bool(n)
        return [*self.taken, *lossless, *self.told]


def open_runs(runs: Runs, **reading: Unpack[Reading]) -> pd.DataFrame:
    """Give a sound run table: read from a file, or checked and completed if it is a frame.

    Parameters
    ----------
    runs : pandas.DataFrame, str or pathlib.Path
        A run table, see `scaling.tables.runs`. The index of a frame without a column `run` names
        its runs, unless it is a mere count.
    **reading
        By name: see `scaling.tables.runs.Reading`.

    Raises
    ------
    RunTableError
        With every fault of the table.
    ChoiceError
        `reading` cannot be.
    """
    try:
        return _open(runs, reading)
    except RunTableError:
        raise
    except ValueError as error:
        raise ChoiceError(str(error), ("map", "loss-unit", "bytes-per-token")) from error


def _open(runs: Runs, reading: Reading) -> pd.DataFrame:
    if not isinstance(runs, pd.DataFrame):
        return read_runs(runs, **reading)
    named = not pd.api.types.is_integer_dtype(runs.index) and runs.index.nlevels == 1
    if named and "run" not in runs:
        runs = runs.rename_axis(index="run").reset_index().set_index(runs.index)
    return validate_runs(runs, **reading)


def select_rows(
    runs: Runs,
    *,
    law: str = DEFAULT_LAW,
    count: str | None = None,
    loss_set: str | None = None,
    dataset: str | None = None,
    without_flagged: bool = False,
    **reading: Unpack[Reading],
) -> Selected:
    """Open a table and keep the rows that are asked for; the names are those of `Options`.

    Raises
    ------
    RunTableError
        With every fault of the table.
    ChoiceError
        An argument names what the table does not have.
    """
    law, table = find_law(law), open_runs(runs, **reading)
    taken = tuple(table.attrs.get(TOLD, ()))
    try:
        table = choose_dataset(table, dataset)
        loss, N = choose_loss(table, loss_set), choose_count(table, count)
    except ValueError as error:
        raise ChoiceError(str(error), ("dataset", "loss-set", "count")) from error
    known = table.dropna(subset=[loss, N])
    flagged = known[(known["flags"] != "") & without_flagged]
    kept = known.drop(flagged.index)
    told = tell_left_out(flagged, kept)
    return Selected(kept, loss, N, law, len(table) - len(known), len(flagged), told, taken)


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
    ChoiceError
        Not one of D and M is given, or a count is out of range.
    """
    if D is not None and M is None:
        tokens = D
    elif M is not None and D is None:
        tokens = M * N
    else:
        raise ChoiceError("give either D or M", ("D", "M"))
    for name, count in (("N", N), ("D", tokens)):
        if not 1 <= count <= LARGEST:
            rule = f"{name} must be from 1 to {LARGEST:g}, got {count:g}"
            raise ChoiceError(rule, ("N", "D", "M"))
    return tokens


def find_target(N: float | None, D: float | None, M: float | None) -> tuple[float, float] | None:
    """Parameters and tokens of the target, or None where none of them is given.

    Parameters are those of `find_tokens`.

    Raises
    ------
    ChoiceError
        As there, or D or M stands without N.
    """
    if N is not None:
        return N, find_tokens(N, D, M)
    if D is None and M is None:
        return None
    raise ChoiceError("give N, and beside it D or M", ("N",))
