"""The paper's way to fit: SciPy's curve_fit from many starts. The baseline, not a room.

References
----------
Gadre et al., arXiv 2403.08540, and its released code (mlfoundations/scaling): 4 x 4 amplitudes,
2 exponents and 4 irreducible losses as starts, ``maxfev=10000``, least residual kept; the error
law from SciPy's default start.
"""

from __future__ import annotations

import itertools
import warnings
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import curve_fit

AMPLITUDES = (1e2, 3e2, 1e3, 3e3)
EXPONENTS = (-0.1, -0.3)
IRREDUCIBLE = (0.0, 1.0, 2.0, 10.0)
STARTS = tuple(itertools.product(AMPLITUDES, AMPLITUDES, EXPONENTS, IRREDUCIBLE))
MAX_EVALUATIONS = 10_000


class Multistart(NamedTuple):
    """Best of the starts: parameters, sum of squared residuals, how many starts failed."""

    parameters: np.ndarray | None
    ssr: float
    n_failed: int


def _over_training_law(x, A, b6, power, E):
    """The paper's parametrisation: ``A N^power + b6 6^(power/2) (M N)^power + E``."""
    N, M = x
    return A * N**power + b6 * 6.0 ** (power / 2) * (M * N) ** power + E


def _error_law(loss, k, gamma, epsilon):
    return epsilon - k * np.exp(-gamma * loss)


def fit_loss_multistart(N: ArrayLike, D: ArrayLike, loss: ArrayLike, starts=STARTS) -> Multistart:
    """Fit the over-training law from each start and keep the least residual."""
    N, D, loss = (np.asarray(v, dtype=float) for v in (N, D, loss))
    return _best_of(_over_training_law, (N, D / N), loss, starts)


def fit_error_multistart(loss: ArrayLike, error: ArrayLike) -> Multistart:
    """Fit the error law from SciPy's default start, all ones."""
    loss, error = (np.asarray(v, dtype=float) for v in (loss, error))
    return _best_of(_error_law, loss, error, [(1.0, 1.0, 1.0)])


def _best_of(law, x, y, starts) -> Multistart:
    best = Multistart(None, np.inf, 0)
    for start in starts:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                parameters, _ = curve_fit(law, x, y, p0=start, maxfev=MAX_EVALUATIONS)
                ssr = float(np.sum((law(x, *parameters) - y) ** 2))
        except (RuntimeError, TypeError):  # no convergence; fewer points than parameters
            best = best._replace(n_failed=best.n_failed + 1)
            continue
        if ssr < best.ssr:
            best = best._replace(parameters=parameters, ssr=ssr)
    return best
