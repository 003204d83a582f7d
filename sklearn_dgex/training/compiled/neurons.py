"""Hidden neurons: activation, dropout and the checkerboard's roll in one pass, there and back.

Sums and outputs lie as the products before and after want them: fold ``j`` of tower ``t`` in block
``t + j * stride`` (cyclically), so that no roll is ever made for itself. The last layer's outputs
are averaged over the towers as they are made.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from sklearn_dgex.training.compiled.compiling import inlined, sources_digest
from sklearn_dgex.training.compiled.functions import activation, slope
from sklearn_dgex.training.compiled.lanes import (
    LANES,
    add_to_four,
    doubled,
    kept,
    read,
    repeated,
    write,
)
from sklearn_dgex.training.compiled.threads import (
    FIRST,
    N_SHARES,
    Loop,
    floats_at,
    four_doubles_at,
    halves_at,
    take_share,
)

NEURONS_A_SHARE = 128  # neurons of a tower that make a share
SAMPLES_AT_ONCE = (
    8  # samples for which a neuron's numbers are read, and its gradients written, once
)

# Words of both loops: what the layer is, then where numbers lie: each layout is an address, strides
# of a member, a tower and a sample, and the stride of the roll, in towers.
N_TOWERS, N_SAMPLES, WIDTH, N_FOLDS, KIND, KEY0, KEY1, THRESHOLD = range(FIRST, FIRST + 8)
ALPHA, BETA, GAMMA, DELTA, D_ALPHA = range(FIRST + 8, FIRST + 13)  # then the other three
SUMS, OUTPUTS, SKIPPED = range(FIRST + 16, FIRST + 31, 5)
MEMBER, TOWER, SAMPLE, ROLL = range(1, 5)
TOWERS_A_SHARE = FIRST + 31
BEFORE, OF_SAMPLES = FIRST + 32, FIRST + 33  # samples of the batch: before these, and in all
N_NUMBERS = 2.0**31  # that dropout's are drawn from: `nn.hashing`


class Layout(NamedTuple):
    """Where a layer's numbers lie: (M, k, B, w), of any strides but 1 from neuron to neuron.

    A stride of 0 from tower to tower means that what lies there is the towers' average.
    """

    tensor: Tensor
    roll: int = 0

    def words(self) -> tuple[Tensor, int, int, int, int]:
        """Address, strides and roll, as the loops want them."""
        member, tower, sample, _ = self.tensor.stride()
        return self.tensor, member, tower, sample, self.roll % self.tensor.shape[1]


NOWHERE = (None, 0, 0, 0, 0)


@inlined
def start(words, layout, member, tower, fold):
    """Where the first sample's numbers of a fold of a tower begin, as if from neuron 0."""
    block = (tower + fold * words[layout + ROLL]) % words[N_TOWERS]
    return member * words[layout + MEMBER] + block * words[layout + TOWER]


@inlined
def dropped(lanes, counter, key0, key1, threshold):
    """Set to 0 what dropout takes, and scale up the rest."""
    if threshold == 0:
        return lanes
    keep = kept(counter, key0, key1, threshold)
    return lanes * keep * repeated(N_NUMBERS / (N_NUMBERS - float(threshold)))


# Words are read before the loops: compilers can't know that what a loop writes is no word.


