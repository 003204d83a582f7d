"""Output neurons and the loss in one pass: from weighted sums to the loss and all its gradients."""

from __future__ import annotations

import torch
from torch import Tensor

from sklearn_dgex.training.compiled.compiling import inlined, sources_digest
from sklearn_dgex.training.compiled.functions import activation, slope
from sklearn_dgex.training.compiled.lanes import (
    LANES,
    add_to_four,
    doubled,
    first_of,
    larger,
    magnitude,
    read,
    repeated,
    sum_of,
    where_positive,
    write,
)
from sklearn_dgex.training.compiled.threads import (
    FIRST,
    N_SHARES,
    Loop,
    floats_at,
    four_doubles_at,
    halves_at,
    integers_at,
    take_share,
)

GENES_A_SHARE = 256  # genes that make a share
SAMPLES_AT_ONCE = 8  # for which a gene's numbers are read, and its gradients written, once

LOSS_KINDS = {"absolute_error": 0, "squared_error": 1, "summed_squared_error": 1, "huber": 2}
ABSOLUTE, SQUARED, HUBER = 0, 1, 2

# Words: sums (M, B, q), in whose place their gradients come; all samples' targets, of which these
# are some columns, with the rows (M, B) that are wanted, those to blend them with, if any, and
# their share; weights (M, B); the shares' losses; the neurons' numbers (M, q), and their gradients,
# of float64: where sums are nearly 0, and Nadam makes them large, no order of samples must tell.
N_SAMPLES, N_TARGETS, KIND, LOSS, SUMS, TARGETS, TARGET_STEP = range(FIRST, FIRST + 7)
ROWS, PARTNERS, BLEND, WEIGHTS, LOSSES = range(FIRST + 7, FIRST + 12)
ALPHA, BETA, GAMMA, DELTA, D_ALPHA = range(FIRST + 12, FIRST + 17)  # then the other three


@inlined
def sign(x):
    """1, -1, or 0 for 0."""
    zero, one = repeated(0.0), repeated(1.0)
    return where_positive(x, one, zero) - where_positive(zero - x, one, zero)


@inlined
def loss_and_slope(error, kind):
    """Loss of single errors, and its derivative."""
    if kind == SQUARED:
        return error * error, error + error
    size = magnitude(error)
    if kind == ABSOLUTE:
        return size, sign(error)
    beyond = larger(size - repeated(1.0), repeated(0.0))
    inside = size - beyond  # size, or 1 where it is more
    return repeated(0.5) * inside * inside + beyond, inside * sign(error)


@inlined
def judge_share(words, share, at):
    """Judge one share of the genes, for all samples of a member; return the weighted loss."""
    n_targets, n_chunks = words[N_TARGETS], -(-words[N_TARGETS] // GENES_A_SHARE)
    member, chunk = share // n_chunks, share % n_chunks
    sums, targets, weights = at(words[SUMS]), floats_at(words[TARGETS]), floats_at(words[WEIGHTS])
    alpha, beta = floats_at(words[ALPHA]), floats_at(words[BETA])
    gamma, delta = floats_at(words[GAMMA]), floats_at(words[DELTA])
    d_neurons = four_doubles_at(words, D_ALPHA)
    rows, partners, blend = integers_at(words[ROWS]), integers_at(words[PARTNERS]), words[BLEND]
    first, end = chunk * GENES_A_SHARE, min((chunk + 1) * GENES_A_SHARE, n_targets)
    total, target_step = repeated(0.0), words[TARGET_STEP]
    n_samples, kind, loss_kind = words[N_SAMPLES], words[KIND], words[LOSS]
    for block in range(0, n_samples, SAMPLES_AT_ONCE):
        for c in range(first, end, LANES):
            n, neuron, zero = end - c, member * n_targets + c, doubled(repeated(0.0))
            a, b = read(alpha, neuron, n), read(beta, neuron, n)
            bias, shift = read(gamma, neuron, n), read(delta, neuron, n)
            of_alpha, of_beta, of_gamma, of_delta = zero, zero, zero, zero
            for sample in range(block, min(block + SAMPLES_AT_ONCE, n_samples)):
                row = member * n_samples + sample
                weight, place = repeated(weights[row]), row * n_targets + c
                wanted = read(targets, rows[row] * target_step + c, n)
                if blend:
                    other = read(targets, partners[row] * target_step + c, n)
                    wanted = other + repeated(floats_at(blend)[row]) * (wanted - other)
                z = read(sums, place, n)
                x = b * z + bias
                y = activation(x, kind)
                loss, g = loss_and_slope(a * y + shift - wanted, loss_kind)
                total, g = total + first_of(weight * loss, n), weight * g
                inner = g * a * slope(x, y, kind)
                write(sums, place, n, inner * b)
                of_alpha, of_beta = of_alpha + doubled(g * y), of_beta + doubled(inner * z)
                of_gamma, of_delta = of_gamma + doubled(inner), of_delta + doubled(g)
            add_to_four(d_neurons, neuron, n, (of_alpha, of_beta, of_gamma, of_delta))
    return sum_of(total)


@inlined
def share_genes(words, at):
    """Do all shares."""
    losses, share = floats_at(words[LOSSES]), take_share(words)
    while share < words[N_SHARES]:
        losses[share] = judge_share(words, share, at)
        share = take_share(words)


def _loops(sources: int) -> dict[torch.dtype, Loop]:
    # numba looks at this file alone for changes, but also at what a function closes over.
    def by_floats(words):
        if sources:
            share_genes(words, floats_at)

    def by_halves(words):
        if sources:
            share_genes(words, halves_at)

    return {torch.float32: Loop(by_floats), torch.bfloat16: Loop(by_halves)}


LOOPS = _loops(sources_digest())


def judge(neurons, loss: str, sums: Tensor, targets: Tensor, batch, weight: Tensor) -> Tensor:
    """Loss of output neurons; their sums become its gradients by them.

    Parameters
    ----------
    neurons : Neurons
        Whose gradients are added to.
    loss : str
        A key of `LOSS_KINDS`.
    sums : Tensor of shape (M, B, q), float32 or bfloat16
    targets : Tensor of shape (n, q or more), float32
    batch : Batch
        Its rows of the targets.
    weight : Tensor of shape (M, B)
        Share of a profile's gene in the loss.
    """
    n_members, n_samples, n_targets = sums.shape
    weight = weight.float().contiguous()
    n_shares = n_members * -(-n_targets // GENES_A_SHARE)
    losses = torch.empty(n_shares)
    rows, partners, share = (
        tensor if tensor is None else tensor.to(dtype).contiguous()
        for tensor, dtype in (
            (batch.rows, torch.int64),
            (batch.partners, torch.int64),
            (batch.share, torch.float32),
        )
    )
    LOOPS[sums.dtype](
        n_shares,
        sums.numel(),
        n_samples,
        n_targets,
        neurons.kind,
        LOSS_KINDS[loss],
        sums,
        targets,
        targets.stride(0),
        rows,
        partners,
        share,
        weight,
        losses,
        *neurons.values,
        *neurons.gradients,
    )
    return losses.sum()
