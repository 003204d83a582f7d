"""Random integers from keys and counters, the same on every device and for every engine.

Each integer is a hash of its counter, so a number that noise or dropout draws for a value depends
on nothing but two keys and the value's place.
"""

from __future__ import annotations

from torch import Tensor

N_NUMBERS = 1 << 31
BITS32 = (1 << 32) - 1


def drawn(counter: Tensor, key0: int | Tensor, key1: int | Tensor) -> Tensor:
    """Integers below 2³¹ for int64 counters; compiled loops have twins of this function.

    >>> import torch
    >>> drawn(torch.arange(3), 1, 2).tolist()
    [802716225, 1410686760, 642742701]
    """
    h = (counter * 0x9E3779B9).add_(key0).bitwise_and_(BITS32)
    h = h.bitwise_xor_(h >> 16).mul_(0x7FEB352D).bitwise_and_(BITS32)
    h = h.bitwise_xor_(h >> 15).bitwise_xor_(key1)
    h = h.mul_(0x846CA68B).bitwise_and_(BITS32)
    return h.bitwise_xor_(h >> 16) >> 1
