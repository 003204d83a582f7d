"""Random integers from keys and counters: the kernel's, for the engine on torch.

Each integer is a hash of its counter, so the noise on a value depends on nothing but the epoch's
keys and the value's place in the epoch. Both engines, and any device, draw the same.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from sklearn_dgex.nn.hashing import N_NUMBERS, drawn

BLOCK = 1 << 14


def shuffle(order: np.ndarray, key0: int, key1: int) -> None:
    """Shuffle in place, as the kernel does."""
    positions = torch.arange(len(order))
    partners = ((drawn(positions, key0, key1) * (positions + 1)) // N_NUMBERS).tolist()
    shuffled = order.tolist()
    for i in range(len(shuffled) - 1, 0, -1):
        j = partners[i]
        shuffled[i], shuffled[j] = shuffled[j], shuffled[i]
    order[:] = shuffled


class NoiseNumbers:
    """Integers for the noise on one batch after another of an epoch, drawn in large blocks."""

    def start_epoch(self, keys: np.ndarray) -> None:
        """Take an epoch's keys, and count from its first value."""
        self.keys = int(keys[0]), int(keys[1])
        self.n_drawn = 0
        self.waiting = torch.empty(0, dtype=torch.int64)

    def __call__(self, shape: tuple[int, ...], device: torch.device) -> Tensor:
        """Draw the next integers; of the kind of noise that wants two a value, both in a row."""
        n_wanted = math.prod(shape)
        if len(self.waiting) < n_wanted:
            n_new = max(n_wanted, BLOCK)
            counter = torch.arange(self.n_drawn, self.n_drawn + n_new, device=device)
            self.waiting = torch.cat([self.waiting.to(device), drawn(counter, *self.keys)])
            self.n_drawn += n_new
        numbers, self.waiting = self.waiting[:n_wanted], self.waiting[n_wanted:]
        return numbers.view(shape)
