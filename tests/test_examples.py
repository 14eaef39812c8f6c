"""Whoever calls the face of the package finds an example, and it runs as written."""

from __future__ import annotations

import doctest

import pytest

import scaling

NORMAL = doctest.NORMALIZE_WHITESPACE


def run_examples(name: str) -> doctest.TestResults:
    """Run the examples of a public name, or of the package itself; ``failed, attempted``."""
    shown = getattr(scaling, name) if name else scaling
    globs = {}  # each begins with its own imports
    (found,) = doctest.DocTestFinder(recurse=False).find(shown, name or "scaling", globs=globs)
    return doctest.DocTestRunner(optionflags=NORMAL).run(found)


@pytest.mark.parametrize("name", ["", *scaling.__all__])
def test_an_example_is_there_and_runs(name):
    failed, attempted = run_examples(name)
    assert attempted >= 2
    assert failed == 0
