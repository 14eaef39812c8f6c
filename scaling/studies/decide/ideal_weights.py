"""And if the prediction weighed each run by what it is worth? The usual variance with misfit.

Universal kriging: the law's coefficients and the misfit at the target together, by generalised
least squares. No run can do harm then. The loss that is printed is not predicted so.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from scaling.decide.gain import WIDE, Cells, LawAt, LawMisfit, Variances, find_scatter
from scaling.laws.prior import Belief


def find_ideal_variances(
    law: LawAt,
    runs: Cells,
    candidates: Cells,
    target: tuple[float, float],
    belief: Belief,
    misfit: LawMisfit,
    weights: ArrayLike | None = None,
) -> Variances:
    """Find the variance at a target of the best linear prediction, now and with one more run.

    Parameters and returns are those of `scaling.decide.gain.find_variances`.

    Notes
    -----
    ``V = s^2 (rho - c'C^-1 c) + g~'(J'C^-1 J / s^2 + P)^-1 g~`` with ``g~ = g - J'C^-1 c``. With
    the covariance S of what the cells have in common, law and misfit, a run j takes off
    ``S_j^2 / (S_jj + s^2 C_jj)``.
    """
    n_runs, s2 = len(runs.N), belief.sigma_0**2
    Q = np.ones(n_runs) if weights is None else np.asarray(weights, dtype=float)
    columns = zip(runs, candidates, target, strict=True)
    everywhere = Cells(*(np.concatenate([*both, [last]]) for *both, last in columns))
    J, P = law.slopes(*everywhere), np.diag(np.array([WIDE, WIDE, WIDE, belief.tau]) ** -2.0)
    shared, own = find_scatter(everywhere, misfit)
    C = shared[:n_runs, :n_runs] + np.diag(own[:n_runs] / Q)
    held = np.linalg.solve(C, np.hstack([J[:n_runs], shared[:n_runs]]))
    by_law, by_misfit = held[:, :4], held[:, 4:]
    rest = J - shared[:, :n_runs] @ by_law
    of_law = np.linalg.inv(J[:n_runs].T @ by_law / s2 + P)
    S = s2 * (shared - shared[:, :n_runs] @ by_misfit) + rest @ of_law @ rest.T
    others = slice(n_runs, -1)
    gain = S[-1, others] ** 2 / (S.diagonal()[others] + s2 * own[others])
    return Variances(float(S[-1, -1]), S[-1, -1] - gain)
