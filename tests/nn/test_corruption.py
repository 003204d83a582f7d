import math

import numpy as np
import pytest
import torch
from scipy import stats

from sklearn_dgex.nn import Corruption
from sklearn_dgex.nn.corruption import N_NUMBERS, NOISES, corrupt

N = 200_000


def seeded(noise, level, seed=0):
    return Corruption(noise, level, torch.Generator().manual_seed(seed))


def normal(*shape, dtype=torch.float32):
    return torch.randn(shape, dtype=dtype, generator=torch.Generator().manual_seed(99))


def assert_share(n_hits, share, n=N):
    """Of a binomial count: within five standard deviations."""
    assert abs(int(n_hits) - share * n) < 5 * (n * share * (1 - share)) ** 0.5


@pytest.mark.parametrize("level", [0.01, 0.1, 0.5, 0.9])
@pytest.mark.parametrize("seed", [0, 1])
def test_masking_zeroes_its_share_and_leaves_the_rest_as_it_is(level, seed):
    x = normal(N // 100, 100)
    assert (x != 0).all()
    noisy = seeded("masking", level, seed)(x)
    masked = noisy == 0
    assert_share(masked.sum(), level)
    assert torch.equal(noisy[~masked], x[~masked])  # to the bit: no scale, unlike dropout
    rows, columns = masked.float().mean(1), masked.float().mean(0)  # no row or column is spared
    assert abs(rows - level).max() < 6 * (level * (1 - level) / 100) ** 0.5 + 0.01
    assert abs(columns - level).max() < 6 * (level * (1 - level) / 2000) ** 0.5


@pytest.mark.parametrize("level", [0.1, 0.5, 0.9])
@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-3.0, 7.0)])
def test_salt_and_pepper_are_equally_likely(level, low, high):
    corruption, x = seeded("salt_and_pepper", level), normal(N)
    assert (corruption.low, corruption.high) == (0.0, 1.0)
    corruption.low, corruption.high = low, high
    noisy = corruption(x)
    assert_share((noisy == low).sum(), level / 2)
    assert_share((noisy == high).sum(), level / 2)
    untouched = (noisy != low) & (noisy != high)
    assert torch.equal(noisy[untouched], x[untouched])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("level", [0.05, 0.9])
def test_gaussian_noise_is_normal(level, dtype):
    x = normal(N, dtype=dtype)
    noisy = seeded("gaussian", level)(x)
    assert noisy.dtype == dtype
    noise = (noisy - x).numpy() / level
    assert abs(noise.mean()) < 5 / math.sqrt(N)
    assert abs(noise.std() - 1) < 5 / math.sqrt(2 * N)
    assert stats.kstest(noise, "norm").statistic < 1.95 / math.sqrt(N)  # of p = 0.001
    assert abs(np.corrcoef(noise, x.numpy())[0, 1]) < 5 / math.sqrt(N)
    assert abs(np.corrcoef(noise[1:], noise[:-1])[0, 1]) < 5 / math.sqrt(N)


@pytest.mark.parametrize("noise", NOISES)
def test_off_it_changes_nothing(noise):
    x = normal(50, 4)
    assert torch.equal(seeded(noise, 0.0)(x), x)
    assert torch.equal(seeded(noise, 0.9).eval()(x), x)
    assert not torch.equal(seeded(noise, 0.9)(x), x)


@pytest.mark.parametrize("noise", NOISES)
def test_same_seed_same_noise_and_neither_input_nor_global_generator_changes(noise):
    x, before = normal(100, 7), torch.random.get_rng_state()
    copy = x.clone()
    first, second, other = (seeded(noise, 0.5, seed)(x) for seed in (7, 7, 8))
    assert torch.equal(first, second)
    assert not torch.equal(first, other)
    assert torch.equal(x, copy)
    assert torch.equal(torch.random.get_rng_state(), before)
    corruption = seeded(noise, 0.5)
    assert not torch.equal(corruption(x), corruption(x))  # fresh noise at each call


@pytest.mark.parametrize("noise", NOISES)
def test_without_a_generator_it_draws_from_the_global_one(noise):
    before = torch.random.get_rng_state()
    try:
        Corruption(noise, 0.5)(torch.ones(10))
        assert not torch.equal(torch.random.get_rng_state(), before)
    finally:
        torch.random.set_rng_state(before)


def test_gradient_passes_where_the_value_does():
    for noise, passes in [
        ("masking", lambda noisy: noisy != 0),
        ("salt_and_pepper", lambda noisy: (noisy != 0) & (noisy != 1)),
        ("gaussian", torch.ones_like),
    ]:
        x, upstream = normal(1000).requires_grad_(), normal(2, 500).flatten()
        noisy = seeded(noise, 0.3)(x)
        (noisy * upstream).sum().backward()
        assert torch.equal(x.grad, upstream * passes(noisy.detach())), noise


@pytest.mark.parametrize("noise", NOISES)
def test_a_trainers_own_numbers_take_the_generators_place(noise):
    asked, x = [], normal(3, 4, 5)

    def numbers(shape, device):
        asked.append((tuple(shape), device))
        return torch.zeros(shape, dtype=torch.int64)

    corruption, before = seeded(noise, 0.5), torch.random.get_rng_state()
    state = corruption.generator.get_state()
    corruption.numbers = numbers
    noisy = corruption(x)
    assert asked == [((3, 4, 5, 2) if noise == "gaussian" else (3, 4, 5), x.device)]
    largest = math.sqrt(62 * math.log(2))  # -2 log 2⁻³¹, its root: as large as normal noise gets
    expected = x + 0.5 * largest if noise == "gaussian" else torch.zeros_like(x)
    torch.testing.assert_close(noisy, expected)
    assert torch.equal(corruption.generator.get_state(), state)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_numbers_below_the_level_are_replaced():
    x = torch.full((5,), 0.4)
    numbers = torch.tensor([0, N_NUMBERS // 8 - 1, N_NUMBERS // 8, N_NUMBERS // 4 - 1, 1 << 29])
    noisy = corrupt(x, numbers, noise="salt_and_pepper", level=0.25, low=-1.0, high=2.0)
    assert noisy.tolist() == pytest.approx([-1, -1, 2, 2, 0.4])
    noisy = corrupt(x, numbers, noise="masking", level=0.25)
    assert noisy.tolist() == pytest.approx([0, 0, 0, 0, 0.4])


@pytest.mark.parametrize("level", [-0.1, 1, 1.5, float("nan")])
def test_levels_out_of_range_are_refused(level):
    with pytest.raises(ValueError, match=r"'level' .* in \[0, 1\)\. Got .* instead\.$"):
        Corruption(level=level)


def test_unknown_noise_is_refused():
    with pytest.raises(
        ValueError,
        match=r"'noise' parameter must be one of \('masking', .*\)\. Got 'snow' instead\.$",
    ):
        Corruption("snow")


def test_it_prints_what_it_is():
    assert repr(Corruption("gaussian", 0.2)) == "Corruption('gaussian', level=0.2)"
