"""Which ranks share a host's memory, and how a host's ranks hear from the others'."""

from __future__ import annotations

import os
from collections import defaultdict

import torch
import torch.distributed as dist
from torch import Tensor

from sklearn_dgex.training.distributed import memory
from sklearn_dgex.training.distributed.lost import peers_heard


class Host:
    """The ranks of one host, as one of them sees it.

    All hosts have equally many ranks, or each rank is taken for a host of its own. Where memory
    can't be shared, each is, too.

    Parameters
    ----------
    rank, size : int
    group : ProcessGroup
        Of all ranks, on CPUs.

    Attributes
    ----------
    ranks : list of int
        Those of the host.
    place : int
        Which of them this one is.
    n_ranks, n_hosts : int
    """

    def __init__(self, rank: int, size: int, group):
        self.group = group
        hosts = self._hosts(rank, size)
        self.n_hosts, self.n_ranks = len(hosts), len(hosts[0])
        mine = next(host for host in hosts if rank in host)
        self.ranks, self.place = mine, mine.index(rank)
        self._first = mine[0]
        self._here = self._peers = group
        if self.n_hosts > 1:
            with peers_heard():
                # Every rank must take part in the making of every group.
                here = [_group(ranks) for ranks in hosts]
                peers = [_group(ranks) for ranks in zip(*hosts, strict=True)]
            self._here, self._peers = here[hosts.index(mine)], peers[self.place]

    def _hosts(self, rank: int, size: int) -> list[list[int]]:
        keys = [None] * size
        with peers_heard():
            dist.all_gather_object(keys, memory.host_key(), group=self.group)
        by_key = defaultdict(list)
        for other, key in enumerate(keys):
            by_key[key if key is not None else other].append(other)
        hosts = list(by_key.values())
        if len({len(host) for host in hosts}) > 1 or not self._can_attach(hosts, rank, size):
            return [[other] for other in range(size)]
        return hosts

    def _can_attach(self, hosts: list[list[int]], rank: int, size: int) -> bool:
        """Whether all ranks can open memory that the first of their host has made."""
        made, wheres = memory.reserve(1) if hasattr(os, "memfd_create") else (None, None)
        everywhere, works = [None] * size, [None] * size
        first = next(host for host in hosts if rank in host)[0]
        with peers_heard():
            dist.all_gather_object(everywhere, wheres, group=self.group)
            dist.all_gather_object(
                works, rank == first or _opens(everywhere[first]), group=self.group
            )
        if made is not None:
            made.close()
            os.close(wheres[1])
        return all(works)

    def shared(self, wanted: list[tuple[tuple, torch.dtype]]) -> list[Tensor]:
        """Return tensors, zero at first, that all ranks of the host write to and read from."""
        n_bytes = memory.size_of(wanted)
        if self.n_ranks == 1:
            return [torch.zeros(shape, dtype=dtype) for shape, dtype in wanted]
        if self.place == 0:
            block, where = memory.reserve(n_bytes)
        note = [where if self.place == 0 else None]
        with peers_heard():
            dist.broadcast_object_list(note, src=self._first, group=self._here)
            if self.place:
                block = memory.attach(note[0], n_bytes)
            dist.barrier(group=self._here)  # only now its maker may let go of its number
        if self.place == 0:
            os.close(where[1])
        return memory.tensors(block, wanted)

    def wait(self) -> None:
        """Return when all ranks of the host have come here, and all they wrote can be read."""
        if self.n_ranks > 1:
            with peers_heard():
                dist.barrier(group=self._here)

    def sum(self, tensor: Tensor) -> None:
        """Add up, in place, what the ranks with this place on all hosts hold."""
        if self.n_hosts > 1:
            with peers_heard():
                dist.all_reduce(tensor, group=self._peers)


def _group(ranks):
    return dist.new_group(list(ranks), backend="gloo")


def _opens(where: tuple[int, int] | None) -> bool:
    if where is None:
        return False
    try:
        memory.attach(where, 1).close()
    except (OSError, ValueError):
        return False
    return True
