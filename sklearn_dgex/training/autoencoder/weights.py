"""Weights of a stack of autoencoders as plain arrays, and what they make of profiles."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.special import expit

ACTIVATIONS = {
    "sigmoid": expit,
    "tanh": np.tanh,
    "relu": lambda z: np.maximum(z, 0),
    "identity": lambda z: z,
}


@dataclass
class AutoencoderWeights:
    """One matrix and two biases a layer; two matrices if encoder and decoder are not tied.

    Attributes
    ----------
    encoder : list of ndarray of shape (d, h)
    bias : list of ndarray of shape (h,)
    decoder : list of ndarray of shape (d, h)
        The very arrays of ``encoder`` if the weights are tied. A code ``y`` of shape (n, h) is
        decoded by ``y @ decoder.T + decoder_bias``.
    decoder_bias : list of ndarray of shape (d,)
    """

    encoder: list[np.ndarray]
    bias: list[np.ndarray]
    decoder: list[np.ndarray]
    decoder_bias: list[np.ndarray]

    @classmethod
    def draw(
        cls, sizes: list[int], *, activation: str, tied: bool, rng: np.random.RandomState
    ) -> AutoencoderWeights:
        """Draw initial float32 weights: Glorot's bound, four times as wide for a sigmoid."""
        weights = cls([], [], [], [])
        for n_visible, n_hidden in pairwise(sizes):
            bound = np.sqrt(6 / (n_visible + n_hidden)) * (4 if activation == "sigmoid" else 1)
            shape = (n_visible, n_hidden)
            weights.encoder.append(rng.uniform(-bound, bound, shape).astype(np.float32))
            weights.decoder.append(
                weights.encoder[-1]
                if tied
                else rng.uniform(-bound, bound, shape).astype(np.float32)
            )
            weights.bias.append(np.zeros(n_hidden, np.float32))
            weights.decoder_bias.append(np.zeros(n_visible, np.float32))
        return weights

    @property
    def sizes(self) -> list[int]:
        """Units of each level, from the visible one to the code."""
        return [len(self.encoder[0]), *map(len, self.bias)]

    @property
    def tied(self) -> bool:
        """Whether encoder and decoder share their matrices."""
        return self.decoder[0] is self.encoder[0]

    def layer(self, depth: int) -> AutoencoderWeights:
        """One layer by itself; it shares its arrays with the stack."""
        return AutoencoderWeights(
            self.encoder[depth : depth + 1],
            self.bias[depth : depth + 1],
            self.decoder[depth : depth + 1],
            self.decoder_bias[depth : depth + 1],
        )

    def replace_layer(self, depth: int, layer: AutoencoderWeights) -> None:
        """Take over a layer that was trained by itself."""
        self.encoder[depth], self.bias[depth] = layer.encoder[0], layer.bias[0]
        self.decoder[depth], self.decoder_bias[depth] = layer.decoder[0], layer.decoder_bias[0]

    def encode(self, x: np.ndarray, activation: str) -> np.ndarray:
        """Codes of shape (n, h) of scaled profiles of shape (n, d), in the profiles' precision."""
        for matrix, bias in zip(self.encoder, self.bias, strict=True):
            x = ACTIVATIONS[activation](x @ matrix.astype(x.dtype) + bias.astype(x.dtype))
        return x

    def output_sums(self, code: np.ndarray, activation: str) -> np.ndarray:
        """Weighted sums of shape (n, d) that the output activation turns into profiles."""
        for depth in reversed(range(len(self.decoder))):
            matrix, bias = self.decoder[depth], self.decoder_bias[depth]
            code = code @ matrix.T.astype(code.dtype) + bias.astype(code.dtype)
            if depth:
                code = ACTIVATIONS[activation](code)
        return code

    def decode(self, code: np.ndarray, activation: str, output_activation: str) -> np.ndarray:
        """Scaled profiles of shape (n, d) of codes of shape (n, h)."""
        return ACTIVATIONS[output_activation](self.output_sums(code, activation))


def reconstruction_loss(output_sums: np.ndarray, x: np.ndarray, recipe) -> np.ndarray:
    """Loss of each sample of (n, d) targets, summed over features: an array of shape (n,)."""
    if recipe.loss == "cross_entropy":
        return (np.logaddexp(0, output_sums) - x * output_sums).sum(axis=1)
    return np.square(ACTIVATIONS[recipe.output_activation](output_sums) - x).sum(axis=1)
