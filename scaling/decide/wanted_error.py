"""Which loss does a wanted error ask for, and which error is to be expected? The law both ways.

Its own uncertainty comes in on the way back alone, with that of
the loss, as where `scaling predict` tells an error.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from scaling.decide.priced_models import CostCase, PricedModel
from scaling.forecast.averages import is_average
from scaling.forecast.prediction import forecast_errors
from scaling.forecast.selection import ChoiceError, Selected
from scaling.laws.fit import SOUND, FitError, fit_error_law
from scaling.tables.schema import error_columns

LISTED = 20  # tasks, in a message


class WantedError(NamedTuple):
    """A wanted error, and the loss that the error law puts there.

    Parameters
    ----------
    task : str
        Whose error.
    value : float
        A fraction.
    loss : float
        Nats per token.
    status : str
        Of the error law.
    n_runs : int
        Runs that it was fitted to.
    """

    task: str
    value: float
    loss: float
    status: str
    n_runs: int

    def warn(self) -> list[str]:
        """What the error rests on, and where its own uncertainty is not told."""
        name, told = f"err_{self.task}", []
        if self.status == "saturated":
            told.append(
                f"{name}: the error law has as many coefficients as there are runs, {self.n_runs}: "
                "nothing checks it"
            )
        if is_average(self.task):
            what = "an average of tasks, by its name; what the error law leaves open is in the"
            return [*told, f"{name}: {what} error's interval, not in those of loss and tokens"]
        what = "a single task, by its name: it has no interval here, and the loss was read off an"
        return [*told, f"{name}: {what} error law that may be far off; see `scaling tasks`"]


def read_off(selected: Selected, error: float, task: str | None) -> WantedError:
    """Read the loss of an error off the error law of a task.

    Parameters
    ----------
    selected : Selected
        Runs, with ``err_<task>``.
    error : float
        A fraction.
    task : str or None
        Which; None for the only one.

    Raises
    ------
    ChoiceError
        There is no such task, or the law does not reach the error.
    FitError
        There is no sound error law.
    """
    if error >= 1:
        rule = "error must be a fraction below 1, as 0.45 for 45%"
        raise ChoiceError(f"{rule}, got {error:g}", ("error",))
    column = _find_column(selected, task)
    measured = selected.table.dropna(subset=[column])
    try:
        fit = fit_error_law(measured[selected.loss], measured[column])
    except FitError as problem:
        raise FitError(f"{column}: {problem}: it gives no error law to read a loss off") from None
    if fit.status not in SOUND:
        raise FitError(f"{column} gives no error law to read a loss off: status {fit.status}")
    try:
        loss = float(fit.law.solve_loss(error))
    except ValueError:
        rule = f"error must be below {fit.law.epsilon:.4g}, where the error law of {column} ends"
        raise ChoiceError(f"{rule}, got {error:g}: it is out of reach", ("error",)) from None
    return WantedError(column.removeprefix("err_"), error, loss, fit.status, len(measured))


def _find_column(selected: Selected, task: str | None) -> str:
    names = error_columns(selected.table)
    column = f"err_{task.removeprefix('err_')}" if task is not None else None
    if column is None and len(names) == 1:
        return names[0]
    if not names:
        named = column or "err_<task>"
        rule = (
            f"the table has no column err_<task> to read an error off: add {named}, or give a loss"
        )
        raise ChoiceError(rule, ("error",))
    if column not in names:
        known = ", ".join(name.removeprefix("err_") for name in names[:LISTED]) or "none"
        more = f" and {len(names) - LISTED} more" * (len(names) > LISTED)
        rule = f"task must name one error of the table: {known}{more}"
        raise ChoiceError(f"{rule}, got {task}", ("task",))
    return column


def expect_errors(
    choices: list[PricedModel], wanted: WantedError, selected: Selected, case: CostCase
) -> list[PricedModel]:
    """Add to each model the error to expect, with its interval where there is one.

    Both are those of `scaling.forecast.prediction.forecast_errors` at the model.
    """
    told = []
    for choice in choices:
        N, D = case.supply.effective(*choice.size)
        errors = forecast_errors(
            selected.table,
            [wanted.task],
            selected.loss,
            case.fitted,
            (float(N), float(D)),
            case.level,
        )
        told.append(replace(choice, error=errors[wanted.task]))
    return told