@inlined
def respond_tower(words, at, member, tower, fold, first, end):
    """Turn weighted sums of neurons from ``first`` to ``end`` into outputs, for all samples."""
    kind, key0, key1, threshold = words[KIND], words[KEY0], words[KEY1], words[THRESHOLD]
    width, n_samples, n_towers = words[WIDTH], words[N_SAMPLES], words[N_TOWERS]
    sums, outputs, skipped = at(words[SUMS]), at(words[OUTPUTS]), at(words[SKIPPED])
    alpha, beta = floats_at(words[ALPHA]), floats_at(words[BETA])
    gamma, delta = floats_at(words[GAMMA]), floats_at(words[DELTA])
    skips, averages = words[SKIPPED] != 0, words[OUTPUTS + TOWER] == 0
    source, source_step = start(words, SUMS, member, tower, fold), words[SUMS + SAMPLE]
    target, target_step = start(words, OUTPUTS, member, tower, fold), words[OUTPUTS + SAMPLE]
    skip, skip_step = start(words, SKIPPED, member, tower, fold), words[SKIPPED + SAMPLE]
    neurons = (member * n_towers + tower) * width
    places = neurons * words[OF_SAMPLES] + words[BEFORE] * width
    for block in range(0, n_samples, SAMPLES_AT_ONCE):
        for c in range(first, end, LANES):
            n, neuron = end - c, neurons + c
            a, b = read(alpha, neuron, n), read(beta, neuron, n)
            g, d = read(gamma, neuron, n), read(delta, neuron, n)
            for sample in range(block, min(block + SAMPLES_AT_ONCE, n_samples)):
                place = target + sample * target_step + c
                z = read(sums, source + sample * source_step + c, n)
                y = a * activation(b * z + g, kind) + d
                counter = places + sample * width + c
                y = dropped(y, counter, key0, key1, threshold)
                if skips:
                    y = y + read(skipped, skip + sample * skip_step + c, n)
                if averages:  # all towers have one place
                    y = y * repeated(1.0 / n_towers)
                    if tower > 0:
                        y = y + read(outputs, place, n)
                write(outputs, place, n, y)


@inlined
def blame_tower(words, at, member, tower, fold, first, end):
    """Turn gradients by outputs into those by sums, in their place, and by the neurons' numbers."""
    kind, key0, key1, threshold = words[KIND], words[KEY0], words[KEY1], words[THRESHOLD]
    width, n_samples, n_towers = words[WIDTH], words[N_SAMPLES], words[N_TOWERS]
    sums, outputs, skipped = at(words[SUMS]), at(words[OUTPUTS]), at(words[SKIPPED])
    alpha, beta, gamma = floats_at(words[ALPHA]), floats_at(words[BETA]), floats_at(words[GAMMA])
    d_neurons = four_doubles_at(words, D_ALPHA)
    skips, skip_share = words[SKIPPED] != 0, share_of_one(words, SKIPPED)
    share = share_of_one(words, OUTPUTS)
    target, target_step = start(words, SUMS, member, tower, fold), words[SUMS + SAMPLE]
    source, source_step = start(words, OUTPUTS, member, tower, fold), words[OUTPUTS + SAMPLE]
    skip, skip_step = start(words, SKIPPED, member, tower, fold), words[SKIPPED + SAMPLE]
    neurons = (member * n_towers + tower) * width
    places = neurons * words[OF_SAMPLES] + words[BEFORE] * width
    for block in range(0, n_samples, SAMPLES_AT_ONCE):
        for c in range(first, end, LANES):
            n, neuron, zero = end - c, neurons + c, doubled(repeated(0.0))
            a, b, bias = read(alpha, neuron, n), read(beta, neuron, n), read(gamma, neuron, n)
            of_alpha, of_beta, of_gamma, of_delta = zero, zero, zero, zero
            for sample in range(block, min(block + SAMPLES_AT_ONCE, n_samples)):
                place = target + sample * target_step + c
                g = share * read(outputs, source + sample * source_step + c, n)
                if skips:
                    g = g + skip_share * read(skipped, skip + sample * skip_step + c, n)
                counter = places + sample * width + c
                g = dropped(g, counter, key0, key1, threshold)
                z = read(sums, place, n)
                x = b * z + bias
                y = activation(x, kind)
                inner = g * a * slope(x, y, kind)
                write(sums, place, n, inner * b)
                of_alpha, of_beta = of_alpha + doubled(g * y), of_beta + doubled(inner * z)
                of_gamma, of_delta = of_gamma + doubled(inner), of_delta + doubled(g)
            add_to_four(d_neurons, neuron, n, (of_alpha, of_beta, of_gamma, of_delta))


