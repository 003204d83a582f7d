"""Batches too large for a device's memory: learnt from in pieces, whose gradients add up."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from sklearn_dgex.exceptions import SmallMemoryWarning
from sklearn_dgex.training.distributed.parts import Whole, loss_shares, set_place, share_of
from sklearn_dgex.training.generators import generators_of, restore, states_of
from sklearn_dgex.utils.user_warnings import warn_user

Loss = Callable[[nn.Module, Tensor, Tensor, Tensor | None], Tensor]
Gradients = Callable[[Tensor, Tensor, Tensor | None, Loss | None], tuple[Tensor, Tensor]]


class Pieces:
    """How many pieces batches are cut into: one, until the memory ends.

    Attributes
    ----------
    n : int
    """

    def __init__(self):
        self.n = 1

    def learn(
        self, module: nn.Module, values: tuple, add_gradients: Gradients
    ) -> tuple[Tensor, Tensor]:
        """Find the gradients of a batch, and return its loss and the answers.

        Parameters
        ----------
        module : Module
            Whose gradients are None.
        values : tuple of Tensor
            Landmarks (M, B, p), targets (M, B, q), and weights (M, B) or None of the batch.
        add_gradients : callable
            ``add_gradients(x, y, weight, loss)`` answers to samples, adds the gradients of their
            loss to those of the parameters, and returns it and the answers. ``loss`` is None where
            the samples are all of the batch.

        Raises
        ------
        torch.OutOfMemoryError
            If there is no room for a single sample, or for the optimiser.
        """
        n_samples = values[0].shape[1]
        states = states_of(generators_of(module))
        while True:
            try:
                if self.n == 1:
                    return add_gradients(*values, None)
                return self._add_up(module, values, add_gradients, states)
            except torch.OutOfMemoryError:
                if self.n >= n_samples:
                    raise
            self._halve(module, values[0])
            restore(states)

    def _add_up(self, module, values, add_gradients, states) -> tuple[Tensor, Tensor]:
        (x, _, weight), found = values, []
        n_samples = x.shape[1]
        total = None if weight is None else weight.sum(-1, keepdim=True)
        whole = Whole(0, n_samples, total)

        def loss(criterion: nn.Module, y_pred: Tensor, y: Tensor, weight: Tensor | None) -> Tensor:
            return (loss_shares(weight, whole, y_pred) * criterion.loss(y_pred, y)).sum()

        try:
            for number in range(min(self.n, n_samples)):
                rows = share_of(n_samples, number, min(self.n, n_samples))
                restore(states)  # dropout draws for the batch as a whole
                set_place(module, (rows.start, n_samples))
                piece = (value if value is None else value[:, rows] for value in values)
                found.append(add_gradients(*piece, loss))
        finally:
            set_place(module, None)
        losses, answers = zip(*found, strict=True)
        return torch.stack(losses).sum(), torch.cat(answers, 1)

    def _halve(self, module: nn.Module, x: Tensor) -> None:
        for parameter in module.parameters():
            parameter.grad = None
        if x.device.type == "cuda":
            torch.cuda.empty_cache()
        if self.n == 1:
            warn_user(
                f"The memory of {x.device} has no room for a batch of {x.shape[1]} samples; it is "
                "learnt from in pieces, to the same result but for rounding. A smaller "
                "'batch_size', 'n_members' or 'width' avoids it.",
                SmallMemoryWarning,
            )
        self.n *= 2
