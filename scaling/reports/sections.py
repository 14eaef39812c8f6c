"""What does each section say of the runs? Assumptions, intervals, tests and rows."""

from __future__ import annotations

import math
import re

import pandas as pd

from scaling.costs.compute import training_flops
from scaling.costs.money import MEASURES, PEAK, PRICE, SHARE
from scaling.forecast.advice import warn_of_design
from scaling.forecast.backtest import sum_up
from scaling.forecast.verdicts import VERDICTS
from scaling.reports.blocks import Block, Listing, Paragraph, Picture, TableBlock
from scaling.reports.gathered import Gathered, Missing
from scaling.reports.language import Language, digits
from scaling.reports.pictures import draw_backtest, draw_prediction
from scaling.reports.sources import list_versions
from scaling.reports.verdict import Verdict
from scaling.reports.wording import explain, rate_of, spell_powers, split_ends, write_at
from scaling.tables.suspects import SEPARATOR

MOST_ROWS = 40  # of a table
LEAST_DRAWN = 3  # runs of a backtest: fewer are seen in the table


def tell_assumptions(found: Gathered, words: Language) -> list[Block]:
    """What was given and what was taken, with where it comes from."""
    asked, selected = found.asked, found.selected
    N, D = asked.target
    by_default, given = words("by_default"), words("given")
    model = words("a_model_value", N=words.both(N), D=words.both(D), M=digits(D / N))
    counts = selected.table[selected.N]
    rows = [
        ["a_model", model, given if asked.named else words("default_target")],
        ["a_loss", words("a_loss_value", loss=selected.loss), words("of_table")],
        ["a_count", selected.N, words("of_table")],
        ["a_runs", _runs_of(counts, words), words("of_table")],
        [
            "a_law",
            f"L = {_say_law(selected.law.formula, words)}",
            _origin(selected.law.name == "prior", words),
        ],
        ["a_level", words.level(selected.level), _origin(selected.level == 0.9, words)],
        [
            "a_tolerance",
            words.percent(asked.tolerance),
            given if asked.tolerance_given else by_default,
        ],
        ["a_budget", f"{words.flops(asked.budget, 2)} FLOPs", _origin_of_budget(found, words)],
        ["a_demand", *_demand_of(found, words)],
    ]
    if "dataset" in selected.table and len(selected.table["dataset"].unique()) == 1:
        name = str(selected.table["dataset"].iloc[0])
        rows.insert(3, ["a_dataset", name, words("of_table")])
    if asked.unique_tokens is not None:
        unique = words.both(asked.unique_tokens)
        if asked.epochs == 1:
            unique += words("no_effect", D=words.both(D))
        rows.append(["a_unique", unique, given])
    told = [[words(name), *others] for name, *others in rows] + _rows_of_prices(found, words)
    head = [words(f"head_{name}") for name in ("what", "value", "from")]
    table = TableBlock(head, told, frozenset({0, 1, 2}), "cards")
    return [Paragraph(words("assumptions_note")), table]


def _say_law(formula: str, words: Language) -> str:
    """Give the formula, and what is believed of an exponent in words."""
    return formula.replace(", prior on alpha", words("prior_on_alpha"))


def _origin(is_default: bool, words: Language) -> str:
    return words("by_default" if is_default else "given")


def _origin_of_budget(found: Gathered, words: Language) -> str:
    return words("given" if found.asked.budget_given else "default_budget")


def _runs_of(counts: pd.Series, words: Language) -> str:
    ends = {"lo": words.both(counts.min()), "hi": words.both(counts.max())}
    return words("a_runs_value", n=len(counts), **ends)


def _demand_of(found: Gathered, words: Language) -> tuple[str, str]:
    demand = found.asked.demand
    if demand is None:
        return words("not_given"), words("none")
    read, written = words.both(demand.tokens_in), words.both(demand.tokens_out)
    days = digits(demand.days)
    return words("a_demand_value", read=read, written=written, days=days), words("given")


def _rows_of_prices(found: Gathered, words: Language) -> list[list[str]]:
    prices, rows = found.asked.prices, []
    for name, measure in MEASURES.items():
        value, origin = getattr(prices, name), prices.origins.get(name)
        if measure is PRICE:
            told = words("per_hour", money=rate_of(value, prices))
        elif measure is PEAK:
            told = words("per_second", value=words.flops(value))
        else:
            told = words.percent(value)
        source = words("given")
        if origin is not None and origin.source != "given":
            source = _say_source(explain(origin.source, words), measure is SHARE, words)
            source += words("dated", date=words.date(origin.date)) * bool(origin.date)
        rows.append([words(f"a_{name}"), told, source])
    return rows


def _say_source(source: str, is_share: bool, words: Language) -> str:
    """Give shares of the peak in per cent, as the value beside them."""
    if not is_share:
        return source
    return re.sub(r"(?<![\d.])0\.\d+", lambda share: words.percent(float(share[0])), source)


