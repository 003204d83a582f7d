"""A recipe to vary, and both engines behind one signature."""

import numpy as np
import pytest
import torch

from sklearn_dgex.nn import StackedDenoisingAutoencoder
from sklearn_dgex.training.autoencoder import AutoencoderWeights, Recipe, train_with_torch

DEFAULTS = {
    "activation": "sigmoid",
    "output_activation": "sigmoid",
    "loss": "cross_entropy",
    "noise": "masking",
    "corruption_level": 0.2,
    "low": 0.0,
    "high": 1.0,
    "solver": "sgd",
    "learning_rate": 0.05,
    "momentum": 0.0,
    "schedule_decay": 4e-3,
    "batch_size": 5,
}


@pytest.fixture(scope="session")
def make_recipe():
    """Make a recipe: ``make_recipe(**changes)``."""
    return lambda **changes: Recipe(**(DEFAULTS | changes))


@pytest.fixture(scope="session")
def draw():
    """Draw weights, their biases included, and profiles: ``draw(sizes, n, activation, tied)``."""

    def drawn(sizes, n=23, activation="sigmoid", tied=True, seed=0):
        rng = np.random.RandomState(seed)
        weights = AutoencoderWeights.draw(sizes, activation=activation, tied=tied, rng=rng)
        for bias in (*weights.bias, *weights.decoder_bias):
            bias[:] = rng.normal(scale=0.1, size=len(bias))
        return weights, rng.rand(n, sizes[0])

    return drawn


@pytest.fixture(scope="session")
def by_kernel():
    """Train by the kernel: weights and losses of ``by_kernel(weights, x, recipe, keys)``."""
    pytest.importorskip("numba", reason="numba compiles the kernel")
    from sklearn_dgex.training.autoencoder.kernel.engine import train_with_kernel

    def train(weights, x, recipe, keys):
        losses = []
        return train_with_kernel(weights, x, recipe, keys, losses.extend), np.array(losses)

    return train


def module_of(weights, recipe, dtype):
    """Build the module of these weights."""
    module = StackedDenoisingAutoencoder(
        weights.sizes,
        activation=recipe.activation,
        output_activation=recipe.output_activation,
        tied_weights=weights.tied,
        noise=recipe.noise,
        corruption_level=recipe.corruption_level,
        generator=torch.Generator().manual_seed(0),
    ).to(dtype)
    state = {}
    for depth in range(len(weights.encoder)):
        state[f"layers.{depth}.weight"] = weights.encoder[depth]
        state[f"layers.{depth}.bias"] = weights.bias[depth]
        state[f"layers.{depth}.decoder_bias"] = weights.decoder_bias[depth]
        if not weights.tied:
            state[f"layers.{depth}.decoder_weight"] = weights.own_decoder[depth]
    module.load_state_dict({name: torch.from_numpy(array) for name, array in state.items()})
    return module


@pytest.fixture(scope="session")
def by_torch():
    """Train by torch, as ``by_kernel`` does."""

    def train(weights, x, recipe, keys):
        x = torch.from_numpy(x)
        module = module_of(weights, recipe, x.dtype)
        losses, _ = train_with_torch(module, x, recipe, keys)

        def read(name):
            return [getattr(layer, name).detach().numpy() for layer in module.layers]

        own = None if weights.tied else read("decoder_weight")
        trained = AutoencoderWeights(read("weight"), read("bias"), read("decoder_bias"), own)
        return trained, np.array(losses)

    return train


@pytest.fixture(scope="session")
def distance():
    """Largest difference between two weights at one place: ``distance(a, b)``."""

    def between(a, b):
        pairs = (
            np.abs(one - two).max()
            for mine, theirs in zip(vars(a).values(), vars(b).values(), strict=True)
            for one, two in zip(mine or [], theirs or [], strict=True)
        )
        return max(pairs)

    return between
