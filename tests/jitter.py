"""What moves when nothing should? The shipped tables, a rounding away and in another order."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scaling.studies.predictors import candidates as predictors
from scaling.tables.datafiles import data_path
from scaling.testbed import grids
from scaling.testbed import runs as testbed

ROUNDING = 1e-14  # relative change of each loss, standard deviation
CACHES = (testbed._read, testbed._wide, grids._read, predictors.common_alpha)


def jitter(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """The table, read as texts, its rows shuffled, every loss moved by a rounding."""
    moved = table.sample(frac=1.0, random_state=rng, ignore_index=True)
    for name in moved.columns[moved.columns.str.match("loss(?!_set)")]:
        noise = 1.0 + ROUNDING * rng.standard_normal(len(moved))
        moved[name] = pd.to_numeric(moved[name]) * noise
    if "C_nominal" in moved:  # D is a budget over 6N: its last digit says nothing
        up = np.where(rng.random(len(moved)) < 0.5, np.inf, 0.0)
        moved["D"] = np.nextafter(pd.to_numeric(moved["D"]), up)
    return moved


@contextmanager
def jittered_data(folder: Path, seed: int) -> Iterator[None]:
    """Whatever reads a testbed or a grid in here reads a jittered copy; stored results stay."""
    rng = np.random.default_rng(seed)
    shutil.copytree(data_path(), folder / "data")
    for path in sorted(folder.glob("data/testbed/*.csv")) + sorted(folder.glob("data/grids/*.csv")):
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
        jitter(table, rng).to_csv(path, index=False, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("scaling.tables.datafiles.PACKAGE_FOLDER", folder / "scaling")
        _forget()
        try:
            yield
        finally:
            _forget()


def _forget() -> None:
    for cached in CACHES:
        cached.cache_clear()
