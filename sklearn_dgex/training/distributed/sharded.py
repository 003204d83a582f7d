"""Ranks that each hold a shard of the weights, their gradients, moments and best values."""

from __future__ import annotations

import copy

import torch
from torch import nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import Shard

from sklearn_dgex.nn import networks_of
from sklearn_dgex.training.distributed.lost import peers_heard
from sklearn_dgex.training.distributed.parts import set_place, whole_of
from sklearn_dgex.training.distributed.ranks import Ranks


class ShardedRanks(Ranks):
    """One of several processes that train a network which is too large for one device.

    A layer's weights are put together where it answers, and let go of again.
    """

    shards = True

    def prepare(self, module, device):
        self._whole, self._device = copy.deepcopy(module).to("meta"), device
        with peers_heard():
            mesh = init_device_mesh(device.type, (self.size,))
            settings = {"mesh": mesh, "shard_placement_fn": self._placement}
            for network in networks_of(module):
                for layer in network.hidden_layers:
                    fully_shard(layer, **settings)
                fully_shard(network, **settings)
            if networks_of(module) != [module]:
                fully_shard(module, **settings)
        return module

    def answer(self, module, batch, x):
        set_place(module, whole_of(batch).place)
        with peers_heard():
            return module(x)

    def whole(self, module):
        """Return the module with all its weights, as one process would have it."""
        whole = self._whole.to_empty(device=self._device)
        with torch.no_grad(), peers_heard():
            parameters = zip(whole.parameters(), module.parameters(), strict=True)
            for parameter, shards in parameters:
                parameter.copy_(shards.full_tensor())
        self._whole = None
        return whole

    def _placement(self, parameter: nn.Parameter) -> Shard | None:
        """Cut the longest side that ranks can have equal parts of; where none is, one has all."""
        sides = [d for d, length in enumerate(parameter.shape) if length % self.size == 0]
        return Shard(max(sides, key=lambda d: parameter.shape[d])) if sides else None
