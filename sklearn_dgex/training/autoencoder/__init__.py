"""Training of autoencoders: a recipe, its weights, and two engines with one meaning."""

from sklearn_dgex.training.autoencoder.engines import kernel_obstacle, pick_engine
from sklearn_dgex.training.autoencoder.recipe import LOSSES, Recipe, epoch_keys
from sklearn_dgex.training.autoencoder.torch_engine import train_with_torch
from sklearn_dgex.training.autoencoder.weights import (
    ACTIVATIONS,
    AutoencoderWeights,
    reconstruction_loss,
)

__all__ = [
    "ACTIVATIONS",
    "LOSSES",
    "AutoencoderWeights",
    "Recipe",
    "epoch_keys",
    "kernel_obstacle",
    "pick_engine",
    "reconstruction_loss",
    "train_with_torch",
]
