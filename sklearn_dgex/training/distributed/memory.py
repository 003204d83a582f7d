"""Memory that the ranks on one host share: numbers written by one are read by all."""

from __future__ import annotations

import mmap
import os
import socket
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

ALIGNMENT = 64  # bytes: a line of the cache, and more than a vector


def host_key() -> str | None:
    """Name what ranks must have in common to share memory; None where they can't."""
    if not hasattr(os, "memfd_create"):
        return None
    # Containers of one host may have the same name, but see only their own processes.
    boot = Path("/proc/sys/kernel/random/boot_id")
    try:
        return f"{socket.gethostname()} {boot.read_text()} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return None


def reserve(n_bytes: int) -> tuple[mmap.mmap, tuple[int, int]]:
    """Make memory without a name, which goes when the last rank ends; and say where others find it.

    It takes no room in /dev/shm, which is small in containers.
    """
    file = os.memfd_create("sklearn_dgex")
    os.ftruncate(file, n_bytes)
    return mmap.mmap(file, n_bytes), (os.getpid(), file)


def attach(where: tuple[int, int], n_bytes: int) -> mmap.mmap:
    """Open the memory that another process of this user has made."""
    process, file = where
    mine = os.open(f"/proc/{process}/fd/{file}", os.O_RDWR)
    try:
        return mmap.mmap(mine, n_bytes)
    finally:
        os.close(mine)


def tensors(memory: mmap.mmap, wanted: Sequence[tuple[tuple, torch.dtype]]) -> list[Tensor]:
    """Tensors of shapes and dtypes, one after another in shared memory."""
    made, first = [], 0
    for shape, dtype in wanted:
        n = torch.Size(shape).numel()
        flat = torch.frombuffer(memory, dtype=dtype, count=n, offset=first) if n else None
        made.append(torch.empty(shape, dtype=dtype) if flat is None else flat.view(shape))
        first += _aligned(n * dtype.itemsize)
    return made


def size_of(wanted: Sequence[tuple[tuple, torch.dtype]]) -> int:
    """Bytes that :func:`tensors` needs."""
    return max(
        1, sum(_aligned(torch.Size(shape).numel() * dtype.itemsize) for shape, dtype in wanted)
    )


def _aligned(n_bytes: int) -> int:
    return -(-n_bytes // ALIGNMENT) * ALIGNMENT
