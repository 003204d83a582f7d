"""Matrix products by whichever of torch's two libraries is the faster one for their size."""

from __future__ import annotations

import itertools
from functools import cache

import torch
from torch import Tensor

# Multiplications from which on oneDNN outruns MKL on CPUs: for smaller products its preparations
# take longer than they save. Measured: benchmarks/speed/NOTES.md.
LARGE = 15_000_000


def product(a: Tensor, b: Tensor) -> Tensor:  # (..., m, k), (..., k, n) -> (..., m, n)
    """Multiply matrix by matrix, by the faster library wherever no gradient is asked for."""
    if torch.is_grad_enabled() or _is_watched():
        return a @ b
    batch = a.shape[:-2]
    if batch and batch.numel() == 1:  # which batched products of bfloat16 take twice as long for
        return product(a.reshape(a.shape[-2:]), b.reshape(b.shape[-2:])).view(
            *batch, -1, b.shape[-1]
        )
    if not _is_large(a, b):
        return a @ b
    if not batch:
        return _large_product(a, b)
    result = a.new_empty(*a.shape[:-1], b.shape[-1])
    for index in itertools.product(*map(range, batch)):
        result[index] = _large_product(a[index], b[index])
    return result


def _is_watched() -> bool:
    """Whether torch wants to see its plain product: to compile, export or trace it, or to round."""
    return (
        torch.compiler.is_compiling() or torch.jit.is_tracing() or torch.is_autocast_enabled("cpu")
    )


def _is_large(a: Tensor, b: Tensor) -> bool:
    """Whether one of the products is a large one of float32 on a CPU that oneDNN can do."""
    size = a.shape[-2] * a.shape[-1] * b.shape[-1]
    return (
        size >= LARGE
        and a.dtype == b.dtype == torch.float32
        and a.device.type == "cpu"
        and _onednn_multiplies()
    )


def _large_product(a: Tensor, b: Tensor) -> Tensor:  # (m, k), (k, n) -> (m, n)
    """Multiply two large float32 matrices on a CPU, of any strides, without a gradient.

    MKL is slow where rows do not start at multiples of its vectors, as rows of 4,759 genes do, and
    on other makers' processors. torch reaches oneDNN for float32 through this operator alone, which
    its own compiler uses; where a build of torch has none, `_is_large` is false.
    """
    return torch.ops.mkldnn._linear_pointwise(a, b.mT, None, "none", [], "")


@cache
def _onednn_multiplies() -> bool:
    try:
        a, b = torch.arange(6.0).view(2, 3), torch.arange(12.0).view(3, 4)
        return torch.equal(_large_product(a, b), a @ b)
    except (AttributeError, RuntimeError):
        return False
