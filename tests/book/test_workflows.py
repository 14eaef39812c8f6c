"""What a code host would run: it cannot run here, but its files can be read."""

from __future__ import annotations

import re

import pytest
import yaml
from places import ROOT

FILES = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def commands_of(text: str) -> list[str]:
    """Every command line of a workflow."""
    jobs = yaml.safe_load(text)["jobs"].values()
    return [step["run"] for job in jobs for step in job["steps"] if "run" in step]


def test_the_two_commands_run_on_two_systems():
    book = next(path for path in FILES if path.stem == "book").read_text("utf-8")
    systems = yaml.safe_load(book)["jobs"]["commands"]["strategy"]["matrix"]["os"]
    assert {name.partition("-")[0] for name in systems} == {"ubuntu", "macos"}
    said = "\n".join(commands_of(book))
    assert "make book" in said
    assert "make test" in said


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_target_and_extra_that_a_workflow_names_exists(path):
    said = "\n".join(commands_of(path.read_text("utf-8")))
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    assert set(re.findall(r"\bmake ([a-z-]+)", said)) <= targets
    extras = re.findall(r"^(\w+) = \[", (ROOT / "pyproject.toml").read_text("utf-8"), re.M)
    for named in re.findall(r"\.\[([\w,]+)\]", said):
        assert set(named.split(",")) <= set(extras)
