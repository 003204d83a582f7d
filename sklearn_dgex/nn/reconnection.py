"""The checkerboard: which folds of which towers feed one another, as plain integers."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral

import torch
from torch import Tensor

from sklearn_dgex.nn.names import RECONNECTIONS


def fold_sizes(width: int, n_folds: int) -> list[int]:
    """Cut ``width`` neurons into ``n_folds`` folds that differ by one at most, smaller ones first.

    >>> fold_sizes(7, 2), fold_sizes(7, 3)
    ([3, 4], [2, 2, 3])
    """
    return [(width * (j + 1)) // n_folds - (width * j) // n_folds for j in range(n_folds)]


def layer_strides(reconnection: str | Sequence[int], n_layers: int, n_folds: int) -> list[int]:
    """How far, in towers, neighbouring folds of a block are drawn apart in each layer.

    Stride ``d`` means: block ``b`` joins fold ``j`` of tower ``b - j * d`` (cyclically) for all
    ``j``; stride 0 is a plain tower. The strides are those of the ``n_layers`` layers between
    hidden layers, the first of which is the paper's second (an even one).

    ``"neighbour"`` alternates 1, 0, 1, 0, …: the paper's checkerboard. ``"spread"`` takes
    1, 1 + F, 1 + F + F², … for F folds, with which n layers bring every neuron word of F**n
    different towers: the fewest layers in which all can have heard all.

    >>> layer_strides("neighbour", 4, 2), layer_strides("spread", 3, 2)
    ([1, 0, 1, 0], [1, 3, 7])
    """
    if isinstance(reconnection, str):
        if reconnection == "neighbour":
            return [(layer + 1) % 2 for layer in range(n_layers)]
        if reconnection == "spread":
            return [sum(n_folds**power for power in range(layer + 1)) for layer in range(n_layers)]
        raise ValueError(
            f"The 'reconnection' parameter must be one of {list(RECONNECTIONS)} or a sequence of "
            f"{n_layers} integers. Got {reconnection!r} instead."
        )
    strides = list(reconnection)
    if len(strides) != n_layers or not all(isinstance(stride, Integral) for stride in strides):
        raise ValueError(
            "The 'reconnection' parameter must hold one stride, an integer, for each of the "
            f"{n_layers} layers between hidden layers. Got {strides!r} instead."
        )
    return [int(stride) for stride in strides]


def reconnect(h: Tensor, sizes: list[int], stride: int) -> Tensor:
    """Roll fold ``j`` by ``j * stride`` towers, so that the folds to be joined lie side by side.

    Parameters
    ----------
    h : Tensor of shape (..., k, B, w)
        Activations; ``sizes`` add up to w.
    """
    if stride % h.shape[-3] == 0:
        return h
    folds = h.split(sizes, dim=-1)
    return torch.cat([fold.roll(j * stride, dims=-3) for j, fold in enumerate(folds)], dim=-1)
