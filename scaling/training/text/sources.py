"""Where do batches come from? Batch k is a function of the seed and of k, and of nothing else.

So the place in the data is the step, and a resumed run reads on where it was stopped.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from scaling.training.plan.cells import Cell, seed_from
from scaling.training.plan.parts import TokenSource
from scaling.training.plan.tokenfile import TokenFile
from scaling.training.text.walks import Walk, make_walk

Tokens = NDArray[np.int64]
CPU = torch.device("cpu")
ROUNDS = 6  # of the permutation of a file's windows; four would already look random


def _stream(seed: int, step: int) -> np.random.Generator:
    """Give the random numbers of one step: 2^192 of them before the next step's begin."""
    return np.random.Generator(np.random.Philox(key=seed, counter=[0, 0, 0, step]))


@dataclass(frozen=True)
class WalkBatches:
    """Fresh walks at every step: those of `Walk.draw`, bit by bit, on any device.

    A large table is too slow to look up on the CPU of a machine that trains on a GPU.
    """

    walk: Walk
    device: torch.device = CPU

    @cached_property
    def _ladder(self) -> Tensor:
        return torch.from_numpy(self.walk.ladder).to(self.device)

    def batch(self, seed: int, step: int, sequences: int, length: int) -> Tensor:
        """Draw the batch of one step: int64, shape (sequences, length + 1)."""
        uniform = _stream(seed, step).random((length + 1, sequences))
        u = torch.from_numpy(uniform).to(self.device)
        walk = [torch.from_numpy(self.walk.begin(uniform[0])).to(self.device)]
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
        n = self.file.manifest.count_windows(length)
        index = np.arange(step * sequences, (step + 1) * sequences)
        windows = np.empty(sequences, dtype=np.int64)
        for epoch in np.unique(index // n):
            own = index // n == epoch
            windows[own] = permute(index[own] % n, n, seed_from(seed, int(epoch)))
        return torch.from_numpy(self.file.read_windows(windows, length))


def permute(index: NDArray[np.int64], n: int, seed: int) -> NDArray[np.int64]:
    """Look up places in a random order of ``range(n)`` without making that order.

    A Feistel network permutes the numbers of ``2 h`` bits, the fewest that hold n; a number that
    lands outside goes through again until it lands inside, which leaves a permutation of the rest.

    Returns
    -------
    ndarray of int64, shape (k,)
        Distinct numbers in ``range(n)`` for distinct places in it.

    References
    ----------
    Black and Rogaway, Ciphers with arbitrary finite domains (2002), section 3 (cycle walking).
    """
    half = np.uint64(max(1, -(-int(n - 1).bit_length() // 2)))
    mask = np.uint64((1 << int(half)) - 1)
    keys = np.random.Philox(key=seed).random_raw(ROUNDS)
    place = np.asarray(index).astype(np.uint64)
    outside = np.ones(len(place), dtype=bool)
    while outside.any():
        left, right = place[outside] >> half, place[outside] & mask
        for key in keys:
            left, right = right, left ^ (_mix(right ^ key) & mask)
        place[outside] = (left << half) | right
        outside = place >= n
    return place.astype(np.int64)


def _mix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Scatter the bits of 64-bit numbers (the finaliser of SplitMix64)."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


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

    @property
    def targets(self) -> Tokens:
        """What follows each token of it."""
        return self.windows[:, 1:]

    def losses(self, log_probabilities: Tensor, rows: slice) -> Tensor:
        """Loss of each token in nats, shape (rows, length)."""
        targets = torch.from_numpy(self.targets[rows]).to(log_probabilities.device)
        return -log_probabilities.gather(-1, targets[..., None])[..., 0]


Batches = WalkBatches | FileBatches
LossSet = WalkLoss | FileLoss


def open_batches(cell: Cell, device: torch.device = CPU) -> Batches:
    """Open the training set of a run that trains on this device.

    Raises
    ------
    GridError
        If its token file cannot be read or is not what its manifest says.
    """
    if isinstance(cell.source, TokenSource):
        return FileBatches(TokenFile(cell.source.folder))
    return WalkBatches(make_walk(cell.source), device)


def open_loss_sets(cell: Cell) -> dict[str, LossSet]:
    """Open the loss sets of a run: ``loss`` for a walk, ``loss_<set>`` for each token file.

    Returns
    -------
    dict of str to LossSet
        By column of the run table. Every run of a source is measured on the same contexts.

    Raises
    ------
    GridError
        If a token file cannot be read or is not what its manifest says.
    """
    n, length = cell.spec.held_out.sequences, cell.recipe.length
    if isinstance(cell.source, TokenSource):
        files = {name: TokenFile(folder) for name, folder in cell.source.loss_sets.items()}
        return {f"loss_{name}": _spread(file, n, length) for name, file in files.items()}
    walk = make_walk(cell.source)
    rng = _stream(seed_from("held out", cell.source_name), 0)
    return {"loss": WalkLoss(walk, walk.draw(rng, n, length))}


def _spread(file: TokenFile, n: int, length: int) -> FileLoss:
    """Take windows from the whole of a file."""
    windows = np.linspace(0, file.manifest.count_windows(length) - 1, n).astype(np.int64)
    return FileLoss(file.read_windows(windows, length))
