"""Dropout on a GPU in one kernel, which draws each entry's number where it needs it.

The twin of `nn.dropout.dropped`, whose arithmetic on integers would be some twenty passes over
memory. Imported where `capability.runs_kernels` alone.
"""

from __future__ import annotations

import torch
import triton
from torch import Tensor
from torch.autograd.function import once_differentiable
from triton import language as tl

from sklearn_dgex.nn.dropout import dropped as plainly_dropped
from sklearn_dgex.nn.hashing import N_NUMBERS

BLOCK = 1024


@triton.jit
def scale(source, target, keys, size, threshold, factor, BLOCK: tl.constexpr):
    """Multiply a block of entries by 0 or ``factor``; the hash is that of `nn.hashing.drawn`."""
    at = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = at < size
    h = (at * 0x9E3779B9 + tl.load(keys)) & 0xFFFFFFFF
    h = ((h ^ (h >> 16)) * 0x7FEB352D) & 0xFFFFFFFF
    h = (h ^ (h >> 15)) ^ tl.load(keys + 1)
    h = (h * 0x846CA68B) & 0xFFFFFFFF
    h = (h ^ (h >> 16)) >> 1
    value = tl.load(source + at, mask=inside, other=0.0).to(tl.float32)
    value = value * tl.where(h >= threshold, factor, 0.0)
    tl.store(target + at, value.to(target.dtype.element_ty), mask=inside)


class _Dropped(torch.autograd.Function):
    """The gradient is dropped and scaled as the entries were."""

    @staticmethod
    def forward(ctx, h: Tensor, keys: Tensor, threshold: int) -> Tensor:
        ctx.save_for_backward(keys)
        ctx.threshold = threshold
        return _scaled(h, keys, threshold)

    @staticmethod
    @once_differentiable
    def backward(ctx, d_dropped: Tensor) -> tuple[Tensor, None, None]:
        return _scaled(d_dropped, *ctx.saved_tensors, ctx.threshold), None, None


def dropped(h: Tensor, keys: Tensor, threshold: int) -> Tensor:
    """Set entries whose number is below the threshold to zero, and scale the rest.

    Parameters
    ----------
    h : Tensor
        Of float32 or bfloat16.
    keys : Tensor of shape (2,)
        int64, on the same device.
    threshold : int
        Of a :class:`~sklearn_dgex.nn.Dropout`.
    """
    return _Dropped.apply(h, keys, threshold)


def try_out(device: torch.device) -> None:
    """Drop some entries, and raise whatever stands in the way."""
    keys = torch.tensor([3, 5], device=device)
    for dtype in (torch.float32, torch.bfloat16):
        h = torch.ones(2, 700, dtype=dtype, device=device)
        arguments = (h, keys, N_NUMBERS // 2)
        if not torch.equal(_scaled(*arguments), plainly_dropped(*arguments)):
            raise RuntimeError("Triton's kernel drops other entries than torch does.")


def _scaled(values: Tensor, keys: Tensor, threshold: int) -> Tensor:
    values = values.contiguous()  # entries have their numbers in this order
    result, size = torch.empty_like(values), values.numel()
    if size:
        factor = N_NUMBERS / (N_NUMBERS - threshold)
        with torch.cuda.device_of(values):  # Triton launches on the current device
            grid = (triton.cdiv(size, BLOCK),)
            scale[grid](values, result, keys, size, threshold, factor, BLOCK=BLOCK)
    return result
