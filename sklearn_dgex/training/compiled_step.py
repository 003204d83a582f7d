"""A training step of a TowerNetwork on the CPU, with no pass over numbers that it can do without.

Matrix products are torch's. All that lies between two of them is one compiled loop, and each
gradient is spent on its weights as soon as it is known, some rows at a time, so that there is never
a gradient as large as the network.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from sklearn_dgex.nn import TAAF, TowerNetwork
from sklearn_dgex.nn.products import product
from sklearn_dgex.training.compiled import errors, neurons
from sklearn_dgex.training.compiled.functions import IDENTITY, KINDS
from sklearn_dgex.training.compiled.neurons import Layout
from sklearn_dgex.training.distributed.parts import loss_shares, whole_of
from sklearn_dgex.training.nadam import Nadam, Piece, StepNumbers
from sklearn_dgex.training.profiles import Batch

GRADIENT_NUMBERS = 1 << 21  # of a gradient that are held at once: 8 MiB, or one matrix
SMALL_MATRIX = 1 << 18  # numbers up to which the gradients of many matrices are one product


class Neurons(NamedTuple):
    """A layer's neurons as TAAFs: base activation, the four numbers, and their gradients.

    Gradients are float64, so that the order of samples, and ranks, leaves no trace in them: Nadam
    takes a step of full length even for a sum of which nothing but its rounding error is left.
    """

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
        one, zero, unused = torch.ones_like(bias), torch.zeros_like(bias), bias.double()
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
        self.small_gradient = torch.zeros(sum(p.numel() for p in small), dtype=torch.float64)
        pieces = self.small_gradient.split([p.numel() for p in small])
        self.gradients = {p: g.view_as(p) for p, g in zip(small, pieces, strict=True)}
        layers = network.hidden_layers
        self.n_folds = len(layers[0].sizes) if layers else 1
        self.take_neurons()

    def take_neurons(self) -> None:
        """Take the neurons' numbers where they lie now: a callback may have put others there."""
        activations = [*self.network.activations, self.network.output_activation]
        *self.hidden, self.output = (Neurons.of(part, self.gradients) for part in activations)

    @torch.no_grad()
    def __call__(self, batch: Batch) -> Tensor:
        """Take a step, and return the batch's loss, added up over members."""
        network, optimizer, factors = self.network, self.optimizer, self.factors
        self.small_gradient.zero_()
        place = whole_of(batch).place
        x, keys = self._inputs(batch, place)  # (M, B, p)
        sums, outputs = self._respond(x, keys, place)
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
        self._blame(x, keys, place, sums, outputs, d_average, numbers)
        return self._finish(loss, numbers)

    def _inputs(self, batch: Batch, place: tuple) -> tuple[Tensor, list[list[int]]]:
        """Landmarks after their dropout, and the keys of the dropout after each layer."""
        dropout, x = self.network.input_dropout, batch.x.float()  # (M, B, p), this step's own
        if dropout.rate:
            layout, identity = Layout(x.unsqueeze(1)), Neurons.passing(x)
            keys = dropout.draw_keys()
            neurons.respond(identity, layout, layout, None, 1, dropout, keys, place)
        return x.to(self.dtype), [dropout.draw_keys() for dropout in self.network.dropouts]

    def _respond(self, x: Tensor, keys: list, place: tuple) -> tuple[list[Layout], list[Layout]]:
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
            drop = network.dropouts[i], keys[i], place
            neurons.respond(layer, sums[i], outputs[i], skipped, self.n_folds, *drop)
            if i < last:
                weight = network.hidden_layers[i].weight
                z = product(outputs[i].tensor, self.factors[weight])  # (M, k, B, w)
                sums.append(Layout(z, outputs[i].roll))
        return sums, outputs

    def _blame(self, x, keys, place, sums, outputs, d_average, numbers: StepNumbers) -> None:
        """Go back through the hidden layers, whose sums become gradients by sums, and descend."""
        network = self.network
        d_output = Layout(_one_for_all(d_average, sums[0].tensor.shape))
        d_second = None
        for i in reversed(range(len(self.hidden))):
            if i == 1 and network.skip_connection:
                d_second = d_output
            skipped, drop = d_second if i == 0 else None, (network.dropouts[i], keys[i], place)
            neurons.blame(self.hidden[i], sums[i], d_output, skipped, self.n_folds, *drop)
            if i:
                weight, z = network.hidden_layers[i - 1].weight, sums[i].tensor
                d_output = Layout(product(z, self.factors[weight].mT), sums[i].roll)
                self._descend(weight, outputs[i - 1].tensor, z, numbers)
        z = sums[0].tensor.transpose(1, 2).flatten(2)  # (M, B, k * w)
        self._descend(network.input_weight, x, z, numbers)

    def _judge(self, z: Tensor, batch: Batch) -> Tensor:
        """Loss of the weighted sums of output neurons, which become its gradient by them."""
        weight = loss_shares(batch.weight, whole_of(batch), z)
        y = batch.profiles.y
        if y.dtype != torch.float32 or y.stride(-1) != 1:
            y = y.float().contiguous()
        if self.loss != "summed_squared_error":
            weight = weight / y.shape[1]
        return errors.judge(self.output, self.loss, z, y[:, self.first_target :], batch, weight)

    def _finish(self, loss: Tensor, numbers: StepNumbers) -> Tensor:
        """Descend what is left, the neurons' gradients; return the loss of the whole batch."""
        pieces = [self.optimizer.piece(p, g.float()) for p, g in self.gradients.items()]
        self.optimizer.descend(pieces, numbers)
        return loss

    def _descend(self, weight, inputs: Tensor, d_sums: Tensor, numbers: StepNumbers) -> None:
        """Descend the gradient of weights, ``inputs.mT @ d_sums``: (..., B, m), (..., B, n)."""
        self._descend_rows(weight, inputs, d_sums, numbers, 0, weight.shape[:-1].numel())

    def _descend_rows(self, weight, inputs, d_sums, numbers, row: int, end: int) -> None:
        """Descend the gradient of some rows of weights, all matrices' rows being one series."""
        copy = None if self.dtype == torch.float32 else self.factors[weight]
        piece = self.optimizer.piece(weight, weight, copy)
        inputs, d_sums = inputs.flatten(0, -3), d_sums.flatten(0, -3)  # (N, B, m), (N, B, n)
        n_inputs, n_outputs = weight.shape[-2:]
        n_together = max(1, GRADIENT_NUMBERS // (n_inputs * n_outputs))
        n_rows = max(1, GRADIENT_NUMBERS // n_outputs)
        while row < end:
            matrix, first = divmod(row, n_inputs)
            n_matrices = 0 if first else min(n_together, (end - row) // n_inputs)
            if n_matrices and n_inputs * n_outputs <= SMALL_MATRIX:
                matrices = slice(matrix, matrix + n_matrices)
                gradient = (inputs[matrices].mT @ d_sums[matrices]).flatten(0, 1)
            else:
                last = min(n_inputs, first + n_rows, first + end - row)
                gradient = product(inputs[matrix].mT[first:last], d_sums[matrix])
            self._spend(_part(piece, slice(row, row + len(gradient)), gradient), numbers)
            row += len(gradient)

    def _spend(self, part: Piece, numbers: StepNumbers) -> None:
        self.optimizer.descend([part], numbers)


def _part(piece: Piece, rows: slice, gradient: Tensor) -> Piece:
    parts = [tensor if tensor is None else tensor.flatten(0, -2)[rows] for tensor in piece]
    return Piece(*parts)._replace(gradient=gradient)


def _one_for_all(tensor: Tensor, shape: torch.Size | tuple) -> Tensor:  # (M, B, w) -> (M, k, B, w)
    return tensor.unsqueeze(1).expand(shape)
