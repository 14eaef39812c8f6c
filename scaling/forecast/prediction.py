"""What do these runs say of another one? Its loss, its errors, and how far away it lies."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from scaling.costs.compute import training_flops
from scaling.forecast.advice import warn_of_fit
from scaling.forecast.averages import find_average_intervals, is_average
from scaling.forecast.caution import warn_of_bet
from scaling.forecast.fitted import FittedTable, LossForecast, fit_table
from scaling.forecast.inputs import place_target
from scaling.forecast.intervals import LEVEL
from scaling.laws.fit import SOUND, Fit, FitError, fit_error_law
from scaling.laws.prior import find_noise, load_belief
from scaling.laws.registry import DEFAULT_LAW, LawChoice, choose_law
from scaling.tables.schema import error_columns
from scaling.tables.task_items import list_names

SMALL_REACH = 1e-6  # of the compute of the largest run


@dataclass(frozen=True)
class Reach:
    """How far outside the fitted runs a target lies.

    Parameters
    ----------
    compute_ratio, N_ratio : float
        Its compute and its parameters over the largest of the runs.
    M_inside : bool
        Whether its tokens per parameter lie inside those of the runs.
    """

    compute_ratio: float
    N_ratio: float
    M_inside: bool


@dataclass(frozen=True)
class ErrorForecast:
    """Predicted error of one task.

    Parameters
    ----------
    value : float or None
        A fraction; None where none can be had.
    status : str
        That of the error law; ``too_few_runs`` where there is none.
    lo, hi : float or None
        Ends of what to bet on; None where there is no interval.
    """

    value: float | None
    status: str
    lo: float | None = None
    hi: float | None = None


@dataclass(frozen=True)
class Forecast:
    """A predicted loss with its fit, its reach, its errors and what speaks against it.

    Parameters
    ----------
    told : LossForecast
        The loss, its intervals, and whether it is to be used.
    fitted : FittedTable
        What predicts it.
    reach : Reach
        How far the target lies outside the runs.
    errors : dict of ErrorForecast
        By task.
    warnings : list of str
        What speaks against it, one line each.
    """

    told: LossForecast
    fitted: FittedTable
    reach: Reach
    errors: dict[str, ErrorForecast]
    warnings: list[str]

    @property
    def loss(self) -> float:
        """Predicted loss, nats per token."""
        return self.told.loss

    @property
    def status(self) -> str:
        """Status of the fit that it rests on."""
        return self.told.status

    @property
    def doubt(self) -> str:
        """Why it is not to be used; empty where it may be."""
        return self.told.doubt

    @property
    def fit(self) -> Fit:
        """The fit that predicts."""
        return self.fitted.fit


def tell_prior(fit: Fit, law: str | LawChoice) -> dict[str, float] | None:
    """Tell the prior of a fit to a run table: constants of `scaling.laws.prior`, and what they did.

    Returns
    -------
    dict or None
        alpha_0, tau, sigma_0 and nu; ``sigma``, the noise of the log loss believed in at the end,
        and ``pull``, ``sigma^2 / tau^2``. None for a law without a prior.
    """
    if choose_law(law).name != "prior":
        return None
    belief = load_belief()
    sigma = find_noise(fit, belief)
    return asdict(belief) | {"sigma": sigma, "pull": (sigma / belief.tau) ** 2}


def make_forecast(
    table: pd.DataFrame,
    target: tuple[float, float],
    loss: str,
    N: str = "N",
    law: str | LawChoice = DEFAULT_LAW,
    level: float = LEVEL,
) -> Forecast:
    """Predict the loss of a target, and its error in every ``err_`` column.

    Parameters
    ----------
    table : pandas.DataFrame
        Run table; see `scaling.tables.runs`.
    target : tuple of float
        Parameters, in the count of the column `N`, and training tokens.
    loss, N : str
        Columns of the loss and of the parameters.
    law : str or LawChoice
        Which law, see `scaling.laws.registry`.
    level : float
        Of the intervals.

    Returns
    -------
    Forecast

    Raises
    ------
    FitError
        Fewer distinct runs than parameters.
    """
    fitted = fit_table(table, loss, N, law)
    place = place_target(table, target)
    told = fitted.predict(*place, level)
    reach = _reach(table, N, *target)
    tasks = [column.removeprefix("err_") for column in error_columns(table)]
    errors = forecast_errors(table, tasks, loss, fitted, place, level)
    warnings = warn_of_fit(fitted, table, loss, N, law) + _warn_of_target(told.loss, reach, errors)
    if not told.doubt:
        warnings += warn_of_bet(table, reach.compute_ratio, N)
    warnings += _tell_of_intervals(errors)
    return Forecast(told, fitted, reach, errors, warnings)


def _reach(table: pd.DataFrame, N: str, target_N: float, target_D: float) -> Reach:
    M, C = table["D"] / table[N], training_flops(table[N], table["D"])
    return Reach(
        compute_ratio=float(training_flops(target_N, target_D) / C.max()),
        N_ratio=float(target_N / table[N].max()),
        M_inside=bool(M.min() * (1 - 1e-9) <= target_D / target_N <= M.max() * (1 + 1e-9)),
    )


def forecast_errors(
    table: pd.DataFrame,
    tasks: list[str],
    loss: str,
    fitted: FittedTable,
    target: tuple[float, float],
    level: float = LEVEL,
) -> dict[str, ErrorForecast]:
    """Predict errors by their laws; an average has an interval where its law and its loss hold.

    Parameters
    ----------
    table : pandas.DataFrame
        Runs, with ``err_<task>``.
    tasks : list of str
        Which.
    loss : str
        Column of the loss.
    fitted : FittedTable
        What predicts the loss.
    target : tuple of float
        Parameters and tokens, where `fitted` is asked.
    level : float
        Of the intervals.
    """
    errors: dict[str, ErrorForecast] = {}
    if not tasks:
        return errors
    N, D = map(float, target)
    told, nodes = fitted.predict(N, D), None
    if not told.doubt and any(map(is_average, tasks)):
        nodes = fitted.find_nodes(N, D)
    for task in tasks:
        measured = table.dropna(subset=[f"err_{task}"])
        x, y = measured[loss], measured[f"err_{task}"]
        try:
            fit = fit_error_law(x, y)
        except FitError:
            errors[task] = ErrorForecast(None, "too_few_runs")
            continue
        with np.errstate(over="ignore", invalid="ignore"):  # far outside: warned about
            value = fit.law.predict(told.loss)
        ends: tuple[float, ...] = ()
        if nodes and is_average(task) and fit.status in SOUND and 0 <= value <= 1:
            ends = find_average_intervals(nodes, x, y, value, level)[:2]
        errors[task] = ErrorForecast(value, fit.status, *ends)
    return errors


def _tell_of_intervals(errors: dict[str, ErrorForecast]) -> list[str]:
    """Say which errors count as averages, and where single tasks have their interval."""
    averages = [task for task, error in errors.items() if error.lo is not None]
    n_single = sum(not is_average(task) for task in errors)
    said = [f"{list_names(averages)}: an average of tasks, by its name"] * bool(averages)
    return said + [
        f"no interval for {n_single} single task{'s' * (n_single > 1)}: see `scaling tasks`"
    ] * bool(n_single)


def _warn_of_target(loss: float, reach: Reach, errors: dict[str, ErrorForecast]) -> list[str]:
    messages = []
    if not (loss > 0 and math.isfinite(loss)):
        messages.append(f"the predicted loss, {loss:g}, is no loss")
    if not reach.M_inside:
        messages.append("its tokens per parameter lie outside those of the runs")
    if reach.compute_ratio < SMALL_REACH:
        messages.append(
            f"its compute is {reach.compute_ratio:.1g} of that of the largest run: a letter "
            "forgotten, as in 6.9B?"
        )
    if reach.compute_ratio > 1:
        messages.append(
            f"extrapolated to {reach.compute_ratio:.3g} times the compute of the largest run"
        )
    for task, error in errors.items():
        if error.value is not None and not 0 <= error.value <= 1:
            messages.append(
                f"the predicted err_{task}, {error.value:g}, is no error between 0 and 1"
            )
    return messages
