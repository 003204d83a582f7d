"""A training step of a TowerNetwork on the CPU, with no pass over numbers that it can do without.

Matrix products are torch's. All that lies between two of them is one compiled loop, and each
gradient is spent on its weights as soon as it is known, some rows at a time, so that there is never
a gradient as large as the network.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

import torch
from torch import Tensor, nn

from sklearn_dgex.nn import TAAF, TowerNetwork
from sklearn_dgex.nn.products import product
from sklearn_dgex.training.compiled import errors, neurons
from sklearn_dgex.training.compiled.functions import IDENTITY, KINDS
from sklearn_dgex.training.compiled.neurons import Layout
from sklearn_dgex.training.nadam import Nadam, Piece, StepNumbers
from sklearn_dgex.training.profiles import Batch

GRADIENT_NUMBERS = 1 << 21  # of a gradient that are held at once: 8 MiB, or one member's towers
SMALL_MATRIX = 1 << 18  # numbers up to which the gradients of many matrices are one product


class Neurons(NamedTuple):
    """A layer's neurons as TAAFs: base activation, the four numbers, and their gradients."""

    kind: int
    values: list[Tensor]
    gradients: list[Tensor]

    @classmethod
    def of(cls, activation: nn.Module, gradients: dict[nn.Parameter, Tensor]) -> Neurons:
        """Take an activation of `nn` apart; a bias is the third number of a TAAF."""
        kind = KINDS[activation.activation]
        if isinstance(activation, TAAF):
            four = [activation.alpha, activation.beta, activation.gamma, activation.delta]
            return cls(kind, [p.detach() for p in four], [gradients[p] for p in four])
        bias = activation.bias.detach()
        one, zero, unused = torch.ones_like(bias), torch.zeros_like(bias), torch.zeros_like(bias)
        of_bias = gradients[activation.bias]
        return cls(kind, [one, one, bias, zero], [unused, unused, of_bias, unused])

    @classmethod
    def passing(cls, x: Tensor) -> Neurons:  # (M, B, p)
        """Neurons that answer with their input."""
        one, zero = x.new_ones(x.shape[0], x.shape[-1]), x.new_zeros(x.shape[0], x.shape[-1])
        return cls(IDENTITY, [one, one, zero, zero], [])


