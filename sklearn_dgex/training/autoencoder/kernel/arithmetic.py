"""Activations, their derivatives, losses and optimiser steps, on vectors of eight numbers."""

from __future__ import annotations

import math

import numpy as np

from sklearn_dgex.training.compiled.compiling import compiled, inlined
from sklearn_dgex.training.compiled.lanes import (
    LANES,
    larger,
    load,
    magnitude,
    nearest_whole,
    power_of_two,
    product_of,
    spread,
    square_root,
    store,
    sum_of,
    where_positive,
)

IDENTITY, SIGMOID, TANH, RELU = range(4)
SGD, MOMENTUM, NADAM = range(3)

# Positions in the array of constants that `exponential` and the others read: one array of the
# network's floating type, since a literal would turn float32 arithmetic into float64.
ZERO, ONE, LOWEST, LOG2_E, LN2_HIGH, LN2_LOW, SERIES = range(7)
N_TERMS = 12
MAX_FACTORS = 12  # 8 lanes of 12 factors of at most 2 stay within float32


def constants(dtype) -> np.ndarray:
    """Numbers that the kernel computes with, in its floating type."""
    ln2_high = round(math.log(2) * 2**12) / 2**12  # few bits: its multiples are exact
    series = [1 / math.factorial(n) for n in reversed(range(N_TERMS))]
    # Products of still smaller numbers are no longer normal in float32, and slow to compute with.
    lowest = -40.0
    first = [0.0, 1.0, lowest, 1 / math.log(2), ln2_high, math.log(2) - ln2_high]
    return np.array([*first, *series], dtype=dtype)


@inlined
def exponential(x, numbers):
    """Exp of numbers that are 0 or less: 2 to a whole number, times a series of the rest."""
    x = larger(x, spread(numbers, LOWEST))
    whole = nearest_whole(x * spread(numbers, LOG2_E))
    rest = x - whole * spread(numbers, LN2_HIGH) - whole * spread(numbers, LN2_LOW)
    result = spread(numbers, SERIES)
    for term in range(1, N_TERMS):
        result = result * rest + spread(numbers, SERIES + term)
    return result * power_of_two(whole)


@inlined
def sigmoid(x, decay, numbers):
    """Logistic sigmoid of x, with ``decay`` = exp(-|x|)."""
    one = spread(numbers, ONE)
    upper = one / (one + decay)
    return where_positive(x, upper, decay * upper)


@inlined
def activation(x, kind, numbers):
    """One of the four activations of eight weighted sums."""
    zero, one = spread(numbers, ZERO), spread(numbers, ONE)
    if kind == SIGMOID:
        return sigmoid(x, exponential(zero - magnitude(x), numbers), numbers)
    if kind == TANH:
        decay = exponential(zero - magnitude(x + x), numbers)
        size = (one - decay) / (one + decay)
        return where_positive(x, size, zero - size)
    if kind == RELU:
        return larger(x, zero)
    return x


@inlined
def slope(y, kind, numbers):
    """Take the derivative of an activation from its value."""
    zero, one = spread(numbers, ZERO), spread(numbers, ONE)
    if kind == SIGMOID:
        return y * (one - y)
    if kind == TANH:
        return one - y * y
    if kind == RELU:
        return where_positive(y, one, zero)
    return one


@compiled
def cross_entropy(values, errors, start, target, masks, width, n_rows, numbers, rates):
    """Turn the output sums from ``start`` on into errors there; return the rows' summed loss.

    For a sum s and a target t the loss is log(1 + exp(-|s|)) + max(s, 0) - t s, and its derivative
    sigmoid(s) - t. One logarithm is taken of the product of many factors 1 + exp(-|s|).
    """
    zero, one = spread(numbers, ZERO), spread(numbers, ONE)
    linear, factors, logarithms, n_factors = zero, one, 0.0, 0
    for row in range(n_rows):
        for k in range(0, width, LANES):
            at = row * width + k
            s, t, kept = load(values, start + at), load(target, at), load(masks, k)
            decay = exponential(zero - magnitude(s), numbers)
            linear = linear + (larger(s, zero) - t * s) * kept
            factors = factors * (one + decay * kept)
            n_factors += 1
            if n_factors == MAX_FACTORS:
                logarithms += math.log(product_of(factors))
                factors, n_factors = one, 0
            store(
                errors, start + at, (sigmoid(s, decay, numbers) - t) * kept * spread(rates, SHARE)
            )
    return sum_of(linear) + logarithms + math.log(product_of(factors))


@compiled
def squared_error(values, errors, start, target, masks, width, n_rows, kind, numbers, rates):
    """Turn the output sums from ``start`` on into errors there; return the rows' summed loss."""
    loss = spread(numbers, ZERO)
    for row in range(n_rows):
        for k in range(0, width, LANES):
            at = row * width + k
            z = activation(load(values, start + at), kind, numbers)
            difference = (z - load(target, at)) * load(masks, k)
            loss = loss + difference * difference
            store(
                errors,
                start + at,
                (difference + difference) * slope(z, kind, numbers) * spread(rates, SHARE),
            )
    return float(sum_of(loss))


# Positions in the array of a step's rates; `step_rates` sets those that change from step to step.
SHARE, RATE, DECAY1, GAIN1, DECAY2, GAIN2, EPSILON, FROM_GRADIENT, FROM_MOMENTUM = range(9)


@inlined
def descend(weights, momentum, variance, start, gradient, width, solver, rates):
    """Move a row of weights, from ``start`` on, one step down its gradient."""
    for k in range(0, width, LANES):
        at, g = start + k, load(gradient, k)
        w = load(weights, at)
        if solver == SGD:
            store(weights, at, w - spread(rates, RATE) * g)
            continue
        m = spread(rates, DECAY1) * load(momentum, at) + spread(rates, GAIN1) * g
        store(momentum, at, m)
        if solver == MOMENTUM:
            store(weights, at, w - spread(rates, RATE) * m)
            continue
        v = spread(rates, DECAY2) * load(variance, at) + spread(rates, GAIN2) * g * g
        store(variance, at, v)
        ahead = spread(rates, FROM_GRADIENT) * g + spread(rates, FROM_MOMENTUM) * m
        store(weights, at, w - ahead / (square_root(v) + spread(rates, EPSILON)))
