"""Rows or columns that were asked for, as positions."""

from __future__ import annotations

import numpy as np


def positions(key, n: int, what: str = "An index") -> np.ndarray:
    """Non-negative positions that an index of one axis means; without dimensions for an int."""
    if isinstance(key, slice):
        return np.arange(*key.indices(n))
    key = np.asarray(key)
    if key.dtype == bool:
        if key.shape != (n,):
            raise IndexError(
                f"{what} that is a mask must have {n:,} values. Got the shape {key.shape} instead."
            )
        return np.flatnonzero(key)
    if not key.size and key.ndim == 1:
        return np.empty(0, np.intp)
    if key.dtype.kind not in "iu" or key.ndim > 1:
        raise IndexError(
            f"{what} must be an int, a slice, a mask or a list of integers. Got "
            f"{key.ndim} dimensions of {key.dtype.name} instead."
        )
    if key.size and (key.min() < -n or key.max() >= n):
        raise IndexError(
            f"{what} must be below {n:,}. Got {int(key.max()):,} as the highest and "
            f"{int(key.min()):,} as the lowest instead."
        )
    key = key.astype(np.intp)
    return np.where(key < 0, key + n, key)