class CompiledStep:
    """Train a network on its part of the targets, one batch a call.

    Parameters
    ----------
    network : TowerNetwork
        Of contiguous float32 parameters on the CPU, with named activations.
    optimizer : Nadam
        Of the network's parameters, maybe among others.
    loss : str
        A key of `LOSSES`.
    precision : {"float32", "bfloat16"}
        Of the factors of matrix products; weights and their moments are float32 in any case.
    first_target : int
        The network's first column of the targets.
    """

    def __init__(
        self,
        network: TowerNetwork,
        optimizer: Nadam,
        loss: str,
        *,
        precision: str = "float32",
        first_target: int = 0,
    ):
        self.network, self.optimizer, self.loss = network, optimizer, loss
        self.dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
        self.first_target = first_target
        self.parameters = list(network.parameters())
        activations = [*network.activations, network.output_activation]
        small = [p for activation in activations for p in activation.parameters()]
        matrices = set(self.parameters) - set(small)
        self.factors = {p: p.detach().to(self.dtype) for p in matrices}
        self.small_gradient = torch.zeros(sum(p.numel() for p in small))
        pieces = self.small_gradient.split([p.numel() for p in small])
        self.gradients = {p: g.view_as(p) for p, g in zip(small, pieces, strict=True)}
        layers = network.hidden_layers
        self.n_folds = len(layers[0].sizes) if layers else 1
        *self.hidden, self.output = (Neurons.of(part, self.gradients) for part in activations)

    @torch.no_grad()
    def __call__(self, batch: Batch) -> Tensor:
        """Take a step, and return the batch's loss, added up over members."""
        network, optimizer, factors = self.network, self.optimizer, self.factors
        self.small_gradient.zero_()
        x, keys = self._inputs(batch)  # (M, B, p)
        sums, outputs = self._respond(x, keys)
        average, linear_x = outputs[-1].tensor[:, 0], None  # (M, B, w)
        z = product(average, factors[network.output_weight])  # (M, B, q)
        if network.linear_weight is not None:
            linear_x = x * network.linear_gain  # (M, B, p)
            z += product(linear_x, factors[network.linear_weight])
        loss = self._judge(z, batch)  # z is the loss's gradient by z now
        numbers = optimizer.advance(self.parameters, optimizer.param_groups[0])
        d_average = product(z, factors[network.output_weight].mT)  # (M, B, w)
        self._descend(network.output_weight, average, z, numbers)
        if linear_x is not None:
            self._descend(network.linear_weight, linear_x, z, numbers)
        self._blame(x, keys, sums, outputs, d_average, numbers)
        pieces = [optimizer.piece(p, gradient) for p, gradient in self.gradients.items()]
        optimizer.descend(pieces, numbers)
        return loss

    def _inputs(self, batch: Batch) -> tuple[Tensor, list[list[int]]]:
        """Landmarks after their dropout, and the keys of the dropout after each layer."""
        dropout, x = self.network.input_dropout, batch.x.float()  # (M, B, p), this step's own
        if dropout.rate:
            layout, identity = Layout(x.unsqueeze(1)), Neurons.passing(x)
            neurons.respond(identity, layout, layout, None, 1, dropout, dropout.draw_keys())
        return x.to(self.dtype), [dropout.draw_keys() for dropout in self.network.dropouts]

    def _respond(self, x: Tensor, keys: list) -> tuple[list[Layout], list[Layout]]:
        """Weighted sums, and outputs, of all hidden layers; the last one's are averages."""
        network, last = self.network, len(self.hidden) - 1
        n_members, n_samples, _ = x.shape
        shape = (n_members, network.n_towers, n_samples, network.tower_width)
        z = product(x, self.factors[network.input_weight])  # (M, B, k * w)
        sums = [Layout(z.unflatten(-1, shape[1::2]).transpose(1, 2))]  # (M, k, B, w)
        outputs = []
        for i, layer in enumerate(self.hidden):
            if i < last:
                outputs.append(Layout(z.new_empty(shape), network.hidden_layers[i].stride))
            else:
                outputs.append(Layout(_one_for_all(z.new_empty(shape[0], *shape[2:]), shape)))
            skipped = outputs[0] if i == 1 and network.skip_connection else None
            dropout = network.dropouts[i]
            neurons.respond(layer, sums[i], outputs[i], skipped, self.n_folds, dropout, keys[i])
            if i < last:
                weight = network.hidden_layers[i].weight
                z = product(outputs[i].tensor, self.factors[weight])  # (M, k, B, w)
                sums.append(Layout(z, outputs[i].roll))
        return sums, outputs

    def _blame(self, x, keys, sums, outputs, d_average, numbers: StepNumbers) -> None:
        """Go back through the hidden layers, whose sums become gradients by sums, and descend."""
        network = self.network
        d_output = Layout(_one_for_all(d_average, sums[0].tensor.shape))
        d_second = None
        for i in reversed(range(len(self.hidden))):
            if i == 1 and network.skip_connection:
                d_second = d_output
            skipped, dropout = d_second if i == 0 else None, network.dropouts[i]
            layer = self.hidden[i]
            neurons.blame(layer, sums[i], d_output, skipped, self.n_folds, dropout, keys[i])
            if i:
                weight, z = network.hidden_layers[i - 1].weight, sums[i].tensor
                d_output = Layout(product(z, self.factors[weight].mT), sums[i].roll)
                self._descend(weight, outputs[i - 1].tensor, z, numbers)
        z = sums[0].tensor.transpose(1, 2).flatten(2)  # (M, B, k * w)
        self._descend(network.input_weight, x, z, numbers)

    def _judge(self, z: Tensor, batch: Batch) -> Tensor:
        """Loss of the weighted sums of output neurons, which become its gradient by them."""
        weight = batch.weight
        if weight is None:
            weight = z.new_full(z.shape[:2], 1 / z.shape[1], dtype=torch.float32)
        else:
            total = weight.sum(-1, keepdim=True)
            weight = weight / total.clamp_min(torch.finfo(weight.dtype).tiny)
        y = batch.profiles.y
        if y.dtype != torch.float32 or y.stride(-1) != 1:
            y = y.float().contiguous()
        if self.loss != "summed_squared_error":
            weight = weight / y.shape[1]
        return errors.judge(self.output, self.loss, z, y[:, self.first_target :], batch, weight)

    def _descend(self, weight, inputs: Tensor, d_sums: Tensor, numbers: StepNumbers) -> None:
        """Descend the gradient of weights, ``inputs.mT @ d_sums``: (..., B, m), (..., B, n)."""
        optimizer, (*batch, n_inputs, n_outputs) = self.optimizer, weight.shape
        copy = None if self.dtype == torch.float32 else self.factors[weight]
        piece = optimizer.piece(weight, weight, copy)
        if n_inputs * n_outputs <= SMALL_MATRIX:
            n_members = max(1, GRADIENT_NUMBERS // weight[0].numel())
            for first in range(0, len(weight), n_members):
                members = slice(first, first + n_members)
                gradient = inputs[members].mT @ d_sums[members]
                optimizer.descend([_part(piece, members, gradient)], numbers)
            return
        n_rows = max(1, GRADIENT_NUMBERS // n_outputs)
        for index in itertools.product(*map(range, batch)):
            a, b = inputs[index].mT, d_sums[index]  # (m, B), (B, n)
            for first in range(0, n_inputs, n_rows):
                rows = slice(first, first + n_rows)
                part = _part(piece, (*index, rows), product(a[rows], b))
                optimizer.descend([part], numbers)


def _part(piece: Piece, index, gradient: Tensor) -> Piece:
    parts = [tensor if tensor is None else tensor[index] for tensor in piece]
    return Piece(*parts)._replace(gradient=gradient)


def _one_for_all(tensor: Tensor, shape: torch.Size | tuple) -> Tensor:  # (M, B, w) -> (M, k, B, w)
    return tensor.unsqueeze(1).expand(shape)
