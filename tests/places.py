"""Where is the checkout, and where may copies of the raw releases lie?"""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RELEASE = Path(os.environ.get("SCALING_RELEASE", ROOT.parent / "shared" / "testbed"))
EXTRACTS = Path(os.environ.get("SCALING_GRIDS", ROOT.parent / "shared" / "grids"))
PATIENCE = 120_000  # ms, for a page on a busy machine
