"""What a network makes of a batch: values forward, errors backward, weights one step on.

Every array is flat, and the plan says where things lie in it (:mod:`plan`). A matrix has a row for
each unit of the level below it, and a batch's values a row for each sample; rows are padded to
whole vectors. Padding is kept at zero, so that nothing here makes an exception of it.
"""

from __future__ import annotations

from sklearn_dgex.training.autoencoder.kernel.arithmetic import (
    ZERO,
    activation,
    descend,
    slope,
)
from sklearn_dgex.training.autoencoder.kernel.plan import (
    BIAS,
    DECODER,
    DECODER_BIAS,
    DOWN,
    ENCODER,
    MASK,
    N_UNITS,
    ROWS,
    UP,
    WIDTH,
)
from sklearn_dgex.training.compiled.compiling import compiled, inlined
from sklearn_dgex.training.compiled.lanes import LANES, load, spread, store, sum_of

STRIP = 32  # rows of a matrix that a processor can fetch ahead while their columns pass by


@inlined
def multiply(lower, lower_at, upper, upper_at, weights, weights_at, plan, level, n_rows):
    """Add ``lower @ weights`` to ``upper``, four rows of the batch at a time."""
    n_lower, step, width = plan[N_UNITS, level], plan[WIDTH, level], plan[WIDTH, level + 1]
    for first in range(0, n_lower, STRIP):
        last = min(n_lower, first + STRIP)
        for row in range(0, n_rows, ROWS):
            from0 = lower_at + row * step
            from1, from2, from3 = from0 + step, from0 + 2 * step, from0 + 3 * step
            for k in range(0, width, LANES):
                to0 = upper_at + row * width + k
                to1, to2, to3 = to0 + width, to0 + 2 * width, to0 + 3 * width
                sum0, sum1 = load(upper, to0), load(upper, to1)
                sum2, sum3 = load(upper, to2), load(upper, to3)
                for i in range(first, last):
                    w = load(weights, weights_at + i * width + k)
                    sum0 = sum0 + w * spread(lower, from0 + i)
                    sum1 = sum1 + w * spread(lower, from1 + i)
                    sum2 = sum2 + w * spread(lower, from2 + i)
                    sum3 = sum3 + w * spread(lower, from3 + i)
                store(upper, to0, sum0)
                store(upper, to1, sum1)
                store(upper, to2, sum2)
                store(upper, to3, sum3)


@inlined
def multiply_transposed(upper, upper_at, lower, lower_at, weights, weights_at, plan, level, n_rows):
    """Add ``upper @ weights.T`` to ``lower``."""
    n_lower, step, width = plan[N_UNITS, level], plan[WIDTH, level], plan[WIDTH, level + 1]
    for i in range(n_lower):
        w_at = weights_at + i * width
        for row in range(n_rows):
            from_at = upper_at + row * width
            products = load(weights, w_at) * load(upper, from_at)
            for k in range(LANES, width, LANES):
                products = products + load(weights, w_at + k) * load(upper, from_at + k)
            lower[lower_at + row * step + i] += sum_of(products)


@inlined
def set_rows(values, at, weights, bias_at, width, n_rows):
    """Start each row of weighted sums with the biases."""
    for k in range(0, width, LANES):
        bias = load(weights, bias_at + k)
        for row in range(n_rows):
            store(values, at + row * width + k, bias)


@inlined
def clear(values, at, size, numbers):
    """Set ``size`` values to zero."""
    zero = spread(numbers, ZERO)
    for k in range(0, size, LANES):
        store(values, at + k, zero)


@inlined
def activate(values, at, masks, mask_at, width, n_rows, kind, numbers):
    """Turn weighted sums into units' values."""
    for k in range(0, width, LANES):
        mask = load(masks, mask_at + k)
        for row in range(n_rows):
            here = at + row * width + k
            store(values, here, activation(load(values, here), kind, numbers) * mask)


@compiled
def forward(values, weights, masks, plan, n_rows, kind, numbers):
    """From the visible level up to the code and down to the output's weighted sums."""
    n_matrices = plan.shape[1] - 1
    for level in range(n_matrices):
        width, up = plan[WIDTH, level + 1], plan[UP, level + 1]
        set_rows(values, up, weights, plan[BIAS, level], width, n_rows)
        multiply(
            values, plan[UP, level], values, up, weights, plan[ENCODER, level], plan, level, n_rows
        )
        activate(values, up, masks, plan[MASK, level + 1], width, n_rows, kind, numbers)
    for level in range(n_matrices - 1, -1, -1):
        width, above, down = plan[WIDTH, level], plan[DOWN, level + 1], plan[DOWN, level]
        set_rows(values, down, weights, plan[DECODER_BIAS, level], width, n_rows)
        multiply_transposed(
            values, above, values, down, weights, plan[DECODER, level], plan, level, n_rows
        )
        if level > 0:
            activate(values, down, masks, plan[MASK, level], width, n_rows, kind, numbers)


