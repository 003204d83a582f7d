"""Losses of one profile, ready to be averaged over a batch."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def absolute_error(y_pred: Tensor, y: Tensor) -> Tensor:  # (..., B, q), (..., B, q) -> (..., B)
    """Mean over genes of the absolute error: its batch mean is the MMAE."""
    return (y_pred - y).abs().mean(-1)


def squared_error(y_pred: Tensor, y: Tensor) -> Tensor:  # (..., B, q), (..., B, q) -> (..., B)
    """Mean over genes of the squared error."""
    return (y_pred - y).square().mean(-1)


def huber(y_pred: Tensor, y: Tensor) -> Tensor:  # (..., B, q), (..., B, q) -> (..., B)
    """Squared for errors below one unit of the scaled targets, absolute beyond; mean over genes."""
    return torch.nn.functional.huber_loss(y_pred, y, reduction="none").mean(-1)


def summed_squared_error(y_pred: Tensor, y: Tensor) -> Tensor:  # (..., B, q) twice -> (..., B)
    """Sum over genes of the squared error: the original D-GEX's loss, whose rates expect it."""
    return (y_pred - y).square().sum(-1)


LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "absolute_error": absolute_error,
    "squared_error": squared_error,
    "huber": huber,
    "summed_squared_error": summed_squared_error,
}


class ProfileLoss(torch.nn.Module):
    """Average a loss of profiles over a batch, and add up the members' averages.

    Adding, not averaging, over members leaves each with the gradient that it would have alone.

    Parameters
    ----------
    loss : {"absolute_error", "squared_error", "huber", "summed_squared_error"}
    """

    def __init__(self, loss: str):
        super().__init__()
        self.name, self.loss = loss, LOSSES[loss]

    def forward(self, y_pred: Tensor, y: Tensor, weight: Tensor | None = None) -> Tensor:
        """Reduce (M, B, q) predictions and targets, and (M, B) weights, to one number."""
        return average_profiles(self.loss(y_pred, y), weight).sum()


def average_profiles(losses: Tensor, weight: Tensor | None) -> Tensor:  # (M, B) twice -> (M,)
    """Weighted mean over each member's profiles; 0 where all weights are 0."""
    if weight is None:
        return losses.mean(-1)
    return (weight * losses).sum(-1) / weight.sum(-1).clamp_min(torch.finfo(weight.dtype).tiny)
