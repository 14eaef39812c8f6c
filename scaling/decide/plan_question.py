"""Which run should I buy next? From a table, a target and a budget; or the first five."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Unpack

import numpy as np

from scaling.costs.compute import training_flops
from scaling.costs.money import OF_TRAINING, Prices
from scaling.costs.price_tables import read_prices
from scaling.decide.candidates import SHORTEST_M, STEP, make_offer
from scaling.decide.cost_question import read_tokens
from scaling.decide.first_design import FirstRuns, design_first
from scaling.decide.gain import Array, Cells
from scaling.decide.plan import Target, make_plan, open_table
from scaling.decide.plan_answer import NextRuns
from scaling.decide.plan_words import price_in_words
from scaling.forecast.advice import shorten
from scaling.forecast.selection import ChoiceError, Options, Runs, select_rows
from scaling.forecast.targets import read_count, read_target
from scaling.forecast.words import flops_in_words
from scaling.tables.schema import LARGEST

MOST = 10  # runs of a plan, unless asked otherwise


def plan(
    runs: Runs | None,
    *,
    N: float | str,
    D: float | str | None = None,
    M: float | str | None = None,
    budget: float | str | None = None,
    budget_hours: float | str | None = None,
    budget_money: float | str | None = None,
    sizes: str | tuple[float, float] | None = None,
    multipliers: str | tuple[float, float] | None = None,
    step: float | str = STEP,
    warmup_tokens: float | str = 0.0,
    unique_tokens: float | str | None = None,
    tolerance: float | str | None = None,
    most: int = MOST,
    prices: Prices | Mapping[str, Any] | str | Path | None = None,
    **options: Unpack[Options],
) -> NextRuns | FirstRuns:
    """Plan which runs to train next, so that a larger one is predicted more surely.

    Parameters
    ----------
    runs : pandas.DataFrame, str, pathlib.Path or None
        A run table, or where it lies, of one run or more. None for a first design.
    N : float or str
        Parameters of the run to predict, as 6.9e9 or "6.9B", in the count of `count`.
    D, M : float or str, optional
        Its training tokens, or its tokens per parameter: one of the two.
    budget, budget_hours, budget_money : float or str
        What may be spent on the runs to come, in FLOPs, accelerator-hours or money: one of them.
    sizes, multipliers : str or pair of float, optional
        Least and most parameters and tokens per parameter of a run to train, as "10M:1B"; see
        `scaling.decide.candidates.make_offer`.
    step : float or str
        Factor between neighbouring sizes, and between tokens per parameter.
    warmup_tokens : float or str
        Tokens that a warm-up takes; a run to train has at least twice as many.
    unique_tokens : float or str, optional
        Different tokens that there are to train on; by default there are always fresh ones. Runs
        that would see them more than four times are left out, and a target that does is named.
    tolerance : float or str, optional
        Half width of the interval to bet on that is narrow enough, a fraction of the loss.
    most : int
        Runs at most.
    prices : Prices, mapping, str or pathlib.Path, optional
        See `scaling.costs.price_tables.read_prices`. By default the shipped ones, with source and
        date.
    **options
        As `scaling.forecast.questions.fit` takes them. The runs are chosen by the tied law; the
        intervals are those of the law asked for.

    Returns
    -------
    NextRuns, or FirstRuns where `runs` is None

    Raises
    ------
    RunTableError, FitError, scaling.forecast.selection.ChoiceError
        As `scaling.forecast.questions.predict` does; the last also for a budget, bounds or a
        target that cannot be.

    Examples
    --------
    >>> import scaling
    >>> first = scaling.plan(None, N="6.9B", M=20, budget="2.4e19")
    >>> [f"{run['N']:.1g} at {run['M']:g}" for run in first.report()["runs"]]
    ['1e+07 at 20', '1e+07 at 320', '8e+07 at 20', '2e+08 at 20', '4e+08 at 20']
    """
    where = read_target(N, D, M)
    try:
        terms = read_prices(prices, OF_TRAINING)
    except ValueError as error:
        raise ChoiceError(str(error), ("prices",)) from error
    flops = read_budget(budget, budget_hours, budget_money, terms)
    width = read_tolerance(tolerance)
    if not (isinstance(most, int) and most >= 1):
        raise ChoiceError(f"most must be a whole number of 1 or more, got {most!r}", ("most",))
    grid: dict[str, Any] = {
        "sizes": sizes,
        "multipliers": multipliers,
        "step": step,
        "warmup_tokens": warmup_tokens,
        "unique_tokens": (
            math.inf if unique_tokens is None else read_tokens("unique-tokens", unique_tokens)
        ),
    }
    if runs is None:
        _refuse_unread(sizes=sizes, step=step, tolerance=tolerance, most=most, **options)
        return _plan_first(where, flops, terms, **grid)
    selected = select_rows(runs, enough=False, **options)
    counts = selected.table[selected.N].to_numpy(float), selected.table["D"].to_numpy(float)
    _require_beyond(where, *counts)
    offer = make_offer(counts[0], where, **grid)
    cells = offer.list_cells(where)
    given = {"budget-hours": budget_hours, "budget-money": budget_money, "budget": budget}
    about = tuple(name for name, value in given.items() if value is not None)
    _require_affordable(cells, flops, terms, about)
    target = Target(*where, selected.level, width)
    table = open_table(*selected[:4])
    found = make_plan(table, target, cells, flops, most)
    cheapest, nearer = float(cells.C[0]), found.nearer
    if nearer is None or offer.allows(nearer.D):
        return NextRuns(selected, target, offer, flops, most, terms, found, cheapest)
    found = found._replace(nearer=None)
    repeated = nearer.N, nearer.D
    return NextRuns(selected, target, offer, flops, most, terms, found, cheapest, repeated)


def _plan_first(
    target: tuple[float, float], budget: float, prices: Prices, **grid: Any
) -> FirstRuns:
    """Lay out the first runs, four of them at the least of the multipliers where they are given."""
    offer = make_offer(np.ones(1), target, **grid)
    base = SHORTEST_M if grid["multipliers"] is None else offer.multipliers[0]
    cells = design_first(budget, target, base, offer.warmup_tokens)
    return FirstRuns(target, cells, budget, offer.warmup_tokens, prices, offer.unique_tokens)


def read_budget(budget: object, hours: object, money: object, prices: Prices) -> float:
    """Read what may be spent, FLOPs.

    Raises
    ------
    ChoiceError
        Not one of the three is given, or it is not above zero.
    """
    names = ("budget", "budget-hours", "budget-money")
    given = {n: v for n, v in zip(names, (budget, hours, money), strict=True) if v is not None}
    if len(given) != 1:
        rule = "give one budget, in FLOPs, accelerator-hours or money"
        raise ChoiceError(f"{rule}, got {len(given)}", names)
    ((name, value),) = given.items()
    amount = read_count(name, value)
    if not 0 < amount < math.inf:
        raise ChoiceError(f"{name} must be finite and above 0, got {amount:g}", (name,))
    if amount > LARGEST:
        raise ChoiceError(f"{name} must be at most {LARGEST:g}, got {amount:g}", (name,))
    if name == "budget-money":
        if prices.price_training == 0:
            raise ChoiceError("budget-money needs a price_training above 0", (name, "prices"))
        return prices.flops_of_money(amount)
    return prices.flops_of_hours(amount) if name == "budget-hours" else amount


def _refuse_unread(**given: object) -> None:
    """Refuse what a first design does not read, where it is not as it is by default."""
    usual = {"step": STEP, "most": MOST, **(select_rows.__kwdefaults__ or {})}
    for name, value in given.items():
        if value and str(value) != str(usual.get(name)):
            rule = "is about a table of runs, and a first design has none: leave it out"
            name = "map" if name == "columns" else name.replace("_", "-")
            raise ChoiceError(f"{name} {rule}, got {value}", (name,))


def read_tolerance(tolerance: object) -> float | None:
    """Read the half width that is narrow enough, a fraction of the loss; None where none is given.

    Raises
    ------
    ChoiceError
        It does not lie between 0 and 1.
    """
    if tolerance is None:
        return None
    share = read_count("tolerance", tolerance)
    if not 0 < share < 1:
        rule = "tolerance must be a fraction of the loss above 0 and below 1, as 0.03"
        raise ChoiceError(f"{rule}, got {share:g}", ("tolerance",))
    return share


def _require_affordable(
    cells: Cells, budget: float, prices: Prices, about: tuple[str, ...]
) -> None:
    """Refuse a budget below the first run, the cheapest."""
    N, D, cheapest = float(cells.N[0]), float(cells.D[0]), float(cells.C[0])
    if cheapest > budget:
        has = price_in_words(budget, prices)
        raise ChoiceError(
            f"the budget, {has}, is below the cheapest run of the grid, "
            f"{price_in_words(cheapest, prices)} (N = {shorten(N)}, M = {D / N:g}): "
            "raise it, or let --sizes or --multipliers begin lower",
            about,
        )


def _require_beyond(target: tuple[float, float], N: Array, D: Array) -> None:
    """Refuse a target with no more parameters, tokens and compute than what is trained already."""
    C, largest = training_flops(*target), float(training_flops(N, D).max())
    if largest >= C and N.max() >= target[0] and D.max() >= target[1]:
        rule = f"the target takes {flops_in_words(C)} FLOPs, no more than the largest run"
        raise ChoiceError(
            f"{rule}, {flops_in_words(largest)}, and no more parameters or tokens: nothing is to "
            "be extrapolated, and `scaling predict` tells its loss",
            ("N", "D", "M"),
        )
