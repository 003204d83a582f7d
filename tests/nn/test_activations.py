import copy

import pytest
import torch

from sklearn_dgex.nn import ACTIVATIONS, TAAF, BiasedActivation

REFERENCES = {
    "sigmoid": lambda z: 1 / (1 + (-z).exp()),
    "tanh": lambda z: (z.exp() - (-z).exp()) / (z.exp() + (-z).exp()),
    "relu": lambda z: z.clamp_min(0),
    "silu": lambda z: z / (1 + (-z).exp()),
    "gelu": lambda z: z * 0.5 * (1 + torch.erf(z / 2**0.5)),
    "identity": lambda z: z,
}


def random_parameters(module, seed=0):
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.normal_(generator=generator)
    return module


def sums(*shape, seed=1):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def test_every_activation_has_a_reference():
    assert set(REFERENCES) == set(ACTIVATIONS)


@pytest.mark.parametrize("name", REFERENCES)
def test_new_taaf_equals_its_base_activation(name):
    z = sums(20, 7)
    torch.testing.assert_close(TAAF(7, name).double()(z), REFERENCES[name](z))


@pytest.mark.parametrize("name", REFERENCES)
@pytest.mark.parametrize("shape", [(7,), (3, 1, 7), (2, 3, 1, 7), (1,)])
def test_taaf_equals_its_formula(name, shape):
    taaf, z = random_parameters(TAAF(shape, name).double()), sums(2, 3, 5, 7)
    expected = taaf.alpha * REFERENCES[name](taaf.beta * z + taaf.gamma) + taaf.delta
    torch.testing.assert_close(taaf(z), expected)


@pytest.mark.parametrize("name", REFERENCES)
def test_biased_activation_equals_its_formula(name):
    layer, z = random_parameters(BiasedActivation((3, 1, 7), name).double()), sums(3, 5, 7)
    torch.testing.assert_close(layer(z), REFERENCES[name](z + layer.bias))


@pytest.mark.parametrize("name", sorted(set(REFERENCES) - {"relu"}))  # relu has a kink
def test_taaf_gradients(name):
    taaf, z = random_parameters(TAAF((2, 1, 3), name).double()), sums(2, 4, 3).requires_grad_()
    parameters = tuple(taaf.parameters())
    assert len(parameters) == TAAF.n_parameters_per_neuron
    assert torch.autograd.gradcheck(lambda z, *_: taaf(z), (z, *parameters))


def test_a_callable_is_a_base_activation():
    z = sums(4, 3)
    torch.testing.assert_close(TAAF(3, torch.sin).double()(z), z.sin())


@pytest.mark.parametrize("layer", [TAAF, BiasedActivation])
def test_unknown_activation_is_refused_with_the_known_ones(layer):
    with pytest.raises(ValueError, match=r"'gelu', 'identity'.*Got 'sigmiod' instead"):
        layer(3, "sigmiod")


def test_a_copied_taaf_is_on_its_own():
    taaf = TAAF(3)
    other = random_parameters(copy.deepcopy(taaf))
    assert torch.equal(taaf.alpha, torch.ones(3))
    assert not torch.equal(other.alpha, taaf.alpha)
