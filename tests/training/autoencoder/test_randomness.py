"""The hash behind noise and order: the same in both engines, and as random as it must be."""

import math
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy import stats

from sklearn_dgex.training.autoencoder import epoch_keys, randomness

N_NUMBERS = 1 << 31
P = 1e-4  # of a chi-square, below which a fixed seed would have to be very unlucky


def hashed(counter, key0, key1):
    """The hash in Python's own integers."""
    bits = (1 << 32) - 1
    h = (counter * 0x9E3779B9 + key0) & bits
    h = ((h ^ h >> 16) * 0x7FEB352D) & bits
    h = h ^ h >> 15 ^ key1
    h = (h * 0x846CA68B) & bits
    return (h ^ h >> 16) >> 1


def keys(seed):
    return (int(key) for key in epoch_keys(1, np.random.RandomState(seed))[0, :2])


def drawn(n, seed, start=0):
    return randomness.drawn(torch.arange(start, start + n), *keys(seed)).numpy()


def assert_even(counts):
    assert stats.chisquare(np.ravel(counts)).pvalue > P


def pairs(a, b, n_bins=32):
    """How often each pair of bins meets: evenly, if neither number tells of the other."""
    return np.histogram2d(a, b, n_bins, [[0, N_NUMBERS]] * 2)[0]


@pytest.fixture(scope="module")
def kernel():
    """The kernel's twins, callable from Python."""
    numba = pytest.importorskip("numba", reason="numba compiles the kernel")
    from sklearn_dgex.training.autoencoder.kernel import noise

    @numba.njit
    def drawn(counters, key0, key1):
        return np.array([np.int64(noise.drawn(counter, key0, key1)) for counter in counters])

    @numba.njit
    def shuffle(order, key0, key1):
        noise.shuffle(order, key0, key1)

    return {"drawn": drawn, "shuffle": shuffle}


@pytest.mark.parametrize("seed", range(5))
def test_both_engines_draw_the_same(kernel, seed):
    rng = np.random.RandomState(seed)
    extremes = [0, 1, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**33 + 5]
    counters = np.concatenate([rng.randint(0, 2**34, 5000), extremes])
    key_rows = [*epoch_keys(20, rng)[:, :2], *np.uint32([[0, 0], [2**32 - 1] * 2])]
    for key0, key1 in key_rows:
        by_kernel = kernel["drawn"](counters, key0, key1)
        by_torch = randomness.drawn(torch.from_numpy(counters), int(key0), int(key1))
        expected = [hashed(int(counter), int(key0), int(key1)) for counter in counters[-200:]]
        assert np.array_equal(by_kernel, by_torch)
        assert by_torch[-200:].tolist() == expected
        assert by_kernel.min() >= 0
        assert by_kernel.max() < N_NUMBERS


@pytest.mark.parametrize("n", [1, 2, 3, 23, 1000])
def test_both_engines_shuffle_the_same(kernel, n):
    rng, mine, theirs = np.random.RandomState(n), np.arange(n), np.arange(n)
    for key0, key1 in epoch_keys(20, rng)[:, 2:]:  # from where the last epoch left them
        kernel["shuffle"](mine, key0, key1)
        randomness.shuffle(theirs, int(key0), int(key1))
        assert np.array_equal(mine, theirs)
        assert np.array_equal(np.sort(mine), np.arange(n))
    if n > 3:
        assert not np.array_equal(mine, np.arange(n))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("start", [0, 2**32 - 200_000])
def test_numbers_are_uniform(seed, start):
    numbers = drawn(400_000, seed, start)
    assert_even(np.histogram(numbers, 1024, [0, N_NUMBERS])[0])
    for bit in range(31):
        assert_even(np.bincount(numbers >> bit & 1, minlength=2))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("apart", [1, 2, 3, 17, 64, 943])
def test_neighbours_tell_nothing_of_each_other(seed, apart):
    numbers = drawn(400_000, seed)
    assert_even(pairs(numbers[:-apart], numbers[apart:]))
    r = np.corrcoef(numbers[:-apart], numbers[apart:])[0, 1]
    assert abs(r) < 4.5 / math.sqrt(len(numbers))


@pytest.mark.parametrize("seed", range(3))
def test_epochs_tell_nothing_of_each_other(seed):
    n_epochs, n = 40, 20_000
    rows = epoch_keys(n_epochs, np.random.RandomState(seed))
    epochs = np.array([randomness.drawn(torch.arange(n), int(a), int(b)) for a, b, *_ in rows])
    r = np.corrcoef(epochs)[np.triu_indices(n_epochs, 1)]
    assert abs(r).max() < 5.5 / math.sqrt(n)
    assert r.std() == pytest.approx(1 / math.sqrt(n), rel=0.15)
    assert_even(sum(pairs(a, b) for a, b in pairwise(epochs)))
    at_one_place = epochs[:, :500].T  # 500 values' numbers, epoch after epoch
    assert_even(pairs(at_one_place[:, :-1].ravel(), at_one_place[:, 1:].ravel(), 16))


def test_keys_are_all_the_randomness_there_is():
    first, second, other = (epoch_keys(7, np.random.RandomState(seed)) for seed in (3, 3, 4))
    assert first.shape == (7, 4)
    assert first.dtype == np.uint32
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)
    many = epoch_keys(20_000, np.random.RandomState(0))
    for column in many.T:
        assert_even(np.histogram(column, 256, [0, 2**32])[0])


def test_each_permutation_is_as_likely(kernel):
    counts = Counter()
    for key0, key1 in epoch_keys(24_000, np.random.RandomState(0))[:, 2:]:
        order = np.arange(4)
        kernel["shuffle"](order, key0, key1)
        counts[tuple(order)] += 1
    assert len(counts) == 24
    assert_even(list(counts.values()))


def test_each_sample_comes_to_each_place_equally_often(kernel):
    n, n_epochs = 40, 20_000
    counts, order = np.zeros((n, n)), np.arange(n)
    for key0, key1 in epoch_keys(n_epochs, np.random.RandomState(1))[:, 2:]:
        before = order.copy()
        kernel["shuffle"](order, key0, key1)
        counts[np.argsort(before), np.argsort(order)] += 1  # from where to where
    assert (counts.sum(1) == n_epochs).all()
    statistic = ((counts - n_epochs / n) ** 2).sum() / (n_epochs / n)  # (n - 1)² are free
    assert P < stats.chi2.sf(statistic * (n - 1) / n, (n - 1) ** 2) < 1 - P


@pytest.mark.parametrize("n_features", [7, 943])
def test_batches_share_an_epochs_numbers(n_features):
    """Cut up however: counted through from the epoch's first value, and anew in the next."""
    numbers, rows = randomness.NoiseNumbers(), epoch_keys(2, np.random.RandomState(0))
    for row in rows:
        for shape in [(n_features,), (n_features, 2)]:
            numbers.start_epoch(row)
            batches = [numbers((1, n, *shape), torch.device("cpu")) for n in (5, 1, 40, 5, 0, 9)]
            assert batches[2].shape == (1, 40, *shape)
            together = torch.cat([batch.flatten() for batch in batches])
            expected = randomness.drawn(torch.arange(60 * math.prod(shape)), *map(int, row[:2]))
            assert torch.equal(together, expected)
