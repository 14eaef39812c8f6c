"""What is asked of which runs? A table at the door, its rows and columns, and a target."""

from __future__ import annotations

import math
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple, Unpack

import pandas as pd

from scaling.forecast.advice import tell_left_out
from scaling.forecast.inputs import add_effective, find_std, is_effective, read_counts
from scaling.forecast.intervals import LEVEL
from scaling.forecast.table_words import ask_about_rows, tell_epochs, tell_reduced, tell_weights
from scaling.laws.fit import TooFewRunsError
from scaling.laws.observations import require_distinct
from scaling.laws.registry import DEFAULT_LAW, LawChoice, choose_law
from scaling.tables.faults import show
from scaling.tables.files import TOLD
from scaling.tables.repeats import (
    OWN_NAMES,
    find_mixed,
    find_runs,
    find_sweep,
    keep_best,
    keep_last,
    measure_spread,
)
from scaling.tables.runs import (
    Reading,
    RunTableError,
    choose_count,
    choose_dataset,
    choose_loss,
    read_runs,
    validate_runs,
)
from scaling.tables.suspects import add_flags

Runs = pd.DataFrame | str | Path


class Options(Reading, total=False):
    """What every question of `scaling.forecast.questions` takes by name; all may be left out.

    How the table is to be read, see `scaling.tables.runs.Reading`, and what is asked of it.

    Parameters
    ----------
    law : {"prior", "tied", "free", "compute"}
        Which law; see `scaling.laws.registry.LAWS`.
    fix, nonneg, objective, huber_delta
        What is asked of its fit; see `scaling.laws.fit_options.FitOptions`.
    count : {"N", "N_body"}
        Count of parameters that the law is written in. By default N, or the table's only count.
    loss_set, dataset : str
        Which loss and which training set, where the table has several.
    without_flagged : bool
        Leave out every run that carries a flag.
    last_of_run : bool
        Rows are checkpoints: keep the last of each run. A run is the rows of one name or, where
        each row has its own, of one N.
    best_of_cell : bool
        Rows of one N and D are a sweep: keep the one of lowest loss.
    effective_tokens : bool
        Fit in effective tokens and parameters; see `scaling.laws.repeated`. Needs a column
        ``unique_tokens``, ``D_unique`` or ``epochs``.
    level : float or str
        Share of cases that an interval is to hold, between 0 and 1; by default 0.9.
    """

    law: str
    fix: Mapping[str, float]
    nonneg: bool
    objective: str | None
    huber_delta: float | None
    count: str | None
    loss_set: str | None
    dataset: str | None
    without_flagged: bool
    last_of_run: bool
    best_of_cell: bool
    effective_tokens: bool
    level: float | str


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

    `taken` says what was taken or derived on the reader's behalf when the table was read, `level`
    how sure its intervals are to be.
    """

    table: pd.DataFrame
    loss: str
    N: str
    law: LawChoice
    lossless: int
    flagged: int
    told: list[str]
    notes: tuple[str, ...] = ()
    not_last: int = 0
    not_best: int = 0
    taken: tuple[str, ...] = ()
    level: float = LEVEL

    def in_words(self) -> list[str]:
        """Say how many rows are left out, which, and why, and what was made of the others."""
        n, s, were = self.lossless, *(("", "was") if self.lossless == 1 else ("s", "were"))
        lossless = [f"{n} run{s} without {self.loss} {were} left out"] * bool(n)
        return [*self.taken, *lossless, *self.told, *self.notes]

    def report(self) -> dict[str, Any]:
        """What was made of the rows, in plain values.

        Rows left out as checkpoints and as worse runs of a cell; whether weighed, and whether in
        effective tokens; the spread of the log loss between runs of one N and D.
        """
        spread, dof = measure_spread(self.table, self.loss, self.N)
        return {
            "not_last_of_run": self.not_last,
            "not_best_of_cell": self.not_best,
            "weighed": find_std(self.table, self.loss) is not None,
            "effective_tokens": is_effective(self.table),
            "spread": spread,
            "spread_dof": dof,
        }


def open_runs(runs: Runs, repeated: bool = False, **reading: Unpack[Reading]) -> pd.DataFrame:
    """Give a sound run table: read from a file, or checked and completed if it is a frame.

    Parameters
    ----------
    runs : pandas.DataFrame, str or pathlib.Path
        A run table, see `scaling.tables.runs`. The index of a frame without a column `run` names
        its runs, unless it is a mere count.
    repeated : bool
        As `scaling.tables.runs.read_runs` takes it.
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
        return _open(runs, repeated, reading)
    except RunTableError:
        raise
    except ValueError as error:
        raise ChoiceError(str(error), ("map", "loss-unit", "bytes-per-token")) from error


def _open(runs: object, repeated: bool, reading: Reading) -> pd.DataFrame:
    if unknown := sorted(set(reading) - set(Reading.__annotations__)):
        known = ", ".join(sorted({**Options.__annotations__, **Reading.__annotations__}))
        raise TypeError(f"there is no option {unknown[0]!r}; there are {known}")
    if not isinstance(runs, (pd.DataFrame, str, PathLike)):
        given = type(runs).__name__
        raise TypeError(f"runs must be a DataFrame or the path of a table, got a {given}")
    if not isinstance(runs, pd.DataFrame):
        return read_runs(Path(runs), repeated, **reading)
    named = not pd.api.types.is_integer_dtype(runs.index) and runs.index.nlevels == 1
    if named and "run" not in runs:
        runs = runs.rename_axis(index="run").reset_index().set_index(runs.index)
    return validate_runs(runs, repeated=repeated, **reading)


