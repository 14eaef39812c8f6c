"""What does a report hold? Its answers and its verdict; printed, written, or as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from typing import Any

import pandas as pd

from scaling.forecast.answer import Answer
from scaling.forecast.selection import ChoiceError
from scaling.reports.gathered import Gathered, Missing
from scaling.reports.language import LANGUAGES, speak
from scaling.reports.page import write_page
from scaling.reports.sections import gather_warnings
from scaling.reports.sources import list_versions, write_whole
from scaling.reports.verdict import Verdict, judge
from scaling.reports.verdict_words import say_verdict
from scaling.tables.faults import show


@dataclass(frozen=True, eq=False)
class Report(Answer):
    """One page to send round.

    Parameters
    ----------
    found : scaling.reports.gathered.Gathered
        The answers that it rests on.
    """

    found: Gathered

    @cached_property
    def verdict(self) -> Verdict:
        """What the answers come to."""
        return judge(self.found)

    @property
    def warnings(self) -> list[str]:
        """What speaks against the prediction, the tasks and the bill, and the rows left out."""
        return gather_warnings(self.found)

    def sentences(self, language: str = "en") -> list[str]:
        """Say the verdict in a few sentences, in a language of `LANGUAGES`."""
        return say_verdict(self.found, self.verdict, speak(read_language(language)))

    def html(self, language: str = "en") -> str:
        """Give the page.

        Parameters
        ----------
        language : {"en", "ja"}
            Its language.

        Raises
        ------
        ChoiceError
            There is no such language.
        """
        return write_page(self.found, self.verdict, read_language(language))

    def write(self, path: str | PathLike[str], language: str = "en") -> None:
        """Write the page: a whole file, in the place of an earlier report, or none.

        Parameters
        ----------
        path : str or path
            Where; its folder must be there.
        language : {"en", "ja"}
            Its language.

        Raises
        ------
        ChoiceError
            It cannot be written, what stands there is no report, or there is no such language.
        """
        write_whole(path, self.html(language))

    def report(self) -> dict[str, Any]:
        """The verdict with its thresholds, every answer in plain values, and what made them."""
        found, verdict = self.found, self.verdict
        asked, step = found.asked, verdict.step
        answers = {
            name: getattr(found, name)
            for name in ("prediction", "backtest", "tasks", "kpi", "plan", "costing")
        }
        return {
            "outcome": verdict.outcome,
            "verdict": self.sentences(),
            "checks": [
                check._asdict() | {"wanted": list(check.wanted)} for check in verdict.checks
            ],
            "step": None if step is None else step._asdict(),
            "target_N": asked.target[0],
            "target_D": asked.target[1],
            "target_given": asked.named,
            "tolerance": asked.tolerance,
            "budget": asked.budget,
            **{
                name: None if answer is None or isinstance(answer, Missing) else answer.report()
                for name, answer in answers.items()
            },
            "missing": {
                name: answer.reason
                for name, answer in answers.items()
                if isinstance(answer, Missing)
            },
            **found.asked.prices.report(),
            "file": found.source.name,
            "sha256": found.source.sha256,
            "versions": list_versions(),
            "warnings": self.warnings,
        }

    def to_frame(self) -> pd.DataFrame:
        """A row for each threshold: its name, the value here, least and most, whether met."""
        rows = [(check.name, check.here, *check.wanted, check.met) for check in self.verdict.checks]
        return pd.DataFrame(rows, columns=["check", "here", "least", "most", "met"])

    def text(self) -> str:
        """What ``scaling report`` prints."""
        return "\n".join(self.sentences())


def read_language(language: str) -> str:
    """Give a language, and refuse one that there is not."""
    if language not in LANGUAGES:
        rule = f"language must be one of {', '.join(LANGUAGES)}"
        raise ChoiceError(f"{rule}, got {show(str(language))}", ("language",))
    return language
