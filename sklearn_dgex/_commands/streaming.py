"""Reading, computing and writing at the same time, in blocks of samples."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

BLOCK_VALUES = 1 << 24  # at a time: 64 MiB of float32
MOST_SAMPLES = 10_000  # so that a few genes come in blocks, too


def block_length(*widths: int) -> int:
    """Return how many samples to handle at a time, in tables of these numbers of columns."""
    return min(MOST_SAMPLES, max(1, BLOCK_VALUES // max(1, *widths)))


def one_ahead(items: Iterable) -> Iterator:
    """Yield items while a thread of its own makes the next one.

    What making an item raises is raised in its place. Closing the generator ends the thread, after
    the item that it is at.
    """
    iterator, end = iter(items), object()
    pool = ThreadPoolExecutor(1)
    try:
        coming = pool.submit(next, iterator, end)
        while (item := coming.result()) is not end:
            coming = pool.submit(next, iterator, end)
            yield item
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def progress_bar(n_samples: int):
    """Return a bar of samples done, which shows on terminals alone."""
    from tqdm import tqdm

    return tqdm(total=n_samples, unit=" profiles", disable=not sys.stderr.isatty())
