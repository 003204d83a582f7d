import copy
import pickle

import pytest
import torch

from sklearn_dgex.nn import Dropout


def seeded(rate, seed):
    dropout = Dropout(rate)
    dropout.generator = torch.Generator().manual_seed(seed)
    return dropout


@pytest.mark.parametrize("rate", [0.1, 0.25, 0.5, 0.9])
@pytest.mark.parametrize("seed", [0, 1])
def test_rate_and_scale(rate, seed):
    n = 200_000
    out = seeded(rate, seed)(torch.full((n,), 3.0))
    zeros = (out == 0).sum().item()
    assert abs(zeros - rate * n) < 5 * (n * rate * (1 - rate)) ** 0.5  # five standard deviations
    torch.testing.assert_close(out[out != 0], torch.full((n - zeros,), 3 / (1 - rate)))


def test_gradient_passes_where_the_value_does():
    x = torch.ones(1000, requires_grad=True)
    out = seeded(0.3, 0)(x)
    out.sum().backward()
    assert torch.equal(x.grad, out.detach())


@pytest.mark.parametrize("still", [Dropout(0.5).eval(), Dropout(0.0)])
def test_off_it_changes_nothing(still):
    x = torch.randn(50, generator=torch.Generator().manual_seed(0))
    assert torch.equal(still(x), x)


def test_same_seed_same_zeros_and_the_global_generator_is_left_alone():
    x, before = torch.ones(1000), torch.random.get_rng_state()
    first, second, other = (seeded(0.5, seed)(x) for seed in (7, 7, 8))
    assert torch.equal(first, second)
    assert not torch.equal(first, other)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_without_a_generator_it_draws_from_the_global_one():
    before = torch.random.get_rng_state()
    try:
        Dropout(0.5)(torch.ones(10))
        assert not torch.equal(torch.random.get_rng_state(), before)
    finally:
        torch.random.set_rng_state(before)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda d: pickle.loads(pickle.dumps(d))])
def test_copies_leave_the_generator_behind(copied):
    dropout = seeded(0.5, 0)
    other = copied(dropout)
    assert other.generator is None
    assert other.rate == 0.5
    assert dropout.generator is not None


@pytest.mark.parametrize("rate", [-0.1, 1, 1.5, float("nan")])
def test_rates_out_of_range_are_refused(rate):
    with pytest.raises(ValueError, match=r"'rate' .* in \[0, 1\)\. Got .* instead\.$"):
        Dropout(rate)
