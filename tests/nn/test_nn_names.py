import pytest

from sklearn_dgex.nn import ACTIVATIONS, Corruption
from sklearn_dgex.nn.names import ACTIVATION_NAMES, NOISES, RECONNECTIONS
from sklearn_dgex.nn.reconnection import layer_strides


def test_every_activation_has_a_name():
    assert tuple(ACTIVATIONS) == ACTIVATION_NAMES


@pytest.mark.parametrize("noise", NOISES)
def test_every_noise_can_be_made(noise):
    assert Corruption(noise).noise == noise


@pytest.mark.parametrize("reconnection", RECONNECTIONS)
def test_every_reconnection_has_strides(reconnection):
    assert len(layer_strides(reconnection, n_layers=3, n_folds=2)) == 3
