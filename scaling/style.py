"""What does a training set, a size, a multiplier look like? Decided once, for every chapter.

A training set has a colour and a marker, a size has a marker, a multiplier has a shade.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.colors import LogNorm, to_hex

STYLE = Path(__file__).with_name("reliable.mplstyle")
DATASET_LABELS = {"c4": "C4", "redpajama": "RedPajama", "refinedweb": "RefinedWeb"}
DATASET_COLOURS = {"c4": "#0072B2", "redpajama": "#D55E00", "refinedweb": "#117733"}
DATASET_MARKERS = {"c4": "s", "redpajama": "^", "refinedweb": "D"}
SIZE_MARKERS = {
    "0.011B": "o",
    "0.079B": "s",
    "0.154B": "D",
    "0.411B": "p",
    "1.4B": "P",
    "6.9B": "*",
}
MULTIPLIERS = (5, 10, 20, 40, 80, 160, 320, 640)
INK = "#222222"
SHADE = "#f1ede3"


def use_style() -> None:
    """Give figures and tables of this session the look of the book; in Jupyter as vectors."""
    plt.style.use(STYLE)
    pd.set_option("display.precision", 4)
    try:
        from matplotlib_inline.backend_inline import set_matplotlib_formats
    except ImportError:  # no Jupyter here
        return
    set_matplotlib_formats("svg", metadata={"Date": None})  # type: ignore[no-untyped-call]


def shade_of(M: Any) -> Any:
    """Colour of a multiplier, from dark (few tokens per parameter) to light (many)."""
    return to_hex(plt.get_cmap("viridis")(0.92 * LogNorm(5, 640)(float(M))))
