"""Nadam's pass over parameters on a GPU: gradient and moments are read once, and written once.

The twin of `compiled.descent`, as a Triton kernel. Imported where `capability.runs_kernels` alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import triton
from torch import Tensor
from triton import language as tl

from sklearn_dgex.training.cuda.transfer import sent

BLOCK = 1024  # parameters a program: eight for each of 128 threads, two vectors of 16 bytes


@triton.jit
def descend(
    parameter,
    gradient,
    mean,
    square,
    copy,
    numbers,
    size,
    COPIES: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """Move a block of parameters a step down their gradient; ``numbers`` are `StepNumbers`."""
    at = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = at < size
    g = tl.load(gradient + at, mask=inside, other=0.0).to(tl.float32)
    m = tl.load(mean + at, mask=inside, other=0.0)
    v = tl.load(square + at, mask=inside, other=0.0)
    p = tl.load(parameter + at, mask=inside, other=0.0)
    m = tl.load(numbers) * m + tl.load(numbers + 1) * g
    v = tl.load(numbers + 2) * v + tl.load(numbers + 3) * g * g
    rate = tl.div_rn(tl.load(numbers + 6), tl.sqrt_rn(v) + tl.load(numbers + 5))
    # Rounding a parameter is what adds up over many steps, so it is done where torch does it.
    p = tl.load(numbers + 7) * p - rate * tl.load(numbers + 4) * g
    p = p - rate * m
    tl.store(parameter + at, p, mask=inside)
    tl.store(mean + at, m, mask=inside)
    tl.store(square + at, v, mask=inside)
    if COPIES:
        tl.store(copy + at, p.to(tl.bfloat16), mask=inside)


def step(pieces: Sequence[tuple], numbers: Sequence[float] | Tensor) -> None:
    """Move parameters and their moments a step.

    Parameters
    ----------
    pieces : sequence of Piece
        All float32, contiguous and on one device, but gradients may be bfloat16.
    numbers : StepNumbers or Tensor of shape (8,)
        As a float32 tensor on the device, they are read when the kernel runs: so a CUDA graph
        takes each step with the numbers that the tensor then holds.
    """
    device = pieces[0].parameter.device
    if not isinstance(numbers, Tensor):
        numbers = sent(torch.tensor(numbers, dtype=torch.float32), device)
    for parameter, gradient, mean, square, copy in pieces:
        size, copies = parameter.numel(), copy is not None
        if size:
            tensors = (parameter, gradient, mean, square, copy if copies else parameter)
            with torch.cuda.device_of(parameter):  # Triton launches on the current device
                descend[(triton.cdiv(size, BLOCK),)](
                    *tensors, numbers, size, copies, BLOCK=BLOCK, enable_fp_fusion=True
                )


def try_out(device: torch.device) -> None:
    """Move some numbers down their gradients, and raise whatever stands in the way."""
    from sklearn_dgex.training.nadam import Piece

    numbers = [0.5, 0.5, 0.5, 0.5, 0.0, 0.0, 1.0, 1.0]
    for dtype in (torch.float32, torch.bfloat16):
        parameter, gradient, mean, square = torch.ones(4, 2 * BLOCK, device=device)
        copy = None if dtype == torch.float32 else gradient.to(dtype)
        step([Piece(parameter, gradient.to(dtype), mean, square, copy)], numbers)
        if parameter.any():
            raise RuntimeError(f"Triton's kernel came to {parameter[0].item()}, not to 0.")
