"""Activations and their slopes on eight float32 numbers at once."""

from __future__ import annotations

from sklearn_dgex.training.compiled.compiling import inlined
from sklearn_dgex.training.compiled.lanes import (
    larger,
    magnitude,
    nearest_whole,
    power_of_two,
    repeated,
    where_positive,
)

KINDS = {"identity": 0, "sigmoid": 1, "tanh": 2, "relu": 3, "silu": 4, "gelu": 5}
IDENTITY, SIGMOID, TANH, RELU, SILU, GELU = KINDS.values()


@inlined
def exponential_of_negative(x):
    """Exp of numbers that are 0 or less: 2 to a whole number, times a series of the rest."""
    # Products of still smaller numbers are no longer normal, and slow to compute with.
    x = larger(x, repeated(-40.0))
    whole = nearest_whole(x * repeated(1.4426950408889634))
    # ln 2 in two parts: multiples of the first, of few bits, are exact.
    rest = x - whole * repeated(0.693115234375) - whole * repeated(3.194618498e-05)
    series = repeated(1 / 5040)
    series = series * rest + repeated(1 / 720)
    series = series * rest + repeated(1 / 120)
    series = series * rest + repeated(1 / 24)
    series = series * rest + repeated(1 / 6)
    series = series * rest + repeated(0.5)
    series = series * rest + repeated(1.0)
    series = series * rest + repeated(1.0)
    return series * power_of_two(whole)


@inlined
def sigmoid(x):
    """Logistic sigmoid."""
    decay = exponential_of_negative(repeated(0.0) - magnitude(x))
    upper = repeated(1.0) / (repeated(1.0) + decay)
    return where_positive(x, upper, decay * upper)


@inlined
def tanh(x):
    """Hyperbolic tangent."""
    decay = exponential_of_negative(repeated(-2.0) * magnitude(x))
    size = (repeated(1.0) - decay) / (repeated(1.0) + decay)
    return where_positive(x, size, repeated(0.0) - size)


@inlined
def normal_share(x):
    """Share of a standard normal distribution below x, to 1.5e-7 (Abramowitz & Stegun 7.1.26)."""
    t = repeated(1.0) / (repeated(1.0) + repeated(0.3275911 * 0.7071067811865476) * magnitude(x))
    series = repeated(1.061405429) * t - repeated(1.453152027)
    series = series * t + repeated(1.421413741)
    series = series * t - repeated(0.284496736)
    series = (series * t + repeated(0.254829592)) * t
    tail = repeated(0.5) * series * exponential_of_negative(repeated(-0.5) * x * x)
    return where_positive(x, repeated(1.0) - tail, tail)


@inlined
def activation(x, kind):
    """Value of an activation."""
    if kind == SIGMOID:
        return sigmoid(x)
    if kind == TANH:
        return tanh(x)
    if kind == RELU:
        return larger(x, repeated(0.0))
    if kind == SILU:
        return x * sigmoid(x)
    if kind == GELU:
        return x * normal_share(x)
    return x


@inlined
def slope(x, y, kind):
    """Take the derivative of an activation at x from its value y there."""
    one = repeated(1.0)
    if kind == SIGMOID:
        return y * (one - y)
    if kind == TANH:
        return one - y * y
    if kind == RELU:
        return where_positive(x, one, repeated(0.0))
    if kind == SILU:
        share = sigmoid(x)
        return share + y * (one - share)
    if kind == GELU:
        density = repeated(0.3989422804014327) * exponential_of_negative(repeated(-0.5) * x * x)
        return normal_share(x) + x * density
    return one
