"""What do I send round? The question: what a report is asked, and the answers it gathers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar, Unpack

from scaling.costs.compute import training_flops
from scaling.costs.money import Prices
from scaling.decide.cost_question import cost, open_prices, read_demand, read_tokens
from scaling.decide.plan_question import plan, read_budget, read_tolerance
from scaling.forecast import questions
from scaling.forecast.answer import Answer
from scaling.forecast.kpi_terms import read_terms
from scaling.forecast.selection import ChoiceError, Options, Runs, Selected, select_rows
from scaling.forecast.targets import find_target
from scaling.forecast.verdicts import choose_target
from scaling.laws.fit import FitError
from scaling.reports.gathered import Asked, Gathered, Missing
from scaling.reports.record import Report
from scaling.reports.sources import describe_source
from scaling.tables.schema import LARGEST, error_columns

TOLERANCE = 0.05  # half width of the bet, a fraction of the loss, unless asked otherwise
DAYS = 365.0
KPI_OPTIONS = ("kpi", "bounds", "items", "chance")
LEAST_LEVEL = 0.9  # of an interval to decide on
LEAST_RUNS = 9  # that tell a law of two exponents from one: four are left to judge it by
SHARE = 0.1  # of the compute of the model, for further runs, unless asked otherwise
Given = TypeVar("Given", bound=Answer)


def report(
    runs: Runs,
    *,
    N: float | str | None = None,
    D: float | str | None = None,
    M: float | str | None = None,
    tolerance: float | str | None = None,
    items: Runs | None = None,
    kpi: str | None = None,
    higher_is_better: bool | None = None,
    bounds: str | tuple[float, float] | None = None,
    kpi_items: float | str | None = None,
    chance: float | str | None = None,
    budget: float | str | None = None,
    budget_hours: float | str | None = None,
    budget_money: float | str | None = None,
    loss: float | str | None = None,
    tokens_in: float | str | None = None,
    tokens_out: float | str | None = None,
    days: float | str = DAYS,
    unique_tokens: float | str | None = None,
    prices: Prices | Mapping[str, Any] | str | Path | None = None,
    **options: Unpack[Options],
) -> Report:
    """Write one page to send round: the verdict, what it rests on, and what to do next.

    Parameters
    ----------
    runs : pandas.DataFrame, str or pathlib.Path
        A run table, or where it lies.
    N, D, M : float or str, optional
        The model asked about: its parameters, as 6.9e9 or "6.9B", and its training tokens or its
        tokens per parameter. By default ten times the compute of the largest run, at its tokens
        per parameter.
    tolerance : float or str, optional
        Half width of the interval to bet on that is narrow enough, a fraction of the loss; 0.05.
    items : pandas.DataFrame, str or pathlib.Path, optional
        Table of tasks, as `scaling.forecast.questions.tasks` takes it.
    kpi, higher_is_better, bounds, kpi_items, chance : optional
        An own KPI: its column, which way is better, and what `scaling.forecast.questions.kpi`
        takes as ``bounds``, ``items`` and ``chance``.
    budget, budget_hours, budget_money : float or str, optional
        What further runs may cost, in FLOPs, accelerator-hours or money: one of them. By default
        a tenth of the compute of the model.
    loss : float or str, optional
        The loss to reach, nats per token, in the bill. By default that of the model asked about.
    tokens_in, tokens_out : float or str, optional
        Tokens read and written a day; without them there is no bill of serving.
    days : float or str
        For how many days.
    unique_tokens : float or str, optional
        Different tokens that there are to train on; by default there are always fresh ones.
    prices : Prices, mapping, str or pathlib.Path, optional
        See `scaling.costs.price_tables.read_prices`. By default the shipped ones, with source and
        date.
    **options
        As `scaling.forecast.questions.fit` takes them.

    Returns
    -------
    Report
        Printed, it is the verdict; ``.html("en")`` or ``.html("ja")`` is the page, and
        ``.write("report.html")`` writes it. Where the runs cannot say, it says so, with the reason.

    Raises
    ------
    RunTableError
        With every fault of the table.
    scaling.forecast.selection.ChoiceError
        The table has not what is asked of it, or what is asked for cannot be.
    FitError
        No run is left.

    Examples
    --------
    >>> import scaling
    >>> runs = scaling.load_testbed("redpajama").query("N < 1e9 and M >= 10")
    >>> page = scaling.report(runs, N="6.9B", M=20, loss_set="c4_eval")
    >>> print(str(page).splitlines()[2])
    These runs are enough to decide on.
    >>> page.html("en").startswith("<!")
    True
    """
    named, terms = find_target(N, D, M), open_prices(prices)
    of_kpi = {"bounds": bounds, "items": kpi_items, "chance": chance}
    if kpi is not None:
        read_terms(kpi, higher_is_better, **of_kpi)
    elif stray := [
        n for n, v in (of_kpi | {"direction": higher_is_better}).items() if v is not None
    ]:
        raise ChoiceError(f"{stray[0]} is about a KPI: name its column as well", ("kpi",))
    width = read_tolerance(tolerance)
    unique = None if unique_tokens is None else read_tokens("unique-tokens", unique_tokens)
    serves = tokens_in is not None or tokens_out is not None
    demand = read_demand(tokens_in, tokens_out, days, optional=not serves)
    if loss is not None and not serves:
        rule = "a loss to reach needs a demand: say what is to be served, tokens in and out a day"
        raise ChoiceError(rule, ("tokens-in", "tokens-out"))
    selected = select_rows(runs, enough=False, **options)
    if selected.level < LEAST_LEVEL:
        rule = f"level of a report must be {LEAST_LEVEL:g} or more, since it is decided on"
        raise ChoiceError(
            f"{rule}, got {selected.level:g}: `scaling predict` takes any", ("level",)
        )
    if selected.table.empty:
        raise FitError("; ".join(["no run is left to report on", *selected.in_words()]))
    size = named or _choose_target(selected)
    spends = any(value is not None for value in (budget, budget_hours, budget_money))
    flops = SHARE * float(training_flops(*size))
    if spends:
        flops = read_budget(budget, budget_hours, budget_money, terms)
    asked = Asked(
        target=size,
        named=named is not None,
        tolerance=width or TOLERANCE,
        tolerance_given=width is not None,
        budget=flops,
        budget_given=spends,
        demand=demand if serves else None,
        loss=loss,
        unique_tokens=unique,
        prices=terms,
        kpi=kpi,
    )
    target: dict[str, Any] = dict(zip("ND", asked.target, strict=True))
    to_serve: dict[str, Any] = {
        "tokens_in": tokens_in,
        "tokens_out": tokens_out,
        "days": days,
        "prices": terms,
        "unique_tokens": unique,
    }
    wanted: dict[str, Any] = target if loss is None else {"loss": loss}

    def tell_tasks() -> Any:
        return questions.tasks(runs, items=items, **target, **options)

    def tell_kpi() -> Any:
        assert kpi is not None and higher_is_better is not None
        told: dict[str, Any] = {**of_kpi, **target, **options}
        return questions.kpi(runs, column=kpi, higher_is_better=higher_is_better, **told)

    def tell_next() -> Any:
        bounds: dict[str, Any] = {
            "budget": asked.budget,
            "tolerance": asked.tolerance,
            "prices": terms,
            "unique_tokens": unique,
        }
        return plan(runs, **target, **bounds, **options)

    def tell_rival() -> Any:
        by_free: dict[str, Any] = {**options, "law": "free"}
        return questions.predict(runs, **target, **by_free)

    prediction = _ask(lambda: questions.predict(runs, **target, **options))
    has_tasks = bool(error_columns(selected.table))
    return Report(
        Gathered(
            source=describe_source(runs),
            asked=asked,
            selected=selected,
            prediction=prediction,
            rival=_ask(tell_rival) if _is_worth_a_rival(selected) else None,
            backtest=_ask(lambda: questions.backtest(runs, **options)),
            tasks=_ask(tell_tasks) if has_tasks or items is not None else None,
            kpi=_ask(tell_kpi, KPI_OPTIONS) if kpi is not None else None,
            plan=_ask(tell_next, ("budget",) * spends),
            costing=_ask(
                lambda: cost(runs, **wanted, **to_serve, **options), ("loss",) * bool(loss)
            )
            if serves
            else None,
        )
    )


def _ask(question: Callable[[], Given], given: tuple[str, ...] = ()) -> Given | Missing:
    """Ask, or say why there is no answer; what was `given` and cannot be is raised."""
    try:
        return question()
    except FitError as error:
        return Missing(str(error))
    except ChoiceError as error:
        if set(given) & set(error.about):
            raise
        return Missing(str(error))


def _is_worth_a_rival(selected: Selected) -> bool:
    """Whether the law has one exponent, nothing held, and there are runs enough for one more."""
    law = selected.law
    return law.name in ("prior", "tied") and not law.fix and len(selected.table) >= LEAST_RUNS


def _choose_target(selected: Selected) -> tuple[float, float]:
    """Ten times the compute of the largest run, as far as counts go."""
    N, D = choose_target(selected.table, selected.N)
    return min(N, LARGEST), min(D, LARGEST)
