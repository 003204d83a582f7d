"""Training data, and who learns from which sample."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from sklearn_dgex.training.cuda.staging import staged
from sklearn_dgex.training.cuda.transfer import sent


@dataclass
class Profiles:
    """Scaled profiles, and for each member the samples it learns from and those held out from it.

    All lie on the device of the training; or, where they are too many for it, all but ``y_scale``
    lie on the CPU, and batches go to the device one by one.

    Parameters
    ----------
    x : Tensor of shape (n, p)
        Scaled landmarks.
    y : Tensor of shape (n, q)
        Scaled targets.
    y_scale : Tensor of shape (q,), float64
        Units of the targets in one unit of ``y``; errors are reported in the former.
    weight : Tensor of shape (n,) or None
        Sample weights; None weighs all alike.
    train_index, valid_index : Tensor of shape (M, n_train), (M, n_valid)
        Row numbers for each member.

    Examples
    --------
    >>> import torch
    >>> from sklearn_dgex.training import Profiles
    >>> index = torch.arange(10).view(1, 10)  # one member, which holds the last two samples out
    >>> profiles = Profiles(
    ...     torch.zeros(10, 3), torch.zeros(10, 2), torch.ones(2), None, index[:, :8], index[:, 8:]
    ... )
    >>> len(profiles), profiles.n_batches(4), profiles.n_members
    (8, 2, 1)
    """

    x: Tensor
    y: Tensor
    y_scale: Tensor
    weight: Tensor | None
    train_index: Tensor
    valid_index: Tensor

    def __len__(self) -> int:
        return self.train_index.shape[1]

    @property
    def n_members(self) -> int:
        """Members that the samples are shared out to."""
        return self.train_index.shape[0]

    @property
    def device(self) -> torch.device:
        """Where batches are to be."""
        return self.y_scale.device

    @property
    def resident(self) -> bool:
        """Whether the profiles are there already."""
        return self.x.device == self.device

    @property
    def held_out(self) -> Profiles:
        """Profiles that ``valid_index`` counts: these."""
        return self

    def n_batches(self, batch_size: int) -> int:
        """Count the batches that make an epoch.

        Parameters
        ----------
        batch_size : int
            Samples a step and member, or nearly: an epoch's samples are spread evenly.

        Returns
        -------
        int
            At least 1.
        """
        return max(1, round(len(self) / batch_size))

    def parts(self, n_batches: int, generator: torch.Generator) -> Iterator[tuple[Profiles, int]]:
        """Yield profiles to learn from one after another in an epoch: these, once.

        Parameters
        ----------
        n_batches : int
            Batches of the epoch.
        generator : torch.Generator
            Source of an order, of which one part needs none.

        Yields
        ------
        profiles : Profiles
            These.
        n_batches : int
            Batches to cut them into.
        """
        yield self, n_batches

    def take(self, rows: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
        """Put some rows on the device.

        Parameters
        ----------
        rows : Tensor of int64, of shape (...)
            Row numbers.

        Returns
        -------
        x : Tensor of shape (..., p)
            Landmarks.
        y : Tensor of shape (..., q)
            Targets.
        weight : Tensor of shape (...) or None
            Sample weights.
        """
        weight = None if self.weight is None else sent(self.weight[rows], self.device)
        return sent(self.x[rows], self.device), sent(self.y[rows], self.device), weight


def ring_splits(
    n_samples: int, n_members: int, n_valid: int, rng: np.random.RandomState
) -> tuple[Tensor, Tensor]:
    """Hold out another part of the samples from each member.

    The samples are shuffled once and laid in a ring; member ``m`` of ``M`` holds out the
    ``n_valid`` samples that start ``m / M`` of the way round. So M members that hold out 1/M or
    more leave every sample unseen by at least one of them, and together they learn from all.

    Returns
    -------
    train_index, valid_index : Tensor of shape (M, n_train), (M, n_valid)
        At least one sample is left to learn from.
    """
    # NOTE[DIFF] averaged-members: the papers train one network, on one split.
    n_valid = min(n_valid, n_samples - 1)
    ring = rng.permutation(n_samples)
    starts = [member * n_samples // n_members for member in range(n_members)]
    rolled = torch.from_numpy(np.stack([np.roll(ring, -start) for start in starts]))
    return rolled[:, n_valid:].contiguous(), rolled[:, :n_valid].contiguous()


@dataclass
class Batch:
    """What each member learns from in one step: rows of the profiles, blended if so wanted.

    Attributes
    ----------
    profiles : Profiles
    rows : Tensor of shape (M, B)
    partners : Tensor of shape (M, B) or None
        Rows that ``rows`` are blended with; None blends none.
    share : Tensor of shape (M, B) or None
        Share of ``rows`` in the blend.
    weight : Tensor of shape (M, B) or None
        Sample weights; None weighs all alike.
    """

    profiles: Profiles
    rows: Tensor
    partners: Tensor | None = None
    share: Tensor | None = None
    weight: Tensor | None = None

    @property
    def x(self) -> Tensor:
        """Landmarks (M, B, p)."""
        return self._blended(self.profiles.x)

    @property
    def y(self) -> Tensor:
        """Targets (M, B, q)."""
        return self._blended(self.profiles.y)

    def __iter__(self):
        return iter((self.x, self.y, self.weight))

    def _blended(self, values: Tensor) -> Tensor:
        if self.partners is None:
            return values[self.rows]
        return torch.lerp(values[self.partners], values[self.rows], self.share.unsqueeze(-1))

    def write(self, x: Tensor, y: Tensor) -> None:
        """Write landmarks (M, B, p) and targets (M, B, q) into tensors at hand."""
        for values, out in ((self.profiles.x, x), (self.profiles.y, y)):
            if self.partners is None:
                torch.index_select(values, 0, self.rows.flatten(), out=out.flatten(0, 1))
            else:
                out.copy_(self._blended(values))


class TrainingBatches:
    """One epoch after another of shuffled batches: rows of tensors, and no per-sample work.

    Every member draws an order of its own. With ``mixup`` > 0 each sample of a batch is blended
    with another one of the same batch, landmarks and targets alike, by a share drawn from
    Beta(mixup, mixup); weighted samples' shares are in proportion to their weights as well.

    Parameters
    ----------
    profiles : Profiles or ProfileStream
    batch_size : int
        Samples a step and member; the samples of an epoch are spread evenly over its batches.
    mixup : float
        Parameter of the Beta distribution; 0 leaves the samples as they are.
    generator : torch.Generator
        On the CPU, whatever the device of the profiles, so that both see the same order.
    """

    def __init__(
        self, profiles: Profiles, batch_size: int, mixup: float, generator: torch.Generator
    ):
        self.profiles = profiles
        self.mixup = mixup
        self.generator = generator
        self.n_batches = profiles.n_batches(batch_size)

    def __len__(self) -> int:
        return self.n_batches

    def __iter__(self):
        data = self.profiles
        return self.unstaged() if data.resident else staged(self.unstaged(), data.device)

    def unstaged(self) -> Iterator[Batch]:
        """Yield the batches of an epoch where the profiles lie."""
        for data, n_batches in self.profiles.parts(self.n_batches, self.generator):
            index = data.train_index
            order = torch.rand(index.shape, generator=self.generator).argsort(1)
            order = sent(order, index.device)
            for rows in index.gather(1, order).tensor_split(n_batches, dim=1):
                weight = None if data.weight is None else data.weight[rows]  # (M, B)
                batch = Batch(data, rows, weight=weight)
                yield self._mixed(batch) if self.mixup else batch

    def _mixed(self, batch: Batch) -> Batch:
        # NOTE[DIFF] mixup: the papers train on the profiles as they are.
        rows, weight = batch.rows, batch.weight  # (M, B), (M, B)
        share = sent(self._beta(*rows.shape).to(batch.profiles.x.dtype), rows.device)  # (M, B)
        partner = sent(torch.randperm(rows.shape[1], generator=self.generator), rows.device)
        if weight is not None:  # shares weigh as their samples do: one of weight 0 adds nothing
            own = share * weight
            weight = torch.lerp(weight[:, partner], weight, share)
            share = own / weight.clamp_min(torch.finfo(weight.dtype).tiny)
        return Batch(batch.profiles, rows, rows[:, partner], share, weight)

    def _beta(self, *shape: int) -> Tensor:
        # A Beta variate is one gamma variate's share of two; floored, as both may underflow to 0.
        concentration = torch.full((2, *shape), float(self.mixup), dtype=torch.float64)
        first, second = torch._standard_gamma(concentration, generator=self.generator).clamp_min(
            torch.finfo(torch.float64).tiny
        )
        return first / (first + second)


class EvaluationBatches:
    """The held-out samples in order, each member its own, in pieces of bounded memory."""

    def __init__(self, profiles: Profiles, batch_size: int):
        self.profiles = profiles.held_out
        self.batch_size = batch_size

    def __len__(self) -> int:
        return math.ceil(self.profiles.valid_index.shape[1] / self.batch_size)

    def __iter__(self):
        for rows in self.profiles.valid_index.split(self.batch_size, dim=1):
            yield self.profiles.take(rows)
