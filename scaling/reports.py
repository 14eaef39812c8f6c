"""What does a command answer under ``--json``? The documented keys of each report."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

import pandas as pd

from scaling.advice import warn_of_fit
from scaling.asked import Selected
from scaling.fit import Fit
from scaling.forecast import Forecast, residual_std, tell_prior


def report_fit(selected: Selected, result: Fit, law: str) -> dict[str, Any]:
    """Report a fitted loss law.

    Parameters
    ----------
    selected : rows of `select_rows`
        The rows that were fitted.
    result : Fit
        Their fit.
    law : str
        Which law, as asked.

    Returns
    -------
    dict
        Intervals are None.
    """
    table, loss, N = selected[:3]
    return {
        "law": law,
        "dataset": _only_dataset(table),
        "loss_set": loss,
        "count": N,
        "n_runs": len(table),
        "left_out": selected.lossless,
        "flagged_out": selected.flagged,
        "dof": result.dof,
        "status": result.status,
        "coefficients": {
            name: {"value": value, "lo": None, "hi": None}
            for name, value in asdict(result.law).items()
        },
        "ssr": result.ssr,
        "sigma_hat": residual_std(result),
        "prior": tell_prior(result, law),
        "warnings": warn_of_fit(result, table, loss, N, law),
    }


def _only_dataset(table: pd.DataFrame) -> str | None:
    names = list(table["dataset"].unique()) if "dataset" in table else []
    return str(names[0]) if len(names) == 1 else None


def report_forecast(selected: Selected, forecast: Forecast, law: str) -> dict[str, Any]:
    """Report what is predicted of a larger run.

    Parameters
    ----------
    selected : rows of `select_rows`
        The rows that were fitted.
    forecast : Forecast
        What they say of the run.
    law : str
        Which law, as asked.

    Returns
    -------
    dict
        Intervals are None.
    """
    return {
        "loss": forecast.loss,
        "lo": None,
        "hi": None,
        "law": law,
        "status": forecast.fit.status,
        "prior": tell_prior(forecast.fit, law),
        "loss_set": selected.loss,
        "count": selected.N,
        "n_runs": len(selected.table),
        "left_out": selected.lossless,
        "flagged_out": selected.flagged,
        "extrapolation": asdict(forecast.reach),
        "errors": {
            task: {"value": error.value, "lo": None, "hi": None, "status": error.status}
            for task, error in forecast.errors.items()
        },
        "warnings": forecast.warnings,
    }


def report_held_out(row: dict[Any, Any]) -> dict[str, Any]:
    """Report a run that was predicted from smaller ones, one row of a backtest."""
    known = {key: row[key] for key in ("run", "fit_sizes", "predicted", "actual", "relative_error")}
    baselines = {key: row[key] for key in ("no_change", "line")}
    return known | {"lo": None, "hi": None, "inside": None, "status": row["status"]} | baselines


def report_task(row: dict[Any, Any]) -> dict[str, Any]:
    """Report a judged task, its whole numbers as such."""
    whole = {key: int(row[key]) for key in ("n_runs", "n_items") if math.isfinite(row[key])}
    return row | whole
