"""How good is a trained model? Its losses, with two bootstrap intervals, and its errors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import bootstrap

from scaling.training.model.model import Transformer
from scaling.training.plan.cells import Cell, seed_from
from scaling.training.text.choices import open_tasks
from scaling.training.text.sources import FileLoss, LossSet, open_loss_sets

RESAMPLES = 1000
LEVEL = 0.95
AT_ONCE = 2**24  # numbers of a table of log-probabilities that may stand in memory


@torch.no_grad()
def log_probabilities(
    model: Transformer, contexts: NDArray[np.int64], *, last: bool = False
) -> Iterator[tuple[slice, torch.Tensor]]:
    """Give log-probabilities of the next token after each prefix, some contexts at a time.

    The model computes in the type of its weights. With `last` only those after whole contexts, so
    that the length of `table` is 1.

    Yields
    ------
    rows : slice
        Which contexts.
    table : Tensor of float64, shape (rows, length, vocab)
    """
    n, length = contexts.shape
    rows_at_once = max(1, AT_ONCE // (length * model.shape.vocab))
    device = model.head.weight.device
    for start in range(0, n, rows_at_once):
        rows = slice(start, min(n, start + rows_at_once))
        logits = model.logits(torch.from_numpy(contexts[rows]).to(device), last=last)
        yield rows, torch.log_softmax(logits.double(), dim=-1)


def measure_tokens(model: Transformer, loss_set: LossSet) -> NDArray[np.float64]:
    """Measure the loss of each token of a loss set, without the z-loss.

    Returns
    -------
    ndarray of shape (n_sequences, length)
        Nats.
    """
    parts = [
        loss_set.losses(table, rows).cpu().numpy()
        for rows, table in log_probabilities(model, loss_set.contexts)
    ]
    return np.concatenate(parts)


def measure_hits(model: Transformer, loss_set: FileLoss) -> NDArray[np.bool_]:
    """Tell for each token of held-out text whether the model held it for the likeliest.

    Returns
    -------
    ndarray of bool, shape (n_sequences, length)
    """
    parts = [
        (table.argmax(dim=-1).cpu().numpy() == loss_set.targets[rows])
        for rows, table in log_probabilities(model, loss_set.contexts)
    ]
    return np.concatenate(parts)


def measure_losses(model: Transformer, cell: Cell) -> dict[str, dict[str, Any]]:
    """Measure a run's model on its loss sets: see `summarise`, by column of the run table."""
    return {
        name: summarise(measure_tokens(model, loss_set), seed_from("bootstrap", name))
        for name, loss_set in open_loss_sets(cell).items()
    }


def measure_errors(model: Transformer, cell: Cell) -> dict[str, dict[str, float]]:
    """Measure a run's model on the tasks of its walk.

    Returns
    -------
    dict of str to dict
        By task: ``error``, ``best`` (the lowest possible) and ``chance`` (of guessing), fractions.
        Every run of a source answers the same items.
    """
    errors = {}
    for name, task in open_tasks(cell.spec, cell.source_name).items():
        tables = log_probabilities(model, task.contexts, last=True)
        error = task.error(np.concatenate([table[:, 0].cpu().numpy() for _, table in tables]))
        errors[name] = {"error": error, "best": task.best_error, "chance": task.chance_error}
    return errors


def summarise(losses: NDArray[np.float64], seed: int) -> dict[str, Any]:
    """Summarise a loss: mean, and 95 % intervals with sequences or with tokens resampled.

    Tokens of a sequence share their text, so the interval over sequences is the honest one; the
    one over tokens is what the published runs carry too.

    Parameters
    ----------
    losses : ndarray of shape (n_sequences, length)
        Loss of each token, nats.
    seed : int
        Of the resamples.

    Returns
    -------
    dict
        ``mean``, ``std`` (of the mean, over sequences), ``lo``, ``hi``, ``token_lo``, ``token_hi``
        in nats, ``n_sequences``, ``n_tokens``.
    """
    sequence = _bootstrap(losses.mean(axis=1), seed)
    token = _bootstrap(losses.ravel(), seed)
    return {
        "mean": float(losses.mean()),
        "std": float(sequence.standard_error),
        "lo": float(sequence.confidence_interval.low),
        "hi": float(sequence.confidence_interval.high),
        "token_lo": float(token.confidence_interval.low),
        "token_hi": float(token.confidence_interval.high),
        "n_sequences": losses.shape[0],
        "n_tokens": losses.size,
    }


def _bootstrap(values: NDArray[np.float64], seed: int) -> Any:
    return bootstrap(
        (values,),
        np.mean,
        n_resamples=RESAMPLES,
        batch=max(1, 2**22 // values.size),
        confidence_level=LEVEL,
        method="percentile",
        rng=np.random.default_rng(seed),
    )
