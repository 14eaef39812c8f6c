"""Which predictor is chosen, by small runs alone? The score of the backtests and the rule.

Protocol, fixed before any large run is looked at. The backtests are those of
`scaling.studies.predictors.backtests`, among small and cheap runs. The error of a trial is the mean
absolute relative error over its targets. The score of a candidate is the geometric mean of three
groups' geometric means: C4 eval, the other seven loss sets, the other grids. Chosen is, among the
candidates whose score is within 2 % of the least, the one of fewest parts, and the least score
among those. The choice was made twice; see the log of the book.
"""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import pandas as pd

from scaling.laws.fit import fit_loss_law
from scaling.laws.prior import Belief
from scaling.studies.predictors.backtests import (
    LOSSES,
    Task,
    list_trials,
    load_data,
    select_cheap,
)
from scaling.studies.predictors.candidates import BASELINES, SINGLE_CHANGES, Candidate
from scaling.studies.predictors.families import (
    Settings,
    first_family,
    member_of_first,
    member_of_second,
    second_family,
)
from scaling.tables.datafiles import data_path
from scaling.testbed.runs import select_small

TIE = 0.02
GROUPS = ("c4_eval", "other text", "other grids")


def run_backtests(trials: list[Task], candidates: list[Candidate]) -> pd.DataFrame:
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
            **trial.keys,
            "loss_set": loss_set,
            "n_fit": len(trial.case.runs),
            "n_targets": len(trial.asked),
            "error": np.abs(misses).mean(),
        }
        for candidate in candidates
        for trial in trials
        for loss_set, misses in zip(trial.loss_sets, trial.miss(candidate), strict=True)
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
    fed = select_small(testbed, least_M=10)
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


def count_runs_read() -> dict[str, float]:
    """How many runs the backtests read, and their training compute in FLOPs."""
    testbed, grids = load_data()
    read = [select_small(testbed)]
    read += [runs for grid in grids.values() for runs in select_cheap(grid).values()]
    return {
        "n_runs": sum(len(runs) for runs in read),
        "C": float(sum(runs["C"].sum() for runs in read)),
    }


def tabulate_constants() -> pd.DataFrame:
    """The constants of the second choice, with what they rest on.

    Returns
    -------
    pandas.DataFrame
        One row per constant: its value, unit and rule; ``n_runs`` and ``C``, the number of runs
        that the backtests read and their training compute in FLOPs.
    """
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
            **count_runs_read(),
        }
    )
