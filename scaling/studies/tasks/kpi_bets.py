"""How often did the bets of `scaling kpi` hold on real tasks? Counted on small and on large runs.

Each of the 46 tasks is taken for an own KPI: its error, with its items, and its chance where it has
one. Two replays are of small runs alone; that runs at chance leave the line was chosen by them. The
large runs came after.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Any, NamedTuple

import pandas as pd

from scaling.forecast.fitted import LossForecast, fit_table
from scaling.forecast.intervals import Nodes
from scaling.forecast.kpi import N_NODES, Ends, join_legs, judge_answer, judge_line
from scaling.forecast.kpi_column import Kpi, read_kpi
from scaling.forecast.kpi_terms import read_terms
from scaling.laws.line import Bend, fit_bend
from scaling.testbed.labels import DATASETS
from scaling.testbed.runs import (
    load_tasks,
    run_table,
    select_error_fit,
    select_small,
    select_targets,
)

LOSS = "loss_c4_eval"
FARTHER = 4.0  # times the compute of the cheaper half
RULES = ("as shipped", "chance not given", "no parabola")

Replay = tuple[pd.DataFrame, pd.DataFrame]  # runs known, and runs to bet on


def list_six(small: pd.DataFrame) -> Iterator[Replay]:
    """Two runs of each small size but the largest, for the larger of that one above them all."""
    ratios = small["M"].round()
    largest = small["N"] == small["N"].max()
    for pair in combinations(sorted(ratios.unique()), 2):
        taken = ratios.isin(pair)
        known, later = small[taken & ~largest], small[taken & largest]
        later = later[later["C"] > known["C"].max()]
        if len(later):
            yield known, later


def list_cheaper_half(small: pd.DataFrame) -> Iterator[Replay]:
    """The cheaper half, for the cheapest and the most expensive at least four times as far."""
    middle = small["C"].median()
    later = small[small["C"] >= FARTHER * middle].sort_values("C")
    yield small[small["C"] <= middle], later.iloc[[0, -1]]


def list_large(table: pd.DataFrame) -> Iterator[Replay]:
    """The six runs that the authors' error law is fitted to, for the two targets."""
    yield select_error_fit(table), select_targets(table)


REPLAYS: dict[str, Callable[[pd.DataFrame], Iterator[Replay]]] = {
    "six small runs": lambda table: list_six(select_small(table)),
    "cheaper half": lambda table: list_cheaper_half(select_small(table)),
    "large runs": list_large,
}


class Counts(NamedTuple):
    """What became of the cases: refused, too wide to say anything, bets; and how many held."""

    n_cases: int = 0
    n_refused: int = 0
    n_open: int = 0
    n_open_held: int = 0
    n_bets: int = 0
    n_held: int = 0


def count_bets(known: pd.DataFrame, later: pd.DataFrame, rule: str) -> Counts:
    """Bet on every task of some later runs from those known.

    Parameters
    ----------
    known, later : pandas.DataFrame
        Run tables of the testbed.
    rule : str
        One of `RULES`.
    """
    counts = dict.fromkeys(Counts._fields, 0)
    law = fit_table(known, LOSS)
    kpis = {task: _read_task(known, task, rule) for task in load_tasks().itertuples()}
    for run in later.to_dict("records"):
        told = law.predict(run["N"], run["D"])
        nodes = None if told.doubt else law.find_nodes(run["N"], run["D"], N_NODES)
        for task, kpi in kpis.items():
            counts["n_cases"] += 1
            found = None if nodes is None else _bet(kpi, nodes, told, rule)
            if found is None:
                counts["n_refused"] += 1
                continue
            ends, is_open = found
            held = ends.lo <= run[f"err_{task.task}"] <= ends.hi
            counts["n_open" if is_open else "n_bets"] += 1
            counts["n_open_held" if is_open else "n_held"] += held
    return Counts(**counts)


def _read_task(known: pd.DataFrame, task: Any, rule: str) -> Kpi:
    chance = 1 - task.chance if 0 < task.chance < 1 and rule != "chance not given" else None
    terms = read_terms(f"err_{task.task}", False, "0:1", int(task.n_items), chance)
    return read_kpi(known, LOSS, "N", terms)


def _bet(kpi: Kpi, nodes: Nodes, told: LossForecast, rule: str) -> tuple[Ends, bool] | None:
    """Ends of the bet, and whether it is too wide; None where it is refused before."""
    used, line, doubt = judge_line(kpi)
    if line is None or doubt:
        return None
    bend = fit_bend(used.loss, used.height, line, used.counting)
    if rule == "no parabola":
        straight = 0.0, line.slope * bend.unit, float(line.read(bend.centre))
        bend = Bend(line, bend.centre, bend.unit, straight, False)
    value, legs = join_legs(used, bend, nodes, told)
    return legs.both, judge_answer(used, value, legs.both) is not None


def tabulate_kpi_bets() -> pd.DataFrame:
    """Count bets in every replay, by the shipped rule and by two others.

    Returns
    -------
    pandas.DataFrame
        A row per ``replay``, ``rule`` and ``dataset``: ``n_cases``, of a task and a run;
        ``n_refused``, before there was a bet; ``n_open``, refused since the bet would say nothing,
        and how many of these would have held, ``n_open_held``; ``n_bets``, ``n_held``.
    """
    rows = []
    for replay, list_runs in REPLAYS.items():
        for rule in RULES:
            for dataset in DATASETS.values():
                counts = [count_bets(*runs, rule) for runs in list_runs(run_table(dataset))]
                summed = Counts(*map(sum, zip(*counts, strict=True)))
                names = {"replay": replay, "rule": rule, "dataset": dataset}
                rows.append(names | summed._asdict())
    return pd.DataFrame(rows)


def share_held(table: pd.DataFrame, replay: str, rule: str = RULES[0]) -> tuple[int, int]:
    """Bets of a replay that held, and all of them, over the training sets."""
    rows = table[(table["replay"] == replay) & (table["rule"] == rule)]
    return int(rows["n_held"].sum()), int(rows["n_bets"].sum())
