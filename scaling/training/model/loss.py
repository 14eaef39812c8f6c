"""What is minimised? Mean cross-entropy and z-loss, without ever holding all logits."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

Z_WEIGHT = 1e-4
CHUNK = 4096  # tokens whose logits stand in memory at a time


class _ChunkedLoss(torch.autograd.Function):
    """Loss of head and targets; its gradients are made in the forward pass, chunk by chunk.

    The loss is a scalar, so the backward pass only scales what the forward pass has stored.
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, targets: Tensor, z_weight: float, chunk: int
    ) -> tuple[Tensor, Tensor]:
        n = len(x)
        losses = torch.empty(n, dtype=torch.float32, device=x.device)
        penalty = torch.zeros((), dtype=torch.float32, device=x.device)
        wanted = ctx.needs_input_grad[0] or ctx.needs_input_grad[1]
        grad_x = torch.empty_like(x) if wanted else None
        grad_weight = torch.zeros(weight.shape, dtype=torch.float32, device=x.device)
        head = weight.to(x.dtype)
        for start in range(0, n, chunk):
            rows = slice(start, start + chunk)
            logits = (x[rows] @ head.T).float()
            log_z = torch.logsumexp(logits, dim=1)
            index = targets[rows, None]
            losses[rows] = log_z - logits.gather(1, index)[:, 0]
            penalty += log_z.square().sum()
            if grad_x is not None:
                slope = logits.sub_(log_z[:, None]).exp_()
                slope *= ((1 + 2 * z_weight * log_z) / n)[:, None]
                slope.scatter_add_(1, index, torch.full_like(index, -1 / n, dtype=slope.dtype))
                slope = slope.to(x.dtype)
                torch.mm(slope, head, out=grad_x[rows])
                grad_weight += slope.T @ x[rows]
        ctx.save_for_backward(grad_x, grad_weight.to(weight.dtype))
        ctx.mark_non_differentiable(losses)
        return losses.mean() + z_weight * penalty / n, losses

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        grad_x, grad_weight = ctx.saved_tensors
        return grad_x * grads[0].to(grad_x.dtype), grad_weight * grads[0], None, None, None


def training_loss(
    activations: Tensor,
    head: Tensor,
    targets: Tensor,
    *,
    z_weight: float = Z_WEIGHT,
    chunk: int = CHUNK,
) -> tuple[Tensor, Tensor]:
    """Compute the training loss: ``mean(-log p(target)) + z_weight mean(log Z^2)``.

    ``log Z`` is the log-sum of the exponentials of a token's logits. At no time do more than
    `chunk` rows of logits stand in memory; products are made in the type of autocast where it is
    on, sums in 32 bits.

    Parameters
    ----------
    activations : Tensor of shape (sequences, length, width)
        What the head reads.
    head : Tensor of shape (vocab, width)
        Output matrix.
    targets : Tensor of int64, shape (sequences, length)
        The token that follows each.
    z_weight : float, default 1e-4
        Weight of the z-loss; 0 leaves it out.
    chunk : int, default 4096
        Rows of logits at a time.

    Returns
    -------
    loss : Tensor of shape ()
        With gradients.
    losses : Tensor of float32, shape (sequences, length)
        Cross-entropy of each token in nats, without gradients.
    """
    x = activations.flatten(0, -2)
    kind = x.device.type
    if torch.is_autocast_enabled(kind):
        x = x.to(torch.get_autocast_dtype(kind))
    apply: Any = _ChunkedLoss.apply
    total, losses = apply(x, head, targets.flatten(), z_weight, chunk)
    return total, losses.view(targets.shape)


def plain_loss(logits: Tensor, targets: Tensor, z_weight: float = Z_WEIGHT) -> Tensor:
    """Compute the same loss the plain way, from all logits, shape (sequences, length, vocab)."""
    logits = logits.float().flatten(0, -2)
    entropy = F.cross_entropy(logits, targets.flatten())
    return entropy + z_weight * torch.logsumexp(logits, dim=-1).square().mean()
