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
    decoder_bias : list of ndarray of shape (d,)
    own_decoder : list of ndarray of shape (d, h), or None
        None if the weights are tied.
    """

    encoder: list[np.ndarray]
    bias: list[np.ndarray]
    decoder_bias: list[np.ndarray]
    own_decoder: list[np.ndarray] | None

    @classmethod
    def draw(
        cls, sizes: list[int], *, activation: str, tied: bool, rng: np.random.RandomState
    ) -> AutoencoderWeights:
        """Draw initial float32 weights: Glorot's bound, four times as wide for a sigmoid."""
        weights = cls([], [], [], None if tied else [])
        for n_visible, n_hidden in pairwise(sizes):
            bound = np.sqrt(6 / (n_visible + n_hidden)) * (4 if activation == "sigmoid" else 1)
            shape = (n_visible, n_hidden)
            weights.encoder.append(rng.uniform(-bound, bound, shape).astype(np.float32))
            if not tied:
                weights.own_decoder.append(rng.uniform(-bound, bound, shape).astype(np.float32))
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
        return self.own_decoder is None

    @property
    def finite(self) -> bool:
        """Whether all weights are finite numbers."""
        lists = [self.encoder, self.bias, self.decoder, self.decoder_bias]
        return all(np.isfinite(array).all() for arrays in lists for array in arrays)

    @property
    def decoder(self) -> list[np.ndarray]:
        """Matrices of shape (d, h): a code ``y`` is decoded by ``y @ decoder.T + decoder_bias``."""
        return self.encoder if self.own_decoder is None else self.own_decoder

    def layers(self, first: int, stop: int) -> AutoencoderWeights:
        """Return some layers by themselves; their arrays are the stack's."""
        return AutoencoderWeights(
            *(arrays and arrays[first:stop] for arrays in vars(self).values())
        )

    def with_layer(self, depth: int, layer: AutoencoderWeights) -> AutoencoderWeights:
        """Return the stack with one layer exchanged for one that was trained by itself."""
        return AutoencoderWeights(
            *(
                old and [*old[:depth], *new, *old[depth + 1 :]]
                for old, new in zip(vars(self).values(), vars(layer).values(), strict=True)
            )
        )

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
