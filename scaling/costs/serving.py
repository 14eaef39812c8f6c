"""What does a long context add? FLOPs of attention, and the memory of keys and values.

The total of `scaling.costs.total` counts two FLOPs a parameter and token; attention comes on top.
"""

from __future__ import annotations

from typing import NamedTuple

ASPECT = 128.0  # width over layers where nobody says; most published models have 64 to 160
BYTES = 2.0  # of a number in BF16


class Blocks(NamedTuple):
    """Layers and width of a model."""

    layers: float
    width: float


def guess_shape(N: float) -> Blocks:
    """Guess layers and width of a model, ``N = 12 L d^2`` and ``d = 128 L``.

    Parameters
    ----------
    N : float
        Parameters, > 0; those of the vocabulary are taken for others.
    """
    width = (N * ASPECT / 12.0) ** (1.0 / 3.0)
    return Blocks(width / ASPECT, width)


def attention_flops(shape: Blocks, context: float) -> float:
    """FLOPs of attention that serving one token adds, with `context` tokens before it.

    ``4 L d s``: scores and weighted values, a multiply-add for each of d in L layers.

    Parameters
    ----------
    shape : Blocks
        L and d.
    context : float
        Tokens that it looks at, s.
    """
    return 4.0 * shape.layers * shape.width * context


def cache_bytes(shape: Blocks, context: float) -> float:
    """Memory of the keys and values of one sequence, in BF16: ``2 L d s`` numbers.

    Every head has its own; where eight share one it is an eighth.

    Parameters
    ----------
    shape : Blocks
        L and d.
    context : float
        Tokens in the sequence, s.
    """
    return 2.0 * shape.layers * shape.width * context * BYTES
