"""What does a run cost? Parameters by named group, FLOPs by convention and exactly.

The architecture is the one of the 104 runs: pre-norm blocks with gain-only norms, fused query, key
and value, SwiGLU, rotary positions (no parameters), an untied head and no bias anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from scaling.costs.arguments import plain, positive, whole
from scaling.costs.total import TRAINING

VOCABULARY = 50_432
SEQUENCE_LENGTH = 2_048
# The hidden width of the feed-forward block is rounded up to a multiple of this.
HIDDEN_MULTIPLE = 256


@dataclass(frozen=True)
class ParameterCount:
    """Parameters of one model, by named group.

    Parameters
    ----------
    input_embedding, output_head : int
        The two vocabulary matrices.
    attention, feed_forward : int
        Matrices of all blocks.
    norms : int
        Gains of the norms: two per block and the last one.
    qk_norm : int
        Gains of the query and key norms; 0 in the published convention.
    """

    input_embedding: int
    output_head: int
    attention: int
    feed_forward: int
    norms: int
    qk_norm: int

    @property
    def total(self) -> int:
        """All groups together, in parameters."""
        return sum(getattr(self, field.name) for field in fields(self))

    @property
    def body(self) -> int:
        """All groups but the two vocabulary matrices, in parameters."""
        return self.total - self.input_embedding - self.output_head


@dataclass(frozen=True)
class ForwardFlops:
    """Floating point operations of one forward pass, per token, by named group.

    Parameters
    ----------
    attention, feed_forward, head : float
        Matrix products with the weights of the blocks and of the output head.
    mixing : float
        Attention scores and weighted values, causal, the mean over positions.
    """

    attention: float
    feed_forward: float
    mixing: float
    head: float

    @property
    def total(self) -> float:
        """All groups together, in FLOPs per token."""
        return sum(getattr(self, field.name) for field in fields(self))


def hidden_width(width: int) -> int:
    """Width of the feed-forward block: ``f = 256 ceil(floor(8 d / 3) / 256)``.

    Parameters
    ----------
    width : int
        Model width d.

    Returns
    -------
    int
        Hidden width f.
    """
    return HIDDEN_MULTIPLE * -(-(8 * whole("width", width) // 3) // HIDDEN_MULTIPLE)


def _attention_width(width: int, heads: int | None) -> int:
    """Width that the heads span; below d where the heads do not divide it."""
    if heads is None:
        return width
    if whole("heads", heads) > width:
        raise ValueError(f"heads must not exceed the width {width}, got {heads!r}")
    return int(heads) * (width // int(heads))


def count_parameters(
    width: int,
    layers: int,
    vocab: int = VOCABULARY,
    qk_norm: bool = False,
    *,
    heads: int | None = None,
) -> ParameterCount:
    """Count the parameters of one model by named group.

    ``N = 2 V d + layers (4 d^2 + 3 d f + 2 d) + d``; with query and key norms,
    ``2 d layers`` gains more.

    Parameters
    ----------
    width, layers : int
        Model width d and number of blocks.
    vocab : int, default 50432
        Vocabulary size V.
    qk_norm : bool, default False
        Whether the gains of the query and key norms count. The 104 runs had them; the published
        sizes leave them out, and so does the default.
    heads : int, optional
        Number of attention heads. It only matters where it does not divide the width, as in 17
        runs of the configuration search: the heads then span ``heads floor(d / heads)``.

    Returns
    -------
    ParameterCount
        ``.total`` is N, ``.body`` is N without both vocabulary matrices.

    Raises
    ------
    ValueError
        If a size is not a whole number above 0.
    """
    d, n, v = whole("width", width), whole("layers", layers), whole("vocab", vocab)
    spanned = _attention_width(d, heads)
    return ParameterCount(
        input_embedding=v * d,
        output_head=v * d,
        attention=n * 4 * d * spanned,
        feed_forward=n * 3 * d * hidden_width(d),
        norms=n * 2 * d + d,
        qk_norm=n * 2 * spanned if qk_norm else 0,
    )


def count_forward_flops(
    width: int,
    layers: int,
    vocab: int = VOCABULARY,
    sequence_length: int = SEQUENCE_LENGTH,
    *,
    heads: int | None = None,
) -> ForwardFlops:
    """Count the FLOPs of a forward pass per token, 2 for each multiply-add.

    Weights: ``2 (layers (4 d^2 + 3 d f) + V d)``. Attention: token i looks at i tokens, so scores
    and values cost ``4 d i``, on average ``2 d (T + 1)`` a block: half of what full attention
    would cost, up to the diagonal. The input embedding is a look-up and costs nothing; norms,
    activations, rotations and the softmax are left out.

    Parameters
    ----------
    width, layers, vocab, heads
        As in `count_parameters`.
    sequence_length : int, default 2048
        Tokens in a sequence, T.

    Returns
    -------
    ForwardFlops
        FLOPs per token by named group.

    Raises
    ------
    ValueError
        If a size is not a whole number above 0.
    """
    count = count_parameters(width, layers, vocab, heads=heads)
    spanned = _attention_width(int(width), heads)
    return ForwardFlops(
        attention=2.0 * count.attention,
        feed_forward=2.0 * count.feed_forward,
        mixing=2.0 * layers * spanned * (whole("sequence_length", sequence_length) + 1),
        head=2.0 * count.output_head,
    )


def count_flops_per_token(
    width: int,
    layers: int,
    vocab: int = VOCABULARY,
    sequence_length: int = SEQUENCE_LENGTH,
    *,
    heads: int | None = None,
) -> float:
    """Count the exact training FLOPs per token: three forward passes.

    The backward pass makes two products for every one of the forward pass, so
    ``C_exact / D = 3 forward``. Against the convention 6 N per token, 6 N is 1.45 times as much
    for the 0.011B model, 1.28 times for 0.079B, and within 1 % from 0.154B up, at T = 2,048.

    Parameters
    ----------
    width, layers, vocab, sequence_length, heads
        As in `count_forward_flops`.

    Returns
    -------
    float
        FLOPs per trained token.
    """
    return 3.0 * count_forward_flops(width, layers, vocab, sequence_length, heads=heads).total


def training_flops(N: ArrayLike, D: ArrayLike) -> Any:
    """Training compute by the convention of the laws: ``C = 6 N D``.

    Parameters
    ----------
    N, D : float or array_like of shape (n_runs,)
        Parameters and training tokens.

    Returns
    -------
    float or ndarray of shape (n_runs,)
        FLOPs.

    Raises
    ------
    ValueError
        If a value is not finite and above 0.

    References
    ----------
    Gadre et al., arXiv 2403.08540, section 2.
    """
    return plain(np.asarray(TRAINING * positive("N", N) * positive("D", D)))
