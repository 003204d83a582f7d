"""One training of one layer or of the whole, by the engine that fits."""

from __future__ import annotations

import warnings

import numpy as np
import torch

from sklearn_dgex._sda.modules import build_module, read_weights
from sklearn_dgex.exceptions import InterruptedFitWarning
from sklearn_dgex.training import resolve_device
from sklearn_dgex.training.autoencoder import (
    AutoencoderWeights,
    Recipe,
    pick_engine,
    train_with_torch,
)
from sklearn_dgex.training.autoencoder.progress import EpochReport
from sklearn_dgex.training.callbacks import diverged


def train(
    estimator, weights: AutoencoderWeights, x: np.ndarray, recipe: Recipe, keys, title: str
) -> tuple[AutoencoderWeights, list[float], bool]:
    """Train for an epoch with each row of ``keys``; the weights given stay as they are.

    Returns
    -------
    weights : AutoencoderWeights
    losses : list of float
        Of each epoch: fewer than ``keys`` if the training was stopped.
    interrupted : bool
        Whether Ctrl-C stopped it, and not a callback.

    Raises
    ------
    DivergedError
        If losses or weights are not finite.
    """
    estimator.engine_ = pick_engine(
        estimator.engine,
        device=estimator.device,
        sizes=weights.sizes,
        batch_size=min(recipe.batch_size, len(x)),
        callbacks=estimator.callbacks,
    )
    by_engine = {"kernel": _train_by_kernel, "torch": _train_by_torch}[estimator.engine_]
    trained, losses, interrupted = by_engine(estimator, weights, x, recipe, keys, title)
    if not trained.finite:  # a loss is taken before its step: the last one's may look well
        raise diverged("weights", np.nan, len(losses), recipe.learning_rate)
    return trained, losses, interrupted


def _train_by_kernel(estimator, weights, x, recipe, keys, title):
    from sklearn_dgex.training.autoencoder.kernel.engine import train_with_kernel

    name = _description(estimator, title)
    report = EpochReport(len(keys), recipe.learning_rate, name, int(estimator.verbose))
    try:
        weights = train_with_kernel(weights, x, recipe, keys, report)
    finally:
        report.close()
    interrupted = len(report.losses) < len(keys)
    if interrupted:
        place = f"{title}, epoch" if title else "epoch"
        warnings.warn(
            f"The fit was interrupted in {place} {len(report.losses) + 1} of {len(keys)}; the "
            "estimator keeps the weights as they were then.",
            InterruptedFitWarning,
            stacklevel=7,
        )
    return weights, report.losses, interrupted


def _train_by_torch(estimator, weights, x, recipe, keys, title):
    device = resolve_device(estimator.device)
    module = build_module(weights, recipe).to(device)
    losses, interrupted = train_with_torch(
        module,
        torch.from_numpy(x).to(device),
        recipe,
        keys,
        callbacks=estimator.callbacks,
        verbose=int(estimator.verbose),
        description=_description(estimator, title),
    )
    return read_weights(module), losses, interrupted


def _description(estimator, title: str) -> str:
    return f"{type(estimator).__name__} {title}".strip()
