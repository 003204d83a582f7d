import itertools

import numpy as np
import pytest
import torch
from torch import nn

from sklearn_dgex.nn import TargetParts, TowerNetwork

KINDS = {
    "dense": {},
    "tower": {"n_towers": 3},
    "checkerboard": {"n_towers": 3, "n_folds": 2},
    "skip": {"n_towers": 3, "n_folds": 2, "skip_connection": True},
    "three folds": {"n_towers": 3, "n_folds": 3, "n_hidden_layers": 4},
    "spread": {"n_towers": 5, "n_folds": 2, "reconnection": "spread"},
    "members": {"n_towers": 2, "n_folds": 2, "n_members": 2},
    "biased": {"n_towers": 2, "taaf": False, "activation": "tanh"},
}


def random_network(*sizes, seed=0, **settings):
    """A float64 network with every parameter drawn at random, those of TAAF among them."""
    network = TowerNetwork(*sizes, **settings).double()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.normal_(std=0.7, generator=generator)
    return network


def profiles(*shape, seed=1):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("settings", KINDS.values(), ids=KINDS)
def test_gradients(settings):
    network = random_network(3, 2, 4, **settings)
    names, values = zip(*network.named_parameters(), strict=True)

    def infer(x, *values):
        return torch.func.functional_call(network, dict(zip(names, values, strict=True)), (x,))

    assert torch.autograd.gradcheck(infer, (profiles(2, 3).requires_grad_(), *values))


def taaf_of(activation, z, *index):
    a, b, c, d = (getattr(activation, n)[index] for n in ("alpha", "beta", "gamma", "delta"))
    return a * torch.sigmoid(b * z + c) + d


@pytest.mark.parametrize("n_layers", [1, 2, 3])
@pytest.mark.parametrize("taaf", [True, False])
def test_one_tower_equals_a_plain_mlp(n_layers, taaf):
    network = random_network(6, 4, 5, n_hidden_layers=n_layers, taaf=taaf)
    weights = [network.input_weight[0], *(layer.weight[0, 0] for layer in network.hidden_layers)]
    h = x = profiles(7, 6)
    for weight, activation in zip(weights, network.activations, strict=True):
        dense = nn.Linear(*weight.shape, bias=False).double()
        dense.weight.data = weight.T
        z = dense(h)
        h = taaf_of(activation, z, 0, 0) if taaf else torch.sigmoid(z + activation.bias[0, 0])
    z, out = h @ network.output_weight[0], network.output_activation
    y = out.alpha[0] * (out.beta[0] * z + out.gamma[0]) + out.delta[0] if taaf else z + out.bias[0]
    torch.testing.assert_close(network(x), y)


def test_the_original_dgex_equals_torchs_own_layers():
    network = random_network(6, 4, 5, taaf=False, activation="tanh", output_activation="identity")
    layers = [nn.Linear(6, 5), nn.Linear(5, 5), nn.Linear(5, 5), nn.Linear(5, 4)]
    weights = [network.input_weight[0], *(layer.weight[0, 0] for layer in network.hidden_layers)]
    biases = [a.bias.flatten() for a in (*network.activations, network.output_activation)]
    for layer, weight, bias in zip(
        layers, [*weights, network.output_weight[0]], biases, strict=True
    ):
        layer.weight.data, layer.bias.data = weight.T, bias
    first, second, third, last = layers
    mlp = nn.Sequential(first, nn.Tanh(), second, nn.Tanh(), third, nn.Tanh(), last)
    x = profiles(8, 6)
    torch.testing.assert_close(network(x), mlp(x))


def papers_blocks(k, even):
    """Which halves (tower, letter) are dense blocks in a layer, as the paper's text says."""
    if not even:
        return [[(t, "A"), (t, "B")] for t in range(k)]
    return [[(t, "B"), ((t + 1) % k, "A")] for t in range(k)]  # (B1 A2), (B2 A3), … (Bk A1)


