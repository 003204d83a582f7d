"""The random generators that a module draws from."""

from __future__ import annotations

import torch
from torch import nn


def generators_of(module: nn.Module) -> list[torch.Generator]:
    """Return the generators of a module's parts, each once, in the order of the parts."""
    found = dict.fromkeys(getattr(part, "generator", None) for part in module.modules())
    return [generator for generator in found if generator is not None]
