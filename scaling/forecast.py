"""What do these runs say of another one? And what speaks against believing it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from scaling.best import fit_best
from scaling.fit import Fit, FitError, fit_error_law, fit_loss_law, fit_loss_surface
from scaling.schema import error_columns

# Loss laws on offer: how each is fitted, and how it reads.
LAWS: dict[str, tuple[Callable[..., Fit], str]] = {
    "tied": (fit_loss_law, "E + A N^-alpha + B D^-alpha"),
    "free": (fit_loss_surface, "E + A N^-alpha + B D^-beta"),
    "best": (fit_best, "E + A N^-alpha + B D^-alpha, prior on alpha"),
}
ADVICE = {
    "unidentified": "the runs cannot tell the coefficients apart (one size, one ray of D/N, or a "
    "loss that does not change); only predictions along what was varied can hold",
    "at_bound": "an exponent stands at the end of its range: the runs do not follow this law",
    "wrong_sign": "a coefficient is negative: the law bends the wrong way somewhere",
    "saturated": "as many coefficients as runs: nothing is left to judge the fit by",
}
LEAST_N_SPAN, LEAST_M_SPAN = 30.0, 8.0  # over such a design a law returns its coefficients
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
    """Predicted error of one task, a fraction; None and ``too_few_runs`` where none can be had."""

    value: float | None
    status: str


@dataclass(frozen=True)
class Forecast:
    """A predicted loss with its fit, its reach, its errors and what speaks against it."""

    loss: float
    fit: Fit
    reach: Reach
    errors: dict[str, ErrorForecast]
    warnings: list[str]


def fit_table(table: pd.DataFrame, loss: str, N: str = "N", law: str = "tied") -> Fit:
    """Fit a loss law to a run table.

    Parameters
    ----------
    table : pandas.DataFrame
        Run table; see `scaling.runs`.
    loss, N : str
        Columns of the loss and of the parameters.
    law : {"tied", "free", "best"}
        Which law.

    Returns
    -------
    Fit

    Raises
    ------
    FitError
        Fewer distinct runs than parameters.
    """
    fitter, _ = LAWS[law]
    return fitter(table[N], table["D"], table[loss])


def residual_std(fit: Fit) -> float:
    """Residual standard deviation in nats, whatever was minimised; NaN without a degree of freedom.

    ``sqrt(sum (L - L_hat)^2 / dof)``.
    """
    return float(np.sqrt(fit.ssr / fit.dof)) if fit.dof > 0 else math.nan


def make_forecast(
    table: pd.DataFrame, target: tuple[float, float], loss: str, N: str = "N", law: str = "tied"
) -> Forecast:
    """Predict the loss of a target, and its error in every ``err_`` column.

    Parameters
    ----------
    table : pandas.DataFrame
        Run table; see `scaling.runs`.
    target : tuple of float
        Parameters, in the count of the column `N`, and training tokens.
    loss, N : str
        Columns of the loss and of the parameters.
    law : {"tied", "free", "best"}
        Which law.

    Returns
    -------
    Forecast

    Raises
    ------
    FitError
        Fewer distinct runs than parameters.
    """
    fit = fit_table(table, loss, N, law)
    predicted = float(fit.law.predict(*target))
    reach = _reach(table, N, *target)
    errors = {
        column.removeprefix("err_"): _forecast_error(table, loss, column, predicted)
        for column in error_columns(table)
    }
    warnings = warn_of_fit(fit, table, N) + _warn_of_target(predicted, reach, errors)
    return Forecast(predicted, fit, reach, errors, warnings)


def _reach(table: pd.DataFrame, N: str, target_N: float, target_D: float) -> Reach:
    M = table["D"] / table[N]
    return Reach(
        compute_ratio=float(target_N * target_D / (table[N] * table["D"]).max()),
        N_ratio=float(target_N / table[N].max()),
        M_inside=bool(M.min() * (1 - 1e-9) <= target_D / target_N <= M.max() * (1 + 1e-9)),
    )


def _forecast_error(table: pd.DataFrame, loss: str, column: str, predicted: float) -> ErrorForecast:
    measured = table.dropna(subset=[column])
    try:
        fit = fit_error_law(measured[loss], measured[column])
    except FitError:
        return ErrorForecast(None, "too_few_runs")
    with np.errstate(over="ignore", invalid="ignore"):  # far outside: warned about
        return ErrorForecast(fit.law.predict(predicted), fit.status)


# --- what speaks against it ---------------------------------------------------------------


def warn_of_fit(fit: Fit, table: pd.DataFrame, N: str = "N") -> list[str]:
    """What speaks against a fit: its status, a narrow design, and runs that carry a flag."""
    advice = [ADVICE[fit.status]] if fit.status in ADVICE else []
    return advice + warn_of_design(table, N) + warn_of_flags(table)


def warn_of_flags(table: pd.DataFrame) -> list[str]:
    """The runs that carry a flag, and why."""
    flagged = table.loc[table["flags"] != "", ["run", "flags"]]
    return [f"{run}: {reason}" for run, reason in flagged.itertuples(index=False)]


def warn_of_design(table: pd.DataFrame, N: str = "N") -> list[str]:
    """What the runs leave open by where they lie."""
    M = table["D"] / table[N]
    messages = []
    if M.max() / M.min() < LEAST_M_SPAN:
        messages.append(
            f"all runs have {M.min():.3g} to {M.max():.3g} tokens per parameter: add one with "
            f"at least {LEAST_M_SPAN:g} times more, or the cost of over-training is not known"
        )
    if (span := table[N].max() / table[N].min()) < LEAST_N_SPAN:
        messages.append(
            f"{N} spans a factor of {span:.3g} only: {LEAST_N_SPAN:g} or more fixes the exponent"
        )
    return messages


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
