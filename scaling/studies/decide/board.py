"""What does the board read? The numbers of `book/board.md` and `book/board_ja.md`, once for both.

Nothing is typed: each number comes from the shipped tables, from the stored results of the chapters
or from a constant that the tool itself goes by. Of the constants the pages say which are our rule
alone: nothing computes the spans of a design, two warm-ups and a residual of 5%.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd

from scaling.costs.price_tables import default_prices
from scaling.decide.candidates import WARMUPS
from scaling.decide.cost_search import USUAL_M
from scaling.forecast.advice import LEAST_M_SPAN, LEAST_N_SPAN
from scaling.forecast.caution import FARTHEST_CHECKED
from scaling.forecast.intervals import LEVEL, load_constants
from scaling.forecast.residuals import MOST_OF_EACH, SOUND_GRIDS
from scaling.forecast.rulers import relative_error
from scaling.laws.repeated import effective_tokens
from scaling.studies.decide.board_evidence import (
    A100_PEAK,
    LARGE,
    LOWER,
    MIDDLE,
    TOKENS_IN,
    TOKENS_OUT,
    WANTED,
    ask_laws,
    compare_hours,
    half_width,
    predict_largest,
    predict_six,
)
from scaling.studies.decide.coverage import find_share as find_coverage
from scaling.studies.decide.promised_gain import find_share
from scaling.studies.recipe import fit_chain
from scaling.studies.results import load_result
from scaling.testbed.labels import DATASETS, ERROR_COLUMN, LOSS_COLUMN
from scaling.testbed.runs import load_tasks, run_table, select_loss_fit, select_targets

EPOCHS = 4.0
CONFIDENCE = 0.95  # of what six of six show
IN_WORDS = dict(enumerate("zero one two three four five six seven eight nine ten".split()))
ENDS = ("", "_lo", "_hi")
UNITS = {"en": (1e9, "B"), "ja": (1e8, "億")}


# --- all numbers ---------------------------------------------------------------------------


def ends(name: str, values: Any) -> dict[str, float]:
    """Least and largest of some values, as ``<name>_lo`` and ``<name>_hi``."""
    return {f"{name}_lo": float(np.min(values)), f"{name}_hi": float(np.max(values))}


def reach(name: str, rows: pd.DataFrame) -> dict[str, float]:
    """How far the bets reach at most, below and above their predictions, as fractions of these."""
    return {
        f"below{name}": (1 - rows["lo"] / rows["loss"]).max(),
        f"above{name}": (rows["hi"] / rows["loss"] - 1).max(),
    }


def _of_six() -> dict[str, Any]:
    six = predict_six()
    shown = six[(six["dataset"] == "redpajama") & (six["size"] == LARGE)].iloc[0]
    farthest = six.sort_values("ratio").iloc[-1]
    # As a share of the promised gain: above 0 where a part of it is missing.
    worse, better, missing = (
        find_share(six["best"], six["loss"], six[end])[1] for end in ("hi", "lo", "measured")
    )
    n_inside = int(six["measured"].between(six["lo"], six["hi"]).sum())
    covered, _ = find_coverage(n_inside, len(six), CONFIDENCE)
    return {
        "n_six": len(six),
        "n_inside": n_inside,
        "n_sets": six["dataset"].nunique(),
        "covered_lo": covered,
        "one_in": covered ** -len(six),
        "confidence": CONFIDENCE,
        **reach("", six),
        **ends("off", (six["loss"] / six["measured"] - 1).abs()),
        **ends("worse", worse),
        **ends("better", -better),
        "missing": max(missing),
        "beyond": farthest["ratio"],
        "beyond_five": farthest["ratio_five"],
        "beyond_M": farthest["M"],
        **{name: shown[name] for name in ("loss", "lo", "hi", "measured")},
    }


def _of_largest() -> dict[str, Any]:
    rows = predict_largest()
    rows["error"] = (rows["loss"] / rows["measured"] - 1).abs()
    rows["held"] = rows["measured"].between(rows["lo"], rows["hi"])
    rows["half"] = half_width(rows)
    keys = {"five": "five", "with the middle": "middle", "all small": "small"}
    with_middle = rows[(rows["runs"] == "with the middle") & (rows["text"] == "c4_eval")]
    by_set = rows.groupby(["runs", "dataset"])[["error", "half"]].mean()
    told: dict[str, Any] = {}
    for name, key in keys.items():
        for what in ("error", "half"):
            told[f"{what}_{key}"] = by_set.loc[name][what].mean()
            told |= ends(f"{what}_{key}", by_set.loc[name][what])
        told[f"held_{key}"] = int(rows.loc[rows["runs"] == name, "held"].sum())
    errors = by_set["error"].unstack("runs")
    on_c4, off_c4 = errors.loc["c4"], rows[rows["dataset"] != "c4"]
    return told | {
        "n_held": int((rows["runs"] == "five").sum()),
        "n_nearer": int((errors["with the middle"] < errors["all small"]).sum()),
        **reach("_middle", with_middle),
        "n_texts": rows["text"].nunique(),
        **ends("small", rows.loc[rows["runs"] == "all small", "n_runs"]),
        **ends("share_small", rows.loc[rows["runs"] == "all small", "share"]),
        "share_six": with_middle["share"].max(),
        "c4_five": on_c4["five"],
        "c4_off_ray": on_c4["off the ray"],
        **ends("share_off_ray", off_c4.loc[off_c4["runs"] == "off the ray", "share"]),
    }


def _of_laws() -> dict[str, Any]:
    laws = ask_laws()
    told: dict[str, Any] = {}
    for name in laws:
        told |= ends(str(name), laws[name])
    least, most = told["saved_money_light_lo"], told["saved_money_heavy_hi"]
    return told | {"saved_money_least": least, "saved_money_most": most}


def _of_paper() -> dict[str, Any]:
    errors: list[float] = []
    of_loss: list[float] = []
    points = []
    for dataset in DATASETS.values():
        table = run_table(dataset)
        chain, targets = fit_chain(table), select_targets(table)
        predicted = chain.predict_error(targets["N"], targets["D"])
        errors.extend(np.abs(relative_error(predicted, targets[ERROR_COLUMN])))
        losses = chain.predict_loss(targets["N"], targets["D"])
        of_loss.extend(np.abs(relative_error(losses, targets[LOSS_COLUMN])))
        law = chain.error_fit.law
        points.append(100 * float(law.predict(WANTED) - law.predict((1 - LOWER) * WANTED)))
    told = {"average": np.mean(errors), **ends("average", errors), **ends("points", points)}
    least = np.ceil(1000 * min(errors)) / 1000
    return told | {"average_least": least, "off_paper": max(of_loss)}


def _of_intervals() -> dict[str, Any]:
    coverage = load_result("interval_coverage").query("method == 'bet'")
    found = {(row["evidence"], row["group"]): row for row in coverage.to_dict("records")}
    random = [found["5 random", group]["plain"] for group in ("other grids", "near text")]
    told: dict[str, Any] = ends("random", random)
    for key, row in {"far": ("1/100", "other grids"), "other": ("five", "other text")}.items():
        told[f"n_{key}"] = int(found[row]["n_predictions"])
        told[f"held_{key}"] = round(found[row]["plain"] * found[row]["n_predictions"])
    return told


def _of_promised() -> dict[str, Any]:
    promised = load_result("promised_gain")
    worst = promised.sort_values("median").iloc[-1]
    return {
        **ends("risk", promised.loc[promised["evidence"] == "five", "nine_in_ten"]),
        **ends("risk_far", promised.loc[promised["evidence"] == "1/100", "nine_in_ten"]),
        "risk_worst": worst["median"],
        "gain_worst": worst["gain"],
    }


def _of_tasks() -> dict[str, Any]:
    calls = load_result("task_verdicts").query("kind == 'target' and verdict == 'predictable'")
    at_large, tasks = calls[calls["step"] == LARGE], load_tasks()
    return {
        "n_tasks": len(tasks),
        "n_average": int(tasks["in_17"].sum()),
        "n_called": calls["task"].nunique(),
        "n_calls": len(calls),
        "calls_right": int((calls["measured"] < calls["no_change"]).sum()),
        "n_calls_large": len(at_large),
        "calls_held": int(at_large["inside"].sum()),
    }


def _of_bills() -> dict[str, Any]:
    table, prices = run_table("redpajama"), default_prices()
    five = select_loss_fit(table)
    middle = table[(table["size"] == MIDDLE) & (table["M"] == USUAL_M)].iloc[0]
    large = table[table["size"] == LARGE].iloc[0]
    flops = {"five": float(five["C"].sum()), "middle": middle["C"], "large": large["C"]}
    told: dict[str, Any] = {}
    for key, value in flops.items():
        cheapest, dearest = prices.extremes
        told |= {
            f"price_{key}": prices.training_money(value),
            f"price_{key}_lo": cheapest.training_money(value),
            f"price_{key}_hi": dearest.training_money(value),
            f"hours_{key}": prices.training_hours(value),
            f"hours_{key}_lo": cheapest.training_hours(value),
            f"hours_{key}_hi": dearest.training_hours(value),
            f"share_{key}": value / flops["large"],
        }
    hours = compare_hours()
    ratio = hours["paper"].sum() / hours["ours"].sum() * A100_PEAK / prices.peak_training
    reported = prices.reported["mfu_training"]
    return told | {
        "hours_paper": hours["paper"].sum(),
        # Over the formula's hours for the same GPU at the same utilisation.
        "paper_times": ratio,
        **ends("paper_times", [ratio * m / prices.mfu_training for m in reported]),
        **ends("price_hour", prices.reported["price_training"]),
        **ends("mfu", reported),
        "price_hour": prices.price_training,
        "price_date": prices.origins["price_training"].date,
        "mfu": prices.mfu_training,
        "N_five": five["N"].max(),
        "N_middle": middle["N"],
        "N_large": large["N"],
    }


def _of_rules() -> dict[str, Any]:
    constants = load_result("interval_constants").set_index("constant")
    without = [constants[f"without_{dataset}"]["most"] for dataset in DATASETS.values()]
    sound = [float(number) / 100 for number in re.findall(r"[\d.]+", SOUND_GRIDS)]
    return {
        "level": LEVEL,
        "most": load_constants().most,
        **ends("allowed", [float(share) for share in without]),
        "residual": MOST_OF_EACH,
        **ends("sound", sound),
        "N_span": LEAST_N_SPAN,
        "M_span": LEAST_M_SPAN,
        "warmups": WARMUPS,
        "farthest": FARTHEST_CHECKED,
        "epochs": EPOCHS,
        "worth": float(effective_tokens(EPOCHS, 1.0)) / EPOCHS,
        "M_usual": USUAL_M,
        "wanted": WANTED,
        "lower": LOWER,
        "served": TOKENS_IN + TOKENS_OUT,
    }


def gather() -> dict[str, Any]:
    """Every number of the two pages, by name; shares are fractions."""
    told = _of_six() | _of_largest() | _of_laws() | _of_paper() | _of_intervals()
    return told | _of_promised() | _of_tasks() | _of_bills() | _of_rules()


# --- as the pages write them ---------------------------------------------------------------

WRITTEN = {
    "{:.0%}": "below above below_middle above_middle worse_lo worse_hi better_lo better_hi "
    "missing share_small_lo share_small_hi share_off_ray_lo share_off_ray_hi covered_lo "
    "confidence random_lo random_hi risk_lo risk_hi risk_far_lo risk_far_hi risk_worst "
    "gain_worst compute_lo compute_hi serving_lo serving_hi saved_lo saved_hi loses_lo "
    "loses_hi saved_money_lo saved_money_hi saved_money_least saved_money_most most "
    "residual worth mfu mfu_lo mfu_hi lower level",
    "{:.1%}": "off_lo off_hi off_paper error_five error_five_lo error_five_hi error_middle "
    "error_middle_lo error_middle_hi error_small error_small_lo error_small_hi half_five "
    "half_five_lo half_five_hi half_middle half_middle_lo half_middle_hi half_small "
    "half_small_lo half_small_hi c4_five c4_off_ray average average_least average_hi "
    "share_five share_middle share_six allowed_lo allowed_hi",
    "{:.2f}": "loss lo hi measured price_hour price_hour_lo price_hour_hi",
    "{:.1f}": "points_lo points_hi wanted paper_times paper_times_lo paper_times_hi",
    "{:.3g}": "N_span M_span warmups farthest epochs M_usual small_lo small_hi beyond "
    "beyond_five beyond_M one_in",
    "{}": "n_six n_inside n_sets n_held n_nearer n_texts held_five held_middle held_small "
    "n_far held_far n_average n_other held_other n_tasks n_called n_calls n_calls_large "
    "calls_held calls_right",
}

COUNTS = ("N_large", "N_middle", "N_five", "served")
SIZES = ("five", "middle", "large")
BILLS = [f"{what}_{size}{end}" for what in ("price", "hours") for size in SIZES for end in ENDS]
BILLS += ["hours_paper"]


def _round(value: float) -> float:
    """To two digits."""
    return float(f"{value:.2g}")


def write_bill(value: float) -> str:
    """Money or hours, to two digits: 10,000."""
    return f"{_round(value):,.0f}"


def write_numbers(language: str = "en") -> dict[str, str]:
    """Every number as the page of a language writes it.

    Parameters
    ----------
    language : {"en", "ja"}
        Decides the unit of large counts, B or 億, and how a month is written.

    Returns
    -------
    dict of str to str
        By the names of `gather`; "in_ten" is the level of the intervals, in cases of ten.
    """
    told = gather()
    unit, sign = UNITS[language]
    words = {
        name: layout.format(told[name])
        for layout, names in WRITTEN.items()
        for name in names.split()
    }
    words |= {name: f"{_round(told[name]) / unit:g}{sign}" for name in COUNTS}
    words |= {name: write_bill(told[name]) for name in BILLS}
    words |= {name: f"{100 * told[name]:g}%" for name in ("sound_lo", "sound_hi")}
    if language == "en":
        words |= {"in_ten": IN_WORDS[round(10 * told["level"])], "price_date": told["price_date"]}
    else:
        year, month = told["price_date"].split("-")
        words |= {"in_ten": f"{10 * told['level']:g}", "price_date": f"{year}年{int(month)}月"}
    return words
