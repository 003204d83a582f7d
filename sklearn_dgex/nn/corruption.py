"""Noise that a denoising autoencoder learns to undo."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from sklearn_dgex.nn.hashing import N_NUMBERS
from sklearn_dgex.nn.names import NOISES


def corrupt(
    x: Tensor, numbers: Tensor, *, noise: str, level: float, low: float = 0.0, high: float = 1.0
) -> Tensor:
    """Corrupt ``x`` by uniform random integers below 2³¹.

    Parameters
    ----------
    x : Tensor of shape (..., d)
    numbers : Tensor of shape (..., d), for Gaussian noise (..., d, 2), int64
    noise : {"masking", "gaussian", "salt_and_pepper"}
        Set entries to zero; add normal numbers of standard deviation ``level``; or set entries to
        ``low`` or ``high``, each as likely as the other.
    level : float in [0, 1)
        Probability that an entry is replaced, or the standard deviation.
    low, high : float
        What salt and pepper are.
    """
    if level == 0:
        return x
    if noise == "gaussian":
        radius, angle = numbers.to(x.dtype).unbind(-1)
        size = torch.sqrt(-2 * torch.log((radius + 1) / N_NUMBERS))  # Box and Muller
        return x + level * size * torch.cos(2 * math.pi * (angle / N_NUMBERS))
    # NOTE[DIFF] masked-share: the paper masks a fixed share of each profile.
    noisy = x.masked_fill(numbers < round(level * N_NUMBERS), 0.0 if noise == "masking" else high)
    if noise == "salt_and_pepper":
        noisy = noisy.masked_fill(numbers < round(level * N_NUMBERS / 2), low)
    return noisy


class Corruption(nn.Module):
    """Corrupt the input in training; leave it alone in evaluation.

    Masking sets an entry to zero and leaves the others as they are; ``nn.Dropout`` would scale
    them.

    Parameters
    ----------
    noise : {"masking", "gaussian", "salt_and_pepper"}, default="masking"
        Kind of noise.
    level : float in [0, 1), default=0.1
        Probability that an entry is replaced, or the standard deviation of Gaussian noise.
    generator : torch.Generator, default=None
        Source of the noise, on the input's device; None is torch's global one.

    Attributes
    ----------
    low, high : float
        What salt and pepper are: 0 and 1, unless set otherwise.
    numbers : callable or None
        A trainer's own source of uniform integers below 2³¹, called with their shape and device.

    Raises
    ------
    ValueError
        If the noise is of another kind, or the level out of range.

    References
    ----------
    Vincent et al. (2010), Stacked denoising autoencoders, section 3.3.

    Examples
    --------
    >>> import torch
    >>> from sklearn_dgex.nn import Corruption
    >>> corruption = Corruption(level=0.5, generator=torch.Generator().manual_seed(0))
    >>> corruption(torch.ones(2, 1000)).unique().tolist()
    [0.0, 1.0]
    """

    def __init__(self, noise="masking", level=0.1, generator=None) -> None:
        super().__init__()
        if noise not in NOISES:
            raise ValueError(
                f"The 'noise' parameter must be one of {NOISES}. Got {noise!r} instead."
            )
        if not 0 <= level < 1:
            raise ValueError(f"The 'level' parameter must be in [0, 1). Got {level!r} instead.")
        self.noise = noise
        self.level = level
        self.generator = generator
        self.low, self.high = 0.0, 1.0
        self.numbers = None

    def forward(self, x: Tensor) -> Tensor:
        """Corrupt profiles in training.

        Parameters
        ----------
        x : Tensor of shape (..., d)
            Profiles.

        Returns
        -------
        Tensor of shape (..., d)
            A corrupted copy; ``x`` itself in evaluation, or with ``level=0``.
        """
        if not self.training or self.level == 0:
            return x
        shape = (*x.shape, 2) if self.noise == "gaussian" else x.shape
        if self.numbers is not None:
            numbers = self.numbers(shape, x.device)
        else:
            numbers = torch.randint(N_NUMBERS, shape, generator=self.generator, device=x.device)
        return corrupt(x, numbers, noise=self.noise, level=self.level, low=self.low, high=self.high)

    def extra_repr(self) -> str:
        """Return what torch's repr shows: kind and level of the noise.

        Returns
        -------
        str
            Without the name of the class.
        """
        return f"{self.noise!r}, level={self.level}"
