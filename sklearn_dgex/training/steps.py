"""Which way a batch is learnt from: a way of its own where there is one, or torch's autograd."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from sklearn_dgex.nn import ACTIVATIONS, TAAF, BiasedActivation, TowerNetwork, networks_of
from sklearn_dgex.training import compiled
from sklearn_dgex.training.cuda import capability
from sklearn_dgex.training.distributed.alone import ALONE, Alone
from sklearn_dgex.training.losses import ProfileLoss
from sklearn_dgex.training.nadam import Nadam
from sklearn_dgex.training.profiles import Batch

Step = Callable[[Batch], Tensor]


def fast_step(
    module: nn.Module,
    criterion: nn.Module,
    optimizer: torch.optim.Optimizer,
    precision: str,
    last: Step | None = None,
    ranks: Alone = ALONE,
    *,
    wanted: bool = True,
) -> Step | None:
    """Return a step that learns from a batch and returns its loss, faster than autograd does.

    Parameters
    ----------
    module, criterion, optimizer, precision
        What the step is to be of.
    last : callable, default=None
        Step of the epoch before, whose preparations may still serve.
    ranks : Alone or Ranks
        The processes that train the network together; all of them take the same way.
    wanted : bool
        Whether this process may take such a step; False is for None.

    Returns
    -------
    callable or None
        None where there is none: for other modules, losses and solvers than the package's own, for
        functions of the user's, and where nothing can be compiled or recorded.
    """
    networks = networks_of(module)
    wanted = wanted and _has_fast_step(module, criterion, optimizer)
    devices = {parameter.device for parameter in module.parameters()}
    on_cpu = devices == {torch.device("cpu")}
    if ranks.all(wanted and on_cpu and compiled.obstacle() is None):
        shared = ranks.compiled_steps(networks, criterion, optimizer, last, precision=precision)
        return shared or _compiled_step(networks, criterion, optimizer, precision)
    if wanted and ranks.size == 1 and len(devices) == 1 and capability.records_graphs(*devices):
        return _graphed_step(module, criterion, optimizer, precision, last)
    return None


def _has_fast_step(
    module: nn.Module, criterion: nn.Module, optimizer: torch.optim.Optimizer
) -> bool:
    return (
        type(criterion) is ProfileLoss
        and type(optimizer) is Nadam
        and module._compiled_call_impl is None  # by torch.compile, as the user wished
        and all(map(_is_ours, networks_of(module)))
        and not _is_listened_to(module)
        and optimizer.is_in_step()
    )


def _compiled_step(
    networks: list[TowerNetwork], criterion: ProfileLoss, optimizer: Nadam, precision: str
) -> Step:
    from sklearn_dgex.training.compiled_step import CompiledStep

    steps, first_target = [], 0
    for network in networks:
        settings = {"precision": precision, "first_target": first_target}
        steps.append(CompiledStep(network, optimizer, criterion.name, **settings))
        first_target += network.output_weight.shape[-1]
    return lambda batch: torch.stack([step(batch) for step in steps]).sum()


def _graphed_step(
    module: nn.Module,
    criterion: ProfileLoss,
    optimizer: Nadam,
    precision: str,
    last: Step | None,
) -> Step | None:
    from sklearn_dgex.training.cuda.graphed import GraphedStep

    if isinstance(last, GraphedStep) and last.goes_on(module, optimizer, precision):
        return last
    return GraphedStep(module, optimizer, criterion, precision=precision)


def _is_ours(network: nn.Module) -> bool:
    return (
        type(network) is TowerNetwork
        and all(map(_are_ours, [*network.activations, network.output_activation]))
        and all(
            parameter.dtype == torch.float32
            and parameter.is_contiguous()
            and parameter.requires_grad
            for parameter in network.parameters()
        )
    )


def _are_ours(neurons: nn.Module) -> bool:
    named = isinstance(neurons.activation, str) and neurons.activation in ACTIVATIONS
    return named and type(neurons) in (TAAF, BiasedActivation)


def _is_listened_to(module: nn.Module) -> bool:
    """Whether hooks of the user's want to be called: a fast step calls nothing."""
    parts, parameters = module.modules(), module.parameters()
    return any(
        part._forward_hooks
        or part._forward_pre_hooks
        or part._backward_hooks
        or part._backward_pre_hooks
        for part in parts
    ) or any(p._backward_hooks or p._post_accumulate_grad_hooks for p in parameters)
