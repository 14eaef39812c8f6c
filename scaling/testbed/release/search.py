"""Which configurations did the authors try? The 435 runs of their search, for `release`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from scaling.testbed.release.checks import fault, number, read_json, read_shape

# The search trained every shape at 20 tokens per parameter.
SEARCH_M = 20
SEARCH_KEY = "shape-batch-lr-wd-batch-tokens-warmup-endlr"


def _search_row(key: str, loss: Any, path: Path) -> dict[str, Any]:
    """Turn one key of the configuration search into one row; ``3e-05`` holds a dash itself."""
    parts = key.split("-")
    if len(parts) != SEARCH_KEY.count("-") + 2:
        raise fault(path, f"a key must read {SEARCH_KEY} in nine parts", key)
    shape, batch, lr, _, batch_again, tokens, warmup, _, _ = parts
    width, layers, heads = read_shape(shape, path)
    try:
        row = {
            "width": width,
            "layers": layers,
            "heads": heads,
            "batch": int(batch),
            "lr": float(lr),
            "D": int(tokens),
            "N": int(tokens) // SEARCH_M,
            "warmup_steps": int(warmup),
        }
    except ValueError as problem:
        raise fault(path, "parts of a key must be numbers", key) from problem
    if batch != batch_again:
        raise fault(path, "both batches of a key must agree", key)
    if row["D"] % SEARCH_M:
        raise fault(path, f"tokens of a key must be a multiple of {SEARCH_M}", key)
    return row | {"loss": number(loss, f"loss of {key}", path, above=True)}


def read_search(path: Path) -> pd.DataFrame:
    """Read the configuration search (Figs. 4 and 6 of the paper) from ``grid.json``.

    One row per run, sorted by N, shape, batch, learning rate and warm-up.
    """
    rows = [_search_row(key, loss, path) for key, loss in read_json(path).items()]
    if not rows:
        raise fault(path, "the search must hold runs", "none")
    order = ["N", "width", "layers", "heads", "batch", "lr", "warmup_steps"]
    return pd.DataFrame(rows).sort_values(order, kind="stable", ignore_index=True)
