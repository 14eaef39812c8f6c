"""Does the law survive a change of text? The recipe on every loss set, and what sampling adds."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scaling.forecast.rulers import relative_error
from scaling.laws.fit import fit_loss_law
from scaling.studies.loss.sampling import N_DRAWS, sampling_noise
from scaling.testbed.labels import DATASETS, LOSS_SETS
from scaling.testbed.runs import load_losses, load_runs, select_loss_fit, select_targets

LEAST_M = 10  # below it runs end within their warm-up, or nearly
HOME = {"c4": "paloma_c4", "redpajama": "paloma_redpajama", "refinedweb": "paloma_refinedweb"}
FAR = ("paloma_code", "paloma_ptb", "c4_german")


def predict_sets(seed: int = 0, n_draws: int = N_DRAWS) -> pd.DataFrame:
    """Predict every run on every loss set, the paper's recipe fitted on each set's own five runs.

    Parameters
    ----------
    seed : int
        Seed of the noisy copies; see `scaling.studies.loss.sampling`.
    n_draws : int
        Noisy copies of each fit.

    Returns
    -------
    pandas.DataFrame
        832 rows, training set by loss set by run. ``role``: ``fit`` (one of the five), ``target``
        (one of the six), ``large`` (1.4B at M = 20), ``early`` (M below 10) or ``small``.
        ``other_files`` as in `scaling.testbed.runs.load_runs`.
        ``predicted`` and ``actual`` in nats per token; ``relative_error``, ``half_width`` (of the
        95 % evaluation interval), ``noise_independent`` and ``noise_shared``, as fractions of the
        measured loss; ``status`` of the fit.

    References
    ----------
    Gadre et al., arXiv 2403.08540, Table 1 and Fig. 7.
    """
    rng = np.random.default_rng(seed)
    losses = _runs_with_roles().merge(load_losses(), on="run", validate="one_to_many")
    parts = [
        _predict_set(losses[(losses["dataset"] == d) & (losses["loss_set"] == s)], rng, n_draws)
        for d in DATASETS.values()
        for s in LOSS_SETS.values()
    ]
    return pd.concat(parts, ignore_index=True)


def _runs_with_roles() -> pd.DataFrame:
    """The runs, each with what it is to the recipe and whether it names other files."""
    runs = load_runs()[["run", "dataset", "size", "N", "D", "M", "C", "other_files"]]
    is_one = [
        runs["run"].isin(select_loss_fit(runs)["run"]),
        runs["run"].isin(select_targets(runs)["run"]),
        runs["N"] > 1e9,
        runs["M"] < LEAST_M,
    ]
    role = np.select(is_one, ["fit", "target", "large", "early"], "small")
    return runs.assign(role=role)


def _predict_set(runs: pd.DataFrame, rng: np.random.Generator, n_draws: int) -> pd.DataFrame:
    """Fit one loss set of one training set, and predict all its runs."""
    five = (runs["role"] == "fit").to_numpy()
    N, D, actual = (runs[name].to_numpy(float) for name in ("N", "D", "loss"))
    fit = fit_loss_law(N[five], D[five], actual[five])
    predicted = fit.law.predict(N, D)
    half_width = (runs["loss_hi"] - runs["loss_lo"]).to_numpy() / 2
    independent, shared = sampling_noise(N, D, actual, half_width, five, rng, n_draws)
    columns = ["dataset", "loss_set", "run", "role", "size", "N", "D", "M", "C", "other_files"]
    return runs[columns].assign(
        predicted=predicted,
        actual=actual,
        relative_error=relative_error(predicted, actual),
        half_width=half_width / actual,
        noise_independent=independent / actual,
        noise_shared=shared / actual,
        status=fit.status,
    )


def summarise_sets(predictions: pd.DataFrame) -> pd.DataFrame:
    """Sum up what the recipe does on each loss set.

    Parameters
    ----------
    predictions : pandas.DataFrame
        From `predict_sets`.

    Returns
    -------
    pandas.DataFrame
        One row per loss set: mean and largest absolute relative error over the six targets and
        over the small runs that fit no law, how many of the six were predicted too high, and the
        median half width of the evaluation interval of the six; fractions.
    """
    misses = predictions.assign(miss=predictions["relative_error"].abs())
    target, small = (
        misses[misses["role"] == role].groupby("loss_set", sort=False)
        for role in ("target", "small")
    )
    return pd.DataFrame(
        {
            "target_mean": target["miss"].mean(),
            "target_max": target["miss"].max(),
            "small_mean": small["miss"].mean(),
            "small_max": small["miss"].max(),
            "n_too_high": target["relative_error"].agg(lambda miss: (miss > 0).sum()),
            "half_width": target["half_width"].median(),
        }
    )
