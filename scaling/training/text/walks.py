"""Which text has a known entropy? Walks on a table of transition probabilities.

A walk's next symbol depends on the last one alone, so its entropy is a sum, and a model's loss is
that entropy plus an exact distance: nothing of a held-out loss is left to chance but the contexts.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from scaling.training.plan.parts import WalkSource


@dataclass(frozen=True)
class Walk:
    """A first-order Markov source with log-linear features of a power-law spectrum.

    Row i of the transition table is the softmax of ``sum_k s_k u_ik v_kj``, with standard normal
    features u and v, strengths ``s_k ~ k^-decay`` whose squares add up to ``strength^2``, and
    columns centred, so that no symbol is frequent for its own sake.

    Parameters
    ----------
    vocab : int
        Number of symbols V.
    decay : float
        Decay of the spectrum; steeper means that fewer features do most of the work.
    strength : float
        Standard deviation of the logits; 0 is pure noise.
    seed : int
        Seed of the features.
    """

    vocab: int
    decay: float
    strength: float
    seed: int

    @cached_property
    def transitions(self) -> NDArray[np.float64]:
        """Probabilities of the next symbol (column) after each (row), shape (vocab, vocab)."""
        rng = np.random.default_rng(self.seed)
        u, v = rng.standard_normal((2, self.vocab, self.vocab))
        s = np.arange(1, self.vocab + 1.0) ** -self.decay
        logits = (u * (self.strength * s / np.linalg.norm(s))) @ v
        logits -= logits.mean(axis=0)
        table = np.exp(logits - logits.max(axis=1, keepdims=True))
        return table / table.sum(axis=1, keepdims=True)

    @cached_property
    def stationary(self) -> NDArray[np.float64]:
        """Long-run share of each symbol, ``pi P = pi``, shape (vocab,)."""
        equations = np.vstack([self.transitions.T - np.eye(self.vocab), np.ones(self.vocab)])
        target = np.append(np.zeros(self.vocab), 1.0)
        share = np.linalg.lstsq(equations, target, rcond=None)[0]
        return share / share.sum()

    @cached_property
    def entropy(self) -> float:
        """The irreducible loss E, ``-sum_i pi_i sum_j P_ij log P_ij``, in nats per symbol."""
        return float(self.stationary @ self.row_entropy)

    @cached_property
    def row_entropy(self) -> NDArray[np.float64]:
        """Entropy of the next symbol after each, in nats, shape (vocab,)."""
        return -np.sum(self.transitions * np.log(self.transitions), axis=1)

    @cached_property
    def ladder(self) -> NDArray[np.float64]:
        """Cumulated rows, row i raised by i, as one rising sequence to look every step up in.

        Shape (vocab^2,); after symbol i, a uniform number u steps to the place of ``i + u``.
        """
        rows = np.cumsum(self.transitions, axis=1)
        rows /= rows[:, -1:]
        return (rows + np.arange(self.vocab)[:, None]).ravel()

    def begin(self, u: NDArray[np.float64]) -> NDArray[np.int64]:
        """First symbols of walks that start in the long run, from uniform numbers."""
        start = np.cumsum(self.stationary)
        return np.searchsorted(start, u * start[-1], side="right")

    def draw(self, rng: np.random.Generator, sequences: int, length: int) -> NDArray[np.int64]:
        """Draw independent walks that start in the long run, shape (sequences, length).

        They take ``sequences * length`` uniform numbers.
        """
        u = rng.random((length, sequences))
        walk = np.empty((length, sequences), dtype=np.int64)
        walk[0] = self.begin(u[0])
        for t in range(1, length):
            last = walk[t - 1]
            step = np.searchsorted(self.ladder, last + u[t], side="right") - last * self.vocab
            walk[t] = np.clip(step, 0, self.vocab - 1)
        return np.ascontiguousarray(walk.T)


def make_walk(source: WalkSource) -> Walk:
    """Make the walk that a specification names."""
    return Walk(source.vocab, source.decay, source.strength, source.seed)
