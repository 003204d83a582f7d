"""Networks as plain torch modules: integers in, tensors out, nothing about genes."""

from sklearn_dgex.nn.activations import ACTIVATIONS, TAAF, BiasedActivation
from sklearn_dgex.nn.autoencoders import DenoisingAutoencoder, StackedDenoisingAutoencoder
from sklearn_dgex.nn.corruption import Corruption
from sklearn_dgex.nn.dropout import Dropout
from sklearn_dgex.nn.towers import TargetParts, TowerNetwork

__all__ = [
    "ACTIVATIONS",
    "TAAF",
    "BiasedActivation",
    "Corruption",
    "DenoisingAutoencoder",
    "Dropout",
    "StackedDenoisingAutoencoder",
    "TargetParts",
    "TowerNetwork",
]
