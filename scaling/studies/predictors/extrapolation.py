"""How far do the predictors miss the large runs? The last step, taken once a choice stands.

Signed relative errors ``(predicted - measured) / measured`` at the runs that the choice
(`scaling.studies.predictors.selection`) never read.
"""

from __future__ import annotations

from itertools import product

import pandas as pd

from scaling.forecast.rulers import relative_error
from scaling.studies.predictors.backtests import (
    LOSSES,
    Task,
    add_warmup_tokens,
    load_data,
    make_cases,
)
from scaling.studies.predictors.candidates import BASELINES, SINGLE_CHANGES, Candidate
from scaling.studies.predictors.families import Settings, member_of_first, member_of_second
from scaling.studies.predictors.selection import (
    estimate_noise,
    first_choice,
    first_round,
    list_candidates,
    load_scores,
    second_choice,
)
from scaling.tables.counts import COUNTS
from scaling.testbed.grids import GRIDS, load_grid, select_plain, split_by_compute, split_series
from scaling.testbed.labels import DATASETS
from scaling.testbed.runs import (
    run_table,
    select_large,
    select_loss_fit,
    select_small,
    select_targets,
)

FRACTIONS = (1 / 20, 1 / 100)  # of a grid's largest compute
# The second choice made again without what it predicts.
OTHERS, OTHER_GRIDS = "prior, others' constants", "prior, other grids' constants"


def run_task(task: Task, candidate: Candidate) -> pd.DataFrame:
    """Prediction beside measurement: a row per loss column and run asked for."""
    predicted = candidate.fit(task.case)(task.asked)
    values = {
        "predicted": predicted.ravel(),
        "actual": task.measured.ravel(),
        "relative_error": relative_error(predicted, task.measured).ravel(),
    }
    asked = [task.loss_sets, task.asked["run"].to_list()]
    index = pd.MultiIndex.from_product(asked, names=["loss_set", "run"])
    table = pd.DataFrame(values, index).reset_index()
    return table.assign(candidate=candidate.name, n_fit=len(task.case.runs), **task.keys)


def run_tasks(tasks: list[Task], candidates: list[Candidate]) -> pd.DataFrame:
    """Every candidate on every task; the columns that name a row come first."""
    table = pd.concat(
        [run_task(task, candidate) for candidate in candidates for task in tasks],
        ignore_index=True,
    )
    keys = ["candidate", *tasks[0].keys, "loss_set", "run", "n_fit"]
    return table[[*keys, "predicted", "actual", "relative_error"]]


def testbed_tasks(columns: list[str] = LOSSES, *, six: bool = False) -> list[Task]:
    """Large runs of the testbed from small ones of the same training set.

    Known are the paper's five runs, the small grid of M = 10 and more, or all small runs. Asked
    for are the nine runs of 1.4B and more, or the six targets; on all loss sets, or in `columns`.
    """
    table = run_table()
    small = add_warmup_tokens(select_small(table))
    large = add_warmup_tokens(select_targets(table) if six else select_large(table))
    known = {"five": select_loss_fit(small), "M >= 10": small[small["M"] >= 10], "all": small}
    tasks = []
    for name, runs in known.items():
        by_set = {dataset: runs[runs["dataset"] == dataset] for dataset in DATASETS.values()}
        for dataset, case in make_cases(by_set, columns).items():
            asked = large[large["dataset"] == dataset]
            tasks.append(Task({"fit_runs": name, "dataset": dataset}, case, asked, columns))
    return tasks


def grid_tasks(counts: tuple[str, ...] = COUNTS) -> list[Task]:
    """Dear runs of the other grids from their cheap ones, in each count of parameters."""
    tasks = []
    for name, fraction, count in product(GRIDS, FRACTIONS, counts):
        table = select_plain(load_grid(name))
        if count not in table:
            continue
        series = split_series(table.assign(N=table[count]))
        split = {key: split_by_compute(runs, fraction) for key, runs in series.items()}
        cases = make_cases({key: known for key, (known, _) in split.items()}, ["loss"])
        for key, case in cases.items():
            keys = {"grid": name, "series": key, "count": count}
            keys["fit_share"] = f"1/{1 / fraction:.0f}"
            tasks.append(Task(keys, case, split[key][1], ["loss"]))
    return tasks


