"""The whole D-GEX family: towers and checkerboards of dense layers under one output layer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Real

import torch
from torch import Tensor, nn

from sklearn_dgex.nn.activations import TAAF, BiasedActivation
from sklearn_dgex.nn.dropout import Dropout
from sklearn_dgex.nn.products import product
from sklearn_dgex.nn.reconnection import fold_sizes, layer_strides, reconnect
from sklearn_dgex.nn.sizing import check_positive_integers


class HiddenLayer(nn.Module):
    """One dense layer of every tower of every member, between hidden layers: one batched product.

    Maps (M, k, B, w) to (M, k, B, w). Folds are rolled into place, multiplied, and rolled back.
    """

    def __init__(
        self, n_members: int, n_towers: int, width: int, n_folds: int, stride: int
    ) -> None:
        super().__init__()
        self.sizes = fold_sizes(width, n_folds)
        self.stride = stride
        self.weight = nn.Parameter(torch.empty(n_members, n_towers, width, width))

    def forward(self, h: Tensor) -> Tensor:
        blocks = reconnect(h, self.sizes, self.stride)  # (M, k, B, w)
        return reconnect(product(blocks, self.weight), self.sizes, -self.stride)  # (M, k, B, w)

    def extra_repr(self) -> str:
        n_members, n_towers, width, _ = self.weight.shape
        return f"{n_members=}, {n_towers=}, {width=}, folds={self.sizes}, stride={self.stride}"


class TowerNetwork(nn.Module):
    """Towers of dense layers that share their input and are averaged before one output layer.

    By its arguments this is D-GEX, T-, C-, TR- or CR-D-GEX. With 2 hidden layers ``h1``, ``h2``
    and towers ``t``, the network computes ``y = output(mean over t of h2[t])`` with
    ``h1[t] = f(x @ W1[t])`` and ``h2[t] = f(h1[t] @ W2[t]) (+ h1[t] with a skip connection)``;
    further layers follow as the second did, without a skip. ``f`` and ``output`` end in a
    :class:`TAAF` or, with ``taaf=False``, in a bias and a fixed activation.

    Parameters
    ----------
    n_features_in : int
        Landmark genes p.
    n_targets : int
        Inferred genes q.
    tower_width : int
        Neurons w in each hidden layer of each tower; :mod:`sklearn_dgex.nn.sizing` says which
        width keeps a parameter budget.
    n_towers : int, default=1
        Towers k. One is the dense D-GEX.
    n_hidden_layers : int, default=3
        Hidden layers in each tower; the paper has three.
    n_folds : int, default=1
        Folds that each layer of a tower is cut into and by which towers are reconnected; 1 leaves
        the towers apart (T-D-GEX), 2 is the paper's checkerboard (C-D-GEX).
    reconnection : {"neighbour", "spread"} or sequence of int, default="neighbour"
        Which towers a layer joins by their folds: see
        :func:`sklearn_dgex.nn.reconnection.layer_strides`. "neighbour" is the paper's.
    skip_connection : bool, default=False
        Add the first hidden layer's output to the second's (TR-, CR-D-GEX). A network with one
        hidden layer has nothing to skip.
    activation : {"sigmoid", "tanh", "relu", "silu", "gelu", "identity"} or callable, \
            default="sigmoid"
        Base activation of the hidden layers.
    output_activation : {"sigmoid", "tanh", "relu", "silu", "gelu", "identity"} or callable, \
            default="identity"
        Base activation of the output layer.
    taaf : bool, default=True
        Whether neurons, output neurons included, carry a TAAF.
    dropout : float or sequence of float, default=0.0
        Rate after each hidden layer, or one rate for each of them.
    input_dropout : float, default=0.0
        Rate on the landmark genes themselves.
    linear_path : float, default=0.0
        Gain of a path of plain weights from landmarks to output neurons, beside the towers; 0 is
        none, as in the papers. The weights start at 0 and are multiplied by gain / √p, which is
        what makes them learn more slowly than the towers do.
    n_members : int, default=1
        Networks M that differ by their initial weights alone, held as one more batched dimension.
    generator : torch.Generator, default=None
        Source of the initial weights; None is torch's global one.

    Attributes
    ----------
    input_weight : Parameter of shape (M, p, k * w)
    output_weight : Parameter of shape (M, w, q)
    linear_weight : Parameter of shape (M, p, q), or None

    Raises
    ------
    ValueError
        If a size is no integer of at least 1, or another argument is out of range.

    References
    ----------
    Kunc & Kléma (2020), Figure 1 and "Network architectures"; Chen et al. (2016) for
    ``taaf=False, activation="tanh"``.

    Examples
    --------
    >>> import torch
    >>> from sklearn_dgex.nn import TowerNetwork
    >>> network = TowerNetwork(942, 4759, 46, n_towers=5, n_folds=2, skip_connection=True)
    >>> network(torch.zeros(8, 942)).shape
    torch.Size([8, 4759])
    """

    def __init__(
        self,
        n_features_in: int,
        n_targets: int,
        tower_width: int,
        *,
        n_towers: int = 1,
        n_hidden_layers: int = 3,
        n_folds: int = 1,
        reconnection: str | Sequence[int] = "neighbour",
        skip_connection: bool = False,
        activation="sigmoid",
        output_activation="identity",
        taaf: bool = True,
        dropout: float | Sequence[float] = 0.0,
        input_dropout: float = 0.0,
        linear_path: float = 0.0,
        n_members: int = 1,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        check_positive_integers(
            n_features_in=n_features_in,
            n_targets=n_targets,
            tower_width=tower_width,
            n_towers=n_towers,
            n_hidden_layers=n_hidden_layers,
            n_folds=n_folds,
            n_members=n_members,
        )
        self.n_members, self.n_towers, self.tower_width = n_members, n_towers, tower_width
        self.skip_connection = skip_connection
        rates = per_layer_rates(dropout, n_hidden_layers)
        strides = [0] * (n_hidden_layers - 1)
        if n_folds > 1:
            strides = layer_strides(reconnection, n_hidden_layers - 1, n_folds)
        neuron = TAAF if taaf else BiasedActivation

        # NOTE[DIFF] input-dropout: the papers drop hidden neurons alone.
        self.input_dropout = Dropout(input_dropout)
        self.input_weight = nn.Parameter(
            torch.empty(n_members, n_features_in, n_towers * tower_width)
        )
        self.hidden_layers = nn.ModuleList(
            HiddenLayer(n_members, n_towers, tower_width, n_folds, stride) for stride in strides
        )
        self.activations = nn.ModuleList(
            neuron((n_members, n_towers, 1, tower_width), activation) for _ in rates
        )
        self.dropouts = nn.ModuleList(Dropout(rate) for rate in rates)
        self.output_weight = nn.Parameter(torch.empty(n_members, tower_width, n_targets))
        # NOTE[DIFF] output-identity: by default; the papers' output neurons have a sigmoid inside.
        self.output_activation = neuron((n_members, 1, n_targets), output_activation)
        # NOTE[DIFF] linear-path: the papers have towers alone.
        self.linear_path = linear_path
        self.linear_gain = linear_path / math.sqrt(n_features_in)
        self.linear_weight = None
        if linear_path:
            self.linear_weight = nn.Parameter(torch.empty(n_members, n_features_in, n_targets))
        self.reset_parameters(generator)

    def arguments(self) -> dict:
        """Return the arguments that build this network anew, but for its weights and generator.

        Returns
        -------
        dict
            By the names of the constructor.
        """
        folds = [layer.sizes for layer in self.hidden_layers]
        n_folds = len(folds[0]) if folds else 1
        return {
            "n_features_in": self.input_weight.shape[1],
            "n_targets": self.output_weight.shape[2],
            "tower_width": self.tower_width,
            "n_towers": self.n_towers,
            "n_hidden_layers": len(self.activations),
            "n_folds": n_folds,
            "reconnection": [layer.stride for layer in self.hidden_layers],
            "skip_connection": self.skip_connection,
            "activation": self.activations[0].activation,
            "output_activation": self.output_activation.activation,
            "taaf": isinstance(self.output_activation, TAAF),
            "dropout": [dropout.rate for dropout in self.dropouts],
            "input_dropout": self.input_dropout.rate,
            "linear_path": self.linear_path,
            "n_members": self.n_members,
        }

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """Draw new weights by Glorot's uniform rule, block by block; a linear path starts at 0.

        Parameters
        ----------
        generator : torch.Generator, default=None
            Source of the weights; None is torch's global one.
        """
        width = self.tower_width
        n_features_in, n_targets = self.input_weight.shape[1], self.output_weight.shape[2]
        _glorot_uniform_(self.input_weight, n_features_in, width, generator)
        for layer in self.hidden_layers:
            _glorot_uniform_(layer.weight, width, width, generator)
        _glorot_uniform_(self.output_weight, width, n_targets, generator)
        if self.linear_weight is not None:
            nn.init.zeros_(self.linear_weight)

    def forward(self, x: Tensor) -> Tensor:
        """Infer targets from landmarks.

        Parameters
        ----------
        x : Tensor of shape (B, p) or (M, B, p)
            Landmark profiles, shared by all members or one batch for each.

        Returns
        -------
        Tensor of shape (B, q) or (M, B, q)
            For shared profiles the members' average, else each member's own answer.
        """
        y = self.forward_members(x.expand(self.n_members, *x.shape) if x.dim() == 2 else x)
        return y.mean(0) if x.dim() == 2 else y

    def forward_members(self, x: Tensor) -> Tensor:
        """Infer targets by each member from a batch of its own.

        Parameters
        ----------
        x : Tensor of shape (M, B, p)
            Landmark profiles for each member.

        Returns
        -------
        Tensor of shape (M, B, q)
            Inferred targets.
        """
        x = self.input_dropout(x)
        h = self.forward_hidden(x).mean(1)  # (M, B, w)
        z = product(h, self.output_weight)  # (M, B, q)
        if self.linear_weight is not None:
            z = z + product(x * self.linear_gain, self.linear_weight)  # (M, B, q)
        return self.output_activation(z)  # (M, B, q)

    def forward_hidden(self, x: Tensor) -> Tensor:
        """Compute what the last hidden layer of each tower answers.

        Parameters
        ----------
        x : Tensor of shape (M, B, p)
            Landmark profiles for each member; ``input_dropout`` is not applied here.

        Returns
        -------
        Tensor of shape (M, k, B, w)
            Activations of the towers, which :meth:`forward_members` averages.
        """
        z = product(x, self.input_weight)  # (M, B, k * w)
        z = z.unflatten(-1, (self.n_towers, self.tower_width)).transpose(1, 2)  # (M, k, B, w)
        first = h = self.dropouts[0](self.activations[0](z))  # (M, k, B, w)
        layers = zip(self.hidden_layers, self.activations[1:], self.dropouts[1:], strict=True)
        for position, (layer, activation, dropout) in enumerate(layers):
            h = dropout(activation(layer(h)))  # (M, k, B, w)
            if position == 0 and self.skip_connection:
                h = h + first
        return h


class TargetParts(nn.Module):
    """Several networks over the same input, each inferring its own part of the targets.

    The papers train two networks of 4,759 targets each, because one of 9,518 did not fit a GPU.

    Parameters
    ----------
    networks : sequence of TowerNetwork
        One for each part of the targets, in their order.

    Examples
    --------
    >>> import torch
    >>> from sklearn_dgex.nn import TargetParts, TowerNetwork
    >>> TargetParts([TowerNetwork(5, 3, 4), TowerNetwork(5, 2, 4)])(torch.zeros(7, 5)).shape
    torch.Size([7, 5])
    """

    def __init__(self, networks: Sequence[TowerNetwork]) -> None:
        super().__init__()
        self.networks = nn.ModuleList(networks)

    @property
    def n_members(self) -> int:
        """Members M of each network."""
        return self.networks[0].n_members

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """Draw new weights for all networks, one after the other.

        Parameters
        ----------
        generator : torch.Generator, default=None
            Source of the weights; None is torch's global one.
        """
        for network in self.networks:
            network.reset_parameters(generator)

    def forward(self, x: Tensor) -> Tensor:
        """Infer all targets.

        Parameters
        ----------
        x : Tensor of shape (B, p) or (M, B, p)
            Landmark profiles, as for :meth:`TowerNetwork.forward`.

        Returns
        -------
        Tensor of shape (B, q) or (M, B, q)
            The parts of the targets, side by side.
        """
        return torch.cat([network(x) for network in self.networks], dim=-1)


def networks_of(module: nn.Module) -> list[nn.Module]:
    """Return the networks that infer the parts of the targets.

    Parameters
    ----------
    module : torch.nn.Module
        A :class:`TargetParts`, or a network.

    Returns
    -------
    list of torch.nn.Module
        The networks of a :class:`TargetParts`; of any other module, that module alone.

    Examples
    --------
    >>> from sklearn_dgex.nn import TargetParts, TowerNetwork, networks_of
    >>> parts = TargetParts([TowerNetwork(5, 3, 4), TowerNetwork(5, 2, 4)])
    >>> [network.output_weight.shape[-1] for network in networks_of(parts)]
    [3, 2]
    >>> len(networks_of(parts.networks[0]))
    1
    """
    return list(module.networks) if type(module) is TargetParts else [module]


def per_layer_rates(dropout: float | Sequence[float], n_layers: int) -> list[float]:
    """One dropout rate for each hidden layer, from one number or from a sequence of them."""
    rates = [dropout] * n_layers if not isinstance(dropout, Sequence) else list(dropout)
    if len(rates) != n_layers:
        raise ValueError(
            f"The 'dropout' parameter must be one rate or one for each of the {n_layers} hidden "
            f"layers. Got {dropout!r} instead."
        )
    if not all(isinstance(rate, Real) and 0 <= rate < 1 for rate in rates):
        raise ValueError(
            f"The 'dropout' parameter must be rates in [0, 1). Got {dropout!r} instead."
        )
    return [float(rate) for rate in rates]


def _glorot_uniform_(weight: Tensor, fan_in: int, fan_out: int, generator) -> None:
    bound = math.sqrt(6 / (fan_in + fan_out))
    with torch.no_grad():
        weight.uniform_(-bound, bound, generator=generator)
