"""Does the tool know what a design leaves open? Planted laws, designs of every kind, a noisy loss.

Designs lie in the plane, on a line of it (one D, one N, one ray of D/N, one budget), nearly on such
a line, or on a ray but for one run. Each is asked for a run of 20 times its largest compute.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling.forecast.fitted import fit_table
from scaling.laws.law import LossLaw
from scaling.laws.registry import DEFAULT_LAW

Array = NDArray[np.float64]
LINES = {"one D": (1.0, 0.0), "one N": (0.0, 1.0), "one ray": (1.0, 1.0), "one budget": (1.0, -1.0)}
KINDS = ("plane", *LINES, *(f"nearly {line}" for line in LINES), "ray but for one run")
NOISE = 0.005  # of the log loss
TIMES = 20.0  # the largest compute
WITHIN = 0.05  # of the loss
N_DESIGNS = 2000
SEED = 15


def draw_law(rng: np.random.Generator) -> LossLaw:
    """Draw a tied law about as far apart as those of public grids."""
    alpha = 0.28 * np.exp(0.2 * rng.standard_normal())
    at_N, at_D = rng.uniform(0.3, 1.2), rng.uniform(0.4, 1.5)  # nats at 1e8 and at 2e9
    return LossLaw(rng.uniform(1.5, 2.1), at_N * 1e8**alpha, at_D * 2e9**alpha, alpha)


def draw_design(kind: str, rng: np.random.Generator) -> tuple[Array, Array]:
    """Draw 5 to 12 runs of a kind of design: log N and log D."""
    n = int(rng.integers(5, 13))
    along = np.log(1e7) + np.log(100.0) * np.sort(rng.uniform(size=n))
    line = next((name for name in LINES if name in kind), None)
    if line is None:
        log_N, log_D = along, along + rng.uniform(np.log(5), np.log(320), n)
    elif line == "one N":
        log_N, log_D = np.full(n, np.log(rng.choice([1e8, 4e8]))), along + np.log(100)
    elif line == "one D":
        log_N, log_D = along, np.full(n, np.log(rng.choice([2e9, 2e10, 1e11])))
    elif line == "one budget":
        log_N, log_D = along, np.log(rng.choice([1e18, 1e19, 1e20]) / 6) - along
    else:
        log_N, log_D = along, along + np.log(rng.choice([20.0, 80.0]))
    if kind.startswith("nearly"):
        share = np.exp(rng.uniform(np.log(1e-3), np.log(0.3)))
        log_N = log_N + share * rng.standard_normal(n)
    if kind == "ray but for one run":
        log_D = along + np.log(20.0)
        log_D[rng.integers(n)] += np.exp(rng.uniform(np.log(0.01), np.log(3.0)))
    return log_N, log_D


def choose_targets(kind: str, log_N: Array, log_D: Array) -> dict[str, tuple[float, float]]:
    """A run at 20 times the largest compute: along what was varied, and at 20 tokens each.

    Along one budget it is a run of that budget, in the middle.
    """
    reach, dearest = np.log(TIMES), int((log_N + log_D).argmax())
    line = next((name for name in LINES if name in kind), None)
    if line == "one budget":
        along = log_N.mean(), log_D.mean()
    elif line is None:
        along = log_N[dearest] + reach / 2, log_D[dearest] + reach / 2
    else:
        share = np.array(LINES[line]) / sum(LINES[line])
        along = tuple(
            axis.mean() if step == 0 else axis[dearest] + step * reach
            for axis, step in zip((log_N, log_D), share, strict=True)
        )
    log_C = log_N[dearest] + log_D[dearest] + reach
    log_M = np.log(20.0)
    at_20 = (log_C - log_M) / 2, (log_C + log_M) / 2
    return {
        name: (float(np.exp(n)), float(np.exp(d)))
        for name, (n, d) in {"along": along, "M = 20": at_20}.items()
    }


def ask_designs(n_designs: int = N_DESIGNS, seed: int = SEED) -> pd.DataFrame:
    """Ask designs, as many of each kind, for both targets.

    Returns
    -------
    pandas.DataFrame
        A row per design and target: kind, target, n_runs, ``error`` (relative) and ``answered``.
    """
    rng, rows = np.random.default_rng(seed), []
    for i in range(n_designs):
        kind = KINDS[i % len(KINDS)]
        (log_N, log_D), law = draw_design(kind, rng), draw_law(rng)
        N, D = np.exp(log_N), np.exp(log_D)
        loss = law.predict(N, D) * np.exp(NOISE * rng.standard_normal(len(N)))
        fitted = fit_table(pd.DataFrame({"N": N, "D": D, "loss": loss}), "loss", law=DEFAULT_LAW)
        for target, design in choose_targets(kind, log_N, log_D).items():
            told = fitted.predict(*design)
            error = told.loss / law.predict(*design) - 1
            rows.append((kind, target, len(N), error, not told.doubt))
    return pd.DataFrame(rows, columns=["kind", "target", "n_runs", "error", "answered"])


def sum_up_designs(rows: pd.DataFrame) -> pd.DataFrame:
    """Sum up by kind and target: the stored table.

    Returns
    -------
    pandas.DataFrame
        kind, target, n_designs; ``answered``, the share not marked; ``within`` and
        ``within_unmarked``, shares of all and of the answered that are off by at most 5 %.
    """
    near = rows["error"].abs() <= WITHIN
    groups = rows.assign(within=near, told=near.where(rows["answered"])).groupby(
        ["kind", "target"], sort=False
    )
    return groups.agg(
        n_designs=("error", "size"),
        answered=("answered", "mean"),
        within=("within", "mean"),
        within_unmarked=("told", lambda told: told.dropna().astype(float).mean()),
    ).reset_index()


def tabulate_designs() -> pd.DataFrame:
    """Make the stored table of 2,000 designs."""
    return sum_up_designs(ask_designs())
