"""How much is a bet to allow for what no residual shows? Forms of it, and the rule that chooses.

Protocol. Only the small runs of `scaling.studies.predictors.backtests` are read.

1. The noise s_0 is the root mean square residual of the paper's five-run designs; it is worth one
   degree of freedom, by hand.
2. Every form has one constant: the least of its steps with which the bet at 90 % holds at least
   90 % of the backtests' runs, both on text near the training text of the testbed and on the other
   grids. A series (one backtest on one loss set) counts like any other.
3. The score of a form is the mean over seven units (three training sets, four grids) of the log of
   the interval score on the log loss. In a unit series count alike; a training set has two parts
   that count alike, text near its own and other text.
4. Chosen is a form that falls to nothing at a run that was trained, so that a run nearer the target
   is worth something; among those within two standard errors of the least score (of the paired
   difference over units) the narrowest at the targets of the paper's five-run designs. Of a target
   its parameters and tokens are read, and no loss.

The rule was written after results at large runs were known, and its fourth point twice: with one
standard error, and without the first condition, an upward shift of the centre was chosen, and
without that a limit of 10 % by a hair (see the log of the book). What a form did at large runs is
told beside (``afterwards_``) and does not enter.

References
----------
Gneiting and Raftery, J. Am. Stat. Assoc. 102 (2007), Eq. 43: the interval score.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from scaling.forecast.intervals import LEVEL, NORMAL_HALF_WIDTH, IntervalConstants
from scaling.laws.prior import Belief
from scaling.studies.decide.forecasts import GROUPS, NU, estimate_s_0, forecast
from scaling.studies.predictors.backtests import list_trials, load_data
from scaling.studies.predictors.candidates import Array
from scaling.studies.predictors.extrapolation import grid_tasks, testbed_tasks
from scaling.studies.predictors.selection import count_runs_read, second_choice
from scaling.tables.datafiles import data_path
from scaling.testbed.labels import DATASETS

CALIBRATED_ON = ("near text", "other grids")
MOST_STEPS = 20_000
NEAR = 2.0  # standard errors
ROUNDING = 1e-9  # of a share of runs

# --- forms ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Form:
    """A form of the allowance.

    Parameters
    ----------
    name : str
        Its name.
    allow : callable
        Half width of a 90 % interval, relative, from forecasts and the constant.
    unit : str
        What the constant counts in.
    step : float
        Of the constant.
    reach : float or None
        That of `scaling.forecast.intervals.IntervalConstants`, if it is of that form.
    vanishes : bool
        Whether it is nothing at a run that was trained.
    shift : float
        Relative, of the whole interval.
    """

    name: str
    allow: Callable[[pd.DataFrame, float], ArrayLike]
    unit: str = "fraction of the loss"
    step: float = 0.001
    reach: float | None = None
    vanishes: bool = False
    shift: float = 0.0

    def find_ends(self, forecasts: pd.DataFrame, constant: float) -> tuple[Array, Array]:
        """Ends of the bet, log of the loss over the median."""
        allowance = np.asarray(self.allow(forecasts, constant), dtype=float)
        down, up = (np.hypot(forecasts[side].to_numpy(), allowance) for side in ("down", "up"))
        return np.log1p(self.shift) - down, np.log1p(self.shift) + up

    def holds(self, forecasts: pd.DataFrame, constant: float) -> pd.Series:
        """Whether the bet holds the loss measured: 0 or 1, NaN without a constant."""
        lo, hi = self.find_ends(forecasts, constant)
        error = forecasts["error"].to_numpy()
        inside = np.where(np.isnan(lo), np.nan, (lo <= error) & (error <= hi))
        return pd.Series(inside, forecasts.index)


def _cap(reach: float) -> Form:
    def allow(forecasts: pd.DataFrame, c: float) -> ArrayLike:
        return IntervalConstants(np.nan, NU, c, reach).allow(forecasts["change"])

    return Form(f"change, capped at {reach:g}", allow, reach=reach, vanishes=True)


def _pool(forecasts: pd.DataFrame, c: float) -> ArrayLike:
    """The constant, and the table's own error where it has one, as if each were one error."""
    own = np.hypot(c, NORMAL_HALF_WIDTH * forecasts["own"]) / np.sqrt(2)
    return own.where(forecasts["own"].notna(), c)


