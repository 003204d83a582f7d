import copy
import pickle

import numpy as np
import pytest
import torch
from scipy.special import expit

from sklearn_dgex.nn import DenoisingAutoencoder, StackedDenoisingAutoencoder
from sklearn_dgex.nn.autoencoders import initial_bound

REFERENCES = {
    "sigmoid": expit,
    "tanh": np.tanh,
    "relu": lambda z: np.maximum(z, 0),
    "identity": lambda z: z,
}
KINDS = [DenoisingAutoencoder, StackedDenoisingAutoencoder]


def random_parameters(module, seed=0):
    """Doubles at random in each parameter, the biases included."""
    generator = torch.Generator().manual_seed(seed)
    module.double()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.normal_(std=0.7, generator=generator)
    return module


def profiles(*shape, seed=1):
    return torch.rand(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def stack(sizes, seed=0, **settings):
    return random_parameters(StackedDenoisingAutoencoder(sizes, **settings), seed)


def single(*sizes, seed=0, **settings):
    return random_parameters(DenoisingAutoencoder(*sizes, **settings), seed)


def arrays(layer):
    """Encoder, bias, decoder and its bias, for numpy."""
    decoder = layer.weight if layer.decoder_weight is None else layer.decoder_weight
    found = (layer.weight, layer.bias, decoder, layer.decoder_bias)
    return [parameter.detach().numpy() for parameter in found]


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("output", REFERENCES)
@pytest.mark.parametrize("hidden", REFERENCES)
def test_one_layer_equals_its_formula(hidden, output, tied):
    layer = single(7, 4, activation=hidden, output_activation=output, tied_weights=tied).eval()
    x = profiles(2, 5, 7)
    w, b, v, c = arrays(layer)
    code = REFERENCES[hidden](x.numpy() @ w + b)
    sums = code @ v.T + c
    np.testing.assert_allclose(layer.encode(x).detach(), code, rtol=1e-12)
    np.testing.assert_allclose(layer.output_sums(torch.tensor(code)).detach(), sums, rtol=1e-12)
    np.testing.assert_allclose(
        layer.decode(torch.tensor(code)).detach(), REFERENCES[output](sums), rtol=1e-12
    )
    np.testing.assert_allclose(layer(x).detach(), REFERENCES[output](sums), rtol=1e-12)


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize(("hidden", "output"), [("tanh", "sigmoid"), ("sigmoid", "identity")])
def test_a_stack_of_three_is_nested(hidden, output, tied):
    sizes = [9, 6, 5, 2]
    model = stack(sizes, activation=hidden, output_activation=output, tied_weights=tied).eval()
    x = profiles(8, 9)
    (w1, b1, v1, c1), (w2, b2, v2, c2), (w3, b3, v3, c3) = map(arrays, model.layers)
    f, g = REFERENCES[hidden], REFERENCES[output]
    code = f(f(f(x.numpy() @ w1 + b1) @ w2 + b2) @ w3 + b3)
    out = g(f(f(code @ v3.T + c3) @ v2.T + c2) @ v1.T + c1)
    np.testing.assert_allclose(model.encode(x).detach(), code, rtol=1e-12)
    np.testing.assert_allclose(model.decode(torch.tensor(code)).detach(), out, rtol=1e-12)
    np.testing.assert_allclose(model(x).detach(), out, rtol=1e-12)


@pytest.mark.parametrize("noise", ["masking", "gaussian", "salt_and_pepper"])
@pytest.mark.parametrize("tied", [True, False])
def test_a_stack_of_one_is_a_single_autoencoder(tied, noise):
    settings = {"activation": "tanh", "tied_weights": tied, "noise": noise, "corruption_level": 0.4}
    one = single(6, 3, **settings, generator=torch.Generator().manual_seed(3))
    stacked = stack([6, 3], 1, **settings, generator=torch.Generator().manual_seed(3))
    assert not torch.equal(stacked.layers[0].weight, one.weight)
    stacked.layers[0].load_state_dict(one.state_dict())
    for module in (one, stacked):  # the noise, too, from here on
        module.corruption.generator.manual_seed(5)
    x = profiles(40, 6)
    assert torch.equal(stacked(x), one(x))
    assert torch.equal(stacked.encode(x), one.encode(x))


@pytest.mark.parametrize("kind", KINDS)
def test_only_forward_corrupts(kind):
    sizes = (6, 3) if kind is DenoisingAutoencoder else ([6, 3],)
    made = kind(*sizes, corruption_level=0.5, generator=torch.Generator().manual_seed(0))
    model = random_parameters(made)
    x = profiles(40, 6)
    clean = copy.deepcopy(model).eval()
    assert torch.equal(model.encode(x), clean.encode(x))
    assert torch.equal(model.decode(model.encode(x)), clean(x))
    assert not torch.allclose(model(x), clean(x))


def test_a_stack_corrupts_its_input_alone():
    model, seen = stack([6, 5, 3], corruption_level=0.5), []
    for layer in model.layers:
        layer.corruption.register_forward_hook(lambda *_: seen.append("a layer"))
    model.corruption.register_forward_hook(lambda *_: seen.append("the input"))
    model(profiles(4, 6))
    assert seen == ["the input"]


@pytest.mark.parametrize(
    ("sizes", "tied", "n_matrices"),
    [([7, 5], True, 35), ([7, 5], False, 70), ([7, 5, 3], True, 50), ([7, 5, 3], False, 100)],
)
def test_number_of_parameters(sizes, tied, n_matrices):
    n_biases = sum(sizes[1:]) + sum(sizes[:-1])
    model = StackedDenoisingAutoencoder(sizes, tied_weights=tied)
    assert sum(p.numel() for p in model.parameters()) == n_matrices + n_biases
    layer = DenoisingAutoencoder(7, 5, tied_weights=tied)
    assert sum(p.numel() for p in layer.parameters()) == (35 if tied else 70) + 12


@pytest.mark.parametrize("lead", [(), (4,), (2, 3, 4)])
def test_shapes(lead):
    model, x = StackedDenoisingAutoencoder([17, 12, 4]), torch.rand(*lead, 17)
    code = model.encode(x)
    assert code.shape == (*lead, 4)
    assert model.output_sums(code).shape == model.decode(code).shape == model(x).shape == x.shape


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("sizes", [[4, 3], [5, 4, 3, 2]])
@pytest.mark.parametrize(("hidden", "output"), [("sigmoid", "sigmoid"), ("tanh", "identity")])
def test_gradients(sizes, hidden, output, tied):
    model = stack(sizes, activation=hidden, output_activation=output, tied_weights=tied).eval()
    x = profiles(3, sizes[0]).requires_grad_()
    assert torch.autograd.gradcheck(lambda x, *_: model(x), (x, *model.parameters()))


def test_tied_gradient_is_the_sum_of_both_paths():
    tied, untied = stack([6, 4, 3]), stack([6, 4, 3], tied_weights=False)
    for one, two in zip(tied.layers, untied.layers, strict=True):
        two.load_state_dict({**one.state_dict(), "decoder_weight": one.weight})
    x = profiles(9, 6)
    for model in (tied.eval(), untied.eval()):
        (model(x) - x).square().sum().backward()
    for one, two in zip(tied.layers, untied.layers, strict=True):
        assert (two.weight.grad != 0).all()
        assert (two.decoder_weight.grad != 0).all()
        both = two.weight.grad + two.decoder_weight.grad
        torch.testing.assert_close(one.weight.grad, both, rtol=1e-12, atol=1e-14)
        torch.testing.assert_close(one.bias.grad, two.bias.grad)
        torch.testing.assert_close(one.decoder_bias.grad, two.decoder_bias.grad)


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu", "identity"])
def test_initial_weights_fill_glorots_range_four_times_as_wide_for_a_sigmoid(activation):
    glorot = (6 / (90 + 60)) ** 0.5
    bound = 4 * glorot if activation == "sigmoid" else glorot
    assert initial_bound(90, 60, activation) == pytest.approx(bound)
    generator = torch.Generator().manual_seed(0)
    layer = DenoisingAutoencoder(
        90, 60, activation=activation, tied_weights=False, generator=generator
    )
    for weight in (layer.weight, layer.decoder_weight):
        assert 0.999 * bound < weight.abs().max() <= bound
        deviation = bound / 3**0.5
        assert abs(weight.mean()) < 5 * deviation / 5400**0.5
        assert weight.std().item() == pytest.approx(deviation, rel=0.03)
    assert not torch.equal(layer.weight, layer.decoder_weight)
    assert (layer.bias == 0).all()
    assert (layer.decoder_bias == 0).all()


def test_same_seed_same_weights_and_the_global_generator_is_left_alone():
    before = torch.random.get_rng_state()
    first, second, other = (
        StackedDenoisingAutoencoder([9, 5, 3], generator=torch.Generator().manual_seed(seed))
        for seed in (7, 7, 8)
    )
    assert torch.equal(first.layers[1].weight, second.layers[1].weight)
    assert not torch.equal(first.layers[1].weight, other.layers[1].weight)
    with torch.no_grad():
        x = torch.rand(20, 9, generator=torch.Generator().manual_seed(0))
        assert torch.equal(first(x), second(x))
        assert torch.equal(first.eval()(x), first(x))
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
@pytest.mark.parametrize("seed", [None, 4])
def test_copies_compute_the_same_and_share_nothing(copied, seed):
    generator = None if seed is None else torch.Generator().manual_seed(seed)
    model = stack([9, 5, 3], tied_weights=False, generator=generator)
    other, x = copied(model), profiles(20, 9)
    assert torch.equal(copy.deepcopy(model).eval()(x), other.eval()(x))
    if seed is not None:
        assert torch.equal(model.train()(x), other.train()(x))  # the generator's state went along
    with torch.no_grad():
        other.layers[0].weight.zero_()
    assert (model.layers[0].weight != 0).all()


def test_an_activation_may_be_any_function():
    model = stack([6, 4], activation=torch.sin, output_activation=torch.cos).eval()
    w, b, v, c = arrays(model.layers[0])
    x = profiles(5, 6)
    expected = np.cos(np.sin(x.numpy() @ w + b) @ v.T + c)
    np.testing.assert_allclose(model(x).detach(), expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    "wrong", [{"noise": "snow"}, {"corruption_level": 1.0}, {"corruption_level": -0.1}]
)
@pytest.mark.parametrize("kind", KINDS)
def test_wrong_noise_is_refused(kind, wrong):
    sizes = (6, 3) if kind is DenoisingAutoencoder else ([6, 3],)
    with pytest.raises(ValueError, match=r"must be .* Got .* instead\.$"):
        kind(*sizes, **wrong)
