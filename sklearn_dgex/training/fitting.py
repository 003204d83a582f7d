"""From a module and scaled arrays to a trained net: the calls that an estimator makes."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from sklearn_dgex.training.cuda import capability
from sklearn_dgex.training.distributed.ranks import ALONE, Alone
from sklearn_dgex.training.losses import ProfileLoss
from sklearn_dgex.training.nadam import Nadam
from sklearn_dgex.training.net import ProfileNet
from sklearn_dgex.training.profiles import Profiles, ring_splits

# Share of a device's free memory, beside the weights and what belongs to them, that profiles may
# take; the rest is for the activations and errors of batches.
SHARE = 0.5
# What a fit holds for each weight: itself, moments, best value, and its gradient, once more in the
# memory of a recorded batch shape while a second one is tried.
NUMBERS_A_WEIGHT = 6


def make_profiles(
    x: np.ndarray,
    y: np.ndarray,
    *,
    y_scale: np.ndarray,
    weight: np.ndarray | None,
    n_members: int,
    validation_fraction: float,
    rng: np.random.RandomState,
    device: torch.device,
    n_parameters: int = 0,
) -> Profiles:
    """Share scaled float32 profiles out among the members, and put them on the device.

    Where they would leave too little memory there for a network of ``n_parameters``, they stay
    where they are, and its batches are copied one ahead of the training.
    """
    n_valid = int(validation_fraction * len(x))  # 0 below ten samples at the usual tenth
    train_index, valid_index = ring_splits(len(x), n_members, n_valid, rng)
    free = capability.free_memory(device) - 4 * NUMBERS_A_WEIGHT * n_parameters
    home = device if 4 * (x.size + y.size) <= SHARE * free else torch.device("cpu")
    return Profiles(
        x=torch.from_numpy(np.ascontiguousarray(x, np.float32)).to(home),
        y=torch.from_numpy(np.ascontiguousarray(y, np.float32)).to(home),
        y_scale=torch.from_numpy(y_scale.astype(np.float64)).to(device),
        weight=None if weight is None else torch.from_numpy(weight.astype(np.float32)).to(home),
        train_index=train_index.to(home),
        valid_index=valid_index.to(home),
    )


def make_net(
    module: nn.Module,
    *,
    rng: np.random.RandomState,
    device: torch.device,
    loss: str,
    solver: str,
    momentum: float,
    schedule_decay: float,
    ranks: Alone = ALONE,
    **settings,
) -> ProfileNet:
    """Build the net that trains ``module``; all its randomness comes from ``rng``."""
    optimizers = {
        "nadam": (Nadam, {"optimizer__momentum_decay": schedule_decay}),
        "sgd": (torch.optim.SGD, {"optimizer__momentum": momentum}),
    }
    optimizer, optimizer_settings = optimizers[solver]
    dropout_generator = make_generator(rng)
    for part in module.modules():
        if hasattr(part, "generator"):
            part.generator = dropout_generator
    return ProfileNet(
        ranks.prepare(module, device),
        criterion=ProfileLoss,
        criterion__loss=loss,
        optimizer=optimizer,
        generator=make_generator(rng),
        device=device,
        train_split=None,
        ranks=ranks,
        **optimizer_settings,
        **settings,
    )


def make_generator(rng: np.random.RandomState) -> torch.Generator:
    """Seed a generator from ``rng``, on the CPU: so it draws the same for every device."""
    return torch.Generator().manual_seed(int(rng.randint(np.iinfo(np.int32).max)))
