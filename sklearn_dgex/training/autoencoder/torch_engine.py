"""Training of autoencoders of any size on any device, with skorch and torch."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from sklearn_dgex.training.autoencoder.randomness import NoiseNumbers, shuffle
from sklearn_dgex.training.autoencoder.recipe import Recipe
from sklearn_dgex.training.losses import ProfileLoss
from sklearn_dgex.training.nadam import Nadam
from sklearn_dgex.training.net import ProfileNet
from sklearn_dgex.training.profiles import Profiles


class OutputSums(nn.Module):
    """An autoencoder that stops short of its output activation, which the loss then includes."""

    def __init__(self, autoencoder: nn.Module):
        super().__init__()
        self.autoencoder = autoencoder

    def forward(self, x: Tensor) -> Tensor:  # (M, B, d) -> (M, B, d)
        autoencoder = self.autoencoder
        return autoencoder.output_sums(autoencoder.encode(autoencoder.corruption(x)))


class CrossEntropyOfSums(nn.Module):
    """Cross-entropy of sigmoid outputs, from their weighted sums: it never takes log of 0."""

    def forward(self, sums: Tensor, x: Tensor, weight: None = None) -> Tensor:
        losses = nn.functional.binary_cross_entropy_with_logits(sums, x, reduction="none")
        return losses.sum(-1).mean()


class EpochBatches:
    """Batches of one epoch after another, each with the noise that its keys say.

    An epoch shuffles the order of the one before it; the first starts from that of the samples.

    Parameters
    ----------
    profiles : Profiles
    n_batches : int
    keys : ndarray of shape (n_epochs, 4), uint32
    noise : NoiseNumbers
        Told when an epoch starts.
    """

    def __init__(self, profiles: Profiles, n_batches: int, keys: np.ndarray, noise: NoiseNumbers):
        self.profiles = profiles
        self.n_batches = n_batches
        self.keys = iter(keys)
        self.noise = noise
        self.order = np.arange(len(profiles))

    def __len__(self) -> int:
        return self.n_batches

    def __iter__(self):
        keys = next(self.keys)
        self.noise.start_epoch(keys)
        shuffle(self.order, int(keys[2]), int(keys[3]))
        order = torch.from_numpy(self.order).to(self.profiles.x.device)
        for rows in order.tensor_split(self.n_batches):
            x = self.profiles.x[rows].unsqueeze(0)  # (1, B, d)
            yield x, x, None


class AutoencoderNet(ProfileNet):
    """The training loop, on batches that both engines make alike.

    Parameters
    ----------
    n_batches, keys, noise
        Those of :class:`EpochBatches`.
    module, **kwargs
        As in :class:`ProfileNet`.
    """

    def __init__(self, module, *, n_batches, keys, noise, **kwargs):
        self.n_batches = n_batches
        self.keys = keys
        self.noise = noise
        super().__init__(module, **kwargs)

    def get_iterator(self, dataset: Profiles, training=False):
        if training:
            return EpochBatches(dataset, self.n_batches, self.keys, self.noise)
        return super().get_iterator(dataset)


def train_with_torch(
    autoencoder: nn.Module,
    x: Tensor,
    recipe: Recipe,
    keys: np.ndarray,
    *,
    callbacks: list | None = None,
    verbose: int = 0,
    description: str = "fit",
) -> tuple[list[float], bool]:
    """Train an autoencoder, in place and where it is, for an epoch with each row of ``keys``.

    Parameters
    ----------
    autoencoder : Module
        With ``corruption``, ``encode``, ``output_sums`` and a ``forward`` through all three.
    x : Tensor of shape (n, d)
        Scaled profiles, on the autoencoder's device and in its precision.
    recipe : Recipe
    keys : ndarray of shape (n_epochs, 4), uint32
    callbacks : list of skorch callbacks, default=None
    verbose : int
    description : str
        What progress lines begin with.

    Returns
    -------
    losses : list of float
        Mean loss of each epoch: fewer than ``keys`` if Ctrl-C or a callback ended the training.
    interrupted : bool
        Whether it was Ctrl-C.

    Raises
    ------
    DivergedError
        If an epoch's loss is not finite.
    """
    noise = NoiseNumbers()
    corruptions = [part for part in autoencoder.modules() if hasattr(part, "numbers")]
    for part in corruptions:
        part.numbers, part.low, part.high = noise, recipe.low, recipe.high
    cross_entropy = recipe.loss == "cross_entropy"
    solvers = {
        "nadam": (Nadam, {"optimizer__momentum_decay": recipe.schedule_decay}),
        "sgd": (torch.optim.SGD, {"optimizer__momentum": recipe.momentum}),
    }
    optimizer, settings = solvers[recipe.solver]
    if not cross_entropy:
        settings = {**settings, "criterion__loss": "summed_squared_error"}
    net = AutoencoderNet(
        OutputSums(autoencoder) if cross_entropy else autoencoder,
        n_batches=recipe.n_batches(len(x)),
        keys=keys,
        noise=noise,
        criterion=CrossEntropyOfSums if cross_entropy else ProfileLoss,
        optimizer=optimizer,
        lr=recipe.learning_rate,
        batch_size=recipe.batch_size,
        device=x.device,
        train_split=None,
        callbacks=callbacks,
        verbose=verbose,
        description=description,
        **settings,
    )
    try:
        net.train(_all_in_training(x), len(keys))
    finally:
        for part in corruptions:  # which go on with their own noise
            part.numbers = None
    return [float(epoch["train_loss"]) for epoch in net.history], net.interrupted_


def _all_in_training(x: Tensor) -> Profiles:
    every, none = torch.arange(len(x)).unsqueeze(0), torch.empty((1, 0), dtype=torch.int64)
    ones = torch.ones(x.shape[1], device=x.device)
    return Profiles(x=x, y=x, y_scale=ones, weight=None, train_index=every, valid_index=none)
