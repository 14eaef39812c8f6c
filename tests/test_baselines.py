"""Baselines: by hand on three runs, and the chain beside them on the real ones."""

import numpy as np
import pandas as pd
import pytest

from scaling.baselines import predict_no_change, predict_on_line
from scaling.names import DATASETS
from scaling.recipe import fit_chain, relative_error
from scaling.testbed import run_table, select_error_fit, select_targets

RUNS = pd.DataFrame(
    {"C": [4e18, 1e17, 1e19], "loss_c4_eval": [3.2, 4.0, 3.0], "err_avg17": [0.66, 0.8, 0.60]}
)


def test_by_hand():
    assert predict_no_change(RUNS) == 0.60
    assert predict_on_line(RUNS, 2.5) == pytest.approx(0.45)
    assert predict_on_line(RUNS, [3.0, 3.2]) == pytest.approx([0.60, 0.66])


def test_the_chain_is_level_with_the_line_and_far_better_than_no_change():
    misses = []
    for dataset in DATASETS.values():
        table = run_table(dataset)
        chain, six, targets = fit_chain(table), select_error_fit(table), select_targets(table)
        loss = chain.predict_loss(targets["N"], targets["D"])
        for predicted in (
            chain.error_fit.law.predict(loss),
            predict_on_line(six, loss),
            np.full(2, predict_no_change(six)),
        ):
            misses.append(np.abs(relative_error(predicted, targets["err_avg17"])).mean())
    chain, line, no_change = np.reshape(misses, (3, 3)).mean(axis=0) * 100
    assert (round(chain, 2), round(line, 2)) == (3.66, 3.69)
    assert no_change == pytest.approx(17.3, abs=0.05)
