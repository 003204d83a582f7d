"""The training loop: epochs without the interpreter, and without its lock."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sklearn_dgex.training.autoencoder.kernel.arithmetic import (
    DECAY1,
    DECAY2,
    EPSILON,
    FROM_GRADIENT,
    FROM_MOMENTUM,
    GAIN1,
    GAIN2,
    NADAM,
    RATE,
    SHARE,
    cross_entropy,
    squared_error,
)
from sklearn_dgex.training.autoencoder.kernel.network import backward, clear, forward, update
from sklearn_dgex.training.autoencoder.kernel.noise import corrupt, shuffle
from sklearn_dgex.training.autoencoder.kernel.plan import DOWN, N_UNITS, ROWS, WIDTH
from sklearn_dgex.training.compiled.compiling import (
    compiled,
    compiled_entry,
    sources_digest,
)
from sklearn_dgex.training.compiled.lanes import LANES, load, store

CROSS_ENTROPY, SQUARED_ERROR = range(2)
# Positions in the arrays that `train` takes: what the network is, and how it learns.
ACTIVATION, OUTPUT_ACTIVATION, LOSS, NOISE, SOLVER = range(5)
LEARNING_RATE, FIRST_DECAY, SECOND_DECAY, EPSILON_OF_ONE, SCHEDULE_DECAY, CORRUPTION = range(6)
N_STEPS, MOMENTUM_PRODUCT = range(2)


@compiled
def set_rates(rates, clock, course, solver, n_rows):
    """Set the rates of the next step, of Nadam's by Dozat's schedule of the momentum."""
    clock[N_STEPS] += 1
    rates[SHARE], rates[RATE] = 1 / n_rows, course[LEARNING_RATE]
    rates[DECAY1], rates[GAIN1] = course[FIRST_DECAY], 1
    if solver == NADAM:
        beta1, beta2, step = course[FIRST_DECAY], course[SECOND_DECAY], clock[N_STEPS]
        now = beta1 * (1 - 0.5 * 0.96 ** (step * course[SCHEDULE_DECAY]))
        later = beta1 * (1 - 0.5 * 0.96 ** ((step + 1) * course[SCHEDULE_DECAY]))
        # In float32, as torch keeps it.
        clock[MOMENTUM_PRODUCT] = np.float32(np.float32(clock[MOMENTUM_PRODUCT]) * np.float32(now))
        # The update's denominator, sqrt(v / c) + eps, is taken times sqrt(c), as is its numerator.
        root = np.sqrt(1 - beta2**step)
        rate = course[LEARNING_RATE] * root
        rates[GAIN1], rates[DECAY2], rates[GAIN2] = 1 - beta1, beta2, 1 - beta2
        rates[EPSILON] = course[EPSILON_OF_ONE] * root
        rates[FROM_GRADIENT] = rate * (1 - now) / (1 - clock[MOMENTUM_PRODUCT])
        rates[FROM_MOMENTUM] = rate * later / (1 - clock[MOMENTUM_PRODUCT] * later)


@compiled
def take_batch(
    samples, order, start, n_rows, n_padded, values, target, plan, kinds, level, bounds, keys,
    numbers,
):  # fmt: skip
    """Copy a batch as target and, corrupted, as the visible level; rows to spare are zero."""
    n_units, width = plan[N_UNITS, 0], plan[WIDTH, 0]
    for row in range(n_rows):
        source, here = order[start + row] * width, row * width
        for k in range(0, width, LANES):
            sample = load(samples, source + k)
            store(target, here + k, sample)
            store(values, here + k, sample)
        counter = (start + row) * n_units
        corrupt(values, here, n_units, counter, kinds[NOISE], level, bounds, keys[0], keys[1])
    clear(values, n_rows * width, (n_padded - n_rows) * width, numbers)


@compiled
def output_errors(values, errors, target, masks, plan, kinds, n_rows, n_padded, numbers, rates):
    """Turn the output's sums into errors, zero in rows to spare; return the mean loss."""
    down, width = plan[DOWN, 0], plan[WIDTH, 0]
    if kinds[LOSS] == CROSS_ENTROPY:
        loss = cross_entropy(values, errors, down, target, masks, width, n_rows, numbers, rates)
    else:
        kind = kinds[OUTPUT_ACTIVATION]
        loss = squared_error(
            values, errors, down, target, masks, width, n_rows, kind, numbers, rates
        )
    clear(errors, down + n_rows * width, (n_padded - n_rows) * width, numbers)
    return loss / n_rows


@compiled
def train_epochs(
    samples, plan, weights, momentum, variance, masks, numbers, kinds, course, clock, bounds,
    keys, order, n_batches, values, errors, target, losses,
):  # fmt: skip
    """Train for an epoch with each row of ``keys``; all but samples, plan and settings change.

    Epoch ``e`` shuffles ``order``, cuts it into ``n_batches`` nearly equal parts, and leaves the
    mean of their mean losses in ``losses[e]``.
    """
    rates = np.zeros(9, dtype=weights.dtype)
    gradient = np.zeros(plan[WIDTH].max(), dtype=weights.dtype)
    activation, solver, level = kinds[ACTIVATION], kinds[SOLVER], course[CORRUPTION]
    smallest, n_larger = len(order) // n_batches, len(order) % n_batches
    for epoch in range(len(keys)):
        shuffle(order, keys[epoch, 2], keys[epoch, 3])
        start, total = 0, 0.0
        for batch in range(n_batches):
            n_rows = smallest + 1 if batch < n_larger else smallest
            n_padded = (n_rows + ROWS - 1) // ROWS * ROWS
            take_batch(
                samples, order, start, n_rows, n_padded, values, target, plan, kinds, level,
                bounds, keys[epoch], numbers,
            )  # fmt: skip
            set_rates(rates, clock, course, solver, n_rows)
            forward(values, weights, masks, plan, n_padded, activation, numbers)
            total += output_errors(
                values, errors, target, masks, plan, kinds, n_rows, n_padded, numbers, rates
            )
            backward(values, errors, weights, plan, n_padded, activation, numbers)
            update(
                values, errors, weights, momentum, variance, plan, n_padded, solver, numbers,
                rates, gradient,
            )  # fmt: skip
            start += n_rows
        losses[epoch] = total / n_batches


def _entry(sources: int):
    def train(*arguments):
        # numba looks at this file alone for changes, but also at what a function closes over.
        if sources:
            train_epochs(*arguments)

    return compiled_entry(train)


train = _entry(sources_digest(Path(__file__).parent))
