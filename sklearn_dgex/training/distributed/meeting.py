"""How ranks find each other, also after torchrun has started them anew."""

from __future__ import annotations

import json
import time
import uuid

import torch.distributed as dist
from torch.distributed.rendezvous import rendezvous

NAME = "sklearn_dgex"
PAUSE = 0.02  # seconds between two looks


def meet(timeout: float | None = None) -> dict:
    """Return store, rank and world size, as `init_process_group` wants them.

    torchrun may keep one store for all its attempts (torch 2.13 does), and ranks that read there
    what those of the attempt before have written wait for them forever. Counts of attempts differ
    between hosts. So the first rank opens a new page of the store; others know that a page is the
    one of this attempt when its list of ranks has the name that they have just made up.

    Raises
    ------
    TimeoutError
        If not all ranks come within ``timeout`` seconds; None is torch's default.
    """
    store, rank, size = next(rendezvous("env://"))
    deadline = time.monotonic() + (timeout or store.timeout.total_seconds())
    page = _open(store, size, deadline) if rank == 0 else _find(store, rank, deadline)
    return {"store": dist.PrefixStore(page, store), "rank": rank, "world_size": size}


def _open(store, size: int, deadline: float) -> str:
    page = f"{NAME}/{store.add(f'{NAME}/pages', 1)}"
    keys = [f"{page}/rank/{rank}" for rank in range(1, size)]
    _wait(lambda: all(store.check([key]) for key in keys), deadline)
    store.set(f"{page}/ranks", json.dumps([store.get(key).decode() for key in keys]))
    return page


def _find(store, rank: int, deadline: float) -> str:
    me, page, said = uuid.uuid4().hex, None, set()

    def is_found() -> bool:
        nonlocal page
        page = f"{NAME}/{store.add(f'{NAME}/pages', 0)}"  # the newest, maybe of an attempt before
        if page not in said:
            said.add(page)
            store.set(f"{page}/rank/{rank}", me)
        listed = f"{page}/ranks"
        return store.check([listed]) and me in json.loads(store.get(listed))

    _wait(is_found, deadline)
    return page


def _wait(is_done, deadline: float) -> None:
    while not is_done():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(PAUSE)
