"""How is a verdict said? The loss, what speaks against it, a KPI, what to do next, the price."""

from __future__ import annotations

import math

from scaling.costs.compute import training_flops
from scaling.costs.money import Prices
from scaling.decide.priced_models import PricedModel, Range
from scaling.forecast.caution import FARTHEST_CHECKED
from scaling.forecast.prediction_answer import Prediction
from scaling.reports.gathered import Gathered, Missing
from scaling.reports.language import Language, digits
from scaling.reports.thresholds import Threshold, halve, list_failed
from scaling.reports.verdict import ENOUGH, MORE, NEARER, NextRun, Verdict, reach_after
from scaling.reports.wording import explain, money_of, range_of_money, rate_of, split_ends, write_at
from scaling.tables.suspects import FEW_EPOCHS

LESS = 0.98  # of the bill: a cheaper model is named where it saves 2 % or more
NEARLY = 0.25  # of the compute of the model: from there on it may as well be trained itself


def name_outcome(found: Gathered, verdict: Verdict, words: Language) -> str:
    """Name the outcome; a run above the largest is no small run any more."""
    step, table = verdict.step, found.selected.table
    largest = float((table[found.selected.N] * table["D"]).max())
    if verdict.outcome == MORE and step is not None and largest < step.N * step.D:
        return words("outcome_larger", N=words.both(step.N))
    if verdict.outcome == ENOUGH and found.lets_kpi_open:
        return words("outcome_enough_loss", name=found.asked.kpi)
    return words(f"outcome_{verdict.outcome}")


def say_verdict(found: Gathered, verdict: Verdict, words: Language) -> list[str]:
    """Say the verdict: the loss, what speaks against it, a KPI, what to do next, and the price."""
    N, D = (words.both(count) for count in found.asked.target)
    told = found.usable
    if found.is_tiny:
        return [words("tiny", N=N, D=D, share=words.flops(found.reach))]
    if told is None:
        said = [words("cannot", N=N, D=D, reason=explain(found.doubt, words))]
    else:
        assert told.lo is not None and told.hi is not None
        lo, hi = split_ends(told.lo, told.hi)
        name = "can_unchecked" if verdict.is_unchecked else "can"
        level = words.level(told.selected.level)
        said = [words(name, N=N, D=D, lo=lo, hi=hi, level=level), _say_width(found, told, words)]
        said += [_say_failed(check, words) for check in list_failed(verdict.checks)]
    said += _say_kpi(found, verdict, words)
    return [*said, _say_next(found, verdict, words), _say_price(found, words)]


def _say_width(found: Gathered, told: Prediction, words: Language) -> str:
    """Say how far the bet goes below and above the prediction, and whether that is narrow."""
    ends, tolerance = told.forecast.told, found.asked.tolerance
    assert ends.lo is not None and ends.hi is not None
    half = halve(told)[1]
    return words(
        "width_within" if half <= tolerance else "width_above",
        below=words.percent(1 - ends.lo / ends.loss),
        above=words.percent(ends.hi / ends.loss - 1),
        half=words.percent(half),
        tolerance=words.percent(tolerance),
    )


def _say_failed(check: Threshold, words: Language) -> str:
    """Say which check fails, and so that the bet alone is not to be decided on."""
    least, most = check.wanted
    values: dict[str, str] = {"here": digits(check.here)}
    match check.name:
        case "M":
            values["ends"] = words("ends", lo=digits(least), hi=digits(most))
        case "reach":
            values["farthest"] = digits(most)
        case "rival":
            values = {"here": write_at(check.here, split_ends(least, most)[0])}
        case "N_span" | "M_span":
            values["least"] = digits(least)
        case "residual":
            values = {"here": words.percent(check.here), "most": words.percent(most)}
        case "backtest" if check.refused > check.of:
            all_of_them = check.refused + check.of
            return words("failed_refused", n=all_of_them, refused=check.refused)
        case "backtest":
            values |= {"n": str(check.of), "least": digits(least)}
    return words(f"failed_{check.name}", **values)


def _say_kpi(found: Gathered, verdict: Verdict, words: Language) -> list[str]:
    """Say the own KPI beside its value on the largest run that has it, or why it is not told."""
    if found.kpi is None:
        return []
    answer, name = found.usable_kpi, found.asked.kpi
    if answer is None:
        return [words("kpi_not_told", name=name, reason=explain(found.kpi_doubt, words))]
    assert answer.lo is not None and answer.hi is not None
    lo, hi = split_ends(answer.lo, answer.hi)
    outlook = found.kpi_outlook
    assert outlook is not None
    return [
        words(
            "kpi_unchecked" if verdict.is_unchecked else "kpi_bet",
            name=name,
            lo=lo,
            hi=hi,
            level=words.level(answer.selected.level),
            now=write_at(outlook.now, lo),
            then=words(f"kpi_{outlook.kind}"),
        )
    ]


def _say_next(found: Gathered, verdict: Verdict, words: Language) -> str:
    if verdict.outcome == ENOUGH:
        return words("space").join(_say_enough(found, verdict, words))
    if found.is_broken:
        return words("then_mend")
    if found.is_too_far:
        return say_too_far(found, words)
    step = verdict.step
    if step is None and found.is_repeated:
        return say_repeated(found, words)
    if step is None:
        name = NEARER if verdict.outcome == NEARER else MORE
        return words(f"then_{name}_somewhere")
    return words("space").join(_say_step(step, found, verdict, words))


def _say_enough(found: Gathered, verdict: Verdict, words: Language) -> list[str]:
    """Say what they are enough for, and where no own run has tested it."""
    said = [words("then_enough")]
    if found.lets_kpi_open:
        said = [words("then_enough_loss", name=found.asked.kpi)]
    tested = next(check for check in verdict.checks if check.name == "backtest")
    if tested.met is None:
        said.append(words("then_untested", inside=f"{tested.here:g}", n=tested.of))
    return said


