"""No more threads than there are cores to run them."""

from __future__ import annotations

from contextlib import contextmanager

import joblib
import torch


@contextmanager
def within_allowed_cores():
    """Let torch use no more threads than this process may use cores.

    torch counts the machine's cores. In a container, or under a batch system, a process may have
    a few of them, by a quota of its control group or by the cores that it is bound to; with a
    thread for each core of the machine, threads then wait for one another most of the time. joblib
    knows these limits, and its own, the variable LOKY_MAX_CPU_COUNT. A smaller number that torch
    was given, as by OMP_NUM_THREADS in the workers of joblib and dask, stays.
    """
    before = torch.get_num_threads()
    allowed = min(before, joblib.cpu_count())
    if allowed == before:
        yield
        return
    torch.set_num_threads(allowed)
    try:
        yield
    finally:
        torch.set_num_threads(before)
