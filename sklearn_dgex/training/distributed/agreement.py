"""Whether all ranks were given the same: what differs would make a wrong result in silence."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

import numpy as np
import torch

TOLERANCE = 1e-5  # of statistics, which processors of several kinds round differently


def digest_of(tensors: Iterable[torch.Tensor]) -> str:
    """Digest all bits of tensors, with their shapes and types.

    Parameters
    ----------
    tensors : iterable of Tensor
        In an order that counts; on any device.

    Returns
    -------
    str
        32 hexadecimal digits (BLAKE2b).

    Examples
    --------
    >>> import torch
    >>> from sklearn_dgex.training import digest_of
    >>> digest_of([torch.zeros(2)]) == digest_of([torch.zeros(2)])
    True
    >>> digest_of([torch.zeros(2)]) == digest_of([-torch.zeros(2)])  # a bit differs
    False
    """
    digest = hashlib.blake2b(digest_size=16)
    for tensor in tensors:
        values = tensor.detach().cpu().contiguous()
        digest.update(f"{tuple(values.shape)} {values.dtype}".encode())
        digest.update(values.flatten().view(torch.uint8).numpy())
    return digest.hexdigest()


def check_alike(everyones: Sequence[dict]) -> None:
    """Raise ValueError if the ranks' facts differ; all ranks raise it, in the same words."""
    mine = everyones[0]
    for rank, others in enumerate(everyones[1:], 1):
        different = [name for name in mine if not _alike(mine[name], others.get(name))]
        if different:
            what = " and ".join(name.replace("_", " ") for name in different)
            raise ValueError(
                "All ranks of a fit must be given the same parameters and data. Got another "
                f"{what} on rank {rank} than on rank 0; let each rank read the same files, or set "
                "distributed=None for a fit of its own in each process."
            )


def _alike(a, b) -> bool:
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return a.shape == b.shape and np.allclose(
            a, b, rtol=TOLERANCE, atol=TOLERANCE * _size(b), equal_nan=True
        )
    return type(a) is type(b) and a == b


def _size(values: np.ndarray) -> float:
    return np.abs(values[np.isfinite(values)]).max(initial=0.0)
