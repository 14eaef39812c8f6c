"""Which tasks have a known best error? Picking the symbol that follows, on a walk.

An item is a context of a walk and a few symbols to choose from: one that follows, drawn from
``P(. | x)``, and others drawn evenly. Given the symbols, the chance that c is the one that follows
is ``P(c | x) / sum_c' P(c' | x)``, so the error of any choice is known exactly, and nobody can do
better than to take the likeliest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scaling.training.plan.cells import seed_from
from scaling.training.plan.spec import Spec
from scaling.training.text.walks import Walk, make_walk


@dataclass(frozen=True)
class ChoiceTask:
    """Items of one task.

    Parameters
    ----------
    contexts : ndarray of int64, shape (n_items, length)
        What the model reads.
    candidates : ndarray of int64, shape (n_items, n_choices)
        Symbols to choose from, all different.
    chances : ndarray of float64, shape (n_items, n_choices)
        Chance that each is the one that follows.
    """

    contexts: NDArray[np.int64]
    candidates: NDArray[np.int64]
    chances: NDArray[np.float64]

    @property
    def best_error(self) -> float:
        """The lowest possible error, ``mean(1 - max_c chance)``, a fraction."""
        return float(1 - self.chances.max(axis=1).mean())

    @property
    def chance_error(self) -> float:
        """Error of guessing, ``1 - 1 / n_choices``, a fraction."""
        return 1 - 1 / self.candidates.shape[1]

    def error(self, log_probabilities: NDArray[np.float64]) -> float:
        """Error of a model that takes the candidate it finds likeliest, a fraction.

        ``mean(1 - chance of its choice)``, from the model's log-probabilities of the symbol after
        each context, shape (n_items, vocab).
        """
        picked = np.take_along_axis(log_probabilities, self.candidates, axis=1).argmax(axis=1)
        return float(1 - np.take_along_axis(self.chances, picked[:, None], axis=1).mean())


def make_choices(
    walk: Walk, rng: np.random.Generator, *, n_items: int, n_choices: int, length: int
) -> ChoiceTask:
    """Make so many items, with so many candidates and so long a context each.

    Raises
    ------
    ValueError
        If there are not at least two choices, or more than symbols.
    """
    if not 2 <= n_choices <= walk.vocab:
        raise ValueError(
            f"n_choices must be between 2 and the {walk.vocab} symbols, got {n_choices!r}"
        )
    walks = walk.draw(rng, n_items, length + 1)
    contexts, follows = walks[:, :-1], walks[:, -1]
    # The others are the first of a random order of all symbols but the one that follows.
    order = rng.random((n_items, walk.vocab))
    np.put_along_axis(order, follows[:, None], 2.0, axis=1)
    others = np.argsort(order, axis=1)[:, : n_choices - 1]
    candidates = np.sort(np.column_stack([follows, others]), axis=1)
    chances = np.take_along_axis(walk.transitions[contexts[:, -1]], candidates, axis=1)
    return ChoiceTask(contexts, candidates, chances / chances.sum(axis=1, keepdims=True))


def open_tasks(spec: Spec, source_name: str) -> dict[str, ChoiceTask]:
    """Make the tasks of one source of a grid by name; none for a source that is no walk.

    Every run of the source answers the same items.
    """
    source = spec.walks.get(source_name)
    if source is None:
        return {}
    walk = make_walk(source)
    return {
        name: make_choices(
            walk,
            np.random.default_rng(seed_from("task", source_name, name)),
            n_items=task.items,
            n_choices=task.choices,
            length=spec.recipe.length,
        )
        for name, task in spec.tasks.items()
    }
