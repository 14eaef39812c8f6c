"""What goes wrong with a grid that its reader can mend? One error that says what to do."""

from __future__ import annotations


class GridError(ValueError):
    """A specification, folder or file that a grid cannot go on with; its text says what to do."""