FORMS = (
    Form("constant", lambda f, c: c),
    Form("change", lambda f, c: c * f["change"], "share of the change", vanishes=True),
    *map(_cap, (0.05, 0.1, 0.2)),
    Form("root of the change", lambda f, c: c * np.sqrt(f["change"]), "root", vanishes=True),
    Form("fall", lambda f, c: c * f["fall"], "share of the log fall"),
    Form("constant, growing", lambda f, c: c * (1 + f["distance"] / 10)),
    Form("noise", lambda f, c: c * f["noise"], "residuals", 0.01),
    Form("spread", lambda f, c: c * f["spread"] * f["change"], "share", 0.01, vanishes=True),
    Form("own backtest", _pool),
    Form("constant, 1 % lower", lambda f, c: c, shift=-0.01),
    Form("constant, 1 % higher", lambda f, c: c, shift=0.01),
)


# --- the rule ------------------------------------------------------------------------------


def cover(inside: pd.Series, forecasts: pd.DataFrame) -> pd.Series:
    """Share of runs inside, by group; series count alike."""
    series = inside.groupby([forecasts["group"], forecasts["series"]]).mean()
    return series.groupby("group").mean()


def calibrate(form: Form, forecasts: pd.DataFrame) -> float:
    """The least constant of a form with which the bet holds often enough, by rule 2; NaN: none."""
    groups = forecasts[forecasts["group"].isin(CALIBRATED_ON)]

    def is_enough(n_steps: int) -> bool:
        shares = cover(form.holds(groups, n_steps * form.step), groups)
        return bool((shares >= LEVEL - ROUNDING).all())

    n_steps = bisect_left(range(MOST_STEPS), True, key=is_enough)
    return round(n_steps * form.step, 6) if n_steps < MOST_STEPS else np.nan


def score_interval(error: ArrayLike, lo: ArrayLike, hi: ArrayLike) -> Array:
    """Interval score: the width, and 2 / (1 - 0.9) times what an error lies outside."""
    error, lo, hi = (np.asarray(a, dtype=float) for a in (error, lo, hi))
    outside = np.maximum(lo - error, 0.0) + np.maximum(error - hi, 0.0)
    return np.asarray(hi - lo + 2 / (1 - LEVEL) * outside)


def score(form: Form, constant: float, forecasts: pd.DataFrame) -> pd.Series:
    """Log of the interval score, by unit, by rule 3."""
    scores = score_interval(forecasts["error"], *form.find_ends(forecasts, constant))
    keys = ["unit", "group", "series"]
    table = forecasts[keys].assign(score=scores)
    parts = table.groupby(keys)["score"].mean().groupby(keys[:2]).mean()
    return np.log(parts).groupby("unit").mean()


def find_half_width(form: Form, constant: float, forecasts: pd.DataFrame) -> float:
    """Median half width of the bet, log of the loss."""
    lo, hi = form.find_ends(forecasts, constant)
    return float(np.median((hi - lo) / 2))


def choose_form(candidates: pd.DataFrame) -> str:
    """Choose a form by rule 4, from what `compare_forms` gives."""
    usable = candidates[candidates["vanishes"] == 1]
    near = usable[usable["behind"] <= NEAR * usable["behind_std"]]
    return str(near.sort_values("half_width_five_runs", kind="stable")["form"].iloc[0])


def compare_forms(small: pd.DataFrame, five: pd.DataFrame) -> pd.DataFrame:
    """Calibrate and score every form, and choose one.

    Parameters
    ----------
    small : pandas.DataFrame
        Forecasts among small runs, from `forecast`.
    five : pandas.DataFrame
        Those of the five-run designs; their errors are not read.

    Returns
    -------
    pandas.DataFrame
        A row per form, its score the difference to the least of those that vanish, with its
        standard error.
    """
    constants = {form.name: calibrate(form, small) for form in FORMS}
    scores = pd.DataFrame({form.name: score(form, constants[form.name], small) for form in FORMS})
    usable = scores[[form.name for form in FORMS if form.vanishes]]
    behind = scores.sub(usable[usable.mean().idxmin()], axis=0)
    rows = []
    for form in FORMS:
        constant = constants[form.name]
        shares = cover(form.holds(small, constant), small)
        rows.append(
            {
                "form": form.name,
                "constant": constant,
                "unit": form.unit,
                "vanishes": int(form.vanishes),
                "shift": form.shift,
                **{f"holds_{group.replace(' ', '_')}": shares[group] for group in GROUPS},
                "score": np.exp(scores[form.name].mean()),
                "behind": behind[form.name].mean(),
                "behind_std": behind[form.name].std() / np.sqrt(len(behind)),
                "half_width_small_runs": find_half_width(form, constant, small),
                "half_width_five_runs": find_half_width(form, constant, five),
            }
        )
    table = pd.DataFrame(rows)
    return table.assign(chosen=(table["form"] == choose_form(table)).astype(int))


