"""Which predictor is chosen, by small runs alone? The backtests, their score and the rule.

Protocol, fixed before any large run is looked at. Known are the testbed's runs of 0.411B
parameters and less, and on every other grid the plain runs of at most 1/20 of its largest compute.
Among them the larger are predicted from the smaller, the longer from the shorter. The error of a
trial is the mean absolute relative error over its targets. The score of a candidate is the
geometric mean of three groups' geometric means: C4 eval, the other seven loss sets, the other
grids. Chosen is, among the candidates whose score is within 2 % of the least, the one of fewest
parts, and the least score among those. The choice was made twice; see the log of the book.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace

import numpy as np
import pandas as pd

from scaling.best import Belief
from scaling.datafiles import data_path
from scaling.families import (
    Settings,
    first_family,
    member_of_first,
    member_of_second,
    second_family,
)
from scaling.fit import fit_loss_law
from scaling.grids import load_grid, select_plain, split_by_compute, split_series
from scaling.names import LOSS_SETS
from scaling.predictors import BASELINES, SINGLE_CHANGES, Array, Candidate, Case
from scaling.recipe import relative_error
from scaling.testbed import run_table, select_loss_fit

LARGEST_SMALL = 0.412e9  # parameters: the 0.411B runs are in, the 1.4B runs are not
# The grids of the protocol: a later grid would change sigma_0 and the constants of `best`.
CHOSEN_FROM = ("olmo_ladder", "gemstones", "porian", "datablations")
SMALL_SHARE = 1 / 20  # of a grid's largest compute
GRID_CUTS = (1 / 3, 1 / 5, 1 / 10, 1 / 20)  # of the largest compute among a grid's small runs
LEAST_RUNS = LEAST_TARGETS = 5
TIE = 0.02
GROUPS = ("c4_eval", "other text", "other grids")
LOSSES = [f"loss_{loss_set}" for loss_set in LOSS_SETS.values()]


@dataclass(frozen=True)
class Trial:
    """One backtest: what is known, what is asked, and what was measured.

    Parameters
    ----------
    group : str
        The testbed, or the name of a grid.
    name : str
        Training set and design, or series and cut.
    loss_sets : list of str
        Names of the rows of `case.losses` and of `measured`.
    case : Case
        Runs known.
    targets : pandas.DataFrame
        Runs asked for.
    measured : ndarray of shape (n_losses, n_targets)
        Their losses, nats per token.
    """

    group: str
    name: str
    loss_sets: list[str]
    case: Case
    targets: pd.DataFrame
    measured: Array


def select_small(table: pd.DataFrame) -> pd.DataFrame:
    """Select the testbed's runs of at most 0.411B parameters."""
    small = table[table["N"] <= LARGEST_SMALL]
    return small.assign(warmup_tokens=small["warmup_steps"] * small["batch_tokens"]).reset_index(
        drop=True
    )


def _designs(small: pd.DataFrame) -> dict[str, tuple[pd.DataFrame, pd.DataFrame]]:
    """What is known and what is asked, for the small runs of one training set."""
    five, fed = select_loss_fit(small), small[small["M"] >= 10]
    largest = small["N"] == small["N"].max()
    below, short = small[~largest], small[small["M"] <= 80]
    last = fed[fed["N"] == small["N"].max()]
    return {
        "four below 0.411B": (five[five["N"] < small["N"].max()], last),
        "five": (five, fed[(fed["M"] >= 160) & ~fed["run"].isin(five["run"])]),
        "grid below 0.411B": (below[below["M"] >= 10], last),
        "grid of M 10 to 80": (short[short["M"] >= 10], fed[fed["M"] >= 320]),
        "grid below 0.411B, M 10 to 80": (
            below[below["M"].between(10, 80)],
            last[last["M"] >= 160],
        ),
        "all below 0.411B": (below, last),
        "all of M to 80": (short, fed[fed["M"] >= 320]),
    }


def read_losses(runs: pd.DataFrame, columns: list[str]) -> Array:
    """Losses in the shape of a case: a row per column, a column per run."""
    return runs[columns].to_numpy(float).T


