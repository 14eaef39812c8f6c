"""What do the predictors say of runs that no choice has read? OLMo's targets, and its Pile loss.

What is asked was fixed before any answer of `prior` was seen. Only the Pile is blind: the recipe's
two on C4 were known, too low, and `prior` was known to predict more from 1/20 of the compute.
"""

from __future__ import annotations

from functools import partial

import pandas as pd

from scaling.laws.prior import load_belief
from scaling.studies.predictors.backtests import Task, read_losses
from scaling.studies.predictors.candidates import BASELINES, Candidate, Case, fit_free, fit_tied
from scaling.studies.predictors.extrapolation import FRACTIONS, run_tasks
from scaling.studies.predictors.families import member_of_second
from scaling.testbed.grids import load_grid, select_plain, split_by_compute

OLMO_LOSSES = ["loss", "loss_pile"]


def blind_candidates() -> list[Candidate]:
    """Who takes part: the recipe and two baselines, the free law, the log loss, and `prior`."""
    baselines = [c for c in BASELINES if c.name in ("recipe", "no E", "no change")]
    return [
        *baselines,
        Candidate("free", "an exponent for N and one for D", 1, fit_free),
        Candidate("log", "tied law, log loss", 0, partial(fit_tied, objective="log")),
        member_of_second(load_belief(), "prior"),
    ]


def blind_tasks(table: pd.DataFrame) -> list[Task]:
    """What is asked of the OLMo ladder: its two targets, and its dear runs on the Pile.

    Parameters
    ----------
    table : pandas.DataFrame
        The OLMo ladder, targets and all.
    """
    ladder, targets = select_plain(table), table[table["target"] == 1]
    case = Case(ladder, read_losses(ladder, OLMO_LOSSES))
    tasks = [Task({"known": "ladder"}, case, targets, OLMO_LOSSES)]
    for fraction in FRACTIONS:
        known, asked = split_by_compute(ladder, fraction)
        case = Case(known, read_losses(known, ["loss_pile"]))
        tasks.append(Task({"known": f"1/{1 / fraction:.0f}"}, case, asked, ["loss_pile"]))
    return tasks


def run_blind_test() -> pd.DataFrame:
    """Predict what no choice in this book has read: a row per candidate, known runs, loss and run.

    Returns
    -------
    pandas.DataFrame
        ``known`` is the ladder, or its runs of at most 1/20 or 1/100 of the largest compute;
        ``loss_set`` is ``loss`` (C4) or ``pile``; predicted and actual in nats per token, and the
        signed relative error.
    """
    return run_tasks(blind_tasks(load_grid("olmo_ladder")), blind_candidates())
