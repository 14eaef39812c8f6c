"""In what does a rebuilt table differ from the stored one, beyond what is promised of its numbers?

Promised is, on any machine: keys and texts to the letter, but for a status near its threshold; a
number of a sound fit to 1e-8, relative where it is large. A fit that is not sound keeps its status;
its numbers may be anything, because the runs do not say them.
"""

from __future__ import annotations

import pandas as pd

from scaling.fit import SOUND

SOUND_NUMBER = 1e-8
LEAST_AGREEMENT = 0.999  # of texts that are not keys: a status near its threshold may flip


def compare(stored: pd.DataFrame, made: pd.DataFrame, keys: tuple[str, ...]) -> list[str]:
    """Say in what a rebuilt table differs from the stored one, or nothing; rows in any order."""
    if list(stored) != list(made):
        return [f"columns {list(made)}, stored {list(stored)}"]
    stored, made = (table.sort_values(list(keys), ignore_index=True) for table in (stored, made))
    if not stored[list(keys)].equals(made[list(keys)]):
        return [f"keys differ: {len(made)} rows, stored {len(stored)}"]
    sound = pd.Series(True, stored.index)
    if "status" in stored:
        sound = stored["status"].isin(SOUND) & made["status"].isin(SOUND)
    faults = []
    for name in [name for name in stored if name not in keys]:
        if pd.api.types.is_numeric_dtype(stored[name]):
            before, after = stored.loc[sound, name], made.loc[sound, name]
            apart = (before - after).abs()
            near = apart <= SOUND_NUMBER * before.abs().clip(lower=1.0)
            near |= before.isna() & after.isna()
            if not near.all():
                faults.append(f"{name}: {(~near).sum()} rows, by up to {apart.max():.3g}")
        elif (agreement := (stored[name] == made[name]).mean()) < LEAST_AGREEMENT:
            faults.append(f"{name}: agrees on {agreement:.2%} of the rows")
    return faults
