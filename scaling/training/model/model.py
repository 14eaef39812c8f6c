"""What is trained? The decoder of the 104 runs, as a PyTorch module.

Pre-norm blocks with gain-only norms, norms of queries and keys over the whole width, rotary
positions, SwiGLU, an untied head, no bias and no dropout. It is the architecture that
`scaling.costs.compute` counts, so its parameters agree with those counts group by group.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from scaling.costs.compute import ParameterCount, hidden_width
from scaling.training.model.loss import Z_WEIGHT, training_loss
from scaling.training.plan.cells import Shape

ROTARY_BASE = 10_000.0
NORM_EPS = 1e-5
TRUNCATION = 3.0  # the initial weights are cut at this many standard deviations
# Which group of parameters a part belongs to, where it is none of the norms.
GROUPS = {
    "embedding": "input_embedding",
    "head": "output_head",
    "qkv": "attention",
    "attention_out": "attention",
    "q_norm": "qk_norm",
    "k_norm": "qk_norm",
    "gate_up": "feed_forward",
    "feed_forward_out": "feed_forward",
}


def rotary_angles(head_width: int, length: int) -> Tensor:
    """Angles by which positions turn queries and keys: ``t base^(-2 i / head_width)``.

    Radians, shape (length, head_width), the same for both halves of a head.
    """
    rates = ROTARY_BASE ** (-torch.arange(0, head_width, 2, dtype=torch.float32) / head_width)
    return torch.outer(torch.arange(length, dtype=torch.float32), rates).repeat(1, 2)


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn each pair ``(x_i, x_(i + half))`` by its position's angle.

    `x` are queries or keys, shape (..., length, head_width).
    """
    first, second = x.chunk(2, dim=-1)
    return x * cos + torch.cat((-second, first), dim=-1) * sin


def _norm(width: int) -> nn.LayerNorm:
    return nn.LayerNorm(width, eps=NORM_EPS, bias=False)


class Block(nn.Module):
    """One pre-norm block: causal attention, then SwiGLU, each added to its input.

    Parameters
    ----------
    shape : Shape
        Shape of the model it stands in.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        d, f = shape.width, hidden_width(shape.width)
        self.heads = shape.heads
        self.attention_norm, self.feed_forward_norm = _norm(d), _norm(d)
        self.qkv = nn.Linear(d, 3 * d, bias=False)
        self.q_norm, self.k_norm = _norm(d), _norm(d)
        self.attention_out = nn.Linear(d, d, bias=False)
        self.gate_up = nn.Linear(d, 2 * f, bias=False)
        self.feed_forward_out = nn.Linear(f, d, bias=False)

    def _split_heads(self, x: Tensor) -> Tensor:
        return x.view(*x.shape[:-1], self.heads, -1).transpose(1, 2)

    def _attend(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        q = rotate(self._split_heads(self.q_norm(q)), cos, sin).to(v.dtype)
        k = rotate(self._split_heads(self.k_norm(k)), cos, sin).to(v.dtype)
        mixed = F.scaled_dot_product_attention(q, k, self._split_heads(v), is_causal=True)
        return self.attention_out(mixed.transpose(1, 2).flatten(2))

    def _feed_forward(self, x: Tensor) -> Tensor:
        gate, up = self.gate_up(x).chunk(2, dim=-1)
        return self.feed_forward_out(F.silu(gate) * up)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        """Map activations of shape (sequences, length, width) to the same shape."""
        x = x + self._attend(self.attention_norm(x), cos, sin)
        return x + self._feed_forward(self.feed_forward_norm(x))


class Transformer(nn.Module):
    """The decoder; called on sequences, it gives their loss without ever holding all logits.

    Parameters
    ----------
    shape : Shape
        Shape of the model.
    length : int
        Longest sequence, T.
    seed : int
        Seed of the initial weights; they depend on nothing else.

    Notes
    -----
    Weights start from a normal distribution cut at three standard deviations: ``1 / sqrt(d_in)``
    for a matrix that reads ``d_in`` numbers, ``1 / sqrt(d)`` for both vocabulary matrices; the two
    matrices that write into the residual stream in block i are divided by ``sqrt(2 (i + 1))``.
    """

    def __init__(self, shape: Shape, length: int, seed: int) -> None:
        super().__init__()
        self.shape = shape
        self.embedding = nn.Embedding(shape.vocab, shape.width)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = _norm(shape.width)
        self.head = nn.Linear(shape.width, shape.vocab, bias=False)
        angles = rotary_angles(shape.width // shape.heads, length)
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)
        self.cos: Tensor
        self.sin: Tensor
        self.initialise(seed)

    @torch.no_grad()
    def initialise(self, seed: int) -> None:
        """Draw the weights anew, from a generator of this seed alone."""
        if self.head.weight.is_meta:  # only its shapes are wanted
            return
        generator = torch.Generator(device=self.head.weight.device).manual_seed(seed)

        def draw(weight: Tensor, std: float) -> None:
            cut = TRUNCATION * std
            nn.init.trunc_normal_(weight, 0.0, std, -cut, cut, generator=generator)

        d = self.shape.width
        draw(self.embedding.weight, d**-0.5)
        draw(self.head.weight, d**-0.5)
        for i, block in enumerate(self.blocks):
            assert isinstance(block, Block)
            shrink = math.sqrt(2 * (i + 1))
            draw(block.qkv.weight, d**-0.5)
            draw(block.attention_out.weight, d**-0.5 / shrink)
            draw(block.gate_up.weight, d**-0.5)
            f = block.feed_forward_out.in_features
            draw(block.feed_forward_out.weight, f**-0.5 / shrink)

    def activations(self, tokens: Tensor) -> Tensor:
        """Compute what the head reads, (sequences, length, width), from (sequences, length)."""
        length = tokens.shape[1]
        cos, sin = self.cos[:length], self.sin[:length]
        x = self.embedding(tokens)
        for block in self.blocks:
            x = block(x, cos, sin)
        return self.norm(x)

    def logits(self, tokens: Tensor, *, last: bool = False) -> Tensor:
        """Compute unnormalised log-probabilities, shape (sequences, length, vocab).

        With `last` only those after the whole sequences, shape (sequences, 1, vocab).
        """
        x = self.activations(tokens)
        return self.head(x[:, -1:] if last else x)

    def forward(self, tokens: Tensor, z_weight: float = Z_WEIGHT) -> tuple[Tensor, Tensor]:
        """Compute the training loss of sequences, each token's target being the next one.

        Parameters
        ----------
        tokens : Tensor of int64, shape (sequences, length + 1)
            Token ids below V.
        z_weight : float
            Weight of the z-loss.

        Returns
        -------
        loss, entropy : Tensor of shape ()
            The loss that is minimised, with gradients, and the mean cross-entropy, without.
        """
        loss, losses = training_loss(
            self.activations(tokens[:, :-1]), self.head.weight, tokens[:, 1:], z_weight=z_weight
        )
        return loss, losses.mean()


def count_by_group(model: Transformer) -> ParameterCount:
    """Count a model's own parameters by the groups of `scaling.costs.compute.count_parameters`.

    With the gains of the query and key norms, as the model has them.
    """
    count = dict.fromkeys(ParameterCount.__dataclass_fields__, 0)
    for name, weight in model.named_parameters():
        part = name.split(".")[-2]  # of blocks.0.qkv.weight, qkv
        count[GROUPS.get(part, "norms")] += weight.numel()
    return ParameterCount(**count)
