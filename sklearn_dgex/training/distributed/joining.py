"""How a process becomes a rank: torchrun's environment, or a process group that is there."""

from __future__ import annotations

import atexit
import multiprocessing
import os
import threading
import warnings
from contextlib import contextmanager

import joblib
import torch
import torch.distributed as dist

from sklearn_dgex.exceptions import (
    CheckpointMismatchError,
    CheckpointWarning,
    ConstantGeneWarning,
    DivergedError,
    RankLostError,
)
from sklearn_dgex.training.distributed.alone import ALONE
from sklearn_dgex.training.distributed.lost import peers_heard, rank_lost
from sklearn_dgex.training.distributed.meeting import meet
from sklearn_dgex.training.distributed.ranks import Ranks

ENVIRONMENT = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")  # that torchrun sets
GROUPS: dict = {}  # for CPU tensors, beside the user's default groups that have none
LOST: list[BaseException] = []
JOINED: set[int] = set()  # processes that are ranks: this one, or before a fork the one it was


def local_device(device: str, distributed: str | None) -> str:
    """Name the device of this rank: of several, the one that torchrun counts for it.

    Parameters
    ----------
    device : str
        As of :class:`~sklearn_dgex.DGEXRegressor`: "auto", "cpu", "cuda" or "cuda:N".
    distributed : {"auto", "ddp", "fsdp"} or None
        Whether several processes train together.

    Returns
    -------
    str
        "cuda:N" where "auto" or "cuda" leaves the choice among several GPUs to the rank's number on
        its host; else ``device``.

    Examples
    --------
    >>> from sklearn_dgex.training import local_device
    >>> local_device("auto", None)
    'auto'
    """
    local = os.environ.get("LOCAL_RANK")
    if device not in ("auto", "cuda") or local is None or not torch.cuda.is_available():
        return device
    if distributed is None or _size() in (None, 1) or _is_worker():
        return device
    return f"cuda:{int(local) % torch.cuda.device_count()}"


def n_ranks(distributed: str | None) -> int:
    """How many processes train together: 1 without torchrun, or where they are not to."""
    if distributed is None:
        return 1
    size = _size()
    if size is None and distributed != "auto":
        raise ValueError(
            "The 'distributed' parameter can be 'ddp' or 'fsdp' where torchrun started the "
            f"processes. Got {distributed!r} in a process started otherwise; run the script by "
            "'torchrun --nproc-per-node=2 script.py', or use 'auto'."
        )
    if size is None or size == 1 or not _is_worker():
        return size or 1
    if distributed == "auto":
        return 1
    raise ValueError(
        "The 'distributed' parameter must be 'auto' or None in a thread, or in a process that "
        f"multiprocessing started, such as a worker of a grid search. Got {distributed!r}; where "
        "such a process is to be a rank, call torch.distributed.init_process_group first."
    )


def _size() -> int | None:
    """How many ranks this process' group or environment counts; None where there is neither."""
    if not dist.is_available():
        return None
    if dist.is_initialized():
        return dist.get_world_size()
    return int(os.environ["WORLD_SIZE"]) if all(map(os.environ.get, ENVIRONMENT)) else None


def _is_worker() -> bool:
    """Whether this process or thread works for a rank, whose environment it has, but is none.

    Such are the workers of a grid search: they would wait for each other in every fit.
    """
    if threading.current_thread() is not threading.main_thread():
        return True
    if JOINED:
        return os.getpid() not in JOINED
    is_child = multiprocessing.parent_process() is not None
    is_lokys = type(multiprocessing.current_process()).__name__.startswith("Loky")
    # One that has a process group was started to be a rank.
    return (is_child or is_lokys) and not dist.is_initialized()


@contextmanager
def joined(distributed: str | None):
    """Take part in a fit by several processes, where torchrun started them.

    Parameters
    ----------
    distributed : {"auto", "ddp", "fsdp"} or None
        "auto" joins where torchrun started several processes, by "ddp"; "fsdp" also shards the
        weights; None never joins.

    Yields
    ------
    Alone or Ranks
        The processes as this one sees them, or what stands for one process alone.

    Raises
    ------
    ValueError
        If ``distributed`` is "ddp" or "fsdp" in a process that torchrun did not start.
    RankLostError
        If another process ended, now or in a fit before.

    Examples
    --------
    >>> from sklearn_dgex.training import joined
    >>> with joined(None) as ranks:
    ...     print(ranks.rank, ranks.size)
    0 1
    """
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
    JOINED.add(os.getpid())
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
    return isinstance(error, DivergedError | CheckpointMismatchError) or not ranks.agreed


def _leave() -> None:
    if dist.is_initialized():
        dist.destroy_process_group()


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
