"""What do I fill in? An empty run table whose comments say what stands in each column.

Its first line is no header: lines that start with ``#`` are comments, which `scaling.tables.files`
passes over, as a text editor and a spreadsheet write them.
"""

from __future__ import annotations

from typing import NamedTuple


class Column(NamedTuple):
    """A column of a run table: its name, whether it must be there, and what it holds."""

    name: str
    needed: bool
    holds: str


COLUMNS = (
    Column("run", False, "a name of your choice, another for each run"),
    Column("N", True, "parameters, with both vocabulary matrices: 78.9M or 78900000"),
    Column("D", True, "training tokens seen: 1.58B or 1580000000"),
    Column("loss", True, "nats per token, on held-out text like the training text"),
    Column("N_body", False, "parameters without the vocabulary matrices"),
    Column("warmup_steps", False, "steps of the warm-up; with batch_tokens, short runs are found"),
    Column("batch_tokens", False, "tokens per step"),
    Column("loss_std", False, "standard deviation of the loss, nats per token, if known"),
    Column("epochs", False, "how often each token was seen, if more than once"),
    Column("err_<task>", False, "errors on a task, a fraction from 0 to 1; a column for each task"),
)
IN_HEADER = ("run", "N", "D", "loss")
EXAMPLE = ("a", "10.6M", "211M", "5.39")


def write_template() -> str:
    """Write an empty run table.

    Returns
    -------
    str
        Comments, of plain ASCII, and a header. With a row for each run below it is a run table.
    """
    inside = [column for column in COLUMNS if column.name in IN_HEADER]
    others = [column for column in COLUMNS if column.name not in IN_HEADER]
    lines = [
        "A run table for scaling: a row for each finished run below the header at the end.",
        "Lines that start with # are comments. They may stay.",
        "",
        *_explain(inside),
        "",
        "Where you have them, add these to the header:",
        *_explain(others),
        "",
        "A row looks like this, without the #:",
        ",".join(EXAMPLE),
        "",
        "Which runs to train: scaling plan --from-scratch --help",
        "Then: scaling check runs.csv",
    ]
    comments = [f"# {line}".rstrip() for line in lines]
    return "\n".join([*comments, ",".join(IN_HEADER), ""])


def _explain(columns: list[Column]) -> list[str]:
    width = max(len(column.name) for column in columns)
    return [f"  {column.name:<{width}}  {column.holds}" for column in columns]
