"""What does the first section say? The verdict, and each threshold beside its value."""

from __future__ import annotations

import math

from scaling.forecast.caution import FARTHEST_CHECKED
from scaling.reports.blocks import Block, Paragraph, TableBlock
from scaling.reports.gathered import Gathered
from scaling.reports.language import Language, digits
from scaling.reports.thresholds import Threshold, find_allowance
from scaling.reports.verdict import CANNOT, ENOUGH, MORE, Verdict
from scaling.reports.verdict_words import name_outcome, say_verdict
from scaling.reports.wording import split_ends, write_at

LEAST_PLAIN = 1e-3  # a number below it is a power of ten
ONE = frozenset({0})


def tell_verdict(found: Gathered, verdict: Verdict, words: Language) -> list[Block]:
    """A few sentences, and the thresholds that they rest on."""
    mood = {CANNOT: "no", ENOUGH: MORE if found.lets_kpi_open else ENOUGH}.get(
        verdict.outcome, verdict.outcome
    )
    sentences = say_verdict(found, verdict, words)
    rows = [_row_of_check(check, found, words) for check in verdict.checks]
    head = [words(f"head_{name}") for name in ("question", "here", "wanted", "met")]
    note = words(
        "thresholds_note",
        allowance=words.percent(find_allowance(found.selected.level)),
        farthest=f"{FARTHEST_CHECKED:g}",
    )
    return [
        Paragraph(name_outcome(found, verdict, words), f"badge {mood}"),
        *(Paragraph(sentence, "lead") for sentence in sentences),
        Paragraph(words("thresholds"), "over"),
        TableBlock(head, rows, ONE, "cards"),
        Paragraph(note, "note"),
    ]


def _row_of_check(check: Threshold, found: Gathered, words: Language) -> list[str]:
    met = words("none") if check.met is None else words("yes" if check.met else "no")
    return [words(f"asks_{check.name}"), *_here_and_wanted(check, found, words), met]


def _here_and_wanted(check: Threshold, found: Gathered, words: Language) -> tuple[str, str]:
    least, most = check.wanted
    match check.name:
        case "fit":
            return words("fit_open"), words("fit_settled")
        case "kpi":
            return _own_kpi(found, words)
        case "backtest":
            return _cases(check, words)
        case "serving":
            return words.percent(check.here), words("wants_nothing")
        case "law":
            return words.percent(check.here), words("wants_compared", value=words.percent(most))
        case "bet" | "residual":
            wanted = words("wants_at_most", value=words.percent(most))
            return words.percent(check.here), wanted
        case "rival":
            lo, hi = split_ends(least, most)
            return write_at(check.here, lo), words("wants_between", lo=lo, hi=hi)
        case "M":
            ends = words("wants_between", lo=digits(least), hi=digits(most))
            return digits(check.here), ends
    unit, is_least = "seen" if check.name == "epochs" else "times", math.isinf(most)
    here, wanted = (
        words(unit, value=digits(value) if value >= LEAST_PLAIN else words.flops(value, 1))
        for value in (check.here, least if is_least else most)
    )
    if check.met is None:
        return here, words("wants_nothing")
    return here, words("wants_at_least" if is_least else "wants_at_most", value=wanted)


def _own_kpi(found: Gathered, words: Language) -> tuple[str, str]:
    """The bet on the own KPI, and what it is to be better than."""
    answer, outlook = found.usable_kpi, found.kpi_outlook
    if answer is None or outlook is None:
        return words("kpi_is_not"), words("kpi_is_told")
    assert answer.lo is not None and answer.hi is not None
    lo, hi = split_ends(answer.lo, answer.hi)
    name = "wants_above" if answer.kpi.terms.higher_is_better else "wants_below"
    return words("ends", lo=lo, hi=hi), words(name, value=write_at(outlook.now, lo))


def _cases(check: Threshold, words: Language) -> tuple[str, str]:
    """Own runs inside of those told, and how many are to be expected."""
    least = check.wanted[0]
    if not check.of:
        here = words("all_refused", refused=check.refused) if check.refused else words("none")
        return here, words("wants_nothing")
    here = words("is_of", inside=f"{check.here:g}", n=check.of)
    if check.refused:
        here += words("and_refused", refused=check.refused)
    if check.of == 1:
        here += words("one_case")
    wanted = words("wants_of", least=f"{least:g}", n=check.of)
    return here, wanted if least else words("wants_nothing")
