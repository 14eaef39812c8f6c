"""The decoder of the 104 runs: counts, initial weights, and every number of a forward pass."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from scaling.costs.compute import ParameterCount, count_parameters, hidden_width
from scaling.testbed.labels import SIZES
from scaling.training.model.model import (
    Shape,
    Transformer,
    count_by_group,
    rotary_angles,
    rotate,
)

# Width, layers and heads of the six published sizes.
PUBLISHED = {
    10_569_312: (96, 8, 4),
    78_914_048: (512, 8, 4),
    153_677_376: (576, 24, 8),
    411_616_256: (1024, 24, 8),
    1_439_795_200: (2048, 24, 16),
    6_889_410_560: (4096, 32, 32),
}


@pytest.mark.parametrize(("N", "size"), PUBLISHED.items())
def test_the_six_published_sizes_are_built_to_the_parameter(N, size):
    assert N in SIZES
    width, layers, heads = size
    shape = Shape(width, layers, heads, 50_432)
    with torch.device("meta"):
        model = Transformer(shape, 8, seed=0)
    count = count_by_group(model)
    assert count == shape.count(qk_norm=True)
    assert count.total == sum(weight.numel() for weight in model.parameters())
    assert count.total - count.qk_norm == N == shape.count().total


@pytest.mark.parametrize(("heads", "says"), [(3, "got 3"), (16, "got 16")])
def test_heads_that_do_not_fit_the_width_are_refused(heads, says):
    with pytest.raises(ValueError, match=f"heads must divide the width 16 into even parts, {says}"):
        Shape(16, 1, heads, 64)


def plain_norm(x, gain):
    centred = x - x.mean(axis=-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-5) * gain


def plain_rotation(x):
    """Turn the pair (i, i + half) at position t by t / 10,000^(2 i / width), as complex numbers."""
    length, width = x.shape
    half = width // 2
    rates = 10_000.0 ** (-2 * np.arange(half) / width)
    turned = (x[:, :half] + 1j * x[:, half:]) * np.exp(1j * np.arange(length)[:, None] * rates)
    return np.concatenate([turned.real, turned.imag], axis=1)


def plain_logits(weights, shape, tokens):
    """Write the architecture out for one sequence, one head at a time, in double precision."""
    x = weights["embedding.weight"][tokens]
    d = shape.width
    own = d // shape.heads
    f = hidden_width(d)
    for i in range(shape.layers):
        w = {name.split(".", 2)[2]: value for name, value in weights.items()
             if name.startswith(f"blocks.{i}.")}  # fmt: skip
        h = plain_norm(x, w["attention_norm.weight"])
        q, k, v = (h @ w["qkv.weight"][j * d : (j + 1) * d].T for j in range(3))
        q, k = plain_norm(q, w["q_norm.weight"]), plain_norm(k, w["k_norm.weight"])
        mixed = np.empty_like(q)
        for head in range(shape.heads):
            part = slice(head * own, (head + 1) * own)
            scores = plain_rotation(q[:, part]) @ plain_rotation(k[:, part]).T / math.sqrt(own)
            scores[np.triu_indices(len(scores), 1)] = -np.inf
            share = np.exp(scores - scores.max(axis=1, keepdims=True))
            mixed[:, part] = share / share.sum(axis=1, keepdims=True) @ v[:, part]
        x = x + mixed @ w["attention_out.weight"].T
        h = plain_norm(x, w["feed_forward_norm.weight"])
        gate, up = h @ w["gate_up.weight"][:f].T, h @ w["gate_up.weight"][f:].T
        x = x + (gate / (1 + np.exp(-gate)) * up) @ w["feed_forward_out.weight"].T
    return plain_norm(x, weights["norm.weight"]) @ weights["head.weight"].T


@pytest.mark.parametrize("shape", [Shape(24, 2, 3, 50), Shape(16, 3, 1, 20)])
def test_the_forward_pass_is_the_architecture_written_out(shape):
    model = Transformer(shape, 16, seed=3)
    rng = np.random.default_rng(0)
    with torch.no_grad():  # gains away from one, so that each of them is seen to matter
        for name, weight in model.named_parameters():
            if "norm" in name:
                weight.copy_(torch.from_numpy(rng.uniform(0.5, 1.5, weight.shape)))
    model.double()
    tokens = rng.integers(shape.vocab, size=(2, 13))
    logits = model.logits(torch.from_numpy(tokens)).detach().numpy()
    weights = {name: value.detach().numpy() for name, value in model.named_parameters()}
    for row in range(2):
        np.testing.assert_allclose(
            logits[row], plain_logits(weights, shape, tokens[row]), atol=2e-6, rtol=1e-5
        )


def test_no_position_sees_what_follows():
    model = Transformer(Shape(16, 2, 2, 30), 12, seed=0)
    tokens = torch.randint(30, (1, 12), generator=torch.Generator().manual_seed(0))
    changed = tokens.clone()
    changed[0, 7:] = (changed[0, 7:] + 1) % 30
    before, after = model.logits(tokens), model.logits(changed)
    assert torch.equal(before[0, :7], after[0, :7])
    torch.testing.assert_close(model.logits(tokens, last=True), before[:, -1:])
    assert not torch.allclose(before[0, 7], after[0, 7])


def test_a_rotated_product_depends_on_the_distance_alone():
    angles = rotary_angles(8, 20)
    q, k = torch.randn(2, 1, 8, generator=torch.Generator().manual_seed(1)).expand(2, 20, 8)
    products = rotate(q, angles.cos(), angles.sin()) @ rotate(k, angles.cos(), angles.sin()).T
    for distance in (0, 1, 5):
        along = torch.diagonal(products, -distance)
        assert torch.allclose(along, along[0].expand_as(along), atol=1e-5)


def test_initial_weights_have_their_spread_and_their_cut():
    shape = Shape(128, 3, 4, 500)
    model = Transformer(shape, 8, seed=7)
    cut = 0.9866  # standard deviation of a standard normal cut at 3
    f = hidden_width(128)
    wanted = {"embedding.weight": 128**-0.5, "head.weight": 128**-0.5}
    for i in range(3):
        wanted |= {
            f"blocks.{i}.qkv.weight": 128**-0.5,
            f"blocks.{i}.gate_up.weight": 128**-0.5,
            f"blocks.{i}.attention_out.weight": 128**-0.5 / math.sqrt(2 * (i + 1)),
            f"blocks.{i}.feed_forward_out.weight": f**-0.5 / math.sqrt(2 * (i + 1)),
        }
    for name, weight in model.named_parameters():
        if "norm" in name:
            assert torch.equal(weight, torch.ones_like(weight))
        else:
            std = wanted.pop(name)
            assert float(weight.detach().std()) == pytest.approx(cut * std, rel=0.02)
            assert float(weight.detach().abs().max()) <= 3 * std
    assert not wanted


def test_initial_weights_depend_on_the_seed_and_on_nothing_else():
    def weights(seed):
        return torch.cat([w.flatten() for w in Transformer(shape, 8, seed).parameters()])

    shape = Shape(16, 1, 2, 40)
    first = weights(1)
    torch.manual_seed(99)
    torch.rand(5)
    assert torch.equal(first, weights(1))
    assert not torch.equal(first, weights(2))


def test_counting_by_group_reads_the_model_and_not_a_formula():
    model = Transformer(Shape(16, 2, 2, 40), 8, seed=0)
    model.blocks[0].qkv = torch.nn.Linear(16, 49, bias=False)
    counted, formula = count_by_group(model), count_parameters(16, 2, 40, True, heads=2)
    assert counted.attention == formula.attention + 16
    assert isinstance(counted, ParameterCount)
