"""Which counts of a model's parameters can a law be written in? Columns of a run table, N first."""

from __future__ import annotations

COUNTS = ("N", "N_body")  # a further count is no larger than N
