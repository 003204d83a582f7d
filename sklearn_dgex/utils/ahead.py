"""Work that a thread of its own does one step ahead of those who want its results."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor


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
