"""How is an answer told in a terminal? Results of the commands, in words."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from scaling.forecast.backtest import count_nearest, sum_up
from scaling.forecast.fitted import LossForecast
from scaling.forecast.residuals import (
    NAMED,
    SOUND_GRIDS,
    percent,
    residual_share,
    residual_std,
)
from scaling.laws.fit import SOUND, Fit
from scaling.laws.power import PowerLaw
from scaling.laws.registry import LawChoice

LISTED = 20  # training sets, in a text
MOST_DECIMALS, LARGEST_SPELLED = 6, 1e9  # of the ends of an interval
BASELINES = """\
Each size is predicted from the smaller ones alone. Baselines: last run, the loss of the smaller run
of most compute; two-point line, in log loss over log compute through that run and one before it."""


def align(rows: list[list[str]], n_left: int = 0) -> list[str]:
    """Put rows under each other, a line each, all but the first `n_left` columns to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [
            cell.ljust(width) if i < n_left else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return lines


def flops_in_words(flops: float, digits: int = 3) -> str:
    """Write FLOPs as 1.11e18, without a unit."""
    return f"{flops:.{digits}g}".replace("e+", "e")


def number_in_words(value: float) -> str:
    """Write three digits, and no power of ten below a million."""
    return f"{float(f'{value:.3g}'):,g}".replace("e+0", "e").replace("e+", "e")


def soundness_in_words(n_runs: int, odd: list[str]) -> str:
    """Say whether a table is sound, or which of its runs look odd."""
    runs = f"{n_runs} run{'s' * (n_runs != 1)}"
    if not odd:
        return f"{runs}, sound"
    if len(odd) == n_runs:
        return f"readable, {n_runs} of {runs} look{'s' * (n_runs == 1)} odd"
    names = ", ".join(odd[:NAMED] + ["…"] * (len(odd) > NAMED))
    return f"readable, {len(odd)} of {runs} look{'s' * (len(odd) == 1)} odd: {names}"


def rest_in_words(
    series: list[dict[str, Any]], rest: list[dict[str, Any]], n_odd: int
) -> list[str]:
    """Say whether what runs are enough for hangs on those that look odd: a line, or none.

    Parameters
    ----------
    series, rest : list of dict
        From `scaling.forecast.advice.find_uses`, of all runs and of those without a flag.
    n_odd : int
        How many have one.
    """
    if not n_odd or not rest:
        return []
    left = {own["dataset"]: own["enough_for"] for own in rest}
    all_the_same = all(left.get(own["dataset"]) == own["enough_for"] for own in series)
    holds = "holds without" if all_the_same else "waits for"
    which, them = ("the odd run", "it") if n_odd == 1 else ("the odd runs", "them")
    return [f"that {holds} {which}; `scaling predict --without-flagged` leaves {them} out"]


def unused_in_words(names: list[str]) -> list[str]:
    """Name the columns of numbers that no law reads, and the command that predicts one: a line."""
    if not names:
        return []
    listed = ", ".join(names[:NAMED]) + f" and {len(names) - NAMED} more" * (len(names) > NAMED)
    return [f"not used here: {listed}; scaling kpi RUNS --kpi COLUMN predicts what was measured"]


def uses_in_words(series: list[dict[str, Any]]) -> list[str]:
    """Say what the runs of each training set are enough for, a line each.

    Parameters
    ----------
    series : list of dict
        From `scaling.forecast.advice.find_uses`.

    Returns
    -------
    list of str
        At most `LISTED` of them, and how many more there are.
    """
    lines = []
    for own in series[:LISTED]:
        uses = f"enough for {', '.join(own['enough_for'])}"
        if not own["enough_for"]:
            uses = "too few to fit: a law needs 4 runs that differ in N or D"
        elif "backtest" not in own["enough_for"]:
            uses += "; backtest needs 4 such runs below the largest size"
        name = "" if own["dataset"] is None else f"{own['dataset']}, {own['n_runs']} runs: "
        lines.append(name + uses)
    more = len(series) - LISTED
    return lines + [f"and {more} more training sets"] * (more > 0)


def residual_in_words(fit: Fit, losses: pd.Series) -> str:
    """Give the residual standard deviation of a fit, beside sound grids, and its freedom."""
    if fit.dof > 0:
        freedom = f"{fit.dof} degree{'s' * (fit.dof != 1)} of freedom"
        share = f"{percent(residual_share(fit, losses))} of the loss ({SOUND_GRIDS})"
        return f"standard deviation {residual_std(fit):.3g} nats, {share}, {freedom}"
    return "no degree of freedom"


def ends_in_words(lo: float, hi: float) -> str:
    """Give the ends of an interval to two digits of its width."""
    largest, width = max(abs(lo), abs(hi)), hi - lo
    decimals = 1 - math.floor(math.log10(width)) if 0 < width < math.inf else 4
    if decimals > MOST_DECIMALS or not largest < LARGEST_SPELLED:
        return f"{lo:.3g} to {hi:.3g}"
    return " to ".join(f"{round(end, decimals):.{max(decimals, 0)}f}" for end in (lo, hi))


def coefficients_in_words(
    coefficients: dict[str, dict[str, float | None]], level: float
) -> list[str]:
    """Give each coefficient with its interval, a line each, and say what the intervals are.

    Parameters
    ----------
    coefficients : dict of dict
        By name: value, lo and hi, None without an interval.
    level : float
        Of the intervals.
    """
    lines = []
    for name, entry in coefficients.items():
        lo, hi = entry["lo"], entry["hi"]
        line = f"{name:6} {entry['value']:.6g}"
        if lo is not None and hi is not None and lo < hi:
            line = f"{line:18} ({ends_in_words(lo, hi)})"
        lines.append(line)
    if any(line.endswith(")") for line in lines):
        lines.append(f"in brackets: {level_in_words(level)} intervals, if the law holds")
    return lines


def intervals_in_words(told: LossForecast, level: float) -> list[str]:
    """Name both intervals of a predicted loss: two lines, or none where it is not to be used."""
    if told.lo is None or told.hi is None or told.law_lo is None or told.law_hi is None:
        return []
    law, bet = ends_in_words(told.law_lo, told.law_hi), ends_in_words(told.lo, told.hi)
    down, up = (100 * (end / told.loss - 1) for end in (told.lo, told.hi))
    return [
        f"to bet on: {bet} ({level_in_words(level)}; {down:+.0f}% to {up:+.0f}%)",
        f"if the law holds: {law}",
    ]


def level_in_words(level: float) -> str:
    """Write the level of an interval in per cent."""
    return f"{100 * level:.12g}%"


def spread_in_words(spread: float, dof: int) -> list[str]:
    """Say how far apart runs of one N and D lie: one line, or none where there are none."""
    if dof == 0:
        return []
    freedom = f"{dof} degree{'s' * (dof != 1)} of freedom"
    return [f"runs of one N and D: standard deviation {100 * spread:.2g}% of the loss, {freedom}"]


def prior_in_words(prior: dict[str, float] | None) -> list[str]:
    """Say what is believed of the exponent, and how noisy the runs are: one line, or none."""
    if not prior:
        return []
    middle, factor = f"{prior['alpha_0']:g}", f"{math.exp(prior['tau']):.2f}"
    noise = f"noise of the log loss {prior['sigma']:.3g}"
    return [f"prior on alpha: {middle}, within a factor of {factor}; {noise}"]


def formula_of(law: PowerLaw) -> str:
    """How a power of one variable reads."""
    return f"E + A {law.variable}^-alpha"


def backtest_in_words(held_out: pd.DataFrame, level: float) -> str:
    """Tell a backtest: a line for each run held out, the errors, and what was nearest how often.

    Parameters
    ----------
    held_out : pandas.DataFrame
        From `scaling.forecast.backtest.run_backtest`.
    level : float
        Of its intervals.
    """
    to_bet_on = f"{level_in_words(level)} interval"
    columns = ["run", "N", "D", "n_sizes", "n_runs", "predicted", to_bet_on, "actual", "inside"]
    columns += ["error", "status"]
    table = held_out.copy()
    ends = zip(table["lo"], table["hi"], strict=True)
    table[to_bet_on] = ["" if lo != lo else ends_in_words(lo, hi) for lo, hi in ends]
    table["inside"] = table["inside"].map({True: "yes", False: "no"}).fillna("")
    table["error"] = [f"{100 * value:+.3g}%" for value in table["relative_error"]]
    lines = [table[columns].to_string(index=False, float_format="{:.5g}".format)]
    sound = held_out[held_out["status"].isin(SOUND)]
    if 0 < len(sound) < len(held_out):
        lines.append(f"{len(sound)} runs predicted by a sound fit: {_errors_in_words(sound)}")
    which = f"all {len(held_out)} runs" if len(held_out) > 1 else "the one run"
    lines.append(f"{which} held out: {_errors_in_words(held_out)}")
    lines += [_nearest_in_words(held_out), _inside_in_words(held_out["inside"], level)]
    return "\n".join(lines)


def _inside_in_words(inside: pd.Series, level: float) -> str:
    """Say how many runs lie where one would have bet, and how many predictions are no bet."""
    n_runs, n_inside, n_none = int(inside.count()), int(inside.sum()), int(inside.isna().sum())
    none = f"{n_none} prediction{'s' * (n_none > 1)} not to be used, without an interval"
    if n_runs == 0:
        return none
    lie = "lies in its" if n_inside == 1 else "lie in their"
    told = f"{n_inside} of {n_runs} {lie} interval to bet on ({level_in_words(level)})"
    return told + f"; {none}" * (n_none > 0)


def _errors_in_words(held_out: pd.DataFrame) -> str:
    law, no_change, line = (
        f"mean error {100 * mean:.3g}%, largest {100 * most:.3g}%"
        for mean, most in sum_up(held_out).itertuples(index=False)
    )
    return f"{law} (last run: {no_change}; two-point line: {line})"


def _nearest_in_words(held_out: pd.DataFrame) -> str:
    """Say in how many runs held out each of the three was nearest."""
    law, no_change, line = count_nearest(held_out)
    n_runs = len(held_out)
    of = f"of {n_runs} runs" if n_runs > 1 else "of the one run"
    ties = ", ties counted for each" * (law + no_change + line > n_runs)
    baselines = f"last run in {no_change}, two-point line in {line}"
    return f"nearest: law in {law}, {baselines} {of} held out{ties}"


def not_judged_in_words(sizes: list[float], N: str, law: LawChoice) -> list[str]:
    """Name the sizes with too few runs below them: one line, or none without such sizes."""
    if not sizes:
        return []
    below = f"fewer than {law.n_parameters} runs that differ in {N} or D below"
    return [f"not judged, with {below}: {N} = {', '.join(f'{size:.4g}' for size in sizes)}"]
