"""Dropout that draws from a generator of its own."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Dropout(nn.Module):
    """Set each entry to zero with probability ``rate`` and scale the rest by ``1 / (1 - rate)``.

    ``torch.nn.Dropout`` draws from torch's one global generator, so that two fits in two threads
    change each other's numbers. This one draws from ``generator``, which a trainer sets, and falls
    back on the global one only while that is ``None``.

    Parameters
    ----------
    rate : float in [0, 1)
        Probability of a zero.

    Examples
    --------
    >>> import torch
    >>> from sklearn_dgex.nn import Dropout
    >>> dropout = Dropout(0.5)
    >>> dropout.generator = torch.Generator().manual_seed(0)
    >>> sorted(set(dropout(torch.ones(100)).tolist()))
    [0.0, 2.0]
    >>> bool((dropout.eval()(torch.ones(100)) == 1).all())
    True
    """

    def __init__(self, rate: float):
        super().__init__()
        if not 0 <= rate < 1:
            raise ValueError(
                f"The 'rate' parameter of Dropout must be in [0, 1). Got {rate!r} instead."
            )
        self.rate = rate
        self.generator: torch.Generator | None = None

    def forward(self, h: Tensor) -> Tensor:
        if not self.training or self.rate == 0:
            return h
        kept = torch.empty_like(h, requires_grad=False)
        kept.bernoulli_(1 - self.rate, generator=self.generator)
        return h * kept.mul_(1 / (1 - self.rate))

    def extra_repr(self) -> str:
        return f"rate={self.rate}"

    def __getstate__(self):
        # A generator is a running process, not a part of the model: copies and pickles go without.
        return {**self.__dict__, "generator": None}
