"""What came of leaving runs out? The stored tables of the ablations, and the chain without 1.4B."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from scaling.forecast.rulers import relative_error
from scaling.laws.fit import SOUND
from scaling.studies.loss.ablation import (
    DESIGN,
    FITTERS,
    TARGETS,
    fit_designs,
    list_subsets,
    miss_targets,
    sweep_choices,
)
from scaling.studies.recipe import AUTHORS, Recipe, fit_chain, predict_beside_chain
from scaling.testbed.labels import DATASETS, LOSS_COLUMN
from scaling.testbed.runs import run_table, select_large, select_loss_fit, select_small

LIMITS = (0.01, 0.02, 0.05)
TASKS = ("avg17", "arc_easy", "lambada_openai", "openbook_qa", "hellaswag_zeroshot")
WITHOUT_LARGEST = Recipe("without 1.4B", select_loss_fit, select_loss_fit)
TWO_ENDS, FOUR_SIZES = "0.011B+0.411B", "0.011B+0.079B+0.154B+0.411B"


def pair_sizes(designs: pd.DataFrame) -> pd.DataFrame:
    """Pair the designs of the two end sizes with those of all four, by their multipliers.

    Parameters
    ----------
    designs : pandas.DataFrame
        Designs of one law: dataset, sizes, multipliers, worst and compute.

    Returns
    -------
    pandas.DataFrame
        Indexed by dataset and multipliers, where both are there: ``two`` and ``four``, the worst
        misses (fractions); ``ratio``, two over four; ``saved``, the share of the compute that two
        sizes save; ``most_M``, the largest multiplier of the design.
    """
    both = designs[designs["sizes"].isin([TWO_ENDS, FOUR_SIZES])]
    wide = both.pivot(index=["dataset", "multipliers"], columns="sizes").dropna()
    worst, cost = wide["worst"], wide["compute"]
    multipliers = wide.index.get_level_values("multipliers")
    return pd.DataFrame(
        {
            "two": worst[TWO_ENDS],
            "four": worst[FOUR_SIZES],
            "ratio": worst[TWO_ENDS] / worst[FOUR_SIZES],
            "saved": 1 - cost[TWO_ENDS] / cost[FOUR_SIZES],
            "most_M": multipliers.str.extract(r"(\d+)$", expand=False).astype(int),
        }
    )


def move_without(runs: pd.DataFrame, large: pd.DataFrame) -> pd.DataFrame:
    """Leave out one run at a time, and see how far each prediction of the tied law moves.

    Parameters
    ----------
    runs : pandas.DataFrame
        Runs of one training set that the law is fitted to.
    large : pandas.DataFrame
        Its large runs, from `scaling.testbed.runs.select_large`.

    Returns
    -------
    pandas.DataFrame
        One row per run left out: dataset, run, size, M, status of the fit without it, and
        `TARGETS`, predicted without it minus predicted with it, over measured (fractions).
    """
    runs = runs.reset_index(drop=True)
    everything = np.ones((1, len(runs)), dtype=bool)
    whole = miss_targets(fit_designs(runs, everything)[0], large)[TARGETS]
    laws, status = fit_designs(runs, ~np.eye(len(runs), dtype=bool))
    moved = miss_targets(laws, large)[TARGETS] - whole.iloc[0]
    return runs[["dataset", "run", "size", "M"]].assign(status=status).join(moved)


def tabulate_leave_sizes_out() -> pd.DataFrame:
    """Every choice of sizes and multipliers, both laws, three training sets, at each large run.

    Returns
    -------
    pandas.DataFrame
        One row per design and large run: dataset, law, sizes, multipliers, target (its run),
        n_runs, compute (FLOPs of the design), predicted and actual (nats per token),
        relative_error (signed, a fraction), status.
    """
    keys = ["dataset", "law", *DESIGN]
    parts = []
    for law in FITTERS:
        for dataset in DATASETS.values():
            large = select_large(run_table(dataset))
            names = dict(zip(TARGETS, large["run"], strict=True))
            wide = sweep_choices(dataset, law).rename(columns=names)
            part = wide.melt([*keys, "n_runs", "compute", "status"], list(large["run"]), "target")
            part["actual"] = part["target"].map(large.set_index("run")[LOSS_COLUMN])
            parts.append(part)
    table = pd.concat(parts, ignore_index=True).rename(columns={"value": "relative_error"})
    table["predicted"] = table["actual"] * (1 + table["relative_error"])
    order = ["target", "n_runs", "compute", "predicted", "actual", "relative_error", "status"]
    return table[keys + order]


def tabulate_subsets() -> pd.DataFrame:
    """Every choice of five small runs, summed up over those that hold a run.

    Returns
    -------
    pandas.DataFrame
        One row per training set, group of designs and target: dataset, designs (``all``,
        ``without M=5``, ``M=5 at 0.011B only``, or ``with`` and a run), target (one of
        `TARGETS`, or ``worst``), n_designs, n_sound (converged), then of the sound ones the
        median and the 90 % quantile of the absolute relative error, and the shares that stay
        within 1, 2 and 5 %.
    """
    rows = []
    for dataset in DATASETS.values():
        table = run_table(dataset)
        small, designs = select_small(table), list_subsets(len(select_small(table)))
        laws, status = fit_designs(small, designs)
        misses, sound = miss_targets(laws, select_large(table)).abs(), np.isin(status, SOUND)
        short = (small["M"] == 5).to_numpy()
        smallest = (small["size"] == "0.011B").to_numpy()
        in_larger = designs[:, short & ~smallest].any(axis=1)
        in_smallest = designs[:, short & smallest].any(axis=1)
        groups: dict[str, Any] = {
            "all": np.ones(len(designs), dtype=bool),
            "without M=5": ~in_larger & ~in_smallest,
            "M=5 at 0.011B only": in_smallest & ~in_larger,
        } | {f"with {run}": designs[:, i] for i, run in enumerate(small["run"])}
        for name, group in groups.items():
            first = {"dataset": dataset, "designs": name}
            counts = {"n_designs": group.sum(), "n_sound": (group & sound).sum()}
            for target, miss in misses[group & sound].items():
                rows.append(first | {"target": target} | counts | _sum_up(miss))
    return pd.DataFrame(rows)


def _sum_up(miss: pd.Series) -> dict[str, Any]:
    """Middle, upper end, and shares within `LIMITS` of absolute relative errors."""
    within = {f"within_{limit:.0%}": (miss <= limit).mean() for limit in LIMITS}
    return {"median": miss.median(), "quantile_90": miss.quantile(0.9)} | within


def tabulate_without_largest() -> pd.DataFrame:
    """Predict the error at 6.9B with and without the 1.4B run in the fit of the error law.

    Returns
    -------
    pandas.DataFrame
        One row per training set, task and recipe: dataset, task, recipe (``authors`` or ``without
        1.4B``), n_runs and status of the error law, gamma (per nat), predicted and actual
        error (fractions), and signed relative errors: relative_error of the chain, law_alone
        (fed the measured loss), and of the rulers through the same runs, no_change,
        ruler_in_loss (read at the predicted loss) and ruler_in_compute.

    References
    ----------
    Gadre et al., arXiv 2403.08540, Tables 2 and 7.
    """
    rows = [
        _predict_error(table, f"err_{task}", recipe)
        for table in map(run_table, DATASETS.values())
        for task in TASKS
        for recipe in (AUTHORS, WITHOUT_LARGEST)
    ]
    return pd.DataFrame(rows)


def _predict_error(table: pd.DataFrame, task: str, recipe: Recipe) -> dict[str, Any]:
    target = table[table["size"] == "6.9B"].iloc[0]
    fit = fit_chain(table, error_column=task, recipe=recipe).error_fit
    beside = predict_beside_chain(table, task, recipe, lambda runs: runs[runs["size"] == "6.9B"])
    predicted = {
        "relative_error": beside["chain"].item(),
        "law_alone": fit.law.predict(target[LOSS_COLUMN]),
        "no_change": beside["no change"].item(),
        "ruler_in_loss": beside["ruler in loss"].item(),
        "ruler_in_compute": beside["ruler in compute"].item(),
    }
    return {
        "dataset": target["dataset"],
        "task": task.removeprefix("err_"),
        "recipe": recipe.name,
        "n_runs": len(recipe.select_error_fit(table)),
        "status": fit.status,
        "gamma": fit.law.gamma,
        "predicted": predicted["relative_error"],
        "actual": target[task],
    } | {name: float(relative_error(value, target[task])) for name, value in predicted.items()}
