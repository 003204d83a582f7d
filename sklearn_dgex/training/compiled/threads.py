"""Compiled loops on torch's own threads.

A second pool of threads would wait, spinning, for work while torch's pool works, and the other way
round: on two cores that costs more than the second core brings. So loops are handed to the OpenMP
library that torch has loaded. Where torch runs on something else, one thread does them.

What a loop does is cut into shares, which threads take one after another: so shares may take
different times, and whatever the number of threads, each share's arithmetic is the same.
"""

from __future__ import annotations

import ctypes
import sys
from functools import cache, cached_property

import numpy as np
import torch
from llvmlite import ir
from numba import carray, cfunc, types
from numba.core import cgutils
from numba.extending import intrinsic

from sklearn_dgex.training.compiled.compiling import OPTIONS, inlined

# A loop is handed one array of 64-bit words: who comes next, how many shares there are, and then
# its own arguments: addresses and integers.
NEXT, N_SHARES, FIRST = range(3)
GRAIN = 1 << 15  # numbers for which it pays to wake a thread, as torch has it, too
WORK = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


@intrinsic
def _at_address(typing_context, address):
    def generate(context, builder, signature, args):
        return builder.inttoptr(args[0], cgutils.voidptr_t)

    return types.voidptr(types.int64), generate


@intrinsic
def take_share(typing_context, words):
    """Take the next share, counted from 0, that no thread has taken yet."""

    def generate(context, builder, signature, args):
        return builder.atomic_rmw("add", args[0], ir.IntType(64)(1), "monotonic")

    return types.int64(types.CPointer(types.int64)), generate


@inlined
def floats_at(address):
    """Array of float32 at an address; its length is not checked."""
    return carray(_at_address(address), 1, np.float32)


@inlined
def halves_at(address):
    """Array of bfloat16, as `lanes` knows them, at an address; its length is not checked."""
    return carray(_at_address(address), 1, np.uint16)


@inlined
def integers_at(address):
    """Array of int64 at an address; its length is not checked."""
    return carray(_at_address(address), 1, np.int64)


@inlined
def doubles_at(address):
    """Array of float64 at an address; its length is not checked."""
    return carray(_at_address(address), 1, np.float64)


@inlined
def four_doubles_at(words, first):
    """Arrays of float64 at the addresses that four words hold, from ``first`` on."""
    return (
        doubles_at(words[first]),
        doubles_at(words[first + 1]),
        doubles_at(words[first + 2]),
        doubles_at(words[first + 3]),
    )


class Loop:
    """A compiled loop, run by the threads that torch is set to use.

    Parameters
    ----------
    work : callable
        What each thread does, given a pointer to the words: take shares while there are any.

    Examples
    --------
    >>> import torch
    >>> from sklearn_dgex.training.compiled.threads import N_SHARES, FIRST, Loop, floats_at
    >>> from sklearn_dgex.training.compiled.threads import take_share
    >>> def double(words):
    ...     numbers, share = floats_at(words[FIRST]), take_share(words)
    ...     while share < words[N_SHARES]:
    ...         numbers[share] *= 2
    ...         share = take_share(words)
    >>> numbers = torch.ones(5)
    >>> Loop(double)(4, 5, numbers)
    >>> numbers.tolist()
    [2.0, 2.0, 2.0, 2.0, 1.0]
    """

    def __init__(self, work):
        self._work = work

    @cached_property
    def _compiled(self):
        signature = types.void(types.CPointer(types.int64))
        try:
            return cfunc(signature, **OPTIONS, cache=True)(self._work)
        except RuntimeError:  # no folder to keep the code in may be written
            return cfunc(signature, **OPTIONS)(self._work)

    def __call__(self, n_shares: int, size: int, *arguments: torch.Tensor | int | None) -> None:
        """Do all shares of ``size`` numbers together.

        Tensors among the arguments are handed over by their address, None as address 0.
        """
        words = np.array([0, n_shares, *map(_word, arguments)], dtype=np.int64)
        n_threads = min(n_shares, torch.get_num_threads(), -(-size // GRAIN))
        run = _openmp()
        if n_threads > 1 and run is not None:
            run(self._compiled.address, words.ctypes.data, n_threads, 0)
        else:
            WORK(self._compiled.address)(words.ctypes.data)


def _word(argument: torch.Tensor | int | None) -> int:
    if argument is None:
        return 0
    return argument.data_ptr() if isinstance(argument, torch.Tensor) else argument


@cache
def _openmp():
    """``GOMP_parallel`` of the OpenMP library that torch's own calls are bound to, or None."""
    # torch loads what it depends on into the process's global scope, where names are looked up.
    libraries = ctypes.CDLL(None) if sys.platform == "linux" else None
    run = getattr(libraries, "GOMP_parallel", None)
    if run is not None:
        run.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint, ctypes.c_uint]
        run.restype = None
    return run
