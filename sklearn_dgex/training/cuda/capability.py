"""What a device can do: the one place that asks."""

from __future__ import annotations

from functools import cache

import torch


@cache
def runs_kernels(device: torch.device) -> bool:
    """Whether the Triton kernels work on the device: they are tried, once."""
    if device.type != "cuda":
        return False
    try:
        from sklearn_dgex.training.cuda import descent, dropping

        descent.try_out(device)
        dropping.try_out(device)
    except Exception:  # no Triton, no C compiler, a GPU too old for it: each raises in its own way
        return False
    return True


def records_graphs(device: torch.device) -> bool:
    """Whether a whole step can be a CUDA graph there: its numbers must come from device memory."""
    return device.type == "cuda" and runs_kernels(device)


def has_streams(device: torch.device) -> bool:
    """Whether the device works through queues of its own, so that copies can run ahead."""
    return device.type == "cuda"


def free_memory(device: torch.device) -> float:
    """Bytes that a fit may still take; there is no bound where the data lie in any case."""
    if device.type != "cuda":
        return float("inf")
    free, _ = torch.cuda.mem_get_info(device)
    return free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
