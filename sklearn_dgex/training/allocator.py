"""Keep large blocks of memory between the steps of a fit."""

from __future__ import annotations

import ctypes
import sys
from contextlib import contextmanager

# Names of glibc's malloc.h. Once set, its thresholds no longer grow with the blocks that a program
# frees, so they are left where that growth would have ended.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_MMAP_MAX = -1, -3, -4
GROWN_TRIM_THRESHOLD, GROWN_MMAP_THRESHOLD, DEFAULT_MMAP_MAX = 64 << 20, 32 << 20, 65_536
LARGEST_INT = 2**31 - 1


@contextmanager
def large_blocks_kept():
    """Keep freed memory for the next allocation instead of handing it back to the system.

    A step allocates and frees gradients as large as the weights. glibc maps blocks beyond 32 MiB
    anew each time, and the system then fills them page by page: a good part of a step on machines
    where that is slow. Afterwards the memory is given back. Other systems' allocators are left
    alone.
    """
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    if not hasattr(libc, "mallopt"):
        yield
        return
    libc.mallopt(M_MMAP_MAX, 0)
    libc.mallopt(M_TRIM_THRESHOLD, LARGEST_INT)
    try:
        yield
    finally:
        libc.mallopt(M_MMAP_MAX, DEFAULT_MMAP_MAX)
        libc.mallopt(M_MMAP_THRESHOLD, GROWN_MMAP_THRESHOLD)
        libc.mallopt(M_TRIM_THRESHOLD, GROWN_TRIM_THRESHOLD)
        libc.malloc_trim(0)
