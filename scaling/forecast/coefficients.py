"""Between which values do the coefficients of a fit lie? If the law holds."""

from __future__ import annotations

import math

import numpy as np

from scaling.forecast.fitted import FittedTable
from scaling.forecast.intervals import LEVEL, find_ends
from scaling.forecast.residuals import strays
from scaling.laws.fit import SOUND

Ends = tuple[float | None, float | None]


def find_coefficients(fitted: FittedTable, level: float = LEVEL) -> dict[str, Ends]:
    """Give the ends of an interval for each coefficient of ``fitted.fit``.

    Parameters
    ----------
    fitted : FittedTable
        A law fitted to a run table.
    level : float
        Between 0 and 1.

    Returns
    -------
    dict of tuple
        By name: lower and upper end, stretched to hold the value fitted, both that value where it
        is held. None where the runs leave an end open, where ``--nonneg`` keeps the coefficient
        at zero, and everywhere if the fit is unsound or the runs do not follow the law.

    Raises
    ------
    ValueError
        `level` does not lie between 0 and 1.
    """
    ends, fit = find_ends(level), fitted.fit
    values = {name: float(value) for name, value in fit.law.coefficients.items()}
    if fit.status not in SOUND or strays(fit, fitted.L):
        return dict.fromkeys(values, (None, None))
    found = fitted.posterior_of_fit.find_coefficients(ends)
    return {
        name: (None, None)
        if fit.status == "at_zero" and value == 0
        else (_end(np.fmin(value, found[name][0])), _end(np.fmax(value, found[name][1])))
        for name, value in values.items()
    }


def _end(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
