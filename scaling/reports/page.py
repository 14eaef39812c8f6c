"""What stands on the page, and in which order? The verdict first, versions last."""

from __future__ import annotations

from scaling.reports.blocks import Section
from scaling.reports.gathered import Gathered
from scaling.reports.language import speak
from scaling.reports.layout import read_plain, render
from scaling.reports.sections import (
    tell_assumptions,
    tell_backtest,
    tell_intervals,
    tell_kpi,
    tell_rows,
    tell_tasks,
    tell_versions,
)
from scaling.reports.sections_costs import tell_bill, tell_next, tell_planner
from scaling.reports.sections_verdict import tell_verdict
from scaling.reports.sources import MARK
from scaling.reports.verdict import Verdict


def write_page(found: Gathered, verdict: Verdict, code: str) -> str:
    """Write the page in a language of `scaling.reports.language.LANGUAGES`."""
    words = speak(code)
    N, D = (words.both(count) for count in found.asked.target)
    blocks = {
        "verdict": tell_verdict(found, verdict, words),
        "assumptions": tell_assumptions(found, words),
        "intervals": tell_intervals(found, verdict, words),
        "backtest": tell_backtest(found, words),
        "tasks": tell_tasks(found, words),
        "kpi": tell_kpi(found, words),
        "next": tell_next(found, verdict, words),
        "bill": tell_bill(found, words) + tell_planner(found, words),
        "rows": tell_rows(found, words),
        "versions": tell_versions(found, words),
    }
    sections = [Section(name, words(f"section_{name}"), told) for name, told in blocks.items()]
    page = render(
        "report.html",
        code=code,
        mark=MARK,
        title=words("title", N=N, D=D, n_runs=len(found.selected.table)),
        of_file=words("of_file", name=found.source.name),
        sections=sections,
        style=read_plain("report.css"),
    )
    return f"{page}\n"
