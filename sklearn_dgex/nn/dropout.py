"""Dropout that draws from a generator of its own."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from sklearn_dgex.nn.hashing import N_NUMBERS, drawn


class Dropout(nn.Module):
    """Set each entry to zero with probability ``rate`` and scale the rest by ``1 / (1 - rate)``.

    ``torch.nn.Dropout`` draws from torch's one global generator, so that two fits in two threads
    change each other's numbers, and other numbers on other devices. This one takes two keys a call
    from ``generator``, which a trainer sets, and hashes them with each entry's place: the same
    entries are dropped on every device. Without a generator, keys are the global one's. A trainer
    that draws keys itself, to have them on the device, sets ``keys``, an int64 tensor of the two,
    and maybe ``drop``, a twin of :func:`dropped`. One that learns from a part of a batch's samples,
    the second-last axis, sets ``place``: how many of the batch's samples precede them, and how many
    it has. Then those entries are dropped that would be if all were there.

    Parameters
    ----------
    rate : float in [0, 1)
        Probability of a zero, to the nearest multiple of 2⁻³¹.

    Raises
    ------
    ValueError
        If the rate is out of range.

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

    def __init__(self, rate: float) -> None:
        super().__init__()
        if not 0 <= rate < 1:
            raise ValueError(
                f"The 'rate' parameter of Dropout must be in [0, 1). Got {rate!r} instead."
            )
        self.rate = rate
        self.generator: torch.Generator | None = None
        self.keys: Tensor | None = None
        self.place: tuple[int, int] | None = None
        self.drop = dropped

    @property
    def threshold(self) -> int:
        """Number, of those below 2³¹, below which an entry is dropped."""
        return min(round(self.rate * N_NUMBERS), N_NUMBERS - 1)

    def draw_keys(self) -> list[int]:
        """Draw two keys of the next call's numbers; none are drawn where nothing is dropped.

        Returns
        -------
        list of int of length 2
            Integers below 2³¹; zeros where ``rate`` is 0.
        """
        if self.rate == 0:
            return [0, 0]
        return torch.randint(N_NUMBERS, (2,), generator=self.generator).tolist()

    def forward(self, h: Tensor) -> Tensor:
        """Drop entries in training.

        Parameters
        ----------
        h : Tensor of any shape
            Activations; with ``place`` set, samples stand along the second-last axis.

        Returns
        -------
        Tensor of the shape of ``h``
            ``h`` itself in evaluation, or with ``rate=0``.
        """
        if not self.training or self.rate == 0:
            return h
        keys = self.draw_keys() if self.keys is None else self.keys
        if self.place is not None:
            return dropped(h, keys, self.threshold, self.place)
        return self.drop(h, keys, self.threshold)

    def extra_repr(self) -> str:
        """Return what torch's repr shows: the rate.

        Returns
        -------
        str
            Without the name of the class.
        """
        return f"rate={self.rate}"

    def __getstate__(self):
        # A generator is a running process, not a part of the model: copies and pickles go without.
        started = {"generator": None, "keys": None, "place": None, "drop": dropped}
        return {**self.__dict__, **started}


def dropped(
    h: Tensor,
    keys: Sequence[int] | Tensor,
    threshold: int,
    place: tuple[int, int] | None = None,
) -> Tensor:
    """Set entries whose number is below the threshold to zero, and scale the rest.

    ``place`` is how many samples, of the second-last axis, come before these, and how many there
    are with these and those after them; None takes these for all.
    """
    places = torch.arange(h.numel(), device=h.device).view(h.shape)
    if place is not None:
        first, n_samples = place
        rows = torch.arange(h.shape[:-2].numel(), device=h.device).view(*h.shape[:-2], 1, 1)
        # Each matrix of the whole batch has so many entries more than one of this part.
        places += (rows * (n_samples - h.shape[-2]) + first) * h.shape[-1]
    kept = drawn(places, *keys) >= threshold
    return h * kept.to(h.dtype).mul_(N_NUMBERS / (N_NUMBERS - threshold))
