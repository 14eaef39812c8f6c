"""The chunked loss: equal to the plain one in value and gradient, without all logits at once."""

from __future__ import annotations

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from scaling.training.model.loss import plain_loss, training_loss


def draw(sequences=3, length=7, width=5, vocab=11, scale=3.0, seed=0):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(sequences, length, width, generator=generator) * scale
    head = torch.randn(vocab, width, generator=generator)
    targets = torch.randint(vocab, (sequences, length), generator=generator)
    return x.requires_grad_(), head.requires_grad_(), targets


def gradients(loss, *weights):
    return torch.autograd.grad(loss, weights)


@pytest.mark.parametrize("chunk", [1, 4, 21, 1000])
@pytest.mark.parametrize("z_weight", [0.0, 1e-4, 0.3])
def test_value_and_gradients_are_those_of_the_plain_loss(chunk, z_weight):
    x, head, targets = draw()
    loss, losses = training_loss(x, head, targets, z_weight=z_weight, chunk=chunk)
    plain = plain_loss(x @ head.T, targets, z_weight)
    torch.testing.assert_close(loss, plain, rtol=1e-6, atol=1e-6)
    for ours, theirs in zip(gradients(loss, x, head), gradients(plain, x, head), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-6)
    each = torch.nn.functional.cross_entropy(
        (x @ head.T).flatten(0, 1), targets.flatten(), reduction="none"
    )
    torch.testing.assert_close(losses.flatten(), each, rtol=1e-5, atol=1e-6)
    assert not losses.requires_grad


def test_gradients_agree_with_differences():
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(4, 3, dtype=torch.float64, generator=generator, requires_grad=True)
    head = torch.randn(6, 3, dtype=torch.float64, generator=generator)
    targets = torch.tensor([[0, 5], [2, 2]])
    step = 1e-3

    def value(at):
        return training_loss(at.view(2, 2, 3), head, targets, z_weight=0.1, chunk=3)[0].double()

    slope = torch.autograd.grad(value(x), x)[0]
    for i in range(4):
        for j in range(3):
            up, down = x.detach().clone(), x.detach().clone()
            up[i, j] += step
            down[i, j] -= step
            difference = (value(up) - value(down)) / (2 * step)
            assert slope[i, j].item() == pytest.approx(difference.item(), abs=2e-4)


def test_a_scaled_loss_has_scaled_gradients():
    x, head, targets = draw()
    whole = gradients(training_loss(x, head, targets)[0], x, head)
    half = gradients(training_loss(x, head, targets)[0] / 2, x, head)
    for a, b in zip(whole, half, strict=True):
        torch.testing.assert_close(a, 2 * b)


def test_large_logits_stay_finite():
    x, head, targets = draw(scale=1e4)
    loss, losses = training_loss(x, head, targets)
    assert torch.isfinite(losses).all()
    assert all(torch.isfinite(part).all() for part in gradients(loss, x, head))


def test_autocast_makes_its_products_in_half_precision_and_its_sums_in_full():
    x, head, targets = draw(sequences=8, length=64, width=32, vocab=50, scale=1.0)
    full, _ = training_loss(x, head, targets)
    with torch.autocast("cpu", torch.bfloat16):
        half, losses = training_loss(x, head, targets)
    assert losses.dtype == half.dtype == torch.float32
    assert half.item() == pytest.approx(full.item(), rel=5e-3)
    assert half.item() != full.item()
    assert gradients(half, head)[0].dtype == torch.float32


class LargestResult(TorchDispatchMode):
    """Watches how many numbers the largest tensor has that any operation gives back."""

    largest = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        for tensor in result if isinstance(result, (tuple, list)) else (result,):
            if isinstance(tensor, torch.Tensor):
                self.largest = max(self.largest, tensor.numel())
        return result


def test_all_logits_never_stand_in_memory():
    tokens, vocab, chunk = 4 * 64, 1000, 16
    x, head, targets = draw(sequences=4, length=64, width=4, vocab=vocab)
    with LargestResult() as ours:
        gradients(training_loss(x, head, targets, chunk=chunk)[0], x, head)
    with LargestResult() as plain:
        gradients(plain_loss(x @ head.T, targets), x, head)
    assert plain.largest == tokens * vocab
    assert ours.largest == chunk * vocab
