"""What moves when nothing should? The shipped runs, a rounding away and in another order."""

from __future__ import annotations

import numpy as np
import pandas as pd

import scaling.grids
import scaling.testbed

ROUNDING = 1e-14  # relative change of each loss, standard deviation


def jitter(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """The table with its rows shuffled and every loss moved by a rounding.

    The index stays, so that the rows still have their numbers.
    """
    moved = table.sample(frac=1.0, random_state=rng).set_axis(table.index)
    columns = [name for name in moved if str(name).startswith("loss")]
    noise = 1.0 + ROUNDING * rng.standard_normal((len(moved), len(columns)))
    return moved.assign(**(moved[columns] * noise))


def jitter_the_data(monkeypatch, seed: int) -> None:
    """Whatever reads the testbed or a grid from here on reads it jittered."""
    rng = np.random.default_rng(seed)
    testbed = jitter(scaling.testbed._wide(), rng)
    grids = {name: jitter(scaling.grids._read(name), rng) for name in scaling.grids.GRIDS}
    monkeypatch.setattr(scaling.testbed, "_wide", lambda: testbed)
    monkeypatch.setattr(scaling.grids, "_read", lambda name: grids[name])