def summarise_errors(misses: pd.DataFrame) -> pd.DataFrame:
    """Mean absolute relative error over the judged runs; the series of a grid count alike.

    Parameters
    ----------
    misses : pandas.DataFrame
        The stored result ``grids``.

    Returns
    -------
    pandas.DataFrame
        A row per share of compute, grid and count of N; ``n_fit`` and ``n_judged`` are summed over
        the series of the grid; a column per candidate, fractions.
    """
    by_grid = ["fit_share", "grid", "count"]
    errors = misses.assign(error=misses["relative_error"].abs())
    series = errors.groupby([*by_grid, "series", "candidate"], sort=False).agg(
        error=("error", "mean"), n_fit=("n_fit", "first"), n_judged=("run", "size")
    )
    means = series["error"].groupby([*by_grid, "candidate"], sort=False).mean().unstack()
    one = series.xs(misses["candidate"].iloc[0], level="candidate")
    counts = one[["n_fit", "n_judged"]].groupby(by_grid, sort=False).sum()
    return counts.join(means[misses["candidate"].unique()])


# --- stored tables -------------------------------------------------------------------------


def named_candidates() -> list[Candidate]:
    """Both choices, and the second without its prior, which is least squares on the log loss."""
    log = Settings(float("inf"), 0.0, 1.0, 0.0)
    return [
        member_of_first(log),
        member_of_first(first_choice(), "first choice"),
        member_of_second(second_choice(), "prior"),
    ]


def tabulate_large_runs() -> pd.DataFrame:
    """Predict the large runs of the testbed with every named candidate.

    Returns
    -------
    pandas.DataFrame
        One row per candidate, runs known, training set, loss set and large run. ``prior, others'
        constants`` rests on no run of the training set that it predicts, ``prior, other grids'
        constants`` on no run of the testbed.
    """
    tasks = testbed_tasks()
    tables = [run_tasks(tasks, [*BASELINES, *SINGLE_CHANGES, *named_candidates()])]
    for dataset in DATASETS.values():
        own = [task for task in tasks if task.keys["dataset"] == dataset]
        tables.append(run_tasks(own, [member_of_second(second_choice(dataset), OTHERS)]))
    tables.append(run_tasks(tasks, [member_of_second(second_choice("testbed"), OTHER_GRIDS)]))
    return pd.concat(tables, ignore_index=True)


def tabulate_grids() -> pd.DataFrame:
    """Predict the dear runs of the other grids from their cheap ones.

    Returns
    -------
    pandas.DataFrame
        One row per candidate, grid, series, count of N, share of the largest compute that may be
        fitted (1/20, 1/100), and judged run (within a factor 10 of the largest compute). ``prior,
        others' constants`` rests on no run of the grid that it predicts.
    """
    wanted = ("recipe", "no E", "no change", "free")
    known = [c for c in (*BASELINES, *SINGLE_CHANGES) if c.name in wanted]
    tasks = grid_tasks()
    tables = [run_tasks(tasks, [*known, *named_candidates()])]
    for name in GRIDS:
        own = [task for task in tasks if task.keys["grid"] == name]
        tables.append(run_tasks(own, [member_of_second(second_choice(name), OTHERS)]))
    return pd.concat(tables, ignore_index=True).drop(columns="loss_set")


def tabulate_candidates() -> pd.DataFrame:
    """Put the backtest of every candidate beside its outcome at the large runs.

    Returns
    -------
    pandas.DataFrame
        One row per candidate: its round, its parts, the scores of its backtests, and its mean
        absolute relative errors: at the six targets from five and from all small runs, on C4 eval
        and over all eight loss sets, and over the other grids' dear runs; fractions.
    """
    candidates = list_candidates(estimate_noise(*load_data()))
    first = {candidate.name for candidate in first_round()}
    shared = {candidate.name for candidate in (*BASELINES, *SINGLE_CHANGES)}
    tasks = [task for task in testbed_tasks(six=True) if task.keys["fit_runs"] != "M >= 10"]
    large = run_tasks(tasks, candidates).assign(error=lambda t: t["relative_error"].abs())
    on_c4 = large[large["loss_set"] == "c4_eval"]
    outcome = {
        f"{known}_{name}": rows.loc[rows["fit_runs"] == known].groupby("candidate")["error"].mean()
        for known in ("five", "all")
        for name, rows in (("c4_eval", on_c4), ("all_sets", large))
    }
    grids = summarise_errors(run_tasks(grid_tasks(("N",)), candidates))
    shares = grids.groupby("fit_share").mean().T
    names = [candidate.name for candidate in candidates]
    scores = load_scores().loc[names]
    scores.columns = scores.columns.str.replace(" ", "_")
    table = scores.add_prefix("backtest_").assign(
        n_parts=[candidate.n_parts for candidate in candidates],
        round=["both" if n in shared else "first" if n in first else "second" for n in names],
        **outcome,
        grids_20=shares["1/20"],
        grids_100=shares["1/100"],
    )
    return table.reset_index()