@inlined
def through_activation(errors, values, at, size, kind, numbers):
    """Turn errors of units' values into errors of their weighted sums."""
    for k in range(at, at + size, LANES):
        store(errors, k, load(errors, k) * slope(load(values, k), kind, numbers))


@compiled
def backward(values, errors, weights, plan, n_rows, kind, numbers):
    """From the errors of the output's sums to those of all sums, against the way of `forward`."""
    n_matrices = plan.shape[1] - 1
    for level in range(n_matrices):
        above, size = plan[DOWN, level + 1], n_rows * plan[WIDTH, level + 1]
        clear(errors, above, size, numbers)
        at = plan[DECODER, level]
        multiply(errors, plan[DOWN, level], errors, above, weights, at, plan, level, n_rows)
        through_activation(errors, values, above, size, kind, numbers)
    for level in range(n_matrices - 1, 0, -1):
        here, size = plan[UP, level], n_rows * plan[WIDTH, level]
        clear(errors, here, size, numbers)
        at = plan[ENCODER, level]
        multiply_transposed(
            errors, plan[UP, level + 1], errors, here, weights, at, plan, level, n_rows
        )
        through_activation(errors, values, here, size, kind, numbers)


@inlined
def add_products(gradient, lower, lower_at, step, upper, upper_at, width, n_rows, numbers):
    """Add, over a batch's rows, one lower unit's number times every upper unit's."""
    for row in range(0, n_rows, ROWS):
        unit, at0 = lower_at + row * step, upper_at + row * width
        at1, at2, at3 = at0 + width, at0 + 2 * width, at0 + 3 * width
        number0, number1 = spread(lower, unit), spread(lower, unit + step)
        number2, number3 = spread(lower, unit + 2 * step), spread(lower, unit + 3 * step)
        for k in range(0, width, LANES):
            first = number0 * load(upper, at0 + k) + number1 * load(upper, at1 + k)
            second = number2 * load(upper, at2 + k) + number3 * load(upper, at3 + k)
            store(gradient, k, load(gradient, k) + first + second)


@inlined
def sum_rows(gradient, errors, at, width, n_rows, numbers):
    """Set ``gradient`` to the sum of a batch's rows of errors."""
    for k in range(0, width, LANES):
        total = spread(numbers, ZERO)
        for row in range(n_rows):
            total = total + load(errors, at + row * width + k)
        store(gradient, k, total)


@compiled
def update(
    values, errors, weights, momentum, variance, plan, n_rows, solver, numbers, rates, gradient
):
    """Move all weights and biases one step down their gradients; ``gradient`` is scratch."""
    for level in range(plan.shape[1] - 1):
        lower, upper = plan[WIDTH, level], plan[WIDTH, level + 1]
        up, up_next = plan[UP, level], plan[UP, level + 1]
        down, down_next = plan[DOWN, level], plan[DOWN, level + 1]
        encoder, decoder = plan[ENCODER, level], plan[DECODER, level]
        for i in range(plan[N_UNITS, level]):
            clear(gradient, 0, upper, numbers)
            add_products(gradient, values, up + i, lower, errors, up_next, upper, n_rows, numbers)
            if encoder != decoder:
                descend(
                    weights, momentum, variance, encoder + i * upper, gradient, upper, solver, rates
                )
                clear(gradient, 0, upper, numbers)
            add_products(
                gradient, errors, down + i, lower, values, down_next, upper, n_rows, numbers
            )
            descend(
                weights, momentum, variance, decoder + i * upper, gradient, upper, solver, rates
            )
        sum_rows(gradient, errors, up_next, upper, n_rows, numbers)
        descend(weights, momentum, variance, plan[BIAS, level], gradient, upper, solver, rates)
        sum_rows(gradient, errors, down, lower, n_rows, numbers)
        descend(
            weights, momentum, variance, plan[DECODER_BIAS, level], gradient, lower, solver, rates
        )
