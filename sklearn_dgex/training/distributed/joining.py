"""How a process becomes a rank: torchrun's environment, or a process group that is there."""

from __future__ import annotations

import atexit
import multiprocessing
import os
import warnings
from contextlib import contextmanager

import joblib
import torch
import torch.distributed as dist

from sklearn_dgex.exceptions import (
    CheckpointWarning,
    ConstantGeneWarning,
    DivergedError,
    RankLostError,
)
from sklearn_dgex.training.distributed.lost import peers_heard, rank_lost
from sklearn_dgex.training.distributed.meeting import meet
from sklearn_dgex.training.distributed.ranks import ALONE, Ranks

ENVIRONMENT = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")  # that torchrun sets
GROUPS: dict = {}  # for CPU tensors, beside the user's default groups that have none
LOST: list[BaseException] = []


def local_device(device: str, distributed: str | None) -> str:
    """Name of the device of this rank: of several, the one that torchrun counts for it."""
    local = os.environ.get("LOCAL_RANK")
    if device not in ("auto", "cuda") or local is None or n_ranks(distributed) == 1:
        return device
    if not torch.cuda.is_available():
        return device
    return f"cuda:{int(local) % torch.cuda.device_count()}"


def n_ranks(distributed: str | None) -> int:
    """How many processes train together: 1 without torchrun, or where they are not to."""
    if distributed is None:
        return 1
    if dist.is_available() and dist.is_initialized():
        return dist.get_world_size()
    launched = dist.is_available() and all(name in os.environ for name in ENVIRONMENT)
    if launched and not _is_worker():
        return int(os.environ["WORLD_SIZE"])
    if distributed != "auto" and not launched:
        raise ValueError(
            "The 'distributed' parameter can be 'ddp' or 'fsdp' where torchrun started the "
            f"processes. Got {distributed!r} in a process started otherwise; run the script by "
            "'torchrun --nproc-per-node=2 script.py', or use 'auto'."
        )
    return 1


@contextmanager
def joined(distributed: str | None):
    """Take part in a fit: yields the ranks, or what stands for one process alone."""
    if n_ranks(distributed) == 1:
        yield ALONE
        return
    ranks = _join(distributed == "fsdp")
    with _fair_threads(), warnings.catch_warnings():
        if not ranks.leads:  # one rank tells
            for kind in (CheckpointWarning, ConstantGeneWarning):
                warnings.simplefilter("ignore", kind)
        try:
            yield ranks
        except BaseException as error:
            if not _is_raised_by_all(error, ranks):
                # The others wait for this rank: now they hear that it has gone.
                LOST.append(error)
                _leave()
            raise


def _join(shards: bool) -> Ranks:
    if LOST:
        raise rank_lost() from LOST[0]
    if not dist.is_initialized():
        backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
        with peers_heard():
            dist.init_process_group(backend, **meet())
        atexit.register(_leave)
    default = dist.group.WORLD
    if default not in GROUPS:
        on_cpu = "gloo" in str(dist.get_backend_config(default))
        GROUPS[default] = None if on_cpu else dist.new_group(backend="gloo")
    if shards:
        from sklearn_dgex.training.distributed.sharded import ShardedRanks

        return ShardedRanks(GROUPS[default])
    return Ranks(GROUPS[default])


def _is_raised_by_all(error: BaseException, ranks: Ranks) -> bool:
    if isinstance(error, RankLostError) or not isinstance(error, Exception):
        return False
    return isinstance(error, DivergedError) or not ranks.agreed


def _leave() -> None:
    if dist.is_initialized():
        dist.destroy_process_group()


def _is_worker() -> bool:
    """Whether this is joblib's worker of a rank, whose environment it has inherited."""
    return type(multiprocessing.current_process()).__name__.startswith("Loky")


@contextmanager
def _fair_threads():
    """Share a host's cores out to its ranks, where nobody has said how many threads each has."""
    before, n_local = torch.get_num_threads(), int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    if "OMP_NUM_THREADS" in os.environ or n_local == 1:
        yield
        return
    torch.set_num_threads(max(1, min(before, joblib.cpu_count() // n_local)))
    try:
        yield
    finally:
        torch.set_num_threads(before)
