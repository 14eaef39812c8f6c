"""What does the script of a planner hold? Runs, and the grids that posteriors are sums over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import numpy as np

from scaling.costs.price_tables import default_prices
from scaling.forecast.averages import load_average_constants
from scaling.forecast.caution import FARTHEST_CHECKED
from scaling.forecast.fitted import FARTHEST, OF_THE_FALL, WIDEST, FittedTable
from scaling.forecast.intervals import N_NODES, NORMAL_HALF_WIDTH, find_ends, load_constants, widen
from scaling.forecast.residuals import UNSOUND, strays
from scaling.laws.error_posterior import find_error_posterior
from scaling.laws.marginal import Sum
from scaling.reports.planner import ALIKE, SAME_RUN, ErrorRuns, Planner

# Why there is no planner on some runs, by name; a report says each in its own language.
ANOTHER_LAW, ON_A_LINE, WEIGHED, NOT_SOUND, NOT_SETTLED = REASONS = (
    "another_law",
    "on_a_line",
    "weighed",
    "not_sound",
    "not_settled",
)
_SAYS = {
    ANOTHER_LAW: "needs a law of one exponent with nothing held",
    ON_A_LINE: "needs runs that do not lie on a line",
    WEIGHED: "needs runs of one weight",
    NOT_SOUND: "needs runs that follow the law",
    NOT_SETTLED: "needs runs that settle every coefficient",
}


class NoPlannerError(ValueError):
    """A script cannot find the posterior of these runs again.

    Parameters
    ----------
    reason : str
        One of `REASONS`.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"the planner {_SAYS[reason]}")
        self.reason = reason


def describe_loss(fitted: FittedTable) -> dict[str, Any]:
    """Give what a script needs to find the posterior of a law of one exponent again.

    Parameters
    ----------
    fitted : FittedTable
        Of the law ``tied`` or ``prior``.

    Returns
    -------
    dict
        N, D and L of the runs; the grid of alpha with the weight of each, the degrees of freedom
        and the height of the density of their Student's t; E, A, B and alpha of the law that
        predicts.

    Raises
    ------
    NoPlannerError
        The law is another, or something in it is held; the runs lie on a line, carry weights, do
        not follow the law, or leave a coefficient open.
    """
    if fitted.law.name not in ("tied", "prior"):
        raise NoPlannerError(ANOTHER_LAW)
    if fitted.on_line:
        raise NoPlannerError(ON_A_LINE)
    if fitted.weights is not None:
        raise NoPlannerError(WEIGHED)
    if fitted.fit.status in UNSOUND or strays(fitted.fit, fitted.L):
        raise NoPlannerError(NOT_SOUND)
    posterior, law = fitted.posterior, fitted.fit.law
    if posterior.held is not None:
        raise NoPlannerError(ANOTHER_LAW)
    return {
        "N": fitted.N.tolist(),
        "D": fitted.D.tolist(),
        "L": fitted.L.tolist(),
        "alpha": posterior.exponents[0, :, 0].tolist(),
        "law": [float(value) for value in (law.E, law.A, law.B, law.alpha)],
        **_describe_sum(posterior.sum),
    }


def describe_error(errors: ErrorRuns) -> dict[str, Any]:
    """Give what a script needs to find the posterior of an error law again.

    Parameters
    ----------
    errors : ErrorRuns
        Measured loss and error, and the law.

    Returns
    -------
    dict
        As `describe_loss` has it, with the rate gamma in the place of alpha.

    Raises
    ------
    NoPlannerError
        The runs leave a coefficient open.
    """
    loss, error, fit = errors
    posterior = find_error_posterior(loss, error, load_average_constants().belief)
    return {
        "L": np.asarray(loss).tolist(),
        "error": np.asarray(error).tolist(),
        "gamma": posterior.gamma[0].tolist(),
        "law": [float(value) for value in (fit.law.epsilon, fit.law.k, fit.law.gamma)],
        **_describe_sum(posterior.sum),
    }


def _describe_sum(found: Sum) -> dict[str, Any]:
    from scipy.special import gammaln  # here: a table is checked without SciPy

    dof = np.unique(found.dof)
    if np.any(found.inverse == 0) or len(dof) != 1 or dof[0] % 1 != 0:
        raise NoPlannerError(NOT_SETTLED)
    top = np.exp(gammaln((dof[0] + 1) / 2) - gammaln(dof[0] / 2)) / np.sqrt(np.pi * dof[0])
    weight = [float(f"{each:.12g}") for each in found.weight[0]]  # a page weighs less so
    return {"weight": weight, "dof": float(dof[0]), "top": float(top)}


def _describe_constants() -> dict[str, Any]:
    average = load_average_constants()
    x, weight = np.polynomial.legendre.leggauss(N_NODES)
    above = [(float(a), float(b)) for a, b in zip(x, weight, strict=True) if a > 0]
    return {
        "bet": asdict(load_constants()),
        "average": {
            "s_0": average.s_0,
            "nu": average.nu,
            "more": average.allowance / NORMAL_HALF_WIDTH,
        },
        "nodes": [
            {"ends": find_ends(level), "widen": widen(level), "share": share / 2}
            for level, share in above
        ],
        "told": {
            "farthest": FARTHEST,
            "checked": FARTHEST_CHECKED,
            "widest": WIDEST,
            "of_the_fall": OF_THE_FALL,
        },
        "alike": ALIKE,
        "same_run": SAME_RUN,
        "reported": _describe_reported(),
    }


def _describe_reported() -> dict[str, tuple[float, float, float]]:
    """Of each input of a reported range the shipped value, the cheapest and the most expensive."""
    shipped = default_prices()
    names = {
        "price": "price_training",
        **{name: name for name in shipped.reported if "mfu" in name},
    }
    cheapest, dearest = shipped.extremes
    return {
        name: tuple(getattr(each, of) for each in (shipped, cheapest, dearest))
        for name, of in names.items()
    }


def describe(planner: Planner) -> dict[str, Any]:
    """Describe a planner: training sets by name, constants, and what is shown first.

    Raises
    ------
    NoPlannerError
        As `describe_loss` and `describe_error` do.
    """
    sets = {
        name: {
            "label": known.label,
            "measured": known.measured,
            "loss": describe_loss(known.fitted),
            "error": None if known.errors is None else describe_error(known.errors),
        }
        for name, known in planner.sets.items()
    }
    return {"sets": sets, "constants": _describe_constants(), "first": asdict(planner.first)}


def span(values: Iterable[float]) -> tuple[float, float]:
    """Least and largest."""
    listed = list(values)
    return min(listed), max(listed)