def _say_step(step: NextRun, found: Gathered, verdict: Verdict, words: Language) -> list[str]:
    """Say which run to train first, what it brings, and what it leaves open."""
    asked, prices = found.asked, found.asked.prices
    N, D, money, half = step
    C, said = training_flops(N, D), list[str]()
    price = money_of(money, prices, words)
    if asked.budget < C:
        over = money_of(prices.training_money(asked.budget), prices, words)
        price = words("money_over", money=price, budget=over)
    values = {"N": words.both(N), "D": words.both(D), "money": price}
    if verdict.outcome == NEARER:
        if verdict.half > asked.tolerance:
            said.append(words("then_hardly"))
        said.append(words("then_nearer", share=words.percent(C / asked.flops), **values))
    else:
        said.append(words("then_first", **values))
    if half is not None:
        said.append(words("then_after", after=words.percent(half)))
    if verdict.outcome == NEARER and NEARLY * asked.flops < C:
        said.append(words("then_itself"))
    return said + _say_left_open(step, found, words)


def _say_left_open(step: NextRun, found: Gathered, words: Language) -> list[str]:
    """Say which checks of the target the run does not mend."""
    asked, said = found.asked, list[str]()
    reach = reach_after(found, float(training_flops(step.N, step.D)))
    if reach > FARTHEST_CHECKED:
        far = digits(FARTHEST_CHECKED)
        said.append(words("then_still_far", times=digits(reach), farthest=far))
    own, new = asked.target[1] / asked.target[0], step.D / step.N
    if not found.is_inside(own) and not math.isclose(new, own, rel_tol=0.01):
        said.append(words("then_still_M", M=digits(own)))
    return said


def say_repeated(found: Gathered, words: Language) -> str:
    """Say up to which model one may ask with the different tokens that there are."""
    (N, D), unique = found.asked.target, found.asked.unique_tokens
    assert unique is not None
    most = FEW_EPOCHS * unique
    return words(
        "then_repeated",
        N=words.both(most * N / D),
        D=words.both(most),
        M=digits(D / N),
        needed=words.both(D / FEW_EPOCHS),
    )


def say_too_far(found: Gathered, words: Language) -> str:
    """Say which model may be asked about instead, or which run would bring this one into reach."""
    asked = found.asked
    least, M = asked.flops / FARTHEST_CHECKED, asked.target[1] / asked.target[0]
    shrunk = asked.target[0] * math.sqrt(FARTHEST_CHECKED / found.reach)
    step = 10.0 ** (math.floor(math.log10(shrunk)) - 1)
    values = {
        "N": words.both(math.floor(shrunk / step) * step),
        "M": digits(M),
    }
    if found.reach > FARTHEST_CHECKED**2:  # such a run itself is farther than was checked
        return words("then_too_far", **values)
    n = math.sqrt(least / training_flops(1.0, M))
    return words(
        "then_too_far_or",
        n=words.both(n),
        d=words.both(n * M),
        money=money_of(asked.prices.training_money(least), asked.prices, words),
        **values,
    )


def _say_price(found: Gathered, words: Language) -> str:
    asked, prices = found.asked, found.asked.prices
    origin = prices.origins.get("price_training")
    values = {
        "money": money_of(asked.life, prices, words),
        "price": rate_of(prices.price_training, prices),
        "date": words("dated", date=words.date(origin.date)) if origin and origin.date else "",
        "range": "",
    }
    if prices.reported:
        least, most = range_of_money(asked.life_reported, prices, words)
        values["range"] = words("price_range", lo=least, hi=most)
    if asked.demand is None:
        return words("price_of_model", flops=words.flops(asked.flops), **values)
    values["days"] = words.count(asked.demand.days)
    said = [words("price_of_life", **values), _say_cheaper(found, words)]
    return words("space").join(filter(None, said))


def _say_cheaper(found: Gathered, words: Language) -> str | None:
    """Name the cheapest model of that loss that is cheaper wherever the law may lie; or None."""
    costing, asked = found.costing, found.asked
    if costing is None or isinstance(costing, Missing) or asked.loss or found.usable is None:
        return None
    prices, saving = asked.prices, list[tuple[float, PricedModel, Range]]()
    for choice in costing.found.choices:
        if choice.needed is None or not _is_checked(choice, found):
            continue
        if choice.needed.hi > FEW_EPOCHS * (asked.unique_tokens or math.inf):
            continue
        if _bill_at(choice, choice.needed.hi, prices) <= LESS * asked.life:
            saving.append((float(choice.bill.total), choice, choice.needed))
    if not saving:
        return None
    money, best, needed = min(saving, key=lambda each: each[0])
    (cheap, dear), (N, D) = prices.extremes, (words.both(count) for count in best.size)
    extremes = _bill_at(best, needed.lo, cheap), _bill_at(best, needed.hi, dear)
    lo, hi = range_of_money(extremes, prices, words)
    values = {"N": N, "D": D, "less": money_of(money, prices, words), "lo": lo, "hi": hi}
    return words("price_less", **values)


def _is_checked(choice: PricedModel, found: Gathered) -> bool:
    """Whether it lies within the compute and the tokens per parameter that were checked."""
    reach = found.reach * choice.training_flops / found.asked.flops
    may_be_used = choice.is_priced and not choice.told.doubt
    return may_be_used and found.is_inside(choice.M) and reach <= FARTHEST_CHECKED


def _bill_at(choice: PricedModel, D: float, prices: Prices) -> float:
    """Its bill, were it trained on D tokens."""
    demand = choice.demand
    return float(prices.bill(choice.size.N, D, demand.read, demand.written).total)
