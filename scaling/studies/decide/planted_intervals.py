"""Do the intervals hold a loss that is known? Planted laws, designs of 5 to 24 runs, each method.

Every design is asked for the testbed's largest run. Planted are laws with the exponent and the
noise that the posterior believes in, laws with a noise of 0.5 %, such laws that miss the target by
2 % as no run shows, and laws with an exponent each for N and D.
"""

from __future__ import annotations

from dataclasses import fields
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling.forecast.intervals import find_intervals, load_constants, measure_change
from scaling.laws.fit import fit_loss_law
from scaling.laws.fit_options import ExponentPrior
from scaling.laws.law import LossLaw, LossSurface
from scaling.laws.posterior import find_posterior
from scaling.laws.prior import Belief, load_belief, moderate
from scaling.studies.decide.coverage import find_share, score_ends
from scaling.studies.decide.rivals import N_PARAMETERS, RIVALS, Ends, TiedFits
from scaling.testbed.labels import SIZES
from scaling.testbed.runs import LOSS_FIT_RUNS

Array = NDArray[np.float64]
KINDS = ("prior", "law holds", "misfit", "free exponents")
NOISE, MISFIT = 0.005, 0.02  # of the log loss
SPREAD = 0.2  # standard deviation of the log of an exponent, unless it is the prior's
N_TABLES = 2000
N_FEW = 400  # of them: for what takes long
SEED = 16
N_OF = {label: float(N) for N, label in SIZES.items()}
SMALL = ("0.011B", "0.079B", "0.154B", "0.411B")
DESIGNS: dict[int, tuple[tuple[str, int], ...]] = {
    5: LOSS_FIT_RUNS,
    6: (*LOSS_FIT_RUNS, ("0.079B", 160)),
    8: tuple((size, M) for size in SMALL for M in (20, 160)),
    12: tuple((size, M) for size in SMALL for M in (20, 80, 320)),
    24: tuple((size, M) for size in SMALL for M in (10, 20, 40, 80, 160, 320)),
}
JUDGED = [
    *("method", "judged_on", "n_tables", "n_without"),
    *("covered", "covered_lo", "covered_hi", "half_width", "score"),
]
TARGET = N_OF["6.9B"], 20 * N_OF["6.9B"]


class Tables(NamedTuple):
    """Tables of one design, and the loss of the target.

    Parameters
    ----------
    N, D : ndarray of shape (n_runs,)
        The design.
    losses : ndarray of shape (n_tables, n_runs)
        Nats per token.
    truth, run : ndarray of shape (n_tables,)
        Loss of the target without the noise of a run, and with it.
    """

    N: Array
    D: Array
    losses: Array
    truth: Array
    run: Array


def plant(kind: str, n_runs: int, belief: Belief, n_tables: int = N_TABLES) -> Tables:
    """Draw tables of a kind of `KINDS`; laws are as far apart as those of public grids.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    n_runs : int
        One of `DESIGNS`.
    belief : Belief
        What is drawn from where the kind is ``prior``.
    n_tables : int
        How many.
    """
    rng = np.random.default_rng([SEED, n_runs])
    N, M = np.array([(N_OF[size], M) for size, M in DESIGNS[n_runs]]).T
    E, at_N, at_D = rng.uniform([[1.5], [0.3], [0.4]], [[2.1], [1.2], [1.5]], (3, n_tables))
    z, z_beta, misfit, noise_there = rng.standard_normal((4, n_tables))
    noise = rng.standard_normal((n_tables, n_runs))
    s = np.full(n_tables, NOISE)
    alpha = beta = belief.alpha_0 * np.exp(SPREAD * z)
    if kind == "prior":
        alpha = beta = belief.alpha_0 * np.exp(belief.tau * z)
        s = belief.sigma_0 * np.sqrt(belief.nu / rng.chisquare(belief.nu, n_tables))
    elif kind == "free exponents":
        beta = belief.alpha_0 * np.exp(SPREAD * z_beta)
    law = LossSurface(E, at_N * 1e8**alpha, at_D * 2e9**beta, alpha, beta)
    losses = law.predict(N, M * N) * np.exp(s[:, None] * noise)
    truth = law.predict(*TARGET)
    if kind == "misfit":
        truth = truth * np.exp(MISFIT * misfit)
    return Tables(N, M * N, losses, truth, truth * np.exp(s * noise_there))


