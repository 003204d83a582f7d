"""The compiled step of several ranks, whose weights lie in memory that those of a host share.

Each rank answers to its own samples. The inputs of layers and errors of their sums, whose products
weights' gradients are, are much smaller than these: they are handed over, and each rank then finds
the gradient of its own rows of the weights from all samples, and spends it at once, as one process
does. Nothing as large as the network is ever sent or added up on one host.
"""

from __future__ import annotations

import torch
from torch import Tensor

from sklearn_dgex.training.compiled_step import CompiledStep
from sklearn_dgex.training.distributed.hosts import Host
from sklearn_dgex.training.distributed.parts import share_of, whole_of
from sklearn_dgex.training.nadam import Piece, StepNumbers

MOMENTS = ("exp_avg", "exp_avg_sq")


class SharedStep(CompiledStep):
    """Train a network on a rank's part of each batch.

    Parameters
    ----------
    network, optimizer, loss, precision, first_target
        Those of :class:`CompiledStep`.
    host : Host
    size : int
        Ranks on all hosts.
    """

    def __init__(self, network, optimizer, loss: str, *, host: Host, size: int, **settings):
        super().__init__(network, optimizer, loss, **settings)
        self.host, self.size = host, size
        self.matrices = [p for p in self.parameters if p in self.factors]
        kinds = [torch.float32] * 3 + [self.dtype] * (self.dtype != torch.float32)
        stored = host.shared([(p.shape, kind) for p in self.matrices for kind in kinds])
        n = len(kinds)
        self.stored = [stored[first : first + n] for first in range(0, len(stored), n)]
        n_small = len(self.small_gradient)
        self.slots = host.shared([((host.n_ranks, n_small + 1), torch.float64)])[0]
        self.room, self.handed, self.waiting = 0, {}, []

    def open(self) -> None:
        """Move weights and moments to the shared memory, each rank its rows."""
        self.take_neurons()
        for parameter, (weight, *moments_copy) in zip(self.matrices, self.stored, strict=True):
            state, rows = self.optimizer.state_of(parameter), self._rows(parameter)
            moments = zip(MOMENTS, moments_copy, strict=False)
            for value, place in [(parameter.detach(), weight)] + [
                (state[name], place) for name, place in moments
            ]:
                if value.data_ptr() != place.data_ptr():
                    place.flatten(0, -2)[rows].copy_(value.flatten(0, -2)[rows])
            for copy in moments_copy[2:]:
                copy.flatten(0, -2)[rows].copy_(weight.flatten(0, -2)[rows])
        self.host.wait()
        for parameter, (weight, *moments_copy) in zip(self.matrices, self.stored, strict=True):
            self.optimizer.state[parameter].update(zip(MOMENTS, moments_copy, strict=False))
            parameter.data = weight
            self.factors[parameter] = moments_copy[2] if moments_copy[2:] else weight

    def close(self) -> None:
        """Give each rank weights of its own again: callbacks may change them."""
        for parameter in self.matrices:
            parameter.data = parameter.data.clone()

    def release(self) -> None:
        """Give each rank moments of its own again."""
        for parameter in self.matrices:
            state = self.optimizer.state[parameter]
            state.update({name: state[name].clone() for name in MOMENTS if name in state})

    def __call__(self, batch) -> Tensor:
        whole = whole_of(batch)
        self._hand_over_to(whole.n_samples)
        return super().__call__(batch)

    def _hand_over_to(self, n_samples: int) -> None:
        """Find places for what ranks hand over of a batch: their samples one after another."""
        counts = [_length(share_of(n_samples, rank, self.size)) for rank in self.host.ranks]
        n_here, first = sum(counts), sum(counts[: self.host.place])
        self.mine = slice(first, first + counts[self.host.place])
        if n_here > self.room:  # on all ranks alike
            self.room = n_here + 1  # batches differ by one
            sizes = [side * p.shape[:-2].numel() for p in self.matrices for side in p.shape[-2:]]
            flat = self.host.shared([((size * self.room,), self.dtype) for size in sizes])
            pairs = zip(flat[::2], flat[1::2], strict=True)
            self.handed = dict(zip(self.matrices, pairs, strict=True))
        self.n_here = n_here

    def _descend(self, weight, inputs: Tensor, d_sums: Tensor, numbers: StepNumbers) -> None:
        """Hand over what the gradient is a product of; it is found when all have done so."""
        places = []
        for flat, mine in zip(self.handed[weight], (inputs, d_sums), strict=True):
            mine = mine.flatten(0, -3)  # (N, b, m) of all ranks' (N, B, m)
            shape = len(mine), self.n_here, mine.shape[-1]
            place = flat[: torch.Size(shape).numel()].view(shape)
            place[:, self.mine] = mine
            places.append(place)
        self.waiting.append((weight, *places))

    def _finish(self, loss: Tensor, numbers: StepNumbers) -> Tensor:
        slot = self.slots[self.host.place]
        slot[:-1], slot[-1] = self.small_gradient, loss
        self.host.wait()
        total = self.slots.sum(0)
        self.host.sum(total)
        self.small_gradient.copy_(total[:-1])
        for weight, inputs, d_sums in self.waiting:
            rows = self._rows(weight)
            self._descend_rows(weight, inputs, d_sums, numbers, rows.start, rows.stop)
        self.waiting.clear()
        super()._finish(loss, numbers)
        self.host.wait()
        return total[-1].float()

    def _spend(self, part: Piece, numbers: StepNumbers) -> None:
        if self.host.n_hosts > 1:
            part = part._replace(gradient=part.gradient.float())
            self.host.sum(part.gradient)
        super()._spend(part, numbers)

    def _rows(self, weight: Tensor) -> slice:
        """Rows of a weight, of all its matrices, that this rank descends."""
        return share_of(weight.shape[:-1].numel(), self.host.place, self.host.n_ranks)


class SharedSteps:
    """The steps of the networks that the targets are split between, with one life."""

    def __init__(self, steps: list[SharedStep]):
        self.steps = steps

    def __call__(self, batch) -> Tensor:
        return torch.stack([step(batch) for step in self.steps]).sum()

    def serves(self, networks: list, optimizer, loss: str) -> bool:
        """Whether these are steps of such networks."""
        return [(step.network, step.optimizer, step.loss) for step in self.steps] == [
            (network, optimizer, loss) for network in networks
        ]

    def open(self) -> None:
        for step in self.steps:
            step.open()

    def close(self) -> None:
        for step in self.steps:
            step.close()

    def release(self) -> None:
        for step in self.steps:
            step.release()


def _length(share: slice) -> int:
    return share.stop - share.start
