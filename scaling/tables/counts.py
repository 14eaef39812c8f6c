"""Which counts of a model's parameters, and which units of a loss, are there? Names, first ours."""

from __future__ import annotations

COUNTS = ("N", "N_body")  # a further count is no larger than N
LOSS_UNITS = ("nats", "bits", "bpb", "ppl")  # per token, but for bits per byte; perplexity
