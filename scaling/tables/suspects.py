"""Which sound rows are suspect, and why? Each reason goes into `flags`; nothing is dropped."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling.tables.epochs import count_epochs
from scaling.tables.faults import show
from scaling.tables.schema import SMALLEST_USUAL_COUNT, likely_letter, loss_columns

SEPARATOR = "; "
LARGEST_USUAL_LOSS = 20.0  # nats; a uniform guess over a million tokens costs 13.8
# Twice the largest scatter between seeds in the shipped grids, 2.4 %; the shape of a model moves
# the loss at like N by up to 4 % (Gemstones, a shape of three layers apart).
BEATEN_BY = 0.05
FEW_EPOCHS = 4.0  # nearly as good as fresh tokens: Muennighoff et al., arXiv 2305.16264
# The widest gap between neighbouring M of a shipped table is a factor of 15, the largest M 6.4e4.
FAR_M = 100.0
LARGEST_USUAL_M = 1e5
FAR = f"more than a factor of {FAR_M:g} from that of any other run"
HUGE = f"above {LARGEST_USUAL_M:,.0f} tokens per parameter"
REASONS = {
    "undertrained": "swapped, or a wrong unit?",
    "warmup": "ends before its warm-up does",
    "batch": "D is less than one batch",
    "loss": "a loss above 20 nats per token: a perplexity? --loss-unit ppl takes its logarithm",
}
# A run of N parameters on D tokens of text reaches 1.69 + 406.4 / N^0.34 + 410.7 / D^0.28 nats
# (Hoffmann et al. 2022, equation 10), with another text or tokenizer somewhat more or less. Half
# of the runs of a shipped grid are never twice as high.
TOO_HIGH, LEAST_RUNS = 2.0, 3
STATES = ("state", "status")
UNFINISHED = ("crashed", "failed", "killed", "running", "preempted")


def add_flags(frame: pd.DataFrame) -> pd.DataFrame:
    """Add the reasons to `flags`, once each, joined by "; " behind the flags that a table brings.

    The rows are sound and have `run`; their index counts from 0.
    """
    flags = frame.get("flags", pd.Series("", frame.index)).fillna("").astype(object)
    for reasons in (
        *_reasons_of_a_row(frame),
        _ask_for_unit(frame),
        _ask_for_logarithm(frame),
        _name_beaten(frame),
    ):
        pairs = zip(reasons, flags[reasons.index], strict=True)
        joined = [
            flag if reason in flag else flag + SEPARATOR * bool(flag) + reason
            for reason, flag in pairs
        ]
        flags[reasons.index] = joined
    return frame.assign(flags=flags)


def find_better(frame: pd.DataFrame, loss: str) -> NDArray[np.intp]:
    """Find, for each run, the run of lowest loss with no more N and no more D.

    Parameters
    ----------
    frame : DataFrame of shape (n_runs, n_columns)
        `N`, `D`, the loss, and `dataset` where there are several: runs of one are compared.
    loss : str
        The loss column; NaN where it is not known.

    Returns
    -------
    ndarray of int, shape (n_runs,)
        Position of that run; a run's own where no other has a lower loss, or its own is not known.

    Notes
    -----
    Runs are numbered by loss, so that a running minimum of numbers names the best run. At level 0
    the runs of one N are compared; at each further level the lower half of a group twice as wide
    is held against the upper half: ``n_runs log(n_runs)`` steps for each level.
    """
    better = np.arange(len(frame))
    values = frame[loss].to_numpy()
    by_loss = np.argsort(values, kind="stable")[: np.isfinite(values).sum()]
    if not len(by_loss):
        return better
    runs = frame.iloc[by_loss]
    size = np.unique(runs["N"], return_inverse=True)[1]
    n_levels = int(size.max()).bit_length()
    series = pd.factorize(runs["dataset"])[0] if "dataset" in runs else 0
    place = (np.asarray(series, dtype=np.int64) << n_levels) | size
    by_D = np.lexsort((size, runs["D"]))  # of equal D the smaller, then the better run comes first
    best = np.arange(len(runs))
    for level in range(n_levels + 1):
        ranks = by_D[np.argsort(place[by_D] >> level, kind="stable")]
        groups = place[ranks] >> level
        upper = (place[ranks] >> max(level - 1, 0)) % 2 == 1
        given = np.where(upper & (level > 0), len(runs), ranks)
        found = _running_minimum(given, groups, len(runs) + 1)
        asked = upper | (level == 0)
        best[ranks[asked]] = np.minimum(best[ranks[asked]], found[asked])
    better[by_loss] = by_loss[best]
    return better


def _running_minimum(
    numbers: NDArray[np.intp], groups: NDArray[np.intp], above: int
) -> NDArray[np.intp]:
    """Minimum so far within each group of neighbours; all numbers lie in [0, above)."""
    step = above * np.cumsum(np.diff(groups, prepend=groups[:1]) != 0)
    return np.minimum.accumulate(numbers - step) + step


def _reasons_of_a_row(frame: pd.DataFrame) -> Iterator[pd.Series]:
    """Give the reasons that need no other loss, each as a series over the runs that have it."""
    below = frame[(frame["D"] < frame["N"]) & (frame["D"] >= SMALLEST_USUAL_COUNT)]
    pairs = zip(below["D"], below["N"], strict=True)
    swapped = [f"D = {D:.4g} is below N = {N:.4g}: {REASONS['undertrained']}" for D, N in pairs]
    yield pd.Series(swapped, below.index, dtype=object)
    unknown = pd.Series(np.nan, frame.index)
    D = frame["D"]
    batch, warmup = frame.get("batch_tokens", unknown), frame.get("warmup_steps", unknown)
    suspects = {
        "warmup": D / batch < warmup,
        "batch": batch > D,
        "loss": (frame[loss_columns(frame)] > LARGEST_USUAL_LOSS).any(axis=1),
    }
    for key, suspect in suspects.items():
        yield pd.Series(REASONS[key], frame.index[suspect], dtype=object)
    for name in [name for name in map(str, frame) if name.casefold() in STATES]:
        told = frame[name].astype(str).str.casefold()
        ended = told[told.isin(UNFINISHED)]
        reasons = [
            f"{name} is {value}: not a finished run? --without-flagged leaves it out"
            for value in ended
        ]
        yield pd.Series(reasons, ended.index, dtype=object)
    for name in ("N", "D"):
        small = frame.loc[frame[name] < SMALLEST_USUAL_COUNT]
        asked = [
            _ask_for_letter(name, value, "MB" if name == "N" else likely_letter(D, N))
            for value, N, D in zip(small[name], small["N"], small["D"], strict=True)
        ]
        yield pd.Series(asked, small.index, dtype=object)


def _ask_for_letter(name: str, value: float, letters: str) -> str:
    meant = " or ".join(f"{value:g}{letter}" for letter in letters)
    return f"{name} is {value:g}: did you mean {meant}?"


def _ask_for_unit(frame: pd.DataFrame) -> pd.Series:
    """Ask where M is far from that of any other run of the training set, or beyond all use.

    Where N or D is small, or D below N, another reason asks already.
    """
    M = frame["D"] / frame["N"]
    series = pd.factorize(frame["dataset"])[0] if "dataset" in frame else np.zeros(len(frame))
    order = np.lexsort((M, series))
    gap = np.diff(np.log(M.to_numpy()[order]))
    gap[np.diff(series[order]) != 0] = np.inf
    nearest = np.empty(len(frame))
    nearest[order] = np.minimum(np.append(np.inf, gap), np.append(gap, np.inf))
    alone = (nearest > np.log(FAR_M)) & np.isfinite(nearest)
    counted = (frame[["N", "D"]] >= SMALLEST_USUAL_COUNT).all(axis=1) & (M >= 1)
    far = M[counted & (alone | (M > LARGEST_USUAL_M))]
    reasons = [
        f"M = {value:.3g} is {why}: a wrong unit?"
        for value, why in zip(far, np.where(far > LARGEST_USUAL_M, HUGE, FAR), strict=True)
    ]
    return pd.Series(reasons, far.index, dtype=object)


def _ask_for_logarithm(frame: pd.DataFrame) -> pd.Series:
    """Ask where a column of losses lies far above what runs of its N and D reach.

    Perplexities of 4 to 20 do. A single run may be off, so half of them decide.
    """
    counted = frame[(frame[["N", "D"]] >= SMALLEST_USUAL_COUNT).all(axis=1)]
    usual = 1.69 + 406.4 * counted["N"] ** -0.34 + 410.7 * counted["D"] ** -0.28
    reasons: dict[int, str] = {}
    for name in loss_columns(counted):
        ratio = (counted[name] / usual).dropna()
        if len(ratio) < LEAST_RUNS or ratio.median() <= TOO_HIGH:
            continue
        high = ratio.index[(ratio > TOO_HIGH) & (counted[name] <= LARGEST_USUAL_LOSS)[ratio.index]]
        for i in high:
            reasons[i] = (
                f"{name} {counted[name][i]:.3g} is more than twice the {usual[i]:.2g} nats that "
                "runs of such N and D reach: a perplexity? --loss-unit ppl takes its logarithm"
            )
    return pd.Series(reasons, dtype=object)


def _name_beaten(frame: pd.DataFrame) -> pd.Series:
    """Name the run that did far better with no more N and no more D, in the loss where it is most.

    A mistyped loss stands on either side: too high it is beaten, too low it beats.
    """
    names, most, reasons = frame["run"].to_numpy(), np.full(len(frame), 1 + BEATEN_BY), {}
    N, D, epochs = frame["N"].to_numpy(), frame["D"].to_numpy(), count_epochs(frame)
    for loss in loss_columns(frame):
        better = find_better(frame, loss)
        own = frame[loss].to_numpy()
        with np.errstate(over="ignore"):
            ratio = own / own[better]
        for i in np.flatnonzero(ratio > most):
            j = better[i]
            doubt = "which has no more N or D: is N, D or loss of one of the two mistyped?"
            if N[i] == N[j] and D[i] == D[j]:
                doubt = "which has the same N and D: a sweep, or is one of the two mistyped?"
            if epochs is not None and epochs.iloc[i] > max(FEW_EPOCHS, epochs.iloc[j]):
                seen = f"{epochs.iloc[i]:.3g} times"
                doubt = f"which has no more N or D: this run's tokens were seen {seen}"
            reasons[i] = (
                f"{loss} {own[i]:.4g} is above the {own[j]:.4g} of {show(names[j])}, {doubt}"
            )
        most = np.fmax(most, ratio)
    return pd.Series(reasons, dtype=object)
