"""Nadam's pass over the parameters: gradient and moments are read once, and written once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from sklearn_dgex.training.compiled.compiling import inlined, inlined_in_order, sources_digest
from sklearn_dgex.training.compiled.lanes import (
    LANES,
    read,
    rounded_difference,
    spread,
    square_root,
    write,
)
from sklearn_dgex.training.compiled.threads import (
    FIRST,
    N_SHARES,
    Loop,
    floats_at,
    halves_at,
    integers_at,
    take_share,
)

SHARE = 1 << 14  # parameters; fewer are not worth a second thread

# Words: rates, and a table of tensors, a row each: addresses and size, and the number of shares up
# to its end.
RATES, TABLE = range(FIRST, FIRST + 2)
PARAMETER, GRADIENT, MEAN, SQUARE, COPY, SIZE, LAST_SHARE = range(7)
# Positions in the array of rates: those of `StepNumbers`.
DECAY1, GAIN1, DECAY2, GAIN2, RATIO, EPSILON, RATE, SHRINK = range(8)


@inlined_in_order
def moved(p, g, m, v, rates):
    """Parameters, and their moments, after a step.

    Rounding a parameter is what adds up over many steps, so it is done where torch does it.
    """
    m = spread(rates, DECAY1) * m + spread(rates, GAIN1) * g
    v = spread(rates, DECAY2) * v + spread(rates, GAIN2) * g * g
    rate = spread(rates, RATE) / (square_root(v) + spread(rates, EPSILON))
    p = rounded_difference(spread(rates, SHRINK) * p, rate * spread(rates, RATIO) * g)
    return rounded_difference(p, rate * m), m, v


@inlined
def descend(row, first, end, at, rates):
    """Move some parameters of a tensor a step down their gradient."""
    parameter, gradient, copy = floats_at(row[PARAMETER]), at(row[GRADIENT]), halves_at(row[COPY])
    mean, square, copies = floats_at(row[MEAN]), floats_at(row[SQUARE]), row[COPY] != 0
    for k in range(first, end, LANES):
        n, g = end - k, read(gradient, k, end - k)
        p, m, v = moved(read(parameter, k, n), g, read(mean, k, n), read(square, k, n), rates)
        write(parameter, k, n, p)
        write(mean, k, n, m)
        write(square, k, n, v)
        if copies:
            write(copy, k, n, p)


@inlined
def share_parameters(words, at):
    """Do all shares: each moves some parameters of one tensor."""
    share = take_share(words)
    while share < words[N_SHARES]:
        row, before = words[TABLE], 0
        while share >= integers_at(row)[LAST_SHARE]:
            before = integers_at(row)[LAST_SHARE]
            row += 8 * (LAST_SHARE + 1)
        first = (share - before) * SHARE
        end = min(first + SHARE, integers_at(row)[SIZE])
        descend(integers_at(row), first, end, at, floats_at(words[RATES]))
        share = take_share(words)


def _loops(sources: int) -> dict[torch.dtype, Loop]:
    # numba looks at this file alone for changes, but also at what a function closes over.
    def by_floats(words):
        if sources:
            share_parameters(words, floats_at)

    def by_halves(words):
        if sources:
            share_parameters(words, halves_at)

    return {torch.float32: Loop(by_floats), torch.bfloat16: Loop(by_halves)}


LOOPS = _loops(sources_digest())


def step(pieces: Sequence[tuple], numbers: Sequence[float]) -> None:
    """Move parameters and their moments a step.

    Parameters
    ----------
    pieces : sequence of tuples of Tensor of shape (n,)
        Parameters, their gradients, the gradients' mean and mean square, and, or None, bfloat16
        copies to be kept. All are float32 and contiguous, but gradients may be bfloat16.
    numbers : sequence of float
        `StepNumbers`.
    """
    rates = np.array(numbers, np.float32)
    for dtype, loop in LOOPS.items():
        of_dtype = [piece for piece in pieces if piece[GRADIENT].dtype == dtype]
        if of_dtype:
            table, n_shares, total = _table(of_dtype)
            loop(n_shares, total, rates.ctypes.data, table.ctypes.data)


def _table(pieces: Sequence[tuple]) -> tuple[np.ndarray, int, int]:
    table, n_shares, total = np.empty((len(pieces), LAST_SHARE + 1), np.int64), 0, 0
    for row, piece in zip(table, pieces, strict=True):
        size = piece[PARAMETER].numel()
        n_shares, total = n_shares - (-size // SHARE), total + size
        addresses = [0 if tensor is None else tensor.data_ptr() for tensor in piece]
        row[:] = (*addresses, size, n_shares)
    return table, n_shares, total
