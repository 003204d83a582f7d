"""The processes that train one network together, as one of them sees them."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cached_property

import numpy as np
import torch
import torch.distributed as dist
from torch import nn

from sklearn_dgex.training.distributed.agreement import check_alike
from sklearn_dgex.training.distributed.alone import Alone
from sklearn_dgex.training.distributed.hosts import Host
from sklearn_dgex.training.distributed.lost import peers_heard
from sklearn_dgex.training.distributed.parts import (
    HeldOutParts,
    PartBatches,
    loss_shares,
    set_place,
    whole_of,
)


class Ranks(Alone):
    """One of several processes that train one network together.

    Parameters
    ----------
    group : ProcessGroup or None
        Of all ranks, for tensors on CPUs; None is torch's default group.

    Attributes
    ----------
    agreed : bool
        Whether all were found to have the same task. Until then they raise errors together, of
        which only some, such as a diverging loss, befall all of them later.
    """

    def __init__(self, group=None) -> None:
        self.group = group
        self.rank, self.size = dist.get_rank(), dist.get_world_size()
        self.leads = self.rank == 0
        self.agreed = False
        self._parallel: nn.Module | None = None

    @cached_property
    def host(self) -> Host:
        return Host(self.rank, self.size, self.group)

    def same_randomness(self, rng):
        note = [rng.get_state() if self.leads else None]
        with peers_heard():
            dist.broadcast_object_list(note, src=0, group=self.group)
        if rng is np.random.mtrand._rand:  # of the whole process: other ranks' are left alone
            if self.leads:
                return rng
            rng = np.random.RandomState()
        rng.set_state(note[0])
        return rng

    @contextmanager
    def in_step(self):
        try:
            yield
        except Exception as error:
            self._from_all(str(error))
            raise
        for rank, failed in enumerate(self._from_all(None)):
            if failed is not None:
                raise ValueError(f"Rank {rank} can't take part in the fit: {failed}")

    def check_alike(self, facts):
        check_alike(self._from_all(facts))
        self.agreed = True

    def _from_all(self, fact) -> list:
        everyones = [None] * self.size
        with peers_heard():
            dist.all_gather_object(everyones, fact, group=self.group)
        return everyones

    def batches(self, batches):
        return PartBatches(batches, self.rank, self.size)

    def held_out(self, batches):
        return HeldOutParts(batches, self.rank, self.size)

    def sum(self, tensor):
        with peers_heard():
            dist.all_reduce(tensor, group=self.group if tensor.device.type == "cpu" else None)
        return tensor

    def all(self, fact):
        return self.sum(torch.tensor(float(not fact))).item() == 0

    def compiled_steps(self, networks, criterion, optimizer, last, **settings):
        from sklearn_dgex.training.distributed.shared_step import SharedStep, SharedSteps

        if isinstance(last, SharedSteps) and last.serves(networks, optimizer, criterion.name):
            return last
        steps, first_target = [], 0
        for network in networks:
            settings = settings | {"first_target": first_target}
            step = SharedStep(
                network, optimizer, criterion.name, host=self.host, size=self.size, **settings
            )
            steps.append(step)
            first_target += network.output_weight.shape[-1]
        return SharedSteps(steps)

    @contextmanager
    def epoch(self, step):
        if not hasattr(step, "open"):
            self._parallel = None  # its buckets are views of gradients that others may have dropped
            yield
            return
        step.open()
        try:
            yield
        finally:
            step.close()
        self.host.wait()

    def answer(self, module, batch, x):
        if self._parallel is None or self._parallel.module is not module:
            with peers_heard():
                self._parallel = nn.parallel.DistributedDataParallel(
                    module, process_group=self._group_of(module)
                )
        set_place(module, whole_of(batch).place)
        with peers_heard():
            return self._parallel(x)

    def loss(self, criterion, y_pred, y, weight, batch):
        shares = loss_shares(weight, whole_of(batch), y_pred)
        # Times the ranks: their gradients are averaged.
        return self.size * (shares * criterion.loss(y_pred, y)).sum()

    @contextmanager
    def backward(self):
        with peers_heard():
            yield

    def loss_of_all(self, loss):
        return self.sum(loss / self.size)

    def release(self, step):
        if self._parallel is not None:
            set_place(self._parallel.module, None)
        self._parallel = None
        if hasattr(step, "release"):
            step.release()

    def _group_of(self, module: nn.Module):
        on_cpu = next(module.parameters()).device.type == "cpu"
        return self.group if on_cpu else None
