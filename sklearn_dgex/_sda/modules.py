"""From plain weights to a torch network, and back: all that this room needs torch for."""

from __future__ import annotations

import numpy as np
import torch

from sklearn_dgex.nn import StackedDenoisingAutoencoder
from sklearn_dgex.training.autoencoder import AutoencoderWeights, Recipe, train_with_torch


def train_as_module(
    weights: AutoencoderWeights, x: np.ndarray, recipe: Recipe, keys, *, device: torch.device, **how
) -> tuple[AutoencoderWeights, list[float], bool]:
    """Train a torch network of these weights on ``device``; they stay as they are.

    ``keys``, ``how`` and what is returned beside the trained weights are those of
    :func:`~sklearn_dgex.training.autoencoder.train_with_torch`.
    """
    module = build_module(weights, recipe).to(device)
    losses, interrupted = train_with_torch(
        module, torch.from_numpy(x).to(device), recipe, keys, **how
    )
    return read_weights(module), losses, interrupted


def build_module(weights: AutoencoderWeights, recipe: Recipe) -> StackedDenoisingAutoencoder:
    """Build the network that a recipe describes around copies of the weights."""
    module = StackedDenoisingAutoencoder(
        weights.sizes,
        activation=recipe.activation,
        output_activation=recipe.output_activation,
        tied_weights=weights.tied,
        noise=recipe.noise,
        corruption_level=recipe.corruption_level,
        generator=torch.Generator().manual_seed(0),  # for weights that give way to these
    )
    with torch.no_grad():
        for depth, layer in enumerate(module.layers):
            layer.weight.copy_(torch.from_numpy(weights.encoder[depth]))
            layer.bias.copy_(torch.from_numpy(weights.bias[depth]))
            layer.decoder_bias.copy_(torch.from_numpy(weights.decoder_bias[depth]))
            if not weights.tied:
                layer.decoder_weight.copy_(torch.from_numpy(weights.decoder[depth]))
    for part in module.modules():
        if hasattr(part, "generator"):
            part.generator = None
    return module


def read_weights(module: StackedDenoisingAutoencoder) -> AutoencoderWeights:
    """Copy the weights out of a network, wherever it is."""

    def arrays(name: str) -> list:
        return [getattr(layer, name).detach().cpu().numpy().copy() for layer in module.layers]

    tied = module.layers[0].decoder_weight is None
    return AutoencoderWeights(
        encoder=arrays("weight"),
        bias=arrays("bias"),
        decoder_bias=arrays("decoder_bias"),
        own_decoder=None if tied else arrays("decoder_weight"),
    )
