"""Predict large language models from small ones, and know how far to trust it.

>>> import scaling
>>> runs = scaling.load_testbed("redpajama").query("N < 1e9 and M >= 10")
>>> answer = scaling.predict(runs[["N", "D", "loss_c4_eval"]], N="6.9B", M=20)
>>> round(answer.loss, 1)
2.4

Any `DataFrame` with the columns ``N``, ``D`` and ``loss`` will do, or the path of such a table.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scaling.decide.cost_question import cost
    from scaling.decide.plan_question import plan
    from scaling.forecast.questions import backtest, check_runs, fit, kpi, predict, tasks
    from scaling.laws.law import ErrorLaw, LossLaw
    from scaling.reports.question import report
    from scaling.tables.runs import read_runs
    from scaling.testbed.grids import load_grid
    from scaling.testbed.runs import run_table as load_testbed

__all__ = [
    "ErrorLaw",
    "LossLaw",
    "backtest",
    "check_runs",
    "cost",
    "fit",
    "kpi",
    "load_grid",
    "load_testbed",
    "plan",
    "predict",
    "read_runs",
    "report",
    "tasks",
]

# Where each name is loaded from when it is first used: importing the package costs nothing.
_QUESTIONS = ("backtest", "check_runs", "fit", "kpi", "predict", "tasks")
_ROOMS = dict.fromkeys(_QUESTIONS, "forecast.questions")
_ROOMS |= dict.fromkeys(("ErrorLaw", "LossLaw"), "laws.law")
_ROOMS["cost"] = "decide.cost_question"
_ROOMS["plan"] = "decide.plan_question"
_ROOMS["report"] = "reports.question"
_ROOMS |= {"read_runs": "tables.runs", "load_grid": "testbed.grids", "load_testbed": "testbed.runs"}
_OTHERWISE = {"load_testbed": "run_table"}


def __getattr__(name: str) -> Any:
    """Load a name of the face (PEP 562)."""
    if name not in _ROOMS:
        raise AttributeError(f"module 'scaling' has no attribute {name!r}")
    value = getattr(import_module(f"scaling.{_ROOMS[name]}"), _OTHERWISE.get(name, name))
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
