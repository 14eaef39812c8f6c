"""How much of the gain that a law promises came? The error of a prediction, as a share of the gain.

The gain is the fall of the log loss from the best run that was known to the predicted one.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from scaling.forecast.intervals import load_constants
from scaling.laws.prior import load_belief
from scaling.studies.decide.coverage import Question, find_ours, list_large
from scaling.studies.decide.forecasts import NEAR_TEXT
from scaling.testbed.labels import DATASETS

EVIDENCE = ("five", "1/20", "1/100")  # the paper's five; other groups' runs of so much compute
Array = NDArray[np.float64]


def find_share(known: ArrayLike, predicted: ArrayLike, measured: ArrayLike) -> tuple[Array, Array]:
    """Gain that a prediction promises, and its error as a share of that gain.

    ``gain = log(known / predicted)``, ``share = log(measured / predicted) / gain``: above 0 where
    a part of the gain did not come, 1 where none did.

    Parameters
    ----------
    known, predicted, measured : array_like
        Lowest loss known, loss predicted and loss measured, nats per token.
    """
    gain = np.log(np.asarray(known, dtype=float) / predicted)
    return gain, np.log(np.asarray(measured, dtype=float) / predicted) / gain


def _answer(question: Question) -> pd.DataFrame:
    task = question.task
    predicted, _ = find_ours(task, load_belief(), load_constants())
    near = np.isin(task.loss_sets, NEAR_TEXT) | (question.source not in DATASETS.values())
    known = np.min(task.case.losses, axis=1, keepdims=True)
    gain, share = find_share(known, predicted, task.measured)
    columns = {"gain": gain[near].ravel(), "share": np.abs(share[near]).ravel()}
    return pd.DataFrame(columns).assign(evidence=question.evidence, source=question.source)


def tabulate_promised_gain() -> pd.DataFrame:
    """Sum up, by series, the large runs of the testbed from the paper's five, and of four grids.

    Returns
    -------
    pandas.DataFrame
        A row per evidence and source: n_predictions, ``gain`` and ``median``, the medians of the
        gain and of the size of the share, and ``nine_in_ten``, the latter's quantile. On the
        testbed only texts near the training text.
    """
    answers = [_answer(question) for question in list_large() if question.evidence in EVIDENCE]
    by_series = pd.concat(answers).groupby(["evidence", "source"], sort=False)
    return by_series.agg(
        n_predictions=("share", "size"),
        gain=("gain", "median"),
        median=("share", "median"),
        nine_in_ten=("share", lambda shares: shares.quantile(0.9)),
    ).reset_index()