def testbed_trials(table: pd.DataFrame) -> Iterator[Trial]:
    """Every backtest among the small runs of the testbed.

    Parameters
    ----------
    table : pandas.DataFrame
        Run table of the testbed; runs above 0.411B are not read.
    """
    small = select_small(table)
    designs = {str(name): _designs(runs) for name, runs in small.groupby("dataset", sort=False)}
    for dataset, own in designs.items():
        for design, (known, asked) in own.items():
            others = [designs[other][design][0] for other in designs if other != dataset]
            siblings = tuple(Case(runs, read_losses(runs, LOSSES)) for runs in others)
            yield Trial(
                "testbed",
                f"{dataset}, {design}",
                list(LOSS_SETS.values()),
                Case(known, read_losses(known, LOSSES), siblings),
                asked,
                read_losses(asked, LOSSES),
            )


def select_cheap(grid: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Select the plain runs of at most 1/20 of the largest compute, series by series."""
    series = split_series(select_plain(grid))
    return {name: split_by_compute(runs, SMALL_SHARE)[0] for name, runs in series.items()}


def grid_trials(name: str, grid: pd.DataFrame) -> Iterator[Trial]:
    """Every backtest among the cheap runs of another grid.

    Parameters
    ----------
    name : str
        Name of the grid.
    grid : pandas.DataFrame
        Its run table; runs above 1/20 of the largest compute are not read.
    """
    cheap = select_cheap(grid)
    for cut in GRID_CUTS:
        split = {series: split_by_compute(runs, cut) for series, runs in cheap.items()}
        for series, (known, asked) in split.items():
            if len(known) < LEAST_RUNS or len(asked) < LEAST_TARGETS:
                continue
            others = [split[other][0] for other in split if other != series]
            yield Trial(
                name,
                f"{series} {cut:.2g}".strip(),
                ["loss"],
                Case(
                    known,
                    read_losses(known, ["loss"]),
                    tuple(Case(runs, read_losses(runs, ["loss"])) for runs in others),
                ),
                asked,
                read_losses(asked, ["loss"]),
            )


def list_trials(testbed: pd.DataFrame, grids: dict[str, pd.DataFrame]) -> list[Trial]:
    """Every backtest; cuts of a grid that know the same runs count once."""
    trials = list(testbed_trials(testbed))
    seen: set[tuple[str, str, int]] = set()
    for name, grid in grids.items():
        for trial in grid_trials(name, grid):
            key = (name, trial.name.rpartition(" ")[0], len(trial.case.runs))
            if key not in seen:
                seen.add(key)
                trials.append(trial)
    return trials


def run_trial(trial: Trial, candidate: Candidate) -> Array:
    """Mean absolute relative error over the targets of a trial, one per loss set."""
    predicted = candidate.fit(trial.case)(trial.targets)
    return np.abs(relative_error(predicted, trial.measured)).mean(axis=1)


def run_backtests(trials: list[Trial], candidates: list[Candidate]) -> pd.DataFrame:
    """Run every candidate through every trial.

    Returns
    -------
    pandas.DataFrame
        One row per candidate, trial and loss set: ``error`` is a fraction; ``group`` one of
        `GROUPS`; ``grid`` the testbed or the name of a grid.
    """
    rows = [
        {
            "candidate": candidate.name,
            "grid": trial.group,
            "trial": trial.name,
            "loss_set": loss_set,
            "n_fit": len(trial.case.runs),
            "n_targets": len(trial.targets),
            "error": error,
        }
        for candidate in candidates
        for trial in trials
        for loss_set, error in zip(trial.loss_sets, run_trial(trial, candidate), strict=True)
    ]
    table = pd.DataFrame(rows)
    on_testbed = table["grid"] == "testbed"
    group = np.where(table["loss_set"] == "c4_eval", GROUPS[0], GROUPS[1])
    return table.assign(group=np.where(on_testbed, group, GROUPS[2]))


def score_backtests(backtests: pd.DataFrame) -> pd.DataFrame:
    """Score every candidate.

    Returns
    -------
    pandas.DataFrame
        One row per candidate, in order: the geometric mean error of each group (of a grid first,
        then over grids) and ``score``, the geometric mean of the three; fractions.
    """
    logs = backtests.assign(error=np.log(backtests["error"]))
    keys = ["candidate", "group", "grid"]
    means = logs.groupby(keys, sort=False)["error"].mean().groupby(keys[:2], sort=False).mean()
    groups = means.unstack("group").reindex(columns=[g for g in GROUPS if g in set(logs["group"])])
    return groups.assign(score=groups.mean(axis=1)).transform(np.exp)


def choose(scores: pd.DataFrame, candidates: list[Candidate]) -> Candidate:
    """Choose among candidates that were scored, by the rule at the head of this room."""
    of = {candidate.name: candidate for candidate in candidates}
    scored = scores.loc[list(of)].assign(n_parts=[c.n_parts for c in candidates])
    near = scored[scored["score"] <= (1 + TIE) * scored["score"].min()]
    return of[str(near.sort_values(["n_parts", "score"]).index[0])]


def estimate_noise(testbed: pd.DataFrame, grids: dict[str, pd.DataFrame]) -> float:
    """Geometric mean of the residual standard deviation of the log loss over all small series.

    A series is a training set and loss set of the testbed (M of 10 and more), or a grid's data
    set. To two digits.
    """
    small = select_small(testbed)
    fed = small[small["M"] >= 10]
    series = [(runs, column) for _, runs in fed.groupby("dataset") for column in LOSSES]
    series += [(runs, "loss") for grid in grids.values() for runs in select_cheap(grid).values()]
    fits = [
        fit_loss_law(runs["N"], runs["D"], runs[column], objective="log") for runs, column in series
    ]
    return float(f"{np.exp(np.mean([np.log(fit.sigma_hat) for fit in fits])):.2g}")


def first_round() -> list[Candidate]:
    """What the first choice chose from: baselines, single changes, the first family."""
    return [*BASELINES, *SINGLE_CHANGES, *map(member_of_first, first_family())]


def second_round(sigma_0: float) -> list[Candidate]:
    """What the second choice chose from: baselines, single changes, the second family."""
    return [*BASELINES, *SINGLE_CHANGES, *map(member_of_second, second_family(sigma_0))]


def list_candidates(sigma_0: float) -> list[Candidate]:
    """Every candidate of both rounds, once."""
    return list({c.name: c for c in [*first_round(), *second_round(sigma_0)]}.values())


# --- on the shipped data -------------------------------------------------------------------


def load_data() -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Load the testbed and the grids of the protocol, whole; the protocol takes its part."""
    return run_table(), {name: load_grid(name) for name in CHOSEN_FROM}


def tabulate_backtests() -> pd.DataFrame:
    """Run every candidate through every backtest on the shipped data."""
    data = load_data()
    return run_backtests(list_trials(*data), list_candidates(estimate_noise(*data)))


def load_scores(without: str | None = None) -> pd.DataFrame:
    """Score what `tabulate_backtests` stored.

    Parameters
    ----------
    without : str, optional
        A training set, ``"testbed"`` or another grid whose trials do not count.
    """
    backtests = pd.read_csv(data_path("results", "backtests.csv.gz"))
    own = backtests["trial"].str.startswith(f"{without},") | (backtests["grid"] == without)
    return score_backtests(backtests[~own])


def first_choice() -> Settings:
    """The settings that the first round chose."""
    chosen = choose(load_scores(), first_round()).name
    return {settings.name: settings for settings in first_family()}[chosen]


def second_choice(without: str | None = None) -> Belief:
    """The belief that the second round chose; with `without`, the belief it had chosen then.

    Parameters
    ----------
    without : str, optional
        A training set, ``"testbed"`` or another grid whose runs are not read: no backtest of it
        counts in the choice, and no residual of it in the noise.
    """
    testbed, grids = load_data()
    beliefs = {
        member_of_second(belief).name: belief
        for belief in second_family(estimate_noise(testbed, grids))
    }
    members = [member_of_second(belief) for belief in beliefs.values()]
    belief = beliefs[choose(load_scores(without), members).name]
    others = testbed[(testbed["dataset"] != without) & (without != "testbed")]
    other_grids = {name: grid for name, grid in grids.items() if name != without}
    return replace(belief, sigma_0=estimate_noise(others, other_grids))


def tabulate_constants() -> pd.DataFrame:
    """The constants of the second choice, with what they rest on.

    Returns
    -------
    pandas.DataFrame
        One row per constant: its value, unit and rule; ``n_runs`` and ``C``, the number of runs
        that the backtests read and their training compute in FLOPs.
    """
    testbed, grids = load_data()
    read = [select_small(testbed)]
    read += [runs for grid in grids.values() for runs in select_cheap(grid).values()]
    belief = asdict(second_choice())
    return pd.DataFrame(
        {
            "constant": list(belief),
            "value": list(belief.values()),
            "unit": ["1", "log alpha", "log loss", "runs"],
            "rule": [
                "exponent in the middle, by backtests",
                "standard deviation of log alpha between grids, by backtests",
                "geometric mean residual of the small series",
                "degrees of freedom that sigma_0 is worth, set by hand",
            ],
            "n_runs": sum(len(runs) for runs in read),
            "C": float(sum(runs["C"].sum() for runs in read)),
        }
    )