# --- on the shipped data -------------------------------------------------------------------


def tabulate_interval_candidates() -> pd.DataFrame:
    """Compare the forms, and put beside each what it did at the large runs.

    Returns
    -------
    pandas.DataFrame
        A row per form, as `compare_forms` says; ``afterwards_five_runs``, share of the 48 large
        runs that the bet holds from five runs; ``afterwards_grids_20`` and ``_100``, mean share
        over the series of the other grids, from at most 1/20 and 1/100 of the largest compute. NaN
        where no constant holds enough.
    """
    testbed, grids = load_data()
    prior, s_0 = second_choice(), estimate_s_0(testbed)
    five = [task for task in testbed_tasks(six=True) if task.keys["fit_runs"] == "five"]
    large = {"five_runs": forecast(five, prior, s_0)}
    table = compare_forms(forecast(list_trials(testbed, grids), prior, s_0), large["five_runs"])
    for share in ("1/20", "1/100"):
        tasks = [task for task in grid_tasks(("N",)) if task.keys["fit_share"] == share]
        large[f"grids_{share.removeprefix('1/')}"] = forecast(tasks, prior, s_0)
    pairs = list(zip(FORMS, table["constant"], strict=True))
    for name, rows in large.items():
        held = [form.holds(rows, float(c)).groupby(rows["series"]).mean() for form, c in pairs]
        table[f"afterwards_{name}"] = [series.mean() for series in held]
    return table


def chosen_form() -> Form:
    """The form that the stored comparison chooses; its reach is that of `IntervalConstants`."""
    table = pd.read_csv(data_path("results", "interval_candidates.csv"))
    (form,) = (form for form in FORMS if form.name == choose_form(table))
    if form.reach is None:
        raise ValueError(f"the choice must be a share of the change up to a limit, got {form.name}")
    return form


def find_constants(form: Form, without: str | None = None) -> IntervalConstants:
    """Constants of a form, chosen with no run of a training set where one is named."""
    testbed, grids = load_data()
    kept = testbed[testbed["dataset"] != without]
    s_0 = estimate_s_0(kept)
    small = forecast(list_trials(kept, grids), second_choice(without), s_0)
    return IntervalConstants(s_0, NU, calibrate(form, small), float(form.reach or 0))


def tabulate_interval_constants() -> pd.DataFrame:
    """The constants of the bet, with what they rest on.

    Returns
    -------
    pandas.DataFrame
        One row per constant: its value, unit and rule; what it would be with no run of a training
        set; ``n_runs`` and ``C``, the number of runs read and their training compute in FLOPs.
    """
    form = chosen_form()
    constants = asdict(find_constants(form))
    table = pd.DataFrame(
        {
            "constant": list(constants),
            "value": list(constants.values()),
            "unit": ["log loss", "runs", form.unit, form.unit],
            "rule": [
                "root mean square residual of the five-run designs",
                "degrees of freedom that s_0 is worth, set by hand",
                "least that holds 90 % of the backtests on near text and on other grids",
                "form of least width among those of like score",
            ],
        }
    )
    for dataset in DATASETS.values():
        table[f"without_{dataset}"] = list(asdict(find_constants(form, dataset)).values())
    return table.assign(**count_runs_read())


def constants_without(dataset: str | None = None) -> IntervalConstants:
    """Stored constants; with `dataset`, those chosen with no run of that training set."""
    table = pd.read_csv(data_path("results", "interval_constants.csv"), index_col="constant")
    column = table["value" if dataset is None else f"without_{dataset}"]
    return IntervalConstants(**{str(name): float(value) for name, value in column.items()})


def belief_without(dataset: str | None = None) -> Belief:
    """Belief of the posterior with those constants, its exponent that of `second_choice`."""
    constants = constants_without(dataset)
    return replace(second_choice(dataset), sigma_0=constants.s_0, nu=constants.nu)
