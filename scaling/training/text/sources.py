"""Where do batches come from? Batch k is a function of the seed and of k, and of nothing else.

So the place in the data is the step, and a resumed run reads on where it was stopped.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from scaling.training.errors import GridError
from scaling.training.plan.cells import Cell, seed_from
from scaling.training.plan.spec import TokenSource, WalkSource
from scaling.training.plan.tokenfile import TokenFile, permute
from scaling.training.text.walks import Walk, make_walk

Tokens = NDArray[np.int64]
CPU = torch.device("cpu")


class Batches(Protocol):
    """A training set."""

    def batch(self, seed: int, step: int, sequences: int, length: int) -> Tensor:
        """Draw the batch of one step: int64, shape (sequences, length + 1)."""
        ...


class LossSet(Protocol):
    """What a loss is measured on."""

    @property
    def contexts(self) -> Tokens:
        """What the model reads, shape (n_sequences, length)."""
        ...

    def losses(self, log_probabilities: Tensor, rows: slice) -> Tensor:
        """Loss of each token in nats, shape (rows, length), from (rows, length, vocab)."""
        ...


def _stream(seed: int, step: int) -> np.random.Generator:
    """Give the random numbers of one step: 2^192 of them before the next step's begin."""
    return np.random.Generator(np.random.Philox(key=seed, counter=[0, 0, 0, step]))


@dataclass(frozen=True)
class WalkBatches:
    """Fresh walks at every step, drawn on the CPU."""

    walk: Walk

    def batch(self, seed: int, step: int, sequences: int, length: int) -> Tensor:
        """Draw the batch of one step, shape (sequences, length + 1)."""
        return torch.from_numpy(self.walk.draw(_stream(seed, step), sequences, length + 1))


@dataclass(frozen=True)
class WalkBatchesOnDevice:
    """The same walks, bit by bit, looked up on a device: a large table is too slow on the CPU."""

    walk: Walk
    device: torch.device

    @cached_property
    def _ladder(self) -> Tensor:
        return torch.from_numpy(self.walk.ladder).to(self.device)

    def batch(self, seed: int, step: int, sequences: int, length: int) -> Tensor:
        """Draw the batch of one step, shape (sequences, length + 1)."""
        uniform = _stream(seed, step).random((length + 1, sequences))
        start = np.cumsum(self.walk.stationary)
        first = np.searchsorted(start, uniform[0] * start[-1], side="right")
        u = torch.from_numpy(uniform).to(self.device)
        walk = [torch.from_numpy(first).to(self.device)]
        for t in range(1, length + 1):
            place = torch.searchsorted(self._ladder, walk[-1] + u[t], right=True)
            step_to = place - walk[-1] * self.walk.vocab
            walk.append(step_to.clamp(0, self.walk.vocab - 1))
        return torch.stack(walk, dim=1)


@dataclass(frozen=True)
class FileBatches:
    """Windows of a token file in a random order, each once before any comes again."""

    file: TokenFile

    def batch(self, seed: int, step: int, sequences: int, length: int) -> Tensor:
        """Read the batch of one step, shape (sequences, length + 1)."""
        n = self.file.count_windows(length)
        index = np.arange(step * sequences, (step + 1) * sequences)
        windows = np.empty(sequences, dtype=np.int64)
        for epoch in np.unique(index // n):
            own = index // n == epoch
            windows[own] = permute(index[own] % n, n, seed_from(seed, int(epoch)))
        return torch.from_numpy(self.file.read_windows(windows, length))


@dataclass(frozen=True)
class WalkLoss:
    """Exact loss of a model on contexts of a walk: ``E + KL(P(. | x_t) || q(. | x_<=t))``.

    What follows a context is not drawn but averaged over, and the entropy is that of the whole
    walk, so only the choice of contexts is left to chance.
    """

    walk: Walk
    contexts: Tokens

    def losses(self, log_probabilities: Tensor, rows: slice) -> Tensor:
        """Loss of each token in nats, shape (rows, length)."""
        device = log_probabilities.device
        table = torch.from_numpy(self.walk.transitions).to(device)
        after = table[torch.from_numpy(self.contexts[rows]).to(device)]
        distance = (after * (after.log() - log_probabilities)).sum(dim=-1)
        return self.walk.entropy + distance


@dataclass(frozen=True)
class FileLoss:
    """Cross-entropy of a model on held-out windows of a token file."""

    windows: Tokens

    @property
    def contexts(self) -> Tokens:
        """What the model reads."""
        return self.windows[:, :-1]

    def losses(self, log_probabilities: Tensor, rows: slice) -> Tensor:
        """Loss of each token in nats, shape (rows, length)."""
        targets = torch.from_numpy(self.windows[rows, 1:]).to(log_probabilities.device)
        return -log_probabilities.gather(-1, targets[..., None])[..., 0]


def open_batches(cell: Cell, device: torch.device = CPU) -> Batches:
    """Open the training set of a run that trains on this device.

    Raises
    ------
    GridError
        If its token file cannot be read or is not what its manifest says.
    """
    if isinstance(cell.source, TokenSource):
        return FileBatches(TokenFile(cell.source.folder))
    walk = make_walk(cell.source)
    return WalkBatches(walk) if device.type == "cpu" else WalkBatchesOnDevice(walk, device)


def open_loss_sets(cell: Cell) -> dict[str, LossSet]:
    """Open the loss sets of a run: ``loss`` for a walk, ``loss_<set>`` for each token file.

    Returns
    -------
    dict of str to LossSet
        By column of the run table. Every run of a source is measured on the same contexts.

    Raises
    ------
    GridError
        If a token file cannot be read, or has fewer windows than are asked for.
    """
    n, length = cell.spec.held_out.sequences, cell.recipe.length
    if isinstance(cell.source, WalkSource):
        walk = make_walk(cell.source)
        rng = _stream(seed_from("held out", cell.source_name), 0)
        return {"loss": WalkLoss(walk, walk.draw(rng, n, length))}
    sets: dict[str, LossSet] = {}
    for name, folder in cell.source.loss_sets.items():
        file = TokenFile(folder)
        windows = file.count_windows(length)
        if windows < n:
            raise GridError(f"held_out: {folder} has {windows} windows, {n} are asked for")
        chosen = np.linspace(0, windows - 1, n).astype(np.int64)
        sets[f"loss_{name}"] = FileLoss(file.read_windows(chosen, length))
    return sets
