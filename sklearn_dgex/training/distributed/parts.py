"""Which samples of a batch a rank learns from, and what it must know of the others."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor, nn

from sklearn_dgex.training.cuda.staging import StagedBatch, staged
from sklearn_dgex.training.profiles import Batch, EvaluationBatches, TrainingBatches


class Whole(NamedTuple):
    """What a part of a batch knows of the whole.

    ``first`` is how many samples come before the part's, ``n_samples`` how many there are in all,
    and ``weight`` the sum of all their weights, (M, 1), or None.
    """

    first: int
    n_samples: int
    weight: Tensor | None

    @property
    def place(self) -> tuple[int, int]:
        """As dropout wants it."""
        return self.first, self.n_samples


def share_of(n: int, rank: int, size: int) -> slice:
    """Return the rank's share of n things in a row; shares differ by one at most, and may be empty.

    >>> [share_of(7, rank, 3) for rank in range(3)]
    [slice(0, 2, None), slice(2, 4, None), slice(4, 7, None)]
    """
    return slice(n * rank // size, n * (rank + 1) // size)


def part_of(batch: Batch, rank: int, size: int) -> Batch:
    """Return the rank's samples of a batch, with what it must know of the whole."""
    n_samples, weight = batch.rows.shape[1], batch.weight
    mine = share_of(n_samples, rank, size)
    of_samples = {
        name: None if getattr(batch, name) is None else getattr(batch, name)[:, mine]
        for name in ("rows", "partners", "share", "weight")
    }
    part = replace(batch, **of_samples)
    total = None if weight is None else weight.sum(-1, keepdim=True)
    part.whole = Whole(mine.start, n_samples, total)
    return part


def whole_of(batch: Batch) -> Whole:
    """Return what a part knows of its batch; a batch that is no part is the whole."""
    known = getattr(batch, "whole", None)
    if known is not None:
        return known
    total = None if batch.weight is None else batch.weight.sum(-1, keepdim=True)
    return Whole(0, batch.rows.shape[1], total)


def loss_shares(weight: Tensor | None, whole: Whole, like: Tensor) -> Tensor:  # like (M, b, q)
    """Shares (M, b) of samples in the mean loss of the whole batch; 0 where all weights are 0."""
    if weight is None:
        return like.new_full(like.shape[:2], 1 / whole.n_samples, dtype=torch.float32)
    return weight / whole.weight.clamp_min(torch.finfo(weight.dtype).tiny)


class PartBatches:
    """A rank's parts of the batches that all ranks draw alike.

    Parameters
    ----------
    batches : TrainingBatches
    rank, size : int
    """

    def __init__(self, batches: TrainingBatches, rank: int, size: int):
        self.batches, self.rank, self.size = batches, rank, size
        self.profiles = batches.profiles

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[Batch | StagedBatch]:
        if self.profiles.resident:
            return self._parts()
        return self._staged()

    def _parts(self) -> Iterator[Batch]:
        # Before they are copied to a device: no rank copies the others' samples.
        for batch in self.batches.unstaged():
            yield part_of(batch, self.rank, self.size)

    def _staged(self) -> Iterator[StagedBatch]:
        wholes, device = deque(), self.profiles.device  # staging runs ahead of the training

        def noted():
            for part in self._parts():
                weight = part.whole.weight
                weight = None if weight is None else weight.to(device)
                wholes.append(part.whole._replace(weight=weight))
                yield part

        for batch in staged(noted(), device):
            batch.whole = wholes.popleft()
            yield batch


class HeldOutParts:
    """A rank's parts of the batches of held-out samples: as many for each rank, some maybe empty.

    Parameters
    ----------
    batches : EvaluationBatches
    rank, size : int
    """

    def __init__(self, batches: EvaluationBatches, rank: int, size: int):
        self.profiles, self.batch_size = batches.profiles, batches.batch_size
        self.rank, self.size = rank, size

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor, Tensor | None]]:
        for rows in self.profiles.valid_index.split(self.batch_size, dim=1):
            yield self.profiles.take(rows[:, share_of(rows.shape[1], self.rank, self.size)])


def set_place(module: nn.Module, place: tuple[int, int] | None) -> None:
    """Tell dropout which samples of a batch the next call's are."""
    for part in module.modules():
        if hasattr(part, "place"):
            part.place = place
