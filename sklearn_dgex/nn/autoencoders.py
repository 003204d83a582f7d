"""Denoising autoencoders: one layer, and a stack of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from sklearn_dgex.nn.activations import resolve_activation
from sklearn_dgex.nn.corruption import Corruption


class DenoisingAutoencoder(nn.Module):
    """One hidden layer that regenerates its input from a corrupted copy.

    ``code = f(corrupt(x) @ weight + bias)`` and ``z = g(code @ weight.T + decoder_bias)``, with a
    matrix of its own in the second product if the weights are not tied.

    Parameters
    ----------
    n_visible, n_hidden : int
        Units of the input and of the code.
    activation, output_activation : {"sigmoid", "tanh", "relu", "silu", "gelu", "identity"} \
            or callable, default="sigmoid"
        The functions f and g.
    tied_weights : bool, default=True
        Whether decoder and encoder share their matrix.
    noise : {"masking", "gaussian", "salt_and_pepper"}, default="masking"
        Kind of noise, as of :class:`Corruption`.
    corruption_level : float in [0, 1), default=0.1
        Probability that an entry is replaced, or the standard deviation of Gaussian noise.
    generator : torch.Generator, default=None
        Source of the initial weights and of the noise; None is torch's global one.

    References
    ----------
    Vincent et al. (2008), Extracting and composing robust features with denoising autoencoders;
    Gupta et al. (2015), equations 1, 2 and 5.

    Examples
    --------
    >>> import torch
    >>> from sklearn_dgex.nn import DenoisingAutoencoder
    >>> autoencoder = DenoisingAutoencoder(17, 10)
    >>> autoencoder(torch.rand(4, 17)).shape, autoencoder.encode(torch.rand(4, 17)).shape
    (torch.Size([4, 17]), torch.Size([4, 10]))
    """

    def __init__(
        self,
        n_visible,
        n_hidden,
        *,
        activation="sigmoid",
        output_activation="sigmoid",
        tied_weights=True,
        noise="masking",
        corruption_level=0.1,
        generator=None,
    ) -> None:
        super().__init__()
        for function in (activation, output_activation):
            resolve_activation(function)  # a wrong name is an error here, not at the first call
        self.activation, self.output_activation = activation, output_activation
        self.corruption = Corruption(noise, corruption_level, generator)
        self.weight = nn.Parameter(torch.empty(n_visible, n_hidden))
        self.bias = nn.Parameter(torch.zeros(n_hidden))
        self.decoder_weight = (
            None if tied_weights else nn.Parameter(torch.empty(n_visible, n_hidden))
        )
        self.decoder_bias = nn.Parameter(torch.zeros(n_visible))
        bound = initial_bound(n_visible, n_hidden, activation)
        for weight in (self.weight, self.decoder_weight):
            if weight is not None:
                nn.init.uniform_(weight, -bound, bound, generator=generator)

    def encode(self, x: Tensor) -> Tensor:  # (..., d) -> (..., h)
        """Encode profiles, without corrupting them.

        Parameters
        ----------
        x : Tensor of shape (..., d)
            Profiles.

        Returns
        -------
        Tensor of shape (..., h)
            Codes: what the last hidden layer answers.
        """
        return resolve_activation(self.activation)(x @ self.weight + self.bias)

    def output_sums(self, code: Tensor) -> Tensor:  # (..., h) -> (..., d)
        """Decode up to the weighted sums of the output units, before their activation.

        Parameters
        ----------
        code : Tensor of shape (..., h)
            Codes.

        Returns
        -------
        Tensor of shape (..., d)
            Sums: what losses take that have the activation inside, for the sake of precision.
        """
        weight = self.weight if self.decoder_weight is None else self.decoder_weight
        return code @ weight.mT + self.decoder_bias

    def decode(self, code: Tensor) -> Tensor:  # (..., h) -> (..., d)
        """Decode codes.

        Parameters
        ----------
        code : Tensor of shape (..., h)
            Codes.

        Returns
        -------
        Tensor of shape (..., d)
            Regenerated profiles.
        """
        return resolve_activation(self.output_activation)(self.output_sums(code))

    def forward(self, x: Tensor) -> Tensor:  # (..., d) -> (..., d)
        """Regenerate profiles, from a corrupted copy while in training.

        Parameters
        ----------
        x : Tensor of shape (..., d)
            Profiles.

        Returns
        -------
        Tensor of shape (..., d)
            Regenerated profiles.
        """
        return self.decode(self.encode(self.corruption(x)))


class StackedDenoisingAutoencoder(nn.Module):
    """Denoising autoencoders on top of each other: up to the narrowest code, and down again.

    The layers of sizes [17, 12, 4] are 17 → 12 → 4 → 12 → 17: of n autoencoders, 2n - 1 hidden
    layers. One autoencoder is a :class:`DenoisingAutoencoder`. Only the input is corrupted here;
    to train a layer on codes that are corrupted in turn, train ``layers[i]`` by itself.

    Parameters
    ----------
    sizes : sequence of int
        Units of the input and of each hidden layer up to the code.
    activation : {"sigmoid", "tanh", "relu", "silu", "gelu", "identity"} or callable, \
            default="sigmoid"
        Of all hidden layers, on the way up and down.
    output_activation : {"sigmoid", "tanh", "relu", "silu", "gelu", "identity"} or callable, \
            default="sigmoid"
        Of the regenerated input.
    tied_weights : bool, default=True
        Whether each decoder layer has its encoder's matrix, transposed.
    noise : {"masking", "gaussian", "salt_and_pepper"}, default="masking"
        Kind of noise, as of :class:`Corruption`.
    corruption_level : float in [0, 1), default=0.1
        Probability that an entry is replaced, or the standard deviation of Gaussian noise.
    generator : torch.Generator, default=None
        Source of the initial weights and of the noise; None is torch's global one.

    References
    ----------
    Gupta et al. (2015), figure 1; Vincent et al. (2010).

    Examples
    --------
    >>> import torch
    >>> from sklearn_dgex.nn import StackedDenoisingAutoencoder
    >>> stack = StackedDenoisingAutoencoder([17, 12, 4])
    >>> stack.encode(torch.rand(8, 17)).shape, stack(torch.rand(8, 17)).shape
    (torch.Size([8, 4]), torch.Size([8, 17]))
    """

    def __init__(
        self,
        sizes: Sequence[int],
        *,
        activation="sigmoid",
        output_activation="sigmoid",
        tied_weights=True,
        noise="masking",
        corruption_level=0.1,
        generator=None,
    ) -> None:
        super().__init__()
        self.corruption = Corruption(noise, corruption_level, generator)
        self.layers = nn.ModuleList(
            DenoisingAutoencoder(
                n_visible,
                n_hidden,
                activation=activation,
                output_activation=activation if depth else output_activation,
                tied_weights=tied_weights,
                noise=noise,
                corruption_level=corruption_level,
                generator=generator,
            )
            for depth, (n_visible, n_hidden) in enumerate(pairwise(sizes))
        )

    def encode(self, x: Tensor) -> Tensor:  # (..., d) -> (..., h)
        """Encode profiles, without corrupting them.

        Parameters
        ----------
        x : Tensor of shape (..., d)
            Profiles.

        Returns
        -------
        Tensor of shape (..., h)
            Codes: what the last hidden layer answers.
        """
        for layer in self.layers:
            x = layer.encode(x)
        return x

    def output_sums(self, code: Tensor) -> Tensor:  # (..., h) -> (..., d)
        """Decode up to the weighted sums of the output units, before their activation.

        Parameters
        ----------
        code : Tensor of shape (..., h)
            Codes.

        Returns
        -------
        Tensor of shape (..., d)
            Sums: what losses take that have the activation inside, for the sake of precision.
        """
        for layer in reversed(self.layers[1:]):
            code = layer.decode(code)
        return self.layers[0].output_sums(code)

    def decode(self, code: Tensor) -> Tensor:  # (..., h) -> (..., d)
        """Decode codes.

        Parameters
        ----------
        code : Tensor of shape (..., h)
            Codes.

        Returns
        -------
        Tensor of shape (..., d)
            Regenerated profiles.
        """
        return resolve_activation(self.layers[0].output_activation)(self.output_sums(code))

    def forward(self, x: Tensor) -> Tensor:  # (..., d) -> (..., d)
        """Regenerate profiles, from a corrupted copy while in training.

        Parameters
        ----------
        x : Tensor of shape (..., d)
            Profiles.

        Returns
        -------
        Tensor of shape (..., d)
            Regenerated profiles.
        """
        return self.decode(self.encode(self.corruption(x)))


def initial_bound(n_visible: int, n_hidden: int, activation) -> float:
    """Bound of the uniform initial weights: Glorot's, four times as wide for a sigmoid."""
    bound = math.sqrt(6 / (n_visible + n_hidden))
    return 4 * bound if activation == "sigmoid" else bound
