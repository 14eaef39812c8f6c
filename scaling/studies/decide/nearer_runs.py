"""Does a run nearer the target help, where more small ones do not? Tried on the testbed.

The 6.9B run of each training set is predicted from the paper's five, from the five and all other
small runs, and from the five and one of the two runs of 1.4B.
"""

from __future__ import annotations

import pandas as pd

from scaling.costs.compute import training_flops
from scaling.laws.prior import fit_with_prior
from scaling.studies.decide.forecasts import NEAR_TEXT
from scaling.studies.decide.replay import open_shop
from scaling.testbed.labels import DATASETS
from scaling.testbed.runs import run_table, select_large

ALONE, ALL_SMALL = "the five", "and all other small runs"
SAME_M, OTHER_M = "and 1.4B at M = 20", "and 1.4B at another M"


def tabulate_nearer() -> pd.DataFrame:
    """Predict the 6.9B run from the paper's five and what is added to them.

    Returns
    -------
    pandas.DataFrame
        A row per training set, loss set and ``added``: ``n_runs``; ``C``, of what is added, FLOPs;
        and ``relative_error``, predicted over measured less one.
    """
    rows = []
    for dataset in DATASETS.values():
        shop, large = open_shop(dataset), select_large(run_table(dataset))
        five = shop.runs.iloc[shop.five]
        biggest = large["N"] == large["N"].max()
        (target,) = large[biggest].to_dict("records")
        middle = large[~biggest]
        same = middle["M"] == target["M"]
        added = {
            ALONE: five.iloc[:0],
            ALL_SMALL: shop.runs.drop(five.index),
            SAME_M: middle[same],
            OTHER_M: middle[~same],
        }
        for name, more in added.items():
            runs = pd.concat([five, more])
            N, D = (runs[count].to_numpy(float) for count in ("N", "D"))
            for loss_set in NEAR_TEXT:
                loss = f"loss_{loss_set}"
                law = fit_with_prior(N, D, runs[loss].to_numpy(float)).law
                predicted = float(law.predict([float(target["N"])], [float(target["D"])])[0])
                rows.append(
                    {
                        "dataset": dataset,
                        "loss_set": loss_set,
                        "added": name,
                        "n_runs": len(runs),
                        "C": float(training_flops(more["N"], more["D"]).sum()),
                        "relative_error": predicted / target[loss] - 1,
                    }
                )
    return pd.DataFrame(rows)