def allowed_connections(k, w, even):
    """(k·w, k·w) mask from the paper's text; half A of a tower is its first ⌊w/2⌋ neurons."""
    halves = {"A": range(w // 2), "B": range(w // 2, w)}
    mask = np.zeros((k * w, k * w), dtype=bool)
    for block in papers_blocks(k, even):
        neurons = [t * w + i for t, half in block for i in halves[half]]
        mask[np.ix_(neurons, neurons)] = True
    return mask


def jacobian(layer, k, w):
    """The dense (k·w, k·w) matrix that a hidden layer multiplies by."""
    basis = torch.eye(k * w, dtype=torch.float64).reshape(1, k * w, k, w).transpose(1, 2)
    return layer(basis).transpose(1, 2).reshape(k * w, k * w).detach()


@pytest.mark.parametrize("w", [1, 2, 5, 6])
@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_checkerboard_equals_a_masked_dense_layer(k, w):
    network = random_network(4, 3, w, n_towers=k, n_folds=2, n_hidden_layers=5)
    for number, layer in enumerate(network.hidden_layers, start=2):  # the paper's layers 2, 3, …
        matrix, mask = jacobian(layer, k, w), allowed_connections(k, w, even=number % 2 == 0)
        assert np.array_equal(matrix.numpy() != 0, mask)
        # each weight stands in the matrix once: none is shared, none is lost
        expected = layer.weight.detach().flatten().sort().values
        assert torch.equal(matrix[torch.from_numpy(mask)].sort().values, expected)


@pytest.mark.parametrize("w", [4, 5])
def test_a_checkerboard_passes_on_what_a_masked_mlp_passes_on(w):
    k, network = 3, random_network(4, 2, w, n_towers=3, n_folds=2, skip_connection=True)
    x = profiles(6, 4)
    h = first = flat_taaf(network.activations[0], x @ network.input_weight[0])
    for number, layer in enumerate(network.hidden_layers, start=2):
        mask = torch.from_numpy(allowed_connections(k, w, even=number % 2 == 0))
        h = flat_taaf(network.activations[number - 1], h @ (mask * jacobian(layer, k, w)))
        if number == 2:
            h = h + first
    y = network.output_activation(h.unflatten(1, (k, w)).mean(1) @ network.output_weight)[0]
    torch.testing.assert_close(network(x), y)


def flat_taaf(activation, z):  # (B, k * w)
    a, b, c, d = (getattr(activation, n).flatten() for n in ("alpha", "beta", "gamma", "delta"))
    return a * torch.sigmoid(b * z + c) + d


@pytest.mark.parametrize("w", [4, 5])
@pytest.mark.parametrize("reconnection", ["neighbour", "spread", (3, -1)])
def test_a_checkerboard_of_one_tower_is_a_tower(w, reconnection):
    tower = random_network(4, 3, w)
    board = TowerNetwork(4, 3, w, n_folds=2, reconnection=reconnection).double()
    board.load_state_dict(tower.state_dict())
    x = profiles(5, 4)
    torch.testing.assert_close(board(x), tower(x))


def test_towers_see_nothing_of_each_other_and_are_averaged():
    network = random_network(4, 3, 5, n_towers=3)
    alone = random_network(4, 3, 5)
    x = profiles(1, 6, 4)
    hidden = []
    for t in range(3):
        alone.input_weight.data = network.input_weight[:, :, 5 * t : 5 * (t + 1)]
        for mine, layer in zip(alone.hidden_layers, network.hidden_layers, strict=True):
            mine.weight.data = layer.weight[:, t : t + 1]
        for mine, activation in zip(alone.activations, network.activations, strict=True):
            state = {name: value[:, t : t + 1] for name, value in activation.state_dict().items()}
            mine.load_state_dict(state)
        hidden.append(alone.forward_hidden(x)[:, 0])
    torch.testing.assert_close(network.forward_hidden(x), torch.stack(hidden, 1))
    mean = sum(hidden) / 3
    torch.testing.assert_close(network(x), network.output_activation(mean @ network.output_weight))


@pytest.mark.parametrize("settings", [KINDS["tower"], KINDS["checkerboard"]])
def test_skip_adds_the_first_layer_to_the_second(settings):
    plain = random_network(4, 3, 6, n_hidden_layers=2, **settings)
    skipping = TowerNetwork(4, 3, 6, n_hidden_layers=2, skip_connection=True, **settings).double()
    skipping.load_state_dict(plain.state_dict())
    first = TowerNetwork(4, 3, 6, n_hidden_layers=1, n_towers=3).double()
    first.load_state_dict(plain.state_dict(), strict=False)
    x = profiles(1, 5, 4)
    difference = skipping.forward_hidden(x) - plain.forward_hidden(x)
    torch.testing.assert_close(difference, first.forward_hidden(x))


def test_one_hidden_layer_has_nothing_to_skip():
    plain = random_network(4, 3, 6, n_hidden_layers=1)
    skipping = TowerNetwork(4, 3, 6, n_hidden_layers=1, skip_connection=True).double()
    skipping.load_state_dict(plain.state_dict())
    assert torch.equal(skipping(profiles(5, 4)), plain(profiles(5, 4)))


@pytest.mark.parametrize("n_members", [1, 3])
def test_members_are_separate_networks_and_2d_profiles_give_their_mean(n_members):
    settings = {"n_towers": 3, "n_folds": 2, "skip_connection": True}
    network = random_network(4, 3, 5, n_members=n_members, **settings)
    x, answers = profiles(n_members, 6, 4), []
    for member in range(n_members):
        alone = TowerNetwork(4, 3, 5, **settings).double()
        state = network.state_dict().items()
        alone.load_state_dict({name: value[member : member + 1] for name, value in state})
        answers.append(alone)
    each = torch.stack([alone(x[m]) for m, alone in enumerate(answers)])
    torch.testing.assert_close(network(x), each)
    mean = sum(alone(x[0]) for alone in answers) / n_members
    torch.testing.assert_close(network(x[0]), mean)


@pytest.mark.parametrize("shape", [(5, 4), (2, 5, 4)])
def test_target_parts_stand_side_by_side(shape):
    first, second = (random_network(4, q, 5, seed=q, n_members=2) for q in (3, 2))
    parts, x = TargetParts([first, second]), profiles(*shape)
    torch.testing.assert_close(parts(x), torch.cat([first(x), second(x)], -1))
    assert parts.n_members == 2


def test_dropout_stands_after_each_hidden_layer_and_on_the_input():
    network = random_network(50, 3, 40, n_towers=2, dropout=(0.0, 0.5, 0.9), input_dropout=0.25)
    shares, pieces = [], [network.input_dropout, *network.dropouts]
    for piece in pieces:
        piece.generator = torch.Generator().manual_seed(0)
        piece.register_forward_hook(
            lambda module, inputs, output: shares.append((output == 0).double().mean().item())
        )
    network(profiles(1, 200, 50))
    assert shares == pytest.approx([0.25, 0.0, 0.5, 0.9], abs=0.02)
    shares.clear()
    network.eval()(profiles(1, 200, 50))
    assert shares == [0, 0, 0, 0]


def test_one_rate_serves_all_layers():
    assert [d.rate for d in TowerNetwork(2, 2, 2, dropout=0.3).dropouts] == [0.3, 0.3, 0.3]
    with pytest.raises(ValueError, match="one for each of the 3 hidden layers"):
        TowerNetwork(2, 2, 2, dropout=[0.1, 0.2])


def test_weights_start_by_glorots_rule_from_the_given_generator():
    def start(seed):
        network = TowerNetwork(60, 90, 50, n_towers=4, n_folds=2, n_members=2)
        network.reset_parameters(torch.Generator().manual_seed(seed))
        return network

    network = start(0)
    same, other = start(0).state_dict(), start(1).state_dict()
    for name, value in network.state_dict().items():
        assert torch.equal(value, same[name])
        assert torch.equal(value, other[name]) == ("weight" not in name), name
    fans = [(network.input_weight, 60 + 50), (network.output_weight, 50 + 90)]
    fans += [(layer.weight, 50 + 50) for layer in network.hidden_layers]
    for weight, fan in fans:
        bound = (6 / fan) ** 0.5
        assert 0.99 * bound < weight.abs().max() <= bound
        assert weight.std().item() == pytest.approx(bound / 3**0.5, rel=0.03)


def test_resetting_from_a_generator_leaves_the_global_one_alone():
    network = TowerNetwork(3, 3, 3)
    before = torch.random.get_rng_state()
    network.reset_parameters(torch.Generator().manual_seed(2))
    assert torch.equal(before, torch.random.get_rng_state())


DEGENERATE = list(itertools.product([1, 2], [1, 2], [1, 3], [1, 2], [1, 2, 5], [1, 2]))


@pytest.mark.parametrize(("p", "q", "w", "k", "n_folds", "n_layers"), DEGENERATE)
def test_degenerate_sizes_answer(p, q, w, k, n_folds, n_layers):
    network = random_network(
        p, q, w, n_towers=k, n_folds=n_folds, n_hidden_layers=n_layers, skip_connection=True
    )
    for n in (0, 1, 2):
        assert network(profiles(n, p)).shape == (n, q)
    assert network(profiles(2, p)).isfinite().all()


@pytest.mark.parametrize(
    "name", ["n_features_in", "n_targets", "tower_width", "n_towers", "n_folds"]
)
@pytest.mark.parametrize("value", [0, 1.0, True])
def test_sizes_that_are_no_counts_are_refused_by_name(name, value):
    sizes = {"n_features_in": 3, "n_targets": 3, "tower_width": 3, name: value}
    with pytest.raises(ValueError, match=f"'{name}' parameter"):
        TowerNetwork(**sizes)


@pytest.mark.parametrize(("p", "q", "w", "k", "n_folds", "n_layers"), DEGENERATE[::3])
def test_the_arguments_build_the_network_anew(p, q, w, k, n_folds, n_layers):
    network = random_network(
        p,
        q,
        w,
        n_towers=k,
        n_folds=n_folds,
        n_hidden_layers=n_layers,
        reconnection="spread",
        skip_connection=w > 1,
        activation="relu",
        taaf=q > 1,
        dropout=0.25,
        input_dropout=0.1,
        linear_path=1 / 3,
        n_members=2,
    )
    again = TowerNetwork(**network.arguments()).double()
    assert again.arguments() == network.arguments()
    again.load_state_dict(network.state_dict())
    assert torch.equal(again.eval()(profiles(4, p)), network.eval()(profiles(4, p)))
    assert repr(again) == repr(network)
