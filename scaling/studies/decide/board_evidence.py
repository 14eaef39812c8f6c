"""What do the pages for the board rest on? Six predictions, three tables of runs, two laws.

The numbers that they print: `scaling.studies.decide.board`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from scaling.costs.compute import training_flops
from scaling.costs.money import Prices
from scaling.costs.price_tables import default_prices
from scaling.decide.cost_answers import Costing
from scaling.decide.cost_question import cost
from scaling.decide.cost_search import USUAL_M
from scaling.figures.style import DATASET_LABELS
from scaling.forecast.fitted import fit_table
from scaling.studies.decide.forecasts import NEAR_TEXT
from scaling.studies.decide.savings import spread_over_laws
from scaling.testbed.labels import DATASETS, LOSS_COLUMN
from scaling.testbed.runs import (
    run_table,
    select_error_fit,
    select_loss_fit,
    select_small,
    select_targets,
)

LARGE, MIDDLE = "6.9B", "1.4B"
WANTED, TOKENS_IN, TOKENS_OUT = 2.4, 2e9, 5e8  # nats per token, a day: as in chapter 13
LOWER = 0.01  # of the loss: what this is worth
LAWS = ("prior", "tied")
OF_SERVING = ("mfu_training", "mfu_in", "mfu_out")  # what its share of a bill hangs on
# Gadre et al., arXiv 2403.08540, Table 3: hours on an A100 at M = 20.
PAPER_HOURS = {"0.011B": 0.3, "0.079B": 5.0, "0.154B": 12.0, "0.411B": 75.0}
A100_PEAK = 312e12  # FLOP/s, BF16 without sparsity: its data sheet


# --- the six headline predictions ----------------------------------------------------------


def predict_six() -> pd.DataFrame:
    """Both large runs of each training set from the paper's five, with both intervals.

    Returns
    -------
    pandas.DataFrame
        A row per run: dataset, size, M, measured, ``best``, the lowest loss of the five, and
        ``ratio`` and ``ratio_five``, its compute over the largest of theirs and over all five;
        and what `scaling.forecast.fitted.FittedTable.predict` gives.
    """
    rows = []
    for dataset in DATASETS.values():
        table = run_table(dataset)
        five = select_loss_fit(table)
        fitted = fit_table(five, LOSS_COLUMN)
        for run in select_targets(table).to_dict("records"):
            told = fitted.predict(run["N"], run["D"])._asdict()
            named = {name: run[name] for name in ("dataset", "size", "M")}
            measured = {"measured": run[LOSS_COLUMN], "best": five[LOSS_COLUMN].min()}
            ratio = {
                "ratio": run["C"] / five["C"].max(),
                "ratio_five": run["C"] / five["C"].sum(),
            }
            rows.append(named | measured | ratio | told)
    return pd.DataFrame(rows)


def label_six(six: pd.DataFrame) -> pd.DataFrame:
    """Add the labels of a figure, as ``C4, 1.4B, M = 80``."""
    names = six["dataset"].map(DATASET_LABELS)
    M = six["M"].map("{:g}".format)
    return six.assign(label=names + ", " + six["size"] + ", M = " + M)


def predict_largest() -> pd.DataFrame:
    """The 6.9B run of each training set on five texts, from four tables of smaller runs.

    Returns
    -------
    pandas.DataFrame
        A row per table ("five"; "with the middle", a 1.4B run of the target's M; "off the ray",
        the over-trained 1.4B run in its place; "all small"), training set and text: n_runs,
        ``share``, their compute over that of the run; measured, loss, lo and hi, nats per token.
    """
    rows = []
    for dataset in DATASETS.values():
        table = run_table(dataset)
        run = table[table["size"] == LARGE].iloc[0]
        five, middle = select_loss_fit(table), table[table["size"] == MIDDLE]
        tables = {
            "five": five,
            "with the middle": select_error_fit(table),
            "off the ray": pd.concat([five, middle[middle["M"] > run["M"]]]),
            "all small": select_small(table, least_M=10),
        }
        for name, runs in tables.items():
            for text in NEAR_TEXT:
                column = f"loss_{text}"
                told = fit_table(runs, column).predict(run["N"], run["D"])
                known = {"runs": name, "dataset": dataset, "text": text, "n_runs": len(runs)}
                known["share"] = runs["C"].sum() / run["C"]
                ends = {"loss": told.loss, "lo": told.lo, "hi": told.hi}
                rows.append(known | {"measured": run[column]} | ends)
    return pd.DataFrame(rows)


def half_width(rows: pd.DataFrame) -> pd.Series:
    """Half width of the interval to bet on, a fraction of the predicted loss."""
    return (rows["hi"] - rows["lo"]) / 2 / rows["loss"]


# --- what runs cost, by the formula and as reported ----------------------------------------


def compare_hours() -> pd.DataFrame:
    """Hours of the paper's five by our prices, and as the paper has them, a row per run.

    Returns
    -------
    pandas.DataFrame
        N, M, ``ours`` (H100 hours at the shipped utilisation), ``paper`` (A100 hours; longer runs
        in proportion to M) and ``reached``, the share of an A100's peak that these amount to.
    """
    runs = select_loss_fit(run_table("redpajama")).sort_values(["N", "D"], ignore_index=True)
    C = training_flops(runs["N"], runs["D"])
    hours = runs["size"].map(PAPER_HOURS) * runs["M"] / 20
    return pd.DataFrame(
        {
            "N": runs["N"],
            "M": runs["M"],
            "ours": [default_prices().training_hours(each) for each in C],
            "paper": hours,
            "reached": C / (3600 * hours * A100_PEAK),
        }
    )


# --- what a loss is worth, and what serving changes ----------------------------------------


def compute_of_lower_loss(law: Any, N: float, D: float) -> float:
    """Share by which compute grows for a loss lower by `LOWER`, along one M, at a model."""
    factors = np.geomspace(1.0, 10.0, 2001)
    losses = law.predict(N * np.sqrt(factors), D * np.sqrt(factors))
    return float(np.interp(-(1 - LOWER) * losses[0], -losses, factors) - 1)


def share_of_serving(law: Any, M: float) -> float:
    """Share of all FLOPs that serving takes where a model of M is the cheapest of its loss.

    By a law of one exponent ``1 - (B / A) M^-alpha``, from ``A N^-alpha / (B D^-alpha) =
    1 + T / (3 D)`` and ``2 N T / (6 N D + 2 N T)``; N cancels.
    """
    return float(1 - law.B / law.A * M**-law.alpha)


def serve_at_extremes() -> tuple[Prices, Prices]:
    """Prices at which serving weighs least and most beside training, of utilisations reported.

    An hour costs the same in training and in serving, so what it costs cancels.
    """
    shipped = default_prices()
    training, read, written = (shipped.reported[name] for name in OF_SERVING)
    light = training.least, read.most, written.most
    heavy = training.most, read.least, written.least
    lightest, heaviest = (
        shipped.change("reported", **dict(zip(OF_SERVING, ends, strict=True)))
        for ends in (light, heavy)
    )
    return lightest, heaviest


def saved_money(answer: Costing) -> float:
    """Share of the bill that the model of least money saves against 20 tokens per parameter."""
    money = answer.to_frame().set_index("choice")["money"]
    return float(1 - money["least money"] / money["M = 20"])


def ask_laws() -> pd.DataFrame:
    """What both laws of each training set say of compute and serving: a row per set and law."""
    rows = []
    for dataset in DATASETS.values():
        table = run_table(dataset)
        five, run = select_loss_fit(table), table[table["size"] == LARGE].iloc[0]
        for name in LAWS:
            asked: Any = {"tokens_in": TOKENS_IN, "tokens_out": TOKENS_OUT, "loss": WANTED}
            asked |= {"loss_set": LOSS_COLUMN, "law": name}
            law = fit_table(five, LOSS_COLUMN, law=name).fit.law
            answer = cost(five, **asked)
            flops = answer.to_frame().set_index("choice")["flops"]
            light, heavy = (cost(five, **asked, prices=each) for each in serve_at_extremes())
            rows.append(
                {
                    "compute": compute_of_lower_loss(law, run["N"], run["D"]),
                    "serving": share_of_serving(law, USUAL_M),
                    "saved": 1 - flops["least total FLOPs"] / flops["M = 20"],
                    "loses": float((spread_over_laws(answer).saved_if_fixed < 0).mean()),
                    "saved_money": saved_money(answer),
                    "saved_money_light": saved_money(light),
                    "saved_money_heavy": saved_money(heavy),
                }
            )
    return pd.DataFrame(rows)
