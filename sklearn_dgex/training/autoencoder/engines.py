"""Which engine trains a network: the compiled kernel for small ones, torch for all others."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from itertools import pairwise

from sklearn_dgex.exceptions import SlowEngineWarning
from sklearn_dgex.training.compiled import obstacle as kernel_obstacle

# Weights × samples of a batch above which torch's faster products make up for its overhead.
# Measured: benchmarks/speed/sda.py.
CROSSOVER = 8_000_000


def pick_engine(
    engine: str,
    *,
    device: str,
    sizes: Sequence[int],
    batch_size: int,
    callbacks: list | None,
) -> str:
    """Return "kernel" or "torch".

    Parameters
    ----------
    engine : {"auto", "kernel", "torch"}
        "auto" takes the kernel for networks below the crossover, unless numba can't be used, skorch
        callbacks are to be called, or the device is named as CUDA.
    device : str
    sizes : sequence of int
        Units of each level.
    batch_size : int
    callbacks : list or None

    Raises
    ------
    ValueError
        If the kernel is asked for, but callbacks or a CUDA device, too.
    ImportError
        If the kernel is asked for, but numba is missing or broken.

    Warns
    -----
    SlowEngineWarning
        If "auto" would have taken the kernel, but numba is missing or broken.
    """
    on_cuda = device.startswith("cuda")
    if engine == "kernel":
        if on_cuda or callbacks:
            raise ValueError(
                "The 'engine' parameter must be 'torch' or 'auto' for a CUDA device or callbacks. "
                f"Got 'kernel' with device={device!r} and "
                f"{len(callbacks or [])} callbacks instead."
            )
        if obstacle := kernel_obstacle():
            raise ImportError(
                "engine='kernel' needs numba; pip install 'sklearn_dgex[fast]', or take "
                f"engine='torch'. Here {obstacle}."
            )
        return "kernel"
    products = batch_size * sum(lower * upper for lower, upper in pairwise(sizes))
    if engine == "torch" or on_cuda or callbacks or products > CROSSOVER:
        return "torch"
    if obstacle := kernel_obstacle():
        warnings.warn(
            "Training a small autoencoder with torch, a hundred times slower than with the "
            f"compiled kernel, as {obstacle}: pip install 'sklearn_dgex[fast]', or take "
            "engine='torch' to hide this warning.",
            SlowEngineWarning,
            stacklevel=2,
        )
        return "torch"
    return "kernel"