class Reduced(NamedTuple):
    """Rows that stayed, flagged anew, what is said of the others, and how many they are."""

    table: pd.DataFrame
    told: list[str]
    not_last: int
    not_best: int


def reduce_rows(
    table: pd.DataFrame, loss: str, N: str, last_of_run: bool, best_of_cell: bool
) -> Reduced:
    """Keep the last row of each run, or the best of each cell, or both in this order.

    Raises
    ------
    ChoiceError
        A name still stands on several rows.
    """
    if not (last_of_run or best_of_cell):
        return Reduced(table, [], 0, 0)
    if last_of_run and find_runs(table) is None and (mixed := find_mixed(table)):
        way = "name the column of the run, --map run=..., or sort the rows if each N is one run"
        raise ChoiceError(f"several runs of {mixed}; {way}", ("last-of-run",))
    last = keep_last(table) if last_of_run else table
    kept = keep_best(last, loss, N) if best_of_cell else last
    told = tell_reduced("--last-of-run", table, last, "earlier checkpoints")
    told += tell_reduced("--best-of-cell", last, kept, f"worse in {loss} at one N and D")
    again = kept[kept["run"].duplicated(keep=False)]
    if len(again):
        rows = again[again["run"] == again["run"].iloc[0]]
        at_one_D = len(rows["D"].unique()) == 1
        name = rows["run"].iloc[0]
        if not (last_of_run or at_one_D) and (setting := find_sweep(table)):
            rule = f"in a sweep of {setting} such rows need {OWN_NAMES}"
            raise ChoiceError(f"run {name!r} stands at {len(rows)} D: {rule}", ("best-of-cell",))
        way = "best-of-cell" if at_one_D else "last-of-run"
        what = "of one N and D: a sweep?" if at_one_D else "of one N: checkpoints?"
        rule = f"Then ask for --{way} as well; else they need {OWN_NAMES}"
        raise ChoiceError(f"run {name!r} stands on {len(rows)} rows {what} {rule}", (way,))
    flagged = add_flags(kept.reset_index(drop=True))
    return Reduced(flagged, told, len(table) - len(last), len(last) - len(kept))


def select_rows(
    runs: Runs,
    *,
    enough: bool = True,
    law: str = DEFAULT_LAW,
    fix: Mapping[str, float] | None = None,
    nonneg: bool = False,
    objective: str | None = None,
    huber_delta: float | None = None,
    count: str | None = None,
    loss_set: str | None = None,
    dataset: str | None = None,
    without_flagged: bool = False,
    last_of_run: bool = False,
    best_of_cell: bool = False,
    effective_tokens: bool = False,
    level: float | str = LEVEL,
    **reading: Unpack[Reading],
) -> Selected:
    """Open a table and keep the rows that are asked for; the names are those of `Options`.

    With `enough` they must be enough for the law.

    Raises
    ------
    RunTableError
        With every fault of the table.
    ChoiceError
        An argument names what the table does not have, or what the law cannot take.
    FitError
        Fewer distinct runs than the law has coefficients, for a reason that can be told.
    """
    level = _read_level(level)
    asked_of_law = {"fix": fix, "objective": objective, "huber-delta": huber_delta}
    try:
        chosen = choose_law(
            law, fix=fix, nonneg=nonneg, objective=objective, huber_delta=huber_delta
        )
    except ValueError as error:
        given = [name for name, value in asked_of_law.items() if value]
        raise ChoiceError(str(error), ("law", *given)) from error
    table = open_runs(runs, last_of_run or best_of_cell, **reading)
    taken = tuple(table.attrs.get(TOLD, ()))
    try:
        table = choose_dataset(table, dataset)
        loss, N = choose_loss(table, loss_set), choose_count(table, count)
    except ValueError as error:
        raise ChoiceError(str(error), ("dataset", "loss-set", "count")) from error
    known = table.dropna(subset=[loss, N])
    reduced = reduce_rows(known, loss, N, last_of_run, best_of_cell)
    flagged = reduced.table[(reduced.table["flags"] != "") & without_flagged]
    kept = reduced.table.drop(flagged.index)
    told = tell_left_out(flagged, kept)
    try:
        kept = add_effective(kept, N, effective_tokens)
    except ValueError as error:
        raise ChoiceError(str(error), ("effective-tokens",)) from error
    asked = [] if best_of_cell else ask_about_rows(kept, loss, N, steps=not last_of_run)
    if enough:
        _require_enough(kept, N, chosen, reduced.told + told + asked)
    notes = reduced.told + asked + tell_epochs(kept, effective_tokens) + tell_weights(kept, loss)
    counts = len(table) - len(known), len(flagged)
    left_out = reduced.not_last, reduced.not_best
    return Selected(kept, loss, N, chosen, *counts, told, tuple(notes), *left_out, taken, level)


def _read_level(level: object) -> float:
    """Read the level of an interval, and refuse what is none."""
    try:
        share = float(level)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        share = math.nan
    if not 0 < share < 1:
        rule = "must be above 0 and below 1, as 0.9 for nine cases of ten"
        raise ChoiceError(f"level {rule}, got {show(str(level))}", ("level",))
    return share


def _require_enough(kept: pd.DataFrame, N: str, law: LawChoice, told: list[str]) -> None:
    """Refuse too few runs with the reason, where one is told."""
    if not told:
        return
    counts, least = read_counts(kept, N), law.n_parameters
    try:
        require_distinct(counts[0] + 1j * counts[1], n_parameters=least, what="(N, D)")
    except TooFewRunsError as error:
        raise TooFewRunsError(f"{'; '.join(told)}: {error}") from None
