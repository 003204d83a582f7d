"""Batches that a device's memory has no room for are learnt from in pieces, whose gradients add up."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import torch
from torch import Tensor, nn

from sklearn_dgex.exceptions import SmallMemoryWarning
from sklearn_dgex.training.distributed.parts import Whole, set_place, share_of, whole_of

Gradients = Callable[[Tensor, Tensor, Tensor | None, Whole], tuple[Tensor, Tensor]]


class Pieces:
    """How many pieces batches are cut into: one, until the memory ends.

    Attributes
    ----------
    n : int
    """

    def __init__(self):
        self.n = 1

    def learn(self, module: nn.Module, batch, add_gradients: Gradients) -> tuple[Tensor, Tensor]:
        """Add up the gradients of all pieces of a batch, and return its loss and the answers.

        Parameters
        ----------
        module : Module
            Whose gradients are None.
        batch : Batch or StagedBatch
        add_gradients : callable
            ``add_gradients(x, y, weight, whole)`` answers to samples of a batch, adds gradients of
            their part of the batch's loss to those of the parameters, and returns both.

        Raises
        ------
        torch.OutOfMemoryError
            If there is no room for a single sample.
        """
        x, y, weight = batch
        generators = {part.generator for part in module.modules() if hasattr(part, "generator")}
        states = {g: g.get_state() for g in generators if g is not None}
        whole = whole_of_values(batch, x, weight)
        while True:
            try:
                return self._learn(module, (x, y, weight), whole, add_gradients, states)
            except torch.OutOfMemoryError:
                if self.n >= x.shape[1]:
                    raise
            self._halve(module, x)

    def _learn(self, module, values, whole: Whole, add_gradients, states) -> tuple[Tensor, Tensor]:
        losses, answers = [], []
        for number in range(self.n):
            rows = share_of(values[0].shape[1], number, self.n)
            if rows.start == rows.stop:
                continue
            for generator, state in states.items():  # dropout draws for the batch as a whole
                generator.set_state(state)
            if self.n > 1:
                set_place(module, (whole.first + rows.start, whole.n_samples))
            x, y, weight = (value if value is None else value[:, rows] for value in values)
            loss, y_pred = add_gradients(x, y, weight, whole)
            losses.append(loss)
            answers.append(y_pred)
        if self.n > 1:
            set_place(module, None)
            return torch.stack(losses).sum(), torch.cat(answers, 1)
        return losses[0], answers[0]

    def _halve(self, module: nn.Module, x: Tensor) -> None:
        for parameter in module.parameters():
            parameter.grad = None
        set_place(module, None)
        if x.device.type == "cuda":
            torch.cuda.empty_cache()
        if self.n == 1:
            warnings.warn(
                f"The memory of {x.device} has no room for what a batch of {x.shape[1]} samples "
                "takes; it is learnt from in pieces, to the same result but for rounding. A smaller "
                "'batch_size', 'n_members' or 'width' avoids it.",
                SmallMemoryWarning,
                stacklevel=2,
            )
        self.n *= 2


def whole_of_values(batch, x: Tensor, weight: Tensor | None) -> Whole:
    """Return what a part knows of its batch, also of one whose values alone are at hand."""
    if hasattr(batch, "whole") or hasattr(batch, "rows"):
        return whole_of(batch)
    return Whole(0, x.shape[1], None if weight is None else weight.sum(-1, keepdim=True))