def tell_intervals(found: Gathered, verdict: Verdict, words: Language) -> list[Block]:
    """Both intervals, in words and as a picture."""
    told = found.usable
    if told is None:
        return [Paragraph(words("no_picture", reason=explain(found.doubt, words)))]
    assert told.lo is not None and told.hi is not None
    assert told.law_lo is not None and told.law_hi is not None
    lo, hi = split_ends(told.lo, told.hi)
    law_lo, law_hi = split_ends(told.law_lo, told.law_hi)
    ends = {"lo": lo, "hi": hi, "law_lo": law_lo, "law_hi": law_hi}
    level, (N, D) = words.level(told.selected.level), told.target
    table = told.selected.table
    largest = float(training_flops(table[told.selected.N], table["D"]).max())
    alt = words(
        "intervals_alt",
        n=len(table),
        largest=words.flops(largest),
        target=words.flops(float(training_flops(N, D))),
        lo=lo,
        hi=hi,
    )
    repeats = found.asked.epochs > 1
    key = words("intervals_key", M=digits(D / N), n=len(table), level=level)
    return [
        *([Paragraph(words("intervals_repeats", times=digits(found.asked.epochs)))] * repeats),
        Paragraph(words("intervals_told", loss=write_at(told.loss, lo), level=level, **ends)),
        Picture(draw_prediction(told, alt, words), key),
        Paragraph(
            words("intervals_meaning")
            + words("intervals_unchecked" if verdict.is_unchecked else "intervals_sign")
        ),
    ]


def tell_backtest(found: Gathered, words: Language) -> list[Block]:
    """Each of the larger runs, predicted from the smaller ones."""
    answer = found.backtest
    if isinstance(answer, Missing):
        return [Paragraph(words("no_backtest", reason=explain(answer.reason, words)))]
    held_out = answer.found.held_out
    known = held_out[held_out["lo"].notna()]
    refused = len(held_out) - len(known)
    if known.empty:
        return [Paragraph(words("backtest_none_told"))]
    inside, n = int(known["inside"].sum()), len(known)
    level = words.level(answer.selected.level)
    law, last, line = (words.percent(mean) for mean in sum_up(known)["mean"])
    largest = known.assign(C=known["N"] * known["D"]).nlargest(MOST_ROWS, "C")
    blocks: list[Block] = [
        Paragraph(
            words("backtest_told", inside=inside, n=n, level=level)
            + (words("backtest_refused", refused=refused) if refused else "")
            + (words("backtest_one") if n == 1 else "")
        ),
        Paragraph(words("backtest_errors", law=law, last=last, line=line)),
    ]
    if n >= LEAST_DRAWN:
        alt = words("backtest_alt", n=n, inside=inside)
        blocks.append(Picture(draw_backtest(answer.found, alt, words), words("backtest_key")))
    blocks.append(
        TableBlock(
            [words(f"head_{name}") for name in ("run",)]
            + ["N", "D"]
            + [words(f"head_{name}") for name in ("predicted", "interval", "measured", "inside")],
            [_row_of_run(row, words) for row in largest.sort_values("C").to_dict("records")],
        )
    )
    if len(largest) < n:
        blocks.append(Paragraph(words("backtest_cut", n=len(largest), all=n), "note"))
    return blocks


def _row_of_run(row: dict[str, object] | dict[object, object], words: Language) -> list[str]:
    run: dict[str, object] = {str(key): value for key, value in row.items()}
    counts = [words.count(float(run[name])) for name in "ND"]  # type: ignore[arg-type]
    lo, hi = split_ends(float(run["lo"]), float(run["hi"]))  # type: ignore[arg-type]
    predicted, actual = (write_at(float(run[name]), lo) for name in ("predicted", "actual"))  # type: ignore[arg-type]
    middle = [predicted, words("ends", lo=lo, hi=hi), actual]
    return [
        words.run(str(run["run"])),
        *counts,
        *middle,
        words("is_in" if run["inside"] else "is_out"),
    ]


def tell_tasks(found: Gathered, words: Language) -> list[Block]:
    """A verdict for each task."""
    answer = found.tasks
    if answer is None:
        return [Paragraph(words("no_tasks"))]
    if found.usable is None:
        return [Paragraph(words("tasks_unknown"))]
    if isinstance(answer, Missing):
        return [Paragraph(words("no_tasks_reason", reason=explain(answer.reason, words)))]
    judged, names = answer.judged, ("task", "verdict", "predicted", "interval", "now")
    sure = int((judged["verdict"] == VERDICTS[0]).sum())
    rows = []
    for row in judged.head(MOST_ROWS).to_dict("records"):
        verdict = words(f"verdict_{VERDICTS.index(row['verdict'])}")
        lo, hi = (_share(row[name], words) for name in ("lo", "hi"))
        ends = words("none") if math.isnan(row["lo"]) else words("ends", lo=lo, hi=hi)
        predicted, now = (_share(row[name], words) for name in ("predicted", "no_change"))
        rows.append([row["task"], verdict, predicted, ends, now])
    table = TableBlock([words(f"head_{name}") for name in names], rows, frozenset({0, 1}))
    blocks: list[Block] = [Paragraph(words("tasks_told", sure=sure, n=len(judged))), table]
    falls = judged[(judged["verdict"] != VERDICTS[0]) & (judged["hi"] < judged["no_change"])]
    if not sure and len(falls):
        reasons = [explain(reason, words) for reason in dict.fromkeys(falls["reason"])]
        why = words("comma").join(reasons)
        blocks.append(Paragraph(words("tasks_unsure", n=len(falls), why=why), "note"))
    if len(judged) > MOST_ROWS:
        blocks.append(Paragraph(words("tasks_cut", n=MOST_ROWS, all=len(judged)), "note"))
    return blocks


