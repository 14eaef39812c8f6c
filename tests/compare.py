"""In what does a rebuilt table differ from the stored one, beyond what is promised of its numbers?

Promised is, on any machine: keys, counts and texts to the letter, but for a status or a verdict
near its threshold; a number of a sound fit to 1e-8, relative where it is large. A fit that is not
sound keeps its status; its numbers may be anything, because the runs do not say them. The scores of
candidates hold a few such fits of candidates that lost, without a status: they are promised far
beyond what is printed.
"""

from __future__ import annotations

import pandas as pd

from scaling.laws.fit import SOUND

SOUND_NUMBER = 1e-8
PRINTED_NUMBER = 1e-6  # pages print fractions to 1e-4, as per cent with two decimals
SCORES = ("backtests", "candidates")
JUDGED = {"status": 0.999, "verdict": 0.999, "check": 0.999}  # least agreement; else all


def compare(
    stored: pd.DataFrame, made: pd.DataFrame, keys: tuple[str, ...], name: str = ""
) -> list[str]:
    """Say in what a rebuilt table differs from the stored one, or nothing; rows in any order."""
    promised = PRINTED_NUMBER if name in SCORES else SOUND_NUMBER
    if list(stored) != list(made):
        return [f"columns {list(made)}, stored {list(stored)}"]
    stored, made = (table.sort_values(list(keys), ignore_index=True) for table in (stored, made))
    if not stored[list(keys)].equals(made[list(keys)]):
        return [f"keys differ: {len(made)} rows, stored {len(stored)}"]
    sound = pd.Series(True, stored.index)
    if "status" in stored:
        sound = stored["status"].isin(SOUND) & made["status"].isin(SOUND)
    faults = []
    for column in [column for column in stored if column not in keys]:
        if pd.api.types.is_float_dtype(stored[column]):
            before, after = stored.loc[sound, column], made.loc[sound, column]
            apart = (before - after).abs()
            near = apart <= promised * before.abs().clip(lower=1.0)
            near |= before.isna() & after.isna()
            if not near.all():
                faults.append(f"{column}: {(~near).sum()} rows, by up to {apart.max():.3g}")
        elif (agreement := (stored[column] == made[column]).mean()) < JUDGED.get(column, 1.0):
            faults.append(f"{column}: agrees on {agreement:.2%} of the rows")
    return faults
