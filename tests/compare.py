"""In what does a rebuilt table differ from the stored one? Keys exact, numbers to 1e-6."""

from __future__ import annotations

import pandas as pd

TOLERANCE = 1e-6
LEAST_AGREEMENT = 0.999  # of texts that are not keys: a status near its threshold may flip


def compare(stored: pd.DataFrame, made: pd.DataFrame, keys: tuple[str, ...]) -> list[str]:
    """Say in what a rebuilt table differs from the stored one, or nothing."""
    if list(stored) != list(made):
        return [f"columns {list(made)}, stored {list(stored)}"]
    if not stored[list(keys)].equals(made[list(keys)]):
        return [f"keys differ: {len(made)} rows, stored {len(stored)}"]
    faults = []
    for name in [name for name in stored if name not in keys]:
        if pd.api.types.is_numeric_dtype(stored[name]):
            both_unknown = stored[name].isna() & made[name].isna()
            apart = (stored[name] - made[name]).abs()
            near = both_unknown | (apart <= TOLERANCE * stored[name].abs().clip(lower=1.0))
            if not near.all():
                faults.append(f"{name}: {(~near).sum()} rows, by up to {apart.max():.3g}")
        elif (agreement := (stored[name] == made[name]).mean()) < LEAST_AGREEMENT:
            faults.append(f"{name}: agrees on {agreement:.2%} of the rows")
    return faults