def _share(value: float, words: Language) -> str:
    return words("none") if math.isnan(value) else f"{value:.3f}"


def tell_kpi(found: Gathered, words: Language) -> list[Block]:
    """The own KPI with both intervals, and its two legs apart; or why there is no number."""
    answer = found.kpi
    if answer is None:
        return [Paragraph(words("no_kpi"))]
    name = found.asked.kpi
    if isinstance(answer, Missing) or answer.value is None or found.kpi_doubt:
        reason = explain(found.kpi_doubt, words)
        return [Paragraph(words("kpi_not_told", name=name, reason=reason))]
    better = words("kpi_higher" if answer.kpi.terms.higher_is_better else "kpi_lower")
    level = words.level(answer.selected.level)
    both, known, line = answer.found.ends, answer.found.loss_known, answer.found.line_known
    ends = _name_ends("", both.lo, both.hi) | _name_ends("law_", both.law_lo, both.law_hi)
    value = write_at(answer.value, ends["lo"])
    blocks: list[Block] = [
        Paragraph(words("kpi_told", name=name, value=value, level=level, better=better, **ends))
    ]
    legs = _name_ends("known_", known.lo, known.hi) | _name_ends("line_", line.lo, line.hi)
    if len(legs) == 4:
        blocks.append(Paragraph(words("kpi_legs", **legs)))
    return blocks


def _name_ends(before: str, lo: float | None, hi: float | None) -> dict[str, str]:
    if lo is None or hi is None:
        return {}
    return dict(zip((f"{before}lo", f"{before}hi"), split_ends(lo, hi), strict=True))


def tell_rows(found: Gathered, words: Language) -> list[Block]:
    """Runs that look odd, rows left out, and what the tool warns of."""
    selected, blocks = found.selected, list[Block]()
    flagged = selected.table.loc[selected.table["flags"] != "", ["run", "flags"]]
    if len(flagged):
        blocks.append(Paragraph(words("rows_flagged")))
        rows = [
            [words.run(run), _say_flags(flags, words)]
            for run, flags in flagged.head(MOST_ROWS).to_numpy()
        ]
        head = [words("head_run"), words("head_reason")]
        blocks.append(TableBlock(head, rows, frozenset({0, 1})))
        if len(flagged) > MOST_ROWS:
            blocks.append(Paragraph(words("rows_cut", n=MOST_ROWS, all=len(flagged)), "note"))
    if not blocks and not selected.in_words():
        blocks.append(Paragraph(words("rows_sound")))
    warned = gather_warnings(found)
    told = [words.translate(line) for line in warned]
    lines = {
        spell_powers(own or line, words): own is not None
        for own, line in zip(told, warned, strict=True)
    }
    if lines:
        blocks += [Paragraph(words("warnings_note")), Listing(list(lines.items())[:MOST_ROWS])]
    return blocks


def _say_flags(flags: str, words: Language) -> str:
    """Say each reason; one that a table brought along stays as it is."""
    parts = [words.translate(flag) or flag for flag in flags.split(SEPARATOR)]
    return words("between_flags").join(parts)


def gather_warnings(found: Gathered) -> list[str]:
    """What the tool warns of, in its words, each line once."""
    selected = found.selected
    told = list(selected.in_words())
    if isinstance(found.prediction, Missing):
        told = warn_of_design(selected.table, selected.N) + told
    else:
        told = found.prediction.warnings
    for answer in (found.tasks, found.kpi, found.costing):
        if answer is not None and not isinstance(answer, Missing) and found.usable:
            told = told + answer.warnings
    # single tasks have their intervals in a section of their own
    return [line for line in dict.fromkeys(told) if not line.startswith("no interval for ")]


def tell_versions(found: Gathered, words: Language) -> list[Block]:
    """What made the report, and from what."""
    source = found.source
    checksum = words("v_checksum" if source.is_file else "v_checksum_frame")
    rows = [[words("v_input"), source.name], [checksum, source.sha256]]
    rows += [[name, number] for name, number in list_versions().items()]
    head = [words("head_what"), words("head_value")]
    return [
        TableBlock(head, rows, frozenset({0, 1}), "breaks"),
        Paragraph(words("versions_note"), "note"),
        Paragraph(words("foot"), "note"),
    ]