@inlined
def share_of_one(words, layout):
    """Share of a gradient that is one tower's: all, unless it is the gradient of an average."""
    return repeated(1.0 if words[layout + TOWER] else 1.0 / words[N_TOWERS])


@inlined
def share_towers(words, at, tower_loop):
    """Do all shares: some neurons of a tower, or, to be averaged, of all towers of a member."""
    width, n_folds, n_together = words[WIDTH], words[N_FOLDS], words[TOWERS_A_SHARE]
    n_groups = words[N_TOWERS] // n_together
    n_chunks = -(-width // NEURONS_A_SHARE)
    share = take_share(words)
    while share < words[N_SHARES]:
        group, chunk = share // n_chunks, share % n_chunks
        member, group = group // n_groups, group % n_groups
        for fold in range(n_folds):
            first = max(chunk * NEURONS_A_SHARE, (width * fold) // n_folds)
            end = min((chunk + 1) * NEURONS_A_SHARE, (width * (fold + 1)) // n_folds)
            for tower in range(group * n_together, (group + 1) * n_together):
                tower_loop(words, at, member, tower, fold, first, end)
        share = take_share(words)


def _loops(sources: int) -> dict[tuple[str, torch.dtype], Loop]:
    # numba looks at this file alone for changes, but also at what a function closes over.
    def respond_by_floats(words):
        if sources:
            share_towers(words, floats_at, respond_tower)

    def respond_by_halves(words):
        if sources:
            share_towers(words, halves_at, respond_tower)

    def blame_by_floats(words):
        if sources:
            share_towers(words, floats_at, blame_tower)

    def blame_by_halves(words):
        if sources:
            share_towers(words, halves_at, blame_tower)

    return {
        ("respond", torch.float32): Loop(respond_by_floats),
        ("respond", torch.bfloat16): Loop(respond_by_halves),
        ("blame", torch.float32): Loop(blame_by_floats),
        ("blame", torch.bfloat16): Loop(blame_by_halves),
    }


LOOPS = _loops(sources_digest())


def respond(neurons, sums, outputs, skipped, n_folds, dropout, keys, place) -> None:
    """Turn weighted sums of a layer into its outputs.

    Parameters
    ----------
    neurons : Neurons
    sums, outputs : Layout
        Of one dtype, float32 or bfloat16.
    skipped : Layout or None
        Outputs of an earlier layer, to be added.
    n_folds : int
    dropout : Dropout
        Whose random numbers follow from ``keys``.
    keys : list of two int
    place : tuple of two int
        How many of the batch's samples come before these, and how many it has.
    """
    _run("respond", neurons, sums, outputs, skipped, n_folds, dropout, keys, place)


def blame(neurons, sums, d_outputs, d_skipped, n_folds, dropout, keys, place) -> None:
    """Turn gradients by a layer's outputs into those by its sums, in these' place, and by neurons.

    Parameters are those of :func:`respond`, but gradients by the outputs: ``d_skipped`` are those
    of the later layer that these were added to.
    """
    _run("blame", neurons, sums, d_outputs, d_skipped, n_folds, dropout, keys, place)


def _run(direction, neurons, sums, outputs, skipped, n_folds, dropout, keys, place) -> None:
    n_members, n_towers, n_samples, width = sums.tensor.shape
    averages = direction == "respond" and outputs.tensor.stride(1) == 0
    n_together = n_towers if averages else 1
    numbers = [*neurons.values, *neurons.gradients]
    numbers += [None] * (8 - len(numbers))
    LOOPS[direction, sums.tensor.dtype](
        n_members * (n_towers // n_together) * -(-width // NEURONS_A_SHARE),
        sums.tensor.numel(),
        n_towers,
        n_samples,
        width,
        n_folds,
        neurons.kind,
        *keys,
        dropout.threshold,
        *numbers,
        *sums.words(),
        *outputs.words(),
        *(skipped.words() if skipped else NOWHERE),
        n_together,
        *place,
    )
