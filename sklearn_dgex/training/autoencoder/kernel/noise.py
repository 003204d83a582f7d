"""Noise on a batch, and the order of an epoch, from numbers that a key and a counter make."""

from __future__ import annotations

import math

import numpy as np

from sklearn_dgex.training.compiled.compiling import compiled, inlined

MASKING, GAUSSIAN, SALT_AND_PEPPER = range(3)
N_VALUES = 2.0**31


@inlined
def drawn(counter, key0, key1):
    """Hash a counter and two keys to a number below 2³¹; `nn.hashing.drawn` is its twin."""
    h = np.uint32(np.uint32(counter) * np.uint32(0x9E3779B9) + np.uint32(key0))
    h = np.uint32(np.uint32(h ^ (h >> np.uint32(16))) * np.uint32(0x7FEB352D))
    h = np.uint32(np.uint32(h ^ (h >> np.uint32(15))) ^ np.uint32(key1))
    h = np.uint32(h * np.uint32(0x846CA68B))
    return np.uint32(h ^ (h >> np.uint32(16))) >> np.uint32(1)


@compiled
def shuffle(order, key0, key1):
    """Shuffle in place, each permutation as likely as the others."""
    for i in range(len(order) - 1, 0, -1):
        j = (np.uint64(drawn(i, key0, key1)) * np.uint64(i + 1)) >> np.uint64(31)
        order[i], order[j] = order[j], order[i]


@inlined
def corrupt(values, at, n_units, counter, noise, level, bounds, key0, key1):
    """Corrupt one sample in place; ``counter`` is the number of values drawn for before it."""
    if level == 0:
        return
    threshold, half = np.uint32(round(level * N_VALUES)), np.uint32(round(level * N_VALUES / 2))
    for i in range(n_units):
        if noise == GAUSSIAN:
            radius = drawn(2 * (counter + i), key0, key1)
            angle = drawn(2 * (counter + i) + 1, key0, key1)
            size = math.sqrt(-2 * math.log((radius + 1.0) / N_VALUES))
            values[at + i] += level * size * math.cos(2 * math.pi * (angle / N_VALUES))
            continue
        number = drawn(counter + i, key0, key1)
        if number < threshold:
            if noise == MASKING:
                values[at + i] = 0
            else:
                values[at + i] = bounds[0] if number < half else bounds[1]
