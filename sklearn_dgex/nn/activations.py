"""Activations with parameters of their own: one set per neuron."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "silu": nn.functional.silu,
    "gelu": nn.functional.gelu,
    "identity": lambda z: z,
}


def resolve_activation(activation: str | Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """Return the function behind a name, or the callable itself."""
    if callable(activation):
        return activation
    if activation not in ACTIVATIONS:
        raise ValueError(
            f"The 'activation' parameter must be a callable or one of {sorted(ACTIVATIONS)}. "
            f"Got {activation!r} instead."
        )
    return ACTIVATIONS[activation]


class TAAF(nn.Module):
    """Transformative adaptive activation function over any base activation.

    Every neuron owns four learned numbers and answers ``alpha * f(beta * z + gamma) + delta`` to
    its weighted sum ``z``; ``gamma`` takes the place of a bias. At the start ``alpha = beta = 1``
    and ``gamma = delta = 0``, so that a new TAAF equals its base activation.

    Parameters
    ----------
    shape : int or tuple of int
        Shape of each parameter. It must broadcast against the weighted sums: ``(w,)`` for sums of
        shape (B, w), ``(k, 1, w)`` for sums of shape (k, B, w).

    activation : {"sigmoid", "tanh", "relu", "silu", "gelu", "identity"} or callable, \
            default="sigmoid"
        The base activation f. The papers use the logistic sigmoid.

    Raises
    ------
    ValueError
        If the activation is neither callable nor one of these names.

    References
    ----------
    Kunc & Kléma (2020), equation 1; Kunc & Kléma (2019) introduced the function.

    Examples
    --------
    >>> import torch
    >>> from sklearn_dgex.nn import TAAF
    >>> z = torch.linspace(-1, 1, 3)
    >>> bool(torch.equal(TAAF(3, "tanh")(z), torch.tanh(z)))
    True
    """

    n_parameters_per_neuron = 4

    def __init__(self, shape, activation="sigmoid") -> None:
        super().__init__()
        shape = (shape,) if isinstance(shape, int) else tuple(shape)
        resolve_activation(activation)  # a wrong name is an error here, not at the first call
        self.activation = activation
        self.alpha = nn.Parameter(torch.ones(shape))
        self.beta = nn.Parameter(torch.ones(shape))
        self.gamma = nn.Parameter(torch.zeros(shape))
        self.delta = nn.Parameter(torch.zeros(shape))

    def forward(self, z: Tensor) -> Tensor:
        """Answer weighted sums by ``alpha * f(beta * z + gamma) + delta``.

        Parameters
        ----------
        z : Tensor of shape (..., w)
            Weighted sums, against which the parameters broadcast.

        Returns
        -------
        Tensor of shape (..., w)
            What the neurons answer.
        """
        function = resolve_activation(self.activation)
        return torch.addcmul(
            self.delta, self.alpha, function(torch.addcmul(self.gamma, self.beta, z))
        )

    def extra_repr(self) -> str:
        """Return what torch's repr shows: the parameters' shape and the base activation.

        Returns
        -------
        str
            Without the name of the class.
        """
        return f"{tuple(self.alpha.shape)}, activation={self.activation!r}"


class BiasedActivation(nn.Module):
    """A fixed activation of the weighted sum plus a bias, as in the original D-GEX.

    Parameters
    ----------
    shape : int or tuple of int
        Shape of the bias; it must broadcast against the weighted sums, as in :class:`TAAF`.

    activation : {"sigmoid", "tanh", "relu", "silu", "gelu", "identity"} or callable, \
            default="tanh"
        As in :class:`TAAF`. The original D-GEX uses the hyperbolic tangent.

    Raises
    ------
    ValueError
        If the activation is neither callable nor one of these names.

    References
    ----------
    Chen et al. (2016), Gene expression inference with deep learning.

    Examples
    --------
    >>> import torch
    >>> from sklearn_dgex.nn import BiasedActivation
    >>> BiasedActivation(3, "tanh")(torch.zeros(2, 3)).shape
    torch.Size([2, 3])
    """

    n_parameters_per_neuron = 1

    def __init__(self, shape, activation="tanh") -> None:
        super().__init__()
        shape = (shape,) if isinstance(shape, int) else tuple(shape)
        resolve_activation(activation)  # a wrong name is an error here, not at the first call
        self.activation = activation
        self.bias = nn.Parameter(torch.zeros(shape))

    def forward(self, z: Tensor) -> Tensor:
        """Answer weighted sums by ``f(z + bias)``.

        Parameters
        ----------
        z : Tensor of shape (..., w)
            Weighted sums, against which the bias broadcasts.

        Returns
        -------
        Tensor of shape (..., w)
            What the neurons answer.
        """
        return resolve_activation(self.activation)(z + self.bias)

    def extra_repr(self) -> str:
        """Return what torch's repr shows: the bias' shape and the activation.

        Returns
        -------
        str
            Without the name of the class.
        """
        return f"{tuple(self.bias.shape)}, activation={self.activation!r}"
