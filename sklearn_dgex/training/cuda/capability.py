"""What a device can do: the one place that asks."""

from __future__ import annotations

import warnings

import torch

from sklearn_dgex.exceptions import SlowEngineWarning

_TRIED: dict[torch.device, bool] = {}


def runs_kernels(device: torch.device) -> bool:
    """Whether the Triton kernels work on the device: they are tried, once.

    Warns
    -----
    SlowEngineWarning
        If they do not, but Triton is there.
    """
    if device.type == "cuda" and device not in _TRIED:
        try:
            _try_kernels(device)
            _TRIED[device] = True
        except ImportError:  # torch's wheels for some systems come without Triton
            _TRIED[device] = False
        except torch.OutOfMemoryError:  # of others' making; to be tried again
            return False
        except Exception as error:  # no C compiler, a GPU too old: each raises in its own way
            _TRIED[device] = False
            warnings.warn(
                f"Training on {device} without the kernels and graphs that make it fast, as Triton "
                f"can't be used there: {error}",
                SlowEngineWarning,
                stacklevel=2,
            )
    return _TRIED.get(device, False)


def _try_kernels(device: torch.device) -> None:
    from sklearn_dgex.training.cuda import descent, dropping

    descent.try_out(device)
    dropping.try_out(device)


def records_graphs(device: torch.device) -> bool:
    """Whether a whole step can be a CUDA graph there: its numbers must come from device memory."""
    return runs_kernels(device)


def has_streams(device: torch.device) -> bool:
    """Whether the device works through queues of its own, so that copies can run ahead."""
    return device.type == "cuda"


def free_memory(device: torch.device) -> float:
    """Bytes that a fit may still take; there is no bound where the data lie in any case."""
    if device.type != "cuda":
        return float("inf")
    free, _ = torch.cuda.mem_get_info(device)
    return free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
