"""The network of the papers, as one writes it in plain torch: twice, for two tastes.

Both compute what a :class:`~sklearn_dgex.nn.TowerNetwork` of one member computes that has sigmoid
TAAFs, three hidden layers, and in a checkerboard two folds; tests/test_speed_benchmarks.py compares
them. They start from the weights of the one they are given.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from sklearn_dgex.nn import TowerNetwork


class PlainTAAF(nn.Module):
    """``alpha * f(beta * z + gamma) + delta``, written as it is read."""

    def __init__(self, parameters: dict[str, Tensor], function):
        super().__init__()
        self.function = function
        for name in ("alpha", "beta", "gamma", "delta"):
            self.register_parameter(name, copied(parameters[name]))

    def forward(self, z: Tensor) -> Tensor:
        return self.alpha * self.function(self.beta * z + self.gamma) + self.delta


class HandWrittenNetwork(nn.Module):
    """All towers at once, by products of three-dimensional tensors."""

    def __init__(self, network: TowerNetwork):
        super().__init__()
        described = network.arguments()
        self.rates, self.skip = described["dropout"], described["skip_connection"]
        self.shifts = described["reconnection"]
        k, w = network.n_towers, network.tower_width
        self.first = copied(network.input_weight[0].unflatten(-1, (k, w)).transpose(0, 1))
        self.second, self.third = (copied(layer.weight[0]) for layer in network.hidden_layers)
        self.output = copied(network.output_weight[0])
        self.taafs = nn.ModuleList(
            PlainTAAF({name: p[0] for name, p in theirs.named_parameters()}, torch.sigmoid)
            for theirs in network.activations
        )
        self.output_taaf = PlainTAAF(
            {name: p[0] for name, p in network.output_activation.named_parameters()}, identity
        )

    def forward(self, x: Tensor) -> Tensor:  # (B, p) -> (B, q)
        h1 = self.activate(0, x @ self.first)  # (k, B, w)
        h2 = self.activate(1, self.layer(h1, self.second, self.shifts[0]))
        if self.skip:
            h2 = h2 + h1
        h3 = self.activate(2, self.layer(h2, self.third, self.shifts[1]))
        return self.output_taaf(h3.mean(0) @ self.output)

    def activate(self, number: int, z: Tensor) -> Tensor:
        h = self.taafs[number](z)
        return nn.functional.dropout(h, self.rates[number], self.training)

    def layer(self, h: Tensor, weight: Tensor, shift: int) -> Tensor:
        if shift % len(h) == 0:
            return torch.bmm(h, weight)
        return rolled(torch.bmm(rolled(h, shift), weight), -shift)


class PerTowerNetwork(nn.Module):
    """One ``nn.Linear`` a tower and layer, in Python's loops."""

    def __init__(self, network: TowerNetwork):
        super().__init__()
        described = network.arguments()
        self.rates, self.skip = described["dropout"], described["skip_connection"]
        self.shifts = described["reconnection"]
        k, w = network.n_towers, network.tower_width
        first = network.input_weight[0].unflatten(-1, (k, w)).transpose(0, 1)  # (k, p, w)
        weights = [first, *(layer.weight[0] for layer in network.hidden_layers)]
        self.layers = nn.ModuleList(nn.ModuleList(map(linear, weight)) for weight in weights)
        self.taafs = nn.ModuleList(
            nn.ModuleList(
                PlainTAAF({n: p[0, tower] for n, p in theirs.named_parameters()}, torch.sigmoid)
                for tower in range(k)
            )
            for theirs in network.activations
        )
        self.output = linear(network.output_weight[0])
        self.output_taaf = PlainTAAF(
            {name: p[0] for name, p in network.output_activation.named_parameters()}, identity
        )

    def forward(self, x: Tensor) -> Tensor:  # (B, p) -> (B, q)
        first = self.activate(0, [layer(x) for layer in self.layers[0]])
        towers = self.activate(1, self.layer(1, first, self.shifts[0]))
        if self.skip:
            towers = [h + h1 for h, h1 in zip(towers, first, strict=True)]
        towers = self.activate(2, self.layer(2, towers, self.shifts[1]))
        return self.output_taaf(self.output(sum(towers) / len(towers)))

    def activate(self, number: int, sums: list[Tensor]) -> list[Tensor]:
        rate = self.rates[number]
        return [
            nn.functional.dropout(taaf(z), rate, self.training)
            for taaf, z in zip(self.taafs[number], sums, strict=True)
        ]

    def layer(self, number: int, towers: list[Tensor], shift: int) -> list[Tensor]:
        blocks = reconnected(towers, shift)
        sums = [layer(h) for layer, h in zip(self.layers[number], blocks, strict=True)]
        return reconnected(sums, -shift)


def copied(weight: Tensor) -> nn.Parameter:
    return nn.Parameter(weight.detach().clone(memory_format=torch.contiguous_format))


def linear(weight: Tensor) -> nn.Linear:
    """Return a layer without a bias that multiplies by ``weight`` (in, out)."""
    layer = nn.Linear(*weight.shape, bias=False)
    layer.weight = copied(weight.T)
    return layer


def identity(z: Tensor) -> Tensor:
    return z


def rolled(h: Tensor, shift: int) -> Tensor:
    """Move the second half of each tower's neurons ``shift`` towers on."""
    half = h.shape[-1] // 2
    return torch.cat([h[..., :half], torch.roll(h[..., half:], shift, 0)], -1)


def reconnected(towers: list[Tensor], shift: int) -> list[Tensor]:
    """Join the first half of each tower with the second one of the tower ``shift`` before it."""
    if shift % len(towers) == 0:
        return towers
    half = towers[0].shape[-1] // 2
    return [
        torch.cat([h[:, :half], towers[(number - shift) % len(towers)][:, half:]], 1)
        for number, h in enumerate(towers)
    ]
