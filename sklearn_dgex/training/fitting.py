"""From a module and scaled arrays to a trained net: the calls that an estimator makes."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from sklearn_dgex.training.losses import ProfileLoss
from sklearn_dgex.training.nadam import Nadam
from sklearn_dgex.training.net import ProfileNet
from sklearn_dgex.training.profiles import Profiles, member_splits


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
) -> Profiles:
    """Put scaled float32 profiles on the device and share them out among the members."""
    train_index, valid_index = member_splits(len(x), n_members, validation_fraction, rng)
    return Profiles(
        x=torch.from_numpy(x).to(device),
        y=torch.from_numpy(y).to(device),
        y_scale=torch.from_numpy(y_scale.astype(np.float32)).to(device),
        weight=None if weight is None else torch.from_numpy(weight.astype(np.float32)).to(device),
        train_index=train_index.to(device),
        valid_index=valid_index.to(device),
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
        module.to(device),
        criterion=ProfileLoss,
        criterion__loss=loss,
        optimizer=optimizer,
        generator=make_generator(rng),
        device=device,
        train_split=None,
        **optimizer_settings,
        **settings,
    )


def make_generator(rng: np.random.RandomState) -> torch.Generator:
    """Seed a generator from ``rng``, on the CPU: so it draws the same for every device."""
    return torch.Generator().manual_seed(int(rng.randint(np.iinfo(np.int32).max)))
