"""Which way a batch is learnt from: a way of its own where there is one, or torch's autograd."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from sklearn_dgex.nn import ACTIVATIONS, TargetParts, TowerNetwork
from sklearn_dgex.training import compiled
from sklearn_dgex.training.losses import ProfileLoss
from sklearn_dgex.training.nadam import Nadam
from sklearn_dgex.training.profiles import Batch

Step = Callable[[Batch], Tensor]


def fast_step(
    module: nn.Module, criterion: nn.Module, optimizer: torch.optim.Optimizer, precision: str
) -> Step | None:
    """Return a step that learns from a batch and returns its loss, faster than autograd does.

    Returns
    -------
    callable or None
        None where there is none: for other modules, losses and solvers than the package's own, for
        functions of the user's, off the CPU, and where nothing can be compiled.
    """
    networks = list(module.networks) if type(module) is TargetParts else [module]
    if (
        type(criterion) is not ProfileLoss
        or type(optimizer) is not Nadam
        or module._compiled_call_impl is not None  # by torch.compile, as the user wished
        or not all(map(_can_be_compiled, networks))
        or compiled.obstacle() is not None
    ):
        return None
    from sklearn_dgex.training.compiled.step import CompiledStep

    steps, first_target = [], 0
    for network in networks:
        settings = {"precision": precision, "first_target": first_target}
        steps.append(CompiledStep(network, optimizer, criterion.name, **settings))
        first_target += network.output_weight.shape[-1]
    return lambda batch: torch.stack([step(batch) for step in steps]).sum()


def _can_be_compiled(network: nn.Module) -> bool:
    return (
        type(network) is TowerNetwork
        and all(part.activation in ACTIVATIONS for part in _neurons(network))
        and all(
            parameter.device.type == "cpu"
            and parameter.dtype == torch.float32
            and parameter.is_contiguous()
            and parameter.requires_grad
            for parameter in network.parameters()
        )
    )


def _neurons(network: TowerNetwork) -> list[nn.Module]:
    return [*network.activations, network.output_activation]
