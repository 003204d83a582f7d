"""Small copies to a device that nobody waits for."""

from __future__ import annotations

import torch
from torch import Tensor

from sklearn_dgex.training.cuda import capability


def sent(tensor: Tensor, device: torch.device) -> Tensor:
    """Copy a tensor on the CPU to a device, behind the work that the device has queued up."""
    if tensor.device == device:
        return tensor
    return ready(tensor, device).to(device, non_blocking=True)


def ready(tensor: Tensor, device: torch.device) -> Tensor:
    """Return a tensor on the CPU in memory that the device reads by itself.

    It need not be kept: torch lends that memory to nobody else before the copies from it are done.
    """
    on_cpu = tensor.device.type == "cpu"
    return tensor.pin_memory() if on_cpu and capability.has_streams(device) else tensor
