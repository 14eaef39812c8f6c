"""What does a loss cost, in training and in serving? The question, and how it is read."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, Unpack

import numpy as np

from scaling.costs.money import Prices
from scaling.costs.price_tables import read_prices
from scaling.costs.total import Model
from scaling.decide.cost_answers import Costing
from scaling.decide.cost_search import (
    cost_of_budget,
    cost_of_loss,
    cost_of_model,
    find_floor,
    read_surface,
)
from scaling.decide.cost_words import demand_in_words
from scaling.decide.priced_models import CostCase, Demand, Findings
from scaling.decide.supply import Supply
from scaling.decide.wanted_error import WantedError, expect_errors, read_off
from scaling.forecast.advice import shorten
from scaling.forecast.fitted import fit_table
from scaling.forecast.inputs import is_effective, read_counts
from scaling.forecast.selection import ChoiceError, Options, Runs, Selected, select_rows
from scaling.forecast.targets import find_target, read_count
from scaling.forecast.words import ends_in_words, flops_in_words, level_in_words
from scaling.tables.schema import LARGEST

DAYS = 365.0
ASKED = ("loss", "error", "budget", "budget-money", "N")


class Question(NamedTuple):
    """What is asked for: a loss, an error or a model, the others None; else a budget.

    Parameters
    ----------
    loss, error : float or None
        Nats per token; a fraction.
    size : tuple of float or None
        Parameters and tokens of a model.
    budget : float
        FLOPs, or money; NaN where none is given.
    in_money : bool
        Whether it is money.
    """

    loss: float | None
    error: float | None
    size: tuple[float, float] | None
    budget: float
    in_money: bool


def cost(
    runs: Runs,
    *,
    loss: float | str | None = None,
    error: float | str | None = None,
    task: str | None = None,
    budget: float | str | None = None,
    budget_money: float | str | None = None,
    N: float | str | None = None,
    D: float | str | None = None,
    M: float | str | None = None,
    tokens_in: float | str | None = None,
    tokens_out: float | str | None = None,
    days: float | str = DAYS,
    prices: Prices | Mapping[str, Any] | str | Path | None = None,
    unique_tokens: float | str | None = None,
    context: float | str | None = None,
    **options: Unpack[Options],
) -> Costing:
    """Weigh training longer against serving a larger model.

    Ask for a `loss`, for an `error`, for what a `budget` or `budget_money` buys, or about a model
    of `N` parameters and `D` tokens.

    Parameters
    ----------
    runs : pandas.DataFrame, str or pathlib.Path
        A run table, or where it lies.
    loss : float or str, optional
        Wanted loss, nats per token.
    error : float or str, optional
        Wanted error of a task, a fraction; turned into a loss by the error law.
    task : str, optional
        Which ``err_<task>``, where the table has several.
    budget, budget_money : float or str, optional
        Training and serving together: total FLOPs, or money in the currency of `prices`.
    N, D, M : float or str, optional
        A model: its parameters, and its training tokens or its tokens per parameter.
    tokens_in, tokens_out : float or str, optional
        Tokens read and written a day; needed but for a model.
    days : float or str
        For how many days.
    prices : Prices, mapping, str or pathlib.Path, optional
        See `scaling.costs.price_tables.read_prices`. By default the shipped ones, with source and
        date.
    unique_tokens : float or str, optional
        Different tokens that there are to train on; by default there are always fresh ones.
    context : float or str, optional
        Tokens before each served one: then attention and the memory of keys and values are told.
    **options
        By name: see `scaling.forecast.selection.Options`.

    Returns
    -------
    Costing

    Raises
    ------
    RunTableError
        With every fault of the table.
    scaling.forecast.selection.ChoiceError
        The table has not what is asked of it, or what is asked for cannot be had.
    FitError
        Fewer distinct runs than coefficients, or a law that cannot weigh N against D.

    Examples
    --------
    >>> import scaling
    >>> runs = scaling.load_testbed("redpajama").query("N < 1e9 and M >= 10")
    >>> served = {"tokens_in": 2e9, "tokens_out": 5e8}
    >>> bill = scaling.cost(runs, N="6.9B", M=20, loss_set="c4_eval", **served).to_frame()
    >>> bill.set_index("choice")["N"].map("{:.0e}".format)["least total FLOPs"]
    '4e+09'
    """
    asked = _read_question(loss, error, budget, budget_money, find_target(N, D, M))
    if task is not None and asked.error is None:
        rule = "task goes with an error, whose loss is read off its law: give an error as well"
        raise ChoiceError(f"{rule}, got task {task} alone", ("task", "error"))
    demand = read_demand(tokens_in, tokens_out, days, optional=asked.size is not None)
    terms = open_prices(prices)
    unique = math.inf if unique_tokens is None else read_tokens("unique-tokens", unique_tokens)
    before = None if context is None else read_tokens("context", context)
    selected = select_rows(runs, **options)
    if is_effective(selected.table) and unique_tokens is None:
        rule = "with effective-tokens say how many different tokens there are: unique-tokens"
        raise ChoiceError(rule, ("unique-tokens",))
    fitted = fit_table(*selected[:4])
    supply = Supply(read_surface(fitted), unique)
    case = CostCase(fitted, supply, demand, terms, selected.level)
    wanted = None if asked.error is None else read_off(selected, asked.error, task)
    reached = asked.loss if wanted is None else wanted.loss
    found = _find(case, asked, wanted, selected)
    if wanted is not None:
        choices = expect_errors(found.choices, wanted, selected, case)
        found = replace(found, choices=choices)
    if asked.size is not None:
        reached = float(supply.predict(*asked.size))
    told = _tell(case, asked, wanted, reached, selected.loss)
    return Costing(selected, case, told, reached, found, wanted, before)


def _read_question(
    loss: float | str | None,
    error: float | str | None,
    budget: float | str | None,
    money: float | str | None,
    size: tuple[float, float] | None,
) -> Question:
    given = [each for each in (loss, error, budget, money, size) if each is not None]
    if len(given) != 1:
        rule = "give one of a loss, an error, a budget, or a model by N and D or M"
        raise ChoiceError(rule, ASKED)
    in_money = money is not None
    name, given_budget = ("budget-money", money) if in_money else ("budget", budget)
    amount = _read_optional(name, given_budget)
    return Question(
        _read_optional("loss", loss),
        _read_optional("error", error),
        size,
        math.nan if amount is None else amount,
        in_money,
    )


def _read_optional(name: str, value: float | str | None) -> float | None:
    return None if value is None else _read_above_zero(name, value)


def _read_above_zero(name: str, value: float | str) -> float:
    number = read_count(name, value)
    if not (number > 0 and math.isfinite(number)):
        raise ChoiceError(f"{name} must be finite and above 0, got {number:g}", (name,))
    if number > LARGEST:
        raise ChoiceError(f"{name} must be at most {LARGEST:g}, got {number:g}", (name,))
    return number


def read_tokens(name: str, value: float | str) -> float:
    """Read a count of tokens, 1 or more.

    Raises
    ------
    ChoiceError
        It cannot be one.
    """
    number = _read_above_zero(name, value)
    if number < 1:
        raise ChoiceError(f"{name} must be 1 token or more, got {number:g}", (name,))
    return number


def read_demand(
    tokens_in: float | str | None,
    tokens_out: float | str | None,
    days: float | str,
    optional: bool,
) -> Demand:
    """Read what is to be served; where it is `optional` and not given, nothing.

    Raises
    ------
    ChoiceError
        Nothing is given, or a count or the days cannot be.
    """
    about, n_days = ("tokens-in", "tokens-out"), _read_above_zero("days", days)
    if tokens_in is None and tokens_out is None:
        if optional:
            return Demand(0.0, 0.0, 0.0)
        raise ChoiceError("say what is to be served: tokens in and out a day", about)
    counts = []
    for name, value in zip(about, (tokens_in, tokens_out), strict=True):
        number = 0.0 if value is None else read_count(name, value)
        if not 0 <= number <= LARGEST:
            raise ChoiceError(
                f"{name} must be from 0 to {LARGEST:g} a day, got {number:g}", (name,)
            )
        counts.append(number)
    if sum(counts) == 0:
        rule = (
            "tokens in and out must not both be 0: where nothing is served, the compute-optimal "
            "model is the cheapest, which predict and fit tell"
        )
        raise ChoiceError(f"{rule}, got 0 and 0", about)
    return Demand(counts[0], counts[1], n_days)


def open_prices(prices: Prices | Mapping[str, Any] | str | Path | None) -> Prices:
    """Read prices by which serving can be weighed against training.

    Raises
    ------
    ChoiceError
        One cannot be, or training is free.
    """
    try:
        terms = read_prices(prices)
        terms.as_tokens(0.0, 0.0)  # raises where training is free
    except ValueError as error:
        raise ChoiceError(str(error), ("prices",)) from error
    return terms


def _find(
    case: CostCase, asked: Question, wanted: WantedError | None, selected: Selected
) -> Findings:
    """Find the models that are asked for."""
    runs = Model(*read_counts(selected.table, selected.N))
    if asked.size is not None:
        return _cost_of_model(case, Model(*asked.size))
    if wanted is not None:
        why = f"error {wanted.value:g} of {wanted.task} needs a loss: "
        return _cost_of_loss(case, wanted.loss, runs, "error", why)
    if asked.loss is not None:
        return _cost_of_loss(case, asked.loss, runs, "loss")
    return _cost_of_budget(case, asked.budget, asked.in_money, runs)


def _cost_of_model(case: CostCase, size: Model) -> Findings:
    loss = float(case.supply.predict(*size))
    if case.demand.total > 0 and not case.supply.is_reachable(loss):
        what = f"N = {shorten(size.N)}, D = {shorten(size.D)} has the lowest loss of all"
        rule = "ask about a smaller model or fewer tokens, which come as near"
        raise ChoiceError(f"{what}, {loss:.4g}, and cannot be weighed: {rule}", ("N", "D", "M"))
    return cost_of_model(case, size)


def _cost_of_loss(case: CostCase, loss: float, runs: Model, about: str, why: str = "") -> Findings:
    worst = float(np.max(case.supply.law.predict(*runs)))
    if loss >= worst:
        rule = f"loss must be below {worst:.4g}, that of the worst of these runs"
        told = f"{rule}, got {loss:.4g}: no run needs planning for it"
        raise ChoiceError(f"{why}{told}", (about,))
    if not case.supply.is_reachable(loss):
        raise ChoiceError(f"{why}{_refuse_in_words(case, loss)}", (about,))
    try:
        return cost_of_loss(case, loss)
    except ValueError as error:
        raise ChoiceError(f"{why}{error}", (about,)) from error


def _refuse_in_words(case: CostCase, loss: float) -> str:
    """Say that a loss is out of reach, or that the runs leave open whether it is."""
    supply, floor = case.supply, find_floor(case)
    lowest, more = f"the irreducible loss E = {supply.law.E:.4g}", ""
    if supply.is_limited:
        tokens = shorten(supply.unique)
        lowest = f"{supply.lowest:.4g}, the lowest that {tokens} different tokens allow"
        more = ", or name more unique tokens"
    told = f"loss must be above {lowest}, got {loss:g}"
    if floor is None or loss <= floor.lo:
        return f"{told}: it is out of reach; ask what a budget buys{more}"
    ends = f"{ends_in_words(floor.lo, floor.hi)} ({level_in_words(case.level)})"
    return (
        f"{told}: the runs leave {ends} open for it and cannot say whether this loss is within "
        "reach; first train more (scaling plan)" + more
    )


def _cost_of_budget(case: CostCase, budget: float, in_money: bool, runs: Model) -> Findings:
    totals = runs.total_flops(case.as_tokens if in_money else case.demand.total)
    least = float(totals.min()) * (case.prices.of_training if in_money else 1.0)
    if budget < least:
        unit = case.prices.currency if in_money else "FLOPs"
        name = "budget-money" if in_money else "budget"
        what = "what the cheapest of these runs takes, trained and serving as much"
        rule = f"{name} must be at least {least:.3g} {unit}, {what}"
        raise ChoiceError(f"{rule}, got {budget:g}", (name,))
    return cost_of_budget(case, budget, in_money)


def _tell(
    case: CostCase, asked: Question, wanted: WantedError | None, loss: float | None, column: str
) -> str:
    """Say what was asked."""
    served = demand_in_words(case)
    if wanted is not None:
        return f"err_{wanted.task} {wanted.value:g}, which is {column} {loss:.4f}: {served}"
    if asked.size is not None:
        N, D = asked.size
        return f"N = {shorten(N)}, D = {shorten(D)}, {column} {loss:.4f}: {served}"
    if asked.loss is not None:
        return f"{column} {loss:.4f}: {served}"
    if asked.in_money:
        return f"{shorten(asked.budget)} {case.prices.currency} for training and serving: {served}"
    return f"{flops_in_words(asked.budget)} FLOPs for training and serving: {served}"
