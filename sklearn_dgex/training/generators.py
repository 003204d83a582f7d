"""The random generators that a module draws from, and where they stand."""

from __future__ import annotations

import torch
from torch import Tensor, nn

States = dict[torch.Generator, Tensor]


def generators_of(module: nn.Module, *before: torch.Generator | None) -> list[torch.Generator]:
    """Return others' generators and those of a module's parts, in this order, each once."""
    parts = (getattr(part, "generator", None) for part in module.modules())
    return [generator for generator in dict.fromkeys([*before, *parts]) if generator is not None]


def states_of(generators: list[torch.Generator]) -> States:
    """Remember where generators stand."""
    return {generator: generator.get_state() for generator in generators}


def restore(states: States) -> None:
    """Put generators back to where they stood."""
    for generator, state in states.items():
        generator.set_state(state)
