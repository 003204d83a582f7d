import numpy as np
import pytest
import torch

from sklearn_dgex.nn import TowerNetwork
from sklearn_dgex.nn.reconnection import fold_sizes, layer_strides, reconnect


@pytest.mark.parametrize("width", range(1, 12))
@pytest.mark.parametrize("n_folds", range(1, 6))
def test_folds_differ_by_one_at_most_and_are_complete(width, n_folds):
    sizes = fold_sizes(width, n_folds)
    assert sum(sizes) == width
    assert len(sizes) == n_folds
    assert set(sizes) <= {width // n_folds, -(-width // n_folds)}


@pytest.mark.parametrize("width", [6, 7])
def test_two_folds_are_the_papers_halves(width):
    assert fold_sizes(width, 2) == [width // 2, width - width // 2]


@pytest.mark.parametrize("seed", range(30))
def test_reconnecting_back_is_the_identity(seed):
    rng = np.random.default_rng(seed)
    width, k, n_folds = (int(rng.integers(1, 9)) for _ in range(3))
    stride, sizes = int(rng.integers(-20, 20)), fold_sizes(width, n_folds)
    h = torch.from_numpy(rng.normal(size=(2, k, 3, width)))
    there = reconnect(h, sizes, stride)
    assert torch.equal(reconnect(there, sizes, -stride), h)
    # a permutation of towers within each column, nothing else
    assert torch.equal(there.sort(1).values, h.sort(1).values)


@pytest.mark.parametrize("seed", range(10))
def test_block_b_joins_fold_j_of_tower_b_minus_j_strides(seed):
    rng = np.random.default_rng(seed)
    k, n_folds, stride = (int(rng.integers(1, 7)) for _ in range(3))
    tower = torch.arange(k)[:, None, None].expand(k, 1, n_folds)  # folds of one neuron each
    blocks = reconnect(tower, [1] * n_folds, stride)
    for b in range(k):
        assert blocks[b, 0].tolist() == [(b - j * stride) % k for j in range(n_folds)]


def towers_heard(k, n_folds, n_layers, reconnection):
    """For each last hidden neuron, the towers whose first layer has any influence on it."""
    width = n_folds
    network = TowerNetwork(
        1,
        1,
        width,
        n_towers=k,
        n_hidden_layers=n_layers + 1,
        n_folds=n_folds,
        reconnection=reconnection,
        activation="identity",
    ).double()
    with torch.no_grad():
        for layer in network.hidden_layers:
            layer.weight.fill_(1.0)  # positive: nothing cancels
    first = torch.zeros(1, k, 1, width, dtype=torch.float64, requires_grad=True)
    h = first
    for layer in network.hidden_layers:
        h = layer(h)
    for value in h.flatten():
        (gradient,) = torch.autograd.grad(value, first, retain_graph=True)
        yield int((gradient[0, :, 0] != 0).any(-1).sum())


@pytest.mark.parametrize("k", [1, 2, 3, 4, 5, 7, 8, 9, 12])
@pytest.mark.parametrize(("n_folds", "n_layers"), [(2, 1), (2, 2), (2, 3), (3, 1), (3, 2), (4, 2)])
def test_spread_brings_each_neuron_word_of_every_tower_it_can(k, n_folds, n_layers):
    assert set(towers_heard(k, n_folds, n_layers, "spread")) == {min(k, n_folds**n_layers)}


@pytest.mark.parametrize(("k", "n_folds", "n_layers"), [(4, 2, 2), (8, 2, 3), (9, 3, 2)])
def test_neighbour_brings_word_of_fewer(k, n_folds, n_layers):
    assert max(towers_heard(k, n_folds, n_layers, "neighbour")) < k


def test_strides_may_be_given_outright():
    assert layer_strides((1, -2), 2, 2) == [1, -2]
    assert set(towers_heard(4, 2, 2, (0, 0))) == {1}
    with pytest.raises(ValueError, match="one stride, an integer, for each of the 2 layers"):
        layer_strides([1], 2, 2)
    with pytest.raises(ValueError, match=r"Got \[1\.5, 0\] instead"):
        layer_strides([1.5, 0], 2, 2)
    with pytest.raises(ValueError, match=r"\['neighbour', 'spread'\].*Got 'far' instead"):
        layer_strides("far", 2, 2)