def find_change(tables: Tables, belief: Belief) -> Array:
    """Change that the default law predicts from each table, of shape (n_tables,).

    For many tables at once its exponent is pulled as by residuals of 0.5 %.
    """
    n_runs = len(tables.N)
    variance = moderate((n_runs - N_PARAMETERS) * NOISE**2, n_runs, belief)
    prior = ExponentPrior(belief.alpha_0, variance / belief.tau**2)
    losses = tables.losses / tables.losses.max(axis=1, keepdims=True)  # fits at once share a scale
    batch = fit_loss_law(tables.N, tables.D, losses, objective="log", prior=prior).law
    coefficients = zip(*(getattr(batch, field.name) for field in fields(batch)), strict=True)
    runs, target = (tables.N, tables.D), ([TARGET[0]], [TARGET[1]])
    return np.array([measure_change(LossLaw(*row), runs, target)[0] for row in coefficients])


def find_ours(tables: Tables, law: str = "tied") -> dict[str, Ends]:
    """Both intervals of the target, from every table."""
    constants = load_constants()
    posterior = find_posterior(tables.N, tables.D, tables.losses, constants.belief, law=law)
    mixture = posterior.at(*(np.full(len(tables.losses), count) for count in TARGET))
    ends = find_intervals(mixture, constants.allow(find_change(tables, load_belief())))
    return {"law": (ends.law_lo, ends.law_hi), "bet": (ends.lo, ends.hi)}


def find_theirs(tables: Tables) -> dict[str, Ends]:
    """Intervals of the law at the target, by each of `RIVALS`."""
    target = np.array([TARGET[0]]), np.array([TARGET[1]])
    unit = tables.losses.max(axis=1)  # fits at once share a scale
    fits = TiedFits(tables.N, tables.D, tables.losses / unit[:, None], target)
    rng = np.random.default_rng(SEED)
    ends = {name: find(fits, rng) for name, find in RIVALS.items()}
    return {name: (lo[:, 0] * unit, hi[:, 0] * unit) for name, (lo, hi) in ends.items()}


def find_all(tables: Tables, kind: str, n_few: int) -> dict[str, Ends]:
    """Intervals by every method; what takes long from the first few tables alone."""
    few = Tables(tables.N, tables.D, *(values[:n_few] for values in tables[2:]))
    found = find_ours(tables)
    if kind == "free exponents":
        found["law, free exponents"] = find_ours(few, "free")["law"]
    return {**found, **find_theirs(few)}


def judge(tables: Tables, found: dict[str, Ends]) -> pd.DataFrame:
    """Judge intervals by each method on what they are for: a row per method."""
    rows = []
    for method, (lo, hi) in found.items():
        judged_on = "run" if method == "bet" else "truth"
        given = np.isfinite(lo)
        lo, hi, there = lo[given], hi[given], getattr(tables, judged_on)[: len(lo)][given]
        inside = (lo <= there) & (there <= hi)
        share = inside.mean(), *find_share(inside.sum(), len(inside))
        half, score = np.median((hi - lo) / (2 * there)), score_ends(lo, hi, there).mean()
        rows.append((method, judged_on, len(lo), (~given).sum(), *share, half, score))
    return pd.DataFrame(rows, columns=JUDGED)


def tabulate_planted(n_tables: int = N_TABLES, n_few: int = N_FEW) -> pd.DataFrame:
    """Judge every method on every kind of truth and every design.

    Returns
    -------
    pandas.DataFrame
        A row per kind, ``n_runs`` and method: what it is judged on, how many tables have an
        interval and how many have none, the share ``covered`` of those that have with its
        Clopper-Pearson interval, the median half width as a fraction of what it is judged on, and
        the mean interval score of the log loss.
    """
    tables = []
    for n_runs in DESIGNS:
        found: dict[str, Ends] = {}
        for kind in KINDS:
            planted = plant(kind, n_runs, load_constants().belief, n_tables)
            if kind != "misfit":  # whose runs are those of the kind before
                found = find_all(planted, kind, n_few)
            tables.append(judge(planted, found).assign(kind=kind, n_runs=n_runs))
    return pd.concat(tables, ignore_index=True)[["kind", "n_runs", *JUDGED]]
