"""Batches of profiles that lie on the CPU, copied to the device one ahead of the training.

Two places take turns. While the device learns from the batch in one, the CPU gathers the next one
into page-locked memory of the other, and a queue of its own copies it to the device.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor


@dataclass
class StagedBatch:
    """What each member learns from in one step: landmarks, targets and weights on the device."""

    x: Tensor
    y: Tensor
    weight: Tensor | None = None

    def __iter__(self):
        return iter((self.x, self.y, self.weight))


class Lane(Protocol):
    """A queue of copies to a device, beside the one of its work.

    Marks tell when something is done: a copy in this queue, or the work queued up so far.
    """

    def host(self, shape: torch.Size, dtype: torch.dtype) -> Tensor:
        """Memory on the CPU that the device copies from."""

    def device(self, shape: torch.Size, dtype: torch.dtype) -> Tensor:
        """Memory on the device."""

    def copy(self, pairs: list[tuple[Tensor, Tensor]], after: object | None) -> object:
        """Queue up copies, from CPU to device, to start after a mark; return their own mark."""

    def mark_work(self) -> object:
        """Return a mark of the work that is queued up now."""

    def hold_work(self, mark: object) -> None:
        """Keep work that is queued up from now on from starting before a mark."""

    def wait(self, mark: object) -> None:
        """Make the CPU wait for a mark."""


class CudaLane:
    """A stream beside the current one; marks are events."""

    def __init__(self, device: torch.device):
        self.stream, self.work = torch.cuda.Stream(device), torch.cuda.current_stream(device)
        self.place = device

    def host(self, shape: torch.Size, dtype: torch.dtype) -> Tensor:
        return torch.empty(shape, dtype=dtype, pin_memory=True)

    def device(self, shape: torch.Size, dtype: torch.dtype) -> Tensor:
        # From the pool of the stream that works with it; what that may still do with the memory
        # from an earlier use of it, the first copy has to wait for.
        made = torch.empty(shape, dtype=dtype, device=self.place)
        self.stream.wait_stream(self.work)
        return made

    def copy(self, pairs: list[tuple[Tensor, Tensor]], after: torch.cuda.Event | None):
        with torch.cuda.stream(self.stream):
            if after is not None:
                self.stream.wait_event(after)
            for source, target in pairs:
                target.copy_(source, non_blocking=True)
            return self.stream.record_event()

    def mark_work(self) -> torch.cuda.Event:
        return self.work.record_event()

    def hold_work(self, mark: torch.cuda.Event) -> None:
        self.work.wait_event(mark)

    def wait(self, mark: torch.cuda.Event) -> None:
        mark.synchronize()


class _Place:
    """Memory for one batch on both sides, and marks of what last used it."""

    def __init__(self, lane: Lane):
        self.lane = lane
        self.memory: dict[tuple, tuple[Tensor, Tensor]] = {}
        self.copied = self.learnt = None
        self.batch: StagedBatch | None = None

    def fill(self, batch) -> None:
        """Gather a batch of rows, and send it on its way."""
        if self.copied is not None:  # it waited in turn for the last work with this memory: so the
            self.lane.wait(self.copied)  # CPU is never more than a few batches ahead
        data, shape = batch.profiles, batch.rows.shape
        x = self._memory("x", (*shape, data.x.shape[1]), data.x.dtype)
        y = self._memory("y", (*shape, data.y.shape[1]), data.y.dtype)
        batch.write(x[0], y[0])
        pairs, weight = [x, y], None
        if batch.weight is not None:
            weight = self._memory("weight", shape, batch.weight.dtype)
            weight[0].copy_(batch.weight)
            pairs.append(weight)
        self.copied = self.lane.copy(pairs, self.learnt)
        self.batch = StagedBatch(x[1], y[1], None if weight is None else weight[1])

    def lend(self) -> Iterator[StagedBatch]:
        """Hand the batch out, to be learnt from until the next one is asked for."""
        self.lane.hold_work(self.copied)
        yield self.batch
        self.learnt = self.lane.mark_work()

    def leave(self) -> None:
        """Let go of the memory."""
        if self.copied is not None:
            self.lane.hold_work(self.copied)

    def _memory(self, name: str, shape: tuple, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        key = (name, *shape)  # the batches of an epoch are of two sizes at most
        if key not in self.memory:
            self.memory[key] = self.lane.host(shape, dtype), self.lane.device(shape, dtype)
        return self.memory[key]


def staged(
    batches: Iterable, device: torch.device, lane: Lane | None = None
) -> Iterator[StagedBatch]:
    """Copy batches to the device, each while the one before it is learnt from.

    Parameters
    ----------
    batches : iterable of Batch
        Of profiles on the CPU.
    device : torch.device
    lane : Lane, default=None
        None takes a CUDA stream.

    Yields
    ------
    StagedBatch
        Its memory belongs to another batch as soon as the next but one is asked for.
    """
    lane = lane or CudaLane(device)
    places, filled = (_Place(lane), _Place(lane)), None
    try:
        for position, batch in enumerate(batches):
            place = places[position % 2]
            place.fill(batch)
            if filled is not None:
                yield from filled.lend()
            filled = place
        if filled is not None:
            yield from filled.lend()
    finally:  # no later work gets the memory that a copy is still on its way to
        for place in places:
            place.leave()
