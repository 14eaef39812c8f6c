"""What is the smallest sound experiment? The numbers of `book/smallest_experiment.md`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from scaling.costs.price_tables import default_prices
from scaling.decide.candidates import LONGEST_M, SHORTEST_M, WARMUPS
from scaling.decide.plan import LEAST_GAIN
from scaling.decide.plan_question import plan
from scaling.forecast.advice import LEAST_M_SPAN, LEAST_N_SPAN
from scaling.forecast.caution import FARTHEST_CHECKED
from scaling.forecast.fitted import fit_table
from scaling.forecast.intervals import LEVEL, load_constants
from scaling.forecast.residuals import MOST_OF_EACH
from scaling.studies.decide.board import CONFIDENCE, IN_WORDS, ends, write_bill
from scaling.studies.decide.board_evidence import compare_hours, predict_six
from scaling.studies.decide.coverage import find_share
from scaling.studies.results import load_result
from scaling.tables.datafiles import data_path
from scaling.testbed.labels import LOSS_COLUMN
from scaling.testbed.runs import load_losses, run_table, select_error_fit, select_loss_fit

POINT = 0.01  # standard error of an error of one half that is small enough


def count_std(n_items: float, error: float = 0.5) -> float:
    """Standard error of an error counted on items: ``sqrt(p (1 - p) / n)``."""
    return float(np.sqrt(error * (1 - error) / n_items))


def measure_half_widths() -> dict[str, float]:
    """Half width of the bet on the C4 run of 6.9B, a fraction, from several tables of runs."""
    table = run_table("c4")
    five, target = select_loss_fit(table), table[table["size"] == "6.9B"]
    tables = {
        "five": five,
        "without_largest": five[five["N"] < five["N"].max()],
        "without_far": five[five["M"] < five["M"].max()],
        "six": select_error_fit(table),
    }
    found = {}
    for name, runs in tables.items():
        fitted, there = fit_table(runs, LOSS_COLUMN), (target["N"], target["D"])
        bet = fitted.find_intervals(*there)
        found[name] = float((bet.hi - bet.lo).item() / 2 / fitted.read(*there)[0].item())
    return found


def _of_text() -> dict[str, Any]:
    losses = load_losses()
    large = losses[losses["run"].str.contains("6.9B")]
    width = ((large["loss_hi"] - large["loss_lo"]) / 2 / large["loss"]).groupby(large["loss_set"])
    tokens = large.groupby("loss_set")["n_tokens"].first()
    sets = ("c4_eval", "openlm_eval")
    return {f"width_{name}": width.mean()[name] for name in sets} | {
        f"tokens_{name}": tokens[name] for name in sets
    }


def _of_seeds() -> dict[str, Any]:
    walks = pd.read_csv(data_path("results", "walks.csv"))
    cells = walks.groupby(["dataset", "N", "D"])["loss"].agg(["size", "std", "mean"])
    cells = cells[cells["size"] > 1]
    scatter = cells["std"] / cells["mean"]
    return {
        "n_cells": len(cells),
        "n_seeds": int(cells["size"].iloc[0]),
        "scatter": scatter.median(),
        "scatter_most": scatter.max(),
    }


def _of_runs() -> dict[str, Any]:
    hours, shipped = compare_hours(), default_prices()
    slower = [shipped.mfu_training / share for share in shipped.reported["mfu_training"]]
    early = load_result("residuals").query("fit_set == 'grid_20' and warmup_share > 1")
    return {
        "hours_ours": hours["ours"].sum(),
        **ends("hours", hours["ours"].sum() * np.array(slower)),
        "hours_paper": hours["paper"].sum(),
        **ends("reached", hours["reached"]),
        **{f"half_{name}": value for name, value in measure_half_widths().items()},
        **ends("early", early["relative_error"].abs()),
        "n_early": len(early),
    }


def _of_rules() -> dict[str, Any]:
    prices, constants = default_prices(), load_constants()
    six = predict_six()
    inside = int(six["measured"].between(six["lo"], six["hi"]).sum())
    covered, _ = find_share(inside, len(six), CONFIDENCE)
    first = plan(None, N="6.9B", M=20, budget="2.4e19", warmup_tokens="50M")
    C = float(first.cells.C.sum())
    cheapest, dearest = prices.extremes
    return {
        "below": (1 - six["lo"] / six["loss"]).max(),
        "above": (six["hi"] / six["loss"] - 1).max(),
        "n_six": len(six),
        "n_inside": inside,
        "covered_lo": covered,
        "one_in": covered ** -len(six),
        "confidence": CONFIDENCE,
        "beyond": six["ratio"].max(),
        "price": prices.training_money(C),
        "price_lo": cheapest.training_money(C),
        "price_hi": dearest.training_money(C),
        "n_runs": len(first.cells.N),
        "mfu": prices.mfu_training,
        **ends("mfu", prices.reported["mfu_training"]),
        "price_hour": prices.price_training,
        **ends("price_hour", prices.reported["price_training"]),
        "price_date": prices.origins["price_training"].date,
        "N_span": LEAST_N_SPAN,
        "M_span": LEAST_M_SPAN,
        "warmups": WARMUPS,
        "least_M": SHORTEST_M,
        "most_M": LONGEST_M,
        "farthest": FARTHEST_CHECKED,
        "most": constants.most,
        "noise": constants.s_0,
        "gain": LEAST_GAIN,
        "residual": MOST_OF_EACH,
        "in_ten": 10 * LEVEL,
        "count_100": 100 * count_std(100),
        "count_1000": 100 * count_std(1000),
        "items": 0.25 / POINT**2,
    }


WRITTEN = {
    "{:.0%}": "below above covered_lo confidence half_five half_without_largest "
    "half_without_far half_six early_lo early_hi reached_lo reached_hi mfu mfu_lo mfu_hi most "
    "residual gain",
    "{:.1%}": "width_c4_eval width_openlm_eval scatter_most noise",
    "{:.2%}": "scatter",
    "{:.3g}": "N_span M_span warmups least_M most_M farthest beyond one_in",
    "{:.2f}": "price_hour price_hour_lo price_hour_hi",
    "{:.1f}": "count_100 count_1000",
    "{:,.0f}": "items",
    "{}": "n_six n_inside n_early n_cells n_seeds price_date",
}

BILLS = "price price_lo price_hi hours_ours hours_lo hours_hi hours_paper".split()


def write_numbers() -> dict[str, str]:
    """Every number as the page writes it, by name."""
    told = _of_runs() | _of_text() | _of_seeds() | _of_rules()
    words = {
        name: layout.format(told[name])
        for layout, names in WRITTEN.items()
        for name in names.split()
    }
    for name in ("tokens_c4_eval", "tokens_openlm_eval"):
        words[name] = f"{float(f'{told[name]:.2g}') / 1e6:g}M"
    words |= {name: write_bill(told[name]) for name in BILLS}
    words["in_ten"] = IN_WORDS[round(told["in_ten"])]
    words["n_runs"] = IN_WORDS[told["n_runs"]].capitalize()
    return words
